//! The token that is current, and its renewal. However many calls wait, one renewal
//! runs, and it runs on the runtime: a caller that gives up does not end it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use http::HeaderValue;

use super::check;
use super::source::TokenSource;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::provider::Scheme;
use crate::secret::Secret;

/// A credential as it is written into `Authorization`.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) header: HeaderValue,
    pub(crate) secret: Secret,
}

impl Authorization {
    /// Writes a credential; `what` names it in the error.
    pub(crate) fn write(secret: &Secret, scheme: Scheme, what: &str) -> Result<Self, Error> {
        let secret = check(secret, what)?;
        let text = match scheme {
            Scheme::Bearer => format!("Bearer {}", secret.expose()),
            Scheme::Raw => secret.expose().to_owned(),
        };
        let mut header = HeaderValue::try_from(text)
            .map_err(|_| Error::config(format!("{what} cannot be written into a header")))?;
        header.set_sensitive(true);
        Ok(Self { header, secret })
    }
}

/// A token that was obtained: `generation` tells it from the ones before.
pub(crate) struct Held {
    pub(crate) authorization: Authorization,
    pub(crate) generation: u64,
    expires_at: Option<Instant>,
}

type Renewal = Shared<BoxFuture<'static, Result<Arc<Held>, Error>>>;

/// The session of a client whose credential is renewable.
pub(crate) struct Session {
    source: Arc<dyn TokenSource>,
    scheme: Scheme,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Arc<Held>>,
    generation: u64,
    renewal: Option<Renewal>,
}

impl Session {
    pub(crate) fn new(source: Arc<dyn TokenSource>, scheme: Scheme, timeout: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { source, scheme, timeout, clock, state: Mutex::default() }
    }

    /// The current token, unless there is none, it has expired, or it is still the one of
    /// generation `refused`.
    pub(crate) fn current(&self, refused: Option<u64>) -> Option<Arc<Held>> {
        self.usable(&self.lock(), refused)
    }

    /// The token after a renewal, which may be one that is under way or just over.
    pub(crate) async fn renewed(self: &Arc<Self>, refused: Option<u64>) -> Result<Arc<Held>, Error> {
        // A call from inside this session's own source would wait for itself.
        if RenewalScope::current().contains(self) {
            return Err(Error::config(
                "the token source calls the client that it gives tokens to; use another client inside it",
            )
            .with_code("recursive_token_source"));
        }
        let renewal = {
            let mut state = self.lock();
            if let Some(held) = self.usable(&state, refused) {
                return Ok(held);
            }
            state.renewal.get_or_insert_with(|| self.renew()).clone()
        };
        renewal.await
    }

    fn usable(&self, state: &State, refused: Option<u64>) -> Option<Arc<Held>> {
        let held = state.held.as_ref().filter(|held| refused != Some(held.generation))?;
        let is_alive = held.expires_at.is_none_or(|at| self.clock.monotonic() < at);
        is_alive.then(|| Arc::clone(held))
    }

    fn renew(self: &Arc<Self>) -> Renewal {
        let session = Arc::clone(self);
        let task = tokio::spawn(RenewalScope::current().with(self).run(async move {
            let outcome = AssertUnwindSafe(session.ask())
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err(Error::new(ErrorKind::Callback, "the token source panicked")));
            session.finish(outcome)
        }));
        async move {
            task.await.unwrap_or_else(|error| {
                Err(Error::new(ErrorKind::Closed, "the runtime ended during a token renewal").with_source(error))
            })
        }
        .boxed()
        .shared()
    }

    async fn ask(&self) -> Result<(Authorization, Option<Instant>), Error> {
        let token = tokio::time::timeout(self.timeout, self.source.token())
            .await
            .map_err(|_| {
                Error::new(
                    ErrorKind::Timeout,
                    format!("the token source gave no token within {} s", self.timeout.as_secs_f64()),
                )
            })?
            .map_err(|error| Error::new(ErrorKind::Callback, "the token source failed").with_source(error))?;
        let authorization = Authorization::write(&token.value, self.scheme, "the token source's token")?;
        let expires_at = token.expires_in.and_then(|life| self.clock.monotonic().checked_add(life));
        Ok((authorization, expires_at))
    }

    fn finish(&self, outcome: Result<(Authorization, Option<Instant>), Error>) -> Result<Arc<Held>, Error> {
        let mut state = self.lock();
        state.renewal = None;
        let (authorization, expires_at) = outcome?;
        state.generation += 1;
        let held = Arc::new(Held { authorization, generation: state.generation, expires_at });
        state.held = Some(Arc::clone(&held));
        Ok(held)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

tokio::task_local! {
    static RENEWING: RenewalScope;
}

/// The renewals that the current task runs inside of. A call from inside a session's own
/// renewal would wait for itself; the scope is how it is found out and refused.
///
/// The client keeps it for the task that runs the token source. A source that answers
/// from a task or thread of its own takes it along: [`RenewalScope::current`] before,
/// [`RenewalScope::run`] there.
#[derive(Debug, Clone, Default)]
pub struct RenewalScope(Arc<[usize]>);

impl RenewalScope {
    /// The scope of the current task; empty outside of any renewal.
    pub fn current() -> Self {
        RENEWING.try_with(Clone::clone).unwrap_or_default()
    }

    /// Runs `future` inside this scope.
    pub fn run<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        RENEWING.scope(self, future)
    }

    fn contains(&self, session: &Session) -> bool {
        self.0.contains(&session.address())
    }

    fn with(&self, session: &Session) -> Self {
        Self(self.0.iter().copied().chain([session.address()]).collect())
    }
}
