//! Deliveries over real HTTP to the case's receiver, a layer of axum.

use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use futures_util::future::BoxFuture;
use linktor::StoreResult;
use linktor::webhook::{Begun, Deduplicator, Event, MemoryDeduplicator, Receiver};
use serde_json::{Value, json};

use crate::cases::{same, text};
use crate::steps::plain_http;
use crate::webhook::{signed, verifier};

/// A server with the receiver, and a handler that answers as it is told.
pub(crate) struct Hook {
    told: Value,
    url: String,
    status: Arc<AtomicU16>,
    handled: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<&'static str>>>,
}

impl Hook {
    /// With the receiver that the case tells of.
    pub(crate) async fn serve(case: &Value, seen: MemoryDeduplicator) -> Self {
        let told = &case["receiver"];
        let receiver = Receiver::new(verifier(told).expect("a verifier"));
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let receiver = match case.get("deduplicator_own") {
            Some(own) => receiver.deduplicator(Own { seen, fail: own["fail"].clone(), asked: Arc::clone(&asked) }),
            None => receiver.deduplicator(seen),
        };
        let (status, handled) = (Arc::<AtomicU16>::default(), Arc::<AtomicUsize>::default());
        let (answered, counted) = (Arc::clone(&status), Arc::clone(&handled));
        let handle = async move |_: Event| {
            counted.fetch_add(1, Ordering::SeqCst);
            StatusCode::from_u16(answered.load(Ordering::SeqCst)).expect("a status")
        };
        let router = Router::new().route("/hook", post(handle).layer(receiver));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { told: told.clone(), url, status, handled, asked }
    }

    /// Makes a delivery.
    pub(crate) async fn deliver(&self, step: &Value) -> Result<(), String> {
        let status = step.get("handler").map_or(200, |status| status.as_u64().expect("a status"));
        self.status.store(status.try_into().expect("a status"), Ordering::SeqCst);
        let before = self.handled.load(Ordering::SeqCst);
        let method = step.get("method").map_or_else(|| "POST".to_owned(), text);
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = plain_http().request(method, &self.url).body(text(&step["receive"]));
        request = request.headers(signed(&self.told, step));
        for pair in step["headers"].as_array().into_iter().flatten() {
            request = request.header(text(&pair[0]), text(&pair[1]));
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.text().await.map_err(|error| error.to_string())?;
        let asked = std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        for (field, expected) in step["expect"].as_object().expect("an expectation is an object") {
            match field.as_str() {
                "status" => same(field, expected, &status.into())?,
                "body" => same(field, expected, &body.as_str().into())?,
                "handled" => same(field, expected, &(self.handled.load(Ordering::SeqCst) - before).into())?,
                "asked" => same(field, expected, &json!(asked))?,
                "headers" => {
                    for (name, expected) in expected.as_object().expect("headers are an object") {
                        let found = headers.get(name).and_then(|value| value.to_str().ok());
                        same(name, expected, &json!(found))?;
                    }
                }
                other => panic!("a delivery's answer has no field {other}"),
            }
        }
        Ok(())
    }
}

/// A deduplicator of the caller's own, one of whose methods may fail.
struct Own {
    seen: MemoryDeduplicator,
    fail: Value,
    asked: Arc<Mutex<Vec<&'static str>>>,
}

impl Own {
    fn ask(&self, name: &'static str) -> StoreResult<()> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        if self.fail == name { Err(format!("it cannot {name}").into()) } else { Ok(()) }
    }
}

impl Deduplicator for Own {
    fn begin<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<Begun>> {
        Box::pin(async move {
            self.ask("begin")?;
            Ok(self.seen.begin(id)?)
        })
    }

    fn commit<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.ask("commit")?;
            Ok(self.seen.commit(id)?)
        })
    }

    fn release<'a>(&'a self, id: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.ask("release")?;
            Ok(self.seen.release(id)?)
        })
    }
}
