//! The conductances of all unknowns: few rows that many of them share, and rows of their own for the rest.
//!
//! Within one medium nearly all rows are the same, but those at walls; next to an exchange between media each is another one
//! and changes from solve to solve. An unknown therefore stores the number of its row, 4 bytes in place of 32.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

use super::for_slice;
use crate::cpu::reduce::CHUNK;
use crate::links::Lattice;
use crate::multigrid::{Boxes, Streams};
use crate::pages::Pages;

/// Rows that the unknowns of a slice share at most; what is told apart beyond them is each unknown's own. Walls and labels
/// make a few dozen, and a table of more no longer stays in the cache.
const SHARED: usize = 512;
/// Marks a row of an unknown's own while slices are not joined yet.
const OWN: u32 = 1 << 31;

/// Everything that an equation has beside its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C, align(32))]
pub(super) struct Row {
    /// Conductances towards -x, +x, -y, +y, -z, +z.
    pub(super) links: [f32; 6],
    /// Conductance to ground.
    pub(super) ground: f32,
    /// One over the diagonal.
    pub(super) inverse: f32,
}

impl Row {
    pub(super) fn new(links: [f32; 6], ground: f32) -> Self {
        let mut row = Row { links, ground, inverse: 0.0 };
        row.refresh();
        row
    }

    fn refresh(&mut self) {
        let sum = self.links.iter().map(|&g| f64::from(g)).sum::<f64>() + f64::from(self.ground);
        self.inverse = if sum > 0.0 { (1.0 / sum) as f32 } else { 0.0 };
    }

    fn key(&self) -> [u32; 8] {
        bytemuck::cast(*self)
    }
}

/// Rows and who has which.
pub(super) struct RowTable {
    /// Row of every unknown.
    of: Pages<u32>,
    rows: Vec<Row>,
    /// The first ones may have several unknowns.
    shared: usize,
}

/// Rows of a slice.
struct Slice {
    shared: Vec<Row>,
    /// By colour.
    own: Vec<Vec<Row>>,
}

impl RowTable {
    /// `row(voxel, x y z)` gives each unknown's, and whether it will be changed.
    pub(super) fn new(
        lattice: &Lattice<'_>,
        boxes: Boxes,
        streams: &Streams,
        row: impl Fn(usize, [usize; 3]) -> (Row, bool) + Sync,
    ) -> Self {
        let colours = boxes.colours();
        let mut of = Pages::<u32>::zeroed(streams.len());
        let slices: Vec<Slice> = streams
            .split_mut(&mut of, 1)
            .into_par_iter()
            .enumerate()
            .map(|(z, mut of)| {
                let mut slice = Slice { shared: Vec::new(), own: vec![Vec::new(); colours] };
                let mut known: BTreeMap<[u32; 8], u32> = BTreeMap::new();
                let mut next = vec![0; colours];
                // Runs of equal rows, colour by colour alike, are the rule.
                let mut last: Option<(Row, u32)> = None;
                for_slice(lattice, z, |voxel, at, _| {
                    let c = boxes.colour(at.map(|x| x as u32));
                    let (row, changes) = row(voxel, at);
                    let number = match last {
                        Some((same, number)) if !changes && same == row => Some(number),
                        _ if changes => None,
                        _ => known.get(&row.key()).copied().or_else(|| {
                            (slice.shared.len() < SHARED).then(|| {
                                let number = slice.shared.len() as u32;
                                known.insert(row.key(), number);
                                slice.shared.push(row);
                                number
                            })
                        }),
                    };
                    if let Some(number) = number {
                        last = Some((row, number));
                    }
                    of[c][next[c]] = number.unwrap_or_else(|| {
                        slice.own[c].push(row);
                        OWN | (slice.own[c].len() - 1) as u32
                    });
                    next[c] += 1;
                });
                slice
            })
            .collect();
        RowTable::join(of, slices, streams)
    }

    /// Joins the rows of slices: the shared ones, then each colour's own in the order of its unknowns.
    fn join(mut of: Pages<u32>, slices: Vec<Slice>, streams: &Streams) -> Self {
        let colours = streams.colours();
        let mut known: BTreeMap<[u32; 8], u32> = BTreeMap::new();
        let mut rows: Vec<Row> = Vec::new();
        let numbers: Vec<Vec<u32>> = slices
            .iter()
            .map(|slice| {
                let number = |row: &Row| {
                    *known.entry(row.key()).or_insert_with(|| {
                        rows.push(*row);
                        rows.len() as u32 - 1
                    })
                };
                slice.shared.iter().map(number).collect()
            })
            .collect();
        let shared = rows.len();
        rows.reserve_exact(slices.iter().flat_map(|s| &s.own).map(Vec::len).sum());
        let mut first = vec![vec![0u32; colours]; slices.len()];
        for c in 0..colours {
            for (slice, first) in slices.iter().zip(&mut first) {
                first[c] = rows.len() as u32;
                rows.extend_from_slice(&slice.own[c]);
            }
        }
        drop(slices);
        let parts = streams.split_mut(&mut of, 1).into_par_iter().zip(&numbers).zip(&first);
        parts.for_each(|((of, numbers), first)| {
            for (of, first) in of.into_iter().zip(first) {
                for row in of {
                    *row = if *row & OWN == 0 { numbers[*row as usize] } else { first + (*row & !OWN) };
                }
            }
        });
        RowTable { of, rows, shared }
    }

    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    /// The row of an unknown.
    #[inline]
    pub(super) fn of(&self, i: usize) -> &Row {
        &self.rows[self.of[i] as usize]
    }

    /// What loops over unknowns read.
    #[inline]
    pub(super) fn plain(&self) -> RowsOf<'_> {
        RowsOf { of: &self.of, rows: &self.rows }
    }

    /// The row of an unknown, to be changed.
    pub(super) fn own(&mut self, i: usize) -> &mut Row {
        let row = &mut self.of[i];
        if (*row as usize) < self.shared {
            let copy = self.rows[*row as usize];
            *row = self.rows.len() as u32;
            self.rows.push(copy);
        }
        &mut self.rows[*row as usize]
    }

    /// Makes diagonals follow the conductances.
    pub(super) fn refresh(&mut self) {
        self.rows.par_iter_mut().with_min_len(CHUNK).for_each(Row::refresh);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.of.bytes() + (size_of::<Row>() * self.rows.capacity()) as u64
    }
}

/// Rows as plain slices: how they are held is not to be looked at for every unknown.
#[derive(Clone, Copy)]
pub(super) struct RowsOf<'a> {
    of: &'a [u32],
    rows: &'a [Row],
}

impl RowsOf<'_> {
    /// The row of an unknown.
    #[inline(always)]
    pub(super) fn of(&self, i: usize) -> &Row {
        &self.rows[self.of[i] as usize]
    }
}
