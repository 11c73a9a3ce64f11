//! Webhooks as JavaScript holds them.
//!
//! What is called for every delivery is made to cost little: a verifier is an external value
//! given to functions, since the receiver of a method is checked for five times as long;
//! headers come down, and what a delivery tells goes up, as one text instead of an array.

use linktor_bridge::{Begun, Data, Error, ErrorKind, MemoryDeduplicator, Verifier};
use napi::bindgen_prelude::{External, Uint8Array};
use napi_derive::napi;

use crate::client::units;
use crate::{Result, thrown};

/// A verifier, until it is let go of: what holds it is freed after the turn at the earliest.
pub(crate) type Held = Option<Box<Verifier>>;

/// Makes a verifier from its options as JSON.
#[napi(catch_unwind)]
pub fn webhook_verifier(options: String, secrets: Vec<Uint8Array>) -> Result<External<Held>> {
    let verifier = Verifier::new(&options, &secrets).map_err(|error| thrown(&error))?;
    Ok(External::new(Some(Box::new(verifier))))
}

/// Frees a verifier, which verifies nothing from then on.
#[napi(catch_unwind)]
pub fn webhook_let_go(verifier: &mut External<Held>) {
    **verifier = None;
}

/// The names of the headers that a verifier reads, in lower case.
#[napi(catch_unwind)]
pub fn webhook_header_names(verifier: &External<Held>) -> Result<Vec<&str>> {
    Ok(held(verifier)?.header_names())
}

/// What a delivery tells, as a JSON list: id, type, epoch seconds and organization, `null`
/// for those that there are not; then where in its body the data begins and ends, in UTF-16
/// units: nowhere (0 and 0) if there is none, and `null` for a body that is not JSON.
///
/// `headers` are names and values in turn, each ended by a line feed, of which none holds one;
/// those that the verifier does not read need not be there.
#[napi(catch_unwind)]
pub fn webhook_verify(verifier: &External<Held>, body: &[u8], headers: String) -> Result<String> {
    let event = held(verifier)?.verify(body, &pairs(&headers)).map_err(|error| thrown(&error))?;
    let data = match event.data {
        Data::Span(span) => Some((units(&body[..span.start]), units(&body[..span.end]))),
        Data::Nothing => Some((0, 0)),
        Data::NotJson => None,
    };
    let told = (event.id, event.event_type, event.timestamp, event.organization, data);
    serde_json::to_string(&told).map_err(|error| thrown(&Error::new(ErrorKind::Internal, error.to_string())))
}

/// Whether a delivery is signed, and of now; `headers` as of [`webhook_verify`].
#[napi(catch_unwind)]
pub fn webhook_verify_signature(verifier: &External<Held>, body: &[u8], headers: String) -> Result<()> {
    held(verifier)?.verify_signature(body, &pairs(&headers)).map_err(|error| thrown(&error))
}

/// The headers of a delivery, as pairs of name and value; the options are JSON.
#[napi(catch_unwind)]
pub fn webhook_sign(options: String, body: &[u8], secrets: Vec<Uint8Array>) -> Result<Vec<Vec<String>>> {
    let headers = linktor_bridge::webhook_sign(&options, body, &secrets).map_err(|error| thrown(&error))?;
    Ok(headers.into_iter().map(|(name, value)| vec![name, value]).collect())
}

fn held(verifier: &External<Held>) -> Result<&Verifier> {
    verifier.as_deref().ok_or_else(|| thrown(&Error::new(ErrorKind::Internal, "the verifier was let go of")))
}

fn pairs(headers: &str) -> Vec<(&str, &str)> {
    let mut lines = headers.split_terminator('\n');
    let mut pairs = Vec::with_capacity(4);
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        pairs.push((name, value));
    }
    pairs
}

/// Events that were handled, in memory.
#[napi]
pub struct Deduplicator {
    deduplicator: MemoryDeduplicator,
}

#[napi]
impl Deduplicator {
    /// Makes a deduplicator of so many ids.
    #[napi(constructor, catch_unwind)]
    pub fn new(capacity: Option<f64>) -> Result<Self> {
        let deduplicator = linktor_bridge::deduplicator(capacity).map_err(|error| thrown(&error))?;
        Ok(Self { deduplicator })
    }

    /// Claims an event: `new`, `in_progress` or `done`.
    #[napi(catch_unwind)]
    pub fn begin(&self, id: String) -> Result<&'static str> {
        self.deduplicator.begin(&id).map(Begun::as_str).map_err(|error| thrown(&error))
    }

    /// The event was handled.
    #[napi(catch_unwind)]
    pub fn commit(&self, id: String) -> Result<()> {
        self.deduplicator.commit(&id).map_err(|error| thrown(&error))
    }

    /// Handling the event failed.
    #[napi(catch_unwind)]
    pub fn release(&self, id: String) -> Result<()> {
        self.deduplicator.release(&id).map_err(|error| thrown(&error))
    }
}
