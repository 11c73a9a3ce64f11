//! What differs between API families, as data. The pipeline asks the provider and never
//! compares its name; one JSON document of it crosses into every language.

mod api_v1;
mod api_v2;
mod auth;
mod check;
mod envelope;
mod grant;
mod libromi;
mod linkit;
mod linktor;
mod paging;
mod rate;
mod route;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::auth::{AuthRules, GrantFields, OAuthRules, TestCall};
pub use self::envelope::Payload;
pub(crate) use self::grant::Grant;
pub(crate) use self::paging::Found;
pub use self::paging::Paging;
pub use self::rate::{DefaultTier, Limit, Limits, RateClass, RateRules};
pub use self::route::Route;
use crate::error::Error;
use crate::webhook;

/// An API family: how its credentials are written, its headers, its envelopes, its
/// sessions and pages.
///
/// Plain data. Besides the built-in families there is one for every API that somebody
/// describes, as a JSON document ([`Provider::from_json`]) that works in every language,
/// or in code:
///
/// ```
/// use linktor::{Client, CredentialKind, Provider, Refreshable, Scheme};
///
/// let mut parcels = Provider::new("parcels");
/// parcels.base_url = Some("https://api.parcels.example/v3".to_owned());
/// parcels.credentials = vec![CredentialKind::ApiKey, CredentialKind::Password];
/// parcels.headers.api_key = Scheme::Raw;
/// parcels.headers.organization = Some("x-depot".to_owned());
/// parcels.auth.login = Some("/login".to_owned());
/// parcels.auth.grant.access_token = vec!["/session/token".to_owned()];
/// parcels.refreshable = Refreshable::Always;
/// parcels.paging.size_parameter = "limit".to_owned();
/// parcels.paging.has_next = vec!["/more".to_owned()];
///
/// let client = Client::builder().provider(parcels).api_key("invented").build()?;
/// # Ok::<(), linktor::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Provider {
    /// The family's name.
    pub name: String,
    /// Where its API is, unless the user says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The environment variables that are read for options the user left out.
    #[serde(default)]
    pub environment: Environment,
    /// The kinds of credential that it knows.
    pub credentials: Vec<CredentialKind>,
    /// How a request is marked and signed.
    #[serde(default)]
    pub headers: HeaderRules,
    /// Which 401 is worth one renewal of a renewable token.
    #[serde(default)]
    pub refreshable: Refreshable,
    /// Where sessions come from.
    #[serde(default)]
    pub auth: AuthRules,
    /// Requests that must not be repeated though their method is: reads that write, and
    /// writes that fail when done twice.
    #[serde(default)]
    pub unsafe_routes: Vec<Route>,
    /// How requests are counted and limited.
    #[serde(default)]
    pub rate: RateRules,
    /// How lists are paged.
    #[serde(default)]
    pub paging: Paging,
    /// How a success carries its payload.
    #[serde(default)]
    pub envelope: Envelope,
    /// Where an error's body says what.
    #[serde(default)]
    pub errors: ErrorFields,
    /// How its webhook deliveries are signed, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<webhook::Scheme>,
}

/// Names of environment variables; an absent name is never read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Environment {
    /// The API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// The base URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// `1` allows plain http to hosts that are not loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_insecure_http: Option<String>,
}

/// A kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// A key that is made in a dashboard and lives until it is revoked.
    ApiKey,
    /// An access token that the caller has and the client does not renew.
    Bearer,
    /// An e-mail address and a password, which a login turns into tokens.
    Password,
    /// Tokens of an OAuth 2.0 client (RFC 6749), or the authorization code that gives them.
    #[serde(rename = "oauth")]
    OAuth,
    /// JSON Web Tokens (RFC 7519) that the client mints itself.
    Jwt,
    /// The caller's own function, asked for tokens.
    Source,
}

impl CredentialKind {
    /// The option that gives it, as every language but TypeScript spells it.
    pub(crate) const fn option(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Bearer => "access_token",
            Self::Password => "email and password",
            Self::OAuth => "oauth",
            Self::Jwt => "jwt",
            Self::Source => "token_source",
        }
    }
}

/// The headers of every request that carries a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct HeaderRules {
    /// How `Authorization` is written for an API key.
    pub api_key: Scheme,
    /// How `Authorization` is written for every other credential.
    pub token: Scheme,
    /// The header that names the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The header that carries the request id, both ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The header that carries the client's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_version: Option<String>,
    /// Headers that are always the same.
    pub fixed: BTreeMap<String, String>,
    /// Whether requests without a body say `Content-Type: application/json` too.
    pub always_json: bool,
}

/// How a credential is written into `Authorization`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scheme {
    /// `Bearer <credential>` (RFC 6750).
    #[default]
    Bearer,
    /// The credential alone, without a scheme word.
    Raw,
}

/// Which 401 is worth one renewal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refreshable {
    /// None.
    #[default]
    Never,
    /// Every one.
    Always,
    /// Those whose error has one of these codes.
    Codes(Vec<String>),
}

impl Refreshable {
    pub(crate) fn includes(&self, code: Option<&str>) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Codes(codes) => code.is_some_and(|code| codes.iter().any(|known| known == code)),
        }
    }
}

/// How a success carries its payload: an object whose keys are all among `keys`, and
/// that has `data` or a boolean `success`, is an envelope around `data`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Envelope {
    /// The keys that an envelope may have. None: there are no envelopes.
    pub keys: Vec<String>,
    /// Those of them that mark a list, so that `"data": null` beside one is an empty list.
    pub list_keys: Vec<String>,
    /// Values of a text field `status` that mean failure, in lower case.
    pub failed_status: Vec<String>,
}

/// JSON pointers (RFC 6901) into an error's body; the first that finds a text is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ErrorFields {
    /// The machine's word for it.
    pub code: Vec<String>,
    /// The sentence for people.
    pub message: Vec<String>,
    /// Any JSON besides.
    pub details: Vec<String>,
    /// Seconds to wait, on a 429.
    pub retry_after: Vec<String>,
}

impl Provider {
    /// An API of your own, to be described field by field. It begins with API keys,
    /// ready-made tokens and token sources, sent as `Bearer`, and neither envelope,
    /// sessions nor paging beyond the defaults of [`Paging`].
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            base_url: None,
            environment: Environment::default(),
            credentials: vec![CredentialKind::ApiKey, CredentialKind::Bearer, CredentialKind::Source],
            headers: HeaderRules::default(),
            refreshable: Refreshable::default(),
            auth: AuthRules::default(),
            unsafe_routes: Vec::new(),
            rate: RateRules::default(),
            paging: Paging::default(),
            envelope: Envelope::default(),
            errors: ErrorFields::default(),
            webhook: None,
        }
    }

    /// An API of your own from its JSON document, whose fields are those of this type;
    /// `name` and `credentials` must be there. Anything unknown in it is a `config` error.
    ///
    /// ```
    /// let parcels = linktor::Provider::from_json(r#"{
    ///     "name": "parcels",
    ///     "base_url": "https://api.parcels.example/v3",
    ///     "credentials": ["api_key", "password"],
    ///     "headers": {"api_key": "raw", "organization": "x-depot"},
    ///     "auth": {"login": "/login", "grant": {"access_token": ["/session/token"]}},
    ///     "refreshable": {"codes": ["SESSION_OVER"]},
    ///     "paging": {"size_parameter": "limit", "items": ["/parcels"], "has_next": ["/more"]},
    ///     "errors": {"code": ["/fault"], "message": ["/reason"]}
    /// }"#)?;
    /// # Ok::<(), linktor::Error>(())
    /// ```
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let provider: Self = serde_json::from_str(json)
            .map_err(|error| Error::config(format!("the provider cannot be read: {error}")))?;
        provider.check()?;
        Ok(provider)
    }

    /// One of the built-in families: `linktor`, `linkit`, `libromi`, `api_v1`, `api_v2`.
    /// Any other name is a `config` error.
    pub fn named(name: &str) -> Result<Self, Error> {
        match name {
            "linktor" => Ok(Self::linktor()),
            "linkit" => Ok(Self::linkit()),
            "libromi" => Ok(Self::libromi()),
            "api_v1" => Ok(Self::api_v1()),
            "api_v2" => Ok(Self::api_v2()),
            _ => Err(Error::config(format!(
                "provider `{name}` is unknown; there are linktor, linkit, libromi, api_v1 and api_v2, \
                 or give a provider of your own"
            ))),
        }
    }
}

pub(crate) fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

fn environment(api_key: &str, family: &str) -> Environment {
    Environment {
        api_key: Some(api_key.to_owned()),
        base_url: Some(format!("{family}_BASE_URL")),
        organization: Some(format!("{family}_ORGANIZATION_ID")),
        allow_insecure_http: Some(format!("{family}_ALLOW_INSECURE_HTTP")),
    }
}
