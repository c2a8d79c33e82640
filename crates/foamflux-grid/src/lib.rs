//! Shapes, voxel sizes, volumes, labels and units shared by every foamflux crate.
//!
//! Conventions, the same everywhere:
//!
//! - Axes: **x** is the column, **y** the row, **z** the slice in file order.
//!   Arrays are `[z][y][x]` with x fastest; triples that a user types or reads are in x, y, z order.
//! - Voxels may be anisotropic. A [`Volume`] always carries its [`VoxelSize`], which may be explicitly unknown;
//!   there is no default voxel size.
//! - Lengths inside the program are metres (`f64`), or voxels where the voxel size is unknown, see [`Spacing`].

mod error;
mod label;
mod progress;
mod sample;
mod shape;
pub mod units;
mod volume;
mod voxel_size;

pub use error::GridError;
pub use label::{Label, LabelSet, Labels, Phase};
pub use progress::{Event, Silent, Stage, Watch};
pub use sample::{Sample, SampleType};
pub use shape::{Axis, Region, Shape};
pub use volume::Volume;
pub use voxel_size::{LengthUnit, Spacing, VoxelSize, VoxelSizeSource};
