//! Comparing what was found with what a case expects.

use std::time::Duration;

use linktor::{Error, RateLimit};
use serde_json::Value;

/// Compares an error with what is expected of it.
pub(crate) fn check_error(expected: &Value, error: &Error) -> Result<(), String> {
    for (field, expected) in expected.as_object().expect("an expected error is an object") {
        let found = match field.as_str() {
            "kind" => error.kind().as_str().into(),
            "status" => error.status().into(),
            "code" => error.code().into(),
            "message" => error.message().into(),
            "message_contains" => {
                let part = expected.as_str().expect("a part of a message is a text");
                if error.message().contains(part) {
                    continue;
                }
                error.message().into()
            }
            "details" => error.details().cloned().into(),
            "sent" => error.sent().as_str().into(),
            "attempts" => error.attempts().into(),
            "request_id" => error.request_id().into(),
            "waited" => {
                between(field, expected, error.waited())?;
                continue;
            }
            "retry_after" => error.retry_after().map(|wait| wait.as_secs_f64()).into(),
            other => panic!("an expected error has no field {other}"),
        };
        same(field, expected, &found)?;
    }
    Ok(())
}

/// Compares two values; numbers by their value.
pub(crate) fn same(what: &str, expected: &Value, found: &Value) -> Result<(), String> {
    let is_same = match (expected.as_f64(), found.as_f64()) {
        (Some(expected), Some(found)) => (expected - found).abs() < 1e-9,
        _ => expected == found,
    };
    if is_same { Ok(()) } else { Err(format!("{what}: expected {expected}, found {found}")) }
}

/// Compares a time with the least and the most seconds that it may be.
pub(crate) fn between(what: &str, expected: &Value, found: Duration) -> Result<(), String> {
    let (least, most) = (expected[0].as_f64(), expected[1].as_f64());
    let seconds = found.as_secs_f64();
    if least.is_some_and(|least| least <= seconds) && most.is_some_and(|most| seconds <= most) {
        return Ok(());
    }
    Err(format!("{what}: expected {expected}, found {seconds}"))
}

/// Compares what is known of a rate limit; ends of windows within 2 s.
pub(crate) fn check_rate_limit(expected: &Value, found: Option<&RateLimit>) -> Result<(), String> {
    let (Some(expected), Some(found)) = (expected.as_object(), found) else {
        return match (expected, found) {
            (Value::Null, None) => Ok(()),
            (expected, found) => Err(format!("rate_limit: expected {expected}, found {found:?}")),
        };
    };
    for (field, expected) in expected {
        let value: Value = match field.as_str() {
            "class" => found.class.as_str().into(),
            "limit" => found.limit.into(),
            "remaining" => found.remaining.into(),
            "reset" => match (expected.as_f64(), found.reset) {
                (Some(seconds), Some(reset)) if (seconds - reset.as_secs_f64()).abs() <= 2.0 => continue,
                (_, reset) => reset.map(|reset| reset.as_secs_f64()).into(),
            },
            other => panic!("a rate limit has no field {other}"),
        };
        same(field, expected, &value)?;
    }
    Ok(())
}

/// A text, or a number or boolean as it is written.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
