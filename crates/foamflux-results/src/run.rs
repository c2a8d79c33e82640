//! The main job as a whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CurrentResults, DoubtResults, InputInfo, MeasureResults, SegmentResults, TagResults, TransportResults, VolumeInfo,
};

/// The program that made the results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Program {
    /// `foamflux`.
    pub name: String,
    /// Version.
    pub version: String,
}

/// What became of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StageOutcome {
    /// Done.
    Done,
    /// Left out, see the reason.
    Skipped,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageReport {
    /// What became of it.
    pub outcome: StageOutcome,
    /// Why it was skipped.
    pub reason: Option<String>,
    /// Seconds it took.
    pub seconds: f64,
}

/// A picture in the output folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// Path relative to the output folder.
    pub path: String,
    /// Short title.
    pub title: String,
    /// What it shows, with colours, units and scale.
    pub caption: String,
}

/// What `run` found; the content of `results.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResults {
    /// Schema name and version.
    pub schema: String,
    /// Name of the sample: the input's name unless given.
    pub sample: String,
    /// The program.
    pub program: Program,
    /// When the run ended, RFC 3339, UTC.
    pub finished_utc: String,
    /// The resolved configuration, every default included.
    pub configuration: serde_json::Value,
    /// The device that solved the equations.
    pub device: String,
    /// The input.
    pub input: InputInfo,
    /// Shape and voxel size of what was analysed.
    pub volume: VolumeInfo,
    /// Stages by name.
    pub stages: BTreeMap<String, StageReport>,
    /// How grey became labels; `null` for label input.
    pub segment: Option<SegmentResults>,
    /// Nodes and fibres.
    #[serde(default)]
    pub tag: Option<TagResults>,
    /// Morphology.
    pub measure: Option<MeasureResults>,
    /// Transport by phase.
    pub transport: BTreeMap<String, TransportResults>,
    /// Current distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<CurrentResults>,
    /// What the choice of the threshold leaves open, and what that does to the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<DoubtResults>,
    /// How the parts of an error make its total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_total_rule: Option<String>,
    /// Pictures.
    pub figures: Vec<Figure>,
    /// All files in the output folder and what they hold.
    pub files: BTreeMap<String, String>,
    /// Warnings, in the order they came.
    pub warnings: Vec<String>,
    /// Assumptions and choices, in the order they were made.
    pub notes: Vec<String>,
    /// Largest resident memory of the process in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// Seconds of the whole run.
    pub seconds_total: f64,
}

impl RunResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.run/1";
}
