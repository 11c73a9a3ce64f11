//! Where the server says how long to wait. Absent is not zero, and zero, a past date or
//! more than a day is no hint.

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName};
use serde_json::Value;

use crate::rate_limit::Reading;
use crate::rate_limit::reading::{is_sane, reset, texts, until};

static RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// The first sane hint of an error's answer. On a 408, 429 or 5xx: `retry-after-ms`, and
/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). On a 429 besides: the body's
/// fields at `pointers`, the IETF's `RateLimit`, a `…-Reset` header, and "… seconds" in
/// the message.
pub(crate) fn read(
    status: u16,
    headers: &HeaderMap,
    body: Option<&Value>,
    pointers: &[String],
    message: &str,
    now: SystemTime,
) -> Option<Duration> {
    if !matches!(status, 408 | 429 | 500..=599) {
        return None;
    }
    let number = |value: f64| Duration::try_from_secs_f64(value).ok();
    let in_milliseconds = |text: &str| number(text.parse::<f64>().ok()? / 1_000.0);
    let in_header = |text: &str| match text.parse() {
        Ok(seconds) => number(seconds),
        Err(_) => until(httpdate::parse_http_date(text).ok()?, headers, now),
    };
    let everywhere = sane(texts(headers, &RETRY_AFTER_MS).filter_map(in_milliseconds))
        .or_else(|| sane(texts(headers, &RETRY_AFTER).filter_map(in_header)));
    if status != 429 {
        return everywhere;
    }
    let in_body = |pointer: &String| {
        let value = body?.pointer(pointer)?;
        number(value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?)
    };
    everywhere
        .or_else(|| sane(pointers.iter().filter_map(in_body)))
        .or_else(|| {
            sane(Reading::of(headers, now).and_then(|reading| reading.reset).into_iter().map(|reset| reset.wait))
        })
        .or_else(|| sane(reset(headers, now).into_iter().map(|reset| reset.wait)))
        .or_else(|| sane(seconds_in(message).and_then(number).into_iter()))
}

/// The first that is one.
fn sane(mut waits: impl Iterator<Item = Duration>) -> Option<Duration> {
    waits.find(|wait| is_sane(*wait))
}

/// The number before the word "second" or "seconds".
fn seconds_in(message: &str) -> Option<f64> {
    let words: Vec<_> = message.split_ascii_whitespace().collect();
    words.windows(2).find_map(|pair| {
        let unit = pair[1].trim_end_matches(|c: char| !c.is_ascii_alphabetic());
        if !unit.eq_ignore_ascii_case("second") && !unit.eq_ignore_ascii_case("seconds") {
            return None;
        }
        pair[0].trim_start_matches(['(', '[', '~']).parse().ok()
    })
}
