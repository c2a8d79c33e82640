//! How grey became labels.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{PreparationResults, SegmentScore, ThresholdBand, VolumeInfo};

/// How much the solid share follows the threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdSensitivity {
    /// Step of the threshold, in grey values.
    pub step: f64,
    /// How the step was chosen.
    pub step_rule: String,
    /// Solid volume fraction with the threshold one step lower, before clean-up.
    pub solid_fraction_low: f64,
    /// Solid volume fraction at the threshold, before clean-up.
    pub solid_fraction: f64,
    /// Solid volume fraction with the threshold one step higher, before clean-up.
    pub solid_fraction_high: f64,
    /// Change of the solid volume fraction per grey value at the threshold.
    pub slope_per_grey: f64,
}

/// What `segment` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SegmentResults {
    /// Schema name and version.
    pub schema: String,
    /// Shape and voxel size.
    pub volume: VolumeInfo,
    /// What was done to the grey values before; absent where nothing was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preparation: Option<PreparationResults>,
    /// Method, such as `otsu`.
    pub method: String,
    /// Every step in order, with its parameters.
    pub recipe: Vec<String>,
    /// Why `auto` chose the method; absent where the user did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same steps as a file that `--recipe` repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe_toml: Option<String>,
    /// Thresholds in grey values: one, one per slice, or low and high.
    pub thresholds: Vec<f64>,
    /// Whether the solid is bright or dark.
    pub foreground: String,
    /// Between-class over total variance at the threshold, 0 to 1, where the method knows it.
    pub separability: Option<f64>,
    /// Volume fraction of each label present.
    pub volume_fractions: BTreeMap<String, f64>,
    /// How much the solid share follows the threshold.
    pub threshold_sensitivity: Option<ThresholdSensitivity>,
    /// Thresholds that would have been as good; `null` where a phase is absent or it was not asked for.
    #[serde(default)]
    pub band: Option<ThresholdBand>,
    /// How the labels compare with true ones, where these were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<SegmentScore>,
    /// Solid voxels removed as too small.
    pub removed_solid_voxels: u64,
    /// Pore voxels filled as holes.
    pub filled_pore_voxels: u64,
    /// Places where the solid hangs together by a single voxel; absent in results before they were looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridges: Option<BridgeResults>,
    /// Warnings.
    pub warnings: Vec<String>,
}

/// Solid voxels without which the solid around them would fall apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BridgeResults {
    /// Bridges; voxels that touch over face, edge or corner are one.
    pub count: u64,
    /// Their voxels.
    pub voxels: u64,
    /// Solid voxels that hang on the largest piece of solid by bridges alone.
    pub hanging_solid_voxels: u64,
}

impl SegmentResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.segment/1";
}

impl SegmentResults {
    /// Adds what was done to the grey values before, and puts its steps in front of the recipe.
    pub fn prepared(&mut self, preparation: Option<PreparationResults>, steps: Vec<String>) {
        // A method may have corrected something of its own accord, after that.
        let own = self.preparation.take();
        self.preparation = preparation;
        if let Some(own) = own {
            match &mut self.preparation {
                Some(before) => before.corrections.extend(own.corrections),
                None => self.preparation = Some(own),
            }
        }
        self.recipe.splice(0..0, steps);
    }
}
