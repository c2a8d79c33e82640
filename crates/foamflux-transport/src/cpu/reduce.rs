//! Sums that do not depend on the number of threads.
//!
//! Fields are cut into chunks of a fixed length; every chunk is summed in a fixed order in double precision,
//! and the chunks are added in order.

use rayon::prelude::*;

use super::real::Real;

/// Elements per chunk: 32 KiB of `f32`, so that the passes over one chunk stay in the first two caches.
pub(super) const CHUNK: usize = 8192;

/// Squared roundings of an iterate, in units of its last digit, that its energy may carry: it is rounded in every step,
/// and the last few are not repaired. Measured: up to 2.7 near percolation.
pub(super) const ROUNDINGS: f64 = 8.0;

/// Partial sums kept side by side, so that additions need not wait for each other.
const LANES: usize = 8;

/// `sum a` over one chunk.
#[inline(always)]
pub(super) fn sum(a: &[f32]) -> f64 {
    let mut lanes = [0.0f64; LANES];
    let chunks = a.chunks_exact(LANES);
    let tail: f64 = chunks.remainder().iter().map(|&x| f64::from(x)).sum();
    for x in chunks {
        for k in 0..LANES {
            lanes[k] += f64::from(x[k]);
        }
    }
    lanes.iter().sum::<f64>() + tail
}

/// `sum a b` over one chunk.
#[inline(always)]
pub(super) fn dot<T: Real>(a: &[T], b: &[T]) -> f64 {
    let mut lanes = [0.0f64; LANES];
    let (a8, b8) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(&x, &y)| (x * y).wide()).sum();
    for (x, y) in a8.zip(b8) {
        for k in 0..LANES {
            lanes[k] += (x[k] * y[k]).wide();
        }
    }
    lanes.iter().sum::<f64>() + tail
}

/// Adds the chunks' sums in order.
pub(super) fn total<const K: usize>(parts: &[[f64; K]]) -> [f64; K] {
    let mut sum = [0.0; K];
    for part in parts {
        for k in 0..K {
            sum[k] += part[k];
        }
    }
    sum
}

/// `x += alpha p`, `r -= alpha q`.
pub(super) fn advance<T: Real>(alpha: f64, x: &mut [T], r: &mut [T], p: &[T], q: &[T]) {
    let a = T::of(alpha);
    x.par_chunks_mut(CHUNK).zip(r.par_chunks_mut(CHUNK)).zip(p.par_chunks(CHUNK).zip(q.par_chunks(CHUNK))).for_each(
        |((x, r), (p, q))| {
            for (x, &p) in x.iter_mut().zip(p) {
                *x += a * p;
            }
            for (r, &q) in r.iter_mut().zip(q) {
                *r -= a * q;
            }
        },
    );
}

/// `p = z + beta p`; without `beta`, `p = z`.
pub(super) fn direction<T: Real>(beta: Option<f64>, z: &[T], p: &mut [T]) {
    let b = T::of(beta.unwrap_or(0.0));
    p.par_chunks_mut(CHUNK).zip(z.par_chunks(CHUNK)).for_each(|(p, z)| {
        for (p, &z) in p.iter_mut().zip(z) {
            *p = z + b * *p;
        }
    });
}
