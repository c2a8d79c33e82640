//! What an iteration leaves: faces solved exactly, charge balanced, currents through planes.

use foamflux_grid::Axis;
use foamflux_transport::links::LinksSolver;
use rayon::prelude::*;

use super::Drive;
use super::newton::{Newton, TASK};
use crate::cell::Collector;
use crate::distribution::{Distribution, Effort};

/// Shift of a cluster over the mean overpotential that charge does not show: a thousandth of what it must balance to.
const NEGLIGIBLE: f64 = 1e-12;
/// Most that a cluster is shifted at once in V: twice the thermal voltage, beyond which no tangent of an exponential leads.
const STRIDE: f64 = 0.05;
/// Bytes by face: what it is 32, places 8, state and tangent 32, current 8, conductance now and then 8.
const PER_FACE: u64 = 88;

impl Newton<'_> {
    /// Current density that is applied, or drawn at the voltage that is.
    fn applied(&self) -> f64 {
        match self.drive {
            Drive::Uniform(j) | Drive::Current(j) => j,
            Drive::Voltage(_) => self.through_separator() / self.cell.projected_area(),
        }
    }

    /// Current that the faces take against that which is applied, relative.
    pub(super) fn charge_error(&self, j: &[f64]) -> f64 {
        let taken: f64 = self.cell.faces.iter().zip(j).map(|(face, j)| self.cell.area(face) * j).sum();
        let applied = self.applied() * self.cell.projected_area();
        (taken - applied).abs() / applied.abs()
    }

    /// Solves every face exactly, and shifts clusters until their charge balances.
    pub(super) fn balance(&mut self) -> Vec<f64> {
        let clusters = self.fed.len();
        let mut shift = vec![0.0; clusters];
        let mut j = vec![0.0; self.places.len()];
        let wanted = match self.drive {
            Drive::Current(density) => Some(density * self.cell.projected_area()),
            _ => None,
        };
        for _ in 0..8 {
            let (phi, laws) = (&self.phi, &self.laws);
            let solved: Vec<(f64, f64)> = self
                .cell
                .faces
                .par_iter()
                .with_min_len(TASK)
                .zip(&self.places)
                .zip(self.eta.par_iter().zip(&self.cell.component))
                .map(|((face, place), (&near, &c))| {
                    let drop = phi[place.e as usize] + shift[c as usize] - phi[place.s as usize];
                    let eta = laws.exact(face, drop, near);
                    let point = laws.law(face).at(eta);
                    (eta, point.slope / (1.0 + point.slope * laws.rho(face)))
                })
                .collect();
            let (mut taken, mut slopes) = (vec![0.0; clusters], vec![0.0; clusters]);
            for (k, &(eta, slope)) in solved.iter().enumerate() {
                let (face, c) = (&self.cell.faces[k], self.cell.component[k] as usize);
                self.eta[k] = eta;
                j[k] = laws.law(face).at(eta).j;
                let area = self.cell.area(face);
                taken[c] += area * j[k];
                slopes[c] += area * slope;
            }
            let (mut given, mut conducts) = (self.fed.clone(), vec![0.0; clusters]);
            if !matches!(self.drive, Drive::Uniform(_)) {
                for &(i, c) in &self.top {
                    let g = f64::from(self.links.ground(i as usize));
                    given[c as usize] += g * (self.plane - phi[i as usize] - shift[c as usize]);
                    conducts[c as usize] += g;
                }
            }
            if let Some(wanted) = wanted {
                let (mut have, mut slope) = (0.0, 0.0);
                for c in 0..clusters {
                    let both = slopes[c] + conducts[c];
                    if both > 0.0 {
                        have += given[c] - conducts[c] * (given[c] - taken[c]) / both;
                        slope += conducts[c] * slopes[c] / both;
                    }
                }
                let more = if slope > 0.0 { (wanted - have) / slope } else { 0.0 };
                self.plane += more;
                for c in 0..clusters {
                    given[c] += conducts[c] * more;
                }
            }
            let mut worst = 0.0f64;
            for c in 0..clusters {
                let both = slopes[c] + conducts[c];
                if both > 0.0 {
                    let by = ((given[c] - taken[c]) / both).clamp(-STRIDE, STRIDE);
                    shift[c] += by;
                    worst = worst.max(by.abs());
                }
            }
            // Below this a shift is rounding of the potentials, unless overpotentials are hardly more.
            let mean = self.eta.iter().map(|eta| eta.abs()).sum::<f64>() / self.eta.len() as f64;
            if worst < (NEGLIGIBLE * mean).min(1e-17) {
                break;
            }
        }
        // Potentials follow, so that profiles and maps balance as well.
        if shift.iter().any(|&s| s != 0.0) {
            self.clusters.add(&mut self.phi, &shift);
        }
        j
    }

    pub(super) fn finish(mut self, solver: &dyn LinksSolver) -> Distribution {
        let j = std::mem::take(&mut self.j);
        let projected = self.cell.projected_area();
        let charge_error = self.charge_error(&j);
        let applied = self.applied();
        // Mean potential of the plane, weighted by the current through it.
        let axis = self.cell.setting.axis;
        let area = self.cell.spacing.face_area(axis);
        let potential = match self.drive {
            Drive::Uniform(j) => {
                let through = j * projected / self.top.len() as f64;
                let sum: f64 = self
                    .cell
                    .top
                    .iter()
                    .zip(&self.top)
                    .map(|(&(voxel, _), &(i, _))| {
                        let voxel = voxel as usize;
                        let half = self.laws.half(axis, usize::from(self.cell.labels[voxel]), voxel);
                        self.phi[i as usize] + through * half / area
                    })
                    .sum();
                sum / self.top.len() as f64
            }
            _ => self.plane,
        };
        let planes = self.through_planes(&j);
        let inlet = match self.drive {
            Drive::Uniform(j) => vec![j * projected / self.top.len() as f64; self.top.len()],
            _ => {
                let g = |i: u32| f64::from(self.links.ground(i as usize));
                self.top.iter().map(|&(i, _)| g(i) * (self.plane - self.phi[i as usize])).collect()
            }
        };
        // Potentials with what corrects them, and what the plane's potential is sought by.
        let fields = if matches!(self.drive, Drive::Current(_)) { 6 } else { 2 };
        let bytes =
            self.links.bytes(self.double) + (8 * fields + 1) * self.phi.len() as u64 + PER_FACE * self.eta.len() as u64;
        self.links.drop_levels();
        Distribution {
            applied_a_per_m2: applied,
            overpotential_v: potential,
            charge_error,
            planes,
            effort: Effort {
                newton_steps: self.steps,
                linear_iterations: self.iterations,
                unknowns: self.links.unknowns() as u64,
                reacting_faces: self.cell.faces.len() as u64,
                hierarchies: self.builds,
                change: self.change,
                device: solver.describe(),
                on_device: solver.effort(),
                bytes,
            },
            plane: self.plane,
            inlet,
            diffusion: Vec::new(),
            phi: self.phi,
            eta: self.eta,
            j,
            links: self.links,
        }
    }

    /// Ionic and electronic current through every plane between slices in A, from the separator's to the collector's.
    pub(super) fn through_planes(&self, j: &[f64]) -> Vec<[f64; 2]> {
        let axis = self.cell.setting.axis;
        let slices = self.cell.shape.along(axis);
        let down = self.cell.setting.collector == Collector::Last;
        let parts: Vec<Vec<[f64; 2]>> = (0..self.cell.shape.z)
            .into_par_iter()
            .map(|z| {
                let mut sums = vec![[0.0; 2]; slices + 1];
                let plane = self.cell.shape.stride(Axis::Z);
                for voxel in z * plane..(z + 1) * plane {
                    let Some(i) = self.links.unknown(voxel) else { continue };
                    let medium = usize::from(self.lattice.second_medium >> (self.cell.group[voxel] & 15) & 1);
                    let slice = self.cell.slice_of(voxel);
                    let to = self.links.neighbour(i, axis, down);
                    let g = f64::from(self.links.conductance(i, axis, down));
                    if to != i && self.is_bulk(voxel, axis, down) {
                        sums[slice + 1][medium] += g * (self.phi[i] - self.phi[to]);
                    }
                    if medium == 1 && slice + 1 == slices {
                        sums[slices][1] += f64::from(self.links.ground(i)) * self.phi[i];
                    }
                }
                sums
            })
            .collect();
        let mut sums = vec![[0.0; 2]; slices + 1];
        for part in parts {
            for (sum, part) in sums.iter_mut().zip(part) {
                sum[0] += part[0];
                sum[1] += part[1];
            }
        }
        for (face, j) in self.cell.faces.iter().zip(j) {
            if face.axis == axis {
                // A reaction across a plane carries its current from the electrolyte's to the solid's side: half ionic.
                let (pore, solid) = (self.cell.slice_of(face.pore()), self.cell.slice_of(face.solid()));
                let current = self.cell.area(face) * j * if solid > pore { 1.0 } else { -1.0 };
                let plane = &mut sums[pore.max(solid)];
                plane[0] += 0.5 * current;
                plane[1] += 0.5 * current;
            }
        }
        sums[0][0] = match self.drive {
            Drive::Uniform(j) => j * self.cell.projected_area(),
            _ => self.through_separator(),
        };
        sums
    }

    /// Current through a plane of one potential.
    pub(super) fn through_separator(&self) -> f64 {
        let through =
            |&(i, _): &(u32, u32)| f64::from(self.links.ground(i as usize)) * (self.plane - self.phi[i as usize]);
        self.top.iter().map(through).sum()
    }

    /// Whether the neighbour across a face is in the same medium.
    pub(super) fn is_bulk(&self, voxel: usize, axis: Axis, up: bool) -> bool {
        let stride = self.cell.shape.stride(axis);
        let other = if up { voxel + stride } else { voxel.wrapping_sub(stride) };
        let medium = |v: usize| self.cell.group.get(v).map(|&g| self.lattice.second_medium >> (g & 15) & 1);
        medium(voxel) == medium(other)
    }
}
