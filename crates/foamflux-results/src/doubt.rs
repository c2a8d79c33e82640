//! What the choice of the threshold leaves open.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Thresholds that would have been as good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdBand {
    /// How far all thresholds of the method may lie lower or higher, in grey values.
    pub half_width: f64,
    /// Part of it: the threshold is not half-way between the levels of pore and solid.
    pub rule: f64,
    /// Part of it: the levels differ from place to place.
    pub levels: f64,
    /// Part of it: noise and unequal shares move the threshold of fewest errors.
    pub noise: f64,
    /// Lower thresholds.
    pub thresholds_low: Vec<f64>,
    /// Upper thresholds.
    pub thresholds_high: Vec<f64>,
    /// Grey level of the pore, away from the boundary.
    pub pore_level: f64,
    /// Grey level of the solid, away from the boundary.
    pub solid_level: f64,
    /// Standard deviation of the noise within the phases.
    pub noise_sigma: f64,
    /// Solid share of the box at the lower thresholds, clean-up included.
    pub solid_fraction_low: f64,
    /// Solid share of the box at the thresholds taken.
    pub solid_fraction: f64,
    /// Solid share of the box at the upper thresholds.
    pub solid_fraction_high: f64,
    /// Share of the box whose label the choice within the band decides.
    pub uncertain_fraction: f64,
    /// How the band was found, in words.
    pub principle: String,
}

/// A number at the lower thresholds, at those taken, and at the upper ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AtThresholds {
    /// At the lower thresholds; `null` where it does not exist there.
    pub low: Option<f64>,
    /// At the thresholds taken.
    pub middle: f64,
    /// At the upper thresholds; `null` where it does not exist there.
    pub high: Option<f64>,
}

impl AtThresholds {
    /// The larger distance from the middle; `None` where the number exists at neither end.
    #[must_use]
    pub fn error(&self) -> Option<f64> {
        let ends = [self.low, self.high].into_iter().flatten();
        ends.map(|end| (end - self.middle).abs()).filter(|e| e.is_finite()).reduce(f64::max)
    }
}

/// What the choice of the threshold does to every number that was computed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DoubtResults {
    /// The band; `null` where there is none.
    pub band: Option<ThresholdBand>,
    /// Why there is none.
    pub reason: Option<String>,
    /// Numbers by name, such as `porosity`, `tau_pore_z`; lengths in metres, or voxel edges where the voxel size is unknown.
    pub quantities: BTreeMap<String, AtThresholds>,
    /// Seconds that all of it took, in every stage.
    pub seconds: f64,
}
