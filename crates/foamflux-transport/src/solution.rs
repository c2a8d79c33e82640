//! What a solve is asked for, what it found, and how it fails.

use foamflux_grid::{Volume, VoxelSize};
use rayon::prelude::*;

use crate::{Problem, StartError};

/// When a solve is good enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// Largest relative error of tau that the solver may leave.
    pub tau_rel: f64,
    /// Also converge tau - 1 to this relative error, but never tau tighter than 1e-7.
    pub tau_minus_one: Option<f64>,
    /// Most iterations.
    pub max_iterations: u32,
}

/// Tightest relative error of tau that [`Stop::tau_minus_one`] asks for.
pub const TAU_MINUS_ONE_FLOOR: f64 = 1e-7;

impl Default for Stop {
    /// 0.1 % of tau, 20 000 iterations.
    fn default() -> Self {
        Stop { tau_rel: 1e-3, tau_minus_one: None, max_iterations: 20_000 }
    }
}

impl Stop {
    /// Relative error of tau that is allowed when tau is about `tau`.
    #[must_use]
    pub fn allowed(&self, tau: f64) -> f64 {
        match self.tau_minus_one {
            None => self.tau_rel,
            Some(part) => self.tau_rel.min((part * (tau - 1.0).abs() / tau).max(TAU_MINUS_ONE_FLOOR)),
        }
    }

    /// Refuses tolerances that cannot be met.
    ///
    /// # Errors
    /// [`SolveError::Tolerance`] for values that are not above zero and below one.
    pub fn check(&self) -> Result<(), SolveError> {
        for (name, value) in [("tau_rel", Some(self.tau_rel)), ("tau_minus_one", self.tau_minus_one)] {
            if let Some(value) = value
                && !(value > 0.0 && value < 1.0)
            {
                return Err(SolveError::Tolerance { name, value });
            }
        }
        Ok(())
    }
}

/// Why an iteration ended without convergence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The iteration limit was reached.
    IterationLimit,
    /// Rounding keeps the residual up in the best precision there is.
    Precision,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Why::IterationLimit => "the iteration limit was reached; raise it or relax the tolerance",
            Why::Precision => "rounding limits the accuracy; relax the tolerance",
        })
    }
}

/// Why there is no converged solution.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SolveError {
    /// A tolerance that is zero, negative, one or more, or not a number.
    #[error("{name} = {value} is not a tolerance: give a relative error above 0 and below 1, for example 1e-3")]
    Tolerance {
        /// Field of [`Stop`].
        name: &'static str,
        /// The refused value.
        value: f64,
    },
    /// The error asked for was not reached.
    #[error(
        "not converged after {} iterations: tau = {} with an estimated relative error of {:.1e}, {wanted:.1e} was asked for ({why})",
        best.iterations, best.tau, best.error_solver.relative
    )]
    NotConverged {
        /// Relative error of tau that was asked for.
        wanted: f64,
        /// Why the iteration ended.
        why: Why,
        /// The best there is, with its estimated error.
        best: Box<Solution>,
    },
    /// The solution to start from is none of a similar problem.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A number became infinite or not a number.
    #[error(
        "the solve broke down after {iterations} iterations: a sum is not finite; conductivities differ by {contrast:.1e}, bring them closer together"
    )]
    NotFinite {
        /// Iterations done.
        iterations: u32,
        /// Largest over smallest conductivity.
        contrast: f64,
    },
    /// The watcher asked to stop.
    #[error("cancelled after {iterations} iterations")]
    Cancelled {
        /// Iterations done.
        iterations: u32,
    },
    /// It does not fit on the device.
    #[error("does not fit on {device}: {message}")]
    Memory {
        /// As the backend describes itself.
        device: String,
        /// How much is needed, how much there is, and what to do.
        message: String,
    },
    /// The device failed.
    #[error("{device}: {message}")]
    Device {
        /// As the backend describes itself.
        device: String,
        /// What happened and what to do.
        message: String,
    },
}

/// Estimated error that the solver left in tau; the discretisation error is another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SolverError {
    /// Relative to tau.
    pub relative: f64,
    /// In tau itself.
    pub absolute: f64,
}

/// Wall-clock seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seconds {
    /// Pruning, connectivity, preconditioner.
    pub setup: f64,
    /// Iterating and checking.
    pub solve: f64,
}

/// Deviation of the potential from the straight profile of an empty box, by unknown in memory order.
///
/// `phi = (slices - slice - 1/2 + u) / slices` with the inlet at 1 and the outlet at 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Deviation {
    /// Single precision, where one conductivity suffices.
    Single(Vec<f32>),
    /// Double precision, for large contrasts.
    Double(Vec<f64>),
}

impl Deviation {
    /// The deviation of one unknown.
    #[must_use]
    #[inline]
    pub fn at(&self, unknown: usize) -> f64 {
        match self {
            Deviation::Single(u) => f64::from(u[unknown]),
            Deviation::Double(u) => u[unknown],
        }
    }

    /// Number of unknowns.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a problem always has unknowns")]
    pub fn len(&self) -> usize {
        match self {
            Deviation::Single(u) => u.len(),
            Deviation::Double(u) => u.len(),
        }
    }
}

/// A converged solution.
#[derive(Debug, Clone)]
pub struct Solution {
    /// The potential of every unknown; see [`Solution::potential`] for a volume.
    pub deviation: Deviation,
    /// Dissipated energy over that of the box filled with the best conductor.
    pub energy: f64,
    /// Effective conductivity in the unit of the coefficients: D_eff / D0 for one phase of conductivity 1.
    pub d_eff_relative: f64,
    /// Tortuosity factor with the whole volume fraction: mean conductivity over effective conductivity.
    pub tau: f64,
    /// Tortuosity factor with the percolating volume fraction.
    pub tau_percolating: f64,
    /// Bounds of the discrete problem's tau that hold whatever the iteration did; none where not certified.
    pub tau_bounds: Option<[f64; 2]>,
    /// Estimated solver error of tau.
    pub error_solver: SolverError,
    /// Iterations.
    pub iterations: u32,
    /// True residual over the right-hand side of the Dirichlet problem (Euclidean norms).
    pub residual: f64,
    /// Largest deviation of the flux through a cross-section from the effective flux, relative.
    pub flux_imbalance: f64,
    /// Unknowns.
    pub unknowns: usize,
    /// Device that solved it.
    pub device: String,
    /// Time.
    pub seconds: Seconds,
    /// Largest number of bytes that the solver held at once.
    pub peak_bytes: u64,
}

impl Solution {
    /// Potential with the inlet plane at 1 and the outlet plane at 0; not a number outside of the percolating clusters.
    /// Dead ends have the potential of the voxel that they hang on.
    #[must_use]
    pub fn potential(&self, problem: &Problem) -> Volume<f32> {
        let (shape, n) = (problem.shape(), problem.slices() as f64);
        let straight = problem.straight();
        let value = |depth: usize, u: f64| ((straight * (n - depth as f64 - 0.5) + u) / n) as f32;
        let depths = problem.depths();
        let mut out = vec![0f32; shape.len()];
        out.par_chunks_mut(shape.x).enumerate().for_each(|(row, out)| {
            out.fill(f32::NAN);
            let (z, y) = (row / shape.y, row % shape.y);
            for run in problem.runs().row(z, y) {
                let first = run.first as usize;
                for (k, out) in out[run.x0 as usize..run.x1 as usize].iter_mut().enumerate() {
                    let depth = [run.x0 as usize + k, y, z][problem.axis().xyz_index()];
                    *out = value(depth, self.deviation.at(first + k));
                }
            }
            for dead in problem.removed().into_iter().flat_map(|r| r.row(row)) {
                let on = dead.hangs_on as usize;
                let phi = value(depths[on] as usize, self.deviation.at(on));
                out[dead.x0..dead.x0 + dead.len].fill(phi);
            }
        });
        volume(problem, out)
    }
}

/// A volume of the problem's shape.
pub(crate) fn volume<T: Clone>(problem: &Problem, data: Vec<T>) -> Volume<T> {
    let size: VoxelSize = problem.voxel_size().clone();
    match Volume::from_vec(problem.shape(), size, data) {
        Ok(volume) => volume,
        Err(_) => unreachable!("the vector was made with the problem's shape"),
    }
}
