//! The error of every number that has one, by source.

use foamflux_results::{ErrorParts, RunResults};

use super::measure::LengthUnit;
use super::{Cell, Table};
use crate::number::Number;

const NOT_ESTIMATED: &str = "not estimated";

/// Half the change of the solid fraction when the threshold moves by one step either way.
pub(crate) fn fraction_error(r: &RunResults) -> Option<f64> {
    let s = r.segment.as_ref()?.threshold_sensitivity.as_ref()?;
    let error = (s.solid_fraction_low - s.solid_fraction).abs().max((s.solid_fraction_high - s.solid_fraction).abs());
    error.is_finite().then_some(error)
}

/// The error of the porosity: its own, or one step of the threshold where the band was not looked at.
pub(crate) fn porosity_error(r: &RunResults, own: &ErrorParts) -> ErrorParts {
    if own.total.is_some() {
        return *own;
    }
    let segmentation = fraction_error(r);
    ErrorParts { segmentation, total: segmentation, ..ErrorParts::default() }
}

/// Error parts as cells: solver, resolution, segmentation, sampling, total.
fn parts(e: &ErrorParts, factor: f64) -> Vec<Cell> {
    [e.solver, e.resolution, e.segmentation, e.sampling, e.total]
        .into_iter()
        .map(|part| match part.map(|p| p * factor) {
            None => Cell::Word(NOT_ESTIMATED),
            Some(0.0) => Cell::text("0"),
            Some(p) => Cell::Number(Number::significant(p, 2)),
        })
        .collect()
}

/// The table of errors by source.
pub(crate) fn budget(r: &RunResults) -> Option<Table> {
    let mut table = Table::new("Errors by source").words("quantity").numbers("value", "");
    for head in ["solver", "resolution", "segmentation", "sampling", "total"] {
        table = table.numbers(head, "");
    }
    let mut add = |name: String, value: Option<f64>, e: &ErrorParts, factor: f64, otherwise: &'static str| {
        let mut cells = vec![Cell::text(name), Cell::number(value.map(|v| v * factor), otherwise)];
        cells.extend(parts(e, factor));
        table.row(cells);
    };
    if let Some(m) = &r.measure {
        if let Some(pore) = m.phases.get("pore") {
            add("porosity ε".to_owned(), Some(pore.volume_fraction), &porosity_error(r, &pore.error), 1.0, "");
        }
        if let Some(s) = &m.surface
            && let Some((methods, unit)) =
                LengthUnit::pick(s.area_per_volume_per_m.as_ref(), s.area_per_volume_per_vox.as_ref())
        {
            let name = format!("area per volume [{}]", unit.per_length);
            add(name, Some(methods.recommended), &s.error, 1.0 / unit.factor, "");
        }
        for (name, metric, voxels) in [
            ("strut thickness, mean", m.thickness_m, m.thickness_vox),
            ("pore size, mean", m.pore_size_m, m.pore_size_vox),
        ] {
            if let Some((s, unit)) = LengthUnit::pick(metric, voxels)
                && s.error.total.is_some()
            {
                add(format!("{name} [{}]", unit.length), Some(s.mean), &s.error, unit.factor, "");
            }
        }
    }
    if let Some(t) = &r.tag {
        let (f, n) = (&t.fibres, &t.nodes);
        for (name, metric, voxels) in
            [("fibre diameter, mean", f.diameter_m, f.diameter_vox), ("fibre length, mean", f.length_m, f.length_vox)]
        {
            if let Some((s, unit)) = LengthUnit::pick(metric, voxels) {
                add(format!("{name} [{}]", unit.length), Some(s.mean), &s.error, unit.factor, "");
            }
        }
        if n.count > 0 {
            add("node share of the solid".to_owned(), Some(t.node_share_of_solid), &t.node_share_error, 1.0, "");
            for name in ["fibre", "node"] {
                if let (Some(v), Some(e)) = (t.volume_fractions.get(name), t.volume_fractions_error.get(name)) {
                    add(format!("{name} share of the box"), Some(*v), e, 1.0, "");
                }
            }
        }
    }
    for (phase, t) in &r.transport {
        for (axis, d) in &t.directions {
            if d.tau.is_some() {
                add(format!("τ, {phase}, {axis}"), d.tau, &d.error, 1.0, "");
            }
        }
    }
    (!table.rows.is_empty()).then_some(table.note(
        "Solver: the equations were not solved exactly. Resolution: voxels are not points. Segmentation: another threshold, or another boundary between node and fibre, would have been as good. Sampling: the volume is a sample of the material. What was not estimated is in no total.",
    ))
}
