//! Plating and stripping: `plate.html`, `plate.csv`, charts, and what the terminal shows.

pub mod charts;
mod csv;
mod tables;

use askama::Template;
use foamflux_results::PlateResults;

use crate::html::ReportError;
use crate::html::embed::data_uri;
use crate::html::view::{Picture, TableView};
use crate::number::{duration, length, lengths, trimmed};
use crate::text::{paragraph, section, warnings};

pub use csv::plate_csv;

/// One mAh/cm2 in C/m2.
const MAH: f64 = 3.6e4;

/// The page.
#[derive(Template)]
#[template(path = "plate.html")]
struct Page<'a> {
    r: &'a PlateResults,
    title: String,
    subtitle: Vec<String>,
    strips: Vec<Picture>,
    charts: Vec<Picture>,
    tables: Vec<TableView>,
    inputs: Option<TableView>,
    configuration: String,
    provenance: Vec<(&'static str, String)>,
}

/// `plate.html`; `images` are PNG or SVG files by their path relative to the output folder.
///
/// # Errors
/// [`ReportError`] where an image is of unknown type.
pub fn plate_html(r: &PlateResults, images: &[(String, Vec<u8>)]) -> Result<String, ReportError> {
    let (mut charts, mut strips) = (Vec::new(), Vec::new());
    for figure in &r.figures {
        let found = images.iter().find(|(path, _)| *path == figure.path);
        let uri = found.map_or(Ok(String::new()), |(path, bytes)| data_uri(path, bytes))?;
        let list = if figure.path.ends_with(".svg") { &mut charts } else { &mut strips };
        let figure = figure.clone();
        list.push(Picture { title: figure.title, caption: figure.caption, path: figure.path, uri });
    }
    let page = Page {
        r,
        title: title(r),
        subtitle: conditions(r),
        strips,
        charts,
        tables: tables::all(r).into_iter().map(TableView::from).collect(),
        inputs: crate::tables::current::list(&r.inputs).map(TableView::from),
        configuration: format!("{:#}", r.configuration),
        provenance: vec![
            ("Program", format!("{} {}", r.program.name, r.program.version)),
            ("Finished", r.finished_utc.clone()),
            ("Input", r.input.clone()),
            ("Time", duration(r.solver.seconds_plate)),
            ("Device", r.solver.device.clone()),
            ("Schema", r.schema.clone()),
        ],
    };
    Ok(page.render()?)
}

/// What the terminal shows.
#[must_use]
pub fn plate_text(r: &PlateResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &title(r));
    for line in conditions(r) {
        paragraph(&mut out, "", &line);
    }
    out.push('\n');
    for line in &r.reading {
        paragraph(&mut out, "- ", line);
    }
    for table in tables::all(r) {
        section(&mut out, Some(table));
    }
    section(&mut out, crate::tables::current::list(&r.inputs));
    warnings(&mut out, &r.warnings);
    out.push('\n');
    paragraph(
        &mut out,
        "",
        &format!(
            "{} solves, {} Newton steps, {} on {}",
            r.solver.solves,
            r.solver.newton_steps,
            duration(r.solver.seconds_plate),
            r.solver.device
        ),
    );
    out
}

fn title(r: &PlateResults) -> String {
    let stripped = r.halves.iter().any(|h| h.stripping);
    let times = if r.cycles > 1 { format!(", {} cycles", r.cycles) } else { String::new() };
    format!(
        "{} {} mAh/cm\u{b2} at {} mA/cm\u{b2}{times}",
        if stripped { "Plating and stripping" } else { "Plating" },
        trimmed(r.capacity_c_per_m2 / MAH, 4),
        trimmed(r.applied_current_a_per_m2 / 10.0, 4),
    )
}

fn conditions(r: &PlateResults) -> Vec<String> {
    let [z, y, x] = r.volume.shape_zyx;
    let size = r.volume.voxel_size_m_xyz.map_or_else(|| "unknown".to_owned(), lengths);
    let (first, last) = if r.collector == "last" { ("first", "last") } else { ("last", "first") };
    vec![
        format!("{x} x {y} x {z} voxels (x, y, z) of {size}, from {}", r.volume.voxel_size_source),
        format!(
            "depth along {}: separator at the {first} slice ({} plane), collector at the {last}, sides {}",
            r.direction, r.separator_plane, r.sides
        ),
        format!(
            "host {} deep; the pores of the box hold {} mAh/cm\u{b2} of dense lithium",
            length(r.thickness.host_m),
            trimmed(r.pore_capacity_c_per_m2 / MAH, 3)
        ),
    ]
}
