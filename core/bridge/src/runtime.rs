//! The one runtime of a process, on one thread at a time: a thread that waits for its call
//! drives it, so that nobody has to be woken for the answer; the runtime's own thread does
//! while calls are under way that no thread waits for, and where nothing happens.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use futures_util::future::BoxFuture;
use linktor::{Error, ErrorKind};
use tokio::runtime::{self, Builder};
use tokio::sync::Notify;

/// How long the runtime's own thread stays away after a call that a thread waited for: the
/// next one is likely to follow.
const QUIET: Duration = Duration::from_millis(2);

/// The runtime. More threads than one cost CPU and latency on small machines;
/// `LINKTOR_WORKER_THREADS` raises their number, and then they drive it all.
#[derive(Debug)]
pub(crate) struct Runtime {
    tokio: Arc<runtime::Runtime>,
    keeper: Option<Arc<Keeper>>,
    begun: Arc<Begun>,
}

/// Calls that were begun outside of the runtime, until it takes them up: all at once, since
/// each wake of it is a system call.
#[derive(Default)]
struct Begun {
    calls: Mutex<Vec<BoxFuture<'static, ()>>>,
    are_there: Notify,
}

/// What the runtime's own thread goes by.
#[derive(Debug, Default)]
struct Keeper {
    thread: OnceLock<Thread>,
    /// It drives, or is next.
    is_there: AtomicBool,
    /// It sleeps until the last of the waiting threads wakes it.
    is_asleep: AtomicBool,
    /// A waiting thread asks it to make room.
    wanted: Notify,
    /// Threads that wait for a call now, and how often one began to.
    waiting: AtomicUsize,
    waits: AtomicUsize,
    /// Calls under way that no thread waits for.
    tasks: AtomicUsize,
}

impl Runtime {
    pub(crate) fn start() -> Result<Self, Error> {
        let threads = match std::env::var("LINKTOR_WORKER_THREADS") {
            Err(_) => 1,
            Ok(text) => text.trim().parse().ok().filter(|threads| (1..=256).contains(threads)).ok_or_else(|| {
                Error::new(ErrorKind::Config, "the environment variable LINKTOR_WORKER_THREADS must be from 1 to 256")
            })?,
        };
        let refused = |error| Error::new(ErrorKind::Internal, format!("the runtime cannot be started: {error}"));
        let mut builder = if threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
        let builder = builder.worker_threads(threads).thread_name("linktor").enable_all();
        let tokio = Arc::new(builder.build().map_err(refused)?);
        let begun = Arc::new(Begun::default());
        tokio.spawn(Arc::clone(&begun).take_up());
        if threads > 1 {
            return Ok(Self { tokio, keeper: None, begun });
        }
        let keeper = Arc::new(Keeper::default());
        let (own, driven) = (Arc::clone(&keeper), Arc::clone(&tokio));
        let started = thread::Builder::new().name("linktor".to_owned()).spawn(move || own.keep(&driven));
        let _ = keeper.thread.set(started.map_err(refused)?.thread().clone());
        Ok(Self { tokio, keeper: Some(keeper), begun })
    }

    /// Runs a call that no thread waits for.
    pub(crate) fn spawn(&self, call: impl Future<Output = ()> + Send + 'static) {
        let task = self.keeper.as_ref().map(Task::begin);
        self.begun.push(Box::pin(async move {
            let _task = task;
            call.await;
        }));
    }

    /// Drives a call in this thread for a while, if nothing else is under way, and gives what
    /// comes out of it; else it goes on by itself, and `late` gets that.
    pub(crate) fn drive<T: Send + 'static>(
        &self,
        call: impl Future<Output = T> + Send + 'static,
        patience: Duration,
        late: impl FnOnce(T) + Send + 'static,
    ) -> Option<T> {
        let Some(keeper) = self.keeper.as_ref().filter(|keeper| keeper.is_idle()) else {
            self.spawn(async move { late(call.await) });
            return None;
        };
        let waited = Wait::begin(keeper);
        let driven = Arc::new(Mutex::new(Driven::Here));
        let shared = Arc::clone(&driven);
        self.tokio.block_on(async move {
            let task = tokio::spawn(async move {
                let outcome = call.await;
                let mut driven = shared.lock().unwrap_or_else(PoisonError::into_inner);
                match std::mem::replace(&mut *driven, Driven::Here) {
                    Driven::Late(_task) => {
                        drop(driven);
                        late(outcome);
                    }
                    _ => *driven = Driven::Done(outcome),
                }
            });
            // Nobody waits any longer, and the task goes on.
            let _ = tokio::time::timeout(patience, task).await;
        });
        let mut driven = driven.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = match std::mem::replace(&mut *driven, Driven::Here) {
            Driven::Done(outcome) => Some(outcome),
            _ => {
                *driven = Driven::Late(Task::begin(keeper));
                None
            }
        };
        drop(waited);
        outcome
    }

    /// Waits in this thread, and drives the runtime meanwhile.
    pub(crate) fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        let _wait = self.keeper.as_deref().map(Wait::begin);
        self.tokio.block_on(call)
    }
}

/// Where a driven call is.
enum Driven<T> {
    /// In the thread that drives it, which waits for it.
    Here,
    /// Over, and that thread still there.
    Done(T),
    /// On its own.
    Late(Task),
}

impl Begun {
    fn push(&self, call: BoxFuture<'static, ()>) {
        let is_first = {
            let mut calls = self.calls();
            calls.push(call);
            calls.len() == 1
        };
        if is_first {
            self.are_there.notify_one();
        }
    }

    async fn take_up(self: Arc<Self>) {
        loop {
            self.are_there.notified().await;
            let calls = std::mem::take(&mut *self.calls());
            for call in calls {
                tokio::spawn(call);
            }
        }
    }

    fn calls(&self) -> MutexGuard<'_, Vec<BoxFuture<'static, ()>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}

impl Keeper {
    /// Whether no call is under way.
    fn is_idle(&self) -> bool {
        self.tasks.load(SeqCst) == 0 && self.waiting.load(SeqCst) == 0
    }

    fn keep(&self, runtime: &runtime::Runtime) {
        loop {
            self.is_there.store(true, SeqCst);
            runtime.block_on(self.wanted.notified());
            self.is_there.store(false, SeqCst);
            self.stay_away();
        }
    }

    /// Until it is needed, or nobody has waited for a while.
    fn stay_away(&self) {
        loop {
            let waits = self.waits.load(SeqCst);
            if self.tasks.load(SeqCst) > 0 {
                return;
            }
            thread::park_timeout(QUIET);
            if self.waits.load(SeqCst) != waits {
                continue;
            }
            if self.waiting.load(SeqCst) == 0 {
                return;
            }
            // A long wait drives the runtime, however long it is.
            self.is_asleep.store(true, SeqCst);
            if self.waiting.load(SeqCst) > 0 && self.tasks.load(SeqCst) == 0 {
                thread::park();
            }
            self.is_asleep.store(false, SeqCst);
        }
    }

    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// A call that no thread waits for, until it is dropped.
struct Task(Arc<Keeper>);

impl Task {
    fn begin(keeper: &Arc<Keeper>) -> Self {
        keeper.tasks.fetch_add(1, SeqCst);
        if !keeper.is_there.load(SeqCst) {
            keeper.wake();
        }
        Self(Arc::clone(keeper))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.tasks.fetch_sub(1, SeqCst);
    }
}

/// A thread that waits, until it is dropped.
struct Wait<'a>(&'a Keeper);

impl<'a> Wait<'a> {
    fn begin(keeper: &'a Keeper) -> Self {
        keeper.waiting.fetch_add(1, SeqCst);
        keeper.waits.fetch_add(1, SeqCst);
        if keeper.is_there.load(SeqCst) && keeper.tasks.load(SeqCst) == 0 {
            keeper.wanted.notify_one();
        }
        Self(keeper)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, SeqCst) == 1 && self.0.is_asleep.load(SeqCst) {
            self.0.wake();
        }
    }
}
