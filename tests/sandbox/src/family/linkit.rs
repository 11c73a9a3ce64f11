//! `linkit`: an API key is sent raw and a session token as `Bearer`, told apart by that word
//! alone, and customers belong to an organization that a header names.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::store::{self, Rows};
use super::{Page, Parameters, authorization, json as answer, missing, object};
use crate::fixtures;
use crate::state::{Shared, lock};

const ORGANIZATION: &str = "x-organization-id";

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    Router::new()
        .route(&format!("{base}/ping"), get(ping))
        .route(&format!("{base}/products"), get(products).post(create))
        .route(&format!("{base}/customers"), get(customers))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
}

/// A known credential; its organization, if one was named, is a known one too.
struct Caller;

/// A caller who has named the organization.
struct Member;

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, _: &Arc<Shared>) -> Result<Self, Response> {
        if let Some(details) = refusal(&request.headers) {
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
struct Written {
    success: bool,
    message: &'static str,
    data: Value,
}

async fn ping() -> Response {
    answer(StatusCode::OK, &json!({"status": "ok"}))
}

async fn products(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    list(&lock(&shared.store).linkit_products, &parameters)
}

async fn customers(_: Member, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    list(&lock(&shared.store).linkit_customers, &parameters)
}

async fn create(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Some(sent) = object(&body) else {
        return error(StatusCode::BAD_REQUEST, "Bad Request", "The body is not a JSON object");
    };
    if !missing(&sent, &["name"]).is_empty() {
        return error(StatusCode::BAD_REQUEST, "Bad Request", "name is required");
    }
    let written = Written {
        success: true,
        message: "Product created successfully",
        data: store::write(&mut lock(&shared.store).linkit_products, "prd_", sent),
    };
    answer(StatusCode::CREATED, &written)
}

async fn nowhere() -> Response {
    error(StatusCode::NOT_FOUND, "Not Found", "Resource not found")
}

/// Why a credential is not accepted, if it is not.
fn refusal(headers: &HeaderMap) -> Option<&'static str> {
    let authorization = authorization(headers).unwrap_or_default();
    let known = match authorization.strip_prefix("Bearer ") {
        Some(token) => token == fixtures::LINKIT_ACCESS_TOKEN,
        None => authorization == fixtures::LINKIT_API_KEY,
    };
    match authorization {
        _ if known => None,
        "" => Some("Missing authorization header"),
        _ => Some("Invalid or expired token"),
    }
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

fn unnamed() -> Response {
    error(StatusCode::BAD_REQUEST, "Bad Request", "X-Organization-ID header is required")
}

fn error(status: StatusCode, error: &str, details: &str) -> Response {
    let problem = Problem { code: status.as_u16(), error, details };
    answer(status, &problem)
}
