//! Current distribution on the surface of a host.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::VolumeInfo;

/// Current density per true area, weighted by true area.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurrentDensity {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub std: f64,
    /// 1st percentile.
    pub p01: f64,
    /// Median.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Largest; depends on the voxels where the surface has corners.
    pub max: f64,
}

/// How even it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Uniformity {
    /// Standard deviation over mean.
    pub cv: f64,
    /// Gini coefficient, 0 for even.
    pub gini: f64,
    /// 99th percentile over mean.
    pub hot_spot_p99: f64,
    /// Share of the area with more than half of the mean.
    pub active_area_fraction: f64,
    /// Standard deviation over mean within labels: what is left when the contrast between labels is taken out.
    pub cv_within_labels: f64,
    /// The same of each face over the mean of its slice: what is left without the profile along the depth.
    #[serde(default)]
    pub within_slices: Option<Evenness>,
}

/// How evenly a quantity is spread over area.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evenness {
    /// Standard deviation over mean.
    pub cv: f64,
    /// Gini coefficient, 0 for even.
    pub gini: f64,
    /// 99th percentile over mean.
    pub hot_spot_p99: f64,
    /// Share of the area with more than half of the mean.
    pub active_area_fraction: f64,
}

/// What one label has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurrentShare {
    /// Share of the reacting area.
    pub area: f64,
    /// Share of the current.
    pub current: f64,
    /// Mean current density per true area.
    pub mean_a_per_m2: f64,
    /// Mean current density over that of all area.
    pub relative: f64,
    /// The same, were potentials even: what the exchange current densities alone make of it.
    pub relative_kinetic_limit: f64,
}

/// Dimensionless groups, limits, and what they were made of.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentGroups {
    /// Wagner number: resistance of the reaction over that of the electrolyte on the length of a pore.
    pub wagner: Option<f64>,
    /// That length, four times electrolyte volume over area.
    pub wagner_length_m: Option<f64>,
    /// Thickness over the length on which the reaction changes; above 1 it is uneven in depth.
    pub nu: Option<f64>,
    /// Depth that ions reach before they react.
    pub penetration_depth_m: Option<f64>,
    /// Effective ionic over electronic conductivity: above 1 the collector's side is favoured.
    pub kappa_over_sigma: Option<f64>,
    /// Effective ionic conductivity of the part of the box that reacts.
    pub kappa_effective_s_per_m: Option<f64>,
    /// Effective electronic conductivity of the same part.
    pub sigma_effective_s_per_m: Option<f64>,
    /// Depth of that part.
    pub host_depth_m: f64,
    /// Share of salt that would be missing at the back; the model stands below 0.2.
    pub depletion: Option<f64>,
    /// Current per cross-section at which the salt would be exhausted at the back.
    pub limiting_current_a_per_m2: Option<f64>,
    /// Time after which a planar electrode at the applied current would have exhausted its salt.
    pub sand_time_s: Option<f64>,
    /// Time to diffuse over the depth.
    pub diffusion_time_s: Option<f64>,
}

/// What was conserved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurrentBalance {
    /// Difference between what the surface takes and the applied current, over the latter.
    pub charge_error: Option<f64>,
    /// Largest difference between the current through a plane between slices and the applied one.
    pub slice_error: Option<f64>,
}

/// Areas in m2.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentArea {
    /// True area that reacts.
    pub reacting_m2: f64,
    /// Cross-section of the box.
    pub projected_m2: f64,
    /// Their ratio.
    pub ratio: f64,
    /// Share of the separator's plane that is electrolyte.
    pub open_share: f64,
}

/// Voxels that conduct and take no part, as shares of the box.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentLeftOut {
    /// Electrolyte that the separator does not reach.
    pub electrolyte: f64,
    /// Electrolyte that touches no connected solid.
    pub idle_electrolyte: f64,
    /// Solid that the collector does not reach.
    pub solid: f64,
}

/// By slice, from the separator.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentProfile {
    /// Depth of the slice's centre in m.
    pub depth_m: Vec<f64>,
    /// Reaction current over its mean over the slices.
    pub reaction_relative: Vec<f64>,
    /// Reacting area over its mean over the slices.
    pub area_relative: Vec<f64>,
    /// The reaction of a homogeneous electrode with the same effective numbers and linear kinetics; `null` outside of the host.
    pub macrohomogeneous_relative: Vec<Option<f64>>,
    /// Share of the current that is ionic in the middle of the slice.
    pub ionic_share: Vec<f64>,
    /// Mean ionic potential in V.
    pub phi_electrolyte_v: Vec<Option<f64>>,
    /// Mean electronic potential in V.
    pub phi_solid_v: Vec<Option<f64>>,
}

/// An input, and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurrentInput {
    /// The flag without its dashes.
    pub key: String,
    /// Whose it is, where it belongs to a label.
    pub label: Option<String>,
    /// Value in SI.
    pub value: f64,
    /// Unit.
    pub unit: String,
    /// `given` or `assumed`.
    pub standing: String,
    /// What kind of thing an assumed value rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// What an assumed value rests on, in words.
    pub source: Option<String>,
}

/// What kind of thing an assumed value rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// A published measurement on a sample of that kind.
    Literature,
    /// A table of material constants.
    Handbook,
    /// What is usual, or the simplest of the possible: no measurement.
    Convention,
    /// The order of magnitude: no number was found for this material.
    Placeholder,
}

impl Basis {
    /// Whether the number is published.
    #[must_use]
    pub const fn is_published(self) -> bool {
        matches!(self, Basis::Literature | Basis::Handbook)
    }
}

/// The salt of the electrolyte.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentElectrolyte {
    /// `secondary` (the salt follows the current and does not act on it), `dilute` or `concentrated`.
    pub model: String,
    /// Where lithium comes from: a `counter` electrode in the separator's plane, which conserves salt, or a `reservoir`.
    pub supply: String,
    /// Conductivity at the initial concentration that the model has.
    pub kappa_s_per_m: f64,
    /// Smallest concentration, surfaces included; below zero where the current is more than a steady state allows.
    pub concentration_min_mol_per_m3: f64,
    /// Largest.
    pub concentration_max_mol_per_m3: f64,
    /// Mean over the electrolyte.
    pub concentration_mean_mol_per_m3: f64,
    /// The smallest over the initial one.
    pub min_relative: f64,
    /// Depth of the surface where the concentration is smallest.
    pub poorest_depth_m: Option<f64>,
    /// Current per cross-section at which the salt of this geometry runs out, if the current keeps its shape.
    pub limiting_current_a_per_m2: Option<f64>,
    /// Applied over limiting current.
    pub current_over_limit: Option<f64>,
    /// Difference of the potential against lithium that uneven salt makes between plane and surface, mean over the current.
    /// Part of the overpotential of the dilute and concentrated models, and an estimate in the secondary one.
    pub concentration_overpotential_v: Option<f64>,
    /// Overpotential less that of the reaction and of concentration: resistance, films, nucleation.
    pub ohmic_overpotential_v: f64,
    /// Time after which the applied current uses up the salt of this geometry; `null` where it lasts or was not asked for.
    pub sand_time_s: Option<f64>,
    /// The salt in time, where it was asked for.
    pub transient: Option<CurrentTransient>,
    /// How salt and potentials came to agree.
    pub agreement: CurrentAgreement,
    /// By slice.
    pub profile: CurrentSaltProfile,
}

/// The salt in time, under a current distribution that keeps its shape.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentTransient {
    /// Whether the last state is steady.
    pub steady: bool,
    /// Time since the current was switched on.
    pub time_s: Vec<f64>,
    /// Smallest concentration over the initial one.
    pub min_relative: Vec<f64>,
    /// Current per cross-section that would have used up the salt at this time.
    pub sustained_current_a_per_m2: Vec<f64>,
}

/// How salt and potentials came to agree.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentAgreement {
    /// Rounds; 0 for the secondary model.
    pub rounds: u32,
    /// Largest change of a face's current over the mean in the last.
    pub current_change: f64,
    /// Largest change of a face's concentration over the initial one in the last.
    pub salt_change: f64,
    /// Newton steps of all rounds.
    pub newton_steps: u32,
    /// Iterations on the salt of all rounds.
    pub salt_iterations: u32,
    /// Largest difference between what a plane between slices carries, ions and lithium plated below, and the applied current.
    pub li_slice_error: f64,
    /// Seconds for the salt in time and its maps.
    pub seconds: f64,
}

/// The salt by slice, from the separator.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentSaltProfile {
    /// Mean concentration over the initial one; `null` where no electrolyte takes part.
    pub concentration_relative: Vec<Option<f64>>,
    /// Flux of lithium ions through the plane above each slice, over that through the separator's.
    pub li_flux_relative: Vec<f64>,
}

/// What the solve cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentEffort {
    /// Potentials.
    pub unknowns: u64,
    /// Faces that react.
    pub reacting_faces: u64,
    /// Newton steps.
    pub newton_steps: u32,
    /// Iterations of the linear solver in each.
    pub linear_iterations: Vec<u32>,
    /// Largest change of a face's current density in the last step, over the mean.
    pub last_change: f64,
    /// Device.
    pub device: String,
    /// Seconds for reading, preparing, solving.
    pub seconds: CurrentSeconds,
    /// Bytes that the solver held.
    pub peak_bytes: u64,
}

/// Seconds by step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurrentSeconds {
    /// Reading the volume.
    pub read: f64,
    /// Finding clusters and faces.
    pub setup: f64,
    /// Solving.
    pub solve: f64,
    /// Effective conductivities.
    pub effective: f64,
}

/// What `current` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurrentResults {
    /// Schema name and version.
    pub schema: String,
    /// Shape and voxel size.
    pub volume: VolumeInfo,
    /// `secondary`: kinetics and ohmic losses, electrolyte of one concentration; `dilute` or `concentrated`: salt acts on both.
    pub model: String,
    /// Depth axis.
    pub direction: String,
    /// The collector's end, `last` or `first`.
    pub collector: String,
    /// `no-flux` or `periodic`.
    pub sides: String,
    /// `uniform` or `equipotential` separator's plane.
    pub separator_plane: String,
    /// Why no current flows; then what follows is `null` or empty.
    pub blocked: Option<String>,
    /// Current per cross-section of the box.
    pub applied_current_a_per_m2: Option<f64>,
    /// Ionic potential of the separator's plane less electronic potential of the collector; positive when plating.
    pub overpotential_v: Option<f64>,
    /// Mean over the current of the overpotential that drives the reaction.
    pub overpotential_kinetic_v: Option<f64>,
    /// Per true area.
    pub current_density_a_per_m2: Option<CurrentDensity>,
    /// How even it is.
    pub uniformity: Option<Uniformity>,
    /// By label of the surface.
    pub shares: BTreeMap<String, CurrentShare>,
    /// Share of the current in the first tenth of the depth.
    pub top_share: Option<f64>,
    /// Mean depth of the reaction over the box's: 0.5 is even.
    pub depth_centroid: Option<f64>,
    /// Mean depth of the area, the same way.
    pub area_centroid: Option<f64>,
    /// Dimensionless groups.
    pub groups: CurrentGroups,
    /// Conservation.
    pub balance: CurrentBalance,
    /// Areas.
    pub area: CurrentArea,
    /// What takes no part.
    pub left_out: CurrentLeftOut,
    /// By slice.
    pub profile: CurrentProfile,
    /// The salt; `null` where no current flows.
    #[serde(default)]
    pub electrolyte: Option<CurrentElectrolyte>,
    /// Every input with its standing.
    pub inputs: Vec<CurrentInput>,
    /// What the map says, in words.
    pub reading: Vec<String>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// Cost.
    pub solver: CurrentEffort,
}

impl CurrentResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.current/1";
}
