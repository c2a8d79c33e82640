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

impl Preset {
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
