//! The token that is current, and its renewal. However many calls wait, one renewal
//! runs, and it runs on the runtime: a caller that gives up does not end it.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared as SharedFuture};
use http::HeaderValue;
use serde_json::Value;
use uuid::Uuid;

use super::authorization::Authorization;
use super::minted::Jwt;
use super::oauth::OAuth;
use super::renewal::{Order, Renewed};
use super::scope::CallbackScope;
use super::source::TokenSource;
use super::vault::Vault;
use crate::client::Shared;
use crate::error::{Error, ErrorKind};
use crate::organization;
use crate::secret::Secret;

/// How long the outcome of a failed renewal is everybody's.
const SHARED_FAILURE: Duration = Duration::from_secs(1);
/// How long a failed renewal keeps the next one ahead of time away.
const PROACTIVE_PAUSE: Duration = Duration::from_secs(5);
/// The longest time ahead of its end that a token is renewed.
const PROACTIVE: Duration = Duration::from_mins(1);
/// How much longer than it can take a renewal is waited for.
const GRACE: Duration = Duration::from_secs(1);

/// A token that was obtained: `generation` tells it from the ones before.
pub(crate) struct Held {
    pub(crate) authorization: Arc<Authorization>,
    pub(crate) generation: u64,
    /// The organization that the session's first login named.
    pub(crate) organization: Option<HeaderValue>,
    /// Why it is in memory alone, if the store has not got it.
    pub(crate) unsaved: Option<Error>,
    expires_at: Option<Instant>,
    /// From when on it is better renewed.
    renew_at: Option<Instant>,
}

/// Where a session's tokens come from.
pub(crate) enum Way {
    Source(Arc<dyn TokenSource>),
    Password { email: String, password: Secret },
    OAuth(OAuth),
    Jwt(Jwt),
}

/// What a caller is to do for a token.
pub(crate) enum Next {
    /// Use this one.
    Use(Arc<Held>),
    /// Wait a little for its renewal ahead of its end; until then it is good.
    Ahead(Arc<Held>, Waiting),
    /// Renew it first.
    Renew,
}

/// The outcome of a renewal, or `None` if its runtime ended before.
type Outcome = SharedFuture<BoxFuture<'static, Option<Result<Arc<Held>, Error>>>>;

/// A renewal under way, as those who wait for it hold it.
#[derive(Clone)]
pub(crate) struct Waiting {
    number: u64,
    /// Whether it does what calls ask for, and not what the user ordered.
    is_renewal: bool,
    /// Longer than it takes.
    limit: Duration,
    outcome: Outcome,
}

/// The session of a client whose credential is renewable.
pub(crate) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) way: Way,
    pub(super) vault: Option<Vault>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    held: Option<Arc<Held>>,
    pub(super) refresh_token: Option<Secret>,
    /// The caller's own refresh token, while the store's is used instead.
    pub(super) spare: Option<Secret>,
    /// The write that was last seen in the store, and our own last one.
    pub(super) seen: Option<Uuid>,
    pub(super) written: Option<Uuid>,
    /// Why no token can be had any more without the user.
    pub(super) ended: Option<Error>,
    pub(super) organization: Option<HeaderValue>,
    user: Option<Value>,
    failed: Option<(Instant, Error)>,
    /// The user's forgetting, counted: a renewal that began before does not count.
    epoch: u64,
    generation: u64,
    renewals: u64,
    renewal: Option<Waiting>,
    /// A renewal that the user overtook, and that the next one waits for.
    overtaken: Option<Outcome>,
}

/// What is known of a session. Its `Debug` does not show the user, who is not for logs.
#[derive(Clone)]
#[non_exhaustive]
pub struct SessionInfo {
    /// The user, as the login's answer has it.
    pub user: Option<Value>,
    /// The organization that the first login named.
    pub organization: Option<String>,
    /// How long the access token is still good, if that is known.
    pub expires_in: Option<Duration>,
}

impl fmt::Debug for SessionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionInfo")
            .field("organization", &self.organization)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, way: Way, vault: Option<Vault>) -> Result<Self, Error> {
        let mut state = State::default();
        if let Way::OAuth(oauth) = &way {
            state.refresh_token.clone_from(&oauth.refresh_token);
            if let Some(token) = &oauth.access_token {
                state.held = Some(Arc::new(Held {
                    authorization: Authorization::write(token, shared.provider.headers.token, "access_token")?,
                    generation: 0,
                    organization: None,
                    unsaved: None,
                    expires_at: None,
                    renew_at: None,
                }));
            }
        }
        Ok(Self { shared, way, vault, state: Mutex::new(state) })
    }

    /// Goes on with the tokens of a session as it was when its process forked.
    pub(crate) fn inherit(&self, parent: &Self) {
        // Held by a thread that did not come along: what it guards may be in the middle of a change.
        let Ok(theirs) = parent.state.try_lock() else { return };
        let mut state = self.lock();
        state.held.clone_from(&theirs.held);
        state.refresh_token.clone_from(&theirs.refresh_token);
        state.spare.clone_from(&theirs.spare);
        state.ended.clone_from(&theirs.ended);
        state.organization.clone_from(&theirs.organization);
        state.user.clone_from(&theirs.user);
        state.generation = theirs.generation;
    }

    /// The current token, unless it is still the one of generation `refused`, or has
    /// expired. One caller alone is told to wait for a renewal ahead of its end.
    pub(crate) fn next(self: &Arc<Self>, refused: Option<u64>) -> Next {
        let mut state = self.lock();
        let now = self.shared.clock.monotonic();
        let Some(held) = alive(&state, refused, now) else { return Next::Renew };
        let is_late = held.renew_at.is_some_and(|at| at <= now);
        let has_just_failed =
            || state.failed.as_ref().is_some_and(|(at, _)| now.saturating_duration_since(*at) < PROACTIVE_PAUSE);
        if !is_late || state.renewal.is_some() || !self.can_renew(&state) || has_just_failed() {
            return Next::Use(held);
        }
        Next::Ahead(held, self.begin(&mut state, Order::Renew))
    }

    /// Forgets the token of generation `refused`, if it is still the current one: what the
    /// server refused is not sent again.
    pub(crate) fn refuse(&self, refused: u64) {
        self.lock().held.take_if(|held| held.generation == refused);
    }

    /// The current token's credential, for what must not show it.
    pub(crate) fn secret(&self) -> Option<Secret> {
        self.lock().held.as_ref().map(|held| held.authorization.secret.clone())
    }

    /// The token after a renewal, which may be one that others wait for already. One that
    /// was refused is not used again.
    pub(crate) async fn renewed(self: &Arc<Self>, refused: Option<u64>) -> Result<Arc<Held>, Error> {
        self.joined(|state, now| {
            state.held.take_if(|held| refused == Some(held.generation));
            alive(state, None, now)
        })
        .await
    }

    /// The token after a renewal that the user wants, though the one at hand may be good.
    pub(crate) async fn refreshed(self: &Arc<Self>) -> Result<Arc<Held>, Error> {
        let before = self.lock().generation;
        self.joined(|state, now| alive(state, None, now).filter(|held| held.generation > before)).await
    }

    /// What `is_done` finds, or the outcome of a renewal.
    async fn joined(
        self: &Arc<Self>,
        is_done: impl Fn(&mut State, Instant) -> Option<Arc<Held>>,
    ) -> Result<Arc<Held>, Error> {
        // A renewal whose runtime ended, or stands still, is given up for one of our own;
        // a login or exchange that failed was the user's, and no answer to this call.
        for _ in 0..3 {
            let renewal = {
                let mut state = self.lock();
                let now = self.shared.clock.monotonic();
                if let Some(held) = is_done(&mut state, now) {
                    return Ok(held);
                }
                match (&state.renewal, &state.failed) {
                    (Some(renewal), _) => renewal.clone(),
                    (None, Some((at, error))) if now.saturating_duration_since(*at) < SHARED_FAILURE => {
                        return Err(error.clone());
                    }
                    (None, _) => self.begin(&mut state, Order::Renew),
                }
            };
            let is_renewal = renewal.is_renewal;
            match self.wait(renewal).await {
                Some(outcome) if is_renewal || outcome.is_ok() => return outcome,
                _ => {}
            }
        }
        Err(abandoned())
    }

    /// The token that a login or a code gives, once a renewal under way has ended.
    pub(crate) async fn ordered(self: &Arc<Self>, order: Order) -> Result<Arc<Held>, Error> {
        let renewal = {
            let mut state = self.lock();
            overtake(&mut state);
            self.begin(&mut state, order)
        };
        self.wait(renewal).await.unwrap_or_else(|| Err(abandoned()))
    }

    /// The outcome of a renewal, unless it never comes.
    pub(crate) async fn wait(&self, renewal: Waiting) -> Option<Result<Arc<Held>, Error>> {
        if let Ok(Some(outcome)) = tokio::time::timeout(renewal.limit, renewal.outcome.clone()).await {
            return Some(outcome);
        }
        let mut state = self.lock();
        if state.renewal.take_if(|known| known.number == renewal.number).is_some() {
            state.overtaken = Some(renewal.outcome);
        }
        None
    }

    pub(crate) fn is_storable(&self) -> bool {
        self.vault.is_some()
    }

    /// Forgets the access token. A renewal that has begun does not bring it back.
    pub(crate) fn invalidate(&self) {
        let mut state = self.lock();
        state.epoch += 1;
        state.held = None;
        state.failed = None;
        overtake(&mut state);
    }

    /// What is known of it; nothing before the first token.
    pub(crate) fn info(&self) -> Option<SessionInfo> {
        let state = self.lock();
        let now = self.shared.clock.monotonic();
        let held = state.held.as_ref();
        if held.is_none() && state.generation == 0 {
            return None;
        }
        Some(SessionInfo {
            user: state.user.clone(),
            organization: state.organization.as_ref().and_then(|id| id.to_str().ok()).map(str::to_owned),
            expires_in: held.and_then(|held| held.expires_at).map(|at| at.saturating_duration_since(now)),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn can_renew(&self, state: &State) -> bool {
        match &self.way {
            Way::Source(_) | Way::Jwt(_) => true,
            Way::Password { .. } => (state.refresh_token.is_some() && self.refreshes()) || state.ended.is_none(),
            Way::OAuth(_) => state.refresh_token.is_some(),
        }
    }

    fn begin(self: &Arc<Self>, state: &mut State, order: Order) -> Waiting {
        let number = state.renewals;
        state.renewals += 1;
        let epoch = state.epoch;
        let overtaken = state.overtaken.take();
        let is_renewal = matches!(order, Order::Renew);
        let longest = self.longest_renewal();
        let limit = if overtaken.is_some() { longest.saturating_mul(2) } else { longest }.saturating_add(GRACE);
        let session = Arc::clone(self);
        let task = tokio::spawn(CallbackScope::current().renewing(self).run(async move {
            if let Some(overtaken) = overtaken {
                // Its refresh token is the next one's; if its runtime is gone, it never comes.
                let _ = tokio::time::timeout(longest, overtaken).await;
            }
            let outcome = AssertUnwindSafe(session.perform(&order))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err(Error::new(ErrorKind::Callback, session.panicked())));
            session.finish(number, epoch, is_renewal, outcome)
        }));
        let renewal = Waiting { number, is_renewal, limit, outcome: async move { task.await.ok() }.boxed().shared() };
        state.renewal = Some(renewal.clone());
        renewal
    }

    fn panicked(&self) -> &'static str {
        match self.way {
            Way::Source(_) => "the token source panicked",
            _ => "the token store or the transport panicked",
        }
    }

    fn finish(
        &self,
        number: u64,
        epoch: u64,
        is_renewal: bool,
        outcome: Result<Renewed, Error>,
    ) -> Result<Arc<Held>, Error> {
        let mut state = self.lock();
        let now = self.shared.clock.monotonic();
        state.renewal.take_if(|renewal| renewal.number == number);
        let renewed = outcome.inspect_err(|error| {
            if is_renewal {
                state.failed = Some((now, error.clone()));
            }
        })?;
        state.learn(renewed.organization.as_deref());
        state.generation += 1;
        let held = Arc::new(Held {
            authorization: renewed.authorization,
            generation: state.generation,
            organization: state.organization.clone(),
            unsaved: renewed.unsaved,
            expires_at: renewed.left.and_then(|left| now.checked_add(left)),
            renew_at: renewed.left.and_then(|left| {
                let ahead = PROACTIVE.min(renewed.life.unwrap_or(left) / 10);
                now.checked_add(left.saturating_sub(ahead))
            }),
        });
        state.failed = None;
        state.ended = None;
        if renewed.refresh_token.is_some() {
            state.refresh_token = renewed.refresh_token;
        }
        if renewed.user.is_some() {
            state.user = renewed.user;
        }
        if state.epoch == epoch {
            state.held = Some(Arc::clone(&held));
        }
        Ok(held)
    }
}

impl State {
    /// The organization that a login names, if none has before.
    pub(super) fn learn(&mut self, organization: Option<&str>) {
        if self.organization.is_none() {
            self.organization = organization.and_then(|id| organization::header(id).ok());
        }
    }
}

fn alive(state: &State, refused: Option<u64>, now: Instant) -> Option<Arc<Held>> {
    let held = state.held.as_ref().filter(|held| refused != Some(held.generation))?;
    held.expires_at.is_none_or(|at| now < at).then(|| Arc::clone(held))
}

/// Lets the next renewal wait for the one under way, and no caller join that.
fn overtake(state: &mut State) {
    if let Some(renewal) = state.renewal.take() {
        state.overtaken = Some(renewal.outcome);
    }
}

fn abandoned() -> Error {
    Error::new(ErrorKind::Timeout, "the renewal of the token did not come to an end")
}
