//! Tables of what was read and how grey became labels.

use foamflux_results::{InputFile, SegmentResults, VoxelSizeCandidate};

use super::{Cell, Table};
use crate::number::{bytes, trimmed};

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
