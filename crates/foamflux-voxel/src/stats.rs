//! Summaries of the values that a quantity takes over a phase.
//!
//! With the n finite values sorted as v_0 <= ... <= v_{n-1}:
//! mean = sum(v)/n, std = sqrt(sum((v - mean)^2)/n) (population, no n - 1: the voxels are the whole sample),
//! and the percentile p is v at the position p (n - 1), linearly interpolated between the two neighbours
//! (definition 7 of Hyndman and Fan, The American Statistician 50 (1996) 361, which numpy uses too).
//! Percentiles are exact: they come from selection, not from a histogram.
//! Sums run in f64 over the values in memory order, so they do not depend on the number of threads.

use foamflux_grid::{GridError, Volume};
use serde::{Deserialize, Serialize};

/// Mean, spread and percentiles, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Arithmetic mean.
    pub mean: f64,
    /// 50th percentile.
    pub median: f64,
    /// Population standard deviation.
    pub std: f64,
    /// 5th percentile.
    pub p05: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Number of finite values.
    pub count: u64,
}

impl Summary {
    /// Summary of the finite values; `None` when there are none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f32>) -> Option<Self> {
        let mut finite: Vec<f32> = values.into_iter().filter(|v| v.is_finite()).collect();
        let n = finite.len();
        if n == 0 {
            return None;
        }
        let mean = finite.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
        let variance = finite.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n as f64;
        // Ascending order of the percentiles: each selection leaves the larger values behind it.
        let p05 = percentile(&mut finite, 0.05);
        let median = percentile(&mut finite, 0.5);
        let p95 = percentile(&mut finite, 0.95);
        Some(Summary { mean, median, std: variance.sqrt(), p05, p95, count: n as u64 })
    }

    /// Summary of the finite `values` where `mask` is true; `None` when there are none.
    ///
    /// # Errors
    /// [`GridError::Mismatch`] when the shapes differ.
    pub fn over(values: &Volume<f32>, mask: &Volume<bool>) -> Result<Option<Self>, GridError> {
        if values.shape() != mask.shape() {
            return Err(GridError::Mismatch { left: values.shape(), right: mask.shape() });
        }
        let inside = values.as_slice().iter().zip(mask.as_slice()).filter(|&(_, &m)| m);
        Ok(Summary::of(inside.map(|(&v, _)| v)))
    }
}

/// The percentile `p` in 0..=1 of values that are finite and not empty; reorders them.
fn percentile(values: &mut [f32], p: f64) -> f64 {
    let position = p * (values.len() - 1) as f64;
    let below = position.floor() as usize;
    let fraction = position - below as f64;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f32::total_cmp);
    let low = f64::from(low);
    match above.iter().copied().min_by(f32::total_cmp) {
        Some(high) if fraction > 0.0 => low + fraction * (f64::from(high) - low),
        _ => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::{Shape, VoxelSize};

    /// The values are small whole numbers: only the last bits of a division may differ.
    const ROUNDING: f64 = 1e-12;

    #[test]
    fn percentiles_are_those_of_numpy() {
        // numpy.percentile([3,1,4,1,5,9,2,6,5,3,5], [5,50,95]) = 1, 4, 7.5; std = 2.249...
        let s = Summary::of([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0]).unwrap();
        assert!((s.mean - 4.0).abs() < ROUNDING);
        assert!((s.p05 - 1.0).abs() < ROUNDING && (s.median - 4.0).abs() < ROUNDING && (s.p95 - 7.5).abs() < ROUNDING);
        assert!((s.std - (56.0f64 / 11.0).sqrt()).abs() < ROUNDING);
        assert_eq!(s.count, 11);
    }

    #[test]
    fn one_value_is_every_percentile_and_none_is_none() {
        let s = Summary::of([2.5]).unwrap();
        for v in [s.mean, s.median, s.p05, s.p95] {
            assert!((v - 2.5).abs() < ROUNDING);
        }
        assert!(s.std.abs() < ROUNDING);
        assert_eq!(Summary::of([]), None);
        assert_eq!(Summary::of([f32::INFINITY, f32::NAN]), None);
    }

    #[test]
    fn only_voxels_of_the_mask_count() {
        let shape = Shape::new(1, 1, 4).unwrap();
        let values = Volume::from_vec(shape, VoxelSize::Unknown, vec![1.0, 2.0, f32::INFINITY, 50.0]).unwrap();
        let mask = Volume::from_vec(shape, VoxelSize::Unknown, vec![true, true, true, false]).unwrap();
        let s = Summary::over(&values, &mask).unwrap().unwrap();
        assert_eq!(s.count, 2);
        assert!((s.mean - 1.5).abs() < ROUNDING);
        let other = Volume::from_fn(Shape::cube(2).unwrap(), VoxelSize::Unknown, |_, _, _| true);
        assert!(Summary::over(&values, &other).is_err());
    }
}
