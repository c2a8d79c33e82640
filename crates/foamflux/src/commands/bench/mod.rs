//! `foamflux bench`: bandwidth, kernels, and whole solves with their errors.
//!
//! A speed without its accuracy is not printed: every case is also solved tightly in the same run, and each line holds the
//! error of its tau against that.

mod line;
mod subject;

use foamflux_grid::{Axis, Event, Shape, Stage};
use foamflux_hosts::cases::{Case, CaseError, Conducting, DEFAULT_CELL_VOXEL, DEFAULT_CORRELATION_VOXEL};
use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::{PipelineError, settings::Device};
use foamflux_transport::{Coefficients, Problem, Setup, Sides, Stop};

use self::line::{Line, Solve, table};
use self::subject::Subject;
use super::Session;
use crate::args::BenchArgs;
use crate::output;

/// Relative error of tau of the reference solve.
const REFERENCE: f64 = 1e-7;
/// Seed of the volumes.
const SEED: u64 = 1;

pub(crate) fn bench(args: &BenchArgs, session: &Session) -> anyhow::Result<()> {
    let cases = cases(args)?;
    let sizes = match (&args.sizes[..], args.quick) {
        ([], false) => vec![64, 128],
        ([], true) => vec![48],
        (sizes, _) => sizes.to_vec(),
    };
    let tolerances = if args.tol.is_empty() { vec![1e-3, 1e-4] } else { args.tol.clone() };
    for &tol in &tolerances {
        Stop { tau_rel: tol, ..Stop::default() }.check().map_err(|e| usage("tol", e.to_string()))?;
    }
    let rounds = args.rounds.unwrap_or(if args.quick { 1 } else { 3 }).max(1);
    let subjects =
        if args.common.names_device() { vec![Subject::open(session.settings.device, session)?] } else { all(session) };
    if session.dry_run {
        session.note(format!("would solve {} cases at {sizes:?} on {} devices", cases.len(), subjects.len()));
        return Ok(());
    }
    let mut lines = Vec::new();
    let mut tell = |line: Line| -> anyhow::Result<()> {
        if session.json {
            output::print(&serde_json::to_string(&line)?)?;
        }
        lines.push(line);
        Ok(())
    };
    for subject in &subjects {
        tell(subject.bandwidth(args.quick)?)?;
    }
    for &size in &sizes {
        let shape = Shape::cube(size).map_err(PipelineError::from)?;
        for case in &cases {
            let what = format!("{case} at {size}^3");
            session.watch().event(Event::Started { stage: Stage::Transport, what: what.clone() });
            let labels = case.make(shape, SEED).map_err(|e: CaseError| usage("case", e.to_string()))?;
            let conducting = Coefficients::phase(case.conducting()).map_err(PipelineError::from)?;
            let setup = Problem::new(&labels, &conducting, Axis::Z, Sides::NoFlux).map_err(PipelineError::from)?;
            drop(labels);
            let Setup::Ready(problem) = setup else {
                session.note(format!("{what} does not percolate"));
                continue;
            };
            let mut reference = None;
            for subject in &subjects {
                let tight = match reference {
                    Some(tau) => tau,
                    None => {
                        let stop = Stop { tau_rel: REFERENCE, ..Stop::default() };
                        match subject.backend().solve(&problem, &stop, session.watch()) {
                            Ok(solution) => *reference.insert(solution.tau),
                            Err(error) => {
                                tell(Line::failed(subject, &what, &error))?;
                                continue;
                            }
                        }
                    }
                };
                for &tol in &tolerances {
                    let stop = Stop { tau_rel: tol, ..Stop::default() };
                    let place = (case.to_string(), size, tol, tight);
                    match Solve::measure(subject, &problem, &stop, rounds, session.watch()) {
                        Ok(solve) => tell(Line::solve(subject, place, &problem, &solve))?,
                        Err(error) => tell(Line::failed(subject, &what, &error))?,
                    }
                }
                if !args.no_kernels {
                    for line in subject.kernels(&problem, &case.to_string(), size)? {
                        tell(line)?;
                    }
                }
            }
        }
    }
    session.watch.clear();
    if !session.json {
        return output::print(&table(&lines));
    }
    // The lines are out; whoever watches may read them as a table.
    if !args.common.quiet {
        output::complain(&table(&lines));
    }
    Ok(())
}

/// The processor and every device that can be used.
fn all(session: &Session) -> Vec<Subject> {
    let mut subjects = Vec::new();
    #[cfg(feature = "gpu")]
    for device in foamflux_gpu::devices() {
        match Subject::open(Device::Gpu(Some(device.index)), session) {
            Ok(subject) => subjects.push(subject),
            Err(error) => session.note(error.to_string()),
        }
    }
    if let Ok(cpu) = Subject::open(Device::Cpu, session) {
        subjects.push(cpu);
    }
    subjects
}

fn cases(args: &BenchArgs) -> Result<Vec<Case>, PipelineError> {
    let foam = |conducting| Case::Foam { solid_fraction: 0.036, cell_voxel: DEFAULT_CELL_VOXEL, conducting };
    if args.cases.is_empty() {
        return Ok(vec![
            Case::Blobs { porosity: 0.5, correlation_voxel: DEFAULT_CORRELATION_VOXEL },
            foam(Conducting::Pore),
            foam(Conducting::Solid),
            Case::Percolation { probability: 0.34 },
        ]);
    }
    args.cases.iter().map(|text| text.parse().map_err(|e: CaseError| usage("case", e.to_string()))).collect()
}

fn usage(key: &'static str, message: String) -> PipelineError {
    PipelineError::from(ConfigError::Value { key, message })
}
