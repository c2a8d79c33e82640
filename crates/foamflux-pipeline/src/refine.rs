//! tau on split voxels: the levels that fit, and where they lead.

use std::time::Instant;

use foamflux_grid::{Axis, Event, Labels, Watch};
use foamflux_results::{ErrorParts, RefinedLevel, RefinedTau};
use foamflux_transport::{
    Backend, Certificate, Coefficients, Level, Problem, Setup, Solution, Stop, extrapolate, split_voxels,
};

use crate::error::PipelineError;
use crate::memory;
use crate::settings::TransportSettings;
use crate::transport::{certified, solve};

/// Relative error of tau at every level: a thousandth of the differences between levels, which are a few percent, and
/// which the extrapolation magnifies up to threefold.
const LEVEL_TOLERANCE: f64 = 1e-5;

/// The levels beside the voxels as they are; the first one is a must.
const FACTORS: [usize; 2] = [2, 3];

/// When a solve that will be extrapolated from is good enough.
pub(crate) fn stop(stop: &Stop) -> Stop {
    Stop { tau_rel: stop.tau_rel.min(LEVEL_TOLERANCE), ..*stop }
}

/// The factors that fit in memory.
///
/// # Errors
/// [`PipelineError::Memory`] where not even the first does.
pub(crate) fn factors(
    labels: &Labels,
    coefficients: &Coefficients,
    settings: &TransportSettings,
    watch: &dyn Watch,
) -> Result<Vec<usize>, PipelineError> {
    let need = |factor| memory::needed_refined(labels, coefficients, settings.sides, factor, settings.fields.len());
    let mut fitting = Vec::new();
    for factor in FACTORS {
        match memory::check_refined(labels.shape(), factor, need(factor), settings.max_memory) {
            Ok(()) => fitting.push(factor),
            Err(error) if fitting.is_empty() => return Err(error),
            Err(error) => {
                watch.event(Event::Note(format!(
                    "the order of convergence is assumed, as only voxels split into 8 fit in memory: {error}"
                )));
                break;
            }
        }
    }
    Ok(fitting)
}

/// Solves the levels and extrapolates; none where two levels do not make a limit.
///
/// # Errors
/// As those of a solve.
#[allow(clippy::too_many_arguments, reason = "one call site, and each argument is a different thing")]
pub(crate) fn refined(
    labels: &Labels,
    coefficients: &Coefficients,
    axis: Axis,
    factors: &[usize],
    base: (&Solution, Option<&Certificate>, f64),
    settings: &TransportSettings,
    what: &str,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Option<RefinedTau>, PipelineError> {
    let mut levels = vec![level(1, base.0, base.1, base.2)];
    for &factor in factors {
        let clock = Instant::now();
        let what = format!("{what}, every voxel split into {}", factor.pow(3));
        let Some(fine) = split_voxels(labels, factor) else {
            return Err(PipelineError::Internal(format!("{what}: the volume cannot be split")));
        };
        let Setup::Ready(problem) = Problem::new(&fine, coefficients, axis, settings.sides)? else {
            return Err(PipelineError::Internal(format!("{what}: a phase that percolates does not after splitting")));
        };
        // What conducts is in the problem by now.
        drop(fine);
        let solution = solve(&problem, &stop(&settings.stop), &what, backend, watch)?;
        let certificate = settings.certify.then(|| certified(&problem, &solution, watch)).transpose()?;
        levels.push(level(factor, &solution, certificate.as_ref(), clock.elapsed().as_secs_f64()));
    }
    Ok(limit(levels))
}

fn level(factor: usize, solution: &Solution, certificate: Option<&Certificate>, seconds: f64) -> RefinedLevel {
    RefinedLevel {
        factor,
        tau: solution.tau,
        error_solver: solution.error_solver.absolute,
        tau_voxel_geometry_bounds: certificate.map(|c| c.tau_voxel_geometry_bounds).filter(|b| b[1].is_finite()),
        unknowns: solution.unknowns as u64,
        iterations: u64::from(solution.iterations),
        seconds,
        peak_bytes: solution.peak_bytes.max(certificate.map_or(0, |c| c.bytes)),
    }
}

/// Where the levels lead, inside of what all of their bounds leave.
fn limit(levels: Vec<RefinedLevel>) -> Option<RefinedTau> {
    let given: Vec<Level> =
        levels.iter().map(|l| Level { factor: l.factor, tau: l.tau, error_solver: l.error_solver }).collect();
    let found = extrapolate(&given)?;
    let (mut value, mut error) = (found.tau, found.error);
    if let Some([low, high]) = geometry_bounds(&levels) {
        // Bounds are proved and an extrapolation is not.
        value = value.clamp(low, high);
        error = error.min((value - low).max(high - value));
    }
    let solver = found.error_solver.min(error);
    Some(RefinedTau {
        value,
        error: ErrorParts {
            solver: Some(solver),
            resolution: Some(error - solver),
            total: Some(error),
            ..ErrorParts::default()
        },
        order: found.order,
        order_measured: found.order_measured,
        levels,
    })
}

/// What the bounds of all levels leave: every level's bracket the same exact solution.
pub(crate) fn geometry_bounds(levels: &[RefinedLevel]) -> Option<[f64; 2]> {
    levels
        .iter()
        .filter_map(|l| l.tau_voxel_geometry_bounds)
        .reduce(|a, b| [a[0].max(b[0]), a[1].min(b[1])])
        .filter(|[low, high]| low <= high)
}
