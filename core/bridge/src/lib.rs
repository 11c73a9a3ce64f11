//! The waist: what every language binding of the SDK stands on, said once.
//!
//! Down go requests ([`Client::submit`], [`Client::cancel`]) and answers to questions
//! ([`answer`], [`fail`]); up come completions and questions ([`Port::drain`]), in
//! batches, after the port's `wake` was called. A binding translates these into its
//! language's futures, names and types, and decides nothing.

#![forbid(unsafe_code)]

mod auth;
mod client;
mod event;
#[cfg(target_os = "linux")]
mod event_fd;
mod function;
mod options;
mod port;
mod process;
mod provider;
mod record;
mod runtime;
mod upcall;
mod webhook;

pub use linktor::webhook::{Answer, Begun, Data, MemoryDeduplicator, truncated};
pub use linktor::{Error, ErrorKind, HeaderMap, HeaderValue, Payload, RateLimit, Request, Response, TransportFailure};

pub use crate::auth::{AuthCall, jwt_sign, jwt_verify};
pub use crate::client::{Client, Pending, Waited, ids};
pub use crate::event::EventRecord;
#[cfg(target_os = "linux")]
pub use crate::event_fd::EventFd;
pub use crate::options::{CallOptions, method, seconds};
pub use crate::port::{Item, Outcome, Port, Question, Reply};
pub use crate::provider::provider;
pub use crate::record::ErrorRecord;
pub use crate::upcall::{answer, answer_response, fail, fail_sending, forgotten};
pub use crate::webhook::{Verifier, WebhookEvent, deduplicator, webhook_answer, webhook_refusal, webhook_sign};
