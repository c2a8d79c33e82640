//! The processor and the device give the same tau in the same number of iterations.

use foamflux_grid::{Axis, Labels, Silent};
use foamflux_transport::{Backend, Coefficients, CpuBackend, Layout, Sides, Stop};

use crate::conformance::backend;
use crate::harness::{Test, noise, pore, ready};

/// Relative difference of tau at a tolerance of 1e-7: both errors.
const SAME_TAU: f64 = 2e-7;
/// Iterations that may differ: a scalar in single precision may fall on the other side of a threshold.
const SAME_ITERATIONS: u32 = 1;
const TIGHT: f64 = 1e-7;

pub(crate) const TESTS: &[Test] = &[
    ("agreement::blobs", || phases("blobs", &noise([40, 48, 44], 0.5, 3, 1))),
    ("agreement::dense_pore", || phases("dense pore", &noise([33, 40, 47], 0.93, 2, 2))),
    ("agreement::sparse", || phases("sparse", &noise([48, 48, 48], 0.24, 3, 3))),
    ("agreement::near_percolation", || phases("near percolation", &noise([48, 47, 46], 0.36, 0, 4))),
    ("agreement::several_conductivities", several),
    ("agreement::thin_boxes", thin),
];

fn compare(what: &str, problem: &foamflux_transport::Problem, layout: Option<Layout>) {
    let cpu = layout.map_or_else(CpuBackend::new, CpuBackend::with_layout);
    let gpu = backend(layout);
    for tau_rel in [1e-3, TIGHT] {
        let stop = Stop { tau_rel, ..Stop::default() };
        let want = cpu.solve(problem, &stop, &Silent).unwrap();
        let got = gpu.solve(problem, &stop, &Silent).unwrap();
        println!(
            "{what:18} {:?} {:?} tol {tau_rel:.0e}: tau {:.8} cpu, {:.8} gpu ({:+.1e}); iterations {} and {}; {}",
            problem.axis(),
            layout.unwrap_or_else(|| Layout::of(problem)),
            want.tau,
            got.tau,
            got.tau / want.tau - 1.0,
            want.iterations,
            got.iterations,
            got.device,
        );
        assert!(got.iterations.abs_diff(want.iterations) <= SAME_ITERATIONS, "{what}: iterations");
        let tolerance = if tau_rel > TIGHT { 2.0 * tau_rel } else { SAME_TAU };
        assert!((got.tau / want.tau - 1.0).abs() <= tolerance, "{what}: tau {} and {}", want.tau, got.tau);
        // The device alone: finishing in double precision on the processor would hide a wrong kernel.
        assert_eq!(got.device, gpu.describe());
    }
}

fn phases(what: &str, labels: &Labels) {
    for axis in Axis::ALL {
        let problem = pore(labels, axis, Sides::NoFlux);
        compare(what, &problem, Some(Layout::Dense));
        compare(what, &problem, Some(Layout::Compact));
    }
    compare(what, &pore(labels, Axis::Z, Sides::Periodic), None);
}

fn several() {
    let labels = noise([30, 36, 41], 0.4, 2, 5);
    for contrast in [0.3, 0.02] {
        let mut sigma = [0.0; 9];
        (sigma[0], sigma[1]) = (1.0, contrast);
        let coefficients = Coefficients::per_label(sigma).unwrap();
        for sides in [Sides::NoFlux, Sides::Periodic] {
            compare("two conductivities", &ready(&labels, &coefficients, Axis::Y, sides), None);
        }
    }
}

fn thin() {
    for shape in [[1, 20, 30], [20, 1, 30], [30, 20, 1], [2, 3, 64], [65, 2, 1]] {
        let labels = noise(shape, 1.0, 0, 6);
        for axis in Axis::ALL {
            compare("thin", &pore(&labels, axis, Sides::NoFlux), Some(Layout::Dense));
        }
    }
}
