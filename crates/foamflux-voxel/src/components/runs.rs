//! Runs of a mask along x, connected by union-find, without a label volume.

use std::ops::Range;

use foamflux_grid::{Axis, Shape};
use rayon::prelude::*;

use super::{ComponentsError, Connectivity, Extent, Faces};
use crate::bits::{Bits, runs};

/// A maximal stretch of mask voxels in one row, `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// The runs of a mask and the component of each.
pub(crate) struct Connected {
    runs: Vec<Run>,
    /// Component of each run, from 1.
    numbers: Vec<u32>,
    /// First run of each row (z y, y fastest), and the number of runs at the end.
    row_starts: Vec<u32>,
    pub(crate) sizes: Vec<u64>,
    pub(crate) faces: Vec<Faces>,
    pub(crate) extents: Vec<Extent>,
}

/// Voxels tested at once when looking for the next change in a row.
const SKIP: usize = 32;

/// First position from `x` on where the row is `value`.
fn next(row: &[impl MaskVoxel], mut x: usize, value: bool) -> usize {
    while let Some(chunk) = row.get(x..x + SKIP) {
        // No early exit inside the chunk: the compiler turns this into vector operations.
        if chunk.iter().fold(false, |found, v| found | (v.is_set() == value)) {
            break;
        }
        x += SKIP;
    }
    while x < row.len() && row[x].is_set() != value {
        x += 1;
    }
    x
}

/// A voxel that is inside a mask or not.
pub(crate) trait MaskVoxel: Sync {
    fn is_set(&self) -> bool;
}

impl MaskVoxel for bool {
    #[inline]
    fn is_set(&self) -> bool {
        *self
    }
}

/// A component number; 0 is outside.
impl MaskVoxel for u32 {
    #[inline]
    fn is_set(&self) -> bool {
        *self != 0
    }
}

/// The runs of some consecutive slices, connected among themselves.
struct Slab {
    runs: Vec<Run>,
    /// Number of runs before each of its rows, from zero.
    row_starts: Vec<u32>,
    parents: Vec<u32>,
}

impl Connected {
    /// Finds and connects the runs of voxels that are `wanted`; `voxels` gives the voxels of a range of linear indices.
    pub(crate) fn of<'a, V: MaskVoxel + 'a>(
        shape: Shape,
        connectivity: Connectivity,
        wanted: bool,
        voxels: impl Fn(Range<usize>) -> &'a [V] + Sync,
    ) -> Result<Self, ComponentsError> {
        Self::of_rows(shape, connectivity, |row, runs| {
            let voxels = voxels(row * shape.x..(row + 1) * shape.x);
            let mut x = next(voxels, 0, wanted);
            while x < shape.x {
                let end = next(voxels, x, !wanted);
                runs.push(Run { start: x as u32, end: end as u32 });
                x = next(voxels, end, wanted);
            }
        })
    }

    /// Connects the runs of true voxels.
    pub(crate) fn of_bits(bits: &Bits, connectivity: Connectivity) -> Result<Self, ComponentsError> {
        Self::of_rows(bits.shape(), connectivity, |row, found| {
            found.extend(runs(bits.row(row)).map(|r| Run { start: r.start as u32, end: r.end as u32 }));
        })
    }

    /// Connects the runs that `find` appends for each row.
    fn of_rows(
        shape: Shape,
        connectivity: Connectivity,
        find: impl Fn(usize, &mut Vec<Run>) + Sync,
    ) -> Result<Self, ComponentsError> {
        // Slabs only share out the work: the numbering does not depend on them.
        let thickness = shape.z.div_ceil(4 * rayon::current_num_threads()).max(1);
        let starts: Vec<usize> = (0..shape.z).step_by(thickness).collect();
        let slabs: Vec<Slab> = starts
            .par_iter()
            .map(|&z0| {
                let rows = z0 * shape.y..(z0 + thickness).min(shape.z) * shape.y;
                Slab::of(shape, connectivity, rows, &find)
            })
            .collect();

        let total: u64 = slabs.iter().map(|s| s.runs.len() as u64).sum();
        if total >= u64::from(u32::MAX) {
            return Err(ComponentsError::TooMany { shape, runs: total });
        }
        let mut runs = Vec::with_capacity(total as usize);
        let mut parents = Vec::with_capacity(total as usize);
        let mut row_starts = Vec::with_capacity(shape.z * shape.y + 1);
        for slab in slabs {
            let base = runs.len() as u32;
            runs.extend_from_slice(&slab.runs);
            parents.extend(slab.parents.iter().map(|p| p + base));
            row_starts.extend(slab.row_starts.iter().map(|s| s + base));
        }
        row_starts.push(total as u32);

        let mut joined = Joining { runs: &runs, row_starts: &row_starts, parents };
        for &z in &starts[1..] {
            for y in 0..shape.y {
                joined.with_slice_below(shape, connectivity, z * shape.y + y, y);
            }
        }
        let parents = joined.parents;
        Ok(Self::summarise(shape, runs, row_starts, parents))
    }

    /// Numbers the sets and sums up each of them.
    fn summarise(shape: Shape, runs: Vec<Run>, row_starts: Vec<u32>, parents: Vec<u32>) -> Self {
        let mut numbers = parents;
        let mut sizes = vec![0u64];
        let mut faces = vec![Faces::NONE];
        let none = Extent { first_xyz: [u32::MAX; 3], last_xyz: [0; 3] };
        let mut extents = vec![none];
        for z in 0..shape.z {
            let mut z_faces = if z == 0 { Faces::first(Axis::Z) } else { Faces::NONE };
            if z + 1 == shape.z {
                z_faces = z_faces.or(Faces::last(Axis::Z));
            }
            for y in 0..shape.y {
                let row = z * shape.y + y;
                let mut row_faces = z_faces;
                if y == 0 {
                    row_faces = row_faces.or(Faces::first(Axis::Y));
                }
                if y + 1 == shape.y {
                    row_faces = row_faces.or(Faces::last(Axis::Y));
                }
                for i in row_starts[row] as usize..row_starts[row + 1] as usize {
                    // Parents come before their children, so theirs is a component number already.
                    let parent = numbers[i] as usize;
                    numbers[i] = if parent == i {
                        sizes.push(0);
                        faces.push(Faces::NONE);
                        extents.push(none);
                        (sizes.len() - 1) as u32
                    } else {
                        numbers[parent]
                    };
                    let (n, run) = (numbers[i] as usize, runs[i]);
                    sizes[n] += u64::from(run.end - run.start);
                    let mut touched = row_faces;
                    if run.start == 0 {
                        touched = touched.or(Faces::first(Axis::X));
                    }
                    if run.end as usize == shape.x {
                        touched = touched.or(Faces::last(Axis::X));
                    }
                    faces[n] = faces[n].or(touched);
                    let e = &mut extents[n];
                    let (first, last) = ([run.start, y as u32, z as u32], [run.end - 1, y as u32, z as u32]);
                    for a in 0..3 {
                        e.first_xyz[a] = e.first_xyz[a].min(first[a]);
                        e.last_xyz[a] = e.last_xyz[a].max(last[a]);
                    }
                }
            }
        }
        // The background has no extent; an empty box at the origin is its harmless stand-in.
        extents[0] = Extent { first_xyz: [0; 3], last_xyz: [0; 3] };
        Connected { runs, numbers, row_starts, sizes, faces, extents }
    }

    /// Runs of a row with their component.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (Run, u32)> {
        let range = self.row_starts[row] as usize..self.row_starts[row + 1] as usize;
        self.runs[range.clone()].iter().copied().zip(self.numbers[range].iter().copied())
    }
}

impl Slab {
    fn of(shape: Shape, connectivity: Connectivity, rows: Range<usize>, find: &impl Fn(usize, &mut Vec<Run>)) -> Slab {
        let (first_row, count) = (rows.start, rows.len());
        let mut runs = Vec::new();
        let mut row_starts = Vec::with_capacity(count + 1);
        for row in rows {
            // A slab with more runs than u32 holds is refused by the sum over slabs before these numbers are used.
            row_starts.push(runs.len() as u32);
            find(row, &mut runs);
        }
        row_starts.push(runs.len() as u32);
        if runs.len() as u64 >= u64::from(u32::MAX) {
            return Slab { runs, row_starts, parents: Vec::new() };
        }
        let parents = (0..runs.len() as u32).collect();
        let mut joining = Joining { runs: &runs, row_starts: &row_starts, parents };
        for row in 0..count {
            let y = (first_row + row) % shape.y;
            if y > 0 {
                joining.rows(connectivity, row - 1, row);
            }
            if row >= shape.y {
                joining.with_slice_below(shape, connectivity, row, y);
            }
        }
        let parents = joining.parents;
        row_starts.pop();
        Slab { runs, row_starts, parents }
    }
}

/// Runs while they are being connected. A parent never comes after its child.
struct Joining<'a> {
    runs: &'a [Run],
    row_starts: &'a [u32],
    parents: Vec<u32>,
}

impl Joining<'_> {
    /// Connects a row with the rows of the slice before that it touches.
    fn with_slice_below(&mut self, shape: Shape, connectivity: Connectivity, row: usize, y: usize) {
        let below = row - shape.y;
        if connectivity == Connectivity::Full26 {
            if y > 0 {
                self.rows(connectivity, below - 1, row);
            }
            if y + 1 < shape.y {
                self.rows(connectivity, below + 1, row);
            }
        }
        self.rows(connectivity, below, row);
    }

    /// Connects the runs of two neighbouring rows, both sorted along x.
    fn rows(&mut self, connectivity: Connectivity, earlier: usize, later: usize) {
        // Runs that only touch at an edge or corner are connected when each is one voxel longer.
        let reach = u32::from(connectivity == Connectivity::Full26);
        let (mut a, a_end) = (self.row_starts[earlier] as usize, self.row_starts[earlier + 1] as usize);
        let (mut b, b_end) = (self.row_starts[later] as usize, self.row_starts[later + 1] as usize);
        while a < a_end && b < b_end {
            let (ra, rb) = (self.runs[a], self.runs[b]);
            if ra.start < rb.end + reach && rb.start < ra.end + reach {
                self.join(a as u32, b as u32);
            }
            // The run that ends first cannot touch any later run of the other row.
            if ra.end <= rb.end {
                a += 1;
            } else {
                b += 1;
            }
        }
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    fn root(&mut self, mut i: u32) -> u32 {
        loop {
            let parent = self.parents[i as usize];
            if parent == i {
                return i;
            }
            let grandparent = self.parents[parent as usize];
            self.parents[i as usize] = grandparent;
            i = grandparent;
        }
    }
}
