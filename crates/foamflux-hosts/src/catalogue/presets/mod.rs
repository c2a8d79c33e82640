//! The presets: one for every system of the source paper and its references that voxels can represent.
//!
//! "Measured" is only what the named source states as measured; everything without a source is assumed, whatever class
//! of material it stands for.

mod archetypes;
mod paper;
mod references;

use super::models::Model;
use crate::presets::Standing;

/// A value of a preset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Key of the parameter.
    pub key: &'static str,
    /// Value as a user would write it.
    pub value: &'static str,
    /// How well founded it is.
    pub standing: Standing,
    /// Where it comes from.
    pub source: &'static str,
}

/// A named host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preset {
    /// Name on the command line.
    pub name: &'static str,
    /// Row of the list of systems: the paper's own (A), a reference, or a method test (D).
    pub row: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Generator.
    pub model: Model,
    /// Voxels along x, y, z.
    pub size: [usize; 3],
    /// Voxel edge, with its unit.
    pub voxel_size: &'static str,
    /// What a reader should know.
    pub note: &'static str,
    /// Values that differ from the model's defaults.
    pub settings: &'static [Setting],
}

const fn m(key: &'static str, value: &'static str, source: &'static str) -> Setting {
    Setting { key, value, standing: Standing::Measured, source }
}

const fn d(key: &'static str, value: &'static str, source: &'static str) -> Setting {
    Setting { key, value, standing: Standing::Derived, source }
}

const fn a(key: &'static str, value: &'static str, source: &'static str) -> Setting {
    Setting { key, value, standing: Standing::Assumed, source }
}

/// All presets: the paper's own, its references, and archetypes.
pub fn presets() -> impl Iterator<Item = &'static Preset> {
    paper::PAPER.iter().chain(references::REFERENCES).chain(archetypes::ARCHETYPES)
}
