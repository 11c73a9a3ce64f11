//! The sandbox's clock: the machine's, moved by whole seconds on demand.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::header::HeaderValue;

/// The last second that a `Date` can be of: 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;

/// Read by all, moved by the control plane.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    moved: AtomicI64,
}

impl Clock {
    /// Milliseconds since the epoch.
    pub(crate) fn millis(&self) -> u64 {
        let millis = i64::try_from(machine().as_millis()).unwrap_or(i64::MAX);
        u64::try_from(millis.saturating_add(self.moved.load(Ordering::Relaxed) * 1_000)).unwrap_or(0)
    }

    /// Whole seconds since the epoch.
    pub(crate) fn seconds(&self) -> u64 {
        self.millis() / 1_000
    }

    /// Moves on by so many seconds, or back if they are negative.
    ///
    /// Fails, and does not move, beyond the years 1970 to 9999.
    pub(crate) fn advance(&self, seconds: i64) -> Result<(), String> {
        let machine = i64::try_from(machine().as_secs()).unwrap_or(LAST);
        let moved = self.moved.load(Ordering::Relaxed).checked_add(seconds);
        let within = |moved: &i64| machine.checked_add(*moved).is_some_and(|now| (0..=LAST).contains(&now));
        let moved = moved.filter(within).ok_or("advance: the clock cannot go there")?;
        self.moved.store(moved, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn reset(&self) {
        self.moved.store(0, Ordering::Relaxed);
    }

    /// The `Date` of an answer, unless it is the machine's own, which hyper writes.
    pub(crate) fn date(&self) -> Option<HeaderValue> {
        if self.moved.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let now = UNIX_EPOCH + Duration::from_secs(self.seconds());
        HeaderValue::try_from(httpdate::fmt_http_date(now)).ok()
    }
}

fn machine() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_both_ways_and_stays_within_what_a_date_can_say() {
        let clock = Clock::default();
        assert_eq!(clock.date(), None);
        let before = clock.seconds();
        assert_eq!(clock.advance(1_000), Ok(()));
        assert!((before + 1_000..before + 1_005).contains(&clock.seconds()));
        assert!(clock.date().is_some());
        assert_eq!(clock.advance(-2_000), Ok(()));
        assert!(clock.seconds() < before);
        for seconds in [i64::MIN, i64::MAX, -4_000_000_000, LAST] {
            assert!(clock.advance(seconds).is_err(), "{seconds}");
        }
        clock.reset();
        assert_eq!(clock.date(), None);
    }
}
