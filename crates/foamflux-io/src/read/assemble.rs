//! Slices to a volume: fit, crop, bin and fill holes, one slice at a time.
//!
//! Memory: the volume, one accumulator of a binned slice (mean) or the slices of one bin (majority),
//! and the last good slice where holes are interpolated.

use std::collections::BTreeSet;

use foamflux_grid::{Region, Shape};

use super::options::{BinMode, OddSizes};
use super::sample::PlaneSample;

/// At most this many whole values are labels rather than grey values.
pub(super) const MAX_LABELS: usize = 9;

/// From the slices of the files to the voxels of the volume.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    /// Shape of the stack before crop and bin (slices of odd size already fitted or left out).
    pub(super) shape: Shape,
    /// How slices of another size are fitted into it.
    pub(super) fit: OddSizes,
    /// Part that is read.
    pub(super) region: Region,
    /// Voxels per axis that become one.
    pub(super) bin: usize,
    /// How they become one.
    pub(super) mode: BinMode,
}

impl Frame {
    /// Shape of the volume; edges may be 0 when the bin is larger than the region.
    pub(super) const fn out_zyx(&self) -> [usize; 3] {
        let r = &self.region;
        [(r.z1 - r.z0) / self.bin, (r.y1 - r.y0) / self.bin, (r.x1 - r.x0) / self.bin]
    }

    /// The part of a slice of `width` x `height` pixels that lies in the region, rows of the region's width.
    pub(super) fn cut<T: PlaneSample>(&self, plane: Vec<T>, width: usize, height: usize) -> Vec<T> {
        let r = &self.region;
        let whole = r.x0 == 0 && r.y0 == 0 && r.x1 == self.shape.x && r.y1 == self.shape.y;
        if width == self.shape.x && height == self.shape.y {
            if whole {
                return plane;
            }
            let rows = (r.y0..r.y1).flat_map(|y| &plane[y * width + r.x0..y * width + r.x1]);
            return rows.copied().collect();
        }
        // Centred: a slice that is larger by an odd number loses the extra pixel at its end.
        let background = if self.fit == OddSizes::Pad {
            plane.iter().copied().fold(None, |m: Option<T>, v| match m {
                Some(m) if m <= v => Some(m),
                _ => Some(v),
            })
        } else {
            None
        };
        let background = background.unwrap_or_default();
        let from = |at: usize, have: usize, want: usize| {
            if have >= want {
                Some(at + (have - want) / 2)
            } else {
                at.checked_sub((want - have) / 2).filter(|&i| i < have)
            }
        };
        let mut out = Vec::with_capacity((r.y1 - r.y0) * (r.x1 - r.x0));
        for y in r.y0..r.y1 {
            let row = from(y, height, self.shape.y);
            for x in r.x0..r.x1 {
                let source = row.zip(from(x, width, self.shape.x));
                out.push(source.map_or(background, |(y, x)| plane[y * width + x]));
            }
        }
        out
    }
}

/// Builds the volume from cut slices in order.
#[derive(Debug)]
pub(super) struct Assembler<T> {
    frame: Frame,
    out: Vec<T>,
    sums: Vec<f64>,
    held: Vec<Vec<T>>,
    in_bin: usize,
    last_good: Option<Vec<T>>,
    holes: usize,
    keep_last: bool,
}

impl<T: PlaneSample> Assembler<T> {
    /// Reserves the whole volume. `keep_last` is needed to interpolate.
    pub(super) fn new(frame: Frame, keep_last: bool) -> Result<Self, std::collections::TryReserveError> {
        let [z, y, x] = frame.out_zyx();
        let mut out = Vec::new();
        out.try_reserve_exact(z * y * x)?;
        let sums = if frame.bin > 1 && frame.mode == BinMode::Mean { vec![0.0; y * x] } else { Vec::new() };
        Ok(Assembler { frame, out, sums, held: Vec::new(), in_bin: 0, last_good: None, holes: 0, keep_last })
    }

    /// A slice that could not be read and is to be interpolated.
    pub(super) fn hole(&mut self) {
        self.holes += 1;
    }

    /// The next good slice.
    pub(super) fn push(&mut self, plane: Vec<T>) {
        let holes = std::mem::take(&mut self.holes);
        for hole in 1..=holes {
            let filled = match &self.last_good {
                Some(below) => between(below, &plane, hole, holes + 1),
                None => plane.clone(),
            };
            self.add(&filled);
        }
        self.add(&plane);
        if self.keep_last {
            self.last_good = Some(plane);
        }
    }

    /// The voxels and the number of slices of the volume. Holes at the end repeat the last good slice.
    pub(super) fn finish(mut self) -> (Vec<T>, usize) {
        if let Some(last) = self.last_good.take() {
            for _ in 0..std::mem::take(&mut self.holes) {
                self.add(&last);
            }
        }
        let [_, y, x] = self.frame.out_zyx();
        let slices = self.out.len() / (y * x).max(1);
        (self.out, slices)
    }

    fn add(&mut self, plane: &[T]) {
        if self.out.len() == self.frame.out_zyx().iter().product::<usize>() {
            // Trailing slices that do not fill a bin.
            return;
        }
        if self.frame.bin == 1 {
            self.out.extend_from_slice(plane);
            return;
        }
        match self.frame.mode {
            BinMode::Mean => self.sum(plane),
            BinMode::Majority => self.held.push(plane.to_vec()),
        }
        self.in_bin += 1;
        if self.in_bin == self.frame.bin {
            self.in_bin = 0;
            match self.frame.mode {
                BinMode::Mean => {
                    let n = (self.frame.bin * self.frame.bin * self.frame.bin) as f64;
                    self.out.extend(self.sums.iter().map(|s| T::from_f64(s / n)));
                    self.sums.fill(0.0);
                }
                BinMode::Majority => {
                    let planes = std::mem::take(&mut self.held);
                    self.vote(&planes);
                }
            }
        }
    }

    fn sum(&mut self, plane: &[T]) {
        let [_, rows, columns] = self.frame.out_zyx();
        let bin = self.frame.bin;
        let width = self.frame.region.x1 - self.frame.region.x0;
        for y in 0..rows * bin {
            let row = &plane[y * width..y * width + columns * bin];
            let sums = &mut self.sums[y / bin * columns..(y / bin + 1) * columns];
            for (sum, group) in sums.iter_mut().zip(row.chunks_exact(bin)) {
                *sum += group.iter().map(|v| v.to_f64()).sum::<f64>();
            }
        }
    }

    fn vote(&mut self, planes: &[Vec<T>]) {
        let [_, rows, columns] = self.frame.out_zyx();
        let bin = self.frame.bin;
        let width = self.frame.region.x1 - self.frame.region.x0;
        let mut votes: Vec<T> = Vec::with_capacity(bin * bin * bin);
        for y in 0..rows {
            for x in 0..columns {
                votes.clear();
                for plane in planes {
                    for row in y * bin..(y + 1) * bin {
                        votes.extend_from_slice(&plane[row * width + x * bin..row * width + (x + 1) * bin]);
                    }
                }
                self.out.push(most_frequent(&mut votes));
            }
        }
    }
}

/// The most frequent value, the smallest of several.
fn most_frequent<T: PlaneSample>(votes: &mut [T]) -> T {
    // A total order: sorting by a partial one may panic on NaN.
    votes.sort_unstable_by(|a, b| a.to_f64().total_cmp(&b.to_f64()));
    let mut best = (0, T::default());
    for run in votes.chunk_by(|a, b| a == b) {
        if run.len() > best.0 {
            best = (run.len(), run[0]);
        }
    }
    best.1
}

/// Slice number `hole` of `steps` steps from `below` to `above`.
fn between<T: PlaneSample>(below: &[T], above: &[T], hole: usize, steps: usize) -> Vec<T> {
    if looks_like_labels(below.iter().chain(above)) {
        return if 2 * hole <= steps { below.to_vec() } else { above.to_vec() };
    }
    let weight = hole as f64 / steps as f64;
    let mix = |(a, b): (&T, &T)| T::from_f64(a.to_f64() * (1.0 - weight) + b.to_f64() * weight);
    below.iter().zip(above).map(mix).collect()
}

/// Whether these are whole numbers with few distinct values.
pub(super) fn looks_like_labels<'a, T: PlaneSample>(values: impl Iterator<Item = &'a T>) -> bool {
    if !T::IS_INTEGER {
        return false;
    }
    let mut seen = BTreeSet::new();
    let mut last = None;
    for &value in values {
        // Every type with whole numbers here fits; runs of equal values are the rule in labels.
        if last != Some(value) {
            last = Some(value);
            seen.insert(value.to_f64() as i64);
            if seen.len() > MAX_LABELS {
                return false;
            }
        }
    }
    true
}
