//! The five families: where each lives, which credentials it knows, and how its routes answer.
//!
//! A family's own file holds its credential check, its envelopes and its routes; what several
//! families do alike is here.

mod admission;
mod api_v1;
mod api_v2;
mod credentials;
mod libromi;
mod linkit;
pub(crate) mod linktor;
mod oauth;
mod page;
pub(crate) mod rates;
pub(crate) mod store;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path};
use axum::response::Response;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::sessions::{Credential, Standing};
use crate::state::Shared;

use page::{Page, Parameters};

/// A family of the SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Family {
    Linktor,
    Linkit,
    Libromi,
    ApiV2,
    ApiV1,
}

impl Family {
    pub(crate) const ALL: [Self; 5] = [Self::Linktor, Self::Linkit, Self::Libromi, Self::ApiV2, Self::ApiV1];

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// The family whose prefix (`/linktor`) a path has.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let first = path.strip_prefix('/')?;
        Self::of_name(first.split_once('/').map_or(first, |(name, _)| name))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Linktor => "linktor",
            Self::Linkit => "linkit",
            Self::Libromi => "libromi",
            Self::ApiV2 => "api_v2",
            Self::ApiV1 => "api_v1",
        }
    }

    pub(crate) fn base(self) -> &'static str {
        match self {
            Self::Linktor => "/linktor/api/v1",
            Self::Linkit => "/linkit/api/v1",
            Self::Libromi => "/libromi/api/v1",
            Self::ApiV2 => "/api_v2/v2",
            Self::ApiV1 => "/api_v1/v1",
        }
    }

    /// A path of this family without its prefix.
    pub(crate) fn path(self, path: &str) -> &str {
        match path.get(1 + self.name().len()..) {
            None | Some("") => "/",
            Some(rest) => rest,
        }
    }

    /// Where `/oauth` is, if the family has it.
    pub(crate) fn auth(self) -> Option<String> {
        self.credentials().client.map(|_| format!("/{}", self.name()))
    }

    pub(crate) fn router(self, shared: Arc<Shared>) -> Router {
        let routes = match self {
            Self::Linktor => linktor::routes(self.base()),
            Self::Linkit => linkit::routes(self.base()),
            Self::Libromi => libromi::routes(self.base()),
            Self::ApiV2 => api_v2::routes(self.base()),
            Self::ApiV1 => api_v1::routes(self.base()),
        };
        let routes = match self.credentials().client {
            Some(client) => routes.merge(oauth::routes(self, client)),
            None => routes,
        };
        routes.layer(DefaultBodyLimit::disable()).with_state(shared)
    }
}

/// Why a `Bearer` credential is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// There is no `Authorization`.
    Missing,
    /// It does not begin with `Bearer `, in this case of letters.
    Malformed,
    Unknown,
    Expired,
}

fn bearer(family: Family, shared: &Shared, headers: &HeaderMap) -> Result<Credential, Refused> {
    let authorization = authorization(headers).ok_or(Refused::Missing)?;
    let token = authorization.strip_prefix("Bearer ").ok_or(Refused::Malformed)?;
    match shared.standing(family, token) {
        Standing::Known(credential) => Ok(credential),
        Standing::Expired => Err(Refused::Expired),
        Standing::Unknown => Err(Refused::Unknown),
    }
}

/// The `Authorization` header; one that is not ASCII is known to nobody.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default())
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => typed(status, "application/json", bytes),
        Err(error) => typed(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
    }
}

fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A body that is a JSON object.
fn object(body: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}

/// The `{id}` of a path. One that is not text is empty, which is nobody's.
struct Id(String);

impl FromRequestParts<Arc<Shared>> for Id {
    type Rejection = Infallible;

    async fn from_request_parts(request: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Infallible> {
        let id = Path::from_request_parts(request, shared).await;
        Ok(Self(id.map_or_else(|_| String::new(), |Path(id)| id)))
    }
}

/// The names among `required` whose value is not a string with something in it.
fn missing<'a>(object: &Map<String, Value>, required: &[&'a str]) -> Vec<&'a str> {
    let given = |name: &str| {
        let text = object.get(name).and_then(Value::as_str);
        text.is_some_and(|text| !text.trim().is_empty())
    };
    required.iter().copied().filter(|name| !given(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_found_by_its_whole_first_segment() {
        assert_eq!(Family::of_path("/linktor/api/v1/me"), Some(Family::Linktor));
        assert_eq!(Family::of_path("/api_v1"), Some(Family::ApiV1));
        assert_eq!(Family::of_path("/linktors/api"), None);
        assert_eq!(Family::of_path("/_sandbox"), None);
        assert_eq!(Family::Linktor.path("/linktor/api/v1/a%2Fb"), "/api/v1/a%2Fb");
        assert_eq!(Family::Linktor.path("/linktor"), "/");
        for (place, family) in Family::ALL.into_iter().enumerate() {
            assert_eq!(family as usize, place);
        }
    }
}
