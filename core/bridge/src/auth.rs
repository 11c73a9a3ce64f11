//! The calls of a session, and JSON Web Tokens, as JSON.

use std::time::{Duration, SystemTime};

use linktor::{AuthorizationRequest, Client, Error, ErrorKind, Secret, SessionInfo, jwt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::port::{Outcome, Reply};

/// A call of a client's session.
#[derive(Debug, Deserialize)]
pub struct AuthCall {
    #[serde(flatten)]
    what: What,
    within: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
enum What {
    Login,
    Refresh,
    Test,
    ExchangeCode { callback: String, request: Value },
}

impl AuthCall {
    /// Reads a call: `{"call": "login" | "refresh" | "test" | "exchange_code", "within"?}`,
    /// the last with `callback` and `request`, the value that
    /// [`authorize_url`](crate::Client::authorize_url) gave.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        // The message of the parser is not shown: it may hold a code.
        serde_json::from_str(json)
            .map_err(|_| Error::new(ErrorKind::InvalidRequest, "the call of auth is not of the types it should be"))
    }

    pub(crate) fn within(&self) -> Option<u64> {
        self.within
    }

    pub(crate) async fn run(self, client: Client) -> Outcome {
        let auth = client.auth();
        let value = match self.what {
            What::Login => session(Some(&auth.login().await?)),
            What::Refresh => session(Some(&auth.refresh().await?)),
            What::Test => to_json(&auth.test().await?)?,
            What::ExchangeCode { callback, request } => {
                let request = AuthorizationRequest::deserialize(request).map_err(|_| {
                    let message = "the request for consent must be the value that authorize_url gave";
                    Error::new(ErrorKind::InvalidRequest, message)
                })?;
                session(Some(&auth.exchange_code(&callback, &request).await?))
            }
        };
        Ok(Reply::Value(value))
    }
}

/// `{"user", "organization", "expires_in"}`, or `null`.
pub(crate) fn session(info: Option<&SessionInfo>) -> String {
    let json = info.map(|info| {
        json!({
            "user": info.user,
            "organization": info.organization,
            "expires_in": info.expires_in.map(|left| left.as_secs_f64()),
        })
    });
    Value::from(json).to_string()
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("a value cannot be written as JSON: {error}")))
}

/// Signs a JWT: `{"claims", "secret", "expires_in"?, "issuer"?, "now"?}`, times in seconds.
pub fn jwt_sign(json: &str) -> Result<String, Error> {
    let mut given = Arguments::read(json)?;
    // What is wrong with those that are there is the core's to say.
    let claims = given.0.remove("claims").ok_or_else(|| Error::new(ErrorKind::Config, "claims must be an object"))?;
    let secret: Secret = given.take("secret", "a text")?;
    let life: Option<f64> = given.take("expires_in", "a number of seconds")?;
    let options = jwt::SignOptions {
        expires_in: life.map(|life| duration("expires_in", life)).transpose()?,
        issuer: given.take("issuer", "a text")?,
        now: given.now()?,
    };
    given.end()?;
    jwt::sign(&claims, &secret, &options)
}

/// Verifies a JWT, and gives its claims as JSON:
/// `{"token", "secret", "issuer"?, "leeway"?, "now"?}`, times in seconds.
pub fn jwt_verify(json: &str) -> Result<String, Error> {
    let mut given = Arguments::read(json)?;
    let token: String = given.take("token", "a text")?;
    let secret: Secret = given.take("secret", "a text")?;
    let leeway: Option<f64> = given.take("leeway", "a number of seconds")?;
    let options = jwt::VerifyOptions {
        issuer: given.take("issuer", "a text")?,
        leeway: duration("leeway", leeway.unwrap_or_default())?,
        now: given.now()?,
    };
    given.end()?;
    let claims: Map<String, Value> = jwt::verify(&token, &secret, &options)?;
    to_json(&claims)
}

/// The arguments of a function, taken one by one. Messages of the parser are not shown:
/// they may hold the secret.
struct Arguments(Map<String, Value>);

impl Arguments {
    fn read(json: &str) -> Result<Self, Error> {
        let given = serde_json::from_str(json).map(Self);
        given.map_err(|_| Error::new(ErrorKind::Config, "the arguments of jwt must be a JSON object"))
    }

    fn take<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<T, Error> {
        T::deserialize(self.0.remove(name).unwrap_or_default())
            .map_err(|_| Error::new(ErrorKind::Config, format!("{name} must be {expected}")))
    }

    fn now(&mut self) -> Result<Option<SystemTime>, Error> {
        let now: Option<f64> = self.take("now", "a time in seconds since 1970")?;
        now.map(|now| time("now", now)).transpose()
    }

    fn end(self) -> Result<(), Error> {
        match self.0.keys().next() {
            Some(name) => Err(Error::new(ErrorKind::Config, format!("jwt takes no argument `{name}`"))),
            None => Ok(()),
        }
    }
}

pub(crate) fn time(name: &str, epoch: f64) -> Result<SystemTime, Error> {
    let since = Duration::try_from_secs_f64(epoch).ok();
    since
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
        .ok_or_else(|| Error::new(ErrorKind::Config, format!("{name} must be a time since 1970 that a clock can show")))
}

/// Any number of seconds that can be one: what it may be is the core's to say.
pub(crate) fn duration(name: &str, seconds: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| Error::new(ErrorKind::Config, format!("{name} must be a length of time, not below zero")))
}
