//! The preconditioner does what it is there for: few iterations, whatever the size, the structure and the contrast.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{PORE, blobs, labels, noise};
use foamflux_grid::{Axis, Labels, Silent};
use foamflux_transport::suite::{Lcg, reference_conductivity};
use foamflux_transport::{Backend, Coefficients, CpuBackend, Layout, Problem, Setup, Sides, Solution, Stop};

/// Tolerance of every solve here.
const TOL: f64 = 1e-6;
/// Most iterations on open structures; 5 or 6 were measured, 7 leave room for the estimate.
const FEW: u32 = 7;
/// Most iterations near the percolation threshold: 13 to 15 were measured, many times as many with aggregates that ignore connectivity.
const NEAR_THRESHOLD: u32 = 20;
/// Most iterations at any contrast; 6 to 14 were measured.
const ANY_CONTRAST: u32 = 20;

/// Plain conjugate gradients in double precision are no reference beyond this contrast.
const RESOLVED_BY_REFERENCE: f64 = 1e-8;

/// The cycle runs in single precision: what couples more weakly than its rounding is left to conjugate gradients.
const RESOLVED_BY_CYCLE: f64 = 1e-7;
/// Most iterations then; 147 were measured.
const BEYOND_SINGLE: u32 = 400;

fn problem(volume: &Labels, sigma: [f64; 9], sides: Sides) -> Problem {
    let coefficients = Coefficients::per_label(sigma).unwrap();
    match Problem::new(volume, &coefficients, Axis::Z, sides).unwrap() {
        Setup::Ready(problem) => *problem,
        Setup::Blocked(blocked) => panic!("{blocked}"),
    }
}

fn solve(volume: &Labels, sigma: [f64; 9], sides: Sides, layout: Layout) -> Solution {
    solve_in(&problem(volume, sigma, sides), layout)
}

fn solve_in(problem: &Problem, layout: Layout) -> Solution {
    let stop = Stop { tau_rel: TOL, ..Stop::default() };
    CpuBackend::with_layout(layout).solve(problem, &stop, &Silent).unwrap()
}

#[test]
fn iterations_do_not_grow_with_the_size() {
    for layout in [Layout::Compact, Layout::Dense] {
        let iterations: Vec<u32> =
            [24, 47, 96].map(|n| solve(&blobs(n, 2, 0.5, 1), PORE, Sides::NoFlux, layout).iterations).to_vec();
        let (least, most) = (iterations.iter().min().unwrap(), iterations.iter().max().unwrap());
        assert!(*most <= FEW && most - least <= 1, "{layout:?}: {iterations:?}");
    }
}

#[test]
fn thin_walls_are_not_bridged_near_the_percolation_threshold() {
    for (n, seed) in [(32, 1), (48, 2), (64, 3)] {
        let volume = noise(n, 0.34, seed);
        for layout in [Layout::Compact, Layout::Dense] {
            let s = solve(&volume, PORE, Sides::NoFlux, layout);
            assert!(s.iterations <= NEAR_THRESHOLD, "{layout:?} at {n}: {} iterations", s.iterations);
        }
    }
}

#[test]
fn both_storages_take_the_same_steps() {
    for (volume, what) in [(blobs(41, 2, 0.6, 4), "blobs"), (noise(40, 0.4, 5), "noise")] {
        let (list, grid) =
            (solve(&volume, PORE, Sides::NoFlux, Layout::Compact), solve(&volume, PORE, Sides::NoFlux, Layout::Dense));
        assert!(list.iterations.abs_diff(grid.iterations) <= 1, "{what}: {} and {}", list.iterations, grid.iterations);
        assert!((list.tau / grid.tau - 1.0).abs() < TOL, "{what}: {} and {}", list.tau, grid.tau);
    }
}

#[test]
fn contrasts_and_rings_of_odd_length_cost_little() {
    let mut rng = Lcg(9);
    // Grains of two conductors in an insulator; no axis has an even number of voxels or of blocks.
    let field: Vec<u8> = (0..7 * 7 * 7).map(|_| (rng.unit() * 3.0) as u8).collect();
    let volume = labels([21, 27, 33], |z, y, x| {
        let grain = field[(z / 5 * 7 + y / 5) * 7 + x / 5];
        if grain == 2 && (x + y) % 5 > 1 { 1 } else { grain.min(1) * 2 }
    });
    for contrast in [0.5, 1e-2, 1e-4, 1e-6, 1e-12] {
        let mut sigma = [0.0; 9];
        (sigma[0], sigma[2]) = (1.0, contrast);
        for sides in [Sides::NoFlux, Sides::Periodic] {
            let problem = problem(&volume, sigma, sides);
            let s = solve_in(&problem, Layout::Compact);
            if contrast >= RESOLVED_BY_REFERENCE {
                let exact = reference_conductivity(&volume, sigma, Axis::Z, sides).unwrap();
                assert!((s.d_eff_relative / exact - 1.0).abs() < TOL, "{contrast:e}: {} of {exact}", s.d_eff_relative);
            }
            let most = if contrast < RESOLVED_BY_CYCLE { BEYOND_SINGLE } else { ANY_CONTRAST };
            assert!(s.iterations <= most, "{contrast:e} {sides:?}: {} iterations", s.iterations);
        }
    }
}
