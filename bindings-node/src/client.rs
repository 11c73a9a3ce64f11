//! A client as JavaScript holds it.

use std::sync::Arc;

use linktor_bridge::{AuthCall, CallOptions, Error, ErrorKind, Payload, Port};
use napi::Env;
use napi::bindgen_prelude::{Array, Function, ObjectFinalize};
use napi::threadsafe_function::{ThreadsafeFunctionCallMode, UnknownReturnValue};
use napi_derive::napi;

use crate::{Result, batch, rate_limit, thrown};

/// About what a client takes, in bytes: its connector, above all. The collector of garbage,
/// which sees none of it, would leave thousands of clients where they are.
const WEIGHT: i64 = 36 * 1024;

/// A client of one API, or a handle of one, which comes up in the same queue.
#[napi(custom_finalize)]
pub struct Client {
    inner: linktor_bridge::Client,
    port: Arc<Port>,
    weight: i64,
}

#[napi]
impl Client {
    /// Makes a client from its options as JSON. `wake` is called when there is something
    /// to drain; it does not keep the process alive.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, options: String, wake: Function<'_, (), UnknownReturnValue>) -> Result<Self> {
        let wake = wake
            .build_threadsafe_function()
            .weak::<true>()
            .callee_handled::<false>()
            .build()
            .map_err(|error| thrown(&Error::new(ErrorKind::Internal, error.reason.clone())))?;
        let port = Arc::new(Port::new(move || {
            // It fails only where the environment is gone, and nobody left to be woken.
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }));
        let client = linktor_bridge::Client::new(&options, "node", &port).map_err(|error| thrown(&error))?;
        client.watch();
        // That it grew is only told.
        let _ = env.adjust_external_memory(WEIGHT);
        Ok(Self { inner: client, port, weight: WEIGHT })
    }

    /// A handle for another organization.
    #[napi(catch_unwind)]
    pub fn with_organization(&self, id: String) -> Result<Self> {
        self.handle(self.inner.with_organization(&id))
    }

    /// A handle with credentials of its own, given as JSON.
    #[napi(catch_unwind)]
    pub fn with_credentials(&self, options: String) -> Result<Self> {
        self.handle(self.inner.with_credentials(&options, &self.port))
    }

    /// Whether all events come up from here on, or only those that warn of something.
    #[napi(catch_unwind)]
    pub fn log(&self, is_logged: bool) {
        self.inner.log(is_logged);
    }

    /// What its questions name.
    #[napi(getter, catch_unwind)]
    pub fn id(&self) -> f64 {
        number(self.inner.id())
    }

    /// The API family's name.
    #[napi(getter, catch_unwind)]
    pub fn provider(&self) -> String {
        self.inner.provider().to_owned()
    }

    /// Starts a call whose body is a text, `""` for none; its id.
    #[napi(catch_unwind)]
    pub fn submit(&self, method: String, path: String, options: String, body: String) -> Result<f64> {
        self.start(&method, &path, &options, body.into_bytes())
    }

    /// Starts a call whose body is bytes; its id.
    #[napi(catch_unwind)]
    pub fn submit_bytes(&self, method: String, path: String, options: String, body: &[u8]) -> Result<f64> {
        self.start(&method, &path, &options, body.to_vec())
    }

    /// Starts an auth call, given as JSON; its id.
    #[napi(catch_unwind)]
    pub fn submit_auth(&self, call: String) -> Result<f64> {
        let call = AuthCall::from_json(&call).map_err(|error| thrown(&error))?;
        Ok(number(self.inner.submit_auth(&self.port, call)))
    }

    /// What is known of the session, as JSON.
    #[napi(catch_unwind)]
    pub fn session(&self) -> String {
        self.inner.session()
    }

    /// What is known of the rate limit of a class, as in `rate_limit`; of that of the last
    /// answer, if none is named.
    #[napi(catch_unwind)]
    pub fn rate_limit(&self, class: Option<String>) -> Result<Option<String>> {
        let known = self.inner.rate_limit(class.as_deref()).map_err(|error| thrown(&error))?;
        Ok(known.as_ref().map(rate_limit::text))
    }

    /// Forgets the access token.
    #[napi(catch_unwind)]
    pub fn invalidate(&self) {
        self.inner.invalidate();
    }

    /// A request for a user's consent, as JSON.
    #[napi(catch_unwind)]
    pub fn authorize_url(&self, scopes: Vec<String>, redirect_uri: String) -> Result<String> {
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        self.inner.authorize_url(&scopes, &redirect_uri).map_err(|error| thrown(&error))
    }

    /// Ends a call at once, without a completion.
    #[napi(catch_unwind)]
    pub fn cancel(&self, id: f64) {
        self.inner.cancel(self::id(id));
    }

    /// All that came up, for its handles too, flat: see `batch`.
    #[napi(catch_unwind)]
    pub fn drain<'env>(&self, env: &'env Env) -> napi::Result<Array<'env>> {
        batch::write(env, self.port.drain())
    }

    /// Where the payload lies in the body of a success, in UTF-16 units: `[start, end]`,
    /// `[]` for an empty list, `null` for nothing.
    #[napi(catch_unwind)]
    pub fn payload(&self, status: u16, body: String) -> Result<Option<Vec<u32>>> {
        let payload = self.inner.payload(status, body.as_bytes()).map_err(|error| thrown(&error))?;
        Ok(match payload {
            Payload::Span(span) => {
                let body = body.as_bytes();
                Some(vec![units(&body[..span.start]), units(&body[..span.end])])
            }
            Payload::EmptyList => Some(Vec::new()),
            Payload::Nothing => None,
        })
    }

    /// Ends all calls in flight, and later ones, with `closed`. On a handle it does nothing.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.inner.close();
    }

    fn handle(&self, client: std::result::Result<linktor_bridge::Client, Error>) -> Result<Self> {
        Ok(Self { inner: client.map_err(|error| thrown(&error))?, port: Arc::clone(&self.port), weight: 0 })
    }

    fn start(&self, method: &str, path: &str, options: &str, body: Vec<u8>) -> Result<f64> {
        let (request, within) = CallOptions::from_json(options)
            .and_then(|options| options.request(method, path, body))
            .map_err(|error| thrown(&error))?;
        Ok(number(self.inner.submit(&self.port, request, within)))
    }
}

impl ObjectFinalize for Client {
    fn finalize(self, env: Env) -> napi::Result<()> {
        env.adjust_external_memory(-self.weight).map(|_| ())
    }
}

/// Calls in flight end with the environment that waits for them.
impl Drop for Client {
    fn drop(&mut self) {
        self.inner.close();
    }
}

/// Ids count up from 1, far from where numbers lose precision.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn number(id: u64) -> f64 {
    id as f64
}

/// An id that JavaScript was given.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn id(number: f64) -> u64 {
    number as u64
}

/// How many UTF-16 units these bytes of a text are. Bodies are limited to 64 MiB.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn units(text: &[u8]) -> u32 {
    if text.is_ascii() { text.len() as u32 } else { String::from_utf8_lossy(text).encode_utf16().count() as u32 }
}
