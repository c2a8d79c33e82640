//! What the page shows, as finished text; the template only arranges it.

use askama::Template;
use foamflux_results::{CurrentResults, Figure, RunResults, StageOutcome};

use super::ReportError;
use super::embed::data_uri;
use super::keys::{Key, keys};
use crate::figures::escape;
use crate::limits::limits;
use crate::methods::{Methods, methods};
use crate::number::{Medium, Number, bytes, count, duration, lengths, percent, trimmed};
use crate::tables::{Table, current, errors, input, measure, tag, transport};
use crate::trust;
use crate::verdicts::{Tone, verdicts};
use crate::viewer::{NetworkPart, PAGE_BYTES, SlicePart, SurfacePart, Viewer};

/// What tables, words, style and scripts take of the page at most; 250 kB is usual.
const TEXT_BYTES: usize = 1 << 20;

/// The whole page.
#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page<'a> {
    r: &'a RunResults,
    subtitle: Vec<String>,
    findings: Vec<Sentence>,
    keys: Vec<Key>,
    transport_summary: Option<TableView>,
    error_budget: Option<TableView>,
    input: Vec<(&'static str, String)>,
    voxel_sizes: Option<TableView>,
    files: Option<TableView>,
    segment: Vec<(&'static str, String)>,
    sensitivity: Option<TableView>,
    network_facts: Vec<(&'static str, String)>,
    network_tables: Vec<TableView>,
    network: Vec<Picture>,
    morphology: Vec<TableView>,
    topology: String,
    transport: Vec<TableView>,
    conductivities: Vec<String>,
    overestimates: Vec<String>,
    blocked: Vec<String>,
    current: Vec<TableView>,
    current_reading: Vec<String>,
    current_pictures: Vec<Picture>,
    stages: Option<TableView>,
    limits: Vec<String>,
    /// What was put in, limits of validity, and what the run checked of itself.
    trust: Vec<TableView>,
    pictures: Vec<Picture>,
    histogram: Vec<Picture>,
    sizes: Vec<Picture>,
    tau: Vec<Picture>,
    methods: Methods,
    slices: Option<SlicePart>,
    solid: Option<NetworkPart>,
    surface: Option<SurfacePart>,
    /// The solid from above, where there is no network to show.
    shape: Vec<Picture>,
    convention: String,
    configuration: String,
    provenance: Vec<(&'static str, String)>,
}

/// A sentence of the verdict.
struct Sentence {
    care: bool,
    /// Escaped.
    html: String,
}

/// A picture with its caption.
pub(crate) struct Picture {
    pub(crate) title: String,
    pub(crate) caption: String,
    pub(crate) path: String,
    /// Data URI; empty where the image is missing.
    pub(crate) uri: String,
}

/// A table for the page.
#[derive(Template)]
#[template(path = "table.html")]
pub(crate) struct TableView {
    title: String,
    /// Head, unit and whether the column is numeric.
    columns: Vec<(String, String, bool)>,
    rows: Vec<RowView>,
    notes: Vec<String>,
}

struct RowView {
    marked: bool,
    /// Text, whether numeric, whether a word instead of a number.
    cells: Vec<(String, bool, bool)>,
}

impl From<Table> for TableView {
    fn from(table: Table) -> Self {
        let numeric: Vec<bool> = table.columns.iter().map(|c| c.numeric).collect();
        let shown = table.shown_rows();
        let rows = table
            .rows
            .iter()
            .zip(shown)
            .map(|(row, cells)| RowView {
                marked: row.marked,
                cells: cells.into_iter().zip(&numeric).map(|(c, n)| (c.text, *n, c.word)).collect(),
            })
            .collect();
        TableView {
            title: rich(&table.title),
            columns: table.columns.into_iter().map(|c| (rich(&c.head), c.unit, c.numeric)).collect(),
            rows,
            notes: table.notes.iter().map(|n| rich(n)).collect(),
        }
    }
}

/// Escaped text with the subscripts of the symbols that we use.
pub(crate) fn rich(text: &str) -> String {
    escape(text)
        .replace("D_eff", "<var>D</var><sub>eff</sub>")
        .replace("/D0", "/<var>D</var><sub>0</sub>")
        .replace("T_geo", "<var>T</var><sub>geo</sub>")
        .replace("T_flux", "<var>T</var><sub>flux</sub>")
        .replace("N_M", "<var>N</var><sub>M</sub>")
}

impl<'a> Page<'a> {
    pub(super) fn new(
        r: &'a RunResults,
        images: &[(String, Vec<u8>)],
        viewer: &Viewer<'_>,
    ) -> Result<Self, ReportError> {
        let view = |t: Option<Table>| t.map(TableView::from);
        let mut page = Page {
            r,
            subtitle: subtitle(r),
            findings: verdicts(r)
                .iter()
                .map(|v| Sentence { care: v.tone == Tone::Care, html: rich(&v.text) })
                .collect(),
            keys: keys(r),
            transport_summary: view(transport::summary(&r.transport)),
            error_budget: view(errors::budget(r)),
            input: input_facts(r),
            voxel_sizes: view(input::voxel_sizes(&r.input.voxel_size_candidates)),
            files: (!r.input.files.is_empty()).then(|| input::files(&r.input.files).into()),
            segment: segment_facts(r),
            sensitivity: view(
                r.doubt.as_ref().and_then(input::doubt).or(r.segment.as_ref().and_then(input::sensitivity)),
            ),
            network_facts: r.tag.as_ref().map(|t| tag::facts(t, Medium::Page)).unwrap_or_default(),
            network_tables: network(r),
            network: Vec::new(),
            morphology: morphology(r),
            topology: r.measure.as_ref().map(measure::topology).unwrap_or_default(),
            transport: [
                transport::more(&r.transport),
                transport::electrodes(&r.transport),
                transport::paths(&r.transport),
                transport::certainty(&r.transport),
                transport::refined(&r.transport),
                transport::tensors(&r.transport),
                transport::cost(&r.transport),
            ]
            .into_iter()
            .filter_map(view)
            .collect(),
            conductivities: transport::conductivities(&r.transport),
            overestimates: transport::overestimates(&r.transport),
            blocked: blocked(r).into_iter().chain(transport::no_electrode(&r.transport)).collect(),
            current: r.current.iter().flat_map(current_tables).filter_map(view).collect(),
            current_reading: r.current.as_ref().map(|c| c.reading.clone()).unwrap_or_default(),
            current_pictures: Vec::new(),
            stages: (!r.stages.is_empty()).then(|| stages(r).into()),
            limits: limits(r),
            trust: [trust::assumptions(r), trust::validity(r), trust::checks(r)].into_iter().filter_map(view).collect(),
            pictures: Vec::new(),
            histogram: Vec::new(),
            sizes: Vec::new(),
            tau: Vec::new(),
            methods: shown_methods(r),
            slices: None,
            solid: viewer.network.as_ref().and_then(NetworkPart::new),
            surface: viewer.surface.as_ref().filter(|_| viewer.network.is_none()).and_then(SurfacePart::new),
            shape: Vec::new(),
            convention: r.transport.values().next().map_or_else(String::new, |t| convention(&t.convention)),
            configuration: format!("{:#}", r.configuration),
            provenance: provenance(r),
        };
        page.place_pictures(images)?;
        if let Some(volume) = &viewer.slices {
            let room = PAGE_BYTES.saturating_sub(TEXT_BYTES + page.embedded());
            page.slices = SlicePart::new(volume, room)?;
        }
        Ok(page)
    }

    /// Characters of the data that are in the page so far.
    fn embedded(&self) -> usize {
        let sections = [
            &self.pictures,
            &self.histogram,
            &self.sizes,
            &self.tau,
            &self.network,
            &self.current_pictures,
            &self.shape,
        ];
        let pictures: usize = sections.into_iter().flatten().map(|p| p.uri.len()).sum();
        let solid = self.solid.as_ref().map_or(0, |n| n.points.len() + n.counts.len() + n.nodes.len());
        pictures + solid + self.surface.as_ref().map_or(0, |s| s.faces.len())
    }

    fn place_pictures(&mut self, images: &[(String, Vec<u8>)]) -> Result<(), ReportError> {
        let unnamed = images
            .iter()
            .filter(|(path, _)| !self.r.figures.iter().any(|f| f.path == *path))
            .map(|(path, _)| Figure { path: path.clone(), title: path.clone(), caption: String::new() });
        for figure in self.r.figures.iter().cloned().chain(unnamed) {
            let uri = match images.iter().find(|(path, _)| *path == figure.path) {
                Some((path, bytes)) => data_uri(path, bytes)?,
                None => String::new(),
            };
            let name = figure.path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            let r_current = self.r.current.is_some();
            let section = if name.starts_with("histogram") && self.r.segment.is_some() {
                &mut self.histogram
            } else if (name.starts_with("tau") || name.starts_with("profile")) && !self.r.transport.is_empty() {
                &mut self.tau
            } else if name.starts_with("network") && self.r.tag.is_some() {
                &mut self.network
            } else if name.starts_with("solid_3d") {
                &mut self.shape
            } else if name.starts_with("current") && r_current {
                &mut self.current_pictures
            } else if name.starts_with("thickness") && self.r.measure.is_some() {
                &mut self.sizes
            } else {
                &mut self.pictures
            };
            section.push(Picture { title: figure.title, caption: figure.caption, path: figure.path, uri });
        }
        Ok(())
    }
}

fn current_tables(r: &CurrentResults) -> [Option<Table>; 6] {
    [
        current::density(r),
        current::uniformity(r),
        current::shares(r),
        current::groups(r),
        current::electrolyte(r),
        current::sand(r),
    ]
}

/// The methods with symbols instead of their names; escaped.
fn shown_methods(r: &RunResults) -> Methods {
    let mut found = methods(r);
    for text in &mut found.paragraphs {
        *text = rich(text).replace("D0", "<var>D</var><sub>0</sub>");
    }
    found
}

/// The convention with symbols instead of their names.
fn convention(text: &str) -> String {
    let symbols = rich(text).replace("D0", "<var>D</var><sub>0</sub>").replace("eps", "ε").replace(" tau", " τ");
    let mut chars = symbols.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn subtitle(r: &RunResults) -> Vec<String> {
    let [z, y, x] = r.volume.shape_zyx;
    let mut out = vec![format!("{x} × {y} × {z} voxels (x, y, z)")];
    match r.volume.voxel_size_m_xyz {
        Some(edges) => {
            out.push(format!("voxel size {}, from {}", lengths(edges), r.volume.voxel_size_source));
            let n = [x, y, z];
            out.push(format!("box {}", lengths([0, 1, 2].map(|k| n[k] as f64 * edges[k]))));
        }
        None => out.push("voxel size unknown: lengths in voxels".to_owned()),
    }
    out.push(r.input.kind.clone());
    out.retain(|fact| !fact.is_empty());
    out
}

fn input_facts(r: &RunResults) -> Vec<(&'static str, String)> {
    let i = &r.input;
    let total: u64 = i.files.iter().map(|f| f.bytes).sum();
    let mut out = vec![
        ("Path", i.path.clone()),
        ("Kind", i.kind.clone()),
        ("Content", format!("{}, stored as {}", i.content, i.sample_type)),
    ];
    if let (Some(first), Some(last)) = (i.files.first(), i.files.last()) {
        let order = if i.files.len() == 1 { first.name.clone() } else { format!("{} to {}", first.name, last.name) };
        out.push((
            "Files",
            format!("{} ({}), in the order {order}", count(i.files.len() as u64, Medium::Page), bytes(total)),
        ));
    }
    out.extend(i.notes.iter().map(|n| ("Note", n.clone())));
    out.retain(|(_, text)| !text.is_empty());
    out
}

fn segment_facts(r: &RunResults) -> Vec<(&'static str, String)> {
    let Some(s) = &r.segment else {
        return Vec::new();
    };
    let mut out = vec![
        ("Method", s.method.clone()),
        ("Thresholds", format!("{} (grey values)", input::thresholds(&s.thresholds))),
        ("Solid is", s.foreground.clone()),
    ];
    if let Some(reason) = &s.reason {
        out.push(("Chosen by auto", reason.clone()));
    }
    if let Some(separability) = s.separability {
        out.push(("Separability", format!("{}; 1 means two classes without overlap", trimmed(separability, 3))));
    }
    let shares: Vec<String> = s.volume_fractions.iter().map(|(name, f)| format!("{name} {}", percent(*f))).collect();
    out.push(("Volume fractions", shares.join(", ")));
    let cleaned = format!(
        "{} solid voxels removed as too small, {} pore voxels filled as holes",
        count(s.removed_solid_voxels, Medium::Page),
        count(s.filled_pore_voxels, Medium::Page)
    );
    out.push(("Clean-up", cleaned));
    if let Some(found) = s.bridges {
        out.push(("Bridges of single voxels", input::bridges(&found, s, Medium::Page)));
    }
    out.extend(s.recipe.iter().map(|step| ("Step", step.clone())));
    out
}

fn network(r: &RunResults) -> Vec<TableView> {
    let tables = r.tag.iter().flat_map(|t| [tag::sizes(t), tag::conduction(t), tag::influence(t)]);
    tables.flatten().map(TableView::from).collect()
}

fn morphology(r: &RunResults) -> Vec<TableView> {
    let Some(m) = &r.measure else {
        return Vec::new();
    };
    let surface = m.surface.as_ref();
    [
        Some(measure::phases(m)),
        surface.and_then(measure::areas),
        surface.map(measure::surface),
        measure::lengths(m, true),
        measure::percolation(m),
        measure::sampling(m),
    ]
    .into_iter()
    .flatten()
    .map(TableView::from)
    .collect()
}

fn blocked(r: &RunResults) -> Vec<String> {
    r.transport
        .iter()
        .flat_map(|(phase, t)| t.directions.iter().map(move |(axis, d)| (phase, axis, d)))
        .filter_map(|(phase, axis, d)| Some(format!("{phase}, {axis}: {}", d.blocked.as_ref()?.reason)))
        .collect()
}

fn stages(r: &RunResults) -> Table {
    use crate::tables::Cell;
    let mut table = Table::new("Stages").words("stage").words("outcome").numbers("time", "s").words("reason");
    // In the order of the work, then by name.
    const ORDER: [&str; 7] = ["ingest", "segment", "tag", "measure", "transport", "current", "plate"];
    let mut all: Vec<_> = r.stages.iter().collect();
    all.sort_by_key(|(name, _)| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
    for (name, stage) in all {
        let (outcome, seconds) = match stage.outcome {
            StageOutcome::Done => ("done", Cell::Number(Number::significant(stage.seconds, 3))),
            StageOutcome::Skipped => ("skipped", Cell::text("–")),
        };
        table.row(vec![
            Cell::text(name),
            Cell::text(outcome),
            seconds,
            Cell::text(stage.reason.clone().unwrap_or_default()),
        ]);
    }
    table
}

fn provenance(r: &RunResults) -> Vec<(&'static str, String)> {
    vec![
        ("Program", format!("{} {}", r.program.name, r.program.version)),
        ("Finished", r.finished_utc.clone()),
        ("Time", duration(r.seconds_total)),
        ("Device", r.device.clone()),
        ("Schema", r.schema.clone()),
    ]
}
