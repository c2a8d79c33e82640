//! Starts from similar problems: fewer iterations, the same answer, an error that still holds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{PORE, blobs, labels, noise, ready, setup};
use foamflux_grid::{Axis, LabelSet, Labels, Silent};
use foamflux_transport::suite::Lcg;
use foamflux_transport::{
    Backend, Coefficients, CpuBackend, Deviation, Layout, Problem, Setup, Sides, Solution, SolveError, Start,
    StartError, Stop, split_voxels,
};

/// Tolerance of the reference solves.
const TIGHT: f64 = 1e-8;

fn stop(tau_rel: f64) -> Stop {
    Stop { tau_rel, ..Stop::default() }
}

fn solve(backend: &CpuBackend, problem: &Problem, tol: f64) -> Solution {
    backend.solve(problem, &stop(tol), &Silent).unwrap()
}

fn solve_from(backend: &CpuBackend, problem: &Problem, from: (&Problem, &Solution), tol: f64) -> Solution {
    let start = Start::of(from.0, from.1).unwrap();
    backend.solve_from(problem, Some(&start), &stop(tol), &Silent).unwrap()
}

/// Two tolerances: one per solve.
#[track_caller]
fn assert_same(a: &Solution, b: &Solution, tol: f64) {
    assert!((a.tau / b.tau - 1.0).abs() <= 2.0 * tol, "{} and {}", a.tau, b.tau);
}

fn several(volume: &Labels, second: f64) -> Problem {
    let sigma = [1.0, second, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    match Problem::new(volume, &Coefficients::per_label(sigma).unwrap(), Axis::Z, Sides::NoFlux).unwrap() {
        Setup::Ready(problem) => *problem,
        Setup::Blocked(blocked) => panic!("{blocked}"),
    }
}

#[test]
fn another_threshold_takes_fewer_iterations() {
    let (mut cold_sum, mut warm_sum) = (0, 0);
    for backend in [CpuBackend::with_layout(Layout::Dense), CpuBackend::with_layout(Layout::Compact)] {
        for (axis, share) in [(Axis::X, 0.51), (Axis::Y, 0.49), (Axis::Z, 0.505)] {
            let (first, second) = (ready(&blobs(48, 3, 0.5, 2), axis), ready(&blobs(48, 3, share, 2), axis));
            let known = solve(&backend, &first, 1e-4);
            let cold = solve(&backend, &second, 1e-4);
            let warm = solve_from(&backend, &second, (&first, &known), 1e-4);
            println!(
                "threshold {share} along {axis}: {} iterations, {} with a start",
                cold.iterations, warm.iterations
            );
            assert_same(&cold, &warm, 1e-4);
            assert!(warm.iterations <= cold.iterations);
            (cold_sum, warm_sum) = (cold_sum + cold.iterations, warm_sum + warm.iterations);
        }
    }
    assert!(warm_sum < cold_sum, "{warm_sum} of {cold_sum}");
}

#[test]
fn another_conductivity_takes_fewer_iterations() {
    let volume = blobs(40, 3, 0.5, 6);
    let (first, second) = (several(&volume, 0.1), several(&volume, 1.0 / 12.0));
    let backend = CpuBackend::new();
    let known = solve(&backend, &first, 1e-5);
    let (cold, warm) = (solve(&backend, &second, 1e-5), solve_from(&backend, &second, (&first, &known), 1e-5));
    println!("1:10 to 1:12: {} iterations, {} with a start", cold.iterations, warm.iterations);
    assert_same(&cold, &warm, 1e-5);
    assert!(warm.iterations < cold.iterations);
}

#[test]
fn a_tighter_tolerance_goes_on_where_the_last_one_ended() {
    for (volume, backend) in
        [(blobs(40, 2, 0.5, 3), CpuBackend::with_layout(Layout::Dense)), (noise(40, 0.36, 5), CpuBackend::new())]
    {
        let problem = ready(&volume, Axis::Z);
        let rough = solve(&backend, &problem, 1e-3);
        let (cold, warm) = (solve(&backend, &problem, 1e-6), solve_from(&backend, &problem, (&problem, &rough), 1e-6));
        println!(
            "1e-3 to 1e-6: {} then {} iterations, {} from nothing",
            rough.iterations, warm.iterations, cold.iterations
        );
        assert_same(&cold, &warm, 1e-6);
        assert!(warm.iterations < cold.iterations);
    }
}

#[test]
fn split_voxels_start_from_whole_ones() {
    let coarse_labels = blobs(20, 2, 0.5, 11);
    let fine_labels = split_voxels(&coarse_labels, 2).unwrap();
    let (coarse, fine) = (ready(&coarse_labels, Axis::X), ready(&fine_labels, Axis::X));
    let backend = CpuBackend::new();
    let known = solve(&backend, &coarse, 1e-5);
    let cold = solve(&backend, &fine, 1e-5);
    let start = Start::of(&coarse, &known).unwrap().split(2);
    let warm = backend.solve_from(&fine, Some(&start), &stop(1e-5), &Silent).unwrap();
    println!("split voxels: {} iterations, {} with a start", cold.iterations, warm.iterations);
    assert_same(&cold, &warm, 1e-5);
    assert!(warm.iterations <= cold.iterations);
}

#[test]
fn a_worthless_start_costs_nothing() {
    let mut rng = Lcg(3);
    for backend in [CpuBackend::with_layout(Layout::Dense), CpuBackend::with_layout(Layout::Compact)] {
        let problem = ready(&blobs(32, 2, 0.5, 3), Axis::Y);
        let cold = solve(&backend, &problem, 1e-5);
        let mut wrong = cold.clone();
        wrong.deviation = Deviation::Single((0..problem.unknowns()).map(|_| (1e3 * rng.unit()) as f32).collect());
        let warm = solve_from(&backend, &problem, (&problem, &wrong), 1e-5);
        assert_eq!((warm.tau, warm.iterations), (cold.tau, cold.iterations));
    }
}

#[test]
fn the_error_still_holds() {
    // Small random phases near percolation, started from themselves with a few more voxels.
    let backend = CpuBackend::new();
    let mut solves = 0;
    for seed in 0..60 {
        let mut rng = Lcg(1000 + seed);
        let values: Vec<f64> = (0..16 * 16 * 16).map(|_| rng.unit()).collect();
        let cut = |share: f64| labels([16; 3], |z, y, x| u8::from(values[(z * 16 + y) * 16 + x] >= share));
        let (Setup::Ready(first), Setup::Ready(second)) = (setup(&cut(0.40), Axis::Z), setup(&cut(0.38), Axis::Z))
        else {
            continue;
        };
        let exact = solve(&backend, &second, TIGHT).tau;
        for tol in [3e-2, 1e-3, 1e-5] {
            let known = solve(&backend, &first, tol);
            let warm = solve_from(&backend, &second, (&first, &known), tol);
            let error = (exact / warm.tau - 1.0).abs();
            assert!(error <= warm.error_solver.relative + TIGHT, "{error:e} of {tol:e}, seed {seed}");
            assert!(warm.error_solver.relative <= tol);
            solves += 1;
        }
    }
    assert!(solves > 100, "{solves}");
}

#[test]
fn a_start_from_another_box_is_refused() {
    let (volume, other) = (blobs(16, 2, 0.6, 3), blobs(12, 2, 0.6, 3));
    let problem = ready(&volume, Axis::Z);
    let backend = CpuBackend::new();
    let known = solve(&backend, &problem, 1e-3);
    let attempt = |to: &Problem, start: Start<'_>| match backend.solve_from(to, Some(&start), &stop(1e-3), &Silent) {
        Err(SolveError::Start(error)) => error,
        result => panic!("{result:?}"),
    };
    let start = Start::of(&problem, &known).unwrap();
    assert!(matches!(attempt(&ready(&other, Axis::Z), start), StartError::Shape { .. }));
    assert!(matches!(attempt(&problem, start.split(2)), StartError::Shape { .. }));
    assert!(matches!(attempt(&ready(&volume, Axis::X), start), StartError::Axis { .. }));
    let shorter = ready(&other, Axis::Z);
    assert!(matches!(Start::of(&shorter, &known), Err(StartError::Unknowns { .. })));
    assert!(Coefficients::per_label(PORE).unwrap().conducting() == LabelSet::PORE);
}
