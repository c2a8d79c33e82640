//! Tables of what was read and how grey became labels.

use foamflux_results::{
    AgainstTruth, BridgeResults, DoubtResults, InputFile, SegmentResults, SegmentScore, VoxelSizeCandidate,
};

use super::{Cell, Table};
use crate::number::{Medium, bytes, count, percent, trimmed};

/// Every voxel size found and what became of it; `None` where none was found.
pub(crate) fn voxel_sizes(candidates: &[VoxelSizeCandidate]) -> Option<Table> {
    if candidates.is_empty() {
        return None;
    }
    let mut table = Table::new("Voxel sizes found").words("source").words("found").words("used").words("why");
    for c in candidates {
        table.row(vec![Cell::text(&c.source), Cell::text(&c.found), Cell::yes_no(c.used), Cell::text(&c.reason)]);
        if let (true, Some(row)) = (c.used, table.rows.last_mut()) {
            row.marked = true;
        }
    }
    Some(table)
}

/// Places where the solid hangs together by a single voxel, in words.
pub(crate) fn bridges(found: &BridgeResults, s: &SegmentResults, medium: Medium) -> String {
    if found.count == 0 {
        return "none".to_owned();
    }
    let [nz, ny, nx] = s.volume.shape_zyx;
    let share: f64 = s.volume_fractions.iter().filter(|(name, _)| *name != "pore").map(|(_, f)| f).sum();
    let solid = share * (nz * ny * nx) as f64;
    let hanging = if solid > 0.0 { found.hanging_solid_voxels as f64 / solid } else { 0.0 };
    let by_them = match found.hanging_solid_voxels {
        0 => "no solid hangs by them alone".to_owned(),
        _ => format!("{} of the solid hang on the rest by them alone", percent(hanging)),
    };
    format!("{} ({} voxels); {by_them}", count(found.count, medium), count(found.voxels, medium))
}

/// Files in slice order with their hashes.
pub(crate) fn files(files: &[InputFile]) -> Table {
    let mut table = Table::new("").numbers("#", "").words("file").numbers("size", "").words("SHA-256");
    for (k, file) in files.iter().enumerate() {
        let number = Cell::Count(k as u64 + 1);
        table.row(vec![number, Cell::text(&file.name), Cell::text(bytes(file.bytes)), Cell::text(&file.sha256)]);
    }
    table
}

/// Thresholds as a phrase: one, low and high, or the range of many.
pub(crate) fn thresholds(values: &[f64]) -> String {
    let show = |v: f64| trimmed(v, 5);
    match values {
        [] => "none".to_owned(),
        few if few.len() <= 3 => few.iter().map(|v| show(*v)).collect::<Vec<_>>().join(", "),
        many => {
            let low = many.iter().copied().fold(f64::INFINITY, f64::min);
            let high = many.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            format!("{} values from {} to {}", many.len(), show(low), show(high))
        }
    }
}

/// The thresholds that would have been as good, and what they do to the numbers.
pub(crate) fn doubt(doubt: &DoubtResults) -> Option<Table> {
    let band = doubt.band.as_ref()?;
    let mut table = Table::new("At the ends of the threshold band").words("quantity");
    for (name, values) in [("lower", &band.thresholds_low), ("as used", &vec![]), ("upper", &band.thresholds_high)] {
        let head = if values.len() == 1 { format!("{name}, {}", trimmed(values[0], 5)) } else { name.to_owned() };
        table = table.numbers(&head, "");
    }
    for (name, at) in &doubt.quantities {
        let cell = |v: Option<f64>| Cell::number(v, "none");
        table.row(vec![Cell::text(name.replace('_', " ")), cell(at.low), cell(Some(at.middle)), cell(at.high)]);
    }
    let note = format!(
        "Half-width {} grey values (half-way rule {}, levels {}, noise {}); {} of the box is uncertain. Lengths in metres, or voxels where the voxel size is unknown. {}.",
        trimmed(band.half_width, 3),
        trimmed(band.rule, 3),
        trimmed(band.levels, 3),
        trimmed(band.noise, 3),
        percent(band.uncertain_fraction),
        crate::verdicts::capital(&band.principle)
    );
    (!table.rows.is_empty()).then_some(table.note(&note))
}

/// Labels against true ones.
pub(crate) fn score(s: &SegmentScore, metric: bool) -> Table {
    let mut table = Table::new("Against the truth")
        .words("quantity")
        .numbers("found", "")
        .numbers("truth", "")
        .numbers("difference", "%");
    let plain = |v: Option<f64>| Cell::number(v, "none");
    let mut add = |name: String, q: &AgainstTruth, factor: f64| {
        let off = plain(q.relative.map(|r| 100.0 * r));
        table.row(vec![Cell::text(name), plain(q.found.map(|v| v * factor)), plain(q.truth.map(|v| v * factor)), off]);
    };
    let (length, factor) = if metric { ("\u{b5}m", 1e6) } else { ("voxels", 1.0) };
    add("porosity".to_owned(), &s.porosity, 1.0);
    add("solid fraction".to_owned(), &s.solid_fraction, 1.0);
    add(format!("area per volume [1/{length}]"), &s.area_per_volume, 1.0 / factor);
    add(format!("mean thickness [{length}]"), &s.thickness_mean, factor);
    for (name, tau) in &s.tau {
        add(format!("\u{3c4}, {}", name.replace('_', ", ")), tau, 1.0);
    }
    let apart = s.boundary_distance_vox.map_or("one of the two has no boundary".to_owned(), |d| {
        format!(
            "boundaries are {} voxels apart on average, 95 % within {}, at most {}",
            trimmed(d.mean, 3),
            trimmed(d.p95, 3),
            trimmed(d.max, 3)
        )
    });
    table.note(format!(
        "Dice {}; {} of the true solid missed, {} too much; {apart}.",
        trimmed(s.dice, 4),
        percent(s.missed_solid),
        percent(s.false_solid)
    ))
}

/// How much the solid share follows the threshold.
pub(crate) fn sensitivity(results: &SegmentResults) -> Option<Table> {
    let s = results.threshold_sensitivity.as_ref()?;
    let mut table = Table::new("Sensitivity to the threshold").words("threshold").numbers("solid fraction", "");
    let rows = [
        (format!("{} lower", trimmed(s.step, 4)), s.solid_fraction_low, false),
        ("as used".to_owned(), s.solid_fraction, true),
        (format!("{} higher", trimmed(s.step, 4)), s.solid_fraction_high, false),
    ];
    for (name, fraction, marked) in rows {
        table.row(vec![Cell::text(name), Cell::number(Some(fraction), "unknown")]);
        if let Some(row) = table.rows.last_mut() {
            row.marked = marked;
        }
    }
    let slope = crate::number::brief(s.slope_per_grey);
    Some(table.note(format!(
        "Step: {}. Slope {slope} per grey value. Fractions before clean-up, so they may differ from the final ones.",
        s.step_rule
    )))
}
