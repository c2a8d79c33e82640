//! Local thickness: the diameter of the largest ball inside of the phase that covers a place.
//!
//! # Theory
//! T(x) = 2 max { D(c) : |x - c| <= D(c) }, D the distance to the boundary of the phase
//! (Hildebrand and Rueegsegger, J. Microscopy 185 (1997) 67).
//! Only balls that lie in no other ball matter; their centres form the medial axis.
//!
//! # What we do differently
//! - D is the sub-voxel [`boundary_distance`], not the distance to the next voxel's centre, which makes a strut of six
//!   voxels 15 % too thin or 3 % too thick, depending on how its orientation meets the grid.
//! - A medial axis rarely passes through voxel centres (in a plate of an even number of voxels never), so every centre
//!   is moved, by up to half a voxel along each axis, to where D is largest.
//!   D between voxels comes from the voxels q around, each of which sees its nearest boundary as a plane:
//!   D(c) <= D(q) + (c - q).g(q), g the unit gradient of D taken on the side towards the boundary.
//!   For plates, cylinders and balls the highest point under these planes is the exact centre.
//!   The radius is the mean over the planes that touch there.
//! - A voxel is dropped as a centre when one of its 26 neighbours, at distance d, has D larger by [`CONTAINED`] d:
//!   its ball then lies in the neighbour's but for a sliver.
//! - Balls of 8 voxels of radius and more are painted on a grid coarser by 2, those of 16 by 4, and so on, one ball per
//!   coarse cell, which bounds the work. Their diameters stay exact; which voxels they cover is good to half a coarse
//!   cell, 1/16 of the diameter at most, without bias to first order.
//! - A ball covers a voxel whose centre is no further than half the smallest edge outside of it, because that is how
//!   well a mask knows its boundary; a voxel that no ball covers (a corner of the stairs) takes the largest thickness among its neighbours.
//!
//! The box is no wall (the phase goes on beyond it), but centres lie inside of it: where the box cuts a feature,
//! its thickness is that of the part seen.
//! # Measured
//! Means over 12 random positions and orientations, from the mask alone: cylinders of diameter 4 -0.4 %, 6.2 -1.3 %,
//! 10 -1.2 %, 16 -1.1 %; along an axis, where stairs do not average out, -4.7, -4.2, -3.7, -2.5 %.
//! Plates along an axis are exact; tilted ones of 6 and 10 voxels +5.3 and +3.5 % (median +3.5 and +1.3 %: the rest are
//! balls that the open border cuts). Balls of diameter 6, 10, 20: -4.0, -3.7, -2.6 %.
//! With a grey field cylinders of diameter 4 to 16 stay within 3 %, within 1 % from 10 on.
//!
//! Memory: 10 bytes per voxel at the peak and 16 per ball.

mod centres;
mod paint;
#[cfg(test)]
mod tests;

use foamflux_grid::{Event, GridError, Sample, Stage, Volume, Watch};
use rayon::prelude::*;

use crate::distance::{Border, boundary_distance, boundary_distance_in_grey};

pub use centres::CONTAINED;

/// Diameter of the largest ball inside of the phase that covers each true voxel; zero in false voxels.
///
/// In the unit of the spacing. Infinite when the phase fills the box.
#[must_use]
pub fn local_thickness(mask: &Volume<bool>, watch: &dyn Watch) -> Volume<f32> {
    told(watch, || from_distance(mask, boundary_distance(mask, Border::Open)))
}

/// As [`local_thickness`], with the boundary where the grey field that the mask was cut from passes `level`.
#[must_use]
pub fn local_thickness_in_grey<T: Sample>(
    mask: &Volume<bool>,
    field: &Volume<T>,
    level: f64,
    watch: &dyn Watch,
) -> Volume<f32> {
    told(watch, || from_distance(mask, boundary_distance_in_grey(mask, field, level, Border::Open)))
}

fn told(watch: &dyn Watch, work: impl FnOnce() -> Volume<f32>) -> Volume<f32> {
    watch.event(Event::Started { stage: Stage::Measure, what: "local thickness".to_owned() });
    let thickness = work();
    watch.event(Event::Finished { stage: Stage::Measure, outcome: String::new() });
    thickness
}

fn from_distance(mask: &Volume<bool>, distance: Volume<f32>) -> Volume<f32> {
    if distance.as_slice().iter().any(|d| d.is_infinite()) {
        return mask.map(|&m| if m { f32::INFINITY } else { 0.0 });
    }
    let balls = centres::find(mask, &distance);
    let mut thickness = paint::paint(mask, balls);
    // Every voxel's own ball covers it, also where it was dropped as a centre.
    let own = distance.as_slice().par_iter().zip(mask.as_slice());
    thickness.as_mut_slice().par_iter_mut().zip(own).with_min_len(1 << 14).for_each(|(t, (&d, &m))| {
        *t = if m { t.max(2.0 * d) } else { 0.0 };
    });
    thickness
}

/// Share of the phase's volume by thickness.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Edges of the bins, one more than bins, ascending, in the unit of the spacing.
    pub edges: Vec<f64>,
    /// Share of the true voxels in each bin; they sum to one.
    pub shares: Vec<f64>,
}

/// Histogram of the finite thicknesses over the true voxels, in `bins` equal bins from zero to the largest.
///
/// `None` when there are none or `bins` is zero.
///
/// # Errors
/// [`GridError::Mismatch`] when the shapes differ.
pub fn histogram(thickness: &Volume<f32>, mask: &Volume<bool>, bins: usize) -> Result<Option<Histogram>, GridError> {
    if thickness.shape() != mask.shape() {
        return Err(GridError::Mismatch { left: thickness.shape(), right: mask.shape() });
    }
    let values = || {
        let pairs = thickness.as_slice().iter().zip(mask.as_slice());
        pairs.filter(|&(t, &m)| m && t.is_finite()).map(|(&t, _)| f64::from(t))
    };
    let largest = values().fold(0.0, f64::max);
    if bins == 0 || largest <= 0.0 {
        return Ok(None);
    }
    let mut counts = vec![0u64; bins];
    for t in values() {
        counts[((t / largest * bins as f64) as usize).min(bins - 1)] += 1;
    }
    let total = counts.iter().sum::<u64>() as f64;
    Ok(Some(Histogram {
        edges: (0..=bins).map(|i| largest * i as f64 / bins as f64).collect(),
        shares: counts.iter().map(|&c| c as f64 / total).collect(),
    }))
}
