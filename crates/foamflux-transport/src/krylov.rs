//! Preconditioned conjugate gradients, written once for every backend.
//!
//! `A u = b` with A symmetric positive definite (Hestenes & Stiefel 1952); energies are `E(u) = E* + |u - u*|_A^2`.
//! The new direction uses the Polak-Ribiere coefficient when the preconditioner varies (flexible CG, Notay 2000);
//! for a fixed one it equals Fletcher-Reeves'.
//!
//! What is different here: convergence is judged by the tail estimate of the energy error ([`crate::tail`]) and confirmed
//! by the true residual in difference form, so a single-precision iteration that drifted cannot report success.
//! Scalars stay with the backend; the loop looks at them every [`Primitives::LOOK_EVERY`] iterations.

use foamflux_grid::{Event, Stage, Watch};

use crate::tail::Tail;

/// What the true residual pass returns beside the residual.
#[derive(Debug, Clone, Copy)]
pub struct Energy<S> {
    /// Dissipated energy of the iterate, in scaled units (an empty box has one per voxel). Where current enters through
    /// walls, `x'Ax - 2 s'x`, which is never above zero at the minimum. Either exceeds its minimum by `|x - x*|_A^2`.
    pub energy: S,
    /// Energy that rounding of the stored iterate may have added.
    pub rounding: S,
    /// Squared norm of the residual.
    pub norm: S,
    /// Squared norm of its difference to what `r` held before.
    pub change: S,
}

/// `r.z` after a step, and the same for the direction update.
#[derive(Debug, Clone, Copy)]
pub struct Moments<S> {
    /// `r_new . z_new`.
    pub rz: S,
    /// `(r_new - r_old) . z_new` for a preconditioner that varies, otherwise equal to `rz`.
    pub rz_flexible: S,
}

/// The operations of one device on one problem.
///
/// A multigrid cycle lives behind `precondition` and `advance`; a distributed device reduces inside them.
pub trait Primitives {
    /// A field over the unknowns.
    type Vector;
    /// A number that may still be on the device.
    type Scalar: Copy;
    /// Iterations between looks at the scalars.
    const LOOK_EVERY: u32;

    /// What the error cannot exceed at an energy, before anything is known of the convergence.
    fn error_before(&self, energy: f64) -> f64 {
        energy
    }
    /// A field of zeros.
    fn vector(&self) -> Self::Vector;
    /// A field for the preconditioned residual `z`; may be empty where `direction` recomputes it from `r`.
    fn correction(&self) -> Self::Vector;
    /// `r = b - A x` in difference form, in the best precision there is.
    fn residual(&self, x: &Self::Vector, r: &mut Self::Vector) -> Energy<Self::Scalar>;
    /// `z = M r`; returns `r.z`.
    fn precondition(&self, r: &Self::Vector, z: &mut Self::Vector) -> Self::Scalar;
    /// `q = A p`; returns `p.q`.
    fn apply(&self, p: &Self::Vector, q: &mut Self::Vector) -> Self::Scalar;
    /// `a / b`.
    fn ratio(&self, a: Self::Scalar, b: Self::Scalar) -> Self::Scalar;
    /// `x += alpha p`, `r -= alpha q`, `z = M r`.
    fn advance(&self, alpha: Self::Scalar, step: Step<'_, Self::Vector>) -> Moments<Self::Scalar>;
    /// `p = z + beta p`; without `beta`, `p = z`.
    fn direction(&self, beta: Option<Self::Scalar>, r: &Self::Vector, z: &Self::Vector, p: &mut Self::Vector);
    /// Waits for the device and reads scalars.
    fn read(&self, scalars: &[Self::Scalar]) -> Vec<f64>;
}

/// The fields of one step.
pub struct Step<'a, V> {
    /// Direction.
    pub p: &'a V,
    /// Its image.
    pub q: &'a V,
    /// Iterate.
    pub x: &'a mut V,
    /// Residual.
    pub r: &'a mut V,
    /// Preconditioned residual.
    pub z: &'a mut V,
}

/// How an iteration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The estimated error is within what is allowed.
    Converged,
    /// Precision is exhausted: the true residual no longer follows the recursive one.
    Stalled,
    /// The iteration limit was reached.
    Limit,
    /// The watcher asked to stop.
    Cancelled,
    /// A scalar became infinite or not a number.
    NotFinite,
}

/// What an iteration reached.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// How it ended.
    pub end: End,
    /// Iterations done in all, counting those before this call.
    pub iterations: u32,
    /// Energy of the iterate.
    pub energy: f64,
    /// Estimated energy above the minimum, rounding included.
    pub energy_error: f64,
}

/// When to stop, in energies.
pub struct Limits<'a> {
    /// Energy error that is allowed at a given energy.
    pub allowed: &'a (dyn Fn(f64) -> f64 + Sync),
    /// Most iterations.
    pub max_iterations: u32,
}

/// Iterations between replacements of the recursive residual by the true one.
const REPLACE_EVERY: u32 = 128;
/// A true residual this many times larger (in `r.z`) than the recursive one counts as drift.
const DRIFT: f64 = 4.0;
/// Drifts in a row that mean that precision is exhausted.
const DRIFTS_TO_STALL: u32 = 3;
/// `r.z` up to this many times the rounding of the iterate is rounding itself: nothing is left to iterate on.
const AT_ROUNDING: f64 = 16.0;
/// A true residual that differs from the recursive one by no more than this part of its norm confirms it.
const CONFIRMS: f64 = 0.05;
/// When `r.z` has fallen by this factor since the true residual was last seen, it is looked at again.
const RECHECK: f64 = 1e-9;

/// Iterates from `x` until `limits` are met; `tail` carries the history over a change of precision.
pub fn conjugate_gradients<P: Primitives>(
    on: &P,
    x: &mut P::Vector,
    tail: &mut Tail,
    limits: &Limits<'_>,
    watch: &dyn Watch,
) -> Reached {
    let (mut r, mut z, mut p, mut q) = (on.vector(), on.correction(), on.vector(), on.vector());
    let start = on.residual(x, &mut r);
    let mut rz = on.precondition(&r, &mut z);
    on.direction(None, &r, &z, &mut p);
    let seen = on.read(&[start.energy, start.rounding, rz]);
    let (mut energy, mut rounding, mut rz_seen) = (seen[0], seen[1], seen[2]);
    let mut k = tail.len();
    // No tail yet: all that is known of the error is that it cannot exceed the energy, where that is dissipated alone.
    let mut error = if rz_seen > 0.0 { on.error_before(energy) } else { rounding };
    let mut drifts = 0;
    let mut next_check = k;
    let mut last_replaced = k;
    let mut rz_replaced = rz_seen;
    let mut pending = Vec::new();
    let end = loop {
        if !(energy.is_finite() && rz_seen.is_finite()) {
            break End::NotFinite;
        }
        if rz_seen <= 0.0 {
            error = rounding;
            break End::Converged;
        }
        if k >= limits.max_iterations {
            break End::Limit;
        }
        if watch.cancelled() {
            break End::Cancelled;
        }
        let pq = on.apply(&p, &mut q);
        let alpha = on.ratio(rz, pq);
        let moments = on.advance(alpha, Step { p: &p, q: &q, x, r: &mut r, z: &mut z });
        pending.push([alpha, rz]);
        k += 1;
        let mut beta = Some(on.ratio(moments.rz_flexible, rz));
        rz = moments.rz;
        if k.is_multiple_of(P::LOOK_EVERY) || k >= limits.max_iterations {
            let flat: Vec<P::Scalar> = pending.iter().flatten().copied().chain([rz]).collect();
            let values = on.read(&flat);
            for pair in values.chunks_exact(2) {
                energy -= tail.push(pair[0], pair[1]);
            }
            rz_seen = values.last().copied().unwrap_or(f64::NAN);
            pending.clear();
            let finite = values.iter().all(|v| v.is_finite());
            if !finite {
                break End::NotFinite;
            }
            error = tail.estimate() + rounding;
            if error <= (limits.allowed)(energy) && k >= next_check {
                error = error.max(tail.spectral(rz_seen));
                if error > (limits.allowed)(energy) {
                    next_check = k + 1 + k / 64;
                }
            }
            watch.event(Event::Advanced { stage: Stage::Transport, done: u64::from(k), total: None });
            let candidate = error <= (limits.allowed)(energy) && k >= next_check;
            let fallen = rz_seen <= RECHECK * rz_replaced;
            if candidate || fallen || k - last_replaced >= REPLACE_EVERY || k >= limits.max_iterations {
                let recursive = rz_seen;
                let truth = on.residual(x, &mut r);
                let sizes = on.read(&[truth.energy, truth.rounding, truth.norm, truth.change]);
                if candidate && sizes[3] <= CONFIRMS * CONFIRMS * sizes[2] {
                    // `r.z` is quadratic in the residual.
                    let upper = rz_seen * (1.0 + CONFIRMS).powi(2);
                    let confirmed = tail.estimate().max(tail.spectral(upper)) * (1.0 + CONFIRMS).powi(2) + sizes[1];
                    if sizes[0].is_finite() && confirmed <= (limits.allowed)(sizes[0]) {
                        (energy, error) = (sizes[0], confirmed);
                        break End::Converged;
                    }
                }
                rz = on.precondition(&r, &mut z);
                let seen = on.read(&[truth.energy, truth.rounding, rz]);
                (energy, rounding, rz_seen) = (seen[0], seen[1], seen[2]);
                (last_replaced, rz_replaced) = (k, rz_seen);
                let drift = if recursive > 0.0 { rz_seen / recursive } else { f64::INFINITY };
                error = (tail.estimate() * drift.clamp(1.0, f64::MAX)).max(tail.spectral(rz_seen)) + rounding;
                let exhausted = rz_seen <= AT_ROUNDING * rounding;
                if exhausted {
                    // Every step rounded the iterate once; weakly held parts of the field magnify what is left.
                    error = tail.spectral(rz_seen).max(AT_ROUNDING.max(f64::from(k)) * rounding);
                }
                if energy.is_finite() && error <= (limits.allowed)(energy) {
                    break End::Converged;
                }
                if exhausted {
                    break End::Stalled;
                }
                if drift > DRIFT {
                    drifts += 1;
                    // The old direction belongs to a residual that no longer exists.
                    beta = None;
                    if drifts >= DRIFTS_TO_STALL {
                        break End::Stalled;
                    }
                } else {
                    drifts = 0;
                }
                next_check = k + 4 + k / 64;
            }
        }
        on.direction(beta, &r, &z, &mut p);
    };
    Reached { end, iterations: k, energy, energy_error: error }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use foamflux_grid::Silent;

    use super::*;

    /// A diagonal operator with right-hand side one, which can be told to break.
    struct Diagonal {
        values: Vec<f64>,
        breaks_at: u32,
        applied: Cell<u32>,
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    impl Primitives for Diagonal {
        type Vector = Vec<f64>;
        type Scalar = f64;
        // Not a divisor of the limits below: the loop must look at the end as well.
        const LOOK_EVERY: u32 = 4;

        fn vector(&self) -> Vec<f64> {
            vec![0.0; self.values.len()]
        }
        fn correction(&self) -> Vec<f64> {
            self.vector()
        }
        fn residual(&self, x: &Vec<f64>, r: &mut Vec<f64>) -> Energy<f64> {
            for (i, r) in r.iter_mut().enumerate() {
                *r = 1.0 - self.values[i] * x[i];
            }
            // Shifted by the minimum and one, so that it is positive as a dissipated energy is.
            let over: f64 = (0..x.len()).map(|i| r[i] * r[i] / self.values[i]).sum();
            Energy { energy: 1.0 + over, rounding: 1e-30, norm: dot(r, r), change: 0.0 }
        }
        fn precondition(&self, r: &Vec<f64>, z: &mut Vec<f64>) -> f64 {
            z.copy_from_slice(r);
            dot(r, z)
        }
        fn apply(&self, p: &Vec<f64>, q: &mut Vec<f64>) -> f64 {
            self.applied.set(self.applied.get() + 1);
            for (i, q) in q.iter_mut().enumerate() {
                *q = self.values[i] * p[i];
            }
            if self.applied.get() == self.breaks_at { f64::NAN } else { dot(p, q) }
        }
        fn ratio(&self, a: f64, b: f64) -> f64 {
            a / b
        }
        fn advance(&self, alpha: f64, step: Step<'_, Vec<f64>>) -> Moments<f64> {
            for i in 0..step.p.len() {
                step.x[i] += alpha * step.p[i];
                step.r[i] -= alpha * step.q[i];
            }
            let rz = self.precondition(step.r, step.z);
            // As a varying preconditioner would: equal in exact arithmetic.
            Moments { rz, rz_flexible: -alpha * dot(step.z, step.q) }
        }
        fn direction(&self, beta: Option<f64>, _: &Vec<f64>, z: &Vec<f64>, p: &mut Vec<f64>) {
            for (p, z) in p.iter_mut().zip(z) {
                *p = z + beta.unwrap_or(0.0) * *p;
            }
        }
        fn read(&self, scalars: &[f64]) -> Vec<f64> {
            scalars.to_vec()
        }
    }

    fn run(breaks_at: u32, max_iterations: u32) -> (Reached, Vec<f64>) {
        let on = Diagonal { values: (1..=60).map(f64::from).collect(), breaks_at, applied: Cell::new(0) };
        let mut x = on.vector();
        let limits = Limits { allowed: &|energy| 1e-12 * energy, max_iterations };
        (conjugate_gradients(&on, &mut x, &mut Tail::new(), &limits, &Silent), x)
    }

    #[test]
    fn converges_with_the_flexible_coefficient_and_reports_an_energy_error_that_holds() {
        let (reached, x) = run(u32::MAX, 1000);
        assert_eq!(reached.end, End::Converged);
        assert!(reached.energy - 1.0 <= reached.energy_error && reached.energy_error <= 1e-12 * reached.energy);
        assert!(x.iter().enumerate().all(|(i, x)| (x * (i + 1) as f64 - 1.0).abs() < 1e-5));
    }

    #[test]
    fn a_broken_sum_is_not_finite_and_never_converged() {
        for at in 1..12 {
            assert_eq!(run(at, 1000).0.end, End::NotFinite, "broken at {at}");
        }
    }

    #[test]
    fn the_limit_is_kept_between_looks() {
        for limit in [0, 1, 5, 6] {
            let (reached, _) = run(u32::MAX, limit);
            assert_eq!((reached.end, reached.iterations), (End::Limit, limit));
            assert!(reached.energy - 1.0 <= reached.energy_error);
        }
    }
}
