//! `foamflux measure`.

use foamflux_pipeline::{PipelineError, ingest, measure as stage, memory};
use foamflux_report::text;

use super::Session;
use crate::args::MeasureArgs;

pub(crate) fn measure(args: &MeasureArgs, session: &Session) -> anyhow::Result<()> {
    let path = &args.input.input;
    if session.dry_run {
        let planned = ingest::plan(path, &session.settings.ingest)?;
        return session.show(&planned, text::ingest_text);
    }
    let labels = ingest::read_labels(path, &session.settings.ingest, session.watch())?;
    memory::check(memory::Work::Measure, labels.shape(), 0, session.settings.max_memory)?;
    let results = stage::measure(&labels, None, &session.settings.measure, session.watch())?;
    if let Some(output) = &args.output {
        let json = serde_json::to_vec_pretty(&results)?;
        foamflux_io::write::file_atomically(output, |file| file.write_all(&json)).map_err(PipelineError::from)?;
    }
    session.show(&results, text::measure_text)
}
