//! A mask with one bit per voxel, to count pairs of voxels 64 at a time.

use foamflux_grid::{Shape, Volume};
use rayon::prelude::*;

/// One bit per voxel; every row starts a new word and its unused bits are zero.
pub(super) struct Bits {
    shape: Shape,
    words: usize,
    data: Vec<u64>,
}

impl Bits {
    pub(super) fn new(mask: &Volume<bool>) -> Self {
        let shape = mask.shape();
        let words = shape.x.div_ceil(64);
        let mut data = vec![0u64; words * shape.y * shape.z];
        data.par_chunks_mut(words).zip(mask.as_slice().par_chunks(shape.x)).with_min_len(64).for_each(|(out, row)| {
            for (word, chunk) in out.iter_mut().zip(row.chunks(64)) {
                *word = chunk.iter().enumerate().fold(0, |w, (i, &m)| w | u64::from(m) << i);
            }
        });
        Bits { shape, words, data }
    }

    fn row(&self, z: isize, y: isize) -> &[u64] {
        let z = z.clamp(0, self.shape.z as isize - 1) as usize;
        let y = y.clamp(0, self.shape.y as isize - 1) as usize;
        let start = (z * self.shape.y + y) * self.words;
        &self.data[start..start + self.words]
    }

    /// Number of voxels p for which p and p + `step` (x, y, z) differ.
    ///
    /// The mask goes on beyond the box as its outermost voxels, so that a plane parallel to a box face is crossed
    /// as often by slanted pairs as by straight ones.
    pub(super) fn differing(&self, step: [isize; 3]) -> u64 {
        let [dx, dy, dz] = step;
        (0..self.shape.z as isize)
            .into_par_iter()
            .with_min_len(4)
            .map_init(
                || vec![0u64; self.words],
                |shifted, z| {
                    let mut count = 0u64;
                    for y in 0..self.shape.y as isize {
                        let there = self.row(z + dz, y + dy);
                        let there = if dx == 0 {
                            there
                        } else {
                            self.shift(there, dx, shifted);
                            &*shifted
                        };
                        let differ = |(a, b): (&u64, &u64)| u64::from((a ^ b).count_ones());
                        count += self.row(z, y).iter().zip(there).map(differ).sum::<u64>();
                    }
                    count
                },
            )
            .sum()
    }

    /// Number of true voxels.
    #[cfg(test)]
    pub(super) fn count(&self) -> u64 {
        self.data.iter().map(|w| u64::from(w.count_ones())).sum()
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

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::VoxelSize;

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
            assert_eq!(bits.count(), mask.as_slice().iter().filter(|&&m| m).count() as u64);
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
}
