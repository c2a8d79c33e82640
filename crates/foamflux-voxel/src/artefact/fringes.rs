//! Bright and dark rims that phase contrast leaves along edges of a tomogram.
//!
//! ```text
//! seen = b + e (b - G_w b)                     b: absorption, G_w: Gaussian of width w
//! b    = (seen + e G_w b) / (1 + e)            over and over: each round takes the rest by e / (1 + e)
//! ```
//!
//! For rims narrower than what they surround this is the low-pass of D. Paganin and others (J. Microsc. 206, 33, 2002),
//! `1 / (1 + e w^2 k^2 / 2)`, which inverts propagation over one distance; the Gaussian keeps what is wider than the rims where
//! it is.
//! Strength and width are those of the dark rim outside of the solid, beyond the reach of blur: there `seen` lies below the
//! background by `e` times the contrast times `G_w` of the solid, which is fitted by least squares for each of a few widths.
//! Light that makes the surroundings brighter is no fringe and is left alone.

use foamflux_grid::{Sample, Volume, VoxelSize, Watch};
use rayon::prelude::*;

use super::{ArtefactError, Found, VISIBLE};
use crate::distance::{Border, distance};
use crate::filter;
use crate::segment::{Foreground, half_way};
use crate::threshold::{DEFAULT_BINS, Histogram, otsu};

/// Widths that are tried, in voxels.
const WIDTHS: [f64; 6] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0];
/// Distances from the solid that are looked at: blur ends before, and fringes within.
const LOOKED_AT: std::ops::RangeInclusive<f32> = 2.5..=10.0;
/// Rounds of the correction: the rest is less than `(e / (1 + e))^12`, 1e-5 for the strongest fringes.
const ROUNDS: usize = 12;
/// Weakest fringes that are worth a correction, and the strongest that are believed.
const STRENGTHS: [f64; 2] = [0.02, 1.5];
/// Smoothing in voxels before the solid is found.
const SMOOTHING: f64 = 1.0;
/// Voxels that are needed.
const FEW: f64 = 1000.0;

/// Takes fringes out.
///
/// The strength is `e`, and the noise its standard error.
///
/// # Errors
/// [`ArtefactError::Cancelled`].
pub fn fringes<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Volume<T>, Found), ArtefactError> {
    let none = Found { strength: 0.0, noise: 0.0, corrected: false };
    let cancelled = |_| ArtefactError::Cancelled;
    // A solid of any grey values looks the same when it is the bright one of the two phases; the rare phase is the solid.
    let Some((mask, contrast)) = solid(volume, watch) else { return Ok((volume.clone(), none)) };
    let away = distance(&mask.map(|v| !v), Border::Open);
    // Numbers of voxels, as the widths are.
    let edge = mask.spacing().min_edge() as f32;
    let body = mask.map(|v| f32::from(u8::from(*v))).with_voxel_size(VoxelSize::Unknown);
    let mut best: Option<(f64, f64, f64, f64)> = None;
    for width in WIDTHS {
        if watch.cancelled() {
            return Err(ArtefactError::Cancelled);
        }
        let spread = filter::gaussian(&body, width, watch).map_err(cancelled)?;
        let planes: Vec<[f64; 6]> = (0..volume.shape().z)
            .into_par_iter()
            .map(|z| {
                let values = volume.plane(z).iter().zip(spread.plane(z)).zip(away.plane(z));
                values.filter(|(_, d)| LOOKED_AT.contains(&(**d / edge))).fold([0.0; 6], |s, ((v, g), _)| {
                    let (y, x) = (v.to_f64(), f64::from(*g));
                    [s[0] + 1.0, s[1] + x, s[2] + y, s[3] + x * x, s[4] + x * y, s[5] + y * y]
                })
            })
            .collect();
        let [n, x, y, xx, xy, yy] = planes.iter().fold([0.0; 6], |a, b| std::array::from_fn(|k| a[k] + b[k]));
        let (sxx, sxy, syy) = (xx - x * x / n, xy - x * y / n, yy - y * y / n);
        if n < FEW || sxx <= 0.0 {
            continue;
        }
        let slope = sxy / sxx;
        let rest = (syy - slope * sxy).max(0.0);
        let error = (rest / (n - 2.0) / sxx).sqrt();
        if best.is_none_or(|b| rest < b.0) {
            best = Some((rest, width, -slope / contrast, error / contrast.abs()));
        }
    }
    let Some((_, width, strength, noise)) = best else { return Ok((volume.clone(), none)) };
    let found = Found { strength, noise, corrected: false };
    if strength < STRENGTHS[0].max(2.0 * VISIBLE * noise) || strength > STRENGTHS[1] {
        return Ok((volume.clone(), found));
    }
    let e = strength as f32;
    let mut b = volume.map(|v| v.to_f32()).with_voxel_size(VoxelSize::Unknown);
    for _ in 0..ROUNDS {
        let spread = filter::gaussian(&b, width, watch).map_err(cancelled)?;
        let seen = volume.as_slice().par_iter().zip(spread.as_slice());
        b.as_mut_slice().par_iter_mut().zip(seen).for_each(|(b, (v, g))| *b = (v.to_f32() + e * g) / (1.0 + e));
    }
    let mut out = volume.clone();
    out.as_mut_slice().par_iter_mut().zip(b.as_slice()).for_each(|(v, b)| *v = T::from_f64(f64::from(*b)));
    Ok((out, Found { corrected: true, ..found }))
}

/// Where the rarer phase is, and its grey level over that of the other; `None` where there are no two phases.
fn solid<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Option<(Volume<bool>, f64)> {
    for foreground in [Foreground::Bright, Foreground::Dark] {
        if let Ok(Ok(found)) = half_way(volume, foreground, watch) {
            let bright = foreground == Foreground::Bright;
            let mask = found.field.map(|v| (f64::from(*v) >= found.threshold) == bright);
            return mask.as_slice().contains(&true).then_some((mask, found.contrast));
        }
    }
    let smooth = filter::gaussian(volume, SMOOTHING, watch).ok()?;
    let found = otsu(&Histogram::of(&smooth, DEFAULT_BINS).ok()?).ok()?;
    let bright = found.bright_fraction <= 0.5;
    let contrast = if bright { 1.0 } else { -1.0 } * (found.mean_bright - found.mean_dark);
    Some((smooth.map(|v| (f64::from(*v) >= found.threshold) == bright), contrast))
}
