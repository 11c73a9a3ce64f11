//! Webhooks as JavaScript holds them.
//!
//! What is called for every delivery is made to cost little: a verifier is an external value
//! given to functions, since the receiver of a method is checked for five times as long;
//! headers come down, and what a delivery tells goes up, as one text instead of an array.

use linktor_bridge::{Answer, Begun, Data, Error, ErrorKind, MemoryDeduplicator, Verifier, WebhookEvent};
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

/// The longest body that a verifier takes, in bytes.
#[napi(catch_unwind)]
pub fn webhook_size_limit(verifier: &External<Held>) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "no body is so long")]
    Ok(held(verifier)?.size_limit() as f64)
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
    told(event, body)
}

/// The same, and what a deduplicator knows the event by, or nothing.
#[napi(catch_unwind)]
pub fn webhook_receive(verifier: &External<Held>, body: &[u8], headers: String) -> Result<(String, Option<String>)> {
    let (event, key) = held(verifier)?.receive(body, &pairs(&headers)).map_err(|error| thrown(&error))?;
    Ok((told(event, body)?, key))
}

fn told(event: WebhookEvent, body: &[u8]) -> Result<String> {
    let data = match event.data {
        Data::Span(span) => Some((units(&body[..span.start]), units(&body[..span.end]))),
        Data::Nothing => Some((0, 0)),
        Data::NotJson => None,
    };
    let told = (event.id, event.event_type, event.timestamp, event.organization, data);
    serde_json::to_string(&told).map_err(|error| thrown(&Error::new(ErrorKind::Internal, error.to_string())))
}

/// Refuses what need not be read; `headers` as of [`webhook_verify`].
#[napi(catch_unwind)]
pub fn webhook_admit(verifier: &External<Held>, method: String, headers: String) -> Result<()> {
    held(verifier)?.admit(&method, &pairs(&headers)).map_err(|error| thrown(&error))
}

/// Fails as a delivery does whose body ended too early.
#[napi(catch_unwind)]
pub fn webhook_truncated() -> Result<()> {
    Err(thrown(&linktor_bridge::truncated()))
}

/// An answer to a sender: status, headers, and body.
type Answered = (u16, Vec<Vec<&'static str>>, String);

/// What the sender gets of an event of which a deduplicator says this.
#[napi(catch_unwind)]
pub fn webhook_answer(begun: String) -> Result<Answered> {
    linktor_bridge::webhook_answer(&begun).map(answered).map_err(|error| thrown(&error))
}

/// What the sender gets of a delivery that was refused with this code, or whose
/// deduplicator failed.
#[napi(catch_unwind)]
pub fn webhook_refusal(code: Option<String>) -> Answered {
    answered(linktor_bridge::webhook_refusal(code.as_deref()))
}

fn answered(answer: Answer) -> Answered {
    let headers = answer.headers.into_iter().map(|(name, value)| vec![name, value]).collect();
    (answer.status, headers, answer.body)
}

/// Whether a handler that answers with this status has handled the event.
#[napi(catch_unwind)]
pub fn webhook_is_handled(status: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    Answer::is_handled(status as u16)
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
