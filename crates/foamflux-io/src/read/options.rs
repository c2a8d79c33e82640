//! What the caller may ask of a read.

use foamflux_grid::{Region, SampleType, Shape, VoxelSize};
use serde::{Deserialize, Serialize};

/// How to read a stack. The default changes nothing and guesses nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// Voxel size of the *file* (before binning) from a flag or the configuration.
    /// It wins over the metadata; what the metadata says is still reported.
    pub voxel_size: Option<VoxelSize>,
    /// Distance of the slices in metres, for files that state their pixels and no z.
    pub slice_thickness_m: Option<f64>,
    /// Whether rows were seen at an angle.
    pub tilt: Tilt,
    /// What to do with a microscope's data bar.
    pub data_bar: DataBar,
    /// Layout of a headerless file; needed for those and refused for every other format.
    pub raw: Option<RawLayout>,
    /// Part to read, in voxels of the file.
    pub crop: Option<Region>,
    /// Number of voxels per axis that are merged into one; 1 leaves them alone.
    /// Trailing voxels that do not fill a bin are dropped, and the report says so.
    pub bin: usize,
    /// How voxels are merged.
    pub bin_mode: BinMode,
    /// What to do with slices whose size is not the most common one.
    pub odd_sizes: OddSizes,
    /// What to do with truncated and unreadable slices.
    pub bad_slices: BadSlices,
    /// Most bytes that the volume and the working slices may take.
    pub max_memory: Option<u64>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            voxel_size: None,
            slice_thickness_m: None,
            tilt: Tilt::None,
            data_bar: DataBar::Auto,
            raw: None,
            crop: None,
            bin: 1,
            bin_mode: BinMode::Mean,
            odd_sizes: OddSizes::Refuse,
            bad_slices: BadSlices::Refuse,
            max_memory: None,
        }
    }
}

/// Byte order of stored samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByteOrder {
    /// Least significant byte first, as on x86 and ARM.
    Little,
    /// Most significant byte first.
    Big,
}

/// Layout of a headerless (`.raw`) file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawLayout {
    /// Shape, slices outermost, columns fastest.
    pub shape: Shape,
    /// Type of the stored samples.
    pub sample_type: SampleType,
    /// Byte order of the stored samples.
    pub byte_order: ByteOrder,
    /// Bytes before the first sample.
    pub offset_bytes: u64,
}

/// Correction of the y edge for a face that was seen at an angle, as that of a FIB cross-section is.
///
/// An ion beam that mills along the surface normal leaves a face that holds this normal. Where the stage is tilted by an
/// angle, a length along the normal is seen under the electron column times the sine of it, so that the edge of a voxel
/// along y is `y / sin(angle)`: 52 degrees make it 1.27 times as long.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Tilt {
    /// None: the face was seen square on, or the microscope has corrected it.
    #[default]
    None,
    /// By this angle in degrees.
    Degrees(f64),
    /// By the stage's tilt as the microscope states it.
    Stage,
}

/// What to do with a data bar below the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataBar {
    /// Cut it off where the microscope states it or the pixels show it.
    #[default]
    Auto,
    /// Leave the image whole.
    Keep,
    /// Cut off so many rows at the lower end.
    Rows(usize),
}

/// How the voxels of a bin become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BinMode {
    /// Arithmetic mean, rounded half away from zero for integer types.
    #[default]
    Mean,
    /// The most frequent value, the smallest of those on a tie: the only meaningful choice for labels.
    Majority,
}

/// What to do with slices whose size or sample type is not the most common one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OddSizes {
    /// Name them all and stop.
    #[default]
    Refuse,
    /// Leave them out. The z distance across the hole is then wrong, and the report says so.
    Skip,
    /// Cut every slice, about its centre, to the smallest width and the smallest height.
    Crop,
    /// Centre every slice in the largest width and height; each is surrounded by its own smallest value,
    /// which is the background or pore in every usual image.
    Pad,
}

/// What to do with slices that are truncated or cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadSlices {
    /// Look at every slice, name all bad ones, and stop.
    #[default]
    Refuse,
    /// Leave them out. The z distance across the hole is then wrong, and the report says so.
    Skip,
    /// Replace each by a linear interpolation between the nearest good slices below and above,
    /// or by a copy of the nearest one at an end of the stack and for labels
    /// (a mean of two labels is a third, wrong one; see [`super::Plan::looks_like_labels`] for what counts as labels).
    Interpolate,
}
