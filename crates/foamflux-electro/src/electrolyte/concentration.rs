//! Where the salt is, and the flux of lithium ions.

use std::sync::Arc;

use foamflux_grid::{Axis, Volume};

use super::Electrolyte;
use super::diffusion::{Diffusion, Flow};
use crate::cell::{Cell, Collector};
use crate::constants::FARADAY;
use crate::distribution::Distribution;

/// The concentration that goes with a current distribution.
#[derive(Debug)]
pub struct Concentration {
    pub(super) diffusion: Arc<Diffusion>,
    pub(super) flow: Flow,
    pub(super) electrolyte: Electrolyte,
    /// Concentration of every unknown in mol/m3.
    pub(super) c: Vec<f64>,
    /// On every face of the cell, and at the separator's plane.
    pub(super) faces: Vec<f64>,
    pub(super) plane: Vec<f64>,
}

impl Concentration {
    /// Of a solution `v` of the diffusion problem.
    pub(super) fn new(diffusion: Arc<Diffusion>, flow: Flow, electrolyte: &Electrolyte, v: &[f64]) -> Self {
        let (unit, c0) = (electrolyte.per_unit(), electrolyte.salt.concentration);
        let v = diffusion.conserved(v);
        let salt = |v: Vec<f64>| v.into_iter().map(|v| c0 + unit * v).collect::<Vec<f64>>();
        let faces = salt(diffusion.on_faces(&v, &flow));
        let plane = salt(diffusion.on_plane(&v, &flow));
        Concentration { c: salt(v), faces, plane, diffusion, flow, electrolyte: *electrolyte }
    }

    /// Concentration in mol/m3 on every face of the cell; below zero where the current is more than the salt can follow.
    #[must_use]
    pub fn at_faces(&self) -> &[f64] {
        &self.faces
    }

    /// Concentration in mol/m3 of a voxel; none where there is no electrolyte that takes part.
    #[must_use]
    pub fn at(&self, voxel: usize) -> Option<f64> {
        self.diffusion.links.unknown(voxel).map(|i| self.c[i])
    }

    /// Smallest and largest concentration in mol/m3, surfaces included.
    #[must_use]
    pub fn range(&self) -> [f64; 2] {
        let all = || self.c.iter().chain(&self.faces).chain(&self.plane).copied();
        [all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max)]
    }

    /// Mean over the volume of electrolyte in mol/m3.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let volumes = || (0..self.c.len()).map(|i| self.diffusion.volume(i));
        self.c.iter().zip(volumes()).map(|(c, v)| c * v).sum::<f64>() / volumes().sum::<f64>()
    }

    /// Slice below the separator's plane in which the concentration on a face is smallest.
    #[must_use]
    pub fn poorest_slice(&self, cell: &Cell) -> Option<usize> {
        let faces = cell.faces.iter().zip(&self.faces);
        faces.min_by(|a, b| a.1.total_cmp(b.1)).map(|(f, _)| cell.slice_of(f.pore()))
    }

    /// Current in A/m2 at which the smallest concentration is zero, if the current keeps the shape that it has at `applied`.
    #[must_use]
    pub fn limiting_current(&self, applied: f64) -> f64 {
        let c0 = self.electrolyte.salt.concentration;
        let [min, _] = self.range();
        if min < c0 { applied.abs() * c0 / (c0 - min) } else { f64::INFINITY }
    }

    /// Concentrations in mol/m3 as a volume, not a number elsewhere.
    #[must_use]
    pub fn volume(&self, cell: &Cell) -> Volume<f32> {
        let mut voxel = 0;
        Volume::from_fn(cell.shape, cell.voxel_size.clone(), |_, _, _| {
            voxel += 1;
            self.at(voxel - 1).map_or(f32::NAN, |c| c as f32)
        })
    }

    /// Flux of lithium in mol/s over the link of a voxel towards a neighbour in the electrolyte.
    pub(super) fn over_link(&self, found: &Distribution, voxel: usize, axis: Axis, up: bool) -> f64 {
        let links = &self.diffusion.links;
        let (Some(i), Some(k)) = (links.unknown(voxel), found.links.unknown(voxel)) else { return 0.0 };
        let to = links.neighbour(i, axis, up);
        let g = f64::from(links.conductance(i, axis, up));
        if to == i || g <= 0.0 {
            return 0.0;
        }
        let next = found.links.neighbour(k, axis, up);
        let current = f64::from(found.links.conductance(k, axis, up)) * (found.phi[k] - found.phi[next]);
        let salt = self.electrolyte.salt;
        salt.diffusivity * g * (self.c[i] - self.c[to]) + salt.transference * current / FARADAY
    }

    /// Lithium in mol/s that comes through the separator's plane into its n-th voxel.
    pub(super) fn through_plane(&self, n: usize) -> f64 {
        let salt = self.electrolyte.salt;
        let i = self.diffusion.at_plane[n] as usize;
        let inlet = self.flow.inlet[n] / FARADAY;
        match self.electrolyte.supply {
            super::Supply::Counter => inlet,
            super::Supply::Reservoir => {
                // Not the ground of the system: in time that holds what the voxel stores as well.
                let g = 1.0 / self.diffusion.plane_half[n];
                salt.diffusivity * g * (salt.concentration - self.c[i]) + salt.transference * inlet
            }
        }
    }

    /// Flux of lithium ions N+ in mol/(m2 s), x, y, z: diffusion and migration, the mean of the two faces of a voxel.
    #[must_use]
    pub fn li_flux(&self, cell: &Cell, found: &Distribution) -> Vec<[f32; 3]> {
        let mut out = vec![[0f32; 3]; cell.shape.len()];
        for (voxel, flux) in out.iter_mut().enumerate() {
            if self.diffusion.links.unknown(voxel).is_none() {
                continue;
            }
            for axis in Axis::ALL {
                let [low, high] = [false, true].map(|up| self.over_link(found, voxel, axis, up));
                flux[axis.xyz_index()] = (0.5 * (high - low) / cell.spacing.face_area(axis)) as f32;
            }
        }
        for (face, current) in cell.faces.iter().zip(&self.flow.faces) {
            let towards = if face.solid_below { -1.0 } else { 1.0 };
            let flux = 0.5 * towards * current / (FARADAY * cell.spacing.face_area(face.axis));
            out[face.pore()][face.axis.xyz_index()] += flux as f32;
        }
        let axis = cell.setting.axis;
        let down = if cell.setting.collector == Collector::Last { 1.0 } else { -1.0 };
        for (n, &(voxel, _)) in cell.top.iter().enumerate() {
            let flux = 0.5 * down * self.through_plane(n) / cell.spacing.face_area(axis);
            out[voxel as usize][axis.xyz_index()] += flux as f32;
        }
        out
    }

    /// Lithium ions in mol/s through every plane between slices, from the separator's to the collector's; those that react
    /// on such a plane count half.
    #[must_use]
    pub fn li_planes(&self, cell: &Cell, found: &Distribution) -> Vec<f64> {
        let axis = cell.setting.axis;
        let down = cell.setting.collector == Collector::Last;
        let mut sums = vec![0.0; cell.shape.along(axis) + 1];
        sums[0] = (0..self.flow.inlet.len()).map(|n| self.through_plane(n)).sum();
        for voxel in 0..cell.shape.len() {
            if self.diffusion.links.unknown(voxel).is_some() {
                let slice = cell.slice_of(voxel);
                sums[slice + 1] += self.over_link(found, voxel, axis, down);
            }
        }
        for (face, current) in cell.faces.iter().zip(&self.flow.faces) {
            if face.axis == axis {
                let (pore, solid) = (cell.slice_of(face.pore()), cell.slice_of(face.solid()));
                let towards = if solid > pore { 1.0 } else { -1.0 };
                sums[pore.max(solid)] += 0.5 * towards * current / FARADAY;
            }
        }
        sums
    }

    /// Largest difference between what all planes carry, lithium ions and electrons of lithium that is plated, and the
    /// applied current, over the latter.
    #[must_use]
    pub fn li_slice_error(&self, cell: &Cell, found: &Distribution) -> f64 {
        let total = found.applied_a_per_m2 * cell.projected_area();
        let planes = self.li_planes(cell, found);
        let both = planes.iter().zip(&found.planes).map(|(li, p)| (FARADAY * li + p[1]) / total - 1.0);
        both.map(f64::abs).fold(0.0, f64::max)
    }
}
