//! Caps on the faces of the box, where it cuts the phase: with them the mesh is closed.
//!
//! ```text
//!   o───x───o      a cell of a face of the box, seen from outside; o corners inside, x where the mesh is open
//!   │ cap   x      a run of corners inside makes one polygon: where it is entered, its corners, where it is left
//!   o───x───.      (two runs, two polygons: as the mesh parts them)
//! ```

use std::collections::BTreeMap;

use foamflux_grid::Volume;

use super::super::marching_cubes::{Edge, FACES};
use super::{Lattice, Mesh};

/// An edge in a face of the box: the number of its lower corner in the lattice, and its axis.
type OnFace = (usize, u8);

/// What is known of the faces of the box.
pub(super) struct Caps {
    /// Corners of the lattice along x, y, z.
    corners: [usize; 3],
    /// Points of the mesh by edge.
    points: BTreeMap<OnFace, u32>,
}

impl Caps {
    pub(super) fn new(lattice: &Lattice) -> Self {
        let shape = lattice.shape;
        Caps { corners: [shape.x, shape.y, shape.z].map(|n| n + 2), points: BTreeMap::new() }
    }

    /// Place of a cell's corner, x, y, z.
    fn place(cell: [usize; 3], corner: u8) -> [usize; 3] {
        std::array::from_fn(|a| cell[a] + usize::from(corner >> a & 1))
    }

    fn number(&self, [x, y, z]: [usize; 3]) -> usize {
        (z * self.corners[1] + y) * self.corners[0] + x
    }

    fn key(&self, cell: [usize; 3], (p, q): Edge) -> OnFace {
        (self.number(Self::place(cell, p & q)), (p ^ q).trailing_zeros() as u8)
    }

    /// Remembers a point of the mesh that lies on the box.
    pub(super) fn remember(&mut self, cell: [usize; 3], edge: Edge, point: u32) {
        let (low, axis) = (Self::place(cell, edge.0 & edge.1), (edge.0 ^ edge.1).trailing_zeros() as usize);
        let outermost = |a: usize| low[a] == 0 || low[a] + 1 == self.corners[a];
        if (0..3).any(|a| a != axis && outermost(a)) {
            self.points.insert(self.key(cell, edge), point);
        }
    }

    /// Closes the mesh.
    pub(super) fn close(&self, mask: &Volume<bool>, lattice: &Lattice, values: &[u8], mesh: &mut Mesh) {
        let mut corners: BTreeMap<usize, u32> = BTreeMap::new();
        let mut ring: Vec<u32> = Vec::with_capacity(6);
        polygons(mask, lattice, |cell, edges, run| {
            ring.clear();
            // Both lie on the box and were passed by a loop of the mesh.
            let [entered, left] =
                edges.map(|edge| edge.and_then(|edge| self.points.get(&self.key(cell, edge)).copied()));
            ring.extend(entered);
            for &corner in run {
                let place = Self::place(cell, corner);
                let point = *corners.entry(self.number(place)).or_insert_with(|| {
                    let number = mesh.points.len() as u32;
                    mesh.points.push(std::array::from_fn(|a| lattice.at(a, place[a]) as f32));
                    let voxel = lattice.index(place);
                    mesh.values.push(values.get(voxel).copied().unwrap_or_default());
                    number
                });
                ring.push(point);
            }
            ring.extend(left);
            mesh.triangles.extend((2..ring.len()).map(|k| [ring[0], ring[k - 1], ring[k]]));
        });
    }
}

/// Triangles of all caps.
pub(super) fn count(mask: &Volume<bool>, lattice: &Lattice) -> u64 {
    let mut triangles = 0;
    polygons(mask, lattice, |_, edges, run| {
        triangles += (run.len() + edges.iter().flatten().count() - 2) as u64;
    });
    triangles
}

/// Every polygon of every face of the box: the cell, the edges by which its run of corners inside is entered and left (none where
/// all four are inside), and the run, counter-clockwise seen from outside of the box.
fn polygons(mask: &Volume<bool>, lattice: &Lattice, mut polygon: impl FnMut([usize; 3], [Option<Edge>; 2], &[u8])) {
    let n = [lattice.shape.x, lattice.shape.y, lattice.shape.z];
    for (f, face) in FACES.iter().enumerate() {
        // The first face of each pair is the lower one of its axis.
        let (axis, layer) = (f / 2, if f % 2 == 0 { 0 } else { n[f / 2] });
        let [u, v] = [[1, 2], [0, 2], [0, 1]][axis];
        for b in 0..=n[v] {
            for a in 0..=n[u] {
                let mut cell = [0; 3];
                (cell[axis], cell[u], cell[v]) = (layer, a, b);
                let inside = face.map(|corner| mask.as_slice()[lattice.index(Caps::place(cell, corner))]);
                if inside == [true; 4] {
                    polygon(cell, [None, None], face);
                    continue;
                }
                let corner = |k: usize| face[k % 4];
                for start in (0..4).filter(|&k| inside[k] && !inside[(k + 3) % 4]) {
                    let length = (start..start + 3).take_while(|&k| inside[k % 4]).count();
                    let run: [u8; 3] = std::array::from_fn(|k| corner(start + k));
                    let last = start + length - 1;
                    let edges = [(corner(start), corner(start + 3)), (corner(last), corner(last + 1))];
                    polygon(cell, edges.map(Some), &run[..length]);
                }
            }
        }
    }
}
