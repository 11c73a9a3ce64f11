//! Questions to the user's own functions, and events, as Python gets them.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use linktor_bridge::{EventRecord, Item, Port, Question, TransportFailure};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::gate;
use crate::response::{latin_1, parse};

/// Where a client's questions are answered, owned by the client's object so that Python's
/// collector sees through it.
#[derive(Clone, Default)]
pub(crate) struct Desk(Arc<Mutex<Option<Py<PyAny>>>>);

impl Desk {
    pub(crate) fn new(desk: Option<Py<PyAny>>) -> Self {
        Self(Arc::new(Mutex::new(desk)))
    }

    /// A port whose questions are brought here. The worker thread that asks starts a short
    /// thread of its own, and only that one attaches to Python.
    pub(crate) fn port(&self) -> Arc<Port> {
        let desk = self.clone();
        Arc::new_cyclic(|port: &Weak<Port>| {
            let port = Weak::clone(port);
            Port::new(move || {
                let Some(port) = port.upgrade() else { return };
                let (desk, questions) = (desk.clone(), Arc::clone(&port));
                let thread = std::thread::Builder::new().name("linktor-function".to_owned());
                if thread.spawn(move || desk.bring(&questions)).is_err() {
                    refuse(port.drain(), "no thread can be started to ask the user's function");
                }
            })
        })
    }

    /// Calls it with what there is.
    fn bring(&self, port: &Port) {
        let told = gate::attach(|py| {
            let desk = self.get(py);
            for item in port.drain() {
                match (item, &desk) {
                    (Item::Told { event, .. }, _) => tell(py, &event),
                    (Item::Asked { id, question, .. }, Some(desk)) => {
                        // It answers whatever happens; what it cannot even begin is failed here.
                        let asked = asked(py, id, question).and_then(|asked| desk.bind(py).call_method1("ask", asked));
                        if asked.is_err() {
                            linktor_bridge::fail(id, "the user's function cannot be asked");
                        }
                    }
                    (Item::Asked { id, .. }, None) => linktor_bridge::fail(id, "the client is gone"),
                    (Item::Abandoned { id }, _) => abandon(py, id),
                    (Item::Completion { .. }, _) => {}
                }
            }
        });
        if told.is_none() {
            refuse(port.drain(), "the interpreter is shutting down");
        }
    }

    pub(crate) fn get(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|desk| desk.clone_ref(py))
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.0.try_lock() {
            Ok(desk) => visit.call(&*desk),
            Err(_) => Ok(()),
        }
    }

    pub(crate) fn clear(&self) {
        let desk = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(desk);
    }
}

/// A question as a desk takes it: its id, what is asked, and the arguments, whose `repr`
/// shows no secret: tracebacks show the frames that hold them.
pub(crate) fn asked(py: Python<'_>, id: u64, question: Question) -> PyResult<Bound<'_, PyTuple>> {
    static VEILED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static REQUEST: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let (name, arguments) = match question {
        Question::Token => ("token", PyTuple::empty(py)),
        Question::Load { key } => ("load", (key,).into_pyobject(py)?),
        Question::Save { key, record } => {
            let veiled = VEILED.import(py, "linktor._functions", "Veiled")?.call1((record.expose(),))?;
            ("save", (key, veiled).into_pyobject(py)?)
        }
        Question::Lock { key } => ("lock", (key,).into_pyobject(py)?),
        Question::Send(request) => {
            let headers = PyList::empty(py);
            for (name, value) in &request.headers {
                headers.append((name.as_str(), latin_1(value)))?;
            }
            let body = PyBytes::new(py, &request.body);
            let timeout = request.timeout.as_secs_f64();
            let parts = (request.method.as_str(), request.url.as_str(), headers, body, timeout);
            let request = REQUEST.import(py, "linktor._transport", "TransportRequest")?.call1(parts)?;
            ("send", (request,).into_pyobject(py)?)
        }
    };
    (id, name, arguments).into_pyobject(py)
}

/// Says that nobody waits for an answer any more, or needs the lock that it gave.
pub(crate) fn abandon(py: Python<'_>, id: u64) {
    static ABANDON: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let told = ABANDON.import(py, "linktor._functions", "abandon").and_then(|abandon| abandon.call1((id,)));
    if let Err(error) = told {
        error.write_unraisable(py, None);
    }
}

/// Logs an event. A handler of the user's that fails is told of, and disturbs no call.
pub(crate) fn tell(py: Python<'_>, event: &EventRecord) {
    let told = telling(py, event).and_then(|(tell, record)| tell.call1((record,)));
    if let Err(error) = told {
        error.write_unraisable(py, None);
    }
}

/// What logs events, and an event as it takes it.
pub(crate) fn telling<'py>(
    py: Python<'py>,
    event: &EventRecord,
) -> PyResult<(&'py Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    static TELL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    Ok((TELL.import(py, "linktor._logging", "tell")?, parse(py, event.to_json().as_bytes(), || None)?))
}

/// Those of these questions of whose failure no error is left.
#[pyfunction]
pub(crate) fn forgotten(questions: Vec<u64>) -> Vec<u64> {
    linktor_bridge::forgotten(questions)
}

fn refuse(items: Vec<Item>, why: &str) {
    for item in items {
        if let Item::Asked { id, .. } = item {
            linktor_bridge::fail(id, why);
        }
    }
}

/// Answers a question with JSON.
#[pyfunction]
pub(crate) fn answer(question: u64, json: &str) {
    linktor_bridge::answer(question, json);
}

/// Answers a question to a transport: the headers are pairs of texts in latin-1.
#[pyfunction]
pub(crate) fn answer_response(question: u64, status: u16, headers: Vec<(String, Bound<'_, PyString>)>, body: Vec<u8>) {
    let values: Option<Vec<(String, Vec<u8>)>> = headers
        .into_iter()
        .map(|(name, value)| {
            let value = value.to_str().ok()?.chars().map(|one| u8::try_from(one).ok()).collect::<Option<_>>()?;
            Some((name, value))
        })
        .collect();
    match values {
        Some(headers) => linktor_bridge::answer_response(question, status, &headers, body),
        None => linktor_bridge::fail(question, "the transport answered with a header that cannot be one"),
    }
}

/// Answers a question with the failure of the user's function.
#[pyfunction]
pub(crate) fn fail(question: u64, message: &str) {
    linktor_bridge::fail(question, message);
}

/// Answers a question to a transport with a failure of the network: of the connection, or
/// in time; before anything was sent, or perhaps after.
#[pyfunction]
pub(crate) fn fail_sending(question: u64, message: &str, is_timeout: bool, is_unsent: bool) {
    let failure = match (is_timeout, is_unsent) {
        (true, true) => TransportFailure::ConnectTimeout,
        (true, false) => TransportFailure::Timeout,
        (false, true) => TransportFailure::Connect,
        (false, false) => TransportFailure::Interrupted,
    };
    linktor_bridge::fail_sending(question, failure, message);
}
