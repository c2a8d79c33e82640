//! Primitives over any list of unknowns, written once: what [`super::compact`] and [`super::linked`] share.

use rayon::prelude::*;

use super::real::Real;
use super::reduce::{CHUNK, ROUNDINGS, advance, direction, dot, total};
use crate::krylov::{Energy, Moments, Primitives, Step};
use crate::multigrid::{Rows, Top, Transfer, prolong, restrict, sweep_back, sweep_from_zero};
use crate::pages::Pages;

/// A finest level that sweeps as stored ones do.
pub(super) trait Swept: Rows + Sync {
    /// The way to the first stored level.
    fn transfer(&self) -> &Transfer;
}

impl<R: Swept> Top for R {
    fn down(&self, r: &[f32], z: &mut [f32], coarse: &mut [f32]) {
        sweep_from_zero(self, r, z);
        restrict(self, self.transfer(), z, coarse, None);
    }

    fn up(&self, coarse: &[f32], r: &[f32], z: &mut [f32], q: Option<&[f32]>) -> [f64; 2] {
        prolong(self.transfer(), |k| coarse[k], z);
        sweep_back(self, r, z, q)
    }
}

/// A system over a list of unknowns.
pub(super) trait Listed: Sync {
    /// Precision of the fields.
    type Value: Real;
    /// Number of unknowns.
    fn len(&self) -> usize;
    /// What the error cannot exceed at an energy, before anything is known of the convergence.
    fn error_before(&self, energy: f64) -> f64;
    /// `(A p)_i`.
    fn row(&self, p: &[Self::Value], i: usize) -> Self::Value;
    /// Residual, energy and squared diagonal norm of one unknown, in double precision.
    fn truth(&self, x: &[Self::Value], i: usize) -> [f64; 3];
    /// `z = M r`; returns `z.r` and `z.q`.
    fn cycle(&self, r: &[Self::Value], z: &mut [Self::Value], q: Option<&[Self::Value]>) -> [f64; 2];
}

/// The operations of the Krylov loop on such a system.
pub(super) struct List<'a, L>(pub(super) &'a L);

impl<L: Listed> Primitives for List<'_, L> {
    type Vector = Pages<L::Value>;
    type Scalar = f64;
    const LOOK_EVERY: u32 = 1;

    fn error_before(&self, energy: f64) -> f64 {
        self.0.error_before(energy)
    }

    fn vector(&self) -> Self::Vector {
        Pages::zeroed(self.0.len())
    }

    fn correction(&self) -> Self::Vector {
        self.vector()
    }

    fn residual(&self, x: &Self::Vector, r: &mut Self::Vector) -> Energy<f64> {
        let parts: Vec<[f64; 4]> = r
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(|(c, r)| {
                let mut sums = [0.0; 4];
                for (k, r) in r.iter_mut().enumerate() {
                    let [residual, energy, weight] = self.0.truth(x, c * CHUNK + k);
                    sums[0] += energy;
                    sums[1] += weight;
                    sums[2] += residual * residual;
                    sums[3] += (residual - r.wide()).powi(2);
                    *r = Real::of(residual);
                }
                sums
            })
            .collect();
        let [energy, weight, norm, change] = total(&parts);
        let rounding = <L::Value as Real>::ROUNDING;
        Energy { energy, rounding: ROUNDINGS * rounding * rounding * weight, norm, change }
    }

    fn precondition(&self, r: &Self::Vector, z: &mut Self::Vector) -> f64 {
        self.0.cycle(r, z, None)[0]
    }

    fn apply(&self, p: &Self::Vector, q: &mut Self::Vector) -> f64 {
        let parts: Vec<[f64; 1]> = q
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(|(c, q)| {
                let from = c * CHUNK;
                for (k, q) in q.iter_mut().enumerate() {
                    *q = self.0.row(p, from + k);
                }
                [dot(&p[from..from + q.len()], q)]
            })
            .collect();
        total(&parts)[0]
    }

    fn ratio(&self, a: f64, b: f64) -> f64 {
        a / b
    }

    fn advance(&self, alpha: f64, step: Step<'_, Self::Vector>) -> Moments<f64> {
        advance(alpha, step.x, step.r, step.p, step.q);
        let [rz, qz] = self.0.cycle(step.r, step.z, Some(step.q));
        // r_new - r_old = -alpha q.
        Moments { rz, rz_flexible: -alpha * qz }
    }

    fn direction(&self, beta: Option<f64>, _: &Self::Vector, z: &Self::Vector, p: &mut Self::Vector) {
        direction(beta, z, p);
    }

    fn read(&self, scalars: &[f64]) -> Vec<f64> {
        scalars.to_vec()
    }
}
