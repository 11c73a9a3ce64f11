//! `linkit`: an API key is sent raw and a session token as `Bearer`, told apart by that word
//! alone, and customers belong to an organization that a header names.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::store::{self, Rows};
use super::{Family, Id, Page, Parameters, authorization, json as answer, missing, object};
use crate::fixtures;
use crate::sessions::{ALL, Credential, Standing, ToldExpiry};
use crate::state::{Shared, lock};

const ORGANIZATION: &str = "x-organization-id";

/// What one call may write in bulk.
const BULK: usize = 1_000;

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route(&at("/auth/login"), post(login))
        .route(&at("/ping"), get(well))
        .route(&at("/health"), get(well))
        .route(&at("/health/system"), get(system))
        .route(&at("/products"), get(products).post(create))
        .route(&at("/products/bulk"), post(create_many))
        .route(&at("/products/{id}"), get(read).put(update).delete(delete))
        .route(&at("/customers"), get(customers))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
}

/// A known credential; its organization, if one was named, is a known one too.
struct Caller;

/// A caller who has named the organization.
struct Member;

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        if let Some(details) = refusal(shared, &request.headers) {
            return Err(error(StatusCode::UNAUTHORIZED, "Unauthorized", details));
        }
        match request.headers.get(ORGANIZATION) {
            Some(organization) if organization.is_empty() => Err(unnamed()),
            Some(organization) if organization != fixtures::LINKIT_ORGANIZATION => {
                Err(error(StatusCode::FORBIDDEN, "Forbidden", "Insufficient permissions for this organization"))
            }
            _ => Ok(Self),
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Member {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        Caller::from_request_parts(request, shared).await?;
        if request.headers.contains_key(ORGANIZATION) { Ok(Self) } else { Err(unnamed()) }
    }
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

#[derive(Deserialize)]
struct Bulk {
    products: Vec<Value>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: u16,
    error: &'a str,
    details: &'a str,
}

#[derive(Serialize)]
struct List {
    data: Vec<Value>,
    count: usize,
    total_count: usize,
    page: usize,
    limit: usize,
    has_next: bool,
    meta: Value,
}

#[derive(Serialize)]
struct Written<'a> {
    success: bool,
    message: &'a str,
    data: &'a Value,
}

async fn login(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Ok(login) = serde_json::from_slice::<Login>(&body) else {
        return bad("email and password are required");
    };
    let now = shared.clock.seconds();
    let mut book = shared.sessions.book(Family::Linkit);
    if login.email != fixtures::LINKIT_EMAIL || login.password != book.password {
        return error(StatusCode::UNAUTHORIZED, "Unauthorized", "Invalid email or password");
    }
    let granted = book.begin(ALL.to_owned(), now, false);
    let told = match granted.settings.told_expiry {
        ToldExpiry::Future => now + u64::from(granted.life),
        ToldExpiry::Past => now.saturating_sub(u64::from(granted.life)),
    };
    let told = i64::try_from(told).ok().and_then(|second| Timestamp::from_second(second).ok()).unwrap_or_default();
    let user = json!({"id": "usr_1", "email": login.email, "organization_id": fixtures::LINKIT_ORGANIZATION});
    answer(StatusCode::OK, &json!({"token": granted.access_token, "expires_at": told.to_string(), "user": user}))
}

async fn well() -> Response {
    answer(StatusCode::OK, &json!({"status": "ok"}))
}

async fn system(_: Caller) -> Response {
    answer(StatusCode::OK, &json!({"status": "ok", "database": "ok", "cache": "ok"}))
}

async fn products(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    list(&lock(&shared.store).linkit_products, &parameters)
}

async fn customers(_: Member, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    list(&lock(&shared.store).linkit_customers, &parameters)
}

async fn create(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Some(sent) = object(&body) else {
        return bad("The body is not a JSON object");
    };
    if !missing(&sent, &["name"]).is_empty() {
        return bad("name is required");
    }
    let product = store::write(&mut lock(&shared.store).linkit_products, "prd_", sent);
    written(StatusCode::CREATED, "Product created successfully", &product)
}

/// Writes those that have a name, and says which have not.
async fn create_many(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Ok(Bulk { products }) = serde_json::from_slice(&body) else {
        return bad("products must be a list");
    };
    if products.len() > BULK {
        return bad("products must be 1,000 at most");
    }
    let rows = &mut lock(&shared.store).linkit_products;
    let (mut created, mut failed) = (Vec::new(), Vec::new());
    for (index, product) in products.into_iter().enumerate() {
        let product = store::fields(product);
        if missing(&product, &["name"]).is_empty() {
            created.push(store::write(rows, "prd_", product));
        } else {
            failed.push(json!({"index": index, "error": "name is required"}));
        }
    }
    let is_whole = failed.is_empty();
    let message = if is_whole { "Products created successfully" } else { "Some products were not created" };
    let data = &json!({"created": created, "failed": failed});
    answer(StatusCode::OK, &Written { success: is_whole, message, data })
}

async fn read(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    match store::find(&lock(&shared.store).linkit_products, "id", &id) {
        Some(product) => answer(StatusCode::OK, product),
        None => unknown(),
    }
}

async fn update(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id, body: Bytes) -> Response {
    let Some(sent) = object(&body) else {
        return bad("The body is not a JSON object");
    };
    match store::merge(&mut lock(&shared.store).linkit_products, &id, sent) {
        Some(product) => written(StatusCode::OK, "Product updated successfully", product),
        None => unknown(),
    }
}

async fn delete(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    match store::remove(&mut lock(&shared.store).linkit_products, &id) {
        Some(_) => store::gone(),
        None => unknown(),
    }
}

async fn nowhere() -> Response {
    unknown()
}

/// Why a credential is not accepted, if it is not.
fn refusal(shared: &Shared, headers: &HeaderMap) -> Option<&'static str> {
    let authorization = authorization(headers).unwrap_or_default();
    if authorization.is_empty() {
        return Some("Missing authorization header");
    }
    let (token, is_session) = match authorization.strip_prefix("Bearer ") {
        Some(token) => (token, true),
        None => (authorization, false),
    };
    let is_known = match shared.standing(Family::Linkit, token) {
        Standing::Known(credential) => is_session == matches!(credential, Credential::Session { .. }),
        Standing::Expired | Standing::Unknown => false,
    };
    (!is_known).then_some("Invalid or expired token")
}

fn list(all: &Rows, parameters: &Parameters) -> Response {
    let page = Page::cut(all, parameters, "limit", 20);
    let list = List {
        count: page.rows.len(),
        total_count: page.total,
        page: page.number,
        limit: page.size,
        has_next: page.has_next(),
        meta: json!({}),
        data: page.rows,
    };
    answer(StatusCode::OK, &list)
}

fn written(status: StatusCode, message: &str, data: &Value) -> Response {
    answer(status, &Written { success: true, message, data })
}

/// Linkit says neither how many requests it allows nor when the next one may come.
pub(super) fn too_many() -> Response {
    error(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests", "Rate limit exceeded")
}

fn unknown() -> Response {
    error(StatusCode::NOT_FOUND, "Not Found", "Resource not found")
}

fn unnamed() -> Response {
    bad("X-Organization-ID header is required")
}

fn bad(details: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "Bad Request", details)
}

fn error(status: StatusCode, error: &str, details: &str) -> Response {
    let problem = Problem { code: status.as_u16(), error, details };
    answer(status, &problem)
}
