//! Direction of the fibres in every solid voxel, by the structure tensor.
//!
//! # Theory
//! ```text
//! J = G_rho * (g g'),    g = grad (G_sigma * solid)
//! ```
//!
//! Along a fibre nothing changes, so its direction is the eigenvector of the smallest eigenvalue of J
//! (J. Weickert, *Anisotropic Diffusion in Image Processing* (1998); for fibres in tomograms N. Jeppesen et al., Composites
//! A 149 (2021) 106541). With eigenvalues `l1 <= l2 <= l3` a voxel is as *linear* as `(l2 - l1) / l3` says: 1 in a round
//! fibre, 0 where nothing or everything is a direction.
//!
//! It needs no graph, and so holds for mats whose fibres touch everywhere. Time is linear in the voxels; memory is that of
//! a slab (64 slices and the reach of the filters) and 16 bytes per solid voxel.

use foamflux_grid::{Axis, Event, Shape, Stage, Volume, Watch};
use foamflux_voxel::filter;
use rayon::prelude::*;

use crate::NetworkError;
use crate::vector::eigen;

/// Width of the Gaussian before the gradient, in smallest voxel edges.
const SIGMA: f64 = 1.0;
/// Width of the Gaussian over the tensor, in radii of the fibres: the surface all around has to be in sight of the middle.
const WIDTH: f64 = 1.0;
/// And at least so many voxel edges.
const LEAST: f64 = 1.5;
/// The widest window, in smallest voxel edges.
const MOST: f64 = 12.0;
/// Slices at a time.
const SLAB: usize = 64;
/// Gaussians are cut at this many widths.
const CUT: f64 = 4.0;
/// Voxels less linear than this have no direction to speak of.
pub const LINEAR: f32 = 0.2;

/// Direction of a solid voxel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Direction {
    /// Unit vector, x, y, z; the last part that is not zero is positive, as fibres have no sense.
    pub along: [f32; 3],
    /// 0 to 1.
    pub linearity: f32,
}

/// Directions of all solid voxels and what they amount to.
#[derive(Debug, Clone)]
pub struct Orientations {
    /// By ascending place of the voxels that were true.
    pub directions: Vec<Direction>,
    /// Mean of `t t'` over linear voxels, trace 1.
    pub tensor: [[f64; 3]; 3],
    /// `(3 lambda_max - 1) / 2` of it.
    pub order: f64,
    /// Direction of its largest eigenvalue.
    pub principal: [f64; 3],
    /// Share of solid voxels that are more linear than [`LINEAR`].
    pub linear_share: f64,
}

/// Directions of the true voxels. `radius` is that of the fibres, in the unit of the spacing.
///
/// # Errors
/// [`NetworkError::Parameter`] for a radius that is not positive, [`NetworkError::Cancelled`].
pub fn orientations(solid: &Volume<bool>, radius: f64, watch: &dyn Watch) -> Result<Orientations, NetworkError> {
    if !(radius > 0.0 && radius.is_finite()) {
        return Err(NetworkError::Parameter { what: "the radius of the fibres", value: radius, range: "positive" });
    }
    watch.event(Event::Started { stage: Stage::Tag, what: "directions by the structure tensor".to_owned() });
    let edge = solid.spacing().min_edge();
    let width = (WIDTH * radius / edge).clamp(LEAST, MOST);
    let dz = solid.spacing().along(Axis::Z);
    let halo = (CUT * (width + SIGMA) * edge / dz).ceil() as usize + 2;
    let shape = solid.shape();
    let plane = shape.y * shape.x;
    let mut directions = Vec::new();
    let mut begin = 0;
    while begin < shape.z {
        let end = (begin + SLAB).min(shape.z);
        let (low, high) = (begin.saturating_sub(halo), (end + halo).min(shape.z));
        let slab = solid.as_slice()[low * plane..high * plane].iter().map(|&s| u8::from(s)).collect();
        let slab = Volume::from_vec(Shape { z: high - low, ..shape }, solid.voxel_size().clone(), slab)
            .map_err(|_| NetworkError::Cancelled)?;
        let tensors = tensors(&slab, width, watch)?;
        let first = (begin - low) * plane;
        let inner = first..first + (end - begin) * plane;
        let found: Vec<Direction> = inner
            .into_par_iter()
            .filter(|&i| slab.as_slice()[i] != 0)
            .map(|i| direction(std::array::from_fn(|c| f64::from(tensors[c].as_slice()[i]))))
            .collect();
        directions.extend(found);
        begin = end;
    }
    Ok(summed(directions))
}

/// The six parts xx, yy, zz, xy, xz, yz of J.
fn tensors(slab: &Volume<u8>, width: f64, watch: &dyn Watch) -> Result<[Volume<f32>; 6], NetworkError> {
    let cancelled = |_| NetworkError::Cancelled;
    let smooth = filter::gaussian(slab, SIGMA, watch).map_err(cancelled)?;
    let shape = slab.shape();
    let part = |c: usize| -> Result<Volume<f32>, NetworkError> {
        let (a, b) = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)][c];
        let slope = |axis: Axis, i: usize, at: usize, n: usize| -> f32 {
            let (stride, s) = (shape.stride(axis), smooth.as_slice());
            let (low, high) = (if at > 0 { i - stride } else { i }, if at + 1 < n { i + stride } else { i });
            let steps = usize::from(at > 0) + usize::from(at + 1 < n);
            (s[high] - s[low]) / (steps.max(1) as f32 * slab.spacing().along(axis) as f32)
        };
        let mut product = smooth.clone();
        product.as_mut_slice().par_chunks_mut(shape.x).enumerate().for_each(|(row, values)| {
            let (z, y) = (row / shape.y, row % shape.y);
            for (x, v) in values.iter_mut().enumerate() {
                let (i, at, n) = (row * shape.x + x, [x, y, z], [shape.x, shape.y, shape.z]);
                let one = slope(Axis::ALL[a], i, at[a], n[a]);
                let other = if a == b { one } else { slope(Axis::ALL[b], i, at[b], n[b]) };
                *v = one * other;
            }
        });
        filter::gaussian(&product, width, watch).map_err(cancelled)
    };
    Ok([part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, part(5)?])
}

fn direction([xx, yy, zz, xy, xz, yz]: [f64; 6]) -> Direction {
    let (values, vectors) = eigen([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]);
    let mut along = vectors[0];
    let sign = along.iter().rev().copied().find(|v| v.abs() > f64::EPSILON).unwrap_or(1.0);
    if sign < 0.0 {
        along = along.map(|v| -v);
    }
    let linearity = if values[2] > 0.0 { ((values[1] - values[0]) / values[2]).clamp(0.0, 1.0) } else { 0.0 };
    Direction { along: along.map(|v| v as f32), linearity: linearity as f32 }
}

fn summed(directions: Vec<Direction>) -> Orientations {
    let mut tensor = [[0.0; 3]; 3];
    let mut count = 0usize;
    for d in directions.iter().filter(|d| d.linearity > LINEAR) {
        count += 1;
        for i in 0..3 {
            for j in 0..3 {
                tensor[i][j] += f64::from(d.along[i]) * f64::from(d.along[j]);
            }
        }
    }
    if count > 0 {
        tensor = tensor.map(|row| row.map(|v| v / count as f64));
    } else {
        tensor = [[1.0 / 3.0, 0.0, 0.0], [0.0, 1.0 / 3.0, 0.0], [0.0, 0.0, 1.0 / 3.0]];
    }
    let (values, vectors) = eigen(tensor);
    let linear_share = if directions.is_empty() { 0.0 } else { count as f64 / directions.len() as f64 };
    Orientations { directions, tensor, order: 0.5 * (3.0 * values[2] - 1.0), principal: vectors[2], linear_share }
}
