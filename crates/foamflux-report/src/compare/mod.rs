//! Hosts side by side: `compare.html`, `compare.csv`, charts, and what the terminal shows.
//!
//! Every column comes from the list of metrics in the results, so that a metric that joins it appears everywhere.

pub mod charts;
mod csv;
mod tables;

use askama::Template;
use foamflux_results::{CompareResults, ComparedHost, MetricInfo, Pair};

use crate::html::ReportError;
use crate::html::embed::data_uri;
use crate::html::view::{Picture, TableView, rich};
use crate::number::{Medium, duration, length, trimmed};
use crate::tables::{Cell, Table};
use crate::text::{paragraph, section, warnings};

pub use csv::compare_csv;

/// The page.
#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    r: &'a CompareResults,
    subtitle: Vec<String>,
    /// Escaped sentences, and whether they ask for care.
    findings: Vec<(String, bool)>,
    groups: Vec<(TableView, Vec<String>)>,
    pairs: TableView,
    pareto: Vec<(String, Vec<String>)>,
    hosts: TableView,
    replicates: Vec<TableView>,
    charts: Vec<Picture>,
    slices: Vec<Picture>,
    definitions: Vec<(String, String)>,
    configuration: String,
    provenance: Vec<(&'static str, String)>,
}

/// `compare.html`; `images` are PNG or SVG files by their path relative to the output folder.
///
/// # Errors
/// [`ReportError`] where an image is of unknown type.
pub fn compare_html(r: &CompareResults, images: &[(String, Vec<u8>)]) -> Result<String, ReportError> {
    let (mut charts, mut slices) = (Vec::new(), Vec::new());
    for figure in &r.figures {
        let found = images.iter().find(|(path, _)| *path == figure.path);
        let uri = found.map_or(Ok(String::new()), |(path, bytes)| data_uri(path, bytes))?;
        let list = if figure.path.ends_with(".svg") { &mut charts } else { &mut slices };
        let figure = figure.clone();
        list.push(Picture { title: figure.title, caption: figure.caption, path: figure.path, uri });
    }
    let named = |unit: &str| if unit.is_empty() { String::new() } else { format!(" [{unit}]") };
    let page = Page {
        r,
        subtitle: conditions(r),
        findings: findings(r).into_iter().map(|(text, care)| (rich(&text), care)).collect(),
        groups: tables::groups(r).into_iter().map(|(table, why)| (table.into(), why)).collect(),
        pairs: tables::pairs(r).into(),
        pareto: r.pareto.iter().map(|p| (p.title.clone(), tables::pareto(p, r))).collect(),
        hosts: tables::hosts(r).into(),
        replicates: r.hosts.iter().map(|h| tables::replicates(h, r).into()).collect(),
        charts,
        slices,
        definitions: r
            .metrics
            .iter()
            .map(|m| (format!("{}, {}{}", m.group, m.name, named(&m.shown_unit)), m.meaning.clone()))
            .collect(),
        configuration: format!("{:#}", r.configuration),
        provenance: vec![
            ("Program", format!("{} {}", r.program.name, r.program.version)),
            ("Finished", r.finished_utc.clone()),
            ("Time", duration(r.seconds_total)),
            ("Device", r.device.clone()),
            ("Schema", r.schema.clone()),
        ],
    };
    Ok(page.render()?)
}

/// What the terminal shows.
#[must_use]
pub fn compare_text(r: &CompareResults) -> String {
    let mut out = String::new();
    for line in conditions(r) {
        paragraph(&mut out, "", &line);
    }
    out.push('\n');
    for (text, care) in findings(r) {
        paragraph(&mut out, if care { "! " } else { "- " }, &text);
    }
    for table in tables::narrow_groups(r) {
        section(&mut out, Some(table));
    }
    section(&mut out, Some(tables::pairs(r)));
    for view in &r.pareto {
        out.push('\n');
        paragraph(&mut out, "", &format!("Pareto view {}", view.title));
        for line in tables::pareto(view, r) {
            paragraph(&mut out, "  ", &line);
        }
    }
    out.push('\n');
    for limit in &r.limits {
        paragraph(&mut out, "- ", limit);
    }
    warnings(&mut out, &r.warnings);
    out.push('\n');
    paragraph(&mut out, "", &format!("{} on {}", duration(r.seconds_total), r.device));
    out
}

fn conditions(r: &CompareResults) -> Vec<String> {
    let c = &r.conditions;
    vec![
        format!(
            "{} hosts, up to {} seeds or crops each, boxes of about {}\u{b3} voxels, quality {}",
            r.hosts.len(),
            c.replicates,
            c.size_voxels,
            c.quality
        ),
        format!(
            "at equal thickness: {}; at equal filling capacity: {} mAh/cm\u{b2}; current {} mA/cm\u{b2} of projected area",
            length(c.thickness_m),
            trimmed(c.capacity_c_per_m2 / 3.6e4, 4),
            trimmed(c.current_a_per_m2 / 10.0, 4)
        ),
    ]
}

/// Pairs by name with the headline metrics that do not tell them apart; more pairs than a list can hold are counted by metric.
fn not_told_apart(r: &CompareResults) -> Vec<String> {
    const LISTED: usize = 6;
    let headline: Vec<_> = r.metrics.iter().filter(|m| m.headline).collect();
    let alike = |pair: &Pair, key: &str| pair.metrics.get(key).is_some_and(|d| d.significant == Some(false));
    let named = |m: &MetricInfo| match m.group.strip_prefix("equal ") {
        Some(_) => format!("{} at {}", m.name, m.group),
        None => m.name.clone(),
    };
    let pairs: Vec<String> = (r.pairs.iter())
        .filter_map(|pair| {
            let names: Vec<String> = headline.iter().filter(|m| alike(pair, &m.key)).map(|m| named(m)).collect();
            (!names.is_empty()).then(|| {
                format!("With these boxes {} and {} cannot be told apart in {}.", pair.a, pair.b, names.join(", "))
            })
        })
        .collect();
    if pairs.len() <= LISTED {
        return pairs;
    }
    let counts: Vec<String> = (headline.iter())
        .filter_map(|m| {
            let alike = r.pairs.iter().filter(|p| alike(p, &m.key)).count();
            let all = r.pairs.iter().filter(|p| p.metrics.contains_key(&m.key)).count();
            (alike > 0).then(|| format!("{} ({alike} of {all})", named(m)))
        })
        .collect();
    vec![format!("With these boxes some pairs cannot be told apart: {}.", counts.join(", "))]
}

/// The first things to know, and whether each asks for care.
fn findings(r: &CompareResults) -> Vec<(String, bool)> {
    let mut out = Vec::new();
    for view in &r.pareto {
        match view.front.as_slice() {
            [] => {}
            // The only one of its kind has beaten nobody.
            [_] if view.dominated_by.is_empty() => {}
            [one] => out.push((format!("Best in shape {}: {one}, unbeaten in every objective.", view.title), false)),
            many => out.push((format!("Not dominated {}: {}.", view.title, many.join(", ")), false)),
        }
    }
    out.extend(not_told_apart(r).into_iter().map(|text| (text, true)));
    let small: Vec<&str> = r.hosts.iter().filter(|h| below(h)).map(|h| h.name.as_str()).collect();
    if !small.is_empty() {
        out.push((format!("Below a representative volume: {}.", small.join(", ")), true));
    }
    out
}

fn below(host: &ComparedHost) -> bool {
    host.representative.as_ref().is_some_and(|r| !r.enough)
}

/// A value as it is shown, in the metric's unit.
fn cell(host: &ComparedHost, metric: &foamflux_results::MetricInfo) -> Cell {
    let k = metric.shown_factor;
    match host.values.get(&metric.key) {
        Some(q) => Cell::with_error(Some(q.value * k), q.error.total.map(|e| e * k), ""),
        None => Cell::Word(word(host.missing.get(&metric.key).map_or("", String::as_str))),
    }
}

/// The reason of a missing value in a word or two.
fn word(why: &str) -> &'static str {
    match why {
        w if w.contains("percolate") => "blocked",
        w if w.contains("density") => "no density",
        w if w.contains("carbon or metal") => "no solid",
        w if w.contains("plane") => "no pores",
        w if w.contains("layer on metal") => "fixed",
        _ => "none",
    }
}

/// Whether a table is empty of numbers.
fn has_numbers(table: &Table) -> bool {
    table.rows.iter().any(|row| row.cells.iter().any(|c| matches!(c, Cell::Number(_))))
}

/// A number in a sentence.
fn shown(value: f64) -> String {
    crate::number::Number::new(value).show(Medium::Page)
}
