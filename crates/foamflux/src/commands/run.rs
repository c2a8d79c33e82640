//! `foamflux run` and `foamflux demo`.

use std::path::Path;

use foamflux_grid::{Event, Stage};
use foamflux_io::write::{Existing, OutputFolder, VtiArray, VtiData};
use foamflux_pipeline::doubt::Doubt;
use foamflux_pipeline::keep::Keep;
use foamflux_pipeline::run::{RunOutput, Source, resumable};
use foamflux_pipeline::{PipelineError, Settings, ingest, memory, prepare, segment};
use foamflux_report::{csv, html, text};

use super::Session;
use super::keep::Folder;
use crate::args::{DemoArgs, RunArgs};
use crate::{exports, figures, output};

pub(crate) fn run(args: &RunArgs, session: &Session) -> anyhow::Result<()> {
    if session.dry_run {
        return plan(&args.input.input, session);
    }
    let source = Source::Path(args.input.input.clone());
    let mut keep = Folder::beside(&args.output, "run");
    let done = execute(source, &args.output, args.overwrite, Some((&mut keep, args.resume)), session);
    if done.is_ok() {
        keep.remove();
    }
    done
}

pub(crate) fn demo(args: &DemoArgs, session: &Session) -> anyhow::Result<()> {
    let seed = session.settings.config.seed.unwrap_or(1);
    let made = super::host::demo_stack(seed)?;
    if session.dry_run {
        session.note(format!("would make {} and do the main job on it", made.kind));
        return Ok(());
    }
    execute(Source::Made { data: made.grey, kind: made.kind }, &args.output, args.overwrite, None, session)
}

fn execute(
    source: Source,
    out: &Path,
    overwrite: bool,
    keep: Option<(&mut Folder, bool)>,
    session: &Session,
) -> anyhow::Result<()> {
    let backend = session.backend()?;
    let existing = if overwrite { Existing::Replace } else { Existing::Refuse };
    // The folder is begun first: a name that cannot be written is better refused before an hour of work than after.
    let folder = OutputFolder::create(out, existing).map_err(PipelineError::from)?;
    let (settings, watch) = (&session.settings, session.watch());
    if let Some((keep, resume)) = &keep {
        // Not before the folder is begun: a command that is refused takes nothing away.
        match (keep.exists(), resume) {
            (true, false) => {
                session.note("an interrupted run is replaced; --resume would go on with it".to_owned());
                keep.remove();
            }
            (false, true) => session.note("nothing was kept of an interrupted run: it begins anew".to_owned()),
            _ => {}
        }
    }
    let keep = keep.map(|(keep, resume)| (keep as &mut dyn Keep, resume));
    let mut done = resumable(source, settings, keep, backend.as_ref(), watch)?;
    watch.event(Event::Started { stage: Stage::Write, what: out.display().to_string() });
    let written = match write(&mut done, settings, &folder) {
        Ok(()) => folder.commit().map_err(|error| PipelineError::from(error).into()),
        Err(error) => Err(error),
    };
    watch.event(Event::Finished { stage: Stage::Write, outcome: String::new() });
    if written.is_ok() {
        session.note(format!("results are in {}; open {}", out.display(), out.join("report.html").display()));
    }
    session.show_written(written, &done.results, text::run_text)
}

/// Writes every file of the run into the folder under construction.
fn write(done: &mut RunOutput, settings: &Settings, folder: &OutputFolder) -> anyhow::Result<()> {
    use foamflux_io::write as io;
    let pictures = figures::draw(done)?;
    done.results.peak_memory_bytes = super::peak_memory();
    done.results.figures = pictures.iter().map(|p| p.figure.clone()).collect();
    let has_fields = !done.fields.is_empty() || done.current.is_some();
    let mut files = vec![
        ("results.json", "all numbers, SI, with configuration, input hashes and warnings"),
        ("results.csv", "one row per sample, units in the header"),
        ("report.html", "everything on one page; opens offline"),
        ("labels.tif", "labels as numbers: 0 pore, 1 fibre, 2 node, and so on"),
    ];
    if has_fields {
        files.push((
            "fields.vti",
            "labels, potentials, flux vectors, losses and current density for ParaView, geometry in \u{b5}m",
        ));
    }
    if done.doubt.is_some() {
        files.push((
            "doubt.tif",
            "at how many of the three thresholds of the band a voxel is solid: 0 pore and 3 solid in any case, 1 and 2 uncertain",
        ));
    }
    let shifts = done.results.segment.as_ref().and_then(|s| s.preparation.as_ref()?.alignment.as_ref());
    let shifts = shifts.map(prepare::alignment_csv);
    if shifts.is_some() {
        files.push(("alignment.csv", "displacement of every slice, measured and taken out, in pixels"));
    }
    if done.results.segment.as_ref().is_some_and(|s| s.recipe_toml.is_some()) {
        files.push(("recipe.toml", "the segmentation as a recipe, repeated with --recipe"));
    }
    let has_profile = done.results.transport.values().any(|t| t.directions.values().any(|d| d.profile.is_some()));
    if has_profile {
        files.push(("profile.csv", "values by slice of every phase and direction, units in the header"));
    }
    let graph = done.network.as_ref().map(|(network, conduction)| super::tag::graph_files(network, conduction));
    done.results.files = files.iter().map(|(name, what)| ((*name).to_owned(), (*what).to_owned())).collect();
    for (name, what, _) in graph.iter().flatten() {
        done.results.files.insert(format!("network/{name}"), (*what).to_owned());
    }
    for figure in &done.results.figures {
        done.results.files.insert(figure.path.clone(), figure.title.clone());
    }
    for (name, what) in exports::write(done, settings, folder)? {
        done.results.files.insert(name.to_owned(), what.to_owned());
    }

    io::labels(&folder.join("labels.tif"), &done.labels).map_err(PipelineError::from)?;
    let map = done.doubt.as_ref().map(Doubt::map);
    if let Some(map) = &map {
        io::volume(&folder.join("doubt.tif"), map, "doubt").map_err(PipelineError::from)?;
    }
    if has_fields {
        let mut more = done.current.as_ref().map(super::current::arrays_of).unwrap_or_default();
        if let Some(map) = &map {
            more.push(VtiArray { name: "solid_at_thresholds", data: VtiData::U8(map.as_slice()) });
        }
        output::fields(&folder.join("fields.vti"), &done.labels, &done.fields, more).map_err(PipelineError::from)?;
    }
    let save = |name: &str, bytes: &[u8]| {
        io::file_atomically(&folder.join(name), |file| file.write_all(bytes)).map_err(PipelineError::from)
    };
    let images: Vec<(String, Vec<u8>)> = pictures.into_iter().map(|p| (p.figure.path, p.bytes)).collect();
    for (path, bytes) in &images {
        save(path, bytes)?;
    }
    for (name, _, text) in graph.iter().flatten() {
        save(&format!("network/{name}"), text.as_bytes())?;
    }
    if let Some(text) = &shifts {
        save("alignment.csv", text.as_bytes())?;
    }
    if let Some(text) = done.results.segment.as_ref().and_then(|s| s.recipe_toml.as_ref()) {
        save("recipe.toml", text.as_bytes())?;
    }
    save("results.json", &serde_json::to_vec_pretty(&done.results)?)?;
    save("results.csv", csv::csv(&done.results).as_bytes())?;
    if has_profile {
        save("profile.csv", csv::profile_csv(&done.results.transport).as_bytes())?;
    }
    save("report.html", html::report(&done.results, &images, &figures::viewer(done))?.as_bytes())?;
    Ok(())
}

/// What would be done, and what memory it takes.
fn plan(path: &Path, session: &Session) -> anyhow::Result<()> {
    let planned = ingest::plan(path, &session.settings.ingest)?;
    let [z, y, x] = planned.volume.shape_zyx;
    let shape = foamflux_grid::Shape::new(z, y, x).map_err(PipelineError::from)?;
    let need = memory::needed(memory::Work::Transport, shape, 2);
    session
        .note(format!("segmentation, if the input is grey: {}", segment::recipe(&session.settings.segment).join("; ")));
    let stages: Vec<&str> = session.settings.stages.iter().map(|s| s.name()).collect();
    session.note(format!("stages: {}", stages.join(", ")));
    session.note_memory(need);
    session.show(&planned, text::ingest_text)
}
