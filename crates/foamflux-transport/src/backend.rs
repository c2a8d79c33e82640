//! What a device must offer, and how its answer becomes a solution.

use foamflux_grid::Watch;

use crate::audit::Audit;
use crate::krylov::{End, Reached};
use crate::links::{LinksSolver, Processor};
use crate::solution::SolverError;
use crate::{Deviation, Problem, Seconds, Solution, SolveError, Start, Stop, Why};

/// A device that solves transport problems.
pub trait Backend: Send + Sync {
    /// What it is, such as `cpu (2 threads)`; results print it.
    fn describe(&self) -> String;

    /// Solves one problem.
    ///
    /// # Errors
    /// [`SolveError`]; one that did not converge carries the best solution.
    fn solve(&self, problem: &Problem, stop: &Stop, watch: &dyn Watch) -> Result<Solution, SolveError>;

    /// Solves one problem from the solution of a similar one, which changes the number of iterations and not the answer.
    /// A backend without a use for it starts from nothing.
    ///
    /// # Errors
    /// [`SolveError`]; [`SolveError::Start`] for a start from another box or direction.
    fn solve_from(
        &self,
        problem: &Problem,
        start: Option<&Start<'_>>,
        stop: &Stop,
        watch: &dyn Watch,
    ) -> Result<Solution, SolveError> {
        let _ = start;
        self.solve(problem, stop, watch)
    }

    /// Solves systems of links of some number of unknowns, one after the other: two coupled potentials in Newton's
    /// method. A backend without kernels for them leaves them to the processor.
    fn links<'a>(&'a self, unknowns: usize, watch: &dyn Watch) -> Box<dyn LinksSolver + 'a> {
        let _ = (unknowns, watch);
        Box::new(Processor)
    }

    /// Whether it solves problems with current through the walls as well; see [`crate::electrode_tortuosity`].
    fn takes_wall_currents(&self) -> bool {
        false
    }
}

/// What an iteration on some device left behind.
pub(crate) struct Ending {
    pub(crate) deviation: Deviation,
    pub(crate) reached: Reached,
    pub(crate) device: String,
    pub(crate) seconds: Seconds,
    pub(crate) peak_bytes: u64,
}

/// tau of an energy; with a separator tau_e of `s'A^-1 s`, see [`crate::electrode`].
pub(crate) fn tau_of(problem: &Problem, mean_conductivity: f64, energy: f64) -> f64 {
    let voxels = problem.shape().len() as f64;
    match problem.source() {
        None => mean_conductivity / (problem.sigma_max() * energy / voxels),
        Some(_) => 3.0 * mean_conductivity * energy / (problem.sigma_max() * voxels),
    }
}

/// The energy error that leaves tau within its tolerance.
///
/// tau is inverse to the energy, so a relative error e of tau allows `E - E* <= e / (1 + e) E`.
/// With a separator tau_e is proportional to what is left of the minimum, `E* = -J*`, of which the iterate's `-J` falls
/// short by at most the error, so that `e (-J)` is allowed, and nothing while J is not below zero.
pub(crate) fn allowed_energy_error(problem: &Problem, stop: &Stop, energy: f64) -> f64 {
    if problem.source().is_some() {
        let tau = tau_of(problem, problem.fractions().mean_conductivity, -energy);
        return (-energy).max(0.0) * stop.allowed(tau);
    }
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
    // With a separator, what the potential leaves of `s'A^-1 s`, for a current of exactly one per face of the end plane.
    let energy = match problem.source() {
        None => found.energy,
        Some(source) => (2.0 * found.work - found.energy) * (source.faces / source.total).powi(2),
    };
    if !(energy.is_finite() && energy > 0.0) {
        return Err(SolveError::NotFinite { iterations, contrast: problem.contrast() });
    }
    let fractions = problem.fractions();
    let voxels = problem.shape().len() as f64;
    let tau = tau_of(problem, fractions.mean_conductivity, energy);
    let relative = match problem.source() {
        Some(_) => reached.energy_error / energy,
        // The energy lies above its minimum, so the true tau lies above this one by at most E / (E - error).
        None if reached.energy_error < energy => reached.energy_error / (energy - reached.energy_error),
        None => f64::INFINITY,
    };
    let solution = Solution {
        deviation,
        energy: energy / voxels,
        d_eff_relative: match problem.source() {
            None => problem.sigma_max() * energy / voxels,
            Some(_) => fractions.mean_conductivity / tau,
        },
        tau,
        tau_percolating: tau_of(problem, fractions.mean_conductivity_percolating, energy),
        tau_bounds: None,
        error_solver: SolverError { relative, absolute: relative * tau },
        iterations,
        residual: found.residual,
        flux_imbalance: found.imbalance(problem),
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
