//! A sliding log of requests: never more than so many in any window of a length.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::ledger::Room;

/// One limit that is kept to. A request holds a place from its departure until a window
/// after its answer: when between the two the server counted it cannot be known.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) limit: u64,
    pub(super) window: Duration,
    /// The class that it holds for, or all of them.
    class: Option<usize>,
    under_way: u64,
    /// Those that ended and whose window is not over, the oldest first.
    back: VecDeque<Back>,
    /// How many of them the server answered.
    answered: u64,
}

#[derive(Debug)]
struct Back {
    at: Instant,
    /// One that was lost the server may still count later.
    was_answered: bool,
}

impl Log {
    pub(super) fn new(limit: u64, window: Duration, class: Option<usize>) -> Self {
        Self { limit, window, class, under_way: 0, back: VecDeque::new(), answered: 0 }
    }

    pub(super) fn holds_for(&self, class: usize) -> bool {
        self.class.is_none_or(|own| own == class)
    }

    /// Whether it holds for this class alone.
    pub(super) fn is_of(&self, class: usize) -> bool {
        self.class == Some(class)
    }

    pub(super) fn room(&mut self, now: Instant) -> Room {
        while self.back.front().is_some_and(|back| back.at + self.window <= now) {
            self.forget(0);
        }
        if self.under_way + (self.back.len() as u64) < self.limit {
            return Room::Now;
        }
        self.back.front().map_or(Room::AfterAnswer, |back| Room::At(back.at + self.window))
    }

    pub(super) fn is_empty(&self, now: Instant) -> bool {
        self.under_way == 0 && self.back.back().is_none_or(|back| back.at + self.window <= now)
    }

    pub(super) fn depart(&mut self) {
        self.under_way += 1;
    }

    /// One ended; `was_answered` is nothing where it was never sent.
    pub(super) fn arrive(&mut self, was_answered: Option<bool>, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        if let Some(was_answered) = was_answered {
            self.back.push_back(Back { at: now, was_answered });
            self.answered += u64::from(was_answered);
        }
    }

    /// Forgets the oldest of those that the server answered and no longer counts.
    pub(super) fn align(&mut self, counted: u64) {
        while self.answered > counted
            && let Some(oldest) = self.back.iter().position(|back| back.was_answered)
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, index: usize) {
        let was_answered = self.back.remove(index).is_some_and(|back| back.was_answered);
        self.answered -= u64::from(was_answered);
    }

    /// How long a request waits that has `place` others before it: until its place is free,
    /// and a window for each time that one of them takes it first.
    pub(super) fn wait(&self, place: u64, now: Instant) -> Duration {
        let (turn, place) = (place / self.limit, place % self.limit);
        let over = self.back.partition_point(|back| back.at + self.window <= now);
        let free = self.limit.saturating_sub(self.under_way + (self.back.len() - over) as u64);
        let until_free = match place.checked_sub(free).map(usize::try_from) {
            None => Duration::ZERO,
            Some(taken) => match taken.ok().and_then(|taken| self.back.get(over + taken)) {
                Some(back) => (back.at + self.window).saturating_duration_since(now),
                // Of one that is under way.
                None => self.window,
            },
        };
        until_free.saturating_add(windows(self.window, turn))
    }
}

/// So many windows, one after the other.
pub(super) fn windows(length: Duration, count: u64) -> Duration {
    length.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}
