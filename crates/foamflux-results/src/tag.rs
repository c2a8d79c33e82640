//! Nodes and fibres.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ErrorParts, VolumeInfo};

/// Spread of a distribution and its log-normal fit, in the unit that the owning key names.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpreadInfo {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Standard deviation.
    pub std: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Mean of the natural logarithms.
    pub log_mean: f64,
    /// Standard deviation of the natural logarithms.
    pub log_std: f64,
    /// Number of values.
    pub count: u64,
    /// Error of the mean.
    #[serde(default)]
    pub error: ErrorParts,
}

/// How the node zones came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeZoneInfo {
    /// `swelling`, `node-radius` or `strut-diameter`.
    pub rule: String,
    /// Zone radius over inscribed node radius, median.
    pub factor: Option<f64>,
    /// Inscribed node radius over inscribed strut radius, median: about 1.15 where struts merely cross.
    pub swelling: Option<f64>,
    /// Whether the shape showed where nodes end.
    pub from_profile: bool,
    /// Node share of the solid for zone radii scaled by the key.
    pub node_share_by_scale: BTreeMap<String, f64>,
}

/// The nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeResults {
    /// Places where three or more fibres meet.
    pub count: u64,
    /// Per volume of the box in 1/m3.
    pub density_per_m3: Option<f64>,
    /// The same in 1/voxel edge^3, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density_per_vox3: Option<f64>,
    /// Error of the density, in its unit.
    #[serde(default)]
    pub error: ErrorParts,
    /// Mean number of fibres at a node that the box does not cut.
    pub coordination_mean: Option<f64>,
    /// Nodes that the box does not cut, by number of fibres.
    pub coordination_histogram: BTreeMap<String, u64>,
    /// Nodes whose inscribed ball reaches a face of the box.
    pub at_border: u64,
    /// Inscribed radius in metres.
    pub radius_m: Option<SpreadInfo>,
    /// The same in voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius_vox: Option<SpreadInfo>,
    /// How far the nodes reach.
    pub zone: NodeZoneInfo,
}

/// The fibres.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FibreResults {
    /// Fibres of every kind; debris is left out.
    pub count: u64,
    /// From node to node.
    pub whole: u64,
    /// Cut by the box.
    pub cut: u64,
    /// Ending inside of the box.
    pub dead_ends: u64,
    /// Without a node.
    pub free: u64,
    /// Area-equivalent diameter in metres.
    pub diameter_m: Option<SpreadInfo>,
    /// The same in voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diameter_vox: Option<SpreadInfo>,
    /// Length of whole fibres along their axis, node centre to node centre, in metres.
    pub length_m: Option<SpreadInfo>,
    /// The same in voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_vox: Option<SpreadInfo>,
    /// Mean length in metres, corrected for long fibres being cut more often.
    pub length_unbiased_mean_m: Option<f64>,
    /// Length of all fibres inside of the box in metres.
    pub length_total_m: Option<f64>,
    /// The same in voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_total_vox: Option<f64>,
    /// Length over straight distance.
    pub tortuosity: Option<SpreadInfo>,
    /// Length-weighted orientation tensor, x, y, z; trace 1.
    pub orientation_tensor: [[f64; 3]; 3],
    /// 0 isotropic, 1 aligned.
    pub order_parameter: f64,
    /// Direction of most length, x, y, z.
    pub principal_direction_xyz: [f64; 3],
}

/// Cells of the pore space, by watershed of its distance map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CellResults {
    /// Cells, those that the box cuts included.
    pub count: u64,
    /// Cells that the box does not cut: sizes and faces are theirs.
    pub whole: u64,
    /// Diameter of the ball of equal volume in metres.
    pub diameter_m: Option<SpreadInfo>,
    /// The same in voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diameter_vox: Option<SpreadInfo>,
    /// Mean number of windows to other cells.
    pub faces_mean: Option<f64>,
    /// Cells by their number of windows.
    pub face_histogram: BTreeMap<String, u64>,
}

/// Conduction of the solid along one axis by the resistor network of the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkConduction {
    /// Whether the graph joins the two faces.
    pub percolates: bool,
    /// Tortuosity factor of the solid.
    pub tau: Option<f64>,
    /// Effective over intrinsic conductivity.
    pub d_eff_relative: f64,
    /// Tortuosity factor of the solid by the solve on voxels, where there was one.
    #[serde(default)]
    pub tau_voxel: Option<f64>,
    /// Conductivity by the graph over that by the voxels, minus one.
    #[serde(default)]
    pub difference: Option<f64>,
}

/// Ways through the network from face to face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkPaths {
    /// Paths that share no fibre: so many fibres have to be cut to part the faces.
    pub independent: u64,
    /// Length of the shortest in metres.
    pub shortest_m: Option<f64>,
    /// The same in voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortest_vox: Option<f64>,
    /// That over the edge of the box.
    pub tortuosity: Option<f64>,
}

/// Directions of fibres in every solid voxel, by the structure tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrientationField {
    /// Mean of `t t'` over the solid voxels that have a direction, x, y, z; trace 1.
    pub tensor: [[f64; 3]; 3],
    /// 0 isotropic, 1 aligned.
    pub order_parameter: f64,
    /// Direction of most solid, x, y, z.
    pub principal_direction_xyz: [f64; 3],
    /// Share of the solid that has a direction: little in nodes, plates and balls.
    pub linear_share: f64,
}

/// Topology of the solid, proved equal to that of its skeleton.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopologyInfo {
    /// 26-connected components.
    pub components: u64,
    /// Euler number.
    pub euler_number: i64,
}

/// What `tag` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TagResults {
    /// Schema name and version.
    pub schema: String,
    /// Shape and voxel size.
    pub volume: VolumeInfo,
    /// Nodes.
    pub nodes: NodeResults,
    /// Fibres.
    pub fibres: FibreResults,
    /// Share of the box by label after tagging.
    pub volume_fractions: BTreeMap<String, f64>,
    /// Errors of these shares.
    #[serde(default)]
    pub volume_fractions_error: BTreeMap<String, ErrorParts>,
    /// Node voxels over solid voxels.
    pub node_share_of_solid: f64,
    /// Error of the node share.
    #[serde(default)]
    pub node_share_error: ErrorParts,
    /// Whether the file had node voxels already and they were kept.
    #[serde(default)]
    pub tags_of_the_file: bool,
    /// Topology of solid and skeleton; `null` in a periodic box.
    pub topology: Option<TopologyInfo>,
    /// Independent loops of the graph.
    pub loops: i64,
    /// Tunnels of the solid per volume, (1 - Euler number) / V, in 1/m3.
    #[serde(default)]
    pub connectivity_density_per_m3: Option<f64>,
    /// The same in 1/voxel edge^3, where the voxel size is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connectivity_density_per_vox3: Option<f64>,
    /// Cells of the pore space.
    #[serde(default)]
    pub cells: Option<CellResults>,
    /// Ways through the network, by axis.
    #[serde(default)]
    pub paths: BTreeMap<String, NetworkPaths>,
    /// Directions by the structure tensor, where they were asked for.
    #[serde(default)]
    pub orientation_field: Option<OrientationField>,
    /// Solid conduction by the resistor network, by axis.
    pub conduction: BTreeMap<String, NetworkConduction>,
    /// Solid fraction of a Kelvin foam with this fibre diameter and length.
    pub kelvin_solid_fraction: Option<f64>,
    /// Share of the solid within two inscribed radii of its skeleton.
    pub strut_like_share: f64,
    /// Share of the solid in loose bodies shorter than twice their diameter.
    pub debris_share: f64,
    /// Pieces of thin solid along thicker one, such as edges of Plateau borders, that make no curve of the skeleton.
    #[serde(default)]
    pub wings_cut: u64,
    /// Curves of the skeleton that only decorate thicker solid and were cut.
    #[serde(default)]
    pub fringe_cut: u64,
    /// Spurs of the skeleton that were cut.
    pub spurs_cut: u64,
    /// Junctions of the skeleton that were merged into others.
    pub junctions_merged: u64,
    /// Seconds spent, without reading and writing files.
    pub seconds: f64,
    /// Seconds of each step, in the order of the steps.
    #[serde(default)]
    pub seconds_by_step: Vec<StepSeconds>,
    /// Warnings.
    pub warnings: Vec<String>,
}

/// What a step took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepSeconds {
    /// What was done.
    pub step: String,
    /// Seconds it took.
    pub seconds: f64,
}

impl TagResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.tag/1";
}
