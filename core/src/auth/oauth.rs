//! OAuth 2.0 (RFC 6749) with PKCE (RFC 7636): the client's credentials, the URL where a
//! user agrees, and what comes back from there.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use crate::base_url::BaseUrl;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// An OAuth client and the tokens it has, if it has any yet.
///
/// ```
/// use linktor::{Client, OAuth, Provider};
///
/// let oauth = OAuth::new("invented-id", "invented-secret").refresh_token("invented-token");
/// let client = Client::builder().provider(Provider::api_v2()).credentials(oauth).build()?;
/// # Ok::<(), linktor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct OAuth {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) access_token: Option<Secret>,
    pub(crate) account: Option<String>,
}

impl OAuth {
    /// A client that has no tokens yet: see [`Auth::authorize_url`](crate::Auth::authorize_url).
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<Secret>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            refresh_token: None,
            access_token: None,
            account: None,
        }
    }

    /// The refresh token of a session that exists.
    #[must_use]
    pub fn refresh_token(mut self, token: impl Into<Secret>) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// An access token to begin with, used until a 401 refuses it.
    #[must_use]
    pub fn access_token(mut self, token: impl Into<Secret>) -> Self {
        self.access_token = Some(token.into());
        self
    }

    /// Whose tokens these are, as the token store keeps them: a name that each user has
    /// alone. Default: told from the refresh token; without that too, a token store is
    /// refused.
    #[must_use]
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = Some(name.into());
        self
    }

    /// What the token store keeps the tokens under, if it is known whose they are.
    pub(crate) fn principal(&self) -> Option<String> {
        let client: String = form_urlencoded::byte_serialize(self.client_id.as_bytes()).collect();
        if let Some(account) = &self.account {
            return Some(format!("{client}/{account}"));
        }
        let digest = Sha256::digest(self.refresh_token.as_ref()?.expose().as_bytes());
        Some(format!("{client}#{}", URL_SAFE_NO_PAD.encode(&digest[..16])))
    }
}

/// A request for a user's consent: where to send the user, and what to keep until they
/// come back. It serialises whole, the verifier too, so that another process can take it
/// up: keep it where the user cannot read it, a server-side session or an encrypted cookie.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// Where the user agrees.
    pub url: String,
    /// What the user must bring back (RFC 6749, 10.12).
    pub state: String,
    /// The PKCE code verifier (RFC 7636, 4.1).
    #[serde(serialize_with = "exposed")]
    pub verifier: Secret,
    /// Where the user comes back to.
    pub redirect_uri: String,
}

fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

impl AuthorizationRequest {
    pub(crate) fn new(
        base: &BaseUrl,
        path: &str,
        client_id: &str,
        scopes: &[&str],
        redirect_uri: &str,
    ) -> Result<Self, Error> {
        if Url::parse(redirect_uri).is_err() {
            return Err(Error::invalid_request("redirect_uri must be an absolute URL"));
        }
        if scopes.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            return Err(Error::invalid_request("a scope is empty or holds white space; give each one by itself"));
        }
        let (state, verifier) = (random()?, random()?);
        let mut url = base.resolve(path, &[], &[])?;
        let mut query = url.query_pairs_mut();
        query
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("response_type", "code");
        if !scopes.is_empty() {
            query.append_pair("scope", &scopes.join(" "));
        }
        query
            .append_pair("state", &state)
            .append_pair("code_challenge", &challenge(&verifier))
            .append_pair("code_challenge_method", "S256");
        drop(query);
        Ok(Self { url: url.into(), state, verifier: verifier.into(), redirect_uri: redirect_uri.to_owned() })
    }

    /// The code that a callback URL brings, if it answers this request.
    pub(crate) fn code(&self, callback: &str) -> Result<Secret, Error> {
        let query = callback.split_once('?').map_or("", |(_, query)| query).split('#').next().unwrap_or_default();
        let field = |name: &str| {
            let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
            found.next().map(|(_, value)| value).filter(|_| found.next().is_none())
        };
        let refusal = |code: &str, message: &str| Error::new(ErrorKind::Authentication, message).with_code(code);
        if self.state.is_empty() || self.verifier.expose().is_empty() {
            return Err(Error::invalid_request("the request for consent has no state or no verifier"));
        }
        let state = field("state").unwrap_or_default();
        if !bool::from(state.as_bytes().ct_eq(self.state.as_bytes())) {
            return Err(refusal("state_mismatch", "the callback does not answer this request for consent"));
        }
        if let Some(error) = field("error") {
            let why = field("error_description");
            return Err(refusal(&error, why.as_deref().unwrap_or("the user or the server refused consent")));
        }
        match field("code").filter(|code| !code.is_empty()) {
            Some(code) => Ok(Secret::from(code.into_owned())),
            None => Err(refusal("missing_code", "the callback brings no code")),
        }
    }
}

/// The S256 code challenge of a verifier (RFC 7636, 4.2).
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// 256 bits from the machine, as 43 characters.
fn random() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("this machine gives no random numbers: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
