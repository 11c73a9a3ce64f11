//! An error as it crosses the waist: one record, the same for every language.

use std::error::Error as StdError;

use linktor::{Error, ErrorKind};
use serde::Serialize;
use serde_json::Value;

use crate::upcall::Foreign;

/// All that is known of a failure. Bindings map `kind` to a class of their own.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorRecord {
    /// The kind's name.
    pub kind: ErrorKind,
    /// One line with everything that helps to find it, for people.
    pub display: String,
    /// What happened, in words.
    pub message: String,
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's code, or the client's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What the server says besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// The request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Seconds that the server asks to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<f64>,
    /// How many times the request was sent.
    pub attempts: u32,
    /// Seconds that the call waited in all.
    pub waited: f64,
    /// `no`, `maybe` or `yes`: may the server have acted?
    pub sent: &'static str,
    /// The request's method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The request's path, without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The first 4 KiB of the answer's body, as text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The error of the SDK that it comes from: a server's answer before a deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<ErrorRecord>>,
    /// What it comes from otherwise, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The question whose answer failed: the binding knows the native error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upcall: Option<u64>,
}

impl ErrorRecord {
    /// The record as a JSON object.
    pub fn to_json(&self) -> String {
        // A record of texts and numbers always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<&Error> for ErrorRecord {
    fn from(error: &Error) -> Self {
        let mut record = Self {
            kind: error.kind(),
            display: error.to_string(),
            message: error.message().to_owned(),
            status: error.status(),
            code: error.code().map(str::to_owned),
            details: error.details().cloned(),
            request_id: error.request_id().map(str::to_owned),
            retry_after: error.retry_after().map(|wait| wait.as_secs_f64()),
            attempts: error.attempts(),
            waited: error.waited().as_secs_f64(),
            sent: error.sent().as_str(),
            method: error.method().map(ToString::to_string),
            path: error.path().map(str::to_owned),
            body: String::from_utf8_lossy(error.body()).into_owned(),
            cause: None,
            reason: None,
            upcall: None,
        };
        if let Some(source) = error.source() {
            if let Some(cause) = source.downcast_ref::<Error>() {
                record.cause = Some(Box::new(cause.into()));
            } else if let Some(foreign) = source.downcast_ref::<Foreign>() {
                record.upcall = Some(foreign.upcall);
                record.reason = Some(foreign.to_string());
            } else {
                let chain = std::iter::successors(Some(source), |&error| error.source());
                record.reason = Some(chain.map(ToString::to_string).collect::<Vec<_>>().join(": "));
            }
        }
        record
    }
}
