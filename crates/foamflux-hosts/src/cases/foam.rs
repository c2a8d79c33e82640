//! Foams of a given solid fraction, in voxels.
//!
//! The struts of Kelvin's foam, each seed moved at random, cut out of a larger one like a sample.
//! Slender struts of diameter d and length l fill `0.833 (d / l)^2` of space (see `crate::foam`);
//! overlaps at the nodes and the voxels make the true share another one, so the diameter is corrected by
//! `d <- d sqrt(wanted / found)` on the volume itself until the share is met.

use foamflux_grid::{Shape, Volume, VoxelSize};

use crate::foam::{Boundary, FoamParameters, SeedPattern, StrutProfile};
use crate::{Foam, FoamError, mask};

/// Edge in voxels of the cube that holds two cells.
pub const DEFAULT_CELL_VOXEL: f64 = 64.0;

/// How far seeds are moved, over the distance of neighbours: irregular cells, and still four struts at each node.
const JITTER: f64 = 0.2;

/// Relative distance to the wanted solid fraction that ends the correction.
const CLOSE_ENOUGH: f64 = 5e-3;

/// Corrections at most: each leaves about a tenth of the distance.
const CORRECTIONS: usize = 6;

/// True in the struts.
///
/// # Errors
/// [`FoamError`] for struts thicker than half a cell, or too many cells.
pub(crate) fn foam(shape: Shape, solid_fraction: f64, cell_voxel: f64, seed: u64) -> Result<Volume<bool>, FoamError> {
    let strut_length = cell_voxel / 8f64.sqrt();
    let mut diameter = strut_length * (solid_fraction / 0.833).sqrt();
    let mut best: Option<(f64, Volume<bool>)> = None;
    for _ in 0..CORRECTIONS {
        // Lengths are voxels: the volume has no voxel size, and the generator knows no unit.
        let parameters = FoamParameters {
            box_m: [shape.x as f64, shape.y as f64, shape.z as f64],
            cell_size_m: cell_voxel,
            seeds: SeedPattern::Lattice { jitter: JITTER },
            boundary: Boundary::Open,
            profile: StrutProfile::uniform(diameter),
        };
        let volume = mask(shape, VoxelSize::Unknown, &Foam::generate(&parameters, seed)?.solid());
        let found = volume.as_slice().iter().filter(|&&solid| solid).count() as f64 / shape.len() as f64;
        let miss = (found / solid_fraction - 1.0).abs();
        if best.as_ref().is_none_or(|(least, _)| miss < *least) {
            best = Some((miss, volume));
        }
        if miss < CLOSE_ENOUGH {
            break;
        }
        // Struts thinner than a voxel may miss every centre.
        diameter *= if found > 0.0 { (solid_fraction / found).sqrt() } else { 2.0 };
    }
    let empty = || Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| false);
    Ok(best.map_or_else(empty, |(_, volume)| volume))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(volume: &Volume<bool>) -> f64 {
        volume.as_slice().iter().filter(|&&solid| solid).count() as f64 / volume.shape().len() as f64
    }

    #[test]
    fn the_solid_fraction_is_met() {
        // A box of odd edges, with a quarter of a cell to several cells along them.
        let shape = Shape::new(40, 64, 72).unwrap();
        for wanted in [0.036, 0.05, 0.2] {
            let found = share(&foam(shape, wanted, 32.0, 1).unwrap());
            // Thin struts change by whole voxels: the last correction may stop short of its aim.
            const STEP: f64 = 0.02;
            assert!((found / wanted - 1.0).abs() < STEP, "{wanted}: {found}");
        }
    }

    #[test]
    fn a_seed_is_a_foam_and_another_seed_another_one() {
        let shape = Shape::cube(32).unwrap();
        let make = |seed| foam(shape, 0.05, 24.0, seed).unwrap();
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }

    #[test]
    fn struts_too_thick_for_their_cells_are_refused() {
        assert!(matches!(foam(Shape::cube(32).unwrap(), 0.9, 32.0, 1), Err(FoamError::StrutTooThick { .. })));
    }
}
