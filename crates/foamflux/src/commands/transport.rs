//! `foamflux transport`.

use std::time::Instant;

use foamflux_grid::Axis;
use foamflux_pipeline::{PipelineError, ingest, memory, transport as stage};
use foamflux_report::text;

use super::{Session, check_volume_path};
use crate::args::TransportArgs;
use crate::output;

pub(crate) fn transport(args: &TransportArgs, session: &Session) -> anyhow::Result<()> {
    check_volume_path(args.output.as_deref())?;
    let path = &args.input.input;
    let mut settings = session.settings.transport.clone();
    // One phase to a command; a configuration that names several is meant for `run`.
    settings.phases.truncate(1);
    settings.fields = if args.output.is_some() { settings.axes.clone() } else { Vec::<Axis>::new() };
    if session.dry_run {
        let planned = ingest::plan(path, &session.settings.ingest)?;
        return session.show(&planned, text::ingest_text);
    }
    let backend = session.backend()?;
    let clock = Instant::now();
    let labels = ingest::read_labels(path, &session.settings.ingest, session.watch())?;
    let seconds = clock.elapsed().as_secs_f64();
    memory::check(memory::Work::Transport, labels.shape(), 0, session.settings.max_memory)?;
    let solved = stage::transport(&labels, &settings, seconds, backend.as_ref(), session.watch())?;
    if let Some(output) = &args.output {
        output::fields(output, &labels, &solved.fields).map_err(PipelineError::from)?;
        session.note(format!("potential and flux written to {}", output.display()));
    }
    match solved.results.values().next() {
        Some(results) => session.show(results, text::transport_text),
        None => Err(PipelineError::Internal("a transport without a phase".to_owned()).into()),
    }
}
