//! Tables of nodes and fibres.

use foamflux_results::{SpreadInfo, TagResults};

use super::measure::LengthUnit;
use super::{Cell, Table};

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
    for head in ["mean", "median", "std", "least", "most"] {
        table = table.numbers(head, "");
    }
    table = table.numbers("samples", "");
    for (name, s, unit) in rows {
        let mut cells = vec![Cell::text(name)];
        let values = [s.mean, s.median, s.std, s.min, s.max];
        cells.extend(values.map(|v| Cell::number(Some(v * unit.factor), "unknown")));
        cells.push(Cell::Count(s.count));
        table.row(cells);
    }
    Some(table)
}

/// Conduction by the resistor network.
pub(crate) fn conduction(t: &TagResults) -> Option<Table> {
    if t.conduction.values().all(|c| !c.percolates) {
        return None;
    }
    let mut table =
        Table::new("Solid conduction by the resistor network of the graph (a model beside the voxel solve)")
            .words("axis")
            .numbers("tau", "")
            .numbers("relative conductivity", "");
    for (axis, c) in &t.conduction {
        table.row(vec![
            Cell::text(axis.clone()),
            Cell::number(c.tau, "not joined"),
            Cell::number(c.percolates.then_some(c.d_eff_relative), "0"),
        ]);
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
