//! Secrets, and the keys that are made of them once.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::scheme::{Signature, Version};
use crate::error::Error;
use crate::secret::Secret;

/// One secret or several, of which any may have signed: while a secret is being changed,
/// deliveries are signed with the old or the new one. Texts, or in a list (`[bytes]`) any
/// bytes.
pub struct Secrets(Vec<SecretSlice<u8>>);

/// What proves that a delivery is the sender's.
pub(super) enum Keys {
    Hmac(Vec<Hmac<Sha256>>),
    Ed25519(Vec<VerifyingKey>),
}

/// What signs a delivery.
pub(super) enum Signing {
    Hmac(Hmac<Sha256>),
    Ed25519(Box<SigningKey>),
}

/// Bytes of an HMAC-SHA256.
pub(super) const TAG: usize = 32;
/// Bytes of an Ed25519 signature.
pub(super) const SIGNATURE: usize = 64;

impl Keys {
    pub(super) fn new(signature: &Signature, secrets: &Secrets) -> Result<Self, Error> {
        let secrets = secrets.checked()?;
        Ok(match signature {
            Signature::StandardWebhooks { version: Version::V1a, .. } => {
                Self::Ed25519(secrets.map(public_key).collect::<Result<_, _>>()?)
            }
            Signature::StandardWebhooks { version: Version::V1, .. } => {
                Self::Hmac(secrets.map(|secret| hmac(&shared(secret)?)).collect::<Result<_, _>>()?)
            }
            Signature::Hmac { .. } => Self::Hmac(secrets.map(hmac).collect::<Result<_, _>>()?),
        })
    }

    /// Whether any of the signatures is one of these parts, put together, under any key.
    /// Every signature is compared under every key, byte for byte, whichever is right.
    pub(super) fn verify(&self, parts: &[&[u8]], signatures: &[impl AsRef<[u8]>]) -> bool {
        let mut is_right = Choice::from(0);
        match self {
            Self::Hmac(keys) => {
                for key in keys {
                    let tag = tag(key, parts);
                    for signature in signatures {
                        is_right |= is_same(&tag, signature.as_ref());
                    }
                }
            }
            Self::Ed25519(keys) => {
                let message = parts.concat();
                for signature in signatures {
                    // Of a length that was checked.
                    let Ok(signature) = signature.as_ref().try_into() else { continue };
                    for key in keys {
                        let verdict = key.verify_strict(&message, &signature);
                        is_right |= Choice::from(u8::from(verdict.is_ok()));
                    }
                }
            }
        }
        is_right.into()
    }
}

impl Signing {
    pub(super) fn new(signature: &Signature, secrets: &Secrets) -> Result<Self, Error> {
        let mut given = secrets.checked()?;
        let (Some(secret), None) = (given.next(), given.next()) else {
            return Err(Error::config("a delivery is signed with one webhook secret"));
        };
        match signature {
            Signature::StandardWebhooks { version: Version::V1a, .. } => {
                Ok(Self::Ed25519(Box::new(private_key(secret)?)))
            }
            Signature::StandardWebhooks { version: Version::V1, .. } => Ok(Self::Hmac(hmac(&shared(secret)?)?)),
            Signature::Hmac { .. } => Ok(Self::Hmac(hmac(secret)?)),
        }
    }

    pub(super) fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Hmac(key) => tag(key, parts).to_vec(),
            Self::Ed25519(key) => key.sign(&parts.concat()).to_bytes().to_vec(),
        }
    }
}

fn tag(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; TAG] {
    let mut mac = key.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// In constant time, by words: `subtle` takes four of them, and not 32 bytes one by one.
fn is_same(tag: &[u8; TAG], signature: &[u8]) -> Choice {
    let Ok(signature) = signature.try_into() else { return Choice::from(0) };
    words(tag).ct_eq(&words(signature))
}

fn words(tag: &[u8; TAG]) -> [u64; TAG / 8] {
    let (words, _) = tag.as_chunks();
    std::array::from_fn(|place| u64::from_le_bytes(words[place]))
}

fn hmac(secret: &[u8]) -> Result<Hmac<Sha256>, Error> {
    Hmac::new_from_slice(secret).map_err(|error| Error::config("the webhook secret cannot be used").with_source(error))
}

/// A secret of `v1`.
fn shared(secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    if starts_with_any(secret, &["whpk_", "whsk_"]) {
        return Err(Error::config("the webhook secret is a key of v1a: use the scheme standard_webhooks_v1a for it"));
    }
    let bytes = decoded(secret.strip_prefix(b"whsec_").unwrap_or(secret), "whsec_")?;
    if bytes.is_empty() {
        return Err(Error::config("the webhook secret is empty after `whsec_`"));
    }
    Ok(bytes)
}

/// A public key of `v1a`. Under one of small order anybody can sign: 32 zeros are one.
fn public_key(secret: &[u8]) -> Result<VerifyingKey, Error> {
    if starts_with_any(secret, &["whsk_"]) {
        return Err(Error::config(
            "the webhook key is the sender's private one: a receiver is given the public one, `whpk_…`",
        ));
    }
    let bytes = decoded(of_v1a(secret, "whpk_")?, "whpk_")?;
    let key = bytes[..].try_into().ok().and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
    key.filter(|key| !key.is_weak()).ok_or_else(|| {
        Error::config("the webhook key after `whpk_` is not the base64 of an Ed25519 public key of 32 bytes")
    })
}

/// A private key of `v1a`: a seed, or a seed and the public key that it makes.
fn private_key(secret: &[u8]) -> Result<SigningKey, Error> {
    if starts_with_any(secret, &["whpk_"]) {
        return Err(Error::config("the webhook key is a public one: signing takes the private one, `whsk_…`"));
    }
    let bytes = decoded(of_v1a(secret, "whsk_")?, "whsk_")?;
    let of_seed = bytes[..].try_into().ok().map(SigningKey::from_bytes);
    let of_pair = || bytes[..].try_into().ok().and_then(|pair| SigningKey::from_keypair_bytes(pair).ok());
    of_seed.or_else(of_pair).ok_or_else(|| {
        Error::config(
            "the webhook key after `whsk_` is not the base64 of a seed (32 bytes) or of a key pair (64 bytes)",
        )
    })
}

fn of_v1a<'a>(secret: &'a [u8], prefix: &str) -> Result<&'a [u8], Error> {
    secret
        .strip_prefix(prefix.as_bytes())
        .ok_or_else(|| Error::config(format!("a webhook key of v1a begins with `{prefix}`, and this one does not")))
}

fn decoded(encoded: &[u8], prefix: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    STANDARD
        .decode(encoded)
        .map(Zeroizing::new)
        .map_err(|_| Error::config(format!("the webhook secret (after `{prefix}`, if it has that) is not base64")))
}

fn starts_with_any(secret: &[u8], prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| secret.starts_with(prefix.as_bytes()))
}

impl Secrets {
    /// The secrets, none of which is blank.
    fn checked(&self) -> Result<impl Iterator<Item = &[u8]>, Error> {
        let is_blank = |secret: &[u8]| secret.iter().all(|byte| b" \t\r\n".contains(byte));
        if self.0.is_empty() {
            return Err(Error::config("there is no webhook secret"));
        }
        if self.0.iter().any(|secret| is_blank(secret.expose_secret())) {
            return Err(Error::config("a webhook secret is empty: is the variable that holds it set?"));
        }
        Ok(self.0.iter().map(ExposeSecret::expose_secret))
    }

    fn one(secret: &[u8]) -> Self {
        Self(vec![secret.to_vec().into()])
    }
}

impl From<&str> for Secrets {
    fn from(secret: &str) -> Self {
        Self::one(secret.as_bytes())
    }
}

impl From<String> for Secrets {
    fn from(secret: String) -> Self {
        Self(vec![secret.into_bytes().into()])
    }
}

impl From<&String> for Secrets {
    fn from(secret: &String) -> Self {
        Self::one(secret.as_bytes())
    }
}

impl From<&Secret> for Secrets {
    fn from(secret: &Secret) -> Self {
        Self::one(secret.expose().as_bytes())
    }
}

impl From<Secret> for Secrets {
    fn from(secret: Secret) -> Self {
        Self::from(&secret)
    }
}

impl From<&[Secret]> for Secrets {
    fn from(secrets: &[Secret]) -> Self {
        Self(secrets.iter().map(|secret| secret.expose().as_bytes().to_vec().into()).collect())
    }
}

impl<const N: usize> From<[Secret; N]> for Secrets {
    fn from(secrets: [Secret; N]) -> Self {
        Self::from(&secrets[..])
    }
}

impl<T: AsRef<[u8]>> From<&[T]> for Secrets {
    fn from(secrets: &[T]) -> Self {
        Self(secrets.iter().map(|secret| secret.as_ref().to_vec().into()).collect())
    }
}

impl<T: AsRef<[u8]>, const N: usize> From<[T; N]> for Secrets {
    fn from(secrets: [T; N]) -> Self {
        Self::from(&secrets[..])
    }
}

impl<T: AsRef<[u8]>> From<Vec<T>> for Secrets {
    fn from(secrets: Vec<T>) -> Self {
        Self::from(&secrets[..])
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
