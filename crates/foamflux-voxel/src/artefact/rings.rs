//! Rings about the middle of the slices that a detector's columns leave in a tomogram.
//!
//! What a voxel exceeds the running median of 15 voxels by, along its row or its column, whichever is nearer to the radius,
//! is free of the sample wherever that is wider than seven voxels. The median of this over each ring's voxels, averaged over
//! the slices of a slab, is the ring. The rotation axis is taken to pass through the middle of the slices,
//! as reconstructions put it: a stack that was cropped to one side has its rings elsewhere, and they are not found then.

use foamflux_grid::{Sample, Volume, Watch};
use rayon::prelude::*;

use super::{ArtefactError, Found, median, running_median, shrink};
use crate::noise;

/// Half of the window over radii.
const HALF_RADII: usize = 7;
/// Slices to each side that are averaged.
const HALF_SLICES: usize = 8;
/// Radii below which a ring has too few voxels for a median.
const LEAST_RADIUS: usize = 4;
/// Standard error of a median over that of a mean.
const MEDIAN_ERROR: f64 = 1.2533;

/// Subtracts rings from every slice.
///
/// # Errors
/// [`ArtefactError`] for slices of fewer than 48 columns or rows, and on cancellation.
pub fn rings<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Volume<T>, Found), ArtefactError> {
    let shape = volume.shape();
    let edge = shape.x.min(shape.y);
    if edge < 48 {
        return Err(ArtefactError::Small { what: "rings", of: "columns and rows", least: 48, found: edge });
    }
    let middle = [0.5 * (shape.x as f64 - 1.0), 0.5 * (shape.y as f64 - 1.0)];
    let radius: Vec<u32> = (0..shape.y * shape.x)
        .map(|i| ((i % shape.x) as f64 - middle[0]).hypot((i / shape.x) as f64 - middle[1]) as u32)
        .collect();
    let radii = radius.iter().max().map_or(0, |&r| r as usize + 1);
    let mut voxels = vec![0usize; radii];
    radius.iter().for_each(|&r| voxels[r as usize] += 1);
    // Whether the row is nearer to the radius than the column.
    let by_row = |x: usize, y: usize| (x as f64 - middle[0]).abs() >= (y as f64 - middle[1]).abs();
    let profiles: Vec<Vec<f32>> = (0..shape.z)
        .into_par_iter()
        .map(|z| {
            if watch.cancelled() {
                return Err(ArtefactError::Cancelled);
            }
            let plane: Vec<f32> = volume.plane(z).iter().map(|v| v.to_f32()).collect();
            let mut of: Vec<Vec<f32>> = voxels.iter().map(|&n| Vec::with_capacity(n)).collect();
            let mut smooth = Vec::new();
            for (y, row) in plane.chunks_exact(shape.x).enumerate() {
                running_median(row, HALF_RADII, &mut smooth);
                for x in (0..shape.x).filter(|&x| by_row(x, y)) {
                    of[radius[y * shape.x + x] as usize].push(row[x] - smooth[x]);
                }
            }
            let mut column = Vec::with_capacity(shape.y);
            for x in 0..shape.x {
                column.clear();
                column.extend((0..shape.y).map(|y| plane[y * shape.x + x]));
                running_median(&column, HALF_RADII, &mut smooth);
                for y in (0..shape.y).filter(|&y| !by_row(x, y)) {
                    of[radius[y * shape.x + x] as usize].push(column[y] - smooth[y]);
                }
            }
            Ok(of.iter_mut().map(|v| middle_of(v)).collect())
        })
        .collect::<Result<_, _>>()?;
    // Only radii whose rings lie within the frame's inner circle and a little beyond have enough voxels.
    let last = (0..radii).rev().find(|&r| voxels[r] >= 2 * LEAST_RADIUS * LEAST_RADIUS).unwrap_or(0);
    let used = LEAST_RADIUS..(last + 1).max(LEAST_RADIUS + 1).min(radii);
    let mut field = vec![0f32; shape.z * used.len()];
    field.par_chunks_mut(used.len()).enumerate().for_each(|(z, out)| {
        let near = z.saturating_sub(HALF_SLICES)..(z + HALF_SLICES + 1).min(shape.z);
        let n = near.len() as f32;
        for profile in &profiles[near] {
            out.iter_mut().zip(&profile[used.clone()]).for_each(|(o, p)| *o += p / n);
        }
    });
    let sigma = noise::sigma(volume).unwrap_or(0.0);
    let averaged = (2 * HALF_SLICES + 1).min(shape.z) as f64;
    let inverse = used.clone().map(|r| 1.0 / voxels[r].max(1) as f64).sum::<f64>() / used.len() as f64;
    let noise = MEDIAN_ERROR * sigma * (inverse / averaged).sqrt();
    let found = shrink(&mut field, noise);
    let mut out = volume.clone();
    if found.corrected {
        out.as_mut_slice().par_chunks_mut(shape.y * shape.x).zip(field.par_chunks(used.len())).for_each(
            |(plane, offsets)| {
                for (v, &r) in plane.iter_mut().zip(&radius) {
                    if let Some(offset) = (r as usize).checked_sub(used.start).and_then(|i| offsets.get(i)) {
                        *v = T::from_f64(v.to_f64() - f64::from(*offset));
                    }
                }
            },
        );
    }
    Ok((out, found))
}

/// The median with a fraction: whole numbers repeat themselves, and a ring of a grey value must not be lost between two.
fn middle_of(values: &mut [f32]) -> f32 {
    let centre = median(values);
    let (mut below, mut equal) = (0usize, 0usize);
    for v in values.iter() {
        below += usize::from(*v < centre);
        equal += usize::from((*v - centre).abs() < f32::EPSILON * centre.abs().max(1.0));
    }
    if equal < 2 {
        return centre;
    }
    // As if the equal values were spread evenly over the unit about theirs.
    centre - 0.5 + (0.5 * values.len() as f32 - below as f32) / equal as f32
}
