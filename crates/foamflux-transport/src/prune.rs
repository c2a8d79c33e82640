//! Runs of conducting voxels, and the clusters that touch both electrodes.
//!
//! A run is a maximal stretch of conducting voxels along x.
//! Clusters are found by union-find over runs instead of voxels (He, Chao & Suzuki 2008 for the idea in two dimensions):
//! slabs of slices are joined in parallel, then the planes between slabs.
//! Runs also replace a voxel-to-unknown map: 12 bytes per run instead of 4 bytes per voxel of the box.

use foamflux_grid::{Axis, Labels, Shape};
use rayon::prelude::*;

use crate::{Coefficients, Sides};

/// Slices per independently joined slab; any number gives the same clusters.
const SLAB: usize = 16;

/// Conducting voxels `x0..x1` of one row; their unknowns are `first..first + (x1 - x0)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) x0: u32,
    pub(crate) x1: u32,
    pub(crate) first: u32,
}

impl Run {
    pub(crate) const fn len(self) -> usize {
        (self.x1 - self.x0) as usize
    }
}

/// The runs of a volume, row by row (row = `z * ny + y`).
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    pub(crate) shape: Shape,
    /// Position of each row's first run; one more entry than rows.
    pub(crate) row_start: Vec<u32>,
    pub(crate) runs: Vec<Run>,
    /// Voxels in all runs.
    pub(crate) voxels: usize,
}

/// Which voxels count as neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Neighbours {
    /// Six, across faces.
    Faces,
    /// Twenty-six, across faces, edges and corners.
    All,
}

impl Runs {
    /// All conducting runs of a volume; the caller has checked that their number fits 32 bits.
    pub(crate) fn of(labels: &Labels, coefficients: &Coefficients) -> Self {
        let shape = labels.shape();
        let conducts: [bool; 256] = std::array::from_fn(|v| coefficients.of(v as u8) > 0.0);
        let planes: Vec<(Vec<u32>, Vec<Run>)> = (0..shape.z)
            .into_par_iter()
            .map(|z| {
                let mut starts = Vec::with_capacity(shape.y);
                let mut runs = Vec::new();
                for row in labels.volume().plane(z).chunks_exact(shape.x) {
                    starts.push(runs.len() as u32);
                    let mut x = 0;
                    while x < row.len() {
                        let Some(skip) = row[x..].iter().position(|&v| conducts[usize::from(v)]) else { break };
                        let x0 = x + skip;
                        let len = row[x0..].iter().position(|&v| !conducts[usize::from(v)]).unwrap_or(row.len() - x0);
                        runs.push(Run { x0: x0 as u32, x1: (x0 + len) as u32, first: 0 });
                        x = x0 + len;
                    }
                }
                (starts, runs)
            })
            .collect();
        let mut row_start = Vec::with_capacity(shape.z * shape.y + 1);
        let mut runs = Vec::with_capacity(planes.iter().map(|p| p.1.len()).sum());
        for (starts, plane) in planes {
            let base = runs.len() as u32;
            row_start.extend(starts.iter().map(|s| s + base));
            runs.extend(plane);
        }
        row_start.push(runs.len() as u32);
        let mut all = Runs { shape, row_start, runs, voxels: 0 };
        all.number();
        all
    }

    /// Gives every run the number of its first unknown, in memory order.
    fn number(&mut self) {
        let mut next = 0u32;
        for run in &mut self.runs {
            run.first = next;
            next += run.x1 - run.x0;
        }
        self.voxels = next as usize;
    }

    /// The runs of the row `(z, y)`.
    pub(crate) fn row(&self, z: usize, y: usize) -> &[Run] {
        &self.runs[self.row_range(z, y)]
    }

    fn row_range(&self, z: usize, y: usize) -> std::ops::Range<usize> {
        let row = z * self.shape.y + y;
        self.row_start[row] as usize..self.row_start[row + 1] as usize
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        (self.row_start.capacity() * 4 + self.runs.capacity() * size_of::<Run>()) as u64
    }

    /// The cluster of every run, named by its lowest run.
    ///
    /// Across a side that wraps, only faces connect.
    pub(crate) fn clusters(&self, neighbours: Neighbours, wraps: impl Fn(Axis) -> bool) -> Vec<u32> {
        let (nz, ny) = (self.shape.z, self.shape.y);
        let mut parent: Vec<u32> = (0..self.runs.len() as u32).collect();
        // Slabs own disjoint stretches of the parent array, so they join in parallel.
        let mut slabs: Vec<(usize, &mut [u32])> = Vec::new();
        let mut rest = parent.as_mut_slice();
        for z0 in (0..nz).step_by(SLAB) {
            let z1 = (z0 + SLAB).min(nz);
            let len = (self.row_start[z1 * ny] - self.row_start[z0 * ny]) as usize;
            let (slab, tail) = rest.split_at_mut(len);
            slabs.push((z0, slab));
            rest = tail;
        }
        slabs.into_par_iter().for_each(|(z0, slab)| {
            let base = self.row_start[z0 * ny];
            for z in z0..(z0 + SLAB).min(nz) {
                for y in 0..ny {
                    if y > 0 {
                        self.join(slab, base, (z, y), (z, y - 1), neighbours);
                    }
                    if z > z0 {
                        self.join_planes(slab, base, (z, y), z - 1, neighbours);
                    }
                }
            }
        });
        let (wrap_x, wrap_y, wrap_z) = (wraps(Axis::X), wraps(Axis::Y), wraps(Axis::Z));
        for z in (SLAB..nz).step_by(SLAB) {
            for y in 0..ny {
                self.join_planes(&mut parent, 0, (z, y), z - 1, neighbours);
            }
        }
        if wrap_y {
            for z in 0..nz {
                self.join(&mut parent, 0, (z, 0), (z, ny - 1), neighbours);
            }
        }
        if wrap_z {
            for y in 0..ny {
                self.join_planes(&mut parent, 0, (0, y), nz - 1, neighbours);
            }
        }
        if wrap_x {
            for row in self.row_start.windows(2) {
                if let [first, .., last] = &self.runs[row[0] as usize..row[1] as usize]
                    && first.x0 == 0
                    && last.x1 as usize == self.shape.x
                {
                    union(&mut parent, 0, row[0], row[1] - 1);
                }
            }
        }
        let parent = &parent;
        (0..parent.len() as u32).into_par_iter().map(|i| root(parent, i)).collect()
    }

    /// Joins row `(z, y)` with the plane `below`, across faces or also edges and corners.
    fn join_planes(&self, parent: &mut [u32], base: u32, (z, y): (usize, usize), below: usize, neighbours: Neighbours) {
        self.join(parent, base, (z, y), (below, y), neighbours);
        if neighbours == Neighbours::All {
            if y > 0 {
                self.join(parent, base, (z, y), (below, y - 1), neighbours);
            }
            if y + 1 < self.shape.y {
                self.join(parent, base, (z, y), (below, y + 1), neighbours);
            }
        }
    }

    fn join(&self, parent: &mut [u32], base: u32, a: (usize, usize), b: (usize, usize), neighbours: Neighbours) {
        let reach = u32::from(neighbours == Neighbours::All);
        let (ra, rb) = (self.row_range(a.0, a.1), self.row_range(b.0, b.1));
        let (mut i, mut j) = (ra.start, rb.start);
        while i < ra.end && j < rb.end {
            let (p, q) = (self.runs[i], self.runs[j]);
            if p.x0 < q.x1 + reach && q.x0 < p.x1 + reach {
                union(parent, base, i as u32, j as u32);
            }
            if p.x1 < q.x1 {
                i += 1;
            } else {
                j += 1;
            }
        }
    }

    /// The runs for which `keep` holds, numbered anew.
    pub(crate) fn keep(&self, keep: impl Fn(usize) -> bool) -> Runs {
        let mut row_start = Vec::with_capacity(self.row_start.len());
        let mut runs = Vec::new();
        for row in self.row_start.windows(2) {
            row_start.push(runs.len() as u32);
            runs.extend((row[0] as usize..row[1] as usize).filter(|&i| keep(i)).map(|i| self.runs[i]));
        }
        row_start.push(runs.len() as u32);
        runs.shrink_to_fit();
        let mut kept = Runs { shape: self.shape, row_start, runs, voxels: 0 };
        kept.number();
        kept
    }
}

/// Joins the clusters of runs `i` and `j`; `parent` begins at run `base` and all its entries are at least `base`.
fn union(parent: &mut [u32], base: u32, i: u32, j: u32) {
    let (i, j) = (root_halving(parent, base, i), root_halving(parent, base, j));
    // The lower run becomes the root, so that the names do not depend on the order of joining.
    parent[(i.max(j) - base) as usize] = i.min(j);
}

fn root_halving(parent: &mut [u32], base: u32, mut i: u32) -> u32 {
    loop {
        let above = parent[(i - base) as usize];
        if above == i {
            return i;
        }
        let two = parent[(above - base) as usize];
        parent[(i - base) as usize] = two;
        i = two;
    }
}

fn root(parent: &[u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        i = parent[i as usize];
    }
    i
}

/// Bits of [`electrodes`]: the cluster touches the inlet, the outlet.
pub(crate) const INLET: u8 = 1;
pub(crate) const OUTLET: u8 = 2;

/// Which electrodes each run's cluster touches, given the clusters' names, as bits [`INLET`] and [`OUTLET`].
pub(crate) fn electrodes(runs: &Runs, clusters: &[u32], axis: Axis) -> Vec<u8> {
    let shape = runs.shape;
    let mut touches = vec![0u8; clusters.len()];
    for z in 0..shape.z {
        for y in 0..shape.y {
            for i in runs.row_range(z, y) {
                let (first, last) = depth_range(runs.runs[i], (z, y), axis);
                let bits = if first == 0 { INLET } else { 0 } | if last + 1 == shape.along(axis) { OUTLET } else { 0 };
                touches[clusters[i] as usize] |= bits;
            }
        }
    }
    clusters.iter().map(|&c| touches[c as usize]).collect()
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

/// Calls `f(i, j, len)` for every stretch where voxels of two rows face each other;
/// `i` and `j` are the first unknowns of the stretch in either row.
#[inline]
pub(crate) fn facing(a: &[Run], b: &[Run], mut f: impl FnMut(u32, u32, usize)) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let (p, q) = (a[i], b[j]);
        let (lo, hi) = (p.x0.max(q.x0), p.x1.min(q.x1));
        if lo < hi {
            f(p.first + (lo - p.x0), q.first + (lo - q.x0), (hi - lo) as usize);
        }
        if p.x1 < q.x1 {
            i += 1;
        } else {
            j += 1;
        }
    }
}
