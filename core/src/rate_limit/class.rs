//! What is known of one class of requests: what the server said last of each of its
//! limits, and what that leaves room for.

use std::time::{Duration, Instant};

use super::ledger::{Departure, Room};
use super::log::windows;
use super::reading::{Reading, Reset};

/// Ends of windows that are told as a number of seconds differ by their rounding.
const ROUNDING: Duration = Duration::from_secs(1);
/// How long those who wait for the first answer of a window wait before one more goes.
const SILENCE: Duration = Duration::from_secs(5);
/// More limits than this no server applies at once.
const LIMITS: usize = 4;

#[derive(Default)]
pub(super) struct Class {
    pub(super) under_way: u64,
    /// The newest word on each limit, the newest of all first.
    seen: Vec<Seen>,
    /// Counts windows and closures: an answer to a request of an earlier one is an old one.
    period: u64,
    /// A window of which no answer has told anything yet.
    fresh: Option<Fresh>,
    closed: Option<Closed>,
}

struct Seen {
    limit: Option<u64>,
    remaining: Option<u64>,
    /// How many were lost since, and when the last of them was: the server may count them.
    lost: Option<(u64, Instant)>,
    reset: Option<(Instant, Option<u64>)>,
    /// The longest time until a reset of this limit that was seen: its window is no shorter.
    window: Duration,
    /// How long the answer was under way at most.
    under_way: Duration,
    /// Whether it is of a window that is over, or was overtaken by a 429.
    is_over: bool,
}

/// How many may go before the first answer of a new window, and how many have.
struct Fresh {
    /// The period that it began in: others may have begun since, without an answer.
    since: u64,
    most: u64,
    under_way: u64,
    last: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Closed {
    /// What the server said.
    hint: Instant,
    /// And a little later, when it opens.
    until: Instant,
}

impl Class {
    pub(super) fn room(&mut self, now: Instant) -> Room {
        self.roll(now);
        if let Some(closed) = self.closed {
            return Room::At(closed.until);
        }
        if let Some(reset) = self.exhausted() {
            return Room::At(reset);
        }
        match self.fresh.as_ref().map(Fresh::opening) {
            Some(Some(opening)) if opening > now => Room::At(opening),
            _ => Room::Now,
        }
    }

    pub(super) fn depart(&mut self, class: usize, now: Instant) -> Departure {
        self.under_way += 1;
        if let Some(fresh) = &mut self.fresh {
            fresh.under_way += 1;
            fresh.last = Some(now);
        }
        Departure { class, period: self.period, at: now }
    }

    /// One is back; true if it went in the period that still lasts.
    pub(super) fn arrive(&mut self, departure: Departure) -> bool {
        self.under_way = self.under_way.saturating_sub(1);
        if let Some(fresh) = self.fresh_of(departure) {
            fresh.under_way = fresh.under_way.saturating_sub(1);
        }
        departure.period == self.period
    }

    /// One was lost, and the server may count it.
    pub(super) fn lose(&mut self, now: Instant) {
        for seen in &mut self.seen {
            seen.lost = Some((seen.lost.map_or(0, |(count, _)| count) + 1, now));
        }
    }

    /// The window has an answer that says nothing of limits, not even that there are none:
    /// twice as many may go before a better one.
    pub(super) fn widen(&mut self, departure: Departure) {
        if let Some(fresh) = self.fresh_of(departure) {
            fresh.most = fresh.most.saturating_mul(2);
        }
    }

    /// The window has its first answer: from here on what it said counts.
    pub(super) fn open(&mut self, departure: Departure) {
        if self.fresh_of(departure).is_some() {
            self.fresh = None;
        }
    }

    /// The window without an answer that a request went in.
    fn fresh_of(&mut self, departure: Departure) -> Option<&mut Fresh> {
        self.fresh.as_mut().filter(|fresh| departure.period >= fresh.since)
    }

    /// A 429 closes the class until then: for as long as the server said, and a little more.
    pub(super) fn close(&mut self, hint: Duration, wait: Duration, reading: Option<Reading>, now: Instant) {
        let closed = Closed { hint: now + hint, until: now + wait };
        if self.closed.is_none_or(|other| other.until < closed.until) {
            self.closed = Some(closed);
        }
        let told = reading.and_then(|reading| self.seen.iter_mut().find(|seen| seen.limit == reading.limit));
        if let Some(seen) = told {
            seen.is_over = true;
        }
        self.period += 1;
        self.fresh = None;
    }

    pub(super) fn is_closed(&self, now: Instant) -> bool {
        self.closed.is_some_and(|closed| closed.until > now)
    }

    /// How much later than its hint a closure ends.
    pub(super) fn lateness(&self, now: Instant) -> Duration {
        let closed = self.closed.filter(|closed| closed.until > now);
        closed.map_or(Duration::ZERO, |closed| closed.until.saturating_duration_since(closed.hint))
    }

    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let is_over = |seen: &Seen| seen.is_over || seen.reset.is_none_or(|(at, _)| at <= now);
        self.under_way == 0 && !self.is_closed(now) && self.seen.iter().all(is_over)
    }

    /// Keeps what the answer to a request that was `sent` then said, unless it is older
    /// than what is known; true if it was kept.
    pub(super) fn see(&mut self, reading: Reading, sent: Instant, is_current: bool, now: Instant) -> bool {
        let until = |wait: Duration| now + if wait.is_zero() { ROUNDING } else { wait };
        let reset = reading.reset.map(|reset| (until(reset.wait), reset.stamp));
        let mut news = Seen {
            limit: reading.limit,
            remaining: reading.remaining,
            lost: None,
            reset,
            window: reading.reset.map_or(Duration::ZERO, |reset| reset.wait),
            under_way: now.saturating_duration_since(sent),
            is_over: false,
        };
        if let Some(index) = self.seen.iter().position(|seen| seen.limit == reading.limit) {
            let known = &self.seen[index];
            if known.is_overtaken_by(&news, is_current) {
                news.window = news.window.max(known.window);
            } else if known.is_window_of(&news) {
                // The fewest that remain are the newest word.
                news.remaining = match (known.remaining, news.remaining) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
                news.window = news.window.max(known.window);
                news.lost = known.lost.filter(|(_, last)| *last > sent);
                (news.reset, news.under_way) = (known.reset, known.under_way);
            } else {
                return false;
            }
            self.seen.remove(index);
        }
        self.seen.insert(0, news);
        self.seen.truncate(LIMITS);
        true
    }

    /// The newest word on the limit of a window of this length, by the server's own count.
    pub(super) fn counted(&self, limit: u64, window: Duration) -> Option<u64> {
        let newest = self.seen.first().filter(|seen| !seen.is_over && seen.limit == Some(limit))?;
        // What lasts less than half as long is another window.
        let is_same = newest.window > window / 2 && newest.reset.is_some_and(|(_, stamp)| stamp.is_some());
        newest.remaining.filter(|_| is_same).map(|remaining| limit.saturating_sub(remaining))
    }

    pub(super) fn reading(&self, now: Instant) -> Option<Reading> {
        let seen = self.seen.first()?;
        let left = seen.reset.map(|(at, stamp)| Reset { wait: at.saturating_duration_since(now), stamp });
        let reset = left.filter(|reset| !reset.wait.is_zero());
        let is_past = left.is_some() && reset.is_none();
        Some(Reading { limit: seen.limit, remaining: seen.remaining.filter(|_| !is_past), reset })
    }

    /// How long a request waits that has `place` others before it; `kept` is a limit that
    /// is known where the server has named none.
    pub(super) fn wait(&self, place: u64, kept: Option<(u64, Duration)>, now: Instant) -> Duration {
        let until = |at: Instant| at.saturating_duration_since(now);
        let newest = self.seen.first().and_then(|seen| Some((seen.limit.filter(|limit| *limit > 0)?, seen.window)));
        let after = |first: Duration, place: u64| {
            let turns = newest.or(kept).map_or(Duration::ZERO, |(limit, window)| windows(window, place / limit));
            first.saturating_add(turns)
        };
        if let Some(closed) = self.closed.filter(|closed| closed.until > now) {
            return after(until(closed.hint), place);
        }
        let waits = self.seen.iter().filter(|seen| !seen.is_over).map(|seen| {
            let (Some(left), Some((reset, _))) = (seen.left(), seen.reset) else { return Duration::ZERO };
            let Some(behind) = place.checked_sub(left.saturating_sub(self.under_way)) else {
                return Duration::ZERO;
            };
            let turn = seen.limit.filter(|limit| *limit > 0).map_or(0, |limit| behind / limit);
            until(reset).saturating_add(windows(seen.window, turn))
        });
        let first = if self.fresh.is_some() { after(Duration::ZERO, place) } else { Duration::ZERO };
        waits.fold(first, Duration::max)
    }

    /// The latest reset that is to be waited for, where nothing remains until it.
    fn exhausted(&self) -> Option<Instant> {
        let full = self.seen.iter().filter(|seen| seen.is_full(self.under_way));
        full.filter_map(|seen| seen.reset.map(|(at, _)| at)).max()
    }

    /// Begins a new period where a closure or a window is over. Before its first answer as
    /// many go as were left of the old one, and at least one.
    fn roll(&mut self, now: Instant) {
        let mut most = None;
        let mut begin = |left: u64| most = Some(most.map_or(left, |most: u64| most.min(left)));
        if self.closed.is_some_and(|closed| closed.until <= now) {
            self.closed = None;
            begin(1);
        }
        for seen in self.seen.iter_mut().filter(|seen| !seen.is_over) {
            if seen.reset.is_some_and(|(at, _)| at <= now) {
                seen.is_over = true;
                if let Some(left) = seen.left() {
                    begin(left.saturating_sub(self.under_way).max(1));
                }
            }
        }
        let Some(most) = most else { return };
        self.period += 1;
        match &mut self.fresh {
            Some(fresh) => fresh.most = fresh.most.min(most),
            None => self.fresh = Some(Fresh { since: self.period, most, under_way: 0, last: None }),
        }
    }
}

impl Fresh {
    /// When the next one goes without an answer; nothing if that is now.
    fn opening(&self) -> Option<Instant> {
        self.last.filter(|_| self.under_way >= self.most).map(|last| last + SILENCE)
    }
}

impl Seen {
    fn is_full(&self, under_way: u64) -> bool {
        !self.is_over && self.left().is_some_and(|left| left <= under_way)
    }

    /// What remains without those that were lost; but one more may always ask.
    fn left(&self) -> Option<u64> {
        let remaining = self.remaining?;
        let lost = self.lost.map_or(0, |(count, _)| count);
        Some(remaining.saturating_sub(lost).max(remaining.min(1)))
    }

    /// Whether the other one is of a later window.
    fn is_overtaken_by(&self, other: &Self, is_current: bool) -> bool {
        let Some((known, known_stamp)) = self.reset else { return true };
        let is_later = other.reset.is_some_and(|(at, stamp)| match (stamp, known_stamp) {
            (Some(stamp), Some(known)) => stamp > known,
            _ => at > known + ROUNDING + other.under_way,
        });
        is_later || (self.is_over && is_current)
    }

    /// Whether the other one is of the same window.
    fn is_window_of(&self, other: &Self) -> bool {
        let (Some((known, known_stamp)), Some((at, stamp))) = (self.reset, other.reset) else { return false };
        let is_near = stamp.is_some() || at + ROUNDING + self.under_way >= known;
        !self.is_over && stamp == known_stamp && is_near
    }
}
