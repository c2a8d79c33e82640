//! The coarser levels of an image.

use foamflux_grid::{Sample, Shape, VoxelSize};
use rayon::prelude::*;

/// The last level has no more voxels than this along any axis: small enough for a thumbnail.
const COARSEST: usize = 64;

/// An axis waits until its voxels are no longer this much longer than those of the finest one, so that levels become isotropic.
const LONGER: f64 = 1.5;

/// How coarser labels are made, in words.
pub(super) const LABEL_RULE: &str = "the most frequent label that is not pore where at least a quarter of the voxels is none, otherwise \
                                     pore: thin struts stay visible, so coarser levels are for looking and not for measuring";

/// One resolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// Its voxels.
    pub(super) shape: Shape,
    /// Voxels of level 0 along z, y, x that one of them covers.
    pub(super) factors_zyx: [usize; 3],
}

impl Level {
    /// The next level and which axes (z, y, x) it halves; none where this is coarse enough.
    pub(super) fn next(&self, size: &VoxelSize) -> Option<(Level, [bool; 3])> {
        let n = self.shape.zyx();
        if n.iter().all(|&n| n <= COARSEST) {
            return None;
        }
        let [x, y, z] = size.m_xyz().unwrap_or([1.0; 3]);
        let edge: [f64; 3] = std::array::from_fn(|a| [z, y, x][a] * self.factors_zyx[a] as f64);
        let finest = (0..3).filter(|&a| n[a] > 1).map(|a| edge[a]).fold(f64::INFINITY, f64::min);
        let halved: [bool; 3] = std::array::from_fn(|a| n[a] > 1 && edge[a] < LONGER * finest);
        let step = halved.map(|h| if h { 2 } else { 1 });
        let [nz, ny, nx] = std::array::from_fn(|a| n[a].div_ceil(step[a]));
        let factors_zyx = std::array::from_fn(|a| self.factors_zyx[a] * step[a]);
        Some((Level { shape: Shape { z: nz, y: ny, x: nx }, factors_zyx }, halved))
    }
}

/// Merges pairs of voxels along the axes that are halved; what is left over at the far end is merged by itself.
pub(super) fn halve<T: Sample>(
    values: &[T],
    shape: Shape,
    into: Shape,
    halved: [bool; 3],
    merge: &(impl Fn(&[T]) -> T + Sync),
) -> Vec<T> {
    let step = halved.map(|h| if h { 2 } else { 1 });
    let mut out = vec![T::default(); into.len()];
    out.par_chunks_mut(into.x).enumerate().for_each(|(row, out)| {
        let [z, y] = [row / into.y * step[0], row % into.y * step[1]];
        for (x, out) in out.iter_mut().enumerate() {
            let x = x * step[2];
            let mut block = [T::default(); 8];
            let mut n = 0;
            for z in z..(z + step[0]).min(shape.z) {
                for y in y..(y + step[1]).min(shape.y) {
                    for x in x..(x + step[2]).min(shape.x) {
                        block[n] = values[shape.index(z, y, x)];
                        n += 1;
                    }
                }
            }
            *out = merge(&block[..n]);
        }
    });
    out
}

/// Mean of the values that are numbers; not a number where there are none.
pub(super) fn mean<T: Sample>(block: &[T]) -> T {
    let numbers = block.iter().map(|v| v.to_f64()).filter(|v| !v.is_nan());
    let (sum, n) = numbers.fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
    T::from_f64(sum / n)
}

/// See [`LABEL_RULE`]; of labels that are equally frequent the one with the smaller number.
pub(super) fn label(block: &[u8]) -> u8 {
    let count = |label: u8| block.iter().filter(|&&v| v == label).count();
    let solid = block.len() - count(0);
    if 4 * solid < block.len() || solid == 0 {
        return 0;
    }
    block.iter().copied().filter(|&v| v != 0).max_by_key(|&v| (count(v), u8::MAX - v)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::VoxelSizeSource;

    fn levels(n: [usize; 3], um_xyz: [f64; 3]) -> Vec<Level> {
        let size = VoxelSize::known(um_xyz.map(|e| e * 1e-6), VoxelSizeSource::Flag).unwrap();
        let mut all = vec![Level { shape: Shape::new(n[0], n[1], n[2]).unwrap(), factors_zyx: [1; 3] }];
        while let Some((next, _)) = all[all.len() - 1].next(&size) {
            all.push(next);
        }
        all
    }

    #[test]
    fn levels_become_isotropic_and_small() {
        let cubic: Vec<_> = levels([300, 128, 65], [1.0; 3]).iter().map(|l| l.shape.zyx()).collect();
        assert_eq!(cubic, [[300, 128, 65], [150, 64, 33], [75, 32, 17], [38, 16, 9]]);
        // Slices twice as far apart as pixels: the pixels are merged first.
        let slices: Vec<_> = levels([40, 200, 200], [1.0, 1.0, 2.0]).iter().map(|l| l.factors_zyx).collect();
        assert_eq!(slices, [[1, 1, 1], [1, 2, 2], [2, 4, 4]]);
        // A single slice has no axis to halve along z.
        let sheet: Vec<_> = levels([1, 200, 100], [5.0, 5.0, 1.0]).iter().map(|l| l.factors_zyx).collect();
        assert_eq!(sheet, [[1, 1, 1], [1, 2, 2], [1, 4, 4]]);
        assert_eq!(levels([64, 64, 64], [1.0; 3]).len(), 1);
    }

    #[test]
    fn means_leave_out_what_is_no_number() {
        assert_eq!(mean(&[1u8, 2, 2, 2, 2, 2, 2, 3]), 2);
        assert!((mean(&[1.0f32, f32::NAN, 3.0]) - 2.0).abs() < f32::EPSILON);
        assert!(mean(&[f32::NAN; 4]).is_nan());
    }

    #[test]
    fn thin_struts_stay_and_single_voxels_go() {
        assert_eq!(label(&[0, 0, 0, 0, 0, 0, 1, 1]), 1);
        assert_eq!(label(&[0, 0, 0, 0, 0, 0, 0, 1]), 0);
        assert_eq!(label(&[0, 0, 0, 0, 2, 1, 2, 1]), 1);
        assert_eq!(label(&[0, 2, 2, 1]), 2);
        assert_eq!(label(&[0; 8]), 0);
        assert_eq!(label(&[3]), 3);
    }

    #[test]
    fn a_strut_of_one_voxel_survives_every_level() {
        let mut shape = Shape::new(65, 33, 40).unwrap();
        let mut values: Vec<u8> = (0..shape.len()).map(|i| u8::from(i / 40 % 33 == 7 && i % 40 == 11)).collect();
        for _ in 0..4 {
            let into = Shape { z: shape.z.div_ceil(2), y: shape.y.div_ceil(2), x: shape.x.div_ceil(2) };
            values = halve(&values, shape, into, [true; 3], &label);
            shape = into;
            let slices = values.chunks(shape.x * shape.y).filter(|slice| slice.contains(&1)).count();
            assert_eq!(slices, shape.z, "{shape}");
        }
    }

    #[test]
    fn odd_ends_are_merged_by_themselves() {
        let shape = Shape::new(1, 3, 3).unwrap();
        let into = Shape::new(1, 2, 2).unwrap();
        let got = halve(&[1.0f32, 3.0, 5.0, 1.0, 3.0, 7.0, 9.0, 11.0, 13.0], shape, into, [false, true, true], &mean);
        let want = [2.0, 6.0, 10.0, 13.0];
        assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < f32::EPSILON), "{got:?}");
    }
}
