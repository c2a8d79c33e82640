//! Exact Euclidean distance to the boundary of a phase, on anisotropic voxels.
//!
//! # Theory
//! D(x) = min over s in B of |x - s|, B the set of boundary points, lengths in the unit of the spacing.
//! Squared distance separates over the axes: a pass along x finds the nearest boundary point on each row,
//! and a pass along y, then z, takes at every voxel i of a line the lower envelope of the parabolas
//! f_j + h^2 (i - j)^2 of its voxels j.
//! The envelope is built as by Felzenszwalb and Huttenlocher (Theory of Computing 8 (2012) 415);
//! the idea goes back to Saito and Toriwaki (1994) and Meijster, Roerdink and Hesselink (2000).
//!
//! # What we do differently
//! Lines are cut into runs of true voxels, and each end of a run is one more parabola of height zero
//! *at the boundary point itself*, which need not be a voxel centre.
//! A false voxel between x and a candidate s means a boundary point on the line that is nearer than s,
//! so no run ever needs to see beyond its ends, and the result is the exact distance to the set B of all points
//! where grid lines cross the boundary.
//! [`distance`] puts those points on the centres of the false voxels, which is the classical transform.
//! [`boundary_distance`] puts them on the boundary itself (see [`crossing`]), because half a voxel matters in a strut
//! of six: it is the field to take for radii.
//! B samples the surface at most one voxel apart, so [`boundary_distance`] reads high by about l^2/(2 D) where l,
//! up to half a voxel, is how far the foot of the perpendicular lies from the nearest point of B.
//!
//! Squares are kept in f32 in units of the smallest edge: whole numbers up to 2^24 are exact,
//! so isotropic results are exact to f32 for boxes up to 2 300 voxels across the diagonal of D.
//! Memory: one f32 per voxel.

pub mod crossing;
mod envelope;

use foamflux_grid::{Axis, Sample, Volume};
use rayon::prelude::*;

use crossing::{Centre, Crossing, Grey, Smoothed};
use envelope::Envelope;

/// What lies outside of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Border {
    /// The phase goes on: the box is no wall. Right for a crop out of something larger.
    #[default]
    Open,
    /// Everything outside of the box is background; the nearest voxel outside counts as false.
    Background,
}

/// Distance of each true voxel's centre to the nearest false voxel's centre, zero in false voxels.
///
/// Infinite in every true voxel when there is no false voxel at all and the border is open.
#[must_use]
pub fn distance(mask: &Volume<bool>, border: Border) -> Volume<f32> {
    transform(mask, &Centre, border)
}

/// Distance of each true voxel's centre to the boundary of the phase, zero in false voxels.
///
/// The boundary is located between voxel centres from the mask alone, see [`Smoothed`].
/// Infinite in every true voxel when there is no false voxel at all and the border is open.
#[must_use]
pub fn boundary_distance(mask: &Volume<bool>, border: Border) -> Volume<f32> {
    transform(mask, &Smoothed::new(mask), border)
}

/// Distance of each true voxel's centre to the boundary of the phase, which is where the grey field passes `level`.
///
/// The mask says which voxels belong to the phase (a cleaned segmentation need not be a plain threshold);
/// the field, bright or dark inside, says where between a true and a false voxel the boundary lies, see [`Grey`].
/// A field of another shape is ignored: the result is then that of [`boundary_distance`].
#[must_use]
pub fn boundary_distance_in_grey<T: Sample>(
    mask: &Volume<bool>,
    field: &Volume<T>,
    level: f64,
    border: Border,
) -> Volume<f32> {
    match Grey::new(mask, field, level) {
        Ok(grey) => transform(mask, &grey, border),
        Err(_) => boundary_distance(mask, border),
    }
}

/// The transform with boundary points where `crossing` puts them.
pub(crate) fn transform<C: Crossing>(mask: &Volume<bool>, crossing: &C, border: Border) -> Volume<f32> {
    let shape = mask.shape();
    let spacing = mask.spacing();
    let unit = spacing.min_edge();
    let edge = |axis: Axis| (spacing.along(axis) / unit) as f32;
    let plane = shape.stride(Axis::Z);
    let inside = mask.as_slice();
    let mut data = vec![0f32; shape.len()];

    // Rows and columns of a slice lie together, so one task does both.
    data.par_chunks_mut(plane).enumerate().for_each_init(
        || (Envelope::new(shape.x.max(shape.y), edge(Axis::Y)), Block::new(shape.y)),
        |(envelope, block), (z, slice)| {
            for (y, row) in slice.chunks_mut(shape.x).enumerate() {
                row_pass(row, inside, shape.index(z, y, 0), crossing, edge(Axis::X), border);
            }
            let mut rows: Vec<&mut [f32]> = slice.chunks_mut(shape.x).collect();
            block.pass(&mut rows, inside, shape.index(z, 0, 0), shape.x, crossing, envelope, border);
        },
    );

    // Along z the rows of one y from every slice form the work of one task.
    let mut by_y: Vec<Vec<&mut [f32]>> = (0..shape.y).map(|_| Vec::with_capacity(shape.z)).collect();
    for (i, row) in data.chunks_mut(shape.x).enumerate() {
        by_y[i % shape.y].push(row);
    }
    by_y.par_iter_mut().enumerate().for_each_init(
        || (Envelope::new(shape.z, edge(Axis::Z)), Block::new(shape.z)),
        |(envelope, block), (y, rows)| {
            block.pass(rows, inside, shape.index(0, y, 0), plane, crossing, envelope, border);
            for row in rows.iter_mut() {
                row.iter_mut().for_each(|v| *v = (f64::from(*v).sqrt() * unit) as f32);
            }
        },
    );
    match mask.like(data) {
        Ok(volume) => volume,
        Err(_) => unreachable!("one value was made for every voxel"),
    }
}

/// Squared distance along the row to the ends of each run of true voxels.
fn row_pass<C: Crossing>(row: &mut [f32], inside: &[bool], first: usize, crossing: &C, edge: f32, border: Border) {
    let n = row.len();
    let mask = &inside[first..first + n];
    let mut start = 0;
    while let Some(a) = mask[start..].iter().position(|&m| m).map(|k| k + start) {
        let b = mask[a..].iter().position(|&m| !m).map_or(n, |k| k + a);
        let (low, high) = run_ends(a, b, n, border, |p, q| crossing.fraction(first + p, first + q));
        for (i, v) in row[a..b].iter_mut().enumerate() {
            let i = (a + i) as f32;
            let to_low = low.map_or(f32::INFINITY, |s| i - s);
            let to_high = high.map_or(f32::INFINITY, |s| s - i);
            let d = edge * to_low.min(to_high);
            *v = d * d;
        }
        start = b;
    }
}

/// Where the run `a..b` of a line of `n` voxels ends, in voxels along the line; `None` at an open border.
fn run_ends(
    a: usize,
    b: usize,
    n: usize,
    border: Border,
    fraction: impl Fn(usize, usize) -> f32,
) -> (Option<f32>, Option<f32>) {
    let wall = |at: f32| (border == Border::Background).then_some(at);
    let low = if a > 0 { Some(a as f32 - fraction(a, a - 1)) } else { wall(-1.0) };
    let high = if b < n { Some((b - 1) as f32 + fraction(b - 1, b)) } else { wall(n as f32) };
    (low, high)
}

/// Columns worked on at once: a cache line of f32, so that gathering them reads whole lines.
const COLUMNS: usize = 16;

/// Scratch for passes across rows.
struct Block {
    length: usize,
    columns: Vec<f32>,
}

impl Block {
    fn new(length: usize) -> Self {
        Block { length, columns: vec![0.0; length * COLUMNS] }
    }

    /// One envelope pass along the columns that `rows` stack up to; `first` is the mask index of the first voxel of the
    /// first row and `stride` the distance to the next row.
    #[allow(clippy::too_many_arguments, reason = "the geometry of a strided pass; a struct would name it twice")]
    fn pass<C: Crossing>(
        &mut self,
        rows: &mut [&mut [f32]],
        inside: &[bool],
        first: usize,
        stride: usize,
        crossing: &C,
        envelope: &mut Envelope,
        border: Border,
    ) {
        let n = self.length;
        let width = rows.first().map_or(0, |row| row.len());
        for x0 in (0..width).step_by(COLUMNS) {
            let w = COLUMNS.min(width - x0);
            for (i, row) in rows.iter().enumerate() {
                for (c, &v) in row[x0..x0 + w].iter().enumerate() {
                    self.columns[c * n + i] = v;
                }
            }
            for c in 0..w {
                let at = |i: usize| first + x0 + c + i * stride;
                let column = &mut self.columns[c * n..(c + 1) * n];
                let mut i = 0;
                while i < n {
                    if !inside[at(i)] {
                        i += 1;
                        continue;
                    }
                    let a = i;
                    while i < n && inside[at(i)] {
                        i += 1;
                    }
                    let (low, high) = run_ends(a, i, n, border, |p, q| crossing.fraction(at(p), at(q)));
                    envelope.run(&mut column[a..i], low.map(|s| s - a as f32), high.map(|s| s - a as f32));
                }
            }
            for (i, row) in rows.iter_mut().enumerate() {
                for (c, v) in row[x0..x0 + w].iter_mut().enumerate() {
                    *v = self.columns[c * n + i];
                }
            }
        }
    }
}
