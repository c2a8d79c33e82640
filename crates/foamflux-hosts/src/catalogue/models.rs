//! The models and their parameters.

use super::parameter::{Parameter, Quantity};

/// A generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Open-cell foam of struts.
    Foam,
    /// Fibre mat.
    Fibres,
    /// Block with straight channels.
    Channels,
    /// Bicontinuous random field.
    Spinodal,
    /// Crumpled sheets.
    Sheets,
    /// Sphere packing or inverse opal.
    Spheres,
    /// Lithium foil.
    Foil,
    /// Porous layer on a lithium foil.
    Interlayer,
}

const fn p(
    key: &'static str,
    what: &'static str,
    quantity: Quantity,
    [low, high]: [f64; 2],
    default: f64,
) -> Parameter {
    Parameter { key, what, quantity, low, high, default }
}

const fn length(key: &'static str, what: &'static str, range: [f64; 2], default: f64) -> Parameter {
    p(key, what, Quantity::Length, range, default)
}

const fn number(key: &'static str, what: &'static str, range: [f64; 2], default: f64) -> Parameter {
    p(key, what, Quantity::Number, range, default)
}

const fn flag(key: &'static str, what: &'static str, default: bool) -> Parameter {
    p(key, what, Quantity::Flag, [0.0, 1.0], if default { 1.0 } else { 0.0 })
}

const fn choice(key: &'static str, what: &'static str, words: &'static [&'static str], default: f64) -> Parameter {
    p(key, what, Quantity::Choice(words), [0.0, words.len() as f64 - 1.0], default)
}

/// Lengths of structures: from an atom to a hand.
const LENGTH: [f64; 2] = [1e-9, 0.1];
const ZERO_OR_LENGTH: [f64; 2] = [0.0, 0.1];
const GRADE: Parameter =
    number("grade", "relative change of the size from mid-depth to the collector side", [-0.9, 0.9], 0.0);
const PERIODIC: Parameter = flag("periodic", "whether the box repeats along x, y and z", false);
const VOLUME_FRACTION: Parameter = number("volume_fraction", "solid volume over box volume", [1e-4, 0.95], 0.1);

/// Words of `carbonise`, with the temperature in degrees Celsius and the linear shrinkage that hosts.md assumes for it.
pub(crate) const fn carbonise_table() -> [(&'static str, f64, f64); 5] {
    [("none", 0.0, 0.0), ("700C", 700.0, 0.25), ("800C", 800.0, 0.33), ("900C", 900.0, 0.40), ("1000C", 1000.0, 0.45)]
}

const FOAM: &[Parameter] = &[
    choice("cells", "arrangement of the cells", &["kelvin", "voronoi", "laguerre"], 1.0),
    length("cell_size", "edge of the cube that holds two cells (face distance of a Kelvin cell)", LENGTH, 100e-6),
    number("jitter", "kelvin: displacement of seeds over their distance", [0.0, 0.5], 0.0),
    number("min_distance", "voronoi: smallest distance of seeds over the mean spacing", [0.0, 0.85], 0.7),
    p("relax", "voronoi: Lloyd steps towards regular cells", Quantity::Count, [0.0, 100.0], 3.0),
    number("cell_spread", "laguerre: coefficient of variation of the cell diameter", [0.0, 0.5], 0.25),
    choice("section", "section of the struts", &["round", "triangle", "concave-triangle"], 0.0),
    length("strut_diameter", "area-equivalent diameter in the middle of a strut", LENGTH, 6.2e-6),
    number("swelling", "radius at the node over that in the middle", [1.0, 3.0], 1.5),
    number("swelling_length", "reach of the swelling in strut radii", [0.5, 20.0], 3.0),
    number("node_ratio", "radius of the node ball over that of the strut ends", [1.0, 2.0], 1.0),
    number("hollow", "bore over strut diameter", [0.0, 0.95], 0.0),
    number("compression", "height after over height before pressing", [0.02, 1.0], 1.0),
    number("broken", "share of struts with a gap", [0.0, 1.0], 0.0),
    number("gap", "gap of a broken strut in strut diameters", [0.0, 100.0], 2.0),
    number("debris", "mean number of impurity particles at a node", [0.0, 50.0], 0.0),
    length("debris_diameter", "mean diameter of impurity particles", LENGTH, 2e-6),
    number("lambda", "reach of the node zone in strut diameters", [0.0, 2.0], 0.75),
    number(
        "volume_fraction",
        "solve the strut diameter for this solid fraction; 0: keep the diameter",
        [0.0, 0.6],
        0.0,
    ),
    choice("carbonise", "carbonise the precursor first", &["none", "700C", "800C", "900C", "1000C"], 0.0),
    number("mass_yield", "carbonise: carbon mass over precursor mass", [0.01, 1.0], 0.15),
    number("density_ratio", "carbonise: skeletal density of carbon over precursor", [0.2, 5.0], 1.15),
    flag("diameter_by_mass", "carbonise: strut diameter from the mass balance instead of strut_diameter", false),
    GRADE,
    PERIODIC,
];

const FIBRES: &[Parameter] = &[
    length("diameter", "mean fibre diameter", LENGTH, 1e-6),
    number("spread", "coefficient of variation of the diameter", [0.0, 1.0], 0.0),
    length("length", "fibre length; longer ones than three boxes end outside", LENGTH, 100e-6),
    choice("orientation", "directions", &["isotropic", "planar", "aligned-x", "aligned-y", "aligned-z"], 0.0),
    p("tilt", "standard deviation out of the plane, or off the axis", Quantity::Degrees, [0.0, 60.0], 5.0),
    length("persistence", "persistence length of curved fibres; none: straight", [1e-9, f64::INFINITY], f64::INFINITY),
    choice("inside", "what is inside of a fibre", &["solid", "hollow", "lotus"], 0.0),
    number("bore", "diameter of a bore over that of the fibre", [0.01, 0.95], 0.5),
    p("channels", "lotus: number of bores", Quantity::Count, [2.0, 12.0], 5.0),
    flag("overlap", "whether fibres may pass through each other", true),
    VOLUME_FRACTION,
    GRADE,
    PERIODIC,
];

const CHANNELS: &[Parameter] = &[
    choice("pattern", "where the channels are", &["square", "hexagonal", "random"], 0.0),
    length("diameter", "mean channel diameter", LENGTH, 10e-6),
    number("spread", "coefficient of variation of the diameter", [0.0, 1.0], 0.0),
    length("pitch", "distance of neighbouring channels", LENGTH, 15e-6),
    GRADE,
    PERIODIC,
];

const WAVELENGTH: Parameter = length("wavelength", "mean wavelength of the field", LENGTH, 10e-6);

const SPINODAL: &[Parameter] = &[WAVELENGTH, VOLUME_FRACTION, GRADE, PERIODIC];

const SHEETS: &[Parameter] = &[WAVELENGTH, length("thickness", "sheet thickness", LENGTH, 1e-6), PERIODIC];

const SPHERES: &[Parameter] = &[
    choice("packing", "how spheres are placed", &["fcc", "random", "overlapping"], 1.0),
    length("diameter", "mean sphere diameter", LENGTH, 5e-6),
    number("spread", "coefficient of variation of the diameter", [0.0, 1.0], 0.0),
    number("fraction", "volume inside of spheres over box volume, before necks and grading", [1e-3, 0.95], 0.5),
    number("neck", "diameter after sintering over that of the packing", [1.0, 1.3], 1.0),
    number("hollow", "inner over outer diameter of hollow spheres", [0.0, 0.98], 0.0),
    flag("inverse", "whether the spheres are pores", false),
    GRADE,
    PERIODIC,
];

const RELIEF: &[&str] = &["flat", "sinusoid", "random"];

const FOIL: &[Parameter] = &[
    length("headspace", "electrolyte above the mean surface", LENGTH, 25e-6),
    choice("relief", "form of the surface", RELIEF, 0.0),
    length("rms", "root mean square height of the surface", ZERO_OR_LENGTH, 2e-6),
    length("wavelength", "wavelength of the surface", LENGTH, 20e-6),
];

const INTERLAYER: &[Parameter] = &[
    length("layer", "thickness of the porous layer", LENGTH, 10e-6),
    WAVELENGTH,
    VOLUME_FRACTION,
    choice("material", "label of the layer's solid", &["other", "lithiophilic"], 0.0),
    PERIODIC,
];

/// What every model can be dressed with.
const COMMON: &[Parameter] = &[
    length("floor", "thickness of a current collector (label 6) at the last slices", ZERO_OR_LENGTH, 0.0),
    choice("lithium", "lithium in the pores", &["none", "conformal", "bottom"], 0.0),
    number("lithium_fraction", "lithium volume over box volume", [0.0, 0.95], 0.3),
    choice("sites", "lithiophilic sites on the surface", &["none", "uniform", "patches", "particles", "gradient"], 0.0),
    number("site_fraction", "share of the surface that is site; gradient: at the collector", [0.0, 1.0], 0.05),
    length("site_size", "diameter of a patch or particle", LENGTH, 3e-6),
    choice("site_on", "which solid bears sites", &["all", "fibre", "node"], 0.0),
];

impl Model {
    /// Its own parameters, then those of every model.
    pub fn parameters(self) -> impl Iterator<Item = &'static Parameter> {
        let own = match self {
            Model::Foam => FOAM,
            Model::Fibres => FIBRES,
            Model::Channels => CHANNELS,
            Model::Spinodal => SPINODAL,
            Model::Sheets => SHEETS,
            Model::Spheres => SPHERES,
            Model::Foil => FOIL,
            Model::Interlayer => INTERLAYER,
        };
        own.iter().chain(COMMON)
    }

    /// Name in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Model::Foam => "foam",
            Model::Fibres => "fibres",
            Model::Channels => "channels",
            Model::Spinodal => "spinodal",
            Model::Sheets => "sheets",
            Model::Spheres => "spheres",
            Model::Foil => "foil",
            Model::Interlayer => "interlayer",
        }
    }
}
