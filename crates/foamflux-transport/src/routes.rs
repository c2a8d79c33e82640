//! The way from every voxel to the nearest electrode.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use foamflux_grid::Axis;
use rayon::prelude::*;

use crate::Problem;
use crate::layout::{CompactGraph, bit};
use crate::problem::Conductance;

/// Not reached yet.
const UNSEEN: u8 = u8::MAX;

/// Where every unknown passes on what it holds.
pub(crate) struct Routes {
    /// Unknowns, nearest to an electrode first.
    order: Vec<u32>,
    /// Faces, as bits of the connectivity byte, that lead closer.
    masks: Vec<u8>,
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
            Conductance::Uniform(_) => Routes::by_steps(graph),
            Conductance::Table { .. } => Routes::by_resistance(problem, graph),
        }
    }

    /// Breadth first; every face to an unknown one step closer is part of the way.
    fn by_steps(graph: &CompactGraph) -> Self {
        let n = graph.open.len();
        let ends = bit::INLET | bit::OUTLET;
        // Levels of neighbours differ by one at most, so the remainder by three tells which one is closer.
        let mut levels = vec![UNSEEN; n];
        let mut order: Vec<u32> = Vec::with_capacity(n);
        for (i, &open) in graph.open.iter().enumerate() {
            if open & ends != 0 {
                levels[i] = 0;
                order.push(i as u32);
            }
        }
        let mut at = 0;
        while at < order.len() {
            let i = order[at] as usize;
            at += 1;
            let next = (levels[i] + 1) % 3;
            for direction in faces(graph.open[i]) {
                let j = neighbour(graph, i, direction);
                if levels[j] == UNSEEN {
                    levels[j] = next;
                    order.push(j as u32);
                }
            }
        }
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
        Routes { order, masks }
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
        Routes { order, masks }
    }

    /// Faces of an unknown that lead closer to an electrode.
    #[inline]
    pub(crate) fn mask(&self, i: usize) -> u8 {
        self.masks[i]
    }

    /// Part of what unknown `i` holds that leaves in a direction; 6 is the inlet, 7 the outlet.
    #[inline]
    pub(crate) fn share(&self, problem: &Problem, graph: &CompactGraph, i: usize, direction: usize) -> f64 {
        let mask = self.masks[i];
        if mask.is_power_of_two() {
            return 1.0;
        }
        if mask & (bit::INLET | bit::OUTLET) != 0 {
            return 0.5;
        }
        let g = |d: usize| problem.between(Axis::ALL[d / 2], i, neighbour(graph, i, d));
        g(direction) / faces(mask).map(g).sum::<f64>()
    }

    /// Passes everything on to the electrodes, farthest first; what every unknown passes on is left in `held`.
    pub(crate) fn carry(&self, problem: &Problem, graph: &CompactGraph, held: &mut [f64]) {
        for &i in self.order.iter().rev() {
            let i = i as usize;
            for direction in faces(self.masks[i]) {
                held[neighbour(graph, i, direction)] += self.share(problem, graph, i, direction) * held[i];
            }
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        // The levels are gone by now and were one byte each.
        (4 * self.order.capacity() + 2 * self.masks.capacity()) as u64
    }
}
