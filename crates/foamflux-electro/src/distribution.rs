//! What a solve found.

use foamflux_grid::{Axis, Volume};
use foamflux_transport::links::{Links, LinksEffort, NO_GROUP};

use crate::cell::Cell;

/// What a solve cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Effort {
    /// Newton steps.
    pub newton_steps: u32,
    /// Iterations of the linear solver in each.
    pub linear_iterations: Vec<u32>,
    /// Potentials.
    pub unknowns: u64,
    /// Faces that react.
    pub reacting_faces: u64,
    /// How often the coarse levels were built.
    pub hierarchies: u32,
    /// Largest change of a face's current density in the last step, over the mean.
    pub change: f64,
    /// What solved the linear systems.
    pub device: String,
    /// What it moved and held, where it is not the processor.
    pub on_device: LinksEffort,
    /// Bytes that the solver held on the host.
    pub bytes: u64,
}

/// A current distribution.
#[derive(Debug)]
pub struct Distribution {
    /// Current per cross-section of the box in A/m2, positive when plating.
    pub applied_a_per_m2: f64,
    /// Potential of the separator's plane against the collector in V, positive when plating.
    pub overpotential_v: f64,
    /// What the reacting faces take differs from the applied current by this share.
    pub charge_error: f64,
    /// Ionic and electronic current through the planes between slices in A, from the separator to the collector.
    pub planes: Vec<[f64; 2]>,
    /// What it cost.
    pub effort: Effort,
    /// Potential of the separator's plane, where it has one.
    pub(crate) plane: f64,
    /// Current in A through every electrolyte voxel of the separator's plane, in the order of the cell.
    pub(crate) inlet: Vec<f64>,
    /// What uneven salt adds to the potential of every unknown in V; empty where it is even.
    pub(crate) diffusion: Vec<f64>,
    /// Potentials whose gradient drives the current.
    pub(crate) phi: Vec<f64>,
    pub(crate) eta: Vec<f64>,
    pub(crate) j: Vec<f64>,
    pub(crate) links: Links,
}

impl Distribution {
    /// Current density of every face of the cell in A/m2 of true area, positive when plating.
    #[must_use]
    pub fn current_density(&self) -> &[f64] {
        &self.j
    }

    /// Overpotential that drives the reaction on every face in V.
    #[must_use]
    pub fn face_overpotential(&self) -> &[f64] {
        &self.eta
    }

    /// Potential of a voxel in V, that of electrolyte against lithium; none where it takes no part.
    #[must_use]
    pub fn potential(&self, voxel: usize) -> Option<f64> {
        self.links.unknown(voxel).map(|i| self.phi[i] + self.diffusion.get(i).copied().unwrap_or(0.0))
    }

    /// Largest share by which the current through a plane between slices differs from the applied one.
    #[must_use]
    pub fn slice_error(&self, cell: &Cell) -> f64 {
        let applied = self.applied_a_per_m2 * cell.projected_area();
        self.planes.iter().map(|p| ((p[0] + p[1]) / applied - 1.0).abs()).fold(0.0, f64::max)
    }

    /// Potentials of electrolyte or solid in V as a volume, not a number elsewhere.
    #[must_use]
    pub fn potentials(&self, cell: &Cell, electrolyte: bool) -> Volume<f32> {
        self.volume(cell, |voxel| {
            let of = cell.is_electrolyte(voxel)? == electrolyte;
            if of { self.potential(voxel).map(|p| p as f32) } else { None }
        })
    }

    /// Current density on true area in A/m2 of every voxel of the reacting surface (of the solid's side), not a number elsewhere.
    #[must_use]
    pub fn surface_map(&self, cell: &Cell) -> Volume<f32> {
        let mut current = vec![0f32; cell.shape.len()];
        let mut area = vec![0f32; cell.shape.len()];
        for (face, &j) in cell.faces.iter().zip(&self.j) {
            let a = cell.area(face) as f32;
            current[face.solid()] += a * j as f32;
            area[face.solid()] += a;
        }
        self.volume(cell, |voxel| (area[voxel] > 0.0).then(|| current[voxel] / area[voxel]))
    }

    /// Flux vectors of one medium in A/m2 (x, y, z), the mean of the two faces of a voxel; zero elsewhere.
    #[must_use]
    pub fn flux(&self, cell: &Cell, electrolyte: bool) -> Vec<[f32; 3]> {
        let mut out = vec![[0f32; 3]; cell.shape.len()];
        for axis in Axis::ALL {
            let k = axis.xyz_index();
            let area = cell.spacing.face_area(axis);
            for (voxel, flux) in out.iter_mut().enumerate() {
                if cell.is_electrolyte(voxel) != Some(electrolyte) {
                    continue;
                }
                let Some(i) = self.links.unknown(voxel) else { continue };
                for up in [false, true] {
                    let to = self.links.neighbour(i, axis, up);
                    // The faces that react carry current in and out of the medium: they are half of the voxel's flux as well.
                    let g = f64::from(self.links.conductance(i, axis, up)) / area;
                    let towards = if up { 1.0 } else { -1.0 };
                    if to != i && cell.same_medium(voxel, axis, up) {
                        flux[k] += (0.5 * towards * g * (self.phi[i] - self.phi[to])) as f32;
                    }
                }
            }
        }
        for (face, &j) in cell.faces.iter().zip(&self.j) {
            let voxel = if electrolyte { face.pore() } else { face.solid() };
            // From electrolyte to solid.
            let towards = if face.solid_below { -1.0 } else { 1.0 };
            out[voxel][face.axis.xyz_index()] += (0.5 * towards * f64::from(face.weight) * j) as f32;
        }
        out
    }

    fn volume(&self, cell: &Cell, value: impl Fn(usize) -> Option<f32>) -> Volume<f32> {
        let mut voxel = 0;
        Volume::from_fn(cell.shape, cell.voxel_size.clone(), |_, _, _| {
            voxel += 1;
            value(voxel - 1).unwrap_or(f32::NAN)
        })
    }
}

impl Cell {
    /// Whether a voxel is electrolyte; none where it takes no part.
    #[must_use]
    #[inline]
    pub fn is_electrolyte(&self, voxel: usize) -> Option<bool> {
        match self.group[voxel] {
            NO_GROUP => None,
            group => Some(self.second_medium >> (group & 15) & 1 == 0),
        }
    }

    /// Whether the neighbour across a face is in the same medium, within the box or across a joined wall.
    fn same_medium(&self, voxel: usize, axis: Axis, up: bool) -> bool {
        let (z, y, x) = self.shape.zyx_of(voxel);
        let at = [x, y, z][axis.xyz_index()];
        let (len, stride) = (self.shape.along(axis), self.shape.stride(axis));
        let other = match up {
            true if at + 1 < len => voxel + stride,
            true => voxel - (len - 1) * stride,
            false if at > 0 => voxel - stride,
            false => voxel + (len - 1) * stride,
        };
        self.is_electrolyte(other) == self.is_electrolyte(voxel)
    }
}
