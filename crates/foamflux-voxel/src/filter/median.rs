//! The median over a cube of voxels.
//!
//! `m(p) = median { v(q) : |q - p|_inf <= r }`, the 14th of 27 values for `r = 1`. Anisotropic voxels do not change the
//! window: it counts voxels, not lengths.
//!
//! Three ways, all exact. `r = 1`: the nine values of each x column are sorted by a network of 25 comparators, three
//! neighbouring sorted columns are sorted rank by rank, after which 14 of the 27 cannot be the median, and the median
//! of the other 13 (three sorted chains of 4, 5 and 4) is picked by a merge; every step is a minimum and a maximum of
//! whole rows, so it runs in vector registers. Larger windows of whole numbers: a histogram that slides along x
//! (Huang, Yang and Tang 1979) with blocks of bins to step over. Larger windows of other numbers: selection.

use foamflux_grid::{Sample, Shape, Volume, Watch};
use rayon::prelude::*;

use super::{FilterError, MAX_MEDIAN_RADIUS, assemble, mirror, plane_len, require_finite};

/// Voxels per vector step. More than a register holds, on purpose: a loop this long is vectorised for every sample
/// type, a shorter one is unrolled first and stays scalar for bytes (five times slower).
const LANES: usize = 64;

/// Optimal comparator network for nine values (25 comparators; Floyd 1964, in Knuth, TAOCP 3, 5.3.4).
const SORT_9: [(usize, usize); 25] = [
    (0, 1),
    (3, 4),
    (6, 7),
    (1, 2),
    (4, 5),
    (7, 8),
    (0, 1),
    (3, 4),
    (6, 7),
    (0, 3),
    (3, 6),
    (0, 3),
    (1, 4),
    (4, 7),
    (1, 4),
    (2, 5),
    (5, 8),
    (2, 5),
    (1, 3),
    (5, 7),
    (2, 6),
    (4, 6),
    (2, 4),
    (2, 3),
    (5, 6),
];

/// Odd-even merge of two sorted fours held in 0..4 and 4..8 (Batcher 1968).
const MERGE_4_4: [(usize, usize); 9] = [(0, 4), (1, 5), (2, 6), (3, 7), (2, 4), (3, 5), (1, 2), (3, 4), (5, 6)];

/// The median over the cube of `(2 radius + 1)^3` voxels about each voxel; borders are mirrored.
///
/// Memory: the result and a few rows per thread; for a radius above 1 and whole numbers also two bytes per voxel.
///
/// # Errors
/// [`FilterError`] for a radius out of range, voxels that are not finite, and on cancellation.
pub fn median<T: Sample>(volume: &Volume<T>, radius: usize, watch: &dyn Watch) -> Result<Volume<T>, FilterError> {
    if radius == 0 || radius > MAX_MEDIAN_RADIUS {
        return Err(FilterError::Radius { radius });
    }
    require_finite(volume)?;
    let shape = volume.shape();
    let whole = if radius > 1 { Whole::of(volume) } else { None };
    let mut out = vec![T::default(); shape.len()];
    out.par_chunks_mut(plane_len(shape)).enumerate().try_for_each_init(
        || Scratch::new(shape, radius, whole.as_ref()),
        |scratch, (z, plane)| {
            if watch.cancelled() {
                return Err(FilterError::Cancelled);
            }
            for (y, target) in plane.chunks_exact_mut(shape.x).enumerate() {
                match scratch {
                    Scratch::Network(columns) => Rows { volume, z, y, radius }.by_network(columns, target),
                    Scratch::Selection(window) => Rows { volume, z, y, radius }.by_selection(window, target),
                    Scratch::Histogram(whole, histogram) => {
                        Rows { volume: &whole.bins, z, y, radius }.by_histogram(histogram, target, whole.low);
                    }
                }
            }
            Ok(())
        },
    )?;
    Ok(assemble(volume, out))
}

/// Whole numbers counted from the smallest, so that each is the number of its histogram bin.
struct Whole {
    low: i64,
    count: usize,
    bins: Volume<u16>,
}

impl Whole {
    /// `None` for other types and for ranges too wide for a histogram.
    fn of<T: Sample>(volume: &Volume<T>) -> Option<Self> {
        if !T::IS_INTEGER {
            return None;
        }
        let (low, high) = crate::threshold::range(volume.as_slice());
        let count = (high - low) as usize + 1;
        if count > 1 << 16 {
            return None;
        }
        let bins = volume.as_slice().par_iter().map(|v| (v.to_f64() - low) as u16).collect();
        Some(Whole { low: low as i64, count, bins: assemble(volume, bins) })
    }
}

/// Working memory of one thread.
enum Scratch<'a, T> {
    /// Sorted columns: nine rows, one value longer than the volume at each end.
    Network(Vec<T>),
    Histogram(&'a Whole, SlidingHistogram),
    Selection(Vec<T>),
}

impl<'a, T: Sample> Scratch<'a, T> {
    fn new(shape: Shape, radius: usize, whole: Option<&'a Whole>) -> Self {
        match (radius, whole) {
            (1, _) => Scratch::Network(vec![T::default(); 9 * padded_row(shape.x)]),
            (_, Some(whole)) => Scratch::Histogram(whole, SlidingHistogram::new(whole.count, radius)),
            (_, None) => Scratch::Selection(Vec::with_capacity((2 * radius + 1).pow(3))),
        }
    }
}

/// Length of a row with one mirrored voxel at each end, rounded up to whole vector steps.
const fn padded_row(nx: usize) -> usize {
    nx.next_multiple_of(LANES) + 2 + LANES
}

/// One row of the result and where its window lies.
struct Rows<'a, T> {
    volume: &'a Volume<T>,
    z: usize,
    y: usize,
    radius: usize,
}

impl<T: Sample> Rows<'_, T> {
    /// The input rows under the window, z outermost.
    fn window(&self) -> impl Iterator<Item = &[T]> {
        let shape = self.volume.shape();
        let r = self.radius as isize;
        (-r..=r).flat_map(move |dz| {
            let z = mirror(self.z as isize + dz, shape.z);
            (-r..=r).map(move |dy| {
                let start = shape.index(z, mirror(self.y as isize + dy, shape.y), 0);
                &self.volume.as_slice()[start..start + shape.x]
            })
        })
    }

    fn by_network(&self, columns: &mut [T], target: &mut [T]) {
        let nx = target.len();
        let stride = padded_row(nx);
        let mut source: [&[T]; 9] = [&[]; 9];
        for (slot, row) in source.iter_mut().zip(self.window()) {
            *slot = row;
        }
        for x in (0..nx).step_by(LANES) {
            let mut v = [[T::default(); LANES]; 9];
            let width = LANES.min(nx - x);
            for (lane, row) in v.iter_mut().zip(source) {
                match row[x..].first_chunk::<LANES>() {
                    Some(chunk) => *lane = *chunk,
                    None => lane[..width].copy_from_slice(&row[x..]),
                }
            }
            for (i, j) in SORT_9 {
                exchange(&mut v, i, j);
            }
            for (i, lane) in v.iter().enumerate() {
                columns[i * stride + 1 + x..][..LANES].copy_from_slice(lane);
            }
        }
        // Mirroring a sorted column by one voxel repeats the border column.
        for row in columns.chunks_exact_mut(stride) {
            row[0] = row[1];
            row[nx + 1] = row[nx];
        }
        for x in (0..nx).step_by(LANES) {
            let load = |rank: usize, dx: usize| -> [T; LANES] {
                let mut lane = [T::default(); LANES];
                lane.copy_from_slice(&columns[rank * stride + x + dx..][..LANES]);
                lane
            };
            let median = median_of_sorted_columns(load);
            let width = LANES.min(nx - x);
            target[x..x + width].copy_from_slice(&median[..width]);
        }
    }

    fn by_selection(&self, window: &mut Vec<T>, target: &mut [T]) {
        let nx = target.len();
        let r = self.radius as isize;
        let rows: Vec<&[T]> = self.window().collect();
        for (x, value) in target.iter_mut().enumerate() {
            window.clear();
            for dx in -r..=r {
                let column = mirror(x as isize + dx, nx);
                window.extend(rows.iter().map(|row| row[column]));
            }
            let middle = window.len() / 2;
            // All values are finite, so that every pair compares.
            let order = |a: &T, b: &T| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal);
            *value = *window.select_nth_unstable_by(middle, order).1;
        }
    }
}

impl Rows<'_, u16> {
    fn by_histogram<T: Sample>(&self, histogram: &mut SlidingHistogram, target: &mut [T], low: i64) {
        let nx = target.len();
        let r = self.radius as isize;
        let rows: Vec<&[u16]> = self.window().collect();
        for dx in -r..=r {
            let x = mirror(dx, nx);
            rows.iter().for_each(|row| histogram.add(row[x]));
        }
        for x in 0..nx {
            target[x] = T::from_f64((low + histogram.median() as i64) as f64);
            let (leaves, enters) = (mirror(x as isize - r, nx), mirror(x as isize + r + 1, nx));
            for row in &rows {
                histogram.remove(row[leaves]);
                histogram.add(row[enters]);
            }
        }
        // What is left under the window is taken out one by one: clearing all bins would cost more.
        for dx in -r..=r {
            let x = mirror(nx as isize + dx, nx);
            rows.iter().for_each(|row| histogram.remove(row[x]));
        }
    }
}

#[inline(always)]
fn exchange<T: Sample, const N: usize>(v: &mut [[T; LANES]; N], i: usize, j: usize) {
    for l in 0..LANES {
        let (a, b) = (v[i][l], v[j][l]);
        v[i][l] = if b < a { b } else { a };
        v[j][l] = if b < a { a } else { b };
    }
}

#[inline(always)]
fn lower<T: Sample>(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
    std::array::from_fn(|l| if b[l] < a[l] { b[l] } else { a[l] })
}

#[inline(always)]
fn upper<T: Sample>(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
    std::array::from_fn(|l| if b[l] < a[l] { a[l] } else { b[l] })
}

/// The median of 27 values given as three sorted columns of nine; `load(rank, column)`.
///
/// After sorting the three values of each rank, value (rank i, place j) has at least (i+1)(j+1)-1 others not above and
/// (9-i)(3-j)-1 not below it. Those with more than 13 on one side cannot be the median: seven drop out on each side.
#[inline(always)]
fn median_of_sorted_columns<T: Sample>(load: impl Fn(usize, usize) -> [T; LANES]) -> [T; LANES] {
    // Smallest of ranks 5..9 and largest of ranks 0..4, to be merged; middle of ranks 2..7.
    let mut outer = [[T::default(); LANES]; 8];
    let mut middle = [[T::default(); LANES]; 5];
    for rank in 0..9 {
        let mut v = [load(rank, 0), load(rank, 1), load(rank, 2)];
        exchange(&mut v, 0, 1);
        exchange(&mut v, 1, 2);
        exchange(&mut v, 0, 1);
        if rank <= 3 {
            outer[rank] = v[2];
        }
        if rank >= 5 {
            outer[rank - 1] = v[0];
        }
        if (2..=6).contains(&rank) {
            middle[rank - 2] = v[1];
        }
    }
    for (i, j) in MERGE_4_4 {
        exchange(&mut outer, i, j);
    }
    // The seventh smallest of two sorted lists: the least, over i + j = 7, of the larger of the i-th and the j-th.
    let mut best = outer[6];
    for j in 1..=5 {
        best = lower(best, upper(outer[6 - j], middle[j - 1]));
    }
    best
}

/// Histogram of the window with the place of its median.
struct SlidingHistogram {
    counts: Vec<u32>,
    blocks: Vec<u32>,
    /// Bin where the median was last, and the number of values in lower bins.
    bin: usize,
    below: u32,
    /// Rank of the median, from zero.
    rank: u32,
}

impl SlidingHistogram {
    /// Bins per block; 65536 bins make 1024 blocks.
    const BLOCK: usize = 64;

    fn new(bins: usize, radius: usize) -> Self {
        let blocks = bins.div_ceil(Self::BLOCK);
        SlidingHistogram {
            counts: vec![0; blocks * Self::BLOCK],
            blocks: vec![0; blocks],
            bin: 0,
            below: 0,
            rank: ((2 * radius + 1).pow(3) / 2) as u32,
        }
    }

    #[inline]
    fn add(&mut self, bin: u16) {
        let bin = usize::from(bin);
        self.counts[bin] += 1;
        self.blocks[bin / Self::BLOCK] += 1;
        self.below += u32::from(bin < self.bin);
    }

    #[inline]
    fn remove(&mut self, bin: u16) {
        let bin = usize::from(bin);
        self.counts[bin] -= 1;
        self.blocks[bin / Self::BLOCK] -= 1;
        self.below -= u32::from(bin < self.bin);
    }

    /// Bin of the median of a full window.
    fn median(&mut self) -> usize {
        while self.below > self.rank {
            if self.bin.is_multiple_of(Self::BLOCK) && self.below - self.blocks[self.bin / Self::BLOCK - 1] > self.rank
            {
                self.bin -= Self::BLOCK;
                self.below -= self.blocks[self.bin / Self::BLOCK];
            } else {
                self.bin -= 1;
                self.below -= self.counts[self.bin];
            }
        }
        while self.below + self.counts[self.bin] <= self.rank {
            if self.bin.is_multiple_of(Self::BLOCK) && self.below + self.blocks[self.bin / Self::BLOCK] <= self.rank {
                self.below += self.blocks[self.bin / Self::BLOCK];
                self.bin += Self::BLOCK;
            } else {
                self.below += self.counts[self.bin];
                self.bin += 1;
            }
        }
        self.bin
    }
}
