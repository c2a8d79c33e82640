//! Noise filters for grey volumes: the cubic median and the Gaussian, and three whose strength follows the measured noise.
//!
//! [`non_local_means`], [`total_variation`] and [`diffusion`] take the standard deviation of the noise, which
//! [`crate::noise::sigma`] measures, and a strength that is 1 unless someone knows better; none of them moves edges.
//!
//! Both continue the volume beyond its border by reflection about the outer face of the border voxels
//! (`d c b a | a b c d | d c b a`), which is the default of `scipy.ndimage`; no voxel is invented and no grey value
//! is favoured. Both give the same bits for every number of threads.
//!
//! The median keeps edges and every result is a grey value that occurs in the input, so it is the safer choice before
//! a threshold; the Gaussian lowers more noise per voxel of reach but moves the surface of struts towards their axis.

#[cfg(test)]
mod denoise_tests;
mod gaussian;
mod median;
mod nlm;
#[cfg(test)]
mod tests;
mod variation;

use foamflux_grid::{Sample, Shape, Volume};
use rayon::prelude::*;

pub use gaussian::{gaussian, gaussian_core};
pub use median::median;
pub use nlm::non_local_means;
pub use variation::{diffusion, total_variation};

/// Largest radius of [`median`] in voxels: a window of 21 voxels per edge.
pub const MAX_MEDIAN_RADIUS: usize = 10;

/// Largest sigma of [`gaussian`] in units of the smallest voxel edge.
pub const MAX_SIGMA_VOXEL: f64 = 64.0;

/// Largest strength of a filter that follows the measured noise.
pub const MAX_STRENGTH: f64 = 20.0;

/// Why a volume could not be filtered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FilterError {
    /// A median radius out of range.
    #[error(
        "median radius {radius} is out of range: use 1 to {MAX_MEDIAN_RADIUS} voxels (1 is a window of 3x3x3), or no filter"
    )]
    Radius {
        /// The refused radius in voxels.
        radius: usize,
    },
    /// A Gaussian sigma out of range.
    #[error(
        "Gaussian sigma {sigma_voxel} is out of range: use more than 0 and at most {MAX_SIGMA_VOXEL} voxel edges (0.5 to 2 are usual), or no filter"
    )]
    Sigma {
        /// The refused sigma in units of the smallest voxel edge.
        sigma_voxel: f64,
    },
    /// A strength out of range.
    #[error(
        "strength {strength} of the noise filter is out of range: use more than 0 and at most {MAX_STRENGTH} (1 follows the measured noise)"
    )]
    Strength {
        /// The refused strength.
        strength: f64,
    },
    /// Voxels that are NaN or infinite.
    #[error(
        "{count} voxels are NaN or infinite, the first at x,y,z = {x},{y},{z}: crop them away or write the stack again with a number in their place"
    )]
    NotFinite {
        /// How many.
        count: u64,
        /// Column of the first.
        x: usize,
        /// Row of the first.
        y: usize,
        /// Slice of the first.
        z: usize,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Number of NaN and infinite voxels and the linear index of the first; `None` where all are finite.
pub(crate) fn not_finite<T: Sample>(values: &[T]) -> Option<(u64, usize)> {
    if T::IS_INTEGER {
        return None;
    }
    const CHUNK: usize = 1 << 16;
    values
        .par_chunks(CHUNK)
        .enumerate()
        .filter_map(|(c, chunk)| {
            let bad = |v: &T| !v.to_f64().is_finite();
            let first = chunk.iter().position(bad)?;
            Some((chunk[first..].iter().filter(|v| bad(v)).count() as u64, c * CHUNK + first))
        })
        .reduce_with(|a, b| (a.0 + b.0, a.1.min(b.1)))
}

/// The grey values that a filter by noise of standard deviation `sigma` begins with, and whether there is any noise.
fn begun<T: Sample>(volume: &Volume<T>, sigma: f64, strength: f64) -> Result<(Vec<f32>, bool), FilterError> {
    if !(strength > 0.0 && strength <= MAX_STRENGTH) {
        return Err(FilterError::Strength { strength });
    }
    require_finite(volume)?;
    Ok((volume.as_slice().par_iter().map(|v| v.to_f32()).collect(), sigma > 0.0))
}

/// Refuses volumes with NaN or infinite voxels.
fn require_finite<T: Sample>(volume: &Volume<T>) -> Result<(), FilterError> {
    match not_finite(volume.as_slice()) {
        None => Ok(()),
        Some((count, first)) => {
            let (z, y, x) = volume.shape().zyx_of(first);
            Err(FilterError::NotFinite { count, x, y, z })
        }
    }
}

/// Index of the voxel that stands at position `i` of an axis of `n` voxels, continued by reflection.
fn mirror(i: isize, n: usize) -> usize {
    let period = 2 * n as isize;
    let i = i.rem_euclid(period) as usize;
    if i < n { i } else { 2 * n - 1 - i }
}

/// A volume like `like` whose voxels were written plane by plane.
fn assemble<T, U>(like: &Volume<T>, data: Vec<U>) -> Volume<U> {
    debug_assert_eq!(data.len(), like.shape().len());
    match like.like(data) {
        Ok(volume) => volume,
        Err(_) => unreachable!("one value was written for every voxel"),
    }
}

/// Number of voxels of one z plane.
fn plane_len(shape: Shape) -> usize {
    shape.y * shape.x
}
