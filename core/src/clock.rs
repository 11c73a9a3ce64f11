//! Time, injected: waits run on the monotonic clock, dates are read against the wall clock.
//! Tokio's paused time moves the first and never the second, so they are asked separately.

use std::time::{Instant, SystemTime};

/// What the client asks for the time.
pub trait Clock: Send + Sync + 'static {
    /// Time that never goes back; expiry and elapsed time are measured on it.
    fn monotonic(&self) -> Instant;

    /// The time of day; a server's dates are compared with it.
    fn wall(&self) -> SystemTime;
}

/// The machine's own clocks. The monotonic one is tokio's, so that a paused runtime
/// pauses it too.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn monotonic(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}
