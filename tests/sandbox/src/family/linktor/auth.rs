//! Logins, renewals and the user's password.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Caller, Success, answer, done, invalid, user, wrapped};
use crate::family::Family;
use crate::fixtures;
use crate::sessions::{ALL, Granted, LoginShape};
use crate::state::Shared;

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

#[derive(Deserialize)]
struct Refresh {
    refresh_token: String,
}

#[derive(Deserialize)]
struct Change {
    current_password: String,
    new_password: String,
}

#[derive(Serialize)]
struct Session {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Value>,
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    expires_in: u32,
}

pub(super) async fn login(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Ok(login) = serde_json::from_slice::<Login>(&body) else {
        return invalid("email and password are required");
    };
    let mut book = shared.sessions.book(Family::Linktor);
    if login.email != fixtures::LINKTOR_EMAIL || login.password != book.password {
        return wrapped(StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS", "Invalid email or password");
    }
    let shape = book.settings.login_shape;
    let granted = book.begin(ALL.to_owned(), shared.clock.seconds(), shape == LoginShape::Server);
    match shape {
        LoginShape::Server => session(granted, Some(user())),
        LoginShape::Documented => {
            let user = user();
            let user = json!({"id": user["id"], "email": user["email"], "role": user["role"]});
            answer(StatusCode::OK, &json!({"token": granted.access_token, "user": user}))
        }
    }
}

pub(super) async fn refresh(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Ok(Refresh { refresh_token }) = serde_json::from_slice(&body) else {
        return invalid("refresh_token is required");
    };
    match shared.sessions.book(Family::Linktor).renew(&refresh_token, shared.clock.seconds()) {
        Some(granted) => session(granted, None),
        None => wrapped(StatusCode::UNAUTHORIZED, "TOKEN_INVALID", "Invalid or expired refresh token"),
    }
}

pub(super) async fn change_password(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Ok(change) = serde_json::from_slice::<Change>(&body) else {
        return invalid("current_password and new_password are required");
    };
    let mut book = shared.sessions.book(Family::Linktor);
    if change.current_password != book.password {
        return wrapped(StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS", "Current password is incorrect");
    }
    book.password = change.new_password.into();
    done("Password changed successfully")
}

fn session(granted: Granted, user: Option<Value>) -> Response {
    let Granted { access_token, refresh_token, life, .. } = granted;
    let session = Session { user, access_token, refresh_token, expires_in: life };
    answer(StatusCode::OK, &Success { success: true, data: session })
}
