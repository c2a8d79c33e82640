//! Watershed from two confident thresholds.
//!
//! What lies beyond the outer thresholds is sure: the seeds. The rest goes to whichever seeds reach it over the lower pass of the
//! gradient's magnitude, so that the boundary lies where grey values change most, whatever the levels are there (F. Meyer,
//! *Topographic distance and watershed lines*, Signal Processing 38, 113, 1994).
//!
//! Voxels are flooded in the order of the gradient through one queue per level (L. Vincent and P. Soille, IEEE Trans. PAMI 13,
//! 583, 1991): each voxel enters and leaves once, so that time is linear in voxels. Among voxels of one level those come first
//! that were reached first. Gradients are differences over physical lengths, in so many levels up to the largest.

use std::collections::VecDeque;

use foamflux_grid::{Sample, Shape, Volume};
use rayon::prelude::*;

/// Levels of the gradient; a step between two of them is a thousandth of the steepest edge.
const LEVELS: usize = 1024;

/// Not reached yet, the darker class, the brighter one.
const OPEN: u8 = 0;
const DARK: u8 = 1;
const BRIGHT: u8 = 2;

/// True where the brighter class is: seeds are voxels below `low` and from `high` on, both moved by `shift`.
///
/// Without a seed of either class the image is cut half way between the thresholds.
pub(super) fn watershed<T: Sample>(volume: &Volume<T>, low: f64, high: f64, shift: f64) -> Volume<bool> {
    let (low, high) = (low + shift, high + shift);
    let mut class: Vec<u8> = volume
        .as_slice()
        .par_iter()
        .map(|v| match v.to_f64() {
            v if v >= high => BRIGHT,
            v if v < low => DARK,
            _ => OPEN,
        })
        .collect();
    if class.contains(&DARK) && class.contains(&BRIGHT) {
        flood(&mut class, &levels(volume), volume.shape());
    } else {
        let middle = 0.5 * (low + high);
        let side = |v: &T| if v.to_f64() >= middle { BRIGHT } else { DARK };
        class = volume.as_slice().par_iter().map(side).collect();
    }
    match volume.like(class.into_iter().map(|c| c == BRIGHT).collect()) {
        Ok(mask) => mask,
        Err(_) => unreachable!("one value was written for every voxel"),
    }
}

/// The magnitude of the gradient in levels.
fn levels<T: Sample>(volume: &Volume<T>) -> Vec<u16> {
    let shape = volume.shape();
    let (nx, plane) = (shape.x, shape.x * shape.y);
    let spacing = volume.spacing();
    let per = foamflux_grid::Axis::ALL.map(|axis| (spacing.min_edge() / spacing.along(axis)) as f32);
    let values = volume.as_slice();
    let mut steep = vec![0f32; shape.len()];
    steep.par_chunks_mut(plane).enumerate().for_each(|(z, out)| {
        for (i, out) in out.iter_mut().enumerate() {
            let (y, x) = (i / nx, i % nx);
            let at = z * plane + i;
            // Differences to both sides, of one at the faces of the box.
            let along = |i: usize, n: usize, stride: usize| {
                let (a, b) = (if i > 0 { at - stride } else { at }, if i + 1 < n { at + stride } else { at });
                let over = ((b - a) / stride).max(1) as f32;
                (values[b].to_f32() - values[a].to_f32()) / over
            };
            let g = [along(x, shape.x, 1) * per[0], along(y, shape.y, nx) * per[1], along(z, shape.z, plane) * per[2]];
            *out = (g[0] * g[0] + g[1] * g[1] + g[2] * g[2]).sqrt();
        }
    });
    let most = steep.par_iter().copied().reduce(|| 0.0, f32::max);
    let scale = if most > 0.0 { (LEVELS - 1) as f32 / most } else { 0.0 };
    steep.into_par_iter().map(|s| (s * scale) as u16).collect()
}

/// Gives every open voxel the class whose seeds reach it over the lower pass.
fn flood(class: &mut [u8], levels: &[u16], shape: Shape) {
    let (nx, plane) = (shape.x, shape.x * shape.y);
    let mut queues: Vec<VecDeque<usize>> = vec![VecDeque::new(); LEVELS];
    let around = move |at: usize| {
        let (z, y, x) = shape.zyx_of(at);
        [
            (x > 0).then(|| at - 1),
            (x + 1 < shape.x).then(|| at + 1),
            (y > 0).then(|| at - nx),
            (y + 1 < shape.y).then(|| at + nx),
            (z > 0).then(|| at - plane),
            (z + 1 < shape.z).then(|| at + plane),
        ]
        .into_iter()
        .flatten()
    };
    // Seeds with an open neighbour start; a voxel that is reached takes its class at once.
    let starts: Vec<usize> = (0..class.len())
        .into_par_iter()
        .filter(|&at| class[at] != OPEN && around(at).any(|n| class[n] == OPEN))
        .collect();
    let mut level = 0;
    for at in starts {
        queues[usize::from(levels[at])].push_back(at);
    }
    while level < LEVELS {
        let Some(at) = queues[level].pop_front() else {
            level += 1;
            continue;
        };
        for next in around(at) {
            if class[next] == OPEN {
                class[next] = class[at];
                // No lower than the pass that leads there.
                queues[level.max(usize::from(levels[next]))].push_back(next);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::VoxelSize;

    use super::*;

    /// Rough ground between sure voxels.
    fn rough(shape: Shape, seed: u64) -> (Vec<u8>, Vec<u16>) {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let class = (0..shape.len()).map(|_| if next() % 9 == 0 { 1 + (next() % 2) as u8 } else { OPEN }).collect();
        (class, (0..shape.len()).map(|_| (next() % LEVELS) as u16).collect())
    }

    /// The lowest pass from the seeds of a class to every voxel, by relaxing until nothing changes; the ground of the voxel
    /// itself counts only once something leaves it.
    fn passes(class: &[u8], levels: &[u16], shape: Shape, which: u8) -> Vec<u16> {
        let mut reach: Vec<u16> = class.iter().map(|c| if *c == which { 0 } else { u16::MAX }).collect();
        loop {
            let before = reach.clone();
            for (at, reached) in reach.iter_mut().enumerate().filter(|(at, _)| class[*at] == OPEN) {
                let (z, y, x) = shape.zyx_of(at);
                for n in 0..shape.len() {
                    let (c, b, a) = shape.zyx_of(n);
                    if c.abs_diff(z) + b.abs_diff(y) + a.abs_diff(x) == 1 && before[n] < u16::MAX {
                        *reached = (*reached).min(before[n].max(levels[n]));
                    }
                }
            }
            if reach == before {
                return reach;
            }
        }
    }

    #[test]
    fn every_voxel_goes_to_the_seeds_of_the_lower_pass() {
        let shape = Shape::new(4, 5, 6).unwrap();
        let mut decided = 0;
        for seed in 0..20 {
            let (seeds, levels) = rough(shape, seed);
            let [dark, bright] = [DARK, BRIGHT].map(|which| passes(&seeds, &levels, shape, which));
            let mut class = seeds.clone();
            flood(&mut class, &levels, shape);
            for at in (0..shape.len()).filter(|&at| dark[at] != bright[at]) {
                decided += usize::from(seeds[at] == OPEN);
                assert_eq!(class[at], if dark[at] < bright[at] { DARK } else { BRIGHT }, "seed {seed}, voxel {at}");
            }
        }
        // Most voxels have one lower pass, or nothing would have been asked.
        assert!(decided > 500, "{decided}");
    }

    #[test]
    fn the_boundary_is_where_grey_values_change_most() {
        // From 0 to 100 with the steepest step between x = 6 and 7, above the middle of the levels.
        let profile = [0u8, 0, 10, 20, 30, 40, 50, 85, 90, 95, 100, 100];
        let shape = Shape::new(5, 6, 12).unwrap();
        let volume = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, x| profile[x]);
        let found = watershed(&volume, 5.0, 96.0, 0.0);
        for (i, &bright) in found.as_slice().iter().enumerate() {
            // The crest takes both voxels beside the step.
            match i % 12 {
                0..=5 => assert!(!bright, "{i}"),
                8.. => assert!(bright, "{i}"),
                _ => {}
            }
        }
        // One kind of seeds alone is a threshold.
        let cut = watershed(&volume, -5.0, 45.0, 0.0);
        assert!(cut.as_slice().iter().enumerate().all(|(i, b)| *b == (profile[i % 12] >= 20)));
    }
}
