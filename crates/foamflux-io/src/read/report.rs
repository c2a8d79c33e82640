//! What ingest found and did, as data: the binary prints it, the results keep it.

use foamflux_grid::{SampleType, Shape, VoxelSizeSource};
use serde::Serialize;

use super::options::ByteOrder;

/// Everything that was found about an input and done with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IngestReport {
    /// Kind of input, such as "folder of TIFF slices" or "ImageJ contiguous stack in a zip".
    pub kind: String,
    /// Files in slice order, relative to the input (the file's own name where the input is a file).
    pub files: Vec<String>,
    /// Shape in the files, slices first.
    pub shape_zyx_file: Shape,
    /// Shape of the volume after crop, bin and the policies for odd and bad slices.
    pub shape_zyx: Shape,
    /// Type of the stored samples, such as `u8`, `u12`, `i64` or `u8 rgb`.
    pub sample_type_stored: String,
    /// Type of the volume.
    pub sample_type: SampleType,
    /// Byte order of the stored samples, where they have one.
    pub byte_order: Option<ByteOrder>,
    /// Compression of the stored samples.
    pub compression: String,
    /// Voxel size of the volume (after binning) in metres, x, y, z; `None` is explicitly unknown.
    pub voxel_size_m_xyz: Option<[f64; 3]>,
    /// Where the voxel size came from.
    pub voxel_size_source: Option<VoxelSizeSource>,
    /// Every voxel size that the files state, and why each was or was not believed.
    pub voxel_size_candidates: Vec<VoxelSizeCandidate>,
    /// What an electron microscope says: its maker, voltage and tilt.
    pub microscope: Option<String>,
    /// The data bar that is cut off.
    pub data_bar: Option<CutBar>,
    /// Numbers that are missing between the first and the last slice name, as inclusive ranges.
    pub gaps: Vec<Gap>,
    /// Slices whose size or type is not the common one.
    pub odd_slices: Vec<OddSlice>,
    /// Files that are not part of the stack, and why.
    pub ignored: Vec<IgnoredFile>,
    /// Slices that are truncated or unreadable. Before [`super::Plan::read`] only what the headers tell.
    pub bad_slices: Vec<BadSlice>,
    /// Pixels that are no number; only known after [`super::Plan::read`].
    pub non_finite: Option<NonFinite>,
    /// Facts worth seeing, such as conversions made.
    pub notes: Vec<String>,
    /// Facts that may make a number wrong.
    pub warnings: Vec<String>,
    /// Bytes that the read needs at its peak: volume, working slices, unpacked archive member.
    pub bytes_needed: u64,
}

/// A voxel size that a file states.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VoxelSizeCandidate {
    /// Where it was found.
    pub source: VoxelSizeSource,
    /// The file it was found in.
    pub file: String,
    /// Edge lengths of the file's voxels in metres, x, y, z; `None` where it says nothing.
    pub m_xyz: [Option<f64>; 3],
    /// What the file says, in its own words.
    pub stated: String,
    /// Whether it became the voxel size.
    pub believed: bool,
    /// Why it was or was not believed.
    pub reason: String,
}

/// A data bar that is cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CutBar {
    /// Rows at the lower end of the images.
    pub rows: usize,
    /// Who says so: `flag`, `pixels`, or the source of the microscope's data.
    pub found_by: String,
}

/// Missing slice numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// First missing number.
    pub first: u64,
    /// Last missing number.
    pub last: u64,
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{} to {}", self.first, self.last) }
    }
}

/// A slice whose size or type is not the common one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OddSlice {
    /// Index in file order, from 0.
    pub z: usize,
    /// File, and page where it has several.
    pub name: String,
    /// What it is, such as `640x480 u8` (width x height).
    pub found: String,
    /// What was done with it.
    pub action: String,
}

/// A file that is no part of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IgnoredFile {
    /// Name relative to the input.
    pub name: String,
    /// Why it was left out.
    pub reason: String,
}

/// A slice that is truncated or cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadSlice {
    /// Index in file order, from 0.
    pub z: usize,
    /// File, and page where it has several.
    pub name: String,
    /// What is wrong and what helps.
    pub reason: String,
    /// What was done with it: nothing yet, left out, interpolated.
    pub action: String,
}

/// Pixels that are no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NonFinite {
    /// Number of NaN pixels.
    pub nan: u64,
    /// Number of infinite pixels.
    pub infinite: u64,
    /// Place of the first one in the file: x, y, z.
    pub first_xyz: [usize; 3],
}
