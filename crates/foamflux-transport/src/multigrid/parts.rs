//! How the unknowns of a level are numbered: by colour, within a colour by block in memory order.

use std::ops::Range;

use foamflux_grid::{Axis, Shape};

/// The blocks of a level, and which walls join.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Boxes {
    /// Blocks along x, y, z.
    pub(crate) counts: [usize; 3],
    /// Whether opposite walls are joined.
    pub(crate) wraps: [bool; 3],
}

impl Boxes {
    pub(crate) fn new(shape: Shape, wraps: impl Fn(Axis) -> bool) -> Self {
        Boxes { counts: [shape.x, shape.y, shape.z], wraps: Axis::ALL.map(wraps) }
    }

    /// Blocks of 2x2x2 of these.
    #[must_use]
    pub(crate) fn halved(self) -> Self {
        Boxes { counts: self.counts.map(|n| n.div_ceil(2)), ..self }
    }

    /// A ring of odd length needs a third colour: its last block has one of its own.
    fn odd_ring(self, axis: usize) -> bool {
        self.wraps[axis] && self.counts[axis] % 2 == 1 && self.counts[axis] > 1
    }

    /// Whether a block lies at a face of the box.
    pub(crate) fn at_edge(self, at: [u32; 3]) -> bool {
        (0..3).any(|axis| at[axis] == 0 || at[axis] as usize + 1 == self.counts[axis])
    }

    /// Number of colours that tell neighbouring blocks apart.
    pub(crate) fn colours(self) -> usize {
        (0..3).fold(2, |n, axis| if self.odd_ring(axis) { 2 * n } else { n })
    }

    /// Colour of a block.
    #[inline]
    pub(crate) fn colour(self, at: [u32; 3]) -> usize {
        let mut colour = ((at[0] ^ at[1] ^ at[2]) & 1) as usize;
        let mut weight = 2;
        for axis in 0..3 {
            if self.odd_ring(axis) {
                if at[axis] as usize + 1 == self.counts[axis] {
                    colour += weight;
                }
                weight *= 2;
            }
        }
        colour
    }
}

/// Where the unknowns of every colour and every plane of blocks lie.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    /// First unknown by colour and plane, colour by colour; one more entry at the end.
    first: Vec<u32>,
    planes: usize,
}

impl Streams {
    /// From the number of unknowns by colour and plane, colour by colour.
    pub(crate) fn of(counts: &[usize], planes: usize) -> Self {
        let mut first = Vec::with_capacity(counts.len() + 1);
        let mut next = 0usize;
        for count in counts {
            first.push(next as u32);
            next += count;
        }
        first.push(next as u32);
        Streams { first, planes }
    }

    pub(crate) fn colours(&self) -> usize {
        (self.first.len() - 1) / self.planes
    }

    /// Number of unknowns.
    pub(crate) fn len(&self) -> usize {
        self.first.last().map_or(0, |&n| n as usize)
    }

    /// The unknowns of one colour in planes `from..to`.
    pub(crate) fn range(&self, colour: usize, from: usize, to: usize) -> Range<usize> {
        let base = colour * self.planes;
        self.first[base + from.min(self.planes)] as usize..self.first[base + to.min(self.planes)] as usize
    }

    /// First unknown of every colour, and the number of unknowns.
    pub(crate) fn bounds(&self) -> Vec<usize> {
        self.first.iter().step_by(self.planes).map(|&n| n as usize).collect()
    }

    /// Cuts an array over the unknowns into `[slab][colour]`, slabs being of `thickness` planes.
    pub(crate) fn split_mut<'a, T>(&self, mut all: &'a mut [T], thickness: usize) -> Vec<Vec<&'a mut [T]>> {
        let slabs = self.planes.div_ceil(thickness);
        let mut parts: Vec<Vec<&mut [T]>> = (0..slabs).map(|_| Vec::with_capacity(self.colours())).collect();
        for colour in 0..self.colours() {
            for (slab, part) in parts.iter_mut().enumerate() {
                let len = self.range(colour, slab * thickness, (slab + 1) * thickness).len();
                let (head, tail) = all.split_at_mut(len);
                part.push(head);
                all = tail;
            }
        }
        parts
    }
}
