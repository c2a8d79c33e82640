//! The working array of the thinning: one u16 per voxel in a box that is padded by one voxel on each side.
//!
//! Padding makes every neighbourhood a plain look-up. Along periodic axes the padding holds copies of the opposite
//! side, which are kept up to date by every deletion.

use foamflux_grid::{Shape, Volume};

use crate::{NetworkError, Sides};

/// The voxel belongs to the object.
const OBJECT: u16 = 1;
/// The voxel must stay.
const ANCHOR: u16 = 2;
/// The voxel waits for its next examination.
const WAITING: u16 = 4;
const LEVEL_SHIFT: u16 = 3;
/// Largest level of the thinning order.
pub(crate) const MAX_LEVEL: u16 = u16::MAX >> LEVEL_SHIFT;

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
        let stride = [1, n[0] + 2, (n[0] + 2) * (n[1] + 2)];
        if stride[2].checked_mul(n[2] + 2).is_none_or(|len| len >= u32::MAX as usize) {
            return Err(NetworkError::TooLarge { shape });
        }
        Ok(Pad { n, stride, periodic: sides == Sides::Periodic })
    }

    pub(crate) fn len(&self) -> usize {
        self.stride[2] * (self.n[2] + 2)
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

/// Object, anchors and levels.
pub(crate) struct Cells {
    pub(crate) pad: Pad,
    cells: Vec<u16>,
    /// Memory distances of [`STEPS`].
    around: [isize; 26],
}

impl Cells {
    /// `level` of every true voxel.
    pub(crate) fn new(pad: Pad, mask: &Volume<bool>, level: impl Fn(usize) -> u16) -> Self {
        let mut cells = vec![0u16; pad.len()];
        let inside = mask.as_slice();
        for z in 0..pad.n[2] {
            for y in 0..pad.n[1] {
                let from = pad.unpadded([0, y, z]);
                let to = pad.at([0, y, z]) as usize;
                for x in 0..pad.n[0] {
                    if inside[from + x] {
                        cells[to + x] = OBJECT | level(from + x).min(MAX_LEVEL) << LEVEL_SHIFT;
                    }
                }
            }
        }
        let around = STEPS
            .map(|s| s[0] as isize + s[1] as isize * pad.stride[1] as isize + s[2] as isize * pad.stride[2] as isize);
        let mut made = Cells { pad, cells, around };
        if pad.periodic {
            for z in 0..pad.n[2] {
                for y in 0..pad.n[1] {
                    for x in 0..pad.n[0] {
                        made.copy([x, y, z]);
                    }
                }
            }
        }
        made
    }

    /// Copies a voxel of a periodic box to its images in the padding.
    fn copy(&mut self, xyz: [usize; 3]) {
        let value = self.cells[self.pad.at(xyz) as usize];
        let n = self.pad.n;
        // Along each axis: where it is, and where its images in the padding are (a box of one voxel has two).
        let places: [[Option<isize>; 3]; 3] = std::array::from_fn(|k| {
            let v = xyz[k] as isize;
            let (low, high) = (xyz[k] + 1 == n[k], xyz[k] == 0);
            [Some(v), low.then_some(-1), high.then_some(n[k] as isize)]
        });
        if places.iter().all(|p| p[1].is_none() && p[2].is_none()) {
            return;
        }
        for z in places[2].into_iter().flatten() {
            for y in places[1].into_iter().flatten() {
                for x in places[0].into_iter().flatten() {
                    let to = (x + 1) + (y + 1) * self.pad.stride[1] as isize + (z + 1) * self.pad.stride[2] as isize;
                    self.cells[to as usize] = value;
                }
            }
        }
    }

    #[inline]
    pub(crate) fn is_object(&self, index: u32) -> bool {
        self.cells[index as usize] & OBJECT != 0
    }

    #[inline]
    pub(crate) fn is_open(&self, index: u32) -> bool {
        self.cells[index as usize] & (OBJECT | ANCHOR) == OBJECT
    }

    pub(crate) fn anchor(&mut self, index: u32) {
        self.cells[index as usize] |= ANCHOR;
    }

    #[inline]
    pub(crate) fn level(&self, index: u32) -> u16 {
        self.cells[index as usize] >> LEVEL_SHIFT
    }

    /// Marks as waiting; false when it was already.
    #[inline]
    pub(crate) fn wait(&mut self, index: u32) -> bool {
        let cell = &mut self.cells[index as usize];
        let new = *cell & WAITING == 0;
        *cell |= WAITING;
        new
    }

    #[inline]
    pub(crate) fn end_wait(&mut self, index: u32) {
        self.cells[index as usize] &= !WAITING;
    }

    pub(crate) fn delete(&mut self, index: u32) {
        self.cells[index as usize] &= !OBJECT;
        if self.pad.periodic {
            self.copy(self.pad.xyz(index));
        }
    }

    /// The index `offset` away; a voxel of the padding of a periodic box stands for its original.
    #[inline]
    pub(crate) fn original(&self, index: u32, position: usize) -> u32 {
        let to = index.wrapping_add_signed(self.around[position] as i32);
        if !self.pad.periodic {
            return to;
        }
        match self.pad.step(self.pad.xyz(index), STEPS[position]) {
            Some(xyz) => self.pad.at(xyz),
            None => to,
        }
    }

    /// Whether the neighbour at a step is pore and the opposite one solid.
    #[inline]
    pub(crate) fn is_exposed(&self, index: u32, position: usize) -> bool {
        let step = self.around[position] as i32;
        !self.is_object(index.wrapping_add_signed(step)) && self.is_object(index.wrapping_add_signed(-step))
    }

    /// The 27 bits of object voxels around a voxel, as [`crate::simple`] reads them.
    #[inline]
    pub(crate) fn hood(&self, index: u32) -> u32 {
        let mut bits = 0u32;
        let mut position = 0;
        for z in 0..3usize {
            for y in 0..3usize {
                let row = index as usize + z * self.pad.stride[2] + y * self.pad.stride[1]
                    - self.pad.stride[2]
                    - self.pad.stride[1]
                    - 1;
                let three = &self.cells[row..row + 3];
                bits |= u32::from(three[0] & OBJECT) << position
                    | u32::from(three[1] & OBJECT) << (position + 1)
                    | u32::from(three[2] & OBJECT) << (position + 2);
                position += 3;
            }
        }
        bits
    }
}
