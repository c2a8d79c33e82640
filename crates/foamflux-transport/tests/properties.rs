//! What must change nothing, and what must change one way only.

mod common;

use common::{blobs, labels, noise, ready, solve, struts, tau};
use foamflux_grid::{Axis, Label, LabelSet, Labels, Silent};
use foamflux_transport::suite::Lcg;
use foamflux_transport::{
    Backend, Coefficients, CpuBackend, Deviation, Layout, Problem, Setup, Sides, SolveError, Stop, plan,
};

/// Two solves to 1e-8 of tau may differ by twice that.
const TOL_SAME: f64 = 2e-8;
const TIGHT: f64 = 1e-8;

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let bits = |d: &Deviation| match d {
        Deviation::Single(v) => v.iter().map(|x| u64::from(x.to_bits())).collect::<Vec<_>>(),
        Deviation::Double(v) => v.iter().map(|x| x.to_bits()).collect(),
    };
    let several = blobs(33, 1, 0.4, 8);
    let one = Coefficients::phase(LabelSet::PORE).unwrap();
    let mut sigma = [0.0; 9];
    (sigma[0], sigma[1]) = (1.0, 1e-6);
    let two = Coefficients::per_label(sigma).unwrap();
    for (coefficients, layout) in [(one, Layout::Dense), (one, Layout::Compact), (two, Layout::Compact)] {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let Setup::Ready(p) = Problem::new(&several, &coefficients, Axis::Y, Sides::NoFlux).unwrap() else {
                    panic!("percolates")
                };
                let s = CpuBackend::with_layout(layout).solve(&p, &Stop::default(), &Silent).unwrap();
                (s.tau.to_bits(), s.iterations, s.flux_imbalance.to_bits(), s.residual.to_bits(), bits(&s.deviation))
            })
        };
        let want = run(1);
        for threads in [2, 3, 4] {
            assert!(run(threads) == want, "{threads} threads differ from 1");
        }
    }
}

#[test]
fn both_storages_agree() {
    for volume in [noise(21, 0.4, 1), blobs(22, 1, 0.5, 2), struts(23, 4, 3)] {
        for axis in Axis::ALL {
            let problem = ready(&volume, axis);
            let [a, b] = [Layout::Compact, Layout::Dense].map(|layout| {
                let stop = Stop { tau_rel: TIGHT, ..Stop::default() };
                CpuBackend::with_layout(layout).solve(&problem, &stop, &Silent).unwrap().tau
            });
            assert!((a / b - 1.0).abs() < TOL_SAME, "{a} {b}");
        }
    }
}

#[test]
fn the_numbers_of_labels_do_not_matter() {
    let base = blobs(18, 1, 0.5, 5);
    let renamed = Labels::new(base.volume().map(|&v| if v == 0 { 3 } else { 7 })).unwrap();
    let split = Labels::new({
        let mut k = 0;
        base.volume().map(|&v| {
            k += 1;
            if v == 0 { [1, 2, 4][k % 3] } else { 0 }
        })
    })
    .unwrap();
    let want = tau(&base, Axis::Z, TIGHT);
    for (labels, set) in [(renamed, LabelSet::of(Label::Lithium)), (split, LabelSet::SOLID)] {
        let Setup::Ready(p) =
            Problem::new(&labels, &Coefficients::phase(set).unwrap(), Axis::Z, Sides::NoFlux).unwrap()
        else {
            panic!("percolates")
        };
        // The same voxels in the same order: the same bits.
        assert_eq!(solve(&p, TIGHT).tau.to_bits(), want.to_bits());
    }
}

#[test]
fn adding_solid_never_helps() {
    let mut rng = Lcg(77);
    let mut open = vec![true; 14 * 15 * 16];
    let mut before = 1.0 + TOL_SAME;
    for _ in 0..12 {
        for _ in 0..150 {
            open[rng.below(14 * 15 * 16)] = false;
        }
        let volume = labels([14, 15, 16], |z, y, x| u8::from(!open[(z * 15 + y) * 16 + x]));
        let Setup::Ready(p) = common::setup(&volume, Axis::X) else { break };
        let d = solve(&p, TIGHT).d_eff_relative;
        assert!(d <= before * (1.0 + TOL_SAME), "{d} after {before}");
        before = d;
    }
    assert!(before < 0.6, "the volume never got tortuous");
}

#[test]
fn conductivities_scale() {
    let volume = blobs(16, 1, 0.5, 6);
    let solve = |factor: f64| {
        let sigma = std::array::from_fn(|l| factor * [2.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0][l]);
        let (_, s) =
            foamflux_transport::suite::solve(&CpuBackend::new(), &volume, sigma, Axis::Z, Sides::NoFlux, TIGHT)
                .unwrap();
        (s.d_eff_relative, s.tau)
    };
    let (one, many) = (solve(1.0), solve(3e7));
    assert!((many.0 / one.0 / 3e7 - 1.0).abs() < TOL_SAME && (many.1 / one.1 - 1.0).abs() < TOL_SAME);
}

#[test]
fn memory_is_planned_before_and_counted_after() {
    for volume in [noise(30, 0.7, 1), blobs(30, 1, 0.3, 2), struts(40, 3, 3)] {
        let coefficients = Coefficients::phase(LabelSet::PORE).unwrap();
        let planned = plan(&volume, &coefficients, Sides::NoFlux);
        let s = solve(&ready(&volume, Axis::Z), 1e-3);
        assert!(s.peak_bytes <= planned.bytes, "{} of {planned:?}", s.peak_bytes);
        assert!(planned.bytes < 3 * s.peak_bytes, "{} of {planned:?}", s.peak_bytes);
        assert!(s.unknowns as u64 <= planned.unknowns_at_most);
    }
}

#[test]
fn a_watcher_can_stop_a_solve() {
    struct Impatient;
    impl foamflux_grid::Watch for Impatient {
        fn event(&self, _: foamflux_grid::Event) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let problem = ready(&noise(16, 0.6, 3), Axis::Z);
    let ended = CpuBackend::new().solve(&problem, &Stop::default(), &Impatient);
    assert!(matches!(ended, Err(SolveError::Cancelled { iterations: 0 })));
}
