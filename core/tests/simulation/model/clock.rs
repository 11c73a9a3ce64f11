//! Time: tokio's, and a time of day that follows it.

use std::time::{Duration, Instant, SystemTime};

use linktor::Clock;

/// The clock of one machine of a simulation.
#[derive(Clone, Copy)]
pub(crate) struct SimulatedClock {
    began: tokio::time::Instant,
    midnight: SystemTime,
}

impl SimulatedClock {
    /// A clock that begins here and now, at some fraction of a second.
    pub(crate) fn new(fraction: Duration) -> Self {
        let midnight = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000) + fraction;
        Self { began: tokio::time::Instant::now(), midnight }
    }

    /// The clock of another machine, so many seconds ahead.
    pub(crate) fn ahead(self, seconds: i64) -> Self {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let midnight = if seconds < 0 { self.midnight - distance } else { self.midnight + distance };
        Self { midnight, ..self }
    }

    /// How long the simulation has lasted.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The time of day after so long.
    pub(crate) fn wall_at(&self, elapsed: Duration) -> SystemTime {
        self.midnight + elapsed
    }
}

impl Clock for SimulatedClock {
    fn monotonic(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        self.wall_at(self.elapsed())
    }
}
