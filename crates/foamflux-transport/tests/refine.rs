//! Splitting voxels and extrapolating: synthetic orders, and the bounds of the voxel geometry.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;

use common::{blobs, noise, ready, sized, struts};
use foamflux_grid::{Axis, Labels, Silent};
use foamflux_transport::{
    ASSUMED_ORDER, Backend, CpuBackend, Level, Refined, Stop, certify, extrapolate, split_voxels,
};

/// Solver error at every level, a thousandth of the differences between levels.
const SOLVER: f64 = 1e-6;

#[test]
fn splitting_repeats_every_voxel_and_keeps_the_box() {
    let l = sized([2, 3, 4], [1.0, 2.0, 3.0], |z, y, x| ((5 * z + 3 * y + x) % 3) as u8);
    for factor in [1, 2, 3] {
        let fine = split_voxels(&l, factor).unwrap();
        assert_eq!(fine.shape().zyx(), l.shape().zyx().map(|n| n * factor));
        for i in 0..fine.shape().len() {
            let (z, y, x) = fine.shape().zyx_of(i);
            assert_eq!(fine.volume().at(z, y, x), l.volume().at(z / factor, y / factor, x / factor));
        }
        for axis in Axis::ALL {
            let edges = [&l, &fine].map(|l| l.shape().along(axis) as f64 * l.spacing().along(axis));
            assert!((edges[0] - edges[1]).abs() < 1e-12);
        }
    }
    assert!(split_voxels(&l, usize::MAX / 2).is_none());
}

fn synthetic(order: f64, factors: &[usize]) -> Vec<Level> {
    factors
        .iter()
        .map(|&factor| Level { factor, tau: 1.0 / (0.6 - 0.05 * (factor as f64).powf(-order)), error_solver: 0.0 })
        .collect()
}

#[test]
fn a_power_law_is_found_again() {
    for order in [1.05, 1.22, ASSUMED_ORDER, 1.9] {
        let Refined { tau, order: found, order_measured, .. } = extrapolate(&synthetic(order, &[1, 2, 3])).unwrap();
        assert!((tau * 0.6 - 1.0).abs() < 1e-9 && (found - order).abs() < 1e-9 && order_measured, "{tau} {found}");
        // Two levels assume an order and allow for a wrong one.
        let two = extrapolate(&synthetic(order, &[1, 2])).unwrap();
        assert!((two.tau - 1.0 / 0.6).abs() <= two.error && !two.order_measured, "{order}: {two:?}");
    }
    // An order outside of what is believed falls back to the assumed one and its wide error.
    let steep = extrapolate(&synthetic(3.5, &[1, 2, 3])).unwrap();
    assert!(!steep.order_measured && (steep.tau - 1.0 / 0.6).abs() <= steep.error);
    assert_eq!(extrapolate(&synthetic(1.2, &[1])), None);
    assert_eq!(extrapolate(&[]), None);
    let bad = [Level { factor: 1, tau: f64::NAN, error_solver: 0.0 }, synthetic(1.2, &[2])[0]];
    assert_eq!(extrapolate(&bad), None);
}

#[test]
fn equal_levels_are_their_own_limit() {
    // An empty box: nothing changes by splitting.
    let levels = [1, 2, 3].map(|factor| Level { factor, tau: 1.0, error_solver: 0.0 });
    let found = extrapolate(&levels).unwrap();
    assert!((found.tau - 1.0).abs() < 1e-15 && found.error < 1e-15 && !found.order_measured);
}

#[test]
fn solver_errors_are_passed_on() {
    let mut levels = synthetic(1.3, &[1, 2, 3]);
    let exact = extrapolate(&levels).unwrap();
    levels.iter_mut().for_each(|l| l.error_solver = 1e-4);
    let rough = extrapolate(&levels).unwrap();
    // A gain of about 1.5 of a difference of two.
    assert!(rough.error_solver > 2e-4 && rough.error_solver < 1e-3, "{rough:?}");
    assert!((rough.error - exact.error - rough.error_solver).abs() < 1e-12);
}

/// Levels, and the bounds of the voxel geometry from each.
fn levels(l: &Labels, axis: Axis, factors: &[usize]) -> Vec<(Level, [f64; 2])> {
    factors
        .iter()
        .map(|&factor| {
            let problem = ready(&split_voxels(l, factor).unwrap(), axis);
            let stop = Stop { tau_rel: SOLVER, ..Stop::default() };
            let solution = CpuBackend::new().solve(&problem, &stop, &Silent).unwrap();
            let bounds = certify(&problem, &solution, &Silent).unwrap().tau_voxel_geometry_bounds;
            (Level { factor, tau: solution.tau, error_solver: solution.error_solver.absolute }, bounds)
        })
        .collect()
}

#[test]
fn the_limit_lies_between_the_bounds_of_the_voxel_geometry() {
    for (l, name) in [
        (blobs(12, 1, 0.5, 1), "blobs 0.5"),
        (blobs(12, 2, 0.7, 2), "blobs 0.7"),
        (struts(14, 2, 3), "struts"),
        (noise(8, 0.7, 4), "noise 0.7"),
        (sized([9, 8, 10], [1.0, 1.5, 0.7], |z, y, x| u8::from((z / 3 + y / 2 + x / 4) % 3 == 0)), "bricks"),
    ] {
        let all = levels(&l, Axis::Z, &[1, 2, 3]);
        let [low, high] = all[0].1;
        for used in [2, 3] {
            let given: Vec<Level> = all[..used].iter().map(|(l, _)| *l).collect();
            let found = extrapolate(&given).unwrap();
            let inside = found.tau + found.error >= low && found.tau - found.error <= high;
            assert!(inside, "{name}, {used} levels: {found:?} outside of {low} to {high}");
            // The finest level's bounds are the narrowest, and rigorous too.
            let [fine_low, fine_high] = all[2].1;
            let inside = found.tau + found.error >= fine_low && found.tau - found.error <= fine_high;
            assert!(inside, "{name}, {used} levels: {found:?} outside of {fine_low} to {fine_high}");
            assert!(found.error < all[0].0.tau - found.tau || found.error < 1e-6, "{name}: {found:?}");
        }
        assert!(all.windows(2).all(|w| w[1].0.tau <= w[0].0.tau), "{name}: finer equations conduct better");
        assert!(all[2].1[1] - all[2].1[0] <= high - low, "{name}: bounds do not widen");
    }
}
