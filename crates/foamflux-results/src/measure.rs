//! Morphology.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ErrorParts, SamplingResults, VolumeInfo};

/// Mean, spread and percentiles of a distribution, in the unit that the owning key names.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Standard deviation.
    pub std: f64,
    /// 5th percentile.
    pub p05: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Number of values.
    pub count: u64,
    /// Error of the mean.
    #[serde(default)]
    pub error: ErrorParts,
}

/// Whether and how far a phase connects two opposite faces of the box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PercolationInfo {
    /// Whether face-connected voxels join the two faces.
    pub percolates: bool,
    /// Share of the box that belongs to clusters which do.
    pub percolating_fraction: f64,
    /// Share of the phase that belongs to clusters which do.
    pub percolating_share_of_phase: f64,
    /// In words, where the connection breaks, when it does.
    pub breaks: Option<String>,
}

/// One phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseMeasure {
    /// The label numbers that make up the phase.
    pub labels: Vec<u8>,
    /// Voxels of the phase.
    pub voxels: u64,
    /// Share of the box.
    pub volume_fraction: f64,
    /// Error of the share.
    #[serde(default)]
    pub error: ErrorParts,
    /// Face-connected (6) components.
    pub components: u64,
    /// Components when edges and corners connect as well (26).
    pub components_26: u64,
    /// Share of the phase in its largest face-connected component.
    pub largest_component_share: f64,
    /// Percolation along each axis.
    pub percolation: BTreeMap<String, PercolationInfo>,
    /// Interior boundary of the phase by voxel faces, per volume of the box, in 1/m.
    pub face_area_per_volume_per_m: Option<f64>,
    /// The same in 1/voxel edge, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_area_per_volume_per_vox: Option<f64>,
    /// Interior boundary of the phase by the recommended estimator for labels, in 1/m.
    pub area_per_volume_per_m: Option<f64>,
    /// The same in 1/voxel edge, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_per_volume_per_vox: Option<f64>,
}

/// Surface area per volume of the box by each estimator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AreaMethods {
    /// Voxel faces: biased by up to +50 %, a bound and no estimate.
    pub faces: f64,
    /// Voxel faces weighted with the local normal: recommended where there are labels alone.
    pub weighted_faces: f64,
    /// Crofton's formula with 13 directions.
    pub crofton: f64,
    /// Marching cubes: on the grey field where there is one, otherwise on the labels.
    pub marching_cubes: f64,
    /// The number to use.
    pub recommended: f64,
}

/// Area per mass and roughness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AreaPerGram {
    /// Density of the solid in kg/m3, as given.
    pub density_kg_per_m3: f64,
    /// BET area in m2/g, as given.
    pub bet_m2_per_g: Option<f64>,
    /// BET area over the geometric area of the image.
    pub roughness_factor: Option<f64>,
}

/// The surface of the solid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SurfaceResults {
    /// The phase whose surface it is.
    pub phase: String,
    /// Area in m2 by the recommended estimator.
    pub area_m2: Option<f64>,
    /// Area in square voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_vox: Option<f64>,
    /// Area per volume of the box in 1/m, by estimator.
    pub area_per_volume_per_m: Option<AreaMethods>,
    /// Area per volume of the box in 1/voxel edge, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_per_volume_per_vox: Option<AreaMethods>,
    /// Error of the recommended area per volume, in its unit; `resolution` is the spread of the three estimators.
    pub error: ErrorParts,
    /// Name of the recommended estimator.
    pub recommended_method: String,
    /// Why it is recommended.
    pub recommended_reason: String,
    /// Area of the solid cut by the faces of the box, in m2; in none of the numbers above.
    pub border_area_m2: Option<f64>,
    /// The same in square voxel edges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub border_area_vox: Option<f64>,
    /// Area per projected area of the box along each axis (recommended estimator).
    pub area_ratio: BTreeMap<String, f64>,
    /// Area per mass of solid in m2/g, where a density was given.
    pub specific_surface_m2_per_g: Option<f64>,
    /// What the area per mass was computed with.
    pub per_gram: Option<AreaPerGram>,
}

/// Chord lengths of a phase along each axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChordLengths {
    /// Chords that lie inside the box; in metres, or voxel edges where the voxel size is unknown.
    pub inner: Option<Summary>,
    /// Number of chords that the box cuts, left out.
    pub cut: u64,
}

/// What `measure` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeasureResults {
    /// Schema name and version.
    pub schema: String,
    /// Shape and voxel size.
    pub volume: VolumeInfo,
    /// Phases: every label present, and `solid`.
    pub phases: BTreeMap<String, PhaseMeasure>,
    /// The surface of the solid; `null` where there is none.
    pub surface: Option<SurfaceResults>,
    /// How well the box represents the material.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<SamplingResults>,
    /// Face-connected components of solid and pore.
    pub components: BTreeMap<String, u64>,
    /// Euler number of the solid, edges and corners connecting (26), the box's outside empty.
    pub euler_number: BTreeMap<String, i64>,
    /// Euler number of the solid when only faces connect (6).
    pub euler_number_6: BTreeMap<String, i64>,
    /// Local thickness of the solid in metres.
    pub thickness_m: Option<Summary>,
    /// Local thickness of the solid in voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thickness_vox: Option<Summary>,
    /// Local thickness of the pore in metres.
    pub pore_size_m: Option<Summary>,
    /// Local thickness of the pore in voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pore_size_vox: Option<Summary>,
    /// Chord lengths in metres: phase, then axis.
    pub chord_length_m: Option<BTreeMap<String, BTreeMap<String, ChordLengths>>>,
    /// Chord lengths in voxel edges, where the voxel size is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chord_length_vox: Option<BTreeMap<String, BTreeMap<String, ChordLengths>>>,
    /// Warnings.
    pub warnings: Vec<String>,
}

impl MeasureResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.measure/1";
}
