//! Answers to the questions that came up.

use linktor_bridge::TransportFailure;

use crate::client::text;
use crate::packed;

/// Answers a question with JSON: see `linktor_bridge::answer`.
#[uniffi::export]
pub fn answer(id: u64, json: &[u8]) {
    match text("the answer", json) {
        Ok(json) => linktor_bridge::answer(id, json),
        Err(error) => linktor_bridge::fail(id, error.message()),
    }
}

/// Answers a question to a transport; the headers are packed, names and values in turn.
#[uniffi::export]
pub fn answer_response(id: u64, status: u16, headers: &[u8], body: &[u8]) {
    let Ok(pairs) = packed::pairs(headers) else {
        return linktor_bridge::fail(id, "the transport answered with headers that are cut short");
    };
    let pairs: Option<Vec<_>> = pairs
        .into_iter()
        .map(|(name, value)| Some((std::str::from_utf8(name).ok()?.to_owned(), value.to_vec())))
        .collect();
    match pairs {
        Some(pairs) => linktor_bridge::answer_response(id, status, &pairs, body.to_vec()),
        None => linktor_bridge::fail(id, "the transport answered with a header that cannot be one"),
    }
}

/// Answers a question with a failure: of the user's function if `network` is empty, and else
/// of the network, which is `connect`, `connect_timeout`, `timeout`, `interrupted`,
/// `truncated`, `body_too_large` or `decode`.
#[uniffi::export]
pub fn fail(id: u64, network: &[u8], message: &[u8]) {
    let message = String::from_utf8_lossy(message);
    let failure = match network {
        b"" => return linktor_bridge::fail(id, &message),
        b"connect" => TransportFailure::Connect,
        b"connect_timeout" => TransportFailure::ConnectTimeout,
        b"timeout" => TransportFailure::Timeout,
        b"truncated" => TransportFailure::Truncated,
        b"body_too_large" => TransportFailure::BodyTooLarge,
        b"decode" => TransportFailure::Decode,
        _ => TransportFailure::Interrupted,
    };
    linktor_bridge::fail_sending(id, failure, &message);
}

/// Those of these questions that wait for no answer, and of whose failure no error is left.
#[uniffi::export]
pub fn forgotten(questions: Vec<u64>) -> Vec<u64> {
    linktor_bridge::forgotten(questions)
}
