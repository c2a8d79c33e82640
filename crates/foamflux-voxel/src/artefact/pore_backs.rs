//! Surfaces that are seen through open pores of a FIB-SEM stack.
//!
//! ```text
//! seen  = own + (1 - own) s b                    own: the slice itself, pore 0 and solid 1;  b: what lies behind it
//! b_z   = (own_(z+1) + (1 - own_(z+1)) b_(z+1)) e^(-1/l)
//! own   = (seen - s b) / (1 - s b)               from the last slice forwards
//! ```
//!
//! `s` is how bright a surface right behind an open pore is, and `l` over how many slices it fades; slices are milled away from
//! the first to the last. Both are read from the stack: the brightness of pores, well away from solid in their own slice, falls with the
//! number of slices to the first solid behind, and a line through its logarithm gives them. Which voxels are solid follows from the
//! corrected stack, so that the two take turns until they agree, from a light as it usually is. Where fewer than four depths are brighter than their noise there
//! are no pore-backs: on tomograms none are.
//!
//! The level of the solid is that of its inside, that of the pores the background of bricks of 32 voxels where solid is rare, and the mode of the
//! grey values elsewhere. What lies behind is taken from slices that were smoothed, so that noise does not add up over slices;
//! the result keeps the noise and the grey scale of its input.

use foamflux_grid::{Sample, Volume, Watch};
use rayon::prelude::*;

use super::{ArtefactError, Found, median};
use crate::cleanup::remove_small;
use crate::components::Connectivity;
use crate::segment::Background;
use crate::threshold::criteria::multi_otsu;
use crate::threshold::{DEFAULT_BINS, Histogram};

/// Fewest slices that have something behind them.
const LEAST_SLICES: usize = 8;
/// Slices to the solid behind that are looked at: right behind it slices hold part of the solid.
const DEPTHS: std::ops::RangeInclusive<usize> = 2..=12;
/// Depths that must be seen, each brighter than this share of the contrast and than so many of its standard errors, over voxels
/// that number at least this.
const SEEN: usize = 4;
const DIM: f64 = 0.02;
const ERRORS: f64 = 4.0;
const FEW: f64 = 50.0;
/// Brightest and longest light that is believed, the latter in slices.
const SHINE: f64 = 0.95;
const FADE: f64 = 100.0;
/// Turns of finding the solid and the light, and the change of the brightness that ends them.
const TURNS: (usize, f64) = (8, 2e-3);
/// Solidity below which a voxel counts as open: noise.
const NOISE: f32 = 0.1;
/// Largest share of a pore that light from behind fills.
const MOST: f32 = 0.9;
/// More solid than this share is not rare, and bricks have no background.
const RARE: f64 = 0.15;
/// Components of fewer voxels are noise.
const SPECK: u64 = 40;
/// Voxels that make a level.
const CORE: usize = 50;

/// Takes the light from behind out of open pores.
///
/// The strength that is found is the brightness `s`, and the noise its standard error.
///
/// # Errors
/// [`ArtefactError`] for fewer than eight slices, and on cancellation.
pub fn pore_backs<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Volume<T>, Found), ArtefactError> {
    let shape = volume.shape();
    if shape.z < LEAST_SLICES {
        return Err(ArtefactError::Small { what: "pore-backs", of: "slices", least: LEAST_SLICES, found: shape.z });
    }
    let none = Found { strength: 0.0, noise: 0.0, corrected: false };
    let Some((pore, bright)) = levels(volume, &smoothed(volume)) else { return Ok((volume.clone(), none)) };
    let middle = 0.5 * (pore + bright);
    let filled = volume.as_slice().par_iter().filter(|v| v.to_f32() >= middle).count() as f64;
    // Grey values over the background.
    let raw: Volume<f32> = match filled / (shape.len() as f64) < RARE {
        true => Background::of(volume, 1.0).subtracted(volume, 1.0),
        false => volume.map(|v| v.to_f32() - pore),
    };
    let quiet = smoothed(&raw);
    let mut solid = bright - pore;
    let mut light = Light::USUAL;
    for _ in 0..TURNS.0 {
        if watch.cancelled() {
            return Err(ArtefactError::Cancelled);
        }
        let Some(mut mask) = own_solid(&raw, &quiet, solid, &light) else { return Ok((volume.clone(), none)) };
        if remove_small(&mut mask, SPECK, Connectivity::Full26).is_err() {
            return Ok((volume.clone(), none));
        }
        let inside = in_plane(&mask, false);
        if let Some(level) = inner_level(&raw, &mask, &inside) {
            solid = level;
        }
        let near = in_plane(&in_plane(&mask, true), true);
        let Some(next) = Light::of(&raw, &mask, &inside, &near, solid) else { return Ok((volume.clone(), none)) };
        let settled = (light.shine - next.shine).abs() < TURNS.1;
        light = next;
        if settled {
            break;
        }
    }
    let plane = shape.y * shape.x;
    let mut behind = vec![0f32; plane];
    let mut out = volume.clone();
    let keep = light.keep();
    for z in (0..shape.z).rev() {
        let own = &quiet[z * plane..(z + 1) * plane];
        let (seen, target) = (raw.plane(z), &mut out.as_mut_slice()[z * plane..(z + 1) * plane]);
        target.par_iter_mut().zip(&mut behind).zip(own).zip(seen).for_each(|(((v, behind), own), seen)| {
            let shone = (light.shine as f32 * *behind).min(MOST);
            let mended = (seen - solid * shone) / (1.0 - shone);
            *v = T::from_f64(v.to_f64() + f64::from(mended - seen));
            *behind = next(*behind, *own / solid, shone, keep);
        });
    }
    Ok((out, Found { strength: light.shine, noise: light.error, corrected: true }))
}

/// What shines through open pores.
#[derive(Debug, Clone, Copy)]
struct Light {
    /// Brightness of a surface right behind a pore, in parts of the solid's.
    shine: f64,
    /// Slices over which it fades.
    fade: f64,
    /// Standard error of the brightness.
    error: f64,
}

impl Light {
    /// Where the search for the solid begins. Without any light pore-backs beyond half of the contrast would count as solid, and what is
    /// behind them is dark: in noise of a third of the contrast nothing was found. Too much of it takes nothing from what is
    /// full, whatever is behind.
    const USUAL: Light = Light { shine: 0.6, fade: 5.0, error: f64::INFINITY };

    /// From the brightness of open voxels by the number of slices to the solid behind; `None` where they are dark.
    ///
    /// `inside` is solid that is full in its slice, and `near` what is too close to solid there to be dark.
    fn of(
        raw: &Volume<f32>,
        mask: &Volume<bool>,
        inside: &Volume<bool>,
        near: &Volume<bool>,
        solid: f32,
    ) -> Option<Light> {
        const COUNT: usize = *DEPTHS.end() + 1;
        let shape = raw.shape();
        let rows: Vec<[[f64; 3]; COUNT]> = (0..shape.y)
            .into_par_iter()
            .map(|y| {
                let mut sums = [[0.0; 3]; COUNT];
                // Slices to the solid behind, none where something is in between.
                let mut depth = vec![0usize; shape.x];
                for z in (0..shape.z).rev() {
                    let row = y * shape.x..(y + 1) * shape.x;
                    let (values, solid_here) = (&raw.plane(z)[row.clone()], &mask.plane(z)[row.clone()]);
                    let (inside, near) = (&inside.plane(z)[row.clone()], &near.plane(z)[row]);
                    for x in 0..shape.x {
                        let away = depth[x];
                        depth[x] = if solid_here[x] {
                            usize::from(inside[x])
                        } else if away == 0 || away >= COUNT || (away > 1 && near[x]) {
                            0
                        } else {
                            if away > 1 {
                                let v = f64::from(values[x] / solid);
                                let sum = &mut sums[away];
                                *sum = [sum[0] + 1.0, sum[1] + v, sum[2] + v * v];
                            }
                            away + 1
                        };
                    }
                }
                sums
            })
            .collect();
        let mut fit = [0.0; 5];
        let mut seen = 0;
        for depth in DEPTHS {
            let [n, sum, square] = rows.iter().fold([0.0; 3], |a, row| std::array::from_fn(|k| a[k] + row[depth][k]));
            let mean = sum / n.max(1.0);
            let error = ((square / n.max(1.0) - mean * mean).max(0.0) / n.max(1.0)).sqrt();
            if n < FEW || mean < DIM || mean < ERRORS * error {
                continue;
            }
            seen += 1;
            // The logarithm is known to the relative error.
            let (weight, x, y) = ((mean / error.max(1e-6)).powi(2), -(depth as f64), mean.ln());
            let terms = [weight, weight * x, weight * x * x, weight * y, weight * x * y];
            fit.iter_mut().zip(terms).for_each(|(f, t)| *f += t);
        }
        let [w, x, xx, y, xy] = fit;
        let det = w * xx - x * x;
        if seen < SEEN || det <= 0.0 {
            return None;
        }
        let (level, slope) = ((xx * y - x * xy) / det, (w * xy - x * y) / det);
        let shine = level.exp();
        // Light that does not fade is no light from behind.
        (slope > 1.0 / FADE).then(|| Light {
            shine: shine.min(SHINE),
            fade: 1.0 / slope,
            error: shine * (xx / det).sqrt(),
        })
    }

    fn keep(&self) -> f32 {
        (-1.0 / self.fade).exp() as f32
    }
}

/// Where the slice itself is solid, once what shines through is taken out; `None` where there is no solid.
fn own_solid(raw: &Volume<f32>, quiet: &[f32], solid: f32, light: &Light) -> Option<Volume<bool>> {
    let plane = raw.shape().x * raw.shape().y;
    let mut behind = vec![0f32; plane];
    let mut mask = vec![false; raw.shape().len()];
    let (shine, keep) = (light.shine as f32, light.keep());
    for (mask, own) in mask.chunks_exact_mut(plane).zip(quiet.chunks_exact(plane)).rev() {
        mask.par_iter_mut().zip(&mut behind).zip(own).for_each(|((m, behind), own)| {
            let shone = (shine * *behind).min(MOST);
            let seen = own / solid;
            *m = (seen - shone) / (1.0 - shone) >= 0.5;
            *behind = next(*behind, seen, shone, keep);
        });
    }
    if mask.contains(&true) { raw.like(mask).ok() } else { None }
}

/// Grey value of the solid two steps inside its slice, or one, where the slices before and behind are solid as well.
fn inner_level(raw: &Volume<f32>, mask: &Volume<bool>, inside: &Volume<bool>) -> Option<f32> {
    let (shape, plane) = (raw.shape(), raw.shape().x * raw.shape().y);
    let of = |core: &Volume<bool>| {
        let sums: Vec<(f64, usize)> = (1..shape.z.saturating_sub(1))
            .into_par_iter()
            .map(|z| {
                let around = mask.plane(z - 1).iter().zip(mask.plane(z + 1));
                let kept = core.plane(z).iter().zip(around).map(|(c, (a, b))| *c && *a && *b);
                raw.plane(z)
                    .iter()
                    .zip(kept)
                    .filter(|(_, kept)| *kept)
                    .fold((0.0, 0), |(sum, n), (v, _)| (sum + f64::from(*v), n + 1))
            })
            .collect();
        let (sum, n) = sums.iter().fold((0.0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        (n >= CORE && sum > 0.0 && plane > 0).then(|| (sum / n as f64) as f32)
    };
    of(&in_plane(inside, false)).or_else(|| of(inside))
}

/// The mask grown by its neighbours in the slice, or shrunk by those of the rest; beyond the frame lies the same.
fn in_plane(mask: &Volume<bool>, grow: bool) -> Volume<bool> {
    let shape = mask.shape();
    let (nx, ny) = (shape.x, shape.y);
    let mut out = mask.clone();
    out.as_mut_slice().par_chunks_mut(nx * ny).enumerate().for_each(|(z, out)| {
        let own = mask.plane(z);
        for (i, o) in out.iter_mut().enumerate() {
            let (y, x) = (i / nx, i % nx);
            let around = [
                own[i - usize::from(x > 0)],
                own[i + usize::from(x + 1 < nx)],
                own[if y > 0 { i - nx } else { i }],
                own[if y + 1 < ny { i + nx } else { i }],
            ];
            *o = if grow { *o || around.contains(&true) } else { *o && !around.contains(&false) };
        }
    });
    out
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
