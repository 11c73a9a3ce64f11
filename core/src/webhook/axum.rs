//! Receiving with axum: a [`Receiver`] is a layer, and an [`Event`] an extractor.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{AppendHeaders, IntoResponse, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::LengthLimitError;
use tower_layer::Layer;
use tower_service::Service;

use super::answer::Answer;
use super::deduplicator::Begun;
use super::event::Event;
use super::receiver::{Delivery, Receiver};
use super::truncated;
use super::verifier::Verifier;
use crate::error::Error;

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
    let (mut parts, body) = request.into_parts();
    let body = match read(&parts, body, receiver.verifier()).await {
        Ok(body) => body,
        Err(error) => return refusal(error),
    };
    let claim = match receiver.receive(body.clone(), &parts.headers).await {
        Ok(Delivery::New(claim)) => claim,
        Ok(Delivery::Done(_)) => return Answer::to_event(Begun::Done).into_response(),
        Ok(Delivery::InProgress(_)) => return Answer::to_event(Begun::InProgress).into_response(),
        Err(error) => return refusal(error),
    };
    parts.extensions.insert(claim.event().clone());
    let Ok(response) = inner.call(Request::from_parts(parts, Body::from(body))).await;
    let mut response = response.into_response();
    let is_handled = Answer::is_handled(response.status().as_u16());
    let ended = if is_handled { claim.commit().await } else { claim.release().await };
    // The event was handled, or was not: a deduplicator that fails now changes neither.
    if let Err(error) = ended {
        response.extensions_mut().insert(error);
    }
    response
}

/// The body of a delivery that is signed at all, as far as it may be read.
async fn read(parts: &Parts, body: Body, verifier: &Verifier) -> Result<Bytes, Error> {
    verifier.admit(parts.method.as_str(), &parts.headers)?;
    to_bytes(body, verifier.size_limit()).await.map_err(|error| {
        let is_too_long = error.into_inner().is::<LengthLimitError>();
        verifier.check_size(usize::MAX).err().filter(|_| is_too_long).unwrap_or_else(truncated)
    })
}

fn refusal(error: Error) -> Response {
    let mut response = Answer::to_error(&error).into_response();
    response.extensions_mut().insert(error);
    response
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = AppendHeaders(self.headers);
        if self.body.is_empty() {
            (status, headers).into_response()
        } else {
            (status, headers, self.body).into_response()
        }
    }
}

/// The event that a [`Receiver`] verified; a 500 that says so where the route has none.
impl<S: Sync> FromRequestParts<S> for Event {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let unverified = "this route takes a webhook event, but no linktor::webhook::Receiver is layered on it";
        parts.extensions.get::<Self>().cloned().ok_or((StatusCode::INTERNAL_SERVER_ERROR, unverified))
    }
}
