//! What belongs to one process. Threads do not survive a fork and locks may be held in it, so
//! a child begins anew and leaves its parent's as it is.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use linktor::Error;

use crate::runtime::Runtime;
use crate::upcall::Waiting;

static FIRST: OnceLock<Process> = OnceLock::new();

/// A process that uses the SDK.
#[derive(Default)]
pub(crate) struct Process {
    id: u32,
    runtime: OnceLock<Result<Runtime, Error>>,
    questions: Mutex<HashMap<u64, Waiting>>,
    failed: Mutex<HashSet<u64>>,
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

    /// Its one runtime, made at first use.
    pub(crate) fn runtime(&self) -> Result<&Runtime, Error> {
        self.runtime.get_or_init(Runtime::start).as_ref().map_err(Clone::clone)
    }

    /// The questions that wait for an answer.
    pub(crate) fn questions(&self) -> MutexGuard<'_, HashMap<u64, Waiting>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The failed questions whose errors somebody still holds.
    pub(crate) fn failed(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
