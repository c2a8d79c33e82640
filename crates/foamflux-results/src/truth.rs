//! A segmentation against labels that are known to be right.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number of the labels found and of the true ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgainstTruth {
    /// Of the labels found.
    pub found: Option<f64>,
    /// Of the true labels.
    pub truth: Option<f64>,
    /// Found over true, less one.
    pub relative: Option<f64>,
}

impl AgainstTruth {
    /// Both numbers with their relative difference, where both exist and the truth is not zero.
    #[must_use]
    pub fn new(found: Option<f64>, truth: Option<f64>) -> Self {
        let relative = found.zip(truth).map(|(f, t)| f / t - 1.0).filter(|r| r.is_finite());
        AgainstTruth { found, truth, relative }
    }
}

/// How far the boundary of the solid lies from the true one, over the boundary voxels of both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BoundaryDistance {
    /// Mean.
    pub mean: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Largest.
    pub max: f64,
}

/// What `segment --truth` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SegmentScore {
    /// File of the true labels.
    pub truth: String,
    /// Twice the common solid over the sum of both, 1 where they agree.
    pub dice: f64,
    /// Solid found that is not there, over the true solid.
    pub false_solid: f64,
    /// Solid missed, over the true solid.
    pub missed_solid: f64,
    /// Distance of the boundaries in metres.
    pub boundary_distance_m: Option<BoundaryDistance>,
    /// The same in (smallest) voxel edges.
    pub boundary_distance_vox: Option<BoundaryDistance>,
    /// Share of the pore.
    pub porosity: AgainstTruth,
    /// Share of the solid.
    pub solid_fraction: AgainstTruth,
    /// Area per volume in 1/m, or 1/voxel edge where the voxel size is unknown.
    pub area_per_volume: AgainstTruth,
    /// Mean local thickness of the solid in metres, or voxel edges where the voxel size is unknown.
    pub thickness_mean: AgainstTruth,
    /// tau by phase and axis, such as `pore_z`, where it was asked for.
    pub tau: BTreeMap<String, AgainstTruth>,
}
