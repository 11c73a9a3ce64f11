//! The one error shape. The kind's string is the contract: each language maps it to a
//! class of its own from one table.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::secret::Secret;

/// As much of an answer's body as an error shows.
const SHOWN_BODY: usize = 4096;

/// What went wrong, as one word. `as_str` gives the word that every language shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client cannot be made, or used, as it is configured.
    Config,
    /// The request cannot be sent as it is written; nothing was sent.
    InvalidRequest,
    /// HTTP 401: the credential was refused.
    Authentication,
    /// HTTP 402: the plan's quota is used up.
    QuotaExceeded,
    /// HTTP 403: the credential may not do this.
    Permission,
    /// HTTP 404: there is no such thing.
    NotFound,
    /// HTTP 409: it contradicts what is stored.
    Conflict,
    /// HTTP 400 or 422: the server refused the request's content.
    Validation,
    /// HTTP 429: too many requests.
    RateLimited,
    /// HTTP 5xx.
    Server,
    /// Any other status, or a 2xx whose envelope reports a failure.
    Api,
    /// An attempt's timeout or the call's deadline struck.
    Timeout,
    /// The connection could not be made, or broke.
    Connection,
    /// The server broke the rules of HTTP or of this client: see the code
    /// (`redirect_refused`, `too_many_redirects`, `body_too_large`, `truncated`).
    Protocol,
    /// The body is not what it was to be read as.
    Decode,
    /// The token store could not be read, locked or written.
    TokenStore,
    /// The caller's own function failed; its error is the source.
    Callback,
    /// The caller gave the call up.
    Cancelled,
    /// The client was closed.
    Closed,
    /// A webhook delivery is not what its sender signed, or not of now: see the code
    /// (`missing_signature`, `malformed_signature`, `signature_mismatch`,
    /// `timestamp_out_of_tolerance`, `payload_too_large`).
    WebhookVerification,
    /// A defect of this library.
    Internal,
}

impl ErrorKind {
    /// The kind's name, the same in every language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::InvalidRequest => "invalid_request",
            Self::Authentication => "authentication",
            Self::QuotaExceeded => "quota_exceeded",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Validation => "validation",
            Self::RateLimited => "rate_limited",
            Self::Server => "server",
            Self::Api => "api",
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::Protocol => "protocol",
            Self::Decode => "decode",
            Self::TokenStore => "token_store",
            Self::Callback => "callback",
            Self::Cancelled => "cancelled",
            Self::Closed => "closed",
            Self::WebhookVerification => "webhook_verification",
            Self::Internal => "internal",
        }
    }

    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            400 | 422 => Self::Validation,
            401 => Self::Authentication,
            402 => Self::QuotaExceeded,
            403 => Self::Permission,
            404 => Self::NotFound,
            409 => Self::Conflict,
            429 => Self::RateLimited,
            500..=599 => Self::Server,
            _ => Self::Api,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// May the server have acted on the request?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Sent {
    /// No: nothing of it reached the server.
    #[default]
    No,
    /// It cannot be known.
    Maybe,
    /// Yes: the server answered.
    Yes,
}

impl Sent {
    /// `no`, `maybe` or `yes`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Maybe => "maybe",
            Self::Yes => "yes",
        }
    }
}

/// Why a call failed, with all that is known of it. Prints neither credential nor query
/// string, and of the answer's body only message and code; a short plain text is the message.
///
/// ```
/// let error = linktor::Client::new("Bearer lk_invented").unwrap_err();
/// assert_eq!(error.kind().as_str(), "config");
/// assert_eq!(error.sent().as_str(), "no");
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    code: Option<String>,
    details: Option<Value>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    waited: Duration,
    sent: Sent,
    method: Option<Method>,
    path: Option<String>,
    body: Bytes,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of the caller's own making: a transport's, a test's, a binding's.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            status: None,
            code: None,
            details: None,
            request_id: None,
            retry_after: None,
            attempts: 0,
            waited: Duration::ZERO,
            sent: Sent::No,
            method: None,
            path: None,
            body: Bytes::new(),
            source: None,
        }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The error without the credential, if there is one, should the server have echoed it.
    pub(crate) fn without(mut self, secret: Option<&Secret>) -> Self {
        let Some(forms) = secret.and_then(written) else { return self };
        let inner = &mut *self.0;
        blot_text(&mut inner.message, &forms);
        for text in [&mut inner.code, &mut inner.request_id].into_iter().flatten() {
            blot_text(text, &forms);
        }
        if let Some(details) = &mut inner.details {
            blot_json(details, &forms);
        }
        for form in &forms {
            inner.body = blot(&inner.body, form.as_bytes());
        }
        self
    }

    /// The error without the answer's body.
    pub(crate) fn without_body(mut self) -> Self {
        self.0.body = Bytes::new();
        self
    }

    /// The error with what failed because of it before its message.
    pub(crate) fn after(mut self, failure: &str) -> Self {
        self.0.message = format!("{failure}: {}", self.0.message);
        self
    }

    /// The error with whether the server may have acted.
    #[doc(hidden)]
    #[must_use]
    pub fn with_sent(mut self, sent: Sent) -> Self {
        self.0.sent = sent;
        self
    }

    /// What a server's answer says of a failure.
    pub(crate) fn with_answer(
        mut self,
        status: u16,
        details: Option<Value>,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Self {
        self.0.status = Some(status);
        self.0.details = details;
        self.0.retry_after = retry_after;
        // A little more than is shown, so that a credential at the cut is found whole.
        self.0.body = Bytes::copy_from_slice(&body[..body.len().min(2 * SHOWN_BODY)]);
        self.0.sent = Sent::Yes;
        self
    }

    /// Which call it was.
    pub(crate) fn with_call(mut self, request_id: Option<&str>, method: &Method, path: &str) -> Self {
        self.0.request_id = self.0.request_id.or_else(|| request_id.map(str::to_owned));
        self.0.method = Some(method.clone());
        self.0.path = Some(path.to_owned());
        self
    }

    pub(crate) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id.or(self.0.request_id);
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32, waited: Duration) -> Self {
        self.0.attempts = attempts;
        self.0.waited = waited;
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, in words: the server's own where it gave any.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The HTTP status, if the server answered.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The provider's code (`TOKEN_INVALID`), or this client's own (`redirect_refused`).
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What the server says besides, as JSON: fields that failed, for example.
    pub fn details(&self) -> Option<&Value> {
        self.0.details.as_ref()
    }

    /// The id of the request: the server's where it returns one, else the client's own.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long to wait before another try: what the server asks for, or, where nothing
    /// was sent (`attempts` is 0), how long the rate limit leaves no room.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many times the request was sent, or begun to be sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the call waited in all: for rate limits, and between its attempts.
    pub fn waited(&self) -> Duration {
        self.0.waited
    }

    /// May the server have acted on the request?
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// The request's method.
    pub fn method(&self) -> Option<&Method> {
        self.0.method.as_ref()
    }

    /// The request's path, without its query.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The first 4 KiB of the answer's body, with this client's credential blotted out.
    pub fn body(&self) -> &[u8] {
        &self.0.body[..self.0.body.len().min(SHOWN_BODY)]
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "{}: {}", inner.kind, inner.message)?;
        let mut context = Vec::new();
        if let Some(status) = inner.status {
            context.push(format!("HTTP {status}"));
        }
        if let Some(code) = &inner.code {
            context.push(format!("code {code}"));
        }
        if let (Some(method), Some(path)) = (&inner.method, &inner.path) {
            context.push(format!("{method} {path}"));
        }
        if let Some(id) = &inner.request_id {
            context.push(format!("request {id}"));
        }
        if context.is_empty() { Ok(()) } else { write!(f, " ({})", context.join(", ")) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("message", &inner.message)
            .field("status", &inner.status)
            .field("code", &inner.code)
            .field("request_id", &inner.request_id)
            .field("retry_after", &inner.retry_after)
            .field("attempts", &inner.attempts)
            .field("waited", &inner.waited)
            .field("sent", &inner.sent)
            .field("method", &inner.method)
            .field("path", &inner.path)
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// A text of the server's without the credential, if there is one, should it be echoed there.
pub(crate) fn without(mut text: String, secret: Option<&Secret>) -> String {
    if let Some(forms) = secret.and_then(written) {
        blot_text(&mut text, &forms);
    }
    text
}

/// A secret as it is, in JSON (where some servers escape `/`, others `<`, `>` and `&`),
/// and in a form; nothing of an empty one.
fn written(secret: &Secret) -> Option<[String; 5]> {
    let secret = Some(secret.expose()).filter(|secret| !secret.is_empty())?;
    let json = Value::from(secret).to_string();
    let json = json.trim_matches('"').to_owned();
    let form = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let html = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    Some([secret.to_owned(), json.replace('/', "\\/"), html, json, form])
}

fn blot_text(text: &mut String, forms: &[String]) {
    for form in forms {
        if text.contains(form) {
            *text = text.replace(form, "***");
        }
    }
}

fn blot_json(value: &mut Value, forms: &[String]) {
    match value {
        Value::String(text) => blot_text(text, forms),
        Value::Array(list) => list.iter_mut().for_each(|value| blot_json(value, forms)),
        Value::Object(fields) => {
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(mut key, mut value)| {
                    blot_text(&mut key, forms);
                    blot_json(&mut value, forms);
                    (key, value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The bytes with every occurrence of the secret replaced by `***`.
fn blot(body: &Bytes, secret: &[u8]) -> Bytes {
    let mut blotted = Vec::new();
    let mut rest = &body[..];
    while let Some(at) = rest.windows(secret.len()).position(|window| window == secret) {
        blotted.extend_from_slice(&rest[..at]);
        blotted.extend_from_slice(b"***");
        rest = &rest[at + secret.len()..];
    }
    if blotted.is_empty() {
        return body.clone();
    }
    blotted.extend_from_slice(rest);
    blotted.into()
}
