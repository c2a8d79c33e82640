//! Dead ends: conducting voxels that no current can pass through.
//!
//! A voxel carries current only if a path without repeated voxels leads from inlet to outlet through it.
//! In the block-cut tree of the voxels and one node for both electrodes these are the voxels of the block (biconnected
//! component) that holds that node; every other voxel **hangs** on one voxel of it, the only way to either electrode,
//! and has its potential. One node may stand for both electrodes because clusters that touch only one are gone.
//!
//! Blocks come from the low points of a depth-first search (Hopcroft & Tarjan 1973).
//! What is different here: the search first runs within slabs of slices, all at once, with every voxel next to another
//! slab held to be an electrode. That is safe: who is cut off from the slab's ends by one voxel is cut off from the
//! electrodes by it. What is left is searched as a whole by one thread, where asked for: near percolation at 256^3 that
//! finds 9 % more of the rest and takes as long as the first search on two threads.
//!
//! All voxels between two cuts hang on the same voxel, so a run of dead voxels needs one number.
//! A loop that hangs on two voxels of one run carries current: cuts are voxels, never runs.

mod graph;

use std::ops::Range;

use foamflux_grid::{Axis, Labels, Shape};
use rayon::prelude::*;

use crate::prune::depth_range;
use crate::runs::{Runs, facing, gather, row_blocks, split_mut};
use graph::Graph;

/// What to do with voxels that no current can pass through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeadEnds {
    /// Remove them where a sample of rows has many voxels with a single neighbour; those that reach over more than 32
    /// slices stay, as finding them would cost more than it saves.
    #[default]
    Auto,
    /// Solve for them too.
    Keep,
    /// Remove all of them.
    Remove,
}

/// Share of voxels with a single neighbour from which [`DeadEnds::Auto`] removes dead ends.
///
/// Site percolation at 256^3: the share is 0.214 at a probability of 0.34 (threshold 0.312), where 60 % of the voxels are
/// dead, and 0.171 at 0.40, where 31 % are and finding them costs what it saves. Foams and blobs are below 0.001.
const WORTH: f64 = 0.18;
/// One row in so many is sampled.
const SAMPLE: usize = 16;
/// Boxes of fewer rows are sampled whole.
const SMALL: usize = 4096;
/// Slices of a slab in the first search; any number removes the same voxels.
const SLAB: usize = 32;

/// Voxels that were removed.
#[derive(Debug, Clone)]
pub(crate) struct Removed {
    /// Where they are; numbered among themselves.
    pub(crate) runs: Runs,
    /// The unknown that each run hangs on.
    pub(crate) hangs_on: Vec<u32>,
    /// Label of every removed voxel, where conductivities differ.
    pub(crate) classes: Option<Vec<u8>>,
}

impl Removed {
    /// The stretches of row number `z * ny + y`.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = DeadEnd<'_>> {
        let range = self.runs.row_range(row);
        self.runs.runs[range.clone()].iter().zip(&self.hangs_on[range]).map(|(run, &hangs_on)| DeadEnd {
            x0: run.x0 as usize,
            len: run.len(),
            hangs_on,
            classes: self.classes.as_ref().map(|all| &all[run.first as usize..run.first as usize + run.len()]),
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        let classes = self.classes.as_ref().map_or(0, Vec::capacity);
        self.runs.bytes() + (4 * self.hangs_on.capacity() + classes) as u64
    }
}

/// A stretch of removed voxels along x.
pub(crate) struct DeadEnd<'a> {
    pub(crate) x0: usize,
    pub(crate) len: usize,
    /// The unknown whose potential they have.
    pub(crate) hangs_on: u32,
    /// Their labels, where conductivities differ.
    pub(crate) classes: Option<&'a [u8]>,
}

/// What joins conducting voxels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walls {
    /// Direction of transport.
    pub(crate) flow: Axis,
    /// Whether opposite walls along x, y, z are joined.
    pub(crate) wraps: [bool; 3],
}

impl Walls {
    fn wraps(self, axis: Axis) -> bool {
        self.wraps[axis.xyz_index()]
    }

    /// The neighbouring row of `(z, y)`, where there is one.
    fn neighbour(self, shape: Shape, (z, y): (usize, usize), (axis, up): (Axis, bool)) -> Option<(usize, usize)> {
        let (n, at) = (shape.along(axis), if axis == Axis::Z { z } else { y });
        let next = match (up, at) {
            (true, a) if a + 1 < n => a + 1,
            (true, _) if self.wraps(axis) => 0,
            (false, a) if a > 0 => a - 1,
            (false, _) if self.wraps(axis) => n - 1,
            _ => return None,
        };
        Some(if axis == Axis::Z { (next, y) } else { (z, next) })
    }
}

/// Directions to neighbouring rows: -y, +y, -z, +z.
const LATERAL: [(Axis, bool); 4] = [(Axis::Y, false), (Axis::Y, true), (Axis::Z, false), (Axis::Z, true)];

/// Share of the voxels of some rows that have a single neighbour and touch no electrode.
pub(crate) fn leaf_share(runs: &Runs, walls: Walls) -> f64 {
    let shape = runs.shape;
    let rows = shape.z * shape.y;
    let every = if rows < SMALL { 1 } else { SAMPLE };
    let parts: Vec<(usize, usize)> = row_blocks(rows)
        .into_par_iter()
        .map(|block| {
            let (mut leaves, mut voxels) = (0, 0);
            let mut degrees = Vec::new();
            for row in block {
                let (z, y) = (row / shape.y, row % shape.y);
                if !(z + y).is_multiple_of(every) {
                    continue;
                }
                let (first, here) = (runs.row_first(row) as u32, runs.row(z, y));
                degrees.clear();
                for run in here {
                    let from = degrees.len();
                    // Both neighbours along x, and one that never was at each end.
                    degrees.extend(std::iter::repeat_n(2u8, run.len()));
                    let last = degrees.len() - 1;
                    degrees[from] -= u8::from(run.x0 > 0 || !walls.wraps(Axis::X));
                    degrees[last] -= u8::from((run.x1 as usize) < shape.x || !walls.wraps(Axis::X));
                    let (near, far) = depth_range(*run, (z, y), walls.flow);
                    if near == 0 {
                        let end = if walls.flow == Axis::X { from + 1 } else { last + 1 };
                        degrees[from..end].iter_mut().for_each(|d| *d += 2);
                    }
                    if far + 1 == shape.along(walls.flow) {
                        let begin = if walls.flow == Axis::X { last } else { from };
                        degrees[begin..=last].iter_mut().for_each(|d| *d += 2);
                    }
                }
                for direction in LATERAL {
                    if let Some((z, y)) = walls.neighbour(shape, (z, y), direction) {
                        facing(here, runs.row(z, y), |i, _, len| {
                            degrees[(i - first) as usize..][..len].iter_mut().for_each(|d| *d += 1);
                        });
                    }
                }
                leaves += degrees.iter().filter(|&&d| d <= 1).count();
                voxels += degrees.len();
            }
            (leaves, voxels)
        })
        .collect();
    let (leaves, voxels) = parts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    leaves as f64 / voxels.max(1) as f64
}

/// Whether [`DeadEnds::Auto`] removes dead ends.
pub(crate) fn worth_removing(leaf_share: f64) -> bool {
    leaf_share >= WORTH
}

/// How far dead ends are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// Within slabs.
    Slabs,
    /// Everywhere.
    Whole,
}

/// Removes dead ends; the voxels that stay, those that go (none where there are no dead ends), and the most bytes held
/// meanwhile.
pub(crate) fn remove(
    runs: &Runs,
    walls: Walls,
    search: Search,
    labels: Option<&Labels>,
) -> (Option<(Runs, Removed)>, u64) {
    let shape = runs.shape;
    let slabs: Vec<Range<usize>> = (0..shape.z).step_by(SLAB).map(|z| z..(z + SLAB).min(shape.z)).collect();
    let mut ways: Vec<u32> = vec![0; runs.voxels];
    let size = |s: &Range<usize>| runs.row_first(s.end * shape.y) - runs.row_first(s.start * shape.y);
    let held: Vec<u64> = split_mut(&mut ways, &slabs, size)
        .into_par_iter()
        .zip(&slabs)
        .map(|(ways, slab)| {
            let mut graph = Graph::of(runs, walls, slab.clone());
            let bytes = graph.bytes() + graph.search(ways);
            ways.iter_mut().for_each(|way| *way += graph.base);
            bytes
        })
        .collect();
    let threads = rayon::current_num_threads().min(slabs.len()) as u64;
    let mut bytes = threads * held.into_iter().max().unwrap_or(0);
    if search == Search::Whole && slabs.len() > 1 {
        let alive = runs.parts(|i| ways[i as usize] == i);
        let mut graph = Graph::of(&alive, walls, 0..shape.z);
        let mut rest = vec![0u32; alive.voxels];
        bytes = bytes.max(alive.bytes() + graph.bytes() + graph.search(&mut rest) + 8 * rest.len() as u64);
        drop(graph);
        // In the numbers of before: the voxels that stayed are the ones that are their own way, in order.
        let mut stayed: Vec<u32> = Vec::with_capacity(alive.voxels);
        stayed.extend((0..ways.len() as u32).filter(|&i| ways[i as usize] == i));
        for (&i, &way) in stayed.iter().zip(&rest) {
            ways[i as usize] = stayed[way as usize];
        }
    }
    (split(runs, &ways, labels), bytes + 4 * ways.len() as u64)
}

/// Splits runs into voxels that are their own way and all others.
fn split(runs: &Runs, ways: &[u32], labels: Option<&Labels>) -> Option<(Runs, Removed)> {
    let stays = |i: u32| ways[i as usize] == i;
    let kept = runs.parts(stays);
    if kept.voxels == runs.voxels {
        return None;
    }
    let dead = runs.parts(|i| !stays(i));
    let rank = Rank::of(ways.len(), stays);
    let blocks = row_blocks(runs.shape.z * runs.shape.y);
    let mut hangs_on = vec![0u32; dead.runs.len()];
    let size = |rows: &Range<usize>| (dead.row_start[rows.end] - dead.row_start[rows.start]) as usize;
    split_mut(&mut hangs_on, &blocks, size).into_par_iter().zip(&blocks).for_each(|(hangs_on, rows)| {
        let mut slots = hangs_on.iter_mut();
        for row in rows.clone() {
            let mut parents = runs.runs[runs.row_range(row)].iter();
            let mut parent = parents.next();
            for run in &dead.runs[dead.row_range(row)] {
                // The run that it was cut from.
                while parent.is_some_and(|p| p.x1 <= run.x0) {
                    parent = parents.next();
                }
                if let (Some(slot), Some(p)) = (slots.next(), parent) {
                    let mut way = ways[(p.first + (run.x0 - p.x0)) as usize];
                    // A voxel that the first search cut things off at may itself have been cut off by the second.
                    while !stays(way) {
                        way = ways[way as usize];
                    }
                    *slot = rank.of_kept(way);
                }
            }
        }
    });
    let classes = labels.map(|labels| gather(labels, &dead));
    Some((kept, Removed { runs: dead, hangs_on, classes }))
}

impl Runs {
    /// The parts of the runs whose voxels satisfy `stays`, numbered anew.
    fn parts(&self, stays: impl Fn(u32) -> bool + Sync) -> Runs {
        Runs::collect(self.shape, |row, add| {
            for run in &self.runs[self.row_range(row)] {
                let mut start = None;
                for k in 0..run.x1 - run.x0 {
                    match (stays(run.first + k), start) {
                        (true, None) => start = Some(run.x0 + k),
                        (false, Some(x0)) => {
                            add(x0, run.x0 + k);
                            start = None;
                        }
                        _ => {}
                    }
                }
                if let Some(x0) = start {
                    add(x0, run.x1);
                }
            }
        })
    }
}

/// How many voxels stay before a given one.
struct Rank {
    words: Vec<u64>,
    before: Vec<u32>,
}

impl Rank {
    fn of(voxels: usize, stays: impl Fn(u32) -> bool + Sync) -> Self {
        let words: Vec<u64> = (0..voxels.div_ceil(64))
            .into_par_iter()
            .map(|w| {
                let range = w * 64..(w * 64 + 64).min(voxels);
                range.fold(0, |word, i| word | u64::from(stays(i as u32)) << (i % 64))
            })
            .collect();
        let mut sum = 0;
        let before = words
            .iter()
            .map(|w| {
                let here = sum;
                sum += w.count_ones();
                here
            })
            .collect();
        Rank { words, before }
    }

    fn of_kept(&self, i: u32) -> u32 {
        let (word, bit) = (i as usize / 64, i % 64);
        self.before[word] + (self.words[word] & ((1 << bit) - 1)).count_ones()
    }
}

#[cfg(test)]
mod tests;
