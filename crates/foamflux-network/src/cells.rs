//! The numbering of voxels that the skeleton and its graph use: a box that is padded by one voxel on each side, so that
//! every neighbourhood is a plain look-up.

use foamflux_grid::Shape;

use crate::{NetworkError, Sides};

/// Largest level of the thinning order.
pub(crate) const MAX_LEVEL: u16 = 8191;

/// Numbering of the voxels of a padded box. Coordinates are x, y, z of the unpadded box.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pad {
    /// Voxels along x, y, z without padding.
    pub(crate) n: [usize; 3],
    /// Memory distance along x, y, z.
    pub(crate) stride: [usize; 3],
    pub(crate) periodic: bool,
}

impl Pad {
    pub(crate) fn new(shape: Shape, sides: Sides) -> Result<Self, NetworkError> {
        let n = [shape.x, shape.y, shape.z];
        // Rows of whole bytes, one bit per voxel.
        let row = (n[0] + 2).next_multiple_of(8);
        let stride = [1, row, row * (n[1] + 2)];
        if stride[2].checked_mul(n[2] + 2).is_none_or(|len| len >= u32::MAX as usize) {
            return Err(NetworkError::TooLarge { shape });
        }
        Ok(Pad { n, stride, periodic: sides == Sides::Periodic })
    }

    #[inline]
    pub(crate) fn at(&self, xyz: [usize; 3]) -> u32 {
        (xyz[0] + 1 + (xyz[1] + 1) * self.stride[1] + (xyz[2] + 1) * self.stride[2]) as u32
    }

    /// Coordinates of a voxel that is not padding.
    #[inline]
    pub(crate) fn xyz(&self, index: u32) -> [usize; 3] {
        let (row, x) = (index / self.stride[1] as u32, index % self.stride[1] as u32);
        let rows = (self.n[1] + 2) as u32;
        [x as usize - 1, (row % rows) as usize - 1, (row / rows) as usize - 1]
    }

    /// Linear index in the unpadded volume.
    #[inline]
    pub(crate) fn unpadded(&self, xyz: [usize; 3]) -> usize {
        (xyz[2] * self.n[1] + xyz[1]) * self.n[0] + xyz[0]
    }

    /// The voxel one `step` away, around the box where it is periodic; `None` outside of it.
    #[inline]
    pub(crate) fn step(&self, xyz: [usize; 3], step: [i32; 3]) -> Option<[usize; 3]> {
        let mut to = [0; 3];
        for k in 0..3 {
            let v = xyz[k] as i64 + i64::from(step[k]);
            let n = self.n[k] as i64;
            to[k] = if (0..n).contains(&v) {
                v as usize
            } else if self.periodic {
                v.rem_euclid(n) as usize
            } else {
                return None;
            };
        }
        Some(to)
    }

    /// Whether the voxel lies on a face of the box that cuts the sample (none of a periodic one).
    pub(crate) fn on_border(&self, xyz: [usize; 3]) -> bool {
        // Along an axis of one voxel there is no inside to be cut off from.
        !self.periodic && (0..3).any(|k| self.n[k] > 1 && (xyz[k] == 0 || xyz[k] + 1 == self.n[k]))
    }

    /// The unpadded coordinates of any, also unwrapped, coordinates.
    pub(crate) fn wrap(&self, xyz: [i32; 3]) -> [usize; 3] {
        std::array::from_fn(|k| xyz[k].rem_euclid(self.n[k] as i32) as usize)
    }
}

/// The 26 steps, face neighbours first, then edges, then corners; a fixed order.
pub(crate) const STEPS: [[i32; 3]; 26] = steps();

const fn steps() -> [[i32; 3]; 26] {
    let mut list = [[0; 3]; 26];
    let mut count = 0;
    let mut order = 1;
    while order <= 3 {
        let mut position = 0;
        while position < 27 {
            let (x, y, z) = (position % 3 - 1, position / 3 % 3 - 1, position / 9 - 1);
            if (x != 0) as i32 + (y != 0) as i32 + (z != 0) as i32 == order {
                list[count] = [x, y, z];
                count += 1;
            }
            position += 1;
        }
        order += 1;
    }
    list
}
