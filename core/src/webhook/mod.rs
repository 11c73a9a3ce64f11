//! Webhooks: whether a delivery is what its sender signed, once for every scheme.
//!
//! ```
//! use linktor::webhook::{self, SignOptions};
//!
//! let body = br#"{"id":"evt_1","type":"message.received","data":{"content":"Hello"}}"#;
//! let headers = webhook::sign("linktor", body, "invented-secret", &SignOptions::default())?;
//!
//! let event = webhook::verify("linktor", &body[..], &headers, "invented-secret")?;
//! let data: serde_json::Value = event.data()?;
//! assert_eq!(data["content"], "Hello");
//! # Ok::<(), linktor::Error>(())
//! ```
//!
//! A [`Verifier`] keeps its keys and takes options; a [`Receiver`] also knows redeliveries.

mod answer;
#[cfg(feature = "axum")]
mod axum;
mod deduplicator;
mod event;
mod event_type;
mod headers;
mod keys;
mod received;
mod receiver;
mod scheme;
mod sign;
mod verifier;

use ::bytes::Bytes;

pub use self::answer::Answer;
#[cfg(feature = "axum")]
pub use self::axum::Receiving;
pub use self::deduplicator::{Begun, Deduplicator, MemoryDeduplicator};
pub use self::event::Event;
#[doc(hidden)]
pub use self::event::{Data, Head};
pub use self::event_type::EventType;
pub use self::headers::{Found, Headers};
pub use self::keys::Secrets;
pub use self::receiver::{Claim, Delivery, Receiver};
pub use self::scheme::{EventFields, Scheme, Signature, Version};
#[doc(hidden)]
pub use self::sign::signed;
pub use self::sign::{SignOptions, sign};
pub use self::verifier::{Verifier, VerifierBuilder};
use crate::error::{Error, ErrorKind};

/// The event of a delivery: [`Verifier::new`] and [`Verifier::verify`] in one.
pub fn verify<S, H>(scheme: S, body: impl Into<Bytes>, headers: &H, secrets: impl Into<Secrets>) -> Result<Event, Error>
where
    S: TryInto<Scheme>,
    Error: From<S::Error>,
    H: Headers + ?Sized,
{
    Verifier::new(scheme, secrets)?.verify(body, headers)
}

/// Whether a delivery is signed, and of now: [`Verifier::new`] and
/// [`Verifier::verify_signature`] in one.
pub fn verify_signature<S, H>(scheme: S, body: &[u8], headers: &H, secrets: impl Into<Secrets>) -> Result<(), Error>
where
    S: TryInto<Scheme>,
    Error: From<S::Error>,
    H: Headers + ?Sized,
{
    Verifier::new(scheme, secrets)?.verify_signature(body, headers)
}

/// Why a delivery whose body ended too early is refused; its code is `truncated`.
#[doc(hidden)]
pub fn truncated() -> Error {
    refused("truncated", "the body ended before it was whole")
}

fn refused(code: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::WebhookVerification, message).with_code(code)
}
