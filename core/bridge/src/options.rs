//! Options as they cross the waist, in snake case and seconds. Their errors name the
//! option and never show its value.

use std::time::Duration;

use linktor::{ClientBuilder, Credentials, Error, ErrorKind, Provider, Request, TokenSource};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

const KNOWN: [&str; 16] = [
    "access_token",
    "allow_insecure_http",
    "anonymous",
    "api_key",
    "base_url",
    "client_version",
    "connect_timeout",
    "deadline",
    "headers",
    "max_connections",
    "organization",
    "provider",
    "proxy",
    "root_certificates",
    "timeout",
    "token_source",
];

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// A client's builder from its options; `source` makes the token source, if
/// `token_source` is true.
pub(crate) fn builder<S: TokenSource>(json: &str, source: impl FnOnce() -> S) -> Result<ClientBuilder, Error> {
    let Ok(options) = serde_json::from_str::<Map<String, Value>>(json) else {
        return Err(config("the client's options must be a JSON object"));
    };
    if let Some(unknown) = options.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(config(format!("unknown option `{unknown}`; there are {}", KNOWN.join(", "))));
    }
    let options = Options(options);

    let mut builder = linktor::Client::builder();
    if let Some(provider) = options.provider()? {
        builder = builder.provider(provider);
    }
    if let Some(key) = options.credential("api_key")? {
        builder = builder.api_key(key);
    }
    if let Some(token) = options.credential("access_token")? {
        builder = builder.credentials(Credentials::bearer(token));
    }
    if options.take::<bool>("anonymous", "true or false")? == Some(true) {
        builder = builder.credentials(Credentials::none());
    }
    if options.take::<bool>("token_source", "true or false")? == Some(true) {
        builder = builder.credentials(Credentials::source(source()));
    }
    if let Some(url) = options.take::<String>("base_url", "a text")? {
        builder = builder.base_url(url);
    }
    if let Some(id) = options.take::<String>("organization", "a text")? {
        builder = builder.organization(id);
    }
    if let Some(version) = options.take::<String>("client_version", "a text")? {
        builder = builder.client_version(version);
    }
    if let Some(proxy) = options.take::<String>("proxy", "a text")? {
        builder = builder.proxy(proxy);
    }
    if let Some(pem) = options.take::<String>("root_certificates", "certificates in PEM")? {
        builder = builder.root_certificates(pem);
    }
    if let Some(allow) = options.take::<bool>("allow_insecure_http", "true or false")? {
        builder = builder.allow_insecure_http(allow);
    }
    if let Some(count) = options.take::<usize>("max_connections", "a whole number, at least 1")? {
        builder = builder.max_connections(count);
    }
    for (name, value) in options.take::<Vec<(String, String)>>("headers", "texts by name")?.unwrap_or_default() {
        builder = builder.header(name, value);
    }
    if let Some(limit) = options.seconds("timeout")? {
        builder = builder.timeout(limit);
    }
    if let Some(limit) = options.seconds("connect_timeout")? {
        builder = builder.connect_timeout(limit);
    }
    if let Some(limit) = options.seconds("deadline")? {
        builder = builder.deadline(limit);
    }
    Ok(builder)
}

struct Options(Map<String, Value>);

impl Options {
    fn take<T: DeserializeOwned>(&self, name: &str, expected: &str) -> Result<Option<T>, Error> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::deserialize(value).map(Some).map_err(|_| config(format!("{name} must be {expected}"))),
        }
    }

    /// A credential that is given as nothing was meant to be given: it is never read from
    /// the environment instead.
    fn credential(&self, name: &str) -> Result<Option<String>, Error> {
        if self.0.get(name).is_some_and(Value::is_null) {
            return Err(config(format!("{name} is given, and is nothing")));
        }
        self.take(name, "a text")
    }

    fn seconds(&self, name: &str) -> Result<Option<Duration>, Error> {
        self.take::<f64>(name, "a number of seconds")?.map(|value| seconds(name, value)).transpose()
    }

    /// A built-in family by name, or a provider of the user's own.
    fn provider(&self) -> Result<Option<Provider>, Error> {
        match self.0.get("provider") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(name)) => Provider::named(name).map(Some),
            Some(document) => Provider::deserialize(document)
                .map(Some)
                .map_err(|error| config(format!("provider cannot be read: {error}"))),
        }
    }
}

/// A duration from seconds; a `config` error that names it where there is no such duration.
pub fn seconds(name: &str, value: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= Duration::from_hours(24 * 365))
        .ok_or_else(|| config(format!("{name} must be more than zero seconds, and at most a year")))
}

/// A method by name, in any case: GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE.
pub fn method(name: &str) -> Result<linktor::Method, Error> {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .and_then(|known| known.parse().ok())
        .ok_or_else(|| {
            Error::new(ErrorKind::InvalidRequest, "the method must be GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE")
        })
}

/// All that a call may say besides its method, path and body.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallOptions {
    /// Values for the path's placeholders.
    pub path_params: Vec<(String, String)>,
    /// Query parameters.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body's media type.
    pub content_type: Option<String>,
    /// The organization of this call.
    pub organization: Option<String>,
    /// The id of this call.
    pub request_id: Option<String>,
    /// Seconds that one attempt may take.
    pub timeout: Option<f64>,
    /// Seconds that the call may take.
    pub deadline: Option<f64>,
    /// The question that the caller is answering.
    pub within: Option<u64>,
}

impl CallOptions {
    /// Reads them from a JSON object; an empty text says nothing.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(json).map_err(|_| {
            Error::new(ErrorKind::InvalidRequest, "the call's options are not of the types they should be")
        })
    }

    /// The request that they describe, and the question that the caller is answering.
    pub fn request(
        self,
        name: &str,
        path: &str,
        body: impl Into<bytes::Bytes>,
    ) -> Result<(Request, Option<u64>), Error> {
        let limit = |name, value: Option<f64>| value.map(|value| seconds(name, value)).transpose();
        let mut request = Request::new(method(name)?, path);
        request.timeout = limit("timeout", self.timeout)?;
        request.deadline = limit("deadline", self.deadline)?;
        request.path_params = self.path_params;
        request.query = self.query;
        request.headers = self.headers;
        request.body = body.into();
        request.content_type = self.content_type;
        request.organization = self.organization;
        request.request_id = self.request_id;
        Ok((request, self.within))
    }
}
