//! The Gaussian filter, one axis after the other.
//!
//! `g(i) = exp(-(i h_a)^2 / (2 s^2)) / sum`, with `h_a` the voxel edge along axis `a`, `s = sigma_voxel * min(h)` the
//! same physical length on all three axes, and `|i| <= 4 s / h_a` rounded to the nearest whole voxel (the cut of
//! `scipy.ndimage.gaussian_filter`). Sums are taken in f32.

use foamflux_grid::{Axis, Sample, Volume, Watch};
use rayon::prelude::*;

use crate::bits::{Bits, runs};

use super::{FilterError, MAX_SIGMA_VOXEL, assemble, mirror, plane_len, require_finite};

/// Where the kernel is cut, in sigmas: beyond it lies 6e-5 of the weight.
const TRUNCATE_SIGMAS: f64 = 4.0;

/// The volume convolved with a Gaussian.
///
/// `sigma_voxel` is in units of the **smallest** voxel edge and the physical sigma is equal on all axes: with voxels of
/// 1 x 1 x 2 um (x,y,z) a sigma of 2 is 2 um, so 2 voxels along x and y and 1 along z. Borders are mirrored. Memory:
/// the result and a few planes.
///
/// # Errors
/// [`FilterError`] for a sigma out of range, voxels that are not finite, and on cancellation.
pub fn gaussian<T: Sample>(
    volume: &Volume<T>,
    sigma_voxel: f64,
    watch: &dyn Watch,
) -> Result<Volume<f32>, FilterError> {
    if !(sigma_voxel > 0.0 && sigma_voxel <= MAX_SIGMA_VOXEL) {
        return Err(FilterError::Sigma { sigma_voxel });
    }
    require_finite(volume)?;
    let shape = volume.shape();
    let spacing = volume.spacing();
    let half_kernel = |axis: Axis| half_kernel(sigma_voxel * spacing.min_edge() / spacing.along(axis));
    let (kx, ky, kz) = (half_kernel(Axis::X), half_kernel(Axis::Y), half_kernel(Axis::Z));
    let (nx, ny) = (shape.x, shape.y);

    let mut out = vec![0f32; shape.len()];
    out.par_chunks_mut(plane_len(shape)).enumerate().try_for_each_init(
        || (vec![0f32; plane_len(shape)], vec![0f32; nx + 2 * (kx.len() - 1)]),
        |(scratch, line), (z, target)| {
            if watch.cancelled() {
                return Err(FilterError::Cancelled);
            }
            for (source, row) in volume.plane(z).chunks_exact(nx).zip(scratch.chunks_exact_mut(nx)) {
                along_line(source.iter().map(|v| v.to_f32()), line, &kx, row);
            }
            across_rows(scratch, nx, &ky, target.chunks_exact_mut(nx));
            Ok(())
        },
    )?;

    // A row of every slice goes together, so that the z pass works in place without a second volume.
    let mut by_y: Vec<Vec<&mut [f32]>> = (0..ny).map(|_| Vec::with_capacity(shape.z)).collect();
    for (i, row) in out.chunks_exact_mut(nx).enumerate() {
        by_y[i % ny].push(row);
    }
    if kz.len() > 1 {
        by_y.par_iter_mut().try_for_each_init(
            || vec![0f32; shape.z * nx],
            |sheet, rows| {
                if watch.cancelled() {
                    return Err(FilterError::Cancelled);
                }
                for (row, copy) in rows.iter().zip(sheet.chunks_exact_mut(nx)) {
                    copy.copy_from_slice(row);
                }
                across_rows(sheet, nx, &kz, rows.iter_mut().map(|row| &mut **row));
                Ok(())
            },
        )?;
    }
    drop(by_y);
    Ok(assemble(volume, out))
}

/// The true voxels at which [`gaussian`] of the mask is at least `level`, with the same bits and without its volume.
///
/// Memory: the result, and a few planes per thread.
///
/// # Errors
/// [`FilterError`] for a sigma out of range and on cancellation.
pub fn gaussian_core(
    mask: &Volume<bool>,
    sigma_voxel: f64,
    level: f32,
    watch: &dyn Watch,
) -> Result<Volume<bool>, FilterError> {
    /// Slices by task: few enough to share out, so many that those which the kernel reaches beyond them cost little.
    const SLAB: usize = 64;
    if !(sigma_voxel > 0.0 && sigma_voxel <= MAX_SIGMA_VOXEL) {
        return Err(FilterError::Sigma { sigma_voxel });
    }
    let shape = mask.shape();
    let spacing = mask.spacing();
    let kernel = |axis: Axis| half_kernel(sigma_voxel * spacing.min_edge() / spacing.along(axis));
    let kernels = [kernel(Axis::X), kernel(Axis::Y), kernel(Axis::Z)];
    let bits = Bits::new(mask);
    let mut out = vec![false; shape.len()];
    out.par_chunks_mut(SLAB * plane_len(shape)).enumerate().try_for_each(|(slab, out)| {
        let reach = kernels[2].len() - 1;
        let mut planes = Planes::new(mask, &bits, &kernels);
        let mut sums = vec![0f32; shape.x];
        for (i, out) in out.chunks_exact_mut(plane_len(shape)).enumerate() {
            if watch.cancelled() {
                return Err(FilterError::Cancelled);
            }
            let z = slab * SLAB + i;
            planes.advance(z.saturating_sub(reach), (z + reach).min(shape.z - 1));
            let plane = |dz: isize| planes.plane(mirror(z as isize + dz, shape.z));
            let around: Vec<[&[f32]; 2]> = (0..=reach as isize).map(|k| [plane(-k), plane(k)]).collect();
            for y in 0..shape.y {
                for run in runs(bits.row(z * shape.y + y)) {
                    let range = y * shape.x + run.start..y * shape.x + run.end;
                    let sums = &mut sums[..range.len()];
                    for (s, &v) in sums.iter_mut().zip(&around[0][0][range.clone()]) {
                        *s = kernels[2][0] * v;
                    }
                    for (&w, [below, above]) in kernels[2].iter().zip(&around).skip(1) {
                        for ((s, &a), &b) in sums.iter_mut().zip(&below[range.clone()]).zip(&above[range.clone()]) {
                            *s += w * (a + b);
                        }
                    }
                    for (o, &s) in out[range].iter_mut().zip(&*sums) {
                        *o = s >= level;
                    }
                }
            }
        }
        Ok(())
    })?;
    Ok(assemble(mask, out))
}

/// Slices of a mask convolved along x and y, as many as the kernel along z reaches over.
struct Planes<'a> {
    mask: &'a Volume<bool>,
    bits: &'a Bits,
    kernels: &'a [Vec<f32>; 3],
    /// Slice z is in place `z % len`.
    ring: Vec<Vec<f32>>,
    /// The first slice that is not there yet.
    next: usize,
    scratch: Vec<f32>,
    line: Vec<f32>,
}

impl<'a> Planes<'a> {
    fn new(mask: &'a Volume<bool>, bits: &'a Bits, kernels: &'a [Vec<f32>; 3]) -> Self {
        let shape = mask.shape();
        let plane = || vec![0f32; plane_len(shape)];
        Planes {
            mask,
            bits,
            kernels,
            ring: (0..2 * kernels[2].len() - 1).map(|_| plane()).collect(),
            next: 0,
            scratch: plane(),
            line: vec![0f32; shape.x + 2 * (kernels[0].len() - 1)],
        }
    }

    fn plane(&self, z: usize) -> &[f32] {
        &self.ring[z % self.ring.len()]
    }

    /// Makes the slices from `first` to `last`, which must both not go back.
    fn advance(&mut self, first: usize, last: usize) {
        let Planes { mask, bits, kernels, ring, next, scratch, line } = self;
        let shape = mask.shape();
        for z in first.max(*next)..=last {
            for (y, out) in scratch.chunks_exact_mut(shape.x).enumerate() {
                let row = z * shape.y + y;
                if bits.row(row).iter().all(|&w| w == 0) {
                    out.fill(0.0);
                } else {
                    let source = &mask.as_slice()[row * shape.x..(row + 1) * shape.x];
                    along_line(source.iter().map(|&m| f32::from(u8::from(m))), line, &kernels[0], out);
                }
            }
            let at = z % ring.len();
            across_rows(scratch, shape.x, &kernels[1], ring[at].chunks_exact_mut(shape.x));
        }
        *next = last + 1;
    }
}

/// Weights of the offsets `0, 1, ..` of a kernel whose full sum, both sides, is one.
fn half_kernel(sigma: f64) -> Vec<f32> {
    let radius = (TRUNCATE_SIGMAS * sigma + 0.5).floor() as usize;
    let raw: Vec<f64> = (0..=radius).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
    let sum = 2.0 * raw.iter().sum::<f64>() - raw[0];
    raw.iter().map(|w| (w / sum) as f32).collect()
}

/// Convolves one x row; `line` is scratch for the row with its mirrored ends.
fn along_line(source: impl Iterator<Item = f32>, line: &mut [f32], kernel: &[f32], target: &mut [f32]) {
    let (n, r) = (target.len(), kernel.len() - 1);
    for (value, l) in source.zip(&mut line[r..r + n]) {
        *l = value;
    }
    for i in 0..r {
        line[r - 1 - i] = line[r + mirror(-1 - i as isize, n)];
        line[r + n + i] = line[r + mirror((n + i) as isize, n)];
    }
    let around: Vec<[&[f32]; 2]> =
        (0..kernel.len()).map(|k| [&line[r - k..r - k + n], &line[r + k..r + k + n]]).collect();
    weighted(kernel, &around, target);
}

/// Convolves across the rows of a sheet: target row `i` is the weighted sum of the sheet's rows about `i`.
fn across_rows<'a>(sheet: &[f32], nx: usize, kernel: &[f32], targets: impl Iterator<Item = &'a mut [f32]>) {
    let n = sheet.len() / nx;
    let row = |i: isize| {
        let i = mirror(i, n);
        &sheet[i * nx..(i + 1) * nx]
    };
    let mut around: Vec<[&[f32]; 2]> = Vec::with_capacity(kernel.len());
    for (i, target) in targets.enumerate() {
        around.clear();
        around.extend((0..kernel.len() as isize).map(|k| [row(i as isize - k), row(i as isize + k)]));
        weighted(kernel, &around, target);
    }
}

/// The first row of `around` by the first weight, and the sums of its pairs by theirs.
fn weighted(kernel: &[f32], around: &[[&[f32]; 2]], target: &mut [f32]) {
    /// Values that are summed in registers.
    const BLOCK: usize = 32;
    let (Some((&first, rest)), Some((own, pairs))) = (kernel.split_first(), around.split_first()) else { return };
    let mut blocks = target.chunks_exact_mut(BLOCK);
    let mut at = 0;
    for block in &mut blocks {
        let mut sums = [0f32; BLOCK];
        for (s, &v) in sums.iter_mut().zip(&own[0][at..at + BLOCK]) {
            *s = first * v;
        }
        for (&w, [below, above]) in rest.iter().zip(pairs) {
            for ((s, &a), &b) in sums.iter_mut().zip(&below[at..at + BLOCK]).zip(&above[at..at + BLOCK]) {
                *s += w * (a + b);
            }
        }
        block.copy_from_slice(&sums);
        at += BLOCK;
    }
    let last = blocks.into_remainder();
    for (t, &v) in last.iter_mut().zip(&own[0][at..]) {
        *t = first * v;
    }
    for (&w, [below, above]) in rest.iter().zip(pairs) {
        for ((t, &a), &b) in last.iter_mut().zip(&below[at..]).zip(&above[at..]) {
            *t += w * (a + b);
        }
    }
}
