//! The way from every voxel to the nearest electrode.
//!
//! Steps are searched level by level, each level by all threads. Which thread reaches a voxel first decides its place in
//! the order of its level and nothing else: levels, and what is passed from one to the next, do not depend on it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use foamflux_grid::Axis;
use rayon::prelude::*;

use crate::Problem;
use crate::layout::{CompactGraph, bit};
use crate::problem::Conductance;

/// Not reached yet.
const UNSEEN: u8 = u8::MAX;
/// Unknowns of a level per task; smaller levels are not worth a second thread.
const TASK: usize = 1 << 11;

/// What every unknown holds, in cells that tasks can share.
pub(crate) struct Held(Vec<AtomicU64>);

impl Held {
    /// Nothing held.
    pub(crate) fn zeros(unknowns: usize) -> Self {
        Held((0..unknowns).into_par_iter().map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn cells(&mut self) -> &mut [AtomicU64] {
        &mut self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(crate) fn at(&self, i: usize) -> f64 {
        f64::from_bits(self.0[i].load(Relaxed))
    }

    #[inline]
    fn add(&self, i: usize, value: f64) {
        // Only one task at a time touches a cell.
        self.0[i].store((self.at(i) + value).to_bits(), Relaxed);
    }
}

/// Where every unknown passes on what it holds.
pub(crate) struct Routes {
    /// Unknowns, nearest to an electrode first.
    order: Vec<u32>,
    /// Where the levels of `order` begin, and its length; empty where the order has no levels.
    levels: Vec<usize>,
    /// Faces, as bits of the connectivity byte, that lead closer.
    masks: Vec<u8>,
    /// Part of what an unknown holds that leaves in a direction, by its mask; 6 is the inlet, 7 the outlet.
    shares: Box<[[f64; 8]; 256]>,
}

/// Shares in proportion to the conductances of the faces, along x, y, z.
fn shares(g: [f64; 3]) -> Box<[[f64; 8]; 256]> {
    let weight = |d: usize| g.get(d / 2).copied().unwrap_or(1.0);
    Box::new(std::array::from_fn(|mask| {
        let set = |d: &usize| mask >> d & 1 == 1;
        let total: f64 = (0..8).filter(set).map(weight).sum();
        std::array::from_fn(|d| if set(&d) { weight(d) / total } else { 0.0 })
    }))
}

/// The unknown across an open face; directions are -x, +x, -y, +y, -z, +z.
#[inline]
pub(crate) fn neighbour(graph: &CompactGraph, i: usize, direction: usize) -> usize {
    match (direction, &graph.across) {
        (0 | 1, Some(across)) => across[i][direction] as usize,
        (0, None) => i - 1,
        (1, None) => i + 1,
        _ => graph.lateral[i][direction - 2] as usize,
    }
}

/// Directions of the open faces among the bits.
#[inline]
fn faces(bits: u8) -> impl Iterator<Item = usize> {
    (0..6).filter(move |d| bits & (1 << d) != 0)
}

impl Routes {
    /// Finds them.
    pub(crate) fn of(problem: &Problem, graph: &CompactGraph) -> Self {
        match problem.conductance() {
            Conductance::Uniform(g) => Routes::by_steps(*g, graph),
            Conductance::Table { .. } => Routes::by_resistance(problem, graph),
        }
    }

    /// Breadth first; every face to an unknown one step closer is part of the way.
    fn by_steps(g: [f64; 3], graph: &CompactGraph) -> Self {
        let n = graph.open.len();
        let ends = bit::INLET | bit::OUTLET;
        // Levels of neighbours differ by one at most, so the remainder by three tells which one is closer.
        let levels: Vec<AtomicU8> =
            graph.open.par_iter().map(|&o| AtomicU8::new(if o & ends != 0 { 0 } else { UNSEEN })).collect();
        let mut order: Vec<u32> = Vec::with_capacity(n);
        order.extend((0..n as u32).filter(|&i| graph.open[i as usize] & ends != 0));
        let mut starts = vec![0];
        let mut level = 0;
        while starts.last().is_some_and(|&s| s < order.len()) {
            let from = starts.last().copied().unwrap_or(0);
            starts.push(order.len());
            level = (level + 1) % 3;
            let claim = |i: u32, found: &mut Vec<u32>| {
                for direction in faces(graph.open[i as usize]) {
                    let j = neighbour(graph, i as usize, direction);
                    if levels[j].load(Relaxed) == UNSEEN
                        && levels[j].compare_exchange(UNSEEN, level, Relaxed, Relaxed).is_ok()
                    {
                        found.push(j as u32);
                    }
                }
            };
            let tasks = |i: &[u32]| {
                let mut found = Vec::new();
                i.iter().for_each(|&i| claim(i, &mut found));
                found
            };
            let found: Vec<Vec<u32>> = if order.len() - from > TASK {
                order[from..].par_chunks(TASK).map(tasks).collect()
            } else {
                vec![tasks(&order[from..])]
            };
            found.iter().for_each(|found| order.extend_from_slice(found));
        }
        let levels: Vec<u8> = levels.into_iter().map(AtomicU8::into_inner).collect();
        let masks = (0..n)
            .into_par_iter()
            .map(|i| {
                let open = graph.open[i];
                if open & ends != 0 {
                    return open & ends;
                }
                let closer = (levels[i] + 2) % 3;
                faces(open).filter(|&d| levels[neighbour(graph, i, d)] == closer).fold(0, |mask, d| mask | 1 << d)
            })
            .collect();
        Routes { order, levels: starts, masks, shares: shares(g) }
    }

    /// By Dijkstra's method, with resistances as lengths.
    fn by_resistance(problem: &Problem, graph: &CompactGraph) -> Self {
        let n = graph.open.len();
        let mut lengths = vec![f64::INFINITY; n];
        let mut masks = vec![0u8; n];
        let mut order: Vec<u32> = Vec::with_capacity(n);
        // Bits of numbers that are not negative sort as the numbers do.
        let mut heap: BinaryHeap<Reverse<(u64, u32)>> = BinaryHeap::new();
        for (i, &open) in graph.open.iter().enumerate() {
            if open & (bit::INLET | bit::OUTLET) != 0 {
                masks[i] = open & (bit::INLET | bit::OUTLET);
                lengths[i] = 1.0 / problem.to_electrode(i);
                heap.push(Reverse((lengths[i].to_bits(), i as u32)));
            }
        }
        while let Some(Reverse((bits, i))) = heap.pop() {
            let at = i as usize;
            if lengths[at].to_bits() != bits {
                continue;
            }
            order.push(i);
            for direction in faces(graph.open[at]) {
                let j = neighbour(graph, at, direction);
                let length = lengths[at] + 1.0 / problem.between(Axis::ALL[direction / 2], at, j);
                if length < lengths[j] {
                    lengths[j] = length;
                    masks[j] = 1 << (direction ^ 1);
                    heap.push(Reverse((length.to_bits(), j as u32)));
                }
            }
        }
        // A mask has one face, or electrodes.
        Routes { order, levels: Vec::new(), masks, shares: shares([1.0; 3]) }
    }

    /// Faces of an unknown that lead closer to an electrode.
    #[inline]
    pub(crate) fn mask(&self, i: usize) -> u8 {
        self.masks[i]
    }

    /// Part of what unknown `i` holds that leaves in a direction; 6 is the inlet, 7 the outlet. Zero if nothing does.
    #[inline]
    pub(crate) fn share(&self, i: usize, direction: usize) -> f64 {
        self.shares[usize::from(self.masks[i])][direction]
    }

    /// Passes everything on to the electrodes, farthest first; what every unknown passes on is left in `held`.
    pub(crate) fn carry(&self, graph: &CompactGraph, held: &Held) {
        if self.levels.is_empty() {
            for &i in self.order.iter().rev() {
                let i = i as usize;
                for direction in faces(self.masks[i]) {
                    held.add(neighbour(graph, i, direction), self.share(i, direction) * held.at(i));
                }
            }
            return;
        }
        // Each level takes from the one beyond it, so that every cell is written by one task.
        let take = |&i: &u32| {
            let i = i as usize;
            let mut sum = 0.0;
            for direction in faces(graph.open[i]) {
                let j = neighbour(graph, i, direction);
                if self.masks[j] & 1 << (direction ^ 1) != 0 {
                    sum += self.share(j, direction ^ 1) * held.at(j);
                }
            }
            held.add(i, sum);
        };
        for level in self.levels.windows(2).rev() {
            let level = &self.order[level[0]..level[1]];
            if level.len() > TASK {
                level.par_chunks(TASK).for_each(|task| task.iter().for_each(take));
            } else {
                level.iter().for_each(take);
            }
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        // The levels are gone by now and were one byte each.
        (4 * self.order.capacity() + 2 * self.masks.capacity() + 8 * self.levels.capacity()) as u64
    }
}
