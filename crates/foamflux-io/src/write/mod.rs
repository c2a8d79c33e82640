//! Writing volumes and images in formats that Fiji, ParaView, numpy and 3D Slicer open as they are.
//!
//! | extension | opened by | voxel size |
//! |---|---|---|
//! | `.tif` | Fiji, ImageJ, tifffile, scikit-image | ImageJ description and resolution tags |
//! | `.vti` | ParaView, PyVista, VTK | spacing in µm |
//! | `.nrrd` | 3D Slicer, ITK, pynrrd | space directions in µm |
//! | `.npy` | numpy, PoreSpy, TauFactor | none: the format has no place for it |
//! | `.raw` | everything | in a `.raw.json` file beside it |
//! | `.ome.zarr` | napari, Fiji, neuroglancer, zarr | scale of every level in µm, see [`OmeZarr`] |
//!
//! Arrays are `[z][y][x]` with x fastest, little endian.
//! Every writer leaves either the whole file or nothing new, see [`file_atomically`] and [`OutputFolder`].

mod atomic;
mod deflate;
mod error;
mod folder;
mod imagej;
mod length;
mod mesh;
mod npy;
mod nrrd;
mod png;
mod raw;
mod slices;
mod tiff;
mod vti;
mod zarr;

use std::borrow::Cow;
use std::path::Path;

use foamflux_grid::{Labels, Sample, SampleType, Shape, Volume, VoxelSize};

pub use atomic::file_atomically;
pub use error::{WriteCategory, WriteError};
pub use folder::{Existing, OutputFolder};
pub use mesh::{Triangles, ply, ply_bytes, stl, stl_bytes};
pub use png::{png_grey, png_rgb};
pub use slices::slices;
pub use vti::{VtiArray, VtiData, vti};
pub use zarr::OmeZarr;

/// The extensions that [`VolumeFormat::from_path`] knows, for messages.
const KNOWN_EXTENSIONS: &str = ".tif, .tiff, .npy, .nrrd, .raw or .vti";

/// A file format for one volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VolumeFormat {
    /// Multi-page TIFF with an ImageJ description.
    Tiff,
    /// numpy array, version 1.0.
    Npy,
    /// NRRD with its data attached, gzip.
    Nrrd,
    /// Bare samples with a JSON file beside them.
    Raw,
    /// VTK image data.
    Vti,
}

impl VolumeFormat {
    /// The format that a file's extension names, in any case.
    ///
    /// # Errors
    /// [`WriteError::UnknownExtension`], whose message lists the known ones.
    pub fn from_path(path: &Path) -> Result<Self, WriteError> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        Ok(match extension.as_str() {
            "tif" | "tiff" => VolumeFormat::Tiff,
            "npy" => VolumeFormat::Npy,
            "nrrd" => VolumeFormat::Nrrd,
            "raw" => VolumeFormat::Raw,
            "vti" => VolumeFormat::Vti,
            _ => return Err(WriteError::UnknownExtension { path: path.to_owned() }),
        })
    }
}

/// A sample type that every format can hold: all of [`Sample`].
pub trait WritableSample: Sample + bytemuck::Pod {}

impl<T: Sample + bytemuck::Pod> WritableSample for T {}

/// Writes a volume in the format of the extension.
///
/// `name` is what the array is called where a format has names (VTI, NRRD, the file beside `.raw`).
///
/// # Errors
/// [`WriteError::UnknownExtension`], [`WriteError::TooLarge`], [`WriteError::VoxelSize`],
/// and those of [`file_atomically`].
pub fn volume<T: WritableSample>(path: &Path, volume: &Volume<T>, name: &str) -> Result<(), WriteError> {
    Grid::of(volume, name).write(path)
}

/// Writes labels, one byte per voxel, in the format of the extension.
///
/// # Errors
/// As [`volume()`].
pub fn labels(path: &Path, labels: &Labels) -> Result<(), WriteError> {
    Grid { labels: Some(labels), ..Grid::of(labels.volume(), "labels") }.write(path)
}

/// A volume whose sample type is a value, so that each format is compiled once.
struct Grid<'a> {
    name: &'a str,
    sample: SampleType,
    shape: Shape,
    voxel_size: &'a VoxelSize,
    /// Samples in the byte order of this machine.
    native: &'a [u8],
    /// Least and greatest finite value; absent when there is none.
    range: Option<(f64, f64)>,
    /// Present when the values are labels, whose names some formats can hold.
    labels: Option<&'a Labels>,
}

impl<'a> Grid<'a> {
    fn of<T: WritableSample>(volume: &'a Volume<T>, name: &'a str) -> Self {
        Grid {
            name,
            sample: T::TYPE,
            shape: volume.shape(),
            voxel_size: volume.voxel_size(),
            native: bytemuck::cast_slice(volume.as_slice()),
            range: finite_range(volume.as_slice()),
            labels: None,
        }
    }

    fn write(&self, path: &Path) -> Result<(), WriteError> {
        match VolumeFormat::from_path(path)? {
            VolumeFormat::Tiff => tiff::write(path, self),
            VolumeFormat::Npy => npy::write(path, self),
            VolumeFormat::Nrrd => nrrd::write(path, self),
            VolumeFormat::Raw => raw::write(path, self),
            VolumeFormat::Vti => vti::write_grid(path, self),
        }
    }

    /// Slice `z` alone, with the range of all.
    fn slice(&self, z: usize) -> Grid<'a> {
        let bytes = self.shape.y * self.shape.x * self.sample.bytes();
        Grid { shape: Shape { z: 1, ..self.shape }, native: &self.native[z * bytes..(z + 1) * bytes], ..*self }
    }

    /// The samples in the byte order that the formats state.
    fn little_endian(&self) -> Cow<'a, [u8]> {
        little_endian(self.native, self.sample.bytes())
    }
}

/// Samples of `width` bytes each from the byte order of this machine to little endian.
fn little_endian(native: &[u8], width: usize) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") || width == 1 {
        Cow::Borrowed(native)
    } else {
        Cow::Owned(native.chunks_exact(width).flat_map(|sample| sample.iter().rev().copied()).collect())
    }
}

/// Least and greatest finite value.
fn finite_range<T: Sample>(values: &[T]) -> Option<(f64, f64)> {
    let mut finite = values.iter().copied().filter(|v| T::IS_INTEGER || v.to_f64().is_finite());
    let first = finite.next()?;
    let (low, high) =
        finite.fold((first, first), |(low, high), v| (if v < low { v } else { low }, if v > high { v } else { high }));
    Some((low.to_f64(), high.to_f64()))
}
