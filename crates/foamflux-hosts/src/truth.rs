//! What is known about a generated host, for `truth.json`.

use serde::Serialize;

use crate::area::Estimate;
use crate::catalogue::Entry;
use crate::graph::GraphFacts;

/// How a number was obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A formula for this very geometry.
    Analytic,
    /// Random points in the parts of voxels at the surface; the uncertainty is the difference of two sets of points.
    PartialVolume,
    /// Points on the surfaces that the host is made of; the uncertainty is a standard error.
    SurfaceSampling,
    /// Integration of the field over two unrelated grids; the uncertainty is their difference.
    FieldIntegration,
}

/// A number with its uncertainty and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Known {
    /// The best value.
    pub value: f64,
    /// One standard deviation, or the scale of the discretisation error; zero for formulas.
    pub uncertainty: f64,
    /// How it was obtained.
    pub method: Method,
}

impl Known {
    pub(crate) const fn exact(value: f64) -> Self {
        Known { value, uncertainty: 0.0, method: Method::Analytic }
    }

    pub(crate) const fn of(e: Estimate, method: Method) -> Self {
        Known { value: e.value, uncertainty: e.uncertainty, method }
    }

    pub(crate) fn over(self, divisor: f64) -> Self {
        Known { value: self.value / divisor, uncertainty: self.uncertainty / divisor, ..self }
    }
}

/// A textbook relation for the class of geometry, beside what was generated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Relation {
    /// What it gives.
    pub quantity: &'static str,
    /// The relation in words.
    pub relation: &'static str,
    /// Its value for the parameters.
    pub value: f64,
}

/// The carbonisation step that was applied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Carbonised {
    /// Temperature in degrees Celsius.
    pub temperature_celsius: f64,
    /// Linear shrinkage; assumed, no source was found.
    pub linear_shrinkage: f64,
    /// Cell size before.
    pub cell_size_before_m: f64,
    /// Cell size after.
    pub cell_size_after_m: f64,
    /// Strut diameter that keeps the mass balance with the precursor's 6 µm struts.
    pub diameter_by_mass_balance_m: f64,
    /// Strut diameter that was used.
    pub diameter_used_m: f64,
}

/// Lithiophilic sites as drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SiteFacts {
    /// Share of faces between pore and solid that belong to a site.
    pub face_share: f64,
    /// Site voxels.
    pub voxels: u64,
    /// Site patches or particles; the number of voxels where sites are single voxels.
    pub sites: u64,
}

/// Everything that is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Name and version of this record.
    pub schema: &'static str,
    /// Name of the host.
    pub name: &'static str,
    /// Row of the list of systems.
    pub row: &'static str,
    /// Generator of random numbers.
    pub generator: &'static str,
    /// Seed number.
    pub seed: u64,
    /// Voxels, z, y, x.
    pub shape_zyx: [usize; 3],
    /// Voxel edges, x, y, z.
    pub voxel_size_m_xyz: [f64; 3],
    /// Volume of the box.
    pub volume_m3: f64,
    /// Every parameter with its standing.
    pub parameters: Vec<Entry>,
    /// Solid of the bare host over the box: without collector, lithium, sites and debris.
    pub solid_volume_fraction: Known,
    /// Share of voxels whose centre is solid in the bare host; what labels can show at best.
    pub solid_voxel_fraction: f64,
    /// Surface of the bare host in the box, without the faces that the box cuts.
    pub surface_area_m2: Known,
    /// The same over the volume of the box.
    pub area_per_volume_per_m: Known,
    /// Length-weighted orientation tensor of struts or fibres.
    pub orientation_tensor: Option<[[f64; 3]; 3]>,
    /// The graph in numbers.
    pub graph: Option<GraphFacts>,
    /// Cells in the box (foams).
    pub cells: Option<usize>,
    /// Coefficient of variation of the cells' equivalent diameter (foams).
    pub cell_diameter_spread: Option<f64>,
    /// Textbook relations for the class.
    pub relations: Vec<Relation>,
    /// The carbonisation step.
    pub carbonised: Option<Carbonised>,
    /// Share of voxels of every label in the written volume, by name.
    pub label_fractions: std::collections::BTreeMap<&'static str, f64>,
    /// Lithium volume over box volume in the labels.
    pub lithium_fraction: Option<f64>,
    /// Lithiophilic sites.
    pub sites: Option<SiteFacts>,
    /// What a reader should know.
    pub notes: Vec<String>,
}
