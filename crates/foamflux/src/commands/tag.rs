//! `foamflux tag`: nodes and fibres.

use std::path::{Path, PathBuf};

use foamflux_io::write::{Existing, OutputFolder, file_atomically};
use foamflux_network::export;
use foamflux_pipeline::tag::{self as stage, Tagged};
use foamflux_pipeline::{PipelineError, Recorder, ingest, memory};
use foamflux_report::text;

use super::{Session, check_volume_path, plan, spare_the_input};
use crate::args::TagArgs;

pub(crate) fn tag(args: &TagArgs, session: &Session) -> anyhow::Result<()> {
    check_volume_path(args.output.as_deref())?;
    let path = &args.input.input;
    spare_the_input(path, args.output.as_deref())?;
    if session.dry_run {
        return plan(path, memory::Work::Tag, session);
    }
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    let graph = args.network.clone().or_else(|| args.output.as_deref().map(beside));
    // The folder is begun first: a name that cannot be written is better refused before the work than after.
    let folder =
        graph.as_deref().map(|g| OutputFolder::create(g, existing)).transpose().map_err(PipelineError::from)?;
    // What reading warns of belongs to the results as well.
    let recorder = Recorder::new(session.watch());
    let labels = ingest::read_labels(path, &session.settings.ingest, &recorder)?;
    memory::check(memory::Work::Tag, labels.shape(), 0, session.settings.max_memory)?;
    let mut tagged = stage::tag(&labels, &session.settings.tag, &recorder)?;
    drop(labels);
    tagged.results.warnings = recorder.warnings();
    if let Some(output) = &args.output {
        foamflux_io::write::labels(output, &tagged.labels).map_err(PipelineError::from)?;
        session.note(format!("tags written to {}", output.display()));
    }
    if let Some(folder) = folder {
        write(&tagged, &folder)?;
        let place = folder.destination().display().to_string();
        folder.commit().map_err(PipelineError::from)?;
        session.note(format!("graph written to {place}: nodes.csv, fibres.csv, network.vtp, network.graphml"));
    }
    session.show(&tagged.results, text::tag_text)
}

/// `tags.tif` has its graph in `tags-network`.
fn beside(output: &Path) -> PathBuf {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!("{stem}-network"))
}

fn write(tagged: &Tagged, folder: &OutputFolder) -> anyhow::Result<()> {
    let network = &tagged.network;
    for (name, text) in [
        ("nodes.csv", export::nodes_csv(network)),
        ("fibres.csv", export::fibres_csv(network, &tagged.conduction)),
        ("network.vtp", export::vtp(network)),
        ("network.graphml", export::graphml(network)),
        ("results.json", serde_json::to_string_pretty(&tagged.results)?),
    ] {
        file_atomically(&folder.join(name), |file| file.write_all(text.as_bytes())).map_err(PipelineError::from)?;
    }
    Ok(())
}
