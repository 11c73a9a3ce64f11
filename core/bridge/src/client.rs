//! A client as the bindings hold it: calls are submitted, and cancelled by id.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, BoxFuture, abortable};
use linktor::{Error, ErrorKind, Payload, RateLimit, Request, Sent};
use tokio::sync::{Notify, oneshot};

use crate::auth::{self, AuthCall};
use crate::options;
use crate::port::{Item, Outcome, Port, Reply};
use crate::process::Process;
use crate::runtime::Runtime;
use crate::upcall::{self, Functions, Line};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Ids of calls, questions and clients: never the same twice in one process.
pub(crate) fn next_id() -> u64 {
    ids(1)
}

/// The first of so many ids that nobody else gets, for calls whose ids are to be known
/// before they begin.
pub fn ids(count: u32) -> u64 {
    NEXT_ID.fetch_add(count.into(), Ordering::Relaxed)
}

/// A client of one API, for a binding.
#[derive(Debug)]
pub struct Client {
    id: u64,
    inner: linktor::Client,
    /// Those of the root: its handles share them.
    functions: Functions,
    runtime: &'static Runtime,
    calls: Arc<Calls>,
}

/// Those in flight, and how each is ended.
type Calls = Mutex<HashMap<u64, Stop>>;

/// How a call is ended: without a completion, or with one.
#[derive(Debug)]
enum Stop {
    Silently(AbortHandle),
    Told(oneshot::Sender<()>),
}

impl Client {
    /// Makes a client from its options as a JSON object; `language` is what `User-Agent`
    /// says, and questions to the user's own functions go to `port`, but for those to the
    /// transport that are for one call: these go where it was begun.
    pub fn new(options: &str, language: &'static str, port: &Arc<Port>) -> Result<Self, Error> {
        let id = next_id();
        let functions = Functions::new(id, port);
        let builder = options::builder(options, &functions)?.language(language).observer(functions.clone());
        Self::of(id, builder.build()?, functions)
    }

    /// A handle for another organization: the same connections and session.
    pub fn with_organization(&self, id: &str) -> Result<Self, Error> {
        Self::of(next_id(), self.inner.with_organization(id)?, self.functions.clone())
    }

    /// A handle with credentials of its own, given as those of [`Client::new`]; questions to
    /// its own token source go to `port` under its own id.
    pub fn with_credentials(&self, options: &str, port: &Arc<Port>) -> Result<Self, Error> {
        let id = next_id();
        let credentials = options::credentials(options, &Functions::new(id, port))?;
        Self::of(id, self.inner.with_credentials(credentials)?, self.functions.clone())
    }

    fn of(id: u64, inner: linktor::Client, functions: Functions) -> Result<Self, Error> {
        Ok(Self { id, inner, functions, runtime: Process::current().runtime()?, calls: Arc::default() })
    }

    /// Goes on with the session of `parent`, the same client in the process that this one is
    /// a fork of.
    pub fn inherit(&self, parent: &Self) {
        self.inner.inherit(&parent.inner);
    }

    /// Whether all events come up from here on, or only those that warn of something.
    pub fn log(&self, is_logged: bool) {
        self.functions.log(is_logged);
    }

    /// From here on the port is told when a session is being renewed, and when it is: by
    /// events of no call, `session_renewing` and `session_renewed`, also of its handles.
    pub fn watch(&self) {
        self.functions.watch();
    }

    /// The client's id, which its questions name.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The API family's name.
    pub fn provider(&self) -> &str {
        &self.inner.provider().name
    }

    /// Starts a call; its completion comes out of `port` under the id that is returned,
    /// and what else concerns it.
    /// `within` is the question that the caller is answering, if it is.
    pub fn submit(&self, port: &Arc<Port>, request: Request, within: Option<u64>) -> u64 {
        self.start(self.request(request), within, Arc::clone(port))
    }

    /// The same of a call whose id is one of [`ids`], and whose cancelling is a completion
    /// too: an error that knows how far the call had come.
    pub fn submit_as(&self, id: u64, port: &Arc<Port>, request: Request, within: Option<u64>) {
        let call = self.told(id, port, within, |client, stopped| run(client, request, stopped));
        self.spawn(id, port, call);
    }

    /// The same, but if nothing else is under way this thread drives the call for as long as
    /// `patience`, so that nobody has to be woken for it: gives the outcome, unless that is to
    /// come out of `port`.
    pub fn call_as(
        &self,
        id: u64,
        port: &Arc<Port>,
        request: Request,
        within: Option<u64>,
        patience: Duration,
    ) -> Option<Outcome> {
        let call = self.told(id, port, within, |client, stopped| run(client, request, stopped));
        self.runtime.drive(call, patience, completing(id, port))
    }

    /// A call whose cancelling is an outcome, of its own making.
    fn told<F: Future<Output = Outcome> + Send + 'static>(
        &self,
        id: u64,
        port: &Arc<Port>,
        within: Option<u64>,
        call: impl FnOnce(linktor::Client, Stopped) -> F,
    ) -> impl Future<Output = Outcome> + Send + 'static {
        let (stop, stopped) = oneshot::channel();
        lock(&self.calls).insert(id, Stop::Told(stop));
        let calls = Arc::clone(&self.calls);
        let call = Box::pin(call(self.inner.clone(), Stopped(stopped)));
        in_scope(call, within, Line { port: Arc::clone(port), call: id }).inspect(move |_| {
            lock(&calls).remove(&id);
        })
    }

    /// Starts a call that a thread will wait for.
    pub fn call(&self, request: Request, within: Option<u64>) -> Pending {
        self.pending(self.request(request), within)
    }

    /// Starts an auth call; its completion comes out of `port`.
    pub fn submit_auth(&self, port: &Arc<Port>, call: AuthCall) -> u64 {
        let within = call.within();
        self.start(call.run(self.inner.clone()), within, Arc::clone(port))
    }

    /// The same of a call whose id is one of [`ids`], and whose cancelling is a completion too.
    pub fn submit_auth_as(&self, id: u64, port: &Arc<Port>, call: AuthCall) {
        let within = call.within();
        let call = self.told(id, port, within, |client, stopped| async {
            tokio::select! {
                biased;
                () = stopped.wait() => {
                    Err(Error::new(ErrorKind::Cancelled, "the call was cancelled").with_sent(Sent::Maybe))
                }
                outcome = call.run(client) => outcome,
            }
        });
        self.spawn(id, port, call);
    }

    fn spawn(&self, id: u64, port: &Arc<Port>, call: impl Future<Output = Outcome> + Send + 'static) {
        self.runtime.spawn(call.map(completing(id, port)));
    }

    /// Starts an auth call that a thread will wait for.
    pub fn call_auth(&self, call: AuthCall) -> Pending {
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

    /// Ends a call at once. It is dropped without a completion, unless that is queued already
    /// or is what [`Client::submit_as`] promised.
    pub fn cancel(&self, id: u64) {
        let call = lock(&self.calls).remove(&id);
        match call {
            Some(Stop::Silently(call)) => call.abort(),
            // It may have ended just now.
            Some(Stop::Told(call)) => drop(call.send(())),
            None => {}
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

    /// Boxed at once: it is large, and would be moved several times before it begins.
    fn request(&self, request: Request) -> BoxFuture<'static, Outcome> {
        let client = self.inner.clone();
        Box::pin(async move { client.execute(request).await.map(Reply::Response) })
    }

    fn pending(&self, call: impl Future<Output = Outcome> + Send + 'static, within: Option<u64>) -> Pending {
        let bell = Arc::new(Notify::new());
        let ringer = Arc::clone(&bell);
        let port = Arc::new(Port::new(move || ringer.notify_one()));
        let call = Box::pin(in_scope(call, within, Line { port: Arc::clone(&port), call: next_id() }));
        Pending { runtime: self.runtime, call, port, bell }
    }

    fn start(&self, call: impl Future<Output = Outcome> + Send + 'static, within: Option<u64>, port: Arc<Port>) -> u64 {
        let id = next_id();
        let calls = Arc::clone(&self.calls);
        // Known before it begins, so that it cannot be done before; and the lock is not held
        // while the runtime is woken.
        let (call, handle) = abortable(in_scope(call, within, Line { port: Arc::clone(&port), call: id }));
        lock(&self.calls).insert(id, Stop::Silently(handle));
        self.runtime.spawn(async move {
            let Ok(outcome) = call.await else { return };
            let is_cancelled = lock(&calls).remove(&id).is_none();
            if !is_cancelled {
                port.push(Item::Completion { id, outcome: Box::new(outcome) });
            }
        });
        id
    }
}

/// Puts a call's outcome into the port.
fn completing(id: u64, port: &Arc<Port>) -> impl FnOnce(Outcome) + Send + 'static {
    let port = Arc::clone(port);
    move |outcome| port.push(Item::Completion { id, outcome: Box::new(outcome) })
}

/// Says when a call is to stop.
struct Stopped(oneshot::Receiver<()>);

impl Stopped {
    /// A client that is gone stops nothing.
    async fn wait(self) {
        if self.0.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn run(client: linktor::Client, request: Request, stopped: Stopped) -> Outcome {
    client.execute_until(request, stopped.wait()).await.map(Reply::Response)
}

/// A call as its questions and events know it; its panic is an outcome.
fn in_scope(call: impl Future<Output = Outcome>, within: Option<u64>, line: Line) -> impl Future<Output = Outcome> {
    let scope = within.and_then(upcall::scope).unwrap_or_default();
    let call = AssertUnwindSafe(line.run(scope.run(call))).catch_unwind();
    call.map(|outcome| {
        outcome.unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a defect of the SDK: the call panicked")))
    })
}

fn lock(calls: &Calls) -> MutexGuard<'_, HashMap<u64, Stop>> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call that a thread waits for. It goes on while that waits, and ends when it is dropped.
pub struct Pending {
    runtime: &'static Runtime,
    call: BoxFuture<'static, Outcome>,
    port: Arc<Port>,
    bell: Arc<Notify>,
}

/// What a thread that waits for a call gets.
#[derive(Debug)]
pub struct Waited {
    /// Questions and events that came up, in order, before the end of the call.
    pub items: Vec<Item>,
    /// How the call ended, if it did.
    pub outcome: Option<Outcome>,
}

impl Pending {
    /// Waits up to `step` for anything. Not again, once the call has ended.
    pub fn wait(&mut self, step: Duration) -> Waited {
        let Self { runtime, call, port, bell } = self;
        let outcome = runtime.wait(async {
            tokio::select! {
                biased;
                outcome = call => Some(outcome),
                () = bell.notified() => None,
                () = tokio::time::sleep(step) => None,
            }
        });
        Waited { items: port.drain(), outcome }
    }

    /// The same with the end that came, for whoever has something else to do first.
    #[must_use]
    pub fn ended(self, outcome: Outcome) -> Self {
        Self { call: std::future::ready(outcome).boxed(), ..self }
    }

    /// Ends the call, and gives what comes up with that: questions that nobody waits for.
    pub fn end(self) -> Vec<Item> {
        drop(self.call);
        self.port.drain()
    }
}
