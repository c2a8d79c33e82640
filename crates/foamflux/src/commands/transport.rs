//! `foamflux transport`.

use std::time::Instant;

use foamflux_grid::{Axis, Labels};
use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::transport::{self as stage, Transport};
use foamflux_pipeline::{PipelineError, Recorder, ingest, memory};
use foamflux_report::{csv, text};

use super::{Session, plan, spare_the_input};
use crate::args::TransportArgs;
use crate::output;

pub(crate) fn transport(args: &TransportArgs, session: &Session) -> anyhow::Result<()> {
    if let Some(path) = args.output.as_deref().filter(|p| p.extension().is_none_or(|e| !e.eq_ignore_ascii_case("vti")))
    {
        return Err(PipelineError::from(ConfigError::Value {
            key: "output",
            message: format!(
                "{} cannot hold potentials and flux vectors: write a file that ends in .vti",
                path.display()
            ),
        })
        .into());
    }
    let path = &args.input.input;
    if let Some(path) = args.profile.as_deref().filter(|p| p.extension().is_none_or(|e| !e.eq_ignore_ascii_case("csv")))
    {
        return Err(PipelineError::from(ConfigError::Value {
            key: "profile",
            message: format!("'{}' would hold a table: write a file that ends in .csv", path.display()),
        })
        .into());
    }
    spare_the_input(path, args.output.as_deref())?;
    spare_the_input(path, args.profile.as_deref())?;
    let mut settings = session.settings.transport.clone();
    // One phase to a command; a configuration that names several is meant for `run`.
    settings.phases.truncate(1);
    settings.max_memory = session.settings.max_memory;
    settings.fields = if args.output.is_some() { settings.axes.clone() } else { Vec::<Axis>::new() };
    if session.dry_run {
        return plan(path, memory::Work::Transport, session);
    }
    let backend = session.backend()?;
    let clock = Instant::now();
    // What reading warns of belongs to the results as well.
    let recorder = Recorder::new(session.watch());
    let labels = ingest::read_labels(path, &session.settings.ingest, &recorder)?;
    let seconds = clock.elapsed().as_secs_f64();
    memory::check(memory::Work::Transport, labels.shape(), 0, session.settings.max_memory)?;
    let solved = stage::transport(&labels, &settings, seconds, backend.as_ref(), &recorder)?;
    let written = write(args, &labels, &solved, session);
    match solved.results.into_values().next() {
        Some(mut results) => {
            results.warnings = recorder.warnings();
            session.show_written(written, &results, text::transport_text)
        }
        None => Err(PipelineError::Internal("a transport without a phase".to_owned()).into()),
    }
}

fn write(args: &TransportArgs, labels: &Labels, solved: &Transport, session: &Session) -> anyhow::Result<()> {
    if let Some(output) = &args.output {
        output::fields(output, labels, &solved.fields, Vec::new()).map_err(PipelineError::from)?;
        session.note(format!("potential, flux and losses written to {}", output.display()));
    }
    if let Some(file) = &args.profile {
        let table = csv::profile_csv(&solved.results);
        foamflux_io::write::file_atomically(file, |out| out.write_all(table.as_bytes()))
            .map_err(PipelineError::from)?;
        session.note(format!("values by slice written to {}", file.display()));
    }
    Ok(())
}
