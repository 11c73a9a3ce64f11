//! May a request be tried again, and when.

pub(crate) mod hint;

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// How many times a call is tried again.
pub(crate) const MAX_RETRIES: u32 = 3;
/// The longest wait that is slept.
pub(crate) const MAX_WAIT: Duration = Duration::from_mins(1);
const BASE: Duration = Duration::from_millis(500);
const CAP: Duration = Duration::from_secs(8);

/// Whether the failure may pass by itself.
pub(crate) fn is_transient(error: &Error) -> bool {
    match error.status() {
        Some(status) => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
        None => matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) || error.code() == Some("truncated"),
    }
}

/// How long to wait before retry `retries` (from 0): the server's hint and up to a tenth
/// of it more, else full jitter under 0.5 s, 1 s, 2 s … 8 s. Nothing if the hint is
/// longer than any wait.
pub(crate) fn wait(retries: u32, hint: Option<Duration>) -> Option<Duration> {
    match hint {
        Some(hint) if hint > MAX_WAIT => None,
        Some(hint) => Some(hint + (hint / 10).min(Duration::from_secs(1)).mul_f64(fraction())),
        None => Some(BASE.saturating_mul(1 << retries.min(10)).min(CAP).mul_f64(fraction())),
    }
}

/// Uniform in [0, 1).
fn fraction() -> f64 {
    // Without randomness, the middle.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    f64::from(random) / (f64::from(u32::MAX) + 1.0)
}
