//! From [`PipelineError`] to exceptions of Python.
//!
//! The classes are Python's own affair (`python/foamflux/_errors.py`), so that they can inherit from `ValueError` and the
//! like as well; here they are looked up by the exit status that the command line would have.

use foamflux_pipeline::{ExitStatus, PipelineError};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;

/// Where the classes are.
const MODULE: &str = "foamflux._errors";

/// Adds the exit statuses, so that the classes need not repeat them.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let statuses = [
        ("INTERNAL", ExitStatus::Internal),
        ("USAGE", ExitStatus::Usage),
        ("INPUT", ExitStatus::Input),
        ("MEMORY", ExitStatus::Memory),
        ("NOT_CONVERGED", ExitStatus::NotConverged),
        ("DEVICE", ExitStatus::Device),
    ];
    statuses.into_iter().try_for_each(|(name, status)| module.add(name, status as u8))
}

/// The exception of an error.
pub(crate) fn exception(py: Python<'_>, error: &PipelineError) -> PyErr {
    if matches!(error.exit_status(), ExitStatus::Interrupted) {
        return PyKeyboardInterrupt::new_err(error.to_string());
    }
    let made = py
        .import(MODULE)
        .and_then(|module| module.call_method1("of_status", (error.exit_status() as u8, error.to_string())));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(_) => PyRuntimeError::new_err(error.to_string()),
    }
}
