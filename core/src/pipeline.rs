//! The one road that a request walks: resolve, gate, sign, send, observe, classify, and
//! again or done.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;
use uuid::Uuid;

use crate::auth::{Authorization, Held, Next, RenewalScope};
use crate::base_url::BaseUrl;
use crate::client::{Client, Identity, Shared};
use crate::error::{Error, ErrorKind, Sent};
use crate::header;
use crate::observer::{Call, Event, Outcome, WaitReason};
use crate::organization;
use crate::rate_limit::{Arrival, Asked, Asker, Permit, Reading};
use crate::request::{Request, without_query};
use crate::response::Response;
use crate::retry::{self, Policy};
use crate::transport::{MAX_BODY, Transport, TransportRequest, TransportResponse};

const MAX_REDIRECTS: usize = 5;
/// As much of an error's body as is looked at.
const MAX_ERROR_BODY: usize = 1024 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How long a caller waits for a renewal ahead of its token's end.
const AHEAD: Duration = Duration::from_secs(1);

/// Sends one request and reports how the call ended.
pub(crate) async fn execute(client: &Client, request: Request) -> Result<Response, Error> {
    let (flight, asked) = Flight::prepare(client, request)?;
    flight.follow(flight.run_bounded(client, asked)).await
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

impl<'a> Flight<'a> {
    /// Resolves the URL and writes every header but `Authorization`; an error names the
    /// call as far as it is known. The page is the one that was asked for, if one was.
    fn prepare(client: &'a Client, mut request: Request) -> Result<(Self, Option<u64>), Error> {
        let (method, path) = (request.method.clone(), std::mem::take(&mut request.path));
        let named = |error: Error, id: Option<&str>| error.with_call(id, &method, without_query(&path));
        let id = match request.request_id.take() {
            Some(id) if id.is_empty() => return Err(named(Error::config("request_id is empty"), None)),
            Some(id) => id,
            None => Uuid::now_v7().to_string(),
        };
        let header = header::parse_value("request_id", &id).map_err(|error| named(error, None))?;
        Self::resolve(client, request, &path, id, header.clone()).map_err(|error| named(error, header.to_str().ok()))
    }

    fn resolve(
        client: &'a Client,
        request: Request,
        path: &str,
        request_id: String,
        id_header: HeaderValue,
    ) -> Result<(Self, Option<u64>), Error> {
        for (name, limit) in [("timeout", request.timeout), ("deadline", request.deadline)] {
            if limit.is_some_and(|limit| limit.is_zero()) {
                return Err(Error::config(format!("{name} must be more than zero")));
            }
        }
        let (shared, dress) = (&**client.shared(), client.dress());
        let mut url = shared.base.resolve(path, &request.path_params, &request.query)?;
        let asked = request.page.map(|number| shared.provider.paging.ask(&mut url, number)).transpose()?;

        let mut headers = dress.headers.clone();
        if let Some(kind) = &request.content_type {
            headers.insert(CONTENT_TYPE, header::parse_value("content_type", kind)?);
        } else if shared.provider.headers.always_json {
            headers.insert(CONTENT_TYPE, JSON);
        }
        headers.extend(header::of_caller(&shared.provider, &request.headers)?);
        if let Some(key) = &request.idempotency_key {
            if key.trim().is_empty() {
                return Err(Error::config("idempotency_key is empty"));
            }
            if headers.contains_key(&IDEMPOTENCY_KEY) {
                return Err(Error::config("idempotency_key is given, and the header Idempotency-Key too: give one"));
            }
            headers.insert(&IDEMPOTENCY_KEY, header::parse_value("idempotency_key", key)?);
        }
        let organization = match &request.organization {
            Some(id) => Some(organization::header(id)?),
            None => client.organization().cloned(),
        };
        if let Some(name) = &dress.request_id {
            headers.insert(name.clone(), id_header);
        }
        if let (Some(name), Some(id)) = (&dress.organization, organization) {
            headers.insert(name.clone(), id);
        }
        let (provider, path) = (&shared.provider, shared.base.path_under(&url));
        let is_safe = || {
            is_idempotent(&request.method)
                && !provider.unsafe_routes.iter().any(|route| route.matches(&request.method, path))
        };
        let is_repeatable = request.idempotent.unwrap_or_else(|| request.idempotency_key.is_some() || is_safe());
        let class = provider.rate.class_of(&request.method, path);
        let policy = Policy {
            max_retries: request.max_retries.unwrap_or(shared.policy.max_retries),
            max_wait: request.max_retry_wait.unwrap_or(shared.policy.max_wait),
        };
        let flight = Self {
            deadline: request.deadline.or(shared.deadline),
            timeout: request.timeout.unwrap_or(shared.timeout),
            policy,
            is_repeatable,
            class,
            ..Self::new(shared, request.method, url, headers, request.body, request_id)
        };
        Ok((flight, asked))
    }

    /// A call to a token endpoint, which takes JSON.
    pub(crate) fn for_token(shared: &'a Shared, base: &'a BaseUrl, path: &str, body: String) -> Result<Self, Error> {
        let url = base.resolve(path, &[], &[])?;
        let request_id = Uuid::now_v7().to_string();
        let is_elsewhere = !base.is_same_origin(&shared.base);
        let mut headers = if is_elsewhere { &shared.signed.own } else { &shared.signed.headers }.clone();
        headers.insert(CONTENT_TYPE, JSON);
        if let Some(name) = &shared.signed.request_id {
            headers.insert(name.clone(), header::parse_value("request_id", &request_id)?);
        }
        let transport = if is_elsewhere { &shared.auth_transport } else { &shared.transport };
        Ok(Self {
            base,
            transport: &**transport,
            ..Self::new(shared, Method::POST, url, headers, body.into(), request_id)
        })
    }

    fn new(shared: &'a Shared, method: Method, url: Url, headers: HeaderMap, body: Bytes, request_id: String) -> Self {
        Self {
            shared,
            base: &shared.base,
            transport: &*shared.transport,
            method,
            url,
            headers,
            body,
            request_id,
            timeout: shared.timeout,
            deadline: None,
            policy: shared.policy,
            is_repeatable: false,
            class: 0,
            started: shared.clock.monotonic(),
            attempts: AtomicU32::new(0),
            waited: AtomicU64::new(0),
            status: AtomicU16::new(0),
            sent: AtomicU8::new(Sent::No as u8),
            is_sending: AtomicBool::new(false),
            last_error: Mutex::new(None),
        }
    }

    /// Tells the observer of the call's begin and end, and its error which call it was.
    pub(crate) async fn follow<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.tell(|call| Event::CallStarted { call });
        let mut ending = Ending::of(self, Part::Call);
        let result = work.await;
        ending.outcome = match &result {
            Ok(_) => Outcome { status: Some(self.status.load(Ordering::Relaxed)), error: None },
            Err(error) => Outcome { status: error.status(), error: Some(error.kind()) },
        };
        drop(ending);
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
        self.shared.bounded(self.deadline, self.run(client, asked), late).await
    }

    async fn run(&self, client: &Client, asked: Option<u64>) -> Result<Response, Error> {
        let Shared { budget, provider, .. } = self.shared;
        if let Identity::Session(session) = client.identity() {
            RenewalScope::refuse_recursion(session)?;
        }
        let mut refused = None;
        let mut last_cost = 0;
        loop {
            let attempts = self.attempts();
            let sent = self.send(client, refused).await;
            if attempts == self.attempts() {
                // Paid for nothing.
                budget.give(last_cost);
            }
            let (permit, signature, result) = sent?;
            let error = match result {
                Ok(answer) if matches!(answer.status, 200..=299) => {
                    let reading = self.read_limits(&answer);
                    permit.arrive(Arrival::Answered(reading));
                    budget.give(if self.attempts() == 1 { 1 } else { last_cost });
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
                (refused, last_cost) = (generation, 0);
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
            last_cost = retry::cost(&error);
            if !budget.take(last_cost) {
                return Err(error);
            }
            // What a 429 has closed, all wait for at the gate.
            if !(is_limited && client.gate().is_closed(self.class)) {
                self.pause(&error, wait).await;
            }
            self.keep(error);
        }
    }

    /// Goes through the gate, signs the request, and sends it once in its turn.
    async fn send<'c>(
        &self,
        client: &'c Client,
        refused: Option<u64>,
    ) -> Result<(Permit<'c>, Option<Signature>, Result<TransportResponse, Error>), Error> {
        let mut is_again = self.attempts() > 0;
        loop {
            let permit = self.permit(client, is_again).await?;
            let signature = self.sign(client.identity(), refused).await?;
            let slot = self.shared.slots.acquire().await;
            let _slot = slot.map_err(|_| Error::new(ErrorKind::Closed, "the client was closed"))?;
            if client.gate().is_closed(self.class) {
                is_again = true;
                continue;
            }
            permit.begin();
            let result = self.attempt(signature.as_ref()).await;
            return Ok((permit, signature, result));
        }
    }

    /// Goes through the gate, or waits there. Whoever would wait too long goes on with the
    /// error that brought it back, or fails before anything was sent.
    async fn permit<'c>(&self, client: &'c Client, is_again: bool) -> Result<Permit<'c>, Error> {
        let patience = self.remaining().map_or(self.policy.max_wait, |remaining| remaining.min(self.policy.max_wait));
        let asker = Asker { class: self.class, is_again, patience };
        let wait = match client.gate().ask(asker) {
            Asked::Go(permit) => return Ok(permit),
            Asked::TooLong(wait) => wait,
            Asked::Wait(queued, expected) => {
                match self.waiting(WaitReason::RateLimit, expected, queued.admitted()).await {
                    Ok(permit) => return Ok(permit),
                    Err(wait) => wait,
                }
            }
        };
        // Where nobody can tell how long it will be, a second is as good as any.
        let wait = Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(Duration::from_secs(1));
        if let Some(last) = self.last_error() {
            let wait = wait.max(last.retry_after().unwrap_or_default());
            return Err(last.with_retry_after(wait));
        }
        let class = self.shared.provider.rate.class_names().nth(self.class).unwrap_or_default();
        let message = format!("the rate limit of `{class}` leaves no room for {} s; nothing was sent", wait.as_secs());
        Err(Error::new(ErrorKind::RateLimited, message).with_retry_after(wait))
    }

    /// What an answer that is no success means for the rate limits.
    fn arrival(&self, answer: &TransportResponse, error: &Error) -> Arrival {
        let reading = self.read_limits(answer);
        if answer.status != 429 {
            // A gateway's word, or that of a credential's check, is none on limits.
            let is_silent = reading.is_none() && (answer.status == 401 || answer.status >= 500);
            return if is_silent { Arrival::Lost } else { Arrival::Answered(reading) };
        }
        let random = self.shared.random();
        let hint = error.retry_after().map(|hint| {
            let patient = Policy { max_wait: Duration::MAX, ..self.policy };
            let wait = |policy: Policy| policy.wait(0, Some(hint), self.remaining(), random);
            (hint, wait(self.policy).or_else(|| patient.wait(0, Some(hint), None, random)).unwrap_or(hint))
        });
        Arrival::Refused { reading, hint }
    }

    fn read_limits(&self, answer: &TransportResponse) -> Option<Reading> {
        Reading::of(&answer.headers, self.shared.server_time())
    }

    /// Waits before another try.
    pub(crate) async fn pause(&self, error: &Error, wait: Duration) {
        let reason = if error.retry_after().is_some() { WaitReason::RetryAfter } else { WaitReason::Backoff };
        self.waiting(reason, wait, tokio::time::sleep(wait)).await;
    }

    async fn waiting<T>(&self, reason: WaitReason, expected: Duration, wait: impl Future<Output = T>) -> T {
        self.tell(|call| Event::WaitStarted { call, reason, expected });
        let _ending = Ending::of(self, Part::Wait(reason));
        wait.await
    }

    /// What is left until the deadline.
    fn remaining(&self) -> Option<Duration> {
        let elapsed = || self.shared.clock.monotonic().saturating_duration_since(self.started);
        self.deadline.map(|deadline| deadline.saturating_sub(elapsed()))
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

    /// Sends the request once, redirects followed, within the timeout of an attempt.
    pub(crate) async fn attempt(&self, signature: Option<&Signature>) -> Result<TransportResponse, Error> {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        self.tell(|call| Event::AttemptStarted { call, attempt });
        let mut ending = Ending::of(self, Part::Attempt(attempt));
        self.is_sending.store(true, Ordering::Relaxed);
        let result = tokio::time::timeout(self.timeout, self.exchange(signature)).await.unwrap_or_else(|_| {
            let message = format!("no answer within {} s", self.timeout.as_secs_f64());
            Err(Error::new(ErrorKind::Timeout, message).with_sent(Sent::Maybe))
        });
        self.is_sending.store(false, Ordering::Relaxed);
        self.may_have_acted(result.as_ref().map_or_else(Error::sent, |_| Sent::Yes));
        if let Ok(answer) = &result {
            self.status.store(answer.status, Ordering::Relaxed);
        }
        ending.outcome = Outcome {
            status: result.as_ref().ok().map(|answer| answer.status),
            error: result.as_ref().err().map(Error::kind),
        };
        result
    }

    async fn exchange(&self, signature: Option<&Signature>) -> Result<TransportResponse, Error> {
        let mut url = Cow::Borrowed(&self.url);
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = self.headers.clone();
            if let Some(signature) = signature {
                headers.insert(AUTHORIZATION, signature.authorization.header.clone());
                if let (Some(name), Some(id)) = (&self.shared.signed.organization, &signature.organization) {
                    headers.entry(name).or_insert_with(|| id.clone());
                }
            }
            let request = TransportRequest {
                method: self.method.clone(),
                url: url.as_ref().clone(),
                headers,
                body: self.body.clone(),
                max_body: MAX_BODY,
            };
            let answer = self.transport.send(request).await.map_err(|failure| {
                let error = failure.into_error();
                // Somebody has answered already, if only to send it on.
                if matches!(url, Cow::Owned(_)) { error.with_sent(Sent::Yes) } else { error }
            })?;
            self.shared.observe(&answer.headers);
            let location =
                answer.headers.get(LOCATION).filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308));
            let Some(location) = location else { return Ok(answer) };
            self.may_have_acted(Sent::Yes);
            url = Cow::Owned(self.redirect(&url, answer.status, location)?);
        }
        Err(protocol("too_many_redirects", format!("the server redirected more than {MAX_REDIRECTS} times")))
    }

    /// Where a redirect leads, if this client may follow it.
    fn redirect(&self, from: &Url, status: u16, location: &HeaderValue) -> Result<Url, Error> {
        let is_read = matches!(self.method, Method::GET | Method::HEAD);
        if !is_read && !matches!(status, 307 | 308) {
            return Err(protocol(
                "redirect_refused",
                format!("the server answered {} with {status}, which would turn it into a GET", self.method),
            ));
        }
        let target = location.to_str().map_err(|_| ()).and_then(|to| self.base.follow(from, to).map_err(|_| ()));
        target.map_err(|()| {
            protocol(
                "redirect_refused",
                "the server redirected away from the client's base_url; the credential does not follow",
            )
        })
    }

    fn respond(
        &self,
        client: &Client,
        answer: TransportResponse,
        signature: Option<Signature>,
        reading: Option<Reading>,
        asked: Option<u64>,
    ) -> Result<Response, Error> {
        let request_id = self.echoed_id(&answer.headers).unwrap_or_else(|| self.request_id.clone());
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

    fn tell<'e>(&'e self, event: impl FnOnce(Call<'e>) -> Event<'e>) {
        if self.shared.is_observed() {
            self.shared.tell(event(Call {
                provider: &self.shared.provider.name,
                method: self.method.as_str(),
                path: self.url.path(),
                request_id: &self.request_id,
            }));
        }
    }
}

/// A part of a call that has an end.
#[derive(Clone, Copy)]
enum Part {
    Call,
    Attempt(u32),
    Renewal,
    Wait(WaitReason),
}

/// Reports the end of a part, however it ends: a future that is dropped was cancelled.
struct Ending<'f, 'a> {
    flight: &'f Flight<'a>,
    part: Part,
    /// Where nobody asks, nobody looks at the clock.
    started: Option<Instant>,
    outcome: Outcome,
}

impl<'f, 'a> Ending<'f, 'a> {
    fn of(flight: &'f Flight<'a>, part: Part) -> Self {
        let started = match part {
            Part::Call => Some(flight.started),
            Part::Wait(_) => Some(flight.shared.clock.monotonic()),
            _ => flight.shared.is_observed().then(|| flight.shared.clock.monotonic()),
        };
        Self { flight, part, started, outcome: Outcome { status: None, error: Some(ErrorKind::Cancelled) } }
    }
}

impl Drop for Ending<'_, '_> {
    fn drop(&mut self) {
        let (flight, outcome) = (self.flight, self.outcome);
        let elapsed =
            || self.started.map_or(Duration::ZERO, |at| flight.shared.clock.monotonic().saturating_duration_since(at));
        if let Part::Wait(_) = self.part {
            let waited = u64::try_from(elapsed().as_nanos()).unwrap_or(u64::MAX);
            flight.waited.fetch_add(waited, Ordering::Relaxed);
        }
        flight.tell(|call| match self.part {
            Part::Call => Event::CallEnded { call, outcome, attempts: flight.attempts(), elapsed: elapsed() },
            Part::Attempt(attempt) => Event::AttemptEnded { call, attempt, outcome, elapsed: elapsed() },
            Part::Renewal => Event::RenewalEnded { call, error: outcome.error },
            Part::Wait(reason) => Event::WaitEnded { call, reason, elapsed: elapsed() },
        });
    }
}

/// Methods that do the same when done twice (RFC 9110, 9.2.2).
fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE)
}

fn protocol(code: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, message).with_code(code).with_sent(Sent::Yes)
}
