//! Chord lengths: how long the straight runs through a phase are along one axis.
//!
//! A chord is a maximal run of n true voxels on a grid line; its length is n h, h the voxel edge along the line.
//! The mean over random lines is the mean intercept 4 V/S of stereology
//! (Underwood, Quantitative Stereology, 1970; Torquato, Random Heterogeneous Materials, 2002, section 2.4).
//! Chords that the box cuts are left out, because their length is not known, and counted:
//! leaving them out favours short chords, so the mean reads low where the cut share is large.

use foamflux_grid::{Axis, Volume};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::stats::Summary;

/// Chord lengths along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChordStats {
    /// The axis of the lines.
    pub axis: Axis,
    /// Lengths of the chords that end inside of the box, in the unit of the spacing; `None` when there are none.
    pub lengths: Option<Summary>,
    /// Number of chords that end inside of the box.
    pub whole: u64,
    /// Number of chords cut by the box, which `lengths` leaves out.
    pub cut: u64,
}

/// Lengths of the runs of true voxels along `axis`.
#[must_use]
pub fn chord_lengths(mask: &Volume<bool>, axis: Axis) -> ChordStats {
    let (whole, cut) = histogram(mask, axis);
    let edge = mask.spacing().along(axis);
    let count = whole.iter().sum();
    let lengths = whole.iter().enumerate().flat_map(|(n, &times)| {
        // A run length is exact in f64; the summary's f32 rounds it by less than 1e-7 of its value.
        std::iter::repeat_n((n as f64 * edge) as f32, usize::try_from(times).unwrap_or(usize::MAX))
    });
    ChordStats { axis, lengths: Summary::of(lengths), whole: count, cut }
}

/// Number of whole runs of every length (index = voxels), and of runs that touch the box.
fn histogram(mask: &Volume<bool>, axis: Axis) -> (Vec<u64>, u64) {
    let shape = mask.shape();
    let (n, stride) = (shape.along(axis), shape.stride(axis));
    let data = mask.as_slice();
    // A line is named by the linear index of its first voxel.
    let (outer, outer_stride, inner, inner_stride) = match axis {
        Axis::X => (shape.z, shape.stride(Axis::Z), shape.y, shape.stride(Axis::Y)),
        Axis::Y => (shape.z, shape.stride(Axis::Z), shape.x, 1),
        Axis::Z => (shape.y, shape.stride(Axis::Y), shape.x, 1),
    };
    let count_lines = |i: usize| {
        let mut whole = vec![0u64; n + 1];
        let mut cut = 0;
        for j in 0..inner {
            let first = i * outer_stride + j * inner_stride;
            let mut start = None;
            for k in 0..n {
                match (data[first + k * stride], start) {
                    (true, None) => start = Some(k),
                    (false, Some(s)) => {
                        if s == 0 {
                            cut += 1;
                        } else {
                            whole[k - s] += 1;
                        }
                        start = None;
                    }
                    _ => {}
                }
            }
            cut += u64::from(start.is_some());
        }
        (whole, cut)
    };
    let none = || (vec![0u64; n + 1], 0);
    (0..outer).into_par_iter().map(count_lines).reduce(none, |mut a, b| {
        a.0.iter_mut().zip(&b.0).for_each(|(x, y)| *x += y);
        (a.0, a.1 + b.1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::{Shape, VoxelSize, VoxelSizeSource};

    /// Lengths pass through f32.
    const F32_ROUNDING: f64 = 1e-6;

    fn row(text: &str) -> Volume<bool> {
        let shape = Shape::new(1, 1, text.len()).unwrap();
        Volume::from_vec(shape, VoxelSize::Unknown, text.bytes().map(|b| b == b'#').collect()).unwrap()
    }

    #[test]
    fn runs_written_by_hand() {
        let c = chord_lengths(&row("##.###.#..####.#"), Axis::X);
        assert_eq!((c.whole, c.cut), (3, 2));
        let s = c.lengths.unwrap();
        assert!((s.mean - 8.0 / 3.0).abs() < F32_ROUNDING && (s.median - 3.0).abs() < F32_ROUNDING);
        let full = chord_lengths(&row("####"), Axis::X);
        assert_eq!((full.whole, full.cut, full.lengths), (0, 1, None));
        let empty = chord_lengths(&row("...."), Axis::X);
        assert_eq!((empty.whole, empty.cut, empty.lengths), (0, 0, None));
        // Across a single slice every run is cut.
        assert_eq!(chord_lengths(&row("#.#"), Axis::Z).cut, 2);
    }

    #[test]
    fn the_same_box_along_every_axis_with_its_own_voxel_edge() {
        let size = VoxelSize::known([1e-6, 2e-6, 3e-6], VoxelSizeSource::Flag).unwrap();
        let block = Volume::from_fn(Shape::new(7, 8, 9).unwrap(), size, |z, y, x| {
            (1..3).contains(&z) && (2..5).contains(&y) && (4..8).contains(&x)
        });
        for (axis, length, lines) in [(Axis::X, 4e-6, 6), (Axis::Y, 6e-6, 8), (Axis::Z, 6e-6, 12)] {
            let c = chord_lengths(&block, axis);
            assert_eq!((c.whole, c.cut), (lines, 0), "{axis}");
            assert!((c.lengths.unwrap().mean / length - 1.0).abs() < F32_ROUNDING, "{axis}");
        }
    }
}
