//! What a device must offer, and how its answer becomes a solution.

use foamflux_grid::Watch;

use crate::audit::Audit;
use crate::krylov::{End, Reached};
use crate::solution::SolverError;
use crate::{Deviation, Problem, Seconds, Solution, SolveError, Stop, Why};

/// A device that solves transport problems.
pub trait Backend: Send + Sync {
    /// What it is, such as `cpu (2 threads)`; results print it.
    fn describe(&self) -> String;

    /// Solves one problem.
    ///
    /// # Errors
    /// [`SolveError`]; one that did not converge carries the best solution.
    fn solve(&self, problem: &Problem, stop: &Stop, watch: &dyn Watch) -> Result<Solution, SolveError>;
}

/// What an iteration on some device left behind.
pub(crate) struct Ending {
    pub(crate) deviation: Deviation,
    pub(crate) reached: Reached,
    pub(crate) device: String,
    pub(crate) seconds: Seconds,
    pub(crate) peak_bytes: u64,
}

/// tau of an energy.
pub(crate) fn tau_of(problem: &Problem, mean_conductivity: f64, energy: f64) -> f64 {
    mean_conductivity / (problem.sigma_max() * energy / problem.shape().len() as f64)
}

/// The energy error that leaves tau within its tolerance.
///
/// tau is inverse to the energy, so a relative error e of tau allows `E - E* <= e / (1 + e) E`.
pub(crate) fn allowed_energy_error(problem: &Problem, stop: &Stop, energy: f64) -> f64 {
    let tau = tau_of(problem, problem.fractions().mean_conductivity, energy);
    let relative = stop.allowed(tau);
    energy.max(problem.energy_floor()) * relative / (1.0 + relative)
}

/// Turns an iteration's end and the audit of its potential into a solution or an error.
pub(crate) fn conclude(problem: &Problem, stop: &Stop, ending: Ending, found: &Audit) -> Result<Solution, SolveError> {
    let Ending { deviation, reached, device, seconds, peak_bytes } = ending;
    let iterations = reached.iterations;
    match reached.end {
        End::Cancelled => return Err(SolveError::Cancelled { iterations }),
        End::NotFinite => return Err(SolveError::NotFinite { iterations, contrast: problem.contrast() }),
        End::Converged | End::Stalled | End::Limit => {}
    }
    if !(found.energy.is_finite() && found.energy > 0.0) {
        return Err(SolveError::NotFinite { iterations, contrast: problem.contrast() });
    }
    let fractions = problem.fractions();
    let voxels = problem.shape().len() as f64;
    let tau = tau_of(problem, fractions.mean_conductivity, found.energy);
    // The energy lies above its minimum, so the true tau lies above this one by at most E / (E - error).
    let relative = if reached.energy_error < found.energy {
        reached.energy_error / (found.energy - reached.energy_error)
    } else {
        f64::INFINITY
    };
    let solution = Solution {
        deviation,
        energy: found.energy / voxels,
        d_eff_relative: problem.sigma_max() * found.energy / voxels,
        tau,
        tau_percolating: tau_of(problem, fractions.mean_conductivity_percolating, found.energy),
        tau_bounds: None,
        error_solver: SolverError { relative, absolute: relative * tau },
        iterations,
        residual: found.residual,
        flux_imbalance: found.imbalance(problem.slices()),
        unknowns: problem.unknowns(),
        device,
        seconds,
        peak_bytes,
    };
    let why = match reached.end {
        End::Stalled => Why::Precision,
        End::Limit => Why::IterationLimit,
        _ => return Ok(solution),
    };
    Err(SolveError::NotConverged { wanted: stop.allowed(tau), why, best: Box::new(solution) })
}
