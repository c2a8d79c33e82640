//! Seeds of the cells in a periodic box.

use super::parameters::{FoamParameters, SeedPattern};
use super::voronoi::Neighbours;
use crate::error::FoamError;
use crate::random::{Purpose, Stream};
use crate::vector::{Point, along};

/// Attempts per seed before the box counts as full; the process at the largest allowed distance needs about 300.
const ATTEMPTS_PER_SEED: usize = 20_000;

pub(super) fn in_periodic_box(
    parameters: &FoamParameters,
    box_m: Point,
    cell_size_m: f64,
    seed: u64,
) -> Result<Vec<Point>, FoamError> {
    let mut stream = Stream::new(seed, Purpose::Seeds, 0);
    match parameters.seeds {
        SeedPattern::Lattice { jitter } => {
            let cubes = box_m.map(|edge| (edge / cell_size_m).round() as usize);
            if cubes.contains(&0) {
                return Err(FoamError::NoCells { box_m, cell_size_m });
            }
            Ok(lattice(box_m, cubes, jitter, &mut stream))
        }
        SeedPattern::HardCore { min_distance } => hard_core(box_m, cell_size_m, min_distance, &mut stream),
    }
}

/// Body-centred cubic seeds; the cubes are stretched so that a whole number fits along each axis.
fn lattice(box_m: Point, cubes: [usize; 3], jitter: f64, stream: &mut Stream) -> Vec<Point> {
    let edge: Point = std::array::from_fn(|k| box_m[k] / cubes[k] as f64);
    // Nearest neighbours sit half a body diagonal apart.
    let reach = jitter * 0.5 * crate::vector::norm(edge);
    let mut seeds = Vec::with_capacity(2 * cubes.iter().product::<usize>());
    for z in 0..cubes[2] {
        for y in 0..cubes[1] {
            for x in 0..cubes[0] {
                for place in [0.25, 0.75] {
                    let at = [x, y, z];
                    let p = std::array::from_fn(|k| (at[k] as f64 + place) * edge[k]);
                    seeds.push(along(p, reach, stream.in_ball()));
                }
            }
        }
    }
    seeds
}

/// Random sequential addition (B. Widom, J. Chem. Phys. 44, 3888, 1966).
fn hard_core(box_m: Point, cell_size_m: f64, min_distance: f64, stream: &mut Stream) -> Result<Vec<Point>, FoamError> {
    let volume: f64 = box_m.iter().product();
    let wanted = (2.0 * volume / cell_size_m.powi(3)).round() as usize;
    if wanted == 0 {
        return Err(FoamError::NoCells { box_m, cell_size_m });
    }
    let spacing = libm::cbrt(volume / wanted as f64);
    // Never nearer than what the tessellation can tell apart.
    let core = spacing * min_distance.max(1e-3);
    let attempts = ATTEMPTS_PER_SEED * wanted;
    let mut placed = Neighbours::new(&[], box_m, spacing);
    for _ in 0..attempts {
        let p: Point = std::array::from_fn(|k| stream.uniform() * box_m[k]);
        // A seed that meets its own image within the core cannot be helped: the box is smaller than the core.
        if placed.around(p, core).is_empty() {
            placed.push(p);
            if placed.seeds().len() == wanted {
                return Ok(placed.into_seeds());
            }
        }
    }
    Err(FoamError::Crowded { placed: placed.seeds().len(), wanted, attempts, min_distance })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Point = [1.0, 1.2, 0.9];

    /// Smallest distance of two seeds on the torus.
    fn smallest(seeds: &[Point]) -> f64 {
        let mut smallest = f64::INFINITY;
        for (i, a) in seeds.iter().enumerate() {
            for b in &seeds[..i] {
                let d: Point = std::array::from_fn(|k| {
                    let d = (a[k] - b[k]).rem_euclid(BOX[k]);
                    d.min(BOX[k] - d)
                });
                smallest = smallest.min(crate::vector::norm(d));
            }
        }
        smallest
    }

    #[test]
    fn hard_core_seeds_keep_their_distance_and_number() {
        for min_distance in [0.0, 0.4, 0.85] {
            let seeds = hard_core(BOX, 0.3, min_distance, &mut Stream::new(1, Purpose::Seeds, 0)).unwrap();
            let wanted = (2.0f64 * 1.0 * 1.2 * 0.9 / 0.027).round();
            assert_eq!(seeds.len(), wanted as usize);
            let core = min_distance * (1.08 / wanted).cbrt();
            assert!(smallest(&seeds) >= core, "{min_distance}");
            // The process uses the freedom it has: some pair is close to the core.
            assert!(min_distance < 0.4 || smallest(&seeds) < 1.1 * core);
        }
    }

    #[test]
    fn a_jammed_box_says_so() {
        let e = hard_core(BOX, 0.5, 1.3, &mut Stream::new(1, Purpose::Seeds, 0)).unwrap_err();
        assert!(matches!(e, FoamError::Crowded { wanted: 17, .. }), "{e}");
    }

    #[test]
    fn jitter_moves_lattice_seeds_no_farther_than_it_says() {
        let seeds = |jitter: f64| lattice(BOX, [4, 5, 3], jitter, &mut Stream::new(1, Purpose::Seeds, 0));
        let (still, moved) = (seeds(0.0), seeds(0.3));
        let pair = 0.5 * crate::vector::norm([0.25, 0.24, 0.3]);
        assert!((smallest(&still) - [0.25, 0.24, 0.3f64].into_iter().fold(pair, f64::min)).abs() < 1e-12);
        let reach: Vec<f64> = still.iter().zip(&moved).map(|(a, b)| crate::vector::distance(*a, *b)).collect();
        assert!(reach.iter().all(|&d| d <= 0.3 * pair) && reach.iter().any(|&d| d > 0.25 * pair));
    }
}
