//! Brightness that jumps from slice to slice.
//!
//! The factor between two neighbouring slices is the median of the ratio of their voxels: most of these show the same
//! thing twice, whatever it is. The factors multiplied up are a path along z, of which what is smooth over twenty slices
//! stays: it may be the sample.

use foamflux_grid::{Sample, Volume, Watch};
use rayon::prelude::*;

use super::{ArtefactError, Found, MAD_TO_SIGMA, VISIBLE, median, unrounded};
use crate::align::smooth;

/// Fewest slices whose mean brightness says anything.
const LEAST_SLICES: usize = 5;
/// Voxels by slice that are looked at, about.
const LOOKED_AT: usize = 1 << 16;
/// Standard error of a median over that of a mean.
const MEDIAN_ERROR: f64 = 1.2533;

/// Divides each slice by its brightness relative to the slices about it.
///
/// # Errors
/// [`ArtefactError`] for fewer than five slices, and on cancellation.
pub fn flicker<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Volume<T>, Found), ArtefactError> {
    let shape = volume.shape();
    if shape.z < LEAST_SLICES {
        return Err(ArtefactError::Small { what: "flicker", of: "slices", least: LEAST_SLICES, found: shape.z });
    }
    let step = (shape.y * shape.x / LOOKED_AT).max(1) | 1;
    let steps: Vec<(f64, f64)> = (1..shape.z)
        .into_par_iter()
        .map(|z| {
            let (a, b) = (volume.plane(z - 1).iter().step_by(step), volume.plane(z).iter().step_by(step));
            // Zero is black, and says nothing about a factor.
            let mut ratios: Vec<f32> = a
                .zip(b)
                .enumerate()
                // Two different places of the sequence.
                .map(|(i, (a, b))| (unrounded(*a, 2 * i), unrounded(*b, 2 * i + 1)))
                .filter(|(a, b)| *a > 0.5 && *b > 0.5)
                .map(|(a, b)| (b / a).ln())
                .collect();
            let centre = median(&mut ratios);
            let n = ratios.len().max(1) as f64;
            ratios.iter_mut().for_each(|r| *r = (*r - centre).abs());
            (f64::from(centre), MEDIAN_ERROR * MAD_TO_SIGMA * f64::from(median(&mut ratios)) / n.sqrt())
        })
        .collect();
    if watch.cancelled() {
        return Err(ArtefactError::Cancelled);
    }
    let mut path = vec![0.0];
    for (step, _) in &steps {
        path.push(path[path.len() - 1] + step);
    }
    let factors: Vec<f64> = path.iter().zip(smooth(&path)).map(|(p, s)| p - s).collect();
    let strength = (factors.iter().map(|f: &f64| f * f).sum::<f64>() / factors.len() as f64).sqrt();
    let noise = (steps.iter().map(|s| s.1 * s.1).sum::<f64>() / steps.len() as f64).sqrt();
    let corrected = strength > VISIBLE * noise && strength > 0.0;
    let mut out = volume.clone();
    if corrected {
        out.as_mut_slice().par_chunks_mut(shape.y * shape.x).zip(&factors).for_each(|(plane, f)| {
            let factor = (-f).exp();
            plane.iter_mut().for_each(|v| *v = T::from_f64(v.to_f64() * factor));
        });
    }
    Ok((out, Found { strength, noise, corrected }))
}
