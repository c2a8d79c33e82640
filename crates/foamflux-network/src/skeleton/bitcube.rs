//! A box of bits with a margin, whose neighbourhoods are nine short reads.

/// One bit per voxel. The strides along y and z are multiples of eight, so that all rows of a neighbourhood begin at the
/// same bit of their byte.
#[derive(Debug, Clone)]
pub(super) struct BitCube {
    bytes: Vec<u8>,
    /// Bytes along y and z.
    strides: [usize; 2],
}

impl BitCube {
    /// `strides` in bits along y and z, `len` in bits.
    pub(super) fn new(len: usize, strides: [usize; 2]) -> Self {
        debug_assert!(strides.iter().all(|s| s.is_multiple_of(8)));
        // The last row is read as two bytes.
        BitCube { bytes: vec![0; len.div_ceil(8) + 2], strides: strides.map(|s| s / 8) }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> bool {
        self.bytes[at >> 3] >> (at & 7) & 1 == 1
    }

    #[inline]
    pub(super) fn set(&mut self, at: usize) {
        self.bytes[at >> 3] |= 1 << (at & 7);
    }

    #[inline]
    pub(super) fn clear(&mut self, at: usize) {
        self.bytes[at >> 3] &= !(1 << (at & 7));
    }

    /// Sets the bits of a row of voxels from bit `at` on, which is the second of its byte.
    pub(super) fn set_row(&mut self, at: usize, row: &[u64]) {
        debug_assert_eq!(at & 7, 1);
        for (w, &word) in row.iter().enumerate() {
            let nine = (u128::from(word) << 1).to_le_bytes();
            let begin = (at >> 3) + 8 * w;
            let end = (begin + 9).min(self.bytes.len());
            for (to, from) in self.bytes[begin..end].iter_mut().zip(nine) {
                *to |= from;
            }
        }
    }

    /// The bytes of a range of bits that begins and ends with whole bytes.
    pub(super) fn bytes(&self, bits: std::ops::Range<usize>) -> &[u8] {
        &self.bytes[bits.start / 8..bits.end / 8]
    }

    pub(super) fn bytes_mut(&mut self, bits: std::ops::Range<usize>) -> &mut [u8] {
        &mut self.bytes[bits.start / 8..bits.end / 8]
    }

    /// The 27 bits around one, as [`crate::simple`] reads them.
    #[inline]
    pub(super) fn hood(&self, at: usize) -> u32 {
        let [y, z] = self.strides;
        let corner = at - 1 - 8 * (y + z);
        let (byte, shift) = (corner >> 3, corner & 7);
        let mut bits = 0;
        for k in 0..9 {
            let begin = byte + k / 3 * z + k % 3 * y;
            let two = u16::from_le_bytes([self.bytes[begin], self.bytes[begin + 1]]);
            bits |= (u32::from(two) >> shift & 7) << (3 * k);
        }
        bits
    }
}
