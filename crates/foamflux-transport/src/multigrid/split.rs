//! The face-connected pieces of 2x2x2 voxels, by which of the eight are there.
//!
//! Voxel `dx + 2 dy + 4 dz` of a block is bit number of the same; pieces are numbered by their lowest voxel.

/// The pieces of a block by its byte.
pub(crate) struct Split {
    /// Number of pieces.
    pub(crate) count: [u8; 256],
    /// Piece of every cell.
    pub(crate) piece: [[u8; 8]; 256],
}

/// Cells that are solved, joined across faces.
const fn split() -> Split {
    let mut out = Split { count: [0; 256], piece: [[0; 8]; 256] };
    let mut mask = 0;
    while mask < 256 {
        let mut seen = 0usize;
        let mut cell = 0;
        while cell < 8 {
            if mask >> cell & 1 == 1 && seen >> cell & 1 == 0 {
                // Grow from this cell; seven steps reach every cell of a block.
                let mut grown = 1usize << cell;
                let mut step = 0;
                while step < 7 {
                    let x = (grown & 0x55) << 1 | (grown & 0xaa) >> 1;
                    let y = (grown & 0x33) << 2 | (grown & 0xcc) >> 2;
                    let z = (grown & 0x0f) << 4 | (grown & 0xf0) >> 4;
                    grown |= (x | y | z) & mask;
                    step += 1;
                }
                let mut c = 0;
                while c < 8 {
                    if grown >> c & 1 == 1 {
                        out.piece[mask][c] = out.count[mask];
                    }
                    c += 1;
                }
                out.count[mask] += 1;
                seen |= grown;
            }
            cell += 1;
        }
        mask += 1;
    }
    out
}

pub(crate) static SPLIT: Split = split();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_across_faces_alone() {
        for (mask, count) in [(0, 0), (0xff, 1), (0b1001, 2), (0b1000_0001, 2), (0b0110_1001, 4), (0b0011, 1)] {
            assert_eq!(SPLIT.count[mask], count, "{mask:b}");
        }
        // Two opposite edges along x.
        assert_eq!(SPLIT.piece[0b1100_0011], [0, 0, 0, 0, 0, 0, 1, 1]);
    }
}
