//! Webhooks: deliveries in the shapes that Python's frameworks hand them out in, and
//! verified events.

use linktor_bridge::{Answer, Begun, Data, Error, ErrorKind, MemoryDeduplicator, WebhookEvent};
use pyo3::CastIntoError;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{
    IntoPyDict, PyBytes, PyDateTime, PyDict, PyList, PyMemoryView, PySequence, PyString, PyTuple, PyTzInfo,
};

use crate::client::{Number, typed};
use crate::error::raise;
use crate::response::parse;

/// From here on other threads get to run while a body is hashed.
const LONG: usize = 64 * 1024;

/// Bytes, or a text's UTF-8, read where Python has them.
#[derive(Clone)]
enum Octets<'py> {
    Bytes(Bound<'py, PyBytes>),
    Text(Bound<'py, PyString>),
}

impl<'py> Octets<'py> {
    fn of(given: Bound<'py, PyAny>) -> Result<Self, Bound<'py, PyAny>> {
        if given.is_instance_of::<PyString>() {
            given.cast_into().map(Self::Text).map_err(CastIntoError::into_inner)
        } else {
            given.cast_into().map(Self::Bytes).map_err(CastIntoError::into_inner)
        }
    }

    fn has_utf8(&self) -> bool {
        match self {
            Self::Bytes(_) => true,
            Self::Text(text) => text.to_str().is_ok(),
        }
    }

    /// Plain ones: an instance of a subclass could hold whatever holds them.
    fn into_bytes(self) -> PyResult<Bound<'py, PyBytes>> {
        match self {
            Self::Bytes(bytes) if bytes.is_exact_instance_of::<PyBytes>() => Ok(bytes),
            Self::Bytes(bytes) => Ok(PyBytes::new(bytes.py(), bytes.as_bytes())),
            Self::Text(text) => text.encode_utf8(),
        }
    }
}

impl AsRef<[u8]> for Octets<'_> {
    /// A text that has no UTF-8 is no header's value either.
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes.as_bytes(),
            Self::Text(text) => text.to_str().map_or(b"\xff", str::as_bytes),
        }
    }
}

/// A delivery's body, for a verifier or to be signed.
fn body<'py>(given: &Bound<'py, PyAny>, verifier: Option<&Verifier>) -> PyResult<Octets<'py>> {
    match Octets::of(given.clone()) {
        Ok(body) if body.has_utf8() => Ok(body),
        Ok(_) => {
            // As bytes that nobody signed: no sender may be able to raise another error.
            let encode = given.py().get_type::<PyString>().getattr("encode")?;
            Ok(Octets::Bytes(encode.call1((given, "utf-8", "surrogatepass"))?.cast_into()?))
        }
        // What other threads can write to is copied before it is looked at.
        Err(_) => match PyMemoryView::from(given) {
            Ok(view) => {
                if let Some(verifier) = verifier {
                    let length = view.getattr("nbytes")?.extract()?;
                    verifier.inner.check_size(length).map_err(|error| raise(given.py(), &error))?;
                }
                Ok(Octets::Bytes(view.call_method0("tobytes")?.cast_into()?))
            }
            Err(error) if error.is_instance_of::<PyTypeError>(given.py()) => Err(PyTypeError::new_err(format!(
                "body must be the raw body, as bytes or text just as it was received, not {}: JSON that was parsed and \
                 written again is another text. It is `await request.body()` in FastAPI and Starlette, \
                 `request.get_data()` in Flask, `request.body` in Django",
                kind(given)?
            ))),
            Err(error) => Err(error),
        },
    }
}

/// The headers of a delivery that a verifier reads, repeated ones as often as they are there.
struct Headers<'py, 'a> {
    names: &'a [String],
    pairs: Vec<(Octets<'py>, Octets<'py>)>,
}

impl<'py, 'a> Headers<'py, 'a> {
    fn of(given: &Bound<'py, PyAny>, names: &'a [String]) -> PyResult<Self> {
        let mut headers = Self { names, pairs: Vec::with_capacity(names.len()) };
        if let Ok(given) = given.cast_exact::<PyDict>() {
            // What is made while they are read can let a finalizer run that writes to them.
            for (name, value) in given.iter().collect::<Vec<_>>() {
                headers.add(name, value)?;
            }
        } else if let Ok(pairs) = given.cast::<PyList>() {
            for pair in pairs {
                headers.add_pair(pair)?;
            }
        } else {
            // Where there is `multi_items`, as in httpx, `items` may join what is repeated.
            let items =
                given.getattr_opt("multi_items")?.map_or_else(|| given.getattr_opt("items"), |own| Ok(Some(own)))?;
            let pairs = items.map_or_else(|| Ok(given.clone()), |items| items.call0())?;
            let Ok(pairs) = pairs.try_iter() else { return Err(no_headers(given)?) };
            for pair in pairs {
                headers.add_pair(pair?)?;
            }
        }
        Ok(headers)
    }

    fn add_pair(&mut self, pair: Bound<'py, PyAny>) -> PyResult<()> {
        match tuple(&pair) {
            Some(pair) if pair.len() == 2 => self.add(pair.get_item(0)?, pair.get_item(1)?),
            _ => Err(no_headers(&pair)?),
        }
    }

    /// Adds a header, or each value of one that has several; `None` is one that is not there.
    fn add(&mut self, name: Bound<'py, PyAny>, value: Bound<'py, PyAny>) -> PyResult<()> {
        let name = Octets::of(name).or_else(|other| Err(no_header(&other)?))?;
        if !self.names.iter().any(|read| name.as_ref().eq_ignore_ascii_case(read.as_bytes())) {
            return Ok(());
        }
        match Octets::of(value) {
            Ok(value) => self.pairs.push((name, value)),
            Err(other) if other.is_none() => {}
            Err(other) => {
                let Some(values) = tuple(&other) else { return Err(no_header(&other)?) };
                for value in values {
                    let value = Octets::of(value).or_else(|other| Err(no_header(&other)?))?;
                    self.pairs.push((name.clone(), value));
                }
            }
        }
        Ok(())
    }

    /// The same without Python, to be read while its other threads run.
    fn read(&self) -> Vec<(&[u8], &[u8])> {
        self.pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect()
    }
}

fn tuple<'py>(given: &Bound<'py, PyAny>) -> Option<Bound<'py, PyTuple>> {
    match given.cast::<PyTuple>() {
        Ok(tuple) => Some(tuple.clone()),
        Err(_) => given.cast::<PyList>().ok().map(PyListMethods::to_tuple),
    }
}

fn no_headers(given: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    Ok(PyTypeError::new_err(format!(
        "headers must be the request's headers, as a mapping or as pairs of name and value, not {}",
        kind(given)?
    )))
}

fn no_header(given: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    Ok(PyTypeError::new_err(format!(
        "headers: names and values must be text or bytes, and values may be lists of them, not {}",
        kind(given)?
    )))
}

/// One secret or several; `None` is none. No error shows one.
fn secrets<'py>(given: &Bound<'py, PyAny>) -> PyResult<Vec<Octets<'py>>> {
    if given.is_none() {
        return Ok(Vec::new());
    }
    let several = match given.cast::<PySequence>() {
        Ok(several) if Octets::of(given.clone()).is_err() && PyMemoryView::from(given).is_err() => {
            several.try_iter()?.collect::<PyResult<_>>()?
        }
        _ => vec![given.clone()],
    };
    let config = |message: String| raise(given.py(), &Error::new(ErrorKind::Config, message));
    let checked = several.into_iter().map(|secret: Bound<'py, PyAny>| match Octets::of(secret) {
        Ok(secret) if secret.has_utf8() => Ok(secret),
        Ok(_) => Err(config("secret is a text that has no UTF-8".to_owned())),
        Err(other) => Err(config(format!("secret must be text or bytes, or a list of them, not {}", kind(&other)?))),
    });
    checked.collect()
}

/// The name of a value's type.
fn kind<'py>(given: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    given.get_type().name()
}

/// Verifies the deliveries of one sender.
#[pyclass(frozen, subclass, module = "linktor._native")]
pub(crate) struct Verifier {
    inner: linktor_bridge::Verifier,
    /// The headers that it reads.
    names: Vec<String>,
}

#[pymethods]
impl Verifier {
    /// Makes a verifier from its options as JSON, and a secret or several.
    #[new]
    fn new(py: Python<'_>, options: &str, secret: &Bound<'_, PyAny>) -> PyResult<Self> {
        let secrets = secrets(secret)?;
        let inner = linktor_bridge::Verifier::new(options, &secrets).map_err(|error| raise(py, &error))?;
        let names = inner.header_names().into_iter().map(str::to_owned).collect();
        Ok(Self { inner, names })
    }

    /// Return the event of a delivery, if it is what the sender signed, and of now.
    ///
    /// `body` is the raw one, as it was received: see `Body`; `headers` are the request's: see
    /// `Headers`. Raises `WebhookVerificationError` if it is not, whose `code` says why, and
    /// `TypeError` if the body is not the raw one or the headers are none. Whether the body is
    /// JSON matters only to `Event.data`.
    fn verify(&self, py: Python<'_>, body: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<Event> {
        let (content, headers) = (self::body(body, Some(self))?, Headers::of(headers, &self.names)?);
        let (body, headers) = (content.as_ref(), headers.read());
        let inner = if body.len() > LONG {
            py.detach(|| self.inner.verify(body, &headers))
        } else {
            self.inner.verify(body, &headers)
        };
        let inner = inner.map_err(|error| raise(py, &error))?;
        Ok(Event { inner, content: content.into_bytes()?.unbind() })
    }

    /// Return if a delivery is what the sender signed, and of now; its body is not read.
    ///
    /// The same as `verify` otherwise.
    fn verify_signature(&self, py: Python<'_>, body: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<()> {
        let (content, headers) = (self::body(body, Some(self))?, Headers::of(headers, &self.names)?);
        let (body, headers) = (content.as_ref(), headers.read());
        let outcome = if body.len() > LONG {
            py.detach(|| self.inner.verify_signature(body, &headers))
        } else {
            self.inner.verify_signature(body, &headers)
        };
        outcome.map_err(|error| raise(py, &error))
    }

    /// `verify`, for a receiver: the event, and what a deduplicator knows it by.
    fn _receive(
        &self,
        py: Python<'_>,
        body: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
    ) -> PyResult<(Event, Option<String>)> {
        let (content, headers) = (self::body(body, Some(self))?, Headers::of(headers, &self.names)?);
        let (body, headers) = (content.as_ref(), headers.read());
        let outcome = if body.len() > LONG {
            py.detach(|| self.inner.receive(body, &headers))
        } else {
            self.inner.receive(body, &headers)
        };
        let (inner, key) = outcome.map_err(|error| raise(py, &error))?;
        Ok((Event { inner, content: content.into_bytes()?.unbind() }, key))
    }

    /// Raises `WebhookVerificationError` if a body need not be read.
    fn _admit(&self, py: Python<'_>, method: &str, headers: &Bound<'_, PyAny>) -> PyResult<()> {
        let names = [&self.names[..], &["content-length".to_owned()]].concat();
        let headers = Headers::of(headers, &names)?;
        self.inner.admit(method, &headers.read()).map_err(|error| raise(py, &error))
    }

    /// The longest body that it takes, in bytes.
    #[getter]
    fn _size_limit(&self) -> usize {
        self.inner.size_limit()
    }
}

/// A status, headers, and a body.
type Answered = (u16, Vec<(&'static str, &'static str)>, String);

/// What the sender gets of an event of which a deduplicator says this.
#[pyfunction]
pub(crate) fn webhook_answer(py: Python<'_>, begun: &Bound<'_, PyAny>) -> PyResult<Answered> {
    let begun = begun.cast::<PyString>().map_or(Ok(""), |begun| begun.to_str())?;
    linktor_bridge::webhook_answer(begun).map(answered).map_err(|error| raise(py, &error))
}

/// What the sender gets of a delivery that was refused with this code, or whose
/// deduplicator failed.
#[pyfunction]
pub(crate) fn webhook_refusal(code: Option<&str>) -> Answered {
    answered(linktor_bridge::webhook_refusal(code))
}

fn answered(answer: Answer) -> Answered {
    (answer.status, answer.headers, answer.body)
}

/// Whether a handler that answers with this status has handled the event.
#[pyfunction]
pub(crate) fn webhook_is_handled(status: &Bound<'_, PyAny>) -> bool {
    status.extract().is_ok_and(Answer::is_handled)
}

/// Why a delivery whose body ended too early is refused.
#[pyfunction]
pub(crate) fn webhook_truncated(py: Python<'_>) -> PyErr {
    raise(py, &linktor_bridge::truncated())
}

/// Signs as a sender does, and returns the headers.
#[pyfunction]
pub(crate) fn webhook_sign<'py>(
    py: Python<'py>,
    options: &str,
    body: &Bound<'py, PyAny>,
    secret: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    if body.cast::<PyString>().is_ok_and(|text| text.to_str().is_err()) {
        return Err(raise(py, &Error::new(ErrorKind::InvalidRequest, "body is a text that has no UTF-8")));
    }
    let (body, secrets) = (self::body(body, None)?, secrets(secret)?);
    let headers = linktor_bridge::webhook_sign(options, body.as_ref(), &secrets);
    headers.map_err(|error| raise(py, &error))?.into_py_dict(py)
}

/// What a verified delivery says. Immutable; its ``repr`` shows id and type, and no data.
#[pyclass(frozen, module = "linktor.webhooks")]
pub(crate) struct Event {
    inner: WebhookEvent,
    content: Py<PyBytes>,
}

#[pymethods]
impl Event {
    /// The event's id, the same in every redelivery; `None` where the sender gives none, or
    /// a blank one.
    #[getter]
    fn id(&self) -> Option<&str> {
        self.inner.id.as_deref()
    }

    /// Its type: one of `EventType`, or any other as it came; `None` where there is none.
    #[getter]
    fn r#type(&self) -> Option<&str> {
        self.inner.event_type.as_deref()
    }

    /// When it happened, as the sender says, in UTC; `None` where there is no time, or none
    /// that a `datetime` can be.
    #[getter]
    fn timestamp<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDateTime>>> {
        let Some(seconds) = self.inner.timestamp else { return Ok(None) };
        let utc = PyTzInfo::utc(py)?;
        Ok(PyDateTime::from_timestamp(py, seconds, Some(&utc)).ok())
    }

    /// The organization or tenant that it belongs to; `None` where the sender does not say.
    #[getter]
    fn organization(&self) -> Option<&str> {
        self.inner.organization.as_deref()
    }

    /// The body as it came.
    #[getter]
    fn content<'py>(&self, py: Python<'py>) -> &Bound<'py, PyBytes> {
        self.content.bind(py)
    }

    /// Its data, parsed; `None` where there is none. Raises `DecodeError` if the body is not
    /// JSON.
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.inner.data {
            Data::Span(span) => parse(py, &self.content.as_bytes(py)[span.clone()], || None),
            Data::Nothing => Ok(py.None().into_bound(py)),
            Data::NotJson => Err(raise(py, &Error::new(ErrorKind::Decode, "the event's body is not JSON"))),
        }
    }

    fn __repr__(&self) -> String {
        let shown = |text: &Option<String>| text.as_ref().map_or("None".to_owned(), |text| format!("{text:?}"));
        format!("<Event id={}, type={}>", shown(&self.inner.id), shown(&self.inner.event_type))
    }
}

/// An event's id; `None` is a blank one.
fn id<'a>(py: Python<'_>, given: Option<&'a Bound<'_, PyString>>) -> PyResult<&'a str> {
    let no_utf8 = |_| raise(py, &Error::new(ErrorKind::InvalidRequest, "the event's id is a text that has no UTF-8"));
    given.map_or(Ok(""), |id| id.to_str().map_err(no_utf8))
}

/// Remembers which events were handled, for 24 hours, in this process; threads may share it.
///
/// Senders deliver again what was not answered in time. Claim each event before it is handled,
/// commit it after, and release it if its handling failed, so that it is handled again.
///
/// >>> from linktor import webhooks
/// >>> seen = webhooks.Deduplicator()
/// >>> seen.begin("evt_1"), seen.begin("evt_1")
/// ('new', 'in_progress')
/// >>> seen.commit("evt_1")
/// >>> seen.begin("evt_1")
/// 'done'
///
/// `capacity` is how many events it remembers, the newest: by default 100,000, each of which
/// takes about 150 bytes. Raises `ConfigError` if that is no number of events.
#[pyclass(frozen, module = "linktor.webhooks")]
pub(crate) struct Deduplicator(MemoryDeduplicator);

#[pymethods]
impl Deduplicator {
    #[new]
    #[pyo3(signature = (capacity=None))]
    fn new(py: Python<'_>, capacity: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let number = |given| typed(given, ErrorKind::Config, "capacity", "a whole number, at least 1");
        let capacity = capacity.map(number).transpose()?.map(|Number(capacity)| capacity);
        linktor_bridge::deduplicator(capacity).map(Self).map_err(|error| raise(py, &error))
    }

    /// Claim an event, for 24 hours at most: of several that ask at once, one is told that it is
    /// ``new``.
    ///
    /// ``in_progress``: another delivery of it is being handled. ``done``: it was handled. Raises
    /// `InvalidRequestError` if the id is blank or `None`: every event without one would be a
    /// redelivery.
    #[pyo3(signature = (id, /))]
    fn begin(&self, py: Python<'_>, id: Option<&Bound<'_, PyString>>) -> PyResult<&'static str> {
        self.0.begin(self::id(py, id)?).map(Begun::as_str).map_err(|error| raise(py, &error))
    }

    /// Remember an event as handled, for 24 hours from now. Raises as `begin` does.
    #[pyo3(signature = (id, /))]
    fn commit(&self, py: Python<'_>, id: Option<&Bound<'_, PyString>>) -> PyResult<()> {
        self.0.commit(self::id(py, id)?).map_err(|error| raise(py, &error))
    }

    /// Forget the claim of an event whose handling failed; one that is done stays so. Raises as
    /// `begin` does.
    #[pyo3(signature = (id, /))]
    fn release(&self, py: Python<'_>, id: Option<&Bound<'_, PyString>>) -> PyResult<()> {
        self.0.release(self::id(py, id)?).map_err(|error| raise(py, &error))
    }
}
