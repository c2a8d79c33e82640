//! Runs of conducting voxels.
//!
//! A run is a maximal stretch of conducting voxels along x.
//! Runs replace a voxel-to-unknown map: 12 bytes per run instead of 4 bytes per voxel of the box.
//! They are found 64 voxels at a time, as the edges of a bit pattern; all arrays are filled in parallel at places that
//! counts gave before, so nothing depends on the number of threads.

use std::ops::Range;

use foamflux_grid::{Label, LabelSet, Labels, Shape};
use rayon::prelude::*;

/// Rows are worked on in this many blocks at most, enough for any number of threads that one machine has.
const BLOCKS: usize = 512;

/// Conducting voxels `x0..x1` of one row; their unknowns are `first..first + (x1 - x0)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Runs {
    pub(crate) shape: Shape,
    /// Position of each row's first run; one more entry than rows.
    pub(crate) row_start: Vec<u32>,
    pub(crate) runs: Vec<Run>,
    /// Voxels in all runs.
    pub(crate) voxels: usize,
}

/// Consecutive rows that one task works on.
pub(crate) fn row_blocks(rows: usize) -> Vec<Range<usize>> {
    let size = rows.div_ceil(BLOCKS).max(1);
    (0..rows.div_ceil(size)).map(|b| b * size..((b + 1) * size).min(rows)).collect()
}

impl Runs {
    /// All runs of the given labels; the caller has checked that the number of voxels fits 32 bits.
    pub(crate) fn of(labels: &Labels, set: LabelSet) -> Self {
        let shape = labels.shape();
        let members = Members::of(set);
        let voxels = labels.volume().as_slice();
        Runs::collect(shape, |row, add| members.runs(&voxels[row * shape.x..][..shape.x], add))
    }

    /// The runs that `each` gives for every row by calls of its second argument with `x0..x1`, from left to right.
    /// `each` is called twice per row, first to count.
    pub(crate) fn collect(shape: Shape, each: impl Fn(usize, &mut dyn FnMut(u32, u32)) + Sync) -> Self {
        let blocks = row_blocks(shape.z * shape.y);
        let mut row_start = vec![0u32; shape.z * shape.y + 1];
        let totals: Vec<(usize, usize)> = split_mut(&mut row_start[1..], &blocks, Range::len)
            .into_par_iter()
            .zip(&blocks)
            .map(|(starts, rows)| {
                let (mut runs, mut voxels) = (0usize, 0usize);
                for (row, start) in rows.clone().zip(starts) {
                    each(row, &mut |x0, x1| {
                        runs += 1;
                        voxels += (x1 - x0) as usize;
                    });
                    *start = runs as u32;
                }
                (runs, voxels)
            })
            .collect();
        let mut offsets = Vec::with_capacity(blocks.len());
        let mut sums = (0usize, 0usize);
        for total in &totals {
            offsets.push(sums);
            sums = (sums.0 + total.0, sums.1 + total.1);
        }
        let mut runs = vec![Run::default(); sums.0];
        let lengths: Vec<Range<usize>> = offsets.iter().zip(&totals).map(|(o, t)| o.0..o.0 + t.0).collect();
        split_mut(&mut runs, &lengths, Range::len)
            .into_par_iter()
            .zip(split_mut(&mut row_start[1..], &blocks, Range::len))
            .zip(blocks.par_iter().zip(&offsets))
            .for_each(|((runs, starts), (rows, &(base, voxels)))| {
                let mut next = voxels as u32;
                let mut slots = runs.iter_mut();
                for row in rows.clone() {
                    each(row, &mut |x0, x1| {
                        if let Some(slot) = slots.next() {
                            *slot = Run { x0, x1, first: next };
                            next = next.wrapping_add(x1 - x0);
                        }
                    });
                }
                for start in starts {
                    *start += base as u32;
                }
            });
        Runs { shape, row_start, runs, voxels: sums.1 }
    }

    /// The runs for which `keep` holds, numbered anew.
    pub(crate) fn keep(&self, keep: impl Fn(usize) -> bool + Sync) -> Runs {
        Runs::collect(self.shape, |row, add| {
            for i in self.row_range(row) {
                if keep(i) {
                    add(self.runs[i].x0, self.runs[i].x1);
                }
            }
        })
    }

    /// The runs of the row `(z, y)`.
    #[inline]
    pub(crate) fn row(&self, z: usize, y: usize) -> &[Run] {
        &self.runs[self.row_range(z * self.shape.y + y)]
    }

    /// Positions of the runs of row number `z * ny + y`.
    #[inline]
    pub(crate) fn row_range(&self, row: usize) -> Range<usize> {
        self.row_start[row] as usize..self.row_start[row + 1] as usize
    }

    /// The first unknown of row number `z * ny + y` or of the next one that has any.
    #[inline]
    pub(crate) fn row_first(&self, row: usize) -> usize {
        self.runs.get(self.row_start[row] as usize).map_or(self.voxels, |r| r.first as usize)
    }

    /// Where an unknown lies, `(z, y, x)`.
    #[cfg(test)]
    pub(crate) fn place(&self, unknown: u32) -> (usize, usize, usize) {
        let at = self.runs.partition_point(|r| r.first <= unknown) - 1;
        let row = self.row_start.partition_point(|&start| start as usize <= at) - 1;
        let run = self.runs[at];
        (row / self.shape.y, row % self.shape.y, (run.x0 + (unknown - run.first)) as usize)
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        (self.row_start.capacity() * 4 + self.runs.capacity() * size_of::<Run>()) as u64
    }
}

/// Splits an array into parts of given lengths.
pub(crate) fn split_mut<'a, T, P>(mut all: &'a mut [T], parts: &[P], len: impl Fn(&P) -> usize) -> Vec<&'a mut [T]> {
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        let (head, rest) = all.split_at_mut(len(part));
        out.push(head);
        all = rest;
    }
    out
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
        // Which run ends first is a coin toss, so it moves the positions by arithmetic instead of a branch.
        let step = usize::from(p.x1 < q.x1);
        i += step;
        j += 1 - step;
    }
}

/// Voxels of each label of a set, zero for the others.
pub(crate) fn counts(labels: &Labels, set: LabelSet) -> [u64; 9] {
    count(labels.volume().as_slice(), set)
}

/// The same in a list of labels.
pub(crate) fn count(voxels: &[u8], set: LabelSet) -> [u64; 9] {
    /// Sums of so many bytes of 0 or 1 fit a byte.
    const SHORT: usize = 240;
    let wanted: Vec<Label> = set.iter().collect();
    let parts: Vec<[u64; 9]> = voxels
        .par_chunks(SHORT << 10)
        .map(|chunk| {
            let mut counts = [0u64; 9];
            for short in chunk.chunks(SHORT) {
                for &label in &wanted {
                    let equal: u8 = short.iter().map(|&v| u8::from(v == label as u8)).sum();
                    counts[label as usize] += u64::from(equal);
                }
            }
            counts
        })
        .collect();
    parts.iter().fold([0; 9], |sums, part| std::array::from_fn(|l| sums[l] + part[l]))
}

/// The label of every voxel of the runs, in their order.
pub(crate) fn gather(labels: &Labels, runs: &Runs) -> Vec<u8> {
    let shape = runs.shape;
    let blocks = row_blocks(shape.z * shape.y);
    let mut out = vec![0u8; runs.voxels];
    let size = |rows: &Range<usize>| runs.row_first(rows.end) - runs.row_first(rows.start);
    split_mut(&mut out, &blocks, size).into_par_iter().zip(&blocks).for_each(|(mut out, rows)| {
        for row in rows.clone() {
            let voxels = &labels.volume().as_slice()[row * shape.x..][..shape.x];
            for &run in &runs.runs[runs.row_range(row)] {
                let (here, rest) = out.split_at_mut(run.len());
                here.copy_from_slice(&voxels[run.x0 as usize..run.x1 as usize]);
                out = rest;
            }
        }
    });
    out
}

/// A set of labels as a test of eight voxels at once.
struct Members {
    /// Labels to compare with, in every byte of a word; the smaller of the set and its complement.
    values: Vec<u64>,
    /// Whether these are the complement.
    inverted: bool,
}

/// One in every byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The lower seven bits of every byte.
const LOW: u64 = 0x7f * ONES;

impl Members {
    fn of(set: LabelSet) -> Self {
        let (inside, outside): (Vec<Label>, Vec<Label>) = Label::ALL.into_iter().partition(|&l| set.contains(l as u8));
        let inverted = outside.len() < inside.len();
        let values = if inverted { outside } else { inside };
        Members { values: values.into_iter().map(|l| ONES * l as u64).collect(), inverted }
    }

    /// A bit for each of eight voxels, the first one lowest.
    #[inline]
    fn eight(&self, voxels: u64) -> u64 {
        let mut differs = u64::MAX;
        for value in &self.values {
            // Labels are small, so that adding 0x7f carries into a byte's highest bit exactly where it is not zero.
            differs &= (voxels ^ value) + LOW;
        }
        let wanted = if self.inverted { differs } else { !differs };
        // Multiplying by this gathers the highest bits of all bytes in the highest byte.
        ((wanted & !LOW) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }

    /// A bit for each of up to 64 voxels.
    #[inline]
    fn word(&self, voxels: &[u8]) -> u64 {
        let (eights, rest) = voxels.as_chunks::<8>();
        let mut word = 0;
        for (k, &bytes) in eights.iter().enumerate() {
            word |= self.eight(u64::from_le_bytes(bytes)) << (8 * k);
        }
        if !rest.is_empty() {
            let mut bytes = [0; 8];
            bytes[..rest.len()].copy_from_slice(rest);
            let inside = (1u64 << rest.len()) - 1;
            word |= (self.eight(u64::from_le_bytes(bytes)) & inside) << (8 * eights.len());
        }
        word
    }

    /// Calls `add(x0, x1)` for every run of a row.
    #[inline]
    fn runs(&self, row: &[u8], add: &mut dyn FnMut(u32, u32)) {
        let mut before = 0;
        let mut start = None;
        for (k, voxels) in row.chunks(64).enumerate() {
            let word = self.word(voxels);
            let mut edges = word ^ (word << 1 | before);
            before = word >> 63;
            while edges != 0 {
                let x = (64 * k) as u32 + edges.trailing_zeros();
                edges &= edges - 1;
                start = match start {
                    None => Some(x),
                    Some(x0) => {
                        add(x0, x);
                        None
                    }
                };
            }
        }
        if let Some(x0) = start {
            add(x0, row.len() as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Volume, VoxelSize};

    use super::*;
    use crate::suite::Lcg;

    #[test]
    fn runs_and_counts_are_those_of_plain_loops() {
        let mut rng = Lcg(31);
        for case in 0..60 {
            // Rows straddle words of 8 and of 64 voxels.
            let nx = [1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 130, 200][case % 12];
            let shape = Shape::new(1 + rng.below(4), 1 + rng.below(5), nx).unwrap();
            let stay = rng.unit();
            let mut last = 0;
            let volume = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| {
                if rng.unit() > stay {
                    last = rng.below(9) as u8;
                }
                last
            });
            let labels = Labels::new(volume).unwrap();
            let set: LabelSet = Label::ALL.into_iter().filter(|_| rng.unit() < 0.5).collect();
            let runs = Runs::of(&labels, set);
            let mut first = 0;
            for z in 0..shape.z {
                for y in 0..shape.y {
                    let mut rebuilt = vec![false; nx];
                    let mut end = None;
                    for run in runs.row(z, y) {
                        assert!(run.x0 < run.x1 && end.is_none_or(|e| run.x0 > e), "runs must be apart and in order");
                        assert_eq!(run.first, first);
                        for k in 0..run.len() {
                            assert_eq!(runs.place(first + k as u32), (z, y, run.x0 as usize + k));
                        }
                        first += run.x1 - run.x0;
                        end = Some(run.x1);
                        rebuilt[run.x0 as usize..run.x1 as usize].fill(true);
                    }
                    for x in 0..nx {
                        assert_eq!(rebuilt[x], set.contains(*labels.volume().at(z, y, x)), "case {case} {z} {y} {x}");
                    }
                }
            }
            assert_eq!(runs.voxels, first as usize);
            let all = labels.counts();
            for label in Label::ALL {
                let want = if set.contains(label as u8) { all[label as usize] } else { 0 };
                assert_eq!(counts(&labels, set)[label as usize], want);
            }
        }
    }
}
