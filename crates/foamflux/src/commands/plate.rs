//! `foamflux plate`: lithium grows on the host, and is stripped again.

use std::path::Path;
use std::time::Instant;

use foamflux_io::write::{self as io, Existing, OutputFolder};
use foamflux_pipeline::config::ConfigError;
use foamflux_pipeline::keep::{Keep, Nowhere};
use foamflux_pipeline::plate::{self as stage, KeptState, PlateSettings, Plated};
use foamflux_pipeline::{PipelineError, Recorder, ingest, memory};
use foamflux_report::plate::{charts, plate_csv, plate_html, plate_text};
use foamflux_results::{Figure, PlateResults};

use super::keep::Folder;
use super::{Session, plan, spare_the_input};
use crate::args::PlateArgs;
use crate::figures;

pub(crate) fn plate(args: &PlateArgs, session: &Session) -> anyhow::Result<()> {
    let path = &args.input.input;
    spare_the_input(path, args.output.as_deref())?;
    let usage = |key, message: &str| PipelineError::from(ConfigError::Value { key, message: message.to_owned() });
    if args.depth.says_all() {
        return Err(usage("direction", "depth has one direction: write x, y or z").into());
    }
    let settings =
        PlateSettings::new(&session.settings.config, &session.settings.current).map_err(PipelineError::from)?;
    if session.dry_run {
        return plan(path, memory::Work::Plate, session);
    }
    let backend = session.backend()?;
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    // The folder is begun first: a name that cannot be written is better refused before the work than after.
    let folder = match &args.output {
        Some(output) => Some(OutputFolder::create(output, existing).map_err(PipelineError::from)?),
        None => None,
    };
    let clock = Instant::now();
    let recorder = Recorder::new(session.watch());
    let labels = ingest::read_labels(path, &session.settings.ingest, &recorder)?;
    let seconds = clock.elapsed().as_secs_f64();
    memory::check(memory::Work::Plate, labels.shape(), 0, session.settings.max_memory)?;
    let mut kept = args.output.as_deref().map(|output| Folder::beside(output, "plate"));
    if let Some(kept) = &kept
        && !args.resume
        && kept.exists()
    {
        session.note("an interrupted plating is replaced; --resume would go on with it".to_owned());
    }
    let mut nowhere = Nowhere;
    let keep: &mut dyn Keep = match &mut kept {
        Some(kept) => kept,
        None => &mut nowhere,
    };
    let mut done = stage::plate(&labels, &settings, seconds, args.resume, keep, backend.as_ref(), &recorder)?;
    done.results.input = path.display().to_string();
    done.results.configuration = serde_json::to_value(&session.settings.config)?;
    done.results.warnings = recorder.warnings();
    let written = match (folder, &args.output) {
        (Some(folder), Some(_)) => match write(&mut done, &folder) {
            Ok(()) => folder.commit().map_err(|error| PipelineError::from(error).into()),
            Err(error) => Err(error),
        },
        _ => Ok(()),
    };
    if let (Ok(()), Some(out)) = (&written, &args.output) {
        if let Some(kept) = &kept {
            kept.remove();
        }
        session.note(format!("results are in {}; open {}", out.display(), out.join("plate.html").display()));
    }
    session.show_written(written, &done.results, plate_text)?;
    // What was plated is there and whole; that it is less than was asked for is told by the status as well.
    match done.results.halves.iter().find(|h| !h.stripping && !h.complete) {
        Some(half) => Err(PipelineError::Content {
            path: path.display().to_string(),
            message: format!(
                "plating ended at {:.3} of {:.3} mAh/cm\u{b2} because {}; the pores of the box hold {:.3} mAh/cm\u{b2} in all.{} Give a smaller --capacity, a thicker host, or --overflow to let the rest plate on top",
                half.passed_c_per_m2 / 3.6e4,
                done.results.capacity_c_per_m2 / 3.6e4,
                half.reason.as_deref().unwrap_or("nothing more could react"),
                done.results.pore_capacity_c_per_m2 / 3.6e4,
                args.output.as_deref().map_or_else(String::new, |o| format!(" What was plated is kept in {}.", o.display())),
            ),
        }
        .into()),
        None => Ok(()),
    }
}

/// The name of a stage's label volume.
fn name_of(state: &KeptState, cycles: u32) -> String {
    let cycle = if cycles > 1 { format!("cycle{:03}_", state.cycle) } else { String::new() };
    let half = if state.stripping { "strip" } else { "plate" };
    let charge = format!("{:.3}", (state.charge / 3.6e4).max(0.0));
    let charge = charge.trim_end_matches('0').trim_end_matches('.');
    format!("stages/{cycle}{half}_{charge}mAh.tif")
}

/// Writes every file into the folder under construction.
fn write(done: &mut Plated, folder: &OutputFolder) -> anyhow::Result<()> {
    let Plated { results, states } = done;
    for (stage, state) in results.stages.iter_mut().zip(states.iter()) {
        let mut name = name_of(state, results.cycles);
        // Two states at one charge: one before and one after the way was closed.
        if folder.join(&name).exists() {
            name = name.replace(".tif", "_end.tif");
        }
        io::labels(&folder.join(&name), &state.labels).map_err(PipelineError::from)?;
        stage.labels = Some(name);
    }
    let mut images: Vec<(Figure, Vec<u8>)> = Vec::new();
    let strip = figures::filling(results, states)?;
    images.push((strip.figure, strip.bytes));
    let chart = |path: &str, title: &str, caption: &str, svg: String| {
        let figure = Figure { path: path.to_owned(), title: title.to_owned(), caption: caption.to_owned() };
        (figure, svg.into_bytes())
    };
    images.push(chart(
        "figures/voltage.svg",
        "voltage against capacity",
        "Potential of the electrode against lithium: below it when plating, above it when stripping; where it runs away as the last lithium goes the line is cut. The gap between the two at the same charge is the hysteresis; its kinetic part is there for a smooth foil of the same area as well.",
        charts::voltage(results),
    ));
    images.push(chart(
        "figures/thickness.svg",
        "thickness against capacity",
        "The host and what lies above it, beside the thickness that it would have if all lithium lay on top as dense metal, 4.85 \u{b5}m for each mAh/cm\u{b2}.",
        charts::thickness(results),
    ));
    if let Some(svg) = charts::depth(results) {
        images.push(chart(
            "figures/depth.svg",
            "lithium by depth",
            "Share of the cross-section of every slice that is plated lithium, at stages of the first plating.",
            svg,
        ));
    }
    results.figures = images.iter().map(|(figure, _)| figure.clone()).collect();
    describe(results);
    let images: Vec<(String, Vec<u8>)> = images.into_iter().map(|(figure, bytes)| (figure.path, bytes)).collect();
    let save = |name: &str, bytes: &[u8]| {
        io::file_atomically(&folder.join(Path::new(name)), |file| file.write_all(bytes)).map_err(PipelineError::from)
    };
    for (path, bytes) in &images {
        save(path, bytes)?;
    }
    save("plate.json", &serde_json::to_vec_pretty(results)?)?;
    save("plate.csv", plate_csv(results).as_bytes())?;
    save("plate.html", plate_html(results, &images)?.as_bytes())?;
    Ok(())
}

/// Lists the files.
fn describe(results: &mut PlateResults) {
    let mut files = std::collections::BTreeMap::new();
    for (name, what) in [
        ("plate.html", "everything on one page; opens offline"),
        ("plate.json", "all numbers, SI, with every solve, every stage, configuration and warnings"),
        ("plate.csv", "one row per solve, SI, units in the header"),
    ] {
        files.insert(name.to_owned(), what.to_owned());
    }
    for stage in &results.stages {
        if let Some(path) = &stage.labels {
            files.insert(path.clone(), "labels: 0 pore, 1 fibre, 2 node, 3 lithium, 7 dead lithium".to_owned());
        }
    }
    for figure in &results.figures {
        files.insert(figure.path.clone(), figure.title.clone());
    }
    results.files = files;
}
