//! Connected components of a mask, numbered in the order of their first voxel.
//!
//! Two passes over runs (maximal stretches of voxels along x) with union-find (Rosenfeld and Pfaltz 1966; runs: He,
//! Chao and Suzuki 2008): slabs of slices are connected in parallel, their seams one after the other. A set's root is
//! always its first run, so the numbering is that of a scan in `[z][y][x]` order, whatever the slabs were. Work after
//! the scan is proportional to the number of runs, which in a foam is a small share of the voxels.

pub(crate) mod runs;
#[cfg(test)]
mod tests;

use foamflux_grid::{Axis, Shape, Volume};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use runs::Connected;

/// Which voxels touch.
///
/// Digital topology needs the dual choice for the other phase: 26 for the solid and 6 for the pore, or the reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connectivity {
    /// Six neighbours that share a face: what conducts in a finite-volume model.
    Face6,
    /// Twenty-six neighbours that share a face, an edge or a corner.
    Full26,
}

/// Why a mask could not be labelled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComponentsError {
    /// More runs than 32-bit numbers.
    #[error(
        "the mask of shape {shape} (z,y,x) breaks into {runs} rows of voxels, more than the {} that can be numbered: crop the volume or denoise it first",
        u32::MAX - 1
    )]
    TooMany {
        /// Shape of the mask.
        shape: Shape,
        /// Number of maximal stretches along x.
        runs: u64,
    },
}

/// Faces of the box, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Faces(u8);

impl Faces {
    /// No face.
    pub const NONE: Faces = Faces(0);
    /// All six faces.
    pub const ALL: Faces = Faces(0b11_1111);

    /// The face at the low end of `axis`.
    #[must_use]
    pub const fn first(axis: Axis) -> Faces {
        Faces(1 << (2 * axis.xyz_index()))
    }

    /// The face at the high end of `axis`.
    #[must_use]
    pub const fn last(axis: Axis) -> Faces {
        Faces(2 << (2 * axis.xyz_index()))
    }

    /// Faces in either set.
    #[must_use]
    pub const fn or(self, other: Faces) -> Faces {
        Faces(self.0 | other.0)
    }

    /// Whether every face of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Faces) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any face is in both sets.
    #[must_use]
    pub const fn meets(self, other: Faces) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Bits in the order x first, x last, y first, y last, z first, z last, from the lowest.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

/// The smallest box of voxels that holds a component; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// First voxel along x, y, z.
    pub first_xyz: [u32; 3],
    /// Last voxel along x, y, z.
    pub last_xyz: [u32; 3],
}

impl Extent {
    /// First and last voxel along `axis`.
    #[must_use]
    pub const fn along(&self, axis: Axis) -> (usize, usize) {
        (self.first_xyz[axis.xyz_index()] as usize, self.last_xyz[axis.xyz_index()] as usize)
    }
}

/// The components of a mask. Number 0 is the background; the vectors hold an unused entry for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Components {
    /// Component of each voxel, 1 and up; 0 where the mask is false.
    pub labels: Volume<u32>,
    /// Voxels of each component; `sizes[0]` is 0.
    pub sizes: Vec<u64>,
    /// Faces of the box that each component touches.
    pub faces: Vec<Faces>,
    /// The smallest box around each component.
    pub extents: Vec<Extent>,
    /// The connectivity that made them.
    pub connectivity: Connectivity,
}

impl Components {
    /// Number of components.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sizes.len() - 1
    }

    /// Voxels of all components.
    #[must_use]
    pub fn voxels(&self) -> u64 {
        self.sizes.iter().sum()
    }

    /// Number and voxels of the largest component (the first of equals); `None` for an empty mask.
    #[must_use]
    pub fn largest(&self) -> Option<(u32, u64)> {
        let (number, &size) = self.sizes.iter().enumerate().skip(1).rev().max_by_key(|(_, size)| **size)?;
        Some((number as u32, size))
    }
}

/// How many components the voxels that are true form.
///
/// Memory: 12 bytes per run along x, 36 per component.
///
/// # Errors
/// [`ComponentsError::TooMany`] for masks of more than 2^32 - 2 runs.
pub fn count(mask: &Volume<bool>, connectivity: Connectivity) -> Result<usize, ComponentsError> {
    let connected = Connected::of(mask.shape(), connectivity, true, |row| &mask.as_slice()[row])?;
    Ok(connected.sizes.len() - 1)
}

/// The components of the voxels that are true.
///
/// Memory: 4 bytes per voxel for the labels, 12 per run along x, 36 per component.
///
/// # Errors
/// [`ComponentsError::TooMany`] for masks of more than 2^32 - 2 runs.
pub fn label(mask: &Volume<bool>, connectivity: Connectivity) -> Result<Components, ComponentsError> {
    let shape = mask.shape();
    let connected = Connected::of(shape, connectivity, true, |row| &mask.as_slice()[row])?;
    let mut labels = vec![0u32; shape.len()];
    labels.par_chunks_mut(shape.y * shape.x).enumerate().for_each(|(z, plane)| {
        for (y, row) in plane.chunks_exact_mut(shape.x).enumerate() {
            for (run, number) in connected.row(z * shape.y + y) {
                row[run.start as usize..run.end as usize].fill(number);
            }
        }
    });
    let labels = match mask.like(labels) {
        Ok(labels) => labels,
        Err(_) => unreachable!("one number was written for every voxel"),
    };
    let Connected { sizes, faces, extents, .. } = connected;
    Ok(Components { labels, sizes, faces, extents, connectivity })
}
