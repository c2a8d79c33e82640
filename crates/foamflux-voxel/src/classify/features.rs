//! What a classifier knows of a voxel: the grey value, and at every scale the smoothed grey value with the invariants of its
//! gradient and Hessian, which do not depend on how the sample was turned.
//!
//! Of the Hessian H of the smoothed field, per voxel edge: the trace (Laplacian), `J2 = |H - tr/3 1|^2 / 2` and the
//! determinant. They say what its three eigenvalues say (blob, tube, sheet, edge) without taking roots of a cubic.

use foamflux_grid::{Axis, Sample, Shape, Volume, Watch};

use crate::filter::{FilterError, gaussian};

/// Widths of the smoothing in smallest voxel edges.
pub(super) const SCALES: [f64; 3] = [1.0, 2.0, 4.0];
/// Of each scale.
const PER_SCALE: usize = 5;
/// Of each voxel.
pub(super) const COUNT: usize = 1 + PER_SCALE * SCALES.len();

/// Smoothed volumes that the features are read from. 12 bytes per voxel.
pub(super) struct Features<'a, T: Sample> {
    grey: &'a Volume<T>,
    smooth: Vec<Volume<f32>>,
    /// Smallest edge over that along x, y, z.
    inverse: [f32; 3],
}

/// The features of one row of voxels along x: those of one kind together.
pub(super) struct Row {
    pub(super) values: Vec<f32>,
    length: usize,
}

impl Row {
    pub(super) fn new(length: usize) -> Self {
        Row { values: vec![0.0; length * COUNT], length }
    }

    pub(super) fn of(&self, x: usize) -> [f32; COUNT] {
        std::array::from_fn(|k| self.values[k * self.length + x])
    }
}

impl<'a, T: Sample> Features<'a, T> {
    pub(super) fn new(grey: &'a Volume<T>, watch: &dyn Watch) -> Result<Self, FilterError> {
        let smooth = SCALES.iter().map(|&s| gaussian(grey, s, watch)).collect::<Result<_, _>>()?;
        let spacing = grey.spacing();
        let inverse = Axis::ALL.map(|a| (spacing.min_edge() / spacing.along(a)) as f32);
        Ok(Features { grey, smooth, inverse })
    }

    pub(super) const fn shape(&self) -> Shape {
        self.grey.shape()
    }

    /// Fills in the row at (z, y).
    pub(super) fn row(&self, z: usize, y: usize, row: &mut Row) {
        let shape = self.shape();
        let n = shape.x;
        let (grey, scales) = row.values.split_at_mut(n);
        let begin = shape.index(z, y, 0);
        for (to, from) in grey.iter_mut().zip(&self.grey.as_slice()[begin..begin + n]) {
            *to = from.to_f32();
        }
        for (smooth, out) in self.smooth.iter().zip(scales.chunks_exact_mut(PER_SCALE * n)) {
            self.at_scale(smooth, z, y, out);
        }
    }

    fn at_scale(&self, smooth: &Volume<f32>, z: usize, y: usize, out: &mut [f32]) {
        let shape = self.shape();
        let n = shape.x;
        let line = |dz: isize, dy: isize| {
            let z = z.saturating_add_signed(dz).min(shape.z - 1);
            let y = y.saturating_add_signed(dy).min(shape.y - 1);
            let begin = shape.index(z, y, 0);
            &smooth.as_slice()[begin..begin + n]
        };
        // By z, then y: [below, here, above].
        let l: [[&[f32]; 3]; 3] =
            std::array::from_fn(|k| std::array::from_fn(|j| line(k as isize - 1, j as isize - 1)));
        let [ix, iy, iz] = self.inverse;
        let (g, rest) = out.split_at_mut(n);
        let (slope, rest) = rest.split_at_mut(n);
        let (trace, rest) = rest.split_at_mut(n);
        let (j2, determinant) = rest.split_at_mut(n);
        for x in 0..n {
            let (a, b) = (x.saturating_sub(1), (x + 1).min(n - 1));
            let c = l[1][1][x];
            let gx = 0.5 * ix * (l[1][1][b] - l[1][1][a]);
            let gy = 0.5 * iy * (l[1][2][x] - l[1][0][x]);
            let gz = 0.5 * iz * (l[2][1][x] - l[0][1][x]);
            let xx = ix * ix * (l[1][1][b] - 2.0 * c + l[1][1][a]);
            let yy = iy * iy * (l[1][2][x] - 2.0 * c + l[1][0][x]);
            let zz = iz * iz * (l[2][1][x] - 2.0 * c + l[0][1][x]);
            let xy = 0.25 * ix * iy * (l[1][2][b] - l[1][2][a] - l[1][0][b] + l[1][0][a]);
            let xz = 0.25 * ix * iz * (l[2][1][b] - l[2][1][a] - l[0][1][b] + l[0][1][a]);
            let yz = 0.25 * iy * iz * (l[2][2][x] - l[2][0][x] - l[0][2][x] + l[0][0][x]);
            let third = (xx + yy + zz) / 3.0;
            let (dx, dy, dz) = (xx - third, yy - third, zz - third);
            g[x] = c;
            slope[x] = gx * gx + gy * gy + gz * gz;
            trace[x] = 3.0 * third;
            j2[x] = 0.5 * (dx * dx + dy * dy + dz * dz) + xy * xy + xz * xz + yz * yz;
            determinant[x] = xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz);
        }
    }
}
