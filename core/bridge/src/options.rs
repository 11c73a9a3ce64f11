//! Options as they cross the waist, in snake case and seconds. Their errors name the
//! option and never show its value.

use std::time::Duration;

use linktor::{ClientBuilder, Credentials, Error, ErrorKind, FileStore, Jwt, Limit, Limits, OAuth, Provider, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::auth::duration;
use crate::upcall::Functions;

const KNOWN: [&str; 28] = [
    "access_token",
    "allow_insecure_http",
    "anonymous",
    "api_key",
    "auth_url",
    "base_url",
    "client_version",
    "connect_timeout",
    "deadline",
    "email",
    "headers",
    "jwt",
    "limits",
    "max_connections",
    "max_retries",
    "max_retry_wait",
    "oauth",
    "organization",
    "pacing",
    "password",
    "provider",
    "proxy",
    "retry_budget",
    "root_certificates",
    "timeout",
    "token_source",
    "token_store",
    "transport",
];
const CREDENTIALS: [&str; 8] =
    ["access_token", "anonymous", "api_key", "email", "jwt", "oauth", "password", "token_source"];

const LONGEST: Duration = Duration::from_hours(24 * 365);
const WHOLE: &str = "a whole number, at least 0";
const LIMITS: &str = "a tier's name, or a list of limits, each with a limit (a whole number, at least 1), \
    a window (more than zero, and at most a year) and maybe a class (a text)";

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// A client's builder from its options; `functions` are the user's own, where `token_source`,
/// `token_store` or `transport` is true.
pub(crate) fn builder(json: &str, functions: &Functions) -> Result<ClientBuilder, Error> {
    let options = Options::parse(json, &KNOWN)?;
    let mut builder = linktor::Client::builder();
    if let Some(provider) = options.provider()? {
        builder = builder.provider(provider);
    }
    for credentials in options.credentials(functions)? {
        builder = builder.credentials(credentials);
    }
    if let Some(url) = options.take::<String>("auth_url", "a text")? {
        builder = builder.auth_url(url);
    }
    builder = match options.0.get("token_store") {
        Some(Value::Bool(true)) => builder.token_store(functions.clone()),
        _ => match options.take::<String>("token_store", "a file's path, or a token store")? {
            Some(path) => builder.token_store(FileStore::new(path)?),
            None => builder,
        },
    };
    if options.take::<bool>("transport", "true or false")? == Some(true) {
        builder = builder.transport(functions.clone());
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
    if let Some(count) = options.take("max_retries", WHOLE)? {
        builder = builder.max_retries(whole("max_retries", count)?);
    }
    if let Some(wait) = options.take::<f64>("max_retry_wait", "a number of seconds")? {
        builder = builder.max_retry_wait(wait_of("max_retry_wait", wait)?);
    }
    if let Some(tokens) = options.take("retry_budget", WHOLE)? {
        builder = builder.retry_budget(whole("retry_budget", tokens)?);
    }
    if let Some(pacing) = options.take::<String>("pacing", "reactive, proactive or off")? {
        builder = builder.pacing(pacing.parse()?);
    }
    if let Some(limits) = options.limits()? {
        builder = builder.limits(limits);
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

/// The one credential of a handle, from options that name nothing else.
pub(crate) fn credentials(json: &str, functions: &Functions) -> Result<Credentials, Error> {
    let options = Options::parse(json, &CREDENTIALS)?;
    let mut given = options.credentials(functions)?;
    match (given.pop(), given.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(config(format!("no credential: give one of {}", CREDENTIALS.join(", ")))),
        _ => Err(config("several credentials: give one")),
    }
}

struct Options(Map<String, Value>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenOAuth {
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    access_token: Option<String>,
    account: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenJwt {
    secret: Option<String>,
    subject: Option<String>,
    issuer: Option<String>,
    claims: Option<Map<String, Value>>,
    ttl: Option<f64>,
}

impl Options {
    fn parse(json: &str, known: &[&str]) -> Result<Self, Error> {
        let Ok(options) = serde_json::from_str::<Map<String, Value>>(json) else {
            return Err(config("the options must be a JSON object"));
        };
        match options.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => Err(config(format!("unknown option `{unknown}`; there are {}", known.join(", ")))),
            None => Ok(Self(options)),
        }
    }

    /// All credentials that are given: the client takes one.
    fn credentials(&self, functions: &Functions) -> Result<Vec<Credentials>, Error> {
        let mut given = Vec::new();
        if let Some(key) = self.credential("api_key")? {
            given.push(Credentials::api_key(key));
        }
        if let Some(token) = self.credential("access_token")? {
            given.push(Credentials::bearer(token));
        }
        match (self.credential("email")?, self.credential("password")?) {
            (Some(email), Some(password)) => given.push(Credentials::password(email, password)),
            (Some(_), None) => return Err(config("email is given without password")),
            (None, Some(_)) => return Err(config("password is given without email")),
            (None, None) => {}
        }
        if let Some(oauth) =
            self.object::<GivenOAuth>("oauth", "client_id, client_secret, refresh_token, access_token, account")?
        {
            given.push(oauth.credentials()?);
        }
        if let Some(jwt) = self.object::<GivenJwt>("jwt", "secret, subject, issuer, claims (an object), ttl")? {
            given.push(jwt.credentials()?);
        }
        if self.take::<bool>("anonymous", "true or false")? == Some(true) {
            given.push(Credentials::none());
        }
        if self.take::<bool>("token_source", "true or false")? == Some(true) {
            given.push(Credentials::source(functions.clone()));
        }
        Ok(given)
    }

    /// A credential of several parts.
    fn object<T: DeserializeOwned>(&self, name: &str, fields: &str) -> Result<Option<T>, Error> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Null) => Err(config(format!("{name} is given, and is nothing"))),
            // The message of the parser is not shown: it may hold a secret.
            Some(value) => {
                T::deserialize(value).map(Some).map_err(|_| config(format!("{name} must be an object of {fields}")))
            }
        }
    }

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

    /// A tier's name, or limits of the user's own.
    fn limits(&self) -> Result<Option<Limits>, Error> {
        match self.0.get("limits") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(tier)) => Ok(Some(tier.as_str().into())),
            Some(Value::Array(own)) if own.iter().all(Value::is_object) => own
                .iter()
                .map(Limit::deserialize)
                .collect::<Result<Vec<_>, _>>()
                .map(|own| Some(own.into()))
                .map_err(|_| config(format!("limits must be {LIMITS}"))),
            Some(_) => Err(config(format!("limits must be {LIMITS}"))),
        }
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

fn part(name: &str, value: Option<String>) -> Result<String, Error> {
    value.ok_or_else(|| config(format!("{name} is missing")))
}

impl GivenOAuth {
    fn credentials(self) -> Result<Credentials, Error> {
        let mut oauth =
            OAuth::new(part("oauth.client_id", self.client_id)?, part("oauth.client_secret", self.client_secret)?);
        if let Some(token) = self.refresh_token {
            oauth = oauth.refresh_token(token);
        }
        if let Some(token) = self.access_token {
            oauth = oauth.access_token(token);
        }
        if let Some(account) = self.account {
            oauth = oauth.account(account);
        }
        Ok(oauth.into())
    }
}

impl GivenJwt {
    fn credentials(self) -> Result<Credentials, Error> {
        let mut jwt = Jwt::new(part("jwt.secret", self.secret)?, part("jwt.subject", self.subject)?);
        if let Some(issuer) = self.issuer {
            jwt = jwt.issuer(issuer);
        }
        for (name, value) in self.claims.unwrap_or_default() {
            jwt = jwt.claim(name, value);
        }
        if let Some(ttl) = self.ttl {
            jwt = jwt.ttl(duration("jwt.ttl", ttl)?);
        }
        Ok(jwt.into())
    }
}

/// A duration from seconds; a `config` error that names it where there is no such duration.
pub fn seconds(name: &str, value: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= LONGEST)
        .ok_or_else(|| config(format!("{name} must be more than zero seconds, and at most a year")))
}

/// A wait from seconds, which may be none at all; a `config` error that names it where
/// there is no such duration.
fn wait_of(name: &str, value: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|wait| *wait <= LONGEST)
        .ok_or_else(|| config(format!("{name} must be at least zero seconds, and at most a year")))
}

/// A count, as languages whose numbers have no kinds give it. More than can be counted
/// is as much as can be.
pub(crate) fn whole(name: &str, value: f64) -> Result<u32, Error> {
    if value < 0.0 || value.fract() != 0.0 {
        return Err(config(format!("{name} must be {WHOLE}")));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole, and saturates")]
    Ok(value as u32)
}

/// Options, none of which must be there. The message names the first that is wrong, and
/// never shows its value.
pub(crate) fn named<T: DeserializeOwned>(json: &str, of: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|_| {
        let given = serde_json::from_str::<Map<String, Value>>(json).unwrap_or_default();
        let is_wrong = |(name, value): &(String, Value)| {
            T::deserialize(&Value::from_iter([(name.clone(), value.clone())])).is_err()
        };
        match given.into_iter().find(is_wrong) {
            Some((name, _)) => format!("{name} is not an option of {of}, or not of its type"),
            None => format!("the options of {of} are not a JSON object"),
        }
    })
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
    /// Which page of a list the call asks for: 0 for the one that the query names, or
    /// else the first. The response then knows its items and the next page.
    pub page: Option<u64>,
    /// The id of this call.
    pub request_id: Option<String>,
    /// Seconds that one attempt may take.
    pub timeout: Option<f64>,
    /// Seconds that the call may take.
    pub deadline: Option<f64>,
    /// How often the call is tried again at most.
    pub max_retries: Option<f64>,
    /// Seconds that it waits at most, for a hint or in a queue.
    pub max_retry_wait: Option<f64>,
    /// Whether it may be sent twice.
    pub idempotent: Option<bool>,
    /// By what the server knows it again.
    pub idempotency_key: Option<String>,
    /// The question that the caller is answering.
    pub within: Option<u64>,
}

impl CallOptions {
    /// Reads them from a JSON object; an empty text says nothing. An error names the
    /// option, and never shows its value.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        if json.is_empty() {
            return Ok(Self::default());
        }
        named(json, "a call").map_err(|message| Error::new(ErrorKind::InvalidRequest, message))
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
        request.max_retries = self.max_retries.map(|count| whole("max_retries", count)).transpose()?;
        request.max_retry_wait = self.max_retry_wait.map(|wait| wait_of("max_retry_wait", wait)).transpose()?;
        request.idempotent = self.idempotent;
        request.idempotency_key = self.idempotency_key;
        request.path_params = self.path_params;
        request.query = self.query;
        request.headers = self.headers;
        request.body = body.into();
        request.content_type = self.content_type;
        request.organization = self.organization;
        request.page = self.page;
        request.request_id = self.request_id;
        Ok((request, self.within))
    }
}
