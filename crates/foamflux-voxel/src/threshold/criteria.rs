//! Other thresholds of a histogram: multi-Otsu, Li, triangle, minimum error.
//!
//! All are exact: every split is tried, with sums from the left, instead of an iteration that may end in a local minimum.
//! Splits lie between an occupied bin and the next one, and the threshold half-way between them, as for Otsu's.
//!
//! - *Multi-Otsu* (P. Liao, T. Chen and P. Chung, J. Inf. Sci. Eng. 17, 713, 2001): the splits into k classes that maximise
//!   `sum w_i m_i^2`, by dynamic programming. With three classes the middle one takes the partial volumes.
//! - *Li* (C. Li and C. Lee, Pattern Recognition 26, 617, 1993): least cross entropy between image and its two means, that is
//!   greatest `S_b ln m_b + S_f ln m_f`, `S` the sum and `m` the mean of grey values above the least one.
//! - *Triangle* (G. Zack, W. Rogers and S. Latt, J. Histochem. Cytochem. 25, 741, 1977): the bin farthest below the line from
//!   the highest bin to the end of the longer tail. Made for one peak with a tail: rare solid.
//! - *Minimum error* (J. Kittler and J. Illingworth, Pattern Recognition 19, 41, 1986): two normal classes, greatest
//!   likelihood: least `P_b ln(s_b/P_b) + P_f ln(s_f/P_f)`. Variances get 1/12 of a squared bin width (W. Sheppard 1897), so
//!   that a class of one bin is no point mass.

use super::{Histogram, ThresholdError};

/// Most bins for which all pairs of splits are tried; finer histograms are merged first.
const MOST_BINS: usize = 1024;
/// Most classes of multi-Otsu.
pub const MAX_CLASSES: usize = 5;
/// Sheppard's variance within a bin, in squared widths.
const WITHIN: f64 = 1.0 / 12.0;

/// Sums of counts, values and squares up to each bin, in bins.
struct Sums {
    n: Vec<f64>,
    s: Vec<f64>,
    q: Vec<f64>,
}

impl Sums {
    fn new(counts: &[u64]) -> Self {
        let (mut n, mut s, mut q) = (vec![0.0], vec![0.0], vec![0.0]);
        for (i, &c) in counts.iter().enumerate() {
            let (c, v) = (c as f64, i as f64);
            n.push(n[i] + c);
            s.push(s[i] + c * v);
            q.push(q[i] + c * v * v);
        }
        Sums { n, s, q }
    }

    fn bins(&self) -> usize {
        self.n.len() - 1
    }

    /// Count, sum, sum of squares of bins `a..b`.
    fn of(&self, a: usize, b: usize) -> [f64; 3] {
        [self.n[b] - self.n[a], self.s[b] - self.s[a], self.q[b] - self.q[a]]
    }
}

/// Threshold between the occupied bins around the split: bins below `split` are the darker class.
fn between(histogram: &Histogram, counts: &[u64], merged: usize, split: usize) -> f64 {
    let below = (0..split).rev().find(|&i| counts[i] > 0).unwrap_or(0);
    let above = (split..counts.len()).find(|&i| counts[i] > 0).unwrap_or(split);
    // Middle of a merged bin in bins of the histogram.
    let middle = |i: usize| (i * merged) as f64 + 0.5 * (merged as f64 - 1.0);
    histogram.value(0.5 * (middle(below) + middle(above)))
}

/// The split with the least cost among those with voxels on both sides.
fn best(histogram: &Histogram, cost: impl Fn(&Sums, usize) -> f64) -> Result<f64, ThresholdError> {
    let counts = histogram.counts();
    let sums = Sums::new(counts);
    let total = sums.n[sums.bins()];
    let mut found: Option<(usize, f64)> = None;
    for k in (1..sums.bins()).filter(|&k| counts[k - 1] > 0 && sums.n[k] < total) {
        let c = cost(&sums, k);
        if c.is_finite() && found.is_none_or(|(_, b)| c < b) {
            found = Some((k, c));
        }
    }
    match found {
        Some((k, _)) => Ok(between(histogram, counts, 1, k)),
        None => Err(ThresholdError::Constant { value: histogram.range().0 }),
    }
}

/// Li's threshold.
///
/// # Errors
/// [`ThresholdError::Constant`] when only one bin is occupied.
pub fn li(histogram: &Histogram) -> Result<f64, ThresholdError> {
    best(histogram, |sums, k| {
        let part = |a: usize, b: usize| {
            let [n, s, _] = sums.of(a, b);
            if s > 0.0 { s * (s / n).ln() } else { 0.0 }
        };
        -(part(0, k) + part(k, sums.bins()))
    })
}

/// The threshold of minimum error.
///
/// # Errors
/// [`ThresholdError::Constant`] when only one bin is occupied.
pub fn minimum_error(histogram: &Histogram) -> Result<f64, ThresholdError> {
    best(histogram, |sums, k| {
        let total = sums.n[sums.bins()];
        let part = |a: usize, b: usize| {
            let [n, s, q] = sums.of(a, b);
            let variance = (q / n - (s / n).powi(2)).max(0.0) + WITHIN;
            let p = n / total;
            p * (0.5 * variance.ln() - p.ln())
        };
        part(0, k) + part(k, sums.bins())
    })
}

/// The triangle's threshold.
///
/// # Errors
/// [`ThresholdError::Constant`] when only one bin is occupied.
pub fn triangle(histogram: &Histogram) -> Result<f64, ThresholdError> {
    let counts = histogram.counts();
    let (Some(first), Some(last)) = (counts.iter().position(|c| *c > 0), counts.iter().rposition(|c| *c > 0)) else {
        return Err(ThresholdError::Constant { value: histogram.range().0 });
    };
    if first == last {
        return Err(ThresholdError::Constant { value: histogram.range().0 });
    }
    // The first of the highest bins.
    let peak = (first..=last).fold(first, |p, i| if counts[i] > counts[p] { i } else { p });
    let up = last - peak >= peak - first;
    let end = if up { last } else { first };
    let length = end.abs_diff(peak);
    let height = counts[peak] as f64;
    // Distance below the line, up to a factor.
    let below = |step: usize| {
        let i = if up { peak + step } else { peak - step };
        height * (1.0 - step as f64 / length as f64) - counts[i] as f64
    };
    let step = (1..=length).fold(1, |b, s| if below(s) > below(b) { s } else { b });
    Ok(if up {
        between(histogram, counts, 1, (peak + step + 1).min(last))
    } else {
        between(histogram, counts, 1, (peak - step).max(first + 1))
    })
}

/// The thresholds between `classes` classes, ascending.
///
/// # Errors
/// [`ThresholdError::Constant`] when fewer bins are occupied than there are classes, [`ThresholdError::Bins`] for fewer than
/// 2 or more than [`MAX_CLASSES`] classes.
pub fn multi_otsu(histogram: &Histogram, classes: usize) -> Result<Vec<f64>, ThresholdError> {
    if !(2..=MAX_CLASSES).contains(&classes) {
        return Err(ThresholdError::Classes { classes });
    }
    let merged = histogram.counts().len().div_ceil(MOST_BINS).max(1);
    let counts: Vec<u64> = histogram.counts().chunks(merged).map(|c| c.iter().sum()).collect();
    if counts.iter().filter(|c| **c > 0).count() < classes {
        return Err(ThresholdError::Constant { value: histogram.range().0 });
    }
    let sums = Sums::new(&counts);
    let bins = sums.bins();
    let gain = |a: usize, b: usize| {
        let [n, s, _] = sums.of(a, b);
        if n > 0.0 { s * s / n } else { f64::NEG_INFINITY }
    };
    // The best that the first bins give with so many classes, and where the last of them begins.
    let mut value: Vec<f64> = (0..=bins).map(|b| if b > 0 { gain(0, b) } else { f64::NEG_INFINITY }).collect();
    let mut begins = Vec::new();
    for _ in 1..classes {
        let (mut next, mut from) = (vec![f64::NEG_INFINITY; bins + 1], vec![0; bins + 1]);
        for b in 1..=bins {
            // Splits after an occupied bin alone: the others are the same.
            for a in (1..b).filter(|&a| counts[a - 1] > 0) {
                let v = value[a] + gain(a, b);
                if v > next[b] {
                    (next[b], from[b]) = (v, a);
                }
            }
        }
        value = next;
        begins.push(from);
    }
    let mut splits = Vec::new();
    let mut end = bins;
    for from in begins.iter().rev() {
        end = from[end];
        splits.push(between(histogram, &counts, merged, end));
    }
    splits.reverse();
    Ok(splits)
}

/// Two normal classes fitted to a histogram by expectation and maximisation, started from a split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoNormals {
    /// Means of the darker and the brighter class.
    pub means: [f64; 2],
    /// Standard deviations.
    pub sigmas: [f64; 2],
    /// Shares, which sum to one.
    pub shares: [f64; 2],
}

/// Fits two normal classes (A. Dempster, N. Laird and D. Rubin, J. R. Stat. Soc. B 39, 1, 1977).
///
/// # Errors
/// [`ThresholdError::Constant`] when only one bin is occupied.
pub fn two_normals(histogram: &Histogram) -> Result<TwoNormals, ThresholdError> {
    const STEPS: usize = 500;
    let counts = histogram.counts();
    let width = histogram.bin_width();
    let start = minimum_error(histogram)?;
    let least = WITHIN * width * width;
    let values: Vec<(f64, f64)> =
        counts.iter().enumerate().filter(|(_, c)| **c > 0).map(|(i, &c)| (histogram.center(i), c as f64)).collect();
    let total: f64 = values.iter().map(|v| v.1).sum();
    let fit = |of_bright: &dyn Fn(f64) -> f64| {
        let mut sums = [[0.0; 3]; 2];
        for &(v, c) in &values {
            let bright = of_bright(v);
            for (k, w) in [(0, c * (1.0 - bright)), (1, c * bright)] {
                let s: &mut [f64; 3] = &mut sums[k];
                s[0] += w;
                s[1] += w * v;
                s[2] += w * v * v;
            }
        }
        let of = |k: usize| {
            let [n, s, q]: [f64; 3] = sums[k];
            let mean = s / n;
            (mean, ((q / n - mean * mean).max(0.0) + least).sqrt(), n / total)
        };
        let (a, b) = (of(0), of(1));
        TwoNormals { means: [a.0, b.0], sigmas: [a.1, b.1], shares: [a.2, b.2] }
    };
    let mut found = fit(&|v| f64::from(u8::from(v >= start)));
    for _ in 0..STEPS {
        let now = found;
        let next = fit(&|v| now.bright(v));
        if !next.shares.iter().chain(&next.means).all(|v| v.is_finite()) || next.shares[0].min(next.shares[1]) < 1e-6 {
            break;
        }
        let moved = (0..2).map(|k| (next.means[k] - now.means[k]).abs()).fold(0.0, f64::max);
        found = next;
        if moved < 1e-4 * width {
            break;
        }
    }
    Ok(found)
}

impl TwoNormals {
    /// Probability that a voxel of a grey value is of the brighter class.
    #[must_use]
    pub fn bright(&self, v: f64) -> f64 {
        let [dark, bright] = self.costs(v);
        1.0 / (1.0 + (bright - dark).exp())
    }

    /// Minus the logarithm of share times density for both classes, without what they have in common.
    #[must_use]
    pub fn costs(&self, v: f64) -> [f64; 2] {
        [0, 1].map(|k| 0.5 * ((v - self.means[k]) / self.sigmas[k]).powi(2) + self.sigmas[k].ln() - self.shares[k].ln())
    }

    /// Where the two classes are equally probable, between their means.
    #[must_use]
    pub fn crossing(&self) -> f64 {
        let (mut low, mut high) = (self.means[0], self.means[1]);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if self.bright(middle) < 0.5 { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Shape, Volume, VoxelSize};

    use super::*;

    /// Two normal peaks in 8 bits, a fifth of the voxels in the brighter.
    fn peaks(dark: f64, bright: f64, sigma: f64, share: f64) -> Histogram {
        let mut values = Vec::new();
        for g in 0..256 {
            let at = |m: f64| (-0.5 * ((f64::from(g) - m) / sigma).powi(2)).exp() / (sigma * 2.506_628);
            let n = 40_000.0 * ((1.0 - share) * at(dark) + share * at(bright));
            values.extend(std::iter::repeat_n(g as u8, n.round() as usize));
        }
        histogram(values)
    }

    fn histogram(values: Vec<u8>) -> Histogram {
        let shape = Shape::new(1, 1, values.len()).unwrap();
        Histogram::of(&Volume::from_vec(shape, VoxelSize::Unknown, values).unwrap(), 256).unwrap()
    }

    /// Irregular counts with gaps.
    fn rough() -> Histogram {
        let mut values = Vec::new();
        for g in (3..60u32).filter(|g| g % 7 != 2) {
            values.extend(std::iter::repeat_n(g as u8, (g * g * 31 % 97) as usize + 1));
        }
        histogram(values)
    }

    /// All values as a list, for slow sums.
    fn list(h: &Histogram) -> Vec<f64> {
        let each = h.counts().iter().enumerate();
        each.flat_map(|(i, &c)| std::iter::repeat_n(h.center(i), c as usize)).collect()
    }

    fn slow(h: &Histogram, cost: impl Fn(&[f64], &[f64]) -> f64) -> f64 {
        let all = list(h);
        let mut best = (f64::INFINITY, 0.0);
        for t in 0..=255 {
            let t = f64::from(t) + 0.5;
            let (a, b): (Vec<f64>, Vec<f64>) = all.iter().partition(|v| **v < t);
            if !a.is_empty() && !b.is_empty() {
                let c = cost(&a, &b);
                if c < best.0 - 1e-9 {
                    best = (c, t);
                }
            }
        }
        best.1
    }

    fn mean(v: &[f64]) -> f64 {
        v.iter().sum::<f64>() / v.len() as f64
    }

    /// A threshold in a gap may be anywhere in it.
    fn same(h: &Histogram, a: f64, b: f64) -> bool {
        let all = list(h);
        all.iter().filter(|v| **v < a).count() == all.iter().filter(|v| **v < b).count()
    }

    #[test]
    fn li_is_the_least_cross_entropy_of_all_splits() {
        for h in [rough(), peaks(60.0, 150.0, 12.0, 0.2)] {
            let least = h.range().0;
            let entropy = |v: &[f64]| {
                let m = mean(v) - least;
                v.iter().map(|g| g - least).filter(|g| *g > 0.0).map(|g| g * (g / m).ln()).sum::<f64>()
            };
            let (found, slow) = (li(&h).unwrap(), slow(&h, |a, b| entropy(a) + entropy(b)));
            assert!(same(&h, found, slow), "{found} and {slow}");
        }
    }

    #[test]
    fn minimum_error_is_the_best_of_all_splits_and_right_for_normal_peaks() {
        let h = rough();
        let n = list(&h).len() as f64;
        let cost = |v: &[f64]| {
            let m = mean(v);
            let variance = v.iter().map(|g| (g - m).powi(2)).sum::<f64>() / v.len() as f64 + WITHIN;
            let p = v.len() as f64 / n;
            p * (variance.sqrt() / p).ln()
        };
        let (found, slow) = (minimum_error(&h).unwrap(), slow(&h, |a, b| cost(a) + cost(b)));
        assert!(same(&h, found, slow), "{found} and {slow}");
        // Half-way less sigma^2 / contrast ln(share / other share): 100 + 1.6 ln 19 for 5 % of solid.
        let found = minimum_error(&peaks(50.0, 150.0, 12.0, 0.05)).unwrap();
        let truth = 100.0 + 144.0 / 100.0 * 19f64.ln();
        assert!((found - truth).abs() < 2.0, "{found} and {truth}");
    }

    #[test]
    fn two_normals_are_found_again() {
        let fit = two_normals(&peaks(70.0, 140.0, 15.0, 0.1)).unwrap();
        let near = |a: f64, b: f64, by: f64| assert!((a - b).abs() < by, "{fit:?}");
        near(fit.means[0], 70.0, 0.2);
        near(fit.means[1], 140.0, 0.7);
        near(fit.sigmas[0], 15.0, 0.2);
        near(fit.shares[1], 0.1, 0.003);
        near(fit.crossing(), 105.0 + 225.0 / 70.0 * 9f64.ln(), 0.8);
    }

    #[test]
    fn the_triangle_ends_where_the_peak_does() {
        // A peak that falls linearly to a flat tail: the corner is the farthest.
        let mut values = Vec::new();
        for g in 0..=200usize {
            let n = if g < 20 {
                5 * g
            } else if g < 60 {
                1000 - 24 * (g - 20)
            } else {
                30
            };
            values.extend(std::iter::repeat_n(g as u8, n));
        }
        let t = triangle(&histogram(values.clone())).unwrap();
        assert!((t - 60.0).abs() <= 1.0, "{t}");
        // And mirrored.
        let mirrored = triangle(&histogram(values.iter().map(|v| 200 - v).collect())).unwrap();
        assert!((mirrored - 140.0).abs() <= 1.0, "{mirrored}");
    }

    #[test]
    fn multi_otsu_is_the_best_of_all_pairs_of_splits() {
        let h = rough();
        let all = list(&h);
        let found = multi_otsu(&h, 3).unwrap();
        let score = |t: &[f64]| {
            let class = |v: f64| t.iter().filter(|t| v >= **t).count();
            (0..3)
                .map(|k| {
                    let of: Vec<f64> = all.iter().copied().filter(|v| class(*v) == k).collect();
                    if of.is_empty() { 0.0 } else { of.len() as f64 * mean(&of).powi(2) }
                })
                .sum::<f64>()
        };
        let mut best = 0.0f64;
        for a in 3..60 {
            for b in a + 1..60 {
                best = best.max(score(&[f64::from(a) + 0.5, f64::from(b) + 0.5]));
            }
        }
        assert!((score(&found) / best - 1.0).abs() < 1e-12, "{found:?}");
        // Two classes are Otsu's.
        let two = multi_otsu(&h, 2).unwrap()[0];
        assert!(same(&h, two, super::super::otsu(&h).unwrap().threshold), "{two}");
        assert!(multi_otsu(&h, 6).is_err() && multi_otsu(&h, 1).is_err());
        assert!(multi_otsu(&histogram(vec![3, 3, 9, 9]), 3).is_err());
    }

    #[test]
    fn one_value_has_no_threshold() {
        let h = histogram(vec![7; 20]);
        for found in [li(&h), triangle(&h), minimum_error(&h)] {
            assert_eq!(found, Err(ThresholdError::Constant { value: 7.0 }));
        }
    }
}
