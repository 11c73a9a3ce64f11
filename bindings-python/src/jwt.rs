//! JSON Web Tokens, by the core.

use pyo3::prelude::*;

use crate::error::raise;
use crate::response::parse;

/// Signs a token as the JSON says.
#[pyfunction]
pub(crate) fn jwt_sign(py: Python<'_>, json: &str) -> PyResult<String> {
    linktor_bridge::jwt_sign(json).map_err(|error| raise(py, &error))
}

/// Verifies a token as the JSON says, and gives its claims.
#[pyfunction]
pub(crate) fn jwt_verify<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    let claims = linktor_bridge::jwt_verify(json).map_err(|error| raise(py, &error))?;
    parse(py, claims.as_bytes(), || None)
}
