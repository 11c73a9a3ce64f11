//! The one runtime, made at first use. One worker thread: more cost CPU and latency on
//! small machines; `LINKTOR_WORKER_THREADS` raises it.

use std::sync::OnceLock;

use linktor::{Error, ErrorKind};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: OnceLock<Result<Runtime, Error>> = OnceLock::new();

pub(crate) fn get() -> Result<&'static Runtime, Error> {
    RUNTIME.get_or_init(start).as_ref().map_err(Clone::clone)
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
