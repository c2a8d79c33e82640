//! Shapes: exact volumes, distances, bounds, and the rasteriser on them.

#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

mod common;

use common::{Lcg, distance, metres, threads, widened};
use foamflux_grid::{Shape, VoxelSize};
use foamflux_hosts::shapes::{Ball, Capsule, Cuboid, Cylinder, Rotation, Shell, Slab, Torus, Union};
use foamflux_hosts::{ShapeError, Solid, coverage, mask};

/// Sum of partial volumes against the formula. The planes that cut the smallest cells leave errors of a few 1e-4 at
/// radii of four voxels and more.
const VOLUME_TOLERANCE: f64 = 1e-3;

/// Around (15, 15, 15), off every lattice and turned; each fits into 30^3.
fn bounded() -> Vec<(&'static str, Box<dyn Solid>)> {
    let c = [15.13, 14.71, 15.39];
    let axis = [0.3, -0.8, 0.52];
    let turned = Rotation::about([1.0, 2.0, -0.5], 0.7).unwrap();
    vec![
        ("ball", Box::new(Ball::new(c, 9.3).unwrap())),
        ("shell", Box::new(Shell::new(c, 5.2, 10.1).unwrap())),
        ("cylinder", Box::new(Cylinder::new(c, axis, 5.3, 15.7).unwrap())),
        ("capsule", Box::new(Capsule::new([9.2, 10.1, 11.3], [20.4, 19.0, 17.7], 4.6).unwrap())),
        ("torus", Box::new(Torus::new(c, axis, 8.2, 4.1).unwrap())),
        ("cuboid", Box::new(Cuboid::new(c, [11.0, 14.5, 9.2], turned).unwrap())),
        ("cube", Box::new(Cuboid::cube(c, 13.3, Rotation::IDENTITY).unwrap())),
    ]
}

#[test]
fn partial_volumes_add_up_to_the_exact_volume() {
    for (name, solid) in bounded() {
        for edge in [[1.0; 3], [0.75, 1.0, 1.5]] {
            let n = edge.map(|e: f64| (30.0 / e) as usize);
            // Metres, so that a unit forgotten somewhere shows; the solid itself is in the same unit.
            let c = coverage(Shape::new(n[2], n[1], n[0]).unwrap(), metres(edge), &*solid);
            let sum: f64 = c.as_slice().iter().map(|&v| f64::from(v)).sum();
            let found = sum * edge.iter().product::<f64>();
            let exact = solid.volume().unwrap();
            println!("{name} {edge:?}: {:+.5}", found / exact - 1.0);
            assert!((found / exact - 1.0).abs() < VOLUME_TOLERANCE, "{name} {edge:?}: {found} {exact}");
        }
    }
}

#[test]
fn distances_agree_with_the_nearest_point_of_the_other_side() {
    const STEP: f64 = 0.5;
    // The nearest lattice point across the surface lies at most one cell diagonal beyond it.
    const DIAGONAL: f64 = 0.87;
    for (name, solid) in bounded() {
        let mut rng = Lcg(3);
        let mut lattice = Vec::new();
        for z in 0..60 {
            for y in 0..60 {
                for x in 0..60 {
                    let p = [x, y, z].map(|i| f64::from(i) * STEP);
                    lattice.push((p, solid.signed_distance(p) < 0.0));
                }
            }
        }
        for _ in 0..60 {
            let p = rng.point([4.0; 3], [26.0; 3]);
            let d = solid.signed_distance(p);
            let other = lattice.iter().filter(|(_, inside)| *inside != (d < 0.0));
            let nearest = other.map(|(q, _)| distance(p, *q)).fold(f64::INFINITY, f64::min);
            assert!(d.abs() <= nearest && nearest <= d.abs() + DIAGONAL, "{name} at {p:?}: {d} against {nearest}");
        }
    }
}

#[test]
fn bounds_hold_the_solid_and_are_tight() {
    const GAP: f64 = 0.3;
    for (name, solid) in bounded() {
        let (bounds, around) = (solid.bounds(), widened(&*solid, 1.0));
        let mut rng = Lcg(5);
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for _ in 0..200_000 {
            let p = rng.point(around.low, around.high);
            if solid.signed_distance(p) < 0.0 {
                assert!(bounds.contains(p), "{name}");
                low = std::array::from_fn(|k| low[k].min(p[k]));
                high = std::array::from_fn(|k| high[k].max(p[k]));
            }
        }
        for k in 0..3 {
            // A corner of a turned box is rarely hit: the gap allows for it.
            let slack = if name == "cuboid" { 4.0 * GAP } else { GAP };
            assert!(low[k] - bounds.low[k] < slack && bounds.high[k] - high[k] < slack, "{name} axis {k}");
        }
    }
}

#[test]
fn a_mask_is_the_sign_at_every_centre() {
    for (name, solid) in bounded() {
        // Straddles the brick of 8, one voxel thick along each axis in turn.
        for (z, y, x) in [(31, 32, 33), (1, 30, 30), (30, 1, 30), (30, 30, 1), (17, 8, 7)] {
            let edge = [30.0 / x as f64, 30.0 / y as f64, 30.0 / z as f64];
            let m = mask(Shape::new(z, y, x).unwrap(), metres(edge), &*solid);
            for (i, &inside) in m.as_slice().iter().enumerate() {
                let (z, y, x) = m.shape().zyx_of(i);
                let p = [(x as f64 + 0.5) * edge[0], (y as f64 + 0.5) * edge[1], (z as f64 + 0.5) * edge[2]];
                assert_eq!(inside, solid.signed_distance(p) < 0.0, "{name} at {p:?}");
            }
        }
    }
}

#[test]
fn coverage_of_a_plane_on_the_axis_is_exact() {
    // 3.3 to 7.65 voxels along x: 0.7 of voxel 3, 0.65 of voxel 7.
    let slab = Slab::new([5.475, 0.0, 0.0], [1.0, 0.0, 0.0], 4.35).unwrap();
    let c = coverage(Shape::new(2, 3, 12).unwrap(), VoxelSize::Unknown, &slab);
    let expected = [0.0, 0.0, 0.0, 0.7, 1.0, 1.0, 1.0, 0.65, 0.0, 0.0, 0.0, 0.0];
    for (i, &v) in c.as_slice().iter().enumerate() {
        assert!((f64::from(v) - expected[i % 12]).abs() < 1e-6, "voxel {i}: {v}");
    }
    assert_eq!((slab.volume(), slab.surface_area()), (None, None));
    assert!((slab.bounds().low[0] - 3.3).abs() < 1e-12 && slab.bounds().low[1].is_infinite());
}

#[test]
fn a_cylinder_through_the_box_fills_its_section_in_every_slice() {
    let rod = Cylinder::infinite([8.2, 7.9, 0.0], [0.0, 0.0, -2.0], 5.1).unwrap();
    let c = coverage(Shape::new(9, 16, 17).unwrap(), VoxelSize::Unknown, &rod);
    for z in 0..9 {
        let area: f64 = c.plane(z).iter().map(|&v| f64::from(v)).sum();
        assert!((area / (std::f64::consts::PI * 5.1 * 5.1) - 1.0).abs() < VOLUME_TOLERANCE, "slice {z}: {area}");
    }
    assert_eq!(rod.volume(), None);
}

#[test]
fn a_union_is_the_nearest_part() {
    let (a, b) = (Ball::new([4.0; 3], 2.0).unwrap(), Ball::new([9.0, 4.0, 4.0], 1.5).unwrap());
    let union = Union::new().with(a).with(b);
    let p = [7.0, 4.5, 4.0];
    let nearest = a.signed_distance(p).min(b.signed_distance(p));
    assert!((union.signed_distance(p) - nearest).abs() < f64::EPSILON);
    assert!(distance(union.bounds().high, [10.5, 6.0, 6.0]) < 1e-12);
    assert_eq!(Union::new().volume(), Some(0.0));
    let nothing = mask(Shape::cube(9).unwrap(), VoxelSize::Unknown, &Union::new());
    assert!(nothing.as_slice().iter().all(|v| !v));
}

#[test]
fn threads_change_nothing() {
    let solid = Torus::new([15.1, 14.8, 15.4], [0.3, -0.8, 0.5], 8.2, 4.1).unwrap();
    let draw = || coverage(Shape::new(31, 30, 29).unwrap(), VoxelSize::Unknown, &solid);
    assert_eq!(threads(1, draw), threads(3, draw));
}

#[test]
fn impossible_shapes_are_refused() {
    assert!(matches!(Ball::new([0.0; 3], 0.0), Err(ShapeError::Length { .. })));
    assert!(matches!(Ball::new([0.0, f64::NAN, 0.0], 1.0), Err(ShapeError::NotFinite { .. })));
    assert!(matches!(Shell::new([0.0; 3], 2.0, 2.0), Err(ShapeError::Order { .. })));
    assert!(matches!(Torus::new([0.0; 3], [0.0, 0.0, 1.0], 1.0, 2.0), Err(ShapeError::Order { .. })));
    assert!(matches!(Cylinder::infinite([0.0; 3], [0.0; 3], 1.0), Err(ShapeError::Direction { .. })));
    assert!(matches!(Cylinder::new([0.0; 3], [1.0; 3], 1.0, f64::INFINITY), Err(ShapeError::Length { .. })));
    assert!(matches!(Capsule::new([1.0; 3], [1.0; 3], 1.0), Err(ShapeError::Direction { .. })));
    assert!(matches!(Slab::new([0.0; 3], [0.0, f64::NAN, 1.0], 1.0), Err(ShapeError::Direction { .. })));
    assert!(matches!(Cuboid::cube([0.0; 3], -1.0, Rotation::IDENTITY), Err(ShapeError::Length { .. })));
    assert!(matches!(Rotation::about([1.0; 3], f64::NAN), Err(ShapeError::NotFinite { .. })));
}
