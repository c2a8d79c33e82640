//! Numbers with the parts of their error.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parts of the error of a number, each in the unit of the number; `None` where it was not estimated.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ErrorParts {
    /// The equations were not solved exactly.
    pub solver: Option<f64>,
    /// Voxels are not points.
    pub resolution: Option<f64>,
    /// Another threshold would have been as good.
    pub segmentation: Option<f64>,
    /// The volume is a sample of the material.
    pub sampling: Option<f64>,
    /// All estimated parts together.
    pub total: Option<f64>,
}

/// A number and its error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantity {
    /// The number.
    pub value: f64,
    /// Its error, in the same unit.
    pub error: ErrorParts,
}

impl From<f64> for Quantity {
    /// A number whose error was not estimated.
    fn from(value: f64) -> Self {
        Quantity { value, error: ErrorParts::default() }
    }
}
