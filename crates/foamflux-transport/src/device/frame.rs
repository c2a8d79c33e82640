//! The frame around the iteration of any device.

use std::time::Instant;

use foamflux_grid::{Event, Stage, Watch};

use crate::audit::audit;
use crate::backend::{Ending, allowed_energy_error, conclude};
use crate::cpu::{SINGLE_UP_TO, in_double};
use crate::krylov::{End, Limits, Reached};
use crate::tail::Tail;
use crate::{Deviation, Problem, Seconds, Solution, SolveError, Start, Stop};

/// What the iteration of a device left behind.
pub struct Iterated {
    /// The potential of every unknown, in memory order.
    pub deviation: Deviation,
    /// What the Krylov loop reached.
    pub reached: Reached,
    /// Seconds that the levels and their way to the device took.
    pub setup_seconds: f64,
    /// Most bytes held at once, on the device and for it.
    pub peak_bytes: u64,
}

/// Solves a problem with the iteration of a device in single precision, which is given what it may start from: a deviation
/// in memory order that may turn out to be farther from the solution than none.
///
/// Contrasts of conductivity beyond 1e3, and an iteration that exhausts single precision, are solved by the processor in
/// double precision; the watch is told, and the solution's device names both.
///
/// # Errors
/// [`SolveError`], those of `iterate` included.
pub fn solve(
    problem: &Problem,
    from: Option<&Start<'_>>,
    (stop, watch): (&Stop, &dyn Watch),
    device: &str,
    iterate: impl FnOnce(Option<&Deviation>, &mut Tail, &Limits<'_>) -> Result<Iterated, SolveError>,
) -> Result<Solution, SolveError> {
    stop.check()?;
    let start = Instant::now();
    let from = from.map(|from| from.guess(problem)).transpose()?;
    let allowed = |energy: f64| allowed_energy_error(problem, stop, energy);
    let limits = Limits { allowed: &allowed, max_iterations: stop.max_iterations };
    let mut tail = Tail::new();
    let single = problem.contrast() <= SINGLE_UP_TO;
    let first = if single { Some(iterate(from.as_ref(), &mut tail, &limits)?) } else { None };
    let mut name = device.to_owned();
    let run = match first {
        Some(run) if run.reached.end != End::Stalled => run,
        before => {
            name = format!("{device}, then {} in double precision", crate::CpuBackend::name());
            watch.event(Event::Note(match &before {
                Some(_) => {
                    format!("single precision is exhausted on {device}; the processor goes on in double precision")
                }
                None => format!(
                    "conductivities differ by more than {SINGLE_UP_TO:.0e}, which takes double precision: \
                     the processor solves, not {device}"
                ),
            }));
            let from = before.as_ref().map(|b| &b.deviation).or(from.as_ref());
            let mut run = in_double(problem, from, &mut tail, &limits, watch);
            if let Some(before) = before {
                run.setup_seconds += before.setup_seconds;
                run.peak_bytes = run.peak_bytes.max(before.peak_bytes) + 4 * problem.unknowns() as u64;
            } else {
                name = format!("{} in double precision, instead of {device}", crate::CpuBackend::name());
            }
            run
        }
    };
    finish(problem, stop, watch, start, name, run)
}

/// From what an iteration left behind to a solution: the audit in double precision, times and memory.
pub(crate) fn finish(
    problem: &Problem,
    stop: &Stop,
    watch: &dyn Watch,
    start: Instant,
    device: String,
    run: Iterated,
) -> Result<Solution, SolveError> {
    watch.event(Event::Finished {
        stage: Stage::Transport,
        outcome: format!("{} iterations on {} unknowns", run.reached.iterations, problem.unknowns()),
    });
    let found = audit(problem, &run.deviation);
    let seconds = Seconds {
        setup: problem.seconds() + run.setup_seconds,
        solve: start.elapsed().as_secs_f64() - run.setup_seconds,
    };
    let ending = Ending {
        deviation: run.deviation,
        reached: run.reached,
        device,
        seconds,
        peak_bytes: problem.peak_bytes().max(problem.bytes() + run.peak_bytes),
    };
    conclude(problem, stop, ending, &found)
}
