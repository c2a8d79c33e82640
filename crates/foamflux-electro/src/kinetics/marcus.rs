//! The law of Marcus, Hush and Chidsey.
//!
//! Electrons of every level of a metal take part, each at the rate of Marcus (Chidsey 1991). With overpotential `u` and
//! reorganisation energy `l` in thermal units the rate of plating is
//! `K(u) = integral exp(-(x - l + u)^2 / 4l) / (1 + exp(x)) dx`, and that of stripping `K(-u)`.
//! Completing the square takes the exponentials of Butler and Volmer out of it:
//!
//! ```text
//! j / i0 = 2 sinh(u/2) G(u) / G(0),    G(u) = integral exp(-(x - u)^2 / 4l) / (2 cosh(x/2)) dx
//! ```
//!
//! `G` is even and falls from `G(0)`, so that Marcus is the symmetric Butler-Volmer law times a factor of at most one, which
//! is one for large reorganisation energies.
//! The integrand is analytic in a strip of half-width pi, where the trapezoidal rule converges like `exp(-2 pi^2 / h)`
//! (Trefethen & Weideman 2014): with a quarter for `h` nothing but rounding is left.
//! `ln G` is smooth, and kept in a table with its slope.
//!
//! What is different here: the usual closed form (Zeng, Smith, Bai & Bazant 2014) is off by some percent; this is exact to
//! 1e-8, and costs two exponentials as well.

use std::ops::RangeInclusive;

use super::Point;

/// Reorganisation energies that are taken, in eV.
pub(crate) const REORGANISATION_EV: RangeInclusive<f64> = 0.01..=100.0;

/// Step of the quadrature.
const STEP: f64 = 0.25;
/// Exponents below the largest one that still count.
const DROP: f64 = 42.0;
/// Distance of the table's points in thermal units: the cubic is off by a 384th of its fourth power times the fourth
/// derivative of `ln G`, which is of the order of one for the smallest energies.
const SPACING: f64 = 1.0 / 16.0;
/// Where the table ends, six volts at room temperature; `ln G` is straight there.
const END: f64 = 240.0;

/// `ln G(u)/G(0)` and its slope at evenly spaced overpotentials.
#[derive(Debug)]
pub(crate) struct Marcus {
    /// Thermal units per volt.
    per_volt: f64,
    table: Vec<[f64; 2]>,
    most: f64,
}

impl Marcus {
    /// A table for a reorganisation energy in thermal units.
    pub(crate) fn new(energy: f64, per_volt: f64) -> Self {
        let points = (END / SPACING) as usize + 1;
        let mut table: Vec<[f64; 2]> = (0..points).map(|k| log_integral(k as f64 * SPACING, energy)).collect();
        let [zero, _] = table[0];
        for row in &mut table {
            row[0] -= zero;
        }
        // K at a large overpotential is the whole Gaussian, and `K(0) = exp(-l/4) G(0)`.
        let most = (4.0 * std::f64::consts::PI * energy).sqrt() * (0.25 * energy - zero).exp();
        Marcus { per_volt, table, most }
    }

    /// Largest current over exchange current.
    pub(crate) const fn most(&self) -> f64 {
        self.most
    }

    /// Current over exchange current at an overpotential in V, and its slope.
    #[inline]
    pub(crate) fn at(&self, eta: f64) -> Point {
        let u = eta * self.per_volt;
        let [log, slope] = self.factor(u.abs());
        let slope = if u < 0.0 { -slope } else { slope };
        let half = 0.5 * u;
        // Exponents are joined before they are raised: each alone may overflow.
        let (up, down) = ((half + log).exp(), (-half + log).exp());
        let j = if half.abs() < 0.05 { 2.0 * half.sinh() * log.exp() } else { up - down };
        Point { j, slope: (0.5 * (up + down) + slope * j).max(0.0) * self.per_volt }
    }

    /// `ln G(u)/G(0)` and its slope for `u >= 0`, by cubics that keep both at the table's points.
    #[inline]
    fn factor(&self, u: f64) -> [f64; 2] {
        let at = u / SPACING;
        // The last point counts for whatever lies beyond, not-a-numbers included.
        let k = (at as usize).min(self.table.len() - 2);
        let t = at - k as f64;
        let ([f0, d0], [f1, d1]) = (self.table[k], self.table[k + 1]);
        if t > 1.0 {
            return [f1 + d1 * (u - END), d1];
        }
        let (d0, d1) = (d0 * SPACING, d1 * SPACING);
        let (a, b) = (f1 - f0 - d0, d1 - d0);
        let (c2, c3) = (3.0 * a - b, b - 2.0 * a);
        [f0 + t * (d0 + t * (c2 + t * c3)), (d0 + t * (2.0 * c2 + 3.0 * t * c3)) / SPACING]
    }
}

/// `ln G(u)` and its slope for `u >= 0`.
fn log_integral(u: f64, energy: f64) -> [f64; 2] {
    let exponent = |x: f64| {
        let a = x.abs();
        -(x - u).powi(2) / (4.0 * energy) - 0.5 * a - (-a).exp().ln_1p()
    };
    // The exponent is concave, at least as curved as the Gaussian, with its largest value about here.
    let peak = (u - energy).max(0.0);
    let reach = (4.0 * energy * DROP).sqrt() + 2.0;
    let steps = (reach / STEP).ceil() as i64;
    let top = exponent(peak);
    let (mut sum, mut first) = (0.0, 0.0);
    for k in -steps..=steps {
        let x = peak + k as f64 * STEP;
        let e = (exponent(x) - top).exp();
        sum += e;
        first += e * (x - u) / (2.0 * energy);
    }
    [top + (STEP * sum).ln(), first / sum]
}

#[cfg(test)]
#[path = "marcus_tests.rs"]
mod tests;
