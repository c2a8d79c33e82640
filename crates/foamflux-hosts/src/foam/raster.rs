//! A foam as voxels: labels with nodes and fibres, and the partial volume.
//!
//! Node rule: a solid voxel within `lambda d` of a node centre is node (2), other solid is fibre (1); `d` is the strut
//! diameter and `lambda` 0.75 by default, that is 1.5 strut radii.
//! Here the centres are those of the graph, so these tags are the truth that a skeleton-based tagger is scored against.

use foamflux_grid::{Label, Labels, Shape, Volume, VoxelSize};
use rayon::prelude::*;

use super::Foam;
use super::parameters::{MOST_LAMBDA, in_range};
use crate::error::FoamError;
use crate::raster::{coverage, mask};
use crate::vector::Point;

/// How well the grid must span the box, relative to its edges: rounding of metres, not a whole voxel of anything.
const SAME_BOX: f64 = 1e-9;

/// A foam drawn into voxels.
#[derive(Debug, Clone, PartialEq)]
pub struct FoamVolumes {
    /// Pore, fibre or node at each voxel's centre.
    pub labels: Labels,
    /// Solid fraction of each voxel, 0 to 1.
    pub coverage: Volume<f32>,
}

impl Foam {
    /// Draws the foam into a grid that spans its box.
    ///
    /// # Errors
    /// [`FoamError`] when the voxel size is unknown, the grid does not span the box, or `lambda` is not within 0 to 2.
    pub fn rasterise(&self, shape: Shape, voxel_size: &VoxelSize, lambda: f64) -> Result<FoamVolumes, FoamError> {
        in_range("lambda of the node rule", lambda, 0.0, MOST_LAMBDA)?;
        let edge = voxel_size.m_xyz().ok_or(FoamError::VoxelSizeUnknown)?;
        let grid = [shape.x as f64 * edge[0], shape.y as f64 * edge[1], shape.z as f64 * edge[2]];
        if (0..3).any(|k| (grid[k] - self.box_m[k]).abs() > SAME_BOX * self.box_m[k]) {
            return Err(FoamError::BoxMismatch { grid, box_m: self.box_m });
        }
        let solid = self.solid();
        let mut labels = Labels::from_solid(&mask(shape, voxel_size.clone(), &solid)).into_volume();
        let zone = self.profile.node_zone_m(lambda);
        tag_nodes(&mut labels, edge, zone, &self.node_images(zone));
        Ok(FoamVolumes { labels: Labels::new(labels)?, coverage: coverage(shape, voxel_size.clone(), &solid) })
    }
}

/// Labels fibre voxels within `zone` of a centre as node.
pub(crate) fn tag_nodes(labels: &mut Volume<u8>, edge: [f64; 3], zone: f64, centres: &[Point]) {
    let shape = labels.shape();
    let counts = [shape.x, shape.y, shape.z];
    labels.as_mut_slice().par_chunks_mut(shape.y * shape.x).enumerate().for_each(|(z, plane)| {
        let pz = (z as f64 + 0.5) * edge[2];
        for c in centres {
            let left = zone * zone - (pz - c[2]).powi(2);
            if left < 0.0 {
                continue;
            }
            let disc = left.sqrt();
            let span = |k: usize| {
                let low = ((c[k] - disc) / edge[k] - 0.5).ceil().max(0.0) as usize;
                let high = ((c[k] + disc) / edge[k] - 0.5).floor() + 1.0;
                low..high.clamp(0.0, counts[k] as f64) as usize
            };
            for y in span(1) {
                let dy = (y as f64 + 0.5) * edge[1] - c[1];
                for x in span(0) {
                    let dx = (x as f64 + 0.5) * edge[0] - c[0];
                    let voxel = &mut plane[y * shape.x + x];
                    if *voxel == Label::Fibre as u8 && dx * dx + dy * dy <= left {
                        *voxel = Label::Node as u8;
                    }
                }
            }
        }
    });
}
