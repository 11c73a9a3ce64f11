//! The ledger of one process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::{Arrival, Departure, Ledger, Room};
use super::log::{Log, windows};
use super::reading::Reading;
use crate::retry::backoff;

/// Ends of windows that are told as a number of seconds differ by their rounding.
const ROUNDING: Duration = Duration::from_secs(1);

/// Numbers in [0, 1).
pub(crate) type Random = Arc<dyn Fn() -> f64 + Send + Sync>;

/// What one process has seen of a credential's limits, and what it keeps to.
pub(super) struct Memory {
    classes: Vec<Class>,
    logs: Vec<Log>,
    random: Random,
}

/// One class of requests.
#[derive(Default)]
struct Class {
    under_way: u64,
    /// What the newest answer said.
    seen: Option<Seen>,
    /// Counts windows and closures; an answer to a request of an earlier one is an old one.
    period: u64,
    /// A window of which no answer has told anything yet.
    fresh: Option<Fresh>,
    closed: Option<Closed>,
    /// How many 429s without a hint have closed it, one after the other.
    backoffs: u32,
    /// The longest time until a reset that was seen: how long a window is, at least.
    window: Duration,
}

#[derive(Clone, Copy)]
struct Seen {
    limit: Option<u64>,
    remaining: Option<u64>,
    reset: Option<(Instant, Option<u64>)>,
    /// How long the answer was under way at most.
    under_way: Duration,
    /// Whether it is of a window that is over, or was overtaken by a 429.
    is_over: bool,
}

/// How many may go before the first answer of a new window, and how many have.
struct Fresh {
    most: u64,
    under_way: u64,
}

#[derive(Clone, Copy)]
struct Closed {
    /// What the server said.
    hint: Instant,
    /// And a little later, when it opens.
    until: Instant,
}

impl Memory {
    pub(super) fn new(classes: usize, logs: Vec<Log>, random: Random) -> Self {
        Self { classes: (0..classes).map(|_| Class::default()).collect(), logs, random }
    }

    fn logs_of(&mut self, class: usize) -> impl Iterator<Item = &mut Log> {
        self.logs.iter_mut().filter(move |log| log.holds_for(class))
    }

    /// How many requests a window of the class allows, as far as is known.
    fn limit(&self, class: usize) -> Option<u64> {
        let kept = self.logs.iter().filter(|log| log.holds_for(class)).map(|log| log.limit).min();
        self.classes[class].seen.and_then(|seen| seen.limit).or(kept).filter(|limit| *limit > 0)
    }
}

impl Ledger for Memory {
    fn room(&mut self, class: usize, now: Instant) -> Room {
        let own = self.classes[class].room(now);
        self.logs_of(class).fold(own, |room, log| match (room, log.room(now)) {
            (Room::At(one), Room::At(other)) => Room::At(one.max(other)),
            (Room::At(at), _) | (_, Room::At(at)) => Room::At(at),
            (Room::AfterAnswer, _) | (_, Room::AfterAnswer) => Room::AfterAnswer,
            (Room::Now, Room::Now) => Room::Now,
        })
    }

    fn depart(&mut self, class: usize, now: Instant) -> Departure {
        self.logs_of(class).for_each(Log::depart);
        let own = &mut self.classes[class];
        own.under_way += 1;
        if let Some(fresh) = &mut own.fresh {
            fresh.under_way += 1;
        }
        Departure { class, period: own.period, at: now }
    }

    fn arrive(&mut self, departure: Departure, arrival: Arrival, now: Instant) {
        let class = departure.class;
        let was_answered = match arrival {
            Arrival::Unsent => None,
            Arrival::Lost => Some(false),
            Arrival::Answered(_) | Arrival::Refused { .. } => Some(true),
        };
        self.logs_of(class).for_each(|log| log.arrive(was_answered, now));
        let own = &mut self.classes[class];
        own.under_way = own.under_way.saturating_sub(1);
        let is_current = departure.period == own.period;
        if is_current && let Some(fresh) = &mut own.fresh {
            fresh.under_way = fresh.under_way.saturating_sub(1);
        }
        match arrival {
            Arrival::Unsent => {}
            Arrival::Lost => {
                if let Some(remaining) = own.seen.as_mut().and_then(|seen| seen.remaining.as_mut()) {
                    *remaining = remaining.saturating_sub(1);
                }
            }
            Arrival::Answered(reading) => {
                if is_current {
                    own.fresh = None;
                    own.backoffs = 0;
                }
                if let Some(reading) = reading {
                    own.see(reading, departure.at, is_current, now);
                }
                self.align(class);
            }
            Arrival::Refused { reading, hint } => {
                if let Some(reading) = reading {
                    own.see(reading, departure.at, is_current, now);
                }
                if let Some((hint, wait)) = hint {
                    own.close(Closed { hint: now + hint, until: now + wait });
                } else if is_current {
                    let wait = backoff(own.backoffs).mul_f64((self.random)());
                    own.backoffs = own.backoffs.saturating_add(1);
                    own.close(Closed { hint: now + wait, until: now + wait });
                }
            }
        }
    }

    fn wait(&self, class: usize, place: u64, now: Instant) -> Duration {
        let limit = self.limit(class);
        let kept = self.logs.iter().filter(|log| log.holds_for(class));
        let same = kept.clone().find(|log| Some(log.limit) == limit).map(|log| log.window);
        let own = self.classes[class].wait(place, limit, same, now);
        kept.map(|log| log.wait(place, now)).fold(own, Duration::max)
    }

    fn is_closed(&self, class: usize, now: Instant) -> bool {
        self.classes[class].closed.is_some_and(|closed| closed.until > now)
    }

    fn reading(&self, class: usize, now: Instant) -> Option<Reading> {
        let seen = self.classes[class].seen?;
        let reset = seen.reset.map(|(at, stamp)| (at.saturating_duration_since(now), stamp));
        let reset = reset.filter(|(wait, _)| !wait.is_zero());
        let is_past = seen.reset.is_some() && reset.is_none();
        Some(Reading {
            limit: seen.limit,
            remaining: seen.remaining.filter(|_| !is_past),
            reset: reset.map(|(wait, stamp)| super::reading::Reset { wait, stamp }),
        })
    }
}

impl Memory {
    /// Believes the server's own count where it is of a limit that is kept to.
    fn align(&mut self, class: usize) {
        let Some(Seen {
            limit: Some(limit),
            remaining: Some(remaining),
            reset: Some((_, Some(_))),
            is_over: false,
            ..
        }) = self.classes[class].seen
        else {
            return;
        };
        // Of a limit of several classes this is the word of one.
        let is_only = self.classes.len() == 1;
        let mut same = self.logs_of(class).filter(|log| log.limit == limit && (is_only || log.is_of_one_class()));
        if let (Some(log), None) = (same.next(), same.next()) {
            log.align(limit.saturating_sub(remaining));
        }
    }
}

impl Class {
    fn room(&mut self, now: Instant) -> Room {
        self.roll(now);
        if let Some(closed) = self.closed {
            return Room::At(closed.until);
        }
        if let Some(fresh) = &self.fresh {
            return if fresh.under_way < fresh.most { Room::Now } else { Room::AfterAnswer };
        }
        match self.exhausted() {
            Some(reset) => Room::At(reset),
            None => Room::Now,
        }
    }

    /// The reset that is to be waited for, if nothing remains until it.
    fn exhausted(&self) -> Option<Instant> {
        let seen = self.seen.filter(|seen| !seen.is_over)?;
        seen.reset.map(|(at, _)| at).filter(|_| seen.remaining.is_some_and(|remaining| remaining <= self.under_way))
    }

    /// Begins a new period where a closure or a window is over. Before its first answer as
    /// many go as were left of the old one, and at least one.
    fn roll(&mut self, now: Instant) {
        if self.closed.is_some_and(|closed| closed.until <= now) {
            self.closed = None;
            self.begin(Some(1));
        }
        let Some(seen) = self.seen.filter(|seen| !seen.is_over) else { return };
        if seen.reset.is_some_and(|(at, _)| at <= now) {
            self.begin(seen.remaining.map(|remaining| remaining.saturating_sub(self.under_way).max(1)));
        }
    }

    fn begin(&mut self, most: Option<u64>) {
        self.period += 1;
        self.fresh = most.map(|most| Fresh { most, under_way: 0 });
        if let Some(seen) = &mut self.seen {
            seen.is_over = true;
        }
    }

    fn close(&mut self, closed: Closed) {
        if self.closed.is_none_or(|other| other.until < closed.until) {
            self.closed = Some(closed);
        }
        self.begin(None);
    }

    /// Keeps what an answer said, unless it is older than what is known.
    fn see(&mut self, reading: Reading, sent: Instant, is_current: bool, now: Instant) {
        if let Some(reset) = reading.reset {
            self.window = self.window.max(reset.wait);
        }
        let until = |wait: Duration| now + if wait.is_zero() { ROUNDING } else { wait };
        let reset = reading.reset.map(|reset| (until(reset.wait), reset.stamp));
        let news = Seen {
            limit: reading.limit,
            remaining: reading.remaining,
            reset,
            under_way: now.saturating_duration_since(sent),
            is_over: false,
        };
        let Some(seen) = &mut self.seen else {
            self.seen = Some(news);
            return;
        };
        let Some(known) = seen.reset else {
            *seen = news;
            return;
        };
        let is_later = reset.is_some_and(|(at, stamp)| match (stamp, known.1) {
            (Some(stamp), Some(known)) => stamp > known,
            _ => at > known.0 + ROUNDING + news.under_way,
        });
        if is_later || (seen.is_over && is_current) {
            *seen = news;
        } else if !seen.is_over
            && reset.is_some_and(|(at, stamp)| {
                stamp == known.1 && (stamp.is_some() || at + ROUNDING + seen.under_way >= known.0)
            })
        {
            // The same window: the fewest that remain are the newest word.
            seen.limit = news.limit.or(seen.limit);
            seen.remaining = match (seen.remaining, news.remaining) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }

    /// How long a request waits that has `place` others before it.
    fn wait(&self, place: u64, limit: Option<u64>, window: Option<Duration>, now: Instant) -> Duration {
        let until = |at: Instant| at.saturating_duration_since(now);
        let window = window.unwrap_or(self.window);
        let after = |first: Duration, place: u64| {
            first.saturating_add(limit.map_or(Duration::ZERO, |limit| windows(window, place / limit)))
        };
        if let Some(closed) = self.closed.filter(|closed| closed.until > now) {
            return after(until(closed.hint), place);
        }
        let Some(seen) = self.seen.filter(|seen| !seen.is_over && self.fresh.is_none()) else {
            return after(Duration::ZERO, place);
        };
        let (Some(remaining), Some((reset, _))) = (seen.remaining, seen.reset) else { return Duration::ZERO };
        match place.checked_sub(remaining.saturating_sub(self.under_way)) {
            Some(behind) => after(until(reset), behind),
            None => Duration::ZERO,
        }
    }
}
