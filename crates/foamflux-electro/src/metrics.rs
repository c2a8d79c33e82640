//! How evenly the surface takes the current.
//!
//! Every number is weighted by true area. With `a` the share of area that has less than `j`, the p-th percentile is the `j`
//! at `a = p`, and the Gini coefficient is `sum_ij w_i w_j |j_i - j_j| / (2 mean)`: 0 for even, 1/2 for exponentially
//! distributed, towards 1 for all current on no area.

use foamflux_grid::Label;

use crate::cell::Cell;
use crate::distribution::Distribution;

/// Share of the mean above which area counts as active.
const ACTIVE: f64 = 0.5;
/// Share of the depth that counts as top.
const TOP: f64 = 0.1;

/// A weighted distribution of current density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Total area.
    pub area: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub std: f64,
    /// Percentiles of area: 1, 50, 99, 99.9.
    pub p01: f64,
    /// Median.
    pub p50: f64,
    /// 99th.
    pub p99: f64,
    /// 99.9th.
    pub p999: f64,
    /// Largest; depends on the mesh where the surface has corners.
    pub max: f64,
    /// Standard deviation over mean.
    pub cv: f64,
    /// Gini coefficient.
    pub gini: f64,
    /// 99th percentile over mean.
    pub hot_spot_p99: f64,
    /// Share of the area with more than half of the mean.
    pub active_area_fraction: f64,
}

impl Statistics {
    /// Of values with weights above zero; none for no weight or a mean of zero.
    #[must_use]
    pub fn of(values: &[f64], weights: &[f64]) -> Option<Self> {
        let mut order: Vec<u32> = (0..values.len().min(weights.len()) as u32).collect();
        order.sort_unstable_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
        let area: f64 = weights.iter().sum();
        let mean = values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / area;
        if !(area > 0.0 && mean.is_finite() && mean != 0.0) {
            return None;
        }
        let variance = values.iter().zip(weights).map(|(v, w)| w * (v - mean).powi(2)).sum::<f64>() / area;
        let (mut below, mut gini, mut active) = (0.0, 0.0, 0.0);
        let mut percentiles = [f64::NAN; 4];
        for &k in &order {
            let (v, w) = (values[k as usize], weights[k as usize] / area);
            for (p, at) in percentiles.iter_mut().zip([0.01, 0.5, 0.99, 0.999]) {
                if p.is_nan() && below + w >= at {
                    *p = v;
                }
            }
            gini += w * v * (2.0 * below + w - 1.0);
            below += w;
            if v / mean > ACTIVE {
                active += w;
            }
        }
        let max = order.last().map_or(mean, |&k| values[k as usize]);
        // Rounding of the sum of weights may leave the last percentile unset.
        let [p01, p50, p99, p999] = percentiles.map(|p| if p.is_nan() { max } else { p });
        Some(Statistics {
            area,
            mean,
            std: variance.sqrt(),
            p01,
            p50,
            p99,
            p999,
            max,
            cv: variance.sqrt() / mean.abs(),
            gini: gini / mean,
            hot_spot_p99: p99 / mean,
            active_area_fraction: active,
        })
    }
}

/// What one label has of area and current.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The label.
    pub label: Label,
    /// Share of the reacting area.
    pub area: f64,
    /// Share of the current.
    pub current: f64,
    /// Mean current density in A/m2.
    pub mean_a_per_m2: f64,
}

/// Where the current goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// Over all reacting area.
    pub statistics: Statistics,
    /// By label of the solid, in the order of the numbers.
    pub shares: Vec<Share>,
    /// Reaction current of every slice over the whole, from the separator.
    pub reaction: Vec<f64>,
    /// True area of every slice over the whole.
    pub area: Vec<f64>,
    /// Depth at which the mean charge is plated over the depth of the box: below 0.5 is top-heavy.
    pub centroid: f64,
    /// The same of the area.
    pub area_centroid: f64,
    /// Share of the current that reacts in the first tenth of the depth.
    pub top_share: f64,
    /// Current density of every face over the mean of its slice: what is left of unevenness without the profile along the depth.
    /// None where a slice has no net current.
    pub within_slices: Option<Statistics>,
}

/// Says how evenly a distribution is; none where nothing reacts.
#[must_use]
pub fn metrics(cell: &Cell, found: &Distribution) -> Option<Metrics> {
    let j = found.current_density();
    let areas: Vec<f64> = cell.faces().iter().map(|f| cell.area(f)).collect();
    let statistics = Statistics::of(j, &areas)?;
    let current = statistics.mean * statistics.area;
    let slices = cell.shape().along(cell.setting().axis);
    let mut by_label = [[0.0; 2]; 9];
    let (mut reaction, mut area) = (vec![0.0; slices], vec![0.0; slices]);
    for ((face, &j), &a) in cell.faces().iter().zip(j).zip(&areas) {
        let sums = &mut by_label[usize::from(face.label) % 9];
        sums[0] += a;
        sums[1] += a * j;
        // Half of a face belongs to each of the two slices that it may lie between.
        for voxel in [face.solid(), face.pore()] {
            let slice = cell.slice_of(voxel);
            reaction[slice] += 0.5 * a * j / current;
            area[slice] += 0.5 * a / statistics.area;
        }
    }
    let shares = Label::ALL
        .into_iter()
        .zip(by_label)
        .filter(|(_, s)| s[0] > 0.0)
        .map(|(label, [a, i])| Share { label, area: a / statistics.area, current: i / current, mean_a_per_m2: i / a })
        .collect();
    let centroid =
        |profile: &[f64]| profile.iter().enumerate().map(|(k, q)| q * (k as f64 + 0.5) / slices as f64).sum::<f64>();
    let top = TOP * slices as f64;
    // A slice that the limit cuts counts in part.
    let top_share = reaction.iter().enumerate().map(|(k, q)| q * (top - k as f64).clamp(0.0, 1.0)).sum();
    let mut sums = vec![[0.0; 2]; slices];
    for ((face, &j), &a) in cell.faces().iter().zip(j).zip(&areas) {
        let sum = &mut sums[cell.slice_of(face.solid())];
        sum[0] += a;
        sum[1] += a * j;
    }
    let relative: Vec<f64> = (cell.faces().iter().zip(j))
        .map(|(face, &j)| {
            let [area, current] = sums[cell.slice_of(face.solid())];
            j * area / current
        })
        .collect();
    let within_slices = Statistics::of(&relative, &areas).filter(|s| s.cv.is_finite());
    Some(Metrics {
        statistics,
        within_slices,
        shares,
        centroid: centroid(&reaction),
        area_centroid: centroid(&area),
        top_share,
        reaction,
        area,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
mod tests {
    use super::*;

    /// Quantiles of a distribution at evenly spaced areas.
    fn of(n: usize, quantile: impl Fn(f64) -> f64) -> Statistics {
        let values: Vec<f64> = (0..n).map(|k| quantile((k as f64 + 0.5) / n as f64)).collect();
        Statistics::of(&values, &vec![1.0; n]).unwrap()
    }

    #[test]
    fn an_exponential_distribution_has_a_gini_of_one_half_and_a_cv_of_one() {
        let s = of(100_000, |a| -(1.0 - a).ln());
        assert!((s.gini - 0.5).abs() < 1e-3, "{}", s.gini);
        assert!((s.cv - 1.0).abs() < 1e-3, "{}", s.cv);
        assert!((s.hot_spot_p99 - 100f64.ln()).abs() < 1e-2);
        assert!((s.active_area_fraction - (-0.5f64).exp()).abs() < 1e-3);
        assert!((s.p50 - 2f64.ln()).abs() < 1e-3 && (s.p01 - 0.01005).abs() < 1e-4);
    }

    #[test]
    fn an_even_one_has_neither() {
        let s = of(1000, |_| 3.0);
        assert!(
            s.gini.abs() < 1e-12
                && s.cv < 1e-12
                && (s.hot_spot_p99 - 1.0).abs() < 1e-12
                && s.active_area_fraction > 0.999_999
        );
    }

    #[test]
    fn weights_count_as_repetitions_and_order_does_not() {
        let heavy = Statistics::of(&[5.0, 1.0], &[1.0, 3.0]).unwrap();
        let many = Statistics::of(&[1.0, 5.0, 1.0, 1.0], &[1.0; 4]).unwrap();
        for (a, b) in [(heavy.gini, many.gini), (heavy.cv, many.cv), (heavy.p50, many.p50), (heavy.mean, many.mean)] {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
        // By hand: mean 2, sum over pairs w w |d| = 2 (3/4)(1/4) 4 = 1.5, over 2 x 2.
        assert!((heavy.gini - 0.375).abs() < 1e-12);
        assert!(Statistics::of(&[], &[]).is_none());
    }
}
