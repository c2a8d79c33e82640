//! Moving slices by parts of a pixel.

use foamflux_grid::{Region, Sample, Shape, Volume, Watch};
use rayon::prelude::*;

use super::AlignError;

/// Share of the frame's columns and rows that must be common to all slices.
const LEAST_COMMON: f64 = 0.25;

/// A stack whose slices were moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied<T> {
    /// The part of the frame that all slices hold.
    pub volume: Volume<T>,
    /// That part, in voxels of the stack as it was.
    pub region: Region,
}

/// Takes these displacements out and cuts the stack to the part that all slices hold.
///
/// Values between pixels come from cubic polynomials (E. Catmull, R. Rom 1974) along x and y, which pass through the pixels and do
/// not blur as straight lines do; whole numbers are rounded.
///
/// # Errors
/// [`AlignError::OutOfFrame`] where too little is common to all, [`AlignError::Cancelled`].
pub fn apply<T: Sample>(
    volume: &Volume<T>,
    displaced: &[[f64; 2]],
    watch: &dyn Watch,
) -> Result<Applied<T>, AlignError> {
    let shape = volume.shape();
    let (low, high) = displaced.iter().fold(([0f64; 2], [0f64; 2]), |(low, high), d| {
        ([low[0].min(d[0]), low[1].min(d[1])], [high[0].max(d[0]), high[1].max(d[1])])
    });
    let range = |axis: usize, n: usize| {
        // Output pixel x shows what lies at x + d.
        let (first, last) = ((-low[axis]).ceil(), (n as f64 - high[axis]).floor());
        (last - first >= LEAST_COMMON * n as f64 && last - first >= 1.0).then_some((first as usize, last as usize))
    };
    let (Some((x0, x1)), Some((y0, y1))) = (range(0, shape.x), range(1, shape.y)) else {
        return Err(AlignError::OutOfFrame { x: high[0] - low[0], y: high[1] - low[1], nx: shape.x, ny: shape.y });
    };
    let region = Region { x0, x1, y0, y1, z0: 0, z1: shape.z };
    let out = Shape { z: shape.z, y: y1 - y0, x: x1 - x0 };
    let mut data = vec![T::default(); out.len()];
    data.par_chunks_mut(out.y * out.x).enumerate().try_for_each_init(
        || vec![0f32; out.x * shape.y],
        |rows, (z, target)| {
            if watch.cancelled() {
                return Err(AlignError::Cancelled);
            }
            let [dx, dy] = displaced.get(z).copied().unwrap_or_default();
            let plane = volume.plane(z);
            let (step, weights) = taps(dx);
            for (row, source) in rows.chunks_exact_mut(out.x).zip(plane.chunks_exact(shape.x)) {
                for (i, o) in row.iter_mut().enumerate() {
                    let at = (x0 + i) as isize + step;
                    let value = |k: isize| source[(at + k).clamp(0, shape.x as isize - 1) as usize].to_f32();
                    *o = weights[0] * value(-1) + weights[1] * value(0) + weights[2] * value(1) + weights[3] * value(2);
                }
            }
            let (step, weights) = taps(dy);
            for (j, target) in target.chunks_exact_mut(out.x).enumerate() {
                let at = (y0 + j) as isize + step;
                let row = |k: isize| {
                    let y = (at + k).clamp(0, shape.y as isize - 1) as usize;
                    &rows[y * out.x..(y + 1) * out.x]
                };
                let around = [row(-1), row(0), row(1), row(2)];
                for (i, o) in target.iter_mut().enumerate() {
                    let value: f32 = (0..4).map(|k| weights[k] * around[k][i]).sum();
                    *o = T::from_f64(f64::from(value));
                }
            }
            Ok(())
        },
    )?;
    match Volume::from_vec(out, volume.voxel_size().clone(), data) {
        Ok(volume) => Ok(Applied { volume, region }),
        Err(_) => unreachable!("one value was written for every voxel"),
    }
}

/// Whole pixels of a displacement, and the weights of the four pixels about its rest.
fn taps(d: f64) -> (isize, [f32; 4]) {
    let whole = d.floor();
    let t = d - whole;
    let (t2, t3) = (t * t, t * t * t);
    let weights =
        [-0.5 * t + t2 - 0.5 * t3, 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3, -0.5 * t2 + 0.5 * t3];
    (whole as isize, weights.map(|w| w as f32))
}
