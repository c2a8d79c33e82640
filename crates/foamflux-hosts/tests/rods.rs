//! Rods and balls: the distance never lies, and areas and volumes are those of the shapes that they are made of.

#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

mod common;

use std::f64::consts::PI;

use common::{Lcg, distance, metres};
use foamflux_grid::Shape;
use foamflux_hosts::raster::fraction;
use foamflux_hosts::rods::{Ball, Rod, Rods, Role, Section, Swelling};
use foamflux_hosts::{Bounds, Solid, sampled_area};

/// Two struts that meet in a ball, swollen, tapered, with bores where `hollow` is positive.
fn corner(section: Section, hollow: f64) -> Rods {
    let mut rods =
        Rods { section, swelling: Swelling { ratio: 1.4, length: 3.0 }, ..Rods::empty([40.0; 3], [false; 3]) };
    let rod = |end_m: [f64; 3], radius_m: [f64; 2]| Rod {
        radius_m,
        swells: [true, false],
        corner: [0.3, 1.0, 0.2],
        ..Rod::plain([18.0, 20.0, 21.0], end_m, 1.0)
    };
    rods.rods = vec![rod([33.0, 29.0, 24.0], [2.0, 1.5]), rod([9.0, 24.0, 33.0], [2.0, 2.5])];
    rods.balls = vec![Ball::plain([18.0, 20.0, 21.0], 3.2)];
    if hollow > 0.0 {
        let bores: Vec<Rod> = rods
            .rods
            .iter()
            .map(|r| Rod { radius_m: r.radius_m.map(|r| r * hollow), role: Role::Bore, ..*r })
            .collect();
        rods.rods.extend(bores);
    }
    rods
}

#[test]
fn where_the_sign_differs_the_distance_is_no_longer_than_the_way() {
    for (section, hollow) in
        [(Section::Round, 0.0), (Section::Round, 0.6), (Section::Triangle, 0.0), (Section::ConcaveTriangle, 0.0)]
    {
        let solid = corner(section, hollow).solid();
        let mut rng = Lcg(5);
        let mut crossed = 0;
        for _ in 0..60_000 {
            let p = rng.point([5.0; 3], [35.0; 3]);
            let q: [f64; 3] = std::array::from_fn(|k| p[k] + 3.0 * (rng.uniform() - 0.5));
            let (a, b) = (solid.signed_distance(p), solid.signed_distance(q));
            if (a < 0.0) != (b < 0.0) {
                crossed += 1;
                assert!(a.abs() + b.abs() <= distance(p, q) + 1e-12, "{section:?} {p:?} {q:?}: {a} {b}");
            }
        }
        assert!(crossed > 500, "{crossed}");
    }
}

#[test]
fn sampled_surfaces_agree_with_the_integral_over_shells() {
    /// The shells' accuracy with creases: swollen ends, cut cones, corners of triangles.
    const TOLERANCE: f64 = 6e-3;
    for (section, hollow) in [(Section::Round, 0.0), (Section::Round, 0.6), (Section::Triangle, 0.0)] {
        let mut rods = corner(section, hollow);
        rods.rods.truncate(if section == Section::Triangle { 1 } else { 9 });
        let solid = rods.solid();
        let direct = rods.surface_area_m2(&solid, 1);
        let shells = sampled_area(&solid, Bounds { low: [0.0; 3], high: [40.0; 3] }, 0.15).unwrap();
        println!("{section:?} {hollow}: {direct:?} {shells:?}");
        assert!((direct.value / shells.value - 1.0).abs() < TOLERANCE, "{section:?}: {direct:?} {shells:?}");
    }
}

#[test]
fn a_triangular_bar_has_its_perimeter_and_the_area_of_its_circle() {
    /// Corners of the section are cut by voxels of a sixth of the radius.
    const VOLUME: f64 = 5e-3;
    for section in [Section::Round, Section::Triangle, Section::ConcaveTriangle] {
        let mut rods = Rods { section, ..Rods::empty([20.0; 3], [false; 3]) };
        rods.rods = vec![Rod { corner: [1.0, 0.2, 0.0], ..Rod::plain([10.0, 10.0, -30.0], [10.0, 10.0, 50.0], 3.0) }];
        let solid = rods.solid();
        let area = rods.surface_area_m2(&solid, 1);
        let exact = 2.0 * PI * 3.0 * section.perimeter_ratio() * 20.0;
        assert!((area.value / exact - 1.0).abs() < 2e-3, "{section:?}: {area:?} {exact}");
        let phi = fraction(Shape::cube(40).unwrap(), &metres([0.5; 3]), &solid);
        assert!((phi.value / (PI * 9.0 / 400.0) - 1.0).abs() < VOLUME, "{section:?}: {phi:?}");
    }
}

#[test]
fn periodic_images_close_the_box() {
    let mut rods = Rods::empty([10.0, 12.0, 9.0], [true; 3]);
    rods.rods = vec![Rod::plain([8.0, 1.0, 4.0], [14.0, -3.0, 4.5], 1.0)];
    rods.balls = vec![Ball::plain([0.2, 11.9, 8.8], 1.5)];
    let solid = rods.solid();
    let mut rng = Lcg(9);
    let mut inside = 0;
    for _ in 0..4000 {
        let p = rng.point([0.0; 3], rods.box_m);
        let near = (-2..=2).flat_map(|i| (-2..=2).flat_map(move |j| (-2..=2).map(move |k| [i, j, k])));
        let expected = near.into_iter().any(|n| {
            let q: [f64; 3] = std::array::from_fn(|k| p[k] + f64::from(n[k]) * rods.box_m[k]);
            let (a, b) = (rods.rods[0].start_m, rods.rods[0].end_m);
            let l = distance(a, b);
            let t = (0..3).map(|k| (q[k] - a[k]) * (b[k] - a[k])).sum::<f64>() / l;
            let foot: [f64; 3] = std::array::from_fn(|k| a[k] + t / l * (b[k] - a[k]));
            (t > 0.0 && t < l && distance(q, foot) < 1.0) || distance(q, rods.balls[0].centre_m) < 1.5
        });
        assert_eq!(solid.signed_distance(p) < 0.0, expected, "{p:?}");
        inside += usize::from(expected);
    }
    assert!(inside > 100);
}

#[test]
fn a_fibre_may_pass_through_the_wall_of_another_without_opening_it() {
    let mut rods = Rods::empty([20.0; 3], [false; 3]);
    for (group, axis) in [(0, 0), (1, 1)] {
        let end = |t: f64| -> [f64; 3] { std::array::from_fn(|k| if k == axis { t } else { 10.0 }) };
        let body = Rod { group, ..Rod::plain(end(-10.0), end(30.0), 4.0) };
        rods.rods.push(body);
        rods.rods.push(Rod { radius_m: [2.0; 2], role: Role::Bore, ..body });
    }
    let solid = rods.solid();
    let at = |x: f64, y: f64, z: f64| solid.signed_distance([x, y, z]) < 0.0;
    assert!(!at(10.0, 10.0, 10.0) && !at(2.0, 10.0, 10.0), "both bores");
    assert!(at(10.0, 7.0, 10.0), "the wall of one fibre stands in the bore of the other");
    assert!(at(2.0, 10.0, 13.0) && !at(2.0, 2.0, 10.0));
}
