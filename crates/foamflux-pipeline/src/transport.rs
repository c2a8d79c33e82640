//! Tortuosity factor and flux maps of phases along directions.

mod fields;
mod kept;
mod tensor;
mod thresholds;

use std::collections::BTreeMap;
use std::time::Instant;

use foamflux_grid::{Axis, Event, Labels, Phase, Stage, Watch};
use foamflux_results::{
    AtThresholds, BlockedInfo, DirectionResults, ErrorParts, GeometricTortuosity, PhaseInfo, ProfileResults,
    RefinedTau, SecondsSpent, TransportResults,
};
use foamflux_transport::{
    Backend, Blocked, Certificate, CertifyError, Coefficients, Geodesic, GeodesicError, Layout, Problem, Profile,
    Setup, Solution, SolveError, Start, Stop, Why, bruggeman, certify, constrictivity, flux, flux_tortuosity,
    flux_tortuosity_is_consistent, geodesic, losses, macmullin,
};

use crate::config::ConfigError;
use crate::doubt::Doubt;
use crate::electrode;
use crate::error::PipelineError;
use crate::errors;
use crate::ingest::volume_info;
use crate::keep::Nowhere;
use crate::refine;
use crate::settings::{TransportSettings, label_numbers};
pub use fields::Fields;
use fields::merge;
pub use kept::Solved;

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
/// [`PipelineError::Problem`] for unusable conductivities, [`PipelineError::NotConverged`] and [`PipelineError::Solve`]
/// when a solve fails, [`PipelineError::Memory`] when refined voxels do not fit,
/// [`PipelineError::Cancelled`].
pub fn transport(
    labels: &Labels,
    settings: &TransportSettings,
    seconds_read: f64,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Transport, PipelineError> {
    let mut nowhere = Nowhere;
    let mut solved = Solved::nothing(&mut nowhere);
    doubted(labels, None, settings, seconds_read, &mut solved, backend, watch)
}

/// The same, with tau at the ends of the threshold band where there is one, less what is solved already; what is solved is kept.
///
/// # Errors
/// As [`transport`], and [`PipelineError::Config`] where what was kept is of another run.
pub fn doubted(
    labels: &Labels,
    doubt: Option<&Doubt>,
    settings: &TransportSettings,
    seconds_read: f64,
    solved: &mut Solved<'_>,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Transport, PipelineError> {
    let mut out = Transport::default();
    let media = media(settings)?;
    if let Some(layout) = settings.layout {
        check_layout(layout, labels, &media, settings)?;
    }
    for (phase, coefficients) in media {
        let results = one_phase(
            labels,
            doubt,
            &phase,
            &coefficients,
            settings,
            seconds_read,
            solved,
            backend,
            watch,
            &mut out.fields,
        )?;
        out.results.insert(phase.name.clone(), results);
    }
    Ok(out)
}

/// Refuses a storage that cannot hold the problem.
fn check_layout(
    layout: Layout,
    labels: &Labels,
    media: &[(Phase, Coefficients)],
    settings: &TransportSettings,
) -> Result<(), ConfigError> {
    let tensor =
        (settings.tensor && layout == Layout::Dense).then_some("--tensor joins all walls, which the grid cannot");
    let refusal = media.iter().find_map(|(_, coefficients)| layout.refusal(labels, coefficients, settings.sides));
    match refusal.or(tensor) {
        Some(why) => Err(ConfigError::value("layout", format!("'{}' cannot be used here: {why}", layout.name()))),
        None => Ok(()),
    }
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
    doubt: Option<&Doubt>,
    phase: &Phase,
    coefficients: &Coefficients,
    settings: &TransportSettings,
    seconds_read: f64,
    solved: &mut Solved<'_>,
    backend: &dyn Backend,
    watch: &dyn Watch,
    fields: &mut Vec<Fields>,
) -> Result<TransportResults, PipelineError> {
    let counts = labels.counts();
    let voxels: u64 = phase.labels.iter().map(|l| counts[l as usize]).sum();
    let volume_fraction = voxels as f64 / labels.shape().len() as f64;
    let mut directions = BTreeMap::new();
    let mut warnings = Vec::new();
    // Asked before any work is done: a refusal after an hour helps nobody.
    let factors = match settings.refine && voxels > 0 {
        true => refine::factors(labels, coefficients, settings, watch)?,
        false => Vec::new(),
    };
    let task = Task { labels, doubt, phase, coefficients, settings, factors: &factors, backend, watch };
    for &axis in &settings.axes {
        if let Some(before) = solved.take(&phase.name, axis, labels.shape().len())? {
            watch.event(Event::Note(format!("{} along {axis} was solved before the interruption", phase.name)));
            warnings.extend(before.warnings);
            before.fields.into_iter().for_each(|new| merge(fields, new));
            directions.insert(axis.name().to_owned(), before.results);
            continue;
        }
        let (mut own, earlier) = (None, warnings.len());
        watch.event(Event::Started { stage: Stage::Transport, what: format!("tau of {} along {axis}", phase.name) });
        let (mut results, outcome) = match Problem::new(labels, coefficients, axis, settings.sides)? {
            Setup::Blocked(blocked) => {
                let outcome = format!("{} along {axis}: {blocked}", phase.name);
                (no_flow(&blocked, backend), outcome)
            }
            Setup::Ready(problem) => task.open(axis, &problem, &mut warnings, &mut own)?,
        };
        if let Some(asked) = &settings.electrode
            && asked.axes.contains(&axis)
            && asked.only.is_none_or(|only| only == phase.labels)
        {
            let found = electrode::electrode(
                labels,
                phase,
                coefficients,
                axis,
                asked,
                settings,
                backend,
                watch,
                &mut warnings,
            )?;
            results.electrode = Some(found);
        }
        results.seconds.read = seconds_read;
        watch.event(Event::Finished { stage: Stage::Transport, outcome });
        solved.put(&phase.name, axis, (&results, &warnings[earlier..]), own.as_ref(), watch);
        own.into_iter().for_each(|new| merge(fields, new));
        directions.insert(axis.name().to_owned(), results);
    }
    for warning in &warnings {
        watch.event(Event::Warning(warning.clone()));
    }
    let effective_tensor = match settings.tensor && voxels > 0 {
        true => Some(tensor::tensor(labels, &phase.name, coefficients, settings, backend, watch)?),
        false => None,
    };
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
        effective_tensor,
        warnings,
    })
}

/// Part of the tolerance that the estimate has to meet, from try to try, so that the certificate, which is wider, meets it.
const CERTIFIED_PARTS: [f64; 2] = [0.1, 0.01];

/// Solves until the certified error is what was asked for, as far as precision allows.
fn solve_certified(
    problem: &Problem,
    stop: &Stop,
    what: &str,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<(Solution, Certificate), PipelineError> {
    let mut best: Option<(Solution, Certificate)> = None;
    for part in CERTIFIED_PARTS {
        let tighter = Stop {
            tau_rel: part * stop.tau_rel,
            tau_minus_one: stop.tau_minus_one.map(|relative| part * relative),
            ..*stop
        };
        // The second try goes on from where the first one ended.
        let solved = solve_from(problem, best.as_ref().map(|(solution, _)| solution), &tighter, what, backend, watch);
        match solved {
            Ok(solution) => {
                let certificate = certified(problem, &solution, watch)?;
                let met = certificate.relative_gap <= stop.allowed(solution.tau);
                best = Some((solution, certificate));
                if met {
                    break;
                }
            }
            Err(PipelineError::Cancelled) => return Err(PipelineError::Cancelled),
            // What was asked for may be within reach even if a part of it is not.
            Err(_) => break,
        }
    }
    match best {
        Some(found) => Ok(found),
        None => {
            let solution = solve(problem, stop, what, backend, watch)?;
            let certificate = certified(problem, &solution, watch)?;
            Ok((solution, certificate))
        }
    }
}

/// One phase and what is asked about it.
struct Task<'a> {
    labels: &'a Labels,
    /// Labels at the ends of the threshold band.
    doubt: Option<&'a Doubt>,
    phase: &'a Phase,
    coefficients: &'a Coefficients,
    settings: &'a TransportSettings,
    /// Into how many parts per axis voxels are split for a refined tau.
    factors: &'a [usize],
    backend: &'a dyn Backend,
    watch: &'a dyn Watch,
}

impl Task<'_> {
    /// A direction in which something flows.
    fn open(
        &self,
        axis: Axis,
        problem: &Problem,
        warnings: &mut Vec<String>,
        fields: &mut Option<Fields>,
    ) -> Result<(DirectionResults, String), PipelineError> {
        let Task { labels, phase, coefficients, settings, backend, watch, .. } = *self;
        let what = format!("tau of {} along {axis}", phase.name);
        // Before the solver's fields exist, so that the peak is not the sum of both.
        let paths = match settings.geometric {
            true => geodesic(labels, phase.labels, axis, settings.sides, watch).map_err(|e| match e {
                GeodesicError::Cancelled => PipelineError::Cancelled,
            })?,
            false => None,
        };
        let stop = if settings.refine { refine::stop(&settings.stop) } else { settings.stop };
        let (solution, certificate) = match settings.certify {
            true => {
                let (solution, certificate) = solve_certified(problem, &stop, &what, backend, watch)?;
                (solution, Some(certificate))
            }
            false => (solve(problem, &stop, &what, backend, watch)?, None),
        };
        // Before the fields exist as well.
        let thresholds = match self.doubt {
            Some(doubt) => Some(self.at_thresholds(doubt, axis, problem, &solution, warnings)?),
            None => None,
        };
        let flux = flux(problem, &solution);
        let t_flux = flux_tortuosity(&flux, axis);
        let mut results = flows(problem, &solution, certificate.as_ref(), t_flux);
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
        {
            results.constrictivity = Some(constrictivity(t_flux, solution.tau));
            if !flux_tortuosity_is_consistent(t_flux, solution.tau, FLUX_CHECK_SLACK + error) {
                warnings.push(format!(
                    "{} along {axis}: the square of the flux tortuosity ({:.6}) exceeds tau ({:.6}), which exact \
                     fields cannot do: treat this direction with suspicion",
                    phase.name,
                    t_flux * t_flux,
                    solution.tau
                ));
            }
        }
        let kept = settings.fields.contains(&axis);
        let flux = kept.then(|| flux.into_vec());
        let (found, loss) = losses(labels, coefficients, problem, &solution);
        results.half_loss_fraction = Some(found.half_loss_fraction);
        results.profile = Some(profile(labels, axis, found.profile));
        if let Some(flux) = flux {
            let potential = solution.potential(problem).into_vec();
            *fields = Some(Fields { axis, potential, flux, loss: loss.into_vec() });
        }
        if let Some(paths) = paths {
            results.seconds.geometric = paths.seconds;
            results.geometric_tortuosity = Some(geometric(&paths));
        }
        if settings.refine {
            let clock = Instant::now();
            let seconds = results.seconds.setup + results.seconds.solve + results.seconds.certify;
            let base = (&solution, certificate.as_ref(), seconds);
            let refined =
                refine::refined(labels, coefficients, axis, self.factors, base, settings, &what, backend, watch)?;
            results.seconds.refine = clock.elapsed().as_secs_f64();
            if let Some(refined) = refined {
                take_refined(&mut results, refined);
            }
        }
        if let Some(found) = thresholds {
            let at = AtThresholds { low: found.low, middle: solution.tau, high: found.high };
            results.error.segmentation = at.error();
            results.tau_thresholds = Some(found);
        }
        // Without bounds of the voxel geometry the largest part may be missing, and a total would promise too much.
        if results.error.resolution.is_some() {
            results.error = errors::total(results.error);
        }
        let outcome =
            format!("{} along {axis}: tau = {:.6}, {} iterations", phase.name, solution.tau, solution.iterations);
        Ok((results, outcome))
    }
}

/// The fluxes of neighbouring faces are averaged to a voxel's centre, which can only shorten them;
/// what is left above the bound is rounding in single precision.
const FLUX_CHECK_SLACK: f64 = 1e-5;

/// Solves a problem.
pub(crate) fn solve(
    problem: &Problem,
    stop: &Stop,
    what: &str,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Solution, PipelineError> {
    described(problem, backend.solve(problem, stop, watch), what, watch)
}

/// The same, from a rougher solution of the same problem.
fn solve_from(
    problem: &Problem,
    rougher: Option<&Solution>,
    stop: &Stop,
    what: &str,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Solution, PipelineError> {
    let start = rougher.and_then(|solution| Start::of(problem, solution).ok());
    described(problem, backend.solve_from(problem, start.as_ref(), stop, watch), what, watch)
}

/// An outcome, or what is known of the best value where the tolerance is not met.
fn described(
    problem: &Problem,
    outcome: Result<Solution, SolveError>,
    what: &str,
    watch: &dyn Watch,
) -> Result<Solution, PipelineError> {
    outcome.map_err(|source| match source {
        SolveError::Cancelled { .. } => PipelineError::Cancelled,
        SolveError::NotConverged { wanted, why, best } => {
            let bounds = match certify(problem, &best, watch) {
                Ok(Certificate { tau_bounds: [low, high], .. }) if high.is_finite() => {
                    format!("certified to lie between {} and {}", shown(low), shown(high))
                }
                Ok(Certificate { tau_bounds: [low, _], .. }) => {
                    format!("certified to lie above {}, with no upper bound from so rough a potential", shown(low))
                }
                Err(error) => format!("without bounds ({error})"),
            };
            PipelineError::NotConverged {
                what: what.to_owned(),
                iterations: best.iterations,
                why: match why {
                    Why::IterationLimit => "the iteration limit was reached (raise --max-iterations or relax --tol)",
                    Why::Precision => "rounding limits the accuracy (relax --tol)",
                },
                tau: shown(best.tau),
                bounds,
                estimated: best.error_solver.relative,
                wanted,
            }
        }
        source => PipelineError::Solve { what: what.to_owned(), source },
    })
}

/// tau with the digits that a message needs.
fn shown(tau: f64) -> String {
    if tau < 1e6 { format!("{tau:.6}") } else { format!("{tau:.9e}") }
}

/// Bounds tau from both sides.
pub(crate) fn certified(
    problem: &Problem,
    solution: &Solution,
    watch: &dyn Watch,
) -> Result<Certificate, PipelineError> {
    certify(problem, solution, watch).map_err(|source| match source {
        CertifyError::Cancelled => PipelineError::Cancelled,
        source => PipelineError::Internal(source.to_string()),
    })
}

/// The results of one direction. `error.solver` is the larger distance from tau to one of its bounds where they are
/// certified and finite, and the estimate that ended the solve otherwise. `error.resolution` is the larger distance to
/// the bounds of the exact solution on the same voxel geometry, or to the far end of the refined tau's interval where
/// that was computed; how well the voxels' steps describe the sample is not in it.
fn flows(problem: &Problem, solution: &Solution, certificate: Option<&Certificate>, t_flux: f64) -> DirectionResults {
    let fractions = problem.fractions();
    let tau_bounds = certificate.map(|c| c.tau_bounds).filter(|b| b[1].is_finite()).or(solution.tau_bounds);
    let solver = match tau_bounds {
        Some([lower, upper]) => (solution.tau - lower).max(upper - solution.tau),
        None => solution.error_solver.absolute,
    };
    let relative = solver / solution.tau;
    let geometry = certificate.map(|c| c.tau_voxel_geometry_bounds).filter(|b| b[1].is_finite());
    let exponent = bruggeman(solution.tau, fractions.conducting, Some(relative));
    let mut results = DirectionResults {
        percolates: true,
        percolating_fraction: fractions.percolating,
        tau: Some(solution.tau),
        tau_minus_one: Some(solution.tau - 1.0),
        error: ErrorParts { solver: Some(solver), ..ErrorParts::default() },
        tau_percolating: Some(solution.tau_percolating),
        tau_bounds,
        tau_voxel_geometry_bounds: geometry,
        d_eff_relative: solution.d_eff_relative,
        macmullin: Some(macmullin(solution.d_eff_relative)),
        bruggeman_exponent: exponent.map(|b| b.exponent),
        bruggeman_exponent_error: exponent.map(|b| b.error),
        flux_tortuosity: t_flux.is_finite().then_some(t_flux),
        geometric_tortuosity: None,
        constrictivity: None,
        half_loss_fraction: None,
        tau_thresholds: None,
        tau_refined: None,
        profile: None,
        electrode: None,
        blocked: None,
        residual: Some(solution.residual),
        flux_imbalance: Some(solution.flux_imbalance),
        iterations: Some(u64::from(solution.iterations)),
        unknowns: solution.unknowns as u64,
        device: solution.device.clone(),
        seconds: SecondsSpent {
            setup: solution.seconds.setup,
            solve: solution.seconds.solve,
            certify: certificate.map_or(0.0, |c| c.seconds),
            ..SecondsSpent::default()
        },
        peak_bytes: solution.peak_bytes.max(certificate.map_or(0, |c| c.bytes)),
    };
    let resolution = geometry.map(|[lower, upper]| (solution.tau - lower).max(upper - solution.tau).max(0.0));
    set_resolution(&mut results.error, resolution);
    results
}

fn set_resolution(error: &mut ErrorParts, resolution: Option<f64>) {
    error.resolution = resolution;
}

/// Puts the refined tau in, narrows the bounds of the voxel geometry to what all levels leave, and centres the
/// resolution error on it.
fn take_refined(results: &mut DirectionResults, refined: RefinedTau) {
    let Some(tau) = results.tau else { return };
    results.tau_voxel_geometry_bounds = refine::geometry_bounds(&refined.levels).or(results.tau_voxel_geometry_bounds);
    let far = (tau - refined.value).abs() + refined.error.total.unwrap_or(0.0);
    let proved = results.tau_voxel_geometry_bounds.map(|[low, high]| (tau - low).max(high - tau).max(0.0));
    set_resolution(&mut results.error, Some(proved.map_or(far, |p| p.min(far))));
    let levels = refined.levels.iter().map(|l| l.peak_bytes);
    results.peak_bytes = levels.fold(results.peak_bytes, u64::max);
    results.tau_refined = Some(refined);
}

fn geometric(paths: &Geodesic) -> GeometricTortuosity {
    let error = ErrorParts { resolution: Some(paths.error), total: Some(paths.error), ..ErrorParts::default() };
    GeometricTortuosity {
        value: paths.mean,
        error,
        median: paths.median,
        min: paths.min,
        outlet_voxels: paths.outlet_voxels,
    }
}

fn profile(labels: &Labels, axis: Axis, found: Profile) -> ProfileResults {
    let depth_vox: Vec<f64> = (0..found.area_fraction.len()).map(|k| k as f64 + 0.5).collect();
    let edge = labels.voxel_size().m_xyz().map(|m| m[axis.xyz_index()]);
    ProfileResults {
        depth_m: edge.map(|edge| depth_vox.iter().map(|d| d * edge).collect()),
        depth_vox,
        area_fraction: found.area_fraction,
        percolating_fraction: found.percolating_fraction,
        potential: found.potential,
        dissipation_share: found.dissipation_share,
        resistance_relative: found.resistance_relative,
    }
}

fn no_flow(blocked: &Blocked, backend: &dyn Backend) -> DirectionResults {
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
        geometric_tortuosity: None,
        constrictivity: None,
        half_loss_fraction: None,
        tau_thresholds: None,
        tau_refined: None,
        profile: None,
        electrode: None,
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
        seconds: SecondsSpent::default(),
        peak_bytes: 0,
    }
}
