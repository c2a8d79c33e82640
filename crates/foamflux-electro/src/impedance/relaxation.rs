//! The distribution of relaxation times.
//!
//! ```text
//! Z(w) = R_inf + integral gamma(tau) / (1 + i w tau) d ln tau,   gamma >= 0
//! ```
//!
//! `gamma` is a sum of Gaussians in `ln tau`, evenly spaced; their heights and `R_inf` are the non-negative least squares of real and
//! imaginary parts over `|Z|`, with the squared second difference of heights as a penalty (Tikhonov), by active sets (Lawson & Hanson 1974).
//! The strength of the penalty is the one at which a spectrum that was left out at random is best predicted from the rest, among powers of ten:
//! cross-validation needs no eye for the corner of an L.
//!
//! Peaks are not given names: which is the interphase and which charge transfer, a spectrum of one state cannot say.

use super::Complex;

/// Time constants per decade.
const PER_DECADE: usize = 8;
/// Decades beyond the measured range on both sides.
const BEYOND: f64 = 1.0;
/// Width of a Gaussian over the spacing of their centres.
const WIDTH: f64 = 1.0;
/// Strengths of the penalty that are tried.
const STRENGTHS: [f64; 9] = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];
/// Groups for cross-validation.
const FOLDS: usize = 5;
/// Most changes of the active set per unknown.
const PASSES: usize = 6;

/// One time constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relaxation {
    /// Time constant in s.
    pub tau_s: f64,
    /// `gamma`, resistance in ohm m2 per unit of `ln tau`.
    pub gamma: f64,
}

/// A distribution and its fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Relaxations {
    /// By time constant, rising.
    pub distribution: Vec<Relaxation>,
    /// Resistance at high frequency in ohm m2.
    pub series: f64,
    /// All of the distribution in ohm m2.
    pub polarisation: f64,
    /// Strength of the penalty.
    pub strength: f64,
    /// Root of the mean squared error over |Z|.
    pub misfit: f64,
}

/// Finds the distribution of a spectrum of frequencies in Hz; none from fewer than ten.
#[must_use]
pub fn relaxations(spectrum: &[(f64, Complex)]) -> Option<Relaxations> {
    if spectrum.len() < 2 * FOLDS {
        return None;
    }
    let omegas: Vec<f64> = spectrum.iter().map(|(f, _)| 2.0 * std::f64::consts::PI * f).collect();
    let low = omegas.iter().copied().fold(f64::INFINITY, f64::min);
    let high = omegas.iter().copied().fold(0.0, f64::max);
    let (first, last) = (-high.log10() - BEYOND, -low.log10() + BEYOND);
    let count = ((last - first) * PER_DECADE as f64).ceil() as usize + 1;
    let step = (last - first) / (count - 1) as f64 * std::f64::consts::LN_10;
    let centres: Vec<f64> = (0..count).map(|k| first * std::f64::consts::LN_10 + k as f64 * step).collect();
    // Columns: R_inf, then the Gaussians; rows: real and imaginary parts over |Z|.
    let rows: Vec<[Vec<f64>; 2]> = spectrum
        .iter()
        .zip(&omegas)
        .map(|((_, z), &omega)| {
            let weight = 1.0 / z.size();
            let mut re = vec![weight];
            let mut im = vec![0.0];
            for &centre in &centres {
                let k = response(omega, centre, step);
                re.push(weight * k.re);
                im.push(weight * k.im);
            }
            re.push(weight * z.re);
            im.push(weight * z.im);
            [re, im]
        })
        .collect();
    let fit = |strength: f64, keep: &dyn Fn(usize) -> bool| {
        let kept: Vec<&Vec<f64>> = rows.iter().enumerate().filter(|(k, _)| keep(*k)).flat_map(|(_, r)| r).collect();
        least_squares(&kept, count + 1, strength)
    };
    let misfit = |x: &[f64], row: &[f64]| {
        let got: f64 = row.iter().zip(x).map(|(a, x)| a * x).sum();
        (got - row[count + 1]).powi(2)
    };
    let mut best = (f64::INFINITY, STRENGTHS[0]);
    for strength in STRENGTHS {
        let mut error = 0.0;
        for fold in 0..FOLDS {
            let x = fit(strength, &|k| k % FOLDS != fold);
            for (_, row) in rows.iter().enumerate().filter(|(k, _)| k % FOLDS == fold) {
                error += misfit(&x, &row[0]) + misfit(&x, &row[1]);
            }
        }
        // A stronger penalty that is hardly worse is the calmer one.
        if error < best.0 / 1.02 || (error < 1.02 * best.0 && strength > best.1) {
            best = (error.min(best.0), strength);
        }
    }
    let x = fit(best.1, &|_| true);
    let error: f64 = rows.iter().map(|r| misfit(&x, &r[0]) + misfit(&x, &r[1])).sum();
    let distribution: Vec<Relaxation> = centres
        .iter()
        .map(|&at| {
            let gamma = centres.iter().zip(&x[1..]).map(|(c, h)| h * gaussian(at - c, step)).sum();
            Relaxation { tau_s: at.exp(), gamma }
        })
        .collect();
    Some(Relaxations {
        polarisation: x[1..].iter().sum::<f64>() * area(step),
        distribution,
        series: x[0],
        strength: best.1,
        misfit: (error / (2 * rows.len()) as f64).sqrt(),
    })
}

fn gaussian(distance: f64, step: f64) -> f64 {
    (-0.5 * (distance / (WIDTH * step)).powi(2)).exp()
}

/// Area of a Gaussian.
fn area(step: f64) -> f64 {
    (2.0 * std::f64::consts::PI).sqrt() * WIDTH * step
}

/// Impedance of one Gaussian, by the trapezoidal rule over six widths, which is exact to rounding for a Gaussian.
fn response(omega: f64, centre: f64, step: f64) -> Complex {
    let h = 0.25 * WIDTH * step;
    let mut sum = Complex::default();
    for k in -24i32..=24 {
        let at = f64::from(k) * h;
        let wt = omega * (centre + at).exp();
        let g = h * gaussian(at, step) / (1.0 + wt * wt);
        sum = sum + Complex { re: g, im: -g * wt };
    }
    sum
}

/// Non-negative least squares with a penalty on second differences of all but the first unknown.
fn least_squares(rows: &[&Vec<f64>], n: usize, strength: f64) -> Vec<f64> {
    let mut normal = vec![vec![0.0; n]; n];
    let mut right = vec![0.0; n];
    for row in rows {
        for i in 0..n {
            right[i] += row[i] * row[n];
            for j in 0..n {
                normal[i][j] += row[i] * row[j];
            }
        }
    }
    // The penalty is relative to what the data know of a column, so that its strength has no unit.
    let scale = strength * (1..n).map(|i| normal[i][i]).fold(0.0, f64::max);
    for k in 2..n.saturating_sub(1) {
        for (i, a) in [(k - 1, 1.0), (k, -2.0), (k + 1, 1.0)] {
            for (j, b) in [(k - 1, 1.0), (k, -2.0), (k + 1, 1.0)] {
                normal[i][j] += scale * a * b;
            }
        }
    }
    let mut free = vec![false; n];
    let mut x = vec![0.0; n];
    for _ in 0..PASSES * n {
        let gradient = |x: &[f64], i: usize| right[i] - normal[i].iter().zip(x).map(|(a, x)| a * x).sum::<f64>();
        let enters = (0..n)
            .filter(|&i| !free[i])
            .map(|i| (i, gradient(&x, i)))
            .filter(|&(i, g)| g > 1e-10 * right[i].abs().max(f64::MIN_POSITIVE))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((i, _)) = enters else { break };
        free[i] = true;
        loop {
            let solved = solve_free(&normal, &right, &free);
            let below: Vec<bool> = (0..n).map(|i| free[i] && solved[i] <= 0.0).collect();
            if !below.contains(&true) {
                x = solved;
                break;
            }
            // As far towards the solution as nothing turns negative; what reaches zero there is fixed.
            let far = (0..n)
                .filter(|&i| below[i])
                .map(|i| x[i] / (x[i] - solved[i]))
                .fold(f64::INFINITY, f64::min)
                .clamp(0.0, 1.0);
            for i in 0..n {
                if free[i] {
                    let stays = !below[i] || x[i] / (x[i] - solved[i]) > far;
                    x[i] += far * (solved[i] - x[i]);
                    if !stays {
                        (x[i], free[i]) = (0.0, false);
                    }
                }
            }
        }
    }
    x
}

/// The normal equations of the free unknowns, by Cholesky's method; the others are zero.
fn solve_free(normal: &[Vec<f64>], right: &[f64], free: &[bool]) -> Vec<f64> {
    let index: Vec<usize> = (0..right.len()).filter(|&i| free[i]).collect();
    let n = index.len();
    let mut l = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            let value = normal[index[i]][index[j]] - dot;
            let floor = 1e-14 * normal[index[i]][index[i]];
            l[i][j] = if i == j { value.max(floor).sqrt() } else { value / l[j][j] };
        }
    }
    let mut y = vec![0.0; n];
    for i in 0..n {
        let dot: f64 = (0..i).map(|k| l[i][k] * y[k]).sum();
        y[i] = (right[index[i]] - dot) / l[i][i];
    }
    let mut out = vec![0.0; right.len()];
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|k| l[k][i] * out[index[k]]).sum();
        out[index[i]] = (y[i] - dot) / l[i][i];
    }
    out
}
