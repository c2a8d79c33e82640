//! Tables of plating and stripping.

use foamflux_results::{PlatePoint, PlateResults, PlateStage};

use super::MAH;
use crate::tables::{Cell, Table};

/// All of them, in order.
pub(super) fn all(r: &PlateResults) -> Vec<Table> {
    [Some(stages(r)), halves(r), hysteresis(r), Some(balance(r))].into_iter().flatten().collect()
}

/// The point of the curve nearest to a stage, in its half.
fn beside<'a>(r: &'a PlateResults, stage: &PlateStage) -> Option<&'a PlatePoint> {
    let off = |p: &PlatePoint| (p.capacity_c_per_m2 - stage.capacity_c_per_m2).abs();
    let near = r.half(stage.cycle, stage.stripping).min_by(|a, b| off(a).total_cmp(&off(b)))?;
    (off(near) <= 1e-6 * r.capacity_c_per_m2).then_some(near)
}

/// Stage by stage.
fn stages(r: &PlateResults) -> Table {
    let mut table = Table::new("Stage by stage");
    if r.cycles > 1 {
        table = table.numbers("cycle", "");
    }
    table = table
        .words("half")
        .numbers("capacity", "mAh/cm²")
        .numbers("overpotential", "mV")
        .numbers("lithium in pores", "%")
        .numbers("top tenth", "%")
        .numbers("covered", "%")
        .numbers("thickness", "µm")
        .numbers("blocked", "%")
        .numbers("CV", "")
        .numbers("j99", "");
    for stage in &r.stages {
        let p = beside(r, stage);
        let of = |value: fn(&PlatePoint) -> f64, factor: f64| Cell::number(p.map(|p| factor * value(p)), "–");
        let mut cells = Vec::new();
        if r.cycles > 1 {
            cells.push(Cell::Count(u64::from(stage.cycle)));
        }
        cells.extend([
            Cell::text(if stage.stripping { "strip" } else { "plate" }),
            Cell::number(Some((stage.capacity_c_per_m2 / MAH).max(0.0)), ""),
            of(|p| p.overpotential_v, 1e3),
            of(|p| p.lithium_fraction, 100.0),
            Cell::number(p.and_then(|p| p.top_plating_share).map(|t| 100.0 * t), "–"),
            of(|p| p.coverage, 100.0),
            of(|p| p.thickness_m, 1e6),
            of(|p| p.blocked_share, 100.0),
            of(|p| p.cv, 1.0),
            of(|p| p.j99, 1.0),
        ]);
        table.row(cells);
    }
    table.note("top tenth: share of the plated lithium in the first tenth of the host's depth or above it, 10 % would be even; covered: host surface under lithium; blocked: electrolyte cut off from the separator; CV and j99: spread of current density per true area and its 99th percentile over the mean")
}

/// Halves of cycles.
fn halves(r: &PlateResults) -> Option<Table> {
    let mut table = Table::new("Halves").numbers("cycle", "").words("half").numbers("passed", "mAh/cm²").words("ended");
    for h in &r.halves {
        table.row(vec![
            Cell::Count(u64::from(h.cycle)),
            Cell::text(if h.stripping { "strip" } else { "plate" }),
            Cell::number(Some(h.passed_c_per_m2 / MAH), ""),
            Cell::text(h.reason.clone().unwrap_or_else(|| "complete".to_owned())),
        ]);
    }
    (r.halves.len() > 1 || !r.complete).then_some(table)
}

fn hysteresis(r: &PlateResults) -> Option<Table> {
    let mut table = Table::new("Hysteresis")
        .numbers("cycle", "")
        .numbers("voltage gap", "mV")
        .numbers("kinetic part", "mV")
        .numbers("from", "mAh/cm²")
        .numbers("to", "mAh/cm²")
        .numbers("geometric", "%");
    for h in &r.hysteresis {
        table.row(vec![
            Cell::Count(u64::from(h.cycle)),
            Cell::number(Some(1e3 * h.voltage_v), ""),
            Cell::number(Some(1e3 * h.kinetic_floor_v), ""),
            Cell::number(Some(h.range_c_per_m2[0] / MAH), ""),
            Cell::number(Some(h.range_c_per_m2[1] / MAH), ""),
            Cell::number(h.geometric.map(|g| 100.0 * g), "–"),
        ]);
    }
    (!r.hysteresis.is_empty()).then(|| {
        table.note("voltage gap: strip plus plate at the same charge, mean over the middle of the loop; geometric: share of the lithium that lies elsewhere when stripping than it did when plating, largest of the stages")
    })
}

fn balance(r: &PlateResults) -> Table {
    let b = &r.balance;
    let mut table = Table::new("Charge and lithium").words("quantity").numbers("value", "").words("unit");
    let rows = [
        ("plated", b.plated_c_per_m2 / MAH, "mAh/cm²"),
        ("stripped", b.stripped_c_per_m2 / MAH, "mAh/cm²"),
        ("dead (label 7)", b.dead_c_per_m2 / MAH, "mAh/cm²"),
        ("on top of the full host", b.overflow_c_per_m2 / MAH, "mAh/cm²"),
    ];
    for (name, value, unit) in rows {
        if name == "plated" || value != 0.0 {
            table.row(vec![Cell::text(name), Cell::number(Some(value), ""), Cell::text(unit)]);
        }
    }
    for (name, error) in [
        ("current of the surface against the applied one", b.charge_error),
        ("lithium found against charge passed", b.volume_error),
        ("current through every slice", b.slice_error),
    ] {
        table.row(vec![Cell::text(name), Cell::power(Some(error), ""), Cell::text("off by")]);
    }
    table
}
