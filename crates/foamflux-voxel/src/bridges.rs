//! Places where the solid hangs together by a single voxel.
//!
//! A solid voxel is a *bridge* where the solid among its 26 neighbours falls into two or more pieces that do not touch each other over
//! face, edge or corner: without it they would be apart. One such voxel, or a chain of them, is what noise and a threshold that is a
//! little too low lay between struts that do not touch, and what they cut thin struts down to; what is conducted through it depends
//! on one voxel. Struts of two voxels and more have none, rough surfaces seldom.
//!
//! The test is that of thinning, see [`crate::simple`].

use foamflux_grid::Shape;
use rayon::prelude::*;

use crate::bits::{Bits, runs};
use crate::components::runs::Connected;
use crate::components::{ComponentsError, Connectivity};
use crate::simple::{self, Class};

/// Bridges of a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bridges {
    /// Bridges: voxels that touch over face, edge or corner are one.
    pub count: u64,
    /// Their voxels.
    pub voxels: u64,
    /// Solid voxels that hang on the largest piece by bridges alone.
    pub hanging_voxels: u64,
}

/// Finds them.
///
/// Memory: a quarter of a byte per voxel, 12 bytes per run along x.
///
/// # Errors
/// [`ComponentsError`] for masks with too many runs.
pub fn bridges(solid: &Bits) -> Result<Bridges, ComponentsError> {
    let shape = solid.shape();
    let inner = solid.shrunk();
    let rows: Vec<Vec<usize>> = (0..shape.z * shape.y)
        .into_par_iter()
        .with_min_len(64)
        .map(|row| {
            let around = Around::of(solid, shape, row);
            let (own, inner) = (solid.row(row), inner.row(row));
            let surface: Vec<u64> = own.iter().zip(inner).map(|(own, inner)| own & !inner).collect();
            runs(&surface).flatten().filter(|&x| simple::class(around.at(x)) == Class::Bridge).collect()
        })
        .collect();
    let voxels: u64 = rows.iter().map(|row| row.len() as u64).sum();
    if voxels == 0 {
        return Ok(Bridges::default());
    }
    let largest = |bits: &Bits| -> Result<(u64, u64), ComponentsError> {
        let sizes = Connected::of_bits(bits, Connectivity::Full26)?.sizes;
        Ok((sizes.iter().copied().max().unwrap_or(0), sizes.len() as u64 - 1))
    };
    let mut cut = solid.clone();
    cut.clear(|row| rows[row].iter().map(|&x| x..x + 1));
    let (whole, left) = (largest(solid)?.0, largest(&cut)?.0);
    // What is left of the solid without what stays are the bridges themselves.
    let mut alone = solid.clone();
    alone.clear(|row| runs(cut.row(row)));
    Ok(Bridges { count: largest(&alone)?.1, voxels, hanging_voxels: whole.saturating_sub(left + voxels) })
}

/// The nine rows about one; nothing beyond the box.
struct Around<'a>([Option<&'a [u64]>; 9]);

impl<'a> Around<'a> {
    fn of(solid: &'a Bits, shape: Shape, row: usize) -> Self {
        let (z, y) = (row / shape.y, row % shape.y);
        Around(std::array::from_fn(|k| {
            let (z, y) = ((z + k / 3).checked_sub(1)?, (y + k % 3).checked_sub(1)?);
            (z < shape.z && y < shape.y).then(|| solid.row(z * shape.y + y))
        }))
    }

    /// The 27 voxels about x, as [`simple`] has them.
    fn at(&self, x: usize) -> u32 {
        let (word, bit) = (x / 64, x % 64);
        let three = |row: &[u64]| {
            let own = row[word];
            let three = match bit {
                0 => own << 1 | word.checked_sub(1).map_or(0, |before| row[before] >> 63),
                63 => own >> 62 | row.get(word + 1).map_or(0, |after| after << 2),
                _ => own >> (bit - 1),
            };
            (three & 7) as u32
        };
        self.0.iter().enumerate().fold(0, |all, (k, row)| all | row.map_or(0, three) << (3 * k))
    }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Volume, VoxelSize};

    use super::*;

    fn found(shape: (usize, usize, usize), f: impl FnMut(usize, usize, usize) -> bool) -> Bridges {
        let shape = Shape::new(shape.0, shape.1, shape.2).unwrap();
        bridges(&Bits::new(&Volume::from_fn(shape, VoxelSize::Unknown, f))).unwrap()
    }

    /// Two blocks of 5 x 5 x 60 voxels, 5 apart along x, across a word of 64 bits.
    fn blocks(y: usize, x: usize) -> bool {
        (2..7).contains(&y) && ((1..61).contains(&x) || (66..126).contains(&x))
    }

    #[test]
    fn a_thread_between_blocks_is_one_bridge() {
        let apart = found((5, 9, 130), |_, y, x| blocks(y, x));
        assert_eq!(apart, Bridges::default());
        let joined = found((5, 9, 130), |z, y, x| blocks(y, x) || (z == 2 && y == 4 && (61..66).contains(&x)));
        // Both blocks are of 1500 voxels, the one that is not the largest hangs on the thread.
        assert_eq!(joined, Bridges { count: 1, voxels: 5, hanging_voxels: 1500 });
        // Twice as thick it is none.
        let thick = found((5, 9, 130), |z, y, x| {
            blocks(y, x) || ((2..4).contains(&z) && (4..6).contains(&y) && (61..66).contains(&x))
        });
        assert_eq!(thick, Bridges::default());
    }

    #[test]
    fn a_corner_that_touches_is_a_bridge_and_a_bump_is_none() {
        // Cubes of 4 that share a corner: the two voxels there.
        let corner = found((9, 9, 9), |z, y, x| {
            let low = |v: usize| v < 4;
            let high = |v: usize| (4..8).contains(&v);
            (low(z) && low(y) && low(x)) || (high(z) && high(y) && high(x))
        });
        assert_eq!(corner, Bridges { count: 1, voxels: 2, hanging_voxels: 64 + 64 - 63 - 2 });
        let bump = found((9, 9, 9), |z, y, x| (z < 4) || (z, y, x) == (4, 4, 4));
        assert_eq!(bump, Bridges::default());
    }
}
