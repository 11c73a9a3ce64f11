//! The one road that a request walks: resolve, gate, sign, send, observe, classify, and
//! again or done.

mod attempt;
mod prepare;
mod telling;
mod turn;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use self::telling::{Ending, Part};
use crate::auth::{Authorization, CallbackScope, Held, Next};
use crate::base_url::BaseUrl;
use crate::client::{Client, Identity, Shared};
use crate::error::{self, Error, ErrorKind, Sent};
use crate::observer::{Event, Outcome};
use crate::rate_limit::{Arrival, Reading};
use crate::request::Request;
use crate::response::Response;
use crate::retry::{self, Policy};
use crate::transport::{Transport, TransportResponse};

/// As much of an error's body as is looked at.
const MAX_ERROR_BODY: usize = 1024 * 1024;
/// How long a caller waits for a renewal ahead of its token's end.
const AHEAD: Duration = Duration::from_secs(1);

/// Sends one request, unless it is to stop before it is done, and reports how the call ended.
pub(crate) async fn execute(
    client: &Client,
    request: Request,
    stop: impl Future<Output = ()>,
) -> Result<Response, Error> {
    let (flight, asked) = Flight::prepare(client, request)?;
    let call = flight.begin();
    let result = tokio::select! {
        biased;
        () = stop => Err(Error::new(ErrorKind::Cancelled, "the call was cancelled")),
        result = flight.run_bounded(client, asked) => result,
    };
    flight.end(call, result)
}

/// One call under way: to the API, or to a token endpoint.
pub(crate) struct Flight<'a> {
    pub(crate) shared: &'a Shared,
    base: &'a BaseUrl,
    transport: &'a dyn Transport,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    request_id: String,
    timeout: Duration,
    deadline: Option<Duration>,
    policy: Policy,
    /// Whether sending it twice is as good as once.
    is_repeatable: bool,
    /// The class of requests that it is counted in.
    class: usize,
    started: Instant,
    attempts: AtomicU32,
    /// In nanoseconds, all waits together.
    waited: AtomicU64,
    /// Of the last answer.
    status: AtomicU16,
    /// The most that any attempt so far can have done, but for one under way.
    sent: AtomicU8,
    is_sending: AtomicBool,
    /// The server's last error, for a deadline that strikes later.
    last_error: Mutex<Option<Error>>,
}

/// What one attempt is signed with, and the token it came from if that can be renewed.
pub(crate) struct Signature {
    authorization: Arc<Authorization>,
    generation: Option<u64>,
    /// The organization that the session's login named.
    organization: Option<HeaderValue>,
}

impl From<Arc<Held>> for Signature {
    fn from(held: Arc<Held>) -> Self {
        Self {
            authorization: Arc::clone(&held.authorization),
            generation: Some(held.generation),
            organization: held.organization.clone(),
        }
    }
}

impl Flight<'_> {
    /// Tells the observer of the call's begin, and of its end whenever that is.
    pub(crate) fn begin(&self) -> Ending<'_, '_> {
        self.tell(|call| Event::CallStarted { call });
        Ending::of(self, Part::Call)
    }

    /// Tells the observer how the call ended, and its error which call it was.
    pub(crate) fn end<T>(&self, mut call: Ending<'_, '_>, result: Result<T, Error>) -> Result<T, Error> {
        call.outcome = match &result {
            Ok(_) => Outcome { status: Some(self.status.load(Ordering::Relaxed)), error: None },
            Err(error) => Outcome { status: error.status(), error: Some(error.kind()) },
        };
        drop(call);
        result.map_err(|error| {
            error
                .with_call(Some(&self.request_id), &self.method, self.url.path())
                .with_attempts(self.attempts(), self.waited())
                .with_sent(self.sent())
        })
    }

    /// Runs until done, until the deadline, or until the client is closed.
    async fn run_bounded(&self, client: &Client, asked: Option<u64>) -> Result<Response, Error> {
        let late = |deadline: Duration| {
            let message = format!("the call was not done by its deadline of {} s", deadline.as_secs_f64());
            let error = Error::new(ErrorKind::Timeout, message);
            match self.last_error() {
                Some(last) => error.with_source(last),
                None => error,
            }
        };
        // Pinned here, since what is passed on by value is kept twice.
        let work = pin!(self.run(client, asked));
        self.shared.bounded(self.deadline, work, late).await
    }

    async fn run(&self, client: &Client, asked: Option<u64>) -> Result<Response, Error> {
        let Shared { budget, provider, .. } = self.shared;
        if let Identity::Session(session) = client.identity() {
            CallbackScope::refuse_recursion(session)?;
        }
        let mut refused = None;
        let mut cost = budget.nothing();
        loop {
            let (permit, signature, result) = self.send(client, refused, &mut cost).await?;
            let error = match result {
                Ok(answer) if matches!(answer.status, 200..=299) => {
                    let reading = self.read_limits(&answer);
                    permit.arrive(Arrival::Answered(reading));
                    budget.give(if self.attempts() == 1 { 1 } else { cost.tokens() });
                    return self.respond(client, answer, signature, reading, asked);
                }
                Ok(answer) => {
                    let error = self.read_error(&answer, signature.as_ref());
                    permit.arrive(self.arrival(&answer, &error));
                    error
                }
                Err(error) => {
                    permit.arrive(if error.sent() == Sent::No { Arrival::Unsent } else { Arrival::Lost });
                    error
                }
            };
            let has_more = self.attempts() <= self.policy.max_retries;
            let generation = signature.and_then(|signature| signature.generation);
            let is_renewable = generation.is_some()
                && refused.is_none()
                && error.status() == Some(401)
                && provider.refreshable.includes(error.code());
            if is_renewable {
                client.identity().refuse(generation);
                if !has_more {
                    return Err(error);
                }
                (refused, cost) = (generation, budget.nothing());
                self.keep(error);
                continue;
            }
            if !has_more || !retry::may_repeat(&error, self.is_repeatable) {
                return Err(error);
            }
            let (hint, is_limited) = (error.retry_after(), error.status() == Some(429));
            let retries = self.attempts().saturating_sub(1);
            let Some(wait) = self.policy.wait(retries, hint, self.remaining(), self.shared.random()) else {
                return Err(error);
            };
            let Some(taken) = budget.take(retry::cost(&error)) else { return Err(error) };
            cost = taken;
            // What a 429 has closed, all wait for at the gate.
            if !(is_limited && client.gate().is_closed(self.class)) {
                self.pause(&error, wait).await;
            }
            self.keep(error);
        }
    }

    /// Keeps the server's last error, in case nothing comes after it.
    fn keep(&self, error: Error) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn last_error(&self) -> Option<Error> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The credential of the next attempt, after a renewal if it needs one.
    async fn sign(&self, identity: &Identity, refused: Option<u64>) -> Result<Option<Signature>, Error> {
        let session = match identity {
            Identity::Anonymous => return Ok(None),
            Identity::Fixed(authorization) => {
                let authorization = Arc::clone(authorization);
                return Ok(Some(Signature { authorization, generation: None, organization: None }));
            }
            Identity::Session(session) => session,
        };
        let held = match session.next(refused) {
            Next::Use(held) => held,
            Next::Ahead(held, renewal) => {
                let patience = self.deadline.map_or(AHEAD, |deadline| AHEAD.min(deadline / 2));
                let renewed = self.renewal(async {
                    tokio::time::timeout(patience, session.wait(renewal))
                        .await
                        .ok()
                        .flatten()
                        .unwrap_or(Ok(Arc::clone(&held)))
                });
                // Whatever becomes of it, the token at hand is good.
                renewed.await.unwrap_or(held)
            }
            Next::Renew => self.renewal(session.renewed(refused)).await?,
        };
        if held.unsaved.is_some() {
            self.tell(|call| Event::TokensUnsaved { call });
        }
        Ok(Some(held.into()))
    }

    async fn renewal(&self, work: impl Future<Output = Result<Arc<Held>, Error>>) -> Result<Arc<Held>, Error> {
        self.tell(|call| Event::RenewalStarted { call });
        let mut ending = Ending::of(self, Part::Renewal);
        let renewed = work.await;
        ending.outcome.error = renewed.as_ref().err().map(Error::kind);
        renewed
    }

    fn respond(
        &self,
        client: &Client,
        answer: TransportResponse,
        signature: Option<Signature>,
        reading: Option<Reading>,
        asked: Option<u64>,
    ) -> Result<Response, Error> {
        let secret = signature.as_ref().map(|signature| &signature.authorization.secret);
        let request_id = match self.echoed_id(&answer.headers) {
            Some(id) if id != self.request_id => error::without(id, secret),
            _ => self.request_id.clone(),
        };
        let mut response = Response {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            request_id,
            attempts: self.attempts(),
            waited: self.waited(),
            rate_limit: reading.map(|reading| Box::new(client.gate().describe(self.class, reading))),
            provider: Arc::clone(&self.shared.provider),
            page: None,
            authorization: signature.map(|signature| signature.authorization),
        };
        if let Some(asked) = asked {
            let found = self.shared.provider.page(asked, response.status, &response.body);
            response.page = Some(found.map_err(|error| response.complete(error))?);
        }
        Ok(response)
    }

    /// The error that an answer reports, without the credential, should the server echo it.
    pub(crate) fn read_error(&self, answer: &TransportResponse, signature: Option<&Signature>) -> Error {
        let body = &answer.body[..answer.body.len().min(MAX_ERROR_BODY)];
        self.shared
            .provider
            .error(answer.status, &answer.headers, body, self.shared.server_time())
            .with_request_id(self.echoed_id(&answer.headers))
            .without(signature.map(|signature| &signature.authorization.secret))
    }

    fn echoed_id(&self, headers: &HeaderMap) -> Option<String> {
        let name = self.shared.provider.headers.request_id.as_deref()?;
        headers.get(name)?.to_str().ok().filter(|id| !id.is_empty()).map(str::to_owned)
    }

    fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    fn waited(&self) -> Duration {
        Duration::from_nanos(self.waited.load(Ordering::Relaxed))
    }

    pub(crate) fn sent(&self) -> Sent {
        let known = match self.sent.load(Ordering::Relaxed) {
            0 => Sent::No,
            1 => Sent::Maybe,
            _ => Sent::Yes,
        };
        if self.is_sending.load(Ordering::Relaxed) { known.max(Sent::Maybe) } else { known }
    }

    fn may_have_acted(&self, sent: Sent) {
        self.sent.fetch_max(sent as u8, Ordering::Relaxed);
    }
}
