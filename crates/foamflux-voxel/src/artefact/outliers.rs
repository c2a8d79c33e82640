//! Single voxels that no sample has: cosmic rays, dead pixels.

use std::sync::atomic::{AtomicU64, Ordering};

use foamflux_grid::{Sample, Volume, Watch};
use rayon::prelude::*;

use super::{ArtefactError, Found};
use crate::noise;

/// Noise beyond all six neighbours that is an outlier: white noise does that once in 10^9 voxels.
const BEYOND_SIGMAS: f64 = 6.0;

/// Replaces voxels that exceed or undercut all six neighbours by six times the noise with the mean of these.
///
/// # Errors
/// [`ArtefactError::Cancelled`].
pub fn outliers<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Volume<T>, Found), ArtefactError> {
    let sigma = noise::sigma(volume).unwrap_or(0.0);
    // An image without noise has outliers beyond a hundredth of its range.
    let (low, high) = crate::threshold::range(volume.as_slice());
    let limit = if sigma > 0.0 { BEYOND_SIGMAS * sigma } else { 0.01 * (high - low).max(f64::MIN_POSITIVE) };
    let shape = volume.shape();
    let count = AtomicU64::new(0);
    let mut out = volume.clone();
    out.as_mut_slice().par_chunks_mut(shape.y * shape.x).enumerate().try_for_each(|(z, target)| {
        if watch.cancelled() {
            return Err(ArtefactError::Cancelled);
        }
        let plane = volume.plane(z);
        let below = (z > 0).then(|| volume.plane(z - 1));
        let above = (z + 1 < shape.z).then(|| volume.plane(z + 1));
        let mut found = 0;
        for y in 0..shape.y {
            for x in 0..shape.x {
                let i = y * shape.x + x;
                let v = plane[i].to_f64();
                let (mut least, mut most, mut sum, mut n) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0u32);
                let mut look = |w: f64| {
                    least = least.min(w);
                    most = most.max(w);
                    sum += w;
                    n += 1;
                };
                if x > 0 {
                    look(plane[i - 1].to_f64());
                }
                if x + 1 < shape.x {
                    look(plane[i + 1].to_f64());
                }
                if y > 0 {
                    look(plane[i - shape.x].to_f64());
                }
                if y + 1 < shape.y {
                    look(plane[i + shape.x].to_f64());
                }
                below.into_iter().chain(above).for_each(|p| look(p[i].to_f64()));
                if n > 2 && (v > most + limit || v < least - limit) {
                    target[i] = T::from_f64(sum / f64::from(n));
                    found += 1;
                }
            }
        }
        count.fetch_add(found, Ordering::Relaxed);
        Ok(())
    })?;
    let count = count.into_inner();
    Ok((out, Found { strength: count as f64, noise: sigma, corrected: count > 0 }))
}
