//! The Euler number of a mask, exactly.
//!
//! `chi = components - tunnels + cavities` of the set made of the mask's voxels. It is counted as
//! `chi = V - E + F - C` (vertices, edges, faces, cubes) of a cell complex:
//!
//! - 26 neighbours (background 6): the voxels are closed cubes; `V`, `E`, `F`, `C` count the cells in their union.
//! - 6 neighbours (background 26): `V` counts voxels, `E` pairs that share a face, `F` squares of four and `C` blocks
//!   of eight voxels.
//!
//! Closed cubes are counted with a bit per voxel: a cell is there when any of the cubes that share it is. Cells of points
//! are shared by the 2x2x2 neighbourhoods around them, so that the sum runs over neighbourhoods with a weight, in eighths,
//! for each of their 256 configurations (Serra 1982; Ohser and Schladitz, *3D Images of Materials Structures*, 2009).
//! All in whole numbers.
//!
//! **At the border** the set is taken as it stands, with nothing outside of the box: a strut that the box cuts ends
//! there, and its end counts like any other surface. A ball has 1, a torus 0, a hollow ball 2; the Euler number of a
//! connected network without cavities is 1 minus the number of its independent loops.

#[cfg(test)]
mod tests;

use foamflux_grid::Volume;
use rayon::prelude::*;

use crate::bits::Bits;
use crate::components::Connectivity;

/// Euler number of the true voxels, connected as said; the false ones have the dual connectivity.
///
/// Memory: a bit per voxel, or two rows per thread.
#[must_use]
pub fn euler_number(mask: &Volume<bool>, connectivity: Connectivity) -> i64 {
    match connectivity {
        Connectivity::Full26 => of_closed_cubes(&Bits::new(mask)),
        Connectivity::Face6 => of_points(mask),
    }
}

/// Euler number of the union of closed cubes, which is that of 26 neighbours: cells are counted 64 at a time.
#[must_use]
pub fn of_closed_cubes(bits: &Bits) -> i64 {
    let shape = bits.shape();
    let empty = vec![0u64; shape.x.div_ceil(64)];
    (0..=shape.z)
        .into_par_iter()
        .map(|z| {
            let row = |z: Option<usize>, y: Option<usize>| match (z, y) {
                (Some(z), Some(y)) if z < shape.z && y < shape.y => bits.row(z * shape.y + y),
                _ => &empty[..],
            };
            (0..=shape.y)
                .map(|y| {
                    let (z0, y0) = (z.checked_sub(1), y.checked_sub(1));
                    cells([row(z0, y0), row(z0, Some(y)), row(Some(z), y0), row(Some(z), Some(y))])
                })
                .sum::<i64>()
        })
        .sum()
}

/// `V - E + F - C` of the cells whose corner of lowest coordinates lies on a line of vertices between four rows.
fn cells(rows: [&[u64]; 4]) -> i64 {
    let [both_below, z_below, y_below, here] = rows;
    let mut before = [0u64; 4];
    let mut sum = 0i64;
    let ones = |word: u64| i64::from(word.count_ones());
    for w in 0..=here.len() {
        let word = |row: &[u64]| row.get(w).copied().unwrap_or(0);
        // Cubes around the edge along x; across y and z, along y, along z, alone.
        let (d, c, b) = (word(here), word(y_below), word(z_below));
        let (cd, bd) = (c | d, b | d);
        let all = word(both_below) | b | cd;
        if all | before[0] == 0 {
            continue;
        }
        // With the cube before each along x.
        let two = |set: u64, before: u64| set | set << 1 | before >> 63;
        sum += ones(two(all, before[0])) - ones(all);
        sum += ones(cd) - ones(two(cd, before[1]));
        sum += ones(bd) - ones(two(bd, before[2]));
        sum += ones(two(d, before[3])) - ones(d);
        before = [all, cd, bd, d];
    }
    sum
}

/// Euler number of voxels as points, which is that of 6 neighbours.
fn of_points(mask: &Volume<bool>) -> i64 {
    let weights = const { weights() };
    let shape = mask.shape();
    let empty = vec![false; shape.x];
    // Vertex (z, y, x) lies between the voxels of index - 1 and index: one more than voxels along every axis.
    let eighths: i64 = (0..=shape.z)
        .into_par_iter()
        .map_init(
            || vec![0u8; shape.x],
            |columns, z| {
                let row = |z: Option<usize>, y: Option<usize>| match (z, y) {
                    (Some(z), Some(y)) if z < shape.z && y < shape.y => &mask.plane(z)[y * shape.x..(y + 1) * shape.x],
                    _ => &empty[..],
                };
                (0..=shape.y)
                    .map(|y| {
                        let (z0, y0) = (z.checked_sub(1), y.checked_sub(1));
                        let around = [row(z0, y0), row(z0, Some(y)), row(Some(z), y0), row(Some(z), Some(y))];
                        line(around, columns, &weights)
                    })
                    .sum::<i64>()
            },
        )
        .sum();
    eighths / 8
}

/// Sum of the weights along a line of vertices between four rows of voxels.
fn line(rows: [&[bool]; 4], columns: &mut [u8], weights: &[i8; 256]) -> i64 {
    for (x, column) in columns.iter_mut().enumerate() {
        *column =
            u8::from(rows[0][x]) | u8::from(rows[1][x]) << 1 | u8::from(rows[2][x]) << 2 | u8::from(rows[3][x]) << 3;
    }
    let mut before = 0u8;
    let mut sum = 0i64;
    for &column in columns.iter() {
        sum += i64::from(weights[usize::from(before | column << 4)]);
        before = column;
    }
    sum + i64::from(weights[usize::from(before)])
}

/// Eight times the share of a neighbourhood in `V - E + F - C`, for each configuration.
///
/// Bit `4 x + 2 z + y` stands for the voxel at offset `(z, y, x)` from the vertex, each 0 or 1.
const fn weights() -> [i8; 256] {
    let mut weights = [0i8; 256];
    let mut configuration = 0;
    while configuration < 256 {
        // How many voxels of each cell of the neighbourhood are set. A cell is a block of voxels: it fixes the bits in
        // `fixed` to `value` and leaves the others free.
        let mut weight = 0;
        let mut fixed = 0;
        while fixed < 8 {
            let mut value = 0;
            while value < 8 {
                if value & !fixed == 0 {
                    let mut all = true;
                    let mut voxel = 0;
                    while voxel < 8 {
                        if voxel & fixed == value {
                            let set = configuration >> voxel & 1 == 1;
                            all &= set;
                        }
                        voxel += 1;
                    }
                    let free = 3 - (fixed as u32).count_ones();
                    // A block of 2^free voxels is shared by 2^(3 - free) neighbourhoods, and spans a cell of dimension
                    // free, present with all of them.
                    let share = 1 << free;
                    let sign = if free.is_multiple_of(2) { 1 } else { -1 };
                    if all {
                        weight += sign * share;
                    }
                }
                value += 1;
            }
            fixed += 1;
        }
        weights[configuration] = weight as i8;
        configuration += 1;
    }
    weights
}
