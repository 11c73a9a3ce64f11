//! What the gate asks before it lets a request go. The gate keeps the queue, the ledger
//! counts; one that several machines share can take the place of the one in memory.

use std::time::{Duration, Instant};

use super::reading::Reading;

/// Whether a request of a class may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// It may.
    Now,
    /// Not before then.
    At(Instant),
    /// Not before an answer that is under way.
    AfterAnswer,
}

impl Room {
    /// When to look again.
    pub(super) fn opening(self) -> Option<Instant> {
        match self {
            Self::At(at) => Some(at),
            Self::Now | Self::AfterAnswer => None,
        }
    }
}

/// A request that went, as the ledger knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Departure {
    pub(crate) class: usize,
    /// Which period of its class it went in: windows and closures begin a new one.
    pub(super) period: u64,
    pub(super) at: Instant,
}

/// What became of a request that went.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arrival {
    /// It never reached the server.
    Unsent,
    /// It may have reached the server.
    Lost,
    /// Somebody answered who said nothing of limits and need not know of them: a gateway,
    /// or who checks credentials.
    Silent,
    /// The server answered.
    Answered(Option<Reading>),
    /// The server answered 429.
    Refused {
        reading: Option<Reading>,
        /// How long the server asks to wait, and how long to wait for that.
        hint: Option<(Duration, Duration)>,
    },
}

/// What is known of the limits of one credential.
pub(crate) trait Ledger: Send {
    /// Whether one more request of the class may go.
    fn room(&mut self, class: usize, now: Instant) -> Room;

    /// One goes.
    fn depart(&mut self, class: usize, now: Instant) -> Departure;

    /// One is back.
    fn arrive(&mut self, departure: Departure, arrival: Arrival, now: Instant);

    /// How long, as far as can be told, a request waits that has `place` others before it,
    /// and `elsewhere` in the queues of other classes.
    fn wait(&self, class: usize, place: u64, elsewhere: u64, now: Instant) -> Duration;

    /// How much longer it waits than the server asked for.
    fn lateness(&self, class: usize, now: Instant) -> Duration;

    /// Whether the class is closed by a 429.
    fn is_closed(&self, class: usize, now: Instant) -> bool;

    /// Whether nothing of what is known still holds a request back, or is under way.
    fn is_idle(&self, now: Instant) -> bool;

    /// What is known of the class, and the end of its window from now on.
    fn reading(&self, class: usize, now: Instant) -> Option<Reading>;
}
