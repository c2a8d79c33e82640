//! What host and device share byte for byte: uniform structs, connectivity bits, scalar slots, the field layout.
//!
//! # Fields
//!
//! A field is one buffer of f32 per slab: `(nz + 2) ny nx` values in `[z][y][x]` order, x fastest.
//! The first and the last plane are halos, copies of the neighbouring slab's planes (or, where sides along z are
//! periodic, of the other end's).
//! Halos beyond an electrode or a no-flux side are never read.
//! Values of inactive voxels are 0.
//!
//! # Connectivity
//!
//! One byte per voxel of the slab's own planes (no halo), four bytes to a `u32`, the lowest byte first: the byte of voxel
//! `i` is bits `8 (i mod 4)` of word `i / 4`, as a `&[u8]` padded to whole words is on a little-endian host.

use bytemuck::{Pod, Zeroable};

/// The voxel belongs to the conducting phase.
pub const ACTIVE: u32 = 1;
/// The face towards lower x is open.
pub const OPEN_X_LOW: u32 = 1 << 1;
/// The face towards higher x is open.
pub const OPEN_X_HIGH: u32 = 1 << 2;
/// The face towards lower y is open.
pub const OPEN_Y_LOW: u32 = 1 << 3;
/// The face towards higher y is open.
pub const OPEN_Y_HIGH: u32 = 1 << 4;
/// The face towards lower z is open.
pub const OPEN_Z_LOW: u32 = 1 << 5;
/// The face towards higher z is open.
///
/// An open face on the outside of the box leads to an electrode along [`Slab::direction`], and to the voxel at the other
/// end of the row along the other axes (periodic sides).
pub const OPEN_Z_HIGH: u32 = 1 << 6;

/// A slab of whole z planes, and the problem it is part of. A uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Slab {
    /// Voxels along x.
    pub nx: u32,
    /// Voxels along y.
    pub ny: u32,
    /// The slab's own planes, halos not counted.
    pub nz: u32,
    /// Number of the slab's first own plane in the box.
    pub first_plane: u32,
    /// Planes of the whole box.
    pub box_planes: u32,
    /// Axis from one electrode to the other: 0 x, 1 y, 2 z.
    pub direction: u32,
    /// Conductance between neighbours along x over conductivity: face area / distance (m, or voxel edges).
    pub conductance_x: f32,
    /// The same along y.
    pub conductance_y: f32,
    /// The same along z.
    pub conductance_z: f32,
    /// Potential of the electrode at the low end of the direction; 0 when the operator acts on a search direction.
    pub electrode_low: f32,
    /// Potential of the electrode at the high end.
    pub electrode_high: f32,
    /// Fills the struct to a multiple of 16 bytes, as GLES asks of a uniform.
    pub padding: u32,
}

/// The two slots whose quotient is the scalar of a vector update. A uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Ratio {
    /// Slot above the line.
    pub numerator: u32,
    /// Slot below the line; where it does not hold a positive number the quotient is 0.
    pub denominator: u32,
    /// Fills the struct to 16 bytes.
    pub padding: [u32; 2],
}

/// Which partial sums go where. A uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Reduction {
    /// Number of partial sums, those of all slabs.
    pub count: u32,
    /// Slot that takes the sum.
    pub slot: u32,
    /// Fills the struct to 16 bytes.
    pub padding: [u32; 2],
}

/// Slots of the scalar buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Slot {
    /// Always 0: a quotient with it above the line starts an iteration afresh.
    Zero = 0,
    /// r·r after an even number of iterations.
    GradientEven = 1,
    /// r·r after an odd number of iterations.
    GradientOdd = 2,
    /// p·q.
    Curvature = 3,
    /// The energy E.
    Energy = 4,
}

impl Slot {
    /// Number of f32 in the scalar buffer.
    pub const COUNT: u32 = 8;
}
