//! Where the calls of one event loop end: an eventfd that the loop watches, and all that
//! is done in one list. No thread of ours attaches to Python.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linktor_bridge::{EventFd, Item};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::{exception, raise};
use crate::function::{Desk, abandon, asked, telling};
use crate::response::reply;

/// What is to be done for a call: a function and its arguments.
type Due<'py> = (Option<u64>, Bound<'py, PyAny>, Bound<'py, PyTuple>);

/// A call that is done, and its outcome.
type Done<'py> = (u64, Bound<'py, PyAny>);

/// The port of one event loop.
#[pyclass(frozen, module = "linktor._native")]
pub(crate) struct Port {
    pub(crate) inner: Arc<linktor_bridge::Port>,
    bell: Arc<EventFd>,
    calls: Mutex<HashMap<u64, Call>>,
}

/// Whose call it is, and who answers its questions.
struct Call {
    client: Arc<linktor_bridge::Client>,
    desk: Desk,
}

impl Port {
    /// Notes whose call it is. The loop's thread submits and drains, so that no call is
    /// done before it is known.
    pub(crate) fn expect(&self, id: u64, client: Arc<linktor_bridge::Client>, desk: &Desk) {
        self.calls().insert(id, Call { client, desk: desk.clone() });
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<u64, Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn desk<'py>(&self, py: Python<'py>, call: Option<u64>) -> Option<Bound<'py, PyAny>> {
        let desk = self.calls().get(&call?)?.desk.clone();
        desk.get(py).map(|desk| desk.into_bound(py))
    }
}

#[pymethods]
impl Port {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        let bell = Arc::new(EventFd::new().map_err(|error| raise(py, &error))?);
        let ringer = Arc::clone(&bell);
        let inner = Arc::new(linktor_bridge::Port::new(move || ringer.ring()));
        Ok(Self { inner, bell, calls: Mutex::default() })
    }

    /// The descriptor that is readable when there is something to drain.
    fn fileno(&self) -> i32 {
        self.bell.fd()
    }

    /// Takes all that there is: what is to be done for calls that go on, each with its call,
    /// a function and arguments; and the calls that are done, each with what it succeeded
    /// with or its exception.
    fn drain<'py>(&self, py: Python<'py>) -> PyResult<(Vec<Due<'py>>, Vec<Done<'py>>)> {
        self.bell.reset();
        let (mut due, mut done) = (Vec::new(), Vec::new());
        for item in self.inner.drain() {
            match item {
                Item::Completion { id, outcome } => {
                    let Some(Call { client, .. }) = self.calls().remove(&id) else { continue };
                    let outcome = match *outcome {
                        Ok(done) => reply(py, client, done),
                        Err(error) => exception(py, &error),
                    };
                    // A caller hears even that there was no memory to tell it more.
                    done.push((id, outcome.unwrap_or_else(|failure| failure.into_value(py).into_bound(py).into_any())));
                }
                Item::Asked { id, call, question, .. } => match self.desk(py, call) {
                    Some(desk) => due.push((call, desk.getattr("ask_on_loop")?, asked(py, id, question)?)),
                    None => linktor_bridge::fail(id, "the call is over"),
                },
                Item::Abandoned { id } => abandon(py, id),
                Item::Told { call, event, .. } => {
                    let (tell, record) = telling(py, &event)?;
                    due.push((call, tell.clone(), (record,).into_pyobject(py)?));
                }
            }
        }
        Ok((due, done))
    }

    /// Ends a call at once.
    fn cancel(&self, call: u64) {
        let known = self.calls().remove(&call);
        if let Some(Call { client, .. }) = known {
            client.cancel(call);
        }
    }
}
