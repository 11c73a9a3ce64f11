//! What happens inside a client, for those who watch it. Never a credential, a query
//! string or a body.

use std::time::Duration;

use crate::error::ErrorKind;

/// Gets one event for the begin and one for the end of every call, attempt, wait and
/// renewal, also where the call is given up in the middle.
///
/// It runs where the call runs: hand slow work to a channel.
///
/// ```
/// use linktor::{Client, Event, Observer};
///
/// struct Print;
///
/// impl Observer for Print {
///     fn event(&self, event: &Event<'_>) {
///         if let Event::CallEnded { call, outcome, .. } = event {
///             println!("{} {} {:?}", call.method, call.path, outcome.status);
///         }
///     }
/// }
///
/// let client = Client::builder().api_key("lk_invented").observer(Print).build()?;
/// # Ok::<(), linktor::Error>(())
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

/// Which call an event is about.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Call<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path, without its query.
    pub path: &'a str,
    /// The request id, the same through all attempts.
    pub request_id: &'a str,
}

/// How an attempt or a call ended: a status, a kind of error, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The status, if the server answered.
    pub status: Option<u16>,
    /// The kind of failure, if it failed.
    pub error: Option<ErrorKind>,
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitReason {
    /// Room in the rate limit of its class, or the end of a 429 that closed it.
    RateLimit,
    /// Another try, as long as the server asked for.
    RetryAfter,
    /// Another try, after a random time that the failures so far make longer.
    Backoff,
}

/// What happened.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A call begins.
    CallStarted {
        /// The call.
        call: Call<'a>,
    },
    /// A token is to be renewed before the call's next attempt.
    RenewalStarted {
        /// The call that waits for it.
        call: Call<'a>,
    },
    /// The renewal that the call waited for is over.
    RenewalEnded {
        /// The call that waited for it.
        call: Call<'a>,
        /// How it failed, if it did.
        error: Option<ErrorKind>,
    },
    /// The call goes on with tokens that the token store could not save: a restart would
    /// lose them.
    TokensUnsaved {
        /// The call.
        call: Call<'a>,
    },
    /// The token store has no locks: two processes may renew the same session at once.
    /// Said once per session.
    TokenStoreUnlocked {
        /// The provider's name.
        provider: &'a str,
    },
    /// A session that is kept in a token store is being renewed, whoever waits for it. A
    /// process that ends before it is over may lose it: its refresh token may be used up.
    SessionRenewing {
        /// The provider's name.
        provider: &'a str,
    },
    /// It is renewed and saved, or that has failed.
    SessionRenewed {
        /// The provider's name.
        provider: &'a str,
    },
    /// A request is about to be sent.
    AttemptStarted {
        /// The call.
        call: Call<'a>,
        /// Counted from 1.
        attempt: u32,
    },
    /// The attempt is over.
    AttemptEnded {
        /// The call.
        call: Call<'a>,
        /// Counted from 1.
        attempt: u32,
        /// How it ended.
        outcome: Outcome,
        /// How long it took.
        elapsed: Duration,
    },
    /// The call waits, for a rate limit or before it tries again.
    WaitStarted {
        /// The call.
        call: Call<'a>,
        /// What for.
        reason: WaitReason,
        /// How long, as far as can be told.
        expected: Duration,
    },
    /// The wait is over.
    WaitEnded {
        /// The call.
        call: Call<'a>,
        /// What for.
        reason: WaitReason,
        /// How long it was.
        elapsed: Duration,
    },
    /// The call is over, by a response, an error, or because its caller gave it up
    /// (`cancelled`).
    CallEnded {
        /// The call.
        call: Call<'a>,
        /// How it ended.
        outcome: Outcome,
        /// How many attempts were made.
        attempts: u32,
        /// How long it took, waits included.
        elapsed: Duration,
    },
}
