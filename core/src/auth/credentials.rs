//! The kinds of credential, checked when the client is made.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::minted::Jwt;
use super::oauth::OAuth;
use super::source::TokenSource;
use crate::error::Error;
use crate::header::is_printable;
use crate::provider::CredentialKind;
use crate::secret::Secret;

/// What the client identifies itself with.
///
/// ```
/// use linktor::{Client, Credentials};
///
/// let client = Client::builder().credentials(Credentials::bearer("invented-access-token")).build()?;
/// assert!(!format!("{client:?}").contains("invented"));
/// # Ok::<(), linktor::Error>(())
/// ```
#[derive(Clone)]
pub struct Credentials(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    None,
    ApiKey(Secret),
    Bearer(Secret),
    Password { email: String, password: Secret },
    OAuth(OAuth),
    Jwt(Jwt),
    Source(Arc<dyn TokenSource>),
}

impl Credentials {
    /// No credential: requests carry neither `Authorization` nor the family's own headers.
    pub fn none() -> Self {
        Self(Kind::None)
    }

    /// An API key, written as the family writes keys. White space around it is dropped.
    pub fn api_key(key: impl Into<Secret>) -> Self {
        Self(Kind::ApiKey(key.into()))
    }

    /// An access token that the client sends and never renews.
    pub fn bearer(token: impl Into<Secret>) -> Self {
        Self(Kind::Bearer(token.into()))
    }

    /// An e-mail address and a password. The client logs in when it first needs a token,
    /// and renews it by the refresh token or by logging in again.
    pub fn password(email: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self(Kind::Password { email: email.into(), password: password.into() })
    }

    /// An OAuth 2.0 client: with a refresh token, or to get one by an authorization code.
    pub fn oauth(oauth: OAuth) -> Self {
        Self(Kind::OAuth(oauth))
    }

    /// JWTs that the client mints itself.
    pub fn jwt(jwt: Jwt) -> Self {
        Self(Kind::Jwt(jwt))
    }

    /// The caller's own source, asked for a token when there is none, when the last one
    /// has expired, and once after a 401 that is worth it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use linktor::{Credentials, Token};
    ///
    /// let credentials = Credentials::source(|| async {
    ///     Ok::<_, std::io::Error>(Token::new("invented").expires_in(Duration::from_secs(900)))
    /// });
    /// ```
    pub fn source(source: impl TokenSource) -> Self {
        Self(Kind::Source(Arc::new(source)))
    }

    pub(crate) fn kind(&self) -> Option<CredentialKind> {
        match self.0 {
            Kind::None => None,
            Kind::ApiKey(_) => Some(CredentialKind::ApiKey),
            Kind::Bearer(_) => Some(CredentialKind::Bearer),
            Kind::Password { .. } => Some(CredentialKind::Password),
            Kind::OAuth(_) => Some(CredentialKind::OAuth),
            Kind::Jwt(_) => Some(CredentialKind::Jwt),
            Kind::Source(_) => Some(CredentialKind::Source),
        }
    }
}

/// Whom the server counts, as a digest: equal for equal credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Principal([u8; 32]);

impl Credentials {
    /// Whom the server counts, if that can be told without asking for a token.
    pub(crate) fn principal(&self) -> Option<Principal> {
        let digest = |parts: &[&str]| {
            let mut digest = Sha256::new();
            for part in parts {
                digest.update(part.len().to_le_bytes());
                digest.update(part);
            }
            Some(Principal(digest.finalize().into()))
        };
        match &self.0 {
            Kind::None => digest(&[]),
            Kind::ApiKey(secret) => digest(&["api_key", secret.expose().trim()]),
            Kind::Bearer(secret) => digest(&["bearer", secret.expose().trim()]),
            Kind::Password { email, .. } => digest(&["password", email]),
            Kind::OAuth(oauth) => digest(&["oauth", &oauth.principal()?]),
            Kind::Jwt(jwt) => digest(&["jwt", jwt.secret.expose(), &jwt.subject]),
            Kind::Source(_) => None,
        }
    }
}

impl From<OAuth> for Credentials {
    fn from(oauth: OAuth) -> Self {
        Self::oauth(oauth)
    }
}

impl From<Jwt> for Credentials {
    fn from(jwt: Jwt) -> Self {
        Self::jwt(jwt)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind().map_or("none", CredentialKind::option);
        write!(f, "Credentials({kind})")
    }
}

/// The credential as it goes into a header: trimmed, and refused where it cannot be one.
/// `what` names it in the error, which never shows the value.
pub(crate) fn check(secret: &Secret, what: &str) -> Result<Secret, Error> {
    let value = secret.expose().trim();
    if value.is_empty() {
        return Err(Error::config(format!("{what} is empty")));
    }
    if value.len() >= 7 && value.as_bytes()[..7].eq_ignore_ascii_case(b"bearer ") {
        return Err(Error::config(format!(
            "{what} begins with `Bearer `; give the credential alone, the client writes the scheme"
        )));
    }
    if !is_printable(value.as_bytes()) {
        return Err(Error::config(format!(
            "{what} holds a line break, a control character or a letter beyond ASCII, which no HTTP header can carry"
        )));
    }
    Ok(Secret::from(value))
}
