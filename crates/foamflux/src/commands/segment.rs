//! `foamflux segment`.

use foamflux_grid::units;
use foamflux_pipeline::settings::Content;
use foamflux_pipeline::{Input, PipelineError, Recorder, ingest, memory, segment as stage};
use foamflux_report::text;

use super::{Session, check_volume_path, spare_the_input};
use crate::args::SegmentArgs;

pub(crate) fn segment(args: &SegmentArgs, session: &Session) -> anyhow::Result<()> {
    check_volume_path(args.output.as_deref())?;
    spare_the_input(&args.input.input, args.output.as_deref())?;
    let path = &args.input.input;
    if session.dry_run {
        let planned = ingest::plan(path, &session.settings.ingest)?;
        let voxels: usize = planned.volume.shape_zyx.iter().product();
        session.note(format!("segmenting {voxels} voxels: {}", stage::recipe(&session.settings.segment).join("; ")));
        session.note(format!("memory to read: {}", units::format_bytes(planned.bytes_needed)));
        return session.show(&planned, text::ingest_text);
    }
    // What reading warns of belongs to the results as well.
    let recorder = Recorder::new(session.watch());
    let (input, _) = ingest::read_input(path, &session.settings.ingest, &recorder)?;
    let data = match input {
        Input::Grey(data) => data,
        Input::Labels(labels, _) => {
            let present: Vec<String> = labels.present().iter().map(|l| l.to_string()).collect();
            return Err(PipelineError::Content {
                path: path.display().to_string(),
                message: format!(
                    "grey values are expected and these are labels already ({}): use them as they are with 'foamflux \
                     measure' or 'foamflux transport', or force grey with --content {}",
                    present.join(", "),
                    if session.settings.ingest.content == Content::Grey { "auto" } else { "grey" },
                ),
            }
            .into());
        }
    };
    memory::check(memory::Work::Segment, data.shape(), data.sample_type().bytes(), session.settings.max_memory)?;
    let mut segmented = stage::segment(&data, &session.settings.segment, &recorder)?;
    segmented.results.warnings = recorder.warnings();
    if let Some(output) = &args.output {
        foamflux_io::write::labels(output, &segmented.labels).map_err(PipelineError::from)?;
        session.note(format!("labels written to {}", output.display()));
    }
    session.show(&segmented.results, text::segment_text)
}
