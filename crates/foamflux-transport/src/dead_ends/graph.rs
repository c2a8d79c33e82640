//! The search for cuts among the voxels of some slices.

use std::ops::Range;

use foamflux_grid::Axis;
use rayon::prelude::*;

use super::{LATERAL, Walls};
use crate::prune::depth_range;
use crate::runs::{Runs, facing, split_mut};

/// Neighbours of the voxels of some slices.
pub(super) struct Graph {
    /// Number of the first voxel.
    pub(super) base: u32,
    /// Open faces in the order of [`Graph::next`], and [`EXIT`].
    open: Vec<u8>,
    /// Neighbours at -y, +y, -z, +z, counted from `base`.
    lateral: Vec<[u32; 4]>,
    /// First and last voxel of rows that wrap along x.
    across: Vec<[u32; 2]>,
}

/// Bit of [`Graph::open`]: the voxel touches an electrode, or another slab.
const EXIT: u8 = 1 << 6;
/// Bit of [`Graph::open`]: the neighbour along x lies across the wrapping wall.
const ACROSS: u8 = 1 << 7;

impl Graph {
    /// The graph of the voxels of a slab.
    pub(super) fn of(runs: &Runs, walls: Walls, slab: Range<usize>) -> Self {
        let shape = runs.shape;
        let base = runs.row_first(slab.start * shape.y) as u32;
        let len = runs.row_first(slab.end * shape.y) - base as usize;
        let mut open = vec![0u8; len];
        let mut lateral = vec![[0u32; 4]; len];
        let planes: Vec<usize> = slab.clone().collect();
        let size = |z: &usize| runs.row_first((z + 1) * shape.y) - runs.row_first(z * shape.y);
        let across: Vec<Vec<[u32; 2]>> = split_mut(&mut open, &planes, size)
            .into_par_iter()
            .zip(split_mut(&mut lateral, &planes, size))
            .zip(&planes)
            .map(|((open, lateral), &z)| {
                let local = runs.row_first(z * shape.y) as u32;
                let mut across = Vec::new();
                for y in 0..shape.y {
                    let row = runs.row(z, y);
                    for &run in row {
                        let (from, to) = ((run.first - local) as usize, (run.first - local) as usize + run.len());
                        open[from..to - 1].iter_mut().for_each(|o| *o |= 2);
                        open[from + 1..to].iter_mut().for_each(|o| *o |= 1);
                        let (near, far) = depth_range(run, (z, y), walls.flow);
                        let (head, tail) = (near == 0, far + 1 == shape.along(walls.flow));
                        if walls.flow == Axis::X {
                            open[from] |= if head { EXIT } else { 0 };
                            open[to - 1] |= if tail { EXIT } else { 0 };
                        } else if head || tail {
                            open[from..to].iter_mut().for_each(|o| *o |= EXIT);
                        }
                    }
                    if walls.wraps(Axis::X)
                        && let (Some(first), Some(last)) = (row.first(), row.last())
                        && first.x0 == 0
                        && last.x1 as usize == shape.x
                    {
                        let ends = [first.first, last.first + (last.x1 - last.x0) - 1];
                        open[(ends[0] - local) as usize] |= 1 | ACROSS;
                        open[(ends[1] - local) as usize] |= 2 | ACROSS;
                        across.push(ends.map(|i| i - base));
                    }
                    for (d, direction) in LATERAL.into_iter().enumerate() {
                        let Some(next) = walls.neighbour(shape, (z, y), direction) else { continue };
                        let bit = if slab.contains(&next.0) { 4 << d } else { EXIT };
                        facing(row, runs.row(next.0, next.1), |i, j, len| {
                            for k in 0..len as u32 {
                                let at = (i + k - local) as usize;
                                open[at] |= bit;
                                if bit != EXIT {
                                    lateral[at][d] = j + k - base;
                                }
                            }
                        });
                    }
                }
                across
            })
            .collect();
        Graph { base, open, lateral, across: across.concat() }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        (self.open.capacity() + 16 * self.lateral.capacity() + 8 * self.across.capacity()) as u64
    }

    /// The neighbour of `i` across open face 0 to 5: -x, +x, -y, +y, -z, +z.
    #[inline]
    fn next(&self, i: u32, face: u8) -> u32 {
        match face {
            2.. => self.lateral[i as usize][face as usize - 2],
            _ if self.open[i as usize] & ACROSS != 0 => self.beside(i, face),
            0 => i - 1,
            _ => i + 1,
        }
    }

    /// The neighbour along x of a voxel at a wall that wraps. A run that is a whole row has both kinds of neighbours.
    #[cold]
    fn beside(&self, i: u32, face: u8) -> u32 {
        let end = usize::from(face == 1);
        // Rows are in order, and so are their ends.
        match self.across.binary_search_by_key(&i, |ends| ends[end]) {
            Ok(k) if self.across[k][end] == i => self.across[k][end ^ 1],
            _ if face == 0 => i - 1,
            _ => i + 1,
        }
    }

    /// Depth-first search from the exits; the way of every voxel is itself if it may carry current, otherwise the voxel
    /// that it hangs on, which may hang on another. Returns the bytes that it held.
    pub(super) fn search(&mut self, ways: &mut [u32]) -> u64 {
        let n = self.open.len();
        let stripped = self.strip(ways);
        let mut nodes = vec![Node::default(); n];
        let mut order: Vec<u32> = Vec::with_capacity(n);
        for root in 0..n as u32 {
            if self.open[root as usize] & EXIT != 0 && nodes[root as usize].found == 0 {
                order.push(root);
                nodes[root as usize] = Node { found: order.len() as u32, low: 0, above: root, left: self.faces(root) };
                self.descend(root, &mut nodes, &mut order);
            }
        }
        for &i in &order {
            let node = nodes[i as usize];
            let above = node.above;
            ways[i as usize] = if above == i {
                i
            } else if ways[above as usize] != above {
                ways[above as usize]
            } else if node.low >= nodes[above as usize].found {
                above
            } else {
                i
            };
        }
        // The neighbour that held a stripped voxel was stripped after it, if at all.
        for &i in stripped.iter().rev() {
            ways[i as usize] = ways[ways[i as usize] as usize];
        }
        (size_of::<Node>() * nodes.capacity() + 4 * order.capacity() + 4 * stripped.capacity()) as u64
    }

    /// Cuts off voxels with a single neighbour until there are none, which is cheaper than to search through them.
    /// Returns them in this order; their ways are the neighbours that held them.
    fn strip(&mut self, ways: &mut [u32]) -> Vec<u32> {
        let mut stripped = Vec::new();
        for start in 0..self.open.len() as u32 {
            let mut i = start;
            // A power of two is a single face, and no exit.
            while (self.open[i as usize] & !ACROSS).is_power_of_two() && self.open[i as usize] & EXIT == 0 {
                let face = self.open[i as usize].trailing_zeros() as u8;
                let next = self.next(i, face);
                self.open[i as usize] = 0;
                self.open[next as usize] &= !(1 << (face ^ 1));
                ways[i as usize] = next;
                stripped.push(i);
                i = next;
            }
        }
        stripped
    }

    fn faces(&self, i: u32) -> u32 {
        u32::from(self.open[i as usize] & 0x3f)
    }

    fn descend(&self, root: u32, nodes: &mut [Node], order: &mut Vec<u32>) {
        let mut at = root;
        let mut here = nodes[root as usize];
        loop {
            if here.left != 0 {
                let face = here.left.trailing_zeros() as u8;
                here.left &= here.left - 1;
                let next = self.next(at, face);
                let there = nodes[next as usize].found;
                if there != 0 {
                    // The node above is among these and changes nothing: a cut is told by `low >= found` above.
                    here.low = here.low.min(there);
                } else {
                    nodes[at as usize] = here;
                    order.push(next);
                    let found = order.len() as u32;
                    let low = if self.open[next as usize] & EXIT != 0 { 0 } else { found };
                    here = Node { found, low, above: at, left: self.faces(next) };
                    nodes[next as usize] = here;
                    at = next;
                }
            } else {
                nodes[at as usize] = here;
                if at == root {
                    return;
                }
                let low = here.low;
                at = here.above;
                here = nodes[at as usize];
                here.low = here.low.min(low);
            }
        }
    }
}

/// A voxel of the depth-first search.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// Position in the order of finding, from 1; 0 before.
    found: u32,
    /// Least position that the voxels below it are neighbours of; 0 for the electrodes.
    low: u32,
    /// The voxel that it was found from; itself for the first one of a tree.
    above: u32,
    /// Faces not yet looked through, as bits.
    left: u32,
}
