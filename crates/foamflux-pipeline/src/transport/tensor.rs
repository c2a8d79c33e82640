//! The effective tensor.

use foamflux_grid::{Event, Labels, Stage, Watch};
use foamflux_results::TensorResults;
use foamflux_transport::{Backend, Coefficients, SolveError, TensorError, effective_tensor};

use crate::error::PipelineError;
use crate::settings::TransportSettings;

/// The effective tensor of one phase.
pub(super) fn tensor(
    labels: &Labels,
    phase: &str,
    coefficients: &Coefficients,
    settings: &TransportSettings,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<TensorResults, PipelineError> {
    let what = format!("effective tensor of {phase}");
    watch.event(Event::Started { stage: Stage::Transport, what: what.clone() });
    let found = effective_tensor(labels, coefficients, backend, &settings.stop, watch).map_err(|e| match e {
        TensorError::Problem(e) => e.into(),
        TensorError::Solve { source: SolveError::Cancelled { .. }, .. } => PipelineError::Cancelled,
        TensorError::Solve { axis, source } => PipelineError::Solve { what: format!("{what} along {axis}"), source },
        TensorError::Grid(e) => PipelineError::Internal(e.to_string()),
    })?;
    let outcome = format!(
        "{what}: eigenvalues {:.6}, {:.6}, {:.6}",
        found.eigenvalues[0], found.eigenvalues[1], found.eigenvalues[2]
    );
    watch.event(Event::Finished { stage: Stage::Transport, outcome });
    Ok(TensorResults {
        d_eff_relative_xyz: found.conductivity,
        error_solver_xyz: found.error,
        tau_xyz: found.tau.map(|tau| tau.is_finite().then_some(tau)),
        eigenvalues: found.eigenvalues,
        principal_axes_xyz: found.axes,
        asymmetry: found.asymmetry,
        iterations: found.iterations,
        seconds: found.seconds,
    })
}
