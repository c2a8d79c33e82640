//! How well the box represents the material.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One number as the mean over a box that is a sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RepresentativityInfo {
    /// Mean over the box.
    pub mean: f64,
    /// Standard error of it as the material's, in the same unit.
    pub standard_error: f64,
    /// The same over the mean.
    pub relative_error: f64,
    /// Volume that counts as one independent sample, in m3.
    pub integral_range_m3: Option<f64>,
    /// The same in voxels.
    pub integral_range_vox: f64,
    /// Independent samples in the box.
    pub independent_samples: f64,
    /// Edge of the cubic box whose relative error is the wanted one, in metres.
    pub box_edge_for_goal_m: Option<f64>,
    /// The same in (smallest) voxel edges.
    pub box_edge_for_goal_vox: f64,
    /// Blocks along an axis from whose variance it was read, the most.
    pub blocks: u64,
}

/// Representativity of everything that is a mean over the box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SamplingResults {
    /// The relative error that is wanted.
    pub goal_relative: f64,
    /// Numbers by name: `pore`, `solid` and other phases for their shares, `area_per_volume`.
    pub quantities: BTreeMap<String, RepresentativityInfo>,
    /// How it was found, in words.
    pub principle: String,
}
