//! Non-local means in three dimensions (A. Buades, B. Coll, J.-M. Morel 2005), in time linear in voxels.
//!
//! ```text
//! u(p) = sum_q w(p, q) v(q) / sum_q w(p, q)       q in the cube of 5 voxels per edge about p
//! w    = (1 - max(d - 2 sigma^2, 0) / (s c sigma^2))^2, not below 0
//! ```
//!
//! `d` is the mean square difference of the cubes of 3 voxels per edge about p and q, which noise alone makes `2 sigma^2`,
//! `sigma` the measured noise, `s` the strength and `c` 2.5: a third of a cube that differs by three times the noise has no
//! weight left. The weight is a polynomial instead of an exponential, and the sums over cubes are taken for one shift of the
//! whole slice at a time (J. Darbon and others 2008), so that everything is a sum of rows. The voxel itself counts with the
//! largest weight of the others, as it would outvote them otherwise.

use foamflux_grid::{Sample, Volume, Watch};
use rayon::prelude::*;

use super::{FilterError, assemble, begun, mirror, plane_len};

/// Half of the cube of voxels that are averaged.
const SEARCH: isize = 2;
/// Half of the cubes that are compared.
const PATCH: isize = 1;
/// Excess of the mean square difference at which a weight vanishes, in variances of the noise.
const REACH: f64 = 2.5;
/// Slices by task; those about them are converted twice.
const SLAB: usize = 8;

/// The volume with noise of standard deviation `sigma` averaged out over places that look alike.
///
/// Borders are mirrored. Memory: the result, and a few dozen planes per thread.
///
/// # Errors
/// [`FilterError`] for a strength out of range, voxels that are not finite, and on cancellation.
pub fn non_local_means<T: Sample>(
    volume: &Volume<T>,
    sigma: f64,
    strength: f64,
    watch: &dyn Watch,
) -> Result<Volume<f32>, FilterError> {
    let (mut out, noisy) = begun(volume, sigma, strength)?;
    if !noisy {
        return Ok(assemble(volume, out));
    }
    out.fill(0.0);
    let shape = volume.shape();
    let margin = SEARCH + PATCH;
    let (width, height) = (shape.x + 2 * margin as usize, shape.y + 2 * margin as usize);
    let plane = plane_len(shape);
    let noise = (2.0 * sigma * sigma) as f32;
    let slope = (1.0 / (strength * REACH * sigma * sigma)) as f32;
    // Rows and columns about which cubes are compared: those of the slice and one more on each side.
    let (across, down) = (shape.x + 2, shape.y + 2);
    out.par_chunks_mut(SLAB * plane).enumerate().try_for_each(|(slab, out)| {
        let first = (slab * SLAB) as isize;
        let slices = out.len() / plane;
        // Slices with their mirrored margins.
        let planes: Vec<Vec<f32>> = (first - margin..first + slices as isize + margin)
            .map(|z| {
                let source = volume.plane(mirror(z, shape.z));
                let mut padded = Vec::with_capacity(width * height);
                for y in -margin..shape.y as isize + margin {
                    let row = &source[mirror(y, shape.y) * shape.x..][..shape.x];
                    padded.extend((-margin..0).map(|x| row[mirror(x, shape.x)].to_f32()));
                    padded.extend(row.iter().map(|v| v.to_f32()));
                    padded.extend((0..margin).map(|x| row[mirror(shape.x as isize + x, shape.x)].to_f32()));
                }
                padded
            })
            .collect();
        let mut weights = vec![0f32; out.len()];
        let mut largest = vec![0f32; out.len()];
        let mut squares = vec![vec![0f32; shape.x * shape.y]; 3];
        let mut rows = vec![0f32; shape.x * down];
        let mut line = vec![0f32; across];
        for dz in -SEARCH..=SEARCH {
            if watch.cancelled() {
                return Err(FilterError::Cancelled);
            }
            for dy in -SEARCH..=SEARCH {
                for dx in (-SEARCH..=SEARCH).filter(|&dx| (dx, dy, dz) != (0, 0, 0)) {
                    for k in 0..slices + 2 {
                        // Squares of slice `first - 1 + k`, summed over 3 x 3 columns and rows.
                        let a = &planes[k + SEARCH as usize];
                        let b = &planes[(k as isize + SEARCH + dz) as usize];
                        for (j, sums) in rows.chunks_exact_mut(shape.x).enumerate() {
                            let y = j + SEARCH as usize;
                            let own = &a[y * width + SEARCH as usize..][..across];
                            let at = (y as isize + dy) as usize * width + (SEARCH + dx) as usize;
                            for ((l, p), q) in line.iter_mut().zip(own).zip(&b[at..at + across]) {
                                *l = (p - q) * (p - q);
                            }
                            let (left, middle, right) = (&line[..shape.x], &line[1..=shape.x], &line[2..]);
                            for (((s, l), m), r) in sums.iter_mut().zip(left).zip(middle).zip(right) {
                                *s = l + m + r;
                            }
                        }
                        let target = &mut squares[k % 3];
                        for (y, target) in target.chunks_exact_mut(shape.x).enumerate() {
                            let row = |j: usize| &rows[j * shape.x..(j + 1) * shape.x];
                            for (((t, a), b), c) in target.iter_mut().zip(row(y)).zip(row(y + 1)).zip(row(y + 2)) {
                                *t = a + b + c;
                            }
                        }
                        if k < 2 {
                            continue;
                        }
                        let z = k - 2;
                        let shifted = &planes[(z as isize + margin + dz) as usize];
                        for y in 0..shape.y {
                            let at = (y as isize + margin + dy) as usize * width + (margin + dx) as usize;
                            let values = &shifted[at..at + shape.x];
                            let range = y * shape.x..(y + 1) * shape.x;
                            let [s0, s1, s2] = [0, 1, 2].map(|i| &squares[i][range.clone()]);
                            let target = z * plane + range.start..z * plane + range.end;
                            let sums = out[target.clone()].iter_mut().zip(&mut weights[target.clone()]);
                            let sums = sums.zip(&mut largest[target]);
                            for ((((((o, w), m), v), a), b), c) in sums.zip(values).zip(s0).zip(s1).zip(s2) {
                                let excess = ((a + b + c) * (1.0 / 27.0) - noise).max(0.0);
                                let alike = (1.0 - excess * slope).max(0.0);
                                let weight = alike * alike;
                                *o += weight * v;
                                *w += weight;
                                *m = m.max(weight);
                            }
                        }
                    }
                }
            }
        }
        for (z, out) in out.chunks_exact_mut(plane).enumerate() {
            let own = &planes[z + margin as usize];
            for (i, o) in out.iter_mut().enumerate() {
                let v = own[(i / shape.x + margin as usize) * width + i % shape.x + margin as usize];
                let at = z * plane + i;
                // A voxel that nothing resembles stays as it is.
                let itself = if largest[at] > 0.0 { largest[at] } else { 1.0 };
                *o = (*o + itself * v) / (weights[at] + itself);
            }
        }
        Ok(())
    })?;
    Ok(assemble(volume, out))
}
