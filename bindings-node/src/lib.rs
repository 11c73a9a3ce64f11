//! The Node.js binding: translates the waist (`linktor-bridge`) into what
//! `ts/native.ts` describes. It decides nothing.
//!
//! A client and its handles have one port and one weak thread-safe function. The function
//! carries no data: it wakes JavaScript, which drains all that is there in one call.

// Node-API hands strings over owned.
#![allow(clippy::needless_pass_by_value)]

mod batch;
mod client;
mod question;
mod rate_limit;
mod webhook;

use linktor_bridge::{Error, ErrorRecord};
use napi::Status;
use napi_derive::napi;

pub use crate::client::Client;
pub use crate::question::{answer, answer_response, fail, fail_sending, forgotten};
pub use crate::webhook::{
    Deduplicator, webhook_admit, webhook_answer, webhook_header_names, webhook_is_handled, webhook_let_go,
    webhook_receive, webhook_refusal, webhook_sign, webhook_size_limit, webhook_truncated, webhook_verifier,
    webhook_verify, webhook_verify_signature,
};

/// The `code` of JavaScript errors whose message is an [`ErrorRecord`] as JSON.
pub struct Record;

impl AsRef<str> for Record {
    fn as_ref(&self) -> &'static str {
        "LINKTOR_RECORD"
    }
}

impl From<Status> for Record {
    fn from(_: Status) -> Self {
        Self
    }
}

type Result<T> = std::result::Result<T, napi::Error<Record>>;

fn thrown(error: &Error) -> napi::Error<Record> {
    napi::Error::new(Record, ErrorRecord::from(error).to_json())
}

/// Signs a JWT whose claims and options are given as JSON.
#[napi(catch_unwind)]
pub fn jwt_sign(json: String) -> Result<String> {
    linktor_bridge::jwt_sign(&json).map_err(|error| thrown(&error))
}

/// The claims of a JWT, as JSON; it and what is asked of it are given as JSON.
#[napi(catch_unwind)]
pub fn jwt_verify(json: String) -> Result<String> {
    linktor_bridge::jwt_verify(&json).map_err(|error| thrown(&error))
}

/// The whole document of a provider, from the JSON of its name or of a document.
#[napi(catch_unwind)]
pub fn provider(json: String) -> Result<String> {
    linktor_bridge::provider(&json).map_err(|error| thrown(&error))
}
