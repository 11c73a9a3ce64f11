//! `/_sandbox`: the control plane for tests in other languages.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use hyper::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::json;

use crate::family::json as answer;
use crate::script::Answer;
use crate::state::{Shared, lock};

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_sandbox", get(ready))
        .route("/_sandbox/script", post(script))
        .route("/_sandbox/journal", get(journal))
        .route("/_sandbox/reset", post(reset))
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

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    answer(StatusCode::OK, &shared.ready())
}

async fn script(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let script: Script = match serde_json::from_slice(&body) {
        Ok(script) => script,
        Err(problem) => return error(StatusCode::BAD_REQUEST, &problem.to_string()),
    };
    for (place, scripted) in script.answers.iter().enumerate() {
        if let Err(problem) = scripted.check() {
            return error(StatusCode::BAD_REQUEST, &format!("answers[{place}]: {problem}"));
        }
    }
    shared.script(script.answers);
    done()
}

async fn journal(State(shared): State<Arc<Shared>>) -> Response {
    let entries = lock(&shared.journal).entries();
    answer(StatusCode::OK, &json!({"entries": entries}))
}

async fn reset(State(shared): State<Arc<Shared>>) -> Response {
    shared.reset();
    done()
}

async fn nowhere(uri: Uri) -> Response {
    let message = format!("{} is neither a family's path nor one of the control plane", uri.path());
    error(StatusCode::NOT_FOUND, &message)
}

async fn wrong_method(uri: Uri) -> Response {
    let message = format!("{} is not called by this method", uri.path());
    error(StatusCode::METHOD_NOT_ALLOWED, &message)
}

fn done() -> Response {
    answer(StatusCode::OK, &json!({"ok": true}))
}

fn error(status: StatusCode, message: &str) -> Response {
    answer(status, &json!({"error": message}))
}
