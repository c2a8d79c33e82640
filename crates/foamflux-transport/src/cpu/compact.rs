//! Primitives over a compact list of unknowns.

use rayon::prelude::*;

use super::real::Real;
use super::reduce::{CHUNK, ROUNDINGS, dot, total};
use crate::Problem;
use crate::krylov::{Energy, Moments, Primitives, Step};
use crate::layout::{CompactGraph, bit};
use crate::problem::Conductance;

/// Scaled conductances between unknowns, in the precision of the fields.
pub(super) trait Coupling<T>: Sync {
    /// Across the face between neighbours `i` and `j` along axis number `axis`.
    fn face(&self, axis: usize, i: usize, j: usize) -> T;
    /// From `i` to an electrode.
    fn electrode(&self, i: usize) -> T;
}

/// One conductivity.
pub(super) struct Uniform<T> {
    faces: [T; 3],
    electrode: T,
}

impl<T: Real> Uniform<T> {
    pub(super) fn of(faces: [f64; 3]) -> Self {
        Uniform { faces: faces.map(T::of), electrode: T::of(2.0) }
    }
}

impl<T: Real> Coupling<T> for Uniform<T> {
    #[inline]
    fn face(&self, axis: usize, _: usize, _: usize) -> T {
        self.faces[axis]
    }
    #[inline]
    fn electrode(&self, _: usize) -> T {
        self.electrode
    }
}

/// A conductivity per class.
pub(super) struct ByClass<'p, T> {
    faces: Box<[[T; 256]; 3]>,
    electrode: [T; 16],
    classes: &'p [u8],
}

impl<'p, T: Real> ByClass<'p, T> {
    pub(super) fn of(faces: &[[f64; 256]; 3], electrode: [f64; 16], classes: &'p [u8]) -> Self {
        ByClass { faces: Box::new(faces.map(|f| f.map(T::of))), electrode: electrode.map(T::of), classes }
    }
}

impl<T: Real> Coupling<T> for ByClass<'_, T> {
    #[inline]
    fn face(&self, axis: usize, i: usize, j: usize) -> T {
        self.faces[axis][usize::from(self.classes[i]) << 4 & 0xf0 | usize::from(self.classes[j]) & 0xf]
    }
    #[inline]
    fn electrode(&self, i: usize) -> T {
        self.electrode[usize::from(self.classes[i]) & 0xf]
    }
}

/// One over the diagonal: by connectivity byte where the conductivity is uniform, otherwise by unknown.
enum InverseDiagonal<T> {
    ByOpen(Box<[T; 256]>),
    ByUnknown(Vec<T>),
}

/// The operator over a compact list with Jacobi's preconditioner.
pub(super) struct Compact<T, C> {
    graph: CompactGraph,
    coupling: C,
    inverse_diagonal: InverseDiagonal<T>,
    /// Number of the axis of transport.
    axis: usize,
}

impl<T: Real, C: Coupling<T>> Compact<T, C> {
    pub(super) fn new(problem: &Problem, coupling: C) -> Self {
        let graph = CompactGraph::of(problem);
        let axis = problem.axis().xyz_index();
        let mut op = Compact { graph, coupling, inverse_diagonal: InverseDiagonal::ByUnknown(Vec::new()), axis };
        op.inverse_diagonal = match problem.conductance() {
            Conductance::Uniform(faces) => {
                InverseDiagonal::ByOpen(Box::new(std::array::from_fn(|o| inverse_uniform(o as u8, faces))))
            }
            Conductance::Table { .. } => InverseDiagonal::ByUnknown(
                (0..problem.unknowns()).into_par_iter().map(|i| T::of(1.0 / op.diagonal(i))).collect(),
            ),
        };
        op
    }

    /// Bytes held beside the vectors.
    pub(super) fn bytes(&self) -> u64 {
        let diagonal = match &self.inverse_diagonal {
            InverseDiagonal::ByOpen(_) => 0,
            InverseDiagonal::ByUnknown(d) => d.capacity() * size_of::<T>(),
        };
        self.graph.bytes() + diagonal as u64
    }

    /// Neighbours of `i` at -x, +x, -y, +y, -z, +z; itself across a closed face.
    #[inline]
    fn neighbours(&self, i: usize) -> [usize; 6] {
        let [yd, yu, zd, zu] = self.graph.lateral[i];
        let [xd, xu] = match &self.graph.across {
            None => {
                let open = self.graph.open[i];
                [i - usize::from(open & bit::X_DOWN), i + usize::from(open >> 1 & 1)]
            }
            Some(across) => across[i].map(|j| j as usize),
        };
        [xd, xu, yd as usize, yu as usize, zd as usize, zu as usize]
    }

    /// Number of electrodes that `i` touches.
    #[inline]
    fn electrodes(open: u8) -> u8 {
        (open >> 6 & 1) + (open >> 7)
    }

    fn diagonal(&self, i: usize) -> f64 {
        let open = self.graph.open[i];
        let faces: f64 = self
            .neighbours(i)
            .into_iter()
            .enumerate()
            .filter(|&(d, _)| open >> d & 1 == 1)
            .map(|(d, j)| self.coupling.face(d / 2, i, j).wide())
            .sum();
        faces + f64::from(Self::electrodes(open)) * self.coupling.electrode(i).wide()
    }

    #[inline]
    fn inverse(&self, i: usize) -> T {
        match &self.inverse_diagonal {
            InverseDiagonal::ByOpen(table) => table[usize::from(self.graph.open[i])],
            InverseDiagonal::ByUnknown(all) => all[i],
        }
    }

    /// `(A p)_i` as a sum of differences.
    #[inline]
    fn row(&self, p: &[T], i: usize) -> T {
        let here = p[i];
        let mut sum = T::default();
        for (d, j) in self.neighbours(i).into_iter().enumerate() {
            sum += self.coupling.face(d / 2, i, j) * (here - p[j]);
        }
        let open = self.graph.open[i];
        if open >= bit::INLET {
            sum += T::of(f64::from(Self::electrodes(open))) * self.coupling.electrode(i) * here;
        }
        sum
    }

    /// Residual, energy and squared diagonal norm of one unknown, in double precision.
    #[inline]
    fn truth(&self, x: &[T], i: usize) -> [f64; 3] {
        let here = x[i].wide();
        let open = self.graph.open[i];
        let (mut residual, mut energy, mut diagonal) = (0.0, 0.0, 0.0);
        for (d, j) in self.neighbours(i).into_iter().enumerate() {
            if open >> d & 1 == 0 {
                continue;
            }
            let g = self.coupling.face(d / 2, i, j).wide();
            // Potential drop from i to its neighbour: the straight profile loses 1 per slice towards the outlet.
            let straight = if d / 2 == self.axis { if d % 2 == 1 { 1.0 } else { -1.0 } } else { 0.0 };
            let drop = straight + (here - x[j].wide());
            residual -= g * drop;
            // Half of the face belongs to each side.
            energy += 0.5 * g * drop * drop;
            diagonal += g;
        }
        let g = self.coupling.electrode(i).wide();
        for (mask, half) in [(bit::INLET, -0.5), (bit::OUTLET, 0.5)] {
            if open & mask != 0 {
                let drop = half + here;
                residual -= g * drop;
                energy += g * drop * drop;
                diagonal += g;
            }
        }
        [residual, energy, diagonal * here * here]
    }
}

/// One over the diagonal for a connectivity byte, 0 for a voxel without faces.
pub(super) fn inverse_uniform<T: Real>(open: u8, faces: &[f64; 3]) -> T {
    let sum: f64 = (0..6).filter(|d| open >> d & 1 == 1).map(|d| faces[d / 2]).sum();
    let diagonal = sum + 2.0 * f64::from((open >> 6 & 1) + (open >> 7));
    T::of(if diagonal > 0.0 { 1.0 / diagonal } else { 0.0 })
}

impl<T: Real, C: Coupling<T>> Primitives for Compact<T, C> {
    type Vector = Vec<T>;
    type Scalar = f64;
    const LOOK_EVERY: u32 = 1;

    fn vector(&self) -> Vec<T> {
        vec![T::default(); self.graph.open.len()]
    }

    fn correction(&self) -> Vec<T> {
        Vec::new()
    }

    fn residual(&self, x: &Vec<T>, r: &mut Vec<T>) -> Energy<f64> {
        let parts: Vec<[f64; 2]> = r
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(|(c, r)| {
                let mut sums = [0.0; 2];
                for (k, r) in r.iter_mut().enumerate() {
                    let [residual, energy, weight] = self.truth(x, c * CHUNK + k);
                    *r = T::of(residual);
                    sums[0] += energy;
                    sums[1] += weight;
                }
                sums
            })
            .collect();
        let [energy, weight] = total(&parts);
        Energy { energy, rounding: ROUNDINGS * T::ROUNDING * T::ROUNDING * weight }
    }

    fn precondition(&self, r: &Vec<T>, _: &mut Vec<T>) -> f64 {
        let parts: Vec<[f64; 1]> = r
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(c, r)| [r.iter().enumerate().map(|(k, &r)| (r * (self.inverse(c * CHUNK + k) * r)).wide()).sum()])
            .collect();
        total(&parts)[0]
    }

    fn apply(&self, p: &Vec<T>, q: &mut Vec<T>) -> f64 {
        let parts: Vec<[f64; 1]> = q
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(|(c, q)| {
                let from = c * CHUNK;
                for (k, q) in q.iter_mut().enumerate() {
                    *q = self.row(p, from + k);
                }
                [dot(&p[from..from + q.len()], q)]
            })
            .collect();
        total(&parts)[0]
    }

    fn ratio(&self, a: f64, b: f64) -> f64 {
        a / b
    }

    fn advance(&self, alpha: f64, step: Step<'_, Vec<T>>) -> Moments<f64> {
        let a = T::of(alpha);
        let parts: Vec<[f64; 1]> = step
            .x
            .par_chunks_mut(CHUNK)
            .zip(step.r.par_chunks_mut(CHUNK))
            .zip(step.p.par_chunks(CHUNK).zip(step.q.par_chunks(CHUNK)))
            .enumerate()
            .map(|(c, ((x, r), (p, q)))| {
                for (x, &p) in x.iter_mut().zip(p) {
                    *x += a * p;
                }
                let mut sums = [0.0; 4];
                for (k, (r, &q)) in r.iter_mut().zip(q).enumerate() {
                    *r -= a * q;
                    sums[k & 3] += (*r * (self.inverse(c * CHUNK + k) * *r)).wide();
                }
                [sums.iter().sum()]
            })
            .collect();
        let rz = total(&parts)[0];
        Moments { rz, rz_flexible: rz }
    }

    fn direction(&self, beta: Option<f64>, r: &Vec<T>, _: &Vec<T>, p: &mut Vec<T>) {
        let b = T::of(beta.unwrap_or(0.0));
        p.par_chunks_mut(CHUNK).zip(r.par_chunks(CHUNK)).enumerate().for_each(|(c, (p, r))| {
            for (k, (p, &r)) in p.iter_mut().zip(r).enumerate() {
                *p = self.inverse(c * CHUNK + k) * r + b * *p;
            }
        });
    }

    fn read(&self, scalars: &[f64]) -> Vec<f64> {
        scalars.to_vec()
    }
}
