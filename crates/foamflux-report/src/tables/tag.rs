//! Tables of nodes and fibres.

use foamflux_results::{SpreadInfo, TagResults};

use super::measure::LengthUnit;
use super::{Cell, Table};
use crate::number::{Medium, Number, count, percent, trimmed};

/// A share with its error in percent, such as `24 ± 2 %`.
pub(crate) fn share(value: f64, error: Option<f64>, medium: Medium) -> String {
    match error.filter(|e| e.is_finite() && *e > 0.0) {
        Some(e) => format!("{} %", Number::with_error(100.0 * value, Some(100.0 * e)).show(medium)),
        None => percent(value),
    }
}

/// Nodes by coordination, in its order; a long tail in one.
fn histogram(counts: &std::collections::BTreeMap<String, u64>) -> String {
    const SHOWN: usize = 10;
    // Keys of JSON are text, in which 10 comes before 2.
    let mut counts: Vec<(u64, u64)> = counts.iter().filter_map(|(k, n)| Some((k.parse().ok()?, *n))).collect();
    counts.sort_unstable();
    let shown = if counts.len() > SHOWN + 1 { SHOWN } else { counts.len() };
    let mut by: Vec<String> = counts[..shown].iter().map(|(k, n)| format!("{k}: {n}")).collect();
    if let (Some((first, _)), Some((last, _))) = (counts.get(shown), counts.last()) {
        by.push(format!("{first} to {last}: {}", counts[shown..].iter().map(|c| c.1).sum::<u64>()));
    }
    by.join(", ")
}

/// What is known about the network, as names and phrases.
pub(crate) fn facts(t: &TagResults, medium: Medium) -> Vec<(&'static str, String)> {
    let whole = |n: u64| count(n, medium);
    let (n, f) = (&t.nodes, &t.fibres);
    let coordination = n.coordination_mean.map_or_else(String::new, |c| {
        format!(", coordination {} ({})", trimmed(c, 3), histogram(&n.coordination_histogram))
    });
    let shares: Vec<String> = t
        .volume_fractions
        .iter()
        .map(|(name, f)| {
            let error = t.volume_fractions_error.get(name).and_then(|e| e.total);
            format!("{name} {}", share(*f, error, medium))
        })
        .collect();
    let mut out = vec![
        ("nodes", format!("{}{coordination}", whole(n.count))),
        (
            "fibres",
            format!(
                "{}: {} whole, {} cut by the box, {} dead ends, {} without a node; {} loops",
                whole(f.count),
                whole(f.whole),
                whole(f.cut),
                whole(f.dead_ends),
                whole(f.free),
                t.loops
            ),
        ),
        ("volume fractions", shares.join(", ")),
        ("node share of the solid", share(t.node_share_of_solid, t.node_share_error.total, medium)),
    ];
    if t.tags_of_the_file {
        out.push(("tags", "those of the file; the graph alone was found".to_owned()));
    } else if let Some(factor) = n.zone.factor {
        let how = match (n.zone.rule.as_str(), n.zone.from_profile) {
            ("swelling", true) => "read off the surface: where half of the swelling is left",
            ("swelling", false) => "assumed, as the shape does not show it",
            _ => "as given",
        };
        out.push(("node zone", format!("{} inscribed radii of the node ({how})", trimmed(factor, 3))));
    }
    if let Some(topology) = &t.topology {
        out.push((
            "topology of solid and skeleton agree",
            format!("{} components, Euler number {}", whole(topology.components), topology.euler_number),
        ));
    }
    let field = t.orientation_field.as_ref().map_or_else(String::new, |o| {
        format!(
            "; {} by the structure tensor, over the {} of the solid that has a direction",
            trimmed(o.order_parameter, 3),
            percent(o.linear_share)
        )
    });
    out.push((
        "orientation",
        format!("order parameter {} (0 isotropic, 1 aligned){field}", trimmed(f.order_parameter, 3)),
    ));
    let ways: Vec<String> = t
        .paths
        .iter()
        .map(|(axis, p)| match p.tortuosity {
            Some(tortuosity) => {
                format!("{axis} {}, the shortest {} edges long", whole(p.independent), trimmed(tortuosity, 4))
            }
            None => format!("{axis} none"),
        })
        .collect();
    if !ways.is_empty() {
        out.push(("paths from face to face that share no fibre", ways.join("; ")));
    }
    out
}

/// Diameters, lengths and radii.
pub(crate) fn sizes(t: &TagResults) -> Option<Table> {
    let (f, n) = (&t.fibres, &t.nodes);
    let rows: Vec<(&str, SpreadInfo, LengthUnit)> = [
        ("fibre diameter", f.diameter_m, f.diameter_vox),
        ("fibre length, node to node", f.length_m, f.length_vox),
        ("node radius, inscribed", n.radius_m, n.radius_vox),
    ]
    .into_iter()
    .filter_map(|(name, metric, voxels)| LengthUnit::pick(metric, voxels).map(|(s, u)| (name, s, u)))
    .collect();
    let unit = rows.first()?.2;
    let mut table = Table::new(format!("Sizes of nodes and fibres [{}]", unit.length)).words("quantity");
    for head in ["mean", "error", "median", "std", "least", "most"] {
        table = table.numbers(head, "");
    }
    table = table.numbers("samples", "");
    for (name, s, unit) in rows {
        let mut cells = vec![Cell::text(name)];
        let error = s.error.total.map(|e| e * unit.factor);
        cells.push(Cell::number(Some(s.mean * unit.factor), "unknown"));
        cells.push(error.map_or(Cell::Word("not estimated"), |e| Cell::Number(Number::significant(e, 2))));
        let values = [s.median, s.std, s.min, s.max];
        cells.extend(values.map(|v| Cell::number(Some(v * unit.factor), "unknown")));
        cells.push(Cell::Count(s.count));
        table.row(cells);
    }
    Some(table.note("The error is that of the mean."))
}

/// Conduction by the resistor network.
pub(crate) fn conduction(t: &TagResults) -> Option<Table> {
    if t.conduction.values().all(|c| !c.percolates) {
        return None;
    }
    let solved = t.conduction.values().any(|c| c.tau_voxel.is_some());
    let mut table =
        Table::new("Solid conduction by the resistor network of the graph (a model beside the voxel solve)")
            .words("axis")
            .numbers("tau", "")
            .numbers("relative conductivity", "");
    if solved {
        table = table.numbers("tau by voxels", "").numbers("conductivity to that by voxels", "%");
    }
    for (axis, c) in &t.conduction {
        let mut cells = vec![
            Cell::text(axis.clone()),
            Cell::number(c.tau, "not joined"),
            Cell::number(c.percolates.then_some(c.d_eff_relative), "0"),
        ];
        if solved {
            cells.push(Cell::number(c.tau_voxel, "blocked"));
            let words = c.difference.map(|d| format!("{:+.1}", 100.0 * d).replace('-', "\u{2212}"));
            cells.push(Cell::text(words.unwrap_or_default()));
        }
        table.row(cells);
    }
    Some(table)
}

/// How the share of nodes depends on how far they reach.
pub(crate) fn influence(t: &TagResults) -> Option<Table> {
    let shares = &t.nodes.zone.node_share_by_scale;
    if t.nodes.count == 0 || shares.is_empty() {
        return None;
    }
    let mut table =
        Table::new("Node share of the solid by zone radius").words("zone radius").numbers("node share", "%");
    for (scale, share) in shares {
        table.row(vec![Cell::text(format!("x {scale}")), Cell::number(Some(100.0 * share), "unknown")]);
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::histogram;

    #[test]
    fn coordination_is_told_in_its_order_and_a_long_tail_in_one() {
        let of = |ks: &[u64]| histogram(&ks.iter().map(|k| (k.to_string(), 2 * k)).collect());
        assert_eq!(of(&[10, 3, 4]), "3: 6, 4: 8, 10: 20");
        let long: Vec<u64> = (1..=13).collect();
        assert_eq!(of(&long), "1: 2, 2: 4, 3: 6, 4: 8, 5: 10, 6: 12, 7: 14, 8: 16, 9: 18, 10: 20, 11 to 13: 72");
        assert_eq!(of(&[]), "");
    }
}
