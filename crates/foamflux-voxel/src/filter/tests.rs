use foamflux_grid::{Silent, VoxelSize, VoxelSizeSource};

use super::*;

/// A small deterministic generator (Knuth's MMIX constants).
struct Lcg(u64);

impl Lcg {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

fn shape(z: usize, y: usize, x: usize) -> Shape {
    Shape::new(z, y, x).unwrap()
}

fn random<T: Sample>(shape: Shape, seed: u64, levels: u64, offset: f64, step: f64) -> Volume<T> {
    let mut lcg = Lcg(seed);
    Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| T::from_f64(offset + step * (lcg.next() % levels) as f64))
}

/// Reflection written as a walk instead of a formula.
fn reflect(start: usize, steps: isize, n: usize) -> usize {
    let (mut i, mut direction) = (start, steps.signum());
    for _ in 0..steps.unsigned_abs() {
        if (i == 0 && direction < 0) || (i == n - 1 && direction > 0) {
            direction = -direction;
        } else {
            i = i.wrapping_add_signed(direction);
        }
    }
    i
}

fn median_by_sorting<T: Sample>(v: &Volume<T>, radius: isize) -> Vec<f64> {
    let s = v.shape();
    let mut out = Vec::new();
    for z in 0..s.z {
        for y in 0..s.y {
            for x in 0..s.x {
                let mut window = Vec::new();
                for dz in -radius..=radius {
                    for dy in -radius..=radius {
                        for dx in -radius..=radius {
                            let at = v.at(reflect(z, dz, s.z), reflect(y, dy, s.y), reflect(x, dx, s.x));
                            window.push(at.to_f64());
                        }
                    }
                }
                window.sort_by(f64::total_cmp);
                out.push(window[window.len() / 2]);
            }
        }
    }
    out
}

fn check_median<T: Sample>(shape: Shape, seed: u64, levels: u64, offset: f64, step: f64, radii: &[usize]) {
    let v = random::<T>(shape, seed, levels, offset, step);
    for &radius in radii {
        let fast: Vec<f64> = median(&v, radius, &Silent).unwrap().as_slice().iter().map(|v| v.to_f64()).collect();
        assert_eq!(fast, median_by_sorting(&v, radius as isize), "{} {shape} radius {radius}", T::TYPE);
    }
}

#[test]
fn median_is_the_middle_of_the_sorted_window() {
    // Rows straddle the vector step of 64.
    for nx in [1, 2, 3, 63, 64, 65, 129] {
        check_median::<u8>(shape(3, 4, nx), nx as u64, 256, 0.0, 1.0, &[1]);
    }
    for s in [shape(1, 1, 1), shape(1, 9, 2), shape(5, 1, 6), shape(2, 3, 18)] {
        check_median::<u8>(s, 7, 4, 0.0, 80.0, &[1, 2, 3]);
        check_median::<u16>(s, 8, 65536, 0.0, 1.0, &[1, 2]);
        check_median::<i16>(s, 9, 2000, -1000.0, 1.0, &[1, 2]);
        check_median::<i32>(s, 10, 1000, -5e8, 1e6, &[1, 2]);
        check_median::<u32>(s, 10, 500, 4e9, 1.0, &[1, 2]);
        check_median::<f32>(s, 11, 1000, -0.5, 1e-3, &[1, 2]);
        check_median::<f64>(s, 12, 7, 1e9, 0.25, &[1, 2]);
        check_median::<i8>(s, 13, 256, -128.0, 1.0, &[1, 4]);
    }
}

#[test]
fn median_removes_a_speck_and_keeps_a_straight_edge() {
    let s = shape(6, 6, 20);
    let edge = Volume::from_fn(s, VoxelSize::Unknown, |_, _, x| if x < 9 { 10u8 } else { 200 });
    assert_eq!(median(&edge, 1, &Silent).unwrap(), edge);
    let mut speck = edge.clone();
    speck.as_mut_slice()[s.index(3, 3, 4)] = 255;
    assert_eq!(median(&speck, 1, &Silent).unwrap(), edge);
}

/// Relative to the largest value: f32 sums of at most 3 x 33 products.
const GAUSSIAN_TOLERANCE: f64 = 2e-6;

fn gaussian_by_definition<T: Sample>(v: &Volume<T>, sigma_zyx: [f64; 3]) -> Vec<f64> {
    let s = v.shape();
    let kernels = sigma_zyx.map(|sigma| {
        let r = (4.0 * sigma + 0.5).floor() as isize;
        let w: Vec<(isize, f64)> = (-r..=r).map(|i| (i, (-(i as f64).powi(2) / (2.0 * sigma * sigma)).exp())).collect();
        let sum: f64 = w.iter().map(|w| w.1).sum();
        w.into_iter().map(|(i, w)| (i, w / sum)).collect::<Vec<_>>()
    });
    let mut out = Vec::new();
    for z in 0..s.z {
        for y in 0..s.y {
            for x in 0..s.x {
                let mut sum = 0.0;
                for &(dz, wz) in &kernels[0] {
                    for &(dy, wy) in &kernels[1] {
                        for &(dx, wx) in &kernels[2] {
                            let at = v.at(reflect(z, dz, s.z), reflect(y, dy, s.y), reflect(x, dx, s.x));
                            sum += wz * wy * wx * at.to_f64();
                        }
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

#[test]
fn gaussian_is_the_full_convolution_with_equal_physical_sigma() {
    for (s, edges, sigma, sigma_zyx) in [
        (shape(5, 6, 7), [1.0, 1.0, 1.0], 1.0, [1.0, 1.0, 1.0]),
        (shape(7, 3, 17), [1e-6, 1e-6, 2e-6], 1.4, [0.7, 1.4, 1.4]),
        (shape(1, 4, 2), [3e-6, 1e-6, 1.5e-6], 2.0, [2.0 / 1.5, 2.0, 2.0 / 3.0]),
    ] {
        let size = VoxelSize::known(edges, VoxelSizeSource::Flag).unwrap();
        let v = random::<u16>(s, 3, 60_000, 0.0, 1.0).with_voxel_size(size);
        let fast = gaussian(&v, sigma, &Silent).unwrap();
        for (i, (&a, b)) in fast.as_slice().iter().zip(gaussian_by_definition(&v, sigma_zyx)).enumerate() {
            let error = (f64::from(a) - b).abs() / 60_000.0;
            assert!(error < GAUSSIAN_TOLERANCE, "{s} voxel {i}: {a} against {b}");
        }
    }
}

#[test]
fn gaussian_keeps_a_constant_and_the_mean() {
    let s = shape(6, 7, 8);
    let flat = Volume::from_fn(s, VoxelSize::Unknown, |_, _, _| 77u8);
    for &v in gaussian(&flat, 1.5, &Silent).unwrap().as_slice() {
        assert!((f64::from(v) - 77.0).abs() < 77.0 * GAUSSIAN_TOLERANCE);
    }
    // Mirrored borders neither lose nor gain: the sum stays.
    let v = random::<u8>(s, 5, 256, 0.0, 1.0);
    let before: f64 = v.as_slice().iter().map(|&v| f64::from(v)).sum();
    let after: f64 = gaussian(&v, 2.0, &Silent).unwrap().as_slice().iter().map(|&v| f64::from(v)).sum();
    assert!((after - before).abs() < before * GAUSSIAN_TOLERANCE, "{before} {after}");
}

#[test]
fn filters_do_not_depend_on_the_number_of_threads() {
    let v = random::<u16>(shape(9, 11, 37), 21, 4000, 0.0, 1.0);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let g: Vec<u32> = gaussian(&v, 1.1, &Silent).unwrap().as_slice().iter().map(|v| v.to_bits()).collect();
            (median(&v, 1, &Silent).unwrap(), median(&v, 2, &Silent).unwrap(), g)
        })
    };
    let one = run(1);
    for threads in 2..=4 {
        assert!(run(threads) == one, "{threads} threads");
    }
}

#[test]
fn bad_parameters_and_bad_voxels_are_named() {
    let mut v = random::<f32>(shape(2, 3, 4), 1, 9, 0.0, 0.5);
    assert_eq!(median(&v, 0, &Silent), Err(FilterError::Radius { radius: 0 }));
    assert_eq!(median(&v, 11, &Silent), Err(FilterError::Radius { radius: 11 }));
    for sigma in [0.0, -1.0, 65.0, f64::INFINITY] {
        assert_eq!(gaussian(&v, sigma, &Silent), Err(FilterError::Sigma { sigma_voxel: sigma }));
    }
    assert!(matches!(gaussian(&v, f64::NAN, &Silent), Err(FilterError::Sigma { .. })));
    let s = v.shape();
    v.as_mut_slice()[s.index(1, 0, 2)] = f32::NAN;
    v.as_mut_slice()[s.index(1, 2, 3)] = f32::INFINITY;
    let expected = FilterError::NotFinite { count: 2, x: 2, y: 0, z: 1 };
    assert_eq!(median(&v, 1, &Silent), Err(expected.clone()));
    assert_eq!(gaussian(&v, 1.0, &Silent), Err(expected));
}

#[test]
fn cancelling_stops() {
    struct Stop;
    impl foamflux_grid::Watch for Stop {
        fn event(&self, _: foamflux_grid::Event) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let v = random::<u8>(shape(2, 3, 4), 1, 9, 0.0, 1.0);
    assert_eq!(median(&v, 1, &Stop), Err(FilterError::Cancelled));
    assert_eq!(gaussian(&v, 1.0, &Stop), Err(FilterError::Cancelled));
}

#[test]
fn the_core_is_where_the_gaussian_of_the_mask_reaches_the_level() {
    let (mut kept, mut lost) = (0, 0);
    // Slices beyond one slab, boxes smaller than the kernel, flat voxels.
    for (n, edges, sigma) in
        [([70, 9, 66], [1.0, 1.0, 1.0], 1.6), ([3, 2, 5], [1.0, 1.0, 1.0], 2.0), ([9, 12, 10], [1.0, 2.0, 3.0], 1.1)]
    {
        let size = VoxelSize::known(edges, VoxelSizeSource::Generator).unwrap();
        let noise = random::<u8>(shape(n[0], n[1], n[2]), 5, 10, 0.0, 1.0);
        let mask = noise.map(|&v| v < 6).with_voxel_size(size);
        let smooth = gaussian(&mask.map(|&m| u8::from(m)), sigma, &Silent).unwrap();
        let core = gaussian_core(&mask, sigma, 0.6, &Silent).unwrap();
        for i in 0..mask.shape().len() {
            let expected = mask.as_slice()[i] && smooth.as_slice()[i] >= 0.6;
            assert_eq!(core.as_slice()[i], expected, "{n:?} {i}");
            kept += usize::from(expected);
            lost += usize::from(mask.as_slice()[i] && !expected);
        }
    }
    assert!(kept > 1000 && lost > 1000, "{kept} {lost}");
    let mask = random::<u8>(shape(4, 4, 4), 5, 2, 0.0, 1.0).map(|&v| v > 0);
    assert!(matches!(gaussian_core(&mask, 0.0, 0.5, &Silent), Err(FilterError::Sigma { .. })));
}
