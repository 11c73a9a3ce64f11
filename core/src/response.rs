//! A successful answer, whole.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::auth::Authorization;
use crate::document::json_text;
use crate::error::{Error, ErrorKind};
use crate::provider::{Found, Payload, Provider};
use crate::rate_limit::RateLimit;

/// A 2xx answer. Its `Debug` shows neither headers nor body.
#[derive(Clone)]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) request_id: String,
    pub(crate) attempts: u32,
    pub(crate) waited: Duration,
    pub(crate) rate_limit: Option<Box<RateLimit>>,
    pub(crate) provider: Arc<Provider>,
    /// What it holds of a list, if a page was asked for.
    pub(crate) page: Option<Found>,
    /// What errors must not show, should the body echo it.
    pub(crate) authorization: Option<Arc<Authorization>>,
}

impl Response {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body as it came, decompressed.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text; a `decode` error if it is not UTF-8.
    pub fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.body).map_err(|error| self.undecodable("the body is not UTF-8").with_source(error))
    }

    /// The body as sent, parsed; a `decode` error if it is not the JSON of a `T`. An
    /// empty body (204) reads as `null`, which an `Option` takes.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = json_text(&self.body);
        self.parse(if body.is_empty() { b"null" } else { body })
    }

    /// The payload under the family's envelope, parsed. A list that the server sends as
    /// `null` is empty, no payload reads as `null`, and an envelope that reports a
    /// failure is an `api` error.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let payload = self.provider.payload(self.status, &self.body).map_err(|error| self.complete(error))?;
        self.parse(match payload {
            Payload::Span(span) => &self.body[span],
            Payload::Nothing => b"null",
            Payload::EmptyList => b"[]",
        })
    }

    /// The items of the page that was asked for; none if none was.
    pub(crate) fn items<T: DeserializeOwned>(&self) -> Result<Vec<T>, Error> {
        match self.items_span() {
            Some(span) => self.parse(&self.body[span]),
            None => Ok(Vec::new()),
        }
    }

    /// Where in the body the items of a page are: for those who parse JSON themselves.
    #[doc(hidden)]
    pub fn items_span(&self) -> Option<std::ops::Range<usize>> {
        self.page.as_ref()?.items.clone()
    }

    /// The number of the page after the one that was asked for, if there is one.
    #[doc(hidden)]
    pub fn next_page(&self) -> Option<u64> {
        self.page.as_ref()?.next
    }

    /// The id of the request: the server's where it returns one, else the client's own.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// How many times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long the call waited in all: for rate limits, and between its attempts.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// What this answer says of the rate limit; `None` if it says nothing.
    pub fn rate_limit(&self) -> Option<&RateLimit> {
        self.rate_limit.as_deref()
    }

    fn parse<T: DeserializeOwned>(&self, json: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(json).map_err(|source| {
            let error = self.undecodable("the body is not the JSON that was expected");
            // The parser quotes values; a credential among them must not show.
            let quoted = source.to_string();
            match &self.authorization {
                Some(authorization) if quoted.contains(authorization.secret.expose()) => error,
                _ => error.with_source(source),
            }
        })
    }

    fn undecodable(&self, message: &str) -> Error {
        let error = Error::new(ErrorKind::Decode, message);
        self.complete(error.with_answer(self.status, None, None, &self.body))
    }

    /// The error with what is known of the call, and without its credential.
    pub(crate) fn complete(&self, error: Error) -> Error {
        error
            .with_request_id(Some(self.request_id.clone()))
            .with_attempts(self.attempts, self.waited)
            .without(self.authorization.as_ref().map(|authorization| &authorization.secret))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("attempts", &self.attempts)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
