//! Histograms of grey values and Otsu's threshold.
//!
//! Otsu (IEEE Trans. SMC 9, 62, 1979) takes the split `k` of the histogram that maximises the variance between the
//! classes,
//!
//! `s_B^2(k) = w0 w1 (m0 - m1)^2`, with `w` the shares of voxels and `m` the mean grey values below and above,
//!
//! and calls `eta = s_B^2 / s_T^2` (variance between the classes over total variance, 0 to 1) the separability.
//!
//! **When it fails.** Maximising `w0 w1 (m0 - m1)^2` wants classes of comparable size. In a host with 4 % solid the
//! noise of the pore has more variance than the solid adds, and the threshold slides into the flank of the pore's
//! peak: on raw grey with a contrast-to-noise ratio of 6 it gave five times the true solid. A high `eta` does not
//! exclude this, a low one (a single Gaussian peak reaches `2/pi = 0.64`, a flat histogram 0.75) suggests it, the more
//! so with [`Otsu::valley`] near 1: there is no dip of the histogram at the threshold. Denoise first, which makes the
//! peaks narrower, or set the threshold between the two peaks by hand.
//!
//! What we do differently: whole numbers are never binned, the criterion is evaluated in integers (no rounding decides
//! between neighbouring splits), and the threshold is reported half way between the last occupied grey value below and
//! the first above, so that `>` and `>=` agree. Other numbers are counted in equal bins from the least to the largest
//! value and, as in `skimage.filters.threshold_otsu`, the threshold is the centre of the last bin below; across a gap
//! of empty bins, where that would cut a narrow peak in two, it is the middle of the gap.

pub mod criteria;
#[cfg(test)]
mod tests;

use foamflux_grid::{Sample, Volume};
use rayon::prelude::*;
use serde::Serialize;

/// Number of bins that scikit-image and Fiji use for values that are not whole.
pub const DEFAULT_BINS: usize = 256;

/// Widest range of whole numbers that is counted value by value.
const MAX_WHOLE_RANGE: usize = 1 << 16;

/// Why a histogram or threshold could not be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ThresholdError {
    /// Voxels that are NaN or infinite.
    #[error(
        "{count} voxels are NaN or infinite, the first at x,y,z = {x},{y},{z}: crop them away or write the stack again with a number in their place"
    )]
    NotFinite {
        /// How many.
        count: u64,
        /// Column of the first.
        x: usize,
        /// Row of the first.
        y: usize,
        /// Slice of the first.
        z: usize,
    },
    /// Too few or too many bins.
    #[error("{bins} histogram bins are out of range: use 2 to {MAX_WHOLE_RANGE} (256 is usual)")]
    Bins {
        /// The refused number.
        bins: usize,
    },
    /// Too few or too many classes.
    #[error("{classes} classes are out of range: use 2 to {}", criteria::MAX_CLASSES)]
    Classes {
        /// The refused number.
        classes: usize,
    },
    /// A range of values that cannot be divided into bins.
    #[error("grey values from {min:e} to {max:e} cannot be divided into equal bins: rescale the image")]
    Range {
        /// Least value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// One grey value only.
    #[error(
        "all voxels have the grey value {value}: no threshold separates one value. Look at the image and its type; a fixed threshold (--threshold) still gives a volume of one phase"
    )]
    Constant {
        /// The value.
        value: f64,
    },
}

/// What the bins of a histogram are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bins {
    /// Bin `i` is the whole number `first + i`.
    Whole {
        /// Least value that occurs.
        first: i64,
    },
    /// Equal bins from the least to the largest value, which belongs to the last bin.
    Uniform {
        /// Least value that occurs.
        min: f64,
        /// Largest value that occurs.
        max: f64,
    },
}

/// How often each grey value, or range of values, occurs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    bins: Bins,
    counts: Vec<u64>,
}

impl Histogram {
    /// The histogram of a volume.
    ///
    /// Whole numbers that span at most 65536 values (so all 8- and 16-bit data) are counted value by value; all else in
    /// `bins` equal bins.
    ///
    /// # Errors
    /// [`ThresholdError`] for voxels that are not finite and for a number of bins out of range.
    pub fn of<T: Sample>(volume: &Volume<T>, bins: usize) -> Result<Self, ThresholdError> {
        Self::of_values(volume, volume.as_slice(), 0, bins)
    }

    /// The histogram of slice `z`.
    ///
    /// # Errors
    /// As [`Histogram::of`].
    ///
    /// # Panics
    /// When there is no such slice.
    pub fn of_plane<T: Sample>(volume: &Volume<T>, z: usize, bins: usize) -> Result<Self, ThresholdError> {
        Self::of_values(volume, volume.plane(z), z * volume.shape().y * volume.shape().x, bins)
    }

    fn of_values<T: Sample>(
        volume: &Volume<T>,
        values: &[T],
        offset: usize,
        bins: usize,
    ) -> Result<Self, ThresholdError> {
        if !(2..=MAX_WHOLE_RANGE).contains(&bins) {
            return Err(ThresholdError::Bins { bins });
        }
        if let Some((count, first)) = crate::filter::not_finite(values) {
            let (z, y, x) = volume.shape().zyx_of(offset + first);
            return Err(ThresholdError::NotFinite { count, x, y, z });
        }
        let (min, max) = range(values);
        // Exact: whole samples have at most 32 bits.
        let whole = T::IS_INTEGER && max - min < MAX_WHOLE_RANGE as f64;
        if whole {
            let first = min as i64;
            let counts = count(values, (max - min) as usize + 1, |v| (v.to_f64() as i64 - first) as usize);
            return Ok(Histogram { bins: Bins::Whole { first }, counts });
        }
        if min >= max {
            return Ok(Histogram { bins: Bins::Uniform { min, max }, counts: vec![values.len() as u64] });
        }
        let edge = |i: usize| min + (max - min) * (i as f64 / bins as f64);
        let scale = bins as f64 / (max - min);
        if !scale.is_finite() || !(max - min).is_finite() {
            return Err(ThresholdError::Range { min, max });
        }
        let counts = count(values, bins, |v| {
            let v = v.to_f64();
            let i = (((v - min) * scale) as usize).min(bins - 1);
            // Rounding may put a value that lies on an edge on its wrong side.
            if v < edge(i) {
                i - 1
            } else if i + 1 < bins && v >= edge(i + 1) {
                i + 1
            } else {
                i
            }
        });
        Ok(Histogram { bins: Bins::Uniform { min, max }, counts })
    }

    /// What the bins are.
    #[must_use]
    pub const fn bins(&self) -> Bins {
        self.bins
    }

    /// Voxels in each bin.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Number of voxels.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Width of a bin in grey values.
    #[must_use]
    pub fn bin_width(&self) -> f64 {
        match self.bins {
            Bins::Whole { .. } => 1.0,
            Bins::Uniform { min, max } => (max - min) / self.counts.len() as f64,
        }
    }

    /// Grey value of bin `i`, or of its middle. Half-way bins may be asked for: 2.5 is the edge of bins 2 and 3.
    fn value(&self, i: f64) -> f64 {
        match self.bins {
            Bins::Whole { first } => first as f64 + i,
            Bins::Uniform { min, max } => min + (max - min) * ((i + 0.5) / self.counts.len() as f64),
        }
    }

    /// Grey value of bin `i`, or of the middle of its range.
    #[must_use]
    pub fn center(&self, i: usize) -> f64 {
        self.value(i as f64)
    }

    /// Least and largest grey value.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        match self.bins {
            Bins::Whole { first } => (first as f64, first as f64 + (self.counts.len() - 1) as f64),
            Bins::Uniform { min, max } => (min, max),
        }
    }
}

/// Least and largest of finite values.
pub(crate) fn range<T: Sample>(values: &[T]) -> (f64, f64) {
    values
        .par_chunks(1 << 16)
        .map(|chunk| {
            let first = chunk[0];
            let (a, b) =
                chunk.iter().fold((first, first), |(a, b), &v| (if v < a { v } else { a }, if v > b { v } else { b }));
            (a.to_f64(), b.to_f64())
        })
        .reduce(|| (f64::INFINITY, f64::NEG_INFINITY), |a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// Counts the values of each bin; whole numbers are summed, so that the order of the parts does not matter.
fn count<T: Sample>(values: &[T], bins: usize, bin: impl Fn(T) -> usize + Sync) -> Vec<u64> {
    // Long chunks: every one of them clears and adds its own table.
    let chunk = (values.len() / (8 * rayon::current_num_threads())).max(1 << 18);
    values
        .par_chunks(chunk)
        .map(|chunk| {
            let mut counts = vec![0u64; bins];
            chunk.iter().for_each(|&v| counts[bin(v)] += 1);
            counts
        })
        .reduce_with(|mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        })
        .unwrap_or_default()
}

/// Otsu's threshold and how well it separates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Otsu {
    /// The threshold: the brighter class is `grey >= threshold`.
    pub threshold: f64,
    /// Variance between the classes over total variance, 0 to 1.
    pub separability: f64,
    /// Mean grey value of the darker class.
    pub mean_dark: f64,
    /// Mean grey value of the brighter class.
    pub mean_bright: f64,
    /// Share of the voxels in the brighter class.
    pub bright_fraction: f64,
    /// Smoothed histogram at the threshold over its lower peak, 0 to 1. Two peaks with a dip between them give a small
    /// number; near 1 one of the classes has no peak of its own and the threshold lies on the flank of the other's.
    pub valley: f64,
}

/// Otsu's threshold of a histogram.
///
/// # Errors
/// [`ThresholdError::Constant`] when only one bin is occupied.
pub fn otsu(histogram: &Histogram) -> Result<Otsu, ThresholdError> {
    let counts = histogram.counts();
    let n = i128::from(histogram.total());
    let moment = |power: u32| counts.iter().enumerate().map(|(i, &c)| (i as i128).pow(power) * i128::from(c)).sum();
    let (sum, square): (i128, i128) = (moment(1), moment(2));

    // Between-class variance times n^2: (n s - w sum)^2 / (w (n - w)), w voxels of sum s below the split.
    let (mut w, mut s) = (0i128, 0i128);
    let mut best: Option<(usize, f64, i128, i128)> = None;
    for (k, &c) in counts.iter().enumerate() {
        w += i128::from(c);
        s += k as i128 * i128::from(c);
        if w == 0 || c == 0 {
            continue;
        }
        if w == n {
            break;
        }
        let difference = (n * s - w * sum) as f64;
        let between = difference * difference / (w as f64 * (n - w) as f64);
        if best.is_none_or(|(_, b, ..)| between > b) {
            best = Some((k, between, w, s));
        }
    }
    let Some((k, between, w, s)) = best else {
        return Err(ThresholdError::Constant { value: histogram.range().0 });
    };
    let total = (n * square - sum * sum) as f64;
    let above = (k + 1..counts.len()).find(|&i| counts[i] > 0).unwrap_or(k + 1);
    let gap = above > k + 1;
    let threshold = match histogram.bins() {
        Bins::Uniform { .. } if !gap => histogram.value(k as f64),
        _ => histogram.value((k + above) as f64 / 2.0),
    };
    let (dark, bright) = (s as f64 / w as f64, (sum - s) as f64 / (n - w) as f64);
    Ok(Otsu {
        threshold,
        separability: (between / total).clamp(0.0, 1.0),
        mean_dark: histogram.value(dark),
        mean_bright: histogram.value(bright),
        bright_fraction: (n - w) as f64 / n as f64,
        valley: valley(counts, (k + above) as f64 / 2.0, bright - dark),
    })
}

/// Half the window of the smoothing for [`Otsu::valley`], as a share of the distance of the class means.
const VALLEY_SMOOTHING: f64 = 0.05;

/// Smoothed count at the split over the lower of the highest smoothed counts on the two sides.
fn valley(counts: &[u64], split: f64, distance: f64) -> f64 {
    let half = (VALLEY_SMOOTHING * distance).max(1.0).round() as usize;
    let mut before = vec![0u64; counts.len() + 1];
    for (i, &c) in counts.iter().enumerate() {
        before[i + 1] = before[i] + c;
    }
    // Bins beyond the ends count as empty ones: the window is the same everywhere.
    let smooth = |i: usize| (before[(i + half + 1).min(counts.len())] - before[i.saturating_sub(half)]) as f64;
    let (below, above) = (split.floor() as usize, (split.ceil() as usize).min(counts.len() - 1));
    let peak = |range: std::ops::RangeInclusive<usize>| range.map(smooth).fold(0.0, f64::max);
    let lower_peak = peak(0..=below).min(peak(above..=counts.len() - 1));
    if lower_peak > 0.0 { (0.5 * (smooth(below) + smooth(above)) / lower_peak).min(1.0) } else { 1.0 }
}
