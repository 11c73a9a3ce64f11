//! `linktor`: two error envelopes (flat from its middleware, wrapped from its routes), an empty
//! list that is `null`, and a `Bearer ` that minds its case.

mod auth;
mod contacts;
mod conversations;
mod keys;
mod team;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use hyper::StatusCode;
use hyper::http::request::Parts;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::store::Rows;
use super::{Family, Page, Parameters, Refused, bearer, json as answer, typed};
use crate::fixtures;
use crate::state::Shared;

pub(crate) use team::user;

pub(crate) const TENANT: &str = "7c1a3f52-0000-4000-8000-000000000001";

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route(&at("/auth/login"), post(auth::login))
        .route(&at("/auth/refresh"), post(auth::refresh))
        .route(&at("/me"), get(team::me))
        .route(&at("/me/password"), put(auth::change_password))
        .route(&at("/contacts"), get(contacts::list).post(contacts::create))
        .route(&at("/contacts/{id}"), get(contacts::read).put(contacts::replace).delete(contacts::delete))
        .route(&at("/conversations"), get(conversations::list).post(conversations::create))
        .route(&at("/conversations/{id}"), get(conversations::read).put(conversations::update))
        .route(&at("/conversations/{id}/assign"), post(conversations::assign))
        .route(&at("/conversations/{id}/resolve"), post(conversations::resolve))
        .route(&at("/conversations/{id}/reopen"), post(conversations::reopen))
        .route(&at("/conversations/{id}/escalate"), post(conversations::escalate))
        .route(&at("/conversations/{id}/messages"), get(conversations::messages).post(conversations::send))
        .route(&at("/messages/{id}"), get(conversations::message))
        .route(&at("/api-keys"), get(keys::list).post(keys::create))
        .route(&at("/api-keys/{id}"), delete(keys::delete))
        .route(&at("/channels"), get(team::channels))
        .route(&at("/tenant"), get(team::tenant))
        .route(&at("/users"), get(team::users))
        .route(&at("/analytics/overview"), get(team::analytics))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
}

/// A known credential, with the role that the request needs.
struct Caller;

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let unauthorized = |code, message| flat(StatusCode::UNAUTHORIZED, code, message);
        match bearer(Family::Linktor, shared, &request.headers) {
            Ok(viewer) if viewer.is_read_only() && !request.method.is_safe() => {
                Err(flat(StatusCode::FORBIDDEN, "FORBIDDEN", "insufficient permissions"))
            }
            Ok(_) => Ok(Self),
            Err(Refused::Missing) => Err(unauthorized("UNAUTHORIZED", "missing authorization header")),
            Err(Refused::Malformed) => Err(unauthorized("UNAUTHORIZED", "invalid authorization header format")),
            Err(Refused::Expired | Refused::Unknown) => Err(unauthorized("TOKEN_INVALID", "invalid or expired token")),
        }
    }
}

#[derive(Serialize)]
struct Flat {
    code: &'static str,
    details: (),
    message: &'static str,
}

#[derive(Serialize)]
struct Wrapped<'a> {
    success: bool,
    error: Problem<'a>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Success<T> {
    success: bool,
    data: T,
}

#[derive(Serialize)]
struct List {
    success: bool,
    data: Option<Vec<Value>>,
    meta: Meta,
}

#[derive(Serialize)]
struct Meta {
    page: usize,
    page_size: usize,
    total_pages: usize,
    total_items: usize,
    has_next: bool,
    has_previous: bool,
}

#[derive(Serialize)]
struct Limited {
    code: &'static str,
    message: &'static str,
    retry_after: u64,
}

pub(super) fn too_many(retry_after: u64) -> Response {
    let message = "Too many requests. Please try again later.";
    answer(StatusCode::TOO_MANY_REQUESTS, &Limited { code: "RATE_LIMITED", message, retry_after })
}

async fn nowhere() -> Response {
    typed(StatusCode::NOT_FOUND, "text/plain", "404 page not found")
}

fn cut<'a>(all: impl IntoIterator<Item = &'a Value, IntoIter: ExactSizeIterator>, parameters: &Parameters) -> Page {
    Page::cut(all, parameters, "page_size", 20)
}

fn listed(page: Page) -> Response {
    let meta = Meta {
        page: page.number,
        page_size: page.size,
        total_pages: page.pages(),
        total_items: page.total,
        has_next: page.has_next(),
        has_previous: page.has_previous(),
    };
    let data = Some(page.rows).filter(|rows| !rows.is_empty());
    answer(StatusCode::OK, &List { success: true, data, meta })
}

/// A row that was just made: its times have nanoseconds this once.
fn created(mut row: Value) -> Response {
    for name in ["created_at", "updated_at"] {
        if row.get(name).is_some() {
            row[name] = fixtures::CREATED_AT.into();
        }
    }
    success(StatusCode::CREATED, &row)
}

/// The fields of every new row.
fn stamped(mut sent: Map<String, Value>) -> Map<String, Value> {
    sent.insert("tenant_id".to_owned(), TENANT.into());
    sent.insert("updated_at".to_owned(), fixtures::READ_AT.into());
    sent
}

fn success(status: StatusCode, data: &Value) -> Response {
    answer(status, &Success { success: true, data })
}

fn done(message: &str) -> Response {
    answer(StatusCode::OK, &json!({"success": true, "message": message}))
}

fn flat(status: StatusCode, code: &'static str, message: &'static str) -> Response {
    answer(status, &Flat { code, details: (), message })
}

fn invalid(message: &str) -> Response {
    wrapped(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message)
}

fn wrapped(status: StatusCode, code: &str, message: &str) -> Response {
    answer(status, &Wrapped { success: false, error: Problem { code, message } })
}
