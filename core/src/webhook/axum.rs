//! Receiving with axum: a [`Receiver`] is a layer, and an [`Event`] an extractor.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{ALLOW, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::LengthLimitError;
use tower_layer::Layer;
use tower_service::Service;

use super::event::Event;
use super::receiver::{Delivery, Receiver};
use super::verifier::Verifier;
use crate::error::{Error, ErrorKind};

/// A service behind a [`Receiver`]: it meets verified events only, and none twice.
///
/// What the sender gets: the handler's answer, whose 2xx means that the event is done,
/// and anything else that it may come again; 200 for an event that is done; 503 with
/// `Retry-After` for one that is being handled, and where the deduplicator fails; 401 for
/// a delivery that does not verify, 413 for one that is too long, 400 for one that ends
/// too early, and 405 for anything but a POST. Why it was, the extensions of the answer
/// say as a [`linktor::Error`](crate::Error), for your logs.
///
/// A handler for GET (Meta's challenge) belongs beside the layer and not behind it:
/// `post(handle).layer(receiver).get(challenge)`. A body that comes slowly is waited for:
/// put a timeout around it, as around any route.
#[derive(Debug, Clone)]
pub struct Receiving<S> {
    inner: S,
    receiver: Receiver,
}

impl<S> Layer<S> for Receiver {
    type Service = Receiving<S>;

    fn layer(&self, inner: S) -> Receiving<S> {
        Receiving { inner, receiver: self.clone() }
    }
}

impl<S> Service<Request> for Receiving<S>
where
    S: Service<Request, Error = Infallible> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that was polled, and not its clone, is ready.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let receiver = self.receiver.clone();
        Box::pin(async move { Ok(handle(receiver, inner, request).await) })
    }
}

async fn handle<S>(receiver: Receiver, mut inner: S, request: Request) -> Response
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
{
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, HeaderValue::from_static("POST"))]).into_response();
    }
    let (mut parts, body) = request.into_parts();
    let body = match read(body, &parts.headers, receiver.verifier()).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let claim = match receiver.receive(body.clone(), &parts.headers).await {
        Ok(Delivery::New(claim)) => claim,
        Ok(Delivery::Done(_)) => return StatusCode::OK.into_response(),
        Ok(Delivery::InProgress(_)) => return later(),
        Err(error) => return refusal(error),
    };
    parts.extensions.insert(claim.event().clone());
    let Ok(response) = inner.call(Request::from_parts(parts, Body::from(body))).await;
    let mut response = response.into_response();
    let ended = if response.status().is_success() { claim.commit().await } else { claim.release().await };
    // The event was handled, or was not: a deduplicator that fails now changes neither.
    if let Err(error) = ended {
        response.extensions_mut().insert(error);
    }
    response
}

/// The body of a delivery that is signed at all, as far as it may be read.
async fn read(body: Body, headers: &HeaderMap, verifier: &Verifier) -> Result<Bytes, Response> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    verifier.check_size(announced).map_err(refusal)?;
    verifier.check_headers(headers).map_err(refusal)?;
    to_bytes(body, verifier.size_limit()).await.map_err(|error| {
        let is_too_long = error.into_inner().is::<LengthLimitError>();
        match verifier.check_size(usize::MAX) {
            Err(too_large) if is_too_long => refusal(too_large),
            _ => StatusCode::BAD_REQUEST.into_response(),
        }
    })
}

fn later() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, HeaderValue::from_static("5"))]).into_response()
}

/// To the sender the code alone.
fn refusal(error: Error) -> Response {
    let mut response = match (error.kind(), error.code()) {
        (ErrorKind::WebhookVerification, Some("payload_too_large")) => {
            (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large").into_response()
        }
        (ErrorKind::WebhookVerification, code) => {
            (StatusCode::UNAUTHORIZED, code.unwrap_or_default().to_owned()).into_response()
        }
        _ => later(),
    };
    response.extensions_mut().insert(error);
    response
}

/// The event that a [`Receiver`] verified; a 500 that says so where the route has none.
impl<S: Sync> FromRequestParts<S> for Event {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let unverified = "this route takes a webhook event, but no linktor::webhook::Receiver is layered on it";
        parts.extensions.get::<Self>().cloned().ok_or((StatusCode::INTERNAL_SERVER_ERROR, unverified))
    }
}
