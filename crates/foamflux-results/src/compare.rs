//! Several hosts side by side.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Figure, Program, Quantity};

/// Which way a number is good for a host, all else equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither, or it depends.
    Neither,
}

/// What a column of the comparison is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricInfo {
    /// Key, ends in the SI unit.
    pub key: String,
    /// Name in tables.
    pub name: String,
    /// Table that it stands in.
    pub group: String,
    /// SI unit; `1` for none.
    pub unit: String,
    /// Unit of tables and figures.
    pub shown_unit: String,
    /// Shown number over SI number.
    pub shown_factor: f64,
    /// Which way it is good.
    pub better: Better,
    /// Whether it is among the few that a summary shows.
    pub headline: bool,
    /// Definition.
    pub meaning: String,
}

/// The conditions that every host is put under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompareConditions {
    /// `fast` or `full`.
    pub quality: String,
    /// Voxels of a box: the cube of this number.
    pub size_voxels: u64,
    /// Replicates asked for: seeds of generated hosts, crops of files.
    pub replicates: u64,
    /// Thickness of the first comparison in metres.
    pub thickness_m: f64,
    /// Filling capacity of the second comparison in C/m2 of projected area.
    pub capacity_c_per_m2: f64,
    /// Current per projected area in A/m2 of the mean local current.
    pub current_a_per_m2: f64,
    /// Charge per volume of dense lithium in C/m3.
    pub lithium_c_per_m3: f64,
    /// Level of confidence of "significant", for each pair of one metric by itself.
    pub confidence: f64,
}

/// How the mass of the solid was obtained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MaterialInfo {
    /// Name.
    pub name: String,
    /// Density of the solid in kg/m3.
    pub density_kg_per_m3: f64,
    /// How well founded the density is.
    pub standing: String,
    /// Where it comes from.
    pub source: String,
    /// Electronic conductivity of the solid in S/m, where known; a default is used otherwise.
    #[serde(default)]
    pub conductivity_s_per_m: Option<f64>,
    /// How well founded the conductivity is, and where it comes from.
    #[serde(default)]
    pub conductivity_source: Option<String>,
}

/// One seed or crop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Replicate {
    /// Which one, such as `seed 2` or `crop 0:64,0:64,0:90`.
    pub name: String,
    /// Voxels that were analysed, z, y, x, without layers of collector, separator and metal.
    pub shape_zyx: [usize; 3],
    /// Values by metric.
    pub values: BTreeMap<String, Quantity>,
    /// Seconds it took.
    pub seconds: f64,
}

/// Whether the box holds enough of the structure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Representative {
    /// The length that the structure repeats on.
    pub length_m: f64,
    /// What that length is.
    pub what: String,
    /// Shortest edge of the box over it, the edge along the depth left out where the host is as thick as that.
    pub box_over_length: f64,
    /// How many of these lengths are needed.
    pub needed: f64,
    /// Whether there are.
    pub enough: bool,
}

/// One host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedHost {
    /// Name in tables, unique.
    pub name: String,
    /// What was given on the command line.
    pub input: String,
    /// `generated`, `file`, `host folder` or `finished run`.
    pub kind: String,
    /// What it is.
    pub title: String,
    /// How well founded its geometry is.
    pub standing: String,
    /// Voxel edges in metres, x, y, z.
    pub voxel_size_m_xyz: [f64; 3],
    /// Density of the solid, where known.
    pub material: Option<MaterialInfo>,
    /// Whether its thickness can be chosen; a layer on metal stays as thick as it is.
    pub scalable: bool,
    /// Whether it is a plane without pores.
    pub plane: bool,
    /// Why it must not be ranked with the others, where that is so.
    pub not_comparable: Option<String>,
    /// Whether the box is a representative volume; `null` for a plane.
    pub representative: Option<Representative>,
    /// Means over the replicates by metric; `error.sampling` is the standard error of the mean.
    pub values: BTreeMap<String, Quantity>,
    /// Why there is no value, by metric.
    pub missing: BTreeMap<String, String>,
    /// Seeds or crops.
    pub replicates: Vec<Replicate>,
    /// What to know of it.
    pub notes: Vec<String>,
}

/// One metric of two hosts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// First minus second.
    pub difference: f64,
    /// What the difference must exceed to be significant.
    pub threshold: Option<f64>,
    /// Chance of such a difference between equal hosts (Welch), beyond what resolution and solver explain, of this pair alone.
    pub p_value: Option<f64>,
    /// Whether it is significant; `null` where the replicates are too few to tell.
    pub significant: Option<bool>,
}

/// Two hosts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// The first.
    pub a: String,
    /// The second.
    pub b: String,
    /// By metric; only metrics that both have.
    pub metrics: BTreeMap<String, Difference>,
}

/// One Pareto view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pareto {
    /// Title.
    pub title: String,
    /// Keys of the metrics that are weighed.
    pub objectives: Vec<String>,
    /// Hosts that no other host beats.
    pub front: Vec<String>,
    /// For every other host that has all objectives, one that is no worse in any and significantly better in at least one.
    pub dominated_by: BTreeMap<String, String>,
    /// Hosts without a place in it, and why.
    pub left_out: BTreeMap<String, String>,
}

/// What `compare` found; the content of `compare.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompareResults {
    /// Schema name and version.
    pub schema: String,
    /// The program.
    pub program: Program,
    /// When it ended, RFC 3339, UTC.
    pub finished_utc: String,
    /// The resolved configuration.
    pub configuration: serde_json::Value,
    /// The device that solved the equations.
    pub device: String,
    /// The conditions.
    pub conditions: CompareConditions,
    /// The columns, in the order of tables.
    pub metrics: Vec<MetricInfo>,
    /// The hosts, in the order given.
    pub hosts: Vec<ComparedHost>,
    /// All pairs.
    pub pairs: Vec<Pair>,
    /// Pareto views.
    pub pareto: Vec<Pareto>,
    /// Assumptions and limits that the reader must know.
    pub limits: Vec<String>,
    /// Pictures.
    pub figures: Vec<Figure>,
    /// All files in the output folder and what they hold.
    pub files: BTreeMap<String, String>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// Notes.
    pub notes: Vec<String>,
    /// Largest resident memory of the process in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// Seconds of the whole comparison.
    pub seconds_total: f64,
}

impl CompareResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.compare/1";
}
