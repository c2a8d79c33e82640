//! Where unknowns are: the number of every voxel's unknown, and the voxel of every unknown.
//!
//! Neighbours are not stored. The numbers of all voxels lie in a box with a margin of one voxel, which across a joined wall
//! holds the numbers of the other side; a neighbour is what stands one step away. That is 8 bytes per unknown in place of
//! 28, and neighbouring numbers are in the cache, as unknowns are visited in the order of memory.

use foamflux_grid::{Axis, Shape};
use rayon::prelude::*;

use super::for_slice;
use crate::links::Lattice;
use crate::multigrid::{Boxes, Streams};
use crate::pages::Pages;

/// Marks a voxel without an unknown.
const NONE: u32 = u32::MAX;

/// The numbers of unknowns, by colour and within a colour in memory order.
pub(super) struct Places {
    shape: Shape,
    /// Unknown of every voxel of the box and its margin.
    number: Pages<u32>,
    /// Place in `number` of every unknown.
    at: Pages<u32>,
    /// How far neighbours are in `number`, along x, y, z.
    steps: [usize; 3],
}

impl Places {
    /// Numbers the voxels that take part.
    pub(super) fn new(lattice: &Lattice<'_>, boxes: Boxes, streams: &Streams) -> Self {
        let shape = lattice.shape;
        let steps = [1, shape.x + 2, (shape.x + 2) * (shape.y + 2)];
        let plane = steps[2];
        let colours = boxes.colours();
        let mut number = Pages::<u32>::zeroed(plane * (shape.z + 2));
        let mut at = Pages::<u32>::zeroed(streams.len());
        let inner = number.par_chunks_mut(plane).enumerate().skip(1).take(shape.z);
        inner.zip(streams.split_mut(&mut at, 1)).for_each(|((slice, number), mut at)| {
            number.fill(NONE);
            let z = slice - 1;
            let first: Vec<usize> = (0..colours).map(|c| streams.range(c, z, z + 1).start).collect();
            let mut next = vec![0; colours];
            for_slice(lattice, z, |_, [x, y, z], _| {
                let c = boxes.colour([x, y, z].map(|x| x as u32));
                let place = x + 1 + (y + 1) * steps[1];
                number[place] = (first[c] + next[c]) as u32;
                at[c][next[c]] = (slice * plane + place) as u32;
                next[c] += 1;
            });
            // Margins in the slice; those of the slices beyond the ends are theirs.
            if boxes.wraps[0] {
                for row in number.chunks_exact_mut(steps[1]) {
                    (row[0], row[shape.x + 1]) = (row[shape.x], row[1]);
                }
            }
            if boxes.wraps[1] {
                number.copy_within(shape.y * steps[1]..(shape.y + 1) * steps[1], 0);
                number.copy_within(steps[1]..2 * steps[1], (shape.y + 1) * steps[1]);
            }
        });
        let end = (shape.z + 1) * plane;
        if boxes.wraps[2] {
            number.copy_within(end - plane..end, 0);
            number.copy_within(plane..2 * plane, end);
        } else {
            number[..plane].fill(NONE);
            number[end..].fill(NONE);
        }
        Places { shape, number, at, steps }
    }

    /// Place of a voxel, given by its linear index.
    #[inline]
    fn place(&self, voxel: usize) -> usize {
        let (z, y, x) = self.shape.zyx_of(voxel);
        x + 1 + (y + 1) * self.steps[1] + (z + 1) * self.steps[2]
    }

    /// The unknown of a voxel.
    #[inline]
    pub(super) fn unknown(&self, voxel: usize) -> Option<usize> {
        if voxel >= self.shape.len() {
            return None;
        }
        Some(self.number[self.place(voxel)]).filter(|&n| n != NONE).map(|n| n as usize)
    }

    /// What loops over unknowns read.
    #[inline]
    pub(super) fn numbers(&self) -> Numbers<'_> {
        Numbers { number: &self.number, at: &self.at, y: self.steps[1], z: self.steps[2] }
    }

    /// The neighbour of an unknown; itself where there is none.
    #[inline]
    pub(super) fn neighbour(&self, i: usize, axis: Axis, up: bool) -> usize {
        let (at, step) = (self.at[i] as usize, self.steps[axis.xyz_index()]);
        match self.number[if up { at + step } else { at - step }] {
            NONE => i,
            n => n as usize,
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.number.bytes() + self.at.bytes()
    }
}

/// Numbers as plain slices: how they are held is not to be looked at for every unknown.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    number: &'a [u32],
    at: &'a [u32],
    y: usize,
    z: usize,
}

impl Numbers<'_> {
    /// Neighbours of an unknown at -x, +x, -y, +y, -z, +z; itself where there is none.
    #[inline(always)]
    pub(super) fn neighbours(&self, i: usize) -> [u32; 6] {
        let at = self.at[i] as usize;
        let (y, z) = (self.y, self.z);
        // One test of bounds for all: a place inside of the box has the whole margin around it.
        let near = &self.number[at - z..=at + z];
        let own = i as u32;
        [near[z - 1], near[z + 1], near[z - y], near[z + y], near[0], near[2 * z]]
            .map(|n| if n == NONE { own } else { n })
    }
}
