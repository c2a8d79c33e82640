//! Surface area of a phase, by several estimators, and which one to believe.

pub mod crofton;
pub mod faces;
pub mod marching_cubes;
pub mod mesh;
pub mod normals;
mod report;
#[cfg(test)]
pub(crate) mod shapes;
#[cfg(test)]
mod tests;

use foamflux_grid::{Axis, Volume};
use serde::{Deserialize, Serialize};

pub use crofton::crofton;
pub use faces::faces;
pub use marching_cubes::{marching_cubes, marching_cubes_in_grey, marching_cubes_mask};
pub use mesh::{Mesh, MeshError};
pub use normals::{FaceWeight, weighted_faces, weights};
pub use report::{GreyField, Method, SurfaceReport, measure};

/// A surface area in the squared unit of the spacing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SurfaceArea {
    /// Area of the boundary between the phase and the rest, inside of the box.
    pub interior: f64,
    /// Area of the phase's voxel faces that lie on the faces of the box: where the crop cuts the phase.
    /// Never part of `interior`.
    pub border: f64,
}

/// Area of the true voxels' faces on the faces of the box.
pub(crate) fn border_faces(mask: &Volume<bool>) -> f64 {
    let shape = mask.shape();
    let spacing = mask.spacing();
    let last = [shape.z - 1, shape.y - 1, shape.x - 1];
    let count = |rows: &mut dyn Iterator<Item = (usize, usize, usize)>| {
        rows.filter(|&(z, y, x)| *mask.at(z, y, x)).count() as f64
    };
    let plane = |axis: Axis| match axis {
        Axis::X => count(&mut (0..shape.z).flat_map(|z| (0..shape.y).flat_map(move |y| [(z, y, 0), (z, y, last[2])]))),
        Axis::Y => count(&mut (0..shape.z).flat_map(|z| (0..shape.x).flat_map(move |x| [(z, 0, x), (z, last[1], x)]))),
        Axis::Z => count(&mut (0..shape.y).flat_map(|y| (0..shape.x).flat_map(move |x| [(0, y, x), (last[0], y, x)]))),
    };
    Axis::ALL.into_iter().map(|axis| plane(axis) * spacing.face_area(axis)).sum()
}
