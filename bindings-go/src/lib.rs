//! The C interface of the SDK, by uniffi: what the Go module links. It translates the
//! waist (`linktor-bridge`) into uniffi's types and decides nothing.
//!
//! `internal/ffi` of the Go module reads and writes these types by hand, field by field in
//! this order; `tests/interface.rs` fails when they drift from `internal/ffi/interface.txt`.

mod client;
mod item;
mod jwt;
mod port;
mod webhook;

pub use crate::client::{Client, Failure, Payload};
pub use crate::item::{Item, RateLimit, Span};
pub use crate::jwt::{jwt_sign, jwt_verify};
pub use crate::port::{answer, drain, fail, wake_fd};
pub use crate::webhook::{Deduplicator, Verifier, WebhookEvent, WebhookHeader, webhook_sign};

uniffi::setup_scaffolding!();
