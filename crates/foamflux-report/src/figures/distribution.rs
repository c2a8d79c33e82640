//! Distributions as bars, with the log-normal curve of the same moments.

use super::chart::{BOTTOM, HEIGHT, Plot};
use super::svg::ticks;

/// A distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distribution<'a> {
    /// Values per bin.
    pub counts: &'a [u64],
    /// Bin edges: one more than there are counts.
    pub edges: &'a [f64],
    /// Mean and standard deviation of the logarithms, for the curve.
    pub log_normal: Option<[f64; 2]>,
    /// Title.
    pub title: &'a str,
    /// Name and unit of the value.
    pub x_label: &'a str,
}

/// Density of the log-normal distribution.
fn density(x: f64, [mean, std]: [f64; 2]) -> f64 {
    if x <= 0.0 || std <= 0.0 {
        return 0.0;
    }
    let z = (x.ln() - mean) / std;
    (-0.5 * z * z).exp() / (x * std * std::f64::consts::TAU.sqrt())
}

/// A distribution as SVG.
#[must_use]
pub fn distribution(data: &Distribution<'_>) -> String {
    let bins = data.counts.len().min(data.edges.len().saturating_sub(1));
    let total: u64 = data.counts.iter().sum();
    let (first, last) = match (data.edges.first(), data.edges.last()) {
        (Some(a), Some(b)) if b > a => (*a, *b),
        _ => (0.0, 1.0),
    };
    let width = (last - first) / bins.max(1) as f64;
    let curve: Vec<[f64; 2]> = data
        .log_normal
        .filter(|_| total > 0)
        .map(|fit| {
            (0..=160)
                .map(|k| first + (last - first) * f64::from(k) / 160.0)
                .map(|x| [x, density(x, fit) * total as f64 * width])
                .collect()
        })
        .unwrap_or_default();
    let tallest = data.counts.iter().map(|&c| c as f64).chain(curve.iter().map(|p| p[1])).fold(1.0, f64::max);
    let mut plot = Plot::new(data.title, [first, last], [0.0, 1.06 * tallest]);
    let y_ticks = ticks(0.0, tallest, 5);
    plot.axes(
        data.x_label,
        if curve.is_empty() { "number" } else { "number; line: log-normal of the same moments" },
        &y_ticks,
    );
    for k in 0..bins {
        let [x0, y] = plot.at(data.edges[k], data.counts[k] as f64);
        let [x1, _] = plot.at(data.edges[k + 1], 0.0);
        plot.svg.rect("a", [x0 + 0.5, y], [x1 - x0 - 1.0, HEIGHT - BOTTOM - y]);
    }
    if !curve.is_empty() {
        let points: Vec<[f64; 2]> = curve.iter().map(|p| plot.at(p[0], p[1])).collect();
        plot.svg.path("lb", &points, false);
    }
    plot.svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_holds_as_many_as_the_bars() {
        let fit = [1.5, 0.4];
        let n = 20_000;
        let sum: f64 = (0..n).map(|k| density((f64::from(k) + 0.5) * 1e-2, fit) * 1e-2).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{sum}");
        // Its median is exp(mean).
        let half: f64 =
            (0..(1.5f64.exp() / 1e-3) as u32).map(|k| density((f64::from(k) + 0.5) * 1e-3, fit) * 1e-3).sum();
        assert!((half - 0.5).abs() < 1e-3, "{half}");
    }

    #[test]
    fn odd_input_still_makes_a_picture() {
        for (counts, edges) in [(&[][..], &[][..]), (&[0u64][..], &[1.0, 1.0][..]), (&[3, 4][..], &[0.0, 1.0, 2.0][..])]
        {
            let svg =
                distribution(&Distribution { counts, edges, log_normal: Some([0.0, 0.0]), title: "", x_label: "" });
            assert!(svg.starts_with("<svg") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
