//! `api_v1`: an `error` that is a word on a 401 and an object everywhere else.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::http::request::Parts;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Family, Page, Parameters, Standing, json as answer, missing, object, standing, store};
use crate::fixtures;
use crate::state::{Shared, lock};

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    Router::new()
        .route(&format!("{base}/users/me"), get(me))
        .route(&format!("{base}/users"), get(list).post(create))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
}

struct Caller;

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, _: &Arc<Shared>) -> Result<Self, Response> {
        let (error, message) = match standing(Family::ApiV1, &request.headers) {
            Standing::Known => return Ok(Self),
            Standing::Missing | Standing::Malformed => ("missing_api_key", "No API key was given"),
            Standing::Unknown => ("invalid_api_key", "The API key is not valid"),
            Standing::Expired => ("token_expired", "The access token has expired"),
        };
        Err(answer(StatusCode::UNAUTHORIZED, &Refusal { error, message }))
    }
}

#[derive(Serialize)]
struct Refusal {
    error: &'static str,
    message: &'static str,
}

#[derive(Serialize)]
struct Failure<'a> {
    error: Problem<'a>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail<'a>>,
}

#[derive(Serialize)]
struct Detail<'a> {
    field: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct List {
    data: Vec<Value>,
    pagination: Pagination,
}

#[derive(Serialize)]
struct Pagination {
    page: usize,
    per_page: usize,
    total: usize,
    total_pages: usize,
    has_next: bool,
    has_prev: bool,
}

async fn me(_: Caller) -> Response {
    let user = json!({
        "id": "user_1",
        "name": "Ada Example",
        "email": "ada@example.com",
        "created_at": fixtures::READ_AT,
    });
    answer(StatusCode::OK, &user)
}

async fn list(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let page = Page::cut(&lock(&shared.store).api_v1_users, &parameters, "per_page", 20);
    let pagination = Pagination {
        page: page.number,
        per_page: page.size,
        total: page.total,
        total_pages: page.pages(),
        has_next: page.has_next(),
        has_prev: page.has_previous(),
    };
    let list = List { data: page.rows, pagination };
    answer(StatusCode::OK, &list)
}

async fn create(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Some(sent) = object(&body) else {
        let message = "The body must be a JSON object";
        return error(StatusCode::BAD_REQUEST, "bad_request", message, &[]);
    };
    let absent = missing(&sent, &["name", "email"]);
    if !absent.is_empty() {
        let message = "Validation failed";
        return error(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", message, &absent);
    }
    let user = store::write(&mut lock(&shared.store).api_v1_users, "user_", sent);
    answer(StatusCode::CREATED, &user)
}

async fn nowhere() -> Response {
    error(StatusCode::NOT_FOUND, "not_found", "Resource not found", &[])
}

fn error(status: StatusCode, code: &str, message: &str, absent: &[&str]) -> Response {
    let detail = |field| Detail { field, message: "is required" };
    let details = absent.iter().copied().map(detail).collect();
    let problem = Problem { code, message, details };
    answer(status, &Failure { error: problem })
}
