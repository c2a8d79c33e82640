//! The iteration: states, linear systems, and what moves states.

use foamflux_grid::{Axis, Event, Stage, Watch};
use foamflux_transport::links::{Lattice, Links, LinksError, LinksSolver, LinksStop};
use rayon::prelude::*;

use super::clusters::Clusters;
use super::laws::{Laws, Tangent};
use super::{Drive, Options, dot, root};
use crate::cell::{Cell, wraps};
use crate::distribution::Distribution;
use crate::error::ElectroError;
use crate::materials::Materials;

/// Contrast of conductivities from which linear solves use double precision: beyond it rounding of the potential of good
/// conductors keeps the energy from falling.
const DOUBLE_FROM: f64 = 1e3;
/// Most iterations of one linear solve.
const MAX_ITERATIONS: u32 = 500;
/// Coarse levels are built anew when exchange conductances have changed by more than this on average (in logarithms).
const REBUILD: f64 = 0.4;
/// Current that a step has not accounted for spreads over the faces nearby; at worst it comes back on one of them, as the rest
/// of the cell takes as much with the other sign.
const UNACCOUNTED: f64 = 2.0;
/// A linear solve leaves its error in the mean of all energy; on one face it may be this much larger.
const LOCAL: f64 = 10.0;
/// What faces take is what is applied to better than this, relative, where there is a solution: 3e-16 on foams, 1e-9 asked for.
const BALANCED: f64 = 1e-6;
/// Faces per task.
pub(super) const TASK: usize = 8192;

/// A face with its place in the system.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Unknowns of electrolyte and solid.
    pub(super) e: u32,
    pub(super) s: u32,
}

pub(super) struct Newton<'a> {
    pub(super) cell: &'a Cell,
    pub(super) laws: Laws<'a>,
    pub(super) drive: Drive,
    pub(super) options: &'a Options,
    pub(super) lattice: Lattice<'a>,
    pub(super) links: Links,
    pub(super) double: bool,
    pub(super) places: Vec<Place>,
    pub(super) clusters: Clusters,
    /// Unknown and component of every face of the separator's plane.
    pub(super) top: Vec<(u32, u32)>,
    /// Current of every cluster of electrolyte under an even current through the plane.
    pub(super) fed: Vec<f64>,
    /// Potential of the plane, where it has one.
    pub(super) plane: f64,
    pub(super) phi: Vec<f64>,
    pub(super) eta: Vec<f64>,
    /// Current densities, once faces are solved.
    pub(super) j: Vec<f64>,
    /// Exchange conductances that the coarse levels were built of.
    pub(super) built: Vec<f32>,
    pub(super) builds: u32,
    pub(super) steps: u32,
    pub(super) iterations: Vec<u32>,
    /// Largest change of a face's current density in the last step, and an estimate of what it is still wrong by, over the
    /// mean.
    pub(super) change: f64,
    pub(super) left: f64,
}

impl<'a> Newton<'a> {
    pub(super) fn new(
        cell: &'a Cell,
        materials: &Materials,
        drive: Drive,
        options: &'a Options,
    ) -> Result<Self, ElectroError> {
        let laws = Laws::new(cell, materials);
        let lattice = Lattice {
            shape: cell.shape,
            wraps: wraps(cell.setting, cell.shape),
            group: &cell.group,
            second_medium: cell.second_medium,
        };
        let second = |voxel: usize| lattice.second_medium >> (cell.group[voxel] & 15) & 1 == 1;
        let area = Axis::ALL.map(|axis| cell.spacing.face_area(axis));
        let label = |voxel: usize| usize::from(cell.labels[voxel]) % 9;
        let conductance = |axis: Axis, a: usize, b: usize| {
            if second(a) != second(b) {
                return 0.0;
            }
            (area[axis.xyz_index()] / (laws.half(axis, label(a), a) + laws.half(axis, label(b), b))) as f32
        };
        let slices = cell.shape.along(cell.setting.axis);
        let k = cell.setting.axis.xyz_index();
        let plane_conducts = !matches!(drive, Drive::Uniform(_));
        let ground = |voxel: usize| {
            let slice = cell.slice_of(voxel);
            let touches = if second(voxel) { slice + 1 == slices } else { plane_conducts && slice == 0 };
            if touches { (area[k] / laws.half(cell.setting.axis, label(voxel), voxel)) as f32 } else { 0.0 }
        };
        let links = Links::new(&lattice, conductance, ground)?;
        let number = |voxel: usize| links.unknown(voxel).unwrap_or(0) as u32;
        let places: Vec<Place> = cell
            .faces
            .par_iter()
            .with_min_len(TASK)
            .map(|f| Place { e: number(f.pore()), s: number(f.solid()) })
            .collect();
        let top: Vec<(u32, u32)> = cell.top.iter().map(|&(voxel, c)| (number(voxel as usize), c)).collect();
        let faces: u64 = cell.inlets.iter().sum();
        let fed = match drive {
            Drive::Uniform(j) => {
                cell.inlets.iter().map(|&n| j * cell.projected_area() * n as f64 / faces as f64).collect()
            }
            _ => vec![0.0; cell.inlets.len()],
        };
        let conductivities = || {
            let present = |l: &usize| cell.labels.contains(&(*l as u8));
            (0..9).filter(present).map(|l| materials.sigma[l].max(materials.kappa[l])).filter(|&v| v > 0.0)
        };
        let contrast = conductivities().fold(0.0, f64::max) / conductivities().fold(f64::INFINITY, f64::min);
        let clusters = Clusters::new(&lattice, &links, &places, &cell.component, fed.len());
        let mut newton = Newton {
            double: options.double.unwrap_or(contrast >= DOUBLE_FROM),
            phi: vec![0.0; links.unknowns()],
            eta: Vec::new(),
            j: Vec::new(),
            built: Vec::new(),
            builds: 0,
            steps: 0,
            iterations: Vec::new(),
            change: f64::INFINITY,
            left: f64::INFINITY,
            plane: 0.0,
            cell,
            laws,
            drive,
            options,
            lattice,
            links,
            places,
            clusters,
            top,
            fed,
        };
        newton.start(materials);
        Ok(newton)
    }

    /// Potentials at which the whole surface of each cluster takes its current evenly.
    fn start(&mut self, materials: &Materials) {
        let clusters = self.fed.len();
        let shared = !matches!(self.drive, Drive::Uniform(_));
        let groups = if shared { 1 } else { clusters };
        // True area by cluster and label, as much as exchange current densities are above those of labels.
        let mut areas = vec![[0.0; 9]; groups];
        for (face, &c) in self.cell.faces.iter().zip(&self.cell.component) {
            let group = if shared { 0 } else { c as usize };
            areas[group][usize::from(face.surface) % 9] += self.cell.area(face) * f64::from(face.i0_factor);
        }
        let (laws, equilibrium) = (&self.laws, &self.laws.equilibrium);
        let current = |areas: &[f64; 9], drop: f64| -> f64 {
            (0..9).filter(|&l| areas[l] > 0.0).map(|l| areas[l] * laws.of(l).at(drop + equilibrium[l]).j).sum()
        };
        let projected = self.cell.projected_area();
        let drops: Vec<f64> = areas
            .iter()
            .enumerate()
            .map(|(c, areas)| match self.drive {
                Drive::Uniform(_) => root(|drop| current(areas, drop) - self.fed[c], self.fed[c]),
                Drive::Current(j) => root(|drop| current(areas, drop) - j * projected, j),
                Drive::Voltage(v) => {
                    // What the current would lose on half of the way through free electrolyte.
                    let kappa = materials.kappa.iter().copied().fold(0.0, f64::max);
                    let series = 0.5 * self.cell.depth() / (kappa * projected);
                    root(|drop| drop + series * current(areas, drop) - v, v)
                }
            })
            .collect();
        let values = if shared { vec![drops[0]; clusters] } else { drops.clone() };
        self.clusters.add(&mut self.phi, &values);
        self.plane = match self.drive {
            Drive::Voltage(v) => v,
            _ => drops[0],
        };
        self.eta = self
            .cell
            .faces
            .par_iter()
            .with_min_len(TASK)
            .zip(&self.cell.component)
            .map(|(f, &c)| drops[if shared { 0 } else { c as usize }] + self.laws.equilibrium(f))
            .collect();
    }

    /// Starts from what was found for a cell of the same voxels.
    pub(super) fn resume(&mut self, start: &Distribution) {
        if start.phi.len() == self.phi.len() && start.eta.len() == self.eta.len() {
            self.phi.clone_from(&start.phi);
            self.eta.clone_from(&start.eta);
            if !matches!(self.drive, Drive::Voltage(_)) {
                self.plane = start.plane;
            }
        }
    }

    /// Refuses a current that the law of the reaction does not reach at any overpotential.
    pub(super) fn affordable(&self) -> Result<(), ElectroError> {
        let (Drive::Uniform(j) | Drive::Current(j)) = self.drive else { return Ok(()) };
        let faces = self.cell.faces.iter();
        let most: f64 = faces
            .map(|f| {
                let law = self.laws.law(f);
                if law.bare && j < 0.0 { 0.0 } else { self.cell.area(f) * law.i0 * law.curve.most() }
            })
            .sum();
        let limit = most / self.cell.projected_area();
        if j.abs() < limit { Ok(()) } else { Err(ElectroError::Saturated { applied: j, limit }) }
    }

    pub(super) fn iterate(&mut self, solver: &mut dyn LinksSolver, watch: &dyn Watch) -> Result<(), ElectroError> {
        // Good conductors hardly count in the energy that linear solves go by: faces may be done while the current that
        // is led away below them is not. Then a step more is a correction of it.
        let mut slices = f64::INFINITY;
        while self.steps < self.options.max_steps {
            self.step(solver, watch)?;
            watch.event(Event::Advanced { stage: Stage::Current, done: u64::from(self.steps), total: None });
            if !self.change.is_finite() {
                return Err(ElectroError::Runaway { steps: self.steps });
            }
            if self.left <= self.options.change {
                self.j = self.balance();
                // Beyond all reason exponentials leave a step that moves nothing, and yet no balance.
                if matches!(self.drive, Drive::Current(_) | Drive::Uniform(_)) && self.charge_error(&self.j) > BALANCED
                {
                    return Err(ElectroError::Runaway { steps: self.steps });
                }
                let error = self.slice_error();
                if error <= self.options.slices || error > 0.5 * slices {
                    return Ok(());
                }
                slices = error;
            }
        }
        Err(ElectroError::NotConverged { steps: self.steps, change: self.left, wanted: self.options.change })
    }

    fn step(&mut self, solver: &mut dyn LinksSolver, watch: &dyn Watch) -> Result<(), ElectroError> {
        self.steps += 1;
        let tangents: Vec<Tangent> = self
            .cell
            .faces
            .par_iter()
            .with_min_len(TASK)
            .zip(&self.eta)
            .map(|(face, &eta)| self.laws.tangent(face, eta))
            .collect();
        let mut b = vec![0.0; self.phi.len()];
        self.feed(&mut b);
        let mut exchange = vec![0f32; self.places.len()];
        for (k, (face, place)) in self.cell.faces.iter().zip(&self.places).enumerate() {
            let t = &tangents[k];
            let area = self.cell.area(face);
            let g = (area * t.slope / (1.0 + t.slope * self.laws.rho(face))) as f32;
            let constant = area * t.j - f64::from(g) * t.drop;
            b[place.e as usize] -= constant;
            b[place.s as usize] += constant;
            exchange[k] = g;
            let lower = if face.solid_below { place.s } else { place.e };
            self.links.set_conductance(lower as usize, face.axis, g);
        }
        self.links.refresh();
        if self.stale(&exchange) {
            self.links.build_levels(&self.lattice)?;
            self.builds += 1;
            self.built.clone_from(&exchange);
        }
        drop(exchange);
        self.correct(b, solver, watch)?;
        self.move_states(&tangents);
        Ok(())
    }

    /// Largest difference between the currents through planes between slices, over their mean.
    fn slice_error(&self) -> f64 {
        let planes: Vec<f64> = self.through_planes(&self.j).iter().map(|p| p[0] + p[1]).collect();
        let mean = planes.iter().sum::<f64>() / planes.len() as f64;
        planes.iter().map(|p| (p / mean - 1.0).abs()).fold(0.0, f64::max)
    }

    /// Adds what comes through the separator's plane.
    pub(super) fn feed(&self, b: &mut [f64]) {
        let faces: u64 = self.cell.inlets.iter().sum();
        for &(i, _) in &self.top {
            b[i as usize] += match self.drive {
                Drive::Uniform(j) => j * self.cell.projected_area() / faces as f64,
                _ => f64::from(self.links.ground(i as usize)) * self.plane,
            };
        }
    }

    /// Whether the coarse levels are of other conductances than the present ones.
    fn stale(&self, exchange: &[f32]) -> bool {
        if self.built.len() != exchange.len() {
            return true;
        }
        let parts: Vec<f64> = exchange
            .par_chunks(TASK)
            .zip(self.built.par_chunks(TASK))
            .map(|(now, then)| {
                now.iter()
                    .zip(then)
                    .map(|(&a, &b)| {
                        if a > 0.0 && b > 0.0 {
                            f64::from((a / b).ln().abs()).min(3.0)
                        } else {
                            f64::from(u8::from((a > 0.0) != (b > 0.0)))
                        }
                    })
                    .sum()
            })
            .collect();
        parts.iter().sum::<f64>() > REBUILD * exchange.len() as f64
    }

    /// Solves the linear system for both potentials, and for that of the plane where the current is given.
    fn correct(&mut self, b: Vec<f64>, solver: &mut dyn LinksSolver, watch: &dyn Watch) -> Result<(), ElectroError> {
        let stop = LinksStop { relative: self.options.linear, max_iterations: MAX_ITERATIONS, double: self.double };
        let residual = self.links.residual(&self.phi, &b)?;
        // Only a plane whose potential is sought needs them again.
        let b = if matches!(self.drive, Drive::Current(_)) { b } else { Vec::new() };
        let mut done = solver.correct(&self.links, &residual, &mut self.phi, &stop, watch)?.iterations;
        drop(residual);
        if let Drive::Current(j) = self.drive {
            // The response to a plane at one volt more, and how much of that is wanted. All of the electrolyte follows but for
            // what its surface takes: that deviation is solved for, as an error relative to the whole volt would be as
            // large as the drop of potential within a good conductor.
            let mut unit = vec![0.0; self.phi.len()];
            for &(i, _) in &self.top {
                unit[i as usize] += f64::from(self.links.ground(i as usize));
            }
            let mut response: Vec<f64> = self.clusters.electrolyte().iter().map(|&e| f64::from(u8::from(e))).collect();
            let mut deviation = vec![0.0; self.phi.len()];
            let start = self.links.residual(&response, &unit)?;
            done += solver.correct(&self.links, &start, &mut deviation, &stop, watch)?.iterations;
            drop(start);
            response.par_iter_mut().with_min_len(TASK).zip(&deviation).for_each(|(r, d)| *r += d);
            let (mut now, mut slope) = (0.0, 0.0);
            for &(i, _) in &self.top {
                let g = f64::from(self.links.ground(i as usize));
                now += g * (self.plane - self.phi[i as usize]);
                slope -= g * deviation[i as usize];
            }
            drop(deviation);
            // Both are small differences of what a good conductor at the plane passes. The response is also the weight with
            // which residuals count in the current (the adjoint), which makes their errors second order.
            let left = self.links.residual(&self.phi, &b)?;
            now -= dot(&left, &response);
            let left = self.links.residual(&response, &unit)?;
            slope -= dot(&left, &response);
            let more = (j * self.cell.projected_area() - now) / slope;
            if !more.is_finite() {
                return Err(LinksError::NotFinite { iterations: done }.into());
            }
            self.plane += more;
            self.phi.par_iter_mut().with_min_len(TASK).zip(&response).for_each(|(p, r)| *p += more * r);
        }
        self.iterations.push(done);
        Ok(())
    }

    /// Moves the states of all faces towards the new potentials.
    fn move_states(&mut self, tangents: &[Tangent]) {
        let (phi, laws) = (&self.phi, &self.laws);
        let faces = self.cell.faces.par_chunks(TASK).zip(self.places.par_chunks(TASK));
        let parts: Vec<[f64; 4]> = faces
            .zip(self.eta.par_chunks_mut(TASK).zip(tangents.par_chunks(TASK)))
            .map(|((faces, places), (etas, tangents))| {
                let (mut change, mut bends, mut sum, mut total) = (0.0f64, 0.0f64, 0.0, 0.0);
                for (((face, place), eta), t) in faces.iter().zip(places).zip(etas).zip(tangents) {
                    let drop = phi[place.e as usize] - phi[place.s as usize];
                    let law = laws.law(face);
                    let moved = (drop - t.drop) / (1.0 + t.slope * laws.rho(face));
                    let grows = if *eta == 0.0 { true } else { moved * eta.signum() > 0.0 };
                    let volt = law.curve.efold(moved);
                    let limited = if grows { moved.signum() * volt * (moved.abs() / volt).ln_1p() } else { moved };
                    // Close to the solution both are the same; the full step is the exact one.
                    let limited = if moved.abs() < 1e-3 * volt { moved } else { limited };
                    *eta += limited;
                    let j = law.at(*eta).j;
                    // What the face would still have to move counts like what it moved.
                    let ahead = law.at(*eta + (moved - limited)).j;
                    // By how much the law leaves its tangent: the current that this step has not accounted for.
                    bends = bends.max((ahead - t.j - t.slope * moved).abs());
                    let area = f64::from(face.weight) * self.cell.spacing.face_area(face.axis);
                    change = change.max((j - t.j).abs()).max((ahead - j).abs());
                    sum += area * j.abs();
                    total += area;
                }
                [change, bends, sum, total]
            })
            .collect();
        let change = parts.iter().map(|p| p[0]).fold(0.0, f64::max);
        let bends = parts.iter().map(|p| p[1]).fold(0.0, f64::max);
        let mean = parts.iter().map(|p| p[2]).sum::<f64>() / parts.iter().map(|p| p[3]).sum::<f64>();
        // A face that left the range of numbers hides in a maximum; the mean shows it.
        self.change = if mean.is_finite() { change / mean } else { f64::NAN };
        self.left = UNACCOUNTED * bends / mean + LOCAL * self.options.linear * self.change;
    }
}
