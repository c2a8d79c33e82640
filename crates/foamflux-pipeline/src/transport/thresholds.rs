//! tau at the ends of the threshold band: each solve starts from the solution at the threshold that was taken.

use std::time::Instant;

use foamflux_grid::{Axis, Event, Stage};
use foamflux_results::TauThresholds;
use foamflux_transport::{Problem, Setup, Solution, SolveError, Start};

use super::Task;
use crate::doubt::{Doubt, End};
use crate::error::PipelineError;

impl Task<'_> {
    /// tau at the ends of the threshold band, from the solution in between.
    pub(super) fn at_thresholds(
        &self,
        doubt: &Doubt,
        axis: Axis,
        problem: &Problem,
        solution: &Solution,
        warnings: &mut Vec<String>,
    ) -> Result<TauThresholds, PipelineError> {
        let Task { labels, phase, coefficients, settings, backend, watch, .. } = *self;
        let clock = Instant::now();
        let (mut taus, mut iterations) = ([None; 2], [0; 2]);
        for (k, end) in End::BOTH.into_iter().enumerate() {
            let what = format!("tau of {} along {axis} at the {} threshold", phase.name, end.name());
            watch.event(Event::Started { stage: Stage::Transport, what: what.clone() });
            let others = doubt.labels(end, labels)?;
            match Problem::new(&others, coefficients, axis, settings.sides)? {
                Setup::Blocked(_) => warnings.push(format!(
                    "{} does not percolate along {axis} at the {} threshold of the band: D_eff may be anything from zero on",
                    phase.name,
                    end.name()
                )),
                Setup::Ready(other) => {
                    drop(others);
                    let start = Start::of(problem, solution).ok();
                    match backend.solve_from(&other, start.as_ref(), &settings.stop, watch) {
                        Ok(found) => (taus[k], iterations[k]) = (Some(found.tau), u64::from(found.iterations)),
                        Err(SolveError::Cancelled { .. }) => return Err(PipelineError::Cancelled),
                        // The number itself stands; what is left out is said.
                        Err(why) => warnings.push(format!("{what}: {why}")),
                    }
                }
            }
        }
        Ok(TauThresholds { low: taus[0], high: taus[1], iterations, seconds: clock.elapsed().as_secs_f64() })
    }
}
