//! The area integral against exact areas.

#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

mod common;

use std::f64::consts::PI;

use common::{threads, widened};
use foamflux_hosts::shapes::{Ball, Bounds, Capsule, Cuboid, Cylinder, Rotation, Shell, Torus, Union};
use foamflux_hosts::{ShapeError, Solid, sampled_area};

/// Smooth surfaces at radii of eight steps and more; 0.11 % is the worst measured.
const SMOOTH: f64 = 2e-3;
/// Surfaces with edges: what the extrapolation leaves of the edges' first-order error.
const CREASED: f64 = 5e-3;

fn check(name: &str, solid: &dyn Solid, exact: f64, step: f64, tolerance: f64) {
    let found = sampled_area(solid, widened(solid, 8.0 * step), step).unwrap();
    let error = found.value / exact - 1.0;
    assert!(error.abs() < tolerance, "{name}: {found:?} against {exact}");
    // The stated uncertainty must be of the right order: neither hide the error nor drown the number.
    assert!((found.value - exact).abs() < 4.0 * found.uncertainty + 1e-4 * exact, "{name}: {found:?} against {exact}");
    assert!(found.uncertainty < 3.0 * tolerance * exact, "{name}: {found:?}");
}

#[test]
fn smooth_shapes() {
    let c = [0.13, -0.71, 0.39];
    let axis = [0.3, -0.8, 0.52];
    let step = 0.25;
    let torus = Torus::new(c, axis, 6.0, 2.2).unwrap();
    let capsule = Capsule::new(c, [4.0, 5.0, 3.0], 2.3).unwrap();
    let shell = Shell::new(c, 3.2, 6.1).unwrap();
    let ball = Ball::new(c, 5.3).unwrap();
    check("ball", &ball, ball.surface_area().unwrap(), step, SMOOTH);
    check("torus", &torus, torus.surface_area().unwrap(), step, SMOOTH);
    check("capsule", &capsule, capsule.surface_area().unwrap(), step, SMOOTH);
    check("shell", &shell, shell.surface_area().unwrap(), step, SMOOTH);
}

#[test]
fn shapes_with_edges() {
    let turned = Rotation::about([1.0, 2.0, -0.5], 0.7).unwrap();
    let cuboid = Cuboid::new([0.1, 0.2, 0.3], [7.0, 9.0, 8.0], turned).unwrap();
    let cylinder = Cylinder::new([0.1, 0.2, 0.3], [0.3, -0.8, 0.52], 3.3, 9.0).unwrap();
    check("cuboid", &cuboid, cuboid.surface_area().unwrap(), 0.25, CREASED);
    check("cylinder", &cylinder, cylinder.surface_area().unwrap(), 0.25, CREASED);
}

#[test]
fn unions_with_exact_areas() {
    // Two balls of radius R at distance D lose two caps of height R - D/2, each of area 2 pi R h.
    let (r, d) = (4.2, 5.0);
    let at = |x: f64| Ball::new([x, 0.1, -0.2], r).unwrap();
    let exact = 2.0 * (4.0 * PI * r * r - 2.0 * PI * r * (r - 0.5 * d));
    check("two balls", &Union::new().with(at(0.0)).with(at(d)), exact, 0.25, CREASED);
    // Two overlapping capsules on one line are one capsule.
    let capsule = |a: f64, b: f64| Capsule::new([a, a, 0.5 * a], [b, b, 0.5 * b], 2.3).unwrap();
    let one = capsule(0.0, 6.0).surface_area().unwrap();
    check("capsules in line", &Union::new().with(capsule(0.0, 4.0)).with(capsule(2.0, 6.0)), one, 0.25, SMOOTH);
}

#[test]
fn surface_that_the_region_cuts_counts_only_inside() {
    let rod = Cylinder::infinite([5.1, 4.9, 0.0], [0.0, 0.0, 1.0], 3.1).unwrap();
    let region = Bounds { low: [0.0; 3], high: [10.0, 10.0, 7.0] };
    let found = sampled_area(&rod, region, 0.25).unwrap();
    let exact = 2.0 * PI * 3.1 * 7.0;
    assert!((found.value / exact - 1.0).abs() < SMOOTH, "{found:?} against {exact}");
}

#[test]
fn areas_scale_with_the_square_of_the_unit() {
    let find = |s: f64| {
        let torus = Torus::new([0.0; 3], [0.3, -0.8, 0.52], 6.0 * s, 2.2 * s).unwrap();
        sampled_area(&torus, widened(&torus, 2.0 * s), 0.4 * s).unwrap().value / (s * s)
    };
    // Only the rounding of the scale itself.
    assert!((find(1e-6) / find(1.0) - 1.0).abs() < 1e-9);
}

#[test]
fn threads_change_nothing_and_nonsense_is_refused() {
    let ball = Ball::new([0.0; 3], 3.0).unwrap();
    let find = || sampled_area(&ball, widened(&ball, 1.0), 0.4);
    assert_eq!(threads(1, find), threads(3, find));
    assert!(matches!(sampled_area(&ball, Bounds::EVERYWHERE, 0.4), Err(ShapeError::Length { .. })));
    assert!(matches!(sampled_area(&ball, ball.bounds(), f64::NAN), Err(ShapeError::Length { .. })));
    assert!(matches!(sampled_area(&ball, ball.bounds(), 1e-6), Err(ShapeError::Order { .. })));
}
