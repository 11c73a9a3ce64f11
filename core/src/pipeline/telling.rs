//! What the observer is told of a call and its parts.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Flight;
use crate::error::ErrorKind;
use crate::observer::{Call, Event, Outcome, WaitReason};

impl Flight<'_> {
    pub(super) fn tell<'e>(&'e self, event: impl FnOnce(Call<'e>) -> Event<'e>) {
        if self.shared.is_observed() {
            self.shared.tell(event(Call {
                provider: &self.shared.provider.name,
                method: self.method.as_str(),
                path: self.url.path(),
                request_id: &self.request_id,
            }));
        }
    }
}

/// A part of a call that has an end.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Call,
    Attempt(u32),
    Renewal,
    Wait(WaitReason),
}

/// Reports the end of a part, however it ends: a future that is dropped was cancelled.
pub(crate) struct Ending<'f, 'a> {
    flight: &'f Flight<'a>,
    part: Part,
    /// Where nobody asks, nobody looks at the clock.
    started: Option<Instant>,
    pub(super) outcome: Outcome,
}

impl<'f, 'a> Ending<'f, 'a> {
    pub(super) fn of(flight: &'f Flight<'a>, part: Part) -> Self {
        let started = match part {
            Part::Call => Some(flight.started),
            Part::Wait(_) => Some(flight.shared.clock.monotonic()),
            _ => flight.shared.is_observed().then(|| flight.shared.clock.monotonic()),
        };
        Self { flight, part, started, outcome: Outcome { status: None, error: Some(ErrorKind::Cancelled) } }
    }
}

impl Drop for Ending<'_, '_> {
    fn drop(&mut self) {
        let (flight, outcome) = (self.flight, self.outcome);
        let elapsed =
            || self.started.map_or(Duration::ZERO, |at| flight.shared.clock.monotonic().saturating_duration_since(at));
        if let Part::Wait(_) = self.part {
            let waited = u64::try_from(elapsed().as_nanos()).unwrap_or(u64::MAX);
            flight.waited.fetch_add(waited, Ordering::Relaxed);
        }
        flight.tell(|call| match self.part {
            Part::Call => Event::CallEnded { call, outcome, attempts: flight.attempts(), elapsed: elapsed() },
            Part::Attempt(attempt) => Event::AttemptEnded { call, attempt, outcome, elapsed: elapsed() },
            Part::Renewal => Event::RenewalEnded { call, error: outcome.error },
            Part::Wait(reason) => Event::WaitEnded { call, reason, elapsed: elapsed() },
        });
    }
}
