//! Who a handle is: its credential, checked, and written or made a session.

use std::fmt::Display;
use std::sync::Arc;

use super::Shared;
use crate::auth::{Authorization, Credentials, Jwt, Kind, OAuth, Session, Vault, Way};
use crate::error::Error;
use crate::provider::{CredentialKind, Provider, Scheme};
use crate::secret::Secret;

/// Where a request's `Authorization` comes from.
#[derive(Clone)]
pub(crate) enum Identity {
    Anonymous,
    Fixed(Arc<Authorization>),
    Session(Arc<Session>),
}

impl Identity {
    /// The identity that these credentials give; `what` names an API key in errors.
    pub(super) fn of(credentials: &Credentials, what: &str, shared: &Arc<Shared>) -> Result<Self, Error> {
        let provider = &shared.provider;
        if let Some(kind) = credentials.kind().filter(|kind| !provider.credentials.contains(kind)) {
            return Err(Error::config(format!(
                "provider `{}` does not know the credential {}: give one of {}",
                provider.name,
                kind.option(),
                known(provider),
            )));
        }
        let fixed = |secret: &Secret, scheme: Scheme, what: &str| {
            Authorization::write(secret, scheme, what).map(Identity::Fixed)
        };
        let vault = |principal: &str, password: Option<Secret>| {
            let store = shared.store.clone()?;
            Some(Vault::new(store, &provider.name, shared.base.as_str(), principal, password, shared.timeout))
        };
        let session = |way: Way, vault: Option<Vault>| {
            Session::new(Arc::clone(shared), way, vault).map(|session| Self::Session(Arc::new(session)))
        };
        match &credentials.0 {
            Kind::None => Ok(Self::Anonymous),
            Kind::ApiKey(key) => fixed(key, provider.headers.api_key, what),
            Kind::Bearer(token) => fixed(token, provider.headers.token, "access_token"),
            Kind::Source(source) => session(Way::Source(Arc::clone(source)), None),
            Kind::Password { email, password } => {
                refuse_empty(&[("email", email), ("password", password.expose())])?;
                let vault = vault(email, Some(password.clone()));
                session(Way::Password { email: email.clone(), password: password.clone() }, vault)
            }
            Kind::OAuth(oauth) => {
                check_oauth(oauth)?;
                shared.auth_base()?;
                let vault = match oauth.principal() {
                    Some(principal) => vault(&principal, None),
                    None if shared.store.is_some() => {
                        return Err(Error::config(
                            "token_store keeps the tokens of many users: say whose these are by oauth.account",
                        ));
                    }
                    None => None,
                };
                session(Way::OAuth(oauth.clone()), vault)
            }
            Kind::Jwt(jwt) => {
                check_jwt(jwt, provider)?;
                session(Way::Jwt(jwt.clone()), None)
            }
        }
    }

    /// Forgets the token of this generation, which the server refused.
    pub(crate) fn refuse(&self, generation: Option<u64>) {
        if let (Self::Session(session), Some(generation)) = (self, generation) {
            session.refuse(generation);
        }
    }

    /// Whether there is a session that a store can keep.
    pub(super) fn is_storable(&self) -> bool {
        match self {
            Self::Anonymous => true,
            Self::Fixed(_) => false,
            Self::Session(session) => session.is_storable(),
        }
    }
}

/// The credentials that a provider knows, for people.
pub(super) fn known(provider: &Provider) -> impl Display {
    provider.credentials.iter().map(|kind: &CredentialKind| kind.option()).collect::<Vec<_>>().join(", ")
}

fn check_oauth(oauth: &OAuth) -> Result<(), Error> {
    refuse_empty(&[
        ("oauth.client_id", &oauth.client_id),
        ("oauth.client_secret", oauth.client_secret.expose()),
        ("oauth.refresh_token", oauth.refresh_token.as_ref().map_or("-", Secret::expose)),
        ("oauth.access_token", oauth.access_token.as_ref().map_or("-", Secret::expose)),
        ("oauth.account", oauth.account.as_deref().unwrap_or("-")),
    ])
}

fn check_jwt(jwt: &Jwt, provider: &Provider) -> Result<(), Error> {
    let issuer = jwt.issuer.as_ref().or(provider.auth.jwt_issuer.as_ref());
    refuse_empty(&[
        ("jwt.secret", jwt.secret.expose()),
        ("jwt.subject", &jwt.subject),
        ("jwt.issuer", issuer.map_or("", String::as_str)),
    ])?;
    if jwt.ttl.as_secs() == 0 {
        return Err(Error::config("jwt.ttl must be at least a second"));
    }
    match ["sub", "iss", "iat", "exp"].into_iter().find(|name| jwt.claims.contains_key(*name)) {
        Some(name) => Err(Error::config(format!("jwt.claims holds `{name}`, which the client writes"))),
        None => Ok(()),
    }
}

fn refuse_empty(options: &[(&str, &str)]) -> Result<(), Error> {
    match options.iter().find(|(_, value)| value.trim().is_empty()) {
        Some((name, _)) => Err(Error::config(format!("{name} is empty"))),
        None => Ok(()),
    }
}
