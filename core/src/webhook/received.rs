//! What a delivery's headers say, strictly read: the signatures, and what is signed
//! beside the body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;

use super::headers::{Found, Headers};
use super::keys::{SIGNATURE, TAG};
use super::refused;
use super::scheme::{Scheme, Signature, Version};
use crate::error::Error;
use crate::header::is_printable;

/// More signatures than any rotation of secrets needs; each costs a comparison.
const MOST_SIGNATURES: usize = 16;
/// The same of Ed25519, each of which costs a hash of the body besides.
const MOST_ED25519: usize = 4;
/// Digits of a timestamp, enough until the year 33,658.
const MOST_DIGITS: usize = 12;

/// The headers that a scheme reads, and how.
pub(super) enum Layout {
    Hmac { signature: HeaderName, prefix: Option<String>, prefix_optional: bool, timestamp: Option<HeaderName> },
    Standard { version: Version, id: HeaderName, timestamp: HeaderName, signature: HeaderName },
}

/// What the headers of one delivery say.
pub(super) struct Received<'h> {
    /// The signed id.
    pub(super) id: Option<&'h [u8]>,
    /// The signed time, as it is written.
    pub(super) timestamp: Option<&'h [u8]>,
    pub(super) signatures: Signatures,
}

pub(super) enum Signatures {
    One([u8; TAG]),
    Listed(Vec<Vec<u8>>),
}

impl Layout {
    /// The layout of a scheme that was checked.
    pub(super) fn of(scheme: &Scheme) -> Result<Self, Error> {
        scheme.check()?;
        let name = |header: &str| {
            HeaderName::from_bytes(header.as_bytes()).map_err(|_| Error::config("webhook scheme: no name of a header"))
        };
        Ok(match &scheme.signature {
            Signature::Hmac { header, prefix, prefix_optional, timestamp_header } => Self::Hmac {
                signature: name(header)?,
                prefix: prefix.clone(),
                prefix_optional: *prefix_optional,
                timestamp: timestamp_header.as_deref().map(name).transpose()?,
            },
            Signature::StandardWebhooks { version, id_header, timestamp_header, signature_header } => Self::Standard {
                version: *version,
                id: name(id_header)?,
                timestamp: name(timestamp_header)?,
                signature: name(signature_header)?,
            },
        })
    }

    /// The headers that it reads.
    pub(super) fn headers(&self) -> Vec<&HeaderName> {
        match self {
            Self::Hmac { signature, timestamp, .. } => std::iter::once(signature).chain(timestamp).collect(),
            Self::Standard { id, timestamp, signature, .. } => vec![signature, timestamp, id],
        }
    }

    /// Whether a delivery's time is signed.
    pub(super) fn signs_time(&self) -> bool {
        !matches!(self, Self::Hmac { timestamp: None, .. })
    }

    pub(super) fn read<'h, H: Headers + ?Sized>(&self, headers: &'h H) -> Result<Received<'h>, Error> {
        match self {
            Self::Hmac { signature, prefix, prefix_optional, timestamp } => {
                let hex = given(headers, signature)?;
                let timestamp = timestamp.as_ref().map(|name| value(headers, name)).transpose()?;
                let unprefixed = match prefix {
                    // An optional one may be of digits itself.
                    Some(prefix) if !prefix_optional || hex.len() != 2 * TAG => {
                        hex.strip_prefix(prefix.as_bytes()).ok_or_else(|| malformed(signature))?
                    }
                    _ => hex,
                };
                let mut one = [0; TAG];
                if unprefixed.len() != 2 * TAG || base16ct::mixed::decode(unprefixed, &mut one).is_err() {
                    return Err(malformed(signature));
                }
                Ok(Received { id: None, timestamp, signatures: Signatures::One(one) })
            }
            Self::Standard { version, id, timestamp, signature } => {
                let list = value(headers, signature)?;
                let timestamp = value(headers, timestamp)?;
                let signed_id = value(headers, id)?;
                let signatures = listed(list, *version, signature)?;
                // With a point in the id, another timestamp and body could be signed alike.
                if signed_id.iter().any(|byte| b". ".contains(byte)) {
                    return Err(malformed(id));
                }
                Ok(Received {
                    id: Some(signed_id),
                    timestamp: Some(timestamp),
                    signatures: Signatures::Listed(signatures),
                })
            }
        }
    }
}

/// Epoch seconds of a signed timestamp.
pub(super) fn seconds(timestamp: &[u8]) -> Result<u64, Error> {
    let is_number = timestamp.len() <= MOST_DIGITS && timestamp.iter().all(u8::is_ascii_digit);
    let number = if is_number { std::str::from_utf8(timestamp).ok() } else { None };
    number.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        refused("malformed_signature", "the signed timestamp is not a number of epoch seconds (of 12 digits at most)")
    })
}

/// The one value of a header that is signed or a list of signatures.
fn value<'h, H: Headers + ?Sized>(headers: &'h H, name: &HeaderName) -> Result<&'h [u8], Error> {
    given(headers, name).and_then(|value| if is_printable(value) { Ok(value) } else { Err(malformed(name)) })
}

/// The one value of a header.
fn given<'h, H: Headers + ?Sized>(headers: &'h H, name: &HeaderName) -> Result<&'h [u8], Error> {
    match headers.under(name) {
        Found::One(value) => match trimmed(value) {
            [] => Err(refused("missing_signature", format!("the header `{name}` is empty"))),
            value => Ok(value),
        },
        Found::Nothing => Err(refused("missing_signature", format!("there is no header `{name}`"))),
        Found::Several => Err(refused("malformed_signature", format!("the header `{name}` is there more than once"))),
    }
}

/// A header's value without the white space around it (RFC 9110, 5.5).
pub(super) fn trimmed(value: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(first) = value.iter().position(|byte| !is_space(byte)) else { return &[] };
    let last = value.iter().rposition(|byte| !is_space(byte)).unwrap_or(first);
    &value[first..=last]
}

/// The signatures of one version in a list.
fn listed(list: &[u8], version: Version, name: &HeaderName) -> Result<Vec<Vec<u8>>, Error> {
    let (wanted, length, most) = match version {
        Version::V1 => (&b"v1"[..], TAG, MOST_SIGNATURES),
        Version::V1a => (&b"v1a"[..], SIGNATURE, MOST_ED25519),
    };
    let mut signatures = Vec::new();
    let entries = list.split(|&byte| byte == b' ').filter(|entry| !entry.is_empty());
    for (place, entry) in entries.enumerate() {
        let comma = entry.iter().position(|&byte| byte == b',').ok_or_else(|| malformed(name))?;
        let (version, encoded) = (&entry[..comma], &entry[comma + 1..]);
        if place == MOST_SIGNATURES || version.is_empty() || encoded.is_empty() {
            return Err(malformed(name));
        }
        if version == wanted {
            let signature = STANDARD.decode(encoded).ok().filter(|bytes| bytes.len() == length);
            signatures.push(signature.filter(|_| signatures.len() < most).ok_or_else(|| malformed(name))?);
        }
    }
    if signatures.is_empty() {
        let wanted = String::from_utf8_lossy(wanted);
        return Err(refused("missing_signature", format!("the header `{name}` lists no signature of {wanted}")));
    }
    Ok(signatures)
}

fn malformed(name: &HeaderName) -> Error {
    refused("malformed_signature", format!("the header `{name}` is not written as the scheme says"))
}
