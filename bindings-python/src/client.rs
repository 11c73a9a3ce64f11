//! A client, and the two ways to make a call: a thread waits, or an event loop does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use linktor_bridge::{AuthCall, CallOptions, Error, Outcome, Pending, Request};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;

use crate::error::raise;
use crate::port::Port;
use crate::response::{parse, reply};
use crate::source::Desk;

/// How often a waiting call looks for signals: Ctrl-C is heard within this.
const STEP: Duration = Duration::from_millis(50);

type Pairs = Vec<(String, String)>;

/// What few calls say: path parameters, query, headers, organization, request id,
/// timeout, deadline.
#[derive(FromPyObject)]
pub(crate) struct Overrides(Pairs, Pairs, Pairs, Option<String>, Option<String>, Option<f64>, Option<f64>);

/// A client of one API, or a handle of one.
#[pyclass(frozen, module = "linktor._native")]
pub(crate) struct Client {
    /// For a child process: the runtime does not survive a fork.
    origin: Origin,
    desk: Desk,
    live: Mutex<Live>,
    closed: AtomicBool,
}

/// What a client is made of; options are JSON.
enum Origin {
    Root { options: String },
    Organization { parent: Py<Client>, id: String },
    Credentials { parent: Py<Client>, options: String },
}

/// The client of one process.
struct Live {
    process: u32,
    client: Arc<linktor_bridge::Client>,
}

impl Live {
    fn new(origin: &Origin, desk: &Desk) -> Result<Self, Error> {
        let client = match origin {
            Origin::Root { options } => linktor_bridge::Client::new(options, "python", &desk.port()),
            Origin::Organization { parent, id } => parent.get().live()?.with_organization(id),
            Origin::Credentials { parent, options } => parent.get().live()?.with_credentials(options, &desk.port()),
        }?;
        Ok(Self { process: std::process::id(), client: Arc::new(client) })
    }
}

impl Client {
    /// A handle, made without detaching: its parent's lock is never held while another
    /// thread forks.
    fn handle(py: Python<'_>, origin: Origin, desk: Option<Py<PyAny>>) -> PyResult<Self> {
        let desk = Desk::new(desk);
        let live = Live::new(&origin, &desk).map_err(|error| raise(py, &error))?;
        Ok(Self { origin, desk, live: Mutex::new(live), closed: AtomicBool::new(false) })
    }

    fn live(&self) -> Result<Arc<linktor_bridge::Client>, Error> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.process != std::process::id() {
            let fresh = Live::new(&self.origin, &self.desk)?;
            if self.closed.load(Ordering::Relaxed) {
                fresh.client.close();
            }
            // Its threads are gone and its locks may be held: it is left as it is.
            std::mem::forget(std::mem::replace(&mut *live, fresh));
        }
        Ok(Arc::clone(&live.client))
    }
}

/// Waits for a call's end, or for a signal.
fn wait(py: Python<'_>, mut pending: Pending<'_>) -> PyResult<Outcome> {
    loop {
        let (waited, outcome) = py.detach(move || {
            let outcome = pending.wait(STEP);
            (pending, outcome)
        });
        match outcome {
            Some(outcome) => return Ok(outcome),
            None => py.check_signals()?,
        }
        pending = waited;
    }
}

fn request(
    method: &str,
    path: &str,
    body: &[u8],
    content_type: Option<String>,
    overrides: Option<Overrides>,
    within: Option<u64>,
    page: Option<u64>,
) -> Result<(Request, Option<u64>), Error> {
    let mut options = CallOptions { content_type, within, page, ..CallOptions::default() };
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
        let (origin, desk) = (Origin::Root { options }, Desk::new(desk));
        let live = py.detach(|| Live::new(&origin, &desk)).map_err(|error| raise(py, &error))?;
        Ok(Self { origin, desk, live: Mutex::new(live), closed: AtomicBool::new(false) })
    }

    /// A handle for another organization, with the session of this one.
    fn with_organization(this: &Bound<'_, Self>, id: String) -> PyResult<Self> {
        Self::handle(this.py(), Origin::Organization { parent: this.clone().unbind(), id }, None)
    }

    /// A handle with credentials of its own, given as JSON.
    #[pyo3(signature = (options, desk=None))]
    fn with_credentials(this: &Bound<'_, Self>, options: String, desk: Option<Py<PyAny>>) -> PyResult<Self> {
        Self::handle(this.py(), Origin::Credentials { parent: this.clone().unbind(), options }, desk)
    }

    /// The API family's name.
    #[getter]
    fn provider(&self, py: Python<'_>) -> PyResult<String> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        Ok(client.provider().to_owned())
    }

    /// Makes a call and waits for its end, or for a signal.
    #[expect(clippy::too_many_arguments, reason = "a call of Python with a dictionary costs more than the call")]
    #[pyo3(signature = (method, path, body, content_type, overrides, within, page=None, /))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        path: &str,
        body: &[u8],
        content_type: Option<String>,
        overrides: Option<Overrides>,
        within: Option<u64>,
        page: Option<u64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let (request, within) =
            request(method, path, body, content_type, overrides, within, page).map_err(|error| raise(py, &error))?;
        let outcome = wait(py, client.call(request, within))?;
        reply(py, client, outcome.map_err(|error| raise(py, &error))?)
    }

    /// Starts a call whose end comes out of `port` under the id that is returned.
    #[expect(clippy::too_many_arguments, reason = "a call of Python with a dictionary costs more than the call")]
    #[pyo3(signature = (port, method, path, body, content_type, overrides, within, page=None, /))]
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
        page: Option<u64>,
    ) -> PyResult<u64> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let (request, within) =
            request(method, path, body, content_type, overrides, within, page).map_err(|error| raise(py, &error))?;
        let id = client.submit(&port.inner, request, within);
        port.expect(id, client);
        Ok(id)
    }

    /// Makes an auth call, given as JSON, and waits for its end, or for a signal.
    #[pyo3(signature = (call, /))]
    fn call_auth<'py>(&self, py: Python<'py>, call: &str) -> PyResult<Bound<'py, PyAny>> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let call = AuthCall::from_json(call).map_err(|error| raise(py, &error))?;
        let outcome = wait(py, client.call_auth(call))?;
        reply(py, client, outcome.map_err(|error| raise(py, &error))?)
    }

    /// Starts an auth call, given as JSON, whose end comes out of `port` under the id that
    /// is returned.
    #[pyo3(signature = (port, call, /))]
    fn submit_auth(&self, py: Python<'_>, port: &Port, call: &str) -> PyResult<u64> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let call = AuthCall::from_json(call).map_err(|error| raise(py, &error))?;
        let id = client.submit_auth(&port.inner, call);
        port.expect(id, client);
        Ok(id)
    }

    /// What is known of the session.
    fn session<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        parse(py, client.session().as_bytes(), || None)
    }

    /// Forgets the access token.
    fn invalidate(&self, py: Python<'_>) -> PyResult<()> {
        self.live().map(|client| client.invalidate()).map_err(|error| raise(py, &error))
    }

    /// Where to send a user for their consent, and what to keep until they come back.
    fn authorize_url<'py>(
        &self,
        py: Python<'py>,
        scopes: Vec<String>,
        redirect_uri: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let request = self.live().and_then(|client| client.authorize_url(&scopes, redirect_uri));
        parse(py, request.map_err(|error| raise(py, &error))?.as_bytes(), || None)
    }

    /// Ends all calls in flight, and later ones, with `closed`.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.closed.store(true, Ordering::Relaxed);
        self.live().map(|client| client.close()).map_err(|error| raise(py, &error))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Origin::Organization { parent, .. } | Origin::Credentials { parent, .. } = &self.origin {
            visit.call(parent)?;
        }
        self.desk.traverse(&visit)
    }

    /// A cycle through a parent goes on through that one's desk.
    fn __clear__(&self) {
        self.desk.clear();
    }
}
