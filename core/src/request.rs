//! One request, as plain data, and the builder that fills it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use crate::client::Client;
use crate::error::Error;
use crate::response::Response;

/// A request before it is resolved and signed: what a user says of it, and no more.
///
/// Most users build it through [`Client::get`] and its siblings; this is the form that
/// crosses into other languages.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path under the base URL, with `{name}` where a path parameter goes; or an
    /// absolute URL under the base URL.
    pub path: String,
    /// Values for the path's placeholders.
    pub path_params: Vec<(String, String)>,
    /// Query parameters; a repeated name is sent repeatedly.
    pub query: Vec<(String, String)>,
    /// Headers besides the client's own.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Bytes,
    /// The body's media type.
    pub content_type: Option<String>,
    /// The organization of this request, before the client's.
    pub organization: Option<String>,
    /// Which page of a list this asks for: 0 for the one that the query names, or else
    /// the first.
    pub page: Option<u64>,
    /// The id of this request, before a fresh `UUIDv7`.
    pub request_id: Option<String>,
    /// How long one attempt may take, before the client's.
    pub timeout: Option<Duration>,
    /// How long the whole call may take, before the client's.
    pub deadline: Option<Duration>,
    /// How often it is tried again at most, before the client's.
    pub max_retries: Option<u32>,
    /// The longest hint or queue that it waits for, before the client's.
    pub max_retry_wait: Option<Duration>,
    /// Whether sending it twice is as good as once, before what its method says.
    pub idempotent: Option<bool>,
    /// By what the server knows it again, so that it may be sent twice.
    pub idempotency_key: Option<String>,
}

impl Request {
    /// A request without query, headers or body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            path_params: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            content_type: None,
            organization: None,
            page: None,
            request_id: None,
            timeout: None,
            deadline: None,
            max_retries: None,
            max_retry_wait: None,
            idempotent: None,
            idempotency_key: None,
        }
    }
}

/// Shows neither query, header values nor body.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &without_query(&self.path))
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A path as it may be shown.
pub(crate) fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// Fills a [`Request`] and sends it. Made by [`Client::get`] and its siblings.
///
/// ```no_run
/// # async fn example() -> Result<(), linktor::Error> {
/// let client = linktor::Client::new("lk_invented")?;
/// let response = client
///     .post("/conversations/{id}/messages")
///     .path_param("id", "c-1")
///     .json(&serde_json::json!({"content_type": "text", "content": "Hello"}))
///     .send()
///     .await?;
/// assert_eq!(response.status(), 201);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a request is sent by `send().await`"]
pub struct RequestBuilder {
    client: Client,
    request: Result<Request, Error>,
}

impl RequestBuilder {
    pub(crate) fn new(client: Client, method: Method, path: String) -> Self {
        Self { client, request: Ok(Request::new(method, path)) }
    }

    fn with(mut self, change: impl FnOnce(&mut Request)) -> Self {
        if let Ok(request) = &mut self.request {
            change(request);
        }
        self
    }

    /// Gives the placeholder `{name}` of the path its value, percent-encoded.
    pub fn path_param(self, name: impl Into<String>, value: impl ToString) -> Self {
        self.with(|request| request.path_params.push((name.into(), value.to_string())))
    }

    /// Adds query parameters; a repeated name is sent repeatedly.
    pub fn query<K: Into<String>, V: ToString>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        self.with(|request| {
            request.query.extend(pairs.into_iter().map(|(key, value)| (key.into(), value.to_string())));
        })
    }

    /// Adds a header, in the place of the client's of that name; a repeated name is sent
    /// repeatedly.
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|request| request.headers.push((name.into(), value.into())))
    }

    /// Sends `value` as JSON. What cannot be written as JSON is an `invalid_request`
    /// error of [`send`](Self::send).
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => self.body(json, "application/json"),
            Err(error) => {
                self.request = Err(Error::invalid_request("the body cannot be written as JSON").with_source(error));
                self
            }
        }
    }

    /// Sends bytes of the given media type.
    pub fn body(self, body: impl Into<Bytes>, content_type: impl Into<String>) -> Self {
        self.with(|request| {
            request.body = body.into();
            request.content_type = Some(content_type.into());
        })
    }

    /// The organization of this request, before the client's.
    pub fn organization(self, id: impl Into<String>) -> Self {
        self.with(|request| request.organization = Some(id.into()))
    }

    /// The id of this request, before a fresh `UUIDv7`.
    pub fn request_id(self, id: impl Into<String>) -> Self {
        self.with(|request| request.request_id = Some(id.into()))
    }

    /// How long one attempt may take, before the client's.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|request| request.timeout = Some(timeout))
    }

    /// How long the whole call may take, renewals and waits included. A wait that would
    /// pass it is not begun: the server's error comes at once.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.with(|request| request.deadline = Some(deadline))
    }

    /// How often the request is tried again at most, before the client's; 0 sends it once.
    pub fn max_retries(self, count: u32) -> Self {
        self.with(|request| request.max_retries = Some(count))
    }

    /// The longest wait that a server's hint or the queue for a rate limit may take,
    /// before the client's. What asks for longer is an error at once.
    pub fn max_retry_wait(self, wait: Duration) -> Self {
        self.with(|request| request.max_retry_wait = Some(wait))
    }

    /// Says that sending the request twice is as good as once, so that it is tried again
    /// also where the server may have acted. GET, HEAD, OPTIONS, PUT and DELETE are so
    /// (RFC 9110, 9.2.2) unless this says `false` or the provider knows better.
    pub fn idempotent(self, is_idempotent: bool) -> Self {
        self.with(|request| request.idempotent = Some(is_idempotent))
    }

    /// Sends this as `Idempotency-Key` with every attempt. For servers that know a request
    /// again by it; it is then tried again also where the server may have acted.
    pub fn idempotency_key(self, key: impl Into<String>) -> Self {
        self.with(|request| request.idempotency_key = Some(key.into()))
    }

    /// Sends the request. Dropping the future ends the call at once.
    pub async fn send(self) -> Result<Response, Error> {
        self.client.execute(self.request?).await
    }
}
