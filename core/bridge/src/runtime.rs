//! The one runtime of a process, made at first use. One worker thread: more cost CPU and
//! latency on small machines; `LINKTOR_WORKER_THREADS` raises it.

use std::sync::{Mutex, PoisonError};

use linktor::{Error, ErrorKind};
use tokio::runtime::{Builder, Runtime};

type Started = Result<&'static Runtime, Error>;

/// With the process it belongs to: its threads do not survive a fork, so a child starts
/// one of its own and leaves its parent's as it is.
static RUNTIME: Mutex<Option<(u32, Started)>> = Mutex::new(None);

pub(crate) fn get() -> Started {
    let process = std::process::id();
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    match &*runtime {
        Some((owner, started)) if *owner == process => started.clone(),
        _ => {
            let started = start().map(|fresh| &*Box::leak(Box::new(fresh)));
            runtime.replace((process, started.clone()));
            started
        }
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
