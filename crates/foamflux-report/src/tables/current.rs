//! Tables of the current distribution.

use foamflux_results::{CurrentInput, CurrentResults};

use super::{Cell, Table};

/// mA/cm2 of an A/m2.
const MILLI_PER_CM2: f64 = 0.1;

/// How current density is distributed over the surface.
pub(crate) fn density(r: &CurrentResults) -> Option<Table> {
    let j = r.current_density_a_per_m2?;
    let mut table = Table::new("Current density per true area [mA/cm²]");
    let parts = [
        ("mean", j.mean),
        ("std", j.std),
        ("1 %", j.p01),
        ("median", j.p50),
        ("99 %", j.p99),
        ("99.9 %", j.p999),
        ("max", j.max),
    ];
    for (name, _) in parts {
        table = table.numbers(name, "");
    }
    table.row(parts.iter().map(|&(_, v)| Cell::number(Some(v * MILLI_PER_CM2), "")).collect());
    Some(table.note("percentiles are of area; the maximum depends on the voxels where the surface has corners"))
}

/// How even it is.
pub(crate) fn uniformity(r: &CurrentResults) -> Option<Table> {
    let u = r.uniformity?;
    let mut table = Table::new("Uniformity");
    let parts = [
        ("CV", u.cv),
        ("CV within labels", u.cv_within_labels),
        ("Gini", u.gini),
        ("99 % / mean", u.hot_spot_p99),
        ("active area", u.active_area_fraction),
        ("top tenth", r.top_share.unwrap_or(f64::NAN)),
    ];
    for (name, _) in parts {
        table = table.numbers(name, "");
    }
    table.row(parts.iter().map(|&(_, v)| Cell::number(Some(v), "")).collect());
    Some(table.note(
        "active: area with more than half of the mean; top tenth: share of the current in the first tenth of the depth",
    ))
}

/// Shares by label.
pub(crate) fn shares(r: &CurrentResults) -> Option<Table> {
    if r.shares.is_empty() {
        return None;
    }
    let mut table = Table::new("Surface by label")
        .words("label")
        .numbers("area share", "")
        .numbers("current share", "")
        .numbers("mean", "mA/cm²")
        .numbers("over mean", "")
        .numbers("from i0 alone", "");
    for (name, s) in &r.shares {
        table.row(vec![
            Cell::text(name.clone()),
            Cell::number(Some(s.area), ""),
            Cell::number(Some(s.current), ""),
            Cell::number(Some(s.mean_a_per_m2 * MILLI_PER_CM2), ""),
            Cell::number(Some(s.relative), ""),
            Cell::number(Some(s.relative_kinetic_limit), ""),
        ]);
    }
    Some(table.note("'from i0 alone': over mean, were potentials even; a map that equals it shows what was entered"))
}

/// Groups and limits.
pub(crate) fn groups(r: &CurrentResults) -> Option<Table> {
    r.overpotential_v?;
    let g = r.groups;
    let mut table =
        Table::new("Groups and limits").words("quantity").numbers("value", "").words("unit").words("meaning");
    let rows: [(&str, Option<f64>, &str, &str); 10] = [
        ("Wagner number", g.wagner, "", "reaction over electrolyte, on the length of a pore"),
        ("nu", g.nu, "", "above 1 the reaction is uneven in depth"),
        ("penetration depth", g.penetration_depth_m.map(|d| d * 1e6), "µm", "how deep ions reach before they react"),
        ("kappa/sigma", g.kappa_over_sigma, "", "above 1 the collector's side is favoured"),
        ("effective kappa", g.kappa_effective_s_per_m, "S/m", "of the slices that react"),
        ("effective sigma", g.sigma_effective_s_per_m, "S/m", "of the same slices"),
        ("depletion", g.depletion, "", "share of salt missing at the back; trust below 0.2"),
        (
            "limiting current",
            g.limiting_current_a_per_m2.map(|j| j * MILLI_PER_CM2),
            "mA/cm²",
            "per cross-section, from a reservoir, were all reaction at the back",
        ),
        ("Sand's time", g.sand_time_s, "s", "of a planar electrode at the applied current"),
        ("diffusion time", g.diffusion_time_s, "s", "of salt over the host's depth"),
    ];
    for (name, value, unit, meaning) in rows {
        table.row(vec![Cell::text(name), Cell::number(value, "none"), Cell::text(unit), Cell::text(meaning)]);
    }
    Some(table)
}

/// The salt.
pub(crate) fn electrolyte(r: &CurrentResults) -> Option<Table> {
    let e = r.electrolyte.as_ref()?;
    let mut table = Table::new("Salt").words("quantity").numbers("value", "").words("unit").words("meaning");
    let poorest = "on the surface where it is smallest, over c0";
    let limit = "per cross-section, where the salt of this geometry runs out";
    let concentration =
        if e.model == "secondary" { "estimated; not part of the overpotential" } else { "B ln c, plane to surface" };
    let rows: [(&str, Option<f64>, &str, &str); 9] = [
        ("concentration, least", Some(e.concentration_min_mol_per_m3), "mol/m³", "surfaces included"),
        ("concentration, most", Some(e.concentration_max_mol_per_m3), "mol/m³", ""),
        ("least / c0", Some(e.min_relative), "", poorest),
        ("limiting, this geometry", e.limiting_current_a_per_m2.map(|j| j * MILLI_PER_CM2), "mA/cm²", limit),
        ("applied / limiting", e.current_over_limit, "", ""),
        ("concentration loss", e.concentration_overpotential_v.map(|v| 1e3 * v), "mV", concentration),
        ("ohmic loss", Some(1e3 * e.ohmic_overpotential_v), "mV", "resistance, films, nucleation"),
        ("conductivity", Some(e.kappa_s_per_m), "S/m", "of free electrolyte at c0"),
        ("Sand's time", e.sand_time_s, "s", "of this geometry at the applied current"),
    ];
    for (name, value, unit, meaning) in rows {
        table.row(vec![Cell::text(name), Cell::number(value, "none"), Cell::text(unit), Cell::text(meaning)]);
    }
    let supply = if e.supply == "reservoir" {
        "c0 at the separator's plane"
    } else {
        "counter electrode in the separator's plane, salt conserved"
    };
    Some(table.note(format!(
        "{} model; {supply}; \"none\" for Sand's time where the salt lasts or --sand was not given",
        e.model
    )))
}

/// What a current is sustained for.
pub(crate) fn sand(r: &CurrentResults) -> Option<Table> {
    let t = r.electrolyte.as_ref()?.transient.as_ref()?;
    let mut table = Table::new("Salt in time")
        .numbers("time", "s")
        .numbers("least / c0", "")
        .numbers("sustained current", "mA/cm²");
    // A dozen rows tell the curve.
    let every = t.time_s.len().div_ceil(12).max(1);
    let last = t.time_s.len().saturating_sub(1);
    for k in (0..t.time_s.len()).filter(|k| (last - k).is_multiple_of(every)) {
        let current = t.sustained_current_a_per_m2[k] * MILLI_PER_CM2;
        table.row(vec![
            Cell::number(Some(t.time_s[k]), ""),
            Cell::number(Some(t.min_relative[k]), ""),
            Cell::number(Some(current), ""),
        ]);
    }
    Some(table.note("sustained: the current of the same shape that would have used up the salt at this time"))
}

/// The standing of an input for its reader: what is published is told apart from what is merely usual.
pub(crate) fn standing(input: &CurrentInput) -> String {
    match input.basis {
        Some(basis) if basis.is_published() && input.standing == "assumed" => "assumed, from the literature".to_owned(),
        _ => input.standing.clone(),
    }
}

/// Every input with its standing.
pub(crate) fn inputs(r: &CurrentResults) -> Option<Table> {
    list(&r.inputs)
}

/// Inputs with their standing.
pub(crate) fn list(inputs: &[CurrentInput]) -> Option<Table> {
    if inputs.is_empty() {
        return None;
    }
    let mut table =
        Table::new("Inputs").words("key").words("label").numbers("value", "").words("unit").words("standing");
    for i in inputs {
        let standing = match &i.source {
            Some(source) if !source.is_empty() => format!("{}: {source}", standing(i)),
            _ => standing(i),
        };
        table.row(vec![
            Cell::text(format!("--{}", i.key)),
            Cell::text(i.label.clone().unwrap_or_default()),
            Cell::number(Some(i.value), ""),
            Cell::text(if i.unit == "1" { "" } else { &i.unit }),
            Cell::text(standing),
        ]);
    }
    Some(table)
}
