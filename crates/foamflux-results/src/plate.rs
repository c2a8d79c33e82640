//! Plating and stripping of a host.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CurrentInput, Figure, Program, VolumeInfo};

/// One solve and the lithium that was there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlatePoint {
    /// Cycle, from 1.
    pub cycle: u32,
    /// Whether lithium is being stripped.
    pub stripping: bool,
    /// Lithium in contact beyond what the host came with, as charge per cross-section.
    pub capacity_c_per_m2: f64,
    /// Ionic potential of the separator's plane less electronic potential of the collector; positive when plating.
    pub overpotential_v: f64,
    /// Mean over the current of the overpotential that drives the reaction.
    pub overpotential_kinetic_v: f64,
    /// Share of the host's pores that is lithium.
    pub lithium_fraction: f64,
    /// Share of the plated lithium in the first tenth of the host's depth or above it; `null` before there is any.
    pub top_plating_share: Option<f64>,
    /// Share of the current that reacts in the first tenth of the box's depth.
    pub top_current_share: f64,
    /// Share of the host's surface that lithium covers.
    pub coverage: f64,
    /// Thickness of the electrode: the host and what lies above it.
    pub thickness_m: f64,
    /// Share of the electrolyte that lithium has cut off from the separator.
    pub blocked_share: f64,
    /// Standard deviation over mean of current density per true area.
    pub cv: f64,
    /// 99th percentile of current density over the mean.
    pub j99: f64,
    /// Mean current density per true area.
    pub current_density_a_per_m2: f64,
    /// Reacting area over cross-section.
    pub area_ratio: f64,
    /// Lithium above the host, as charge per cross-section.
    pub above_host_c_per_m2: f64,
    /// Lithium without contact, as charge per cross-section.
    pub dead_c_per_m2: f64,
    /// Difference between what the surface takes and the applied current, over the latter.
    pub charge_error: f64,
    /// Largest difference between the current through a plane between slices and the applied one.
    pub slice_error: f64,
    /// Newton steps of the solve.
    pub newton_steps: u32,
    /// Linear iterations of the solve.
    pub linear_iterations: u32,
}

/// A state that was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlateStage {
    /// Cycle, from 1.
    pub cycle: u32,
    /// Whether lithium was being stripped.
    pub stripping: bool,
    /// Lithium in contact beyond what the host came with, as charge per cross-section.
    pub capacity_c_per_m2: f64,
    /// Label volume relative to the output folder, where there is one.
    pub labels: Option<String>,
    /// Share of the box that is lithium.
    pub lithium_volume_fraction: f64,
    /// Share of the cross-section of every slice of the box that is plated lithium, from the separator.
    pub lithium_by_slice: Vec<f64>,
    /// Depth over which the middle nine tenths of the plated lithium lie; `null` before there is any.
    pub deposit_depth_m: Option<f64>,
    /// When stripping: half of the volume by which lithium differs from where it lay at this charge when plating, over all of it.
    pub geometric_hysteresis: Option<f64>,
    /// Seconds since the stage before.
    pub seconds: f64,
}

/// One half of a cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlateHalf {
    /// Cycle, from 1.
    pub cycle: u32,
    /// Whether lithium was stripped.
    pub stripping: bool,
    /// Charge that passed per cross-section.
    pub passed_c_per_m2: f64,
    /// Whether all of it passed that was to.
    pub complete: bool,
    /// Why not, in words.
    pub reason: Option<String>,
}

/// How plating and stripping differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlateHysteresis {
    /// Cycle, from 1.
    pub cycle: u32,
    /// Mean full gap between the two curves at the same charge.
    pub voltage_v: f64,
    /// The gap that the kinetics of the local current alone would make.
    pub kinetic_floor_v: f64,
    /// Charges between which the mean was taken.
    pub range_c_per_m2: [f64; 2],
    /// Largest geometric hysteresis of the stages; `null` where none was met both ways.
    pub geometric: Option<f64>,
}

/// What was conserved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlateBalance {
    /// Largest difference between what the surface takes and the applied current, over the latter.
    pub charge_error: f64,
    /// Difference between the lithium found and the charge passed, over the charge plated.
    pub volume_error: f64,
    /// Largest difference between the current through a plane between slices and the applied one.
    pub slice_error: f64,
    /// Charge plated per cross-section, all cycles together.
    pub plated_c_per_m2: f64,
    /// Charge stripped per cross-section, all cycles together.
    pub stripped_c_per_m2: f64,
    /// Lithium without contact.
    pub dead_c_per_m2: f64,
    /// Lithium on top of the full host, beyond the box.
    pub overflow_c_per_m2: f64,
    /// One less the dead share of the plated charge: a geometric bound, not a measured efficiency.
    pub geometric_efficiency: Option<f64>,
}

/// Thicknesses, and what they stand beside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlateThickness {
    /// Host as it came, without a collector layer.
    pub host_m: f64,
    /// Host and what lies above it, at the end of the first plating.
    pub electrode_m: f64,
    /// Dense lithium of the same charge on a foil: 4.85 um per mAh/cm2.
    pub foil_m: f64,
    /// Mean thickness of the coat on the host's surface, lithium volume over the surface at the start.
    pub coat_m: f64,
    /// Share of that foil's thickness that the host has taken up.
    pub taken_up: f64,
    /// The composite of the source paper at 10 mAh/cm2.
    pub paper_composite_m: f64,
    /// Share of lithium in that composite, were all 10 mAh/cm2 dense in it.
    pub paper_lithium_fraction: f64,
}

/// What it cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PlateEffort {
    /// Current distributions solved.
    pub solves: u64,
    /// Newton steps of all of them.
    pub newton_steps: u64,
    /// Linear iterations of all of them.
    pub linear_iterations: u64,
    /// Device.
    pub device: String,
    /// Seconds of reading.
    pub seconds_read: f64,
    /// Seconds of plating and stripping, earlier parts of a resumed one included.
    pub seconds_plate: f64,
    /// How often it was taken up again.
    pub resumed: u32,
}

/// What `plate` found; the content of `plate.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlateResults {
    /// Schema name and version.
    pub schema: String,
    /// The program.
    pub program: Program,
    /// When it ended, RFC 3339, UTC.
    pub finished_utc: String,
    /// The resolved configuration, every default included.
    pub configuration: serde_json::Value,
    /// The input as given.
    pub input: String,
    /// Shape and voxel size.
    pub volume: VolumeInfo,
    /// Depth axis.
    pub direction: String,
    /// The collector's end, `last` or `first`.
    pub collector: String,
    /// `no-flux` or `periodic`.
    pub sides: String,
    /// `uniform` or `equipotential` separator's plane.
    pub separator_plane: String,
    /// Current per cross-section of the box.
    pub applied_current_a_per_m2: f64,
    /// Charge per cross-section that was to be plated.
    pub capacity_c_per_m2: f64,
    /// Charge that the pores of the box, in the host and above it, hold when full of dense lithium.
    pub pore_capacity_c_per_m2: f64,
    /// Cycles.
    pub cycles: u32,
    /// Whether every half passed all of its charge.
    pub complete: bool,
    /// Halves of cycles.
    pub halves: Vec<PlateHalf>,
    /// Solves in order.
    pub curve: Vec<PlatePoint>,
    /// States that were kept.
    pub stages: Vec<PlateStage>,
    /// Hysteresis of every cycle that was stripped.
    pub hysteresis: Vec<PlateHysteresis>,
    /// Conservation.
    pub balance: PlateBalance,
    /// Thicknesses.
    pub thickness: PlateThickness,
    /// Every input with its standing.
    pub inputs: Vec<CurrentInput>,
    /// What the numbers say, in words.
    pub reading: Vec<String>,
    /// What they cannot say.
    pub limits: Vec<String>,
    /// Pictures.
    pub figures: Vec<Figure>,
    /// Files in the output folder and what they hold.
    pub files: std::collections::BTreeMap<String, String>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// Cost.
    pub solver: PlateEffort,
}

impl PlateResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.plate/1";

    /// Points of the curve of one half of a cycle.
    pub fn half(&self, cycle: u32, stripping: bool) -> impl Iterator<Item = &PlatePoint> {
        self.curve.iter().filter(move |p| p.cycle == cycle && p.stripping == stripping)
    }
}
