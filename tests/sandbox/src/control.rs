//! `/_sandbox`: the control plane. Tests in Rust make the same calls without HTTP.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use hyper::{StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::delivery;
use crate::family::json as answer;
use crate::family::{Family, rates::LimitsCall};
use crate::script::Answer;
use crate::sessions::SessionsCall;
use crate::state::{Shared, lock};

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let mut routes = Router::new()
        .route("/_sandbox", get(ready))
        .route("/_sandbox/journal", get(journal))
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/webhooks", post(webhooks));
    for name in ["script", "expire", "revoke", "clock", "sessions", "limits"] {
        let call = async move |State(shared): State<Arc<Shared>>, body: Bytes| {
            let with = serde_json::from_slice(&body).map_err(|problem| problem.to_string());
            outcome(with.and_then(|with| shared.control(name, with)))
        };
        routes = routes.route(&format!("/_sandbox/{name}"), post(call));
    }
    routes
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    family: Family,
    token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance: i64,
}

impl Shared {
    /// Makes one call; a refused one changes nothing.
    pub(crate) fn control(&self, name: &str, with: Value) -> Result<(), String> {
        match name {
            "script" => self.append(read(with)?),
            "reset" => {
                self.reset();
                Ok(())
            }
            "expire" => {
                let Tokens { family, token } = read(with)?;
                self.sessions.book(family).expire(token.as_deref())
            }
            "revoke" => {
                let Tokens { family, token } = read(with)?;
                self.sessions.book(family).revoke(token.as_deref())
            }
            "clock" => self.clock.advance(read::<Move>(with)?.advance),
            "sessions" => {
                let call: SessionsCall = read(with)?;
                self.sessions.book(call.family).change(&call)
            }
            "limits" => {
                let call: LimitsCall = read(with)?;
                lock(&self.rates).limit(call)
            }
            _ => Err(format!("`{name}` is no call of the control plane")),
        }
    }

    fn append(&self, script: Script) -> Result<(), String> {
        for (place, scripted) in script.answers.iter().enumerate() {
            scripted.check().map_err(|problem| format!("answers[{place}]: {problem}"))?;
        }
        self.script(script.answers);
        Ok(())
    }
}

fn read<T: DeserializeOwned>(with: Value) -> Result<T, String> {
    serde_json::from_value(with).map_err(|problem| problem.to_string())
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    answer(StatusCode::OK, &shared.ready())
}

async fn journal(State(shared): State<Arc<Shared>>) -> Response {
    let entries = lock(&shared.journal).entries();
    answer(StatusCode::OK, &json!({"entries": entries}))
}

/// Needs no body.
async fn reset(State(shared): State<Arc<Shared>>) -> Response {
    outcome(shared.control("reset", Value::Null))
}

async fn webhooks(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let report = match serde_json::from_slice(&body) {
        Ok(with) => delivery::deliver(with, &shared.clock).await,
        Err(problem) => Err(problem.to_string()),
    };
    match report {
        Ok(report) => answer(StatusCode::OK, &report),
        Err(problem) => error(StatusCode::BAD_REQUEST, &problem),
    }
}

async fn nowhere(uri: Uri) -> Response {
    let message = format!("{} is neither a family's path nor one of the control plane", uri.path());
    error(StatusCode::NOT_FOUND, &message)
}

async fn wrong_method(uri: Uri) -> Response {
    let message = format!("{} is not called by this method", uri.path());
    error(StatusCode::METHOD_NOT_ALLOWED, &message)
}

fn outcome(outcome: Result<(), String>) -> Response {
    match outcome {
        Ok(()) => answer(StatusCode::OK, &json!({"ok": true})),
        Err(problem) => error(StatusCode::BAD_REQUEST, &problem),
    }
}

fn error(status: StatusCode, message: &str) -> Response {
    answer(status, &json!({"error": message}))
}
