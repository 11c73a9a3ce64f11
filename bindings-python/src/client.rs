//! A client, and the two ways to make a call: a thread waits, or an event loop does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use linktor_bridge::{CallOptions, Error, Request};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;

use crate::error::raise;
use crate::port::Port;
use crate::response::Response;
use crate::source::Desk;

/// How often a waiting call looks for signals: Ctrl-C is heard within this.
const STEP: Duration = Duration::from_millis(50);

type Pairs = Vec<(String, String)>;

/// What few calls say: path parameters, query, headers, organization, request id,
/// timeout, deadline.
#[derive(FromPyObject)]
pub(crate) struct Overrides(Pairs, Pairs, Pairs, Option<String>, Option<String>, Option<f64>, Option<f64>);

/// A client of one API.
#[pyclass(frozen, module = "linktor._native")]
pub(crate) struct Client {
    /// As JSON, for a child process: the runtime does not survive a fork.
    options: String,
    desk: Desk,
    live: Mutex<Live>,
    closed: AtomicBool,
}

/// The client of one process.
struct Live {
    process: u32,
    client: Arc<linktor_bridge::Client>,
}

impl Live {
    fn new(options: &str, desk: &Desk) -> Result<Self, Error> {
        let client = linktor_bridge::Client::new(options, "python", &desk.port())?;
        Ok(Self { process: std::process::id(), client: Arc::new(client) })
    }
}

impl Client {
    fn live(&self) -> Result<Arc<linktor_bridge::Client>, Error> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.process != std::process::id() {
            let fresh = Live::new(&self.options, &self.desk)?;
            if self.closed.load(Ordering::Relaxed) {
                fresh.client.close();
            }
            // Its threads are gone and its locks may be held: it is left as it is.
            std::mem::forget(std::mem::replace(&mut *live, fresh));
        }
        Ok(Arc::clone(&live.client))
    }
}

fn request(
    method: &str,
    path: &str,
    body: &[u8],
    content_type: Option<String>,
    overrides: Option<Overrides>,
    within: Option<u64>,
) -> Result<(Request, Option<u64>), Error> {
    let mut options = CallOptions { content_type, within, ..CallOptions::default() };
    if let Some(overrides) = overrides {
        (options.path_params, options.query, options.headers) = (overrides.0, overrides.1, overrides.2);
        (options.organization, options.request_id) = (overrides.3, overrides.4);
        (options.timeout, options.deadline) = (overrides.5, overrides.6);
    }
    options.request(method, path, body.to_vec())
}

#[pymethods]
impl Client {
    /// Makes a client from its options as JSON; `desk` is called with the questions to its
    /// token source.
    #[new]
    #[pyo3(signature = (options, desk=None))]
    fn new(py: Python<'_>, options: String, desk: Option<Py<PyAny>>) -> PyResult<Self> {
        let desk = Desk::new(desk);
        let live = py.detach(|| Live::new(&options, &desk)).map_err(|error| raise(py, &error))?;
        Ok(Self { options, desk, live: Mutex::new(live), closed: AtomicBool::new(false) })
    }

    /// The API family's name.
    #[getter]
    fn provider(&self, py: Python<'_>) -> PyResult<String> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        Ok(client.provider().to_owned())
    }

    /// Makes a call and waits for its end, or for a signal.
    #[expect(clippy::too_many_arguments, reason = "a call of Python with a dictionary costs more than the call")]
    #[pyo3(signature = (method, path, body, content_type, overrides, within, /))]
    fn call(
        &self,
        py: Python<'_>,
        method: &str,
        path: &str,
        body: &[u8],
        content_type: Option<String>,
        overrides: Option<Overrides>,
        within: Option<u64>,
    ) -> PyResult<Response> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let (request, within) =
            request(method, path, body, content_type, overrides, within).map_err(|error| raise(py, &error))?;
        let outcome = {
            let mut pending = client.call(request, within);
            loop {
                let (waited, outcome) = py.detach(move || {
                    let outcome = pending.wait(STEP);
                    (pending, outcome)
                });
                match outcome {
                    Some(outcome) => break outcome,
                    None => py.check_signals()?,
                }
                pending = waited;
            }
        };
        outcome.map(|response| Response::new(client, response)).map_err(|error| raise(py, &error))
    }

    /// Starts a call whose end comes out of `port` under the id that is returned.
    #[expect(clippy::too_many_arguments, reason = "a call of Python with a dictionary costs more than the call")]
    #[pyo3(signature = (port, method, path, body, content_type, overrides, within, /))]
    fn submit(
        &self,
        py: Python<'_>,
        port: &Port,
        method: &str,
        path: &str,
        body: &[u8],
        content_type: Option<String>,
        overrides: Option<Overrides>,
        within: Option<u64>,
    ) -> PyResult<u64> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let (request, within) =
            request(method, path, body, content_type, overrides, within).map_err(|error| raise(py, &error))?;
        let id = client.submit(&port.inner, request, within);
        port.expect(id, client);
        Ok(id)
    }

    /// Ends all calls in flight, and later ones, with `closed`.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.closed.store(true, Ordering::Relaxed);
        self.live().map(|client| client.close()).map_err(|error| raise(py, &error))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.desk.traverse(&visit)
    }

    fn __clear__(&self) {
        self.desk.clear();
    }
}
