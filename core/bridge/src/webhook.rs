//! Webhooks: verifying and signing, with schemes and options as JSON, and secrets, bodies
//! and headers as they are.

use std::time::{Instant, SystemTime};

use linktor::webhook::{self, Answer, Begun, Data, Head, MemoryDeduplicator, Scheme, Secrets, SignOptions};
use linktor::{Clock, Error, ErrorKind, Provider};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::auth::{duration, time};
use crate::options::{named, whole};

/// A verifier of one sender's deliveries.
#[derive(Debug)]
pub struct Verifier(webhook::Verifier);

/// A verified event; its body stays with the caller.
#[derive(Debug, Clone)]
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
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Verify {
    scheme: Value,
    tolerance: Option<f64>,
    size_limit: Option<f64>,
    now: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sign {
    scheme: Value,
    id: Option<String>,
    timestamp: Option<f64>,
}

impl Verifier {
    /// Makes a verifier: `{"scheme", "tolerance"?, "size_limit"?, "now"?}`, times in
    /// seconds. A scheme is a name, or the document of a scheme or of a provider.
    pub fn new(options: &str, secrets: &[impl AsRef<[u8]>]) -> Result<Self, Error> {
        let given: Verify = read(options, "a webhook verifier")?;
        let mut builder = webhook::Verifier::builder(scheme(given.scheme)?, secrets);
        if let Some(tolerance) = given.tolerance {
            builder = builder.tolerance(duration("tolerance", tolerance)?);
        }
        if let Some(limit) = given.size_limit {
            builder = builder.size_limit(count("size_limit", limit)?);
        }
        if let Some(now) = given.now {
            builder = builder.clock(Stopped(time("now", now)?));
        }
        Ok(Self(builder.build()?))
    }

    /// The headers that it reads, in lower case; others need not cross.
    pub fn header_names(&self) -> Vec<&str> {
        self.0.header_names()
    }

    /// Whether a body of so many bytes is looked at: ask before it is copied.
    pub fn check_size(&self, bytes: usize) -> Result<(), Error> {
        self.0.check_size(bytes)
    }

    /// The event of a delivery.
    pub fn verify<N, V>(&self, body: &[u8], headers: &[(N, V)]) -> Result<WebhookEvent, Error>
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        self.0.head(body, headers).map(WebhookEvent::from)
    }

    /// The same, for a receiver: with what a deduplicator knows the event by.
    pub fn receive<N, V>(&self, body: &[u8], headers: &[(N, V)]) -> Result<(WebhookEvent, Option<String>), Error>
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        let head = self.0.head(body, headers)?;
        let key = head.deduplication_key(body);
        Ok((head.into(), key))
    }

    /// Refuses what need not be read: ask before the body is. Its error is answered by
    /// [`webhook_refusal`], as that of `receive` is.
    pub fn admit<N, V>(&self, method: &str, headers: &[(N, V)]) -> Result<(), Error>
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        self.0.admit(method, headers)
    }

    /// The longest body that it takes, in bytes.
    pub fn size_limit(&self) -> usize {
        self.0.size_limit()
    }

    /// Whether a delivery is signed, and of now.
    pub fn verify_signature<N, V>(&self, body: &[u8], headers: &[(N, V)]) -> Result<(), Error>
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]>,
    {
        self.0.verify_signature(body, headers)
    }
}

impl From<Head> for WebhookEvent {
    fn from(head: Head) -> Self {
        let timestamp = head.timestamp.map(|time| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        });
        Self {
            id: head.id,
            event_type: head.event_type.map(|name| name.as_str().to_owned()),
            timestamp,
            organization: head.organization,
            data: head.data,
        }
    }
}

/// What the sender gets, where the handler says nothing else, of an event of which a
/// deduplicator says this: `new`, `in_progress` or `done`.
pub fn webhook_answer(begun: &str) -> Result<Answer, Error> {
    let known = [Begun::New, Begun::InProgress, Begun::Done].into_iter().find(|one| one.as_str() == begun);
    let wrong = || Error::new(ErrorKind::Callback, "a deduplicator's begin must return new, in_progress or done");
    known.map(Answer::to_event).ok_or_else(wrong)
}

/// What the sender gets, of a delivery that was refused with this code; `None` where it
/// was the deduplicator that failed.
pub fn webhook_refusal(code: Option<&str>) -> Answer {
    let failed = || Answer::to_error(&Error::new(ErrorKind::Callback, "the webhook deduplicator failed"));
    code.map_or_else(failed, Answer::to_refusal)
}

/// The headers, as names and values, with which a sender would deliver a body:
/// `{"scheme", "id"?, "timestamp"?}`, the time in epoch seconds.
pub fn webhook_sign(options: &str, body: &[u8], secrets: &[impl AsRef<[u8]>]) -> Result<Vec<(String, String)>, Error> {
    let given: Sign = read(options, "a webhook signature")?;
    let timestamp = given.timestamp.map(|at| time("timestamp", at)).transpose()?;
    webhook::signed(&scheme(given.scheme)?, body, &Secrets::from(secrets), &SignOptions { id: given.id, timestamp })
}

/// A deduplicator of this process that remembers so many events, or as many as it does by
/// default.
pub fn deduplicator(capacity: Option<f64>) -> Result<MemoryDeduplicator, Error> {
    match capacity {
        Some(capacity) => MemoryDeduplicator::with_capacity(count("capacity", capacity)?),
        None => Ok(MemoryDeduplicator::new()),
    }
}

/// A clock that stands still.
struct Stopped(SystemTime);

impl Clock for Stopped {
    fn monotonic(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        self.0
    }
}

fn scheme(given: Value) -> Result<Scheme, Error> {
    match given {
        Value::String(name) => Scheme::named(&name),
        Value::Object(document) if document.contains_key("credentials") => {
            Scheme::try_from(&Provider::from_json(&Value::from(document).to_string())?)
        }
        Value::Object(document) => Scheme::from_json(&Value::from(document).to_string()),
        _ => Err(Error::new(
            ErrorKind::Config,
            "a webhook scheme is a name, or the document of a scheme or of a provider",
        )),
    }
}

fn count(name: &str, number: f64) -> Result<usize, Error> {
    whole(name, number).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

fn read<T: DeserializeOwned>(json: &str, of: &str) -> Result<T, Error> {
    named(json, of).map_err(|message| Error::new(ErrorKind::Config, message))
}
