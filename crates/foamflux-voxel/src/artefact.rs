//! Artefacts of instruments: outliers, flicker from slice to slice, shading, curtains, rings, fringes, pore-backs.
//!
//! Each correction measures first and says how strong the artefact is beside the noise of its own measurement. What is
//! within that noise is left alone, and what is corrected is shrunk by the share of noise in it. All are robust against
//! the sample: they rest on medians, and values beyond four times their usual scatter count as sample.
//!
//! | function | artefact | model |
//! |---|---|---|
//! | [`outliers`] | single voxels far beyond all six neighbours | replaced by the mean of these |
//! | [`flicker`] | brightness that jumps from slice to slice | one factor by slice |
//! | [`shading`] | brightness that changes slowly across the stack | a polynomial of the second degree |
//! | [`curtains`] | stripes along y, as ion beams leave them | a factor by column, slow along y and z |
//! | [`rings`] | rings about the middle of the slices | an offset by radius, slow along z |
//! | [`fringes`] | bright and dark rims of phase contrast | `e (b - G_w b)`, by the dark rim around the solid |
//! | [`pore_backs`] | surfaces seen through open pores of a FIB-SEM stack | light that fades from slice to slice |
//!
//! Time is linear in voxels and memory one volume; the result does not depend on the number of threads.

mod curtains;
mod flicker;
mod fringes;
mod outliers;
mod pore_backs;
mod rings;
mod shading;
#[cfg(test)]
mod tests;

pub use curtains::curtains;
pub use flicker::flicker;
pub use fringes::{STRONGEST_FRINGES, fringes};
pub use outliers::outliers;
pub use pore_backs::pore_backs;
pub use rings::rings;
pub use shading::shading;

use foamflux_grid::Sample;

/// A standard deviation from the median of magnitudes.
const MAD_TO_SIGMA: f64 = 1.4826;
/// Values beyond so many standard deviations of their scatter count as sample.
const SAMPLE_SIGMAS: f64 = 4.0;
/// An artefact that does not exceed the noise of its measurement by this factor is not corrected.
const VISIBLE: f64 = 1.5;

/// What was found and done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Root of the mean square of the artefact: relative for factors, in grey values for offsets, voxels for outliers.
    pub strength: f64,
    /// The same of the noise of the measurement.
    pub noise: f64,
    /// Whether it was corrected.
    pub corrected: bool,
}

/// Why an artefact could not be corrected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ArtefactError {
    /// Too few voxels along an axis.
    #[error("correcting {what} needs at least {least} {of}, and there are {found}: leave it out")]
    Small {
        /// The artefact.
        what: &'static str,
        /// What there is too little of.
        of: &'static str,
        /// How many are needed.
        least: usize,
        /// How many there are.
        found: usize,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// The median of values that are put in order on the way; 0 of nothing.
fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Grey values as numbers; whole ones are spread evenly over the unit that they were rounded from.
///
/// The median of whole numbers is a whole number: it stays where it is until an offset moves half of a grey value, which is more
/// than curtains and flicker on dark pores. The spread is a fixed sequence of low discrepancy, so that nothing is random.
fn unrounded<T: Sample>(value: T, index: usize) -> f32 {
    // Multiples of the golden ratio, in 24 bits.
    let part = ((index as u32).wrapping_mul(2_654_435_769) >> 8) as f32 / (1u32 << 24) as f32 - 0.5;
    if T::IS_INTEGER { value.to_f32() + part } else { value.to_f32() }
}

/// Medians of windows of `2 half + 1` values; the window is cut at the ends.
fn running_median(values: &[f32], half: usize, out: &mut Vec<f32>) {
    out.clear();
    let n = values.len();
    // The window in order: one value leaves and one comes at each step.
    let mut window: Vec<f32> = Vec::with_capacity(2 * half + 2);
    let insert = |window: &mut Vec<f32>, v: f32| {
        let at = window.partition_point(|w| w.total_cmp(&v).is_lt());
        window.insert(at, v);
    };
    for &v in &values[..half.min(n)] {
        insert(&mut window, v);
    }
    for i in 0..n {
        if i + half < n {
            insert(&mut window, values[i + half]);
        }
        if i > half {
            let gone = values[i - half - 1];
            let at = window.partition_point(|w| w.total_cmp(&gone).is_lt());
            window.remove(at);
        }
        out.push(window[window.len() / 2]);
    }
}

/// Sets to zero what is sample, shrinks the rest by the share of noise in it, and says how strong it is.
///
/// `noise` is the standard deviation that noise alone would give the values.
fn shrink(values: &mut [f32], noise: f64) -> Found {
    let mut magnitudes: Vec<f32> = values.iter().map(|v| v.abs()).collect();
    let scatter = (MAD_TO_SIGMA * f64::from(median(&mut magnitudes))).max(noise);
    let limit = (SAMPLE_SIGMAS * scatter) as f32;
    values.iter_mut().filter(|v| v.abs() > limit).for_each(|v| *v = 0.0);
    let square = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / values.len().max(1) as f64;
    let strength = (square - noise * noise).max(0.0).sqrt();
    let corrected = strength > VISIBLE * noise && strength > 0.0;
    let keep = if corrected { (strength * strength / square) as f32 } else { 0.0 };
    values.iter_mut().for_each(|v| *v *= keep);
    Found { strength, noise, corrected }
}
