//! The noise of a grey volume, from the volume alone.
//!
//! The mask `1 -2 1 / -2 4 -2 / 1 -2 1` in the slices sees neither levels nor slopes nor straight edges along an axis; white
//! noise of standard deviation `sigma` comes out as `6 sigma` (J. Immerkaer 1996). The median of its magnitude, instead of the mean, is not moved by
//! the few voxels at corners and curved edges. Noise that is correlated between neighbours (smoothed or reconstructed images)
//! reads too small, so that filters that follow it are too weak rather than too strong.

use foamflux_grid::{Sample, Volume};
use rayon::prelude::*;

/// What the mask makes of a standard deviation of one.
const MASK_NORM: f64 = 6.0;
/// Median of the magnitude of a standard normal number.
const NORMAL_MEDIAN: f64 = 0.674_489_75;
/// Voxels that are looked at, about: the median is then known to a third of a per cent.
const LOOKED_AT: usize = 1 << 18;

/// Standard deviation of white noise in grey values; `None` where slices are smaller than 3 x 3 voxels.
#[must_use]
pub fn sigma<T: Sample>(volume: &Volume<T>) -> Option<f64> {
    let shape = volume.shape();
    if shape.x < 3 || shape.y < 3 {
        return None;
    }
    let rows = (shape.y - 2) * shape.z;
    let step = (rows * (shape.x - 2) / LOOKED_AT).max(1);
    let mut magnitudes: Vec<f64> = (0..rows)
        .into_par_iter()
        .step_by(step)
        .flat_map_iter(|row| {
            let (z, y) = (row / (shape.y - 2), row % (shape.y - 2) + 1);
            let plane = volume.plane(z);
            let at = move |x: usize, y: usize| plane[y * shape.x + x].to_f64();
            (1..shape.x - 1).map(move |x| {
                let corners = at(x - 1, y - 1) + at(x + 1, y - 1) + at(x - 1, y + 1) + at(x + 1, y + 1);
                let edges = at(x, y - 1) + at(x, y + 1) + at(x - 1, y) + at(x + 1, y);
                (corners - 2.0 * edges + 4.0 * at(x, y)).abs()
            })
        })
        .collect();
    let middle = magnitudes.len() / 2;
    let (_, median, _) = magnitudes.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median / (NORMAL_MEDIAN * MASK_NORM))
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Shape, VoxelSize};

    use super::*;

    /// Sum of twelve uniform numbers: nearly normal, of standard deviation one.
    fn normal(state: &mut u64) -> f64 {
        let mut uniform = || {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    }

    #[test]
    fn white_noise_is_read_on_bars_and_slopes() {
        let shape = Shape::new(12, 48, 48).unwrap();
        for sigma_true in [2.0, 7.5] {
            let mut state = 5;
            let volume = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
                let bar = if (x / 8 + z / 6) % 3 == 0 { 120.0 } else { 0.0 };
                (bar + 0.5 * y as f64 + sigma_true * normal(&mut state)) as f32
            });
            let found = sigma(&volume).unwrap();
            // 25000 neighbouring values of which every ninth is independent: the median is good to 2.5 %.
            assert!((found / sigma_true - 1.0).abs() < 0.05, "{found} {sigma_true}");
        }
    }

    #[test]
    fn a_clean_image_has_none_and_a_thread_no_answer() {
        let clean = Volume::from_fn(Shape::new(3, 9, 9).unwrap(), VoxelSize::Unknown, |_, y, _| y as u8);
        assert_eq!(sigma(&clean), Some(0.0));
        let thread = Volume::from_fn(Shape::new(9, 1, 9).unwrap(), VoxelSize::Unknown, |z, _, _| z as u8);
        assert_eq!(sigma(&thread), None);
    }
}
