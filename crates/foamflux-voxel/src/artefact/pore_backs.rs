//! Surfaces that are seen through open pores of a FIB-SEM stack.
//!
//! ```text
//! seen  = own + (1 - own) s b                    own: the slice itself, pore 0 and solid 1;  b: what lies behind it
//! b_z   = (own_(z+1) + (1 - own_(z+1)) b_(z+1)) e^(-1/l)
//! own   = (seen - s b) / (1 - s b)               from the last slice forwards
//! ```
//!
//! `s` is how bright a surface right behind an open pore is, and `l` over how many slices it fades; slices are milled away from
//! the first to the last. Both are chosen from a grid as the pair for which the two classes of the result are separated best
//! (Otsu's criterion): wrong ones leave ghosts, or dig holes. Where no pair is better than none by a margin there are no pore-backs.
//! The levels are the mode of the grey values and the median of the brightest of three classes. What lies behind is taken from slices
//! that were smoothed, so that noise does not add up over slices; the result keeps the noise and the grey scale of its input.

use foamflux_grid::{Sample, Volume, Watch};
use rayon::prelude::*;

use super::{ArtefactError, Found, median};
use crate::threshold::criteria::multi_otsu;
use crate::threshold::{DEFAULT_BINS, Histogram, otsu};

/// Fewest slices that have something behind them.
const LEAST_SLICES: usize = 8;
/// Brightness of what is right behind a pore, and slices over which it fades.
const SHINES: [f32; 5] = [0.2, 0.35, 0.5, 0.65, 0.8];
const FADES: [f32; 4] = [2.0, 4.0, 8.0, 16.0];
/// Gain in separability below which there are no pore-backs: on tomograms, which have none, no pair gained anything.
const GAIN: f64 = 0.01;
/// Solidity below which a voxel counts as open: noise.
const NOISE: f32 = 0.1;
/// Largest share of a pore that light from behind fills.
const MOST: f32 = 0.9;
/// Voxels that the search for the pair looks at, about.
const LOOKED_AT: usize = 1 << 18;

/// Takes the light from behind out of open pores.
///
/// The strength that is found is the brightness `s`, and the noise the gain in separability that counts.
///
/// # Errors
/// [`ArtefactError`] for fewer than eight slices, and on cancellation.
pub fn pore_backs<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Volume<T>, Found), ArtefactError> {
    let shape = volume.shape();
    if shape.z < LEAST_SLICES {
        return Err(ArtefactError::Small { what: "pore-backs", of: "slices", least: LEAST_SLICES, found: shape.z });
    }
    let none = Found { strength: 0.0, noise: GAIN, corrected: false };
    let mut quiet = smoothed(volume);
    let Some((pore, solid)) = levels(volume, &quiet) else { return Ok((volume.clone(), none)) };
    quiet.par_iter_mut().for_each(|v| *v = (*v - pore) / (solid - pore));
    let plane = shape.y * shape.x;
    // Every so many columns and rows, all slices.
    let step = ((shape.len() as f64 / LOOKED_AT as f64).sqrt().ceil() as usize).max(1);
    let columns: Vec<usize> =
        (0..shape.y).step_by(step).flat_map(|y| (0..shape.x).step_by(step).map(move |x| y * shape.x + x)).collect();
    let separability = |shine: f32, fade: f32| -> f64 {
        let mut own = vec![0f32; columns.len() * shape.z];
        own.par_chunks_mut(shape.z).zip(&columns).for_each(|(own, &at)| {
            column(
                |z| quiet[z * plane + at],
                shape.z,
                (shine, fade),
                |z, light| {
                    own[z] = (quiet[z * plane + at] - light) / (1.0 - light);
                },
            );
        });
        let size = foamflux_grid::Shape { z: 1, y: columns.len(), x: shape.z };
        Volume::from_vec(size, foamflux_grid::VoxelSize::Unknown, own)
            .ok()
            .and_then(|v| Histogram::of(&v, DEFAULT_BINS).ok())
            .and_then(|h| otsu(&h).ok())
            .map_or(0.0, |o| o.separability)
    };
    let before = separability(0.0, 1.0);
    let mut best = (before, 0.0, 1.0);
    for shine in SHINES {
        for fade in FADES {
            if watch.cancelled() {
                return Err(ArtefactError::Cancelled);
            }
            let found = separability(shine, fade);
            if found > best.0 {
                best = (found, shine, fade);
            }
        }
    }
    let (after, shine, fade) = best;
    if after < before + GAIN {
        return Ok((volume.clone(), none));
    }
    let mut behind = vec![0f32; plane];
    let mut out = volume.clone();
    let keep = (-1.0 / fade).exp();
    for z in (0..shape.z).rev() {
        let own = &quiet[z * plane..(z + 1) * plane];
        let target = &mut out.as_mut_slice()[z * plane..(z + 1) * plane];
        target.par_iter_mut().zip(&mut behind).zip(own).for_each(|((v, behind), own)| {
            let light = (shine * *behind).min(MOST);
            let seen = (v.to_f32() - pore) / (solid - pore);
            *v = T::from_f64(f64::from(pore + (solid - pore) * (seen - light) / (1.0 - light)));
            *behind = next(*behind, *own, light, keep);
        });
    }
    Ok((out, Found { strength: f64::from(shine), noise: GAIN, corrected: true }))
}

/// Goes through a column from its last slice and tells the light that falls into each.
fn column(own: impl Fn(usize) -> f32, slices: usize, (shine, fade): (f32, f32), mut tell: impl FnMut(usize, f32)) {
    let keep = (-1.0 / fade).exp();
    let mut behind = 0.0;
    for z in (0..slices).rev() {
        let light = (shine * behind).min(MOST);
        tell(z, light);
        behind = next(behind, own(z), light, keep);
    }
}

/// What the slice before sees behind it.
fn next(behind: f32, seen: f32, light: f32, keep: f32) -> f32 {
    let own = ((seen - light) / (1.0 - light)).clamp(0.0, 1.0);
    let solid = ((own - NOISE) / (1.0 - NOISE)).max(0.0);
    (solid + (1.0 - solid) * behind) * keep
}

/// Slices smoothed with the weights 1 2 1 along x and y.
fn smoothed<T: Sample>(volume: &Volume<T>) -> Vec<f32> {
    let shape = volume.shape();
    let (nx, ny) = (shape.x, shape.y);
    let mut out = vec![0f32; shape.len()];
    out.par_chunks_mut(ny * nx).enumerate().for_each_init(
        || vec![0f32; ny * nx],
        |along, (z, out)| {
            for (row, source) in along.chunks_exact_mut(nx).zip(volume.plane(z).chunks_exact(nx)) {
                for (x, o) in row.iter_mut().enumerate() {
                    let at = |x: usize| source[x].to_f32();
                    *o = 0.25 * at(x.saturating_sub(1)) + 0.5 * at(x) + 0.25 * at((x + 1).min(nx - 1));
                }
            }
            for (y, row) in out.chunks_exact_mut(nx).enumerate() {
                let from = |y: usize| &along[y * nx..(y + 1) * nx];
                let around = from(y.saturating_sub(1)).iter().zip(from(y)).zip(from((y + 1).min(ny - 1)));
                for (o, ((a, b), c)) in row.iter_mut().zip(around) {
                    *o = 0.25 * a + 0.5 * b + 0.25 * c;
                }
            }
        },
    );
    out
}

/// Grey values of pore and solid; `None` where there are no two classes.
fn levels<T: Sample>(volume: &Volume<T>, quiet: &[f32]) -> Option<(f32, f32)> {
    let smooth = volume.like(quiet.to_vec()).ok()?;
    let histogram = Histogram::of(&smooth, DEFAULT_BINS).ok()?;
    let highest = histogram.counts().iter().enumerate().max_by_key(|(_, n)| **n)?.0;
    let pore = histogram.center(highest) as f32;
    let upper = *multi_otsu(&histogram, 3).ok()?.last()? as f32;
    let mut bright: Vec<f32> = quiet.iter().copied().filter(|v| *v >= upper).collect();
    let solid = median(&mut bright);
    (!bright.is_empty() && solid > pore).then_some((pore, solid))
}
