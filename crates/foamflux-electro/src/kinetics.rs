//! Current density of a face against its overpotential.
//!
//! Butler-Volmer, plating counted positive:
//! `j = i0 [exp(alpha_c F eta / RT) - exp(-(1 - alpha_c) F eta / RT)]`.
//!
//! Marcus, Hush and Chidsey: the symmetric law times a factor of at most one, see [`marcus`].

mod marcus;

use std::sync::Arc;

use crate::constants::thermal_voltage;
use marcus::Marcus;
pub(crate) use marcus::REORGANISATION_EV;

/// Exponents beyond this are cut: `exp(250)` squared is still a double.
const MAX_EXPONENT: f64 = 250.0;

/// The law of charge transfer, without its exchange current density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kinetics {
    /// Butler-Volmer with the transfer coefficient of plating; that of stripping is one less it.
    ButlerVolmer {
        /// Transfer coefficient of plating.
        alpha: f64,
    },
    /// Marcus, Hush and Chidsey: symmetric, and slower than Butler-Volmer at overpotentials of the size of the
    /// reorganisation energy.
    MarcusHushChidsey {
        /// Reorganisation energy in eV.
        reorganisation_ev: f64,
    },
}

impl Kinetics {
    /// Transfer coefficient of plating near equilibrium.
    #[must_use]
    pub const fn alpha(self) -> f64 {
        match self {
            Kinetics::ButlerVolmer { alpha } => alpha,
            Kinetics::MarcusHushChidsey { .. } => 0.5,
        }
    }
}

impl Kinetics {
    /// Current density over exchange current density at an overpotential in V, and its slope in 1/V.
    #[must_use]
    pub fn relative(self, eta: f64, temperature_k: f64) -> (f64, f64) {
        let Point { j, slope } = Curve::new(self, temperature_k).at(eta);
        (j, slope)
    }

    /// The overpotential in V at which a surface carries this current density over its exchange current density.
    #[must_use]
    pub fn overpotential(self, relative: f64, temperature_k: f64) -> f64 {
        if relative.abs() < f64::MIN_POSITIVE {
            return 0.0;
        }
        let curve = Curve::new(self, temperature_k);
        // The law is monotonic: a bracket grows until it holds the answer, and Newton's method stays within.
        let mut far = curve.efold(relative).copysign(relative);
        while curve.at(far).j.abs() < relative.abs() && far.abs() < MOST {
            far *= 2.0;
        }
        let (mut low, mut high) = if far > 0.0 { (0.0, far) } else { (far, 0.0) };
        let mut eta = 0.5 * far;
        for _ in 0..200 {
            let Point { j, slope } = curve.at(eta);
            if j > relative {
                high = eta;
            } else {
                low = eta;
            }
            let next = eta - (j - relative) / slope;
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            if (next - eta).abs() <= 4.0 * f64::EPSILON * eta.abs() {
                return next;
            }
            eta = next;
        }
        eta
    }
}

/// No electrolyte withstands this many volts.
const MOST: f64 = 100.0;

/// A law at a temperature.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    /// Exponents per volt of plating and stripping.
    plating: f64,
    stripping: f64,
    /// What Marcus leaves of it.
    marcus: Option<Arc<Marcus>>,
}

/// Current density and its slope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) j: f64,
    /// dj/deta, never negative.
    pub(crate) slope: f64,
}

impl Curve {
    pub(crate) fn new(kinetics: Kinetics, temperature_k: f64) -> Self {
        let alpha = kinetics.alpha();
        let volt = thermal_voltage(temperature_k);
        let marcus = match kinetics {
            Kinetics::ButlerVolmer { .. } => None,
            Kinetics::MarcusHushChidsey { reorganisation_ev } => {
                Some(Arc::new(Marcus::new(reorganisation_ev / volt, 1.0 / volt)))
            }
        };
        Curve { plating: alpha / volt, stripping: (1.0 - alpha) / volt, marcus }
    }

    /// Current density over exchange current density at an overpotential.
    #[inline]
    pub(crate) fn at(&self, eta: f64) -> Point {
        if let Some(marcus) = &self.marcus {
            return marcus.at(eta);
        }
        let a = (self.plating * eta).clamp(-MAX_EXPONENT, MAX_EXPONENT);
        let c = (-self.stripping * eta).clamp(-MAX_EXPONENT, MAX_EXPONENT);
        let (forward, back) = (a.exp(), c.exp());
        // Near equilibrium the difference of exponentials loses digits that expm1 keeps.
        let j = if a.abs() < 0.1 { a.exp_m1() - c.exp_m1() } else { forward - back };
        Point { j, slope: self.plating * forward + self.stripping * back }
    }

    /// Largest current density over exchange current density that the law allows; infinite for Butler-Volmer.
    pub(crate) fn most(&self) -> f64 {
        self.marcus.as_ref().map_or(f64::INFINITY, |m| m.most())
    }

    /// Overpotential over which the current grows by a factor e, in the direction of `eta`.
    #[inline]
    pub(crate) fn efold(&self, eta: f64) -> f64 {
        1.0 / if eta >= 0.0 { self.plating } else { self.stripping }
    }
}

/// The law on one kind of surface.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Law<'a> {
    pub(crate) curve: &'a Curve,
    pub(crate) i0: f64,
    /// Nothing is there to strip: the current is never negative.
    pub(crate) bare: bool,
}

impl Law<'_> {
    #[inline]
    pub(crate) fn at(&self, eta: f64) -> Point {
        if self.bare && eta < 0.0 {
            return Point { j: 0.0, slope: 0.0 };
        }
        let Point { j, slope } = self.curve.at(eta);
        Point { j: self.i0 * j, slope: self.i0 * slope }
    }

    /// The overpotential `eta` with `eta + resistance j(eta) = drop`, by Newton's method within a bracket.
    pub(crate) fn solve(&self, drop: f64, resistance: f64, start: f64) -> f64 {
        // eta lies between 0 and the whole drop.
        let (mut low, mut high) = if drop >= 0.0 { (0.0, drop) } else { (drop, 0.0) };
        let mut eta = start.clamp(low, high);
        for _ in 0..200 {
            let Point { j, slope } = self.at(eta);
            let miss = eta + resistance * j - drop;
            if miss > 0.0 {
                high = high.min(eta);
            } else {
                low = low.max(eta);
            }
            let step = miss / (1.0 + resistance * slope);
            let next = eta - step;
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            if (next - eta).abs() <= 4.0 * f64::EPSILON * eta.abs().max(1e-12) {
                return next;
            }
            eta = next;
        }
        eta
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(alpha: f64, i0: f64) -> Law<'static> {
        let curve = Curve::new(Kinetics::ButlerVolmer { alpha }, 298.15);
        Law { curve: Box::leak(Box::new(curve)), i0, bare: false }
    }

    #[test]
    fn symmetric_kinetics_is_a_hyperbolic_sine() {
        let volt = thermal_voltage(298.15);
        assert!((volt - 25.693e-3).abs() < 1e-6);
        for eta in [-0.2f64, -1e-9, 0.0, 1e-12, 0.003, 0.0048, 0.069, 0.3] {
            let Point { j, slope } = law(0.5, 2.8).at(eta);
            let exact = 2.0 * 2.8 * (eta / (2.0 * volt)).sinh();
            assert!((j - exact).abs() <= 1e-13 * exact.abs(), "{eta}: {j} for {exact}");
            let h = 1e-6;
            let numeric = (law(0.5, 2.8).at(eta + h).j - law(0.5, 2.8).at(eta - h).j) / (2.0 * h);
            assert!((slope / numeric - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_drop_is_shared_between_reaction_and_resistance() {
        for (alpha, i0, resistance) in [(0.5, 2.8, 1e-6), (0.3, 1e-4, 10.0), (0.7, 1e4, 1e-3), (0.5, 1.0, 0.0)] {
            for drop in [-2.0, -0.1, 1e-6, 0.07, 0.5, 3.0] {
                let eta = law(alpha, i0).solve(drop, resistance, 0.0);
                let back = eta + resistance * law(alpha, i0).at(eta).j;
                assert!((back / drop - 1.0).abs() < 1e-9, "{alpha} {i0} {resistance} {drop}: {back}");
            }
        }
    }

    #[test]
    fn the_overpotential_of_a_current_is_the_inverse_of_the_law() {
        let volt = thermal_voltage(298.15);
        for relative in [-300.0, -1.0, -1e-6, 1e-9, 0.1, 3.5, 2e4, 1e30] {
            let eta = Kinetics::ButlerVolmer { alpha: 0.5 }.overpotential(relative, 298.15);
            let exact = 2.0 * volt * (0.5 * relative).asinh();
            assert!((eta / exact - 1.0).abs() < 1e-10, "{relative}: {eta} for {exact}");
            let law = Kinetics::ButlerVolmer { alpha: 0.3 };
            let back = law.relative(law.overpotential(relative, 320.0), 320.0).0;
            assert!((back / relative - 1.0).abs() < 1e-9, "{relative}: {back}");
        }
        assert!(Kinetics::ButlerVolmer { alpha: 0.5 }.overpotential(0.0, 298.15).abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn bare_carbon_plates_and_does_not_strip() {
        let bare = Law { bare: true, ..law(0.5, 1.0) };
        assert_eq!(bare.at(-0.1), Point { j: 0.0, slope: 0.0 });
        assert!(bare.at(0.1).j > 0.0);
        assert!((bare.solve(-0.5, 1.0, 0.0) + 0.5).abs() < 1e-9);
    }
}
