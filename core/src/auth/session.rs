//! The token that is current, and its renewal. However many calls wait, one renewal
//! runs, and it runs on the runtime: a caller that gives up does not end it.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use http::HeaderValue;

use super::check;
use super::source::TokenSource;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::header;
use crate::provider::Scheme;
use crate::secret::Secret;

/// How much longer than its source a renewal is waited for.
const GRACE: Duration = Duration::from_secs(1);

/// A credential as it is written into `Authorization`.
pub(crate) struct Authorization {
    pub(crate) header: HeaderValue,
    pub(crate) secret: Secret,
}

impl Authorization {
    /// Writes a credential; `what` names it in the error.
    pub(crate) fn write(secret: &Secret, scheme: Scheme, what: &str) -> Result<Arc<Self>, Error> {
        let secret = check(secret, what)?;
        let text = match scheme {
            Scheme::Bearer => format!("Bearer {}", secret.expose()),
            Scheme::Raw => secret.expose().to_owned(),
        };
        let mut header = header::parse_value(what, &text)?;
        header.set_sensitive(true);
        Ok(Arc::new(Self { header, secret }))
    }
}

/// A token that was obtained: `generation` tells it from the ones before.
pub(crate) struct Held {
    pub(crate) authorization: Arc<Authorization>,
    pub(crate) generation: u64,
    expires_at: Option<Instant>,
}

/// What a renewal gives, or `None` if its runtime ended before.
type Renewed = Option<Result<Arc<Held>, Error>>;

/// One renewal under way.
struct Renewal {
    number: u64,
    outcome: Shared<BoxFuture<'static, Renewed>>,
}

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
    renewals: u64,
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

    /// Whether this runs inside the session's own renewal, where a call would wait for
    /// itself.
    pub(crate) fn refuse_recursion(self: &Arc<Self>) -> Result<(), Error> {
        if RENEWING.try_with(|scope| scope.contains(self)).unwrap_or(false) {
            return Err(Error::config(
                "the token source calls the client that it gives tokens to; use another client inside it",
            )
            .with_code("recursive_token_source"));
        }
        Ok(())
    }

    /// The token after a renewal, which may be one that others wait for already.
    pub(crate) async fn renewed(self: &Arc<Self>, refused: Option<u64>) -> Result<Arc<Held>, Error> {
        // A renewal whose runtime ended, or stands still, is given up for one of our own.
        for _ in 0..2 {
            let (number, outcome) = {
                let mut state = self.lock();
                if let Some(held) = self.usable(&state, refused) {
                    return Ok(held);
                }
                let number = state.renewals;
                let renewal = state.renewal.get_or_insert_with(|| self.renew(number));
                let waited_for = (renewal.number, renewal.outcome.clone());
                state.renewals += 1;
                waited_for
            };
            if let Ok(Some(outcome)) = tokio::time::timeout(self.timeout + GRACE, outcome).await {
                return outcome;
            }
            self.lock().renewal.take_if(|renewal| renewal.number == number);
        }
        Err(Error::new(ErrorKind::Timeout, "no renewal of the token came to an end"))
    }

    fn usable(&self, state: &State, refused: Option<u64>) -> Option<Arc<Held>> {
        let held = state.held.as_ref().filter(|held| refused != Some(held.generation))?;
        let is_alive = held.expires_at.is_none_or(|at| self.clock.monotonic() < at);
        is_alive.then(|| Arc::clone(held))
    }

    fn renew(self: &Arc<Self>, number: u64) -> Renewal {
        let session = Arc::clone(self);
        let task = tokio::spawn(RenewalScope::current().with(self).run(async move {
            let outcome = AssertUnwindSafe(session.ask())
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err(Error::new(ErrorKind::Callback, "the token source panicked")));
            session.finish(outcome)
        }));
        Renewal { number, outcome: async move { task.await.ok() }.boxed().shared() }
    }

    async fn ask(&self) -> Result<(Arc<Authorization>, Option<Instant>), Error> {
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

    fn finish(&self, outcome: Result<(Arc<Authorization>, Option<Instant>), Error>) -> Result<Arc<Held>, Error> {
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

    fn contains(&self, session: &Arc<Session>) -> bool {
        self.0.iter().any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(session)))
    }

    fn with(&self, session: &Arc<Session>) -> Self {
        Self(self.0.iter().cloned().chain([Arc::downgrade(session)]).collect())
    }
}

impl fmt::Debug for RenewalScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RenewalScope({} deep)", self.0.len())
    }
}
