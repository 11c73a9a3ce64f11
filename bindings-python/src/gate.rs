//! Whether threads of ours may still attach to Python. Attaching to an interpreter that
//! shuts down kills the process (before 3.13 there is no way to see it coming), so it
//! waits at its exit for those that are inside, and lets none in after that.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

/// How long an exit waits for the threads inside, which only ever start other threads.
const PATIENCE: Duration = Duration::from_secs(5);

static SHUT: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicUsize = AtomicUsize::new(0);

/// Attaches to Python and runs `work`; `None` if that is not possible any more.
pub(crate) fn attach<R>(work: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    INSIDE.fetch_add(1, Ordering::SeqCst);
    let _inside = Inside;
    if SHUT.load(Ordering::SeqCst) { None } else { Python::try_attach(work) }
}

struct Inside;

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits for the threads inside and lets none in any more: for `atexit`.
#[pyfunction]
pub(crate) fn shut(py: Python<'_>) {
    SHUT.store(true, Ordering::SeqCst);
    py.detach(|| {
        let end = Instant::now() + PATIENCE;
        while INSIDE.load(Ordering::SeqCst) > 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Forgets the threads inside, which a fork leaves behind: for its child.
#[pyfunction]
pub(crate) fn forked() {
    INSIDE.store(0, Ordering::SeqCst);
}
