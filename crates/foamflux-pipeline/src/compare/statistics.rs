//! Means over replicates, and whether two of them differ.
//!
//! Two hosts with means m1, m2 of n1, n2 replicates and standard errors s1, s2 (sample standard deviation over root n)
//! differ significantly where
//!
//! |m1 - m2| > b + t * sqrt(s1^2 + s2^2),
//!
//! b the sum of both hosts' errors of solver, resolution and segmentation, which no number of replicates averages out, and t
//! the quantile of Student's distribution with Welch's degrees of freedom (B. Welch, Biometrika 34 (1947) 28).
//! The level is that of one pair by itself: what leaves 5 % to all pairs of six hosts asks two degrees of freedom for a factor of 17
//! and could not tell hosts of 1 and 5 % solid apart. The p-values are there for whoever corrects for the number of pairs.
//! Where replicates are identical by construction (a lattice without chance) s = 0 and b decides alone;
//! where there is one replicate nothing is known of the sampling, and nothing is said.
//!
//! Student's distribution needs no gamma function here: with x = sqrt(nu) tan(theta) its density is that of
//! cos(theta)^(nu-1), so that its tails are ratios of two integrals over finite intervals.

/// Mean and standard error of replicates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mean {
    pub(crate) value: f64,
    /// Standard error; `None` for one replicate.
    pub(crate) error: Option<f64>,
    pub(crate) count: usize,
}

impl Mean {
    /// Of a list that is not empty.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        if values.is_empty() {
            return None;
        }
        let value = values.iter().sum::<f64>() / n;
        let error = (values.len() > 1).then(|| {
            let squares: f64 = values.iter().map(|v| (v - value).powi(2)).sum();
            (squares / (n - 1.0) / n).sqrt()
        });
        Some(Mean { value, error, count: values.len() })
    }
}

/// What is known of the difference of two means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) threshold: Option<f64>,
    pub(crate) p_value: Option<f64>,
    pub(crate) significant: Option<bool>,
}

/// Rounding of sums of replicates, relative: a difference below it is none.
const ROUNDING: f64 = 1e-12;

/// Compares two means whose systematic errors add up to `bias`, at a level of confidence for this pair.
pub(crate) fn differ(a: Mean, b: Mean, bias: f64, confidence: f64) -> Verdict {
    let (Some(ea), Some(eb)) = (a.error, b.error) else {
        return Verdict { threshold: None, p_value: None, significant: None };
    };
    let difference = (a.value - b.value).abs();
    let noise = ROUNDING * a.value.abs().max(b.value.abs());
    let variance = ea * ea + eb * eb;
    if variance.sqrt() <= noise {
        let threshold = bias.max(noise);
        return Verdict { threshold: Some(threshold), p_value: None, significant: Some(difference > threshold) };
    }
    let part = |e: f64, n: usize| if e > 0.0 { e.powi(4) / (n as f64 - 1.0) } else { 0.0 };
    let freedom = variance * variance / (part(ea, a.count) + part(eb, b.count));
    let threshold = bias + quantile(freedom, confidence) * variance.sqrt();
    let p = two_sided((difference - bias).max(0.0) / variance.sqrt(), freedom);
    Verdict { threshold: Some(threshold), p_value: Some(p), significant: Some(difference > threshold) }
}

/// Chance that |t| exceeds a value, with so many degrees of freedom.
pub(crate) fn two_sided(t: f64, freedom: f64) -> f64 {
    let half_pi = std::f64::consts::FRAC_PI_2;
    let from = (t.abs() / freedom.sqrt()).atan();
    (power_of_cosine(from, half_pi, freedom) / power_of_cosine(0.0, half_pi, freedom)).clamp(0.0, 1.0)
}

/// The value that |t| exceeds with the chance 1 - confidence.
pub(crate) fn quantile(freedom: f64, confidence: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided(high, freedom) > 1.0 - confidence && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if two_sided(middle, freedom) > 1.0 - confidence { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The integral of cos^(freedom - 1), by Simpson's rule in the variable s with theta = high - (high - low) s^2, which takes
/// the root at a right angle out of the integrand.
fn power_of_cosine(low: f64, high: f64, freedom: f64) -> f64 {
    const PARTS: usize = 400;
    let width = high - low;
    let f = |k: usize| {
        let s = k as f64 / PARTS as f64;
        let theta = high - width * s * s;
        theta.cos().max(0.0).powf(freedom - 1.0) * 2.0 * s * width
    };
    let inner: f64 = (1..PARTS).map(|k| f(k) * if k % 2 == 1 { 4.0 } else { 2.0 }).sum();
    // At s = 0 the integrand is finite only if freedom >= 1, which Welch's never falls below; its factor s makes it zero.
    (inner + f(PARTS)) / (3.0 * PARTS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // Two-sided 95 % and 99 % points of Student's t, textbook tables, three decimals.
        const ROUNDED: f64 = 6e-4;
        for (freedom, at_95, at_99) in [
            (1.0, 12.706, 63.657),
            (2.0, 4.303, 9.925),
            (4.0, 2.776, 4.604),
            (10.0, 2.228, 3.169),
            (60.0, 2.000, 2.660),
        ] {
            let (a, b) = (quantile(freedom, 0.95), quantile(freedom, 0.99));
            assert!((a - at_95).abs() < ROUNDED && (b - at_99).abs() < ROUNDED, "{freedom}: {a} {b}");
        }
        // One degree of freedom is Cauchy's distribution.
        let cauchy = |t: f64| 1.0 - 2.0 * t.atan() / std::f64::consts::PI;
        for t in [0.0, 0.3, 1.0, 8.0] {
            assert!((two_sided(t, 1.0) - cauchy(t)).abs() < 1e-9, "{t}");
        }
    }

    #[test]
    fn welch_reproduces_a_worked_example() {
        // Means 20.0 and 21.2 of five each with variances of the samples 2.5 and 0.7: t = 1.2 / 0.8, nu = 6.098.
        let a = Mean::of(&[18.0, 19.0, 20.0, 21.0, 22.0]).unwrap();
        let b = Mean { value: 21.2, error: Some((0.7f64 / 5.0).sqrt()), count: 5 };
        assert!((a.error.unwrap() - 0.5f64.sqrt()).abs() < 1e-12);
        let v = differ(a, b, 0.0, 0.95);
        // t = 1.5, two-sided p by numeric integration of the density elsewhere: 0.1835.
        assert!((v.p_value.unwrap() - 0.1835).abs() < 5e-4, "{v:?}");
        assert_eq!(v.significant, Some(false));
        assert_eq!(differ(a, Mean { value: 25.0, ..b }, 0.0, 0.95).significant, Some(true));
    }

    #[test]
    fn systematic_errors_are_not_averaged_out() {
        let tight = |value| Mean { value, error: Some(1e-6), count: 100 };
        assert_eq!(differ(tight(1.0), tight(1.1), 0.0, 0.95).significant, Some(true));
        assert_eq!(differ(tight(1.0), tight(1.1), 0.12, 0.95).significant, Some(false));
    }

    #[test]
    fn lattices_differ_by_their_numbers_and_single_samples_are_not_told_apart() {
        let lattice = |value| Mean::of(&[value, value, value]).unwrap();
        assert_eq!(differ(lattice(0.5), lattice(0.6), 0.0, 0.95).significant, Some(true));
        assert_eq!(differ(lattice(0.5), lattice(0.5), 0.0, 0.95).significant, Some(false));
        assert_eq!(differ(lattice(0.5), lattice(0.6), 0.2, 0.95).significant, Some(false));
        let single = Mean::of(&[0.5]).unwrap();
        assert_eq!(differ(single, lattice(9.0), 0.0, 0.95).significant, None);
        assert_eq!(Mean::of(&[]), None);
    }
}
