//! Primitives over the whole grid, for one conducting phase that fills much of it.
//!
//! Fields carry one plane of zeros before and after the grid, so that the six neighbours of any voxel lie at fixed offsets
//! and a chunk is swept without branches; faces that are closed are masked by the connectivity byte.
//! Voxels that are not solved have a byte of 0 and stay at 0 in every field.

use rayon::prelude::*;

use super::compact::inverse_uniform;
use super::reduce::{CHUNK, ROUNDINGS, dot, total};
use crate::krylov::{Energy, Moments, Primitives, Step};
use crate::layout::{DenseGraph, bit};
use crate::{Axis, Problem};

/// The operator over the whole grid with Jacobi's preconditioner.
pub(super) struct Dense {
    graph: DenseGraph,
    voxels: usize,
    /// Distance to the neighbours along x, y, z.
    stride: [usize; 3],
    faces: [f32; 3],
    inverse: Box<[f32; 256]>,
    axis: usize,
}

/// `value` where the bit is set, otherwise 0.
#[inline(always)]
fn open(byte: u8, mask: u8, value: f32) -> f32 {
    if byte & mask != 0 { value } else { 0.0 }
}

impl Dense {
    pub(super) fn new(problem: &Problem, faces: &[f64; 3]) -> Self {
        let shape = problem.shape();
        Dense {
            graph: DenseGraph::of(problem),
            voxels: shape.len(),
            stride: Axis::ALL.map(|a| shape.stride(a)),
            faces: faces.map(|g| g as f32),
            inverse: Box::new(std::array::from_fn(|o| inverse_uniform(o as u8, faces))),
            axis: problem.axis().xyz_index(),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.graph.bytes()
    }

    /// Position of voxel 0 in a field.
    pub(super) const fn pad(&self) -> usize {
        self.graph.pad
    }

    fn bytes_of(&self, from: usize, len: usize) -> &[u8] {
        &self.graph.open[self.graph.pad + from..][..len]
    }

    /// `q = A p` over the voxels `from..from + q.len()`.
    fn sweep(&self, p: &[f32], from: usize, q: &mut [f32]) {
        let len = q.len();
        let at = |offset: isize| &p[(self.graph.pad + from).wrapping_add_signed(offset)..][..len];
        let [sx, sy, sz] = self.stride.map(|s| s as isize);
        let (c, xd, xu, yd, yu, zd, zu) = (at(0), at(-sx), at(sx), at(-sy), at(sy), at(-sz), at(sz));
        let bytes = self.bytes_of(from, len);
        let [gx, gy, gz] = self.faces;
        for k in 0..len {
            let (o, h) = (bytes[k], c[k]);
            let x = open(o, 1, h - xd[k]) + open(o, 2, h - xu[k]);
            let y = open(o, 4, h - yd[k]) + open(o, 8, h - yu[k]);
            let z = open(o, 16, h - zd[k]) + open(o, 32, h - zu[k]);
            let electrodes = open(o, bit::INLET, h) + open(o, bit::OUTLET, h);
            q[k] = gx * x + gy * y + gz * z + 2.0 * electrodes;
        }
    }

    /// Residual, energy and squared diagonal norm of one voxel, in double precision.
    #[inline]
    fn truth(&self, x: &[f32], voxel: usize) -> [f64; 3] {
        let at = self.graph.pad + voxel;
        let o = self.graph.open[at];
        let here = f64::from(x[at]);
        let (mut residual, mut energy, mut diagonal) = (0.0, 0.0, 0.0);
        for d in 0..6 {
            if o >> d & 1 == 0 {
                continue;
            }
            let (axis, up) = (d / 2, d % 2 == 1);
            let neighbour = if up { at + self.stride[axis] } else { at - self.stride[axis] };
            let g = f64::from(self.faces[axis]);
            let straight = if axis == self.axis { if up { 1.0 } else { -1.0 } } else { 0.0 };
            let drop = straight + (here - f64::from(x[neighbour]));
            residual -= g * drop;
            energy += 0.5 * g * drop * drop;
            diagonal += g;
        }
        for (mask, half) in [(bit::INLET, -0.5), (bit::OUTLET, 0.5)] {
            if o & mask != 0 {
                let drop = half + here;
                residual -= 2.0 * drop;
                energy += 2.0 * drop * drop;
                diagonal += 2.0;
            }
        }
        [residual, energy, diagonal * here * here]
    }

    fn grid<'a>(&self, field: &'a [f32]) -> &'a [f32] {
        &field[self.graph.pad..self.graph.pad + self.voxels]
    }

    fn grid_mut<'a>(&self, field: &'a mut [f32]) -> &'a mut [f32] {
        &mut field[self.graph.pad..self.graph.pad + self.voxels]
    }
}

impl Primitives for Dense {
    type Vector = Vec<f32>;
    type Scalar = f64;
    const LOOK_EVERY: u32 = 1;

    fn vector(&self) -> Vec<f32> {
        vec![0.0; self.graph.open.len()]
    }

    fn correction(&self) -> Vec<f32> {
        Vec::new()
    }

    fn residual(&self, x: &Vec<f32>, r: &mut Vec<f32>) -> Energy<f64> {
        let parts: Vec<[f64; 2]> = self
            .grid_mut(r)
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(|(c, r)| {
                let mut sums = [0.0; 2];
                for (k, r) in r.iter_mut().enumerate() {
                    let [residual, energy, weight] = self.truth(x, c * CHUNK + k);
                    *r = residual as f32;
                    sums[0] += energy;
                    sums[1] += weight;
                }
                sums
            })
            .collect();
        let [energy, weight] = total(&parts);
        let rounding = f64::from(f32::EPSILON) / 2.0;
        Energy { energy, rounding: ROUNDINGS * rounding * rounding * weight }
    }

    fn precondition(&self, r: &Vec<f32>, _: &mut Vec<f32>) -> f64 {
        let parts: Vec<[f64; 1]> = self
            .grid(r)
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(c, r)| {
                let bytes = self.bytes_of(c * CHUNK, r.len());
                [r.iter().zip(bytes).map(|(&r, &o)| f64::from(r * (self.inverse[usize::from(o)] * r))).sum()]
            })
            .collect();
        total(&parts)[0]
    }

    fn apply(&self, p: &Vec<f32>, q: &mut Vec<f32>) -> f64 {
        let parts: Vec<[f64; 1]> = self
            .grid_mut(q)
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(|(c, q)| {
                let from = c * CHUNK;
                self.sweep(p, from, q);
                [dot(&p[self.graph.pad + from..][..q.len()], q)]
            })
            .collect();
        total(&parts)[0]
    }

    fn ratio(&self, a: f64, b: f64) -> f64 {
        a / b
    }

    fn advance(&self, alpha: f64, step: Step<'_, Vec<f32>>) -> Moments<f64> {
        let a = alpha as f32;
        let (p, q) = (self.grid(step.p), self.grid(step.q));
        let parts: Vec<[f64; 1]> = self
            .grid_mut(step.x)
            .par_chunks_mut(CHUNK)
            .zip(self.grid_mut(step.r).par_chunks_mut(CHUNK))
            .zip(p.par_chunks(CHUNK).zip(q.par_chunks(CHUNK)))
            .enumerate()
            .map(|(c, ((x, r), (p, q)))| {
                for (x, &p) in x.iter_mut().zip(p) {
                    *x += a * p;
                }
                let bytes = self.bytes_of(c * CHUNK, r.len());
                let mut sums = [0.0; 4];
                for (k, ((r, &q), &o)) in r.iter_mut().zip(q).zip(bytes).enumerate() {
                    *r -= a * q;
                    sums[k & 3] += f64::from(*r * (self.inverse[usize::from(o)] * *r));
                }
                [sums.iter().sum()]
            })
            .collect();
        let rz = total(&parts)[0];
        Moments { rz, rz_flexible: rz }
    }

    fn direction(&self, beta: Option<f64>, r: &Vec<f32>, _: &Vec<f32>, p: &mut Vec<f32>) {
        let b = beta.unwrap_or(0.0) as f32;
        let r = self.grid(r);
        self.grid_mut(p).par_chunks_mut(CHUNK).zip(r.par_chunks(CHUNK)).enumerate().for_each(|(c, (p, r))| {
            let bytes = self.bytes_of(c * CHUNK, r.len());
            for ((p, &r), &o) in p.iter_mut().zip(r).zip(bytes) {
                *p = self.inverse[usize::from(o)] * r + b * *p;
            }
        });
    }

    fn read(&self, scalars: &[f64]) -> Vec<f64> {
        scalars.to_vec()
    }
}
