//! The salt of the electrolyte: concentration, the flux of lithium ions, limits, and what they do to the current.
//!
//! ```text
//! salt        div(D grad c) = 0,   D d_n c = (1 - t+) j / F on reacting faces (n from the solid into the electrolyte)
//! current     div i = 0,   i = -kappa(c) grad phi + kappa(c) B grad ln c,   B = (2 RT/F)(1 - t+)(1 + dln f/dln c)
//! lithium     N+ = -D grad c + t+ i/F,   anions  N- = -D grad c - (1 - t+) i/F
//! surface     j = i0 (c/c0)^gamma f(eta),   phi against a lithium electrode
//! ```
//!
//! Anions neither react nor leave. Lithium comes from a counter electrode in the separator's plane, so that no anion passes it
//! either and salt is conserved ([`Supply::Counter`]), or the plane is a reservoir at c0 ([`Supply::Reservoir`]).
//! Transference number and diffusivity are constant, so that the salt is one linear problem for a given current:
//! a current `J` that leaves `c_min` reaches zero at `J c0 / (c0 - c_min)`, if it keeps its shape.
//!
//! With `psi = phi - B ln(c/c0)` the current is `-kappa(c) grad psi`: the solver of two potentials serves as it is, with
//! another conductivity in every voxel and a shift `B ln(c/c0)` and an `i0` of its own on every face. Salt and potentials
//! follow each other until both agree; Anderson's method (1965) extrapolates from round to round.
//!
//! What is different here: published maps of "Li+ flux" are often `grad c` alone; N+ here has its migration, and what passes
//! every slice is lithium that is plated below it.

mod anderson;
mod concentration;
mod couple;
mod diffusion;
mod transient;

use foamflux_grid::Label;

use crate::constants::{FARADAY, GAS, thermal_voltage};
use crate::error::ElectroError;
use crate::materials::{Materials, MaterialsError, SEPARATOR};
use crate::theory::Salt;

pub use concentration::Concentration;
pub use couple::{Agreement, Answer, Losses, solve};
pub use transient::{Instant, Transient, transient};

/// What is taken into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Model {
    /// The current does not feel the salt, which is computed all the same.
    #[default]
    Secondary,
    /// Ideal ions: conductivity follows from diffusivity and transference number (Nernst and Einstein), and is in proportion to c.
    Dilute,
    /// The conductivity that was entered, with its maximum at c0, and a thermodynamic factor.
    Concentrated,
}

/// Where lithium comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Supply {
    /// A lithium electrode in the separator's plane; salt is conserved.
    #[default]
    Counter,
    /// A reservoir of the initial concentration.
    Reservoir,
}

/// The electrolyte.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Electrolyte {
    /// What is taken into account.
    pub model: Model,
    /// Where lithium comes from.
    pub supply: Supply,
    /// Diffusivity, transference number, initial concentration.
    pub salt: Salt,
    /// `1 + dln f/dln c`: one for ideal solutions.
    pub thermodynamic_factor: f64,
    /// Exponent with which `i0` follows the concentration.
    pub i0_exponent: f64,
    /// Volume of electrolyte in every label that conducts ions, over the label's.
    pub porosity: [f64; 9],
}

impl Default for Electrolyte {
    /// The assumed inputs; each is to be printed as assumed.
    fn default() -> Self {
        let mut porosity = [1.0; 9];
        porosity[Label::Separator as usize] = SEPARATOR.0;
        Electrolyte {
            model: Model::Secondary,
            supply: Supply::Counter,
            salt: Salt::default(),
            thermodynamic_factor: 1.0,
            i0_exponent: 0.5,
            porosity,
        }
    }
}

impl Electrolyte {
    /// Refuses values that no electrolyte has.
    ///
    /// # Errors
    /// [`MaterialsError`].
    pub fn check(&self) -> Result<(), MaterialsError> {
        let Salt { diffusivity, transference, concentration } = self.salt;
        let above = |value: f64| value.is_finite() && value > 0.0;
        let dilute = self.model == Model::Dilute;
        let rows = [
            ("diffusivity", diffusivity, "m2/s", "a number above 0", above(diffusivity)),
            ("concentration", concentration, "mol/m3", "a number above 0", above(concentration)),
            (
                "transference number",
                transference,
                "",
                "a number from 0 to less than 1, above 0 for the dilute model",
                (0.0..1.0).contains(&transference) && (transference > 0.0 || !dilute),
            ),
            (
                "thermodynamic factor",
                self.thermodynamic_factor,
                "",
                "a number above 0, and 1 for the dilute model",
                above(self.thermodynamic_factor) && (!dilute || (self.thermodynamic_factor - 1.0).abs() < 1e-12),
            ),
            ("exponent of i0", self.i0_exponent, "", "a number from 0 to 2", (0.0..=2.0).contains(&self.i0_exponent)),
        ];
        for (quantity, value, unit, wanted, fine) in rows {
            if !fine {
                return Err(MaterialsError::Value { quantity, label: "the salt".to_owned(), value, unit, wanted });
            }
        }
        Ok(())
    }

    /// `B` of the current's equation in V.
    #[must_use]
    pub fn diffusion_voltage(&self, temperature_k: f64) -> f64 {
        2.0 * thermal_voltage(temperature_k) * (1.0 - self.salt.transference) * self.thermodynamic_factor
    }

    /// Concentration in mol/m3 per `v` in A/m, the unknown of the diffusion problem.
    pub(crate) fn per_unit(&self) -> f64 {
        (1.0 - self.salt.transference) / (FARADAY * self.salt.diffusivity)
    }

    /// Conductivity in S/m of ideal ions of the salt's diffusivity and transference number, `F^2 c D / (2 t+ (1 - t+) RT)`.
    #[must_use]
    pub fn ideal_conductivity(&self, temperature_k: f64) -> f64 {
        let Salt { diffusivity, transference, concentration } = self.salt;
        FARADAY * FARADAY * concentration * diffusivity
            / (2.0 * transference * (1.0 - transference) * GAS * temperature_k)
    }

    /// Conductivity at a concentration over that at c0, both over c0.
    ///
    /// The concentrated model's `x exp(1 - x)` has its maximum at c0 and vanishes with the salt: within 4 % of LiPF6 in
    /// EC:DMC (Valoen and Reimers 2005) from half to one and a half molar, 10 % at a tenth.
    #[must_use]
    pub fn conducts(&self, x: f64) -> f64 {
        match self.model {
            Model::Secondary => 1.0,
            Model::Dilute => x,
            Model::Concentrated => x * (1.0 - x).exp(),
        }
    }

    /// Materials with the conductivity that the model has at c0.
    #[must_use]
    pub fn materials(&self, materials: &Materials) -> Materials {
        let mut out = materials.clone();
        let entered = reference(materials);
        if self.model == Model::Dilute && entered > 0.0 {
            let factor = self.ideal_conductivity(materials.temperature_k) / entered;
            out.kappa = materials.kappa.map(|k| k * factor);
        }
        out
    }
}

/// Conductivity of the free electrolyte: that of pores, or the largest one.
fn reference(materials: &Materials) -> f64 {
    let pore = materials.kappa[Label::Pore as usize];
    if pore > 0.0 { pore } else { materials.kappa.iter().copied().fold(0.0, f64::max) }
}

/// Refuses wrong values of the salt.
fn checked(electrolyte: &Electrolyte) -> Result<(), ElectroError> {
    Ok(electrolyte.check()?)
}

#[cfg(test)]
mod tests;
