//! Contacts: none at first, no two with one e-mail or phone.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Map, Value};

use super::{Caller, Parameters, Rows, created, cut, invalid, listed, stamped, success, wrapped};
use crate::family::{Id, object, store};
use crate::state::{Shared, lock};

pub(super) async fn list(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    listed(cut(&lock(&shared.store).linktor_contacts, &parameters))
}

pub(super) async fn create(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let sent = match contact(&body) {
        Ok(sent) => sent,
        Err(problem) => return invalid(problem),
    };
    let contacts = &mut lock(&shared.store).linktor_contacts;
    if is_taken(contacts, &sent, "") {
        return taken();
    }
    created(store::write(contacts, "", stamped(sent)))
}

pub(super) async fn read(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    match store::find(&lock(&shared.store).linktor_contacts, "id", &id) {
        Some(contact) => success(StatusCode::OK, contact),
        None => unknown(),
    }
}

/// What is not sent is gone.
pub(super) async fn replace(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id, body: Bytes) -> Response {
    let sent = match contact(&body) {
        Ok(sent) => sent,
        Err(problem) => return invalid(problem),
    };
    let contacts = &mut lock(&shared.store).linktor_contacts;
    if is_taken(contacts, &sent, &id) {
        return taken();
    }
    match store::replace(contacts, &id, stamped(sent)) {
        Some(contact) => success(StatusCode::OK, contact),
        None => unknown(),
    }
}

pub(super) async fn delete(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    match store::remove(&mut lock(&shared.store).linktor_contacts, &id) {
        Some(_) => store::gone(),
        None => unknown(),
    }
}

fn contact(body: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let sent = object(body).ok_or("Invalid request body")?;
    let text = |name: &str| sent.get(name).is_none_or(Value::is_string);
    if !["name", "email", "phone", "avatar_url"].into_iter().all(text) {
        return Err("name, email, phone and avatar_url must be strings");
    }
    let email = sent.get("email").and_then(Value::as_str);
    if email.is_some_and(|email| !email.contains('@')) {
        return Err("email must be a valid email address");
    }
    if !sent.contains_key("name") && email.is_none() && !sent.contains_key("phone") {
        return Err("name, email or phone is required");
    }
    Ok(sent)
}

/// Whether a contact other than `id` has this e-mail or phone.
fn is_taken(contacts: &Rows, sent: &Map<String, Value>, id: &str) -> bool {
    ["email", "phone"].into_iter().any(|name| {
        let value = sent.get(name).and_then(Value::as_str);
        let has = |value| contacts.iter().any(|contact| contact[name] == value && contact["id"] != id);
        value.is_some_and(has)
    })
}

fn taken() -> Response {
    wrapped(StatusCode::CONFLICT, "CONFLICT", "A contact with this email or phone already exists")
}

fn unknown() -> Response {
    wrapped(StatusCode::NOT_FOUND, "CONTACT_NOT_FOUND", "Contact not found")
}
