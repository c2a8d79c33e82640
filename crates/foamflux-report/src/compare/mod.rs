//! Hosts side by side: `compare.html`, `compare.csv`, charts, and what the terminal shows.
//!
//! Every column comes from the list of metrics in the results, so that a metric that joins it appears everywhere.

pub mod charts;
mod csv;
mod ranking;
mod tables;

use askama::Template;
use foamflux_results::{CompareResults, ComparedHost, MetricInfo, Pair};

use crate::html::ReportError;
use crate::html::embed::data_uri;
use crate::html::view::{Picture, TableView, rich};
use crate::number::{Medium, duration, length, trimmed};
use crate::tables::{Cell, Table};
use crate::text::{paragraph, section, warnings};
use crate::viewer::{PAGE_BYTES, SlicePart, SliceVolume};

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
    /// Who leads in what, and whether that is sure.
    leads: Option<TableView>,
    /// Means and errors of the headline metrics.
    overview: Vec<Picture>,
    /// Pictures of one kind of every host, on one scale.
    rows: Vec<(&'static str, &'static str, Vec<Picture>)>,
    /// Name, identifier, and the volume to move through.
    viewers: Vec<(String, String, SlicePart)>,
    /// Whether any of these has grey values.
    has_grey: bool,
}

/// Kinds of pictures of hosts by the end of their names: heading and what to know.
const ROWS: [(&str, &str, &str); 3] = [
    ("_labels.png", "Labels, middle across the depth", "The separator is above, the collector below."),
    (
        "_current.png",
        "Current density of the surface",
        "One scale for all hosts: how hard the surface works at equal thickness and equal current per cross-section. More area means less of it. A host without a picture carries no current in its first box; the table of the current distribution says why.",
    ),
    (
        "_evenness.png",
        "The same over the mean of its host",
        "One scale for all hosts: how unevenly each shares what it carries. This box alone, not the whole depth.",
    ),
];

/// The first seed or crop of a host, to move through.
#[derive(Debug)]
pub struct HostVolume<'a> {
    /// Name of the host.
    pub name: String,
    /// Its arrays; scales are for the caller to make the same for all.
    pub slices: SliceVolume<'a>,
}

/// What tables, words, style and script take of the page at most.
const TEXT_BYTES: usize = 2 << 20;

/// `compare.html`; `images` are PNG or SVG files by their path relative to the output folder, `volumes` what its reader moves
/// through, thinned where the page would become larger than [`PAGE_BYTES`].
///
/// # Errors
/// [`ReportError`] where an image is of unknown type.
pub fn compare_html(
    r: &CompareResults,
    images: &[(String, Vec<u8>)],
    volumes: &[HostVolume<'_>],
) -> Result<String, ReportError> {
    let (mut charts, mut slices, mut overview) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows = ROWS.map(|(_, title, what)| (title, what, Vec::new()));
    let mut taken = 0;
    for figure in &r.figures {
        let found = images.iter().find(|(path, _)| *path == figure.path);
        let uri = found.map_or(Ok(String::new()), |(path, bytes)| data_uri(path, bytes))?;
        taken += uri.len();
        let list = match ROWS.iter().position(|(end, ..)| figure.path.ends_with(end)) {
            Some(row) => &mut rows[row].2,
            None if figure.path.ends_with("hosts.svg") => &mut overview,
            None if figure.path.ends_with(".svg") => &mut charts,
            None => &mut slices,
        };
        let figure = figure.clone();
        list.push(Picture { title: figure.title, caption: figure.caption, path: figure.path, uri });
    }
    let room = PAGE_BYTES.saturating_sub(TEXT_BYTES + taken) / volumes.len().max(1);
    let mut viewers = Vec::new();
    for (k, volume) in volumes.iter().enumerate() {
        let part = SlicePart::new(&volume.slices, room)?;
        viewers.extend(part.map(|part| (volume.name.clone(), format!("slice-viewer-{k}"), part)));
    }
    let named = |unit: &str| if unit.is_empty() { String::new() } else { format!(" [{unit}]") };
    let page = Page {
        r,
        // One fact an item, so that a narrow page can break between them.
        subtitle: conditions(r).iter().flat_map(|line| line.split([',', ';'])).map(|f| f.trim().to_owned()).collect(),
        findings: findings(r).into_iter().map(|(text, care)| (rich(&text), care)).collect(),
        groups: tables::groups(r).into_iter().map(|(table, why)| (table.into(), why)).collect(),
        pairs: tables::pairs(r).into(),
        pareto: r.pareto.iter().map(|p| (p.title.clone(), tables::pareto(p, r))).collect(),
        hosts: tables::hosts(r).into(),
        replicates: r.hosts.iter().map(|h| tables::replicates(h, r).into()).collect(),
        charts,
        slices,
        leads: ranking::leads(r, Medium::Page).map(Into::into),
        overview,
        rows: rows.into_iter().filter(|(_, _, pictures)| !pictures.is_empty()).collect(),
        has_grey: viewers.iter().any(|(_, _, part)| part.has_grey()),
        viewers,
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
    section(&mut out, ranking::leads(r, Medium::Terminal));
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
