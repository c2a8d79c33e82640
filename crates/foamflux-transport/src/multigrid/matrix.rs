//! A level as a sparse matrix, and sweeps over whatever has rows.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

use super::coarsen::{SCALE, merged};
use crate::pages::Pages;

/// Unknowns per task; shorter vectors are swept by the calling thread.
pub(crate) const TASK: usize = 4096;

/// Symmetric M-matrix whose unknowns are ordered by colour; unknowns of one colour are not neighbours.
pub(crate) trait Rows: Sync {
    /// First unknown of every colour, and the number of unknowns.
    fn bounds(&self) -> &[usize];
    /// `sum_j w_ij f(j)` over the neighbours of `i`.
    fn sum(&self, i: usize, f: impl Fn(usize) -> f32) -> f32;
    /// `sum_j w_ij (x_i - x_j) + ground_i x_i`.
    fn difference(&self, i: usize, x: &[f32]) -> f32;
    /// One over the diagonal.
    fn inverse(&self, i: usize) -> f32;
}

/// The last unknown but one of `i`'s colour.
#[inline]
fn colour_end(bounds: &[usize], i: usize) -> usize {
    // Two colours are all but always enough.
    let mut c = 1;
    while bounds[c] <= i {
        c += 1;
    }
    bounds[c]
}

/// `z = r / d` for the first colour and Gauss-Seidel for the others, from zero.
pub(crate) fn sweep_from_zero<M: Rows>(m: &M, r: &[f32], z: &mut [f32]) {
    for colour in m.bounds().windows(2) {
        let (start, end) = (colour[0], colour[1]);
        let (before, own) = z.split_at_mut(start);
        let own = &mut own[..end - start];
        let two_colours = m.bounds().len() == 3;
        in_tasks(own, |at, part| {
            let i = |k: usize| start + at + k;
            if start == 0 {
                part.iter_mut().enumerate().for_each(|(k, z)| *z = r[i(k)] * m.inverse(i(k)));
            } else if two_colours {
                part.iter_mut().enumerate().for_each(|(k, z)| {
                    *z = (r[i(k)] + m.sum(i(k), |j| get(before, j))) * m.inverse(i(k));
                });
            } else {
                part.iter_mut().enumerate().for_each(|(k, z)| {
                    let pull = m.sum(i(k), |j| if j < start { before[j] } else { 0.0 });
                    *z = (r[i(k)] + pull) * m.inverse(i(k));
                });
            }
        });
    }
}

/// Padding of rows may point outside; its weight is 0.
#[inline(always)]
fn get(values: &[f32], j: usize) -> f32 {
    values.get(j).copied().unwrap_or(0.0)
}

/// Gauss-Seidel over the colours in reverse; the last colour's values need not be set before.
/// Returns `z.r`, and `z.q` where there is a `q`.
pub(crate) fn sweep_back<M: Rows>(m: &M, r: &[f32], z: &mut [f32], q: Option<&[f32]>) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for colour in m.bounds().windows(2).rev() {
        let (start, end) = (colour[0], colour[1]);
        let (before, rest) = z.split_at_mut(start);
        let (own, after) = rest.split_at_mut(end - start);
        let two_colours = m.bounds().len() == 3;
        let parts = in_tasks(own, |at, part| {
            let range = start + at..start + at + part.len();
            if two_colours && start == 0 {
                relax(m, range, r, q, part, |j| get(after, j.wrapping_sub(end)))
            } else if two_colours {
                relax(m, range, r, q, part, |j| get(before, j))
            } else {
                relax(m, range, r, q, part, |j| if j < start { before[j] } else { get(after, j.wrapping_sub(end)) })
            }
        });
        for part in parts {
            sums[0] += part[0];
            sums[1] += part[1];
        }
    }
    sums
}

/// Gauss-Seidel on unknowns that are not neighbours; returns `z.r` and `z.q`.
#[inline(always)]
fn relax<M: Rows>(
    m: &M,
    range: Range<usize>,
    r: &[f32],
    q: Option<&[f32]>,
    part: &mut [f32],
    other: impl Fn(usize) -> f32,
) -> [f64; 2] {
    let r = &r[range.clone()];
    let mut sums = [0.0; 2];
    for ((z, &r), i) in part.iter_mut().zip(r).zip(range.clone()) {
        *z = (r + m.sum(i, &other)) * m.inverse(i);
        sums[0] += f64::from(r * *z);
    }
    if let Some(q) = q {
        sums[1] = part.iter().zip(&q[range]).map(|(z, q)| f64::from(z * q)).sum();
    }
    sums
}

/// Residuals after [`sweep_from_zero`], summed over the children of every coarse unknown.
///
/// `pulls` is space for the residuals of the first colour: rows are then read in their order, which is worth more than
/// the detour. Without it every coarse unknown fetches its children's rows.
pub(crate) fn restrict<M: Rows>(m: &M, transfer: &Transfer, z: &[f32], coarse: &mut [f32], pulls: Option<&mut [f32]>) {
    let bounds = m.bounds();
    if bounds.len() == 3 {
        // Red children: all their neighbours were swept later.
        let Some(pulls) = pulls else {
            in_tasks(coarse, |at, part| {
                for (k, sum) in part.iter_mut().enumerate() {
                    *sum = transfer.children(at + k).iter().map(|&i| m.sum(i as usize, |j| get(z, j))).sum();
                }
            });
            return;
        };
        in_tasks(pulls, |at, part| {
            for (k, pull) in part.iter_mut().enumerate() {
                *pull = m.sum(at + k, |j| get(z, j));
            }
        });
        in_tasks(coarse, |at, part| {
            for (k, sum) in part.iter_mut().enumerate() {
                *sum = transfer.children(at + k).iter().map(|&i| pulls[i as usize]).sum();
            }
        });
        return;
    }
    in_tasks(coarse, |at, part| {
        for (k, sum) in part.iter_mut().enumerate() {
            *sum = 0.0;
            for &child in transfer.children(at + k) {
                let end = colour_end(bounds, child as usize);
                // What was swept later is all that the sweep did not know.
                *sum += m.sum(child as usize, |j| if j >= end { z[j] } else { 0.0 });
            }
        }
    });
}

/// Adds the coarse values to all colours but the last.
pub(crate) fn prolong(transfer: &Transfer, coarse: impl Fn(usize) -> f32 + Sync, z: &mut [f32]) {
    in_tasks(&mut z[..transfer.to_coarse.len()], |at, part| {
        for (z, &k) in part.iter_mut().zip(&transfer.to_coarse[at..]) {
            *z += coarse(k as usize);
        }
    });
}

/// `v = A c` for what a sweep back has just left, so that the first colour's residual is zero; returns `c.v`.
pub(crate) fn apply<M: Rows>(m: &M, c: &[f32], r: &[f32], v: &mut [f32]) -> f64 {
    let solved = m.bounds()[1];
    let parts = in_tasks(v, |at, part| {
        let mut sum = 0.0;
        for (k, v) in part.iter_mut().enumerate() {
            let i = at + k;
            *v = if i < solved { r[i] } else { m.difference(i, c) };
            sum += f64::from(c[i] * *v);
        }
        [sum]
    });
    add(parts)[0]
}

/// `d.A d` and `d.v`, with `d` as a sweep back for `r` left it.
pub(crate) fn products<M: Rows>(m: &M, d: &[f32], v: &[f32], r: &mut [f32]) -> [f64; 2] {
    let solved = m.bounds()[1];
    let parts = in_tasks(r, |at, part| {
        let mut sums = [0.0; 2];
        for (k, r) in part.iter().enumerate() {
            let i = at + k;
            let image = if i < solved { *r } else { m.difference(i, d) };
            sums[0] += f64::from(d[i] * image);
            sums[1] += f64::from(d[i] * v[i]);
        }
        sums
    });
    add(parts)
}

/// `r -= factor v`.
pub(crate) fn subtract(r: &mut [f32], factor: f32, v: &[f32]) {
    in_tasks(r, |at, part| {
        for (r, v) in part.iter_mut().zip(&v[at..]) {
            *r -= factor * v;
        }
    });
}

fn add<const K: usize>(parts: Vec<[f64; K]>) -> [f64; K] {
    let mut sums = [0.0; K];
    for part in parts {
        for k in 0..K {
            sums[k] += part[k];
        }
    }
    sums
}

/// Calls `f(first, part)` for tasks of fixed length, so that sums do not depend on the number of threads.
pub(crate) fn in_tasks<T: Send, R: Send>(all: &mut [T], f: impl Fn(usize, &mut [T]) -> R + Sync) -> Vec<R> {
    if all.len() <= TASK {
        return vec![f(0, all)];
    }
    all.par_chunks_mut(TASK).enumerate().map(|(k, part)| f(k * TASK, part)).collect()
}

/// Links that a row stores itself; rows with more keep the rest in [`Matrix::more`].
pub(crate) const WIDTH: usize = 6;
/// Marks a row with more links, in the last link's index.
const MORE: u32 = 1 << 31;
/// Marks a row that is linked to an electrode, in the index of the last link but one.
const GROUNDED: u32 = 1 << 31;

/// The first links of an unknown; links that are not there have no conductance.
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Row {
    to: [u32; WIDTH],
    conductance: [Short; WIDTH],
}

/// A conductance of a coarse level: the upper half of a single-precision number, three digits.
///
/// A preconditioner needs no more as long as both ends of a link have the same value, and every level is read a dozen
/// times per cycle.
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
#[repr(transparent)]
struct Short(u16);

impl Short {
    /// The nearest one, ties away from zero; conductances are positive and far from the largest number.
    #[inline(always)]
    fn of(value: f32) -> Self {
        Short((value.to_bits().saturating_add(1 << 15) >> 16) as u16)
    }

    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

/// What a stored level makes of a conductance.
#[inline(always)]
pub(crate) fn stored(conductance: f32) -> f32 {
    Short::of(conductance).wide()
}

/// A stored level: rows of fixed width, which a processor runs through without mispredicting their ends.
#[derive(Debug, Default)]
pub(crate) struct Matrix {
    pub(crate) bounds: Vec<usize>,
    pub(crate) rows: Pages<Row>,
    /// Row, neighbour and conductance of the links beyond [`WIDTH`], by row.
    pub(crate) more: Vec<(u32, u32, f32)>,
    /// Row and conductance to the electrodes, where there is one, by row.
    pub(crate) grounds: Vec<(u32, f32)>,
    pub(crate) inverse: Pages<f32>,
}

impl Row {
    /// The first links, and those that do not fit.
    pub(crate) fn of(links: &[(u32, f32)]) -> (Self, &[(u32, f32)]) {
        let (own, rest) = links.split_at(links.len().min(WIDTH));
        // Padding reads a place that is in the cache already.
        let mut row = Row { to: [own.first().map_or(0, |l| l.0); WIDTH], conductance: [Short(0); WIDTH] };
        for (k, &(j, w)) in own.iter().enumerate() {
            (row.to[k], row.conductance[k]) = (j, Short::of(w));
        }
        if !rest.is_empty() {
            row.to[WIDTH - 1] |= MORE;
        }
        (row, rest)
    }
}

impl Matrix {
    pub(crate) fn len(&self) -> usize {
        self.inverse.len()
    }

    #[cold]
    fn more(&self, i: usize) -> &[(u32, u32, f32)] {
        let from = self.more.partition_point(|l| (l.0 as usize) < i);
        let len = self.more[from..].iter().take_while(|l| l.0 as usize == i).count();
        &self.more[from..from + len]
    }

    /// Calls `f` for every link of an unknown.
    #[inline(always)]
    pub(crate) fn for_links(&self, i: usize, mut f: impl FnMut(usize, f32)) {
        let row = &self.rows[i];
        for k in 0..WIDTH - 2 {
            f(row.to[k] as usize, row.conductance[k].wide());
        }
        f((row.to[WIDTH - 2] & !GROUNDED) as usize, row.conductance[WIDTH - 2].wide());
        f((row.to[WIDTH - 1] & !MORE) as usize, row.conductance[WIDTH - 1].wide());
        if row.to[WIDTH - 1] & MORE != 0 {
            for &(_, j, w) in self.more(i) {
                f(j as usize, w);
            }
        }
    }

    /// Replaces all conductances to the electrodes.
    pub(crate) fn set_grounds(&mut self, grounds: &[(u32, f32)]) {
        for (i, _) in std::mem::take(&mut self.grounds) {
            self.rows[i as usize].to[WIDTH - 2] &= !GROUNDED;
            self.set_inverse(i as usize, 0.0);
        }
        for &(i, ground) in grounds {
            self.rows[i as usize].to[WIDTH - 2] |= GROUNDED;
            self.set_inverse(i as usize, ground);
        }
        self.grounds = grounds.to_vec();
    }

    fn set_inverse(&mut self, i: usize, ground: f32) {
        let mut links = 0.0;
        self.for_links(i, |_, w| links += w);
        self.inverse[i] = inverse(ground + links);
    }

    /// Conductance to the electrodes.
    #[inline(always)]
    pub(crate) fn ground(&self, i: usize) -> f32 {
        if self.rows[i].to[WIDTH - 2] & GROUNDED == 0 { 0.0 } else { self.ground_of(i) }
    }

    #[cold]
    fn ground_of(&self, i: usize) -> f32 {
        self.grounds.binary_search_by_key(&(i as u32), |g| g.0).map_or(0.0, |k| self.grounds[k].1)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.rows.bytes() + self.inverse.bytes() + (12 * self.more.capacity() + 8 * self.grounds.capacity()) as u64
    }
}

impl Rows for Matrix {
    fn bounds(&self) -> &[usize] {
        &self.bounds
    }

    #[inline(always)]
    fn sum(&self, i: usize, f: impl Fn(usize) -> f32) -> f32 {
        let mut sum = 0.0;
        self.for_links(i, |j, w| sum += w * f(j));
        sum
    }

    #[inline(always)]
    fn difference(&self, i: usize, x: &[f32]) -> f32 {
        let here = x[i];
        let mut sum = self.ground(i) * here;
        self.for_links(i, |j, w| sum += w * (here - x[j]));
        sum
    }

    #[inline(always)]
    fn inverse(&self, i: usize) -> f32 {
        self.inverse[i]
    }
}

/// One over a diagonal; 0 for an unknown that nothing holds.
pub(crate) fn inverse(diagonal: f32) -> f32 {
    if diagonal > 0.0 { 1.0 / diagonal } else { 0.0 }
}

/// Which unknowns of a level make up an unknown of the next; the last colour takes no part.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transfer {
    /// The coarse unknown of every unknown that is not of the last colour.
    pub(crate) to_coarse: Vec<u32>,
    /// First child of every coarse unknown, and the number of children.
    pub(crate) first: Vec<u32>,
    pub(crate) children: Vec<u32>,
    /// Unknowns of the last colour in the outermost blocks, which electrodes may touch, with their coarse unknowns.
    pub(crate) edge: Vec<(u32, u32)>,
}

impl Transfer {
    /// Conductances to the electrodes on the next level. Unknowns inside of the box cannot be among `grounds`.
    pub(crate) fn grounds(&self, grounds: &[(u32, f32)]) -> Vec<(u32, f32)> {
        let coarse = |i: u32| match self.to_coarse.get(i as usize) {
            Some(&k) => Some(k),
            None => self.edge.binary_search_by_key(&i, |e| e.0).ok().map(|k| self.edge[k].1),
        };
        merged(grounds.iter().filter_map(|&(i, g)| coarse(i).map(|k| (k, SCALE * g))).collect())
    }

    #[inline]
    fn children(&self, coarse: usize) -> &[u32] {
        &self.children[range(&self.first, coarse)]
    }

    pub(crate) fn bytes(&self) -> u64 {
        4 * (self.to_coarse.capacity() + self.first.capacity() + self.children.capacity() + 2 * self.edge.capacity())
            as u64
    }
}

#[inline]
fn range(first: &[u32], i: usize) -> Range<usize> {
    first[i] as usize..first[i + 1] as usize
}
