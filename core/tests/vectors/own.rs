//! Functions of the caller's own, as a case tells of them: a token store, and a transport.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, pending};
use linktor::{
    Client, HeaderMap, Secret, StoreLock, StoreResult, TokenStore, Transport, TransportError, TransportFailure,
    TransportRequest, TransportResponse,
};
use serde_json::{Value, json};

use crate::cases::{same, text};
use crate::steps::plain_http;

/// A token store in memory, which does wrong what it is told.
#[derive(Clone)]
pub(crate) struct Store(Arc<Shelf>);

struct Shelf {
    has_locks: bool,
    /// What is loaded as long as nothing was saved.
    saved: Option<String>,
    faults: Mutex<Value>,
    records: Mutex<HashMap<String, Secret>>,
    calls: Mutex<Vec<&'static str>>,
}

impl Store {
    pub(crate) fn new(told: &Value) -> Self {
        Self(Arc::new(Shelf {
            has_locks: told["locks"] == true,
            saved: told.get("saved").map(text),
            faults: Mutex::new(told.clone()),
            records: Mutex::default(),
            calls: Mutex::default(),
        }))
    }

    /// Makes a step about it.
    pub(crate) async fn take(&self, step: &Value) -> Result<(), String> {
        match text(&step["store"]).as_str() {
            "change" => {
                *held(&self.0.faults) = step["with"].clone();
                Ok(())
            }
            "calls" => {
                // A renewal for which nobody waits any more may be about to end.
                for _ in 0..200 {
                    if self.check(&step["expect"]).is_ok() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                self.check(&step["expect"])?;
                held(&self.0.calls).clear();
                Ok(())
            }
            other => panic!("a store step is not called {other}"),
        }
    }

    fn check(&self, expect: &Value) -> Result<(), String> {
        same("calls", &expect["calls"], &json!(*held(&self.0.calls)))?;
        match expect.get("records") {
            Some(expected) => same("records", expected, &held(&self.0.records).len().into()),
            None => Ok(()),
        }
    }

    async fn call(&self, name: &'static str) -> StoreResult<()> {
        held(&self.0.calls).push(name);
        let faults = held(&self.0.faults).clone();
        if faults["hang"] == name {
            pending::<()>().await;
        }
        if faults["fail"] == name { Err(format!("it cannot {name}").into()) } else { Ok(()) }
    }
}

impl TokenStore for Store {
    fn load(&self, key: &str) -> BoxFuture<'_, StoreResult<Option<Secret>>> {
        let key = key.to_owned();
        Box::pin(async move {
            self.call("load").await?;
            let record = held(&self.0.records).get(&key).cloned();
            Ok(record.or_else(|| self.0.saved.clone().map(Secret::from)))
        })
    }

    fn save(&self, key: &str, record: Secret) -> BoxFuture<'_, StoreResult<()>> {
        let key = key.to_owned();
        Box::pin(async move {
            self.call("save").await?;
            held(&self.0.records).insert(key, record);
            Ok(())
        })
    }

    fn lock(&self, _: &str) -> BoxFuture<'_, StoreResult<StoreLock>> {
        Box::pin(async {
            if !self.0.has_locks {
                return Ok(StoreLock::unsupported());
            }
            self.call("lock").await?;
            Ok(StoreLock::held(Unlock(self.clone())))
        })
    }
}

struct Unlock(Store);

impl Drop for Unlock {
    fn drop(&mut self) {
        held(&self.0.0.calls).push("unlock");
    }
}

/// A transport that has a result for each request, or sends it.
pub(crate) struct Wire {
    results: Mutex<VecDeque<Value>>,
    /// The client that it is of.
    pub(crate) client: Arc<OnceLock<Client>>,
    http: reqwest::Client,
}

impl Wire {
    pub(crate) fn new(results: &Value) -> Self {
        let results = results.as_array().expect("a transport has a list of results").clone();
        Self { results: Mutex::new(results.into()), client: Arc::default(), http: plain_http() }
    }

    async fn exchange(&self, request: TransportRequest) -> Result<TransportResponse, TransportError> {
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        if !request.body.is_empty() {
            *outgoing.body_mut() = Some(request.body.into());
        }
        let failed = |error: reqwest::Error| {
            let failure = if error.is_connect() { TransportFailure::Connect } else { TransportFailure::Interrupted };
            TransportError::new(failure, error)
        };
        let answer = self.http.execute(outgoing).await.map_err(failed)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(TransportResponse::new(status, headers, answer.bytes().await.map_err(failed)?))
    }
}

impl Transport for Wire {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        let result = held(&self.results).pop_front().unwrap_or_default();
        Box::pin(async move {
            if let Some(error) = result.get("error") {
                return Err(TransportError::new(TransportFailure::Callback, text(error)));
            }
            if let Some(name) = result.get("fail") {
                return Err(TransportError::new(failure(&text(name)), "the network is said to have failed"));
            }
            if let Some(status) = result["status"].as_u64() {
                let status = status.try_into().expect("a status");
                let body = result.get("text").map(text).unwrap_or_default();
                return Ok(TransportResponse::new(status, headers(&result["headers"]), body));
            }
            if let Some(path) = result.get("get") {
                let client = self.client.get().expect("the client was made");
                let inner = client.get(text(path)).send().await;
                inner.map_err(|error| TransportError::new(TransportFailure::Callback, error))?;
            }
            self.exchange(request).await
        })
    }
}

fn failure(name: &str) -> TransportFailure {
    match name {
        "connect" => TransportFailure::Connect,
        "timeout" => TransportFailure::Timeout,
        "interrupted" => TransportFailure::Interrupted,
        other => panic!("no network fails by {other}"),
    }
}

fn headers(told: &Value) -> HeaderMap {
    let pairs = told.as_object().into_iter().flatten().map(|(name, value)| {
        (name.parse::<http::HeaderName>().expect("a name"), text(value).parse().expect("a header's value"))
    });
    pairs.collect()
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
