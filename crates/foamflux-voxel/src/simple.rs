//! Which voxels can be deleted without changing the topology.
//!
//! # Theory
//! In (26, 6) topology (solid connected over faces, edges and corners, pore over faces) a solid voxel p is *simple*,
//! that is, its deletion changes neither components, tunnels nor cavities, exactly when
//!
//! ```text
//! T26(p) = 1  solid voxels among the 26 neighbours form one 26-connected component, and
//! T6(p)  = 1  pore voxels among the 18 neighbours that touch p's faces form one 6-connected component
//!             (components that touch no face of p do not count)
//! ```
//!
//! G. Bertrand and G. Malandain, Pattern Recognition Letters 15 (1994) 169.
//! The proof is local, so a brute-force comparison over neighbourhoods tests it (see the tests).
//!
//! A neighbourhood is 27 bits: bit `(dx + 1) + 3 (dy + 1) + 9 (dz + 1)`; bit 13 is the voxel itself and is ignored.
//! Components are flooded with table look-ups of neighbour sets, some ten operations in a thin object.

/// Bit of the voxel itself.
const CENTRE: u32 = 1 << 13;
/// The 26 neighbours.
const ALL: u32 = ((1 << 27) - 1) & !CENTRE;
/// The 6 face neighbours.
const FACES: u32 = select(1);
/// The 18 neighbours that share a face or an edge.
const FACES_AND_EDGES: u32 = select(1) | select(2);
/// For each position the other positions it touches over face, edge or corner.
const TOUCHES: [u32; 27] = adjacency(3);
/// For each position the positions among the 18 that it shares a face with.
const SHARES_FACE: [u32; 27] = adjacency(1);

const fn parts(position: usize) -> [i32; 3] {
    [position as i32 % 3, position as i32 / 3 % 3, position as i32 / 9]
}

/// Positions whose distance from the centre has `order` non-zero parts.
const fn select(order: i32) -> u32 {
    let mut set = 0;
    let mut position = 0;
    while position < 27 {
        let [x, y, z] = parts(position);
        if (x != 1) as i32 + (y != 1) as i32 + (z != 1) as i32 == order {
            set |= 1 << position;
        }
        position += 1;
    }
    set
}

/// Positions that differ by at most one step along each axis and along at most `order` axes; without the centre.
const fn adjacency(order: i32) -> [u32; 27] {
    let mut table = [0; 27];
    let mut a = 0;
    while a < 27 {
        let mut b = 0;
        while b < 27 {
            let (p, q) = (parts(a), parts(b));
            let (dx, dy, dz) = ((p[0] - q[0]).abs(), (p[1] - q[1]).abs(), (p[2] - q[2]).abs());
            if a != b && b != 13 && dx <= 1 && dy <= 1 && dz <= 1 && dx + dy + dz <= order {
                table[a] |= 1 << b;
            }
            b += 1;
        }
        a += 1;
    }
    table
}

/// Number of solid neighbours.
#[must_use]
#[inline]
pub const fn neighbours(hood: u32) -> u32 {
    (hood & ALL).count_ones()
}

/// What a solid voxel is to its neighbourhood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It can be deleted without changing the topology.
    Simple,
    /// Its solid neighbours fall apart into several components: it is the only bridge here.
    Bridge,
    /// Lone, inside, or a wall between pores.
    Other,
}

/// What the voxel in the middle of `hood` (bits of solid voxels) is.
#[must_use]
#[inline]
pub fn class(hood: u32) -> Class {
    let solid = hood & ALL;
    let pore = !hood & FACES_AND_EDGES;
    let open = pore & FACES;
    // Six solid faces touch each other and everything else.
    if solid == 0 || open == 0 {
        return Class::Other;
    }
    // Faces touch the most.
    let faces = solid & FACES;
    if !connected(if faces != 0 { faces } else { solid }, solid, solid, &TOUCHES) {
        return Class::Bridge;
    }
    // Begin at a face, so that components which touch no face do not count.
    if connected(open, pore, open, &SHARES_FACE) { Class::Simple } else { Class::Other }
}

/// Whether the lowest bit of `begin` hangs together with all of `wanted` inside of `set`.
#[inline]
fn connected(begin: u32, set: u32, wanted: u32, table: &[u32; 27]) -> bool {
    let mut seen = begin & begin.wrapping_neg();
    let mut front = seen;
    while seen & wanted != wanted {
        if front == 0 {
            return false;
        }
        let new = table[front.trailing_zeros() as usize] & set & !seen;
        seen |= new;
        front = (front & (front - 1)) | new;
    }
    true
}

/// Bit of the neighbour one step away.
#[must_use]
#[inline]
pub const fn bit(step: [i32; 3]) -> u32 {
    1 << ((step[0] + 1) + 3 * (step[1] + 1) + 9 * (step[2] + 1))
}

/// The neighbours that are pore while the opposite one is solid.
#[must_use]
#[inline]
pub const fn exposed(hood: u32) -> u32 {
    // Position p is opposite to 26 - p.
    !hood & (hood.reverse_bits() >> 5) & ALL
}

#[cfg(test)]
mod tests {
    use crate::components::{Connectivity, label};
    use crate::euler::euler_number;
    use foamflux_grid::{Shape, Volume, VoxelSize};

    use super::*;

    /// Components of the solid, components of the pore with the outside, and the Euler number.
    fn topology(hood: u32) -> (usize, usize, i64) {
        // A margin of pore joins the outside of the neighbourhood, which the local test must not see: voxels at the
        // rim of the 3^3 block touch it only through the other shell of 16 voxels below.
        let shape = Shape::cube(3).unwrap();
        let solid = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| hood >> (x + 3 * y + 9 * z) & 1 == 1);
        let pore = solid.map(|&s| !s);
        let euler = euler_number(&solid, Connectivity::Full26);
        (
            label(&solid, Connectivity::Full26).unwrap().count(),
            label(&pore, Connectivity::Face6).unwrap().count(),
            euler,
        )
    }

    /// Deletion of a simple voxel keeps the Euler number and the components of the neighbourhood, and every voxel whose
    /// deletion changes the Euler number or the number of solid components is not simple.
    #[test]
    fn a_simple_voxel_keeps_components_and_euler_number() {
        let mut state = 12345u64;
        let (mut simple, mut not) = (0, 0);
        for round in 0..6_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let a = (state >> 33) as u32;
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let b = (state >> 33) as u32;
            // Sparse, even and dense neighbourhoods.
            let hood = match round % 3 {
                0 => a & b,
                1 => a,
                _ => a | b,
            } & ((1 << 27) - 1)
                | CENTRE;
            let (with, without) = (topology(hood), topology(hood & !CENTRE));
            let same = with.0 == without.0 && with.2 == without.2;
            let solid_parts = topology(hood & !CENTRE).0;
            assert_eq!(class(hood) == Class::Bridge, solid_parts > 1, "{hood:027b}");
            if class(hood) == Class::Simple {
                simple += 1;
                assert!(same, "{hood:027b}: {with:?} {without:?}");
                // The voxel joins the pore that is there already.
                assert_eq!(with.1, without.1, "{hood:027b}");
            } else if neighbours(hood) > 0 {
                not += 1;
                // T26 - 1 components are made and T6 - 1 tunnels filled: one of the numbers must move, as the solid
                // of the neighbourhood with its centre is star-shaped.
                assert!(!same, "{hood:027b}: {with:?} {without:?}");
            }
        }
        assert!(simple > 300 && not > 300, "{simple} {not}");
    }

    #[test]
    fn known_cases() {
        let bit = |x: i32, y: i32, z: i32| 1u32 << ((x + 1) + 3 * (y + 1) + 9 * (z + 1));
        assert_eq!(class(0), Class::Other, "a lone voxel");
        assert_eq!(class(bit(1, 1, 1)), Class::Simple, "an end");
        assert_eq!(class(bit(1, 0, 0) | bit(-1, 0, 0)), Class::Bridge, "the middle of a line");
        assert_eq!(class(ALL), Class::Other, "an inner voxel");
        assert_eq!(class(ALL & !bit(0, 0, 1)), Class::Simple, "a voxel under one open face");
        assert_eq!(class(ALL & !bit(0, 0, 1) & !bit(0, 0, -1)), Class::Other, "a wall between two pores");
    }
}
