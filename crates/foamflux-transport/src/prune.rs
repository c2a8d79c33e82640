//! The clusters that touch both electrodes.
//!
//! Clusters are found by union-find over runs instead of voxels (He, Chao & Suzuki 2008 for the idea in two dimensions).
//! Slabs of slices are joined within, then in pairs of neighbours, so that all but the last few planes are joined in
//! parallel. A cluster is named by its lowest run, whatever the order of joining, so that names do not depend on the
//! number of threads.

use std::ops::Range;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

use foamflux_grid::{Axis, Shape};
use rayon::prelude::*;

use crate::Sides;
use crate::runs::{Run, Runs, row_blocks};

/// Slices of the smallest slab; any number gives the same clusters.
const SLAB: usize = 4;
/// Runs per task where all are looked at.
const CHUNK: usize = 1 << 14;

/// Which voxels count as neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Neighbours {
    /// Six, across faces.
    Faces,
    /// Twenty-six, across faces, edges and corners.
    All,
}

/// Bits of [`Clusters::touches`]: the cluster touches the inlet, the outlet.
pub(crate) const INLET: u8 = 1;
pub(crate) const OUTLET: u8 = 2;

/// The cluster of every run, and which electrodes it touches.
pub(crate) struct Clusters {
    /// The lowest run of each run's cluster.
    names: Vec<AtomicU32>,
    /// Bits [`INLET`] and [`OUTLET`] at the lowest run of each cluster.
    touches: Vec<AtomicU8>,
}

impl Clusters {
    /// Joins runs; across a side that wraps, only faces connect.
    pub(crate) fn of(runs: &Runs, neighbours: Neighbours, flow: Axis, wraps: impl Fn(Axis) -> bool) -> Self {
        let (nz, ny) = (runs.shape.z, runs.shape.y);
        let parent: Vec<AtomicU32> = (0..runs.runs.len() as u32).into_par_iter().map(AtomicU32::new).collect();
        let joining = Joining { runs, parent: &parent, neighbours };
        joining.slab(0..nz);
        if wraps(Axis::Y) {
            for z in 0..nz {
                joining.rows((z, 0), (z, ny - 1));
            }
        }
        if wraps(Axis::Z) {
            joining.planes(0, nz - 1);
        }
        if wraps(Axis::X) {
            for row in runs.row_start.windows(2) {
                if let [first, .., last] = &runs.runs[row[0] as usize..row[1] as usize]
                    && first.x0 == 0
                    && last.x1 as usize == runs.shape.x
                {
                    joining.union(row[0], row[1] - 1);
                }
            }
        }
        // Writing a root over a parent changes no root, so the tasks do not disturb each other.
        parent.par_chunks(CHUNK).enumerate().for_each(|(c, chunk)| {
            for (k, name) in chunk.iter().enumerate() {
                name.store(root(&parent, (c * CHUNK + k) as u32), Relaxed);
            }
        });
        let touches: Vec<AtomicU8> = parent.par_iter().map(|_| AtomicU8::new(0)).collect();
        let last = runs.shape.along(flow) - 1;
        row_blocks(nz * ny).into_par_iter().flatten_iter().for_each(|row| {
            let (z, y) = (row / ny, row % ny);
            let depth = if flow == Axis::Z { z } else { y };
            if flow != Axis::X && depth != 0 && depth != last {
                return;
            }
            for i in runs.row_range(row) {
                let bits = ends(runs.runs[i], (z, y), flow, runs.shape);
                if bits != 0 {
                    touches[parent[i].load(Relaxed) as usize].fetch_or(bits, Relaxed);
                }
            }
        });
        Clusters { names: parent, touches }
    }

    /// Electrodes that the cluster of run `i` touches.
    #[inline]
    pub(crate) fn touches(&self, i: usize) -> u8 {
        self.touches[self.names[i].load(Relaxed) as usize].load(Relaxed)
    }

    /// Whether a cluster touches both electrodes.
    pub(crate) fn percolate(&self) -> bool {
        self.touches.par_iter().any(|t| t.load(Relaxed) == INLET | OUTLET)
    }

    /// Whether run `i` belongs to a cluster that touches both electrodes.
    #[inline]
    pub(crate) fn percolates(&self, i: usize) -> bool {
        self.touches(i) == INLET | OUTLET
    }

    /// Whether run `i` belongs to a cluster that touches one of the ends whose bits are given.
    #[inline]
    pub(crate) fn touches_any(&self, i: usize, ends: u8) -> bool {
        self.touches(i) & ends != 0
    }

    /// First unknown of every cluster.
    pub(crate) fn first_unknowns(&self, runs: &Runs) -> Vec<u32> {
        let lowest = self.names.iter().enumerate().filter(|(i, name)| name.load(Relaxed) as usize == *i);
        lowest.map(|(i, _)| runs.runs[i].first).collect()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        (4 * self.names.capacity() + self.touches.capacity()) as u64
    }
}

/// Electrodes that a run itself touches.
fn ends(run: Run, row: (usize, usize), axis: Axis, shape: Shape) -> u8 {
    let (first, last) = depth_range(run, row, axis);
    (if first == 0 { INLET } else { 0 }) | (if last + 1 == shape.along(axis) { OUTLET } else { 0 })
}

/// Union-find under way. Tasks touch disjoint slabs of runs; atomics are there to say so without copies.
struct Joining<'a> {
    runs: &'a Runs,
    parent: &'a [AtomicU32],
    neighbours: Neighbours,
}

impl Joining<'_> {
    /// Joins all runs within some slices.
    fn slab(&self, slices: Range<usize>) {
        if slices.len() > SLAB {
            let middle = slices.start + slices.len() / 2;
            rayon::join(|| self.slab(slices.start..middle), || self.slab(middle..slices.end));
            self.planes(middle, middle - 1);
            return;
        }
        for z in slices.clone() {
            for y in 0..self.runs.shape.y {
                if y > 0 {
                    self.rows((z, y), (z, y - 1));
                }
                if z > slices.start {
                    self.row_with_plane((z, y), z - 1);
                }
            }
        }
    }

    /// Joins two slices.
    fn planes(&self, z: usize, below: usize) {
        for y in 0..self.runs.shape.y {
            self.row_with_plane((z, y), below);
        }
    }

    /// Joins row `(z, y)` with the plane `below`, across faces or also edges and corners.
    fn row_with_plane(&self, (z, y): (usize, usize), below: usize) {
        self.rows((z, y), (below, y));
        if self.neighbours == Neighbours::All {
            if y > 0 {
                self.rows((z, y), (below, y - 1));
            }
            if y + 1 < self.runs.shape.y {
                self.rows((z, y), (below, y + 1));
            }
        }
    }

    fn rows(&self, a: (usize, usize), b: (usize, usize)) {
        let reach = u32::from(self.neighbours == Neighbours::All);
        let ny = self.runs.shape.y;
        let (ra, rb) = (self.runs.row_range(a.0 * ny + a.1), self.runs.row_range(b.0 * ny + b.1));
        let (mut i, mut j) = (ra.start, rb.start);
        while i < ra.end && j < rb.end {
            let (p, q) = (self.runs.runs[i], self.runs.runs[j]);
            if p.x0 < q.x1 + reach && q.x0 < p.x1 + reach {
                self.union(i as u32, j as u32);
            }
            let step = usize::from(p.x1 < q.x1);
            i += step;
            j += 1 - step;
        }
    }

    /// Joins the clusters of runs `i` and `j`.
    fn union(&self, i: u32, j: u32) {
        let (i, j) = (self.root_halving(i), self.root_halving(j));
        // The lower run becomes the root, so that the names do not depend on the order of joining.
        self.parent[i.max(j) as usize].store(i.min(j), Relaxed);
    }

    fn root_halving(&self, mut i: u32) -> u32 {
        loop {
            let above = self.parent[i as usize].load(Relaxed);
            if above == i {
                return i;
            }
            let two = self.parent[above as usize].load(Relaxed);
            if two == above {
                return two;
            }
            self.parent[i as usize].store(two, Relaxed);
            i = two;
        }
    }
}

fn root(parent: &[AtomicU32], mut i: u32) -> u32 {
    loop {
        let above = parent[i as usize].load(Relaxed);
        if above == i {
            return i;
        }
        i = above;
    }
}

/// First and last slice, counted along `axis` from the inlet, that a run reaches.
pub(crate) fn depth_range(run: Run, (z, y): (usize, usize), axis: Axis) -> (usize, usize) {
    match axis {
        Axis::X => (run.x0 as usize, run.x1 as usize - 1),
        Axis::Y => (y, y),
        Axis::Z => (z, z),
    }
}

/// Whether sides that are not electrodes wrap along `axis`.
pub(crate) fn wraps(sides: Sides, flow: Axis, axis: Axis, shape: Shape) -> bool {
    sides == Sides::Periodic && axis != flow && shape.along(axis) > 1
}
