//! Errors of building and addressing volumes.

use crate::Shape;

/// Why a volume, region or label could not be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GridError {
    /// A shape with a zero edge, or one whose number of voxels overflows the address space.
    #[error("shape {shape} (z,y,x) is not usable: {reason}")]
    Shape {
        /// The refused shape.
        shape: Shape,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Data whose length is not the number of voxels.
    #[error("{len} values do not fill shape {shape} (z,y,x), which has {} voxels", shape.len())]
    Length {
        /// Number of values given.
        len: usize,
        /// The shape they were meant for.
        shape: Shape,
    },
    /// A voxel edge that is not a positive finite number.
    #[error("voxel size {value} m along {axis} is not a positive finite length")]
    VoxelSize {
        /// The axis.
        axis: crate::Axis,
        /// The refused edge length in metres.
        value: f64,
    },
    /// A region that leaves the volume or is empty.
    #[error("region {region} does not lie inside shape {shape} (z,y,x)")]
    Region {
        /// The refused region.
        region: crate::Region,
        /// The volume's shape.
        shape: Shape,
    },
    /// A voxel value that is no label.
    #[error(
        "value {value} at x,y,z = {x},{y},{z} is not a label (0 to 8); map foreign values with --labels NAME=VALUE,..."
    )]
    Label {
        /// The value found.
        value: u8,
        /// Column of the first such voxel.
        x: usize,
        /// Row of the first such voxel.
        y: usize,
        /// Slice of the first such voxel.
        z: usize,
    },
    /// Two volumes that must match and do not.
    #[error("shapes differ: {left} and {right} (z,y,x)")]
    Mismatch {
        /// Shape of the first volume.
        left: Shape,
        /// Shape of the second volume.
        right: Shape,
    },
}
