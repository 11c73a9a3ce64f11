//! A call's turn: at the gate, for a connection, and between its attempts.

use std::time::Duration;

use tokio::sync::SemaphorePermit;

use super::telling::{Ending, Part};
use super::{Flight, Signature};
use crate::auth::CallbackScope;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::observer::{Event, WaitReason};
use crate::rate_limit::{Arrival, Asked, Asker, Permit, Reading};
use crate::retry::{Cost, Policy};
use crate::transport::TransportResponse;

impl Flight<'_> {
    /// Goes through the gate, signs the request, and sends it once in its turn.
    pub(super) async fn send<'c>(
        &self,
        client: &'c Client,
        refused: Option<u64>,
        cost: &mut Cost<'_>,
    ) -> Result<(Permit<'c>, Option<Signature>, Result<TransportResponse, Error>), Error> {
        let mut is_again = self.attempts() > 0;
        loop {
            let permit = self.permit(client, is_again).await?;
            let signature = self.sign(client.identity(), refused).await?;
            let _slot = self.slot().await?;
            if client.gate().is_closed(self.class) {
                is_again = true;
                continue;
            }
            permit.begin();
            cost.spend();
            let result = self.attempt(signature.as_ref()).await;
            return Ok((permit, signature, result));
        }
    }

    /// One of the client's connections; none for a call from inside the sending of another,
    /// which has one.
    async fn slot(&self) -> Result<Option<SemaphorePermit<'_>>, Error> {
        let slots = &self.shared.slots;
        if CallbackScope::holds_slot(slots) {
            return Ok(None);
        }
        slots.acquire().await.map(Some).map_err(|_| Error::new(ErrorKind::Closed, "the client was closed"))
    }

    /// Goes through the gate, or waits there. Whoever would wait too long goes on with the
    /// error that brought it back, or fails before anything was sent.
    async fn permit<'c>(&self, client: &'c Client, is_again: bool) -> Result<Permit<'c>, Error> {
        let patience = self.remaining().map_or(self.policy.max_wait, |remaining| remaining.min(self.policy.max_wait));
        let asker = Asker { class: self.class, is_again, patience };
        let wait = match client.gate().ask(asker) {
            Asked::Go(permit) => return Ok(permit),
            Asked::TooLong(wait) => wait,
            Asked::Wait(queued, expected) => {
                match self.waiting(WaitReason::RateLimit, expected, queued.admitted()).await {
                    Ok(permit) => return Ok(permit),
                    Err(wait) => wait,
                }
            }
        };
        // Where nobody can tell how long it will be, a second is as good as any.
        let wait = Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(Duration::from_secs(1));
        if let Some(last) = self.last_error() {
            let wait = wait.max(last.retry_after().unwrap_or_default());
            return Err(last.with_retry_after(wait));
        }
        let class = self.shared.provider.rate.class_names().nth(self.class).unwrap_or_default();
        let message = format!("the rate limit of `{class}` leaves no room for {} s; nothing was sent", wait.as_secs());
        Err(Error::new(ErrorKind::RateLimited, message).with_retry_after(wait))
    }

    /// What an answer that is no success means for the rate limits.
    pub(super) fn arrival(&self, answer: &TransportResponse, error: &Error) -> Arrival {
        let reading = self.read_limits(answer);
        if answer.status != 429 {
            let is_silent = reading.is_none() && (answer.status == 401 || answer.status >= 500);
            return if is_silent { Arrival::Silent } else { Arrival::Answered(reading) };
        }
        let random = self.shared.random();
        let hint = error.retry_after().map(|hint| {
            let patient = Policy { max_wait: Duration::MAX, ..self.policy };
            let wait = |policy: Policy| policy.wait(0, Some(hint), self.remaining(), random);
            (hint, wait(self.policy).or_else(|| patient.wait(0, Some(hint), None, random)).unwrap_or(hint))
        });
        Arrival::Refused { reading, hint }
    }

    pub(super) fn read_limits(&self, answer: &TransportResponse) -> Option<Reading> {
        Reading::of(&answer.headers, self.shared.server_time())
    }

    /// Waits before another try.
    pub(crate) async fn pause(&self, error: &Error, wait: Duration) {
        let reason = if error.retry_after().is_some() { WaitReason::RetryAfter } else { WaitReason::Backoff };
        self.waiting(reason, wait, tokio::time::sleep(wait)).await;
    }

    async fn waiting<T>(&self, reason: WaitReason, expected: Duration, wait: impl Future<Output = T>) -> T {
        self.tell(|call| Event::WaitStarted { call, reason, expected });
        let _ending = Ending::of(self, Part::Wait(reason));
        wait.await
    }

    /// What is left until the deadline.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let elapsed = || self.shared.clock.monotonic().saturating_duration_since(self.started);
        self.deadline.map(|deadline| deadline.saturating_sub(elapsed()))
    }
}
