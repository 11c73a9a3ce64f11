//! Errors of the core as exceptions. The package has the table of classes.

use jiter::PythonParse;
use linktor_bridge::{Error, ErrorRecord};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The exception that the package makes of an error.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static FROM_RECORD: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let record = ErrorRecord::from(error).to_json();
    let record = PythonParse::default()
        .python_parse(py, record.as_bytes())
        .map_err(|error| jiter::map_json_error(record.as_bytes(), &error))?;
    FROM_RECORD.import(py, "linktor._errors", "from_record")?.call1((record,))
}

/// The same, to be raised.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).map_or_else(|failure| failure, PyErr::from_value)
}
