//! `foamflux tag`: nodes and fibres.

use std::path::{Path, PathBuf};

use foamflux_grid::Labels;
use foamflux_io::read::StackData;
use foamflux_io::write::{Existing, OutputFolder, VtiArray, VtiData, file_atomically};
use foamflux_network::{Conduction, Direction, Network, export};
use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::tag::{self as stage, Extras, Given, Tagged};
use foamflux_pipeline::{PipelineError, Recorder, ingest, memory};
use foamflux_report::text;

use super::{Session, check_volume_path, plan, spare_the_input};
use crate::args::TagArgs;

pub(crate) fn tag(args: &TagArgs, session: &Session) -> anyhow::Result<()> {
    check_volume_path(args.output.as_deref())?;
    check_orientation_path(args.orientation.as_deref())?;
    let path = &args.input.input;
    spare_the_input(path, args.output.as_deref())?;
    spare_the_input(path, args.orientation.as_deref())?;
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
    let grey = args.grey.as_deref().map(|path| grey_beside(path, &labels, session)).transpose()?;
    let grey_bytes = grey.as_ref().map_or(0, |g| g.sample_type().bytes());
    memory::check(memory::Work::Tag, labels.shape(), grey_bytes, session.settings.max_memory)?;
    let extras = Extras {
        given: Given::Replace,
        debris: session.settings.config.tag_debris.unwrap_or(false),
        grey: grey.as_ref(),
        directions: args.orientation.is_some(),
    };
    let mut tagged = stage::tag(&labels, &session.settings.tag, extras, &recorder)?;
    drop(labels);
    tagged.results.warnings = recorder.warnings();
    let written = write(args, &tagged, folder, session);
    session.show_written(written, &tagged.results, text::tag_text)
}

fn check_orientation_path(path: Option<&Path>) -> Result<(), PipelineError> {
    match path {
        Some(path) if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("vti")) => {
            Err(PipelineError::from(ConfigError::Value {
                key: "orientation",
                message: format!("'{}' cannot hold vectors: write a file that ends in .vti", path.display()),
            }))
        }
        _ => Ok(()),
    }
}

/// Directions as a vector per voxel, zero in the pore, with the linearity beside them.
fn write_directions(path: &Path, tagged: &Tagged, directions: &[Direction]) -> Result<(), PipelineError> {
    let (labels, solid) = (&tagged.labels, tagged.network.tags.as_slice());
    let mut along = vec![0f32; 3 * solid.len()];
    let mut linearity = vec![0f32; solid.len()];
    let of_solid = solid.iter().enumerate().filter(|&(_, &tag)| tag > 0).map(|(i, _)| i);
    for (i, d) in of_solid.zip(directions) {
        along[3 * i..3 * i + 3].copy_from_slice(&d.along);
        linearity[i] = d.linearity;
    }
    let arrays = [
        VtiArray { name: "fibre_direction", data: VtiData::Vector3F32(&along) },
        VtiArray { name: "linearity", data: VtiData::F32(&linearity) },
        VtiArray { name: "tags", data: VtiData::U8(labels.volume().as_slice()) },
    ];
    Ok(foamflux_io::write::vti(path, labels.shape(), labels.voxel_size(), &arrays)?)
}

/// The grey stack that the labels were made from.
fn grey_beside(path: &Path, labels: &Labels, session: &Session) -> anyhow::Result<StackData> {
    let stack = ingest::read_stack(path, &session.settings.ingest, session.watch())?;
    if stack.data.shape() != labels.shape() {
        return Err(PipelineError::Content {
            path: path.display().to_string(),
            message: format!(
                "holds {} voxels (z,y,x) and the labels {}: --grey takes the stack that the labels were made from",
                stack.data.shape(),
                labels.shape()
            ),
        }
        .into());
    }
    Ok(stack.data)
}

/// `tags.tif` has its graph in `tags-network`.
fn beside(output: &Path) -> PathBuf {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!("{stem}-network"))
}

/// The files of a graph: name and text.
pub(super) fn graph_files(network: &Network, conduction: &[Conduction]) -> [(&'static str, &'static str, String); 4] {
    [
        ("nodes.csv", "one row per node, units in the header", export::nodes_csv(network)),
        ("fibres.csv", "one row per fibre, units in the header", export::fibres_csv(network, conduction)),
        ("network.vtp", "axes of the fibres for ParaView, over labels.tif or fields.vti", export::vtp(network)),
        ("network.graphml", "the graph for networkx, igraph or Gephi", export::graphml(network)),
    ]
}

/// Writes what was asked for.
fn write(args: &TagArgs, tagged: &Tagged, folder: Option<OutputFolder>, session: &Session) -> anyhow::Result<()> {
    if let Some(output) = &args.output {
        foamflux_io::write::labels(output, &tagged.labels).map_err(PipelineError::from)?;
        session.note(format!("tags written to {}", output.display()));
    }
    if let (Some(path), Some(directions)) = (&args.orientation, &tagged.directions) {
        write_directions(path, tagged, directions)?;
        session.note(format!("directions written to {}", path.display()));
    }
    if let Some(folder) = folder {
        write_graph(tagged, &folder)?;
        let place = folder.destination().display().to_string();
        folder.commit().map_err(PipelineError::from)?;
        session.note(format!("graph written to {place}: nodes.csv, fibres.csv, network.vtp, network.graphml"));
    }
    Ok(())
}

fn write_graph(tagged: &Tagged, folder: &OutputFolder) -> anyhow::Result<()> {
    let save = |name: &str, text: &str| {
        file_atomically(&folder.join(name), |file| file.write_all(text.as_bytes())).map_err(PipelineError::from)
    };
    for (name, _, text) in graph_files(&tagged.network, &tagged.conduction) {
        save(name, &text)?;
    }
    save("results.json", &serde_json::to_string_pretty(&tagged.results)?)?;
    Ok(())
}
