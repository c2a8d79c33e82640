//! Shapes with exact areas and thicknesses, for tests.

use foamflux_grid::{Shape, Volume, VoxelSize, VoxelSizeSource};

pub(crate) type Vec3 = [f64; 3];

pub(crate) fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn unit(v: Vec3) -> Vec3 {
    let length = dot(v, v).sqrt();
    v.map(|c| c / length)
}

/// Signed distances, negative inside; x, y, z from the middle of the box, in the unit of the edges.
pub(crate) fn ball(c: Vec3, r: f64) -> impl Fn(Vec3) -> f64 {
    move |p| (0..3).map(|k| (p[k] - c[k]).powi(2)).sum::<f64>().sqrt() - r
}

/// Infinitely long.
pub(crate) fn cylinder(c: Vec3, axis: Vec3, r: f64) -> impl Fn(Vec3) -> f64 {
    let axis = unit(axis);
    move |p| {
        let q: Vec3 = std::array::from_fn(|k| p[k] - c[k]);
        (dot(q, q) - dot(q, axis).powi(2)).max(0.0).sqrt() - r
    }
}

pub(crate) fn torus(c: Vec3, axis: Vec3, ring: f64, r: f64) -> impl Fn(Vec3) -> f64 {
    let axis = unit(axis);
    move |p| {
        let q: Vec3 = std::array::from_fn(|k| p[k] - c[k]);
        let z = dot(q, axis);
        ((dot(q, q) - z * z).max(0.0).sqrt() - ring).hypot(z) - r
    }
}

/// Of thickness t.
pub(crate) fn plate(c: Vec3, normal: Vec3, t: f64) -> impl Fn(Vec3) -> f64 {
    let normal = unit(normal);
    move |p| (dot(p, normal) - dot(c, normal)).abs() - t / 2.0
}

/// Values at voxel centres; n and edges in x, y, z.
pub(crate) fn sample<T>(n: [usize; 3], edges: Vec3, f: impl Fn(Vec3) -> T) -> Volume<T> {
    let size = VoxelSize::known(edges, VoxelSizeSource::Generator).unwrap();
    let shape = Shape::new(n[2], n[1], n[0]).unwrap();
    let at = |i: usize, k: usize| (i as f64 + 0.5 - n[k] as f64 / 2.0) * edges[k];
    Volume::from_fn(shape, size, |z, y, x| f([at(x, 0), at(y, 1), at(z, 2)]))
}

pub(crate) fn mask(n: [usize; 3], edges: Vec3, distance: impl Fn(Vec3) -> f64) -> Volume<bool> {
    sample(n, edges, |p| distance(p) < 0.0)
}

/// An image of the shape: 200 inside, 40 outside, linear over one voxel across the surface, as partial volumes make it.
pub(crate) fn grey(n: [usize; 3], edges: Vec3, distance: impl Fn(Vec3) -> f64) -> Volume<u8> {
    let width = edges.iter().product::<f64>().cbrt();
    sample(n, edges, |p| (40.0 + 160.0 * (0.5 - distance(p) / width).clamp(0.0, 1.0)).round() as u8)
}

/// Area of an infinite cylinder inside of a box of these full edges: every line of its mantle, clipped.
pub(crate) fn cylinder_area(c: Vec3, axis: Vec3, r: f64, size: Vec3) -> f64 {
    let axis = unit(axis);
    let helper = if axis[0].abs() < 0.6 { [1.0, 0.0, 0.0] } else { [0.0, 1.0, 0.0] };
    let cross = |a: Vec3, b: Vec3| [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let e = unit(cross(axis, helper));
    let f = cross(axis, e);
    let lines = 720;
    (0..lines)
        .map(|i| {
            let phi = std::f64::consts::TAU * (f64::from(i) + 0.5) / f64::from(lines);
            let p: Vec3 = std::array::from_fn(|k| c[k] + r * (phi.cos() * e[k] + phi.sin() * f[k]));
            let (mut from, mut to) = (-1e9f64, 1e9f64);
            for k in 0..3 {
                if axis[k].abs() > 1e-12 {
                    let (a, b) = ((-size[k] / 2.0 - p[k]) / axis[k], (size[k] / 2.0 - p[k]) / axis[k]);
                    (from, to) = (from.max(a.min(b)), to.min(a.max(b)));
                } else if p[k].abs() > size[k] / 2.0 {
                    return 0.0;
                }
            }
            (to - from).max(0.0) * r * std::f64::consts::TAU / f64::from(lines)
        })
        .sum()
}
