//! Numbers with errors, to first order.
//!
//! Errors of one source are added: they are systematic, and their signs are not known.

use foamflux_results::{ErrorParts, Quantity};

pub(super) fn plain(value: f64) -> Result<Quantity, &'static str> {
    Ok(Quantity::from(value))
}

pub(super) fn times(e: &ErrorParts, factor: f64) -> ErrorParts {
    let part = |p: Option<f64>| p.map(|p| p * factor.abs());
    ErrorParts {
        solver: part(e.solver),
        resolution: part(e.resolution),
        segmentation: part(e.segmentation),
        sampling: part(e.sampling),
        total: part(e.total),
    }
}

pub(super) fn add(a: &ErrorParts, b: &ErrorParts) -> ErrorParts {
    let sum = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or(0.0) + b.unwrap_or(0.0)),
    };
    ErrorParts {
        solver: sum(a.solver, b.solver),
        resolution: sum(a.resolution, b.resolution),
        segmentation: sum(a.segmentation, b.segmentation),
        sampling: sum(a.sampling, b.sampling),
        total: None,
    }
}

pub(super) fn scale(q: Quantity, factor: f64) -> Quantity {
    Quantity { value: q.value * factor, error: times(&q.error, factor) }
}

/// To first order, errors of one source added: they are systematic, and their signs are not known.
pub(super) fn multiply(a: Quantity, b: Quantity) -> Quantity {
    Quantity { value: a.value * b.value, error: add(&times(&a.error, b.value), &times(&b.error, a.value)) }
}

pub(super) fn divide(a: Quantity, b: Quantity) -> Quantity {
    let inverse = Quantity { value: 1.0 / b.value, error: times(&b.error, 1.0 / (b.value * b.value)) };
    multiply(a, inverse)
}
