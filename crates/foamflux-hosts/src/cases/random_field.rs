//! Gaussian random fields: white noise, smoothed by a Gaussian in a periodic box.
//!
//! Blobs are such a field cut at the quantile that gives the wanted porosity, as in PoreSpy's `blobs`
//! (Gostick et al. 2019).
//! What we do differently: the box is periodic, the noise is uniform (the sum over a kernel is Gaussian all the same),
//! the porosity is met to one voxel, and the correlation length is given in voxels instead of as a share of the box, so
//! that a larger box has more blobs and not larger ones.

use foamflux_grid::{Shape, Volume, VoxelSize};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;
use rayon::prelude::*;

/// True where the field is at or above its quantile `porosity`.
pub(crate) fn blobs(shape: Shape, porosity: f64, correlation_voxel: f64, generator: &mut Pcg64Mcg) -> Volume<bool> {
    let noise: Vec<f32> = (0..shape.len()).map(|_| uniform(generator)).collect();
    let field = smooth(noise, shape, correlation_voxel);
    let cut = quantile(&field, porosity);
    Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| field[shape.index(z, y, x)] >= cut)
}

/// Uniform between -1/2 and 1/2, every value exact in f32.
fn uniform(generator: &mut Pcg64Mcg) -> f32 {
    const BITS: u32 = 24;
    (generator.next_u32() >> (32 - BITS)) as f32 / (1u32 << BITS) as f32 - 0.5
}

/// The value below which a share of the values lies; above all of them for a share of 1.
fn quantile(values: &[f32], share: f64) -> f32 {
    let below = (share * values.len() as f64).round() as usize;
    if below >= values.len() {
        return f32::INFINITY;
    }
    let mut values = values.to_vec();
    *values.select_nth_unstable_by(below, f32::total_cmp).1
}

/// Gaussian smoothing along x, y and z in a periodic box. The sums run in a fixed order for every voxel.
fn smooth(mut field: Vec<f32>, shape: Shape, deviation: f64) -> Vec<f32> {
    let weights = gaussian(deviation);
    let (row, plane) = (shape.x, shape.x * shape.y);
    let mut out = vec![0f32; field.len()];
    // Along x within a row, along y by whole rows, along z by whole planes: each is a sum of shifted slices.
    out.par_chunks_mut(row).zip(field.par_chunks(row)).for_each(|(out, row)| shifted_sum(out, row, 1, &weights));
    field
        .par_chunks_mut(plane)
        .zip(out.par_chunks(plane))
        .for_each(|(out, plane)| shifted_sum(out, plane, row, &weights));
    out.par_chunks_mut(plane).enumerate().for_each(|(z, out)| {
        out.fill(0.0);
        for (k, weight) in weights.iter().enumerate() {
            let from = wrapped(z, k, weights.len(), shape.z) * plane;
            add(out, &field[from..from + plane], *weight);
        }
    });
    out
}

/// `out = sum over k  weight_k in_(i + k)` over items of `stride` values, `in` closed to a ring.
fn shifted_sum(out: &mut [f32], values: &[f32], stride: usize, weights: &[f32]) {
    let items = values.len() / stride;
    out.fill(0.0);
    for (k, weight) in weights.iter().enumerate() {
        // Item 0 takes item `first`, and so on up to the end of the ring.
        let first = wrapped(0, k, weights.len(), items) * stride;
        let (wrapped, straight) = values.split_at(first);
        let (head, tail) = out.split_at_mut(straight.len());
        add(head, straight, *weight);
        add(tail, wrapped, *weight);
    }
}

fn add(out: &mut [f32], values: &[f32], weight: f32) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += weight * *value;
    }
}

/// Place of weight `k` of `count`, centred on `place`, in a ring of `length`.
fn wrapped(place: usize, k: usize, count: usize, length: usize) -> usize {
    let centre = count / 2 % length;
    (place + k + length - centre) % length
}

/// Weights of a Gaussian up to four standard deviations on either side, of sum 1.
fn gaussian(deviation: f64) -> Vec<f32> {
    let reach = (4.0 * deviation).ceil() as i32;
    let weights: Vec<f64> = (-reach..=reach).map(|k| (-0.5 * (f64::from(k) / deviation).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / total) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_pcg::rand_core::SeedableRng;

    #[test]
    fn smoothing_is_a_sum_over_the_ring() {
        // Plain loops, on a box that is smaller than the kernel along one axis.
        let shape = Shape::new(3, 7, 10).unwrap();
        let weights = gaussian(1.0);
        let mut generator = Pcg64Mcg::seed_from_u64(5);
        let noise: Vec<f32> = (0..shape.len()).map(|_| uniform(&mut generator)).collect();
        let smoothed = smooth(noise.clone(), shape, 1.0);
        let reach = weights.len() as isize / 2;
        let at =
            |place: usize, shift: isize, length: usize| (place as isize + shift).rem_euclid(length as isize) as usize;
        for (i, got) in smoothed.iter().enumerate() {
            let (z, y, x) = shape.zyx_of(i);
            let mut sum = 0.0;
            for (c, wz) in (-reach..=reach).zip(&weights) {
                for (b, wy) in (-reach..=reach).zip(&weights) {
                    for (a, wx) in (-reach..=reach).zip(&weights) {
                        let from = shape.index(at(z, c, shape.z), at(y, b, shape.y), at(x, a, shape.x));
                        sum += f64::from(*wz) * f64::from(*wy) * f64::from(*wx) * f64::from(noise[from]);
                    }
                }
            }
            // Three sums of nine f32 terms below 1.
            const ROUNDING: f64 = 1e-6;
            assert!((f64::from(*got) - sum).abs() < ROUNDING, "{i}");
        }
    }
}
