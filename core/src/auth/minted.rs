//! The credential of a client that mints its own JWTs.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::jwt;
use crate::secret::Secret;

/// What the client mints its tokens from: HS256, once per lifetime, in the server's time.
/// Its `Debug` shows neither secret nor claims.
///
/// ```
/// use linktor::{Client, Jwt, Provider};
///
/// let jwt = Jwt::new("invented-secret", "user-1").claim("scopes", ["read:users"]);
/// let client = Client::builder().provider(Provider::api_v2()).credentials(jwt).build()?;
/// # Ok::<(), linktor::Error>(())
/// ```
#[derive(Clone)]
pub struct Jwt {
    pub(crate) secret: Secret,
    pub(crate) subject: String,
    pub(crate) issuer: Option<String>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) ttl: Duration,
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt")
            .field("subject", &self.subject)
            .field("issuer", &self.issuer)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

impl Jwt {
    /// The secret that the server shares, and the `sub` claim.
    pub fn new(secret: impl Into<Secret>, subject: impl Into<String>) -> Self {
        Self { secret: secret.into(), subject: subject.into(), issuer: None, claims: Map::new(), ttl: jwt::LIFE }
    }

    /// The `iss` claim. Default: the provider's.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// One more claim; `sub`, `iss`, `iat` and `exp` are the client's.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// How long a token lives. Default: an hour.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }
}
