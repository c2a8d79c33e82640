//! The stated error of a box against what boxes do: Boolean models of spheres, whose covariance is known.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use foamflux_grid::{Shape, Volume, VoxelSize};
use foamflux_voxel::representativity::{Cells, surface_cells};

const EDGE: usize = 64;
const RADIUS: f64 = 4.5;
/// Centres per voxel: a quarter of the box is solid.
const DENSITY: f64 = 0.288 / (4.0 / 3.0 * std::f64::consts::PI * RADIUS * RADIUS * RADIUS);
const SEEDS: u64 = 30;

/// Numbers from 0 to 1 (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Spheres with centres in the box and a margin around it, their number Poisson's.
fn spheres(seed: u64, edge: usize) -> Volume<bool> {
    let shape = Shape::cube(edge).unwrap();
    let mut chance = Chance(seed * 7919);
    let wide = edge as f64 + 2.0 * RADIUS;
    let mean = DENSITY * wide.powi(3);
    // Poisson's number by waiting times.
    let (mut number, mut time) = (0, 0.0);
    loop {
        time -= (1.0 - chance.next()).ln();
        if time > mean {
            break;
        }
        number += 1;
    }
    let mut solid = vec![false; shape.len()];
    for _ in 0..number {
        let c: [f64; 3] = std::array::from_fn(|_| chance.next() * wide - RADIUS);
        let range = |v: f64| (v - RADIUS).ceil().max(0.0) as usize..((v + RADIUS).floor().max(-1.0) + 1.0) as usize;
        for z in range(c[0]).take_while(|z| *z < edge) {
            for y in range(c[1]).take_while(|y| *y < edge) {
                for x in range(c[2]).take_while(|x| *x < edge) {
                    let far = (z as f64 - c[0]).powi(2) + (y as f64 - c[1]).powi(2) + (x as f64 - c[2]).powi(2);
                    if far <= RADIUS * RADIUS {
                        solid[shape.index(z, y, x)] = true;
                    }
                }
            }
        }
    }
    Volume::from_vec(shape, VoxelSize::Unknown, solid).unwrap()
}

/// Covariance of the Boolean model at distance r (D. Stoyan, W. Kendall and J. Mecke, section 3.1).
fn covariance(r: f64) -> f64 {
    let ball = 4.0 / 3.0 * std::f64::consts::PI * RADIUS.powi(3);
    let q = (-DENSITY * ball).exp();
    let t = (r / RADIUS).min(2.0);
    let both = ball * (1.0 - 0.75 * t + t.powi(3) / 16.0);
    q * q * ((DENSITY * both).exp() - 1.0)
}

/// Variance of the share of a box, summed over its lags.
fn true_variance(edge: usize) -> f64 {
    let reach = (2.0 * RADIUS).ceil() as i32;
    let weight = |h: i32| 1.0 - f64::from(h.abs()) / edge as f64;
    let mut sum = 0.0;
    for z in -reach..=reach {
        for y in -reach..=reach {
            for x in -reach..=reach {
                let r = f64::from(z * z + y * y + x * x).sqrt();
                sum += covariance(r) * weight(z) * weight(y) * weight(x);
            }
        }
    }
    sum / (edge as f64).powi(3)
}

fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len() as f64
}

fn spread(v: &[f64]) -> f64 {
    let m = mean(v);
    (v.iter().map(|x| (x - m).powi(2)).sum::<f64>() / (v.len() - 1) as f64).sqrt()
}

/// The mean of the stated variances over 30 boxes is known to about 6 %, and blocks of two integral ranges leave out terms
/// of the third order in their width.
const STATED: f64 = 0.2;
/// The spread of 30 numbers is known to 13 %; three standard errors.
const SPREAD: f64 = 0.4;

#[test]
fn the_stated_error_is_the_spread_over_boxes() {
    let truth = true_variance(EDGE).sqrt();
    let (mut shares, mut share_errors, mut areas, mut area_errors) = (vec![], vec![], vec![], vec![]);
    let mut ranges = vec![];
    for seed in 1..=SEEDS {
        let mask = spheres(seed, EDGE);
        let share = Cells::of_mask(&mask).representativity().unwrap();
        let area = surface_cells(&mask).representativity().unwrap();
        shares.push(share.mean);
        share_errors.push(share.standard_error.powi(2));
        ranges.push(share.integral_range);
        areas.push(area.mean);
        area_errors.push(area.standard_error.powi(2));
    }
    let q: f64 = (-0.288f64).exp();
    // A(0) of C(0) A = integral of C.
    let mut integral = 0.0;
    for i in 0..900 {
        let r = (f64::from(i) + 0.5) / 100.0;
        integral += covariance(r) * 4.0 * std::f64::consts::PI * r * r / 100.0;
    }
    let range = integral / (q * (1.0 - q));
    let (stated, stated_area) = (mean(&share_errors).sqrt(), mean(&area_errors).sqrt());
    let single = spread(&share_errors.iter().map(|v| v.sqrt()).collect::<Vec<_>>()) / stated;
    println!(
        "share {:.4}: true error {truth:.5}, stated {stated:.5} (one box +-{:.0} %), spread {:.5}",
        mean(&shares),
        100.0 * single,
        spread(&shares)
    );
    println!("area {:.5}: stated {stated_area:.6}, spread {:.6}", mean(&areas), spread(&areas));
    println!("integral range: true {range:.0}, found {:.0}", mean(&ranges));
    assert!((stated / truth - 1.0).abs() < STATED, "{stated} and {truth}");
    assert!((spread(&shares) / truth - 1.0).abs() < SPREAD, "{} and {truth}", spread(&shares));
    assert!((stated_area / spread(&areas) - 1.0).abs() < SPREAD, "{stated_area} and {}", spread(&areas));
    assert!((mean(&ranges) / range - 1.0).abs() < 0.3, "{} and {range}", mean(&ranges));
    // Whether the true share of the material lies within one, and two, stated errors: 68 and 95 % for normal deviates.
    let within =
        |k: f64| shares.iter().zip(&share_errors).filter(|(s, e)| (**s - (1.0 - q)).abs() <= k * e.sqrt()).count();
    println!("truth within one stated error {} of {SEEDS}, within two {}", within(1.0), within(2.0));
    assert!(within(1.0) >= 14 && within(2.0) >= 25, "{} {}", within(1.0), within(2.0));
}

#[test]
fn the_box_that_is_asked_for_has_the_error_that_was_wanted() {
    // Twice the edge: an eighth of the variance, and a little more, as less of the covariance is cut off.
    let wanted = true_variance(2 * EDGE).sqrt();
    let edges: Vec<f64> = (1..=10)
        .map(|seed| Cells::of_mask(&spheres(seed, EDGE)).representativity().unwrap().volume_for(wanted).cbrt())
        .collect();
    let edge = mean(&edges) / (2 * EDGE) as f64;
    println!("edge for half of the error: {edge:.3} of the true one");
    assert!((edge - 1.0).abs() < 0.1, "{edge}");
}
