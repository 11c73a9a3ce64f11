//! `linktor._native`: the waist as Python sees it. It translates, and decides nothing;
//! the package around it (`python/linktor`) gives it Python's names and types.

mod client;
mod error;
mod function;
mod gate;
mod jwt;
mod port;
mod provider;
mod response;
mod unfinished;
mod webhook;

#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::function::{answer, answer_response, fail, fail_sending, forgotten};
    #[pymodule_export]
    use crate::gate::{forked, shut};
    #[pymodule_export]
    use crate::jwt::{jwt_sign, jwt_verify};
    #[pymodule_export]
    use crate::port::Port;
    #[pymodule_export]
    use crate::provider::provider;
    #[pymodule_export]
    use crate::response::Response;
    #[pymodule_export]
    use crate::unfinished::Unfinished;
    #[pymodule_export]
    use crate::webhook::{
        Deduplicator, Event, Verifier, webhook_answer, webhook_is_handled, webhook_refusal, webhook_sign,
        webhook_truncated,
    };
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
