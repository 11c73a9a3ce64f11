//! Tokens as each family makes them: `linktor` signs JWTs, the others draw opaque ones.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::family::{Family, linktor};
use crate::jwt;

/// Nobody outside the sandbox checks these signatures.
const LINKTOR_SECRET: &str = "sandbox-linktor-signing-secret";

/// An access token. Two of `linktor` that were issued in one second with one life are the same.
pub(super) fn access(family: Family, now: u64, end: u64) -> String {
    match family {
        Family::Linktor => jwt::sign(&claims(now, end), LINKTOR_SECRET),
        _ => opaque(family, "at"),
    }
}

/// A refresh token, unlike any other.
pub(super) fn refresh(family: Family, now: u64, end: Option<u64>) -> String {
    match (family, end) {
        (Family::Linktor, Some(end)) => {
            let mut claims = claims(now, end);
            claims["jti"] = Uuid::new_v4().to_string().into();
            jwt::sign(&claims, LINKTOR_SECRET)
        }
        _ => opaque(family, "rt"),
    }
}

/// A name that cannot be guessed.
pub(super) fn opaque(family: Family, kind: &str) -> String {
    format!("sandbox-{}-{kind}-{}", family.name(), Uuid::new_v4().simple())
}

fn claims(now: u64, end: u64) -> Value {
    let user = linktor::user();
    json!({
        "tenant_id": user["tenant_id"],
        "user_id": user["id"],
        "email": user["email"],
        "role": user["role"],
        "iss": "linktor",
        "sub": user["id"],
        "iat": now,
        "exp": end,
    })
}
