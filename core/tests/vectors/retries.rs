//! The unit vectors of retries: what is repeated, and what the server's hints are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::cases::{check_rate_limit, same, text};
use crate::report::run;
use futures_util::future::BoxFuture;
use linktor::{Client, Clock, HeaderMap, Method, Provider, RateLimit, Request};
use linktor::{Transport, TransportError, TransportFailure, TransportRequest, TransportResponse};
use serde_json::{Value, json};

/// Meets every request with the same, and counts them.
#[derive(Clone)]
struct Always {
    outcome: Outcome,
    count: Arc<AtomicU32>,
}

#[derive(Clone)]
enum Outcome {
    Answer(u16, HeaderMap, Vec<u8>),
    Failure(TransportFailure),
    Nothing,
}

impl Transport for Always {
    fn send(&self, _: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        self.count.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            match self.outcome.clone() {
                Outcome::Answer(status, headers, body) => Ok(TransportResponse::new(status, headers, body)),
                Outcome::Failure(failure) => Err(TransportError::new(failure, "as the case says")),
                Outcome::Nothing => std::future::pending().await,
            }
        })
    }
}

/// The time of day that the case names, for ever.
struct Standing(SystemTime);

impl Clock for Standing {
    fn monotonic(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        self.0
    }
}

fn clock(case: &Value) -> Standing {
    let now = case.get("now").map_or_else(|| "2026-01-01T00:00:00Z".to_owned(), text);
    Standing(now.parse::<jiff::Timestamp>().expect("a time").into())
}

fn provider(case: &Value) -> Provider {
    let name = case.get("provider").map_or_else(|| "linktor".to_owned(), text);
    Provider::named(&name).expect("a known provider")
}

fn headers(value: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let name: http::HeaderName = name.parse().expect("a header name");
        let values = value.as_array().map_or_else(|| vec![value.clone()], Clone::clone);
        for value in values {
            headers.append(&name, text(&value).parse().expect("a header value"));
        }
    }
    headers
}

fn request(case: &Value) -> Request {
    let method = case.get("method").map_or_else(|| "GET".to_owned(), text);
    let path = case.get("path").map_or_else(|| "/contacts".to_owned(), text);
    let mut request = Request::new(Method::from_bytes(method.as_bytes()).expect("a method"), path);
    request.idempotent = case.get("idempotent").and_then(Value::as_bool);
    request.idempotency_key = case.get("idempotency_key").map(text);
    request
}

fn client(case: &Value, outcome: Outcome) -> (Client, Arc<AtomicU32>) {
    let transport = Always { outcome, count: Arc::default() };
    let count = Arc::clone(&transport.count);
    let builder = Client::builder().provider(provider(case)).api_key("invented").clock(clock(case));
    (builder.transport(transport).build().expect("a valid client"), count)
}

#[tokio::test(start_paused = true)]
async fn hint() {
    run("hint", async |case| {
        let status = case["status"].as_u64().and_then(|status| status.try_into().ok()).expect("a status");
        let body = case.get("body").map(text).unwrap_or_default().into_bytes();
        let (client, _) = client(case, Outcome::Answer(status, headers(&case["headers"]), body));
        let mut request = request(case);
        request.max_retries = Some(0);
        let error = client.execute(request).await.err().ok_or("no error")?;
        same("hint", &case["hint"], &error.retry_after().map(|hint| hint.as_secs_f64()).into())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn repeat() {
    run("repeat", async |case| {
        let outcome = match (case["failure"].as_u64(), case["failure"].as_str()) {
            (Some(status), _) => Outcome::Answer(status.try_into().expect("a status"), HeaderMap::new(), Vec::new()),
            (None, Some("timeout")) => Outcome::Nothing,
            (None, failure) => Outcome::Failure(match failure {
                Some("connect") => TransportFailure::Connect,
                Some("connect_timeout") => TransportFailure::ConnectTimeout,
                Some("interrupted") => TransportFailure::Interrupted,
                Some("truncated") => TransportFailure::Truncated,
                Some("body_too_large") => TransportFailure::BodyTooLarge,
                Some("decode") => TransportFailure::Decode,
                other => panic!("a transport does not fail by {other:?}"),
            }),
        };
        let (client, count) = client(case, outcome);
        let mut request = request(case);
        request.max_retries = Some(1);
        request.timeout = Some(Duration::from_secs(1));
        let error = client.execute(request).await.err().ok_or("no error")?;
        let count = count.load(Ordering::Relaxed);
        same("attempts", &error.attempts().into(), &count.into())?;
        same("repeated", &case["repeated"], &(count > 1).into())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn rate_limit() {
    run("rate_limit", async |case| {
        let (client, _) = client(case, Outcome::Answer(200, headers(&case["headers"]), Vec::new()));
        let response = client.execute(request(case)).await.map_err(|error| error.to_string())?;
        check_rate_limit(&case["rate_limit"], response.rate_limit())?;
        let class = case["rate_limit"].get("class").map(text);
        let known = client.rate_limit(class.as_deref()).map_err(|error| error.to_string())?;
        let numbers = |found: Option<&RateLimit>| json!(found.map(|found| (found.limit, found.remaining)));
        same("the client's own", &numbers(response.rate_limit()), &numbers(known.as_ref()))
    })
    .await;
}
