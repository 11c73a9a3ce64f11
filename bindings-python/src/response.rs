//! A successful answer, parsed straight into Python objects.

use std::sync::Arc;

use jiter::{PythonParse, StringCacheMode};
use linktor_bridge::{Client, Error, ErrorKind, HeaderValue, Payload, RateLimit, Reply};
use pyo3::exceptions::{PyRecursionError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::raise;

/// A 2xx answer, whole.
#[pyclass(frozen, module = "linktor")]
pub(crate) struct Response {
    client: Arc<Client>,
    inner: linktor_bridge::Response,
    content: PyOnceLock<Py<PyBytes>>,
    headers: PyOnceLock<Py<PyAny>>,
}

/// What a call succeeded with: a response, or what the JSON of an auth call says.
pub(crate) fn reply(py: Python<'_>, client: Arc<Client>, reply: Reply) -> PyResult<Bound<'_, PyAny>> {
    match reply {
        Reply::Response(inner) => {
            Bound::new(py, Response { client, inner, content: PyOnceLock::new(), headers: PyOnceLock::new() })
                .map(Bound::into_any)
        }
        Reply::Value(json) => parse(py, json.as_bytes(), || None),
    }
}

#[pymethods]
impl Response {
    /// The HTTP status, from 200 to 299.
    #[getter]
    fn status_code(&self) -> u16 {
        self.inner.status()
    }

    /// The headers, found by name in any case.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        static HEADERS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let made = self.headers.get_or_try_init(py, || {
            let pairs = PyList::empty(py);
            for (name, value) in self.inner.headers() {
                pairs.append((name.as_str(), latin_1(value)))?;
            }
            HEADERS.import(py, "linktor._headers", "Headers")?.call1((pairs,)).map(Bound::unbind)
        })?;
        Ok(made.bind(py))
    }

    /// The body as it came, decompressed.
    #[getter]
    fn content<'py>(&self, py: Python<'py>) -> &Bound<'py, PyBytes> {
        self.content.get_or_init(py, || PyBytes::new(py, self.inner.bytes()).unbind()).bind(py)
    }

    /// The body as text. Raises `DecodeError` if it is not UTF-8.
    #[getter]
    fn text(&self, py: Python<'_>) -> PyResult<&str> {
        self.inner.text().map_err(|error| raise(py, &error))
    }

    /// The body as sent, parsed; `None` if it is empty. Raises `DecodeError` if it is not
    /// JSON.
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let body = self.inner.bytes().trim_ascii();
        if body.is_empty() {
            return Ok(py.None().into_bound(py));
        }
        self.parse(py, body)
    }

    /// The payload under the family's envelope, parsed: `None` where there is none, `[]`
    /// for a list that the server wrote as `null`. Raises `DecodeError` if the body is not
    /// JSON, `APIError` if the envelope reports a failure.
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let body = self.inner.bytes();
        match self.client.payload(self.inner.status(), body) {
            Ok(Payload::Span(span)) => self.parse(py, &body[span]),
            Ok(Payload::Nothing) => Ok(py.None().into_bound(py)),
            Ok(Payload::EmptyList) => Ok(PyList::empty(py).into_any()),
            Err(error) => Err(raise(py, &self.inner.data::<IgnoredAny>().err().unwrap_or(error))),
        }
    }

    /// The items of the page that was asked for, parsed.
    fn _items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.inner.items_span() {
            Some(span) => self.parse(py, &self.inner.bytes()[span]),
            None => Ok(PyList::empty(py).into_any()),
        }
    }

    /// The number of the page after the one that was asked for.
    #[getter]
    fn _next_page(&self) -> Option<u64> {
        self.inner.next_page()
    }

    /// The request's id: the server's where it returns one, else the client's own.
    #[getter]
    fn request_id(&self) -> &str {
        self.inner.request_id()
    }

    /// How many times the request was sent.
    #[getter]
    fn attempts(&self) -> u32 {
        self.inner.attempts()
    }

    /// Seconds that the call waited in all: for rate limits, and between its attempts.
    #[getter]
    fn waited(&self) -> f64 {
        self.inner.waited().as_secs_f64()
    }

    /// What this answer says of the rate limit; `None` if it tells no number.
    #[getter]
    fn rate_limit<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.inner.rate_limit().map(|known| rate_limit(py, known)).transpose()
    }

    fn __repr__(&self) -> String {
        format!("<Response {}, request_id={:?}>", self.inner.status(), self.inner.request_id())
    }
}

impl Response {
    /// Parses the body, or a part of it. What cannot be parsed is told with what is known
    /// of the answer.
    fn parse<'py>(&self, py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        parse_or(py, json, || self.inner.json::<IgnoredAny>().err(), || self.inner.json::<Whole>().err())
    }
}

/// A header's value. Bytes beyond ASCII are read as HTTP once said: latin-1.
pub(crate) fn latin_1(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// The package's form of it.
pub(crate) fn rate_limit<'py>(py: Python<'py>, known: &RateLimit) -> PyResult<Bound<'py, PyAny>> {
    static RATE_LIMIT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let reset = known.reset.map(|reset| reset.as_secs_f64());
    let fields = (&known.class, known.limit, known.remaining, reset);
    RATE_LIMIT.import(py, "linktor._rate_limit", "RateLimit")?.call1(fields)
}

/// JSON read to its depths, where `IgnoredAny` skips over texts, numbers and nesting.
#[derive(Deserialize)]
#[serde(untagged)]
enum Whole {
    Any(IgnoredAny),
}

/// Parses JSON. What cannot be parsed is told by the core, if it has an error; what only
/// this parser refuses (deep nesting, halves of surrogate pairs) is read by Python's own,
/// and what that refuses too is told in this one's words.
pub(crate) fn parse<'py>(
    py: Python<'py>,
    json: &[u8],
    core: impl FnOnce() -> Option<Error>,
) -> PyResult<Bound<'py, PyAny>> {
    parse_or(py, json, core, || None)
}

/// The same; what Python refuses too is told by `whole`, if it has an error.
fn parse_or<'py>(
    py: Python<'py>,
    json: &[u8],
    core: impl FnOnce() -> Option<Error>,
    whole: impl FnOnce() -> Option<Error>,
) -> PyResult<Bound<'py, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let parser = PythonParse { cache_mode: StringCacheMode::Keys, ..PythonParse::default() };
    parser.python_parse(py, json).or_else(|error| {
        if let Some(error) = core() {
            return Err(raise(py, &error));
        }
        LOADS.import(py, "json", "loads")?.call1((PyBytes::new(py, json),)).map_err(|refusal| {
            if refusal.is_instance_of::<PyValueError>(py) || refusal.is_instance_of::<PyRecursionError>(py) {
                let told = whole().unwrap_or_else(|| Error::new(ErrorKind::Decode, error.description(json)));
                raise(py, &told)
            } else {
                refusal
            }
        })
    })
}
