//! Arrangements of cells beyond plain seeds: relaxed Voronoi foams and Laguerre foams with a given spread of cell sizes.
//!
//! Lloyd's step moves every seed to the centroid of its cell (S. Lloyd, IEEE Trans. Inf. Theory 28, 129, 1982); a few
//! steps remove the short struts and small angles that random seeds give and real foams do not have.
//! For a Laguerre foam each cell has a target volume from a log-normal distribution of equivalent diameters, and between
//! Lloyd's steps the weights follow the error, `w += g (R_target^2 - R^2)` with the radius `R` of the ball of equal volume:
//! a fixed-point form of the capacity constraint of F. Aurenhammer, F. Hoffmann and B. Aronov, Algorithmica 20, 61 (1998).
//! The spread that was reached is measured on the cells and reported; it is not assumed.

use serde::Serialize;

use super::parameters::{Boundary, FoamParameters, SeedPattern, StrutProfile, in_range};
use super::voronoi::{Neighbours, cells};
use super::{Foam, seeds};
use crate::error::FoamError;
use crate::random::{Purpose, Stream};
use crate::vector::{Point, add};

/// Rounds of moving seeds and weights for a Laguerre foam.
const LAGUERRE_ROUNDS: usize = 25;
/// Gain of the weights; above 1 neighbours chase each other.
const GAIN: f64 = 0.6;

/// How cells are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Arrangement {
    /// Kelvin's cells, each seed moved at random by a part of the distance of neighbours.
    Kelvin {
        /// 0 to 0.5.
        jitter: f64,
    },
    /// Voronoi cells of random seeds.
    Voronoi {
        /// Smallest distance of seeds over their mean spacing, 0 to 0.85.
        min_distance: f64,
        /// Lloyd's steps, 0 to 100.
        relax: usize,
    },
    /// Laguerre cells of a prescribed spread.
    Laguerre {
        /// Coefficient of variation of the cells' equivalent diameter, 0 to 0.5.
        spread: f64,
    },
}

impl Arrangement {
    fn pattern(self) -> SeedPattern {
        match self {
            Arrangement::Kelvin { jitter } => SeedPattern::Lattice { jitter },
            Arrangement::Voronoi { min_distance, .. } => SeedPattern::HardCore { min_distance },
            Arrangement::Laguerre { .. } => SeedPattern::HardCore { min_distance: 0.6 },
        }
    }
}

impl Foam {
    /// A foam with cells arranged like this.
    ///
    /// # Errors
    /// As [`Foam::generate`].
    pub fn arranged(
        arrangement: Arrangement,
        box_m: [f64; 3],
        cell_size_m: f64,
        boundary: Boundary,
        profile: StrutProfile,
        seed: u64,
    ) -> Result<Self, FoamError> {
        let parameters = FoamParameters { box_m, cell_size_m, seeds: arrangement.pattern(), boundary, profile };
        parameters.check()?;
        let large = match boundary {
            Boundary::Periodic => box_m,
            // Two cells on each side: the tessellation in the box then knows nothing of the larger box's period.
            Boundary::Open => box_m.map(|edge| ((edge / cell_size_m).ceil() + 4.0) * cell_size_m),
        };
        let mut seeds = seeds::in_periodic_box(&parameters, large, cell_size_m, seed)?;
        let mut weights = Vec::new();
        match arrangement {
            Arrangement::Kelvin { .. } => {}
            Arrangement::Voronoi { relax, .. } => {
                in_range("relax", relax as f64, 0.0, 100.0)?;
                for _ in 0..relax {
                    seeds = step(&seeds, &mut weights, &[], large)?;
                }
            }
            Arrangement::Laguerre { spread } => {
                in_range("spread", spread, 0.0, 0.5)?;
                let targets = targets(seeds.len(), spread, large, seed);
                weights = targets.iter().map(|r| r * r).collect();
                for _ in 0..LAGUERRE_ROUNDS {
                    seeds = step(&seeds, &mut weights, &targets, large)?;
                }
            }
        }
        let whole = Foam::from_weighted_seeds(&seeds, &weights, large, profile)?;
        if boundary == Boundary::Periodic {
            return Ok(whole);
        }
        let mut origin = Stream::new(seed, Purpose::Origin, 0);
        let origin: Point = std::array::from_fn(|_| (1.5 + origin.uniform()) * cell_size_m);
        Ok(whole.crop(origin, box_m, cell_size_m, &seeds))
    }
}

/// Radii of balls with the target volumes, which together fill the box.
fn targets(n: usize, spread: f64, box_m: Point, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Sizes, 0);
    let sigma = libm::log(1.0 + spread * spread).sqrt();
    let radii: Vec<f64> = (0..n).map(|_| libm::exp(sigma * stream.normal_pair().0)).collect();
    let filled: f64 = radii.iter().map(|r| volume(*r)).sum();
    let scale = libm::cbrt(box_m.iter().product::<f64>() / filled);
    radii.into_iter().map(|r| r * scale).collect()
}

fn volume(radius: f64) -> f64 {
    4.0 / 3.0 * std::f64::consts::PI * radius.powi(3)
}

/// Seeds to the centroids of their cells, weights towards the target radii.
fn step(seeds: &[Point], weights: &mut [f64], targets: &[f64], box_m: Point) -> Result<Vec<Point>, FoamError> {
    let spacing = libm::cbrt(box_m.iter().product::<f64>() / seeds.len() as f64);
    let neighbours = Neighbours::new(seeds, box_m, spacing);
    let cells = cells(&neighbours, weights, spacing)?;
    let mut moved = Vec::with_capacity(seeds.len());
    for (i, (seed, cell)) in neighbours.seeds().iter().zip(&cells).enumerate() {
        let (v, centroid) = cell.volume_and_centroid();
        moved.push(add(*seed, centroid));
        if let Some(target) = targets.get(i) {
            let radius = libm::cbrt(v / volume(1.0));
            weights[i] += GAIN * (target * target - radius * radius);
        }
    }
    Ok(moved)
}

/// Coefficient of variation of the equivalent diameter of the cells of weighted seeds, and how many have a cell.
pub(super) fn diameter_spread(seeds: &Neighbours, weights: &[f64], spacing: f64) -> Result<(f64, usize), FoamError> {
    let diameters: Vec<f64> = cells(seeds, weights, spacing)?
        .iter()
        .map(|c| libm::cbrt(c.volume_and_centroid().0))
        .filter(|d| *d > 0.0)
        .collect();
    let n = diameters.len() as f64;
    let mean = diameters.iter().sum::<f64>() / n;
    let variance = diameters.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / n;
    Ok((variance.sqrt() / mean, diameters.len()))
}
