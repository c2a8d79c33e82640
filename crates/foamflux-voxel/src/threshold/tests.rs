use foamflux_grid::{Shape, VoxelSize};

use super::*;

fn volume<T: Sample>(values: &[f64]) -> Volume<T> {
    let shape = Shape::new(1, 1, values.len()).unwrap();
    Volume::from_fn(shape, VoxelSize::Unknown, |_, _, x| T::from_f64(values[x]))
}

/// Sum of three uniform numbers, in 0..1: a bell.
fn bell(state: &mut u64) -> f64 {
    (0..3)
        .map(|_| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*state >> 40) as f64 / (1u64 << 24) as f64
        })
        .sum::<f64>()
        / 3.0
}

fn two_peaks(n: usize, seed: u64, bright: f64, means: [f64; 2], spread: f64) -> Vec<f64> {
    let mut state = seed;
    (0..n).map(|i| means[usize::from((i as f64) < bright * n as f64)] + spread * (bell(&mut state) - 0.5)).collect()
}

/// Between-class variance at every threshold between neighbouring values, from the values themselves.
fn by_exhaustion(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let all = mean(values);
    let total = values.iter().map(|v| (v - all).powi(2)).sum::<f64>() / n;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let mut best = (f64::NAN, -1.0);
    for pair in sorted.windows(2) {
        let t = (pair[0] + pair[1]) / 2.0;
        let (low, high): (Vec<f64>, Vec<f64>) = values.iter().partition(|&&v| v < t);
        let between = (low.len() as f64 * high.len() as f64) / (n * n) * (mean(&low) - mean(&high)).powi(2);
        // A relative margin far above rounding: ties go to the first.
        if between > best.1 * (1.0 + 1e-12) {
            best = (t, between);
        }
    }
    (best.0, best.1 / total)
}

/// Rounding of a few thousand f64 operations.
const ROUNDING: f64 = 1e-10;

#[test]
fn otsu_is_the_best_of_all_splits() {
    for seed in 0..12 {
        let share = 0.05 + 0.08 * seed as f64;
        let values: Vec<f64> = two_peaks(700, seed, share, [60.0, 140.0], 90.0).iter().map(|v| v.round()).collect();
        let (threshold, eta) = by_exhaustion(&values);
        let check = |otsu: Otsu, kind: &str| {
            assert!((otsu.threshold - threshold).abs() < ROUNDING, "{kind} {seed}: {} {threshold}", otsu.threshold);
            assert!((otsu.separability - eta).abs() < ROUNDING, "{kind} {seed}");
        };
        check(otsu(&Histogram::of(&volume::<u8>(&values), 256).unwrap()).unwrap(), "u8");
        check(otsu(&Histogram::of(&volume::<i32>(&values), 256).unwrap()).unwrap(), "i32");
        let moved: Vec<f64> = values.iter().map(|v| v - 30_000.0).collect();
        let o = otsu(&Histogram::of(&volume::<i16>(&moved), 256).unwrap()).unwrap();
        check(Otsu { threshold: o.threshold + 30_000.0, ..o }, "i16");
        let bright = values.iter().filter(|&&v| v >= threshold).count() as f64 / 700.0;
        assert!((o.bright_fraction - bright).abs() < ROUNDING);
        assert!((o.mean_bright - o.mean_dark) > 0.0);
    }
}

#[test]
fn whole_thresholds_lie_half_way_between_occupied_values() {
    for (values, expected) in [(vec![10.0, 10.0, 11.0], 10.5), (vec![10.0, 200.0], 105.0), (vec![0.0, 1.0, 9.0], 5.0)] {
        let o = otsu(&Histogram::of(&volume::<u16>(&values), 256).unwrap()).unwrap();
        assert!((o.threshold - expected).abs() < ROUNDING, "{values:?}: {}", o.threshold);
    }
}

#[test]
fn other_numbers_follow_scikit_image_and_gaps_are_halved() {
    // skimage.filters.threshold_otsu(x, nbins=4) of these is the centre of the second of the bins 0..1..2..3..4.
    let x = [0.0, 0.1, 0.2, 1.5, 2.5, 3.5, 3.6, 4.0];
    let o = otsu(&Histogram::of(&volume::<f64>(&x), 4).unwrap()).unwrap();
    assert!((o.threshold - 1.5).abs() < ROUNDING, "{}", o.threshold);
    // Two narrow peaks: the centre of the bin that holds all of the first would cut it.
    let x = [0.0, 0.001, 0.003, 0.0039, 0.9961, 0.998, 1.0];
    let o = otsu(&Histogram::of(&volume::<f32>(&x), 256).unwrap()).unwrap();
    assert!((o.threshold - 0.5).abs() < 1e-6, "{}", o.threshold);
}

#[test]
fn bins_hold_every_voxel_and_the_largest_value() {
    let values = two_peaks(5000, 3, 0.3, [-1e-3, 2e-3], 2e-3);
    let v = volume::<f64>(&values);
    let h = Histogram::of(&v, 37).unwrap();
    assert_eq!(h.total(), 5000);
    let (min, max) = h.range();
    for (i, &count) in h.counts().iter().enumerate() {
        let edge = |i: usize| min + (max - min) * (i as f64 / 37.0);
        let inside = values.iter().filter(|&&v| v >= edge(i) && (v < edge(i + 1) || i == 36)).count();
        assert_eq!(count, inside as u64, "bin {i}");
    }
    let wide = volume::<u32>(&[0.0, 4e9, 1.0, 2e9]);
    let h = Histogram::of(&wide, 4).unwrap();
    assert_eq!(h.counts(), [2, 0, 1, 1]);
    assert_eq!(h.bins(), Bins::Uniform { min: 0.0, max: 4e9 });
}

#[test]
fn the_valley_tells_two_peaks_from_a_flank() {
    let o = |bright, spread| {
        let values = two_peaks(200_000, 5, bright, [100.0, 160.0], spread);
        otsu(&Histogram::of(&volume::<u8>(&values), 256).unwrap()).unwrap()
    };
    // Narrow peaks of any share, then a rare phase drowned in the noise of the other.
    assert!(o(0.5, 60.0).valley < 0.2, "{:?}", o(0.5, 60.0));
    assert!(o(0.04, 60.0).valley < 0.2, "{:?}", o(0.04, 60.0));
    assert!(o(0.04, 180.0).valley > 0.9, "{:?}", o(0.04, 180.0));
}

#[test]
fn constant_and_not_finite_images_are_refused() {
    let shape = Shape::new(2, 2, 2).unwrap();
    let flat = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| 7u8);
    assert_eq!(otsu(&Histogram::of(&flat, 256).unwrap()), Err(ThresholdError::Constant { value: 7.0 }));
    let flat = flat.map(|_| 0.25f32);
    assert_eq!(otsu(&Histogram::of(&flat, 256).unwrap()), Err(ThresholdError::Constant { value: 0.25 }));
    let holes = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| if z * y * x == 1 { f64::NAN } else { x as f64 });
    let error = ThresholdError::NotFinite { count: 1, x: 1, y: 1, z: 1 };
    assert_eq!(Histogram::of(&holes, 256), Err(error.clone()));
    assert_eq!(Histogram::of_plane(&holes, 1, 256), Err(error));
    assert!(Histogram::of_plane(&holes, 0, 256).is_ok());
    assert_eq!(Histogram::of(&flat, 1), Err(ThresholdError::Bins { bins: 1 }));
    // Ranges whose width is not a finite or normal number must not hang or panic.
    for values in [[-1.7e308, 1.7e308], [0.0, 5e-324]] {
        let v = volume::<f64>(&values);
        assert!(matches!(Histogram::of(&v, 256), Err(ThresholdError::Range { .. })), "{values:?}");
    }
}
