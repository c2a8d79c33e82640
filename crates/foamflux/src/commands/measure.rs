//! `foamflux measure`.

use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::{PipelineError, Recorder, ingest, measure as stage, memory};
use foamflux_report::text;

use super::{Session, plan, spare_the_input};
use crate::args::MeasureArgs;

pub(crate) fn measure(args: &MeasureArgs, session: &Session) -> anyhow::Result<()> {
    if let Some(path) = args.output.as_deref().filter(|p| p.extension().is_none_or(|e| !e.eq_ignore_ascii_case("json")))
    {
        return Err(PipelineError::from(ConfigError::Value {
            key: "output",
            message: format!("'{}' cannot hold the results: write a file that ends in .json", path.display()),
        })
        .into());
    }
    let path = &args.input.input;
    spare_the_input(path, args.output.as_deref())?;
    if session.dry_run {
        return plan(path, memory::Work::Measure, session);
    }
    // What reading warns of belongs to the results as well.
    let recorder = Recorder::new(session.watch());
    let labels = ingest::read_labels(path, &session.settings.ingest, &recorder)?;
    memory::check(memory::Work::Measure, labels.shape(), 0, session.settings.max_memory)?;
    let mut results = stage::measure(&labels, None, &session.settings.measure, &recorder)?;
    results.warnings = recorder.warnings();
    let written = args.output.as_deref().map_or(Ok(()), |output| {
        let json = serde_json::to_vec_pretty(&results)?;
        foamflux_io::write::file_atomically(output, |file| file.write_all(&json)).map_err(PipelineError::from)?;
        Ok(())
    });
    session.show_written(written, &results, text::measure_text)
}
