//! Calls to token endpoints. They carry neither credential nor organization, wait behind
//! nobody, and are never replayed on a 401.

use std::time::Duration;

use serde_json::Value;

use crate::base_url::BaseUrl;
use crate::client::Shared;
use crate::error::{Error, Sent};
use crate::pipeline::Flight;
use crate::provider::Grant;
use crate::retry;
use crate::secret::Secret;

/// When a token call is tried again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// After every passing failure, ambiguous ones too: without the answer a rotated
    /// token is lost anyway.
    Transient,
    /// Only if the server cannot have seen it.
    Unwritten,
}

/// One grant to be asked for.
pub(super) struct TokenCall<'a> {
    pub(super) base: &'a BaseUrl,
    pub(super) path: &'a str,
    pub(super) body: Value,
    /// What errors must not show.
    pub(super) secrets: Vec<&'a Secret>,
    pub(super) repeat: Repeat,
}

impl TokenCall<'_> {
    pub(super) async fn send(self, shared: &Shared) -> Result<Grant, Error> {
        let flight = Flight::for_token(shared, self.base, self.path, self.body.to_string())?;
        let call = flight.begin();
        let result = self.attempts(&flight).await;
        let result = flight.end(call, result);
        result.map_err(|error| match error.status() {
            // The body is the server's, and may be tokens.
            Some(_) => self.secrets.iter().fold(error.without_body(), |error, secret| error.without(Some(secret))),
            None => error,
        })
    }

    async fn attempts(&self, flight: &Flight<'_>) -> Result<Grant, Error> {
        let Shared { policy, budget, provider, .. } = flight.shared;
        let (mut retries, mut cost) = (0, budget.nothing());
        loop {
            let error = match flight.attempt(None).await {
                Ok(answer) if matches!(answer.status, 200..=299) => {
                    budget.give(cost.tokens());
                    return provider.grant(answer.status, &answer.body, flight.shared.server_time());
                }
                Ok(answer) => flight.read_error(&answer, None),
                Err(error) => error,
            };
            let may_repeat = retry::is_transient(&error)
                && match self.repeat {
                    Repeat::Transient => true,
                    Repeat::Unwritten => error.sent().max(flight.sent()) == Sent::No,
                };
            let wait = policy.wait(retries, error.retry_after(), None, flight.shared.random());
            let Some(wait) = wait.filter(|_| may_repeat && retries < policy.max_retries) else { return Err(error) };
            let Some(taken) = budget.take(retry::cost(&error)) else { return Err(error) };
            cost = taken;
            flight.pause(&error, wait).await;
            cost.spend();
            retries += 1;
        }
    }
}

/// Longer than one such call can take.
pub(super) fn longest(shared: &Shared) -> Duration {
    let attempts = shared.policy.max_retries.saturating_add(1);
    shared.timeout.saturating_add(shared.policy.max_wait).saturating_mul(attempts)
}
