//! A transport of the user's own: how its failures are told, and what the client looks at
//! behind its back.

#![allow(clippy::expect_used)]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use linktor::{
    CallbackScope, Client, Error, ErrorKind, HeaderMap, Sent, Transport, TransportError, TransportFailure,
    TransportRequest, TransportResponse,
};

/// Fails, or answers with a body of so many bytes.
enum Stub {
    Failing(TransportFailure),
    Answering(usize),
}

impl Transport for Stub {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        assert_eq!(request.timeout.as_secs(), 30);
        Box::pin(async move {
            match self {
                Self::Failing(failure) => Err(TransportError::new(*failure, "the stub's own")),
                Self::Answering(length) => Ok(TransportResponse::new(200, HeaderMap::new(), vec![b' '; *length])),
            }
        })
    }
}

async fn outcome(stub: Stub) -> Result<usize, Error> {
    let client =
        Client::builder().api_key("lk_invented").max_retries(0).transport(stub).build().expect("valid options");
    client.get("/me").send().await.map(|response| response.bytes().len())
}

#[tokio::test]
async fn each_failure_says_what_the_server_may_have_done() {
    for (failure, kind, sent) in [
        (TransportFailure::Connect, ErrorKind::Connection, Sent::No),
        (TransportFailure::ConnectTimeout, ErrorKind::Timeout, Sent::No),
        (TransportFailure::Timeout, ErrorKind::Timeout, Sent::Maybe),
        (TransportFailure::Interrupted, ErrorKind::Connection, Sent::Maybe),
        (TransportFailure::Callback, ErrorKind::Callback, Sent::Maybe),
        (TransportFailure::Truncated, ErrorKind::Protocol, Sent::Yes),
        (TransportFailure::BodyTooLarge, ErrorKind::Protocol, Sent::Yes),
        (TransportFailure::Decode, ErrorKind::Decode, Sent::Yes),
    ] {
        let error = outcome(Stub::Failing(failure)).await.expect_err("it fails");
        assert_eq!((error.kind(), error.sent()), (kind, sent), "{failure:?}");
    }
}

#[tokio::test]
async fn a_transport_that_fails_by_itself_is_not_asked_again() {
    let stub = Stub::Failing(TransportFailure::Callback);
    let client = Client::builder().api_key("lk_invented").transport(stub).build().expect("valid options");
    let error = client.get("/me").send().await.expect_err("it fails");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Callback, 1));
}

#[tokio::test]
async fn a_body_over_64_mib_is_refused_whoever_read_it() {
    const MOST: usize = 64 * 1024 * 1024;
    assert_eq!(outcome(Stub::Answering(MOST)).await.expect("it is allowed"), MOST);
    let error = outcome(Stub::Answering(MOST + 1)).await.expect_err("it is too large");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Protocol, Some("body_too_large")));
}

/// Asks its own client before it answers, but for what that asks.
#[derive(Default)]
struct Inner(Arc<OnceLock<Client>>);

impl Transport for Inner {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(async move {
            let client = self.0.get().expect("it is set");
            if request.url.path() != "/inner" {
                let failed = |error| TransportError::new(TransportFailure::Callback, error);
                client.get("/inner").send().await.map_err(failed)?;
                let elsewhere = CallbackScope::current().run(client.get("/inner").send());
                tokio::spawn(elsewhere).await.expect("no panic").map_err(failed)?;
            }
            Ok(TransportResponse::new(200, HeaderMap::new(), request.url.path().to_owned()))
        })
    }
}

#[tokio::test]
async fn a_call_from_inside_the_transport_takes_no_connection() {
    let inner = Inner::default();
    let own = Arc::clone(&inner.0);
    let client = Client::builder()
        .api_key("lk_invented")
        .base_url("https://api.example.com")
        .max_connections(1)
        .deadline(Duration::from_secs(5))
        .transport(inner)
        .build()
        .expect("valid options");
    own.set(client.clone()).expect("it is set once");
    let response = client.get("/outer").send().await.expect("the inner calls are made");
    assert_eq!(response.text().expect("a text"), "/outer");
}

#[test]
fn options_that_are_for_the_clients_own_transport_are_refused() {
    let builder = || Client::builder().api_key("lk_invented").transport(Stub::Answering(0));
    for (builder, name) in [
        (builder().proxy("http://proxy.example:8080"), "proxy"),
        (builder().root_certificates("pem"), "root_certificates"),
    ] {
        let error = builder.build().expect_err("it goes with no transport of one's own");
        assert!(error.message().starts_with(name), "{error}");
    }
}
