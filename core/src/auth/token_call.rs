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
        let result = flight.follow(self.attempts(&flight)).await;
        result.map_err(|error| self.secrets.iter().fold(error, |error, secret| error.without(Some(secret))))
    }

    async fn attempts(&self, flight: &Flight<'_>) -> Result<Grant, Error> {
        let mut retries = 0;
        loop {
            let error = match flight.attempt(None).await {
                Ok(answer) if matches!(answer.status, 200..=299) => {
                    return flight.shared.provider.grant(answer.status, &answer.body, flight.shared.server_time());
                }
                Ok(answer) => flight.read_error(&answer, None),
                Err(error) => error,
            };
            let may_repeat = retry::is_transient(&error)
                && match self.repeat {
                    Repeat::Transient => true,
                    Repeat::Unwritten => error.sent() == Sent::No,
                };
            let wait = retry::wait(retries, error.retry_after()).filter(|_| may_repeat && retries < retry::MAX_RETRIES);
            let Some(wait) = wait else { return Err(error) };
            tokio::time::sleep(wait).await;
            retries += 1;
        }
    }
}

/// Longer than a renewal of up to two such calls, and a store's lock, can take.
pub(super) fn longest(timeout: Duration) -> Duration {
    2 * (1 + retry::MAX_RETRIES) * (timeout + retry::MAX_WAIT)
}
