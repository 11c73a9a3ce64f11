//! The ledger of one process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::class::Class;
use super::ledger::{Arrival, Departure, Ledger, Room};
use super::log::Log;
use super::reading::Reading;
use crate::retry::backoff;

/// Numbers in [0, 1).
pub(crate) type Random = Arc<dyn Fn() -> f64 + Send + Sync>;

/// What one process has seen of a credential's limits, and what it keeps to.
pub(super) struct Memory {
    classes: Vec<Class>,
    /// How many 429s without a hint have closed each class, one after the other.
    backoffs: Vec<u32>,
    logs: Vec<Log>,
    random: Random,
}

impl Memory {
    pub(super) fn new(classes: usize, logs: Vec<Log>, random: Random) -> Self {
        Self { classes: (0..classes).map(|_| Class::default()).collect(), backoffs: vec![0; classes], logs, random }
    }

    fn logs_of(&mut self, class: usize) -> impl Iterator<Item = &mut Log> {
        self.logs.iter_mut().filter(move |log| log.holds_for(class))
    }

    /// Believes the server's own count where it is of a limit that is kept to.
    fn align(&mut self, class: usize) {
        // Of a limit of several classes this is the word of one.
        let is_only = self.classes.len() == 1;
        let own = &self.classes[class];
        for log in self.logs.iter_mut().filter(|log| log.is_of(class) || (is_only && log.holds_for(class))) {
            if let Some(counted) = own.counted(log.limit, log.window) {
                log.align(counted);
            }
        }
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
        self.classes[class].depart(class, now)
    }

    fn arrive(&mut self, departure: Departure, arrival: Arrival, now: Instant) {
        let class = departure.class;
        let was_answered = match arrival {
            Arrival::Unsent => None,
            Arrival::Lost | Arrival::Silent => Some(false),
            Arrival::Answered(_) | Arrival::Refused { .. } => Some(true),
        };
        self.logs_of(class).for_each(|log| log.arrive(was_answered, now));
        let own = &mut self.classes[class];
        let is_current = own.arrive(departure);
        match arrival {
            Arrival::Unsent => {}
            Arrival::Lost => own.lose(now),
            Arrival::Silent => {
                own.lose(now);
                own.widen(departure);
            }
            Arrival::Answered(reading) => {
                let is_news = reading.is_some_and(|reading| own.see(reading, departure.at, is_current, now));
                if is_news || is_current {
                    own.open(departure);
                }
                if is_current {
                    self.backoffs[class] = 0;
                }
                if is_news {
                    self.align(class);
                }
            }
            Arrival::Refused { reading, hint } => {
                if let Some(reading) = reading {
                    own.see(reading, departure.at, is_current, now);
                }
                if let Some((hint, wait)) = hint {
                    own.close(hint, wait, reading, now);
                } else if is_current {
                    let wait = backoff(self.backoffs[class]).mul_f64((self.random)());
                    self.backoffs[class] = self.backoffs[class].saturating_add(1);
                    own.close(wait, wait, reading, now);
                }
            }
        }
    }

    fn wait(&self, class: usize, place: u64, elsewhere: u64, now: Instant) -> Duration {
        let logs = self.logs.iter().filter(|log| log.holds_for(class));
        let tightest = logs.clone().min_by_key(|log| log.limit).map(|log| (log.limit, log.window));
        let own = self.classes[class].wait(place, tightest, now);
        let place_in = |log: &Log| if log.is_of(class) { place } else { place + elsewhere };
        logs.map(|log| log.wait(place_in(log), now)).fold(own, Duration::max)
    }

    fn lateness(&self, class: usize, now: Instant) -> Duration {
        self.classes[class].lateness(now)
    }

    fn is_closed(&self, class: usize, now: Instant) -> bool {
        self.classes[class].is_closed(now)
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.logs.iter().all(|log| log.is_empty(now)) && self.classes.iter().all(|class| class.is_idle(now))
    }

    fn reading(&self, class: usize, now: Instant) -> Option<Reading> {
        self.classes[class].reading(now)
    }
}
