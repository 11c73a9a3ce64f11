//! An event: what a verified delivery tells.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base16ct::HexDisplay;
use bytes::Bytes;
use http::HeaderName;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::event_type::EventType;
use super::headers::{Found, Headers};
use super::received::trimmed;
use super::scheme::{Scheme, Signature, is_pointer};
use crate::document::{Document, Pointer, json_text, offset};
use crate::error::{Error, ErrorKind};
use crate::header::is_printable;

/// From here on a number is no time in seconds (the year 5138), but in milliseconds.
const MILLISECONDS: u64 = 100_000_000_000;

/// An event that a sender delivered, and that was verified. Its `Debug` shows no data.
#[derive(Clone)]
pub struct Event {
    pub(super) head: Arc<Head>,
    pub(super) body: Bytes,
}

/// What an event tells but for its data.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Head {
    pub id: Option<String>,
    pub event_type: Option<EventType>,
    pub timestamp: Option<SystemTime>,
    pub organization: Option<String>,
    pub data: Data,
    /// Whether the id is part of what was signed.
    pub is_id_signed: bool,
}

/// Where an event's data is.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In these bytes of the body.
    Span(Range<usize>),
    /// Nowhere.
    Nothing,
    /// The body is not JSON.
    NotJson,
}

impl Event {
    /// The event's id, the same in every redelivery. `None` where the sender gives none,
    /// or an empty one.
    pub fn id(&self) -> Option<&str> {
        self.head.id.as_deref()
    }

    /// The event's type.
    pub fn event_type(&self) -> Option<&EventType> {
        self.head.event_type.as_ref()
    }

    /// When it happened, as the sender says. `None` where he does not, or not as a time.
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.head.timestamp
    }

    /// The organization or tenant that it belongs to, where the sender says so.
    pub fn organization(&self) -> Option<&str> {
        self.head.organization.as_deref()
    }

    /// Its data, parsed; a `decode` error if the body is not JSON, or not that of a `T`.
    /// Data that is not there reads as `null`, which an `Option` takes.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let json = match &self.head.data {
            Data::Span(span) => &self.body[span.clone()],
            Data::Nothing => b"null",
            Data::NotJson => return Err(Error::new(ErrorKind::Decode, "the event's body is not JSON")),
        };
        // The parser's own words quote the data.
        serde_json::from_slice(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let message = format!("the event's data is not the JSON that was expected (line {line}, column {column})");
            Error::new(ErrorKind::Decode, message)
        })
    }

    /// The body as it came.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// What a [`Deduplicator`](super::Deduplicator) knows it by: its id, together with a
    /// hash of the body where the id is not signed. `None` where it has no id.
    pub fn deduplication_key(&self) -> Option<String> {
        self.head.deduplication_key(&self.body)
    }
}

impl Head {
    /// [`Event::deduplication_key`], of this body.
    pub fn deduplication_key(&self, body: &[u8]) -> Option<String> {
        let id = self.id.as_deref()?;
        if self.is_id_signed {
            return Some(id.to_owned());
        }
        let hash = Sha256::digest(body);
        Some(format!("{id} {:x}", HexDisplay(&hash)))
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.head.id)
            .field("event_type", &self.head.event_type)
            .field("timestamp", &self.head.timestamp)
            .field("organization", &self.head.organization)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// The places of an event's fields, made ready.
pub(super) struct Places {
    /// Nowhere but where the signed id is.
    id: Option<Vec<Place>>,
    event_type: Vec<Place>,
    timestamp: Vec<Place>,
    organization: Vec<Place>,
    data: Vec<Pointer>,
}

enum Place {
    Body(Pointer),
    Header(HeaderName),
}

impl Places {
    /// The places of a scheme that was checked.
    pub(super) fn of(scheme: &Scheme) -> Self {
        let all = |places: &[String]| places.iter().filter_map(|place| Place::of(place)).collect();
        let fields = &scheme.event;
        let id = match (&fields.id, &scheme.signature) {
            (None, Signature::StandardWebhooks { .. }) => None,
            (None, Signature::Hmac { .. }) => Some(vec![Place::Body("/id".into())]),
            (Some(places), _) => Some(all(places)),
        };
        Self {
            id,
            event_type: all(&fields.event_type),
            timestamp: all(&fields.timestamp),
            organization: all(&fields.organization),
            data: fields.data.iter().map(|place| place.as_str().into()).collect(),
        }
    }

    /// The headers among them.
    pub(super) fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        let all = [self.id.as_deref().unwrap_or_default(), &self.event_type, &self.timestamp, &self.organization];
        all.into_iter().flatten().filter_map(|place| match place {
            Place::Header(name) => Some(name),
            Place::Body(_) => None,
        })
    }

    /// `id` is the one that is signed, if one is.
    pub(super) fn read<H: Headers + ?Sized>(&self, body: &[u8], headers: &H, id: Option<&[u8]>) -> Head {
        let document = Document::read(json_text(body));
        let found = Source { document: document.as_ref(), headers };
        let data = match &document {
            None => Data::NotJson,
            Some(document) => match self.data.iter().find_map(|place| document.at(place)) {
                None | Some("null") => Data::Nothing,
                Some(data) => {
                    let start = offset(body, data.as_bytes());
                    Data::Span(start..start + data.len())
                }
            },
        };
        let (id, is_id_signed) = match &self.id {
            Some(places) => {
                match found.first(places, |raw, place| Some((id_of(raw)?, matches!(place, Place::Body(_))))) {
                    Some((id, is_signed)) => (Some(id), is_signed),
                    None => (None, false),
                }
            }
            None => (id.and_then(text), true),
        };
        Head {
            id,
            event_type: found.first(&self.event_type, |raw, _| string(raw)).map(EventType::from),
            timestamp: found.first(&self.timestamp, |raw, _| time(raw)),
            organization: found.first(&self.organization, |raw, _| id_of(raw)),
            data,
            is_id_signed,
        }
    }
}

impl Place {
    fn of(place: &str) -> Option<Self> {
        if is_pointer(place) {
            return Some(Self::Body(place.into()));
        }
        HeaderName::from_bytes(place.as_bytes()).ok().map(Self::Header)
    }
}

/// A delivery, to be looked through for fields.
struct Source<'a, H: ?Sized> {
    document: Option<&'a Document<'a>>,
    headers: &'a H,
}

impl<H: Headers + ?Sized> Source<'_, H> {
    /// The first place that holds something that can be read.
    fn first<T>(&self, places: &[Place], read: impl Fn(&str, &Place) -> Option<T>) -> Option<T> {
        places.iter().find_map(|place| match place {
            Place::Body(pointer) => read(self.document?.at(pointer)?, place),
            Place::Header(name) => match self.headers.under(name) {
                // As the JSON of a text: what a header holds is no number.
                Found::One(value) => read(&serde_json::to_string(&text(value)?).ok()?, place),
                Found::Nothing | Found::Several => None,
            },
        })
    }
}

/// A text, or a number as it is written.
fn id_of(raw: &str) -> Option<String> {
    let is_number = raw.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    if is_number { Some(raw.to_owned()) } else { string(raw) }
}

/// A header's value that is more than white space and all visible.
fn text(value: &[u8]) -> Option<String> {
    let value = std::str::from_utf8(trimmed(value)).ok()?;
    (!value.is_empty() && is_printable(value.as_bytes())).then(|| value.to_owned())
}

/// The text of a JSON string that is more than white space.
fn string(raw: &str) -> Option<String> {
    serde_json::from_str::<String>(raw).ok().filter(|text| !text.trim().is_empty())
}

/// RFC 3339 text, or epoch seconds or milliseconds as a number or its digits.
fn time(raw: &str) -> Option<SystemTime> {
    let text = string(raw);
    if let Some(text) = &text
        && !text.bytes().all(|byte| byte.is_ascii_digit())
    {
        return text.parse::<Timestamp>().ok().filter(|_| is_rfc_3339(text)).map(Into::into);
    }
    let number = text.as_deref().unwrap_or(raw);
    let since_epoch = match number.parse::<u64>() {
        Ok(milliseconds @ MILLISECONDS..) => Duration::from_millis(milliseconds),
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let seconds: f64 = number.parse().ok().filter(|number: &f64| number.is_finite())?;
            #[expect(clippy::cast_precision_loss, reason = "a threshold")]
            let divisor = if seconds >= MILLISECONDS as f64 { 1e3 } else { 1.0 };
            Duration::try_from_secs_f64(seconds / divisor).ok()?
        }
    };
    let time = SystemTime::UNIX_EPOCH.checked_add(since_epoch)?;
    Timestamp::try_from(time).ok().map(|_| time)
}

/// Whether a time that can be read is written as RFC 3339 writes it: the parser knows more
/// of ISO 8601.
fn is_rfc_3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_at = |place: usize, any: &[u8]| bytes.get(place).is_some_and(|byte| any.contains(byte));
    let end = bytes.len();
    let has_offset = is_at(end - 1, b"Zz") || (end > 6 && is_at(end - 6, b"+-") && is_at(end - 3, b":"));
    is_at(4, b"-") && is_at(7, b"-") && is_at(10, b"Tt ") && is_at(13, b":") && is_at(16, b":") && has_offset
}
