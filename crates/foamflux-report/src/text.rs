//! What the commands print: aligned tables of at most 98 characters.

use foamflux_results::{
    CurrentResults, ImpedanceResults, IngestResults, MeasureResults, RunResults, SegmentResults, TagResults,
    TransportResults, VolumeInfo,
};

use crate::figures::wrap;
use crate::number::{Medium, bytes, count, duration, lengths, percent, plain, trimmed};
use crate::tables::{TERMINAL_WIDTH, Table, current, errors, impedance, input, measure, tag, transport};
use crate::verdicts::{Tone, verdicts};

/// Lines of names of skipped or odd files that are printed before the rest is counted.
const LISTED: usize = 6;

pub(crate) fn paragraph(out: &mut String, first: &str, text: &str) {
    let text = plain(text);
    let indent = first.chars().count();
    for (k, line) in wrap(&text, TERMINAL_WIDTH - indent).iter().enumerate() {
        let lead = if k == 0 { first.to_owned() } else { " ".repeat(indent) };
        out.push_str(&spaced(&format!("{lead}{line}\n")));
    }
}

/// No-break spaces have done their work once lines are broken.
fn spaced(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

pub(crate) fn section(out: &mut String, table: Option<Table>) {
    if let Some(table) = table {
        out.push('\n');
        out.push_str(&spaced(&table.to_text()));
    }
}

pub(crate) fn warnings(out: &mut String, list: &[String]) {
    if !list.is_empty() {
        out.push('\n');
    }
    for warning in list {
        paragraph(out, "warning: ", warning);
    }
}

/// Shape and voxel size in one line.
fn volume(v: &VolumeInfo) -> String {
    let [z, y, x] = v.shape_zyx;
    let size = match v.voxel_size_m_xyz {
        Some(edges) => format!("{} (from {})", lengths(edges), v.voxel_size_source),
        None => "unknown, lengths are in voxels".to_owned(),
    };
    format!("{x} x {y} x {z} voxels (x, y, z); voxel size {size}")
}

/// The main job.
pub fn run_text(r: &RunResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &r.sample);
    paragraph(&mut out, "", &volume(&r.volume));
    out.push('\n');
    for verdict in verdicts(r) {
        paragraph(&mut out, if verdict.tone == Tone::Care { "! " } else { "- " }, &verdict.text);
    }
    section(&mut out, transport::summary(&r.transport));
    section(&mut out, transport::electrodes(&r.transport));
    if let Some(t) = &r.tag {
        section(&mut out, tag::sizes(t));
        section(&mut out, tag::conduction(t));
    }
    if let Some(m) = &r.measure {
        section(&mut out, measure::lengths(m, false));
        section(&mut out, m.surface.as_ref().and_then(measure::areas));
    }
    section(&mut out, errors::budget(r));
    section(&mut out, r.doubt.as_ref().and_then(input::doubt));
    section(&mut out, r.measure.as_ref().and_then(measure::sampling));
    let skipped: Vec<String> = r
        .stages
        .iter()
        .filter_map(|(name, s)| s.reason.as_ref().map(|reason| format!("{name} ({})", reason.trim_end_matches('.'))))
        .collect();
    if !skipped.is_empty() {
        out.push('\n');
        paragraph(&mut out, "skipped: ", &skipped.join("; "));
    }
    warnings(&mut out, &r.warnings);
    out.push('\n');
    paragraph(&mut out, "", &format!("{} on {}", duration(r.seconds_total), r.device));
    out
}

/// Morphology.
pub fn measure_text(m: &MeasureResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &volume(&m.volume));
    section(&mut out, Some(measure::phases(m)));
    section(&mut out, m.surface.as_ref().and_then(measure::areas));
    section(&mut out, m.surface.as_ref().map(measure::surface));
    section(&mut out, measure::lengths(m, true));
    section(&mut out, measure::percolation(m));
    section(&mut out, measure::sampling(m));
    let topology = measure::topology(m);
    if !topology.is_empty() {
        out.push('\n');
        paragraph(&mut out, "", &topology);
    }
    warnings(&mut out, &m.warnings);
    out
}

/// Transport of one phase.
pub fn transport_text(t: &TransportResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &volume(&t.volume));
    let labels: Vec<String> = t.phase.labels.iter().map(u8::to_string).collect();
    let fraction = crate::number::Number::new(t.phase.volume_fraction).show(Medium::Terminal);
    paragraph(
        &mut out,
        "",
        &format!("phase {} (labels {}), volume fraction {fraction}", t.phase.name, labels.join(", ")),
    );
    paragraph(&mut out, "", &t.convention);
    let by_phase = std::collections::BTreeMap::from([(t.phase.name.clone(), t.clone())]);
    for line in transport::conductivities(&by_phase) {
        paragraph(&mut out, "", &line);
    }
    section(&mut out, transport::summary(&by_phase));
    section(&mut out, transport::more(&by_phase));
    section(&mut out, transport::electrodes(&by_phase));
    for line in transport::no_electrode(&by_phase) {
        paragraph(&mut out, "  ", &line);
    }
    section(&mut out, transport::paths(&by_phase));
    section(&mut out, transport::certainty(&by_phase));
    for line in transport::overestimates(&by_phase) {
        paragraph(&mut out, "  ", &line);
    }
    section(&mut out, transport::refined(&by_phase));
    section(&mut out, transport::tensors(&by_phase));
    section(&mut out, transport::cost(&by_phase));
    for (axis, d) in &t.directions {
        if let Some(blocked) = &d.blocked {
            out.push('\n');
            paragraph(&mut out, &format!("{axis}: "), &blocked.reason);
        }
    }
    warnings(&mut out, &t.warnings);
    out
}

/// Nodes and fibres.
pub fn tag_text(t: &TagResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &volume(&t.volume));
    for (name, what) in tag::facts(t, Medium::Terminal) {
        paragraph(&mut out, &format!("{name}: "), &what);
    }
    section(&mut out, tag::sizes(t));
    section(&mut out, tag::influence(t));
    section(&mut out, tag::conduction(t));
    warnings(&mut out, &t.warnings);
    out.push('\n');
    paragraph(&mut out, "", &duration(t.seconds));
    out
}

/// Current distribution.
pub fn current_text(r: &CurrentResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &volume(&r.volume));
    let (first, last) = if r.collector == "last" { ("first", "last") } else { ("last", "first") };
    paragraph(
        &mut out,
        "",
        &format!(
            "{} current distribution along {}: separator at the {first} slice ({} plane), collector at the {last}, sides {}",
            r.model, r.direction, r.separator_plane, r.sides
        ),
    );
    if let (Some(j), Some(eta), Some(kinetic)) =
        (r.applied_current_a_per_m2, r.overpotential_v, r.overpotential_kinetic_v)
    {
        paragraph(
            &mut out,
            "",
            &format!(
                "applied {} mA/cm2 per cross-section; overpotential {} mV, of which the reaction {} mV",
                trimmed(j / 10.0, 4),
                trimmed(eta * 1e3, 5),
                trimmed(kinetic * 1e3, 5)
            ),
        );
    }
    section(&mut out, current::density(r));
    section(&mut out, current::uniformity(r));
    section(&mut out, current::shares(r));
    section(&mut out, current::groups(r));
    section(&mut out, current::electrolyte(r));
    section(&mut out, current::sand(r));
    out.push('\n');
    for line in &r.reading {
        paragraph(&mut out, "- ", line);
    }
    section(&mut out, current::inputs(r));
    if let (Some(charge), Some(slices)) = (r.balance.charge_error, r.balance.slice_error) {
        out.push('\n');
        paragraph(
            &mut out,
            "",
            &format!(
                "charge balances to {}, the current through every slice to {}; {} potentials, {} reacting faces, {} Newton steps, {} on {}",
                crate::number::scientific(charge, 2, Medium::Terminal),
                crate::number::scientific(slices, 2, Medium::Terminal),
                count(r.solver.unknowns, Medium::Terminal),
                count(r.solver.reacting_faces, Medium::Terminal),
                r.solver.newton_steps,
                duration(r.solver.seconds.setup + r.solver.seconds.solve + r.solver.seconds.effective),
                r.solver.device
            ),
        );
    }
    warnings(&mut out, &r.warnings);
    out
}

/// Impedance.
pub fn impedance_text(r: &ImpedanceResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &volume(&r.volume));
    let (first, last) = if r.collector == "last" { ("first", "last") } else { ("last", "first") };
    paragraph(
        &mut out,
        "",
        &format!(
            "impedance at rest along {}: separator at the {first} slice, collector at the {last}, sides {}",
            r.direction, r.sides
        ),
    );
    section(&mut out, impedance::spectrum(r));
    section(&mut out, impedance::relaxation(r));
    out.push('\n');
    for line in &r.reading {
        paragraph(&mut out, "- ", line);
    }
    section(&mut out, current::list(&r.inputs));
    warnings(&mut out, &r.warnings);
    out.push('\n');
    paragraph(&mut out, "", &format!("{} on {}", duration(r.seconds), r.device));
    out
}

/// How grey became labels.
pub fn segment_text(s: &SegmentResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &volume(&s.volume));
    paragraph(
        &mut out,
        "",
        &format!("method {}, solid is {}, thresholds {}", s.method, s.foreground, input::thresholds(&s.thresholds)),
    );
    if let Some(reason) = &s.reason {
        paragraph(&mut out, "chosen by auto: ", reason);
    }
    if let Some(separability) = s.separability {
        paragraph(&mut out, "", &format!("separability {} (1: two classes without overlap)", trimmed(separability, 3)));
    }
    for (k, step) in s.recipe.iter().enumerate() {
        paragraph(&mut out, &format!("  {}. ", k + 1), step);
    }
    let shares: Vec<String> = s.volume_fractions.iter().map(|(name, f)| format!("{name} {}", percent(*f))).collect();
    paragraph(&mut out, "volume fractions: ", &shares.join(", "));
    if s.removed_solid_voxels + s.filled_pore_voxels > 0 {
        let text =
            format!("{} solid voxels removed, {} pore voxels filled", s.removed_solid_voxels, s.filled_pore_voxels);
        paragraph(&mut out, "clean-up: ", &text);
    }
    if let Some(found) = s.bridges.filter(|b| b.count > 0) {
        paragraph(&mut out, "bridges of single voxels: ", &input::bridges(&found, s, Medium::Terminal));
    }
    section(&mut out, input::sensitivity(s));
    if let Some(band) = &s.band {
        paragraph(&mut out, "threshold band: ", &crate::verdicts::band(band));
    }
    section(&mut out, s.score.as_ref().map(|score| input::score(score, s.volume.voxel_size_m_xyz.is_some())));
    warnings(&mut out, &s.warnings);
    out
}

/// What would be read, and why.
pub fn ingest_text(i: &IngestResults) -> String {
    let mut out = String::new();
    paragraph(&mut out, "", &format!("{}: {}", i.path, i.kind));
    paragraph(&mut out, "", &volume(&i.volume));
    let range =
        i.range.map_or_else(String::new, |[low, high]| format!(", values {} to {}", trimmed(low, 6), trimmed(high, 6)));
    paragraph(&mut out, "", &format!("{}{range}; {} in memory", i.sample_type, bytes(i.bytes_needed)));
    if let (Some(first), Some(last)) = (i.files.first(), i.files.last()) {
        let text = if i.files.len() == 1 {
            first.clone()
        } else {
            format!("{} files, {first} to {last}", count(i.files.len() as u64, Medium::Terminal))
        };
        paragraph(&mut out, "order: ", &text);
    }
    let gaps: Vec<String> = i.gaps.clone();
    for (name, list) in [
        ("missing: ", &gaps),
        ("duplicates: ", &i.duplicates),
        ("odd sizes: ", &i.odd_sizes),
        ("unreadable: ", &i.bad_slices),
        ("ignored: ", &i.ignored),
    ] {
        if !list.is_empty() {
            let more = list.len().saturating_sub(LISTED);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            paragraph(&mut out, name, &format!("{}{rest}", list[..list.len().min(LISTED)].join("; ")));
        }
    }
    section(&mut out, input::voxel_sizes(&i.voxel_size_candidates));
    for note in &i.notes {
        paragraph(&mut out, "- ", note);
    }
    warnings(&mut out, &i.warnings);
    out
}
