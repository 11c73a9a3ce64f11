//! What belongs to one process. Threads do not survive a fork and locks may be held in it, so
//! a child begins anew and leaves its parent's as it is.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use linktor::{Error, ErrorKind};
use tokio::runtime::{Builder, Runtime};

use crate::upcall::Waiting;

static FIRST: OnceLock<Process> = OnceLock::new();

/// A process that uses the SDK.
#[derive(Default)]
pub(crate) struct Process {
    id: u32,
    runtime: OnceLock<Result<Runtime, Error>>,
    questions: Mutex<HashMap<u64, Waiting>>,
    /// Of a child, the process that it became. Its parent never sets it.
    fork: OnceLock<Box<Process>>,
}

impl Process {
    /// The one that this is.
    pub(crate) fn current() -> &'static Self {
        let id = std::process::id();
        let new = || Self { id, ..Self::default() };
        let mut process = FIRST.get_or_init(new);
        while process.id != id {
            process = process.fork.get_or_init(|| Box::new(new()));
        }
        process
    }

    /// Its one runtime, made at first use. One worker thread: more cost CPU and latency on
    /// small machines; `LINKTOR_WORKER_THREADS` raises it.
    pub(crate) fn runtime(&self) -> Result<&Runtime, Error> {
        self.runtime.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// The questions that wait for an answer.
    pub(crate) fn questions(&self) -> MutexGuard<'_, HashMap<u64, Waiting>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start() -> Result<Runtime, Error> {
    let threads = match std::env::var("LINKTOR_WORKER_THREADS") {
        Err(_) => 1,
        Ok(text) => text.trim().parse().ok().filter(|threads| (1..=256).contains(threads)).ok_or_else(|| {
            Error::new(ErrorKind::Config, "the environment variable LINKTOR_WORKER_THREADS must be from 1 to 256")
        })?,
    };
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("linktor")
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Internal, format!("the runtime cannot be started: {error}")))
}
