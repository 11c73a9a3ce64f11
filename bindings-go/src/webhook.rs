//! Webhooks. Bodies are lent, and so are secrets and headers: packed into bytes, since
//! uniffi would copy a list of them one by one.

use std::sync::Arc;

use linktor_bridge::MemoryDeduplicator;

use crate::client::{Failure, text};
use crate::item::Span;
use crate::packed;

/// A verifier of one sender's deliveries.
#[derive(Debug, uniffi::Object)]
pub struct Verifier(linktor_bridge::Verifier);

#[uniffi::export]
impl Verifier {
    /// Makes a verifier from options as a JSON object, and secrets: see
    /// `linktor_bridge::Verifier::new`.
    #[uniffi::constructor]
    pub fn new(options: &[u8], secrets: &[u8]) -> Result<Arc<Self>, Failure> {
        let options = text("the options", options)?;
        Ok(Arc::new(Self(linktor_bridge::Verifier::new(options, &packed::list(secrets)?)?)))
    }

    /// What is to be known of it before a delivery is read.
    pub fn facts(&self) -> VerifierFacts {
        let header_names = self.0.header_names().into_iter().map(str::to_owned).collect();
        VerifierFacts { header_names, size_limit: self.0.size_limit() as u64 }
    }

    /// Refuses what need not be read. Headers are names and values in turn.
    pub fn admit(&self, method: &[u8], headers: &[u8]) -> Result<(), Failure> {
        // No method that is not UTF-8 is the one that is admitted.
        let method = std::str::from_utf8(method).unwrap_or_default();
        Ok(self.0.admit(method, &packed::pairs(headers)?)?)
    }

    /// The event of a delivery.
    pub fn verify(&self, body: &[u8], headers: &[u8]) -> Result<WebhookEvent, Failure> {
        Ok(WebhookEvent::of(self.0.verify(body, &packed::pairs(headers)?)?, None))
    }

    /// The same, with what a deduplicator knows the event by.
    pub fn receive(&self, body: &[u8], headers: &[u8]) -> Result<WebhookEvent, Failure> {
        let (event, key) = self.0.receive(body, &packed::pairs(headers)?)?;
        Ok(WebhookEvent::of(event, key))
    }

    /// Whether a delivery is signed, and of now.
    pub fn verify_signature(&self, body: &[u8], headers: &[u8]) -> Result<(), Failure> {
        Ok(self.0.verify_signature(body, &packed::pairs(headers)?)?)
    }
}

/// What is to be known of a verifier.
#[derive(Debug, uniffi::Record)]
pub struct VerifierFacts {
    /// The headers that it reads, in lower case; others need not cross.
    pub header_names: Vec<String>,
    /// The longest body that it takes, in bytes.
    pub size_limit: u64,
}

/// A verified event; its body is Go's.
#[derive(Debug, uniffi::Record)]
pub struct WebhookEvent {
    /// The event's id.
    pub id: Option<String>,
    /// Its type.
    pub event_type: Option<String>,
    /// Epoch seconds of its time.
    pub timestamp: Option<f64>,
    /// Its organization or tenant.
    pub organization: Option<String>,
    /// Where in the body its data is.
    pub data: Data,
    /// What a deduplicator knows it by, if that was asked for and there is something.
    pub key: Option<String>,
}

/// Where an event's data is.
#[derive(Debug, uniffi::Enum)]
pub enum Data {
    /// In these bytes of the body.
    Span {
        /// The bytes.
        span: Span,
    },
    /// Nowhere.
    Nothing,
    /// The body is not JSON.
    NotJson,
}

impl From<linktor_bridge::Data> for Data {
    fn from(data: linktor_bridge::Data) -> Self {
        match data {
            linktor_bridge::Data::Span(range) => Self::Span { span: range.into() },
            linktor_bridge::Data::Nothing => Self::Nothing,
            linktor_bridge::Data::NotJson => Self::NotJson,
        }
    }
}

impl WebhookEvent {
    fn of(event: linktor_bridge::WebhookEvent, key: Option<String>) -> Self {
        let linktor_bridge::WebhookEvent { id, event_type, timestamp, organization, data } = event;
        Self { id, event_type, timestamp, organization, data: data.into(), key }
    }
}

/// A header to be sent.
#[derive(Debug, uniffi::Record)]
pub struct WebhookHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Signs a delivery, from options as a JSON object: see `linktor_bridge::webhook_sign`.
#[uniffi::export]
pub fn webhook_sign(options: &[u8], body: &[u8], secrets: &[u8]) -> Result<Vec<WebhookHeader>, Failure> {
    let headers = linktor_bridge::webhook_sign(text("the options", options)?, body, &packed::list(secrets)?)?;
    Ok(headers.into_iter().map(|(name, value)| WebhookHeader { name, value }).collect())
}

/// What a sender gets.
#[derive(Debug, uniffi::Record)]
pub struct WebhookAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<WebhookHeader>,
    /// Text.
    pub body: String,
}

impl From<linktor_bridge::Answer> for WebhookAnswer {
    fn from(answer: linktor_bridge::Answer) -> Self {
        let header = |(name, value): (&str, &str)| WebhookHeader { name: name.to_owned(), value: value.to_owned() };
        Self { status: answer.status, headers: answer.headers.into_iter().map(header).collect(), body: answer.body }
    }
}

/// What the sender gets of an event that is `new`, `in_progress` or `done`, where no handler
/// says anything else: see `linktor_bridge::webhook_answer`.
#[uniffi::export]
pub fn webhook_answer(begun: &[u8]) -> Result<WebhookAnswer, Failure> {
    Ok(linktor_bridge::webhook_answer(&String::from_utf8_lossy(begun))?.into())
}

/// What the sender gets of a delivery that was refused with this code; none, where the
/// deduplicator failed: see `linktor_bridge::webhook_refusal`.
#[uniffi::export]
pub fn webhook_refusal(code: Option<String>) -> WebhookAnswer {
    linktor_bridge::webhook_refusal(code.as_deref()).into()
}

/// Whether a handler that answers with this status has handled the event.
#[uniffi::export]
pub fn webhook_is_handled(status: u16) -> bool {
    linktor_bridge::Answer::is_handled(status)
}

/// Which events were handled, in this process.
#[derive(Debug, uniffi::Object)]
pub struct Deduplicator(MemoryDeduplicator);

#[uniffi::export]
impl Deduplicator {
    /// One that remembers so many events, or as many as it does by default.
    #[uniffi::constructor]
    #[expect(clippy::cast_precision_loss, reason = "no capacity is so large")]
    pub fn new(capacity: Option<i64>) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(linktor_bridge::deduplicator(capacity.map(|events| events as f64))?)))
    }

    /// Claims an event: `new`, `in_progress` or `done`.
    pub fn begin(&self, id: &[u8]) -> Result<String, Failure> {
        Ok(self.0.begin(text("the id", id)?)?.as_str().to_owned())
    }

    /// The event was handled.
    pub fn commit(&self, id: &[u8]) -> Result<(), Failure> {
        Ok(self.0.commit(text("the id", id)?)?)
    }

    /// Handling it failed.
    pub fn release(&self, id: &[u8]) -> Result<(), Failure> {
        Ok(self.0.release(text("the id", id)?)?)
    }
}
