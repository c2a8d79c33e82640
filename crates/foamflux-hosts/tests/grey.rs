//! Grey stacks: levels, blur, noise and its reproducibility.

#![allow(clippy::unwrap_used, reason = "test helpers, which the lint does not see as tests")]

mod common;

use common::{Lcg, threads};
use foamflux_grid::{Shape, Volume, VoxelSize};
use foamflux_hosts::GreyError;
use foamflux_hosts::grey::{GreyParameters, Shading, grey};

fn clean() -> GreyParameters {
    GreyParameters {
        pore_level: 60.0,
        solid_level: 160.0,
        blur_sigma_voxel: [0.0; 3],
        noise_sigma: 0.0,
        noise_gain: 0.0,
        shading: Shading::default(),
    }
}

fn random(z: usize, y: usize, x: usize) -> Volume<f32> {
    let mut rng = Lcg(11);
    Volume::from_fn(Shape::new(z, y, x).unwrap(), VoxelSize::Unknown, |_, _, _| rng.uniform() as f32)
}

fn uniform(n: usize, value: f32) -> Volume<f32> {
    Volume::from_fn(Shape::cube(n).unwrap(), VoxelSize::Unknown, |_, _, _| value)
}

#[test]
fn without_blur_and_noise_the_levels_are_interpolated() {
    let c = random(3, 4, 5);
    let g = grey::<f32>(&c, &clean(), 1).unwrap();
    for (&g, &c) in g.as_slice().iter().zip(c.as_slice()) {
        assert!((g - (60.0 + 100.0 * c)).abs() < 1e-4);
    }
    let g = grey::<u8>(&uniform(2, 1.0), &GreyParameters { solid_level: 900.0, ..clean() }, 1).unwrap();
    assert!(g.as_slice().iter().all(|&v| v == 255), "levels beyond the type are clamped");
}

#[test]
fn the_blur_is_a_mirrored_gaussian() {
    let (c, sigma) = (random(5, 9, 1), [0.6, 1.3, 0.7]);
    let blurred = grey::<f32>(&c, &GreyParameters { blur_sigma_voxel: sigma, ..clean() }, 1).unwrap();
    let n = [1i64, 9, 5];
    // The definition, with mirrored copies instead of mirrored indices.
    let weight = |k: usize, i: i64, j: i64| -> f64 {
        let gauss = |d: i64| {
            let reach = (4.0 * sigma[k]).ceil() as i64;
            if d.abs() > reach { 0.0 } else { (-0.5 * (d as f64 / sigma[k]).powi(2)).exp() }
        };
        let total: f64 = (-20..=20).map(gauss).sum();
        let copies = (-20..=20).map(|m| gauss(2 * n[k] * m + j - i) + gauss(2 * n[k] * m - 1 - j - i));
        copies.sum::<f64>() / total
    };
    for z in 0..5i64 {
        for y in 0..9i64 {
            let mut sum = 0.0;
            for zz in 0..5i64 {
                for yy in 0..9i64 {
                    let w = weight(2, z, zz) * weight(1, y, yy) * weight(0, 0, 0);
                    sum += w * f64::from(*c.at(zz as usize, yy as usize, 0));
                }
            }
            let found = f64::from(*blurred.at(z as usize, y as usize, 0));
            assert!((found - (60.0 + 100.0 * sum)).abs() < 1e-3, "{z} {y}: {found} {sum}");
        }
    }
}

#[test]
fn the_noise_has_the_stated_variance() {
    let p = GreyParameters { noise_sigma: 9.0, noise_gain: 0.8, ..clean() };
    for (c, level) in [(0.0, 60.0), (1.0, 160.0)] {
        let g = grey::<f32>(&uniform(40, c), &p, 5).unwrap();
        let n = g.as_slice().len() as f64;
        let mean = g.as_slice().iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let variance = g.as_slice().iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
        let expected = 81.0 + 0.8 * level;
        // Five standard errors of a mean and of a variance of 64000 deviates.
        assert!((mean - level).abs() < 5.0 * (expected / n).sqrt(), "{mean}");
        assert!((variance / expected - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{variance}");
    }
}

#[test]
fn the_noise_is_white() {
    let g = grey::<f32>(&uniform(40, 0.0), &GreyParameters { noise_sigma: 10.0, ..clean() }, 5).unwrap();
    let v: Vec<f64> = g.as_slice().iter().map(|&v| (f64::from(v) - 60.0) / 10.0).collect();
    for lag in [1, 2, 40, 1600] {
        let n = v.len() - lag;
        let r = (0..n).map(|i| v[i] * v[i + lag]).sum::<f64>() / n as f64;
        assert!(r.abs() < 5.0 / (n as f64).sqrt(), "lag {lag}: {r}");
    }
}

#[test]
fn shading_tilts_and_cups() {
    let shading = Shading { tilt: [0.1, 0.0, -0.2], cupping: 0.3 };
    let g = grey::<f32>(&uniform(4, 0.0), &GreyParameters { shading, ..clean() }, 1).unwrap();
    // Voxel centres at -3/4, -1/4, 1/4, 3/4 of the half width.
    let expected = 60.0 * (1.0 + 0.1 * 0.75 - 0.2 * -0.25 + 0.3 * (0.75f32.powi(2) + 0.25f32.powi(2)));
    assert!((g.at(1, 2, 3) - expected).abs() < 1e-3);
}

#[test]
fn a_stack_is_the_same_for_every_thread_count_and_differs_by_seed() {
    let c = random(9, 8, 7);
    let p = GreyParameters { noise_sigma: 9.0, noise_gain: 0.8, blur_sigma_voxel: [0.6; 3], ..clean() };
    let make = |seed: u64| grey::<u8>(&c, &p, seed).unwrap();
    assert_eq!(threads(1, || make(3)), threads(3, || make(3)));
    assert_ne!(make(3), make(4));
}

#[test]
fn nonsense_is_refused_by_name() {
    let c = uniform(2, 0.5);
    let what = |p: GreyParameters| match grey::<u8>(&c, &p, 1) {
        Err(GreyError::Parameter { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(what(GreyParameters { pore_level: f64::NAN, ..clean() }), "pore level");
    assert_eq!(what(GreyParameters { solid_level: f64::INFINITY, ..clean() }), "solid level");
    assert_eq!(what(GreyParameters { blur_sigma_voxel: [0.0, -1.0, 0.0], ..clean() }), "blur sigma");
    assert_eq!(what(GreyParameters { blur_sigma_voxel: [0.0, f64::NAN, 0.0], ..clean() }), "blur sigma");
    assert_eq!(what(GreyParameters { noise_sigma: -1.0, ..clean() }), "noise sigma");
    assert_eq!(what(GreyParameters { noise_gain: f64::INFINITY, ..clean() }), "noise gain");
    let shading = Shading { tilt: [0.0; 3], cupping: 2.0 };
    assert_eq!(what(GreyParameters { shading, ..clean() }), "shading");
    let mut bad = c;
    bad.as_mut_slice()[5] = f32::NAN;
    assert!(matches!(grey::<u8>(&bad, &clean(), 1), Err(GreyError::Coverage { x: 1, y: 0, z: 1, .. })));
}
