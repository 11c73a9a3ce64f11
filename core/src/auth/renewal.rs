//! One renewal: what is tried, in which order, and what is written down before it is used.
//!
//! The order is refresh token, login, minting, the caller's source. Where there is a
//! store, a sibling's newer tokens come before all of them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::authorization::Authorization;
use super::jwt::{self, SignOptions};
use super::minted::Jwt;
use super::oauth::OAuth;
use super::session::{Session, Way};
use super::source::TokenSource;
use super::store::Record;
use super::token_call::{self, Repeat, TokenCall};
use super::vault::Vault;
use crate::client::Shared;
use crate::error::{Error, ErrorKind};
use crate::id;
use crate::observer::Event;
use crate::provider::Grant;
use crate::secret::Secret;

/// What a renewal is to do.
pub(crate) enum Order {
    /// Whatever gives a token.
    Renew,
    /// Log in, even if there is a refresh token, or a login was refused before.
    Login,
    /// Exchange an authorization code.
    Exchange { code: Secret, verifier: Secret, redirect_uri: String },
}

/// What a renewal gives.
pub(super) struct Renewed {
    pub(super) authorization: Arc<Authorization>,
    /// How long the token is still good, if that is known.
    pub(super) left: Option<Duration>,
    /// How long it was good when it was issued.
    pub(super) life: Option<Duration>,
    pub(super) refresh_token: Option<Secret>,
    pub(super) organization: Option<String>,
    pub(super) user: Option<Value>,
    /// Why it is not in the store.
    pub(super) unsaved: Option<Error>,
}

/// A token that was granted to this session, or to a sibling that shares its store.
enum Obtained {
    Granted(Grant),
    Adopted(Renewed),
}

impl Session {
    pub(super) async fn perform(&self, order: &Order) -> Result<Renewed, Error> {
        let Some(vault) = &self.vault else {
            return match self.obtain(order).await? {
                Obtained::Granted(grant) => self.renewed_by(grant, None),
                Obtained::Adopted(renewed) => Ok(renewed),
            };
        };
        let is_renewal = matches!(order, Order::Renew);
        if is_renewal && let Some(renewed) = self.sibling(vault).await? {
            return Ok(renewed);
        }
        let (_lock, is_news) = vault.lock().await?;
        if is_news {
            self.shared.tell(Event::TokenStoreUnlocked { provider: &self.shared.provider.name });
        }
        if is_renewal {
            if let Some(renewed) = self.sibling(vault).await? {
                return Ok(renewed);
            }
        } else {
            // What is there now is older than what comes.
            let seen = vault.revision().await?;
            self.lock().seen = seen;
        }
        let _under_way = UnderWay::begin(&self.shared);
        match self.obtain(order).await? {
            Obtained::Adopted(renewed) => Ok(renewed),
            Obtained::Granted(grant) => {
                let unsaved = self.save(vault, &grant).await.err();
                self.renewed_by(grant, unsaved)
            }
        }
    }

    async fn save(&self, vault: &Vault, grant: &Grant) -> Result<(), Error> {
        let record = self.record(grant);
        {
            let mut state = self.lock();
            // Whatever becomes of the save: the old one may be used up.
            if grant.refresh_token.is_some() {
                state.refresh_token.clone_from(&grant.refresh_token);
            }
            // It may have been written, even if the store says that it was not.
            state.written = Some(record.revision);
        }
        vault.save(record).await
    }

    /// Longer than any renewal takes.
    pub(super) fn longest_renewal(&self) -> Duration {
        match self.way {
            Way::Source(_) => self.shared.timeout,
            // The store's token, a sibling's, the caller's own, and a login.
            _ => token_call::longest(&self.shared).saturating_mul(4),
        }
    }

    async fn obtain(&self, order: &Order) -> Result<Obtained, Error> {
        let grant = match (&self.way, order) {
            (Way::OAuth(oauth), Order::Exchange { code, verifier, redirect_uri }) => {
                self.exchange(oauth, code, verifier, redirect_uri).await
            }
            (Way::Password { email, password }, Order::Login) => self.login(email, password).await,
            (Way::Password { .. } | Way::OAuth(_), _) => return self.refresh_or_login().await,
            (Way::Jwt(jwt), _) => self.mint(jwt),
            (Way::Source(source), _) => self.ask(source.as_ref()).await,
        };
        grant.map(Obtained::Granted)
    }

    async fn refresh_or_login(&self) -> Result<Obtained, Error> {
        let is_oauth = matches!(self.way, Way::OAuth(_));
        let mut candidate = {
            let mut state = self.lock();
            if let Some(error) = state.ended.clone().filter(|_| is_oauth) {
                return Err(error);
            }
            if state.refresh_token.is_none() {
                state.refresh_token = state.spare.take();
            }
            state.refresh_token.clone().filter(|_| self.refreshes())
        };
        let mut refusal = None;
        let mut has_read_again = false;
        while let Some(token) = candidate {
            let error = match self.refresh(&token).await {
                Ok(grant) => {
                    return Ok(Obtained::Granted(Grant {
                        refresh_token: grant.refresh_token.or(Some(token)),
                        ..grant
                    }));
                }
                Err(error) if matches!(error.status(), Some(400 | 401)) => error,
                Err(error) => return Err(error),
            };
            refusal = Some(error);
            if let Some(vault) = self.vault.as_ref().filter(|_| !has_read_again) {
                has_read_again = true;
                if let Some(renewed) = self.sibling(vault).await? {
                    return Ok(Obtained::Adopted(renewed));
                }
            }
            let mut state = self.lock();
            let is_dead = state.refresh_token.as_ref().is_some_and(|known| known.expose() == token.expose());
            if is_dead {
                state.refresh_token = state.spare.take();
            }
            candidate = state.refresh_token.clone();
        }
        let refused_login = self.lock().ended.clone();
        match (&self.way, refused_login) {
            (Way::Password { .. }, Some(error)) => Err(error),
            (Way::Password { email, password }, None) => self.login(email, password).await.map(Obtained::Granted),
            _ => {
                let error = match refusal {
                    Some(refusal) => {
                        expired("the session has ended: its refresh token was refused").with_source(refusal)
                    }
                    None => expired("there is no session yet: send the user to authorize_url, then call exchange_code"),
                };
                self.lock().ended = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Whether there is an endpoint for refresh tokens.
    pub(super) fn refreshes(&self) -> bool {
        matches!(self.way, Way::OAuth(_)) || self.shared.provider.auth.refresh.is_some()
    }

    /// What somebody else has written into the store since, if its token is good. Its
    /// refresh token is ours from here on.
    async fn sibling(&self, vault: &Vault) -> Result<Option<Renewed>, Error> {
        let Some(record) = vault.load().await? else { return Ok(None) };
        {
            let mut state = self.lock();
            if [state.seen, state.written].contains(&Some(record.revision)) {
                return Ok(None);
            }
            let is_first = state.seen.replace(record.revision).is_none();
            let own = std::mem::replace(&mut state.refresh_token, record.refresh_token.clone());
            if is_first {
                state.spare = own
                    .filter(|own| record.refresh_token.as_ref().is_none_or(|stored| stored.expose() != own.expose()));
            }
            state.learn(record.organization.as_deref());
            state.ended = None;
        }
        let left = match record.expires_at {
            None => None,
            Some(end) => match end.duration_since(self.shared.clock.wall()) {
                Ok(left) if !left.is_zero() => Some(left),
                _ => return Ok(None),
            },
        };
        let life = record.expires_at.and_then(|end| end.duration_since(record.issued_at).ok());
        // One that cannot be sent is none.
        let Ok(authorization) = self.authorize(&record.access_token, "the token store's access token") else {
            return Ok(None);
        };
        Ok(Some(Renewed {
            authorization,
            left,
            life,
            refresh_token: record.refresh_token,
            organization: record.organization,
            user: None,
            unsaved: None,
        }))
    }

    async fn login(&self, email: &str, password: &Secret) -> Result<Grant, Error> {
        let path = self.shared.provider.auth.login.as_deref().unwrap_or_default();
        let call = TokenCall {
            base: &self.shared.base,
            path,
            body: json!({"email": email, "password": password.expose()}),
            secrets: vec![password],
            repeat: Repeat::Transient,
        };
        let answer = call.send(&self.shared).await;
        answer.map_err(|error| {
            let error = error.after("the login failed");
            // Refused, and not only put off: it is not tried again until the user says so.
            if matches!(error.status(), Some(status @ 400..=499) if !matches!(status, 408 | 429)) {
                self.lock().ended = Some(error.clone());
            }
            error
        })
    }

    async fn refresh(&self, token: &Secret) -> Result<Grant, Error> {
        let answer = if let Way::OAuth(oauth) = &self.way {
            let grant = json!({"grant_type": "refresh_token", "refresh_token": token.expose()});
            self.ask_oauth(oauth, grant, vec![token], Repeat::Transient).await
        } else {
            let call = TokenCall {
                base: &self.shared.base,
                path: self.shared.provider.auth.refresh.as_deref().unwrap_or_default(),
                body: json!({"refresh_token": token.expose()}),
                secrets: vec![token],
                repeat: Repeat::Transient,
            };
            call.send(&self.shared).await
        };
        answer.map_err(|error| error.after("the refresh failed"))
    }

    async fn exchange(
        &self,
        oauth: &OAuth,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Grant, Error> {
        let grant = json!({
            "grant_type": "authorization_code",
            "code": code.expose(),
            "code_verifier": verifier.expose(),
            "redirect_uri": redirect_uri,
        });
        let answer = self.ask_oauth(oauth, grant, vec![code, verifier], Repeat::Unwritten).await;
        answer.map_err(|error| error.after("the code was not exchanged"))
    }

    /// A call to the OAuth token endpoint, which the client itself is named in.
    async fn ask_oauth<'a>(
        &'a self,
        oauth: &'a OAuth,
        mut grant: Value,
        mut secrets: Vec<&'a Secret>,
        repeat: Repeat,
    ) -> Result<Grant, Error> {
        let Some(endpoints) = &self.shared.provider.auth.oauth else {
            return Err(Error::config("the provider has no OAuth endpoints"));
        };
        grant["client_id"] = oauth.client_id.as_str().into();
        grant["client_secret"] = oauth.client_secret.expose().into();
        secrets.push(&oauth.client_secret);
        let call = TokenCall { base: self.shared.auth_base()?, path: &endpoints.token, body: grant, secrets, repeat };
        call.send(&self.shared).await
    }

    fn mint(&self, jwt: &Jwt) -> Result<Grant, Error> {
        let mut claims = jwt.claims.clone();
        claims.insert("sub".to_owned(), jwt.subject.as_str().into());
        let issuer = jwt.issuer.clone().or_else(|| self.shared.provider.auth.jwt_issuer.clone());
        let options = SignOptions { expires_in: Some(jwt.ttl), issuer, now: Some(self.shared.server_time()) };
        Ok(Grant {
            access_token: jwt::sign(&claims, &jwt.secret, &options)?.into(),
            refresh_token: None,
            life: Some(jwt.ttl),
            organization: None,
            user: None,
        })
    }

    async fn ask(&self, source: &dyn TokenSource) -> Result<Grant, Error> {
        let limit = self.shared.timeout;
        let token = tokio::time::timeout(limit, source.token())
            .await
            .map_err(|_| {
                let message = format!("the token source gave no token within {} s", limit.as_secs_f64());
                Error::new(ErrorKind::Timeout, message)
            })?
            .map_err(|error| Error::new(ErrorKind::Callback, "the token source failed").with_source(error))?;
        Ok(Grant {
            access_token: token.value,
            refresh_token: None,
            life: token.expires_in,
            organization: None,
            user: None,
        })
    }

    fn renewed_by(&self, grant: Grant, unsaved: Option<Error>) -> Result<Renewed, Error> {
        let what = match self.way {
            Way::Source(_) => "the token source's token",
            _ => "the token endpoint's access token",
        };
        Ok(Renewed {
            authorization: self.authorize(&grant.access_token, what)?,
            left: grant.life,
            life: grant.life,
            refresh_token: grant.refresh_token,
            organization: grant.organization,
            user: grant.user,
            unsaved,
        })
    }

    fn authorize(&self, token: &Secret, what: &str) -> Result<Arc<Authorization>, Error> {
        Authorization::write(token, self.shared.provider.headers.token, what)
    }

    /// What is written down of a grant.
    fn record(&self, grant: &Grant) -> Record {
        let issued_at: SystemTime = self.shared.clock.wall();
        let first = self.lock().organization.as_ref().and_then(|id| id.to_str().ok()).map(str::to_owned);
        Record {
            revision: id::fresh(),
            access_token: grant.access_token.clone(),
            refresh_token: grant.refresh_token.clone(),
            issued_at,
            expires_at: grant.life.and_then(|life| issued_at.checked_add(life)),
            organization: first.or_else(|| grant.organization.clone()),
            proof: None,
        }
    }
}

fn expired(message: &str) -> Error {
    Error::new(ErrorKind::Authentication, message).with_code("session_expired")
}

/// A renewal that is to be saved, until it is dropped.
struct UnderWay<'a>(&'a Shared);

impl<'a> UnderWay<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.tell(Event::SessionRenewing { provider: &shared.provider.name });
        Self(shared)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.tell(Event::SessionRenewed { provider: &self.0.provider.name });
    }
}
