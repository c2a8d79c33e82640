//! The whole grid as plain arrays, for other devices.

use super::board::Board;
use super::pieces::Pieces;
use crate::Problem;
use crate::device::{Finest, Grid, Hierarchy};
use crate::multigrid::Cycle;

/// Where a voxel lies in a field over the whole grid.
///
/// Colour of voxel (x, y, z): parity of x + y + z. Each colour is a grid of half the width: `i = x / 2`, rows of
/// [`stride`](GridOrder::stride), planes of [`plane`](GridOrder::plane), with one plane of zeros before and after, one row
/// of zeros after every plane and one zero after every row, so that every neighbour of every voxel has an address and
/// holds 0 where there is none. Colour 0 lies first, colour 1 [`half`](GridOrder::half) behind it.
/// In row (y, z) colour c holds `x = 2 i + s` with `s = (y + z + c) mod 2`.
#[derive(Debug, Clone, Copy)]
pub struct GridOrder(Board);

impl GridOrder {
    /// Voxels along x, y, z.
    #[must_use]
    pub fn voxels(&self) -> [usize; 3] {
        [self.0.nx, self.0.ny, self.0.nz]
    }

    /// Voxels of one colour in a row, at most.
    #[must_use]
    pub fn used(&self) -> usize {
        self.0.used
    }

    /// Distance of rows.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.0.stride
    }

    /// Distance of planes.
    #[must_use]
    pub fn plane(&self) -> usize {
        self.0.plane
    }

    /// Length of one colour.
    #[must_use]
    pub fn half(&self) -> usize {
        self.0.half
    }

    /// Takes values in memory order into a field.
    #[must_use]
    pub fn from_memory_order(&self, problem: &Problem, values: &[f32]) -> Vec<f32> {
        self.0.sort(problem, |i| values[i]).to_vec()
    }

    /// Takes a field into memory order.
    #[must_use]
    pub fn to_memory_order(&self, problem: &Problem, field: &[f32]) -> Vec<f32> {
        self.0.unsort(problem, field)
    }
}

/// The levels of a problem that is stored as a grid.
pub(crate) fn hierarchy(problem: &Problem, faces: &[f64; 3]) -> Hierarchy {
    let board = Board::of(problem.shape());
    let open = board.connectivity(problem);
    let pieces = Pieces::of(&board, &open);
    let (matrix, layout) = pieces.first_level(&board, faces, problem);
    let levels = Cycle::exported(matrix, layout, problem.unknowns());
    let (masks, first) = pieces.into_arrays();
    let grid = Grid {
        order: GridOrder(board),
        open: open.to_vec(),
        faces: faces.map(|g| g as f32),
        axis: problem.axis().xyz_index() as u32,
        masks,
        first,
    };
    Hierarchy { finest: Finest::Grid(grid), levels }
}

impl Pieces {
    /// Masks of all blocks, and the first piece of each.
    fn into_arrays(self) -> (Vec<u8>, Vec<u32>) {
        let first = self.first_pieces();
        (self.masks, first)
    }
}
