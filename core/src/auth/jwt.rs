//! JSON Web Tokens (RFC 7519), signed with HS256 (RFC 7518, 3.2) and nothing else:
//! `none` and every other algorithm are refused.
//!
//! ```
//! use linktor::{Secret, jwt};
//!
//! let secret = Secret::from("invented-secret");
//! let options = jwt::SignOptions { issuer: Some("api.example.com".to_owned()), ..Default::default() };
//! let token = jwt::sign(&serde_json::json!({"sub": "user-1"}), &secret, &options)?;
//!
//! let options = jwt::VerifyOptions { issuer: Some("api.example.com".to_owned()), ..Default::default() };
//! assert_eq!(jwt::verify(&token, &secret, &options)?["sub"], "user-1");
//! # Ok::<(), linktor::Error>(())
//! ```

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// How long a token lives unless something else is said.
pub(crate) const LIFE: Duration = Duration::from_hours(1);
/// `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// What [`sign`] adds to the claims.
#[derive(Debug, Clone, Default)]
pub struct SignOptions {
    /// How long the token lives, in whole seconds. Default: the `exp` claim, else an hour.
    pub expires_in: Option<Duration>,
    /// The `iss` claim. Default: none is added.
    pub issuer: Option<String>,
    /// The time to sign at. Default: now.
    pub now: Option<SystemTime>,
}

/// What [`verify`] asks of a token besides its signature.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// What the `iss` claim must be. Default: anything.
    pub issuer: Option<String>,
    /// How far clocks may differ when `exp` and `nbf` are compared. Default: not at all.
    pub leeway: Duration,
    /// The time to verify at. Default: now.
    pub now: Option<SystemTime>,
}

/// Signs claims with HS256. `iat` is added unless it is there, `exp` and `iss` as the
/// options say.
///
/// Claims that are no JSON object, an `exp` that is no number, and an `exp` or `iss` said
/// twice, are `invalid_request` errors; an empty secret is a `config` error.
pub fn sign<C: Serialize + ?Sized>(claims: &C, secret: &Secret, options: &SignOptions) -> Result<String, Error> {
    let key = key(secret)?;
    let claims = match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => claims,
        Ok(_) => return Err(Error::invalid_request("the claims must be a JSON object")),
        Err(error) => {
            return Err(Error::invalid_request("the claims cannot be written as JSON").with_source(error));
        }
    };
    let mut claims: BTreeMap<String, Value> = claims.into_iter().collect();
    if claims.get("exp").is_some_and(|end| !end.is_number()) {
        return Err(Error::invalid_request("the claim `exp` must be a number of seconds since 1970"));
    }
    let now = epoch(options.now.unwrap_or_else(SystemTime::now));
    claims.entry("iat".to_owned()).or_insert_with(|| now.into());
    match options.expires_in {
        Some(_) if claims.contains_key("exp") => {
            return Err(Error::invalid_request("expires_in and the claim `exp` are given: give one"));
        }
        Some(life) if life.as_secs() == 0 => {
            return Err(Error::invalid_request("expires_in must be at least a second"));
        }
        life => {
            let end = now.saturating_add(life.unwrap_or(LIFE).as_secs());
            claims.entry("exp".to_owned()).or_insert_with(|| end.into());
        }
    }
    if let Some(issuer) = &options.issuer {
        let claimed = claims.entry("iss".to_owned()).or_insert_with(|| issuer.as_str().into());
        if claimed != issuer.as_str() {
            return Err(Error::invalid_request("issuer and another claim `iss` are given: give one"));
        }
    }
    let claims = serde_json::to_vec(&claims)
        .map_err(|error| Error::invalid_request("the claims cannot be written as JSON").with_source(error))?;
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = key.chain_update(&signed).finalize().into_bytes();
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The claims of a token that is signed with HS256 and this secret, is not expired, and
/// comes from the issuer. A token without `exp` never expires (RFC 7519, 4.1.4).
///
/// Anything else is an `authentication` error that never shows the token, with the code
/// `token_malformed`, `algorithm_refused`, `signature_mismatch`, `token_expired`,
/// `token_not_yet_valid` or `issuer_mismatch`; an empty secret is a `config` error.
pub fn verify(token: &str, secret: &Secret, options: &VerifyOptions) -> Result<Map<String, Value>, Error> {
    let key = key(secret)?;
    let malformed = || refusal("token_malformed", "the token is not a JSON Web Token");
    let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.')).ok_or_else(malformed)?;
    let header = object(header).ok_or_else(malformed)?;
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(refusal("algorithm_refused", "the token's algorithm is not HS256"));
    }
    // Extensions that must be understood (RFC 7515, 4.1.11), and none is.
    if header.contains_key("crit") {
        return Err(malformed());
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
    key.chain_update(signed)
        .verify_slice(&signature)
        .map_err(|_| refusal("signature_mismatch", "the token's signature is not of this secret"))?;
    let claims = object(claims).ok_or_else(malformed)?;

    let now = options.now.unwrap_or_else(SystemTime::now);
    let (now, leeway) = (duration(now).as_secs_f64(), options.leeway.as_secs_f64());
    let time = |name: &str| claims.get(name).map(|value| value.as_f64().ok_or_else(malformed)).transpose();
    if time("exp")?.is_some_and(|end| now >= end + leeway) {
        return Err(refusal("token_expired", "the token has expired"));
    }
    if time("nbf")?.is_some_and(|begin| now + leeway < begin) {
        return Err(refusal("token_not_yet_valid", "the token is not valid yet"));
    }
    if let Some(issuer) = &options.issuer
        && claims.get("iss").and_then(Value::as_str) != Some(issuer)
    {
        return Err(refusal("issuer_mismatch", "the token comes from another issuer"));
    }
    Ok(claims)
}

/// Epoch seconds of a token's `exp`, unverified: a server's own token read for its life.
pub(crate) fn expiry(token: &str) -> Option<f64> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    object(claims)?.get("exp")?.as_f64()
}

fn key(secret: &Secret) -> Result<Hmac<Sha256>, Error> {
    if secret.expose().trim().is_empty() {
        return Err(Error::config("the JWT secret is empty"));
    }
    Hmac::new_from_slice(secret.expose().as_bytes())
        .map_err(|error| Error::config("the JWT secret cannot be used").with_source(error))
}

fn object(encoded: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

fn epoch(time: SystemTime) -> u64 {
    duration(time).as_secs()
}

fn duration(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn refusal(code: &str, message: &str) -> Error {
    Error::new(ErrorKind::Authentication, message).with_code(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, A.1, whose key is no text: verified under the primitives that `verify` uses.
    #[test]
    fn the_example_of_rfc_7515_has_the_signature_it_prints() {
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .expect("base64url");
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                      eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = Hmac::<Sha256>::new_from_slice(&key).expect("any key").chain_update(signed).finalize();
        assert_eq!(URL_SAFE_NO_PAD.encode(signature.into_bytes()), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn the_header_is_hs256() {
        assert_eq!(URL_SAFE_NO_PAD.decode(HEADER).expect("base64url"), br#"{"alg":"HS256","typ":"JWT"}"#);
    }
}
