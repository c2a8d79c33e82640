//! Brightness that changes slowly across the stack.
//!
//! The background of a brick is the middle of its grey values, without what lies beyond two standard deviations: the sample. A
//! polynomial of the second degree in x, y and z is fitted to the backgrounds of all bricks, and the stack is divided by it,
//! relative to its mean, as an uneven beam or detector multiplies what it sees. Bricks that the polynomial misses by far are left
//! out and it is fitted again: they are full of sample. What it misses the rest by says how well it is known.

use foamflux_grid::{Sample, Volume, Watch};
use rayon::prelude::*;

use super::{ArtefactError, Found, MAD_TO_SIGMA, SAMPLE_SIGMAS, VISIBLE, median};

/// Edge of the bricks in voxels, at most and at least; a stack is cut into six along an axis where it is between.
const BRICK: [usize; 2] = [32, 8];
const BRICKS: usize = 6;
/// Values of a brick that are looked at, about.
const LOOKED_AT: usize = 4096;
/// Standard deviations beyond which values are sample.
const CLIP: f32 = 2.0;
/// Rounds of leaving bricks out.
const ROUNDS: usize = 4;
/// Terms of the polynomial.
const TERMS: usize = 10;
/// Weakest factor that is believed.
const DARKEST: f64 = 0.05;

/// Divides the stack by its background, where that varies by more than its measurement.
///
/// # Errors
/// [`ArtefactError`] for fewer than 24 columns or rows, and on cancellation.
pub fn shading<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Volume<T>, Found), ArtefactError> {
    let shape = volume.shape();
    let sizes = [shape.z, shape.y, shape.x];
    let edge = shape.x.min(shape.y);
    if edge < 3 * BRICK[1] {
        return Err(ArtefactError::Small { what: "shading", of: "columns and rows", least: 3 * BRICK[1], found: edge });
    }
    let bricks = sizes.map(|n| (n / (n / BRICKS).clamp(BRICK[1], BRICK[0])).max(1));
    let range = |axis: usize, i: usize| i * sizes[axis] / bricks[axis]..(i + 1) * sizes[axis] / bricks[axis];
    // From -1 to 1 along each axis.
    let place = |axis: usize, at: f64| (2.0 * (at + 0.5) / sizes[axis] as f64) - 1.0;
    let samples: Vec<([f64; TERMS], f64)> = (0..bricks.iter().product::<usize>())
        .into_par_iter()
        .map(|brick| {
            let at = [brick / (bricks[1] * bricks[2]), brick / bricks[2] % bricks[1], brick % bricks[2]];
            let [zs, ys, xs] = [0, 1, 2].map(|axis| range(axis, at[axis]));
            let voxels = zs.len() * ys.len() * xs.len();
            // A stride that shares no factor with rows or planes looks everywhere alike.
            let stride = (voxels / LOOKED_AT).max(1) | 1;
            let mut values: Vec<f32> = (0..voxels)
                .step_by(stride)
                .map(|i| {
                    let (x, y) = (xs.start + i % xs.len(), ys.start + i / xs.len() % ys.len());
                    volume.at(zs.start + i / (xs.len() * ys.len()), y, x).to_f32()
                })
                .collect();
            let middle = |r: &std::ops::Range<usize>| 0.5 * (r.start + r.end - 1) as f64;
            let u = [place(2, middle(&xs)), place(1, middle(&ys)), place(0, middle(&zs))];
            (terms(u, bricks), f64::from(background(&mut values)))
        })
        .collect();
    if watch.cancelled() {
        return Err(ArtefactError::Cancelled);
    }
    let none = Found { strength: 0.0, noise: 0.0, corrected: false };
    let Some(fit) = Fit::of(&samples, bricks) else { return Ok((volume.clone(), none)) };
    let at = |u: [f64; 3]| fit.value(&terms(u, bricks)) / fit.mean;
    let square = samples.iter().map(|(t, _)| (fit.value(t) / fit.mean - 1.0).powi(2)).sum::<f64>();
    let strength = (square / samples.len() as f64 - fit.noise * fit.noise).max(0.0).sqrt();
    let corrected = strength > VISIBLE * fit.noise && samples.iter().all(|(t, _)| fit.value(t) > DARKEST * fit.mean);
    let mut out = volume.clone();
    if corrected {
        let plane = shape.x * shape.y;
        out.as_mut_slice().par_chunks_mut(plane).enumerate().for_each(|(z, slice)| {
            for (i, v) in slice.iter_mut().enumerate() {
                let u = [place(2, (i % shape.x) as f64), place(1, (i / shape.x) as f64), place(0, z as f64)];
                *v = T::from_f64(v.to_f64() / at(u).max(DARKEST));
            }
        });
    }
    Ok((out, Found { strength, noise: fit.noise, corrected }))
}

/// The middle of the values without those far from it.
fn background(values: &mut [f32]) -> f32 {
    let mut middle = median(values);
    let mut away: Vec<f32> = values.iter().map(|v| (v - middle).abs()).collect();
    let mut spread = MAD_TO_SIGMA as f32 * median(&mut away);
    for _ in 0..4 {
        let near = values.iter().filter(|v| (**v - middle).abs() <= CLIP * spread.max(0.5));
        let (n, sum) = near.clone().fold((0usize, 0f64), |(n, s), v| (n + 1, s + f64::from(*v)));
        let mean = sum / n.max(1) as f64;
        let variance = near.map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n.max(1) as f64;
        middle = mean as f32;
        // A normal distribution that is cut at two standard deviations keeps 0.88 of its own.
        spread = (variance.sqrt() / 0.88) as f32;
    }
    middle
}

/// The terms of the polynomial at a place; those of an axis with fewer bricks than it takes to see them are nothing.
fn terms([x, y, z]: [f64; 3], [bz, by, bx]: [usize; 3]) -> [f64; TERMS] {
    let seen = |v: f64, bricks: usize, least: usize| if bricks >= least { v } else { 0.0 };
    let [lx, ly, lz] = [seen(x, bx, 2), seen(y, by, 2), seen(z, bz, 2)];
    [1.0, lx, ly, lz, seen(x * x, bx, 3), seen(y * y, by, 3), seen(z * z, bz, 3), lx * ly, lx * lz, ly * lz]
}

/// A polynomial and how well it is known.
struct Fit {
    weights: [f64; TERMS],
    mean: f64,
    noise: f64,
}

impl Fit {
    /// `None` where the background is not brighter than nothing, or there are too few bricks.
    fn of(samples: &[([f64; TERMS], f64)], bricks: [usize; 3]) -> Option<Fit> {
        let used = terms([0.5, 0.25, 0.75], bricks).iter().filter(|t| **t != 0.0).count();
        let mut kept: Vec<usize> = (0..samples.len()).collect();
        let mut fit = None;
        for _ in 0..ROUNDS {
            if kept.len() < used + 3 {
                return None;
            }
            let weights = solve(kept.iter().map(|&i| &samples[i]))?;
            let value = |i: usize| samples[i].0.iter().zip(weights).map(|(t, w)| t * w).sum::<f64>();
            let mut away: Vec<f32> = kept.iter().map(|&i| (samples[i].1 - value(i)).abs() as f32).collect();
            let square = away.iter().map(|a| f64::from(*a).powi(2)).sum::<f64>();
            let free = (kept.len() - used) as f64;
            let mean = (0..samples.len()).map(value).sum::<f64>() / samples.len() as f64;
            if mean <= 0.0 {
                return None;
            }
            // A fit of so many terms to so many bricks is known to this.
            let noise = (square / free * used as f64 / kept.len() as f64).sqrt() / mean;
            fit = Some(Fit { weights, mean, noise });
            let limit = SAMPLE_SIGMAS * (MAD_TO_SIGMA * f64::from(median(&mut away))).max(1e-6 * mean);
            let next: Vec<usize> = (0..samples.len()).filter(|&i| (samples[i].1 - value(i)).abs() <= limit).collect();
            if next == kept {
                break;
            }
            kept = next;
        }
        fit
    }

    fn value(&self, terms: &[f64; TERMS]) -> f64 {
        terms.iter().zip(self.weights).map(|(t, w)| t * w).sum()
    }
}

/// Least squares; terms that are nothing everywhere get no weight.
fn solve<'a>(samples: impl Iterator<Item = &'a ([f64; TERMS], f64)>) -> Option<[f64; TERMS]> {
    let mut a = [[0.0; TERMS + 1]; TERMS];
    for (t, v) in samples {
        for (row, ti) in a.iter_mut().zip(t) {
            row.iter_mut().zip(t).for_each(|(m, tj)| *m += ti * tj);
            row[TERMS] += ti * v;
        }
    }
    let largest = (0..TERMS).map(|k| a[k][k]).fold(0.0, f64::max);
    for k in 0..TERMS {
        if a[k][k] <= 1e-12 * largest {
            a[k] = [0.0; TERMS + 1];
            a[k][k] = 1.0;
        }
    }
    for k in 0..TERMS {
        let pivot = (k..TERMS).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs()))?;
        a.swap(k, pivot);
        if a[k][k].abs() <= 1e-12 * largest.max(1.0) {
            return None;
        }
        let own = a[k];
        for row in &mut a[k + 1..] {
            let factor = row[k] / own[k];
            row.iter_mut().zip(own).skip(k).for_each(|(v, o)| *v -= factor * o);
        }
    }
    let mut out = [0.0; TERMS];
    for k in (0..TERMS).rev() {
        let known: f64 = (k + 1..TERMS).map(|j| a[k][j] * out[j]).sum();
        out[k] = (a[k][TERMS] - known) / a[k][k];
    }
    Some(out)
}
