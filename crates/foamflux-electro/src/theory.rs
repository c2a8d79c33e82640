//! Formulas that stand beside a solve: the porous electrode without structure, diffusion limits, dimensionless groups.
//!
//! Depth y runs from 0 at the separator to 1 at the collector.

use crate::constants::{FARADAY, thermal_voltage};

/// A porous electrode as a homogeneous medium, with linear kinetics (Newman and Tobias 1962).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Macrohomogeneous {
    /// Thickness in m.
    pub depth: f64,
    /// Effective ionic conductivity in S/m.
    pub kappa: f64,
    /// Effective electronic conductivity in S/m; infinite for a perfect conductor.
    pub sigma: f64,
    /// Reacting area per volume in 1/m.
    pub area: f64,
    /// Slope of the current density against overpotential in A/(m2 V).
    pub slope: f64,
}

impl Macrohomogeneous {
    /// `nu = L sqrt(a_v k (1/kappa + 1/sigma))`: above 1 the reaction shifts to the ends.
    #[must_use]
    pub fn nu(&self) -> f64 {
        self.depth * (self.area * self.slope * (1.0 / self.kappa + 1.0 / self.sigma)).sqrt()
    }

    /// `K = kappa/sigma`: below 1 the reaction is on the separator's side, above on the collector's.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.kappa / self.sigma
    }

    /// How deep ions penetrate, in m.
    #[must_use]
    pub fn penetration_depth(&self) -> f64 {
        (self.kappa / (self.area * self.slope)).sqrt()
    }

    /// Reaction current at a depth over its mean.
    #[must_use]
    pub fn reaction(&self, y: f64) -> f64 {
        let (nu, k) = (self.nu(), self.ratio());
        if nu < 1e-4 {
            return 1.0;
        }
        // cosh and sinh overflow beyond 700: scaled by exp(nu) they do not.
        let cosh = |x: f64| 0.5 * ((x - nu).exp() + (-x - nu).exp());
        let sinh = 0.5 * (1.0 - (-2.0 * nu).exp());
        nu * (k * cosh(nu * y) + cosh(nu * (1.0 - y))) / ((1.0 + k) * sinh)
    }

    /// Resistance in ohm m2 between the separator's plane and the collector.
    #[must_use]
    pub fn resistance(&self) -> f64 {
        let nu = self.nu();
        let (kappa, sigma) = (self.kappa, self.sigma);
        if sigma.is_infinite() {
            return self.depth / kappa / (nu * nu.tanh());
        }
        let ratio = sigma / kappa + kappa / sigma;
        self.depth / (kappa + sigma) * (1.0 + (2.0 + ratio * nu.cosh()) / (nu * nu.sinh()))
    }
}

/// A binary electrolyte.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Salt {
    /// Diffusivity in m2/s.
    pub diffusivity: f64,
    /// Transference number of the lithium ion.
    pub transference: f64,
    /// Concentration in mol/m3.
    pub concentration: f64,
}

impl Default for Salt {
    /// Assumed: no numbers were found for 1 M LiTFSI in DOL/DME.
    fn default() -> Self {
        Salt { diffusivity: 4e-10, transference: 0.35, concentration: 1000.0 }
    }
}

impl Salt {
    /// `Da = J L (1 - t+) N_M / (F D c0)`: the share of the salt that is missing at the back of a host of MacMullin number N_M,
    /// if all of the reaction were there. The secondary model stands below 0.2.
    #[must_use]
    pub fn depletion(&self, current: f64, depth: f64, macmullin: f64) -> f64 {
        current.abs() * depth * (1.0 - self.transference) * macmullin
            / (FARADAY * self.diffusivity * self.concentration)
    }

    /// Limiting current in A/m2 of planar electrodes a distance apart, `2 F D c0 / ((1 - t+) L N_M)`.
    #[must_use]
    pub fn limiting_current(&self, depth: f64, macmullin: f64) -> f64 {
        2.0 * FARADAY * self.diffusivity * self.concentration / ((1.0 - self.transference) * depth * macmullin)
    }

    /// Time in s after which a current density exhausts the salt at a planar electrode (Sand 1901).
    #[must_use]
    pub fn sand_time(&self, current: f64) -> f64 {
        std::f64::consts::PI
            * self.diffusivity
            * (FARADAY * self.concentration / (2.0 * current * (1.0 - self.transference))).powi(2)
    }

    /// Time in s to diffuse over a depth, `L^2/D`.
    #[must_use]
    pub fn diffusion_time(&self, depth: f64) -> f64 {
        depth * depth / self.diffusivity
    }
}

/// Wagner number of linear kinetics, `kappa RT / (F i0 l)`.
#[must_use]
pub fn wagner_linear(kappa: f64, temperature_k: f64, i0: f64, length: f64) -> f64 {
    kappa * thermal_voltage(temperature_k) / (i0 * length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reaction_of_a_homogeneous_electrode_has_a_mean_of_one_and_the_right_ends() {
        for (kappa, sigma) in [(1.0, 1e9), (1.0, 1.0), (1.0, 0.1)] {
            for nu in [0.5, 2.5, 8.0, 900.0] {
                let slope = nu * nu / (1.0 / kappa + 1.0 / sigma);
                let m = Macrohomogeneous { depth: 1.0, kappa, sigma, area: 1.0, slope };
                assert!((m.nu() / nu - 1.0).abs() < 1e-12);
                let n = 20_000;
                let mean = (0..n).map(|k| m.reaction((k as f64 + 0.5) / n as f64)).sum::<f64>() / n as f64;
                assert!((mean - 1.0).abs() < 1e-3, "{nu} {kappa} {sigma}: {mean}");
            }
        }
        // Equal conductivities: the same at both ends.
        let m = Macrohomogeneous { depth: 1.0, kappa: 1.0, sigma: 1.0, area: 1.0, slope: 4.0 };
        assert!((m.reaction(0.0) - m.reaction(1.0)).abs() < 1e-12);
        // A very conducting solid: coth.
        let m = Macrohomogeneous { depth: 1.0, kappa: 1.0, sigma: 1e12, area: 1.0, slope: 4.0 };
        assert!((m.resistance() / (1.0 / (2.0 * 2f64.tanh())) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn magnitudes_are_those_of_the_literature() {
        // 1 M, D 3e-10, t+ 0.38: 373 mA/cm2 over 25 um, Sand's time 2.3e3 s at 5 mA/cm2.
        let salt = Salt { diffusivity: 3e-10, transference: 0.38, concentration: 1000.0 };
        assert!((salt.limiting_current(25e-6, 1.0) / 3730.0 - 1.0).abs() < 0.01);
        assert!((salt.sand_time(50.0) / 2.28e3 - 1.0).abs() < 0.02, "{}", salt.sand_time(50.0));
        assert!((wagner_linear(1.0, 298.15, 2.8, 50e-6) / 184.0 - 1.0).abs() < 0.01);
    }
}
