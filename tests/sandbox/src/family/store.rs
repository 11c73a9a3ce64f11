//! What can be read and written: a few rows a resource, in memory.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::fixtures;

/// A benchmark may write for minutes: older rows are forgotten.
const KEPT: usize = 1_000;

/// The rows of one resource, oldest first.
pub(crate) type Rows = VecDeque<Value>;

/// The resources of all families, as they are after a start or a reset.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) linktor_contacts: Rows,
    pub(crate) linkit_products: Rows,
    pub(crate) linkit_customers: Rows,
    pub(crate) libromi_contacts: Rows,
    pub(crate) api_v2_users: Rows,
    pub(crate) api_v1_users: Rows,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            linktor_contacts: Rows::new(),
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
            api_v2_users: rows([
                user("usr_1", "Ada Example", "ada@example.com"),
                user("usr_2", "Bo Example", "bo@example.com"),
                user("usr_3", "Cy Example", "cy@example.com"),
            ]),
            api_v1_users: rows([
                user("user_1", "Ada Example", "ada@example.com"),
                user("user_2", "Bo Example", "bo@example.com"),
            ]),
        }
    }
}

/// Keeps what was sent, under a fresh id, and gives the row.
pub(crate) fn write(rows: &mut Rows, prefix: &str, mut sent: Map<String, Value>) -> Value {
    sent.insert("id".to_owned(), format!("{prefix}{}", Uuid::new_v4()).into());
    sent.insert("created_at".to_owned(), fixtures::READ_AT.into());
    if rows.len() == KEPT {
        rows.pop_front();
    }
    let row = Value::Object(sent);
    rows.push_back(row.clone());
    row
}

fn rows<const N: usize>(rows: [Value; N]) -> Rows {
    Rows::from(rows)
}

fn user(id: &str, name: &str, email: &str) -> Value {
    json!({"id": id, "name": name, "email": email, "created_at": fixtures::READ_AT})
}
