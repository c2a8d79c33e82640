//! Charts with two axes: the grey histogram with its thresholds, and profiles.

use super::svg::{Anchor, Svg, Ticks, ticks};

const WIDTH: f64 = 760.0;
pub(super) const HEIGHT: f64 = 340.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 48.0;
pub(super) const BOTTOM: f64 = 54.0;
/// More thresholds than this (one per slice) are drawn as a band.
const SINGLE_LINES: usize = 4;

/// The plot area, and what maps data to it.
pub(super) struct Plot {
    pub(super) svg: Svg,
    x: [f64; 2],
    y: [f64; 2],
}

impl Plot {
    pub(super) fn new(title: &str, x: [f64; 2], y: [f64; 2]) -> Self {
        let mut svg = Svg::new(WIDTH, HEIGHT, title);
        svg.text("ink t", [LEFT, 24.0], Anchor::Start, title);
        Plot { svg, x: widened(x), y: widened(y) }
    }

    pub(super) fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let part = |v: f64, [low, high]: [f64; 2]| ((v - low) / (high - low)).clamp(-0.5, 1.5);
        [LEFT + part(x, self.x) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - part(y, self.y) * (HEIGHT - TOP - BOTTOM)]
    }

    pub(super) fn axes(&mut self, x_label: &str, y_label: &str, y_ticks: &Ticks) {
        let floor = HEIGHT - BOTTOM;
        for (value, label) in y_ticks.values.iter().zip(&y_ticks.labels) {
            let [_, y] = self.at(self.x[0], *value);
            self.svg.line("rule", [LEFT, y], [WIDTH - RIGHT, y], 1.0);
            self.svg.text("quiet s num", [LEFT - 8.0, y + 4.0], Anchor::End, label);
        }
        let x_ticks = ticks(self.x[0], self.x[1], 8);
        for (value, label) in x_ticks.values.iter().zip(&x_ticks.labels) {
            let [x, _] = self.at(*value, self.y[0]);
            self.svg.line("axis", [x, floor], [x, floor + 5.0], 1.0);
            self.svg.text("quiet s num", [x, floor + 19.0], Anchor::Middle, label);
        }
        self.svg.line("axis", [LEFT, floor], [WIDTH - RIGHT, floor], 1.0);
        let with = |label: &str, t: &Ticks| match &t.factor {
            Some(factor) => format!("{label} × {factor}"),
            None => label.to_owned(),
        };
        let middle = (LEFT + WIDTH - RIGHT) / 2.0;
        self.svg.text("ink", [middle, HEIGHT - 12.0], Anchor::Middle, &with(x_label, &x_ticks));
        self.svg.text("quiet s", [LEFT, TOP - 8.0], Anchor::Start, &with(y_label, y_ticks));
    }
}

/// A range that is finite and not empty.
fn widened([low, high]: [f64; 2]) -> [f64; 2] {
    if !(low.is_finite() && high.is_finite()) {
        [0.0, 1.0]
    } else if high > low {
        [low, high]
    } else {
        let half = if low == 0.0 { 0.5 } else { 0.05 * low.abs() };
        [low - half, low + half]
    }
}

fn range_of(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values
        .filter(|v| v.is_finite())
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
}

/// A grey histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Histogram<'a> {
    /// Voxels per bin.
    pub counts: &'a [u64],
    /// Bin edges in grey values: one more than there are counts.
    pub edges: &'a [f64],
    /// Thresholds in grey values: one, several, or one per slice.
    pub thresholds: &'a [f64],
    /// Title.
    pub title: &'a str,
}

/// The grey histogram with its thresholds as SVG.
///
/// The height is the square root of the share, so that a small peak beside a large one stays visible; the axis says so.
/// Many thresholds (one per slice) are drawn as their range and median.
pub fn histogram(data: &Histogram<'_>) -> String {
    let total = data.counts.iter().map(|c| *c as f64).sum::<f64>().max(1.0);
    let root = |c: u64| (100.0 * c as f64 / total).sqrt();
    let tallest = data.counts.iter().copied().max().map_or(1.0, root).max(1e-6);
    let all = data.edges.iter().chain(data.thresholds).copied();
    let mut plot = Plot::new(data.title, range_of(all), [0.0, tallest * 1.06]);
    plot.axes("grey value", "share of voxels per bin [%], square-root scale", &root_ticks(tallest));

    let bins = data.counts.len().min(data.edges.len().saturating_sub(1));
    let floor = HEIGHT - BOTTOM;
    let mut steps = Vec::with_capacity(2 * bins + 2);
    for k in 0..bins {
        for edge in [data.edges[k], data.edges[k + 1]] {
            steps.push(plot.at(edge, root(data.counts[k])));
        }
    }
    if let (Some(first), Some(last)) = (steps.first().copied(), steps.last().copied()) {
        let mut area = vec![[first[0], floor]];
        area.extend_from_slice(&steps);
        area.push([last[0], floor]);
        plot.svg.path("soft", &area, true);
        plot.svg.path("la", &steps, false);
    }
    let mut sorted: Vec<f64> = data.thresholds.iter().copied().filter(|t| t.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let shown = |t: f64| crate::number::trimmed(t, 4);
    let mark = |plot: &mut Plot, t: f64, label: &str, row: f64| {
        let [x, _] = plot.at(t, 0.0);
        plot.svg.line("mark", [x, TOP + 2.0], [x, floor], 1.6);
        let (anchor, shift) = if x > 0.7 * WIDTH { (Anchor::End, -6.0) } else { (Anchor::Start, 6.0) };
        plot.svg.text("b s", [x + shift, TOP + 14.0 + 15.0 * row], anchor, label);
    };
    if sorted.len() > SINGLE_LINES {
        let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
        let (a, b) = (plot.at(low, 0.0)[0], plot.at(high, 0.0)[0]);
        plot.svg.rect("soft", [a, TOP + 2.0], [(b - a).max(1.0), floor - TOP - 2.0]);
        let label = format!(
            "{} thresholds: {} to {}, median {}",
            sorted.len(),
            shown(low),
            shown(high),
            shown(sorted[sorted.len() / 2])
        );
        mark(&mut plot, sorted[sorted.len() / 2], &label, 0.0);
    } else {
        for (k, t) in sorted.iter().enumerate() {
            mark(&mut plot, *t, &format!("threshold {}", shown(*t)), k as f64);
        }
    }
    plot.svg.finish()
}

/// Ticks at round percentages on a square-root axis.
fn root_ticks(tallest: f64) -> Ticks {
    let most = tallest * tallest;
    let mut values = vec![0.0];
    let mut labels = vec!["0".to_owned()];
    let top = 10f64.powi(most.log10().floor() as i32);
    for share in [0.01 * top, 0.1 * top, 0.25 * top, 0.5 * top, top, 2.0 * top, 5.0 * top] {
        let last = values.last().copied().unwrap_or(0.0);
        if share <= most * 1.1 && share.sqrt() - last > 0.12 * tallest {
            values.push(share.sqrt());
            labels.push(crate::number::trimmed(share, 3));
        }
    }
    Ticks { values, labels, factor: None }
}

/// A line of a profile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Series<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// Points; a point that is not finite interrupts the line.
    pub points: &'a [[f64; 2]],
}

/// Values along a coordinate, such as porosity by depth or a distribution of thickness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile<'a> {
    /// At most three lines.
    pub series: &'a [Series<'a>],
    /// Title.
    pub title: &'a str,
    /// Name and unit of the coordinate.
    pub x_label: &'a str,
    /// Name and unit of the value.
    pub y_label: &'a str,
}

/// A profile as SVG; more than three lines are drawn in the colour of the third.
pub fn profile(data: &Profile<'_>) -> String {
    let points = || data.series.iter().flat_map(|s| s.points.iter());
    let x = range_of(points().map(|p| p[0]));
    let y = widened(range_of(points().map(|p| p[1])));
    // Zero belongs on the axis where the values come near it.
    let low = if y[0] >= 0.0 && y[0] < 0.5 * y[1] { 0.0 } else { y[0] };
    let pad = 0.06 * (y[1] - low);
    let mut plot = Plot::new(data.title, x, [if low == 0.0 { 0.0 } else { low - pad }, y[1] + pad]);
    let y_ticks = ticks(plot.y[0], plot.y[1], 5);
    plot.axes(data.x_label, data.y_label, &y_ticks);
    let class = |k: usize| [("la", "a"), ("lb", "b"), ("lc", "c")][k.min(2)];
    // The second is dashed and lies on top, so that both show where it runs along the first.
    let lower = (0..data.series.len()).rev().filter(|k| *k != 1);
    for k in lower.chain((data.series.len() > 1).then_some(1)) {
        let (line, fill) = class(k);
        for run in data.series[k].points.split(|p| !(p[0].is_finite() && p[1].is_finite())) {
            let run: Vec<[f64; 2]> = run.iter().map(|p| plot.at(p[0], p[1])).collect();
            if run.len() == 1 {
                plot.svg.circle(fill, run[0], 3.0);
            } else if !run.is_empty() {
                plot.svg.path(line, &run, false);
            }
        }
    }
    let mut legend_x = WIDTH - RIGHT;
    for (k, series) in data.series.iter().enumerate().rev().filter(|_| data.series.len() > 1) {
        plot.svg.text(&format!("{} s", class(k).1), [legend_x, TOP - 8.0], Anchor::End, series.name);
        legend_x -= 16.0 + 7.0 * series.name.chars().count() as f64;
    }
    plot.svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_stands_where_it_belongs() {
        let edges: Vec<f64> = (0..=4).map(f64::from).collect();
        let svg = histogram(&Histogram { counts: &[1, 2, 3, 4], edges: &edges, thresholds: &[1.0], title: "grey" });
        // A quarter of the way along the axis from LEFT to WIDTH - RIGHT.
        let x = LEFT + 0.25 * (WIDTH - LEFT - RIGHT);
        assert!(svg.contains(&format!("<line class=\"mark\" x1=\"{x:.2}\"")), "{svg}");
        assert!(svg.contains("threshold 1"));
    }

    #[test]
    fn odd_input_still_makes_a_picture() {
        for svg in [
            histogram(&Histogram { counts: &[], edges: &[], thresholds: &[], title: "" }),
            histogram(&Histogram { counts: &[0, 0], edges: &[1.0, 1.0, 1.0], thresholds: &[f64::NAN], title: "x" }),
            histogram(&Histogram { counts: &[5; 300], edges: &[0.0, 1.0], thresholds: &[0.1; 90], title: "x" }),
            profile(&Profile { series: &[], title: "", x_label: "", y_label: "" }),
            profile(&Profile {
                series: &[Series { name: "a", points: &[[0.0, 1.0], [1.0, f64::NAN], [2.0, 3.0], [3.0, 3.0]] }],
                title: "t",
                x_label: "x",
                y_label: "y",
            }),
        ] {
            assert!(
                svg.starts_with("<svg") && svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"),
                "{svg}"
            );
        }
    }
}
