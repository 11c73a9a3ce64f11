//! `api_v2`: one envelope for success, one for errors, and a version that each request names.

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
use crate::state::{Shared, lock};

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    Router::new()
        .route(&format!("{base}/auth/test"), get(test))
        .route(&format!("{base}/users"), get(list).post(create))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
}

struct Caller;

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, _: &Arc<Shared>) -> Result<Self, Response> {
        if request.headers.get("x-api-version").is_none_or(|version| version != "2.0") {
            let message = "X-API-Version must be 2.0";
            return Err(error(StatusCode::BAD_REQUEST, "UNSUPPORTED_VERSION", message));
        }
        let message = match standing(Family::ApiV2, &request.headers) {
            Standing::Known => return Ok(Self),
            Standing::Missing | Standing::Malformed => "Missing or malformed Authorization header",
            Standing::Expired => "The access token has expired",
            Standing::Unknown => "Invalid credentials",
        };
        Err(error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message))
    }
}

#[derive(Serialize)]
struct Wrapped<T> {
    success: bool,
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
}

#[derive(Serialize)]
struct Meta {
    page: usize,
    per_page: usize,
    total: usize,
}

#[derive(Serialize)]
struct Failure<'a> {
    success: bool,
    error: Problem<'a>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    message: &'a str,
}

async fn test(_: Caller) -> Response {
    answer(StatusCode::OK, &json!({"valid": true}))
}

async fn list(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let page = Page::cut(&lock(&shared.store).api_v2_users, &parameters, "per_page", 20);
    let meta = Meta { page: page.number, per_page: page.size, total: page.total };
    success(StatusCode::OK, page.rows, Some(meta))
}

async fn create(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Some(sent) = object(&body) else {
        return invalid("The body must be a JSON object");
    };
    if !missing(&sent, &["name", "email"]).is_empty() {
        return invalid("name and email are required");
    }
    let user: Value = store::write(&mut lock(&shared.store).api_v2_users, "usr_", sent);
    success(StatusCode::CREATED, user, None)
}

async fn nowhere() -> Response {
    error(StatusCode::NOT_FOUND, "NOT_FOUND", "Resource not found")
}

fn success(status: StatusCode, data: impl Serialize, meta: Option<Meta>) -> Response {
    let wrapped = Wrapped { success: true, data, meta };
    answer(status, &wrapped)
}

fn invalid(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message)
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let failure = Failure { success: false, error: Problem { code, message } };
    answer(status, &failure)
}
