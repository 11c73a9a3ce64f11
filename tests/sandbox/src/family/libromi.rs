//! `libromi`: a Laravel application. Whoever does not ask for JSON is sent to the login page.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use bytes::Bytes;
use hyper::header::{ACCEPT, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{StatusCode, Uri};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::store;
use super::{Family, Id, Page, Parameters, bearer, json as answer, missing, object, typed};
use crate::sessions::Credential;
use crate::state::{Shared, lock};

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route("/libromi/login", get(login))
        .route(&at("/contacts"), get(contacts))
        .route(&at("/contact/{phone}"), get(contact))
        .route(&at("/contact/{phone}/attributes"), put(attributes))
        .route(&at("/conversation/assign-staff"), put(assign))
        .route(&at("/messages/report"), get(report))
        .route(&at("/messages"), post(send))
        .route(&at("/webhook"), get(webhook).post(subscribe))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
}

/// A known token that may do what its request asks.
struct Caller(Credential);

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let accept = request.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        if !accept.is_some_and(|accept| accept.contains("/json") || accept.contains("+json")) {
            return Err(to_login(&shared.url));
        }
        match bearer(Family::Libromi, shared, &request.headers) {
            Ok(reader) if reader.is_read_only() && !request.method.is_safe() => Err(read_only()),
            Ok(credential) => Ok(Self(credential)),
            Err(_) => Err(message(StatusCode::UNAUTHORIZED, "Unauthenticated.")),
        }
    }
}

#[derive(Serialize)]
struct Invalid {
    status: &'static str,
    message: String,
    errors: Map<String, Value>,
}

#[derive(Serialize)]
struct Failure {
    status: &'static str,
    message: &'static str,
    error_code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    status: &'static str,
    message_id: String,
}

async fn login() -> Response {
    typed(
        StatusCode::OK,
        "text/html; charset=UTF-8",
        "<!DOCTYPE html><html><head><title>Login</title></head><body><form method=\"post\"></form></body></html>",
    )
}

async fn contacts(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let page = Page::cut(&lock(&shared.store).libromi_contacts, &parameters, "per_page", 15);
    listed(page, Value::Null)
}

/// Makes the contact that is missing, and so it is a write then.
async fn contact(Caller(credential): Caller, State(shared): State<Arc<Shared>>, Id(phone): Id) -> Response {
    let contacts = &mut lock(&shared.store).libromi_contacts;
    if let Some(contact) = store::find(contacts, "phone_number", &phone) {
        return success(contact);
    }
    if credential.is_read_only() {
        return read_only();
    }
    let last = contacts.back().and_then(|contact| contact["id"].as_u64()).unwrap_or_default();
    success(&store::keep(contacts, json!({"id": last + 1, "phone_number": phone, "name": null})))
}

/// Sets the attributes that are sent; `null` and `""` delete.
async fn attributes(_: Caller, State(shared): State<Arc<Shared>>, Id(phone): Id, body: Bytes) -> Response {
    let Some(sent) = object(&body) else {
        return invalid(&["attributes"]);
    };
    let contacts = &mut lock(&shared.store).libromi_contacts;
    let Some(contact) = contacts.iter_mut().find(|contact| contact["phone_number"] == phone.as_str()) else {
        return unknown();
    };
    let mut attributes = store::fields(contact["attributes"].take());
    attributes.extend(sent);
    attributes.retain(|_, value| !value.is_null() && value != "");
    contact["attributes"] = attributes.into();
    success(contact)
}

async fn assign(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let sent = object(&body).unwrap_or_default();
    let absent = missing(&sent, &["phone_number", "username"]);
    if !absent.is_empty() {
        return invalid(&absent);
    }
    let contacts = &mut lock(&shared.store).libromi_contacts;
    let Some(contact) = contacts.iter_mut().find(|contact| contact["phone_number"] == sent["phone_number"]) else {
        return unknown();
    };
    contact["assigned_to"] = sent["username"].clone();
    success(contact)
}

/// Filters by `to` and `status`, which `next_page_url` drops.
async fn report(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let store = lock(&shared.store);
    let asked = |row: &&Value| {
        let is_like = |name: &str| parameters.get(name).is_none_or(|wanted| row[name] == wanted.as_str());
        is_like("to") && is_like("status")
    };
    let rows: Vec<_> = store.libromi_messages.iter().filter(asked).collect();
    let page = Page::cut(rows, &parameters, "per_page", 15);
    let next = page.has_next().then(|| {
        let base = shared.base_url(Family::Libromi);
        format!("{base}/messages/report?page={}", page.number + 1)
    });
    listed(page, next.into())
}

async fn send(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let mut sent = object(&body).unwrap_or_default();
    let absent = missing(&sent, &["to", "type"]);
    if !absent.is_empty() {
        return invalid(&absent);
    }
    let message_id = format!("wamid.{}", uuid::Uuid::new_v4().simple());
    sent.insert("messageId".to_owned(), message_id.as_str().into());
    sent.insert("status".to_owned(), "sent".into());
    store::keep(&mut lock(&shared.store).libromi_messages, sent.into());
    answer(StatusCode::CREATED, &Sent { status: "SUCCESS", message_id })
}

async fn webhook(_: Caller, State(shared): State<Arc<Shared>>) -> Response {
    success(&lock(&shared.store).libromi_webhook.clone().into())
}

async fn subscribe(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let sent = object(&body).unwrap_or_default();
    let absent = missing(&sent, &["url"]);
    if !absent.is_empty() {
        return invalid(&absent);
    }
    success(lock(&shared.store).libromi_webhook.insert(sent.into()))
}

async fn nowhere(uri: Uri) -> Response {
    let path = Family::Libromi.path(uri.path()).trim_start_matches('/');
    message(StatusCode::NOT_FOUND, &format!("The route {path} could not be found."))
}

pub(super) fn too_many(wait: u64, reset: u64) -> Response {
    let failure = Failure {
        status: "FAILED",
        message: "Too many requests. Please slow down.",
        error_code: "RATE_LIMIT_EXCEEDED",
        retry_after_seconds: Some(wait),
    };
    let mut response = answer(StatusCode::TOO_MANY_REQUESTS, &failure);
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, wait.into());
    headers.insert(HeaderName::from_static("x-ratelimit-reset"), reset.into());
    response
}

fn listed(page: Page, next_page_url: Value) -> Response {
    success(&json!({
        "current_page": page.number,
        "data": page.rows,
        "last_page": page.pages(),
        "next_page_url": next_page_url,
        "per_page": page.size,
        "total": page.total,
    }))
}

fn success(data: &Value) -> Response {
    answer(StatusCode::OK, &json!({"status": "SUCCESS", "data": data}))
}

fn invalid(absent: &[&str]) -> Response {
    let error = |name: &str| format!("The {name} field is required.");
    let invalid = Invalid {
        status: "FAILED",
        message: absent.first().map_or_else(String::new, |name| error(name)),
        errors: absent.iter().map(|name| ((*name).to_owned(), json!([error(name)]))).collect(),
    };
    answer(StatusCode::UNPROCESSABLE_ENTITY, &invalid)
}

fn unknown() -> Response {
    let problem = json!({"status": "failed", "message": "Contact not found"});
    answer(StatusCode::NOT_FOUND, &problem)
}

fn read_only() -> Response {
    let message = "This token is read only.";
    let failure = Failure { status: "ERROR", message, error_code: "PERMISSION_DENIED", retry_after_seconds: None };
    answer(StatusCode::FORBIDDEN, &failure)
}

fn to_login(url: &str) -> Response {
    let location = format!("{url}/libromi/login");
    let page =
        format!("<!DOCTYPE html><html><body>Redirecting to <a href=\"{location}\">{location}</a>.</body></html>");
    let mut response = typed(StatusCode::FOUND, "text/html; charset=UTF-8", page);
    let location = HeaderValue::try_from(location).map(|location| (LOCATION, location));
    response.headers_mut().extend(location);
    response
}

fn message(status: StatusCode, message: &str) -> Response {
    answer(status, &json!({"message": message}))
}
