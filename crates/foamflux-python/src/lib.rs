//! foamflux for Python: numpy arrays in, results as JSON and arrays out.
//!
//! This is the native half, `foamflux._native`; what a user calls is the typed Python beside it (`python/foamflux`), which
//! normalises arrays and turns keyword arguments into the configuration of the command line, key by key.
//! So there is one set of names, of defaults and of checks, and an argument that is not known is refused with the same words.
//!
//! Work runs on a thread of its own without the interpreter's lock, so that other Python threads go on and Ctrl-C stops it at
//! the next safe point.

mod arrays;
mod errors;
mod job;
mod stages;

use pyo3::prelude::*;

/// The module.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    errors::add(module)?;
    stages::add(module)
}
