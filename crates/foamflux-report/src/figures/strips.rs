//! Charts of summarised numbers: tau - 1 by phase and direction, and distributions known by their percentiles.

use std::collections::BTreeMap;

use foamflux_results::{Summary, TransportResults};

use super::svg::{Anchor, Svg, ticks};
use crate::number::{Medium, Number};

const PANEL: f64 = 300.0;
const TOP: f64 = 60.0;
const PLOT: f64 = 200.0;
const LEFT: f64 = 62.0;

/// tau - 1 by direction, one panel per phase with its own axis, with the total error; SVG.
///
/// tau - 1 and not tau, because tau of an open structure is close to one in every direction.
pub fn tau_bars(transport: &BTreeMap<String, TransportResults>) -> String {
    let panels = transport.len().max(1) as f64;
    let mut svg =
        Svg::new(24.0 + panels * (PANEL + 40.0), TOP + PLOT + 56.0, "Tortuosity factor by phase and direction");
    for (k, (phase, results)) in transport.iter().enumerate() {
        panel(&mut svg, 12.0 + k as f64 * (PANEL + 40.0), phase, results);
    }
    if transport.is_empty() {
        svg.text("quiet", [24.0, TOP], Anchor::Start, "no transport results");
    }
    svg.finish()
}

fn panel(svg: &mut Svg, x0: f64, phase: &str, results: &TransportResults) {
    let reach = |d: &foamflux_results::DirectionResults| {
        let above = d.tau_minus_one? + d.error.total.unwrap_or(0.0);
        above.is_finite().then_some(above)
    };
    let tallest = results.directions.values().filter_map(reach).fold(0.0, f64::max);
    let top = if tallest > 0.0 { tallest * 1.18 } else { 1.0 };
    let (left, right, floor) = (x0 + LEFT, x0 + PANEL, TOP + PLOT);
    let height = |v: f64| floor - (v / top).clamp(0.0, 1.0) * PLOT;
    let name = format!("{phase}: τ − 1");
    svg.text("ink t", [x0 + 4.0, 24.0], Anchor::Start, &name);
    let eps = Number::new(results.phase.volume_fraction).show(Medium::Page);
    svg.text("quiet s", [x0 + 4.0, 42.0], Anchor::Start, &format!("ε = {eps}, error bars: total error"));
    let scale = ticks(0.0, top, 4);
    for (value, label) in scale.values.iter().zip(&scale.labels) {
        let y = height(*value);
        svg.line("rule", [left, y], [right, y], 1.0);
        let label = scale.factor.as_ref().map_or_else(|| label.clone(), |f| format!("{label}·{f}"));
        svg.text("quiet s num", [left - 8.0, y + 4.0], Anchor::End, &label);
    }
    let slot = (right - left) / results.directions.len().max(1) as f64;
    for (k, (axis, d)) in results.directions.iter().enumerate() {
        let centre = left + slot * (k as f64 + 0.5);
        let half = (0.28 * slot).min(32.0);
        match d.tau_minus_one {
            Some(value) if value.is_finite() => {
                svg.rect("a", [centre - half, height(value)], [2.0 * half, floor - height(value)]);
                let mut label_y = height(value);
                if let Some(error) = d.error.total.filter(|e| e.is_finite()) {
                    let (low, high) = (height(value - error), height(value + error));
                    svg.line("err", [centre, low], [centre, high], 1.5);
                    svg.line("err", [centre - 6.0, high], [centre + 6.0, high], 1.5);
                    svg.line("err", [centre - 6.0, low], [centre + 6.0, low], 1.5);
                    label_y = high;
                }
                let label = Number::with_error(value, d.error.total).show(Medium::Page);
                let label = label.split('±').next().unwrap_or(&label).trim().trim_start_matches('(').to_owned();
                svg.text("ink s num", [centre, label_y - 7.0], Anchor::Middle, &label);
            }
            _ => {
                let word = if d.percolates { "not solved" } else { "blocked" };
                svg.text("b s", [centre, floor - 10.0], Anchor::Middle, word);
            }
        }
        svg.text("ink", [centre, floor + 20.0], Anchor::Middle, axis);
    }
    svg.line("axis", [left, floor], [right, floor], 1.0);
    svg.text("quiet s", [(left + right) / 2.0, floor + 42.0], Anchor::Middle, "direction");
}

/// A distribution that is known by its percentiles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strip<'a> {
    /// Name.
    pub name: &'a str,
    /// Mean, median and percentiles, in the unit of the chart.
    pub summary: Summary,
}

/// Distributions as strips: 5th to 95th percentile, mean ± standard deviation, median; SVG.
pub fn summary_strips(strips: &[Strip<'_>], title: &str, unit: &str) -> String {
    const WIDTH: f64 = 700.0;
    const NAMES: f64 = 150.0;
    const ROW: f64 = 46.0;
    let rows = strips.len().max(1) as f64;
    let floor = 46.0 + rows * ROW;
    let mut svg = Svg::new(WIDTH, floor + 66.0, title);
    svg.text("ink t", [14.0, 24.0], Anchor::Start, title);
    let most = strips
        .iter()
        .map(|s| s.summary.p95.max(s.summary.mean + s.summary.std))
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let top = if most > 0.0 { most * 1.06 } else { 1.0 };
    let at = |v: f64| NAMES + (v / top).clamp(0.0, 1.0) * (WIDTH - NAMES - 24.0);
    let scale = ticks(0.0, top, 7);
    for (value, label) in scale.values.iter().zip(&scale.labels) {
        svg.line("rule", [at(*value), 40.0], [at(*value), floor], 1.0);
        svg.text("quiet s num", [at(*value), floor + 17.0], Anchor::Middle, label);
    }
    for (k, Strip { name, summary: s }) in strips.iter().enumerate() {
        let y = 46.0 + (k as f64 + 0.5) * ROW;
        svg.text("ink", [14.0, y + 4.0], Anchor::Start, name);
        if ![s.mean, s.median, s.std, s.p05, s.p95].iter().all(|v| v.is_finite()) {
            svg.text("b s", [NAMES + 8.0, y + 4.0], Anchor::Start, "not finite");
            continue;
        }
        svg.line("la", [at(s.p05), y], [at(s.p95), y], 2.0);
        for end in [s.p05, s.p95] {
            svg.line("la", [at(end), y - 7.0], [at(end), y + 7.0], 2.0);
        }
        let (low, high) = (at(s.mean - s.std), at(s.mean + s.std));
        svg.rect("soft", [low, y - 10.0], [high - low, 20.0]);
        svg.line("mark", [at(s.median), y - 10.0], [at(s.median), y + 10.0], 2.5);
        svg.circle("a", [at(s.mean), y], 4.5);
    }
    svg.line("axis", [NAMES, floor], [WIDTH - 24.0, floor], 1.0);
    let unit = scale.factor.as_ref().map_or_else(|| unit.to_owned(), |f| format!("{f} {unit}"));
    svg.text("ink s", [WIDTH - 24.0, floor + 40.0], Anchor::End, &format!("[{unit}]"));
    let key = "bar: 5th to 95th percentile · band: mean ± standard deviation · dot: mean · upright: median";
    svg.text("quiet s", [14.0, floor + 40.0], Anchor::Start, key);
    svg.finish()
}
