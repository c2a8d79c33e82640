//! A mask with one bit per voxel: an eighth of the memory, and 64 voxels at a time.

use std::ops::Range;

use foamflux_grid::{Sample, Shape, Volume, VoxelSize};
use rayon::prelude::*;

/// One bit per voxel; every row starts a new word and its unused bits are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits {
    shape: Shape,
    words: usize,
    data: Vec<u64>,
}

impl Bits {
    /// The bits of a mask.
    #[must_use]
    pub fn new(mask: &Volume<bool>) -> Self {
        Self::of_words(mask, packed)
    }

    /// The bits of the voxels that pass a test.
    #[must_use]
    pub fn matching<T: Sync>(volume: &Volume<T>, test: impl Fn(&T) -> bool + Sync) -> Self {
        Self::of_words(volume, |chunk| {
            let mut flags = [false; 64];
            flags.iter_mut().zip(chunk).for_each(|(flag, v)| *flag = test(v));
            packed(&flags)
        })
    }

    /// Every stretch of up to 64 voxels of a row as the word that `pack` makes of it.
    fn of_words<T: Sync>(volume: &Volume<T>, pack: impl Fn(&[T]) -> u64 + Sync) -> Self {
        let shape = volume.shape();
        let words = shape.x.div_ceil(64);
        let mut data = vec![0u64; words * shape.y * shape.z];
        data.par_chunks_mut(words).zip(volume.as_slice().par_chunks(shape.x)).with_min_len(64).for_each(
            |(out, row)| {
                for (word, chunk) in out.iter_mut().zip(row.chunks(64)) {
                    *word = pack(chunk);
                }
            },
        );
        Bits { shape, words, data }
    }

    /// True where the mask is false.
    #[must_use]
    pub fn inverted(&self) -> Self {
        let unused = u64::MAX >> (63 - (self.shape.x - 1) % 64);
        let mut data = vec![0u64; self.data.len()];
        data.par_chunks_mut(self.words).zip(self.data.par_chunks(self.words)).with_min_len(64).for_each(
            |(out, row)| {
                out.iter_mut().zip(row).for_each(|(out, word)| *out = !word);
                if let Some(last) = out.last_mut() {
                    *last &= unused;
                }
            },
        );
        Bits { data, ..*self }
    }

    /// The mask grown by its six neighbours; beyond the box lies what lies at its faces.
    #[must_use]
    pub fn grown(&self) -> Self {
        self.stepped(|a, b| a | b)
    }

    /// The mask without the voxels that have one of the rest among their six neighbours; beyond the box lies what lies at its faces.
    #[must_use]
    pub fn shrunk(&self) -> Self {
        self.stepped(|a, b| a & b)
    }

    /// Every voxel joined with its six neighbours.
    fn stepped(&self, join: impl Fn(u64, u64) -> u64 + Sync) -> Self {
        let (n, words) = (self.shape.x, self.words);
        let end = (n - 1) % 64;
        let unused = u64::MAX >> (63 - end);
        let mut data = vec![0u64; self.data.len()];
        data.par_chunks_mut(words).enumerate().with_min_len(64).for_each(|(row, out)| {
            let (z, y) = ((row / self.shape.y) as isize, (row % self.shape.y) as isize);
            let here = self.row(row);
            let around = [(z, y - 1), (z, y + 1), (z - 1, y), (z + 1, y)].map(|(z, y)| self.nearest_row(z, y));
            for (i, word) in out.iter_mut().enumerate() {
                let own = here[i];
                let before = own << 1 | if i > 0 { here[i - 1] >> 63 } else { own & 1 };
                let after = own >> 1
                    | match here.get(i + 1) {
                        Some(next) => next << 63,
                        None => own & 1 << end,
                    };
                *word = around.iter().fold(join(join(own, before), after), |word, row| join(word, row[i]));
            }
            if let Some(last) = out.last_mut() {
                *last &= unused;
            }
        });
        Bits { data, ..*self }
    }

    /// Sum and number of the values where the mask is true; plane by plane, so that threads do not matter.
    ///
    /// # Panics
    /// When the shapes differ.
    #[must_use]
    pub fn sum_of<T: Sample>(&self, field: &Volume<T>) -> [f64; 2] {
        assert_eq!(self.shape, field.shape(), "mask and field");
        let planes: Vec<[f64; 2]> = (0..self.shape.z)
            .into_par_iter()
            .map(|z| {
                let (mut sum, mut n) = (0.0, 0.0);
                for (y, values) in field.plane(z).chunks_exact(self.shape.x).enumerate() {
                    for run in runs(self.row(z * self.shape.y + y)) {
                        n += run.len() as f64;
                        sum += values[run].iter().map(|v| v.to_f64()).sum::<f64>();
                    }
                }
                [sum, n]
            })
            .collect();
        planes.iter().fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]])
    }

    /// Sets the chosen stretches of every row to false; `chosen` is given the number of a row.
    pub(crate) fn clear<I: Iterator<Item = Range<usize>>>(&mut self, chosen: impl Fn(usize) -> I + Sync) {
        let below = |x: usize| if x >= 64 { u64::MAX } else { (1 << x) - 1 };
        self.data.par_chunks_mut(self.words).enumerate().with_min_len(64).for_each(|(row, out)| {
            for Range { start, end } in chosen(row) {
                for (word, out) in out.iter_mut().enumerate().take(end.div_ceil(64)).skip(start / 64) {
                    *out &= !(below(end - 64 * word) & !below(start.saturating_sub(64 * word)));
                }
            }
        });
    }

    /// Shape in voxels.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// The bits of a row along x, which is number `z * shape.y + y`; the voxel at x is bit `x % 64` of word `x / 64`.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    #[inline]
    pub fn row(&self, row: usize) -> &[u64] {
        &self.data[row * self.words..(row + 1) * self.words]
    }

    /// The mask with one byte per voxel.
    #[must_use]
    pub fn unpacked(&self, voxel_size: VoxelSize) -> Volume<bool> {
        let mut out = vec![false; self.shape.len()];
        out.par_chunks_mut(self.shape.x).enumerate().with_min_len(64).for_each(|(row, out)| {
            for run in runs(self.row(row)) {
                out[run].fill(true);
            }
        });
        match Volume::from_vec(self.shape, voxel_size, out) {
            Ok(mask) => mask,
            Err(_) => unreachable!("one value was written for every voxel"),
        }
    }

    /// Number of true voxels.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.data.par_iter().with_min_len(1 << 12).map(|w| u64::from(w.count_ones())).sum()
    }

    /// Number of voxels at which three masks of one shape are not the same.
    ///
    /// # Panics
    /// When the shapes differ.
    #[must_use]
    pub fn disagreeing([a, b, c]: &[Bits; 3]) -> u64 {
        assert!(a.shape == b.shape && a.shape == c.shape, "masks of one shape");
        let differ = |((a, b), c): ((&u64, &u64), &u64)| u64::from(((a | b | c) & !(a & b & c)).count_ones());
        a.data.iter().zip(&b.data).zip(&c.data).map(differ).sum()
    }

    /// Every `step`-th true voxel from the first on, as linear indices of the volume.
    ///
    /// # Panics
    /// When `step` is zero.
    #[must_use]
    pub fn every(&self, step: usize) -> Vec<usize> {
        assert!(step > 0, "a step of zero voxels");
        let mut found = Vec::new();
        // True voxels to pass over before the next one that is taken.
        let mut skip = 0;
        for (i, &word) in self.data.iter().enumerate() {
            let count = word.count_ones() as usize;
            if skip >= count {
                skip -= count;
                continue;
            }
            let first = i / self.words * self.shape.x + i % self.words * 64;
            let mut word = word;
            while word != 0 {
                if skip == 0 {
                    found.push(first + word.trailing_zeros() as usize);
                    skip = step;
                }
                skip -= 1;
                word &= word - 1;
            }
        }
        found
    }

    /// The row at (z, y), or at what is nearest to it inside of the box.
    fn nearest_row(&self, z: isize, y: isize) -> &[u64] {
        let z = z.clamp(0, self.shape.z as isize - 1) as usize;
        let y = y.clamp(0, self.shape.y as isize - 1) as usize;
        self.row(z * self.shape.y + y)
    }

    /// Number of voxels p for which p and p + `step` (x, y, z) differ.
    ///
    /// The mask goes on beyond the box as its outermost voxels, so that a plane parallel to a box face is crossed
    /// as often by slanted pairs as by straight ones.
    pub(crate) fn differing(&self, step: [isize; 3]) -> u64 {
        let [dx, dy, dz] = step;
        (0..self.shape.z as isize)
            .into_par_iter()
            .with_min_len(4)
            .map_init(
                || vec![0u64; self.words],
                |shifted, z| {
                    let mut count = 0u64;
                    for y in 0..self.shape.y as isize {
                        let there = self.nearest_row(z + dz, y + dy);
                        let there = if dx == 0 {
                            there
                        } else {
                            self.shift(there, dx, shifted);
                            &*shifted
                        };
                        let differ = |(a, b): (&u64, &u64)| u64::from((a ^ b).count_ones());
                        count += self.nearest_row(z, y).iter().zip(there).map(differ).sum::<u64>();
                    }
                    count
                },
            )
            .sum()
    }

    /// `out[x] = row[clamp(x + by)]`.
    fn shift(&self, row: &[u64], by: isize, out: &mut [u64]) {
        let n = self.shape.x;
        let bit = |x: usize| row[x / 64] >> (x % 64) & 1;
        let distance = by.unsigned_abs().min(n);
        let (words, bits) = (distance / 64, distance % 64);
        let get = |i: usize| row.get(i).copied().unwrap_or(0);
        let (first, last) = (bit(0), bit(n - 1));
        for (i, word) in out.iter_mut().enumerate() {
            *word = if by > 0 {
                let low = get(i + words) >> bits;
                if bits == 0 { low } else { low | get(i + words + 1) << (64 - bits) }
            } else {
                let high = i.checked_sub(words).map_or(0, get) << bits;
                if bits == 0 { high } else { high | i.checked_sub(words + 1).map_or(0, get) >> (64 - bits) }
            };
        }
        let (from, to, value) = if by > 0 { (n - distance, n, last) } else { (0, distance, first) };
        for x in from..to {
            let (i, b) = (x / 64, x % 64);
            out[i] = out[i] & !(1 << b) | value << b;
        }
        if !n.is_multiple_of(64)
            && let Some(end) = out.last_mut()
        {
            *end &= (1 << (n % 64)) - 1;
        }
    }
}

/// Up to 64 voxels as one word.
#[inline]
fn packed(voxels: &[bool]) -> u64 {
    /// Moves the lowest bit of byte k to bit 56 + k.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut eights = voxels.chunks_exact(8);
    let mut word = 0;
    let mut at = 0;
    for eight in &mut eights {
        let bytes: [u8; 8] = std::array::from_fn(|k| u8::from(eight[k]));
        word |= (u64::from_le_bytes(bytes).wrapping_mul(GATHER) >> 56) << at;
        at += 8;
    }
    for &voxel in eights.remainder() {
        word |= u64::from(voxel) << at;
        at += 1;
    }
    word
}

/// The runs of set bits of a row, as ranges of x, in order.
#[inline]
pub fn runs(row: &[u64]) -> impl Iterator<Item = Range<usize>> {
    let mut word = 0;
    let mut current = row.first().copied().unwrap_or(0);
    std::iter::from_fn(move || {
        while current == 0 {
            word += 1;
            current = *row.get(word)?;
        }
        let low = current.trailing_zeros() as usize;
        let start = 64 * word + low;
        // A carry runs through the ones from the start on.
        let (rest, over) = current.overflowing_add(1 << low);
        if !over {
            let end = 64 * word + rest.trailing_zeros() as usize;
            current &= rest;
            return Some(start..end);
        }
        loop {
            word += 1;
            let Some(&next) = row.get(word) else {
                current = 0;
                return Some(start..64 * word);
            };
            if next != u64::MAX {
                let ones = next.trailing_ones() as usize;
                current = next & !((1 << ones) - 1);
                return Some(start..64 * word + ones);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_maximal() {
        let ranges = |row: &[u64]| runs(row).map(|r| (r.start, r.end)).collect::<Vec<_>>();
        assert_eq!(ranges(&[]), []);
        assert_eq!(ranges(&[0, 0]), []);
        assert_eq!(ranges(&[u64::MAX]), [(0, 64)]);
        assert_eq!(ranges(&[u64::MAX, u64::MAX, 1]), [(0, 129)]);
        assert_eq!(ranges(&[1 << 63, 0b101]), [(63, 65), (66, 67)]);
        assert_eq!(ranges(&[0b0110_0101, 1 << 63, 0]), [(0, 1), (2, 3), (5, 7), (127, 128)]);
    }

    #[test]
    fn pairs_are_those_of_a_plain_loop() {
        // Rows around the word size, and steps longer than a row.
        for n in [1usize, 3, 63, 64, 65, 130] {
            let shape = Shape::new(3, 4, n).unwrap();
            let mut state = 7u32;
            let mask = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state >> 31 == 1
            });
            let bits = Bits::new(&mask);
            let places: Vec<usize> = (0..shape.len()).filter(|&i| mask.as_slice()[i]).collect();
            assert_eq!(bits.count(), places.len() as u64);
            assert_eq!(bits.unpacked(VoxelSize::Unknown), mask);
            assert_eq!(bits.inverted(), Bits::matching(&mask, |v| !v));
            for step in [1, 2, 7, 1000] {
                assert_eq!(bits.every(step), places.iter().copied().step_by(step).collect::<Vec<_>>());
            }
            for row in 0..12 {
                let voxels: Vec<usize> = runs(bits.row(row)).flatten().map(|x| row * n + x).collect();
                assert!(voxels.iter().eq(places.iter().filter(|&&p| p / n == row)), "row {row} of {n}");
            }
            for step in [[1, 0, 0], [-1, 1, 0], [2, -1, 1], [-3, 0, -2], [64, 0, 0], [-65, 1, 1], [0, 0, 1]] {
                let at = |z: isize, y: isize, x: isize| {
                    let c = |v: isize, n: usize| v.clamp(0, n as isize - 1) as usize;
                    *mask.at(c(z, 3), c(y, 4), c(x, n))
                };
                let mut plain = 0;
                for z in 0..3 {
                    for y in 0..4 {
                        for x in 0..n as isize {
                            plain += u64::from(at(z, y, x) != at(z + step[2], y + step[1], x + step[0]));
                        }
                    }
                }
                assert_eq!(bits.differing(step), plain, "row of {n}, step {step:?}");
            }
        }
    }

    /// A mask of which about this share of a thousand is true.
    fn scattered(shape: Shape, share: u32) -> Volume<bool> {
        let mut state = 7u32;
        Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % 1000 < share
        })
    }

    #[test]
    fn steps_are_those_of_a_plain_loop() {
        for n in [1usize, 2, 63, 64, 65, 130] {
            for share in [30, 970] {
                let shape = Shape::new(3, 4, n).unwrap();
                let mask = scattered(shape, share);
                let bits = Bits::matching(&mask, |v| *v);
                assert_eq!(bits, Bits::new(&mask));
                let near = |z: usize, y: usize, x: usize| {
                    let at = |v: usize, d: isize, n: usize| v.saturating_add_signed(d).min(n - 1);
                    [-1, 0, 1]
                        .into_iter()
                        .flat_map(|d| {
                            [*mask.at(at(z, d, 3), y, x), *mask.at(z, at(y, d, 4), x), *mask.at(z, y, at(x, d, n))]
                        })
                        .collect::<Vec<bool>>()
                };
                let plain = |f: &dyn Fn(&[bool]) -> bool| {
                    Bits::new(&Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| f(&near(z, y, x))))
                };
                assert_eq!(bits.grown(), plain(&|v| v.contains(&true)), "row of {n}");
                assert_eq!(bits.shrunk(), plain(&|v| !v.contains(&false)), "row of {n}");
            }
        }
    }

    #[test]
    fn sums_and_cleared_stretches_are_those_of_a_plain_loop() {
        let shape = Shape::new(2, 3, 150).unwrap();
        let mask = scattered(shape, 700);
        let field = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| (z * 7 + y * 5 + x) as f32);
        let mut bits = Bits::new(&mask);
        let inside = |keep: &dyn Fn(usize) -> bool| {
            let kept = (0..shape.len()).filter(|&i| mask.as_slice()[i] && keep(i % 150));
            kept.fold([0i64, 0], |[sum, n], i| [sum + field.as_slice()[i] as i64, n + 1])
        };
        // Sums of whole numbers are exact.
        let sums = |bits: &Bits| bits.sum_of(&field).map(|v| v as i64);
        assert_eq!(sums(&bits), inside(&|_| true));
        for gone in [0..1, 10..64, 60..70, 64..128, 3..150] {
            let mut cleared = bits.clone();
            cleared.clear(|_| std::iter::once(gone.clone()));
            assert_eq!(sums(&cleared), inside(&|x| !gone.contains(&x)), "{gone:?}");
        }
        bits.clear(|row| (row != 2).then_some(0..150).into_iter());
        assert_eq!(bits.count(), runs(Bits::new(&mask).row(2)).map(|r| r.len() as u64).sum::<u64>());
    }
}
