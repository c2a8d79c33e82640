//! Plain voxel faces.
//!
//! A patch of normal n and area A is covered by A (|n_x| + |n_y| + |n_z|) of voxel faces, 1.5 A on average over
//! isotropic directions: an upper bound to be known, not an area to be used.

use foamflux_grid::{Axis, Volume};

use super::{SurfaceArea, border_faces};
use crate::bits::Bits;

/// Area of the faces between voxels inside and outside of the phase.
///
/// `border` is the area of the phase's faces on the box faces.
#[must_use]
pub fn faces(mask: &Volume<bool>) -> SurfaceArea {
    SurfaceArea { interior: interior(&Bits::new(mask), mask), border: border_faces(mask) }
}

pub(super) fn interior(bits: &Bits, mask: &Volume<bool>) -> f64 {
    let spacing = mask.spacing();
    let along = |axis: Axis, step| bits.differing(step) as f64 * spacing.face_area(axis);
    along(Axis::X, [1, 0, 0]) + along(Axis::Y, [0, 1, 0]) + along(Axis::Z, [0, 0, 1])
}
