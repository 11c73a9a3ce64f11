//! Reading what a family wraps around its payloads and errors. Reading an error never
//! fails: what cannot be read falls back to the status and the text.

use std::collections::BTreeMap;
use std::time::SystemTime;

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Provider;
use crate::error::{Error, ErrorKind};
use crate::retry::hint;

/// The longest plain text that is taken as an error's message.
const LONGEST_MESSAGE: usize = 200;

/// Where a success keeps its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// These bytes of the body.
    Span(std::ops::Range<usize>),
    /// There is none: no body, or an envelope without data.
    Nothing,
    /// A list that the server wrote as `null`.
    EmptyList,
}

impl Provider {
    /// The payload of a success under the family's envelope, or the error (`api`) that
    /// the envelope reports.
    pub fn payload(&self, status: u16, body: &[u8]) -> Result<Payload, Error> {
        let text = json_text(body);
        if text.is_empty() {
            return Ok(Payload::Nothing);
        }
        let start = offset(body, text);
        let whole = Payload::Span(start..start + text.len());
        let Some(fields) = Fields::read(text) else { return Ok(whole) };
        if self.reports_failure(&fields) {
            return Err(self.error(status, &HeaderMap::new(), body, SystemTime::UNIX_EPOCH));
        }
        let is_envelope = fields.0.keys().all(|key| self.envelope.keys.iter().any(|known| known == key))
            && (fields.0.contains_key("data") || fields.flag("success").is_some());
        if !is_envelope {
            return Ok(whole);
        }
        match fields.0.get("data").map(|data| data.get()) {
            Some("null") if self.envelope.list_keys.iter().any(|key| fields.has(key)) => Ok(Payload::EmptyList),
            None | Some("null") => Ok(Payload::Nothing),
            Some(data) => {
                let start = offset(body, data.as_bytes());
                Ok(Payload::Span(start..start + data.len()))
            }
        }
    }

    fn reports_failure(&self, fields: &Fields<'_>) -> bool {
        let envelope = &self.envelope;
        let knows = |key: &str| envelope.keys.iter().any(|known| known == key);
        (knows("success") && fields.flag("success") == Some(false))
            || fields.text("status").is_some_and(|status| envelope.failed_status.contains(&status.to_ascii_lowercase()))
    }

    /// The error that an answer reports.
    pub(crate) fn error(&self, status: u16, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Error {
        let json = serde_json::from_slice::<Value>(json_text(body)).ok();
        let text_at = |pointers: &[String]| {
            let json = json.as_ref()?;
            pointers
                .iter()
                .find_map(|pointer| json.pointer(pointer)?.as_str().filter(|text| !text.trim().is_empty()))
                .map(str::to_owned)
        };
        let message = text_at(&self.errors.message).or_else(|| plain_text(headers, body)).unwrap_or_else(|| {
            let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
            format!("HTTP {status} {}", reason.unwrap_or_default()).trim_end().to_owned()
        });
        let details = json.as_ref().and_then(|json| {
            self.errors.details.iter().find_map(|pointer| json.pointer(pointer).filter(|found| !found.is_null()))
        });
        let retry_after = hint::read(status, headers, json.as_ref(), &self.errors.retry_after, &message, now);
        let mut error =
            Error::new(ErrorKind::of_status(status), message).with_answer(status, details.cloned(), retry_after, body);
        if let Some(code) = text_at(&self.errors.code) {
            error = error.with_code(code);
        }
        error
    }
}

/// A short body that is said to be plain text (or not said to be anything else).
fn plain_text(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_none_or(|kind| kind.starts_with("text/plain")) {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_prose = !text.is_empty()
        && text.chars().count() <= LONGEST_MESSAGE
        && !text.starts_with(['<', '{', '[', '"'])
        && !text.contains(|c: char| c.is_control() && c != '\n')
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err();
    is_prose.then(|| text.to_owned())
}

/// The top level of a JSON object, unparsed below.
#[derive(Deserialize)]
#[serde(transparent)]
struct Fields<'a>(#[serde(borrow)] BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        if text.first() == Some(&b'{') { serde_json::from_slice(text).ok() } else { None }
    }

    /// Whether the key is there, and not `null`.
    fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| value.get() != "null")
    }

    fn flag(&self, key: &str) -> Option<bool> {
        serde_json::from_str(self.0.get(key)?.get()).ok()
    }

    fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.0.get(key)?.get()).ok()
    }
}

/// The JSON of a body, without white space and byte order mark around it.
pub(crate) fn json_text(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii()
}

/// A JSON text whose values are looked up as they stand in it.
pub(super) struct Document<'a> {
    whole: &'a RawValue,
    fields: Option<Fields<'a>>,
}

impl<'a> Document<'a> {
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        Some(Self { whole: serde_json::from_slice(text).ok()?, fields: Fields::read(text) })
    }

    /// The value at a JSON pointer (RFC 6901) through objects.
    pub(super) fn at(&self, pointer: &str) -> Option<&'a RawValue> {
        let mut keys = pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~"));
        let Some(first) = keys.next() else { return Some(self.whole) };
        let found = *self.fields.as_ref()?.0.get(&first)?;
        keys.try_fold(found, |found, key| Fields::read(found.get().as_bytes())?.0.get(&key).copied())
    }

    /// The first of several pointers that finds a `T`.
    pub(super) fn value_at<T: DeserializeOwned>(&self, pointers: &[String]) -> Option<T> {
        pointers.iter().find_map(|pointer| serde_json::from_str(self.at(pointer)?.get()).ok())
    }
}

/// Where `part`, a slice of `whole`, begins.
pub(super) fn offset(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}
