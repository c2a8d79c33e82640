//! Removing dead ends changes the number of unknowns and nothing else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{PORE, noise, sized, solve};
use foamflux_grid::{Axis, Labels, Silent};
use foamflux_transport::suite::{Lcg, reference_conductivity};
use foamflux_transport::{Coefficients, DeadEnds, Problem, Setup, Sides, certify, flux};

/// Error of tau asked for.
const TIGHT: f64 = 1e-9;
/// Two solves to [`TIGHT`] may differ by twice that, and single precision adds 1e-8.
const TOL_TAU: f64 = 1e-7;
/// Potentials err by the square root of the energy's error and single precision.
const TOL_POTENTIAL: f32 = 2e-4;
/// The same for fluxes, which are differences over one voxel of the `n` of a box: relative to the mean flux.
const TOL_FLUX: f32 = 5e-3;

fn problem(labels: &Labels, sigma: [f64; 9], axis: Axis, sides: Sides, dead_ends: DeadEnds) -> Option<Problem> {
    match Problem::with_dead_ends(labels, &Coefficients::per_label(sigma).unwrap(), axis, sides, dead_ends).unwrap() {
        Setup::Ready(problem) => Some(*problem),
        Setup::Blocked(_) => None,
    }
}

#[test]
fn conductivity_potentials_fluxes_and_bounds_are_those_of_the_whole_problem() {
    let mut rng = Lcg(61);
    let (mut compared, mut removed) = (0, 0);
    for case in 0..24 {
        let zyx = [4 + rng.below(9), 4 + rng.below(9), 4 + rng.below(9)];
        let xyz = [0.5 + rng.unit(), 0.5 + rng.unit(), 0.5 + rng.unit()];
        let share = 0.38 + 0.3 * rng.unit();
        let mut sigma = PORE;
        sigma[1] = [0.0, 0.2][case % 2];
        let volume = sized(zyx, xyz, |_, _, _| match rng.unit() < share {
            true if case % 2 == 1 => rng.below(2) as u8,
            true => 0,
            false => 2,
        });
        for axis in Axis::ALL {
            let sides = if rng.below(2) == 0 { Sides::NoFlux } else { Sides::Periodic };
            let all = |dead_ends| problem(&volume, sigma, axis, sides, dead_ends);
            let (Some(whole), Some(pruned)) = (all(DeadEnds::Keep), all(DeadEnds::Remove)) else { continue };
            let what = format!("case {case} along {axis}, {sides:?}");
            assert_eq!(whole.fractions(), pruned.fractions(), "{what}");
            assert_eq!(whole.unknowns(), pruned.unknowns() + pruned.dead_end_voxels());
            let (a, b) = (solve(&whole, TIGHT), solve(&pruned, TIGHT));
            assert_eq!(b.deviation.len(), pruned.unknowns());
            let exact = reference_conductivity(&volume, sigma, axis, sides).unwrap();
            assert!((b.d_eff_relative / exact - 1.0).abs() < TOL_TAU, "{what}: {} for {exact}", b.d_eff_relative);
            assert!((b.tau_percolating / a.tau_percolating - 1.0).abs() < TOL_TAU, "{what}");
            let (phi, psi) = (a.potential(&whole), b.potential(&pruned));
            for (p, q) in phi.as_slice().iter().zip(psi.as_slice()) {
                assert!(p.is_nan() == q.is_nan() && (p.is_nan() || (p - q).abs() <= TOL_POTENTIAL), "{what}: {p} {q}");
            }
            let (j, k) = (flux(&whole, &a), flux(&pruned, &b));
            let mean = b.d_eff_relative as f32;
            for (v, w) in j.as_slice().iter().zip(k.as_slice()) {
                assert!((0..3).all(|d| (v[d] - w[d]).abs() < TOL_FLUX * mean.max(0.05)), "{what}: {v:?} {w:?}");
            }
            let (c, d) = (certify(&whole, &a, &Silent).unwrap(), certify(&pruned, &b, &Silent).unwrap());
            let tau = pruned.fractions().mean_conductivity / exact;
            assert!(d.tau_bounds[0] <= tau * (1.0 + TOL_TAU) && tau <= d.tau_bounds[1] * (1.0 + TOL_TAU), "{what}");
            // The exact current bulges into dead ends: without them the lower bound would lie elsewhere.
            for end in [0, 1] {
                let (c, d) = (c.tau_voxel_geometry_bounds[end], d.tau_voxel_geometry_bounds[end]);
                assert!((c / d - 1.0).abs() < f64::from(TOL_POTENTIAL), "{what}: geometry bound {c} {d}");
            }
            compared += 1;
            removed += pruned.dead_end_voxels();
        }
    }
    assert!(compared > 40 && removed > 1000, "{compared} {removed}: the check is empty");
}

#[test]
fn the_choice_does_not_depend_on_the_number_of_threads() {
    let volume = noise(70, 0.34, 4);
    let run = |threads: usize, dead_ends| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let problem = problem(&volume, PORE, Axis::Z, Sides::NoFlux, dead_ends).unwrap();
            let found = solve(&problem, 1e-2);
            let phi: Vec<u32> = found.potential(&problem).as_slice().iter().map(|p| p.to_bits()).collect();
            (problem.unknowns(), problem.dead_end_voxels(), problem.leaf_share().to_bits(), phi)
        })
    };
    for dead_ends in [DeadEnds::Auto, DeadEnds::Remove] {
        let want = run(1, dead_ends);
        assert!(want.1 > want.0, "most voxels near percolation are dead ends");
        for threads in [2, 3] {
            assert!(run(threads, dead_ends) == want, "{threads} threads differ from 1");
        }
    }
}
