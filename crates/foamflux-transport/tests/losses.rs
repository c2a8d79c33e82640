//! Where the loss sits: sums, exact cases, and the identities that tie slices to tau.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;

use common::{PORE, blobs, labels, noise, ready, sized, solve};
use foamflux_grid::{Axis, LabelSet, Labels, Silent};
use foamflux_transport::{
    Backend, Coefficients, CpuBackend, Losses, Problem, Setup, Sides, Solution, Stop, constrictivity, flux,
    flux_tortuosity, losses,
};

/// Sums of the same terms in another order.
const ROUNDING: f64 = 1e-12;
/// Exact cases are solved to this.
const SOLVER: f64 = 1e-9;
/// Half of the loss is read from bins 5e-4 wide.
const BIN: f64 = 1e-3;

fn of(l: &Labels, axis: Axis) -> (Losses, Vec<f32>, Problem, Solution) {
    let problem = ready(l, axis);
    let solution = solve(&problem, 1e-4);
    let (found, field) = losses(l, &Coefficients::phase(LabelSet::PORE).unwrap(), &problem, &solution);
    (found, field.into_vec(), problem, solution)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn near(a: f64, b: f64, tolerance: f64, what: &str) {
    assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a} and {b}");
}

#[test]
fn an_empty_box_loses_the_same_everywhere() {
    let l = sized([5, 3, 4], [1.0, 2.0, 0.5], |_, _, _| 0);
    for axis in Axis::ALL {
        let (found, field, ..) = of(&l, axis);
        assert!(field.iter().all(|v| (*v - 1.0).abs() < 1e-6));
        near(found.half_loss_fraction, 0.5, BIN, "half");
        let n = l.shape().along(axis);
        for k in 0..n {
            let p = &found.profile;
            near(p.dissipation_share[k] * n as f64, 1.0, ROUNDING, "share");
            near(p.resistance_relative[k], 1.0, ROUNDING, "resistance");
            near(p.potential[k], 1.0 - (k as f64 + 0.5) / n as f64, 1e-7, "potential");
            near(p.area_fraction[k], 1.0, ROUNDING, "area");
        }
    }
}

#[test]
fn voxels_add_up_to_the_energy_and_slices_to_the_macmullin_number() {
    for (l, name) in [(blobs(17, 1, 0.5, 3), "blobs"), (noise(12, 0.6, 7), "noise"), (noise(9, 0.45, 2), "sparse")] {
        for axis in Axis::ALL {
            let (found, field, problem, solution) = of(&l, axis);
            near(found.energy, solution.energy, ROUNDING, name);
            let conducting = (problem.fractions().conducting * l.shape().len() as f64).round();
            let sum: f64 = field.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v)).sum();
            // Single precision holds the field.
            near(sum / conducting, 1.0, 1e-6, "mean of the field");
            assert_eq!(field.iter().filter(|v| v.is_finite()).count(), problem.unknowns(), "not a number elsewhere");
            let p = &found.profile;
            near(p.dissipation_share.iter().sum(), 1.0, ROUNDING, "shares");
            near(mean(&p.resistance_relative), 1.0 / solution.d_eff_relative, ROUNDING, "MacMullin number");
            near(mean(&p.area_fraction), problem.fractions().conducting, ROUNDING, "area");
            near(mean(&p.percolating_fraction), problem.fractions().percolating, ROUNDING, "percolating");
            assert!(p.potential.windows(2).all(|w| w[0] > w[1]), "{name} {axis}: {:?}", p.potential);
            // The mean potential falls across each slice by its share; at centres half of either neighbour's.
            for k in 1..p.potential.len() {
                let drop = 0.5 * (p.dissipation_share[k - 1] + p.dissipation_share[k]);
                assert!((p.potential[k - 1] - p.potential[k] - drop).abs() < 0.5 * drop, "{name} {axis} {k}");
            }
            // Half of the loss, by sorting.
            let mut sorted: Vec<f64> = field.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v)).collect();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let (mut loss, mut voxels) = (0.0, 0.0);
            for v in sorted {
                if loss + v >= 0.5 * sum {
                    voxels += (0.5 * sum - loss) / v;
                    break;
                }
                (loss, voxels) = (loss + v, voxels + 1.0);
            }
            near(found.half_loss_fraction, voxels / conducting, BIN, "half of the loss");
            assert!(found.half_loss_fraction < 0.5);
            let delta = constrictivity(flux_tortuosity(&flux(&problem, &solution), axis), solution.tau);
            assert!(delta > 0.0 && delta <= 1.0 + 1e-4, "{delta}");
        }
    }
}

#[test]
fn a_throat_holds_the_loss_of_its_resistance() {
    // Three slices, of 16, 4 and 16 conducting columns that do not talk to each other sideways: current through the
    // middle needs the conductivity of lateral spreading, so the exact case is one of conductivities in series.
    let sigma = [1.0, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    for sides in [Sides::NoFlux, Sides::Periodic] {
        let l = sized([6, 2, 3], [1.0, 1.0, 2.0], |z, _, _| u8::from(z >= 4));
        let coefficients = Coefficients::per_label(sigma).unwrap();
        let Setup::Ready(problem) = Problem::new(&l, &coefficients, Axis::Z, sides).unwrap() else { panic!("blocked") };
        let stop = Stop { tau_rel: SOLVER, ..Stop::default() };
        let solution = CpuBackend::new().solve(&problem, &stop, &Silent).unwrap();
        let (found, field) = losses(&l, &coefficients, &problem, &solution);
        // Resistances 1 and 4 per slice: 4 + 8 in all.
        for k in 0..6 {
            let r = if k >= 4 { 4.0 } else { 1.0 };
            near(found.profile.dissipation_share[k], r / 12.0, 1e-5, "share");
            near(found.profile.resistance_relative[k], r, 1e-5, "resistance");
            near(f64::from(*field.volume_at(k)), r / 2.0, 1e-5, "field");
        }
        near(mean(&found.profile.resistance_relative), 1.0 / solution.d_eff_relative, ROUNDING, "MacMullin number");
        // Two slices hold 8 of 12: half of the loss sits in 1.5 of 6 slices.
        near(found.half_loss_fraction, 0.25, BIN, "half");
    }
    assert!(PORE[1].abs() < f64::EPSILON);
}

/// The value of the first voxel of a slice.
trait FirstOfSlice {
    fn volume_at(&self, z: usize) -> &f32;
}

impl FirstOfSlice for foamflux_grid::Volume<f32> {
    fn volume_at(&self, z: usize) -> &f32 {
        self.at(z, 0, 0)
    }
}

#[test]
fn closed_parts_count_as_phase_and_lose_nothing() {
    // A tube beside a pocket: half of the phase carries all of the loss evenly.
    let l = labels([8, 3, 5], |z, y, x| {
        let tube = (y, x) == (1, 1);
        let pocket = (y, x) == (1, 3) && z > 0 && z < 7;
        u8::from(!(tube || pocket))
    });
    let (found, field, ..) = of(&l, Axis::Z);
    near(found.half_loss_fraction, 4.0 / 14.0, BIN, "half of the tube over the phase");
    near(f64::from(field[l.shape().index(3, 1, 1)]), 14.0 / 8.0, 1e-6, "loss over its mean");
    near(found.profile.area_fraction[3], 2.0 / 15.0, ROUNDING, "both");
    near(found.profile.percolating_fraction[3], 1.0 / 15.0, ROUNDING, "the tube");
}

#[test]
fn threads_do_not_matter() {
    let l = blobs(20, 1, 0.5, 9);
    let with = |n: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(|| {
            let (found, field, ..) = of(&l, Axis::Y);
            (found, field.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        })
    };
    assert_eq!(with(1), with(3));
}
