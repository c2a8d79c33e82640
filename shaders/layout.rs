//! What host and device share byte for byte: uniform structs, connectivity bits, flags, slots, the layout of fields.
//!
//! # Fields over the grid
//!
//! A field is one buffer of f32 per slab of whole planes, laid out as a checkerboard: all voxels with even x + y + z,
//! then, [`Grid::half`] behind them, all with odd. Each colour is a grid of half the width, `i = x / 2`, rows of
//! [`Grid::stride`], planes of [`Grid::plane`]; a zero stands behind every row and a row of zeros behind every plane.
//! The first and the last plane are halos, copies of the neighbouring slab's planes, or zeros at the ends of the box.
//! In row (y, z) colour c holds `x = 2 i + s` with `s = (y + z + c) mod 2`; slabs begin with an even plane, so that the
//! parity of a plane in its slab is that in the box.
//! Every neighbour of every voxel then has an address, and holds 0 where there is none.
//! Values of voxels that are not solved are 0.
//!
//! # Connectivity
//!
//! One byte per value of a field, in the same places, four bytes to a `u32`, the lowest byte first, as a `&[u8]` padded to
//! whole words is on a little-endian host.
//!
//! # Rows
//!
//! A stored level has [`WIDTH`] links per row: neighbour and conductance of link k of row i at `k rows + i`, so that
//! neighbouring threads read neighbouring words. The last link of a row with more of them is [`MORE`] plus the place of
//! the others in a list of pairs, and its conductance is their number.

use bytemuck::{Pod, Zeroable};

/// The face towards lower x is open.
pub const OPEN_X_LOW: u32 = 1;
/// The face towards higher x is open.
pub const OPEN_X_HIGH: u32 = 1 << 1;
/// The face towards lower y is open.
pub const OPEN_Y_LOW: u32 = 1 << 2;
/// The face towards higher y is open.
pub const OPEN_Y_HIGH: u32 = 1 << 3;
/// The face towards lower z is open.
pub const OPEN_Z_LOW: u32 = 1 << 4;
/// The face towards higher z is open.
pub const OPEN_Z_HIGH: u32 = 1 << 5;
/// Half a voxel from the inlet electrode.
pub const INLET: u32 = 1 << 6;
/// Half a voxel from the outlet electrode.
pub const OUTLET: u32 = 1 << 7;
/// Conductance from a voxel's centre to an electrode, half a voxel away, where one to the next voxel has 1.
pub const TO_ELECTRODE: f32 = 2.0;

/// Links that every row stores.
pub const WIDTH: u32 = 6;
/// In the last link of a row: there are more, and the rest of the number says where.
pub const MORE: u32 = 1 << 31;

/// Flag of a sweep: neighbours count; without it the sweep is from zero and is the first.
pub const PULL: u32 = 1;
/// Flag of a sweep: partial sums are wanted.
pub const SUM: u32 = 2;
/// Flag of a sweep: partial sums with the image of the direction, too.
pub const IMAGE: u32 = 4;
/// Flag of a sweep over rows: only rows that were swept before count.
pub const ONLY_BEFORE: u32 = 8;

/// Neighbours that count: all of them.
pub const ALL: u32 = 0;
/// Neighbours that count: those with lower numbers.
pub const BEFORE: u32 = 1;
/// Neighbours that count: those with higher numbers.
pub const AFTER: u32 = 2;

/// Formula of [`Sums::then`]: none.
pub const NOTHING: u32 = 0;
/// `a / b`, or 0 where b is not positive.
pub const QUOTIENT: u32 = 1;
/// `-a b`.
pub const PRODUCT: u32 = 2;
/// The factors of two steps of flexible conjugate gradients, into two slots.
pub const TWO_STEPS: u32 = 3;

/// Slot that always holds 0.
pub const ZERO: u32 = 0;
/// Slot that always holds 1.
pub const ONE: u32 = 1;

/// A slab of the grid and what to do with it. A uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Default, Pod, Zeroable)]
pub struct Grid {
    /// Values in a row of one colour.
    pub used: u32,
    /// Distance of rows.
    pub stride: u32,
    /// Distance of planes.
    pub plane: u32,
    /// Distance of the colours.
    pub half: u32,
    /// Rows in a plane.
    pub ny: u32,
    /// The slab's own planes, halos not counted.
    pub nz: u32,
    /// Colour of a sweep.
    pub colour: u32,
    /// Flags of a sweep.
    pub flags: u32,
    /// Conductance between neighbours along x; 1 along the axis of transport.
    pub conductance_x: f32,
    /// The same along y.
    pub conductance_y: f32,
    /// The same along z.
    pub conductance_z: f32,
    /// Axis of transport: 0 x, 1 y, 2 z.
    pub axis: u32,
    /// Place of the slab's first partial sum.
    pub partials: u32,
    /// Distance from one sum's partial sums to the next one's.
    pub partials_stride: u32,
    /// Slot of a step's length.
    pub slot: u32,
    /// Blocks of 2x2x2 voxels along x.
    pub blocks_x: u32,
    /// The same along y.
    pub blocks_y: u32,
    /// The same along z.
    pub blocks_z: u32,
    /// Fills the struct to a multiple of 16 bytes, as GLES asks of a uniform.
    pub padding: [u32; 2],
}

/// Rows of a stored level and what to do with them. A uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
pub struct Rows {
    /// First row.
    pub start: u32,
    /// Row behind the last.
    pub end: u32,
    /// Rows of the level whose links are bound.
    pub rows: u32,
    /// Flags of a sweep.
    pub flags: u32,
    /// Place of the first partial sum.
    pub partials: u32,
    /// Distance from one sum's partial sums to the next one's.
    pub partials_stride: u32,
    /// Fills the struct to a multiple of 16 bytes.
    pub padding: [u32; 2],
}

/// A sum of two fields. A uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Default, Pod, Zeroable)]
pub struct Combine {
    /// Values.
    pub count: u32,
    /// Slot of the field's own factor.
    pub factor: u32,
    /// Slot of the factor of what is added.
    pub added: u32,
    /// Sign of the latter.
    pub sign: f32,
}

/// Levels that `tail` takes at most.
pub const TAIL_LEVELS: u32 = 8;
/// Steps that `tail` takes at most: a uniform of 12 KiB, of the 16 that any device binds.
pub const TAIL_STEPS: u32 = 256;
/// Slots of a level in `tail`.
pub const TAIL_SLOTS_PER_LEVEL: u32 = 8;
/// Slots of all levels in `tail`.
pub const TAIL_SLOTS: u32 = TAIL_LEVELS * TAIL_SLOTS_PER_LEVEL;
/// Slot of c·A c, behind which comes c·r.
pub const TAIL_CAC: u32 = 0;
/// Slot of c·r.
pub const TAIL_CR: u32 = 1;
/// Slot of d·A d, behind which comes d·A c.
pub const TAIL_DAD: u32 = 2;
/// Slot of d·A c.
pub const TAIL_DAC: u32 = 3;
/// Slot of d·r.
pub const TAIL_DR: u32 = 4;
/// Step of `tail`: Gauss-Seidel on one colour.
pub const TAIL_RELAX: u32 = 0;
/// Step of `tail`: residual of the next level.
pub const TAIL_RESTRICT: u32 = 1;
/// Step of `tail`: correction from the next level.
pub const TAIL_PROLONG: u32 = 2;
/// Step of `tail`: image of a direction and two sums.
pub const TAIL_APPLY: u32 = 3;
/// Step of `tail`: the inverse of the smallest level.
pub const TAIL_INVERT: u32 = 4;
/// Step of `tail`: the residual after the first of two steps.
pub const TAIL_FIRST_STEP: u32 = 5;
/// Step of `tail`: the two directions together.
pub const TAIL_SECOND_STEP: u32 = 6;

/// A level of `tail`: places in its data. Part of a uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
pub struct TailLevel {
    /// Rows.
    pub rows: u32,
    /// Neighbours across links.
    pub to: u32,
    /// Conductances of links.
    pub conductance: u32,
    /// Links that do not fit.
    pub more: u32,
    /// Conductances to the electrodes.
    pub ground: u32,
    /// One over the diagonal.
    pub inverse: u32,
    /// The next level's row of each row.
    pub parent: u32,
    /// First child of each row of the next level.
    pub first: u32,
    /// The children.
    pub children: u32,
    /// The inverse of the whole level.
    pub matrix: u32,
    /// Fills the struct to a multiple of 16 bytes.
    pub padding: [u32; 2],
}

/// A step of `tail`. Part of a uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
pub struct TailStep {
    /// What is done.
    pub kind: u32,
    /// On which level.
    pub level: u32,
    /// First row.
    pub start: u32,
    /// Row behind the last.
    pub end: u32,
    /// Flags of a sweep.
    pub flags: u32,
    /// Slot of the first sum, or the level's first slot.
    pub slot: u32,
    /// Place of the field that is read.
    pub from_field: u32,
    /// Place of the field that is written.
    pub to_field: u32,
    /// Place of the field that is only summed with.
    pub other_field: u32,
    /// Fills the struct to a multiple of 16 bytes, as do the next two.
    pub padding_1: u32,
    /// See there.
    pub padding_2: [u32; 2],
}

/// The smallest levels and what is done with them. A uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Tail {
    /// Rows of the first of these levels, whose residual is the first of the fields.
    pub rows: u32,
    /// Place of the field that is the result.
    pub result: u32,
    /// Steps.
    pub count: u32,
    /// Fills the head to a multiple of 16 bytes.
    pub padding: u32,
    /// The levels.
    pub levels: [TailLevel; TAIL_LEVELS as usize],
    /// The steps.
    pub steps: [TailStep; TAIL_STEPS as usize],
}

/// Which partial sums go where, and a formula after it. A uniform.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
pub struct Sums {
    /// Places of the first partial sums.
    pub first: [u32; 4],
    /// How many there are; none leaves the slot as it is.
    pub count: [u32; 4],
    /// Slots of the sums.
    pub slot: [u32; 4],
    /// Slots that the formula reads.
    pub operands: [u32; 4],
    /// The fifth of them.
    pub operand: u32,
    /// The formula.
    pub then: u32,
    /// Slot of its result.
    pub result: u32,
    /// Fills the struct to a multiple of 16 bytes.
    pub padding: u32,
}
