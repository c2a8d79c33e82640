//! `foamflux host`: synthetic hosts with their ground truth.

mod demo;
mod gallery;
mod grey;
mod list;

use std::path::Path;

use foamflux_grid::units;
use foamflux_hosts::imaging;
use foamflux_hosts::{HostError, Recipe, Truth};
use foamflux_io::write::{self, Existing, OutputFolder};
use foamflux_pipeline::PipelineError;
use foamflux_pipeline::config::ConfigError;

use super::Session;
use crate::args::HostArgs;
pub(super) use demo::demo_stack;

pub(crate) fn host(args: &HostArgs, session: &Session) -> anyhow::Result<()> {
    if args.list {
        return list::list(session);
    }
    if let Some(name) = &args.explain {
        return list::explain(&recipe(name, args)?, session);
    }
    let name = args.name.as_deref().unwrap_or_default();
    let Some(out) = &args.output else { return Err(usage("output", "a folder to write is needed".to_owned())) };
    if args.gallery {
        return gallery::gallery(args, out, session);
    }
    if name == "grey" {
        return grey::grey(args, out, session);
    }
    if let Some(labels) = &args.image_of {
        return Err(argument(format!("'{}' is one name too many: '{name}' is made, not imaged", labels.display())));
    }
    if name == demo::NAME {
        return demo::host(args, out, session);
    }
    let recipe = recipe(name, args)?;
    make(&recipe, args, out, session)
}

/// The preset of a name with the user's changes: the file first, then `--set`, then the flags.
fn recipe(name: &str, args: &HostArgs) -> anyhow::Result<Recipe> {
    if name == demo::NAME {
        return Err(argument(format!(
            "'{name}' is fixed, because published data depend on it: take 'cmf-sem' or 'laguerre-foam' to change \
             parameters"
        )));
    }
    let mut recipe = Recipe::named(name)
        .map_err(|e| match e {
            HostError::UnknownHost { name, meant, known } => {
                HostError::UnknownHost { name, meant, known: format!("{}, {known}", demo::NAME) }
            }
            other => other,
        })
        .map_err(refused)?;
    if let Some(path) = &args.params {
        for (key, value) in parameters(path)? {
            recipe.set(&key, &value).map_err(|e| argument(format!("{}: {e}", path.display())))?;
        }
    }
    for text in &args.set {
        let Some((key, value)) = text.split_once('=') else {
            return Err(usage("set", format!("'{text}' is not KEY=VALUE, as in strut_diameter=6.2um")));
        };
        recipe.set(key.trim(), value).map_err(refused)?;
    }
    for (key, value) in [("size", &args.size), ("voxel_size", &args.voxel_size)] {
        if let Some(value) = value {
            recipe.set(key, value).map_err(refused)?;
        }
    }
    Ok(recipe)
}

/// The lines of a parameter file, in its order.
fn parameters(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| PipelineError::from(ConfigError::Unreadable { path: path.to_owned(), source }))?;
    let wrong = |message: String| argument(format!("{}: {message}", path.display()));
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| wrong(e.to_string()))?;
    let scalar = |value: &toml::Value| match value {
        toml::Value::String(s) => Some(s.clone()),
        toml::Value::Integer(n) => Some(n.to_string()),
        toml::Value::Float(v) => Some(v.to_string()),
        toml::Value::Boolean(b) => Some(b.to_string()),
        _ => None,
    };
    let mut list = Vec::new();
    for (key, value) in &table {
        let text = match value {
            toml::Value::Array(items) => items.iter().map(scalar).collect::<Option<Vec<_>>>().map(|v| v.join(",")),
            other => scalar(other),
        };
        let Some(text) = text else {
            return Err(wrong(format!(
                "{key} is a table: write key = value lines, see 'foamflux host --explain NAME'"
            )));
        };
        list.push((key.clone(), text));
    }
    Ok(list)
}

fn make(recipe: &Recipe, args: &HostArgs, out: &Path, session: &Session) -> anyhow::Result<()> {
    let seed = session.settings.config.seed.unwrap_or(1);
    let name = recipe.preset().name;
    let shape = recipe.shape();
    // Labels and the mask they come from; lithium needs distances, grey its field, blurred copy and image.
    let needs_distances = recipe.entries().iter().any(|e| e.key == "lithium" && e.text == "conformal");
    let instrument = args.grey.or(args.grey_only.then_some(crate::args::Instrument::Ct));
    let per_voxel = 2 + if needs_distances { 8 } else { 0 } + if instrument.is_some() { 16 } else { 0 };
    let need = per_voxel * shape.len() as u64;
    if let Some(limit) = session.settings.max_memory
        && need > limit
    {
        return Err(too_large(shape.len(), need, limit));
    }
    if session.dry_run {
        session.note_memory(need);
        session.note(format!("would write {name} with seed {seed}, {shape} voxels (z,y,x), to {}", out.display()));
        return Ok(());
    }
    if args.grey_only {
        let host = recipe.build(seed).map_err(refused)?;
        let drawn = host.draw().map_err(refused)?;
        let field = field(&host, &drawn)?;
        return grey::write(&field, args.mode.unwrap_or(crate::args::Instrument::Ct), args, out, name, seed)
            .map(|_| ());
    }
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    // Refuses before any work.
    let folder = OutputFolder::create(out, existing).map_err(PipelineError::from)?;
    let host = recipe.build(seed).map_err(refused)?;
    let drawn = host.draw().map_err(refused)?;
    write::labels(&folder.join("labels.tif"), &drawn.labels).map_err(PipelineError::from)?;
    if let Some(graph) = host.graph() {
        text_file(&folder.join("truth_nodes.csv"), &graph.nodes_csv())?;
        text_file(&folder.join("truth_struts.csv"), &graph.struts_csv())?;
    }
    if let Some(instrument) = instrument {
        let field = field(&host, &drawn)?;
        let (record, imaged) = grey::write(&field, instrument, args, &folder.join("grey"), name, seed)?;
        if let Some(imaged) = imaged {
            write::labels(&folder.join("labels_imaged.tif"), &imaged).map_err(PipelineError::from)?;
        }
        text_file(&folder.join("truth_grey.json"), &serde_json::to_string_pretty(&record)?)?;
    }
    let truth = host.truth(&drawn).map_err(refused)?;
    text_file(&folder.join("truth.json"), &serde_json::to_string_pretty(&truth)?)?;
    folder.commit().map_err(PipelineError::from)?;
    for note in &truth.notes {
        session.note(format!("{name}: {note}"));
    }
    session.show(&truth, |truth| summary(truth, out))
}

/// What an instrument sees: partial volumes where the bare solid is the whole host, labels otherwise.
fn field(
    host: &foamflux_hosts::HostModel,
    drawn: &foamflux_hosts::Drawn,
) -> anyhow::Result<foamflux_grid::Volume<f32>> {
    Ok(match host.coverage().map_err(refused)? {
        Some(coverage) => coverage,
        None => imaging::brightness(&drawn.labels),
    })
}

fn summary(truth: &Truth, out: &Path) -> String {
    let area = truth.area_per_volume_per_m;
    let mut text = format!(
        "{} (seed {}) in {}\n  solid volume fraction  {:.5} \u{b1} {:.1e} (voxels {:.5})\n  area per volume        \
         {:.4e} \u{b1} {:.0e} 1/m",
        truth.name,
        truth.seed,
        out.display(),
        truth.solid_volume_fraction.value,
        truth.solid_volume_fraction.uncertainty,
        truth.solid_voxel_fraction,
        area.value,
        area.uncertainty,
    );
    for relation in &truth.relations {
        text += &format!("\n  {:<23}{:.4e} ({})", relation.quantity, relation.value, relation.relation);
    }
    if let Some(graph) = &truth.graph {
        text += &format!("\n  nodes, struts          {}, {}", graph.nodes, graph.struts);
    }
    text
}

fn text_file(path: &Path, text: &str) -> anyhow::Result<()> {
    Ok(write::file_atomically(path, |f| f.write_all(text.as_bytes())).map_err(PipelineError::from)?)
}

fn refused(e: HostError) -> anyhow::Error {
    argument(e.to_string())
}

fn argument(message: String) -> anyhow::Error {
    PipelineError::from(ConfigError::Argument(message)).into()
}

fn too_large(voxels: usize, need: u64, limit: u64) -> anyhow::Error {
    let (need, limit) = (units::format_bytes(need), units::format_bytes(limit));
    let error = PipelineError::Memory { what: "making a host", voxels, need, limit };
    anyhow::Error::from(error).context("take a smaller box with --size")
}

fn usage(key: &'static str, message: String) -> anyhow::Error {
    PipelineError::from(ConfigError::Value { key, message }).into()
}
