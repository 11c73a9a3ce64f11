//! The C interface of the SDK, by uniffi: what the Go module links. It translates the
//! waist (`linktor-bridge`) into uniffi's types and decides nothing.
//!
//! `internal/ffi` of the Go module reads and writes these types by hand, field by field in
//! this order; `tests/interface.rs` fails when they drift from `internal/ffi/interface.txt`.

mod client;
mod item;
mod jwt;
mod packed;
mod port;
mod question;
mod webhook;

pub use crate::client::{Client, Failure, Payload, ids, provider};
pub use crate::item::{Item, RateLimit, Span};
pub use crate::jwt::{jwt_sign, jwt_verify};
pub use crate::port::{drain, wait, wake_fd};
pub use crate::question::{answer, answer_response, fail, forgotten};
pub use crate::webhook::{
    Deduplicator, Verifier, VerifierFacts, WebhookAnswer, WebhookEvent, WebhookHeader, webhook_answer,
    webhook_is_handled, webhook_refusal, webhook_sign,
};

/// What one thread allocates another frees here, call for call, which the system's allocator
/// is slow at. In builds for tests that is left to it, so that valgrind sees what it does.
#[cfg(not(debug_assertions))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

uniffi::setup_scaffolding!();

/// A hash of what this library was built against, `internal/ffi/interface.txt`, which says
/// how all that crosses is laid out: FNV-1a, 64 bits.
#[uniffi::export]
pub fn interface_hash() -> u64 {
    const HASH: u64 = fnv_1a(include_bytes!("../internal/ffi/interface.txt"));
    HASH
}

const fn fnv_1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    hash
}
