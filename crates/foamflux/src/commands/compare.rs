//! `foamflux compare`: hosts side by side.

use std::path::Path;

use foamflux_io::write::{self as io, Existing, OutputFolder};
use foamflux_pipeline::compare::{CompareSettings, Comparison, Contender, compare as main_job};
use foamflux_pipeline::{PipelineError, memory};
use foamflux_report::compare::{charts, compare_csv, compare_html, compare_text};
use foamflux_results::Figure;

use super::Session;
use crate::args::CompareArgs;
use crate::figures;

pub(crate) fn compare(args: &CompareArgs, session: &Session) -> anyhow::Result<()> {
    let contenders: Vec<Contender> =
        args.contenders.iter().map(|text| text.parse().map_err(PipelineError::from)).collect::<Result<_, _>>()?;
    let conditions = CompareSettings::new(&session.settings.config).map_err(PipelineError::from)?;
    if session.dry_run {
        return plan(&contenders, conditions, session);
    }
    let backend = session.backend()?;
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    // The folder is begun first: a name that cannot be written is better refused before the work than after.
    let folder = OutputFolder::create(&args.output, existing).map_err(PipelineError::from)?;
    let mut done =
        main_job(&contenders, &session.settings, backend.as_ref(), session.watch()).map_err(|error| match error {
            error @ PipelineError::Memory { .. } => {
                anyhow::Error::from(error).context("take smaller boxes with --size")
            }
            error => error.into(),
        })?;
    let written = match write(&mut done, &folder) {
        Ok(()) => folder.commit().map_err(|error| PipelineError::from(error).into()),
        Err(error) => Err(error),
    };
    if written.is_ok() {
        let page = args.output.join("compare.html");
        session.note(format!("the comparison is in {}; open {}", args.output.display(), page.display()));
    }
    session.show_written(written, &done.results, compare_text)
}

fn write(done: &mut Comparison, folder: &OutputFolder) -> anyhow::Result<()> {
    let mut images: Vec<(Figure, Vec<u8>)> = Vec::new();
    let chart = |path: &str, title: &str, caption: &str, svg: String| {
        let figure = Figure { path: path.to_owned(), title: title.to_owned(), caption: caption.to_owned() };
        (figure, svg.into_bytes())
    };
    let results = &done.results;
    for (view, name) in results.pareto.iter().zip(["thickness", "capacity"]) {
        if let Some(svg) = charts::pareto(results, view) {
            let caption = "Mean and total error of two of the objectives; the others are in the list above.";
            images.push(chart(
                &format!("figures/pareto_{name}.svg"),
                &format!("Pareto view {}", view.title),
                caption,
                svg,
            ));
        }
    }
    let caption = "Mean over seeds or crops with its total error; grey: measured and not ranked.";
    images.push(chart("figures/hosts.svg", "Hosts side by side", caption, charts::dots(results)));
    images.extend(figures::comparison::hosts(done)?.into_iter().map(|picture| (picture.figure, picture.bytes)));
    let results = &mut done.results;
    results.peak_memory_bytes = super::peak_memory();
    results.figures = images.iter().map(|(figure, _)| figure.clone()).collect();
    for (name, what) in [
        ("compare.html", "everything on one page; opens offline"),
        ("compare.json", "all numbers, SI, with every seed and crop, every pair, configuration and warnings"),
        ("compare.csv", "one row per host, SI, units in the header"),
    ] {
        results.files.insert(name.to_owned(), what.to_owned());
    }
    for figure in &results.figures {
        results.files.insert(figure.path.clone(), figure.title.clone());
    }
    let save = |name: &str, bytes: &[u8]| {
        io::file_atomically(&folder.join(Path::new(name)), |file| file.write_all(bytes)).map_err(PipelineError::from)
    };
    let images: Vec<(String, Vec<u8>)> = images.into_iter().map(|(figure, bytes)| (figure.path, bytes)).collect();
    for (path, bytes) in &images {
        save(path, bytes)?;
    }
    save("compare.json", &serde_json::to_vec_pretty(results)?)?;
    save("compare.csv", compare_csv(results).as_bytes())?;
    save("compare.html", compare_html(&done.results, &images, &figures::comparison::volumes(done))?.as_bytes())?;
    Ok(())
}

/// What would be compared, and the memory of one box.
fn plan(contenders: &[Contender], conditions: CompareSettings, session: &Session) -> anyhow::Result<()> {
    let shape = foamflux_grid::Shape::cube(conditions.size).map_err(PipelineError::from)?;
    session.note_memory(memory::needed(session.settings.current.work(), shape, 0));
    let named: Vec<String> = contenders
        .iter()
        .map(|c| match c {
            Contender::Host(recipe) => format!("host:{}", recipe.preset().name),
            Contender::Path(path) => path.display().to_string(),
        })
        .collect();
    let planned = serde_json::json!({
        "schema": "foamflux.compare-plan/1", "hosts": named, "quality": conditions.quality.name(),
        "size_voxels": conditions.size, "replicates": conditions.replicates, "thickness_m": conditions.thickness_m,
        "capacity_c_per_m2": conditions.capacity_c_per_m2, "current_a_per_m2": conditions.current_a_per_m2,
    });
    session.show(&planned, |_| {
        format!(
            "would compare {} in boxes of about {}\u{b3} voxels, {} seeds or crops each, quality {}",
            named.join(", "),
            conditions.size,
            conditions.replicates,
            conditions.quality.name()
        )
    })
}
