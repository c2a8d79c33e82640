//! Generated hosts against their own truth.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number found in voxels, and what it is by construction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundAndTrue {
    /// Found.
    pub found: f64,
    /// True.
    pub truth: f64,
    /// Uncertainty of the truth; zero where it is exact.
    pub uncertainty: f64,
}

/// One host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostScore {
    /// Name of the preset.
    pub name: String,
    /// Row of the list of systems.
    pub row: String,
    /// Generator.
    pub model: String,
    /// What it is.
    pub title: String,
    /// Voxels, z, y, x.
    pub shape_zyx: [usize; 3],
    /// Voxel edges in metres, x, y, z.
    pub voxel_size_m_xyz: [f64; 3],
    /// Share of voxels whose centre is solid, and the exact share.
    pub solid_volume_fraction: FoundAndTrue,
    /// Area per volume in 1/m; `null` where lithium, debris or a collector add to it.
    pub area_per_volume_per_m: Option<FoundAndTrue>,
    /// Nodes per volume, of foams.
    pub nodes_per_m3: Option<FoundAndTrue>,
    /// Mean number of struts at a node, of foams.
    pub coordination: Option<FoundAndTrue>,
    /// Length of struts per volume in 1/m2, of foams.
    pub strut_length_per_volume_per_m2: Option<FoundAndTrue>,
    /// Textbook relations: quantity, relation, value.
    pub relations: Vec<(String, String, f64)>,
    /// What to know.
    pub notes: Vec<String>,
    /// Seconds to make the host, its labels and its truth.
    pub seconds_made: f64,
    /// Seconds with measuring.
    pub seconds_total: f64,
}

/// What `host --gallery` found; the content of its `results.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GalleryResults {
    /// Schema name and version.
    pub schema: String,
    /// Seed.
    pub seed: u64,
    /// The hosts.
    pub hosts: Vec<HostScore>,
    /// Systems without a voxel model: row, system, why.
    pub not_modelled: Vec<(String, String, String)>,
    /// Seconds.
    pub seconds_total: f64,
}

impl GalleryResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.host-gallery/1";
}
