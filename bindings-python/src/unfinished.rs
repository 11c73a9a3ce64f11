//! A call that a thread waits for. The user's functions and the log are called by Python and
//! not from here: a thread that ends inside of them, at the interpreter's exit, must not end
//! in the middle of Rust.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use linktor_bridge::{Client, Error, ErrorKind, Item, Pending, Waited};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::raise;
use crate::function::{Desk, abandon, asked, telling};
use crate::response::reply;

/// How often a waiting call looks for signals: Ctrl-C is heard within this.
const STEP: Duration = Duration::from_millis(50);

/// What is to be done for a call: a function and its arguments.
type Due<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>);

/// A call that has something to be done before it goes on.
#[pyclass(frozen, module = "linktor._native")]
pub(crate) struct Unfinished {
    process: u32,
    client: Arc<Client>,
    desk: Desk,
    pending: Mutex<Option<Pending>>,
    /// What is due, until it was taken.
    due: Py<PyAny>,
}

#[pymethods]
impl Unfinished {
    /// Functions and their arguments, to be called in order.
    #[getter]
    fn due(&self, py: Python<'_>) -> Py<PyAny> {
        self.due.clone_ref(py)
    }

    /// Waits on, as `Client.call` does.
    fn wait<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Some(pending) = self.take() else { return Err(over(py)) };
        if self.process != std::process::id() {
            std::mem::forget(pending);
            return Err(over(py));
        }
        wait(py, Arc::clone(&self.client), pending, self.desk.clone())
    }

    /// Ends the call.
    fn end(&self, py: Python<'_>) {
        if let Some(pending) = self.take() {
            end(py, pending);
        }
    }
}

impl Unfinished {
    fn take(&self) -> Option<Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Waits for a call's end, for something to be done, or for a signal.
pub(crate) fn wait(
    py: Python<'_>,
    client: Arc<Client>,
    mut pending: Pending,
    desk: Desk,
) -> PyResult<Bound<'_, PyAny>> {
    let process = std::process::id();
    loop {
        let (waited, Waited { items, outcome }) = py.detach(move || {
            let came = pending.wait(STEP);
            (pending, came)
        });
        pending = waited;
        let due = due(py, items, &desk)?;
        match outcome {
            Some(Ok(done)) if due.is_empty() => return reply(py, client, done),
            Some(Err(error)) if due.is_empty() => return Err(raise(py, &error)),
            None if due.is_empty() => {}
            outcome => {
                let pending = match outcome {
                    Some(outcome) => pending.ended(outcome),
                    None => pending,
                };
                let due = due.into_pyobject(py)?.into_any().unbind();
                let unfinished = Unfinished { process, client, desk, pending: Mutex::new(Some(pending)), due };
                return Ok(Bound::new(py, unfinished)?.into_any());
            }
        }
        if let Err(signal) = py.check_signals() {
            end(py, pending);
            return Err(signal);
        }
        if process != std::process::id() {
            // Where a signal's handler has forked: nobody will ever answer.
            std::mem::forget(pending);
            return Err(over(py));
        }
    }
}

fn due<'py>(py: Python<'py>, items: Vec<Item>, desk: &Desk) -> PyResult<Vec<Due<'py>>> {
    let mut due = Vec::new();
    for item in items {
        match item {
            Item::Asked { id, question, .. } => match desk.get(py) {
                Some(desk) => due.push((desk.bind(py).getattr("ask_here")?, asked(py, id, question)?)),
                None => linktor_bridge::fail(id, "the client is gone"),
            },
            Item::Told { event, .. } => {
                let (tell, record) = telling(py, &event)?;
                due.push((tell.clone(), (record,).into_pyobject(py)?));
            }
            Item::Abandoned { id } => abandon(py, id),
            Item::Completion { .. } => {}
        }
    }
    Ok(due)
}

fn end(py: Python<'_>, pending: Pending) {
    for item in pending.end() {
        if let Item::Abandoned { id } = item {
            abandon(py, id);
        }
    }
}

fn over(py: Python<'_>) -> PyErr {
    raise(py, &Error::new(ErrorKind::Closed, "the process was forked during the call"))
}
