//! The first aggregates: face-connected pieces of 2x2x2 voxels, told by one byte per block.
//!
//! With one conductivity two voxels of a block are joined exactly if they are neighbours and both solved, so that the
//! byte of which of the eight are solved says everything ([`SPLIT`]).
//! Cell `dx + 2 dy + 4 dz` of a block is bit number of the same.
//! Pieces are numbered by the colour of their block, then by block in memory order, then by lowest cell.

use rayon::prelude::*;

use super::super::reduce::CHUNK;
use super::board::Board;
use crate::Problem;
use crate::multigrid::{Boxes, Layout, Matrix, Place, SCALE, SPLIT, Streams, add_link, build, merged};

/// Red cells of a block by row `dy + 2 dz`: those with even dx + dy + dz.
const RED_CELL: [usize; 4] = [0, 3, 5, 6];

/// Conductance from a voxel to an electrode, in units of the axial one between voxels.
const ELECTRODE: f32 = 2.0;

/// The pieces of all blocks.
#[derive(Debug)]
pub(super) struct Pieces {
    /// Blocks along x, y, z.
    counts: [usize; 3],
    /// Which cells of each block are solved, in memory order.
    pub(super) masks: Vec<u8>,
    streams: Streams,
}

impl Pieces {
    pub(super) fn of(board: &Board, open: &[u8]) -> Self {
        let counts = [board.nx, board.ny, board.nz].map(|n| n.div_ceil(2));
        let [bx, by, _] = counts;
        let mut masks = vec![0u8; counts.iter().product()];
        masks.par_chunks_mut(bx * by).enumerate().for_each(|(slab, masks)| {
            for (row, masks) in masks.chunks_exact_mut(bx).enumerate() {
                for (k, dz_dy) in [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().enumerate() {
                    let (z, y) = (2 * slab + dz_dy.0, 2 * row + dz_dy.1);
                    if z >= board.nz || y >= board.ny {
                        continue;
                    }
                    for colour in 0..2 {
                        let cell = Board::shift(colour, z, y) + 2 * k;
                        let open = &open[colour * board.half + board.row(z, y)..][..bx];
                        for (mask, &o) in masks.iter_mut().zip(open) {
                            *mask |= u8::from(o != 0) << cell;
                        }
                    }
                }
            }
        });
        let by_slab: Vec<[usize; 2]> = masks
            .par_chunks(bx * by)
            .enumerate()
            .map(|(slab, masks)| {
                let mut n = [0; 2];
                for (row, masks) in masks.chunks_exact(bx).enumerate() {
                    for (x, &mask) in masks.iter().enumerate() {
                        n[(x + row + slab) & 1] += usize::from(SPLIT.count[usize::from(mask)]);
                    }
                }
                n
            })
            .collect();
        let numbers: Vec<usize> = (0..2).flat_map(|c| by_slab.iter().map(move |n| n[c])).collect();
        let streams = Streams::of(&numbers, counts[2]);
        Pieces { counts, masks, streams }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.masks.capacity() as u64
    }

    /// Cuts a coarse field into slabs, by colour.
    pub(super) fn split_mut<'a>(&self, coarse: &'a mut [f32]) -> Vec<[&'a mut [f32]; 2]> {
        let mut slabs = Vec::with_capacity(self.counts[2]);
        for mut parts in self.streams.split_mut(coarse, 1) {
            if let (Some(black), Some(red)) = (parts.pop(), parts.pop()) {
                slabs.push([red, black]);
            }
        }
        slabs
    }

    /// One slab of a coarse field, by colour.
    pub(super) fn parts<'a>(&self, coarse: &'a [f32], slab: usize) -> [&'a [f32]; 2] {
        [0, 1].map(|c| &coarse[self.streams.range(c, slab, slab + 1)])
    }

    /// Goes over the pieces of a slab in their order.
    pub(super) fn cursor(&self, slab: usize) -> Cursor<'_> {
        let plane = self.counts[0] * self.counts[1];
        Cursor { width: self.counts[0], slab, masks: &self.masks[slab * plane..][..plane], next: [0; 2] }
    }

    /// First piece of every block.
    pub(super) fn first_pieces(&self) -> Vec<u32> {
        let [bx, by, _] = self.counts;
        let mut first = vec![0u32; self.masks.len()];
        first.par_chunks_mut(bx * by).enumerate().for_each(|(slab, first)| {
            let mut next = [0, 1].map(|c| self.streams.range(c, slab, slab + 1).start as u32);
            for (k, first) in first.iter_mut().enumerate() {
                let colour = (k % bx + k / bx + slab) & 1;
                *first = next[colour];
                next[colour] += u32::from(SPLIT.count[usize::from(self.masks[slab * bx * by + k])]);
            }
        });
        first
    }

    /// Conductances of the first stored level to the electrodes.
    pub(super) fn grounds(&self, board: &Board, problem: &Problem) -> Vec<(u32, f32)> {
        let first = self.first_pieces();
        let [bx, by, _] = self.counts;
        let flow = problem.axis().xyz_index();
        let [inlet, outlet] = problem.end_bits().map(|bit| bit != 0);
        let voxels = [board.nx, board.ny, board.nz][flow];
        let mut grounds = Vec::new();
        for (k, (&mask, &first)) in self.masks.iter().zip(&first).enumerate() {
            let at = [k % bx, k / bx % by, k / (bx * by)][flow];
            if mask == 0 || at != 0 && at + 1 != self.counts[flow] {
                continue;
            }
            let piece = &SPLIT.piece[usize::from(mask)];
            for cell in (0..8).filter(|c| mask >> c & 1 == 1) {
                let slice = 2 * at + (cell >> flow & 1);
                let touches = usize::from(inlet && slice == 0) + usize::from(outlet && slice + 1 == voxels);
                if touches > 0 {
                    grounds.push((first + u32::from(piece[cell]), SCALE * ELECTRODE * touches as f32));
                }
            }
        }
        merged(grounds)
    }

    /// The first stored level.
    pub(super) fn first_level(&self, board: &Board, faces: &[f64; 3], problem: &Problem) -> (Matrix, Layout) {
        let [bx, by, bz] = self.counts;
        let index = |x: usize, y: usize, z: usize| (z * by + y) * bx + x;
        let first = self.first_pieces();
        let scaled = faces.map(|g| g as f32 * SCALE);
        let mut matrix = build(&self.streams, |z, writers| {
            let mut rows: [Vec<(u32, f32)>; 4] = Default::default();
            for y in 0..by {
                for x in 0..bx {
                    let k = index(x, y, z);
                    let mask = self.masks[k];
                    let count = usize::from(SPLIT.count[usize::from(mask)]);
                    if count == 0 {
                        continue;
                    }
                    rows[..count].iter_mut().for_each(Vec::clear);
                    let sides = [
                        (x > 0, k.wrapping_sub(1)),
                        (x + 1 < bx, k + 1),
                        (y > 0, k.wrapping_sub(bx)),
                        (y + 1 < by, k + bx),
                        (z > 0, k.wrapping_sub(bx * by)),
                        (z + 1 < bz, k + bx * by),
                    ];
                    for (d, (inside, other)) in sides.into_iter().enumerate() {
                        if inside {
                            link(mask, d, self.masks[other], first[other], scaled[d / 2], count, &mut rows);
                        }
                    }
                    for row in &rows[..count] {
                        writers[(x + y + z) & 1].push(row);
                    }
                }
            }
        });
        matrix.set_grounds(&self.grounds(board, problem));
        let mut places: Vec<Place> =
            (0..self.streams.len()).into_par_iter().with_min_len(CHUNK).map(|_| Place::default()).collect();
        self.streams.split_mut(&mut places, 1).into_par_iter().enumerate().for_each(|(z, mut parts)| {
            let mut next = [0; 2];
            for (k, &mask) in self.masks[z * bx * by..][..bx * by].iter().enumerate() {
                let (x, y) = (k % bx, k / bx);
                let colour = (x + y + z) & 1;
                for _ in 0..SPLIT.count[usize::from(mask)] {
                    parts[colour][next[colour]] = Place { at: [x as u32, y as u32, z as u32], group: 0 };
                    next[colour] += 1;
                }
            }
        });
        let boxes = Boxes { counts: self.counts, wraps: [false; 3] };
        (matrix, Layout { boxes, streams: self.streams.clone(), places, groups: 1, second: 0 })
    }
}

/// Cells of a block on its side `d` (-x, +x, -y, +y, -z, +z).
const SIDE: [u8; 6] = [0x55, 0xaa, 0x33, 0xcc, 0x0f, 0xf0];

/// Adds the links of a block's pieces across side `d`.
#[inline]
fn link(mask: u8, d: usize, other: u8, first: u32, g: f32, count: usize, rows: &mut [Vec<(u32, f32)>]) {
    let (axis, up) = (d / 2, d % 2 == 1);
    let shift = 1 << axis;
    // The neighbour's cells, moved onto ours.
    let facing = if up { other << shift } else { other >> shift } & SIDE[d];
    let both = mask & facing;
    if both == 0 {
        return;
    }
    let theirs = &SPLIT.piece[usize::from(other)];
    if count == 1 && SPLIT.count[usize::from(other)] == 1 {
        rows[0].push((first, g * both.count_ones() as f32));
        return;
    }
    let ours = &SPLIT.piece[usize::from(mask)];
    for cell in (0..8).filter(|c| both >> c & 1 == 1) {
        let across = if up { cell - shift } else { cell + shift };
        add_link(&mut rows[usize::from(ours[cell])], first + u32::from(theirs[across]), g);
    }
}

/// A walk over the pieces of one slab.
pub(super) struct Cursor<'a> {
    width: usize,
    slab: usize,
    masks: &'a [u8],
    next: [usize; 2],
}

impl Cursor<'_> {
    /// Sums four rows of red values, `rows[dy + 2 dz]`, over the pieces of one row of blocks.
    pub(super) fn restrict_row(&mut self, by: usize, rows: &[f32], used: usize, out: &mut [&mut [f32]; 2]) {
        let masks = &self.masks[by * self.width..][..self.width];
        let (a, rest) = rows.split_at(used);
        let (b, rest) = rest.split_at(used);
        let (c, d) = rest.split_at(used);
        for (x, &mask) in masks.iter().enumerate() {
            let count = usize::from(SPLIT.count[usize::from(mask)]);
            let colour = (x + by + self.slab) & 1;
            let at = self.next[colour];
            self.next[colour] += count;
            match count {
                0 => {}
                1 => out[colour][at] = (a[x] + b[x]) + (c[x] + d[x]),
                _ => {
                    let out = &mut out[colour][at..at + count];
                    out.fill(0.0);
                    let piece = &SPLIT.piece[usize::from(mask)];
                    for (cell, value) in RED_CELL.into_iter().zip([a[x], b[x], c[x], d[x]]) {
                        // Values of cells that are not solved are 0.
                        out[usize::from(piece[cell])] += value;
                    }
                }
            }
        }
    }

    /// Calls `f(row, i, value)` for the red voxels of one row of blocks with their pieces' values.
    pub(super) fn prolong_row(&mut self, by: usize, coarse: [&[f32]; 2], mut f: impl FnMut(usize, usize, f32)) {
        let masks = &self.masks[by * self.width..][..self.width];
        for (x, &mask) in masks.iter().enumerate() {
            let count = usize::from(SPLIT.count[usize::from(mask)]);
            let colour = (x + by + self.slab) & 1;
            let at = self.next[colour];
            self.next[colour] += count;
            let piece = &SPLIT.piece[usize::from(mask)];
            for (k, cell) in RED_CELL.into_iter().enumerate() {
                if mask >> cell & 1 == 1 {
                    f(k, x, coarse[colour][at + usize::from(piece[cell])]);
                }
            }
        }
    }
}
