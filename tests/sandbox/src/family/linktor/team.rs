//! The user, their colleagues, and what belongs to the tenant. Envelopes differ from route to route.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Caller, Parameters, Rows, TENANT, answer, cut, success};
use crate::fixtures;
use crate::state::{Shared, lock};

/// The user of every session.
pub(crate) fn user() -> Value {
    json!({
        "id": "7c1a3f52-0000-4000-8000-000000000002",
        "tenant_id": TENANT,
        "email": fixtures::LINKTOR_EMAIL,
        "name": "Sandbox Agent",
        "role": "admin",
        "status": "online",
        "created_at": fixtures::READ_AT,
        "updated_at": fixtures::READ_AT,
    })
}

pub(super) async fn me(_: Caller) -> Response {
    success(StatusCode::OK, &user())
}

pub(super) async fn users(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    paginated(&lock(&shared.store).linktor_users, &parameters)
}

pub(super) async fn channels(_: Caller, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    paginated(&lock(&shared.store).linktor_channels, &parameters)
}

pub(super) async fn tenant(_: Caller) -> Response {
    let tenant = json!({
        "id": TENANT,
        "name": "Sandbox Tenant",
        "slug": "sandbox",
        "plan": "free",
        "created_at": fixtures::READ_AT,
        "updated_at": fixtures::READ_AT,
    });
    answer(StatusCode::OK, &tenant)
}

/// Always fails, and says nothing of it.
pub(super) async fn analytics(_: Caller) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

fn paginated(rows: &Rows, parameters: &Parameters) -> Response {
    let page = cut(rows, parameters);
    let pagination = json!({"page": page.number, "page_size": page.size, "pages": page.pages(), "total": page.total});
    answer(StatusCode::OK, &json!({"data": page.rows, "pagination": pagination}))
}
