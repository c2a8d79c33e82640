//! What every label is made of.

use foamflux_grid::{Label, LabelSet};

use crate::kinetics::{Kinetics, REORGANISATION_EV};

/// Ionic conductivity of the electrolyte in S/m, assumed: no number was found for 1 M LiTFSI in DOL/DME.
pub const KAPPA: f64 = 1.1;
/// Exchange current density on true area in A/m2, assumed: that of bare foil in an ether electrolyte, 0.28 mA/cm2.
pub const I0: f64 = 2.8;
/// Conductivity of carbonised melamine at 900 C in S/m, assumed.
pub const SIGMA_CARBON: f64 = 3e3;
/// Conductivity of lithium in S/m.
pub const SIGMA_LITHIUM: f64 = 1.08e7;
/// Conductivity of copper in S/m.
pub const SIGMA_COPPER: f64 = 5.96e7;
/// Porosity of a usual separator, and its Bruggeman exponent: together they divide kappa by 4.1.
pub const SEPARATOR: (f64, f64) = (0.39, 1.5);
/// Temperature in K.
pub const TEMPERATURE: f64 = 298.15;

/// How the surface of a label reacts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surface {
    /// Exchange current density on true area in A/m2.
    pub i0: f64,
    /// Nucleation overpotential in V: plating needs that much more.
    pub eta_nuc: f64,
    /// Resistance of a film in ohm m2.
    pub film: f64,
    /// Nothing is there to strip.
    pub bare: bool,
}

/// Conductivities, surfaces and kinetics.
#[derive(Debug, Clone, PartialEq)]
pub struct Materials {
    /// Electronic conductivity of every label in S/m; 0 insulates.
    pub sigma: [f64; 9],
    /// Ionic conductivity of every label in S/m; 0 insulates.
    pub kappa: [f64; 9],
    /// Surface of every label that conducts electrons.
    pub surface: [Surface; 9],
    /// The law of charge transfer.
    pub kinetics: Kinetics,
    /// Temperature in K.
    pub temperature_k: f64,
}

/// A value that no material has.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MaterialsError {
    /// A number outside of its range.
    #[error("{quantity} of {label} is {value} {unit}: give {wanted}")]
    Value {
        /// What it is.
        quantity: &'static str,
        /// Whose it is.
        label: String,
        /// The number.
        value: f64,
        /// Its unit.
        unit: &'static str,
        /// What would be accepted.
        wanted: &'static str,
    },
    /// A label that conducts electrons and ions.
    #[error("{0} conducts both electrons and ions: give it either sigma or kappa, and 0 for the other")]
    Both(Label),
}

impl Default for Materials {
    /// The assumed inputs; each is to be printed as assumed.
    fn default() -> Self {
        let mut sigma = [0.0; 9];
        for label in [Label::Fibre, Label::Node, Label::Lithiophilic] {
            sigma[label as usize] = SIGMA_CARBON;
        }
        sigma[Label::Lithium as usize] = SIGMA_LITHIUM;
        sigma[Label::Collector as usize] = SIGMA_COPPER;
        let mut kappa = [0.0; 9];
        kappa[Label::Pore as usize] = KAPPA;
        kappa[Label::Separator as usize] = KAPPA * SEPARATOR.0.powf(SEPARATOR.1);
        let mut surface = [Surface { i0: I0, eta_nuc: 0.0, film: 0.0, bare: true }; 9];
        surface[Label::Lithium as usize].bare = false;
        Materials { sigma, kappa, surface, kinetics: Kinetics::ButlerVolmer { alpha: 0.5 }, temperature_k: TEMPERATURE }
    }
}

impl Materials {
    /// Refuses values that no material has.
    ///
    /// # Errors
    /// [`MaterialsError`].
    pub fn check(&self) -> Result<(), MaterialsError> {
        let refuse = |quantity, label: String, value, unit, wanted| {
            Err(MaterialsError::Value { quantity, label, value, unit, wanted })
        };
        let temperature = self.temperature_k;
        if !(temperature.is_finite() && temperature > 0.0) {
            return refuse(
                "temperature",
                "the cell".to_owned(),
                temperature,
                "K",
                "a number above 0, 298.15 by default",
            );
        }
        match self.kinetics {
            Kinetics::ButlerVolmer { alpha } if !(alpha > 0.0 && alpha < 1.0) => {
                return refuse("transfer coefficient", "plating".to_owned(), alpha, "", "a number between 0 and 1");
            }
            Kinetics::MarcusHushChidsey { reorganisation_ev: value } if !REORGANISATION_EV.contains(&value) => {
                let wanted = "a number from 0.01 to 100, usually 0.2 to 1";
                return refuse("reorganisation energy", "the reaction".to_owned(), value, "eV", wanted);
            }
            _ => {}
        }
        for label in Label::ALL {
            let k = label as usize;
            for (quantity, value) in [("electronic conductivity", self.sigma[k]), ("ionic conductivity", self.kappa[k])]
            {
                if !(value.is_finite() && value >= 0.0) {
                    return refuse(
                        quantity,
                        label.to_string(),
                        value,
                        "S/m",
                        "a number above 0, or 0 for an insulator",
                    );
                }
            }
            if self.sigma[k] > 0.0 && self.kappa[k] > 0.0 {
                return Err(MaterialsError::Both(label));
            }
            let Surface { i0, eta_nuc, film, .. } = self.surface[k];
            if self.sigma[k] > 0.0 && !(i0.is_finite() && i0 > 0.0) {
                return refuse("exchange current density", label.to_string(), i0, "A/m2", "a number above 0");
            }
            if !(eta_nuc.is_finite() && eta_nuc >= 0.0) {
                return refuse("nucleation overpotential", label.to_string(), eta_nuc, "V", "a number of at least 0");
            }
            if !(film.is_finite() && film >= 0.0) {
                return refuse("film resistance", label.to_string(), film, "ohm m2", "a number of at least 0");
            }
        }
        Ok(())
    }

    /// Labels that conduct electrons.
    #[must_use]
    pub fn solid(&self) -> LabelSet {
        Label::ALL.into_iter().filter(|&l| self.sigma[l as usize] > 0.0).collect()
    }

    /// Labels that conduct ions.
    #[must_use]
    pub fn electrolyte(&self) -> LabelSet {
        Label::ALL.into_iter().filter(|&l| self.kappa[l as usize] > 0.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_no_material_has_are_refused_by_name() {
        assert_eq!(Materials::default().check(), Ok(()));
        let bad = |change: fn(&mut Materials)| {
            let mut m = Materials::default();
            change(&mut m);
            m.check().err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert!(bad(|m| m.surface[1].i0 = 0.0).contains("exchange current density of fibre is 0 A/m2"));
        assert!(bad(|m| m.surface[2].i0 = -1.0).contains("node"));
        assert!(bad(|m| m.kappa[0] = -1.0).contains("ionic conductivity of pore"));
        assert!(bad(|m| m.kappa[0] = f64::NAN).contains("ionic"));
        assert!(bad(|m| m.sigma[1] = f64::INFINITY).contains("electronic"));
        assert!(bad(|m| m.temperature_k = 0.0).contains("temperature"));
        assert!(bad(|m| m.surface[1].eta_nuc = -0.1).contains("nucleation"));
        assert!(bad(|m| m.surface[1].film = -0.1).contains("film"));
        assert!(bad(|m| m.sigma[0] = 1.0).contains("both electrons and ions"));
        assert!(bad(|m| m.kinetics = Kinetics::ButlerVolmer { alpha: 1.0 }).contains("transfer"));
    }
}
