//! The linear problem of the salt: `div(d grad v) = 0` with currents as sources.
//!
//! `c - c0 = (1 - t+)/(F D) v`; `d` is the diffusivity over that of free electrolyte, and `v` has the unit A/m.

use foamflux_grid::{Axis, Watch};
use foamflux_transport::links::{Lattice, Links, LinksStop, NO_GROUP};

use super::{Electrolyte, Supply, reference};
use crate::cell::{Cell, Face, wraps};
use crate::distribution::Distribution;
use crate::error::ElectroError;
use crate::materials::Materials;

/// Error of one correction; rounds of them add up.
const LINEAR: f64 = 1e-6;
/// Residual currents that may be left, over all currents: in a steady state, where they are what N+ is not conserved by, and in
/// one step of many.
pub(super) const STEADY: f64 = 1e-11;
pub(super) const STEP: f64 = 1e-8;
/// Most corrections; each gains about [`LINEAR`].
const ROUNDS: u32 = 6;
const MAX_ITERATIONS: u32 = 500;

/// Currents in A out of the electrolyte through every reacting face, and into it through the separator's plane.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Flow {
    pub(super) faces: Vec<f64>,
    pub(super) inlet: Vec<f64>,
}

impl Flow {
    pub(super) fn of(cell: &Cell, found: &Distribution) -> Self {
        let faces = cell.faces.iter().zip(&found.j).map(|(f, j)| cell.area(f) * j).collect();
        Flow { faces, inlet: found.inlet.clone() }
    }
}

/// The system and its geometry.
#[derive(Debug)]
pub(super) struct Diffusion {
    pub(super) links: Links,
    /// Cluster of every unknown; empty where there is but one.
    component: Vec<u32>,
    /// Label of every unknown, volume of electrolyte in a voxel of each label and in every cluster in m3.
    label: Vec<u8>,
    volume_of: [f64; 9],
    volumes: Vec<f64>,
    /// Unknown of every face of the cell, and of every electrolyte voxel at the separator's plane.
    pub(super) at_face: Vec<u32>,
    pub(super) at_plane: Vec<u32>,
    /// Half-voxel resistance in 1/m to the face and to the plane.
    face_half: Vec<f64>,
    pub(super) plane_half: Vec<f64>,
    supply: Supply,
}

impl Diffusion {
    /// The steady problem, or one with a store of `rate` (in 1/m2) times the volume of electrolyte.
    pub(super) fn new(
        cell: &Cell,
        materials: &Materials,
        electrolyte: &Electrolyte,
        rate: Option<f64>,
    ) -> Result<Self, ElectroError> {
        let free = reference(materials);
        let relative = materials.kappa.map(|k| k / free);
        let label = |voxel: usize| usize::from(cell.labels[voxel]) % 9;
        let group: Vec<u8> = (0..cell.shape.len())
            .map(|voxel| if cell.is_electrolyte(voxel) == Some(true) { cell.group[voxel] } else { NO_GROUP })
            .collect();
        let lattice =
            Lattice { shape: cell.shape, wraps: wraps(cell.setting, cell.shape), group: &group, second_medium: 0 };
        // Resistance of half a voxel in 1/m.
        let half = |axis: Axis, label: usize| {
            0.5 * cell.spacing.along(axis) / (relative[label] * cell.spacing.face_area(axis))
        };
        let depth = cell.setting.axis;
        let slots: Vec<Option<f64>> = grounds(cell, electrolyte.supply, rate.is_some(), |v| half(depth, label(v)));
        let unit = cell.spacing.voxel_volume();
        let store = |voxel: usize| rate.map_or(0.0, |rate| rate * unit * electrolyte.porosity[label(voxel)]);
        let mut by_voxel: Vec<(u32, f32)> =
            cell.top.iter().zip(&slots).filter_map(|(&(v, _), g)| g.map(|g| (v, g as f32))).collect();
        by_voxel.sort_unstable_by_key(|&(v, _)| v);
        let ground = |voxel: usize| {
            let extra = by_voxel.binary_search_by_key(&(voxel as u32), |&(v, _)| v).map_or(0.0, |k| by_voxel[k].1);
            store(voxel) as f32 + extra
        };
        let mut links =
            Links::new(&lattice, |axis, a, b| (1.0 / (half(axis, label(a)) + half(axis, label(b)))) as f32, ground)?;
        links.build_levels(&lattice)?;
        let number = |voxel: usize| links.unknown(voxel).unwrap_or(0) as u32;
        let at_face: Vec<u32> = cell.faces.iter().map(|f| number(f.pore())).collect();
        let at_plane: Vec<u32> = cell.top.iter().map(|&(v, _)| number(v as usize)).collect();
        let of_face = |f: &Face| half(f.axis, usize::from(f.electrolyte) % 9);
        let face_half = cell.faces.iter().map(of_face).collect();
        let plane_half = cell.top.iter().map(|&(v, _)| half(depth, label(v as usize))).collect();
        let mut label_of = vec![0; links.unknowns()];
        for voxel in 0..cell.shape.len() {
            if let Some(i) = links.unknown(voxel) {
                label_of[i] = label(voxel) as u8;
            }
        }
        let mut out = Diffusion {
            component: Vec::new(),
            label: label_of,
            volume_of: electrolyte.porosity.map(|porosity| unit * porosity),
            volumes: vec![0.0; cell.inlets.len()],
            supply: electrolyte.supply,
            links,
            at_face,
            at_plane,
            face_half,
            plane_half,
        };
        out.find_components(cell);
        Ok(out)
    }

    /// What every unknown stores, as a conductance, rounded as the system has it.
    pub(super) fn stores(&self) -> Vec<f64> {
        let mut out: Vec<f64> = (0..self.links.unknowns()).map(|i| f64::from(self.links.ground(i))).collect();
        if self.supply == Supply::Reservoir {
            for (&i, half) in self.at_plane.iter().zip(&self.plane_half) {
                out[i as usize] -= f64::from((1.0 / half) as f32);
            }
        }
        out
    }

    /// Volume of electrolyte of an unknown in m3.
    #[inline]
    pub(super) fn volume(&self, i: usize) -> f64 {
        self.volume_of[usize::from(self.label[i]) % 9]
    }

    /// Cluster of an unknown.
    #[inline]
    fn cluster(&self, i: usize) -> usize {
        self.component.get(i).map_or(0, |&c| c as usize)
    }

    /// All electrolyte belongs to the cluster with the most faces but what hangs together with faces of the others.
    fn find_components(&mut self, cell: &Cell) {
        if self.volumes.len() > 1 {
            let mut faces = vec![0u64; self.volumes.len()];
            cell.component.iter().for_each(|&c| faces[c as usize] += 1);
            let main = (0..faces.len() as u32).max_by_key(|&c| faces[c as usize]).unwrap_or(0);
            let mut component = vec![main; self.links.unknowns()];
            let others = self.at_face.iter().copied().zip(cell.component.iter().copied());
            let mut queue: Vec<(u32, u32)> = others.filter(|&(_, c)| c != main).collect();
            while let Some((i, c)) = queue.pop() {
                if std::mem::replace(&mut component[i as usize], c) == c {
                    continue;
                }
                for axis in Axis::ALL {
                    for up in [false, true] {
                        let j = self.links.neighbour(i as usize, axis, up);
                        if component[j] != c && self.links.conductance(i as usize, axis, up) > 0.0 {
                            queue.push((j as u32, c));
                        }
                    }
                }
            }
            self.component = component;
        }
        for i in 0..self.links.unknowns() {
            let volume = self.volume(i);
            let cluster = self.cluster(i);
            self.volumes[cluster] += volume;
        }
    }

    /// Sources of a flow.
    pub(super) fn sources(&self, flow: &Flow) -> Vec<f64> {
        let mut b = vec![0.0; self.links.unknowns()];
        for (&i, current) in self.at_face.iter().zip(&flow.faces) {
            b[i as usize] -= current;
        }
        // A reservoir gives what diffusion takes from it; a counter electrode gives lithium.
        if self.supply == Supply::Counter {
            for (&i, current) in self.at_plane.iter().zip(&flow.inlet) {
                b[i as usize] += current;
            }
        }
        b
    }

    /// Solves for given sources, from `v` on; the iterations.
    pub(super) fn solve(&self, b: &[f64], v: &mut [f64], left: f64, watch: &dyn Watch) -> Result<u32, ElectroError> {
        let total: f64 = b.iter().map(|b| b.abs()).sum();
        let mut iterations = 0;
        for _ in 0..ROUNDS {
            let residual = self.links.residual(v, b)?;
            if residual.iter().map(|r| r.abs()).sum::<f64>() <= left * total {
                break;
            }
            let stop = LinksStop { relative: LINEAR, max_iterations: MAX_ITERATIONS, double: true };
            iterations += self.links.correct(&residual, v, &stop, watch)?.iterations;
        }
        Ok(iterations)
    }

    /// The same without its mean in every cluster, where salt is conserved.
    pub(super) fn conserved(&self, v: &[f64]) -> Vec<f64> {
        if self.supply == Supply::Reservoir {
            return v.to_vec();
        }
        let mut sums = vec![0.0; self.volumes.len()];
        for (i, v) in v.iter().enumerate() {
            sums[self.cluster(i)] += v * self.volume(i);
        }
        let means: Vec<f64> = sums.iter().zip(&self.volumes).map(|(sum, volume)| sum / volume).collect();
        v.iter().enumerate().map(|(i, v)| v - means[self.cluster(i)]).collect()
    }

    /// Values on every face.
    pub(super) fn on_faces(&self, v: &[f64], flow: &Flow) -> Vec<f64> {
        let faces = self.at_face.iter().zip(&self.face_half).zip(&flow.faces);
        faces.map(|((&i, half), current)| v[i as usize] - current * half).collect()
    }

    /// Values on the separator's plane.
    pub(super) fn on_plane(&self, v: &[f64], flow: &Flow) -> Vec<f64> {
        match self.supply {
            Supply::Reservoir => vec![0.0; self.at_plane.len()],
            Supply::Counter => {
                let plane = self.at_plane.iter().zip(&self.plane_half).zip(&flow.inlet);
                plane.map(|((&i, half), current)| v[i as usize] + current * half).collect()
            }
        }
    }
}

/// Conductances to zero of the voxels at the plane. A conserved salt is known up to a constant, which one voxel of each cluster
/// fixes; no current passes there, as sources balance.
fn grounds(cell: &Cell, supply: Supply, stored: bool, half: impl Fn(usize) -> f64) -> Vec<Option<f64>> {
    let mut pinned = vec![false; cell.inlets.len()];
    cell.top
        .iter()
        .map(|&(voxel, c)| match supply {
            Supply::Reservoir => Some(1.0 / half(voxel as usize)),
            Supply::Counter if stored => None,
            Supply::Counter => (!std::mem::replace(&mut pinned[c as usize], true)).then(|| 1.0 / half(voxel as usize)),
        })
        .collect()
}
