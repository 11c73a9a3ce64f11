//! `libromi`: a Laravel application. Whoever does not ask for JSON is sent to the login page.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use hyper::header::{ACCEPT, HeaderValue, LOCATION};
use hyper::http::request::Parts;
use hyper::{StatusCode, Uri};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Family, Page, Parameters, Standing, json as answer, missing, object, standing, typed};
use crate::state::{Shared, lock};

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    Router::new()
        .route("/libromi/login", get(login))
        .route(&format!("{base}/contacts"), get(contacts))
        .route(&format!("{base}/messages"), post(send))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
}

struct Caller;

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let accept = request.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        if !accept.is_some_and(|accept| accept.contains("/json") || accept.contains("+json")) {
            return Err(to_login(&shared.url));
        }
        match standing(Family::Libromi, &request.headers) {
            Standing::Known => Ok(Self),
            _ => Err(message(StatusCode::UNAUTHORIZED, "Unauthenticated.")),
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
    let body = json!({
        "status": "SUCCESS",
        "data": {
            "current_page": page.number,
            "data": page.rows,
            "last_page": page.pages(),
            "per_page": page.size,
            "total": page.total,
        },
    });
    answer(StatusCode::OK, &body)
}

async fn send(_: Caller, body: Bytes) -> Response {
    let sent = object(&body).unwrap_or_default();
    let absent = missing(&sent, &["to", "type"]);
    if !absent.is_empty() {
        return invalid(&absent);
    }
    let sent = Sent { status: "SUCCESS", message_id: format!("wamid.{}", uuid::Uuid::new_v4().simple()) };
    answer(StatusCode::CREATED, &sent)
}

async fn nowhere(uri: Uri) -> Response {
    let path = Family::Libromi.path(uri.path()).trim_start_matches('/');
    message(StatusCode::NOT_FOUND, &format!("The route {path} could not be found."))
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
