//! `api_v2`: one envelope for success, one for errors, a version that each request names, and
//! scopes that every credential but a key is held to.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::store::{self, Rows, Store};
use super::{Family, Id, Page, Parameters, Refused, bearer, json as answer, missing, object};
use crate::state::{Shared, lock};

pub(super) fn routes(base: &str) -> Router<Arc<Shared>> {
    let at = |path: &str| format!("{base}{path}");
    let mut routes = Router::new()
        .route(&at("/auth/test"), get(test))
        .route(&at("/oauth/applications"), post(register))
        .route(&at("/api-keys"), post(create_key))
        .route(&at("/webhooks"), post(subscribe));
    for Resource { name, .. } in &RESOURCES {
        let one = get(read).put(update).delete(delete);
        routes = routes
            .route(&format!("{base}/{name}"), get(list).post(create))
            .route(&format!("{base}/{name}/{{id}}"), one);
    }
    routes.fallback(nowhere).method_not_allowed_fallback(nowhere)
}

/// What is read and written in one and the same way.
#[derive(Debug)]
struct Resource {
    name: &'static str,
    prefix: &'static str,
    required: &'static [&'static str],
    rows: fn(&mut Store) -> &mut Rows,
}

static RESOURCES: [Resource; 3] = [
    Resource { name: "users", prefix: "usr_", required: &["name", "email"], rows: |store| &mut store.api_v2_users },
    Resource { name: "projects", prefix: "prj_", required: &["name"], rows: |store| &mut store.api_v2_projects },
    Resource { name: "resources", prefix: "res_", required: &["name"], rows: |store| &mut store.api_v2_resources },
];

/// A known credential, with the scope that the request needs.
struct Caller;

/// The resource that a caller asks for.
struct Target(&'static Resource);

impl FromRequestParts<Arc<Shared>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        if request.headers.get("x-api-version").is_none_or(|version| version != "2.0") {
            let message = "X-API-Version must be 2.0";
            return Err(error(StatusCode::BAD_REQUEST, "UNSUPPORTED_VERSION", message));
        }
        let credential = bearer(Family::ApiV2, shared, &request.headers).map_err(|refused| {
            let message = match refused {
                Refused::Missing | Refused::Malformed => "Missing or malformed Authorization header",
                Refused::Expired => "The access token has expired",
                Refused::Unknown => "Invalid credentials",
            };
            error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
        })?;
        let action = match &request.method {
            &Method::DELETE => "delete",
            method if method.is_safe() => "read",
            _ => "write",
        };
        match resource(request) {
            "auth" => Ok(Self),
            resource if credential.allows(action, resource) => Ok(Self),
            resource => {
                let message = format!("The scope {action}:{resource} is required");
                Err(error(StatusCode::FORBIDDEN, "FORBIDDEN", &message))
            }
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Target {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        Caller::from_request_parts(request, shared).await?;
        let found = RESOURCES.iter().find(|target| target.name == resource(request));
        found.map(Self).ok_or_else(unknown)
    }
}

/// The segment of the path that scopes are named after.
fn resource(request: &Parts) -> &str {
    let mut segments = request.uri.path().split('/').skip(3);
    match segments.next() {
        Some("oauth") => segments.next().unwrap_or_default(),
        first => first.unwrap_or_default(),
    }
}

#[derive(Serialize)]
struct Wrapped<T> {
    success: bool,
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
}

#[derive(Serialize)]
struct Meta {
    page: usize,
    per_page: usize,
    total: usize,
}

#[derive(Serialize)]
struct Failure<'a> {
    success: bool,
    error: Problem<'a>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    message: &'a str,
}

async fn test(_: Caller) -> Response {
    answer(StatusCode::OK, &json!({"valid": true}))
}

async fn list(Target(target): Target, State(shared): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let page = Page::cut(&*(target.rows)(&mut lock(&shared.store)), &parameters, "per_page", 20);
    let meta = Meta { page: page.number, per_page: page.size, total: page.total };
    success(StatusCode::OK, page.rows, Some(meta))
}

async fn create(Target(target): Target, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match valid(&body, target.required) {
        Ok(sent) => {
            let row = store::write((target.rows)(&mut lock(&shared.store)), target.prefix, sent);
            success(StatusCode::CREATED, row, None)
        }
        Err(problem) => invalid(&problem),
    }
}

async fn read(Target(target): Target, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    found(store::find((target.rows)(&mut lock(&shared.store)), "id", &id))
}

async fn update(Target(target): Target, State(shared): State<Arc<Shared>>, Id(id): Id, body: Bytes) -> Response {
    match valid(&body, &[]) {
        Ok(sent) => found(store::merge((target.rows)(&mut lock(&shared.store)), &id, sent)),
        Err(problem) => invalid(&problem),
    }
}

async fn delete(Target(target): Target, State(shared): State<Arc<Shared>>, Id(id): Id) -> Response {
    match store::remove((target.rows)(&mut lock(&shared.store)), &id) {
        Some(_) => store::gone(),
        None => unknown(),
    }
}

async fn register(_: Caller, body: Bytes) -> Response {
    let sent = match valid(&body, &["name"]) {
        Ok(sent) => sent,
        Err(problem) => return invalid(&problem),
    };
    if !is_list(&sent, "redirect_uris") || !is_list(&sent, "scopes") {
        return invalid("redirect_uris and scopes must be lists");
    }
    made(sent, "app_", &[("client_id", secret("client")), ("client_secret", secret("secret"))])
}

/// The key may do everything, like every other.
async fn create_key(_: Caller, State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let sent = match valid(&body, &["name"]) {
        Ok(sent) => sent,
        Err(problem) => return invalid(&problem),
    };
    if !is_list(&sent, "scopes") {
        return invalid("scopes must be a list");
    }
    let key = secret("key");
    shared.sessions.book(Family::ApiV2).add_key(&key, &key, false);
    made(sent, "key_", &[("key", key)])
}

async fn subscribe(_: Caller, body: Bytes) -> Response {
    let mut sent = match valid(&body, &["url", "secret"]) {
        Ok(sent) => sent,
        Err(problem) => return invalid(&problem),
    };
    if !is_list(&sent, "events") {
        return invalid("events must be a list");
    }
    sent.remove("secret");
    made(sent, "whk_", &[])
}

async fn nowhere() -> Response {
    unknown()
}

fn valid(body: &[u8], required: &[&str]) -> Result<Map<String, Value>, String> {
    let sent = object(body).ok_or("The body must be a JSON object")?;
    if missing(&sent, required).is_empty() { Ok(sent) } else { Err(format!("{} are required", required.join(" and "))) }
}

fn is_list(sent: &Map<String, Value>, name: &str) -> bool {
    sent.get(name).is_some_and(Value::is_array)
}

/// What can be made but not read again: it is shown this once.
fn made(sent: Map<String, Value>, prefix: &str, secrets: &[(&str, String)]) -> Response {
    let mut row = store::write(&mut Rows::new(), prefix, sent);
    for (name, secret) in secrets {
        row[*name] = secret.as_str().into();
    }
    success(StatusCode::CREATED, row, None)
}

fn secret(kind: &str) -> String {
    format!("sandbox-api-v2-{kind}-{}", Uuid::new_v4().simple())
}

fn found(row: Option<&Value>) -> Response {
    row.map_or_else(unknown, |row| success(StatusCode::OK, row, None))
}

fn success(status: StatusCode, data: impl Serialize, meta: Option<Meta>) -> Response {
    answer(status, &Wrapped { success: true, data, meta })
}

/// The limits' headers say when the window is over.
pub(super) fn too_many() -> Response {
    error(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", "Too many requests")
}

fn unknown() -> Response {
    error(StatusCode::NOT_FOUND, "NOT_FOUND", "Resource not found")
}

fn invalid(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message)
}

pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    answer(status, &Failure { success: false, error: Problem { code, message } })
}
