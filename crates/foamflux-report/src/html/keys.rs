//! The key numbers of the first screen.

use foamflux_results::{
    CurrentResults, ErrorParts, MeasureResults, PhaseMeasure, RunResults, TagResults, TransportResults,
};

use crate::number::{Medium, Number, trimmed};
use crate::tables::measure::{LengthUnit, thicknesses};
use crate::tables::{errors, tag};

/// A key number.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) unit: String,
    /// Where the error comes from, or what else to know.
    pub(super) detail: String,
    /// Parts of the error by source and their shares of the sum in percent; empty where none was estimated.
    pub(super) bar: Vec<(&'static str, u32)>,
}

/// Shares of the parts of an error that was estimated.
fn bar(e: &ErrorParts) -> Vec<(&'static str, u32)> {
    let all = [
        ("solver", e.solver),
        ("resolution", e.resolution),
        ("segmentation", e.segmentation),
        ("sampling", e.sampling),
    ];
    let known: Vec<(&str, f64)> = all
        .into_iter()
        .filter_map(|(name, part)| part.filter(|p| *p > 0.0 && p.is_finite()).map(|p| (name, p)))
        .collect();
    let sum: f64 = known.iter().map(|(_, p)| p).sum();
    known
        .into_iter()
        .map(|(name, p)| (name, (100.0 * p / sum).round() as u32))
        .filter(|(_, share)| *share > 0)
        .collect()
}

/// The parts of an error as a phrase.
fn parts(e: &ErrorParts, factor: f64) -> String {
    let all = [
        ("solver", e.solver),
        ("resolution", e.resolution),
        ("segmentation", e.segmentation),
        ("sampling", e.sampling),
    ];
    let known: Vec<String> = all
        .iter()
        .filter_map(|(name, part)| {
            part.map(|p| format!("{name} ±\u{a0}{}", Number::significant(p * factor, 2).show(Medium::Page)))
        })
        .collect();
    let missing: Vec<&str> = all.iter().filter(|(_, part)| part.is_none()).map(|(name, _)| *name).collect();
    if known.is_empty() {
        return "error not estimated".to_owned();
    }
    let missing = if missing.is_empty() { String::new() } else { format!("; not estimated: {}", missing.join(", ")) };
    format!("{}{missing}", known.join(", "))
}

/// The numbers of the first screen.
pub(super) fn keys(r: &RunResults) -> Vec<Key> {
    let mut out = r.measure.as_ref().map(morphology).unwrap_or_default();
    if let Some(pore) = r.measure.as_ref().and_then(|m| m.phases.get("pore")) {
        out.insert(0, porosity(r, pore));
    }
    out.extend(r.tag.iter().flat_map(network));
    out.extend(r.transport.iter().map(|(phase, t)| tortuosity(phase, t)));
    out.extend(r.current.iter().flat_map(cell));
    out
}

/// The cell, with inputs that may be assumed.
fn cell(c: &CurrentResults) -> Vec<Key> {
    let assumed = c.inputs.iter().filter(|i| i.standing == "assumed").count();
    let rests = format!("error not estimated; {assumed} of {} inputs assumed", c.inputs.len());
    let milli = |j: f64| format!("{} mA/cm²", trimmed(0.1 * j, 3));
    let mut out = Vec::new();
    if let (Some(eta), Some(applied)) = (c.overpotential_v, c.applied_current_a_per_m2) {
        let kinetic =
            c.overpotential_kinetic_v.map_or_else(String::new, |k| format!("reaction {} mV; ", trimmed(1e3 * k, 3)));
        out.push(Key {
            name: format!("Overpotential at {} of cross-section", milli(applied)),
            value: Number::new(1e3 * eta).show(Medium::Page),
            unit: "mV".to_owned(),
            detail: format!("{kinetic}{rests}"),
            bar: Vec::new(),
        });
    }
    if let (Some(j), Some(u)) = (&c.current_density_a_per_m2, &c.uniformity) {
        out.push(Key {
            name: "Current density of the surface, mean".to_owned(),
            value: Number::new(0.1 * j.mean).show(Medium::Page),
            unit: "mA/cm²".to_owned(),
            detail: format!("99 % of the area below {} times the mean; {rests}", trimmed(u.hot_spot_p99, 4)),
            bar: Vec::new(),
        });
    }
    out
}

fn porosity(r: &RunResults, pore: &PhaseMeasure) -> Key {
    let e = errors::porosity_error(r, &pore.error);
    let solid = r.measure.as_ref().and_then(|m| m.phases.get("solid"));
    let solid =
        solid.map_or_else(String::new, |s| format!("solid {}; ", Number::new(s.volume_fraction).show(Medium::Page)));
    Key {
        name: "Porosity ε".to_owned(),
        value: Number::with_error(pore.volume_fraction, e.total).show(Medium::Page),
        unit: String::new(),
        detail: format!("{solid}{}", parts(&e, 1.0)),
        bar: bar(&e),
    }
}

/// Fibres and nodes.
fn network(t: &TagResults) -> Vec<Key> {
    let mut out = Vec::new();
    let (f, n) = (&t.fibres, &t.nodes);
    for (name, metric, voxels) in
        [("Fibre diameter, mean", f.diameter_m, f.diameter_vox), ("Fibre length, mean", f.length_m, f.length_vox)]
    {
        if let Some((s, unit)) = LengthUnit::pick(metric, voxels) {
            let error = s.error.total.map(|e| e * unit.factor);
            out.push(Key {
                name: name.to_owned(),
                value: Number::with_error(s.mean * unit.factor, error).show(Medium::Page),
                unit: unit.length.to_owned(),
                detail: format!(
                    "median {}, standard deviation {}; {}",
                    trimmed(s.median * unit.factor, 3),
                    trimmed(s.std * unit.factor, 3),
                    parts(&s.error, unit.factor)
                ),
                bar: bar(&s.error),
            });
        }
    }
    if n.count > 0 {
        out.push(Key {
            name: "Node share of the solid".to_owned(),
            value: tag::share(t.node_share_of_solid, t.node_share_error.total, Medium::Page),
            unit: String::new(),
            detail: format!(
                "{} nodes, coordination {}; {}",
                n.count,
                n.coordination_mean.map_or_else(|| "unknown".to_owned(), |c| trimmed(c, 3)),
                parts(&t.node_share_error, 100.0)
            ),
            bar: bar(&t.node_share_error),
        });
    }
    out
}

/// tau of a phase: its range as the value, each direction in the detail.
fn tortuosity(phase: &str, t: &TransportResults) -> Key {
    let found: Vec<f64> = t.directions.values().filter_map(|d| d.tau).filter(|tau| tau.is_finite()).collect();
    let low = found.iter().copied().fold(f64::INFINITY, f64::min);
    let high = found.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let show = |v: f64| Number::new(v).show(Medium::Page);
    let value = match (found.len(), show(low), show(high)) {
        (0, ..) if t.directions.values().any(|d| d.percolates) => "not solved".to_owned(),
        (0, ..) => "blocked".to_owned(),
        (_, low, high) if low == high => low,
        (_, low, high) => format!("{low} to {high}"),
    };
    let each: Vec<String> = t
        .directions
        .iter()
        .map(|(axis, d)| match d.tau {
            Some(tau) => format!("{axis}\u{a0}{}", Number::with_error(tau, d.error.total).show(Medium::Page)),
            None => format!("{axis}\u{a0}{}", if d.percolates { "not solved" } else { "blocked" }),
        })
        .collect();
    // The direction known least speaks for all: their errors come from the same voxels.
    let total = |e: &ErrorParts| e.total.unwrap_or(0.0);
    let worst = t.directions.values().map(|d| &d.error).max_by(|a, b| total(a).total_cmp(&total(b)));
    let bar = worst.map(bar).unwrap_or_default();
    Key { name: format!("τ, {phase}"), value, unit: String::new(), detail: each.join(", "), bar }
}

fn morphology(m: &MeasureResults) -> Vec<Key> {
    let mut out = Vec::new();
    if let Some(s) = &m.surface {
        if let Some((a, unit)) = LengthUnit::pick(s.area_per_volume_per_m.as_ref(), s.area_per_volume_per_vox.as_ref())
        {
            let value = Number::with_error(a.recommended / unit.factor, s.error.total.map(|e| e / unit.factor))
                .show(Medium::Page);
            let detail = format!("{}; {}", s.recommended_method.replace('_', " "), parts(&s.error, 1.0 / unit.factor));
            let bar = bar(&s.error);
            out.push(Key {
                name: "Surface per volume".to_owned(),
                value,
                unit: unit.per_length.to_owned(),
                detail,
                bar,
            });
        }
        if let Some(a) = s.specific_surface_m2_per_g {
            let density = s
                .per_gram
                .as_ref()
                .map_or_else(String::new, |g| format!("solid of {} kg/m³, as given", trimmed(g.density_kg_per_m3, 4)));
            out.push(Key {
                name: "Surface per mass".to_owned(),
                value: Number::new(a).show(Medium::Page),
                unit: "m²/g".to_owned(),
                detail: density,
                bar: Vec::new(),
            });
        }
    }
    if let Some((rows, unit)) = thicknesses(m) {
        for (name, s) in rows {
            let name = if name == "pore size" { "Pore size, mean" } else { "Strut thickness, mean" }.to_owned();
            let show = |v: f64| trimmed(v, 3);
            let detail = format!(
                "median {}, 5 to 95 %: {} to {}; {}",
                show(s.median),
                show(s.p05),
                show(s.p95),
                parts(&s.error, 1.0)
            );
            let value = Number::with_error(s.mean, s.error.total).show(Medium::Page);
            out.push(Key { name, value, unit: unit.length.to_owned(), detail, bar: bar(&s.error) });
        }
    }
    out
}
