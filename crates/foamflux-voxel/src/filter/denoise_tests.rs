use foamflux_grid::{Shape, Silent, Volume, VoxelSize};

use super::*;

const NOISE: f64 = 8.0;

fn noise(n: usize) -> Vec<f64> {
    let mut state = 21u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
}

/// A ball of 100 on 20, without and with noise.
fn ball(edge: usize) -> (Volume<f32>, Volume<f32>) {
    let shape = Shape::new(edge, edge, edge).unwrap();
    let c = 0.5 * (edge as f64 - 1.0);
    let clean = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
        let r = (x as f64 - c).powi(2) + (y as f64 - c).powi(2) + (z as f64 - c).powi(2);
        if r < (0.3 * edge as f64).powi(2) { 100f32 } else { 20.0 }
    });
    let noise = noise(shape.len());
    let data = clean.as_slice().iter().zip(&noise).map(|(v, n)| v + (NOISE * n) as f32).collect();
    (clean.clone(), Volume::from_vec(shape, VoxelSize::Unknown, data).unwrap())
}

type Filter = fn(&Volume<f32>, f64, f64, &dyn foamflux_grid::Watch) -> Result<Volume<f32>, FilterError>;
const FILTERS: [(&str, Filter); 3] =
    [("non-local means", non_local_means), ("total variation", total_variation), ("diffusion", diffusion)];

/// Root mean square difference over the voxels that `which` picks.
fn apart(a: &Volume<f32>, b: &Volume<f32>, which: impl Fn(usize) -> bool) -> f64 {
    let picked = a.as_slice().iter().zip(b.as_slice()).enumerate().filter(|(i, _)| which(*i));
    let (sum, n) = picked.fold((0.0, 0.0), |(s, n), (_, (a, b))| (s + f64::from(a - b).powi(2), n + 1.0));
    (sum / n).sqrt()
}

#[test]
fn noise_goes_and_edges_stay() {
    let (clean, noisy) = ball(32);
    // Voxels whose neighbour along x is on the other side.
    let edge = |i: usize| !i.is_multiple_of(32) && (clean.as_slice()[i] - clean.as_slice()[i - 1]).abs() > 1.0;
    for (name, filter) in FILTERS {
        let quiet = filter(&noisy, NOISE, 1.0, &Silent).unwrap();
        let (all, at_edges) = (apart(&quiet, &clean, |_| true), apart(&quiet, &clean, edge));
        // A Gaussian of one voxel leaves a third of the noise and 25 grey values at such edges.
        assert!(all < 0.5 * NOISE, "{name}: {all}");
        assert!(at_edges < 1.2 * NOISE, "{name}: {at_edges}");
        // Stronger filters differ more from what they are given.
        let strong = filter(&noisy, NOISE, 2.0, &Silent).unwrap();
        assert!(apart(&strong, &noisy, |_| true) > apart(&quiet, &noisy, |_| true), "{name}");
    }
}

#[test]
fn nothing_is_done_without_noise_and_brightness_is_kept() {
    let (clean, noisy) = ball(24);
    let mean = |v: &Volume<f32>| v.as_slice().iter().map(|v| f64::from(*v)).sum::<f64>() / v.shape().len() as f64;
    for (name, filter) in FILTERS {
        assert_eq!(filter(&clean, 0.0, 1.0, &Silent).unwrap(), clean, "{name}");
        let quiet = filter(&noisy, NOISE, 1.0, &Silent).unwrap();
        // Fluxes between voxels cancel in the sum; non-local means moves it by less than a tenth of the noise.
        let tolerance = if name == "non-local means" { 0.1 * NOISE } else { 1e-3 };
        assert!((mean(&quiet) - mean(&noisy)).abs() < tolerance, "{name}: {} {}", mean(&quiet), mean(&noisy));
        for strength in [0.0, -1.0, f64::NAN, 1e3] {
            assert!(matches!(filter(&noisy, NOISE, strength, &Silent), Err(FilterError::Strength { .. })), "{name}");
        }
    }
}

#[test]
fn non_local_means_is_the_plain_sum() {
    let shape = Shape::new(11, 6, 7).unwrap();
    let values = noise(shape.len());
    let volume = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
        (if x > 3 { 40.0 } else { 0.0 } + NOISE * values[shape.index(z, y, x)]) as f32
    });
    let at = |z: isize, y: isize, x: isize| {
        f64::from(volume.as_slice()[shape.index(mirror(z, shape.z), mirror(y, shape.y), mirror(x, shape.x))])
    };
    let quiet = non_local_means(&volume, NOISE, 1.3, &Silent).unwrap();
    let variance = NOISE * NOISE;
    for (z, y, x) in [(0, 0, 0), (5, 3, 3), (10, 5, 6), (7, 0, 4), (8, 2, 1)] {
        let (mut sum, mut weights, mut largest) = (0.0, 0.0, 0f64);
        let cube = |r: isize| (-r..=r).flat_map(move |a| (-r..=r).flat_map(move |b| (-r..=r).map(move |c| (a, b, c))));
        for (a, b, c) in cube(2).filter(|q| *q != (0, 0, 0)) {
            let square = |(i, j, k): (isize, isize, isize)| {
                (at(z + i, y + j, x + k) - at(z + a + i, y + b + j, x + c + k)).powi(2)
            };
            let d = cube(1).map(square).sum::<f64>() / 27.0;
            let w = (1.0 - (d - 2.0 * variance).max(0.0) / (1.3 * 2.5 * variance)).max(0.0).powi(2);
            sum += w * at(z + a, y + b, x + c);
            weights += w;
            largest = largest.max(w);
        }
        let own = if largest > 0.0 { largest } else { 1.0 };
        let wanted = (sum + own * at(z, y, x)) / (weights + own);
        let got = f64::from(quiet.as_slice()[shape.index(z as usize, y as usize, x as usize)]);
        // Sums of 124 terms in single precision.
        assert!((got - wanted).abs() < 1e-3, "{z} {y} {x}: {got} {wanted}");
    }
}

#[test]
fn diffusion_keeps_to_the_range() {
    let (_, noisy) = ball(20);
    let range = |v: &Volume<f32>| v.as_slice().iter().fold((f32::MAX, f32::MIN), |(l, h), &v| (l.min(v), h.max(v)));
    let quiet = diffusion(&noisy, NOISE, 3.0, &Silent).unwrap();
    let ((low, high), (l, h)) = (range(&noisy), range(&quiet));
    assert!(l >= low && h <= high);
}
