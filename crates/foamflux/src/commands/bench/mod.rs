//! `foamflux bench`: bandwidth, kernels, and whole solves with their errors.
//!
//! A speed without its accuracy is not printed: every case is also solved tightly in the same run, and each line holds the
//! error of its tau, or of its overpotential, against that.

mod compare;
mod current;
mod line;
mod subject;
mod table;
mod volume;

use foamflux_grid::{Event, Stage};
use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::{PipelineError, settings::Device};
use foamflux_transport::Stop;

use self::current::CurrentCase;
use self::line::{Line, Place, Solve};
use self::subject::Subject;
use self::table::table;
use self::volume::{Volume, volumes};
use super::Session;
use crate::args::BenchArgs;
use crate::{lines, output};

/// Relative error of tau of the reference solve.
const REFERENCE: f64 = 1e-7;

pub(crate) fn bench(args: &BenchArgs, session: &Session) -> anyhow::Result<()> {
    let (cases, currents) = cases(&args.cases)?;
    let before = args.compare.as_deref().map(compare::read).transpose()?;
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
        let number = cases.len() + currents.len();
        session.note(format!("would solve {number} cases at {sizes:?} on {} devices", subjects.len()));
        return Ok(());
    }
    let mut lines = Vec::new();
    // The first failure and whether anything was solved: a benchmark without a figure has failed.
    let (mut failure, mut solved) = (None, false);
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
    for case in &cases {
        for size in case.sizes(&sizes) {
            let what = size.map_or_else(|| case.to_string(), |size| format!("{case} at {size}^3"));
            session.watch().event(Event::Started { stage: Stage::Transport, what: what.clone() });
            let Some(problem) = case.problem(size, session)? else { continue };
            let place = Place::of(&case.to_string(), problem.shape());
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
                                failure.get_or_insert(PipelineError::Solve { what: what.clone(), source: error });
                                continue;
                            }
                        }
                    }
                };
                for &tol in &tolerances {
                    let stop = Stop { tau_rel: tol, ..Stop::default() };
                    match Solve::measure(subject, &problem, &stop, rounds, session.watch()) {
                        Ok(solve) => {
                            solved = true;
                            tell(Line::solve(subject, place.clone(), (tol, tight), &problem, &solve))?;
                        }
                        Err(error) => {
                            tell(Line::failed(subject, &what, &error))?;
                            failure.get_or_insert(PipelineError::Solve { what: what.clone(), source: error });
                        }
                    }
                }
                if !args.no_kernels {
                    for line in subject.kernels(&problem, &place)? {
                        tell(line)?;
                    }
                }
            }
        }
    }
    for case in &currents {
        for &size in &sizes {
            match case.run(size, &subjects, rounds, session, &mut tell)? {
                Ok(()) => solved = true,
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
    }
    session.watch.clear();
    let mut text = table(&lines);
    if let Some(before) = before {
        text.push_str(&compare::table(&lines, &before));
    }
    if !session.json {
        output::print(&text)?;
    } else if !args.common.quiet && !lines::asked() {
        // The lines are out; whoever watches may read them as a table.
        output::complain(&text);
    }
    match failure {
        Some(error) if !solved => Err(error.into()),
        _ => Ok(()),
    }
}

/// Transport's cases and coupled ones; the standard ones where none are named.
fn cases(texts: &[String]) -> Result<(Vec<Volume>, Vec<CurrentCase>), PipelineError> {
    let (mut others, mut currents) = (Vec::new(), Vec::new());
    for text in texts {
        match CurrentCase::read(text) {
            Some(case) => currents.push(case?),
            None => others.push(text.clone()),
        }
    }
    match (others.is_empty(), currents.is_empty()) {
        (true, true) => Ok((volumes(&others)?, vec![CurrentCase::PLAIN])),
        (true, false) => Ok((Vec::new(), currents)),
        (false, _) => Ok((volumes(&others)?, currents)),
    }
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

fn usage(key: &'static str, message: String) -> PipelineError {
    PipelineError::from(ConfigError::Value { key, message })
}
