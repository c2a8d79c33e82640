//! The Euler number of a mask, exactly.
//!
//! `chi = components - tunnels + cavities` of the set made of the mask's voxels. It is counted as
//! `chi = V - E + F - C` (vertices, edges, faces, cubes) of a cell complex:
//!
//! - 26 neighbours (background 6): the voxels are closed cubes; `V`, `E`, `F`, `C` count the cells in their union.
//! - 6 neighbours (background 26): `V` counts voxels, `E` pairs that share a face, `F` squares of four and `C` blocks
//!   of eight voxels.
//!
//! Every cell is shared by the 2x2x2 neighbourhoods around it, so that the sum runs over neighbourhoods with a weight,
//! in eighths, for each of their 256 configurations (Serra 1982; Ohser and Schladitz, *3D Images of Materials
//! Structures*, 2009). All in whole numbers.
//!
//! **At the border** the set is taken as it stands, with nothing outside of the box: a strut that the box cuts ends
//! there, and its end counts like any other surface. A ball has 1, a torus 0, a hollow ball 2; the Euler number of a
//! connected network without cavities is 1 minus the number of its independent loops.

#[cfg(test)]
mod tests;

use foamflux_grid::Volume;
use rayon::prelude::*;

use crate::components::Connectivity;

/// Euler number of the true voxels, connected as said; the false ones have the dual connectivity.
///
/// Memory: two rows per thread.
#[must_use]
pub fn euler_number(mask: &Volume<bool>, connectivity: Connectivity) -> i64 {
    let weights = match connectivity {
        Connectivity::Full26 => const { weights(true) },
        Connectivity::Face6 => const { weights(false) },
    };
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
const fn weights(closed: bool) -> [i8; 256] {
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
                    let (mut any, mut all) = (false, true);
                    let mut voxel = 0;
                    while voxel < 8 {
                        if voxel & fixed == value {
                            let set = configuration >> voxel & 1 == 1;
                            any |= set;
                            all &= set;
                        }
                        voxel += 1;
                    }
                    let free = 3 - (fixed as u32).count_ones();
                    // A block of 2^free voxels is shared by 2^(3 - free) neighbourhoods. As closed cubes its voxels
                    // meet in a cell of dimension 3 - free, present with any of them; as points they span a cell of
                    // dimension free, present with all of them.
                    let share = 1 << free;
                    let dimension = if closed { 3 - free } else { free };
                    let sign = if dimension % 2 == 0 { 1 } else { -1 };
                    if closed && any || !closed && all {
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
