//! Where the server says how long to wait. Absent is not zero, and zero, a past date or
//! more than a day is no hint.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{AGE, DATE, RETRY_AFTER};
use serde_json::Value;

const LONGEST: Duration = Duration::from_hours(24);

/// The first sane hint of an error's answer: `retry-after-ms`, `Retry-After` in seconds
/// or as a date (RFC 9110 §10.2.3), and on a 429 the body's fields at `pointers`.
pub(crate) fn read(
    status: u16,
    headers: &HeaderMap,
    body: Option<&Value>,
    pointers: &[String],
    now: SystemTime,
) -> Option<Duration> {
    if !matches!(status, 408 | 429 | 500..=599) {
        return None;
    }
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let in_milliseconds = || Some(text("retry-after-ms")?.parse::<f64>().ok()? / 1000.0);
    let in_header = || {
        let value = text(RETRY_AFTER.as_str())?;
        value.parse::<f64>().ok().or_else(|| until(httpdate::parse_http_date(value).ok()?, headers, now))
    };
    let in_body = || {
        let body = body.filter(|_| status == 429)?;
        pointers.iter().find_map(|pointer| body.pointer(pointer)?.as_f64())
    };
    [in_milliseconds(), in_header(), in_body()]
        .into_iter()
        .flatten()
        .filter_map(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .find(|hint| !hint.is_zero() && *hint <= LONGEST)
}

/// Seconds until `date` by the server's own clock, if it tells the time.
fn until(date: SystemTime, headers: &HeaderMap, now: SystemTime) -> Option<f64> {
    let server_time = headers
        .get(DATE)
        .filter(|_| !headers.contains_key(AGE))
        .and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    date.duration_since(server_time.unwrap_or(now)).ok().map(|wait| wait.as_secs_f64())
}
