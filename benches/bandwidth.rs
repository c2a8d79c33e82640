//! The machine's memory bandwidth as the kernels see it: f32 arrays, all threads of the pool, no tricks.
//!
//! ```text
//! copy   b_i = a_i              8 bytes per element
//! triad  c_i = a_i + s b_i     12 bytes per element
//! ```
//!
//! The arithmetic and the counting are those of STREAM (McCalpin 1995): each array counts once per direction, so the
//! line that a store reads before it writes is not counted, as it is not in the traffic models of the kernels.

use std::time::Instant;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Elements per array: 128 MiB, four times the largest last-level cache of the machines that we measured on.
pub const ELEMENTS: usize = 32 << 20;

/// Elements per task: 256 KiB, large against the cost of a task, small against what a thread has to do.
const CHUNK: usize = 64 << 10;

/// Timed passes; the median of an odd number is one of them.
const PASSES: usize = 7;

/// Bandwidth in bytes per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// Of a copy, median of several passes.
    pub copy_bytes_per_s: f64,
    /// Of a triad, median of several passes.
    pub triad_bytes_per_s: f64,
    /// Slowest over fastest copy: 1 on a quiet machine, above 1.3 the numbers of this minute are worth little.
    pub spread: f64,
}

impl Bandwidth {
    /// Measures with arrays of `elements` f32 in the current rayon pool; about a second for [`ELEMENTS`].
    #[must_use]
    pub fn measure(elements: usize) -> Self {
        let mut arrays = Arrays::new(elements);
        // The first pass pays for page faults and clock changes.
        arrays.copy();
        arrays.triad();
        let copy = seconds(|| arrays.copy());
        let triad = seconds(|| arrays.triad());
        let bytes = |per_element: usize| (elements * per_element) as f64;
        Bandwidth {
            copy_bytes_per_s: bytes(8) / median(&copy),
            triad_bytes_per_s: bytes(12) / median(&triad),
            spread: copy.iter().copied().fold(0.0, f64::max) / copy.iter().copied().fold(f64::INFINITY, f64::min),
        }
    }

    /// Seconds that moving `bytes` takes at the bandwidth of the triad, which reads more than it writes as kernels do.
    #[must_use]
    pub fn floor_seconds(self, bytes: f64) -> f64 {
        bytes / self.triad_bytes_per_s
    }
}

/// Three arrays and the two kernels over them.
#[derive(Debug)]
pub struct Arrays {
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
}

impl Arrays {
    /// Arrays of `elements` f32, written once so that every page is there.
    #[must_use]
    pub fn new(elements: usize) -> Self {
        let elements = elements.max(1);
        Arrays { a: vec![1.0; elements], b: vec![2.0; elements], c: vec![3.0; elements] }
    }

    /// `b = a`.
    pub fn copy(&mut self) {
        let from = self.a.par_chunks(CHUNK);
        self.b.par_chunks_mut(CHUNK).zip(from).for_each(|(b, a)| b.copy_from_slice(a));
    }

    /// `c = a + s b`.
    pub fn triad(&mut self) {
        let from = self.a.par_chunks(CHUNK).zip(self.b.par_chunks(CHUNK));
        self.c.par_chunks_mut(CHUNK).zip(from).for_each(|(c, (a, b))| {
            for ((c, a), b) in c.iter_mut().zip(a).zip(b) {
                *c = *a + 3.0 * *b;
            }
        });
    }

    /// The sum of what the kernels wrote, so that nothing is optimised away.
    #[must_use]
    pub fn checksum(&self) -> f64 {
        self.b.iter().zip(&self.c).map(|(b, c)| f64::from(*b) + f64::from(*c)).sum()
    }
}

fn seconds(mut pass: impl FnMut()) -> Vec<f64> {
    (0..PASSES)
        .map(|_| {
            let start = Instant::now();
            pass();
            // A clock that did not move would divide by zero.
            start.elapsed().as_secs_f64().max(1e-9)
        })
        .collect()
}

/// The middle of the values, NaN where there are none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (n, middle) if n % 2 == 1 => sorted[middle],
        (_, middle) => 0.5 * (sorted[middle - 1] + sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_do_what_they_say() {
        // Three and a bit chunks, so that the last one is short.
        let n = 3 * CHUNK + 5;
        let mut arrays = Arrays::new(n);
        arrays.copy();
        assert!(arrays.b.iter().all(|b| b.to_bits() == 1f32.to_bits()));
        arrays.triad();
        assert!(arrays.c.iter().all(|c| c.to_bits() == 4f32.to_bits()));
        assert_eq!(arrays.checksum().to_bits(), (5.0 * n as f64).to_bits());
    }

    #[test]
    fn a_measurement_is_positive_and_the_floor_scales_with_the_bytes() {
        let bandwidth = Bandwidth::measure(CHUNK);
        assert!(bandwidth.copy_bytes_per_s > 0.0 && bandwidth.triad_bytes_per_s > 0.0 && bandwidth.spread >= 1.0);
        let given = Bandwidth { copy_bytes_per_s: 2e9, triad_bytes_per_s: 4e9, spread: 1.0 };
        assert_eq!(given.floor_seconds(8e9).to_bits(), 2f64.to_bits());
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]).to_bits(), 2f64.to_bits());
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]).to_bits(), 2.5f64.to_bits());
        assert!(median(&[]).is_nan());
    }
}
