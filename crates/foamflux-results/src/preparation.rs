//! What was done to the grey values before they became labels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Corrections of the grey values, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreparationResults {
    /// Artefacts that were looked for.
    pub corrections: Vec<CorrectionResults>,
    /// Alignment of the slices, where it was asked for.
    pub alignment: Option<AlignmentResults>,
}

/// An artefact, how strong it is, and whether it was corrected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CorrectionResults {
    /// `outliers`, `flicker`, `shading`, `curtains`, `rings`, `fringes` or `pore-backs`.
    pub artefact: String,
    /// Root of its mean square.
    pub strength: f64,
    /// Root of the mean square that noise alone would give.
    pub noise: f64,
    /// What both are in: `relative`, `grey values`; for outliers the strength is in voxels and the noise in grey values.
    pub unit: String,
    /// Whether it was corrected: what is within the noise of its measurement is left alone.
    pub corrected: bool,
}

/// Displacements of the slices along x and y.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlignmentResults {
    /// What was taken for the sample's own shape and kept: `smooth`, `line` or `nothing`.
    pub kept: String,
    /// Displacement of the content of each slice in pixels, as measured, the first at zero.
    pub displacement_pixel_xy: Vec<[f64; 2]>,
    /// The part of it that was taken out.
    pub removed_pixel_xy: Vec<[f64; 2]>,
    /// Root of the mean square of that part along x and y.
    pub removed_rms_pixel_xy: [f64; 2],
    /// Mean displacement from slice to slice that stays.
    pub slope_kept_pixel_xy: [f64; 2],
    /// Correlation of each slice with the next after their displacement; one fewer than slices.
    pub correlation: Vec<f64>,
    /// Gaps that look like missing slices.
    pub missing: Vec<MissingSlices>,
    /// Slices that are the same image as the one before.
    pub repeated: Vec<usize>,
    /// Slices that resemble neither neighbour.
    pub odd: Vec<usize>,
    /// Slices whose displacement to the next could not be measured.
    pub lost: Vec<usize>,
    /// Pixels per slice by which quarters of the frame move apart: a stage moves all of them alike. `null` where they are too
    /// small or too empty.
    #[serde(default)]
    pub quarters_apart_pixel: Option<f64>,
    /// Part of the frame that all slices hold, in voxels of the stack that was read: first x and y, and those after the last.
    pub region_xy: [[usize; 2]; 2],
}

/// A gap that looks like missing slices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MissingSlices {
    /// The slice before the gap.
    pub after: usize,
    /// About how many are missing.
    pub slices: usize,
    /// Correlation across the gap.
    pub correlation: f64,
}
