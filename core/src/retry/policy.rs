//! What may be repeated, how often, and after what wait.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::error::{Error, ErrorKind, Sent};

/// The first wait without a hint is at most this long, and each further one at most
/// twice as long …
const FIRST: Duration = Duration::from_millis(500);
/// … up to this.
const LONGEST: Duration = Duration::from_secs(8);
/// How much longer than its hint a wait is at most.
const AFTER_HINT: Duration = Duration::from_secs(1);

/// How often a call is tried again, and how long it waits for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) max_retries: u32,
    pub(crate) max_wait: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_retries: 3, max_wait: Duration::from_mins(1) }
    }
}

impl Policy {
    /// How long to wait before retry `retries`, counted from 0: the server's hint and at
    /// most a tenth of it more, else full jitter. `random` is in [0, 1), and `remaining`
    /// is what is left until the call's deadline. Nothing if that is too long.
    pub(crate) fn wait(
        self,
        retries: u32,
        hint: Option<Duration>,
        remaining: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        let most = self.max_wait.min(remaining.unwrap_or(Duration::MAX));
        let Some(hint) = hint else {
            return Some(backoff(retries).min(self.max_wait).mul_f64(random))
                .filter(|wait| remaining.is_none_or(|remaining| *wait <= remaining));
        };
        let room = most.checked_sub(hint)?;
        Some(hint + (hint / 10).min(AFTER_HINT).min(room).mul_f64(random))
    }
}

/// The longest wait without a hint before retry `retries`, counted from 0.
pub(crate) fn backoff(retries: u32) -> Duration {
    let series = ExponentialBuilder::new().with_min_delay(FIRST).with_max_delay(LONGEST).without_max_times();
    series.build().nth(retries.min(16) as usize).unwrap_or(LONGEST)
}

/// Whether the failure may pass by itself.
pub(crate) fn is_transient(error: &Error) -> bool {
    match error.status() {
        Some(status) => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
        None => matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout) || error.code() == Some("truncated"),
    }
}

/// Whether a request may be sent again after this failure: one that `is_repeatable` after
/// all that passes, any other only where the server cannot have acted.
pub(crate) fn may_repeat(error: &Error, is_repeatable: bool) -> bool {
    is_transient(error) && (is_repeatable || error.status() == Some(429) || error.sent() == Sent::No)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::report::run;

    #[derive(Deserialize)]
    struct Case {
        retries: u32,
        random: f64,
        max_retry_wait: f64,
        hint: Option<f64>,
        remaining: Option<f64>,
        wait: Option<f64>,
    }

    /// The vectors of `backoff.json`.
    #[tokio::test]
    async fn waits_are_as_long_as_the_vectors_say() {
        run("backoff", async |case| {
            let case = Case::deserialize(case).map_err(|error| error.to_string())?;
            let policy = Policy { max_retries: 3, max_wait: Duration::from_secs_f64(case.max_retry_wait) };
            let seconds = |value: Option<f64>| value.map(Duration::from_secs_f64);
            let wait = policy.wait(case.retries, seconds(case.hint), seconds(case.remaining), case.random);
            let wait = wait.map(|wait| wait.as_secs_f64());
            let is_same = match (wait, case.wait) {
                (Some(wait), Some(expected)) => (wait - expected).abs() < 1e-6,
                (wait, expected) => wait == expected,
            };
            if is_same { Ok(()) } else { Err(format!("{wait:?} is not {:?}", case.wait)) }
        })
        .await;
    }
}
