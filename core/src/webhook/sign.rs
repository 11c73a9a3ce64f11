//! Signing as a sender does: for tests, and for trying a receiver out.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use super::keys::{Secrets, Signing};
use super::scheme::{Scheme, Signature, Version};
use crate::error::Error;
use crate::header::is_visible;

/// What [`sign`] signs beside the body.
#[derive(Debug, Clone, Default)]
pub struct SignOptions {
    /// The event's id, of schemes that sign one. Default: a new one.
    pub id: Option<String>,
    /// The time of the delivery, of schemes that sign one, in whole seconds. Default: now.
    pub timestamp: Option<SystemTime>,
}

/// The headers with which a sender would deliver this body.
///
/// An id or a time for a scheme that signs none, one that cannot be written, and several
/// secrets, are `config` errors, besides those of [`Verifier::new`](super::Verifier::new).
pub fn sign<S>(scheme: S, body: &[u8], secret: impl Into<Secrets>, options: &SignOptions) -> Result<HeaderMap, Error>
where
    S: TryInto<Scheme>,
    Error: From<S::Error>,
{
    let scheme = scheme.try_into()?;
    let signed = signed(&scheme, body, &secret.into(), options)?;
    let mut headers = HeaderMap::new();
    for (name, value) in signed {
        let name = HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) else {
            return Err(Error::config("webhook scheme: what it wants to be sent is no header"));
        };
        headers.insert(name, value);
    }
    Ok(headers)
}

/// The same as names, as the scheme writes them, and values.
#[doc(hidden)]
pub fn signed(
    scheme: &Scheme,
    body: &[u8],
    secret: &Secrets,
    options: &SignOptions,
) -> Result<Vec<(String, String)>, Error> {
    scheme.check()?;
    let key = Signing::new(&scheme.signature, secret)?;
    match &scheme.signature {
        Signature::Hmac { header, prefix, prefix_optional, timestamp_header } => {
            if options.id.is_some() {
                return Err(Error::config("id is given, but this webhook scheme signs none"));
            }
            let prefix = prefix.as_deref().filter(|_| !prefix_optional).unwrap_or_default();
            let written = |tag: &[u8]| format!("{prefix}{}", base16ct::lower::encode_string(tag));
            let Some(timestamp_header) = timestamp_header else {
                if options.timestamp.is_some() {
                    return Err(Error::config("timestamp is given, but this webhook scheme signs none"));
                }
                return Ok(vec![(header.clone(), written(&key.sign(&[body])))]);
            };
            let time = time(options)?;
            let tag = key.sign(&[time.as_bytes(), b".", body]);
            Ok(vec![(header.clone(), written(&tag)), (timestamp_header.clone(), time)])
        }
        Signature::StandardWebhooks { version, id_header, timestamp_header, signature_header } => {
            let id = options.id.clone().unwrap_or_else(|| format!("msg_{}", Uuid::new_v4().simple()));
            if !is_visible(&id) || id.contains('.') {
                return Err(Error::config("id must be of visible ASCII characters, without a point"));
            }
            let time = time(options)?;
            let signature = STANDARD.encode(key.sign(&[id.as_bytes(), b".", time.as_bytes(), b".", body]));
            let version = match version {
                Version::V1 => "v1",
                Version::V1a => "v1a",
            };
            Ok(vec![
                (id_header.clone(), id),
                (timestamp_header.clone(), time),
                (signature_header.clone(), format!("{version},{signature}")),
            ])
        }
    }
}

fn time(options: &SignOptions) -> Result<String, Error> {
    const MOST: Duration = Duration::from_secs(999_999_999_999);
    let time = options.timestamp.unwrap_or_else(SystemTime::now).duration_since(SystemTime::UNIX_EPOCH);
    match time {
        Ok(time) if time <= MOST => Ok(time.as_secs().to_string()),
        _ => Err(Error::config("timestamp must be of 1970 or later, and of twelve digits at most")),
    }
}
