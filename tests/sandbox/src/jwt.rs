//! JSON Web Tokens (RFC 7519), HS256 only: `linktor`'s own, and those that `api_v2`'s callers mint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// The token of these claims. The same claims give the same bytes.
pub(crate) fn sign(claims: &Value, secret: &str) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(&json!({"alg": "HS256", "typ": "JWT"})), encode(claims));
    let signature = keyed(secret).chain_update(&signed).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The claims of a token that this secret signed with HS256, whatever they say.
pub(crate) fn verify(token: &str, secret: &str) -> Option<Map<String, Value>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    if object(header)?.get("alg")? != "HS256" {
        return None;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    keyed(secret).chain_update(signed).verify_slice(&signature).ok()?;
    object(claims)
}

/// HMAC pads a key with zeros to its block of 64 bytes (RFC 2104); the sandbox's keys are shorter.
fn keyed(secret: &str) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..secret.len()].copy_from_slice(secret.as_bytes());
    Hmac::new(&block.into())
}

fn object(encoded: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unchanged_hs256_token_of_the_same_secret_is_verified() {
        let token = sign(&json!({"sub": "ada"}), "secret");
        assert_eq!(token, sign(&json!({"sub": "ada"}), "secret"));
        assert_eq!(verify(&token, "secret").map(Value::Object), Some(json!({"sub": "ada"})));
        assert_eq!(verify(&token, "other"), None);
        assert_eq!(verify(token.trim_end_matches(|last| last != '.'), "secret"), None);
        assert_eq!(verify("opaque", "secret"), None);
        let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode("{}"));
        assert_eq!(verify(&none, "secret"), None);
    }

    #[test]
    fn the_signature_is_that_of_the_well_known_sample() {
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0Ijox\
                     NTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
        assert_eq!(verify(token, "your-256-bit-secret").map(|claims| claims["name"].clone()), Some("John Doe".into()));
    }
}
