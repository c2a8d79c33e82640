//! `foamflux ingest`.

use foamflux_pipeline::{PipelineError, ingest as stage};
use foamflux_report::text;

use super::{Session, check_volume_path, spare_the_input};
use crate::args::IngestArgs;

pub(crate) fn ingest(args: &IngestArgs, session: &Session) -> anyhow::Result<()> {
    check_volume_path(args.output.as_deref())?;
    spare_the_input(&args.input.input, args.output.as_deref())?;
    let settings = &session.settings.ingest;
    if session.dry_run {
        let planned = stage::plan(&args.input.input, settings)?;
        return session.show(&planned, text::ingest_text);
    }
    let stack = stage::read_stack(&args.input.input, settings, session.watch())?;
    let results = stage::results(&args.input.input, &stack.report, Some(&stack.data));
    if let Some(path) = &args.output {
        foamflux_io::for_each_type!(&stack.data, volume => foamflux_io::write::volume(path, volume, "grey"))
            .map_err(PipelineError::from)?;
        session.note(format!("volume written to {}", path.display()));
    }
    session.show(&results, text::ingest_text)
}
