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
//! where grid lines, along any axis, cross the boundary.
//! [`distance`] puts those points on the centres of the false voxels, which is the classical transform.
//! [`boundary_distance`] puts them on the boundary itself (see [`crossing`]), because half a voxel matters in a strut
//! of six: it is the field to take for radii.
//! B samples the surface at most one voxel apart, so [`boundary_distance`] reads high by about l^2/(2 D) where l,
//! up to half a voxel, is how far the foot of the perpendicular lies from the nearest point of B.
//!
//! Squares are kept in f32 in units of the smallest edge: whole numbers up to 2^24 are exact,
//! so isotropic results are exact to f32 for boxes up to 2 300 voxels across the diagonal of D.
//! Time goes with the true voxels, beside a look at a bit of every voxel per pass.
//! Memory: one f32 per voxel for [`distance`]; for [`boundary_distance`] a second one and two bytes while it runs.

pub mod crossing;
mod envelope;
#[cfg(test)]
mod tests;

use std::ops::Range;

use foamflux_grid::{Axis, Sample, Shape, Volume};
use rayon::prelude::*;

use crate::bits::{Bits, runs};
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
///
/// A boundary point between two centres lies on the grid line of one axis only, so its distance must be taken along that
/// axis first: once with x first and once with y first, joined before z; and once with z first.
/// Points on voxel centres lie on the lines of all axes, and x first finds them all.
pub(crate) fn transform<C: Crossing>(mask: &Volume<bool>, crossing: &C, border: Border) -> Volume<f32> {
    let shape = mask.shape();
    let unit = mask.spacing().min_edge();
    let edges = Axis::ALL.map(|a| (mask.spacing().along(a) / unit) as f32);
    let pass = Pass { shape, bits: Bits::new(mask), crossing, border, edges };
    let mut data = vec![0f32; shape.len()];
    pass.slices(&mut data, |slice, z, work| {
        if C::ON_CENTRES {
            pass.along_rows(slice, z, Start::Ends, work);
            pass.across_rows(slice, z, Start::Given, work);
        } else {
            pass.along_rows(slice, z, Start::Ends, work);
            pass.across_rows(slice, z, Start::Given, work);
            let mut other = std::mem::take(&mut work.slice);
            other.resize(slice.len(), 0.0);
            pass.across_rows(&mut other, z, Start::Ends, work);
            pass.along_rows(&mut other, z, Start::Given, work);
            pass.on_runs(slice, z, |i, v| v.min(other[i]));
            work.slice = other;
        }
    });
    pass.across_slices(&mut data, Start::Given);
    let root = |v: f32| (f64::from(v).sqrt() * unit) as f32;
    if C::ON_CENTRES {
        pass.slices(&mut data, |slice, z, _| pass.on_runs(slice, z, |_, v| root(v)));
    } else {
        let mut other = vec![0f32; shape.len()];
        pass.across_slices(&mut other, Start::Ends);
        let plane = shape.stride(Axis::Z);
        let slices = data.par_chunks_mut(plane).zip(other.par_chunks_mut(plane)).enumerate();
        slices.for_each_init(
            || pass.work(),
            |work, (z, (slice, other))| {
                pass.along_rows(other, z, Start::Given, work);
                pass.across_rows(other, z, Start::Given, work);
                pass.on_runs(slice, z, |i, v| root(v.min(other[i])));
            },
        );
    }
    match mask.like(data) {
        Ok(volume) => volume,
        Err(_) => unreachable!("one value was made for every voxel"),
    }
}

/// What a pass begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Nothing: only the ends of the runs count.
    Ends,
    /// The squared distances of earlier passes.
    Given,
}

/// Columns worked on at once: a cache line of f32, so that gathering them reads whole lines, and a part of a word of bits.
const COLUMNS: usize = 16;

/// Scratch of one task.
struct Work {
    envelope: Envelope,
    columns: Vec<f32>,
    /// Bits of the columns in each row.
    inside: Vec<u16>,
    slice: Vec<f32>,
}

/// The passes over one mask. They visit true voxels only; the others keep the zero that they begin with.
struct Pass<'a, C> {
    shape: Shape,
    bits: Bits,
    crossing: &'a C,
    border: Border,
    /// Edges along x, y, z in units of the smallest.
    edges: [f32; 3],
}

/// A line of voxels.
#[derive(Clone, Copy)]
struct Line {
    /// Linear index of its first voxel.
    first: usize,
    stride: usize,
    length: usize,
    /// Edge of the voxels along it.
    edge: f32,
    start: Start,
}

impl<C: Crossing> Pass<'_, C> {
    fn work(&self) -> Work {
        let shape = self.shape;
        let longest = shape.x.max(shape.y).max(shape.z);
        Work {
            envelope: Envelope::new(longest),
            columns: vec![0.0; longest * COLUMNS],
            inside: vec![0; longest],
            slice: Vec::new(),
        }
    }

    /// Runs `each` on every slice.
    fn slices(&self, data: &mut [f32], each: impl Fn(&mut [f32], usize, &mut Work) + Sync) {
        let plane = self.shape.stride(Axis::Z);
        let task = |work: &mut Work, (z, slice): (usize, &mut [f32])| each(slice, z, work);
        data.par_chunks_mut(plane).enumerate().for_each_init(|| self.work(), task);
    }

    /// Replaces every true voxel of a slice; `each` takes its place in the slice and its value.
    fn on_runs(&self, slice: &mut [f32], z: usize, each: impl Fn(usize, f32) -> f32) {
        for y in 0..self.shape.y {
            for run in runs(self.bits.row(z * self.shape.y + y)) {
                for i in y * self.shape.x + run.start..y * self.shape.x + run.end {
                    slice[i] = each(i, slice[i]);
                }
            }
        }
    }

    fn along_rows(&self, slice: &mut [f32], z: usize, start: Start, work: &mut Work) {
        let shape = self.shape;
        for (y, row) in slice.chunks_mut(shape.x).enumerate() {
            let line = Line { first: shape.index(z, y, 0), stride: 1, length: shape.x, edge: self.edges[0], start };
            for run in runs(self.bits.row(z * shape.y + y)) {
                self.run(&mut row[run.clone()], run, line, &mut work.envelope);
            }
        }
    }

    fn across_rows(&self, slice: &mut [f32], z: usize, start: Start, work: &mut Work) {
        let shape = self.shape;
        let mut rows: Vec<&mut [f32]> = slice.chunks_mut(shape.x).collect();
        let line = Line {
            first: shape.index(z, 0, 0),
            stride: shape.stride(Axis::Y),
            length: shape.y,
            edge: self.edges[1],
            start,
        };
        self.columns(&mut rows, |i| self.bits.row(z * shape.y + i), line, work);
    }

    /// Along z the rows of one y from every slice form the work of one task.
    fn across_slices(&self, data: &mut [f32], start: Start) {
        let shape = self.shape;
        let mut by_y: Vec<Vec<&mut [f32]>> = (0..shape.y).map(|_| Vec::with_capacity(shape.z)).collect();
        for (i, row) in data.chunks_mut(shape.x).enumerate() {
            by_y[i % shape.y].push(row);
        }
        by_y.par_iter_mut().enumerate().for_each_init(
            || self.work(),
            |work, (y, rows)| {
                let line = Line {
                    first: shape.index(0, y, 0),
                    stride: shape.stride(Axis::Z),
                    length: shape.z,
                    edge: self.edges[2],
                    start,
                };
                self.columns(rows, |i| self.bits.row(i * shape.y + y), line, work);
            },
        );
    }

    /// The columns that `rows` stack up to; `bits` are those of each row, and `first` is that of the first column.
    fn columns<'b>(&self, rows: &mut [&mut [f32]], bits: impl Fn(usize) -> &'b [u64], first: Line, work: &mut Work) {
        let (n, width) = (rows.len(), self.shape.x);
        for x0 in (0..width).step_by(COLUMNS) {
            let w = COLUMNS.min(width - x0);
            let mut any = 0;
            for (i, inside) in work.inside[..n].iter_mut().enumerate() {
                *inside = (bits(i)[x0 / 64] >> (x0 % 64)) as u16;
                any |= *inside;
            }
            if any == 0 {
                continue;
            }
            if first.start == Start::Given {
                for (i, row) in rows.iter().enumerate().filter(|&(i, _)| work.inside[i] != 0) {
                    for (c, &v) in row[x0..x0 + w].iter().enumerate() {
                        work.columns[c * n + i] = v;
                    }
                }
            }
            let mut before = 0;
            for i in 0..n {
                let here = work.inside[i];
                let mut begin = here & !before;
                before = here;
                while begin != 0 {
                    let c = begin.trailing_zeros() as usize;
                    begin &= begin - 1;
                    let length = work.inside[i..n].iter().take_while(|&&m| m >> c & 1 == 1).count();
                    let line = Line { first: first.first + x0 + c, ..first };
                    let values = &mut work.columns[c * n + i..c * n + i + length];
                    self.run(values, i..i + length, line, &mut work.envelope);
                }
            }
            for (i, row) in rows.iter_mut().enumerate() {
                let mut here = work.inside[i];
                if here == u16::MAX {
                    for (c, v) in row[x0..x0 + w].iter_mut().enumerate() {
                        *v = work.columns[c * n + i];
                    }
                    continue;
                }
                while here != 0 {
                    let c = here.trailing_zeros() as usize;
                    here &= here - 1;
                    row[x0 + c] = work.columns[c * n + i];
                }
            }
        }
    }

    /// A run of true voxels, `range` of its line.
    #[inline]
    fn run(&self, values: &mut [f32], range: Range<usize>, line: Line, envelope: &mut Envelope) {
        let at = |i: usize| line.first + i * line.stride;
        let wall = |end: f32| (self.border == Border::Background).then_some(end);
        let (a, b) = (range.start, range.end);
        // Ends in voxels from the first voxel of the run.
        let low = if a > 0 { Some(-self.crossing.fraction(at(a), at(a - 1))) } else { wall(-1.0) };
        let last = (b - a - 1) as f32;
        let high =
            if b < line.length { Some(last + self.crossing.fraction(at(b - 1), at(b))) } else { wall(last + 1.0) };
        match line.start {
            Start::Given => envelope.run(values, low, high, line.edge),
            Start::Ends => {
                for (k, v) in values.iter_mut().enumerate() {
                    let to_low = low.map_or(f32::INFINITY, |s| k as f32 - s);
                    let to_high = high.map_or(f32::INFINITY, |s| s - k as f32);
                    *v = (line.edge * to_low.min(to_high)).powi(2);
                }
            }
        }
    }
}
