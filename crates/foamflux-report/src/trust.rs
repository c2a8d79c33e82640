//! What a run rests on: its inputs with their standing, the limits within which its models hold with what was found here, and
//! what the run checked of itself.

use foamflux_results::{CurrentResults, MeasureResults, RunResults, TransportResults};

use crate::number::{brief, lengths, percent, trimmed};
use crate::tables::current::standing;
use crate::tables::input::thresholds;
use crate::tables::measure::{finest_edge, thicknesses};
use crate::tables::{Cell, Table};

/// Voxels across a strut from which areas are within a few per cent.
const VOXELS_ACROSS_STRUT: f64 = 4.0;
/// Voxels across a pore from which transport through it is resolved.
const VOXELS_ACROSS_PORE: f64 = 5.0;
/// Pores that a box must hold across, for the same reason that it must hold cells.
const PORES_ACROSS_BOX: f64 = 5.0;
/// Overpotential in V beyond which Butler and Volmer's law is steeper than that of Marcus, Hush and Chidsey.
const BUTLER_VOLMER_V: f64 = 0.15;
/// Share of the limiting current beyond which the salt must be solved for.
const OF_LIMIT: f64 = 0.5;
/// Share of the salt missing at the back beyond which one concentration does not describe it.
const DEPLETION: f64 = 0.2;
/// Share of a phase's voxels below which half of the loss lies in one neck of the box.
const ONE_NECK: f64 = 0.01;
/// Charge that may be missing over all of it, and current through a slice.
const CHARGE: f64 = 1e-6;
const SLICES: f64 = 1e-5;

/// Everything that was put in, by whom or from where.
pub(crate) fn assumptions(r: &RunResults) -> Option<Table> {
    let mut rows: Vec<[String; 4]> = Vec::new();
    let mut say = |what: &str, value: String, standing: &str, source: String| {
        rows.push([what.to_owned(), value, standing.to_owned(), source]);
    };
    let given = |source: &str| matches!(source, "flag" | "config");
    match r.volume.voxel_size_m_xyz {
        Some(edges) => {
            let source = r.volume.voxel_size_source.as_str();
            let standing = if given(source) { "given" } else { "stated by the file" };
            say("voxel size", lengths(edges), standing, source.to_owned());
        }
        None => say("voxel size", "unknown".to_owned(), "missing", "lengths are in voxels".to_owned()),
    }
    if let Some(s) = &r.segment {
        let fixed = matches!(s.method.as_str(), "fixed" | "hysteresis");
        let standing = if fixed { "given" } else { "from the grey values" };
        let source = match &r.doubt {
            Some(_) => "what others would have done is the error named segmentation".to_owned(),
            None => "the range of others was not looked at".to_owned(),
        };
        say("threshold", thresholds(&s.thresholds), standing, source);
        say("solid is", s.foreground.clone(), "assumed", "--foreground changes it".to_owned());
    }
    if let Some(t) = &r.tag {
        let zone = &t.nodes.zone;
        let standing = if t.tags_of_the_file {
            "stated by the file"
        } else if zone.from_profile {
            "read off the shape"
        } else if zone.rule.contains("assumed") || zone.factor.is_none() {
            "assumed"
        } else {
            "given"
        };
        let reach = zone.factor.map_or_else(|| "\u{2013}".to_owned(), |f| format!("{} inscribed radii", trimmed(f, 3)));
        say("reach of a node", reach, standing, zone.rule.clone());
    }
    if let Some(density) = r.configuration["density"].as_f64() {
        say("density of the solid", format!("{} g/cm³", trimmed(density, 4)), "given", String::new());
    }
    if let Some(t) = r.transport.values().next() {
        let sides = r.configuration["sides"].as_str().unwrap_or("no-flux");
        say("sides of the box", sides.to_owned(), "assumed", "the sample is cut there".to_owned());
        if t.directions.values().any(|d| d.electrode.is_some()) {
            let which = r.configuration["collector"].as_str().unwrap_or("last");
            say("collector", format!("{which} slice"), "assumed", "--collector changes it".to_owned());
        }
    }
    for input in r.current.iter().flat_map(|c| &c.inputs) {
        let what = match &input.label {
            Some(label) => format!("--{} of {label}", input.key),
            None => format!("--{}", input.key),
        };
        let unit = if input.unit == "1" { String::new() } else { input.unit.replace("m2", "m²").replace("m3", "m³") };
        let value = format!("{}\u{a0}{unit}", brief(input.value));
        say(&what, value.trim_end().to_owned(), &standing(input), input.source.clone().unwrap_or_default());
    }
    let mut table = Table::new("What was put in")
        .words("input")
        .words("value")
        .words("standing")
        .words("from where, or what it does");
    for row in rows {
        table.row(row.into_iter().map(Cell::text).collect());
    }
    (!table.rows.is_empty())
        .then(|| table.note("Assumed is not measured on this sample: give it where it matters. From the literature: the number is published, for another sample; without these words it is what is usual, or the order of magnitude. How much it matters is for the reader to try: the flags are named."))
}

/// What was found beside the limit within which it may be trusted.
pub(crate) fn validity(r: &RunResults) -> Option<Table> {
    let mut table = Table::new("Limits of validity")
        .words("quantity")
        .words("here")
        .words("trusted")
        .words("verdict")
        .words("otherwise");
    let mut rows = Vec::new();
    rows.extend(r.measure.iter().flat_map(shape));
    rows.extend(r.transport.iter().filter_map(|(phase, t)| neck(phase, t)));
    rows.extend(r.current.iter().flat_map(cell));
    for Limit { what, here, trusted, holds, otherwise } in rows {
        let verdict = if holds { "within" } else { "OUTSIDE" };
        table.row(vec![
            Cell::text(what),
            Cell::text(here),
            Cell::text(trusted),
            Cell::text(verdict),
            Cell::text(if holds { String::new() } else { otherwise.to_owned() }),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

struct Limit {
    what: String,
    here: String,
    trusted: String,
    holds: bool,
    otherwise: &'static str,
}

impl Limit {
    fn at_least(what: impl Into<String>, here: f64, limit: f64, otherwise: &'static str) -> Self {
        let (shown, trusted) = (trimmed(here, 3), format!("at least {}", trimmed(limit, 3)));
        Limit { what: what.into(), here: shown, trusted, holds: here >= limit, otherwise }
    }

    fn at_most(what: impl Into<String>, here: f64, limit: f64, otherwise: &'static str) -> Self {
        let trusted = format!("at most {}", percent(limit));
        Limit { what: what.into(), here: percent(here), trusted, holds: here <= limit, otherwise }
    }
}

/// Whether voxels and box resolve the shape.
fn shape(m: &MeasureResults) -> Vec<Limit> {
    let Some((sizes, unit)) = thicknesses(m) else { return Vec::new() };
    let edge = if unit.metric { finest_edge(m).map_or(f64::NAN, |e| e * unit.factor) } else { 1.0 };
    let mean = |wanted: &str| sizes.iter().find(|(name, _)| *name == wanted).map(|(_, s)| s.mean);
    let mut out = Vec::new();
    if let Some(strut) = mean("strut thickness") {
        let otherwise = "areas and thicknesses are those of voxels rather than of struts: image with finer voxels";
        out.push(Limit::at_least("voxels across a strut", strut / edge, VOXELS_ACROSS_STRUT, otherwise));
    }
    if let Some(pore) = mean("pore size") {
        let otherwise = "passages are not resolved: image with finer voxels";
        out.push(Limit::at_least("voxels across a pore", pore / edge, VOXELS_ACROSS_PORE, otherwise));
        let [z, y, x] = m.volume.shape_zyx;
        let edges = m.volume.voxel_size_m_xyz.map_or([1.0; 3], |e| e.map(|e| e * unit.factor));
        let shortest = [x, y, z].iter().zip(edges).map(|(n, e)| *n as f64 * e).fold(f64::INFINITY, f64::min);
        let otherwise = "the box is a piece of the material rather than a sample of it: take a larger one";
        out.push(Limit::at_least("pores across the box", shortest / pore, PORES_ACROSS_BOX, otherwise));
    }
    out.retain(|limit| !limit.here.contains("NaN"));
    out
}

/// Whether one neck decides what a phase conducts.
fn neck(phase: &str, t: &TransportResults) -> Option<Limit> {
    let shares = t.directions.iter().filter_map(|(axis, d)| Some((axis, d.half_loss_fraction?)));
    let (axis, least) = shares.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Limit {
        what: format!("share of the {phase} that holds half of its loss, along {axis}"),
        here: percent(least),
        trusted: format!("at least {}", percent(ONE_NECK)),
        holds: least >= ONE_NECK,
        otherwise: "one neck of this box decides the number: it is not that of the material",
    })
}

/// Whether the models of the cell hold.
fn cell(c: &CurrentResults) -> Vec<Limit> {
    let mut out = Vec::new();
    let marcus = c.inputs.iter().any(|i| i.key == "reorganisation-energy");
    if let Some(eta) = c.overpotential_kinetic_v.map(f64::abs).filter(|_| !marcus) {
        out.push(Limit {
            what: "overpotential of the reaction".to_owned(),
            here: format!("{}\u{a0}mV", trimmed(1e3 * eta, 3)),
            trusted: format!("at most {}\u{a0}mV by Butler and Volmer", trimmed(1e3 * BUTLER_VOLMER_V, 3)),
            holds: eta <= BUTLER_VOLMER_V,
            otherwise: "try --kinetics mhc",
        });
    }
    let secondary = c.electrolyte.as_ref().is_none_or(|e| e.model == "secondary");
    if secondary {
        if let Some(share) = c.electrolyte.as_ref().and_then(|e| e.current_over_limit) {
            let otherwise = "solve for the salt: --electrolyte concentrated";
            out.push(Limit::at_most("applied over limiting current", share.abs(), OF_LIMIT, otherwise));
        }
        if let Some(depletion) = c.groups.depletion {
            let otherwise = "one concentration does not describe it: --electrolyte concentrated";
            out.push(Limit::at_most("salt missing at the back", depletion.abs(), DEPLETION, otherwise));
        }
    }
    out
}

/// What the run checked of itself.
pub(crate) fn checks(r: &RunResults) -> Option<Table> {
    let mut table =
        Table::new("What this run checked of itself").words("check").words("found").words("asked").words("verdict");
    let mut say = |check: String, found: String, asked: String, holds: bool| {
        let verdict = if holds { "passed" } else { "FAILED" };
        table.row(vec![Cell::text(check), Cell::text(found), Cell::text(asked), Cell::text(verdict)]);
    };
    let tolerance = r.configuration["tol"].as_str().and_then(relative);
    for (phase, t) in &r.transport {
        let gaps = t.directions.values().filter_map(|d| {
            let [low, high] = d.tau_bounds?;
            Some((high - low) / d.tau?)
        });
        let Some(widest) = gaps.reduce(f64::max) else { continue };
        let asked = tolerance.map_or_else(|| "\u{2013}".to_owned(), |tol| format!("at most {}", percent(tol)));
        let check = format!("proved bounds of tau of the {phase} are apart by, at most");
        say(check, percent(widest), asked, tolerance.is_none_or(|tol| widest <= tol));
    }
    if let Some(topology) = r.tag.as_ref().and_then(|t| t.topology.as_ref()) {
        let found =
            format!("{} pieces, Euler number {}, the same for both", topology.components, topology.euler_number);
        say("topology of the solid and of its skeleton".to_owned(), found, "equal".to_owned(), true);
    }
    if let Some(c) = &r.current {
        let li = c.electrolyte.as_ref().map(|e| e.agreement.li_slice_error);
        for (what, found, asked) in [
            ("current of the surface against the applied one", c.balance.charge_error, CHARGE),
            ("current through every slice against the applied one", c.balance.slice_error, SLICES),
            ("lithium through every slice against what reacts beyond it", li, SLICES),
        ] {
            let Some(found) = found else { continue };
            say(format!("{what}, off by"), brief(found), format!("at most {}", brief(asked)), found <= asked);
        }
    }
    (!table.rows.is_empty()).then(|| {
        table.note("The methods themselves are checked by the tests of the program against closed forms (empty box, layers, planar, wavy and coaxial electrodes, Newman and Tobias, Sand) and against shapes of known area, size and network; those tests are not part of a run.")
    })
}

/// `0.1%` or `1e-3` as a number.
fn relative(text: &str) -> Option<f64> {
    match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok().map(|p| p / 100.0),
        None => text.trim().parse().ok(),
    }
}
