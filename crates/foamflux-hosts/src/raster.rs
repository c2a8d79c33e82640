//! Solids to voxels.
//!
//! `mask` asks for every voxel whether its centre lies inside; `coverage` asks which fraction of the voxel does:
//!
//! ```text
//! c = |voxel ∩ solid| / |voxel|,   sum of c = volume of the solid in the box / volume of a voxel
//! ```
//!
//! Both rest on one property of [`Solid::signed_distance`]: no part of the surface is nearer than its magnitude.
//! A brick of 8^3 voxels whose centre is farther from the surface than the brick's half diagonal is therefore all solid
//! or all pore; the same holds for its eight parts, down to the voxel, and for the parts of a voxel.
//! Only cells that the surface may cross are divided, voxels twice (64 parts), and the last parts are cut by a plane at
//! the signed distance `d` of their centre:
//!
//! ```text
//! c = clamp(1/2 - d / w, 0, 1),   w^2 = sum over axes of (n_k h_k)^2
//! ```
//!
//! with the plane's normal `n` and the cell's edges `h`: exact for planes normal to an axis, and for other planes the
//! ramp whose first and second moments over `d` are those of the exact fraction, so that sums have no bias.
//! The plane is the only approximation, of second order in a quarter of the voxel.

use std::ops::Range;

use foamflux_grid::{Shape, Volume, VoxelSize};
use rayon::prelude::*;

use crate::area::Estimate;
use crate::shapes::Solid;
use crate::vector::{Point, norm};

/// Edge of a brick in voxels.
const BRICK: usize = 8;
/// How often a voxel at the surface is halved along each axis.
const DEPTH: u32 = 2;

/// How far inside of the surface a voxel's centre must lie, in shortest edges: a centre exactly on the surface, as lattices
/// with round numbers have many, would otherwise be in or out by rounding, and a straight channel would not be straight.
const TIE: f64 = 1e-9;

/// True where the voxel's centre lies inside of the solid (negative signed distance).
#[must_use]
pub fn mask(shape: Shape, voxel_size: VoxelSize, solid: &dyn Solid) -> Volume<bool> {
    let tie = TIE * voxel_size.spacing().min_edge();
    paint(shape, voxel_size, solid, [false, true], |_, distance| distance < -tie)
}

/// The fraction of each voxel that lies inside of the solid, 0 to 1.
///
/// The sum over all voxels times the voxel volume is the solid's volume in the box, to about 0.1 % for features of
/// three voxels and more.
#[must_use]
pub fn coverage(shape: Shape, voxel_size: VoxelSize, solid: &dyn Solid) -> Volume<f32> {
    let spacing = voxel_size.spacing();
    let half = [0.5 * spacing.x, 0.5 * spacing.y, 0.5 * spacing.z];
    let shortest = half[0].min(half[1]).min(half[2]);
    let cubic = half.iter().all(|h| *h <= shortest);
    paint(shape, voxel_size, solid, [0.0, 1.0], |centre, _| {
        // In cubes every normal gives the same width.
        let width = if cubic { 2.0 * shortest } else { ramp_width(solid, centre, half) };
        part_inside(solid, centre, half, width, DEPTH) as f32
    })
}

/// The fraction of the whole box that lies inside of the solid; no volume is stored.
///
/// Voxels at the surface are divided into eight parts, and two random points of each part are asked: thin edges, which
/// a plane at the distance of the middle would make too thick, count for what they are.
/// The uncertainty is what the two sets of points differ by.
#[must_use]
pub fn fraction(shape: Shape, voxel_size: &VoxelSize, solid: &dyn Solid) -> Estimate {
    let spacing = voxel_size.spacing();
    let edges = [spacing.x, spacing.y, spacing.z];
    let half = edges.map(|e| 0.5 * e);
    let at_surface = |centre: Point, _: f64| sampled_part(solid, centre, half, 1);
    let painter = Painter { solid, edges, inside: [1.0f32; 2], at_surface };
    let slabs: Vec<[f64; 2]> = (0..shape.z.div_ceil(BRICK))
        .into_par_iter()
        .map(|slab| {
            let first = slab * BRICK;
            let z = first..(first + BRICK).min(shape.z);
            let mut sums = [0.0; 2];
            let mut voxels = vec![[0.0f32; 2]; z.len() * shape.y * shape.x];
            for y in (0..shape.y).step_by(BRICK) {
                for x in (0..shape.x).step_by(BRICK) {
                    let spans = [x..(x + BRICK).min(shape.x), y..(y + BRICK).min(shape.y), z.clone()];
                    painter.brick(&spans, shape, first, &mut voxels);
                }
            }
            for v in &voxels {
                sums = [sums[0] + f64::from(v[0]), sums[1] + f64::from(v[1])];
            }
            sums
        })
        .collect();
    let n = shape.len() as f64;
    let [first, second] = slabs.iter().fold([0.0; 2], |a, b| [a[0] + b[0] / n, a[1] + b[1] / n]);
    Estimate { value: 0.5 * (first + second), uncertainty: 0.5 * (first - second).abs() }
}

/// Part of a cell inside of the solid by two sets of stratified points.
fn sampled_part(solid: &dyn Solid, centre: Point, half: Point, depth: u32) -> [f32; 2] {
    let distance = solid.signed_distance(centre);
    let reach = norm(half);
    if distance.abs() >= reach {
        return [if distance < 0.0 { 1.0 } else { 0.0 }; 2];
    }
    if depth == 0 {
        let mut key = crate::random::Hash::of(centre);
        return std::array::from_fn(|_| {
            let p = std::array::from_fn(|k| centre[k] + half[k] * (2.0 * key.uniform() - 1.0));
            if solid.signed_distance(p) < 0.0 { 1.0 } else { 0.0 }
        });
    }
    let quarter = half.map(|h| 0.5 * h);
    let mut sum = [0.0f32; 2];
    for corner in 0..8u32 {
        let child = std::array::from_fn(|k| centre[k] + if corner >> k & 1 == 1 { quarter[k] } else { -quarter[k] });
        let part = sampled_part(solid, child, quarter, depth - 1);
        sum = [sum[0] + 0.125 * part[0], sum[1] + 0.125 * part[1]];
    }
    sum
}

/// Width of the ramp for a cell with these half edges, by the normal of the distance at its centre.
fn ramp_width(solid: &dyn Solid, centre: Point, half: Point) -> f64 {
    let slope: Point = std::array::from_fn(|k| {
        let (mut low, mut high) = (centre, centre);
        low[k] -= 0.5 * half[k];
        high[k] += 0.5 * half[k];
        (solid.signed_distance(high) - solid.signed_distance(low)) / half[k]
    });
    // On a ridge of the distance the slopes cancel; any width serves there.
    match crate::vector::unit(slope) {
        Some(n) => 2.0 * norm(std::array::from_fn(|k| n[k] * half[k])),
        None => 2.0 * half[0].min(half[1]).min(half[2]),
    }
}

/// Fills what lies off the surface with `[outside, inside]` and asks `at_surface(centre, signed distance)` elsewhere.
fn paint<T: Copy + Send + Sync>(
    shape: Shape,
    voxel_size: VoxelSize,
    solid: &dyn Solid,
    [outside, inside]: [T; 2],
    at_surface: impl Fn(Point, f64) -> T + Sync,
) -> Volume<T> {
    let spacing = voxel_size.spacing();
    let edges = [spacing.x, spacing.y, spacing.z];
    let mut volume = Volume::from_fn(shape, voxel_size, |_, _, _| outside);
    let painter = Painter { solid, edges, inside, at_surface };
    volume.as_mut_slice().par_chunks_mut(BRICK * shape.y * shape.x).enumerate().for_each(|(slab, voxels)| {
        let first = slab * BRICK;
        let z = first..(first + BRICK).min(shape.z);
        for y in (0..shape.y).step_by(BRICK) {
            for x in (0..shape.x).step_by(BRICK) {
                let spans = [x..(x + BRICK).min(shape.x), y..(y + BRICK).min(shape.y), z.clone()];
                painter.brick(&spans, shape, first, voxels);
            }
        }
    });
    volume
}

struct Painter<'a, T, F> {
    solid: &'a dyn Solid,
    edges: Point,
    inside: T,
    at_surface: F,
}

impl<T: Copy, F: Fn(Point, f64) -> T> Painter<'_, T, F> {
    /// Paints the voxels of the spans (x, y, z) in a slab that begins at slice `first` and holds the outside value.
    fn brick(&self, spans: &[Range<usize>; 3], shape: Shape, first: usize, slab: &mut [T]) {
        let centre = std::array::from_fn(|k| 0.5 * (spans[k].start + spans[k].end) as f64 * self.edges[k]);
        let reach = norm(std::array::from_fn(|k| 0.5 * spans[k].len() as f64 * self.edges[k]));
        let distance = self.solid.signed_distance(centre);
        if distance >= reach {
            return;
        }
        let [x, y, z] = spans;
        if distance <= -reach {
            for z in z.clone() {
                for y in y.clone() {
                    let row = shape.index(z - first, y, 0);
                    slab[row + x.start..row + x.end].fill(self.inside);
                }
            }
        } else if spans.iter().all(|s| s.len() == 1) {
            slab[shape.index(z.start - first, y.start, x.start)] = (self.at_surface)(centre, distance);
        } else {
            let middle: [usize; 3] = std::array::from_fn(|k| spans[k].start + spans[k].len().div_ceil(2));
            for part in 0..8u32 {
                let half: [Range<usize>; 3] = std::array::from_fn(|k| match part >> k & 1 {
                    0 => spans[k].start..middle[k],
                    _ => middle[k]..spans[k].end,
                });
                if half.iter().all(|s| !s.is_empty()) {
                    self.brick(&half, shape, first, slab);
                }
            }
        }
    }
}

/// Fraction of the cell around `centre` that is inside, by halving it `depth` times where the surface may cross it;
/// `width` is the ramp's for the whole cell.
fn part_inside(solid: &dyn Solid, centre: Point, half: Point, width: f64, depth: u32) -> f64 {
    let distance = solid.signed_distance(centre);
    let reach = norm(half);
    if distance >= reach {
        return 0.0;
    }
    if distance <= -reach {
        return 1.0;
    }
    if depth == 0 {
        return (0.5 - distance / width).clamp(0.0, 1.0);
    }
    let quarter = half.map(|h| 0.5 * h);
    let mut sum = 0.0;
    for corner in 0..8u32 {
        let child = std::array::from_fn(|k| centre[k] + if corner >> k & 1 == 1 { quarter[k] } else { -quarter[k] });
        sum += part_inside(solid, child, quarter, 0.5 * width, depth - 1);
    }
    sum / 8.0
}
