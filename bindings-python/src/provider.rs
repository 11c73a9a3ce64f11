//! Providers, by the core.

use pyo3::prelude::*;

use crate::error::raise;

/// The whole document of a provider, from the JSON of its name or of a document.
#[pyfunction]
pub(crate) fn provider(py: Python<'_>, json: &str) -> PyResult<String> {
    linktor_bridge::provider(json).map_err(|error| raise(py, &error))
}
