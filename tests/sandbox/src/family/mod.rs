//! The five families: where each lives, which credentials it knows, and how its routes answer.
//!
//! A family's own file holds its credential check, its envelopes and its routes; what several
//! families do alike is here.

mod api_v1;
mod api_v2;
mod libromi;
mod linkit;
mod linktor;
pub(crate) mod rates;
pub(crate) mod store;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Query};
use axum::response::Response;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::fixtures;
use crate::state::{Shared, lock};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A family of the SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Linktor,
    Linkit,
    Libromi,
    ApiV2,
    ApiV1,
}

/// What the ready line says of a family's credentials.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Credentials {
    api_key: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_token: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'static str>,
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

    pub(crate) fn credentials(self) -> Credentials {
        let (api_key, access_token, expired_token) = match self {
            Self::Linktor => {
                (fixtures::LINKTOR_API_KEY, Some(fixtures::LINKTOR_ACCESS_TOKEN), Some(fixtures::LINKTOR_EXPIRED_TOKEN))
            }
            Self::Linkit => {
                (fixtures::LINKIT_API_KEY, Some(fixtures::LINKIT_ACCESS_TOKEN), Some(fixtures::LINKIT_EXPIRED_TOKEN))
            }
            Self::Libromi => (fixtures::LIBROMI_API_KEY, None, None),
            Self::ApiV2 => {
                (fixtures::API_V2_API_KEY, Some(fixtures::API_V2_ACCESS_TOKEN), Some(fixtures::API_V2_EXPIRED_TOKEN))
            }
            Self::ApiV1 => {
                (fixtures::API_V1_API_KEY, Some(fixtures::API_V1_ACCESS_TOKEN), Some(fixtures::API_V1_EXPIRED_TOKEN))
            }
        };
        let organization = (self == Self::Linkit).then_some(fixtures::LINKIT_ORGANIZATION);
        Credentials { api_key, access_token, expired_token, organization }
    }

    pub(crate) fn router(self, shared: Arc<Shared>) -> Router {
        let routes = match self {
            Self::Linktor => linktor::routes(self.base()),
            Self::Linkit => linkit::routes(self.base()),
            Self::Libromi => libromi::routes(self.base()),
            Self::ApiV2 => api_v2::routes(self.base()),
            Self::ApiV1 => api_v1::routes(self.base()),
        };
        routes.layer(DefaultBodyLimit::disable()).with_state(shared)
    }

    /// The headers on each answer of the family's own, whatever the route says.
    pub(crate) fn headers(self, shared: &Shared, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if matches!(self, Self::Linktor | Self::ApiV2 | Self::ApiV1) {
            lock(&shared.rates).count(self, authorization(request).unwrap_or_default(), &mut headers);
        }
        match request.get(REQUEST_ID) {
            Some(id) if matches!(self, Self::Linktor | Self::ApiV2) => {
                headers.insert(REQUEST_ID, id.clone());
            }
            None if self == Self::Linktor => {
                let id = HeaderValue::try_from(uuid::Uuid::new_v4().to_string());
                headers.extend(id.map(|id| (REQUEST_ID, id)));
            }
            _ => {}
        }
        headers
    }
}

/// What a family can say of a `Bearer` credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// There is no `Authorization`.
    Missing,
    /// It does not begin with `Bearer `, in this case of letters.
    Malformed,
    Unknown,
    Expired,
    Known,
}

fn standing(family: Family, headers: &HeaderMap) -> Standing {
    let Some(authorization) = authorization(headers) else {
        return Standing::Missing;
    };
    let Some(token) = authorization.strip_prefix("Bearer ") else {
        return Standing::Malformed;
    };
    let credentials = family.credentials();
    if token == credentials.api_key || Some(token) == credentials.access_token {
        Standing::Known
    } else if Some(token) == credentials.expired_token {
        Standing::Expired
    } else {
        Standing::Unknown
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

/// The names among `required` whose value is not a string with something in it.
fn missing<'a>(object: &Map<String, Value>, required: &[&'a str]) -> Vec<&'a str> {
    let given = |name: &str| {
        let text = object.get(name).and_then(Value::as_str);
        text.is_some_and(|text| !text.trim().is_empty())
    };
    required.iter().copied().filter(|name| !given(name)).collect()
}

type Parameters = Query<HashMap<String, String>>;

/// One page of a list.
#[derive(Clone, Debug)]
struct Page {
    rows: Vec<Value>,
    number: usize,
    size: usize,
    total: usize,
}

impl Page {
    /// Cuts the page that `page` and `size_name` ask for: pages count from 1, a size is 1 to 100,
    /// and what is not such a number is the default.
    fn cut(all: &store::Rows, parameters: &Parameters, size_name: &str, default: usize) -> Self {
        let number = |name: &str| {
            let number = parameters.get(name).and_then(|text| text.parse::<usize>().ok());
            number.filter(|number| *number > 0)
        };
        let page = number("page").unwrap_or(1);
        let size = number(size_name).unwrap_or(default).min(100);
        let skipped = (page - 1).saturating_mul(size);
        Self { rows: all.iter().skip(skipped).take(size).cloned().collect(), number: page, size, total: all.len() }
    }

    fn pages(&self) -> usize {
        self.total.div_ceil(self.size)
    }

    fn has_next(&self) -> bool {
        self.number < self.pages()
    }

    fn has_previous(&self) -> bool {
        self.number > 1
    }
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
