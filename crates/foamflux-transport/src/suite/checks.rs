//! The checks.

use foamflux_grid::{Axis, Labels, Shape, Silent, Volume, VoxelSize, VoxelSizeSource};

use super::reference::{Lcg, reference_conductivity};
use super::solve;
use crate::{Backend, Coefficients, Problem, Setup, Sides, SolveError, Stop};

/// Error of tau asked for where an answer is compared with an exact one.
const TOL_ASKED: f64 = 1e-7;
/// Relative tolerance on tau then: the tolerance asked for and single-precision rounding of the fields, about 1e-8.
const TOL_MATCH: f64 = 2e-7;
/// An empty box costs no iteration, so only the final division rounds.
const TOL_EXACT: f64 = 1e-12;

const PORE: [f64; 9] = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const FIBRE: [f64; 9] = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

fn size(xyz: [f64; 3]) -> VoxelSize {
    VoxelSize::known(xyz, VoxelSizeSource::Generator).unwrap()
}

fn labels(zyx: [usize; 3], xyz: [f64; 3], f: impl FnMut(usize, usize, usize) -> u8) -> Labels {
    let shape = Shape::new(zyx[0], zyx[1], zyx[2]).unwrap();
    Labels::new(Volume::from_fn(shape, size(xyz), f)).unwrap()
}

fn close(what: &str, got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs(), "{what}: {got} instead of {want} (tolerance {tolerance:e})");
}

/// T1: empty boxes of any size, and slabs along the flow, have tau 1 without an iteration.
///
/// # Panics
/// When the backend breaks the contract; so do all checks.
pub fn empty_boxes_are_exact(backend: &dyn Backend) {
    for zyx in [[1, 1, 1], [1, 1, 9], [9, 1, 1], [1, 7, 1], [2, 3, 5], [17, 16, 33], [40, 31, 29]] {
        for axis in Axis::ALL {
            let full = labels(zyx, [1e-6, 2.5e-6, 0.3e-6], |_, _, _| 0);
            let (_, s) = solve(backend, &full, PORE, axis, Sides::NoFlux, 1e-6).unwrap();
            close("empty box", s.tau, 1.0, TOL_EXACT);
            assert_eq!(s.iterations, 0);
            assert!(
                s.residual <= f64::EPSILON && s.flux_imbalance <= TOL_EXACT && s.error_solver.relative <= TOL_EXACT
            );
        }
        // A slab that leaves every second row or slice empty, parallel to x.
        let slab = labels(zyx, [1.0, 1.0, 1.0], |z, y, _| u8::from((y + z) % 2 == 1));
        let (_, s) = solve(backend, &slab, PORE, Axis::X, Sides::NoFlux, 1e-6).unwrap();
        close("slab", s.tau, 1.0, TOL_EXACT);
    }
}

/// T2: a staircase of 2 x 2 bars, tau 7.51667 (TauFactor's own test).
///
/// # Panics
/// See [`empty_boxes_are_exact`].
pub fn diagonal_staircase(backend: &dyn Backend) {
    /// Five decimals are published.
    const TOL_PUBLISHED: f64 = 1e-6;
    let stairs = labels([20, 21, 21], [1.0; 3], |z, y, x| u8::from((z..z + 2).contains(&y) && (z..z + 2).contains(&x)));
    let (_, s) = solve(backend, &stairs, FIBRE, Axis::Z, Sides::NoFlux, TOL_ASKED).unwrap();
    close("staircase", s.tau, 7.516_666_667, TOL_PUBLISHED);
}

/// T4: two layers of conductivity 1 and 10 in series and in parallel.
///
/// # Panics
/// See [`empty_boxes_are_exact`].
pub fn layers_in_series_and_parallel(backend: &dyn Backend) {
    for (low, high) in [(1.0, 10.0), (1e-9, 1e3)] {
        let mut sigma = [0.0; 9];
        (sigma[0], sigma[1]) = (low, high);
        for axis in Axis::ALL {
            let half = labels([12, 8, 10], [3.0, 1.0, 2.0], |z, y, x| {
                u8::from([2 * x >= 10, 2 * y >= 8, 2 * z >= 12][axis.xyz_index()])
            });
            for flow in Axis::ALL {
                let (_, s) = solve(backend, &half, sigma, flow, Sides::NoFlux, TOL_ASKED).unwrap();
                let exact = if flow == axis { 2.0 * low * high / (low + high) } else { (low + high) / 2.0 };
                close("layers", s.d_eff_relative, exact, TOL_MATCH);
                close("tau of layers", s.tau, (low + high) / 2.0 / exact, TOL_MATCH);
            }
        }
    }
}

/// Random small volumes of one phase, all directions, both kinds of sides, against the reference.
///
/// # Panics
/// See [`empty_boxes_are_exact`].
pub fn random_phases_match(backend: &dyn Backend) {
    /// Residual and fluxes are first order in the potential's error, whose square is the energy's 1e-7.
    const TOL_FIRST_ORDER: f64 = 1e-3;
    let mut rng = Lcg(11);
    let mut solved = 0;
    for case in 0..150 {
        let zyx = [1 + rng.below(7), 1 + rng.below(7), 1 + rng.below(7)];
        let xyz = [0.2 + rng.unit(), 0.2 + 3.0 * rng.unit(), 0.2 + rng.unit()];
        let share = 0.25 + 0.75 * rng.unit();
        let volume = labels(zyx, xyz, |_, _, _| u8::from(rng.unit() < share));
        for axis in Axis::ALL {
            for sides in [Sides::NoFlux, Sides::Periodic] {
                let exact = reference_conductivity(&volume, FIBRE, axis, sides);
                let got = solve(backend, &volume, FIBRE, axis, sides, TOL_ASKED);
                assert_eq!(got.is_some(), exact.is_some(), "case {case} along {axis}: percolation differs");
                if let (Some((_, s)), Some(exact)) = (got, exact) {
                    close(&format!("case {case} {axis} {sides:?}"), s.d_eff_relative, exact, TOL_MATCH);
                    assert!(s.residual < TOL_FIRST_ORDER, "residual {}", s.residual);
                    assert!(s.flux_imbalance < TOL_FIRST_ORDER, "imbalance {}", s.flux_imbalance);
                    solved += 1;
                }
            }
        }
    }
    assert!(solved > 200, "only {solved} of the random volumes percolate: the check is empty");
}

/// Random small volumes of several conductivities, up to a contrast of 1e12, against the reference.
///
/// # Panics
/// See [`empty_boxes_are_exact`].
pub fn random_several_match(backend: &dyn Backend) {
    /// The reference itself loses this much at the largest contrast: rounding 1e-16 times contrast 1e12 times iterations.
    const TOL_HIGH_CONTRAST: f64 = 1e-3;
    let mut rng = Lcg(12);
    for case in 0..90 {
        let decades = [1.0, 3.0, 6.0, 12.0][case % 4];
        let zyx = [1 + rng.below(6), 1 + rng.below(6), 1 + rng.below(6)];
        let xyz = [0.5 + rng.unit(), 0.5 + rng.unit(), 0.5 + 2.0 * rng.unit()];
        let mut sigma: [f64; 9] = std::array::from_fn(|_| 10f64.powf(-decades * rng.unit()));
        (sigma[0], sigma[1]) = (1.0, 10f64.powf(-decades));
        if case % 3 == 0 {
            sigma[4] = 0.0;
        }
        let volume = labels(zyx, xyz, |_, _, _| rng.below(9) as u8);
        for axis in Axis::ALL {
            let sides = if case % 2 == 0 { Sides::NoFlux } else { Sides::Periodic };
            let exact = reference_conductivity(&volume, sigma, axis, sides);
            let got = solve(backend, &volume, sigma, axis, sides, TOL_ASKED);
            assert_eq!(got.is_some(), exact.is_some(), "case {case} along {axis}: percolation differs");
            if let (Some((_, s)), Some(exact)) = (got, exact) {
                let tolerance = if decades > 6.0 { TOL_HIGH_CONTRAST } else { TOL_MATCH };
                close(&format!("case {case} {axis} {sides:?} 1e{decades}"), s.d_eff_relative, exact, tolerance);
            }
        }
    }
}

/// A volume turned or mirrored with its spacing has the same tau; so has one with every edge scaled.
///
/// # Panics
/// See [`empty_boxes_are_exact`].
pub fn axes_and_mirrors_agree(backend: &dyn Backend) {
    let mut rng = Lcg(13);
    let (n, d) = ([19, 14, 11], [1.0, 1.7, 0.6]);
    let field: Vec<f64> = (0..n[0] * n[1] * n[2]).map(|_| rng.unit()).collect();
    let value = |x: usize, y: usize, z: usize| u8::from(field[(z * n[1] + y) * n[0] + x] < 0.6);
    let base = labels([n[2], n[1], n[0]], d, |z, y, x| value(x, y, z));
    let turned = labels([n[0], n[2], n[1]], [d[1], d[2], d[0]], |z, y, x| value(z, x, y));
    let mirrored = labels([n[2], n[1], n[0]], d, |z, y, x| value(n[0] - 1 - x, n[1] - 1 - y, n[2] - 1 - z));
    let scaled = labels([n[2], n[1], n[0]], d.map(|e| e * 1e-6), |z, y, x| value(x, y, z));
    for sides in [Sides::NoFlux, Sides::Periodic] {
        for (axis, after) in [(Axis::X, Axis::Z), (Axis::Y, Axis::X), (Axis::Z, Axis::Y)] {
            let tau = |l: &Labels, a| solve(backend, l, FIBRE, a, sides, TOL_ASKED).unwrap().1.tau;
            let want = tau(&base, axis);
            close("turned", tau(&turned, after), want, TOL_MATCH);
            close("mirrored", tau(&mirrored, axis), want, TOL_MATCH);
            close("scaled", tau(&scaled, axis), want, TOL_MATCH);
        }
    }
}

/// Tolerances that are none are refused; an exhausted limit is an error that carries the best value.
///
/// # Panics
/// See [`empty_boxes_are_exact`].
pub fn limits_and_tolerances(backend: &dyn Backend) {
    let mut rng = Lcg(14);
    let volume = labels([24, 20, 20], [1.0; 3], |_, _, _| u8::from(rng.unit() < 0.5));
    let coefficients = Coefficients::per_label(FIBRE).unwrap();
    let Setup::Ready(problem) = Problem::new(&volume, &coefficients, Axis::Z, Sides::NoFlux).unwrap() else {
        panic!("half-filled noise percolates");
    };
    for bad in [0.0, -1e-3, f64::NAN, 1.0, f64::INFINITY] {
        for stop in [Stop { tau_rel: bad, ..Stop::default() }, Stop { tau_minus_one: Some(bad), ..Stop::default() }] {
            assert!(matches!(backend.solve(&problem, &stop, &Silent), Err(SolveError::Tolerance { .. })), "{bad}");
        }
    }
    let exact = reference_conductivity(&volume, FIBRE, Axis::Z, Sides::NoFlux).unwrap();
    let stop = Stop { tau_rel: 1e-6, max_iterations: 6, ..Stop::default() };
    match backend.solve(&problem, &stop, &Silent) {
        Err(SolveError::NotConverged { wanted, best, .. }) => {
            assert!((wanted - 1e-6).abs() < 1e-12 && best.iterations == 6);
            // Any potential dissipates at least what the solution does.
            assert!(best.d_eff_relative >= exact);
            assert!(best.error_solver.relative > 1e-6);
        }
        other => panic!("expected NotConverged, got {other:?}"),
    }
    // tau - 1 to 1 %: of a nearly empty box that is far tighter than tau to 10 %.
    let mut rng = Lcg(15);
    let sparse = labels([24, 20, 20], [1.0; 3], |_, _, _| u8::from(rng.unit() < 0.002));
    let Setup::Ready(problem) =
        Problem::new(&sparse, &Coefficients::per_label(PORE).unwrap(), Axis::Z, Sides::NoFlux).unwrap()
    else {
        panic!("a nearly empty box percolates");
    };
    let exact = reference_conductivity(&sparse, PORE, Axis::Z, Sides::NoFlux).unwrap();
    let tau_exact = problem.fractions().conducting / exact;
    let stop = Stop { tau_rel: 0.1, tau_minus_one: Some(0.01), ..Stop::default() };
    let s = backend.solve(&problem, &stop, &Silent).unwrap();
    close("tau - 1", s.tau - 1.0, tau_exact - 1.0, 0.01);
}
