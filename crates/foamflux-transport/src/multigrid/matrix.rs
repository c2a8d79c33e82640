//! A level as a sparse matrix, and sweeps over whatever has rows.

use std::ops::Range;

use rayon::prelude::*;

/// Unknowns per task; shorter vectors are swept by the calling thread.
pub(crate) const TASK: usize = 4096;

/// Symmetric M-matrix whose unknowns are ordered by colour; unknowns of one colour are not neighbours.
pub(crate) trait Rows: Sync {
    /// First unknown of every colour, and the number of unknowns.
    fn bounds(&self) -> &[usize];
    /// `sum_j w_ij f(j)` over the neighbours of `i`.
    fn sum(&self, i: usize, f: impl FnMut(usize) -> f32) -> f32;
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
        let (before, own) = z.split_at_mut(colour[0]);
        let start = colour[0];
        in_tasks(&mut own[..colour[1] - start], |at, part| {
            for (k, z) in part.iter_mut().enumerate() {
                let i = start + at + k;
                let pull = if start == 0 { 0.0 } else { m.sum(i, |j| if j < start { before[j] } else { 0.0 }) };
                *z = (r[i] + pull) * m.inverse(i);
            }
        });
    }
}

/// Gauss-Seidel over the colours in reverse; the last colour's values need not be set before.
/// Returns `z.r`, and `z.q` where there is a `q`.
pub(crate) fn sweep_back<M: Rows>(m: &M, r: &[f32], z: &mut [f32], q: Option<&[f32]>) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for colour in m.bounds().windows(2).rev() {
        let (start, end) = (colour[0], colour[1]);
        let (before, rest) = z.split_at_mut(start);
        let (own, after) = rest.split_at_mut(end - start);
        let parts = in_tasks(own, |at, part| {
            let mut sums = [0.0; 2];
            for (k, z) in part.iter_mut().enumerate() {
                let i = start + at + k;
                let pull = m.sum(i, |j| if j < start { before[j] } else { after[j - end] });
                *z = (r[i] + pull) * m.inverse(i);
                sums[0] += f64::from(r[i] * *z);
                if let Some(q) = q {
                    sums[1] += f64::from(q[i] * *z);
                }
            }
            sums
        });
        for part in parts {
            sums[0] += part[0];
            sums[1] += part[1];
        }
    }
    sums
}

/// Residuals after [`sweep_from_zero`], summed over the children of every coarse unknown.
pub(crate) fn restrict<M: Rows>(m: &M, transfer: &Transfer, z: &[f32], coarse: &mut [f32]) {
    let bounds = m.bounds();
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

/// `v = A c`; returns `c.v` and `c.r`.
pub(crate) fn apply<M: Rows>(m: &M, c: &[f32], r: &[f32], v: &mut [f32]) -> [f64; 2] {
    let parts = in_tasks(v, |at, part| {
        let mut sums = [0.0; 2];
        for (k, v) in part.iter_mut().enumerate() {
            let i = at + k;
            *v = m.difference(i, c);
            sums[0] += f64::from(c[i] * *v);
            sums[1] += f64::from(c[i] * r[i]);
        }
        sums
    });
    add(parts)
}

/// `d.A d`, `d.v` and `d.r`.
pub(crate) fn products<M: Rows>(m: &M, d: &[f32], v: &[f32], r: &mut [f32]) -> [f64; 3] {
    let parts = in_tasks(r, |at, part| {
        let mut sums = [0.0; 3];
        for (k, r) in part.iter().enumerate() {
            let i = at + k;
            sums[0] += f64::from(d[i] * m.difference(i, d));
            sums[1] += f64::from(d[i] * v[i]);
            sums[2] += f64::from(d[i] * *r);
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

/// A stored level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matrix {
    pub(crate) bounds: Vec<usize>,
    /// First link of every unknown, and the number of links.
    pub(crate) first: Vec<u32>,
    /// Neighbour and conductance.
    pub(crate) links: Vec<(u32, f32)>,
    /// Conductance to the electrodes.
    pub(crate) ground: Vec<f32>,
    pub(crate) inverse: Vec<f32>,
}

impl Matrix {
    pub(crate) fn len(&self) -> usize {
        self.inverse.len()
    }

    /// The links of one unknown.
    #[inline]
    pub(crate) fn links(&self, i: usize) -> &[(u32, f32)] {
        &self.links[self.first[i] as usize..self.first[i + 1] as usize]
    }

    pub(crate) fn bytes(&self) -> u64 {
        (4 * self.first.capacity() + 8 * self.links.capacity() + 4 * (self.ground.capacity() + self.inverse.capacity()))
            as u64
    }
}

impl Rows for Matrix {
    fn bounds(&self) -> &[usize] {
        &self.bounds
    }

    #[inline]
    fn sum(&self, i: usize, mut f: impl FnMut(usize) -> f32) -> f32 {
        self.links(i).iter().map(|&(j, w)| w * f(j as usize)).sum()
    }

    #[inline]
    fn difference(&self, i: usize, x: &[f32]) -> f32 {
        let here = x[i];
        self.ground[i] * here + self.links(i).iter().map(|&(j, w)| w * (here - x[j as usize])).sum::<f32>()
    }

    #[inline]
    fn inverse(&self, i: usize) -> f32 {
        self.inverse[i]
    }
}

/// Which unknowns of a level make up an unknown of the next; the last colour takes no part.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transfer {
    /// The coarse unknown of every unknown that is not of the last colour.
    pub(crate) to_coarse: Vec<u32>,
    /// First child of every coarse unknown, and the number of children.
    pub(crate) first: Vec<u32>,
    pub(crate) children: Vec<u32>,
}

impl Transfer {
    #[inline]
    fn children(&self, coarse: usize) -> &[u32] {
        &self.children[range(&self.first, coarse)]
    }

    pub(crate) fn bytes(&self) -> u64 {
        4 * (self.to_coarse.capacity() + self.first.capacity() + self.children.capacity()) as u64
    }
}

#[inline]
fn range(first: &[u32], i: usize) -> Range<usize> {
    first[i] as usize..first[i + 1] as usize
}
