//! What a user does about the session itself: log in, refresh, forget, test, consent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::oauth::AuthorizationRequest;
use super::renewal::Order;
use super::scope::CallbackScope;
use super::session::{Held, Session, SessionInfo, Way};
use crate::client::{Client, Identity};
use crate::error::{Error, ErrorKind};
use crate::request::Request;

/// The session of a client: see [`Client::auth`].
#[derive(Debug, Clone, Copy)]
pub struct Auth<'a>(&'a Client);

/// Whether a credential is good. Its `Debug` does not show the data.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct AuthTest {
    /// Whether the server accepts it.
    pub valid: bool,
    /// What the server said besides; nothing if it refused.
    pub data: Value,
}

impl fmt::Debug for AuthTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthTest").field("valid", &self.valid).finish_non_exhaustive()
    }
}

impl Client {
    /// The session's own calls: log in, refresh, forget, test, consent.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), linktor::Error> {
    /// use linktor::{Client, Credentials};
    ///
    /// let client = Client::builder().credentials(Credentials::password("agent@example.com", "invented")).build()?;
    /// let session = client.auth().login().await?;
    /// println!("in {:?} for {:?}", session.organization, session.expires_in);
    /// # Ok(())
    /// # }
    /// ```
    pub fn auth(&self) -> Auth<'_> {
        Auth(self)
    }
}

impl Auth<'_> {
    /// Logs in now, also after a login that was refused; a JWT is minted, and a source
    /// asked, anew. Calls do so by themselves: this is for those who want to know before.
    ///
    /// An API key, an access token and an OAuth client are a `config` error; a refused
    /// login is `authentication` with the server's code; tokens that cannot be saved are a
    /// `token_store` error, though calls go on with them.
    pub async fn login(&self) -> Result<SessionInfo, Error> {
        let session = self.session_of("log in with")?;
        if matches!(session.way, Way::OAuth(_)) {
            return Err(Error::config("an OAuth client does not log in: use authorize_url and exchange_code"));
        }
        self.ordered(session, Order::Login).await
    }

    /// Renews the token now, by the refresh token or whatever else gives one. Joins a
    /// renewal that is under way.
    ///
    /// A credential that is never renewed is a `config` error; a session that has ended
    /// is `authentication` with the code `session_expired`; tokens that cannot be saved
    /// are a `token_store` error, though calls go on with them.
    pub async fn refresh(&self) -> Result<SessionInfo, Error> {
        let session = self.session_of("refresh")?;
        self.bounded(async {
            let held = session.refreshed().await?;
            outcome(session, &held)
        })
        .await
    }

    /// Asks the family's test endpoint whether the credential is good: `valid` is false
    /// on a 401 and after the session's end, and every other failure is an error.
    pub async fn test(&self) -> Result<AuthTest, Error> {
        let provider = self.0.provider();
        let Some(test) = &provider.auth.test else {
            return Err(Error::config(format!("provider `{}` has no call that tests a credential", provider.name)));
        };
        let mut request = Request::new(Method::GET, test.path.clone());
        request.query.clone_from(&test.query);
        match self.0.execute(request).await {
            Ok(response) => {
                let body: Value = response.json()?;
                let said = test.valid.iter().find_map(|pointer| body.pointer(pointer)?.as_bool());
                match said {
                    Some(false) => Ok(AuthTest { valid: false, data: Value::Null }),
                    _ => Ok(AuthTest { valid: true, data: response.data()? }),
                }
            }
            Err(error) if error.status() == Some(401) || error.code() == Some("session_expired") => {
                Ok(AuthTest { valid: false, data: Value::Null })
            }
            Err(error) => Err(error),
        }
    }

    /// What is known of the session; nothing before its first token, and nothing for a
    /// credential without one. Sends nothing.
    pub fn session(&self) -> Option<SessionInfo> {
        match self.0.identity() {
            Identity::Session(session) => session.info(),
            _ => None,
        }
    }

    /// Forgets the access token, so that the next call renews it. A renewal under way
    /// does not bring it back. The refresh token stays.
    pub fn invalidate(&self) {
        if let Identity::Session(session) = self.0.identity() {
            session.invalidate();
        }
    }

    /// Where to send a user for their consent, and what to keep until they come back:
    /// OAuth 2.0 with PKCE (RFC 7636, S256) and a fresh `state`.
    ///
    /// ```
    /// use linktor::{Client, OAuth, Provider};
    ///
    /// let oauth = OAuth::new("invented-id", "invented-secret");
    /// let client = Client::builder().provider(Provider::api_v2()).credentials(oauth).build()?;
    /// let request = client.auth().authorize_url(&["read:users"], "https://app.example.com/callback")?;
    /// assert!(request.url.contains("code_challenge_method=S256"));
    /// # Ok::<(), linktor::Error>(())
    /// ```
    pub fn authorize_url(&self, scopes: &[&str], redirect_uri: &str) -> Result<AuthorizationRequest, Error> {
        let session = self.session_of("ask for consent with")?;
        match (&session.way, &self.0.provider().auth.oauth) {
            (Way::OAuth(oauth), Some(rules)) => AuthorizationRequest::new(
                session.shared.auth_base()?,
                &rules.authorize,
                &oauth.client_id,
                scopes,
                redirect_uri,
            ),
            _ => Err(Error::config("authorize_url needs the credential oauth")),
        }
    }

    /// Exchanges the code that the user came back with for tokens, which calls use from
    /// here on. `callback` is the URL that the user came to, or its path and query.
    ///
    /// A callback that does not answer `request`, or brings no code, is `authentication`
    /// with the code `state_mismatch`, `missing_code`, or the server's own
    /// (`access_denied`); nothing is sent then. The exchange is never repeated.
    pub async fn exchange_code(&self, callback: &str, request: &AuthorizationRequest) -> Result<SessionInfo, Error> {
        let session = self.session_of("exchange a code with")?;
        if !matches!(session.way, Way::OAuth(_)) {
            return Err(Error::config("exchange_code needs the credential oauth"));
        }
        let code = request.code(callback)?;
        let (verifier, redirect_uri) = (request.verifier.clone(), request.redirect_uri.clone());
        self.ordered(session, Order::Exchange { code, verifier, redirect_uri }).await
    }

    fn session_of(&self, purpose: &str) -> Result<&Arc<Session>, Error> {
        match self.0.identity() {
            Identity::Session(session) => Ok(session),
            _ => Err(Error::config(format!("the client's credential gives nothing to {purpose}"))),
        }
    }

    async fn ordered(&self, session: &Arc<Session>, order: Order) -> Result<SessionInfo, Error> {
        self.bounded(async {
            let held = session.ordered(order).await?;
            outcome(session, &held)
        })
        .await
    }

    /// Runs until done, until the client's deadline, or until it is closed.
    async fn bounded(&self, work: impl Future<Output = Result<SessionInfo, Error>>) -> Result<SessionInfo, Error> {
        if let Identity::Session(session) = self.0.identity() {
            CallbackScope::refuse_recursion(session)?;
        }
        let shared = self.0.shared();
        let late = |deadline: Duration| {
            let message = format!("no token by the deadline of {} s", deadline.as_secs_f64());
            Error::new(ErrorKind::Timeout, message)
        };
        shared.bounded(shared.deadline, work, late).await
    }
}

/// The session after a renewal, or why it is in memory alone.
fn outcome(session: &Session, held: &Held) -> Result<SessionInfo, Error> {
    match &held.unsaved {
        Some(error) => Err(error.clone()),
        None => session.info().ok_or_else(|| Error::new(ErrorKind::Internal, "a renewal left no session")),
    }
}
