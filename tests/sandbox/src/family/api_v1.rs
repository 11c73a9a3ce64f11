//! `api_v1`: an `error` that is a word on a 401 and a 429, and an object everywhere else.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::http::request::Parts;
use serde::Serialize;
use serde_json::{Value, json};

use super::store::{self, Rows};
use super::{Family, Id, Page, Parameters, Refused, bearer, json as answer, missing, object};
use crate::fixtures;
use crate::state::{Shared, lock};

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route(&at("/users/me"), get(me))
        .route(&at("/users"), get(users).post(create_user))
        .route(&at("/users/{id}"), get(user).patch(update_user).delete(delete_user))
        .route(&at("/projects"), get(projects).post(create_project))
        .route(&at("/teams/{id}/members"), get(members))
        .route(&at("/webhooks"), get(webhooks).post(subscribe))
        .route(&at("/webhooks/{id}/test"), post(deliver))
        .route(&at("/webhooks/{id}/deliveries"), get(deliveries))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
}

struct Caller;

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (error, message) = match bearer(Family::ApiV1, shared, &request.headers) {
            Ok(_) => return Ok(Self),
            Err(Refused::Missing | Refused::Malformed) => ("missing_api_key", "No API key was given"),
            Err(Refused::Unknown) => ("invalid_api_key", "The API key is not valid"),
            Err(Refused::Expired) => ("token_expired", "The access token has expired"),
        };
        Err(answer(StatusCode::UNAUTHORIZED, &Refusal { error, message }))
    }
}

#[derive(Serialize)]
struct Refusal<'a> {
    error: &'static str,
    message: &'a str,
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

async fn users(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    list(&lock(&shared.store).api_v1_users, &parameters)
}

async fn create_user(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    create(&mut lock(&shared.store).api_v1_users, "user_", &["name", "email"], &body)
}

async fn user(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    found(store::find(&lock(&shared.store).api_v1_users, "id", &id))
}

async fn update_user(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id, body: Bytes) -> Response {
    match object(&body) {
        Some(sent) => found(store::merge(&mut lock(&shared.store).api_v1_users, &id, sent)),
        None => malformed(),
    }
}

async fn delete_user(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    match store::remove(&mut lock(&shared.store).api_v1_users, &id) {
        Some(_) => store::gone(),
        None => unknown(),
    }
}

async fn projects(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    list(&lock(&shared.store).api_v1_projects, &parameters)
}

async fn create_project(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    create(&mut lock(&shared.store).api_v1_projects, "proj_", &["name"], &body)
}

/// Everybody is in every team, and all fit on one page.
async fn members(_: Caller, State(shared): State<Arc<Shared>>) -> Response {
    answer(StatusCode::OK, &json!({"data": lock(&shared.store).api_v1_users}))
}

async fn webhooks(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    list(&lock(&shared.store).api_v1_webhooks, &parameters)
}

async fn subscribe(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    create(&mut lock(&shared.store).api_v1_webhooks, "wh_", &["url"], &body)
}

/// Nothing is sent: the delivery is only listed.
async fn deliver(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    let mut store = lock(&shared.store);
    if store::find(&store.api_v1_webhooks, "id", &id).is_none() {
        return unknown();
    }
    let delivery = store::fields(json!({"webhook_id": id, "type": "webhook.test", "status": "delivered"}));
    answer(StatusCode::OK, &store::write(&mut store.api_v1_deliveries, "evt_", delivery))
}

async fn deliveries(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id, parameters: Parameters) -> Response {
    let store = lock(&shared.store);
    if store::find(&store.api_v1_webhooks, "id", &id).is_none() {
        return unknown();
    }
    let deliveries = store.api_v1_deliveries.iter().filter(|delivery| delivery["webhook_id"] == id.as_str());
    list(deliveries.collect::<Vec<_>>(), &parameters)
}

async fn nowhere() -> Response {
    unknown()
}

fn list<'a>(
    all: impl IntoIterator<Item = &'a Value, IntoIter: ExactSizeIterator>,
    parameters: &Parameters,
) -> Response {
    let page = Page::cut(all, parameters, "per_page", 20);
    let pagination = Pagination {
        page: page.number,
        per_page: page.size,
        total: page.total,
        total_pages: page.pages(),
        has_next: page.has_next(),
        has_prev: page.has_previous(),
    };
    answer(StatusCode::OK, &List { data: page.rows, pagination })
}

fn create(rows: &mut Rows, prefix: &str, required: &[&str], body: &[u8]) -> Response {
    let Some(sent) = object(body) else {
        return malformed();
    };
    let absent = missing(&sent, required);
    if !absent.is_empty() {
        let message = "Validation failed";
        return error(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", message, &absent);
    }
    answer(StatusCode::CREATED, &store::write(rows, prefix, sent))
}

fn malformed() -> Response {
    error(StatusCode::BAD_REQUEST, "bad_request", "The body must be a JSON object", &[])
}

fn found(row: Option<&Value>) -> Response {
    row.map_or_else(unknown, |row| answer(StatusCode::OK, row))
}

pub(super) fn too_many(wait: u64) -> Response {
    let message = format!("Rate limit exceeded. Try again in {wait} seconds.");
    answer(StatusCode::TOO_MANY_REQUESTS, &Refusal { error: "rate_limit_exceeded", message: &message })
}

fn unknown() -> Response {
    error(StatusCode::NOT_FOUND, "not_found", "Resource not found", &[])
}

pub(super) fn error(status: StatusCode, code: &str, message: &str, absent: &[&str]) -> Response {
    let detail = |field| Detail { field, message: "is required" };
    let details = absent.iter().copied().map(detail).collect();
    answer(status, &Failure { error: Problem { code, message, details } })
}
