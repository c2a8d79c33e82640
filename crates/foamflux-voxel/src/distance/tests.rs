use super::*;
use foamflux_grid::{Shape, VoxelSize, VoxelSizeSource};
use proptest::prelude::*;

/// f32 positions along a line, squares and one square root: of the distance and of the voxel edge.
const ROUNDING: f32 = 1e-5;

fn sized(m_xyz: [f64; 3]) -> VoxelSize {
    VoxelSize::known(m_xyz, VoxelSizeSource::Flag).unwrap()
}

fn random(shape: Shape, size: VoxelSize, seed: u32, share: u32) -> Volume<bool> {
    let mut state = seed;
    Volume::from_fn(shape, size, |_, _, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16 & 0xff < share
    })
}

/// Distance to the nearest of all points where `crossing` puts the boundary, by trying them all.
fn brute<C: Crossing>(mask: &Volume<bool>, crossing: &C, border: Border) -> Vec<f64> {
    let shape = mask.shape();
    let edges = mask.spacing().zyx();
    let mut sites: Vec<[f64; 3]> = Vec::new();
    let n = shape.zyx().map(|v| v as isize);
    for i in 0..shape.len() {
        let (z, y, x) = shape.zyx_of(i);
        if !mask.as_slice()[i] {
            continue;
        }
        for k in 0..3 {
            for s in [-1isize, 1] {
                let mut q = [z as isize, y as isize, x as isize];
                q[k] += s;
                let t = if (0..n[k]).contains(&q[k]) {
                    let j = shape.index(q[0] as usize, q[1] as usize, q[2] as usize);
                    if mask.as_slice()[j] {
                        continue;
                    }
                    f64::from(crossing.fraction(i, j))
                } else if border == Border::Background {
                    1.0
                } else {
                    continue;
                };
                let mut p = [z as f64, y as f64, x as f64];
                p[k] += s as f64 * t;
                sites.push(p);
            }
        }
    }
    (0..shape.len())
        .map(|i| {
            let (z, y, x) = shape.zyx_of(i);
            let p = [z as f64, y as f64, x as f64];
            let square = |s: &[f64; 3]| (0..3).map(|k| ((s[k] - p[k]) * edges[k]).powi(2)).sum::<f64>();
            if mask.as_slice()[i] { sites.iter().map(square).fold(f64::INFINITY, f64::min).sqrt() } else { 0.0 }
        })
        .collect()
}

fn agree(found: &Volume<f32>, expected: &[f64]) {
    let edge = found.spacing().min_edge() as f32;
    for (i, (&f, &e)) in found.as_slice().iter().zip(expected).enumerate() {
        let same = if e.is_infinite() { f.is_infinite() } else { (f - e as f32).abs() <= ROUNDING * (e as f32 + edge) };
        assert!(same, "voxel {:?}: {f}, by brute force {e}", found.shape().zyx_of(i));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_voxel_agrees_with_brute_force(
        (z, y, x) in (1usize..9, 1usize..9, 1usize..20),
        seed in 0u32..1000,
        share in prop::sample::select(vec![40u32, 200, 250]),
        edges in prop::sample::select(vec![[1.0, 1.0, 1.0], [1e-6, 1e-6, 2e-6], [3e-7, 2e-7, 1e-7]]),
        border in prop::sample::select(vec![Border::Open, Border::Background]),
    ) {
        let mask = random(Shape::new(z, y, x).unwrap(), sized(edges), seed, share);
        agree(&distance(&mask, border), &brute(&mask, &Centre, border));
        agree(&transform(&mask, &crossing::Half, border), &brute(&mask, &crossing::Half, border));
        agree(&boundary_distance(&mask, border), &brute(&mask, &Smoothed::new(&mask), border));
    }
}

#[test]
fn lines_longer_than_a_block_of_columns_agree_too() {
    for shape in [Shape::new(2, 3, 37).unwrap(), Shape::new(3, 33, 17).unwrap(), Shape::new(35, 2, 16).unwrap()] {
        let mask = random(shape, VoxelSize::Unknown, 5, 252);
        agree(&distance(&mask, Border::Open), &brute(&mask, &Centre, Border::Open));
    }
}

#[test]
fn a_phase_that_fills_the_box_is_infinitely_far_or_ends_at_the_border() {
    let mask = Volume::from_fn(Shape::new(3, 5, 4).unwrap(), VoxelSize::Unknown, |_, _, _| true);
    assert!(distance(&mask, Border::Open).as_slice().iter().all(|d| d.is_infinite()));
    let walls = distance(&mask, Border::Background);
    assert!((walls.at(1, 2, 1) - 2.0).abs() < ROUNDING && (walls.at(0, 2, 1) - 1.0).abs() < ROUNDING);
    let none = mask.map(|_| false);
    assert!(distance(&none, Border::Background).as_slice().iter().all(|&d| d <= 0.0));
}

#[test]
fn a_plate_is_half_its_voxels_deep() {
    // Six slices, from the middle of the box: the boundary lies on the faces.
    let mask = Volume::from_fn(Shape::new(12, 5, 5).unwrap(), sized([1e-6; 3]), |z, _, _| (3..9).contains(&z));
    let d = boundary_distance(&mask, Border::Open);
    for (z, expected) in [(3, 0.5e-6), (4, 1.5e-6), (5, 2.5e-6), (6, 2.5e-6), (8, 0.5e-6)] {
        assert!((d.at(z, 2, 2) / expected - 1.0).abs() < ROUNDING, "slice {z}: {}", d.at(z, 2, 2));
    }
}

#[test]
fn a_grey_field_places_the_boundary() {
    // A ramp that passes 100 at x = 4.3, bright to the left, and the same ramp dark to the left.
    let bright =
        Volume::from_fn(Shape::new(1, 1, 9).unwrap(), VoxelSize::Unknown, |_, _, x| 100.0 + 20.0 * (4.3 - x as f32));
    let dark = bright.map(|v| -v);
    let mask = bright.map(|&v| v > 100.0);
    for (field, level) in [(&bright, 100.0), (&dark, -100.0)] {
        let d = boundary_distance_in_grey(&mask, field, level, Border::Open);
        assert!((d.at(0, 0, 4) - 0.3).abs() < ROUNDING && (d.at(0, 0, 0) - 4.3).abs() < ROUNDING);
    }
}

#[test]
fn permuted_axes_and_thread_counts_change_nothing() {
    let mask = random(Shape::new(7, 9, 20).unwrap(), sized([1e-6, 2e-6, 3e-6]), 11, 235);
    let turned = Volume::from_fn(Shape::new(20, 7, 9).unwrap(), sized([2e-6, 3e-6, 1e-6]), |z, y, x| *mask.at(y, x, z));
    let (d, t) = (boundary_distance(&mask, Border::Open), boundary_distance(&turned, Border::Open));
    for i in 0..mask.shape().len() {
        let (z, y, x) = mask.shape().zyx_of(i);
        let (a, b) = (d.as_slice()[i], *t.at(x, z, y));
        assert!((a - b).abs() <= ROUNDING * (a + 1e-6), "{z} {y} {x}: {a} {b}");
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| boundary_distance(&mask, Border::Open)), d);
}
