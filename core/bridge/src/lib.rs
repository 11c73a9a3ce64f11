//! The waist: what every language binding of the SDK stands on, said once.
//!
//! Down go requests ([`Client::submit`], [`Client::cancel`]) and answers to questions
//! ([`answer`], [`fail`]); up come completions and questions ([`Port::drain`]), in
//! batches, after the port's `wake` was called. A binding translates these into its
//! language's futures, names and types, and decides nothing.

mod auth;
mod client;
#[cfg(target_os = "linux")]
mod event_fd;
mod options;
mod port;
mod record;
mod runtime;
mod upcall;
mod webhook;

pub use linktor::webhook::{Answer, Begun, Data, MemoryDeduplicator, truncated};
pub use linktor::{Error, ErrorKind, Payload, RateLimit, Request, Response};

pub use crate::auth::{AuthCall, jwt_sign, jwt_verify};
pub use crate::client::{Client, Pending};
#[cfg(target_os = "linux")]
pub use crate::event_fd::EventFd;
pub use crate::options::{CallOptions, method, seconds};
pub use crate::port::{Item, Outcome, Port, Reply};
pub use crate::record::ErrorRecord;
pub use crate::upcall::{answer, fail};
pub use crate::webhook::{Verifier, WebhookEvent, deduplicator, webhook_answer, webhook_refusal, webhook_sign};
