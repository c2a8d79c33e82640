//! The contract of a [`Backend`] as a test suite, for every backend to run.
//!
//! `foamflux_transport::backend_suite!(make_backend)` writes one `#[test]` per check;
//! `make_backend` is a function without arguments that returns some `impl Backend`.
//! The reference is a plain-loop double-precision solve with its own assembly in physical units ([`reference`]).

#![allow(clippy::panic, clippy::unwrap_used, reason = "a failed check is a failed test")]

mod checks;
mod reference;

pub use checks::{
    axes_and_mirrors_agree, diagonal_staircase, empty_boxes_are_exact, layers_in_series_and_parallel,
    limits_and_tolerances, random_phases_match, random_several_match,
};
pub use reference::{Lcg, reference_conductivity};

use foamflux_grid::{Axis, Labels, Silent};

use crate::{Backend, Coefficients, Problem, Setup, Sides, Solution, Stop};

/// Solves, or none where nothing percolates.
///
/// # Panics
/// When the set-up or the solve fails.
#[must_use]
pub fn solve(
    backend: &dyn Backend,
    labels: &Labels,
    sigma: [f64; 9],
    axis: Axis,
    sides: Sides,
    tau_rel: f64,
) -> Option<(Problem, Solution)> {
    let coefficients = Coefficients::per_label(sigma).unwrap();
    match Problem::new(labels, &coefficients, axis, sides).unwrap() {
        Setup::Blocked(_) => None,
        Setup::Ready(problem) => {
            let stop = Stop { tau_rel, ..Stop::default() };
            match backend.solve(&problem, &stop, &Silent) {
                Ok(solution) => Some((*problem, solution)),
                Err(error) => panic!("{}: {error}", backend.describe()),
            }
        }
    }
}

/// Writes one `#[test]` per check of the contract for the backend that `$make()` returns.
#[macro_export]
macro_rules! backend_suite {
    ($make:path) => {
        $crate::backend_suite!(@ $make,
            empty_boxes_are_exact, diagonal_staircase, layers_in_series_and_parallel,
            random_phases_match, random_several_match, axes_and_mirrors_agree, limits_and_tolerances);
    };
    (@ $make:path, $($check:ident),+) => {
        $(#[test]
        fn $check() {
            $crate::suite::$check(&$make());
        })+
    };
}
