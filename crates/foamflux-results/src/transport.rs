//! Tortuosity factor and effective conductivity.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ErrorParts, VolumeInfo};

/// The conducting phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SecondsSpent {
    /// Reading the volume.
    pub read: f64,
    /// Pruning and preparing the operator.
    pub setup: f64,
    /// Iterating.
    pub solve: f64,
    /// Certifying the bounds.
    pub certify: f64,
}

/// Why no current flows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// One direction. All keys are always present; what does not exist is `null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// What `transport` found for one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
