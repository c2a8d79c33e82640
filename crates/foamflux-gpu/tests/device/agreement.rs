//! The processor and the device give the same tau in the same number of iterations.

use foamflux_gpu::{GpuBackend, Options, Pick};
use foamflux_grid::{Axis, Labels, Silent};
use foamflux_transport::{Backend, Coefficients, CpuBackend, Deviation, Layout, Problem, Sides, Start, Stop};

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
    ("agreement::every_step_a_dispatch", dispatches),
    ("agreement::starts_from_a_similar_solution", starts),
];

fn compare(what: &str, problem: &Problem, layout: Option<Layout>) {
    compare_on(backend(layout), what, problem, layout);
}

fn compare_on(gpu: &GpuBackend, what: &str, problem: &Problem, layout: Option<Layout>) {
    let cpu = layout.map_or_else(CpuBackend::new, CpuBackend::with_layout);
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

/// As levels too large for one workgroup are: boxes of test size go into one dispatch otherwise.
fn dispatches() {
    let gpu = GpuBackend::open(Pick::Best, Options { tail_rows: Some(0), ..Options::default() }).unwrap();
    compare_on(&gpu, "blobs", &pore(&noise([40, 48, 44], 0.5, 3, 1), Axis::Z, Sides::NoFlux), None);
    compare_on(&gpu, "near percolation", &pore(&noise([48, 47, 46], 0.36, 0, 4), Axis::X, Sides::NoFlux), None);
}

fn starts() {
    let stop = Stop { tau_rel: 1e-5, ..Stop::default() };
    for layout in [Layout::Dense, Layout::Compact] {
        let (cpu, gpu) = (CpuBackend::with_layout(layout), backend(Some(layout)));
        let [before, after] =
            [0.50, 0.51].map(|share| pore(&noise([44, 44, 44], share, 3, 10), Axis::Y, Sides::NoFlux));
        let solved = cpu.solve(&before, &stop, &Silent).unwrap();
        let start = Start::of(&before, &solved).unwrap();
        let cold = gpu.solve(&after, &stop, &Silent).unwrap();
        let [want, warm] =
            [&cpu as &dyn Backend, gpu].map(|b| b.solve_from(&after, Some(&start), &stop, &Silent).unwrap());
        println!(
            "{layout:?}: {} iterations from nothing, {} from a start ({} on the processor)",
            cold.iterations, warm.iterations, want.iterations
        );
        assert!(warm.iterations < cold.iterations && warm.iterations.abs_diff(want.iterations) <= SAME_ITERATIONS);
        assert!((warm.tau / cold.tau - 1.0).abs() <= 2.0 * stop.tau_rel);
        assert_eq!(warm.device, gpu.describe());
        // A start that is worse than none costs a look and is dropped: what another solve left, many times over.
        let mut wrong = solved;
        wrong.deviation = match wrong.deviation {
            Deviation::Single(u) => Deviation::Single(u.iter().map(|v| -50.0 * v).collect()),
            Deviation::Double(u) => Deviation::Double(u.iter().map(|v| -50.0 * v).collect()),
        };
        let start = Start::of(&before, &wrong).unwrap();
        let dropped = gpu.solve_from(&after, Some(&start), &stop, &Silent).unwrap();
        assert_eq!((dropped.iterations, dropped.tau.to_bits()), (cold.iterations, cold.tau.to_bits()));
    }
}
