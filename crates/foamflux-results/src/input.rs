//! What was read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shape and voxel size of the volume that the numbers belong to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct VolumeInfo {
    /// Voxels along z, y, x.
    pub shape_zyx: [usize; 3],
    /// Voxel edges in metres along x, y, z; `null` where unknown.
    pub voxel_size_m_xyz: Option<[f64; 3]>,
    /// Where the voxel size came from, or `unknown`.
    pub voxel_size_source: String,
}

/// A voxel size that was found somewhere, believed or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VoxelSizeCandidate {
    /// Where it was found.
    pub source: String,
    /// What was found, as text.
    pub found: String,
    /// Whether it is the one in use.
    pub used: bool,
    /// Why it was or was not believed.
    pub reason: String,
}

/// A microscope's data bar below the images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DataBar {
    /// Rows at the lower end of the images.
    pub rows: usize,
    /// Who says so: `flag`, `pixels`, or the source of the microscope's data.
    pub found_by: String,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputFile {
    /// Path relative to the input, or the file's name.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
}

/// The input of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputInfo {
    /// The path as given.
    pub path: String,
    /// What it is, such as "folder of 200 TIFF slices".
    pub kind: String,
    /// `grey` or `labels`.
    pub content: String,
    /// Sample type as stored.
    pub sample_type: String,
    /// The files that were read, in slice order, with their hashes.
    pub files: Vec<InputFile>,
    /// Every voxel size found and what became of it.
    pub voxel_size_candidates: Vec<VoxelSizeCandidate>,
    /// Maker, voltage and tilt of the electron microscope, where the files state them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microscope: Option<String>,
    /// The data bar that was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_bar: Option<DataBar>,
    /// Facts about the input: order, gaps, duplicates, conversions.
    pub notes: Vec<String>,
}

/// What `ingest` prints: what would be read, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IngestResults {
    /// Schema name and version.
    pub schema: String,
    /// Shape and voxel size.
    pub volume: VolumeInfo,
    /// The path as given.
    pub path: String,
    /// What it is.
    pub kind: String,
    /// Sample type as stored.
    pub sample_type: String,
    /// Files in slice order.
    pub files: Vec<String>,
    /// Every voxel size found and what became of it.
    pub voxel_size_candidates: Vec<VoxelSizeCandidate>,
    /// Maker, voltage and tilt of the electron microscope, where the files state them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microscope: Option<String>,
    /// The data bar that is cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_bar: Option<DataBar>,
    /// Slice numbers missing from the sequence of names, as "7" or "7 to 9".
    pub gaps: Vec<String>,
    /// Files that claim the same slice.
    pub duplicates: Vec<String>,
    /// Slices whose size differs from the others.
    pub odd_sizes: Vec<String>,
    /// Files that are no slices.
    pub ignored: Vec<String>,
    /// Slices that cannot be read, with the reason.
    pub bad_slices: Vec<String>,
    /// Bytes that the volume takes in memory.
    pub bytes_needed: u64,
    /// Smallest and largest value; `null` when only planned.
    pub range: Option<[f64; 2]>,
    /// Conversions and other facts.
    pub notes: Vec<String>,
    /// Warnings.
    pub warnings: Vec<String>,
}

impl IngestResults {
    /// Schema name and version.
    pub const SCHEMA: &'static str = "foamflux.ingest/1";
}
