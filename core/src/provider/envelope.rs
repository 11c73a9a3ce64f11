//! Reading what a family wraps around its payloads and errors. Reading an error never
//! fails: what cannot be read falls back to the status and the text.

use std::time::SystemTime;

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::Provider;
use crate::document::{Fields, json_text, offset};
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
        let is_envelope = fields.keys().all(|key| self.envelope.keys.iter().any(|known| known == key))
            && (fields.get("data").is_some() || fields.flag("success").is_some());
        if !is_envelope {
            return Ok(whole);
        }
        match fields.get("data") {
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
