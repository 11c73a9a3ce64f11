//! Reading what a token endpoint grants.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;

use super::Provider;
use crate::auth::{check, jwt};
use crate::document::json_text;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// A life beyond this is no statement about a token.
const LONGEST: Duration = Duration::from_hours(24 * 3650);

/// What a token endpoint grants.
pub(crate) struct Grant {
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Option<Secret>,
    /// How long the access token lives from now, if that is known.
    pub(crate) life: Option<Duration>,
    pub(crate) organization: Option<String>,
    pub(crate) user: Option<Value>,
}

impl Provider {
    /// What a token endpoint's 2xx grants; `now` is the server's time. Its errors show
    /// nothing of the body.
    pub(crate) fn grant(&self, status: u16, body: &[u8], now: SystemTime) -> Result<Grant, Error> {
        self.payload(status, body).map_err(Error::without_body)?;
        let unreadable = |message: &str| Error::new(ErrorKind::Decode, message);
        let body: Value = serde_json::from_slice(json_text(body))
            .map_err(|_| unreadable("the token endpoint's answer is not JSON"))?;
        let fields = &self.auth.grant;
        let at = |pointers: &[String]| {
            pointers.iter().find_map(|pointer| body.pointer(pointer).filter(|found| !found.is_null()))
        };
        let text = |pointers: &[String]| {
            let found = at(pointers)?;
            // Some servers count their organizations.
            let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            Some(text).filter(|text| !text.trim().is_empty() && !found.is_object() && !found.is_array())
        };
        let secret =
            |pointers: &[String]| at(pointers)?.as_str().filter(|text| !text.trim().is_empty()).map(Secret::from);
        let access_token = secret(&fields.access_token)
            .filter(|token| check(token, "the access token").is_ok())
            .ok_or_else(|| unreadable("the token endpoint's answer holds no access token that can be sent"))?;
        let lives = [
            at(&fields.expires_in).and_then(number),
            at(&fields.expires_at).and_then(instant).map(|epoch| epoch - seconds(now)),
            jwt::expiry(access_token.expose()).map(|epoch| epoch - seconds(now)),
        ];
        Ok(Grant {
            refresh_token: secret(&fields.refresh_token),
            // An expiry that is past already says nothing (a server's clock, a printed sample).
            life: lives.into_iter().flatten().find_map(life),
            organization: text(&fields.organization),
            user: at(&fields.user).cloned(),
            access_token,
        })
    }
}

fn life(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|life| !life.is_zero() && *life <= LONGEST)
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// Epoch seconds of a date (RFC 3339), of epoch seconds, or of epoch milliseconds.
fn instant(value: &Value) -> Option<f64> {
    if let Some(date) = value.as_str().and_then(|text| text.trim().parse::<Timestamp>().ok()) {
        return Some(date.as_duration().as_secs_f64());
    }
    number(value).map(|epoch| if epoch >= 1e12 { epoch / 1000.0 } else { epoch })
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run;

    /// The vectors of `grant.json`.
    #[tokio::test]
    async fn grants_are_read_as_the_vectors_say() {
        run("grant", async |case| {
            let text = |name: &str| case[name].as_str().expect("a text");
            let now = case
                .get("now")
                .map_or_else(SystemTime::now, |_| text("now").parse::<Timestamp>().expect("a date").into());
            let provider = Provider::named(text("provider")).expect("a known provider");
            let outcome = provider.grant(200, case["body"].to_string().as_bytes(), now);
            let found = match outcome {
                Ok(grant) => serde_json::json!({
                    "access_token": grant.access_token.expose(),
                    "refresh_token": grant.refresh_token.as_ref().map(Secret::expose),
                    "expires_in": grant.life.map(|life| life.as_secs_f64()),
                    "organization": grant.organization,
                    "user": grant.user,
                }),
                Err(error) => serde_json::json!({
                    "kind": error.kind(),
                    "code": error.code(),
                    "message": error.message(),
                }),
            };
            let expected = case.get("grant").or(case.get("error")).and_then(Value::as_object).expect("an outcome");
            for (field, expected) in expected {
                let is_same = match (expected.as_f64(), found[field].as_f64()) {
                    (Some(expected), Some(found)) => (expected - found).abs() < 1.0,
                    _ => *expected == found[field],
                };
                if !is_same {
                    return Err(format!("{field}: expected {expected}, found {}", found[field]));
                }
            }
            Ok(())
        })
        .await;
    }
}
