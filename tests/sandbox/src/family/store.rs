//! What can be read and written: a few rows a resource, in memory.

use std::collections::VecDeque;

use axum::response::Response;
use hyper::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::fixtures;

/// A benchmark may write for minutes: older rows are forgotten.
const KEPT: usize = 10_000;

/// The rows of one resource, oldest first.
pub(crate) type Rows = VecDeque<Value>;

/// The resources of all families, as they are after a start or a reset.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) linktor_contacts: Rows,
    pub(crate) linktor_conversations: Rows,
    pub(crate) linktor_messages: Rows,
    pub(crate) linktor_keys: Rows,
    pub(crate) linktor_channels: Rows,
    pub(crate) linktor_users: Rows,
    pub(crate) linkit_products: Rows,
    pub(crate) linkit_customers: Rows,
    pub(crate) libromi_contacts: Rows,
    pub(crate) libromi_messages: Rows,
    pub(crate) libromi_webhook: Option<Value>,
    pub(crate) api_v2_users: Rows,
    pub(crate) api_v2_projects: Rows,
    pub(crate) api_v2_resources: Rows,
    pub(crate) api_v1_users: Rows,
    pub(crate) api_v1_projects: Rows,
    pub(crate) api_v1_webhooks: Rows,
    pub(crate) api_v1_deliveries: Rows,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            linktor_contacts: Rows::new(),
            linktor_conversations: Rows::new(),
            linktor_messages: Rows::new(),
            linktor_keys: rows([
                json!({"id": "key_1", "name": "Full access", "key_prefix": "lk_sandbox", "scopes": [],
                    "created_at": fixtures::READ_AT}),
                json!({"id": "key_2", "name": "Read only", "key_prefix": "lk_sandbox", "scopes": ["read"],
                    "created_at": fixtures::READ_AT}),
            ]),
            linktor_channels: rows([
                channel("chn_1", "whatsapp", "Sales"),
                channel("chn_2", "webchat", "Website"),
                channel("chn_3", "telegram", "Support"),
            ]),
            linktor_users: rows([
                user("agt_1", "Ada Example", "ada@example.com"),
                user("agt_2", "Bo Example", "bo@example.com"),
                user("agt_3", "Cy Example", "cy@example.com"),
            ]),
            linkit_products: rows([
                json!({"id": "prd_1", "name": "Paracetamol 500 mg", "sku": "PCM-500", "price": 2.5}),
                json!({"id": "prd_2", "name": "Vitamin C 1 g", "sku": "VTC-1000", "price": 4.75}),
                json!({"id": "prd_3", "name": "Bandage 5 m", "sku": "BND-5", "price": 1.2}),
            ]),
            linkit_customers: rows([
                json!({"id": "cus_1", "name": "Ada Example", "organization_id": fixtures::LINKIT_ORGANIZATION}),
                json!({"id": "cus_2", "name": "Bo Example", "organization_id": fixtures::LINKIT_ORGANIZATION}),
            ]),
            libromi_contacts: rows([
                json!({"id": 1, "phone_number": "15550100001", "name": "Ada Example"}),
                json!({"id": 2, "phone_number": "15550100002", "name": "Bo Example"}),
                json!({"id": 3, "phone_number": "15550100003", "name": "Cy Example"}),
            ]),
            libromi_messages: rows([
                report("wamid.1", "15550100001", "read"),
                report("wamid.2", "15550100002", "delivered"),
                report("wamid.3", "15550100002", "failed"),
            ]),
            libromi_webhook: None,
            api_v2_users: rows([
                user("usr_1", "Ada Example", "ada@example.com"),
                user("usr_2", "Bo Example", "bo@example.com"),
                user("usr_3", "Cy Example", "cy@example.com"),
            ]),
            api_v2_projects: rows([named("prj_1", "Apollo"), named("prj_2", "Borealis")]),
            api_v2_resources: rows([named("res_1", "Archive"), named("res_2", "Bucket")]),
            api_v1_users: rows([
                user("user_1", "Ada Example", "ada@example.com"),
                user("user_2", "Bo Example", "bo@example.com"),
            ]),
            api_v1_projects: rows([named("proj_1", "Apollo"), named("proj_2", "Borealis")]),
            api_v1_webhooks: rows([hook("wh_1", "https://example.com/one"), hook("wh_2", "https://example.com/two")]),
            api_v1_deliveries: rows([delivery("evt_1", "wh_1"), delivery("evt_2", "wh_1"), delivery("evt_3", "wh_2")]),
        }
    }
}

/// Keeps what was sent, under a fresh id, and gives the row.
pub(crate) fn write(rows: &mut Rows, prefix: &str, mut sent: Map<String, Value>) -> Value {
    sent.insert("id".to_owned(), format!("{prefix}{}", Uuid::new_v4()).into());
    sent.insert("created_at".to_owned(), fixtures::READ_AT.into());
    keep(rows, Value::Object(sent))
}

/// Keeps a row as it is, and gives it back.
pub(crate) fn keep(rows: &mut Rows, row: Value) -> Value {
    if rows.len() == KEPT {
        rows.pop_front();
    }
    rows.push_back(row.clone());
    row
}

/// The row whose `name` is `value`.
pub(crate) fn find<'a>(rows: &'a Rows, name: &str, value: &str) -> Option<&'a Value> {
    rows.iter().find(|row| row[name] == value)
}

/// Puts what was sent in the place of a row, but for its id and its beginning.
pub(crate) fn replace<'a>(rows: &'a mut Rows, id: &str, mut sent: Map<String, Value>) -> Option<&'a Value> {
    let row = rows.iter_mut().find(|row| row["id"] == id)?;
    for name in ["id", "created_at"] {
        sent.insert(name.to_owned(), row[name].take());
    }
    *row = Value::Object(sent);
    Some(row)
}

/// Writes what was sent over a row; its id stays.
pub(crate) fn merge<'a>(rows: &'a mut Rows, id: &str, mut sent: Map<String, Value>) -> Option<&'a Value> {
    let row = rows.iter_mut().find(|row| row["id"] == id)?;
    sent.remove("id");
    row.as_object_mut()?.extend(sent);
    Some(row)
}

pub(crate) fn remove(rows: &mut Rows, id: &str) -> Option<Value> {
    let place = rows.iter().position(|row| row["id"] == id)?;
    rows.remove(place)
}

/// The answer to a deletion.
pub(crate) fn gone() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The fields of a JSON object, to be written or merged.
pub(crate) fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn rows<const N: usize>(rows: [Value; N]) -> Rows {
    Rows::from(rows)
}

fn named(id: &str, name: &str) -> Value {
    json!({"id": id, "name": name, "created_at": fixtures::READ_AT})
}

fn user(id: &str, name: &str, email: &str) -> Value {
    json!({"id": id, "name": name, "email": email, "created_at": fixtures::READ_AT})
}

fn channel(id: &str, kind: &str, name: &str) -> Value {
    json!({"id": id, "type": kind, "name": name, "enabled": true, "connection_status": "connected",
        "created_at": fixtures::READ_AT, "updated_at": fixtures::READ_AT})
}

fn report(id: &str, to: &str, status: &str) -> Value {
    json!({"messageId": id, "to": to, "type": "text", "status": status, "created_at": fixtures::READ_AT})
}

fn hook(id: &str, url: &str) -> Value {
    json!({"id": id, "url": url, "events": ["user.created"], "created_at": fixtures::READ_AT})
}

fn delivery(id: &str, webhook: &str) -> Value {
    json!({"id": id, "webhook_id": webhook, "type": "user.created", "status": "delivered",
        "created_at": fixtures::READ_AT})
}
