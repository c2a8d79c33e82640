//! Tortuosity factor and effective conductivity.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ErrorParts, VolumeInfo};

/// The conducting phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseInfo {
    /// Name.
    pub name: String,
    /// Label numbers.
    pub labels: Vec<u8>,
    /// Share of the box.
    pub volume_fraction: f64,
    /// Relative conductivity of each label, where several were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conductivities: Option<BTreeMap<String, f64>>,
}

/// Seconds by step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct SecondsSpent {
    /// Reading the volume.
    pub read: f64,
    /// Pruning and preparing the operator.
    pub setup: f64,
    /// Iterating.
    pub solve: f64,
    /// Certifying the bounds.
    pub certify: f64,
    /// Searching shortest paths.
    #[serde(default)]
    pub geometric: f64,
    /// Solving on split voxels, all levels together.
    #[serde(default)]
    pub refine: f64,
}

/// Geometric tortuosity: shortest paths from the outer face of the inlet to that of the outlet, over the box length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GeometricTortuosity {
    /// Mean over the outlet faces that are reached.
    pub value: f64,
    /// Error of the mean; `resolution` is the metrication error against exact shortest paths in these voxels.
    pub error: ErrorParts,
    /// Median over the same faces.
    pub median: f64,
    /// The shortest of all paths.
    pub min: f64,
    /// Outlet faces that are reached.
    pub outlet_voxels: u64,
}

/// Through-plane profile: one entry per slice, from the inlet on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProfileResults {
    /// Depth of the slice's centre below the inlet face in metres; `null` without a voxel size.
    pub depth_m: Option<Vec<f64>>,
    /// The same in voxels.
    pub depth_vox: Vec<f64>,
    /// Area fraction of the phase.
    pub area_fraction: Vec<f64>,
    /// Area fraction of what connects both faces.
    pub percolating_fraction: Vec<f64>,
    /// Potential at the slice's centre, mean weighted by the flux along the direction.
    pub potential: Vec<f64>,
    /// Share of the whole dissipation; also the drop of the mean potential across the slice.
    pub dissipation_share: Vec<f64>,
    /// Resistance over that of a slice of the free medium; the mean is the MacMullin number.
    pub resistance_relative: Vec<f64>,
}

/// tau on split voxels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefinedLevel {
    /// Voxels along each axis that one voxel became.
    pub factor: usize,
    /// tau.
    pub tau: f64,
    /// Solver's error of it.
    pub error_solver: f64,
    /// Bounds of tau of the voxel geometry from this level, where certified.
    pub tau_voxel_geometry_bounds: Option<[f64; 2]>,
    /// Unknowns.
    pub unknowns: u64,
    /// Iterations.
    pub iterations: u64,
    /// Seconds, set-up and certificate included.
    pub seconds: f64,
    /// Peak memory of the solver in bytes.
    pub peak_bytes: u64,
}

/// tau of the voxel geometry, extrapolated over split voxels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefinedTau {
    /// The extrapolated tau.
    pub value: f64,
    /// Its error: `solver` from the levels' solvers, `resolution` from the order of convergence.
    pub error: ErrorParts,
    /// Order of convergence that was used.
    pub order: f64,
    /// Whether three levels gave the order; otherwise it was assumed.
    pub order_measured: bool,
    /// The levels, the coarsest first.
    pub levels: Vec<RefinedLevel>,
}

/// Electrode tortuosity factor: blocking walls, dead ends included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ElectrodeResults {
    /// tau_e = 3 Re Z(0) eps kappa A / L, eps the phase's whole volume fraction; `null` where there is none.
    pub tau_e: Option<f64>,
    /// Error of tau_e.
    pub tau_e_error: ErrorParts,
    /// Share of the box that belongs to clusters of the phase that touch the separator.
    pub separator_connected_fraction: f64,
    /// What it came from.
    pub electrode: ElectrodeDetails,
}

/// What tau_e came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ElectrodeDetails {
    /// Where the collector is: `first` or `last` slice; the separator is at the other end.
    pub collector: String,
    /// tau_e with the volume fraction of what the separator reaches instead.
    pub tau_e_connected: Option<f64>,
    /// Where tau_e of the voxel geometry lies, up to the solver's error.
    pub tau_e_voxel_geometry_range: Option<[f64; 2]>,
    /// Area of the walls that the current enters through, in m2; `null` without a voxel size.
    pub interfacial_area_m2: Option<f64>,
    /// The same in squared voxels; `null` with a voxel size.
    pub interfacial_area_vox: Option<f64>,
    /// Share of the phase's wall area that the separator does not reach.
    pub interfacial_area_unconnected_share: f64,
    /// Slices of a separator (label 5) in the file, which end where the electrode begins; 0 for the face of the box.
    #[serde(default)]
    pub separator_layer_slices: u64,
    /// Slices of a collector (label 6) in the file; 0 for the face of the box.
    #[serde(default)]
    pub collector_layer_slices: u64,
    /// How a voxel face of the wall is weighted: `normals` (true area) or `faces` (its own area).
    pub wall_area: String,
    /// Why there is no tau_e, where there is none.
    pub reason: Option<String>,
    /// True residual over the currents that enter.
    pub residual: Option<f64>,
    /// Difference of the currents through separator and walls, relative.
    pub current_imbalance: Option<f64>,
    /// Iterations.
    pub iterations: Option<u64>,
    /// Unknowns.
    pub unknowns: u64,
    /// What solved it.
    pub device: String,
    /// Seconds, set-up included.
    pub seconds: f64,
    /// The solver's own peak memory in bytes.
    pub peak_bytes: u64,
}

/// Why no current flows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlockedInfo {
    /// In words.
    pub reason: String,
    /// Slices that the phase reaches in from the inlet face.
    pub reach_from_inlet_slices: usize,
    /// Slices that the phase reaches in from the outlet face.
    pub reach_from_outlet_slices: usize,
    /// Whether edges and corners would connect the two faces.
    pub percolates_by_edges_or_corners: bool,
}

/// tau at the ends of the threshold band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TauThresholds {
    /// At the lower thresholds; `null` where the phase does not percolate there.
    pub low: Option<f64>,
    /// At the upper thresholds; `null` where the phase does not percolate there.
    pub high: Option<f64>,
    /// Iterations at the two ends, from the solution in between.
    pub iterations: [u64; 2],
    /// Seconds of the two solves.
    pub seconds: f64,
}

/// One direction. All keys but those of tau_e are always present; what does not exist is `null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DirectionResults {
    /// Whether the phase connects the inlet with the outlet face.
    pub percolates: bool,
    /// Share of the box that belongs to clusters which do.
    pub percolating_fraction: f64,
    /// Tortuosity factor, D_eff = D0 eps / tau, eps the phase's whole volume fraction.
    pub tau: Option<f64>,
    /// tau - 1, which is what discriminates open structures.
    pub tau_minus_one: Option<f64>,
    /// Error of tau.
    pub error: ErrorParts,
    /// tau with the percolating volume fraction instead.
    pub tau_percolating: Option<f64>,
    /// Rigorous bounds of the discrete problem's tau, where certified.
    pub tau_bounds: Option<[f64; 2]>,
    /// Bounds of tau of the voxel geometry, where computed.
    pub tau_voxel_geometry_bounds: Option<[f64; 2]>,
    /// D_eff / D0 = sigma_eff / sigma0.
    pub d_eff_relative: f64,
    /// MacMullin number, 1 / d_eff_relative.
    pub macmullin: Option<f64>,
    /// Bruggeman exponent p in d_eff_relative = eps^p; `null` where eps is too close to one for it to mean anything.
    pub bruggeman_exponent: Option<f64>,
    /// Error of the exponent that the error of tau causes.
    pub bruggeman_exponent_error: Option<f64>,
    /// Flux tortuosity, mean |J| over mean J along the direction; its square never exceeds tau.
    pub flux_tortuosity: Option<f64>,
    /// Mean length of shortest paths over the length of the box, where asked for.
    #[serde(default)]
    pub geometric_tortuosity: Option<GeometricTortuosity>,
    /// Constrictivity, flux tortuosity squared over tau; one phase alone.
    #[serde(default)]
    pub constrictivity: Option<f64>,
    /// Smallest share of the phase's voxels that holds half of the loss.
    #[serde(default)]
    pub half_loss_fraction: Option<f64>,
    /// tau at the ends of the threshold band, where grey values were segmented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_thresholds: Option<TauThresholds>,
    /// tau of the voxel geometry by splitting voxels, where asked for.
    #[serde(default)]
    pub tau_refined: Option<RefinedTau>,
    /// Values by slice.
    #[serde(default)]
    pub profile: Option<ProfileResults>,
    /// tau_e and what belongs to it, where asked for.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub electrode: Option<ElectrodeResults>,
    /// Why nothing flows, when nothing does.
    pub blocked: Option<BlockedInfo>,
    /// True relative residual.
    pub residual: Option<f64>,
    /// Largest relative deviation of the current through a cross-section from the mean.
    pub flux_imbalance: Option<f64>,
    /// Iterations.
    pub iterations: Option<u64>,
    /// Unknowns.
    pub unknowns: u64,
    /// What solved it.
    pub device: String,
    /// Seconds by step.
    pub seconds: SecondsSpent,
    /// The solver's own peak memory in bytes.
    pub peak_bytes: u64,
}

/// Effective conductivity of the volume as a unit cell that repeats itself, relative to the free medium.
///
/// Axes in x, y, z order; all three pairs of walls are joined, so that its diagonal differs from what electrodes see
/// unless the volume repeats itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TensorResults {
    /// The symmetric tensor.
    pub d_eff_relative_xyz: [[f64; 3]; 3],
    /// Estimated solver error of the diagonal entries.
    pub error_solver_xyz: [f64; 3],
    /// Tortuosity factors of the diagonal; null where nothing conducts.
    pub tau_xyz: [Option<f64>; 3],
    /// Eigenvalues, the largest first.
    pub eigenvalues: [f64; 3],
    /// Unit vectors of the principal axes, in the same order.
    pub principal_axes_xyz: [[f64; 3]; 3],
    /// Largest difference of opposite entries computed from mean fluxes: a first-order measure of the error.
    pub asymmetry: f64,
    /// Iterations of the three solves.
    pub iterations: [u32; 3],
    /// Seconds that it took.
    pub seconds: f64,
}

/// What `transport` found for one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TransportResults {
    /// Schema name and version.
    pub schema: String,
    /// Shape and voxel size.
    pub volume: VolumeInfo,
    /// The phase.
    pub phase: PhaseInfo,
    /// What tau means here, in one line.
    pub convention: String,
    /// Results by direction.
    pub directions: BTreeMap<String, DirectionResults>,
    /// Effective tensor, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_tensor: Option<TensorResults>,
    /// Warnings.
    pub warnings: Vec<String>,
}

impl TransportResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.transport/1";
    /// The convention of tau, the same everywhere.
    pub const CONVENTION: &'static str = "tortuosity factor tau: D_eff = D0 eps / tau, eps the phase's whole volume \
        fraction, fixed potentials on the outer faces of the box, no flux through its sides";
}
