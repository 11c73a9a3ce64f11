//! API keys, each shown once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use hyper::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::{Caller, Parameters, created, cut, invalid, listed, user, wrapped};
use crate::family::{Family, Id, missing, object, store};
use crate::state::{Shared, lock};

pub(super) async fn list(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    listed(cut(&lock(&shared.store).linktor_keys, &parameters))
}

pub(super) async fn create(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let mut sent = object(&body).unwrap_or_default();
    if !missing(&sent, &["name"]).is_empty() {
        return invalid("name is required");
    }
    let key = key();
    let user = user();
    sent.insert("tenant_id".to_owned(), user["tenant_id"].clone());
    sent.insert("user_id".to_owned(), user["id"].clone());
    sent.insert("key_prefix".to_owned(), key[..10].into());
    sent.entry("scopes").or_insert_with(|| Value::Array(Vec::new()));
    let mut row = store::write(&mut lock(&shared.store).linktor_keys, "", sent);
    shared.sessions.book(Family::Linktor).add_key(row["id"].as_str().unwrap_or_default(), &key, false);
    row["key"] = key.into();
    created(row)
}

pub(super) async fn delete(_: Caller, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    if store::remove(&mut lock(&shared.store).linktor_keys, &id).is_none() {
        return wrapped(StatusCode::NOT_FOUND, "API_KEY_NOT_FOUND", "API key not found");
    }
    shared.sessions.book(Family::Linktor).remove_key(&id);
    store::gone()
}

/// `lk_` and 48 hexadecimal digits.
fn key() -> String {
    let (one, two) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    format!("lk_{one}{}", &two[..16])
}
