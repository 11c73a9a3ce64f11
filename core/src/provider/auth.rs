//! Where a family's sessions come from: the endpoints that give tokens, and where their
//! answers keep them.

use serde::{Deserialize, Serialize};

use super::texts;

/// The endpoints that give and test credentials. A family without them knows API keys
/// and ready-made tokens only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AuthRules {
    /// Takes `{"email", "password"}` by POST; a path under the base URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Takes `{"refresh_token"}` by POST; a path under the base URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
    /// The OAuth 2.0 endpoints (RFC 6749).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuthRules>,
    /// The `iss` of JWTs that the client mints, unless the user says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_issuer: Option<String>,
    /// The call that tells whether a credential is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<TestCall>,
    /// Where an answer of these endpoints keeps what.
    pub grant: GrantFields,
}

/// OAuth 2.0 endpoints. The token endpoint takes JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct OAuthRules {
    /// What the paths are under. Default: the root of the base URL's host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where a user agrees. Default: `/oauth/authorize`.
    pub authorize: String,
    /// Where codes and refresh tokens are exchanged. Default: `/oauth/token`.
    pub token: String,
}

impl Default for OAuthRules {
    fn default() -> Self {
        Self { url: None, authorize: "/oauth/authorize".to_owned(), token: "/oauth/token".to_owned() }
    }
}

/// A GET that succeeds if the credential is good and answers 401 if it is not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TestCall {
    /// The path under the base URL.
    pub path: String,
    /// Query parameters.
    #[serde(default)]
    pub query: Vec<(String, String)>,
    /// JSON pointers to a boolean of the answer that says the same.
    #[serde(default)]
    pub valid: Vec<String>,
}

impl TestCall {
    /// A GET of this path.
    pub fn of(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

/// JSON pointers (RFC 6901) into the answer of a token endpoint; the first that finds
/// something is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GrantFields {
    /// The access token. Default: `/access_token`.
    pub access_token: Vec<String>,
    /// The refresh token. Default: `/refresh_token`.
    pub refresh_token: Vec<String>,
    /// Seconds that the access token lives. Default: `/expires_in`.
    pub expires_in: Vec<String>,
    /// When the access token ends: RFC 3339, or epoch seconds. Default: `/expires_at`.
    pub expires_at: Vec<String>,
    /// The user's organization. Default: none.
    pub organization: Vec<String>,
    /// The user. Default: `/user`.
    pub user: Vec<String>,
}

impl Default for GrantFields {
    fn default() -> Self {
        Self {
            access_token: texts(&["/access_token"]),
            refresh_token: texts(&["/refresh_token"]),
            expires_in: texts(&["/expires_in"]),
            expires_at: texts(&["/expires_at"]),
            organization: Vec::new(),
            user: texts(&["/user"]),
        }
    }
}
