//! How a server counts: so many requests in a window of time.

use std::collections::VecDeque;
use std::time::Duration;

/// When windows begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One after the other; the first ends after so long.
    Grid { first_ends: Duration },
    /// With the first request after the one before has ended.
    FirstRequest,
    /// At every moment: a sliding log.
    Sliding,
}

/// One limit, and what was counted in it.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) kind: Kind,
    pub(crate) limit: u64,
    pub(crate) length: Duration,
    /// Those in the window of now.
    admitted: VecDeque<Duration>,
    /// Since the beginning.
    served: Vec<Duration>,
    tallies: Vec<Tally>,
}

/// One window, and how many requests were refused in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tally {
    began: Duration,
    refused: u64,
}

impl Window {
    pub(crate) fn new(kind: Kind, limit: u64, seconds: u64) -> Self {
        let length = Duration::from_secs(seconds);
        Self { kind, limit, length, admitted: VecDeque::new(), served: Vec::new(), tallies: Vec::new() }
    }

    pub(crate) fn has_room(&mut self, now: Duration) -> bool {
        let (length, begin) = (self.length, self.begin(now));
        match self.kind {
            Kind::FirstRequest => {
                if self.admitted.front().is_some_and(|first| *first + length <= now) {
                    self.admitted.clear();
                }
            }
            Kind::Grid { .. } | Kind::Sliding => {
                while self.admitted.front().is_some_and(|at| begin.is_some_and(|begin| *at < begin)) {
                    self.admitted.pop_front();
                }
            }
        }
        self.remaining() > 0
    }

    pub(crate) fn count(&mut self, now: Duration, is_admitted: bool) {
        let is_new = match (self.kind, self.tallies.last()) {
            (_, None) => true,
            (Kind::FirstRequest, _) => is_admitted && self.admitted.is_empty(),
            (Kind::Grid { .. }, Some(last)) => self.begin(now).is_some_and(|begin| begin > last.began),
            (Kind::Sliding, Some(last)) => last.began + self.length <= now,
        };
        if is_new {
            let began = match self.kind {
                Kind::Grid { .. } => self.begin(now).unwrap_or_default(),
                Kind::FirstRequest => now,
                Kind::Sliding => self.length * u32::try_from(now.as_nanos() / self.length.as_nanos()).unwrap_or(0),
            };
            self.tallies.push(Tally { began, refused: 0 });
        }
        if is_admitted {
            self.admitted.push_back(now);
            self.served.push(now);
        } else if let Some(tally) = self.tallies.last_mut() {
            tally.refused += 1;
        }
    }

    pub(crate) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.admitted.len() as u64)
    }

    /// When there is more room than now.
    pub(crate) fn reset(&self, now: Duration) -> Duration {
        match self.kind {
            Kind::Grid { first_ends } => self.begin(now).map_or(first_ends, |begin| begin + self.length),
            Kind::FirstRequest | Kind::Sliding => *self.admitted.front().unwrap_or(&now) + self.length,
        }
    }

    /// How many were refused in each window in which requests came; of a sliding log, in
    /// one length after the other.
    pub(crate) fn refused(&self) -> impl Iterator<Item = u64> {
        self.tallies.iter().map(|tally| tally.refused)
    }

    /// The share of the limit that was used, from the second window on: how long so many
    /// windows are, by how long it took to fill them, gaps between them included.
    pub(crate) fn throughput(&self) -> f64 {
        let limit = usize::try_from(self.limit).expect("a small limit");
        let filled = (self.served.len() - 1) / limit;
        let took = self.served[filled * limit].saturating_sub(self.served[limit]);
        (self.length * u32::try_from(filled - 1).expect("few windows")).div_duration_f64(took)
    }

    /// Since when requests count; not the beginning, if since always.
    fn begin(&self, now: Duration) -> Option<Duration> {
        match self.kind {
            Kind::Grid { first_ends } => {
                let since = now.checked_sub(first_ends)?.as_nanos();
                let over = u32::try_from(since / self.length.as_nanos()).unwrap_or(u32::MAX);
                Some(first_ends + self.length * over)
            }
            Kind::FirstRequest => None,
            Kind::Sliding => now.checked_sub(self.length).map(|begin| begin + Duration::from_nanos(1)),
        }
    }
}
