//! Webhooks. Bodies are lent, and so are secrets and headers: packed into bytes, since
//! uniffi would copy a list of them one by one.

use std::sync::Arc;

use linktor_bridge::{Error, ErrorKind, MemoryDeduplicator};

use crate::client::Failure;
use crate::item::Span;

/// A verifier of one sender's deliveries.
#[derive(Debug, uniffi::Object)]
pub struct Verifier(linktor_bridge::Verifier);

#[uniffi::export]
impl Verifier {
    /// Makes a verifier from options as a JSON object, and secrets: see
    /// `linktor_bridge::Verifier::new`.
    #[uniffi::constructor]
    pub fn new(options: &str, secrets: &[u8]) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(linktor_bridge::Verifier::new(options, &unpack(secrets)?)?)))
    }

    /// The headers that it reads, in lower case; others need not cross.
    pub fn header_names(&self) -> Vec<String> {
        self.0.header_names().into_iter().map(str::to_owned).collect()
    }

    /// The event of a delivery. Headers are names and values in turn.
    pub fn verify(&self, body: &[u8], headers: &[u8]) -> Result<WebhookEvent, Failure> {
        Ok(self.0.verify(body, &pairs(headers)?)?.into())
    }

    /// Whether a delivery is signed, and of now.
    pub fn verify_signature(&self, body: &[u8], headers: &[u8]) -> Result<(), Failure> {
        Ok(self.0.verify_signature(body, &pairs(headers)?)?)
    }
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

impl From<linktor_bridge::WebhookEvent> for WebhookEvent {
    fn from(event: linktor_bridge::WebhookEvent) -> Self {
        let linktor_bridge::WebhookEvent { id, event_type, timestamp, organization, data } = event;
        Self { id, event_type, timestamp, organization, data: data.into() }
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
pub fn webhook_sign(options: &str, body: &[u8], secrets: &[u8]) -> Result<Vec<WebhookHeader>, Failure> {
    let headers = linktor_bridge::webhook_sign(options, body, &unpack(secrets)?)?;
    Ok(headers.into_iter().map(|(name, value)| WebhookHeader { name, value }).collect())
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
    pub fn begin(&self, id: &str) -> Result<String, Failure> {
        Ok(self.0.begin(id)?.as_str().to_owned())
    }

    /// The event was handled.
    pub fn commit(&self, id: &str) -> Result<(), Failure> {
        Ok(self.0.commit(id)?)
    }

    /// Handling it failed.
    pub fn release(&self, id: &str) -> Result<(), Failure> {
        Ok(self.0.release(id)?)
    }
}

type Pair<'a> = (&'a [u8], &'a [u8]);

/// What was packed: each after its length in four bytes, big-endian.
fn unpack(mut packed: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut unpacked = Vec::new();
    while !packed.is_empty() {
        unpacked.push(take(&mut packed)?);
    }
    Ok(unpacked)
}

/// The same in pairs.
fn pairs(mut packed: &[u8]) -> Result<Vec<Pair<'_>>, Error> {
    // Enough for what most senders and proxies send.
    let mut pairs = Vec::with_capacity(16);
    while !packed.is_empty() {
        pairs.push((take(&mut packed)?, take(&mut packed)?));
    }
    Ok(pairs)
}

fn take<'a>(packed: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let cut = packed.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest.split_at_checked(length)
    });
    let (taken, rest) = cut.ok_or_else(|| Error::new(ErrorKind::Internal, "what crossed is cut short"))?;
    *packed = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_in_order() {
        let packed = b"\0\0\0\x01a\0\0\0\0\0\0\0\x02\xffb\0\0\0\0";
        assert_eq!(unpack(packed).unwrap(), [&b"a"[..], b"", b"\xffb", b""]);
        assert_eq!(pairs(packed).unwrap(), [(&b"a"[..], &b""[..]), (b"\xffb", b"")]);
        assert!(unpack(b"").unwrap().is_empty() && pairs(b"").unwrap().is_empty());
    }

    #[test]
    fn what_is_cut_short_is_an_error_and_no_panic() {
        for packed in [&b"\0"[..], b"\0\0\0", b"\0\0\0\x02a", b"\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\x01"] {
            assert_eq!(unpack(packed).unwrap_err().kind(), ErrorKind::Internal, "{packed:?}");
            assert_eq!(pairs(packed).unwrap_err().kind(), ErrorKind::Internal, "{packed:?}");
        }
        assert_eq!(pairs(b"\0\0\0\0").unwrap_err().kind(), ErrorKind::Internal);
    }
}
