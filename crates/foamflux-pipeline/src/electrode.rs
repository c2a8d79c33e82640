//! Electrode tortuosity factor of a phase along a direction.

mod layers;

use foamflux_grid::{Axis, Event, Labels, Phase, Stage, Watch};
use foamflux_results::{ElectrodeDetails, ElectrodeResults, ErrorParts};
use foamflux_transport::{
    Backend, Coefficients, Electrode, ElectrodeError, ElectrodeOutcome, ElectrodeSetting, SolveError, Why,
    electrode_tortuosity,
};

use crate::error::PipelineError;
use crate::settings::{ElectrodeSettings, TransportSettings};

/// Solves one electrode.
///
/// # Errors
/// As those of a solve.
#[allow(clippy::too_many_arguments, reason = "one call site, and each argument is a different thing")]
pub(crate) fn electrode(
    labels: &Labels,
    phase: &Phase,
    coefficients: &Coefficients,
    axis: Axis,
    asked: &ElectrodeSettings,
    settings: &TransportSettings,
    backend: &dyn Backend,
    watch: &dyn Watch,
    warnings: &mut Vec<String>,
) -> Result<ElectrodeResults, PipelineError> {
    let between = layers::between(labels, axis, asked.collector)?;
    let whole = labels;
    let labels = between.labels.as_ref().unwrap_or(whole);
    if let Some(warning) = layers::elsewhere(labels).filter(|w| !warnings.contains(w)) {
        warnings.push(warning);
    }
    let what = format!("tau_e of {} along {axis}", phase.name);
    watch.event(Event::Started { stage: Stage::Transport, what: what.clone() });
    let setting = ElectrodeSetting { axis, collector: asked.collector, sides: settings.sides, walls: asked.walls };
    let outcome = electrode_tortuosity(labels, coefficients, &setting, backend, &settings.stop, watch)
        .map_err(|error| explained(error, &what))?;
    let (results, outcome) = match outcome {
        ElectrodeOutcome::Solved(found) => {
            let outcome = format!("{what}: {:.6}, {} iterations", found.tau_e, found.iterations);
            (solved(&found, &setting, labels), outcome)
        }
        ElectrodeOutcome::Unconnected => {
            let reason = "no voxel of the phase touches the separator: its resistance is infinite";
            (absent(reason, &setting, backend), format!("{what}: {reason}"))
        }
        ElectrodeOutcome::NoWalls => {
            let reason = "what touches the separator has no walls inside of the box that could be charged";
            (absent(reason, &setting, backend), format!("{what}: {reason}"))
        }
    };
    watch.event(Event::Finished { stage: Stage::Transport, outcome });
    let mut results = results;
    results.electrode.separator_layer_slices = between.separator as u64;
    results.electrode.collector_layer_slices = between.collector as u64;
    Ok(results)
}

fn explained(error: ElectrodeError, what: &str) -> PipelineError {
    match error {
        ElectrodeError::Problem(error) => error.into(),
        ElectrodeError::Grid(error) => error.into(),
        ElectrodeError::Solve(SolveError::Cancelled { .. }) => PipelineError::Cancelled,
        ElectrodeError::Solve(SolveError::NotConverged { wanted, why, best }) => PipelineError::NotConverged {
            what: what.to_owned(),
            iterations: best.iterations,
            why: match why {
                Why::IterationLimit => "the iteration limit was reached (raise --max-iterations or relax --tol)",
                Why::Precision => "rounding limits the accuracy (relax --tol)",
            },
            tau: format!("{:.6}", best.tau),
            bounds: "which lies below the exact one".to_owned(),
            estimated: best.error_solver.relative,
            wanted,
        },
        ElectrodeError::Solve(source) => PipelineError::Solve { what: what.to_owned(), source },
    }
}

fn solved(found: &Electrode, setting: &ElectrodeSetting, labels: &Labels) -> ElectrodeResults {
    let [low, high] = found.voxel_geometry_range;
    let resolution = (found.tau_e - low).abs().max((high - found.tau_e).abs());
    let solver = found.error_solver.absolute;
    let metric = labels.voxel_size().m_xyz().is_some();
    ElectrodeResults {
        tau_e: Some(found.tau_e),
        tau_e_error: ErrorParts {
            solver: Some(solver),
            resolution: Some(resolution),
            total: Some(solver + resolution),
            ..ErrorParts::default()
        },
        separator_connected_fraction: found.connected_fraction,
        electrode: ElectrodeDetails {
            tau_e_connected: Some(found.tau_e_connected),
            tau_e_voxel_geometry_range: Some(found.voxel_geometry_range),
            interfacial_area_m2: metric.then_some(found.wall_area),
            interfacial_area_vox: (!metric).then_some(found.wall_area),
            interfacial_area_unconnected_share: 1.0 - found.wall_area / found.wall_area_of_all,
            reason: None,
            residual: Some(found.residual),
            current_imbalance: Some(found.current_imbalance),
            iterations: Some(u64::from(found.iterations)),
            unknowns: found.unknowns as u64,
            device: found.device.clone(),
            seconds: found.seconds.setup + found.seconds.solve,
            peak_bytes: found.peak_bytes,
            ..details(setting)
        },
    }
}

fn absent(reason: &str, setting: &ElectrodeSetting, backend: &dyn Backend) -> ElectrodeResults {
    ElectrodeResults {
        tau_e: None,
        tau_e_error: ErrorParts::default(),
        separator_connected_fraction: 0.0,
        electrode: ElectrodeDetails { reason: Some(reason.to_owned()), device: backend.describe(), ..details(setting) },
    }
}

/// What is known before the solve.
fn details(setting: &ElectrodeSetting) -> ElectrodeDetails {
    ElectrodeDetails {
        collector: setting.collector.name().to_owned(),
        tau_e_connected: None,
        tau_e_voxel_geometry_range: None,
        interfacial_area_m2: None,
        interfacial_area_vox: None,
        interfacial_area_unconnected_share: 0.0,
        separator_layer_slices: 0,
        collector_layer_slices: 0,
        wall_area: setting.walls.name().to_owned(),
        reason: None,
        residual: None,
        current_imbalance: None,
        iterations: None,
        unknowns: 0,
        device: String::new(),
        seconds: 0.0,
        peak_bytes: 0,
    }
}
