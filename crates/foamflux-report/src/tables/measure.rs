//! Tables of morphology.

use foamflux_results::{AreaMethods, ChordLengths, ErrorParts, MeasureResults, Summary, SurfaceResults};

use super::{Cell, Table};
use crate::number::{Number, percent};

/// How lengths are shown: micrometres, or voxel edges where the voxel size is unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LengthUnit {
    /// Name of the unit.
    pub(crate) length: &'static str,
    /// Name of one per unit.
    pub(crate) per_length: &'static str,
    /// Name of the squared unit.
    pub(crate) area: &'static str,
    /// Units per metre, or one.
    pub(crate) factor: f64,
    /// Whether these are metric units.
    pub(crate) metric: bool,
}

pub(crate) const MICROMETRES: LengthUnit =
    LengthUnit { length: "µm", per_length: "1/µm", area: "µm²", factor: 1e6, metric: true };
pub(crate) const VOXELS: LengthUnit =
    LengthUnit { length: "voxels", per_length: "1/voxel", area: "voxels²", factor: 1.0, metric: false };

impl LengthUnit {
    /// The metric number scaled, or the one in voxels, with the unit that goes with it.
    pub(crate) fn pick<T>(metric: Option<T>, voxels: Option<T>) -> Option<(T, LengthUnit)> {
        metric.map(|m| (m, MICROMETRES)).or(voxels.map(|v| (v, VOXELS)))
    }
}

/// How well the box represents the material.
pub(crate) fn sampling(m: &MeasureResults) -> Option<Table> {
    let s = m.sampling.as_ref()?;
    let goal = percent(s.goal_relative);
    let metric = s.quantities.values().all(|q| q.box_edge_for_goal_m.is_some());
    let (length, factor) = if metric { ("\u{b5}m", 1e6) } else { ("voxels", 1.0) };
    let mut table = Table::new("The box as a sample of the material")
        .words("quantity")
        .numbers("standard error", "%")
        .numbers("independent samples", "")
        .numbers(&format!("edge for {goal}"), length);
    for (name, q) in &s.quantities {
        let edge = q.box_edge_for_goal_m.map_or(q.box_edge_for_goal_vox, |m| m * factor);
        let number = |v: f64| match v.is_finite() {
            true => Cell::Number(Number::significant(v, 2)),
            false => Cell::Word("unknown"),
        };
        table.row(vec![
            Cell::text(name.replace('_', " ")),
            number(100.0 * q.relative_error),
            number(q.independent_samples),
            number(edge),
        ]);
    }
    (!table.rows.is_empty()).then_some(table.note(format!("{}.", crate::verdicts::capital(&s.principle))))
}

/// Summaries in one unit, scaled.
pub(crate) fn scaled(s: &Summary, factor: f64) -> Summary {
    Summary {
        mean: s.mean * factor,
        median: s.median * factor,
        std: s.std * factor,
        p05: s.p05 * factor,
        p95: s.p95 * factor,
        count: s.count,
        error: ErrorParts {
            solver: s.error.solver.map(|e| e * factor),
            resolution: s.error.resolution.map(|e| e * factor),
            segmentation: s.error.segmentation.map(|e| e * factor),
            sampling: s.error.sampling.map(|e| e * factor),
            total: s.error.total.map(|e| e * factor),
        },
    }
}

/// The finest voxel edge in metres.
pub(crate) fn finest_edge(m: &MeasureResults) -> Option<f64> {
    let edge = m.volume.voxel_size_m_xyz?.into_iter().fold(f64::INFINITY, f64::min);
    (edge.is_finite() && edge > 0.0).then_some(edge)
}

/// Local thickness of solid and pore, in the unit shown: name and summary.
pub(crate) fn thicknesses(m: &MeasureResults) -> Option<(Vec<(&'static str, Summary)>, LengthUnit)> {
    let unit = if m.thickness_m.is_some() || m.pore_size_m.is_some() { MICROMETRES } else { VOXELS };
    let pick = |metric: Option<Summary>, voxels: Option<Summary>| if unit.metric { metric } else { voxels };
    let rows: Vec<(&'static str, Summary)> = [
        ("strut thickness", pick(m.thickness_m, m.thickness_vox)),
        ("pore size", pick(m.pore_size_m, m.pore_size_vox)),
    ]
    .into_iter()
    .filter_map(|(name, s)| s.map(|s| (name, scaled(&s, unit.factor))))
    .collect();
    (!rows.is_empty()).then_some((rows, unit))
}

/// Table of local thickness and chord lengths.
pub(crate) fn lengths(m: &MeasureResults, chords: bool) -> Option<Table> {
    let thick = thicknesses(m);
    let chord = LengthUnit::pick(m.chord_length_m.as_ref(), m.chord_length_vox.as_ref()).filter(|_| chords);
    let unit = thick.as_ref().map(|(_, u)| *u).or(chord.as_ref().map(|(_, u)| *u))?;
    let mut table = Table::new(format!("Sizes [{}]", unit.length)).words("quantity");
    for head in ["mean", "median", "std", "5 %", "95 %"] {
        table = table.numbers(head, "");
    }
    let edge = finest_edge(m).filter(|_| unit.metric);
    if edge.is_some() {
        table = table.numbers("mean", "voxels");
    }
    table = table.numbers("samples", "");
    let mut add = |name: String, s: &Summary, note: Option<u64>| {
        let mut cells = vec![Cell::text(name)];
        cells.extend([s.mean, s.median, s.std, s.p05, s.p95].map(|v| Cell::number(Some(v), "unknown")));
        cells.extend(edge.map(|e| Cell::Number(crate::number::Number::significant(s.mean / unit.factor / e, 3))));
        cells.push(Cell::Count(note.unwrap_or(s.count)));
        table.row(cells);
    };
    for (name, summary) in thick.iter().flat_map(|(rows, _)| rows) {
        add((*name).to_owned(), summary, None);
    }
    if let Some((by_phase, unit)) = chord {
        for (phase, axes) in by_phase {
            for (axis, ChordLengths { inner, .. }) in axes {
                if let Some(s) = inner {
                    add(format!("chord, {phase}, {axis}"), &scaled(s, unit.factor), None);
                }
            }
        }
        table.notes.push("Chords that the box cuts are left out, so long chords are under-represented.".to_owned());
    }
    table.notes.insert(0, "Strut thickness and pore size are local thickness, weighted by volume.".to_owned());
    Some(table)
}

/// Table of phases.
pub(crate) fn phases(m: &MeasureResults) -> Table {
    let metric = m.volume.voxel_size_m_xyz.is_some();
    let unit = if metric { MICROMETRES } else { VOXELS };
    let mut table = Table::new("Phases")
        .words("phase")
        .words("labels")
        .numbers("volume fraction", "")
        .numbers("pieces (6)", "")
        .numbers("pieces (26)", "")
        .numbers("largest piece", "")
        .numbers("interface area", unit.per_length);
    for (name, p) in &m.phases {
        let labels: Vec<String> = p.labels.iter().map(u8::to_string).collect();
        let area = p.area_per_volume_per_m.map(|a| a / MICROMETRES.factor).or(p.area_per_volume_per_vox);
        table.row(vec![
            Cell::text(name),
            Cell::text(labels.join(", ")),
            Cell::number(Some(p.volume_fraction), "unknown"),
            Cell::Count(p.components),
            Cell::Count(p.components_26),
            Cell::text(crate::number::percent(p.largest_component_share)),
            Cell::number(area, "not estimated"),
        ]);
    }
    table.note("Pieces: connected through faces (6), or through edges and corners as well (26). Largest piece: its share of the phase. Interface area is per volume of the box, by the label estimator, without the box's own faces.")
}

/// Area per volume by every estimator, the recommended one marked.
pub(crate) fn areas(s: &SurfaceResults) -> Option<Table> {
    let (methods, unit) = LengthUnit::pick(s.area_per_volume_per_m.as_ref(), s.area_per_volume_per_vox.as_ref())?;
    let AreaMethods { faces, weighted_faces, crofton, marching_cubes, recommended } = methods;
    let mut table = Table::new("Surface area per volume of the box, by estimator")
        .words("estimator")
        .numbers("area per volume", unit.per_length)
        .numbers("to recommended", "%")
        .words("remark");
    let rows = [
        ("recommended", *recommended, s.recommended_method.as_str()),
        ("Crofton, 13 directions", *crofton, ""),
        ("weighted faces", *weighted_faces, "recommended where there are labels alone"),
        ("marching cubes", *marching_cubes, "on the grey field where there is one"),
        ("voxel faces", *faces, "biased by up to +50 %: a bound, not an estimate"),
    ];
    for (k, (name, value, remark)) in rows.into_iter().enumerate() {
        let shown = value / unit.factor;
        let error = s.error.total.map(|e| e / unit.factor).filter(|_| k == 0);
        let to_recommended = 100.0 * (value / recommended - 1.0);
        let relative = if k == 0 || !to_recommended.is_finite() {
            Cell::text("")
        } else {
            Cell::text(format!("{to_recommended:+.1}").replace('-', "−"))
        };
        table.row(vec![
            Cell::text(name),
            Cell::with_error(Some(shown), error, "unknown"),
            relative,
            Cell::text(remark),
        ]);
        if let (0, Some(row)) = (k, table.rows.last_mut()) {
            row.marked = true;
        }
    }
    Some(table.note(format!("Recommended: {}. {}", s.recommended_method, s.recommended_reason)))
}

/// The other numbers about the surface.
pub(crate) fn surface(s: &SurfaceResults) -> Table {
    let mut table = Table::new(format!("Surface of the {}", s.phase))
        .words("quantity")
        .numbers("value", "")
        .words("unit")
        .words("remark");
    let mut add = |name: &str, value: Option<f64>, unit: &str, remark: &str| {
        table.row(vec![Cell::text(name), Cell::number(value, "not estimated"), Cell::text(unit), Cell::text(remark)]);
    };
    if let Some((area, unit)) = LengthUnit::pick(s.area_m2, s.area_vox) {
        add("area", Some(area * unit.factor * unit.factor), unit.area, "recommended estimator");
    }
    if let Some((area, unit)) = LengthUnit::pick(s.border_area_m2, s.border_area_vox) {
        add(
            "border area",
            Some(area * unit.factor * unit.factor),
            unit.area,
            "solid cut by the box, in no other number",
        );
    }
    for (axis, ratio) in &s.area_ratio {
        add(&format!("area ratio along {axis}"), Some(*ratio), "1", "area per projected area of the box");
    }
    add(
        "area per mass",
        s.specific_surface_m2_per_g,
        "m²/g",
        if s.specific_surface_m2_per_g.is_some() { "" } else { "needs the density of the solid" },
    );
    if let Some(g) = &s.per_gram {
        add("density of the solid", Some(g.density_kg_per_m3), "kg/m³", "as given");
        if g.bet_m2_per_g.is_some() {
            add("BET area", g.bet_m2_per_g, "m²/g", "as given");
            add("roughness factor", g.roughness_factor, "1", "BET area over the area of the image");
        }
    }
    table
}

/// Percolation of each phase along each axis.
pub(crate) fn percolation(m: &MeasureResults) -> Option<Table> {
    let mut table = Table::new("Percolation through faces of voxels")
        .words("phase")
        .words("axis")
        .words("connects")
        .numbers("share of box", "")
        .numbers("share of phase", "")
        .words("where it breaks");
    for (phase, p) in &m.phases {
        for (axis, info) in &p.percolation {
            table.row(vec![
                Cell::text(phase),
                Cell::text(axis),
                Cell::yes_no(info.percolates),
                Cell::number(Some(info.percolating_fraction), "unknown"),
                Cell::number(Some(info.percolating_share_of_phase), "unknown"),
                Cell::text(info.breaks.clone().unwrap_or_default()),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Connectivity as a phrase; empty where nothing is known.
pub(crate) fn topology(m: &MeasureResults) -> String {
    let show = |map: &std::collections::BTreeMap<String, i64>, rule: &str| {
        map.iter().map(|(phase, n)| format!("{phase} {} ({rule})", n.to_string().replace('-', "−"))).collect::<Vec<_>>()
    };
    let mut parts = show(&m.euler_number, "26");
    parts.extend(show(&m.euler_number_6, "6"));
    if parts.is_empty() { String::new() } else { format!("Euler number: {}.", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_follow_the_unit_of_what_they_belong_to() {
        let error = ErrorParts { segmentation: Some(2e-7), total: Some(3e-7), ..ErrorParts::default() };
        let s = Summary { mean: 7e-6, median: 6e-6, std: 1e-6, p05: 5e-6, p95: 9e-6, count: 10, error };
        let shown = scaled(&s, 1e6);
        assert!((shown.mean - 7.0).abs() < 1e-12);
        assert!((shown.error.segmentation.unwrap() - 0.2).abs() < 1e-12);
        assert!((shown.error.total.unwrap() - 0.3).abs() < 1e-12);
        assert_eq!((shown.error.solver, shown.error.resolution, shown.error.sampling), (None, None, None));
    }
}
