//! `foamflux segment`.

use std::path::Path;

use foamflux_grid::{Event, Labels, Watch, units};
use foamflux_pipeline::grey::{self, Labelled};
use foamflux_pipeline::prepare;
use foamflux_pipeline::segment::Segmented;
use foamflux_pipeline::settings::{Content, IngestSettings};
use foamflux_pipeline::truth::score;
use foamflux_pipeline::{Input, PipelineError, Recorder, ingest, segment as stage};
use foamflux_report::text;

use super::{Session, check_volume_path, spare_the_input};
use crate::args::SegmentArgs;

pub(crate) fn segment(args: &SegmentArgs, session: &Session) -> anyhow::Result<()> {
    for output in [args.output.as_deref(), args.uncertain.as_deref()] {
        check_volume_path(output)?;
        spare_the_input(&args.input.input, output)?;
    }
    let path = &args.input.input;
    if session.dry_run {
        let planned = ingest::plan(path, &session.settings.ingest)?;
        let voxels: usize = planned.volume.shape_zyx.iter().product();
        session.note(format!("segmenting {voxels} voxels: {}", stage::recipe(&session.settings.segment).join("; ")));
        session.note(format!("memory to read: {}", units::format_bytes(planned.bytes_needed)));
        return session.show(&planned, text::ingest_text);
    }
    // Read first: a truth that cannot be read is better refused before the work than after.
    let truth = args.truth.as_deref().map(|path| read_truth(path, session)).transpose()?;
    // What reading warns of belongs to the results as well.
    let recorder = Recorder::new(session.watch());
    // A label map is that of the truth where there is one, and does not make the image labels.
    let mut ingest_settings = session.settings.ingest.clone();
    if truth.is_some() {
        ingest_settings.labels = None;
    }
    let (input, _) = ingest::read_input(path, &ingest_settings, &recorder)?;
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
    let Labelled { whole, region, mut segmented, .. } = grey::labelled(data, &session.settings, &recorder)?;
    // First, so that what is not written is told in the results as well.
    let written = write(args, &segmented, &recorder, session);
    segmented.results.warnings = recorder.warnings();
    if let Some((truth, name)) = &truth {
        // The truth of the whole stack is cut to the part that the alignment left.
        let cut = (truth.shape() == whole && region != whole.region())
            .then(|| truth.volume().crop(region).and_then(Labels::new))
            .transpose()
            .map_err(PipelineError::from)?;
        let truth = cut.as_ref().unwrap_or(truth);
        let backend = args.truth_tau.as_ref().map(|_| session.backend()).transpose()?;
        let mut transport = session.settings.transport.clone();
        transport.fields.clear();
        let tau = backend.as_ref().map(|b| (&transport, b.as_ref()));
        segmented.results.score = Some(score(&segmented.labels, truth, name, tau, session.watch())?);
    }
    session.show_written(written, &segmented.results, text::segment_text)
}

/// Writes what was asked for; what there is not is a warning.
fn write(args: &SegmentArgs, segmented: &Segmented, watch: &dyn Watch, session: &Session) -> anyhow::Result<()> {
    let text = |path: &Path, text: &str| {
        foamflux_io::write::file_atomically(path, |file| file.write_all(text.as_bytes())).map_err(PipelineError::from)
    };
    let missing = |path: &Path, why: &str| {
        watch.event(Event::Warning(format!("{} was not written: {why}", path.display())));
    };
    let results = &segmented.results;
    if let Some(path) = &args.shifts {
        match results.preparation.as_ref().and_then(|p| p.alignment.as_ref()) {
            Some(alignment) => {
                text(path, &prepare::alignment_csv(alignment))?;
                session.note(format!("displacements written to {}", path.display()));
            }
            None => missing(path, "--shifts needs --align"),
        }
    }
    if let (Some(path), Some(recipe)) = (&args.save_recipe, &results.recipe_toml) {
        text(path, recipe)?;
        session.note(format!("recipe written to {}", path.display()));
    }
    if let Some(path) = &args.output {
        foamflux_io::write::labels(path, &segmented.labels).map_err(PipelineError::from)?;
        session.note(format!("labels written to {}", path.display()));
    }
    if let Some(path) = &args.uncertain {
        match &segmented.doubt {
            Some(doubt) => {
                foamflux_io::write::volume(path, &doubt.map(), "doubt").map_err(PipelineError::from)?;
                session.note(format!("uncertain voxels written to {}", path.display()));
            }
            None => missing(path, "there is no threshold band"),
        }
    }
    Ok(())
}

/// The true labels, with the flags for crops and merged voxels that act on the image as well.
fn read_truth(path: &Path, session: &Session) -> Result<(Labels, String), PipelineError> {
    let labels = ingest::read_labels(
        path,
        &IngestSettings { content: Content::Labels, ..session.settings.ingest.clone() },
        session.watch(),
    )?;
    Ok((labels, path.display().to_string()))
}
