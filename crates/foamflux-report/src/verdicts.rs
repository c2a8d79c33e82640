//! What the numbers mean, in words.

use foamflux_results::{
    DirectionResults, MeasureResults, RunResults, StageOutcome, Summary, TagResults, ThresholdBand, TransportResults,
    VolumeInfo,
};

use crate::number::{Medium, Number, brief, percent, trimmed};
use crate::tables::errors::fraction_error;
use crate::tables::measure::{LengthUnit, finest_edge, thicknesses};

/// tau of the least and most tortuous direction that differ by less than this factor count as nearly the same.
const NEARLY_ISOTROPIC: f64 = 1.05;
/// Up to this factor the anisotropy is slight.
const SLIGHTLY_ANISOTROPIC: f64 = 1.25;
/// Below this tau - 1 a phase conducts almost like an empty box.
const OPEN_STRUCTURE: f64 = 0.1;
/// Struts thinner than this many voxels make resolution the leading error.
const COARSE_VOXELS: f64 = 6.0;
/// A relative change of the solid fraction by one threshold step above this deserves a word of caution.
const SENSITIVE: f64 = 0.1;
/// Closed parts of a phase below this share are not worth a sentence.
const CLOSED_SHARE: f64 = 0.01;

/// Whether a verdict states a finding or asks for care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Finding,
    Care,
}

/// A sentence or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

/// All verdicts: transport, morphology, segmentation, what is missing.
pub(crate) fn verdicts(r: &RunResults) -> Vec<Verdict> {
    let mut out = Vec::new();
    let mut say = |tone, text: String| out.push(Verdict { tone, text });
    if r.volume.voxel_size_m_xyz.is_none() {
        say(Tone::Care, "The voxel size is unknown: lengths and areas are in voxel edges, and stages that need metres were skipped. Give it with --voxel-size.".to_owned());
    }
    for (phase, t) in &r.transport {
        for (tone, text) in conduction(phase, t, &r.volume) {
            say(tone, text);
        }
    }
    if let Some(m) = &r.measure {
        for (tone, text) in morphology(m, r) {
            say(tone, text);
        }
    }
    if let Some(text) = r.tag.as_ref().and_then(network) {
        say(Tone::Finding, text);
    }
    if let Some(c) = &r.current {
        match &c.blocked {
            Some(reason) => say(Tone::Care, format!("No current distribution: {reason}.")),
            // What the surface carries, and how evenly; the rest is in the section of its own.
            None => c.reading.iter().take(2).for_each(|text| say(Tone::Finding, text.clone())),
        }
    }
    if let Some(doubt) = &r.doubt {
        match (&doubt.band, &doubt.reason) {
            (Some(b), _) => {
                let half = 0.5 * (b.solid_fraction_low - b.solid_fraction_high).abs();
                let tone = if half > SENSITIVE * b.solid_fraction { Tone::Care } else { Tone::Finding };
                say(tone, band(b));
            }
            (None, Some(reason)) => say(Tone::Finding, format!("There is no error by segmentation: {reason}.")),
            (None, None) => {}
        }
    } else if let (Some(error), Some(s)) =
        (fraction_error(r), r.segment.as_ref().and_then(|s| s.threshold_sensitivity.as_ref()))
    {
        let relative = error / s.solid_fraction;
        if relative.is_finite() {
            let tone = if relative > SENSITIVE { Tone::Care } else { Tone::Finding };
            say(
                tone,
                format!(
                    "One threshold step ({} grey values) changes the solid fraction by {} of its value, from {} to {}.",
                    trimmed(s.step, 3),
                    percent(relative),
                    trimmed(s.solid_fraction_low.min(s.solid_fraction_high), 4),
                    trimmed(s.solid_fraction_low.max(s.solid_fraction_high), 4)
                ),
            );
        }
    }
    for (stage, report) in &r.stages {
        if report.outcome == StageOutcome::Skipped && matches!(stage.as_str(), "tag" | "measure" | "transport") {
            let reason = report.reason.as_deref().unwrap_or("no reason given");
            say(Tone::Care, format!("The stage {stage} was skipped: {}.", reason.trim_end_matches('.')));
        }
    }
    out
}

/// The band of thresholds in a sentence.
pub(crate) fn band(b: &ThresholdBand) -> String {
    let between = |a: f64, b: f64, digits| format!("{} and {}", trimmed(a.min(b), digits), trimmed(a.max(b), digits));
    let of = |v: &[f64]| v.iter().sum::<f64>() / v.len().max(1) as f64;
    format!(
        "Thresholds between {} would have been as good: the solid fraction is between {} ({} as used), and {} of the box \
         changes its label.",
        between(of(&b.thresholds_low), of(&b.thresholds_high), 5),
        between(b.solid_fraction_low, b.solid_fraction_high, 4),
        trimmed(b.solid_fraction, 4),
        percent(b.uncertain_fraction)
    )
}

/// Nodes and fibres in a sentence; none where there are no fibres.
fn network(t: &TagResults) -> Option<String> {
    let (d, unit) = LengthUnit::pick(t.fibres.diameter_m, t.fibres.diameter_vox)?;
    let error = d.error.total.map(|e| e * unit.factor);
    let thick = Number::with_error(d.mean * unit.factor, error).show(Medium::Page);
    let nodes = match (t.nodes.count, t.nodes.coordination_mean) {
        (0, _) => "no node joins them".to_owned(),
        (n, Some(c)) => format!(
            "{n} nodes join {} of them on average and take {} of the solid",
            trimmed(c, 3),
            crate::tables::tag::share(t.node_share_of_solid, t.node_share_error.total, Medium::Page)
        ),
        (n, None) => format!("{n} nodes join them"),
    };
    Some(format!("{} fibres are {thick} {} thick on average; {nodes}.", t.fibres.count, unit.length))
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Slices along an axis.
fn slices(volume: &VolumeInfo, axis: &str) -> Option<usize> {
    let [z, y, x] = volume.shape_zyx;
    match axis {
        "x" => Some(x),
        "y" => Some(y),
        "z" => Some(z),
        _ => None,
    }
}

fn conduction(phase: &str, t: &TransportResults, volume: &VolumeInfo) -> Vec<(Tone, String)> {
    let mut out = Vec::new();
    let open: Vec<&str> = t.directions.iter().filter(|(_, d)| d.percolates).map(|(axis, _)| axis.as_str()).collect();
    let solved: Vec<(&str, f64, f64)> = t
        .directions
        .iter()
        .filter_map(|(axis, d)| d.tau.map(|tau| (axis.as_str(), tau, d.error.total.unwrap_or(0.0))))
        .filter(|(_, tau, error)| tau.is_finite() && error.is_finite())
        .collect();
    let every = open.len() == t.directions.len();
    let name = capital(phase);
    if !open.is_empty() {
        let along = match (every, open.len()) {
            (true, 3) => "in all three directions".to_owned(),
            _ => format!("along {}", list(&open)),
        };
        out.push((Tone::Finding, format!("{name} conducts {along}{}.", spread(&solved))));
    }
    out.extend(closeness(phase, t, &solved));
    for (axis, d) in t.directions.iter().filter(|(_, d)| !d.percolates) {
        out.push((Tone::Care, blocked(&name, axis, d, slices(volume, axis))));
    }
    let dead: f64 = t
        .directions
        .values()
        .filter(|d| d.percolates)
        .map(|d| 1.0 - d.percolating_fraction / t.phase.volume_fraction)
        .fold(0.0, f64::max);
    if dead > CLOSED_SHARE && dead.is_finite() {
        out.push((
            Tone::Finding,
            format!(
                "Up to {} of the {phase} belongs to clusters that do not connect both faces and carries no current.",
                percent(dead)
            ),
        ));
    }
    out
}

/// The range of tau and what it says about isotropy.
fn spread(solved: &[(&str, f64, f64)]) -> String {
    let by = |a: &&(&str, f64, f64), b: &&(&str, f64, f64)| a.1.total_cmp(&b.1);
    let (Some(least), Some(most)) = (solved.iter().min_by(by), solved.iter().max_by(by)) else {
        return String::new();
    };
    if solved.len() == 1 {
        return format!(": τ = {}", Number::with_error(least.1, Some(least.2).filter(|e| *e > 0.0)).show(Medium::Page));
    }
    let ratio = most.1 / least.1;
    let digits = |v: f64| Number::new(v).show(Medium::Page);
    let range = format!(": τ is {} ({}) to {} ({})", digits(least.1), least.0, digits(most.1), most.0);
    let within_error = most.1 - least.1 <= least.2 + most.2 && least.2 + most.2 > 0.0;
    let kind = if within_error {
        "the directions do not differ beyond their errors".to_owned()
    } else if ratio < NEARLY_ISOTROPIC {
        "nearly isotropic".to_owned()
    } else if ratio < SLIGHTLY_ANISOTROPIC {
        format!("slightly anisotropic, {} conducts best", least.0)
    } else {
        format!("anisotropic, {} conducts {} times better than {}", least.0, trimmed(ratio, 3), most.0)
    };
    format!("{range}, {kind}")
}

/// Whether tau is so close to one that it says little.
fn closeness(phase: &str, t: &TransportResults, solved: &[(&str, f64, f64)]) -> Option<(Tone, String)> {
    let (axis, tau, error) = solved.iter().copied().max_by(|a, b| (a.1).total_cmp(&b.1))?;
    let excess = t.directions.get(axis).and_then(|d| d.tau_minus_one).unwrap_or(tau - 1.0);
    if excess >= OPEN_STRUCTURE || solved.len() < t.directions.len() {
        return None;
    }
    let shown = Number::with_error(excess, Some(error).filter(|e| *e > 0.0)).show(Medium::Page);
    let meaning = if error > 0.0 && excess.abs() <= error {
        "it cannot be told from an empty box"
    } else {
        "an open structure, where τ hardly tells hosts apart; compare τ − 1, surface and thickness instead"
    };
    Some((Tone::Finding, format!("τ − 1 of the {phase} is at most {shown} ({axis}): {meaning}.")))
}

fn blocked(name: &str, axis: &str, d: &DirectionResults, slices: Option<usize>) -> String {
    let mut text = format!("{name} does not conduct along {axis}");
    match (&d.blocked, slices) {
        (Some(b), Some(n)) => {
            text.push_str(&format!(
                ": it reaches {} of {n} slices in from the first face and {} from the last",
                b.reach_from_inlet_slices, b.reach_from_outlet_slices
            ));
            if b.percolates_by_edges_or_corners {
                text.push_str(
                    "; through edges or corners of voxels it would connect, so a finer image may show a path",
                );
            }
        }
        (Some(b), None) => text.push_str(&format!(": {}", b.reason.trim_end_matches('.'))),
        (None, _) => {}
    }
    text.push_str(". D_eff is zero and τ is not a number.");
    text
}

fn morphology(m: &MeasureResults, r: &RunResults) -> Vec<(Tone, String)> {
    let mut out = Vec::new();
    if let (Some(pore), Some(solid)) = (m.phases.get("pore"), m.phases.get("solid")) {
        let mut text =
            format!("The box is {} pore and {} solid", percent(pore.volume_fraction), percent(solid.volume_fraction));
        if solid.components == 1 {
            text.push_str("; the solid is one piece");
        } else if solid.components > 1 {
            text.push_str(&format!(
                "; the solid is {} pieces, the largest of which holds {}",
                solid.components,
                percent(solid.largest_component_share)
            ));
        }
        out.push((Tone::Finding, format!("{text}.")));
    }
    if let Some((rows, unit)) = thicknesses(m) {
        let mean = |s: &Summary| match s.error.total {
            Some(_) => Number::with_error(s.mean, s.error.total).show(Medium::Page),
            None => trimmed(s.mean, 4),
        };
        let phrase: Vec<String> =
            rows.iter().map(|(name, s)| format!("mean {name} {} {}", mean(s), unit.length)).collect();
        out.push((Tone::Finding, format!("{}.", capital(&phrase.join(", ")))));
        let edge = if unit.metric { finest_edge(m).map(|e| e * unit.factor) } else { Some(1.0) };
        if let (Some((_, strut)), Some(edge)) = (rows.iter().find(|(name, _)| *name == "strut thickness"), edge) {
            let voxels = strut.mean / edge;
            if voxels > 0.0 && voxels < COARSE_VOXELS {
                out.push((
                    Tone::Care,
                    format!("Struts are {} voxels thick: resolution is likely the largest error of area, thickness and tortuosity.", trimmed(voxels, 2)),
                ));
            }
        }
    }
    if let Some(s) = &m.surface {
        if let Some((methods, unit)) =
            LengthUnit::pick(s.area_per_volume_per_m.as_ref(), s.area_per_volume_per_vox.as_ref())
        {
            let area = Number::with_error(methods.recommended / unit.factor, s.error.total.map(|e| e / unit.factor))
                .show(Medium::Page);
            let ratio = s
                .area_ratio
                .get("z")
                .map_or(String::new(), |z| format!(", {} times the projected area along z", brief(*z)));
            out.push((Tone::Finding, format!("Surface per volume is {area} {}{ratio}.", unit.per_length)));
        }
    } else if r.measure.is_some() {
        out.push((Tone::Care, "There is no solid surface in the box.".to_owned()));
    }
    out
}
