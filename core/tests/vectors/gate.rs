//! The unit vectors of the gate: calls that queue, in simulated time.

use std::collections::HashMap;
use std::mem::take;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::cases::{same, text};
use crate::options;
use crate::report::run;
use futures_util::future::BoxFuture;
use linktor::{Client, Error, HeaderMap, Method, Request, Response};
use linktor::{Transport, TransportError, TransportFailure, TransportRequest, TransportResponse};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

type Sending = oneshot::Sender<Result<TransportResponse, TransportError>>;

/// Holds every attempt until the case answers it. Calls are known by their request id.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<Attempts>>);

#[derive(Default)]
struct Attempts {
    under_way: HashMap<String, Sending>,
    sent: Vec<Value>,
}

impl Transport for Held {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        let name = request.headers["x-call"].to_str().expect("a name").to_owned();
        let (sender, receiver) = oneshot::channel();
        let mut attempts = self.0.lock().expect("not poisoned");
        attempts.sent.push(name.clone().into());
        attempts.under_way.insert(name, sender);
        Box::pin(async { receiver.await.expect("the case answers what it sends") })
    }
}

impl Held {
    fn end(&self, name: &str, outcome: Result<TransportResponse, TransportError>) -> Result<(), String> {
        let sending = self.0.lock().expect("not poisoned").under_way.remove(name);
        let sending = sending.ok_or_else(|| format!("no attempt of {name} is under way"))?;
        sending.send(outcome).map_err(|_| format!("the attempt of {name} was given up"))
    }
}

#[tokio::test(start_paused = true)]
async fn gate() {
    run("gate", async |case| {
        let transport = Held::default();
        let mut given = case["client"].as_object().expect("a case has a client").clone();
        given.entry("api_key").or_insert_with(|| "invented".into());
        given.entry("base_url").or_insert_with(|| "https://api.example.com/v1".into());
        let builder = options::builder(&given).map_err(|error| error.to_string())?;
        let client = builder.transport(transport.clone()).build().map_err(|error| error.to_string())?;
        let started = Instant::now();
        let mut calls = HashMap::new();
        for (index, step) in case["steps"].as_array().expect("a case has steps").iter().enumerate() {
            let at = Duration::from_secs_f64(step["at"].as_f64().expect("a step has a time"));
            tokio::time::sleep_until(started + at).await;
            let outcome = make(&client, &transport, &mut calls, step);
            settle().await;
            let outcome = match outcome {
                Ok(()) => check(&transport, &mut calls, step).await,
                failed => failed,
            };
            outcome.map_err(|why| format!("step {} at {} s: {why}", index + 1, at.as_secs_f64()))?;
        }
        Ok(())
    })
    .await;
}

/// Lets all that is ready run, without letting time pass.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

type Calls = HashMap<String, JoinHandle<Result<Response, Error>>>;

fn make(client: &Client, transport: &Held, calls: &mut Calls, step: &Value) -> Result<(), String> {
    if let Some(name) = step.get("call").map(text) {
        let method = step.get("method").map_or_else(|| "GET".to_owned(), text);
        let path = step.get("path").map_or_else(|| "/contacts".to_owned(), text);
        let mut request = Request::new(Method::from_bytes(method.as_bytes()).expect("a method"), path);
        request.headers.push(("x-call".to_owned(), name.clone()));
        request.max_retries = step.get("max_retries").and_then(Value::as_u64).and_then(|count| count.try_into().ok());
        request.max_retry_wait = step.get("max_retry_wait").map(options::seconds);
        request.deadline = step.get("deadline").map(options::seconds);
        let client = client.clone();
        calls.insert(name, tokio::spawn(async move { client.execute(request).await }));
    } else if let Some(name) = step.get("answer").map(text) {
        let status = step["status"].as_u64().and_then(|status| status.try_into().ok()).expect("a status");
        let mut headers = HeaderMap::new();
        for (name, value) in step.get("headers").and_then(Value::as_object).into_iter().flatten() {
            let name: http::HeaderName = name.parse().expect("a name");
            headers.append(name, text(value).parse().expect("a value"));
        }
        let body = step.get("body").map(text).unwrap_or_default();
        return transport.end(&name, Ok(TransportResponse::new(status, headers, body.into_bytes())));
    } else if let Some(name) = step.get("fail").map(text) {
        let failure = match step["with"].as_str() {
            Some("connect") => TransportFailure::Connect,
            Some("interrupted") => TransportFailure::Interrupted,
            other => panic!("no way to fail: {other:?}"),
        };
        return transport.end(&name, Err(TransportError::new(failure, "as the case says")));
    } else if let Some(name) = step.get("cancel").map(text) {
        calls.remove(&name).ok_or_else(|| format!("there is no call {name}"))?.abort();
    }
    Ok(())
}

/// Compares what has happened since the last step.
async fn check(transport: &Held, calls: &mut Calls, step: &Value) -> Result<(), String> {
    let sent = take(&mut transport.0.lock().expect("not poisoned").sent);
    let (mut done, mut refused, mut failed) = (Vec::<Value>::new(), Map::new(), Map::new());
    let mut names: Vec<_> = calls.iter().filter(|(_, call)| call.is_finished()).map(|(name, _)| name.clone()).collect();
    names.sort();
    for name in names {
        match calls.remove(&name).expect("it is there").await.map_err(|error| error.to_string())? {
            Ok(_) => done.push(name.into()),
            Err(error) if error.attempts() == 0 && error.kind().as_str() == "rate_limited" => {
                refused.insert(name, error.retry_after().map(|wait| wait.as_secs_f64()).into());
            }
            Err(error) => {
                failed.insert(name, error.kind().as_str().into());
            }
        }
    }
    let found = json!({"sent": sent, "done": done, "refused": refused, "failed": failed});
    for field in ["sent", "done", "refused", "failed"] {
        if let Some(expected) = step.get(field) {
            compare(field, expected, &found[field])?;
        }
    }
    Ok(())
}

fn compare(field: &str, expected: &Value, found: &Value) -> Result<(), String> {
    match (expected.as_object(), found.as_object()) {
        (Some(expected), Some(found)) if expected.len() == found.len() => {
            expected.iter().try_for_each(|(name, value)| same(field, value, found.get(name).unwrap_or(&Value::Null)))
        }
        _ => same(field, expected, found),
    }
}
