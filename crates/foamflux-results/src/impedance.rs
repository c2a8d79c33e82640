//! The impedance of a host at rest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CurrentInput, VolumeInfo};

/// A distribution of relaxation times.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RelaxationTimes {
    /// Time constants.
    pub tau_s: Vec<f64>,
    /// Resistance per unit of the logarithm of the time constant.
    pub gamma_ohm_m2: Vec<f64>,
    /// Resistance at high frequency.
    pub series_ohm_m2: f64,
    /// All of the distribution.
    pub polarisation_ohm_m2: f64,
    /// Time constants at which the distribution has a maximum, the highest first.
    pub peaks_tau_s: Vec<f64>,
    /// Strength of the penalty on curvature, chosen by cross-validation.
    pub strength: f64,
    /// Root mean square of the misfit over |Z|.
    pub misfit: f64,
}

/// What `impedance` found. Impedances are per cross-section of the box.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ImpedanceResults {
    /// Schema name and version.
    pub schema: String,
    /// Shape and voxel size.
    pub volume: VolumeInfo,
    /// Depth axis.
    pub direction: String,
    /// The collector's end, `last` or `first`.
    pub collector: String,
    /// `no-flux` or `periodic`.
    pub sides: String,
    /// Why no current flows; then what follows is empty.
    pub blocked: Option<String>,
    /// Frequencies, falling.
    pub frequency_hz: Vec<f64>,
    /// Real part of the impedance.
    pub z_real_ohm_m2: Vec<f64>,
    /// Imaginary part, negative for capacitances.
    pub z_imag_ohm_m2: Vec<f64>,
    /// Steps of the complex iteration.
    pub steps: Vec<u32>,
    /// Change of the impedance in the last step, the largest over frequencies, relative.
    pub last_change: f64,
    /// True area of the reacting surface over the cross-section.
    pub area_ratio: Option<f64>,
    /// Double layer on true area.
    pub capacitance_f_per_m2: f64,
    /// Relaxation times; `null` for fewer than ten frequencies.
    pub relaxation_times: Option<RelaxationTimes>,
    /// Every input with its standing.
    pub inputs: Vec<CurrentInput>,
    /// What the spectrum says, in words.
    pub reading: Vec<String>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// What solved the linear systems.
    pub device: String,
    /// Seconds.
    pub seconds: f64,
}

impl ImpedanceResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.impedance/1";
}
