//! A call before anything is sent: its URL, its headers, and what it may do.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::Flight;
use crate::base_url::BaseUrl;
use crate::client::{Client, Shared};
use crate::error::{Error, Sent};
use crate::header;
use crate::id;
use crate::organization;
use crate::request::{Request, without_query};
use crate::retry::Policy;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl<'a> Flight<'a> {
    /// Resolves the URL and writes every header but `Authorization`; an error names the
    /// call as far as it is known. The page is the one that was asked for, if one was.
    pub(super) fn prepare(client: &'a Client, mut request: Request) -> Result<(Self, Option<u64>), Error> {
        let (method, path) = (request.method.clone(), std::mem::take(&mut request.path));
        let named = |error: Error, id: Option<&str>| error.with_call(id, &method, without_query(&path));
        let id = match request.request_id.take() {
            Some(id) if id.is_empty() => return Err(named(Error::config("request_id is empty"), None)),
            Some(id) => id,
            None => id::fresh().to_string(),
        };
        let header = header::parse_value("request_id", &id).map_err(|error| named(error, None))?;
        Self::resolve(client, request, &path, id, header.clone()).map_err(|error| named(error, header.to_str().ok()))
    }

    fn resolve(
        client: &'a Client,
        request: Request,
        path: &str,
        request_id: String,
        id_header: HeaderValue,
    ) -> Result<(Self, Option<u64>), Error> {
        for (name, limit) in [("timeout", request.timeout), ("deadline", request.deadline)] {
            if limit.is_some_and(|limit| limit.is_zero()) {
                return Err(Error::config(format!("{name} must be more than zero")));
            }
        }
        let (shared, dress) = (&**client.shared(), client.dress());
        let mut url = shared.base.resolve(path, &request.path_params, &request.query)?;
        let asked = request.page.map(|number| shared.provider.paging.ask(&mut url, number)).transpose()?;

        let mut headers = dress.headers.clone();
        if let Some(kind) = &request.content_type {
            headers.insert(CONTENT_TYPE, header::parse_value("content_type", kind)?);
        } else if shared.provider.headers.always_json {
            headers.insert(CONTENT_TYPE, JSON);
        }
        headers.extend(header::of_caller(&shared.provider, &request.headers)?);
        if let Some(key) = &request.idempotency_key {
            if key.trim().is_empty() {
                return Err(Error::config("idempotency_key is empty"));
            }
            if headers.contains_key(&IDEMPOTENCY_KEY) {
                return Err(Error::config("idempotency_key is given, and the header Idempotency-Key too: give one"));
            }
            headers.insert(&IDEMPOTENCY_KEY, header::parse_value("idempotency_key", key)?);
        }
        let organization = match &request.organization {
            Some(id) => Some(organization::header(id)?),
            None => client.organization().cloned(),
        };
        if let Some(name) = &dress.request_id {
            headers.insert(name.clone(), id_header);
        }
        if let (Some(name), Some(id)) = (&dress.organization, organization) {
            headers.insert(name.clone(), id);
        }
        let (provider, path) = (&shared.provider, shared.base.path_under(&url));
        let is_safe = || {
            is_idempotent(&request.method)
                && !provider.unsafe_routes.iter().any(|route| route.matches(&request.method, path))
        };
        let is_repeatable = request.idempotent.unwrap_or_else(|| request.idempotency_key.is_some() || is_safe());
        let class = provider.rate.class_of(&request.method, path);
        let policy = Policy {
            max_retries: request.max_retries.unwrap_or(shared.policy.max_retries),
            max_wait: request.max_retry_wait.unwrap_or(shared.policy.max_wait),
        };
        let flight = Self {
            deadline: request.deadline.or(shared.deadline),
            timeout: request.timeout.unwrap_or(shared.timeout),
            policy,
            is_repeatable,
            class,
            ..Self::new(shared, request.method, url, headers, request.body, request_id)
        };
        Ok((flight, asked))
    }

    /// A call to a token endpoint, which takes JSON.
    pub(crate) fn for_token(shared: &'a Shared, base: &'a BaseUrl, path: &str, body: String) -> Result<Self, Error> {
        let url = base.resolve(path, &[], &[])?;
        let request_id = id::fresh().to_string();
        let is_elsewhere = !base.is_same_origin(&shared.base);
        let mut headers = if is_elsewhere { &shared.signed.own } else { &shared.signed.headers }.clone();
        headers.insert(CONTENT_TYPE, JSON);
        if let Some(name) = &shared.signed.request_id {
            headers.insert(name.clone(), header::parse_value("request_id", &request_id)?);
        }
        let transport = if is_elsewhere { &shared.auth_transport } else { &shared.transport };
        Ok(Self {
            base,
            transport: &**transport,
            ..Self::new(shared, Method::POST, url, headers, body.into(), request_id)
        })
    }

    fn new(shared: &'a Shared, method: Method, url: Url, headers: HeaderMap, body: Bytes, request_id: String) -> Self {
        Self {
            shared,
            base: &shared.base,
            transport: &*shared.transport,
            method,
            url,
            headers,
            body,
            request_id,
            timeout: shared.timeout,
            deadline: None,
            policy: shared.policy,
            is_repeatable: false,
            class: 0,
            started: shared.clock.monotonic(),
            attempts: AtomicU32::new(0),
            waited: AtomicU64::new(0),
            status: AtomicU16::new(0),
            sent: AtomicU8::new(Sent::No as u8),
            is_sending: AtomicBool::new(false),
            last_error: Mutex::new(None),
        }
    }
}

/// Methods that do the same when done twice (RFC 9110, 9.2.2).
fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE)
}
