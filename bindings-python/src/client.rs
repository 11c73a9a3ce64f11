//! A client, and the two ways to make a call: a thread waits, or an event loop does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use linktor_bridge::{AuthCall, CallOptions, Error, ErrorKind, Request};
use pyo3::PyTraverseError;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyUnicodeEncodeError};
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString};

use crate::error::raise;
use crate::function::Desk;
use crate::port::Port;
use crate::response::{parse, rate_limit};
use crate::unfinished::wait;

const SECONDS: &str = "a number of seconds";
const TEXT: &str = "a text";
const TEXTS: &str = "texts by name";
const WHOLE: &str = "a whole number, at least 0";

type Pairs = Vec<(String, String)>;

/// What few calls say.
#[derive(Default)]
pub(crate) struct Overrides {
    path_params: Pairs,
    query: Pairs,
    headers: Pairs,
    organization: Option<String>,
    request_id: Option<String>,
    timeout: Option<Number>,
    deadline: Option<Number>,
    max_retries: Option<Number>,
    max_retry_wait: Option<Number>,
    idempotent: Option<bool>,
    idempotency_key: Option<String>,
}

impl<'py> FromPyObject<'_, 'py> for Overrides {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        use ErrorKind::{Config, InvalidRequest};
        Ok(Self {
            path_params: take(&given, InvalidRequest, "path_params", TEXTS)?,
            query: take(&given, InvalidRequest, "params", TEXTS)?,
            headers: take(&given, Config, "headers", TEXTS)?,
            organization: take(&given, Config, "organization_id", TEXT)?,
            request_id: take(&given, Config, "request_id", TEXT)?,
            timeout: take(&given, Config, "timeout", SECONDS)?,
            deadline: take(&given, Config, "deadline", SECONDS)?,
            max_retries: take(&given, Config, "max_retries", WHOLE)?,
            max_retry_wait: take(&given, Config, "max_retry_wait", SECONDS)?,
            idempotent: take(&given, Config, "idempotent", "true or false")?,
            idempotency_key: take(&given, Config, "idempotency_key", TEXT)?,
        })
    }
}

fn take<'py, T: FromPyObjectOwned<'py>>(
    given: &Bound<'py, PyAny>,
    kind: ErrorKind,
    name: &str,
    expected: &str,
) -> PyResult<T> {
    typed(&given.get_item(name)?, kind, name, expected)
}

/// A keyword's value. An error is that of the client's option, where there is one.
pub(crate) fn typed<'py, T: FromPyObjectOwned<'py>>(
    value: &Bound<'py, PyAny>,
    kind: ErrorKind,
    name: &str,
    expected: &str,
) -> PyResult<T> {
    let read: Result<T, T::Error> = value.extract();
    read.map_err(|error| refusal(value.py(), &error.into(), kind, name, expected))
}

fn refusal(py: Python<'_>, error: &PyErr, kind: ErrorKind, name: &str, expected: &str) -> PyErr {
    let message = if error.is_instance_of::<PyUnicodeEncodeError>(py) {
        format!("{name} has a lone surrogate, which cannot be sent: decode it without surrogateescape")
    } else {
        format!("{name} must be {expected}")
    };
    raise(py, &Error::new(kind, message))
}

fn content_type(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    typed(value, ErrorKind::Config, "content_type", TEXT)
}

fn organization(value: &Bound<'_, PyAny>) -> PyResult<String> {
    typed(value, ErrorKind::Config, "organization_id", TEXT)
}

fn class(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    typed(value, ErrorKind::Config, "class_", TEXT)
}

fn scopes(value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    typed(value, ErrorKind::InvalidRequest, "scopes", "a list of texts")
}

fn redirect_uri(value: &Bound<'_, PyAny>) -> PyResult<String> {
    typed(value, ErrorKind::InvalidRequest, "redirect_uri", TEXT)
}

fn method<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    borrowed(value, "method")
}

fn path<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    borrowed(value, "path")
}

fn borrowed<'a>(value: &'a Bound<'_, PyAny>, name: &str) -> PyResult<&'a str> {
    let text = value.cast::<PyString>().map_err(PyErr::from).and_then(|text| text.to_str());
    text.map_err(|error| refusal(value.py(), &error, ErrorKind::InvalidRequest, name, TEXT))
}

/// A number for the core to judge: what is beyond all is the greatest, and `True` is none.
pub(crate) struct Number(pub(crate) f64);

impl<'py> FromPyObject<'_, 'py> for Number {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if given.is_instance_of::<PyBool>() {
            return Err(PyTypeError::new_err("a bool is no number"));
        }
        let number = match given.extract::<f64>() {
            Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => {
                if given.lt(0)? {
                    f64::MIN
                } else {
                    f64::MAX
                }
            }
            number => number?,
        };
        Ok(Self(number.clamp(f64::MIN, f64::MAX)))
    }
}

/// A client of one API, or a handle of one.
#[pyclass(frozen, module = "linktor._native")]
pub(crate) struct Client {
    /// For a child process: the runtime does not survive a fork.
    origin: Origin,
    desk: Desk,
    /// That of the root, whose transport all handles send through. It is the root's own for
    /// the collector.
    root: Desk,
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
    fn handle(&self, py: Python<'_>, origin: Origin, desk: Option<Py<PyAny>>) -> PyResult<Self> {
        let (desk, root) = (Desk::new(desk), self.root.clone());
        let live = Live::new(&origin, &desk).map_err(|error| raise(py, &error))?;
        Ok(Self { origin, desk, root, live: Mutex::new(live), closed: AtomicBool::new(false) })
    }

    fn live(&self) -> Result<Arc<linktor_bridge::Client>, Error> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.process != std::process::id() {
            let fresh = Live::new(&self.origin, &self.desk)?;
            // What a handle for an organization shares, its parent has inherited.
            if !matches!(self.origin, Origin::Organization { .. }) {
                fresh.client.inherit(&live.client);
            }
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
    page: Option<u64>,
) -> Result<(Request, Option<u64>), Error> {
    let overrides = overrides.unwrap_or_default();
    let options = CallOptions {
        path_params: overrides.path_params,
        query: overrides.query,
        headers: overrides.headers,
        content_type,
        organization: overrides.organization,
        page,
        request_id: overrides.request_id,
        timeout: overrides.timeout.map(|seconds| seconds.0),
        deadline: overrides.deadline.map(|seconds| seconds.0),
        max_retries: overrides.max_retries.map(|count| count.0),
        max_retry_wait: overrides.max_retry_wait.map(|seconds| seconds.0),
        idempotent: overrides.idempotent,
        idempotency_key: overrides.idempotency_key,
        within,
    };
    options.request(method, path, body.to_vec())
}

#[pymethods]
impl Client {
    /// Makes a client from its options as JSON; `desk` gets the questions to the user's
    /// own functions.
    #[new]
    #[pyo3(signature = (options, desk=None))]
    fn new(py: Python<'_>, options: String, desk: Option<Py<PyAny>>) -> PyResult<Self> {
        let (origin, desk) = (Origin::Root { options }, Desk::new(desk));
        let live = py.detach(|| Live::new(&origin, &desk)).map_err(|error| raise(py, &error))?;
        Ok(Self { origin, root: desk.clone(), desk, live: Mutex::new(live), closed: AtomicBool::new(false) })
    }

    /// A handle for another organization, with the session of this one.
    fn with_organization(this: &Bound<'_, Self>, #[pyo3(from_py_with = organization)] id: String) -> PyResult<Self> {
        this.get().handle(this.py(), Origin::Organization { parent: this.clone().unbind(), id }, None)
    }

    /// A handle with credentials of its own, given as JSON.
    #[pyo3(signature = (options, desk=None))]
    fn with_credentials(this: &Bound<'_, Self>, options: String, desk: Option<Py<PyAny>>) -> PyResult<Self> {
        this.get().handle(this.py(), Origin::Credentials { parent: this.clone().unbind(), options }, desk)
    }

    /// The API family's name.
    #[getter]
    fn provider(&self, py: Python<'_>) -> PyResult<String> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        Ok(client.provider().to_owned())
    }

    /// Makes a call and waits for its end, or for a signal; gives an `Unfinished` if it has
    /// something to be done first.
    #[expect(clippy::too_many_arguments, reason = "a call of Python with a dictionary costs more than the call")]
    #[pyo3(signature = (method, path, body, content_type, overrides, within, is_logged, page=None, /))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = method)] method: &str,
        #[pyo3(from_py_with = path)] path: &str,
        body: &[u8],
        #[pyo3(from_py_with = content_type)] content_type: Option<String>,
        overrides: Option<Overrides>,
        within: Option<u64>,
        is_logged: bool,
        page: Option<u64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let (request, within) =
            request(method, path, body, content_type, overrides, within, page).map_err(|error| raise(py, &error))?;
        client.log(is_logged);
        let pending = client.call(request, within);
        wait(py, client, pending, self.root.clone())
    }

    /// Starts a call whose end comes out of `port` under the id that is returned.
    #[expect(clippy::too_many_arguments, reason = "a call of Python with a dictionary costs more than the call")]
    #[pyo3(signature = (port, method, path, body, content_type, overrides, within, is_logged, page=None, /))]
    fn submit(
        &self,
        py: Python<'_>,
        port: &Port,
        #[pyo3(from_py_with = method)] method: &str,
        #[pyo3(from_py_with = path)] path: &str,
        body: &[u8],
        #[pyo3(from_py_with = content_type)] content_type: Option<String>,
        overrides: Option<Overrides>,
        within: Option<u64>,
        is_logged: bool,
        page: Option<u64>,
    ) -> PyResult<u64> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let (request, within) =
            request(method, path, body, content_type, overrides, within, page).map_err(|error| raise(py, &error))?;
        client.log(is_logged);
        let id = client.submit(&port.inner, request, within);
        port.expect(id, client, &self.root);
        Ok(id)
    }

    /// Makes an auth call, given as JSON, and waits as `call` does.
    #[pyo3(signature = (call, /))]
    fn call_auth<'py>(&self, py: Python<'py>, call: &str) -> PyResult<Bound<'py, PyAny>> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let call = AuthCall::from_json(call).map_err(|error| raise(py, &error))?;
        let pending = client.call_auth(call);
        wait(py, client, pending, self.root.clone())
    }

    /// Starts an auth call, given as JSON, whose end comes out of `port` under the id that
    /// is returned.
    #[pyo3(signature = (port, call, /))]
    fn submit_auth(&self, py: Python<'_>, port: &Port, call: &str) -> PyResult<u64> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        let call = AuthCall::from_json(call).map_err(|error| raise(py, &error))?;
        let id = client.submit_auth(&port.inner, call);
        port.expect(id, client, &self.root);
        Ok(id)
    }

    /// What is known of the session.
    fn session<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let client = self.live().map_err(|error| raise(py, &error))?;
        parse(py, client.session().as_bytes(), || None)
    }

    /// What is known of the rate limit of a class; of that of the last answer, if none is
    /// named.
    #[pyo3(signature = (class, /))]
    fn rate_limit<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = class)] class: Option<String>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let known =
            self.live().and_then(|client| client.rate_limit(class.as_deref())).map_err(|error| raise(py, &error))?;
        known.as_ref().map(|known| rate_limit(py, known)).transpose()
    }

    /// Forgets the access token.
    fn invalidate(&self, py: Python<'_>) -> PyResult<()> {
        self.live().map(|client| client.invalidate()).map_err(|error| raise(py, &error))
    }

    /// Where to send a user for their consent, and what to keep until they come back.
    fn authorize_url<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = scopes)] scopes: Vec<String>,
        #[pyo3(from_py_with = redirect_uri)] redirect_uri: String,
    ) -> PyResult<Bound<'py, PyAny>> {
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let request = self.live().and_then(|client| client.authorize_url(&scopes, &redirect_uri));
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
