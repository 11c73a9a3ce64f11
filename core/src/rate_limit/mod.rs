//! What a server says of its limits, and the gate that keeps to it: many calls learn of
//! one limit once, and wait for it in one queue.

mod class;
mod gate;
mod gates;
mod ledger;
mod log;
mod memory;
pub(crate) mod reading;

use std::str::FromStr;
use std::time::Duration;

pub(crate) use self::gate::{Asked, Asker, Gate, Permit};
pub(crate) use self::gates::Gates;
pub(crate) use self::ledger::Arrival;
pub(crate) use self::memory::Random;
pub(crate) use self::reading::Reading;
use crate::error::Error;

/// Whether requests wait for a limit before they meet it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pacing {
    /// Obeys what the server has said: where it named no room until its reset, requests
    /// queue for it, and after a 429 all wait for its hint. The default.
    #[default]
    Reactive,
    /// Besides, never sends more than the limits that it knows (`limits`) in any window,
    /// so that a process that is alone with its credential meets no 429.
    Proactive,
    /// Sends at once. Each call waits for its own 429s.
    Off,
}

impl FromStr for Pacing {
    type Err = Error;

    /// `reactive`, `proactive` or `off`; anything else is a `config` error.
    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "reactive" => Ok(Self::Reactive),
            "proactive" => Ok(Self::Proactive),
            "off" => Ok(Self::Off),
            _ => Err(Error::config("pacing must be reactive, proactive or off")),
        }
    }
}

/// What is known of one class of requests.
///
/// ```no_run
/// # async fn example() -> Result<(), linktor::Error> {
/// let client = linktor::Client::new("YOUR_API_KEY")?;
/// let response = client.get("/me").send().await?;
/// if let Some(rate_limit) = response.rate_limit() {
///     println!("{:?} of {:?} left", rate_limit.remaining, rate_limit.limit);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// The class, by the provider's name for it; `other` where no rule names one.
    pub class: String,
    /// How many requests a window allows.
    pub limit: Option<u64>,
    /// How many of them are left.
    pub remaining: Option<u64>,
    /// How long until the window ends: from the answer on for a response's, from now on
    /// for a client's.
    pub reset: Option<Duration>,
}
