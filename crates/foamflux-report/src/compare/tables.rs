//! The tables of a comparison: hosts are rows.

use foamflux_results::{Better, CompareResults, ComparedHost, MetricInfo, Pareto};

use super::{below, cell, has_numbers, shown, word};
use crate::number::{duration, lengths};
use crate::tables::{Cell, TERMINAL_WIDTH, Table};

/// One table per group of metrics, with the reasons of what is missing.
pub(super) fn groups(r: &CompareResults) -> Vec<(Table, Vec<String>)> {
    by_group(r)
        .into_iter()
        .map(|(name, metrics)| (group(r, name, &metrics), reasons(r, &metrics)))
        .filter(|(table, _)| has_numbers(table))
        .collect()
}

/// The same for a terminal: tables that are too wide are split by columns.
pub(super) fn narrow_groups(r: &CompareResults) -> Vec<Table> {
    fn split(r: &CompareResults, name: &str, metrics: &[&MetricInfo], out: &mut Vec<Table>) {
        let table = group(r, name, metrics);
        let wide = table.to_text().lines().any(|l| l.chars().count() > TERMINAL_WIDTH);
        if wide && metrics.len() > 1 {
            let (left, right) = metrics.split_at(metrics.len().div_ceil(2));
            split(r, name, left, out);
            split(r, name, right, out);
        } else if has_numbers(&table) {
            out.push(table);
        }
    }
    let mut out = Vec::new();
    for (name, metrics) in by_group(r) {
        split(r, name, &metrics, &mut out);
    }
    out
}

fn by_group(r: &CompareResults) -> Vec<(&str, Vec<&MetricInfo>)> {
    let mut groups: Vec<(&str, Vec<&MetricInfo>)> = Vec::new();
    for metric in &r.metrics {
        match groups.iter_mut().find(|(name, _)| *name == metric.group) {
            Some((_, metrics)) => metrics.push(metric),
            None => groups.push((&metric.group, vec![metric])),
        }
    }
    groups
}

fn group(r: &CompareResults, name: &str, metrics: &[&MetricInfo]) -> Table {
    let mut letters = name.chars();
    let title: String = letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect();
    let mut table = Table::new(title).words("host");
    for metric in metrics {
        table = table.numbers(&metric.name, &metric.shown_unit);
    }
    for host in &r.hosts {
        let mark = if below(host) { " *" } else { "" };
        let mut cells = vec![Cell::text(format!("{}{mark}", host.name))];
        cells.extend(metrics.iter().map(|m| cell(host, m)));
        table.row(cells);
    }
    if r.hosts.iter().any(below) { table.note("* the box is below a representative volume") } else { table }
}

/// Reasons that a word in a cell cannot give; metrics of one host that lack for the same reason share a line.
fn reasons(r: &CompareResults, metrics: &[&MetricInfo]) -> Vec<String> {
    let mut lines: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for host in &r.hosts {
        for metric in metrics {
            let Some(why) = host.missing.get(&metric.key) else { continue };
            if !(why.starts_with("in ") || word(why) == "none") {
                continue;
            }
            match lines.iter_mut().find(|(name, reason, _)| *name == host.name && reason == why) {
                Some((_, _, names)) => names.push(&metric.name),
                None => lines.push((&host.name, why, vec![&metric.name])),
            }
        }
    }
    lines
        .into_iter()
        .map(|(host, why, names)| match names.len() == metrics.len() {
            true => format!("{host}: {why}"),
            false => format!("{host}, {}: {why}", names.join(", ")),
        })
        .collect()
}

/// Which hosts differ significantly in the headline metrics.
pub(super) fn pairs(r: &CompareResults) -> Table {
    let metrics: Vec<&MetricInfo> = r.metrics.iter().filter(|m| m.headline).collect();
    let mut table = Table::new("Is the difference significant?").words("first").words("second");
    let letters: Vec<String> = (0..metrics.len()).map(|k| char::from(b'A' + (k % 26) as u8).to_string()).collect();
    for letter in &letters {
        table = table.words(letter);
    }
    for pair in &r.pairs {
        let mut cells = vec![Cell::text(&*pair.a), Cell::text(&*pair.b)];
        cells.extend(metrics.iter().map(|m| match pair.metrics.get(&m.key) {
            None => Cell::text("–"),
            Some(d) => Cell::text(match d.significant {
                None => "unknown",
                Some(false) => "no",
                Some(true) if d.difference > 0.0 => "yes, >",
                Some(true) => "yes, <",
            }),
        }));
        table.row(cells);
    }
    let key: Vec<String> = metrics
        .iter()
        .zip(&letters)
        .map(|(m, letter)| {
            let good = match m.better {
                Better::Higher => " (higher is better)",
                Better::Lower => " (lower is better)",
                Better::Neither => "",
            };
            // The same names stand in both comparisons.
            let at = if m.group.starts_with("equal") { format!(", {}", m.group) } else { String::new() };
            format!("{letter} {}{at}{good}", m.name)
        })
        .collect();
    table
        .note(format!("{}.", key.join("; ")))
        .note("yes, >: the first is significantly larger. no: these boxes cannot tell them apart, which is not the same as equal. unknown: one replicate. All metrics and p-values are in compare.json.")
}

/// A Pareto view in sentences.
pub(super) fn pareto(p: &Pareto, r: &CompareResults) -> Vec<String> {
    let name = |key: &str| r.metrics.iter().find(|m| m.key == key).map_or_else(|| key.to_owned(), |m| m.name.clone());
    let weighed: Vec<String> = p.objectives.iter().map(|key| name(key)).collect();
    let mut lines = vec![format!("weighed: {}", weighed.join(", "))];
    if !p.front.is_empty() {
        lines.push(format!("not dominated: {}", p.front.join(", ")));
    }
    lines.extend(p.dominated_by.iter().map(|(host, by)| format!("{host}: dominated by {by}")));
    lines.extend(p.left_out.iter().map(|(host, why)| format!("{host} is left out: {why}")));
    lines
}

/// What was compared.
pub(super) fn hosts(r: &CompareResults) -> Table {
    let mut table = Table::new("Hosts")
        .words("host")
        .words("what")
        .words("parameters")
        .words("voxel")
        .words("solid")
        .words("representative?")
        .numbers("time", "");
    for h in &r.hosts {
        let solid = h.material.as_ref().map_or_else(
            || "–".to_owned(),
            |m| format!("{}, {} kg/m³ ({})", m.name, shown(m.density_kg_per_m3), m.standing),
        );
        let representative = h.representative.as_ref().map_or_else(
            || "a plane".to_owned(),
            |rep| {
                let verdict = if rep.enough { "yes" } else { "no" };
                format!("{verdict}: {:.1} of {:.0} {}", rep.box_over_length, rep.needed, rep.what)
            },
        );
        table.row(vec![
            Cell::text(&*h.name),
            Cell::text(&*h.title),
            Cell::text(&*h.standing),
            Cell::text(lengths(h.voxel_size_m_xyz).replace(' ', "\u{a0}")),
            Cell::text(solid),
            Cell::text(representative),
            Cell::text(duration(h.replicates.iter().map(|r| r.seconds).sum())),
        ]);
    }
    table.note("Parameters of generated hosts with their sources: foamflux host --explain NAME.")
}

/// Every seed or crop of a host, in the headline metrics.
pub(super) fn replicates(h: &ComparedHost, r: &CompareResults) -> Table {
    let metrics: Vec<&MetricInfo> = r.metrics.iter().filter(|m| m.headline).collect();
    let mut table = Table::new(&*h.name).words("replicate").words("voxels (x, y, z)");
    for m in &metrics {
        table = table
            .numbers(&format!("{}{}", m.name, if m.group == "equal capacity" { " (cap.)" } else { "" }), &m.shown_unit);
    }
    for one in &h.replicates {
        let [z, y, x] = one.shape_zyx;
        let mut cells = vec![Cell::text(&*one.name), Cell::text(format!("{x} × {y} × {z}"))];
        cells.extend(metrics.iter().map(|m| match one.values.get(&m.key) {
            Some(q) => {
                let k = m.shown_factor;
                Cell::with_error(Some(q.value * k), q.error.total.map(|e| e * k), "")
            }
            None => Cell::Word("none"),
        }));
        table.row(cells);
    }
    for note in &h.notes {
        table = table.note(&**note);
    }
    table
}
