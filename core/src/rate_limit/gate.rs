//! The gate: requests of one credential go through it, or queue in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::ledger::{Arrival, Departure, Ledger, Room};
use super::{Pacing, RateLimit, Reading};
use crate::clock::Clock;
use crate::provider::Provider;

/// The gate of one credential.
pub(crate) struct Gate {
    provider: Arc<Provider>,
    pacing: Pacing,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    ledger: Box<dyn Ledger>,
    /// A queue for each class.
    lines: Vec<Line>,
    arrivals: u64,
    /// The class of the last answer.
    latest: usize,
}

#[derive(Default)]
struct Line {
    waiting: BTreeMap<Ticket, Arc<Waiter>>,
    /// How many of them are there again.
    again: u64,
    /// Who was last told to watch the time, and until when.
    watch: Option<(Ticket, Option<Instant>)>,
    /// The opening on which the queue's hopes rest.
    opening: Option<Instant>,
}

/// A place in a queue: those that come again go before those that come first, each in
/// order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ticket {
    is_first_time: bool,
    number: u64,
}

struct Waiter {
    /// When it is no longer worth the wait.
    latest: Option<Instant>,
    verdict: OnceLock<Verdict>,
    wake: Notify,
}

#[derive(Clone, Copy)]
enum Verdict {
    Go(Departure),
    Refused(Duration),
}

/// Who wants to go through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) class: usize,
    /// Whether it has been through before.
    pub(crate) is_again: bool,
    /// How long it would wait at most.
    pub(crate) patience: Duration,
}

/// What the gate says.
pub(crate) enum Asked<'g> {
    /// Go.
    Go(Permit<'g>),
    /// Queue; as far as can be told, for so long.
    Wait(Queued<'g>, Duration),
    /// The wait would be this long, and that is too long.
    TooLong(Duration),
}

impl Gate {
    pub(super) fn new(provider: Arc<Provider>, pacing: Pacing, clock: Arc<dyn Clock>, ledger: Box<dyn Ledger>) -> Self {
        let classes = provider.rate.class_names().count();
        let lines = (0..classes).map(|_| Line::default()).collect();
        let state = Mutex::new(State { ledger, lines, arrivals: 0, latest: classes - 1 });
        Self { provider, pacing, clock, state }
    }

    /// Lets a request through, or gives it a place in its queue.
    pub(crate) fn ask(&self, asker: Asker) -> Asked<'_> {
        let now = self.clock.monotonic();
        let Asker { class, is_again, patience } = asker;
        let mut state = self.lock();
        if state.waiting() > 0 {
            // Whoever can go by now goes first.
            state.advance(now);
        }
        let line = &state.lines[class];
        let elsewhere = state.waiting() - line.waiting.len() as u64;
        let place = if is_again { line.again } else { line.waiting.len() as u64 };
        if self.pacing == Pacing::Off || (place == 0 && state.ledger.room(class, now) == Room::Now) {
            return Asked::Go(Permit::new(self, state.ledger.depart(class, now)));
        }
        let wait = state.ledger.wait(class, place, elsewhere, now);
        if wait.saturating_add(state.ledger.lateness(class, now)) > patience {
            return Asked::TooLong(wait);
        }
        state.arrivals += 1;
        let ticket = Ticket { is_first_time: !is_again, number: state.arrivals };
        let waiter =
            Arc::new(Waiter { latest: now.checked_add(patience), verdict: OnceLock::new(), wake: Notify::new() });
        let line = &mut state.lines[class];
        line.again += u64::from(is_again);
        line.waiting.insert(ticket, Arc::clone(&waiter));
        Asked::Wait(Queued { gate: self, class, ticket, waiter, is_through: false }, wait)
    }

    /// Whether a 429 has closed the class.
    pub(crate) fn is_closed(&self, class: usize) -> bool {
        let now = self.clock.monotonic();
        self.pacing != Pacing::Off && self.lock().ledger.is_closed(class, now)
    }

    /// Whether it has nothing to remember.
    pub(super) fn is_idle(&self) -> bool {
        let now = self.clock.monotonic();
        self.lock().ledger.is_idle(now)
    }

    /// What is known of a class; of that of the last answer, if none is named.
    pub(crate) fn rate_limit(&self, class: Option<usize>) -> Option<RateLimit> {
        let now = self.clock.monotonic();
        let state = self.lock();
        let class = class.unwrap_or(state.latest);
        let reading = state.ledger.reading(class, now)?;
        Some(self.describe(class, reading))
    }

    /// A reading, for people.
    pub(crate) fn describe(&self, class: usize, reading: Reading) -> RateLimit {
        RateLimit {
            class: self.provider.rate.class_names().nth(class).unwrap_or_default().to_owned(),
            limit: reading.limit,
            remaining: reading.remaining,
            reset: reading.reset.map(|reset| reset.wait).filter(|wait| !wait.is_zero()),
        }
    }

    fn arrive(&self, departure: Departure, arrival: Arrival) {
        let now = self.clock.monotonic();
        let mut state = self.lock();
        if matches!(arrival, Arrival::Answered(Some(_)) | Arrival::Refused { reading: Some(_), .. }) {
            state.latest = departure.class;
        }
        state.ledger.arrive(departure, arrival, now);
        state.advance(now);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many wait, in all queues.
    fn waiting(&self) -> u64 {
        self.lines.iter().map(|line| line.waiting.len() as u64).sum()
    }

    /// Lets through whom there is room for, and sends away those whose wait has become
    /// too long.
    fn advance(&mut self, now: Instant) {
        while self.admit(now) {}
        let all = self.waiting();
        for (class, line) in self.lines.iter_mut().enumerate() {
            let opening = if line.waiting.is_empty() { None } else { self.ledger.room(class, now).opening() };
            if opening > line.opening {
                let ledger = &self.ledger;
                let (lateness, elsewhere) = (ledger.lateness(class, now), all - line.waiting.len() as u64);
                let mut place = 0;
                line.waiting.retain(|ticket, waiter| {
                    let wait = ledger.wait(class, place, elsewhere, now);
                    let is_worth_it = waiter.latest.is_none_or(|latest| now + wait + lateness <= latest);
                    if is_worth_it {
                        place += 1;
                    } else {
                        line.again -= u64::from(!ticket.is_first_time);
                        waiter.decide(Verdict::Refused(wait));
                    }
                    is_worth_it
                });
            }
            line.opening = opening;
            let watch = line.waiting.first_key_value().map(|(ticket, _)| (*ticket, opening));
            if watch != line.watch
                && let Some((_, first)) = line.waiting.first_key_value()
            {
                first.wake.notify_one();
            }
            line.watch = watch;
        }
    }

    /// Lets through the first of all queues that has room; false if none has.
    fn admit(&mut self, now: Instant) -> bool {
        let firsts = self.lines.iter().enumerate();
        let mut firsts: Vec<_> =
            firsts.filter_map(|(class, line)| Some((*line.waiting.first_key_value()?.0, class))).collect();
        firsts.sort_unstable();
        let Some((_, class)) = firsts.into_iter().find(|(_, class)| self.ledger.room(*class, now) == Room::Now) else {
            return false;
        };
        let line = &mut self.lines[class];
        if let Some((ticket, waiter)) = line.waiting.pop_first() {
            line.again -= u64::from(!ticket.is_first_time);
            waiter.decide(Verdict::Go(self.ledger.depart(class, now)));
        }
        true
    }
}

impl Waiter {
    fn decide(&self, verdict: Verdict) {
        // Once decided it has left its queue, so this is the first time.
        let _ = self.verdict.set(verdict);
        self.wake.notify_one();
    }
}

/// A place in a queue. Dropping it gives it up.
pub(crate) struct Queued<'g> {
    gate: &'g Gate,
    class: usize,
    ticket: Ticket,
    waiter: Arc<Waiter>,
    is_through: bool,
}

impl<'g> Queued<'g> {
    /// Waits until its turn has come, or the wait has become too long: then, how long it
    /// would have been.
    pub(crate) async fn admitted(mut self) -> Result<Permit<'g>, Duration> {
        loop {
            let now = self.gate.clock.monotonic();
            let (verdict, watch) = self.look(now);
            match verdict {
                Some(Verdict::Go(departure)) => {
                    self.is_through = true;
                    return Ok(Permit::new(self.gate, departure));
                }
                Some(Verdict::Refused(wait)) => return Err(wait),
                None => {}
            }
            let until = match (watch, self.waiter.latest) {
                (Some(watch), Some(latest)) => Some(watch.min(latest)),
                (watch, latest) => watch.or(latest),
            };
            let woken = self.waiter.wake.notified();
            match until {
                Some(until) => {
                    let _ = tokio::time::timeout(until.saturating_duration_since(now), woken).await;
                }
                None => woken.await,
            }
        }
    }

    /// What was decided, after all has been decided that can be by now; and if it is the
    /// first in its queue, when to look again.
    fn look(&self, now: Instant) -> (Option<Verdict>, Option<Instant>) {
        let mut state = self.gate.lock();
        if self.waiter.verdict.get().is_none() {
            state.advance(now);
        }
        let State { lines, ledger, .. } = &mut *state;
        let line = &mut lines[self.class];
        if let Some(verdict) = self.waiter.verdict.get() {
            return (Some(*verdict), None);
        }
        if self.waiter.latest.is_some_and(|latest| latest <= now) {
            let before = line.waiting.range(..self.ticket).count() as u64;
            return (Some(Verdict::Refused(ledger.wait(self.class, before, 0, now))), None);
        }
        (None, line.watch.filter(|(first, _)| *first == self.ticket).and_then(|(_, opening)| opening))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if self.is_through {
            return;
        }
        let now = self.gate.clock.monotonic();
        let mut state = self.gate.lock();
        if state.lines[self.class].waiting.remove(&self.ticket).is_some() {
            state.lines[self.class].again -= u64::from(!self.ticket.is_first_time);
        } else if let Some(Verdict::Go(departure)) = self.waiter.verdict.get() {
            state.ledger.arrive(*departure, Arrival::Unsent, now);
        }
        state.advance(now);
    }
}

/// One request's way through. Dropped without an arrival, the request was lost if it was
/// on its way.
pub(crate) struct Permit<'g> {
    gate: &'g Gate,
    departure: Option<Departure>,
    was_sent: AtomicBool,
}

impl<'g> Permit<'g> {
    fn new(gate: &'g Gate, departure: Departure) -> Self {
        Self { gate, departure: Some(departure), was_sent: AtomicBool::new(false) }
    }

    /// From here on the server may count the request.
    pub(crate) fn begin(&self) {
        self.was_sent.store(true, Ordering::Relaxed);
    }

    /// What became of the request.
    pub(crate) fn arrive(mut self, arrival: Arrival) {
        if let Some(departure) = self.departure.take() {
            self.gate.arrive(departure, arrival);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(departure) = self.departure.take() {
            self.gate.arrive(departure, if *self.was_sent.get_mut() { Arrival::Lost } else { Arrival::Unsent });
        }
    }
}
