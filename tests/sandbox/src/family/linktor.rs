//! `linktor`: two error envelopes (flat from its middleware, wrapped from its routes), an empty
//! list that is `null`, and a `Bearer ` that minds its case.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::http::request::Parts;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::store::{self, Rows};
use super::{Family, Page, Parameters, Standing, json as answer, object, standing, typed};
use crate::fixtures;
use crate::state::{Shared, lock};

const TENANT: &str = "7c1a3f52-0000-4000-8000-000000000001";

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    Router::new()
        .route(&format!("{base}/me"), get(me))
        .route(&format!("{base}/contacts"), get(list).post(create))
        .route(&format!("{base}/contacts/{{id}}"), get(read))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
}

struct Caller;

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, _: &Arc<Shared>) -> Result<Self, Response> {
        match standing(Family::Linktor, &request.headers) {
            Standing::Known => Ok(Self),
            Standing::Missing => Err(flat("UNAUTHORIZED", "missing authorization header")),
            Standing::Malformed => Err(flat("UNAUTHORIZED", "invalid authorization header format")),
            Standing::Expired | Standing::Unknown => Err(flat("TOKEN_INVALID", "invalid or expired token")),
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

async fn me(_: Caller) -> Response {
    let user = json!({
        "id": "7c1a3f52-0000-4000-8000-000000000002",
        "tenant_id": TENANT,
        "email": "agent@example.com",
        "name": "Sandbox Agent",
        "role": "admin",
        "status": "online",
        "created_at": fixtures::READ_AT,
        "updated_at": fixtures::READ_AT,
    });
    success(StatusCode::OK, &user)
}

async fn list(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let page = Page::cut(&lock(&shared.store).linktor_contacts, &parameters, "page_size", 20);
    let meta = Meta {
        page: page.number,
        page_size: page.size,
        total_pages: page.pages(),
        total_items: page.total,
        has_next: page.has_next(),
        has_previous: page.has_previous(),
    };
    let data = Some(page.rows).filter(|rows| !rows.is_empty());
    let list = List { success: true, data, meta };
    answer(StatusCode::OK, &list)
}

async fn create(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Some(mut sent) = object(&body) else {
        return wrapped(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", "Invalid request body");
    };
    if let Some(message) = invalid(&sent) {
        return wrapped(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message);
    }
    let contacts = &mut lock(&shared.store).linktor_contacts;
    if taken(contacts, &sent) {
        let message = "A contact with this email or phone already exists";
        return wrapped(StatusCode::CONFLICT, "CONFLICT", message);
    }
    sent.insert("tenant_id".to_owned(), TENANT.into());
    sent.insert("updated_at".to_owned(), fixtures::READ_AT.into());
    let mut contact = store::write(contacts, "", sent);
    for name in ["created_at", "updated_at"] {
        contact[name] = fixtures::CREATED_AT.into();
    }
    success(StatusCode::CREATED, &contact)
}

async fn read(_: Caller, State(shared): State<Arc<Shared>>, id: Result<Path<String>, PathRejection>) -> Response {
    let store = lock(&shared.store);
    let found = id.ok().and_then(|Path(id)| {
        let contacts = &mut store.linktor_contacts.iter();
        contacts.find(|contact| contact["id"] == id.as_str()).cloned()
    });
    match found {
        Some(contact) => success(StatusCode::OK, &contact),
        None => wrapped(StatusCode::NOT_FOUND, "CONTACT_NOT_FOUND", "Contact not found"),
    }
}

async fn nowhere() -> Response {
    typed(StatusCode::NOT_FOUND, "text/plain", "404 page not found")
}

fn invalid(sent: &Map<String, Value>) -> Option<&'static str> {
    let text = |name: &str| sent.get(name).is_none_or(Value::is_string);
    if !["name", "email", "phone", "avatar_url"].into_iter().all(text) {
        return Some("name, email, phone and avatar_url must be strings");
    }
    let email = sent.get("email").and_then(Value::as_str);
    if email.is_some_and(|email| !email.contains('@')) {
        return Some("email must be a valid email address");
    }
    if !sent.contains_key("name") && email.is_none() && !sent.contains_key("phone") {
        return Some("name, email or phone is required");
    }
    None
}

fn taken(contacts: &Rows, sent: &Map<String, Value>) -> bool {
    ["email", "phone"].into_iter().any(|name| {
        let value = sent.get(name).and_then(Value::as_str);
        value.is_some_and(|value| contacts.iter().any(|contact| contact[name] == value))
    })
}

fn success(status: StatusCode, data: &Value) -> Response {
    let success = Success { success: true, data };
    answer(status, &success)
}

fn flat(code: &'static str, message: &'static str) -> Response {
    let flat = Flat { code, details: (), message };
    answer(StatusCode::UNAUTHORIZED, &flat)
}

fn wrapped(status: StatusCode, code: &str, message: &str) -> Response {
    let wrapped = Wrapped { success: false, error: Problem { code, message } };
    answer(status, &wrapped)
}
