//! Salt, potentials and kinetics together on a pore of a few voxels, against one dense Newton iteration over all of them.
//!
//! The oracle knows neither rounds nor systems of links: its unknowns are the potential of every voxel, against lithium in the
//! electrolyte, the concentration of every pore, and the current density of every face; its equations are the balances of
//! charge and of lithium, written with N+, and Butler and Volmer's law. Derivatives are differences.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{ALONG_Z, labels_xyz};
use foamflux_electro::constants::{FARADAY, thermal_voltage};
use foamflux_electro::electrolyte::{Answer, Electrolyte, Model, Supply, solve};
use foamflux_electro::{Cell, Drive, Materials, Options};
use foamflux_grid::{Axis, Labels, Silent};
use foamflux_transport::CpuBackend;

/// Salt and currents are iterated until they agree to 1e-5.
const TOL: f64 = 1e-5;
/// Voxel edges in m: no two alike, so that no axis stands for another.
const EDGES: [f64; 3] = [15e-6, 20e-6, 12e-6];

/// Steps of carbon of two kinds under a pore.
fn steps() -> Labels {
    labels_xyz([6, 3, 3], EDGES, |z, y, x| {
        let height = 2 + (2 * x + 3 * y + x * y) % 4;
        if z < height { 0 } else { 1 + ((x + y + z) % 2) as u8 }
    })
}

fn materials() -> Materials {
    let mut m = Materials::default();
    (m.sigma[1], m.sigma[2]) = (20.0, 5.0);
    m.surface[2].i0 *= 30.0;
    m.surface[1].eta_nuc = 0.02;
    m.surface[2].film = 1e-4;
    m
}

/// The unknowns by name: potentials in V, concentrations over c0, current densities of true area over `J`.
struct Oracle<'a> {
    labels: &'a Labels,
    cell: &'a Cell,
    m: &'a Materials,
    e: &'a Electrolyte,
    applied: f64,
    /// Number of each pore voxel.
    pores: Vec<Option<usize>>,
}

impl<'a> Oracle<'a> {
    fn new(labels: &'a Labels, cell: &'a Cell, m: &'a Materials, e: &'a Electrolyte, applied: f64) -> Self {
        let mut count = 0;
        let pores = labels.volume().as_slice().iter().map(|&l| {
            (l == 0).then(|| {
                count += 1;
                count - 1
            })
        });
        Oracle { labels, cell, m, e, applied, pores: pores.collect() }
    }

    fn voxels(&self) -> usize {
        self.pores.len()
    }

    fn pore_count(&self) -> usize {
        self.pores.iter().flatten().count()
    }

    /// Resistance in ohm from the centre of a voxel to its face, for what carries current there.
    fn half(&self, voxel: usize, axis: Axis, x: &[f64]) -> f64 {
        let spacing = self.labels.spacing();
        let conducts = match self.pores[voxel] {
            Some(p) => {
                let c = x[self.voxels() + p];
                match self.e.model {
                    // Nernst and Einstein.
                    Model::Dilute => {
                        let (d, t) = (self.e.salt.diffusivity, self.e.salt.transference);
                        let volt = thermal_voltage(self.m.temperature_k);
                        FARADAY * self.e.salt.concentration * c * d / (2.0 * t * (1.0 - t) * volt)
                    }
                    _ => self.m.kappa[0] * c * (1.0 - c).exp(),
                }
            }
            None => self.m.sigma[usize::from(self.labels.volume().as_slice()[voxel])],
        };
        0.5 * spacing.along(axis) / (conducts * spacing.face_area(axis))
    }

    /// Every equation's imbalance, in units in which the unknowns' errors are of order one.
    fn misses(&self, x: &[f64]) -> Vec<f64> {
        let (shape, spacing) = (self.labels.shape(), self.labels.spacing());
        let (n, p) = (self.voxels(), self.pore_count());
        let (d, t, c0) = (self.e.salt.diffusivity, self.e.salt.transference, self.e.salt.concentration);
        let volt = thermal_voltage(self.m.temperature_k);
        let factor = if self.e.model == Model::Dilute { 1.0 } else { self.e.thermodynamic_factor };
        let b = 2.0 * volt * (1.0 - t) * factor;
        let c = |voxel: usize| self.pores[voxel].map(|k| x[n + k]);
        // What moves charge in the electrolyte.
        let psi = |voxel: usize| x[voxel] - c(voxel).map_or(0.0, |c| b * c.ln());
        let mut charge = vec![0.0; n];
        let mut lithium = vec![0.0; p];
        for i in 0..n {
            let (z, y, xx) = shape.zyx_of(i);
            for (axis, at) in [(Axis::X, xx), (Axis::Y, y), (Axis::Z, z)] {
                if at + 1 == shape.along(axis) {
                    continue;
                }
                let j = i + shape.stride(axis);
                if self.pores[i].is_some() != self.pores[j].is_some() {
                    continue;
                }
                let current = (psi(i) - psi(j)) / (self.half(i, axis, x) + self.half(j, axis, x));
                charge[i] += current;
                charge[j] -= current;
                if let (Some(a), Some(b)) = (self.pores[i], self.pores[j]) {
                    let g = spacing.face_area(axis) / spacing.along(axis);
                    let flux = d * g * c0 * (x[n + a] - x[n + b]) + t * current / FARADAY;
                    lithium[a] += flux;
                    lithium[b] -= flux;
                }
            }
        }
        let plane = spacing.face_area(Axis::Z);
        let top: Vec<usize> = (0..shape.stride(Axis::Z)).filter(|&i| self.pores[i].is_some()).collect();
        let inlet = self.applied * plane * (shape.x * shape.y) as f64 / top.len() as f64;
        for &i in &top {
            charge[i] -= inlet;
            let k = self.pores[i].unwrap();
            lithium[k] -= match self.e.supply {
                Supply::Counter => inlet / FARADAY,
                Supply::Reservoir => {
                    2.0 * d * plane / spacing.along(Axis::Z) * c0 * (1.0 - x[n + k]) + t * inlet / FARADAY
                }
            };
        }
        for i in n - shape.stride(Axis::Z)..n {
            charge[i] += x[i] / self.half(i, Axis::Z, x);
        }
        let mut laws = Vec::new();
        for (k, face) in self.cell.faces().iter().enumerate() {
            let j = self.applied * x[n + p + k];
            let area = f64::from(face.weight) * spacing.face_area(face.axis);
            let (s, e) = (face.solid(), face.pore());
            let current = area * j;
            charge[e] += current;
            charge[s] -= current;
            let at = self.pores[e].unwrap();
            lithium[at] += current / FARADAY;
            // No anion reaches the face: diffusion holds against migration.
            let way = 0.5 * spacing.along(face.axis) / (spacing.face_area(face.axis) * d);
            let near = x[n + at] - (1.0 - t) * current / FARADAY * way / c0;
            let surface = self.m.surface[usize::from(face.label)];
            let i0 = surface.i0 * near.max(1e-6).powf(self.e.i0_exponent);
            let eta = 2.0 * volt * (j / (2.0 * i0)).asinh();
            let ohmic = current * (self.half(s, face.axis, x) + self.half(e, face.axis, x));
            let drop = psi(e) - x[s] - ohmic + b * near.max(1e-6).ln() - surface.eta_nuc - surface.film * j;
            laws.push((drop - eta) / volt);
        }
        let unit = self.applied * plane;
        charge.iter_mut().for_each(|c| *c /= unit);
        lithium.iter_mut().for_each(|l| *l *= FARADAY / unit);
        if self.e.supply == Supply::Counter {
            // All of them together are the balance of charge; the salt that there is takes the place of one.
            lithium[0] = x[n..n + p].iter().sum::<f64>() / p as f64 - 1.0;
        }
        charge.into_iter().chain(lithium).chain(laws).collect()
    }

    fn solve(&self) -> Vec<f64> {
        let (n, p) = (self.voxels(), self.pore_count());
        let faces = self.cell.faces().len();
        let len = n + p + faces;
        let mut x = vec![0.0; len];
        for i in 0..n {
            x[i] = if self.pores[i].is_some() { 0.15 } else { 0.0 };
        }
        x[n..n + p].fill(1.0);
        let projected = self.cell.projected_area();
        x[n + p..].fill(projected / self.cell.reacting_area());
        for _ in 0..100 {
            let miss = self.misses(&x);
            let mut a: Vec<Vec<f64>> = vec![vec![0.0; len + 1]; len];
            for k in 0..len {
                let h = 1e-6;
                let [up, down] = [h, -h].map(|h| {
                    let mut x = x.clone();
                    x[k] += h;
                    self.misses(&x)
                });
                for (row, (up, down)) in a.iter_mut().zip(up.iter().zip(&down)) {
                    row[k] = (up - down) / (2.0 * h);
                }
            }
            for (row, miss) in a.iter_mut().zip(&miss) {
                row[len] = -miss;
            }
            let step = eliminate(a);
            // No concentration falls by more than half at once.
            let least = (0..p).map(|k| step[n + k] / x[n + k]).fold(0.0, f64::min);
            let by = (0.5 / -least.min(-0.5)).min(1.0);
            x.iter_mut().zip(&step).for_each(|(x, s)| *x += by * s);
            if by >= 1.0 && step.iter().all(|s| s.abs() < 1e-10) {
                return x;
            }
        }
        panic!("the oracle does not converge");
    }
}

/// Gaussian elimination with pivots.
fn eliminate(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let n = a.len();
    for k in 0..n {
        let best = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, best);
        let (head, tail) = a.split_at_mut(k + 1);
        let pivot = &head[k];
        for row in tail {
            let f = row[k] / pivot[k];
            if f != 0.0 {
                row[k..].iter_mut().zip(&pivot[k..]).for_each(|(r, p)| *r -= f * p);
            }
        }
    }
    let mut x = vec![0.0; n];
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| a[i][j] * x[j]).sum();
        x[i] = (a[i][n] - sum) / a[i][i];
    }
    x
}

#[test]
fn salt_potentials_and_kinetics_agree_with_one_dense_iteration() {
    let labels = steps();
    let m = materials();
    for (model, supply, applied) in [
        (Model::Dilute, Supply::Counter, 300.0),
        (Model::Dilute, Supply::Counter, 330.0),
        (Model::Dilute, Supply::Reservoir, 300.0),
        (Model::Concentrated, Supply::Counter, 300.0),
        (Model::Concentrated, Supply::Reservoir, 330.0),
    ] {
        let thermodynamic_factor = if model == Model::Dilute { 1.0 } else { 1.7 };
        let e = Electrolyte { model, supply, thermodynamic_factor, ..Electrolyte::default() };
        let mut cell = Cell::new(&labels, &m, ALONG_Z).unwrap();
        let how = (&CpuBackend::new() as &dyn foamflux_transport::Backend, &Options::default());
        let a: Answer = solve(&mut cell, &m, &e, Drive::Uniform(applied), how, &Silent).unwrap();
        let oracle = Oracle::new(&labels, &cell, &m, &e, applied);
        let x = oracle.solve();
        let (n, p) = (oracle.voxels(), oracle.pore_count());
        let [mut lowest, mut off_salt, mut off_current, mut off_potential] = [f64::INFINITY, 0.0f64, 0.0, 0.0];
        for voxel in 0..n {
            if let Some(k) = oracle.pores[voxel] {
                let c = x[n + k];
                lowest = lowest.min(c);
                off_salt = off_salt.max((a.salt.at(voxel).unwrap() / e.salt.concentration - c).abs());
            }
            off_potential = off_potential.max((a.found.potential(voxel).unwrap() - x[voxel]).abs());
        }
        let largest = x[n + p..].iter().fold(0.0f64, |m, j| m.max(j.abs()));
        for (k, j) in a.found.current_density().iter().enumerate() {
            off_current = off_current.max((j / applied - x[n + p + k]).abs() / largest);
        }
        println!(
            "{model:?} {supply:?} at {applied} A/m2: least salt {lowest:.3}; off by {off_salt:.1e} of c0, \
             {off_current:.1e} of the largest current, {off_potential:.1e} V"
        );
        assert!(lowest < 0.8, "the salt is hardly uneven: {lowest}");
        assert!(off_salt < TOL && off_current < TOL, "{off_salt:e}, {off_current:e}");
        assert!(off_potential < TOL * thermal_voltage(m.temperature_k) * 4.0, "{off_potential:e} V");
    }
}
