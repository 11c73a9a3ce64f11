//! The OAuth 2.0 code flow (RFC 6749, PKCE by RFC 7636) of `api_v2` and `api_v1`, whose user
//! agrees at once. Tokens are asked for in JSON.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use form_urlencoded::Serializer;
use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION};
use serde::{Deserialize, Serialize};

use super::credentials::Client;
use super::{Family, api_v1, api_v2, json as answer};
use crate::sessions::{ALL, CODE_LIFE, Consent, Granted};
use crate::state::Shared;

pub(super) fn routes(family: Family, client: Client) -> Router<Arc<Shared>> {
    let authorize = async move |State(shared): State<Arc<Shared>>, Query(asked): Query<Asked>| {
        let redirect = consent(family, client, &shared, asked);
        redirect.unwrap_or_else(|problem| problem.answer(family))
    };
    let token = async move |State(shared): State<Arc<Shared>>, body: Bytes| match grant(family, client, &shared, &body)
    {
        Ok(granted) => answer(StatusCode::OK, &Tokens::from(granted)),
        Err(problem) => problem.answer(family),
    };
    Router::new()
        .route(&format!("/{}/oauth/authorize", family.name()), get(authorize))
        .route(&format!("/{}/oauth/token", family.name()), post(token))
}

/// The query of `/oauth/authorize`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    state: String,
    scope: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// The body of `/oauth/token`.
#[derive(Debug, Deserialize)]
struct Request {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    #[serde(flatten)]
    grant: Grant,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
enum Grant {
    AuthorizationCode { code: String, redirect_uri: String, code_verifier: Option<String> },
    RefreshToken { refresh_token: String },
}

#[derive(Debug, Serialize)]
struct Tokens {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u32>,
}

impl From<Granted> for Tokens {
    fn from(granted: Granted) -> Self {
        Self {
            access_token: granted.access_token,
            refresh_token: granted.refresh_token,
            expires_in: granted.settings.access_life,
        }
    }
}

/// Why there is no consent or token; each family wraps it in its own way.
#[derive(Debug, PartialEq, Eq)]
enum Problem {
    Client,
    Grant(&'static str),
    Request(String),
}

impl Problem {
    fn answer(self, family: Family) -> Response {
        let (status, code, message) = match &self {
            Self::Client => {
                (StatusCode::UNAUTHORIZED, "invalid_client", "The client is not known by this id and secret")
            }
            Self::Grant(message) => (StatusCode::BAD_REQUEST, "invalid_grant", *message),
            Self::Request(message) => (StatusCode::BAD_REQUEST, "invalid_request", message.as_str()),
        };
        match family {
            Family::ApiV2 => api_v2::error(status, code, message),
            _ => api_v1::error(status, code, message, &[]),
        }
    }
}

/// Sends the user back to the client with a code, or with their refusal (`scope=deny`).
fn consent(family: Family, client: Client, shared: &Shared, asked: Asked) -> Result<Response, Problem> {
    if asked.client_id != client.id {
        return Err(Problem::Client);
    }
    if !is_registered(&asked.redirect_uri, client.redirect_uri) {
        return Err(Problem::Request("redirect_uri is not registered".to_owned()));
    }
    if asked.response_type != "code" || asked.state.is_empty() {
        return Err(Problem::Request("response_type=code and state are required".to_owned()));
    }
    if asked.code_challenge.is_some() && asked.code_challenge_method.as_deref() != Some("S256") {
        return Err(Problem::Request("code_challenge_method must be S256".to_owned()));
    }
    let mut brought = Serializer::new(String::new());
    if asked.scope.as_deref() == Some("deny") {
        brought.append_pair("error", "access_denied");
    } else {
        let consent = Consent {
            redirect_uri: asked.redirect_uri.clone(),
            challenge: asked.code_challenge,
            scopes: asked.scope.unwrap_or_else(|| ALL.to_owned()),
            end: shared.clock.seconds() + CODE_LIFE,
        };
        brought.append_pair("code", &shared.sessions.book(family).consent(consent));
    }
    let location = format!("{}?{}", asked.redirect_uri, brought.append_pair("state", &asked.state).finish());
    let location = HeaderValue::try_from(location);
    let location = location.map_err(|_| Problem::Request("redirect_uri cannot be a header".to_owned()))?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

fn grant(family: Family, client: Client, shared: &Shared, body: &[u8]) -> Result<Granted, Problem> {
    let request: Request = serde_json::from_slice(body).map_err(|problem| Problem::Request(problem.to_string()))?;
    if request.client_id != client.id || request.client_secret != client.secret {
        return Err(Problem::Client);
    }
    let now = shared.clock.seconds();
    let mut book = shared.sessions.book(family);
    match request.grant {
        Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let scopes = book.consents.redeem(&code, &redirect_uri, code_verifier.as_deref(), now);
            let scopes = scopes.ok_or(Problem::Grant("The code is not valid, or not for this request"))?;
            Ok(book.begin(scopes, now, true))
        }
        Grant::RefreshToken { refresh_token } => {
            book.renew(&refresh_token, now).ok_or(Problem::Grant("The refresh token is not valid"))
        }
    }
}

/// Whether a URI is the registered one, on any port (RFC 8252, 7.3).
fn is_registered(uri: &str, registered: &str) -> bool {
    let path = registered.rfind('/').unwrap_or(registered.len());
    let (host, path) = registered.split_at(path);
    let between = uri.strip_prefix(host).and_then(|rest| rest.strip_suffix(path));
    between
        .is_some_and(|port| port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_is_registered_on_any_port_and_nowhere_else() {
        let registered = "http://127.0.0.1/callback";
        for good in [registered, "http://127.0.0.1:40001/callback"] {
            assert!(is_registered(good, registered), "{good}");
        }
        for bad in ["", "http://127.0.0.1", "http://127.0.0.1.example/callback", "http://127.0.0.1:1@evil/callback"] {
            assert!(!is_registered(bad, registered), "{bad}");
        }
    }
}
