//! A stack that was read: voxels of one of six types, and what ingest found.

use foamflux_grid::{Sample as _, SampleType, Shape, Volume, VoxelSize};

use super::report::IngestReport;

/// A volume with what ingest found about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// The voxels.
    pub data: StackData,
    /// What was found and done.
    pub report: IngestReport,
}

/// The voxels of a stack in the type they are stored in.
///
/// Stored types that are not listed become the next wider one: `i8` is read as `i16`,
/// 64-bit integers as `i32` (refused when a value does not fit), and `f16` and `f64` as `f32`.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is the volume of the type it is named after")]
pub enum StackData {
    U8(Volume<u8>),
    U16(Volume<u16>),
    I16(Volume<i16>),
    U32(Volume<u32>),
    I32(Volume<i32>),
    F32(Volume<f32>),
}

/// Runs the same code over the volume of a [`StackData`](crate::read::StackData), whatever its type.
///
/// `for_each_type!(stack.data, volume => volume.shape())` works on the data, on `&data` and on `&mut data`.
#[macro_export]
macro_rules! for_each_type {
    ($data:expr, $volume:ident => $body:expr) => {
        match $data {
            $crate::read::StackData::U8($volume) => $body,
            $crate::read::StackData::U16($volume) => $body,
            $crate::read::StackData::I16($volume) => $body,
            $crate::read::StackData::U32($volume) => $body,
            $crate::read::StackData::I32($volume) => $body,
            $crate::read::StackData::F32($volume) => $body,
        }
    };
}

/// The same for code that is long to compile: the rarer types, `i16` and 32-bit integers, are taken as `f32` for as long as it
/// runs, at four bytes per voxel. Whole numbers beyond 2^24 are rounded.
#[macro_export]
macro_rules! for_each_grey {
    ($data:expr, $volume:ident => $body:expr) => {
        match $data {
            $crate::read::StackData::U8($volume) => $body,
            $crate::read::StackData::U16($volume) => $body,
            $crate::read::StackData::F32($volume) => $body,
            other => {
                let $volume = &other.to_f32();
                $body
            }
        }
    };
}

impl StackData {
    /// The voxels as `f32`; whole numbers beyond 2^24 are rounded.
    #[must_use]
    pub fn to_f32(&self) -> Volume<f32> {
        for_each_type!(self, volume => volume.map(|v| v.to_f32()))
    }

    /// Shape in voxels.
    #[must_use]
    pub fn shape(&self) -> Shape {
        for_each_type!(self, volume => volume.shape())
    }

    /// Voxel size, which may be explicitly unknown.
    #[must_use]
    pub fn voxel_size(&self) -> &VoxelSize {
        for_each_type!(self, volume => volume.voxel_size())
    }

    /// Type of the voxels.
    #[must_use]
    pub const fn sample_type(&self) -> SampleType {
        match self {
            StackData::U8(_) => SampleType::U8,
            StackData::U16(_) => SampleType::U16,
            StackData::I16(_) => SampleType::I16,
            StackData::U32(_) => SampleType::U32,
            StackData::I32(_) => SampleType::I32,
            StackData::F32(_) => SampleType::F32,
        }
    }

    /// The same voxels with another voxel size.
    #[must_use]
    pub fn with_voxel_size(self, voxel_size: VoxelSize) -> Self {
        match self {
            StackData::U8(v) => StackData::U8(v.with_voxel_size(voxel_size)),
            StackData::U16(v) => StackData::U16(v.with_voxel_size(voxel_size)),
            StackData::I16(v) => StackData::I16(v.with_voxel_size(voxel_size)),
            StackData::U32(v) => StackData::U32(v.with_voxel_size(voxel_size)),
            StackData::I32(v) => StackData::I32(v.with_voxel_size(voxel_size)),
            StackData::F32(v) => StackData::F32(v.with_voxel_size(voxel_size)),
        }
    }
}

macro_rules! from_volume {
    ($($t:ty => $variant:ident),*) => {$(
        impl From<Volume<$t>> for StackData {
            fn from(volume: Volume<$t>) -> Self {
                StackData::$variant(volume)
            }
        }
    )*};
}
from_volume! { u8 => U8, u16 => U16, i16 => I16, u32 => U32, i32 => I32, f32 => F32 }
