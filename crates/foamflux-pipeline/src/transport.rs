//! Tortuosity factor and flux maps of phases along directions.

use std::collections::BTreeMap;

use foamflux_grid::{Axis, Event, Labels, Phase, Stage, Watch};
use foamflux_results::{BlockedInfo, DirectionResults, ErrorParts, PhaseInfo, SecondsSpent, TransportResults};
use foamflux_transport::{
    Backend, Blocked, Certificate, CertifyError, Coefficients, Problem, Setup, Solution, SolveError, bruggeman,
    certify, flux, flux_tortuosity, flux_tortuosity_is_consistent, macmullin,
};

use crate::error::PipelineError;
use crate::ingest::volume_info;
use crate::settings::{TransportSettings, label_numbers};

/// Potential and flux along one direction; phases share the arrays, since no voxel belongs to two.
#[derive(Debug, Clone)]
pub struct Fields {
    /// Direction of the applied potential.
    pub axis: Axis,
    /// Potential, 1 at the inlet and 0 at the outlet; not a number where nothing flows. `[z][y][x]`.
    pub potential: Vec<f32>,
    /// Flux vector x, y, z per voxel, relative to the flux of the empty box. `[z][y][x]`.
    pub flux: Vec<[f32; 3]>,
}

/// What a transport stage leaves behind.
#[derive(Debug, Default)]
pub struct Transport {
    /// Results by phase.
    pub results: BTreeMap<String, TransportResults>,
    /// Fields of the directions that were asked for.
    pub fields: Vec<Fields>,
}

/// Solves every phase along every direction.
///
/// # Errors
/// [`PipelineError::Problem`] for unusable conductivities, [`PipelineError::Solve`] when a solve does not converge,
/// [`PipelineError::Cancelled`].
pub fn transport(
    labels: &Labels,
    settings: &TransportSettings,
    seconds_read: f64,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Transport, PipelineError> {
    let mut out = Transport::default();
    for (phase, coefficients) in media(settings)? {
        let results =
            one_phase(labels, &phase, &coefficients, settings, seconds_read, backend, watch, &mut out.fields)?;
        out.results.insert(phase.name.clone(), results);
    }
    Ok(out)
}

/// What conducts: one medium per phase, or one made of all labels that were given a conductivity.
fn media(settings: &TransportSettings) -> Result<Vec<(Phase, Coefficients)>, PipelineError> {
    match settings.conductivities {
        Some(values) => {
            let coefficients = Coefficients::per_label(values)?;
            let labels = coefficients.conducting();
            let name = labels.iter().map(|l| l.name()).collect::<Vec<_>>().join("+");
            Ok(vec![(Phase { name, labels }, coefficients)])
        }
        None => settings.phases.iter().map(|phase| Ok((phase.clone(), Coefficients::phase(phase.labels)?))).collect(),
    }
}

#[allow(clippy::too_many_arguments, reason = "one call site, and each argument is a different thing")]
fn one_phase(
    labels: &Labels,
    phase: &Phase,
    coefficients: &Coefficients,
    settings: &TransportSettings,
    seconds_read: f64,
    backend: &dyn Backend,
    watch: &dyn Watch,
    fields: &mut Vec<Fields>,
) -> Result<TransportResults, PipelineError> {
    let counts = labels.counts();
    let voxels: u64 = phase.labels.iter().map(|l| counts[l as usize]).sum();
    let volume_fraction = voxels as f64 / labels.shape().len() as f64;
    let mut directions = BTreeMap::new();
    let mut warnings = Vec::new();
    for &axis in &settings.axes {
        watch.event(Event::Started { stage: Stage::Transport, what: format!("tau of {} along {axis}", phase.name) });
        let (results, outcome) = match Problem::new(labels, coefficients, axis, settings.sides)? {
            Setup::Blocked(blocked) => {
                let outcome = format!("{} along {axis}: {blocked}", phase.name);
                (no_flow(&blocked, backend, seconds_read), outcome)
            }
            Setup::Ready(problem) => {
                let solution = backend.solve(&problem, &settings.stop, watch).map_err(|source| match source {
                    SolveError::Cancelled { .. } => PipelineError::Cancelled,
                    source => PipelineError::Solve { what: format!("tau of {} along {axis}", phase.name), source },
                })?;
                let certificate = match settings.certify {
                    true => Some(certified(&problem, &solution, watch)?),
                    false => None,
                };
                let flux = flux(&problem, &solution);
                let t_flux = flux_tortuosity(&flux, axis);
                let results = flows(&problem, &solution, certificate.as_ref(), t_flux, seconds_read);
                let error = results.error.solver.unwrap_or(0.0) / solution.tau;
                let wanted = settings.stop.allowed(solution.tau);
                if certificate.is_some() && error > wanted {
                    watch.event(Event::Note(format!(
                        "{} along {axis}: the certified relative error of tau is {error:.1e}, {wanted:.1e} was asked \
                         for and the estimate that ended the solve was {:.1e}; lower --tol to narrow the bounds",
                        phase.name, solution.error_solver.relative
                    )));
                }
                if let Some(t_flux) = results.flux_tortuosity
                    && settings.conductivities.is_none()
                    && !flux_tortuosity_is_consistent(t_flux, solution.tau, FLUX_CHECK_SLACK + error)
                {
                    warnings.push(format!(
                        "{} along {axis}: the square of the flux tortuosity ({:.6}) exceeds tau ({:.6}), which exact \
                         fields cannot do: treat this direction with suspicion",
                        phase.name,
                        t_flux * t_flux,
                        solution.tau
                    ));
                }
                if settings.fields.contains(&axis) {
                    merge(fields, axis, &solution.potential(&problem).into_vec(), &flux.into_vec());
                }
                let outcome = format!(
                    "{} along {axis}: tau = {:.6}, {} iterations",
                    phase.name, solution.tau, solution.iterations
                );
                (results, outcome)
            }
        };
        watch.event(Event::Finished { stage: Stage::Transport, outcome });
        directions.insert(axis.name().to_owned(), results);
    }
    for warning in &warnings {
        watch.event(Event::Warning(warning.clone()));
    }
    Ok(TransportResults {
        schema: TransportResults::SCHEMA.to_owned(),
        volume: volume_info(labels.shape(), labels.voxel_size()),
        phase: PhaseInfo {
            name: phase.name.clone(),
            labels: label_numbers(phase.labels),
            volume_fraction,
            conductivities: settings.conductivities.map(|values| {
                phase.labels.iter().map(|label| (label.name().to_owned(), values[label as usize])).collect()
            }),
        },
        convention: TransportResults::CONVENTION.to_owned(),
        directions,
        warnings,
    })
}

/// The fluxes of neighbouring faces are averaged to a voxel's centre, which can only shorten them;
/// what is left above the bound is rounding in single precision.
const FLUX_CHECK_SLACK: f64 = 1e-5;

/// Bounds tau from both sides.
fn certified(problem: &Problem, solution: &Solution, watch: &dyn Watch) -> Result<Certificate, PipelineError> {
    certify(problem, solution, watch).map_err(|source| match source {
        CertifyError::Cancelled => PipelineError::Cancelled,
        source => PipelineError::Internal(source.to_string()),
    })
}

/// The results of one direction. `error.solver` is the larger distance from tau to one of its bounds where they are
/// certified and finite, and the estimate that ended the solve otherwise. `error.resolution` is the larger distance to
/// the bounds of the exact solution on the same voxel geometry; how well its steps describe the sample is not in it.
fn flows(
    problem: &Problem,
    solution: &Solution,
    certificate: Option<&Certificate>,
    t_flux: f64,
    seconds_read: f64,
) -> DirectionResults {
    let fractions = problem.fractions();
    let tau_bounds = certificate.map(|c| c.tau_bounds).filter(|b| b[1].is_finite()).or(solution.tau_bounds);
    let solver = match tau_bounds {
        Some([lower, upper]) => (solution.tau - lower).max(upper - solution.tau),
        None => solution.error_solver.absolute,
    };
    let relative = solver / solution.tau;
    let geometry = certificate.map(|c| c.tau_voxel_geometry_bounds).filter(|b| b[1].is_finite());
    let resolution = geometry.map(|[lower, upper]| (solution.tau - lower).max(upper - solution.tau).max(0.0));
    let exponent = bruggeman(solution.tau, fractions.conducting, Some(relative));
    DirectionResults {
        percolates: true,
        percolating_fraction: fractions.percolating,
        tau: Some(solution.tau),
        tau_minus_one: Some(solution.tau - 1.0),
        error: ErrorParts {
            solver: Some(solver),
            resolution,
            total: resolution.map(|r| solver + r),
            ..ErrorParts::default()
        },
        tau_percolating: Some(solution.tau_percolating),
        tau_bounds,
        tau_voxel_geometry_bounds: geometry,
        d_eff_relative: solution.d_eff_relative,
        macmullin: Some(macmullin(solution.d_eff_relative)),
        bruggeman_exponent: exponent.map(|b| b.exponent),
        bruggeman_exponent_error: exponent.map(|b| b.error),
        flux_tortuosity: t_flux.is_finite().then_some(t_flux),
        blocked: None,
        residual: Some(solution.residual),
        flux_imbalance: Some(solution.flux_imbalance),
        iterations: Some(u64::from(solution.iterations)),
        unknowns: solution.unknowns as u64,
        device: solution.device.clone(),
        seconds: SecondsSpent {
            read: seconds_read,
            setup: solution.seconds.setup,
            solve: solution.seconds.solve,
            certify: certificate.map_or(0.0, |c| c.seconds),
        },
        peak_bytes: solution.peak_bytes.max(certificate.map_or(0, |c| c.bytes)),
    }
}

fn no_flow(blocked: &Blocked, backend: &dyn Backend, seconds_read: f64) -> DirectionResults {
    DirectionResults {
        percolates: false,
        percolating_fraction: 0.0,
        tau: None,
        tau_minus_one: None,
        error: ErrorParts::default(),
        tau_percolating: None,
        tau_bounds: None,
        tau_voxel_geometry_bounds: None,
        d_eff_relative: 0.0,
        macmullin: None,
        bruggeman_exponent: None,
        bruggeman_exponent_error: None,
        flux_tortuosity: None,
        blocked: Some(BlockedInfo {
            reason: blocked.to_string(),
            reach_from_inlet_slices: blocked.from_inlet.slices,
            reach_from_outlet_slices: blocked.from_outlet.slices,
            percolates_by_edges_or_corners: blocked.percolates_through_edges,
        }),
        residual: None,
        flux_imbalance: None,
        iterations: None,
        unknowns: 0,
        device: backend.describe(),
        seconds: SecondsSpent { read: seconds_read, ..SecondsSpent::default() },
        peak_bytes: 0,
    }
}

/// Lays a phase's fields into those of the direction: wherever this phase has a potential, its values stand.
fn merge(fields: &mut Vec<Fields>, axis: Axis, potential: &[f32], flux: &[[f32; 3]]) {
    match fields.iter_mut().find(|f| f.axis == axis) {
        None => fields.push(Fields { axis, potential: potential.to_vec(), flux: flux.to_vec() }),
        Some(f) => {
            for (i, &value) in potential.iter().enumerate().filter(|(_, v)| v.is_finite()) {
                f.potential[i] = value;
                f.flux[i] = flux[i];
            }
        }
    }
}
