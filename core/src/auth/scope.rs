//! Which renewals a task runs inside of, so that one that calls its own client is refused
//! instead of waiting for itself.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};

use super::session::Session;
use crate::error::Error;

tokio::task_local! {
    static RENEWING: RenewalScope;
}

/// The renewals that the current task runs inside of. A call from inside a session's own
/// renewal would wait for itself; the scope is how it is found out and refused.
///
/// The client keeps it for the task that runs the token source. A source that answers
/// from a task or thread of its own takes it along: [`RenewalScope::current`] before,
/// [`RenewalScope::run`] there.
#[derive(Clone, Default)]
pub struct RenewalScope(Arc<[Weak<Session>]>);

impl RenewalScope {
    /// The scope of the current task; empty outside of any renewal.
    pub fn current() -> Self {
        RENEWING.try_with(Clone::clone).unwrap_or_default()
    }

    /// Runs `future` inside this scope.
    pub fn run<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        RENEWING.scope(self, future)
    }

    /// An error if the current task runs inside this session's renewal.
    pub(crate) fn refuse_recursion(session: &Arc<Session>) -> Result<(), Error> {
        let is_inside = |scope: &Self| scope.0.iter().any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(session)));
        if RENEWING.try_with(is_inside).unwrap_or(false) {
            return Err(Error::config(
                "the token source calls the client that it gives tokens to; use another client inside it",
            )
            .with_code("recursive_token_source"));
        }
        Ok(())
    }

    pub(crate) fn with(&self, session: &Arc<Session>) -> Self {
        Self(self.0.iter().cloned().chain([Arc::downgrade(session)]).collect())
    }
}

impl fmt::Debug for RenewalScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RenewalScope({} deep)", self.0.len())
    }
}
