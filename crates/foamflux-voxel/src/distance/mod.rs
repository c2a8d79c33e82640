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
//! Memory: one f32 per voxel for [`distance`]; for [`boundary_distance`] a second one and two bytes while it runs.

pub mod crossing;
mod envelope;
#[cfg(test)]
mod tests;

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
///
/// A boundary point between two centres lies on the grid line of one axis only, so its distance must be taken along that
/// axis first: once with x first and once with y first, joined before z; and once with z first.
/// Points on voxel centres lie on the lines of all axes, and x first finds them all.
pub(crate) fn transform<C: Crossing>(mask: &Volume<bool>, crossing: &C, border: Border) -> Volume<f32> {
    let shape = mask.shape();
    let unit = mask.spacing().min_edge();
    let pass = Pass { mask, crossing, border, edges: Axis::ALL.map(|a| (mask.spacing().along(a) / unit) as f32) };
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
            lower(slice, &other);
            work.slice = other;
        }
    });
    pass.across_slices(&mut data, Start::Given);
    if !C::ON_CENTRES {
        let mut other = vec![0f32; shape.len()];
        pass.across_slices(&mut other, Start::Ends);
        pass.slices(&mut other, |slice, z, work| {
            pass.along_rows(slice, z, Start::Given, work);
            pass.across_rows(slice, z, Start::Given, work);
        });
        let plane = shape.stride(Axis::Z);
        data.par_chunks_mut(plane).zip(other.par_chunks(plane)).for_each(|(d, o)| lower(d, o));
    }
    data.par_iter_mut().with_min_len(1 << 14).for_each(|v| *v = (f64::from(*v).sqrt() * unit) as f32);
    match mask.like(data) {
        Ok(volume) => volume,
        Err(_) => unreachable!("one value was made for every voxel"),
    }
}

fn lower(to: &mut [f32], other: &[f32]) {
    for (a, &b) in to.iter_mut().zip(other) {
        *a = a.min(b);
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

/// Columns worked on at once: a cache line of f32, so that gathering them reads whole lines.
const COLUMNS: usize = 16;

/// Scratch of one task.
struct Work {
    envelope: Envelope,
    columns: Vec<f32>,
    slice: Vec<f32>,
}

/// The passes over one mask.
struct Pass<'a, C> {
    mask: &'a Volume<bool>,
    crossing: &'a C,
    border: Border,
    /// Edges along x, y, z in units of the smallest.
    edges: [f32; 3],
}

impl<C: Crossing> Pass<'_, C> {
    fn work(&self) -> Work {
        let shape = self.mask.shape();
        let longest = shape.x.max(shape.y).max(shape.z);
        Work { envelope: Envelope::new(longest), columns: vec![0.0; longest * COLUMNS], slice: Vec::new() }
    }

    /// Runs `each` on every slice.
    fn slices(&self, data: &mut [f32], each: impl Fn(&mut [f32], usize, &mut Work) + Sync) {
        let plane = self.mask.shape().stride(Axis::Z);
        let task = |work: &mut Work, (z, slice): (usize, &mut [f32])| each(slice, z, work);
        data.par_chunks_mut(plane).enumerate().for_each_init(|| self.work(), task);
    }

    fn along_rows(&self, slice: &mut [f32], z: usize, start: Start, work: &mut Work) {
        let shape = self.mask.shape();
        for (y, row) in slice.chunks_mut(shape.x).enumerate() {
            self.line(row, shape.index(z, y, 0), 1, self.edges[0], start, &mut work.envelope);
        }
    }

    fn across_rows(&self, slice: &mut [f32], z: usize, start: Start, work: &mut Work) {
        let shape = self.mask.shape();
        let mut rows: Vec<&mut [f32]> = slice.chunks_mut(shape.x).collect();
        self.columns(&mut rows, shape.index(z, 0, 0), Axis::Y, start, work);
    }

    /// Along z the rows of one y from every slice form the work of one task.
    fn across_slices(&self, data: &mut [f32], start: Start) {
        let shape = self.mask.shape();
        let mut by_y: Vec<Vec<&mut [f32]>> = (0..shape.y).map(|_| Vec::with_capacity(shape.z)).collect();
        for (i, row) in data.chunks_mut(shape.x).enumerate() {
            by_y[i % shape.y].push(row);
        }
        by_y.par_iter_mut().enumerate().for_each_init(
            || self.work(),
            |work, (y, rows)| self.columns(rows, shape.index(0, y, 0), Axis::Z, start, work),
        );
    }

    /// The columns along `axis` that `rows` stack up to; `first` is the linear index of the first voxel.
    fn columns(&self, rows: &mut [&mut [f32]], first: usize, axis: Axis, start: Start, work: &mut Work) {
        let (n, width) = (rows.len(), self.mask.shape().x);
        let (stride, edge) = (self.mask.shape().stride(axis), self.edges[axis.xyz_index()]);
        for x0 in (0..width).step_by(COLUMNS) {
            let w = COLUMNS.min(width - x0);
            for (i, row) in rows.iter().enumerate() {
                for (c, &v) in row[x0..x0 + w].iter().enumerate() {
                    work.columns[c * n + i] = v;
                }
            }
            for c in 0..w {
                let column = &mut work.columns[c * n..(c + 1) * n];
                self.line(column, first + x0 + c, stride, edge, start, &mut work.envelope);
            }
            for (i, row) in rows.iter_mut().enumerate() {
                for (c, v) in row[x0..x0 + w].iter_mut().enumerate() {
                    *v = work.columns[c * n + i];
                }
            }
        }
    }

    /// One line of voxels that starts at the linear index `first`: every run of true voxels by itself.
    fn line(&self, values: &mut [f32], first: usize, stride: usize, edge: f32, start: Start, envelope: &mut Envelope) {
        let n = values.len();
        let inside = self.mask.as_slice();
        let at = |i: usize| first + i * stride;
        let wall = |end: f32| (self.border == Border::Background).then_some(end);
        let mut i = 0;
        while i < n {
            if !inside[at(i)] {
                values[i] = 0.0;
                i += 1;
                continue;
            }
            let a = i;
            while i < n && inside[at(i)] {
                i += 1;
            }
            // Ends in voxels from the first voxel of the run.
            let low = if a > 0 { Some(-self.crossing.fraction(at(a), at(a - 1))) } else { wall(-1.0) };
            let last = (i - a - 1) as f32;
            let high = if i < n { Some(last + self.crossing.fraction(at(i - 1), at(i))) } else { wall(last + 1.0) };
            let run = &mut values[a..i];
            match start {
                Start::Given => envelope.run(run, low, high, edge),
                Start::Ends => {
                    for (k, v) in run.iter_mut().enumerate() {
                        let to_low = low.map_or(f32::INFINITY, |s| k as f32 - s);
                        let to_high = high.map_or(f32::INFINITY, |s| s - k as f32);
                        *v = (edge * to_low.min(to_high)).powi(2);
                    }
                }
            }
        }
    }
}
