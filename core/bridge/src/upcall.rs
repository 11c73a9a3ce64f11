//! Questions to the user's own functions, in the user's own language.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use linktor::{
    CallbackScope, Event, HeaderMap, HeaderName, HeaderValue, Observer, TransportError, TransportFailure,
    TransportResponse,
};
use tokio::sync::oneshot;

use crate::client::next_id;
use crate::event::EventRecord;
use crate::port::{Item, Port, Question};
use crate::process::Process;

tokio::task_local! {
    /// The call that a task makes.
    static LINE: Line;
}

/// Where a call was begun: what concerns it alone goes there, and not to the client's port.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) port: Arc<Port>,
    pub(crate) call: u64,
}

impl Line {
    pub(crate) fn run<F: Future>(self, call: F) -> impl Future<Output = F::Output> {
        LINE.scope(self, call)
    }
}

/// A question that waits for its answer.
pub(crate) struct Waiting {
    answer: oneshot::Sender<Result<Answer, Failure>>,
    scope: CallbackScope,
}

/// What a user's function gave.
pub(crate) enum Answer {
    Json(String),
    Response(TransportResponse),
}

/// How a user's function failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Foreign,
    pub(crate) transport: TransportFailure,
}

/// A failure in the user's own function. The binding that knows the question's id attaches
/// the native error.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) upcall: u64,
    message: String,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Foreign {}

impl Drop for Foreign {
    fn drop(&mut self) {
        Process::current().failed().remove(&self.upcall);
    }
}

/// Those of these questions that wait for no answer, and of whose failure no error is left:
/// what a binding keeps for them can go too.
pub fn forgotten(mut questions: Vec<u64>) -> Vec<u64> {
    let process = Process::current();
    let (waiting, failed) = (process.questions(), process.failed());
    questions.retain(|id| !waiting.contains_key(id) && !failed.contains(id));
    questions
}

impl From<Failure> for Box<dyn StdError + Send + Sync> {
    fn from(failure: Failure) -> Self {
        failure.error.into()
    }
}

impl From<Failure> for TransportError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.transport, failure.error)
    }
}

impl Failure {
    pub(crate) fn of(upcall: u64, message: impl Into<String>) -> Self {
        Process::current().failed().insert(upcall);
        Self { error: Foreign { upcall, message: message.into() }, transport: TransportFailure::Callback }
    }
}

/// Answers a question with JSON. For a token, that is a text, or
/// `{"token": "…", "expires_in": seconds}`; for what a token store loads, its text or `null`;
/// for a save, `null`; for a lock, whether there is one, which is held until the question is
/// [`Abandoned`](Item::Abandoned). Anything else fails the question.
pub fn answer(id: u64, json: &str) {
    resolve(id, || Ok(Answer::Json(json.to_owned())));
}

/// Answers a question with what the transport received, decompressed. A header that cannot
/// be one fails the question.
pub fn answer_response(id: u64, status: u16, headers: &[(String, Vec<u8>)], body: impl Into<Bytes>) {
    let mut known = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value)) else {
            return fail(id, "the transport answered with a header that cannot be one");
        };
        known.append(name, value);
    }
    if !(100..=599).contains(&status) {
        return fail(id, "the transport answered with a status that is not from 100 to 599");
    }
    resolve(id, || Ok(Answer::Response(TransportResponse::new(status, known, body))));
}

/// Answers a question with the failure of the user's function.
pub fn fail(id: u64, message: &str) {
    resolve(id, || Err(Failure::of(id, message)));
}

/// Answers a question to a transport with a failure of the network.
pub fn fail_sending(id: u64, failure: TransportFailure, message: &str) {
    resolve(id, || Err(Failure { transport: failure, ..Failure::of(id, message) }));
}

/// An answer is made only for a question that waits for it, and before that is forgotten.
fn resolve(id: u64, answer: impl FnOnce() -> Result<Answer, Failure>) {
    let resolved = {
        let mut questions = Process::current().questions();
        questions.remove(&id).map(|waiting| (waiting, answer()))
    };
    if let Some((waiting, answer)) = resolved {
        // Nobody may be there any more to hear it.
        let _ = waiting.answer.send(answer);
    }
}

/// The scope of the renewal that asked this question, for the calls made from inside it.
pub(crate) fn scope(id: u64) -> Option<CallbackScope> {
    Process::current().questions().get(&id).map(|waiting| waiting.scope.clone())
}

/// The user's own functions, as a client holds them on this side of the waist.
#[derive(Debug, Clone)]
pub(crate) struct Functions {
    client: u64,
    port: Arc<Port>,
    is_logged: Arc<AtomicBool>,
    is_watched: Arc<AtomicBool>,
}

impl Functions {
    pub(crate) fn new(client: u64, port: &Arc<Port>) -> Self {
        Self { client, port: Arc::clone(port), is_logged: Arc::default(), is_watched: Arc::default() }
    }

    /// Whether somebody wants to know of everything.
    pub(crate) fn log(&self, is_logged: bool) {
        self.is_logged.store(is_logged, Ordering::Relaxed);
    }

    /// Somebody wants to know when sessions are renewed.
    pub(crate) fn watch(&self) {
        self.is_watched.store(true, Ordering::Relaxed);
    }

    /// Asks where all calls of the client are at home.
    pub(crate) async fn ask(&self, question: Question) -> Result<(Answer, Asked), Failure> {
        self.put(question, Arc::clone(&self.port), None).await
    }

    /// Asks where the call was begun that this is for, if it is for one.
    pub(crate) async fn ask_caller(&self, question: Question) -> Result<(Answer, Asked), Failure> {
        match LINE.try_with(Line::clone) {
            Ok(line) => self.put(question, line.port, Some(line.call)).await,
            Err(_) => self.ask(question).await,
        }
    }

    async fn put(&self, question: Question, port: Arc<Port>, call: Option<u64>) -> Result<(Answer, Asked), Failure> {
        let (sender, receiver) = oneshot::channel();
        let asked = Asked { id: next_id(), port };
        let waiting = Waiting { answer: sender, scope: CallbackScope::current() };
        Process::current().questions().insert(asked.id, waiting);
        asked.port.push(Item::Asked { id: asked.id, client: self.client, call, question });
        match receiver.await {
            Ok(answer) => answer.map(|answer| (answer, asked)),
            Err(_) => Err(Failure::of(asked.id, "the question was dropped")),
        }
    }
}

/// A question that was asked. Says that nobody waits any more, if it is dropped before the
/// answer.
pub(crate) struct Asked {
    id: u64,
    port: Arc<Port>,
}

impl Asked {
    /// The answer is that of a lock, which is held from here on.
    pub(crate) fn held(self) -> HeldLock {
        HeldLock(self)
    }

    pub(crate) fn failure(&self, message: &str) -> Failure {
        Failure::of(self.id, message)
    }

    fn over(&self) {
        self.port.push(Item::Abandoned { id: self.id });
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let was_waiting = Process::current().questions().remove(&self.id).is_some();
        if was_waiting {
            self.over();
        }
    }
}

/// A lock of the user's own, until it is dropped.
pub(crate) struct HeldLock(Asked);

impl Drop for HeldLock {
    fn drop(&mut self) {
        self.0.over();
    }
}

impl Observer for Functions {
    fn event(&self, event: &Event<'_>) {
        let is_wanted = match event {
            Event::TokensUnsaved { .. } | Event::TokenStoreUnlocked { .. } => true,
            Event::SessionRenewing { .. } | Event::SessionRenewed { .. } => self.is_watched.load(Ordering::Relaxed),
            _ => self.is_logged.load(Ordering::Relaxed),
        };
        if !is_wanted {
            return;
        }
        let Some(record) = EventRecord::of(event) else { return };
        match LINE.try_with(Line::clone) {
            Ok(line) => line.port.push(Item::Told { client: self.client, call: Some(line.call), event: record }),
            Err(_) => self.port.push(Item::Told { client: self.client, call: None, event: record }),
        }
    }
}
