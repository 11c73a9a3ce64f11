//! Which functions of the user's a task runs inside of: a call from there must not wait for
//! what waits for that function.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::session::Session;
use crate::error::Error;
use crate::transport::{Transport, TransportError, TransportRequest, TransportResponse};

tokio::task_local! {
    static INSIDE: CallbackScope;
}

/// The functions of the user's that the current task runs inside of: token sources, token
/// stores and transports.
///
/// A call from inside a session's own renewal would wait for itself, and is refused; one from
/// inside a transport takes no connection of its client's `max_connections`, since the call
/// that it is sent for holds one. The client keeps the scope for the task that runs the
/// function. A function that answers from a task or thread of its own takes it along:
/// [`CallbackScope::current`] before, [`CallbackScope::run`] there.
#[derive(Clone, Default)]
pub struct CallbackScope(Arc<[Inside]>);

#[derive(Clone)]
enum Inside {
    Renewal(Weak<Session>),
    Sending(Weak<Semaphore>),
}

impl CallbackScope {
    /// The scope of the current task; empty outside of any function.
    pub fn current() -> Self {
        INSIDE.try_with(Clone::clone).unwrap_or_default()
    }

    /// Runs `future` inside this scope.
    pub fn run<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        INSIDE.scope(self, future)
    }

    /// An error if the current task runs inside this session's renewal.
    pub(crate) fn refuse_recursion(session: &Arc<Session>) -> Result<(), Error> {
        if is_inside(|one| matches!(one, Inside::Renewal(known) if is_same(known, session))) {
            return Err(Error::config(
                "the token source calls the client that it gives tokens to; use another client inside it",
            )
            .with_code("recursive_token_source"));
        }
        Ok(())
    }

    /// Whether the current task runs inside the sending of a call that holds one of these
    /// slots.
    pub(crate) fn holds_slot(slots: &Arc<Semaphore>) -> bool {
        is_inside(|one| matches!(one, Inside::Sending(known) if is_same(known, slots)))
    }

    pub(crate) fn renewing(&self, session: &Arc<Session>) -> Self {
        self.with(Inside::Renewal(Arc::downgrade(session)))
    }

    fn sending(&self, slots: &Arc<Semaphore>) -> Self {
        self.with(Inside::Sending(Arc::downgrade(slots)))
    }

    fn with(&self, inside: Inside) -> Self {
        Self(self.0.iter().cloned().chain([inside]).collect())
    }
}

fn is_inside(is_it: impl Fn(&Inside) -> bool) -> bool {
    INSIDE.try_with(|scope| scope.0.iter().any(is_it)).unwrap_or(false)
}

fn is_same<T>(known: &Weak<T>, one: &Arc<T>) -> bool {
    std::ptr::eq(known.as_ptr(), Arc::as_ptr(one))
}

impl fmt::Debug for CallbackScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackScope({} deep)", self.0.len())
    }
}

/// A transport of the user's own, which knows what it runs inside of.
pub(crate) struct Scoped {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) slots: Arc<Semaphore>,
}

impl Transport for Scoped {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        let scope = CallbackScope::current().sending(&self.slots);
        // Asked inside too: it may begin before it is awaited.
        Box::pin(scope.run(async move { self.transport.send(request).await }))
    }
}
