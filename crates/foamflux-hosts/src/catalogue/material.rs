//! What a host is made of, and whether it may be ranked with others.

use super::models::Model;
use super::presets::Preset;
use crate::presets::Standing;

/// The solid of a host.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Material {
    /// Name.
    pub name: &'static str,
    /// Density without pores in kg/m3.
    pub density_kg_per_m3: f64,
    /// How well founded the density is.
    pub standing: Standing,
    /// Where it comes from.
    pub source: &'static str,
}

const CARBON: Material = Material {
    name: "carbon",
    density_kg_per_m3: 1800.0,
    standing: Standing::Assumed,
    source: "skeletal density of hard carbon, 1400 to 2100; not in the source paper",
};
const RESIN: Material = Material {
    name: "melamine resin",
    density_kg_per_m3: 1570.0,
    standing: Standing::Measured,
    source: "textbook value",
};
const COPPER: Material =
    Material { name: "copper", density_kg_per_m3: 8960.0, standing: Standing::Measured, source: "textbook value" };
const NICKEL: Material =
    Material { name: "nickel", density_kg_per_m3: 8908.0, standing: Standing::Measured, source: "textbook value" };
const BRASS: Material = Material {
    name: "brass",
    density_kg_per_m3: 8500.0,
    standing: Standing::Assumed,
    source: "textbook value of a common brass; the alloy of the reference was not found",
};

/// Electronic conductivity of the solid of a host.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Conductivity {
    /// In S/m; 0 for an insulator.
    pub s_per_m: f64,
    /// How well founded it is.
    pub standing: Standing,
    /// Where it comes from.
    pub source: &'static str,
}

const fn conducts(s_per_m: f64, standing: Standing, source: &'static str) -> Conductivity {
    Conductivity { s_per_m, standing, source }
}

const TEXTBOOK: &str = "textbook value of the metal";
const STEEP: &str = "a guess on the steep shoulder of the carbonisation curve: onset near 730 C, 18 decades to 1050 C";
const FIBRES: &str = "carbon nanofibres, 1e2 to 1e3 S/m; the reference's own was not found";

impl Preset {
    /// Electronic conductivity of its solid.
    #[must_use]
    pub fn conductivity(&self) -> Conductivity {
        let assumed = Standing::Assumed;
        match (self.name, self.model) {
            (_, Model::Interlayer) => conducts(0.0, assumed, "a layer that is no electron host"),
            ("melamine-foam", _) => conducts(0.0, Standing::Measured, "melamine resin is an insulator"),
            ("ni-foam", _) => conducts(1.43e7, Standing::Measured, TEXTBOOK),
            ("porous-cuzn", _) => conducts(1.6e7, assumed, "a common brass; the alloy of the reference was not found"),
            ("cmf-700", _) => conducts(1.0, assumed, STEEP),
            ("cmf-800", _) => conducts(1e2, assumed, STEEP),
            ("cmf-1000", _) => conducts(1e4, assumed, STEEP),
            ("nanochannels", _) => conducts(1e4, assumed, "carbon nanotubes; the reference's own was not found"),
            (
                "cnf-mat"
                | "mop-cnf"
                | "cnf-metal-sites"
                | "lotus-fibres"
                | "ag-carbon-fibres"
                | "fibre-mat"
                | "fibre-mat-isotropic"
                | "fibre-bundle"
                | "crumpled-sheets",
                _,
            ) => conducts(1e3, assumed, FIBRES),
            _ => match self.material() {
                Some(m) if m.name == COPPER.name => conducts(5.96e7, Standing::Measured, TEXTBOOK),
                _ => conducts(3e3, assumed, "melamine foam carbonised at 900 C, 1e3 to 1e4 S/m"),
            },
        }
    }

    /// The solid of the host; `None` where there is none but lithium, or where the class does not say.
    #[must_use]
    pub fn material(&self) -> Option<Material> {
        match self.model {
            Model::Foil | Model::Interlayer => None,
            _ => Some(match self.name {
                "melamine-foam" => RESIN,
                "ni-foam" => NICKEL,
                "gradient-skeleton" | "sintered-metal" | "sintered-spheres" | "microchannels" | "microchannels-hex" => {
                    COPPER
                }
                "porous-cuzn" => BRASS,
                _ => CARBON,
            }),
        }
    }

    /// Why it must not be ranked as a host, where that is so.
    #[must_use]
    pub fn not_comparable(&self) -> Option<&'static str> {
        match (self.name, self.model) {
            (_, Model::Interlayer) => {
                Some("a layer between separator and lithium: it adds resistance there and is no electron host")
            }
            ("melamine-foam", _) => Some("an insulator: the precursor of a host, and none itself"),
            ("crumpled-sheets", _) => Some(
                "shows the topology of graphene with sheets a thousand times too thick: its areas are not those of the class",
            ),
            _ => None,
        }
    }
}
