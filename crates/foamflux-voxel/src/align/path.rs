//! From displacements of pairs to a path, and what of it is smooth.

use super::{CORRELATED, Pair};

/// Rounds of reweighting; the path moves by less than a hundredth of a pixel after three.
const ROUNDS: usize = 6;
/// Residual in pixels at which a pair has half of its weight: a few times the precision of a pair.
const ROBUST_PIXEL: f64 = 0.15;
/// Weight of the wish that lost slices lie between their neighbours.
const BRIDGE: f64 = 1e-6;
/// Half of the window over which what stays of a smooth path is fitted, in slices.
const HALF_WINDOW: usize = 10;
/// Most points whose pairs are all compared for the slope of a line.
const SLOPE_POINTS: usize = 400;

/// Least squares of `p_b - p_a = d_ab` with `p_0 = 0`, both axes.
pub(super) fn solve(pairs: &[Pair], slices: usize) -> Vec<[f64; 2]> {
    let mut out = vec![[0.0; 2]; slices];
    for axis in 0..2 {
        let mut p: Vec<f64> = vec![0.0; slices];
        for round in 0..ROUNDS {
            let weight = |pair: &Pair| {
                if pair.correlation < CORRELATED {
                    return 0.0;
                }
                let residual = if round == 0 { 0.0 } else { p[pair.b] - p[pair.a] - pair.shift[axis] };
                pair.correlation / (1.0 + (residual / ROBUST_PIXEL).powi(2))
            };
            let system = pairs.iter().map(|pair| (pair.a, pair.b, pair.shift[axis], weight(pair)));
            let bridge = (1..slices).map(|b| (b - 1, b, 0.0, BRIDGE));
            p = banded(system.chain(bridge), slices);
        }
        out.iter_mut().zip(&p).for_each(|(o, v)| o[axis] = v - p[0]);
    }
    out
}

/// Solves the normal equations, whose band is as wide as the largest distance of a pair.
fn banded(pairs: impl Iterator<Item = (usize, usize, f64, f64)>, n: usize) -> Vec<f64> {
    const BAND: usize = 5;
    let mut matrix = vec![[0.0; BAND]; n];
    let mut right = vec![0.0; n];
    for (a, b, d, w) in pairs {
        matrix[a][0] += w;
        matrix[b][0] += w;
        // Lower triangle by row b: the entry left of the diagonal by b - a.
        matrix[b][b - a] -= w;
        right[b] += w * d;
        right[a] -= w * d;
    }
    // The path is known up to a constant: hold its first point.
    matrix[0][0] += 1.0;
    // Cholesky within the band.
    for i in 0..n {
        for k in (1..BAND.min(i + 1)).rev() {
            let j = i - k;
            let mut sum = matrix[i][k];
            for m in 1..BAND - k {
                if m <= j && k + m < BAND {
                    sum -= matrix[i][k + m] * matrix[j][m];
                }
            }
            matrix[i][k] = sum / matrix[j][0];
        }
        let squares: f64 = matrix[i][1..].iter().map(|v| v * v).sum();
        matrix[i][0] = (matrix[i][0] - squares).max(f64::MIN_POSITIVE).sqrt();
    }
    for i in 0..n {
        let sum: f64 = (1..BAND.min(i + 1)).map(|k| matrix[i][k] * right[i - k]).sum();
        right[i] = (right[i] - sum) / matrix[i][0];
    }
    for i in (0..n).rev() {
        let sum: f64 = (1..BAND.min(n - i)).map(|k| matrix[i + k][k] * right[i + k]).sum();
        right[i] = (right[i] - sum) / matrix[i][0];
    }
    right
}

/// The line through most of the points: median of the slopes of pairs (Theil 1950, Sen 1968), then of the offsets.
pub(super) fn line(p: &[f64]) -> Vec<f64> {
    let step = p.len().div_ceil(SLOPE_POINTS).max(1);
    let at: Vec<usize> = (0..p.len()).step_by(step).collect();
    let slopes = at
        .iter()
        .enumerate()
        .flat_map(|(i, &a)| at[i + 1..].iter().map(move |&b| (p[b] - p[a]) / (b - a) as f64))
        .collect();
    let slope = super::median(slopes);
    let slope = if slope.is_finite() { slope } else { 0.0 };
    let offset = super::median(p.iter().enumerate().map(|(i, v)| v - slope * i as f64).collect());
    (0..p.len()).map(|i| offset + slope * i as f64).collect()
}

/// Local straight lines with tricube weights (W. Cleveland 1979), fitted robustly.
pub(crate) fn smooth(p: &[f64]) -> Vec<f64> {
    let n = p.len();
    let mut robust = vec![1.0; n];
    let mut fit = p.to_vec();
    for _ in 0..3 {
        fit = (0..n)
            .map(|i| {
                let (low, high) = (i.saturating_sub(HALF_WINDOW), (i + HALF_WINDOW + 1).min(n));
                let mut s = [0.0; 5];
                for j in low..high {
                    let x = j as f64 - i as f64;
                    let near = 1.0 - (x.abs() / (HALF_WINDOW + 1) as f64).powi(3);
                    let w = robust[j] * near.powi(3);
                    s = [s[0] + w, s[1] + w * x, s[2] + w * x * x, s[3] + w * p[j], s[4] + w * x * p[j]];
                }
                let determinant = s[0] * s[2] - s[1] * s[1];
                if determinant > 1e-9 * s[0] * s[2] { (s[2] * s[3] - s[1] * s[4]) / determinant } else { p[i] }
            })
            .collect();
        let rest: Vec<f64> = p.iter().zip(&fit).map(|(p, f)| p - f).collect();
        // Six medians of the residuals, as in Cleveland's procedure; a perfect fit has none.
        let scale = 6.0 * super::median(rest.iter().map(|r| r.abs()).collect());
        if scale <= 0.0 || scale.is_nan() {
            break;
        }
        robust = rest.iter().map(|r| (1.0 - (r / scale).powi(2).min(1.0)).powi(2).max(1e-6)).collect();
    }
    fit
}

/// The distance at which slices usually correlate as little as this, from the usual correlation at some distances.
///
/// Between and beyond them the logarithm of the correlation is taken as linear in the distance.
pub(super) fn distance_of(usual: &[(f64, f64)], correlation: f64) -> f64 {
    let floor = 1e-3;
    let log = |c: f64| c.max(floor).ln();
    let c = log(correlation);
    let last = usual.len().saturating_sub(1);
    for (i, pair) in usual.windows(2).enumerate() {
        let ((d0, c0), (d1, c1)) = ((pair[0].0, log(pair[0].1)), (pair[1].0, log(pair[1].1)));
        if (c >= c1 || i + 1 == last) && c1 < c0 {
            return d0 + (d1 - d0) * (c - c0) / (c1 - c0);
        }
    }
    1.0
}
