//! A client as the bindings hold it: calls are submitted, and cancelled by id.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, abortable};
use linktor::{Error, ErrorKind, Payload, RateLimit, Request};
use tokio::runtime::Runtime;

use crate::auth::{self, AuthCall};
use crate::port::{Item, Outcome, Port, Reply};
use crate::{options, runtime, upcall};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Ids of calls, questions and clients: never the same twice in one process.
pub(crate) fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// A client of one API, for a binding.
#[derive(Debug)]
pub struct Client {
    id: u64,
    inner: linktor::Client,
    runtime: &'static Runtime,
    calls: Arc<Mutex<HashMap<u64, AbortHandle>>>,
}

impl Client {
    /// Makes a client from its options as a JSON object; `language` is what `User-Agent`
    /// says, and questions to the user's own functions go to `port`.
    pub fn new(options: &str, language: &'static str, port: &Arc<Port>) -> Result<Self, Error> {
        let id = next_id();
        let builder = options::builder(options, || upcall::ForeignSource { client: id, port: Arc::clone(port) })?;
        Self::of(id, builder.language(language).build()?)
    }

    /// A handle for another organization: the same connections and session.
    pub fn with_organization(&self, id: &str) -> Result<Self, Error> {
        Self::of(next_id(), self.inner.with_organization(id)?)
    }

    /// A handle with credentials of its own, given as those of [`Client::new`]; its
    /// questions go to `port` under its own id.
    pub fn with_credentials(&self, options: &str, port: &Arc<Port>) -> Result<Self, Error> {
        let id = next_id();
        let source = || upcall::ForeignSource { client: id, port: Arc::clone(port) };
        Self::of(id, self.inner.with_credentials(options::credentials(options, source)?)?)
    }

    fn of(id: u64, inner: linktor::Client) -> Result<Self, Error> {
        Ok(Self { id, inner, runtime: runtime::get()?, calls: Arc::default() })
    }

    /// The client's id, which its questions name.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The API family's name.
    pub fn provider(&self) -> &str {
        &self.inner.provider().name
    }

    /// Starts a call; its completion comes out of `port` under the id that is returned.
    /// `within` is the question that the caller is answering, if it is.
    pub fn submit(&self, port: &Arc<Port>, request: Request, within: Option<u64>) -> u64 {
        self.start(self.request(request), within, to_port(port))
    }

    /// Starts a call that a thread will wait for.
    pub fn call(&self, request: Request, within: Option<u64>) -> Pending<'_> {
        self.pending(self.request(request), within)
    }

    /// Starts an auth call; its completion comes out of `port`.
    pub fn submit_auth(&self, port: &Arc<Port>, call: AuthCall) -> u64 {
        let within = call.within();
        self.start(call.run(self.inner.clone()), within, to_port(port))
    }

    /// Starts an auth call that a thread will wait for.
    pub fn call_auth(&self, call: AuthCall) -> Pending<'_> {
        let within = call.within();
        self.pending(call.run(self.inner.clone()), within)
    }

    /// What is known of the session, as JSON; `null` if there is none.
    pub fn session(&self) -> String {
        auth::session(self.inner.auth().session().as_ref())
    }

    /// What is known of the rate limit of a class; of that of the last answer, if none is
    /// named.
    pub fn rate_limit(&self, class: Option<&str>) -> Result<Option<RateLimit>, Error> {
        self.inner.rate_limit(class)
    }

    /// Forgets the access token.
    pub fn invalidate(&self) {
        self.inner.auth().invalidate();
    }

    /// Where to send a user for their consent, and what to keep until they come back, as
    /// JSON.
    pub fn authorize_url(&self, scopes: &[&str], redirect_uri: &str) -> Result<String, Error> {
        auth::to_json(&self.inner.auth().authorize_url(scopes, redirect_uri)?)
    }

    /// Ends a call at once. It is dropped without a completion, unless that is queued already.
    pub fn cancel(&self, id: u64) {
        let call = lock(&self.calls).remove(&id);
        if let Some(call) = call {
            call.abort();
        }
    }

    /// Where the payload of a success lies under the family's envelope.
    pub fn payload(&self, status: u16, body: &[u8]) -> Result<Payload, Error> {
        self.inner.payload(status, body)
    }

    /// Ends all calls in flight, and later ones, with `closed`.
    pub fn close(&self) {
        self.inner.close();
    }

    fn request(&self, request: Request) -> impl Future<Output = Outcome> + Send + 'static {
        let client = self.inner.clone();
        async move { client.execute(request).await.map(Reply::Response) }
    }

    fn pending(&self, call: impl Future<Output = Outcome> + Send + 'static, within: Option<u64>) -> Pending<'_> {
        let (sender, receiver) = mpsc::sync_channel(1);
        // The receiver may have given up.
        let id = self.start(call, within, move |_, outcome| drop(sender.send(outcome)));
        Pending { client: self, id, receiver }
    }

    fn start(
        &self,
        call: impl Future<Output = Outcome> + Send + 'static,
        within: Option<u64>,
        deliver: impl FnOnce(u64, Outcome) + Send + 'static,
    ) -> u64 {
        let id = next_id();
        let calls = Arc::clone(&self.calls);
        let scope = within.and_then(upcall::scope).unwrap_or_default();
        // Known before it begins, so that it cannot be done before; and the lock is not held
        // while the runtime is woken.
        let (call, handle) = abortable(AssertUnwindSafe(scope.run(call)).catch_unwind());
        lock(&self.calls).insert(id, handle);
        self.runtime.spawn(async move {
            let Ok(outcome) = call.await else { return };
            let outcome = outcome
                .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a defect of the SDK: the call panicked")));
            let is_cancelled = lock(&calls).remove(&id).is_none();
            if !is_cancelled {
                deliver(id, outcome);
            }
        });
        id
    }
}

/// Delivers a call's outcome through a port.
fn to_port(port: &Arc<Port>) -> impl FnOnce(u64, Outcome) + Send + 'static {
    let port = Arc::clone(port);
    move |id, outcome| port.push(Item::Completion { id, outcome: Box::new(outcome) })
}

fn lock(calls: &Mutex<HashMap<u64, AbortHandle>>) -> MutexGuard<'_, HashMap<u64, AbortHandle>> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call that a thread waits for. Dropping it ends the call.
#[derive(Debug)]
pub struct Pending<'a> {
    client: &'a Client,
    id: u64,
    receiver: mpsc::Receiver<Outcome>,
}

impl Pending<'_> {
    /// Waits up to `step`; `None` if the call goes on.
    pub fn wait(&self, step: Duration) -> Option<Outcome> {
        match self.receiver.recv_timeout(step) {
            Ok(outcome) => Some(outcome),
            Err(mpsc::RecvTimeoutError::Timeout) => None,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Some(Err(Error::new(ErrorKind::Closed, "the runtime ended during the call")))
            }
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.client.cancel(self.id);
    }
}
