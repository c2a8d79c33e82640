//! Charts of a comparison: a panel of dots per metric, and the Pareto views.

use foamflux_results::{CompareResults, MetricInfo, Pareto};

use crate::figures::svg::{Anchor, Svg, ticks};
use crate::number::{Medium, Number};

/// Ranges wider than this factor are drawn on a logarithmic axis.
const WIDE: f64 = 20.0;

/// A linear or logarithmic axis.
struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    /// Of values that are to be seen, with room around them.
    fn of(values: &[f64]) -> Self {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        if !(low.is_finite() && high.is_finite()) {
            return Scale { low: 0.0, high: 1.0, log: false };
        }
        if low > 0.0 && high > WIDE * low {
            return Scale { low: low / 1.5, high: high * 1.5, log: true };
        }
        let span = if high > low { high - low } else { high.abs().max(1e-9) };
        // Zero belongs on the axis where the values come near it.
        let low = if low >= 0.0 && low < 0.6 * high { 0.0 } else { low - 0.12 * span };
        Scale { low, high: high + 0.12 * span, log: false }
    }

    fn part(&self, v: f64) -> f64 {
        let p = if self.log {
            (v.max(1e-300) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (v - self.low) / (self.high - self.low)
        };
        p.clamp(0.0, 1.0)
    }

    /// Values and labels of the ticks.
    fn ticks(&self, wanted: u32) -> Vec<(f64, String)> {
        if !self.log {
            let t = ticks(self.low, self.high, wanted);
            let factor = t.factor.map_or_else(String::new, |f| f.replace("1e", "e"));
            return t.values.into_iter().zip(t.labels).map(|(v, l)| (v, format!("{l}{factor}"))).collect();
        }
        let decades = (self.high / self.low).log10();
        let steps: &[f64] = if decades < 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        let all = (first..=last).flat_map(|d| steps.iter().map(move |s| s * 10f64.powi(d)));
        all.filter(|v| (self.low..=self.high).contains(v)).map(|v| (v, label(v))).collect()
    }
}

/// Half the length of an error bar.
fn error(q: &foamflux_results::Quantity) -> f64 {
    q.error.total.filter(|e| e.is_finite()).unwrap_or(0.0)
}

fn label(v: f64) -> String {
    let exponent = v.log10().floor();
    if (-3.0..5.0).contains(&exponent) {
        crate::number::trimmed(v, 2)
    } else {
        Number::significant(v, 1).show(Medium::Page)
    }
}

/// Dots with error bars, one panel per headline metric, hosts as rows; SVG.
#[must_use]
pub fn dots(r: &CompareResults) -> String {
    const NAMES: f64 = 150.0;
    const PANEL: f64 = 330.0;
    const ROW: f64 = 22.0;
    const GAP: f64 = 34.0;
    let metrics: Vec<&MetricInfo> =
        r.metrics.iter().filter(|m| m.headline && r.hosts.iter().any(|h| h.values.contains_key(&m.key))).collect();
    let rows = r.hosts.len() as f64;
    let block = 30.0 + rows * ROW + 44.0;
    let lines = metrics.len().div_ceil(2) as f64;
    let mut svg = Svg::new(NAMES + 2.0 * (PANEL + GAP), 34.0 + lines * block, "Hosts side by side");
    svg.text("ink t", [14.0, 22.0], Anchor::Start, "Hosts side by side: mean and total error");
    for (k, metric) in metrics.iter().enumerate() {
        let (x0, y0) = (NAMES + (k % 2) as f64 * (PANEL + GAP), 34.0 + (k / 2) as f64 * block);
        let f = metric.shown_factor;
        let of = |h: &foamflux_results::ComparedHost| h.values.get(&metric.key).map(|q| (q.value * f, error(q) * f));
        let ends: Vec<f64> =
            r.hosts.iter().filter_map(of).flat_map(|(v, e)| [v, (v - e).max(v / 10.0), v + e]).collect();
        let scale = Scale::of(&ends);
        let at = |v: f64| x0 + scale.part(v) * PANEL;
        let unit = if metric.shown_unit.is_empty() { String::new() } else { format!(" [{}]", metric.shown_unit) };
        let group = if metric.group.starts_with("equal") { format!(", {}", metric.group) } else { String::new() };
        let axis = if scale.log { ", logarithmic" } else { "" };
        svg.text("ink", [x0, y0 + 18.0], Anchor::Start, &format!("{}{group}{unit}{axis}", metric.name));
        let floor = y0 + 28.0 + rows * ROW;
        for (v, text) in scale.ticks(5) {
            svg.line("rule", [at(v), y0 + 26.0], [at(v), floor], 1.0);
            svg.text("quiet s num", [at(v), floor + 16.0], Anchor::Middle, &text);
        }
        for (j, host) in r.hosts.iter().enumerate() {
            let y = y0 + 28.0 + (j as f64 + 0.5) * ROW;
            if k % 2 == 0 {
                svg.text("ink s", [NAMES - 12.0, y + 4.0], Anchor::End, &host.name);
            }
            match of(host) {
                Some((v, e)) => {
                    let class = if host.not_comparable.is_some() { "c" } else { "a" };
                    svg.line("err", [at(v - e), y], [at(v + e), y], 1.4);
                    svg.circle(class, [at(v), y], 4.5);
                }
                None => {
                    let why = super::word(host.missing.get(&metric.key).map_or("", String::as_str));
                    svg.text("quiet s", [x0 + 6.0, y + 4.0], Anchor::Start, why);
                }
            }
        }
        svg.line("axis", [x0, floor], [x0 + PANEL, floor], 1.0);
    }
    svg.finish()
}

/// Where names stand beside their marks: on no other mark and on no other name.
struct Names<'a> {
    /// Where the plot begins.
    left: f64,
    marks: &'a [[f64; 2]],
    /// Left, right, upper and lower ends of names that stand already.
    taken: Vec<[f64; 4]>,
}

impl Names<'_> {
    /// End and base line of a name, in the order of what reads best: right of the mark, left of it, or some lines away.
    fn place(&mut self, [x, y]: [f64; 2], name: &str) -> ([f64; 2], Anchor) {
        const ABOVE: f64 = -8.0;
        const BELOW: f64 = 17.0;
        const LINE: f64 = 14.0;
        // A letter's mean width in 12 pixels, and how near a name may come to a mark.
        const LETTER: f64 = 6.8;
        const ROOM: f64 = 6.0;
        let width = LETTER * name.chars().count() as f64;
        let near = [(false, ABOVE), (false, BELOW), (true, ABOVE), (true, BELOW)];
        let far = (1..=self.marks.len()).map(|k| LINE * k as f64).flat_map(|d| [BELOW + d, ABOVE - d]);
        let area = |(left, dy): (bool, f64)| {
            let end = if left { x - 9.0 - width } else { x + 9.0 };
            [end, end + width, y + dy - 11.0, y + dy + 3.0]
        };
        let free = |place: &(bool, f64)| {
            let [a, b, c, d] = area(*place);
            let on_mark = |m: &[f64; 2]| m[0] > a - ROOM && m[0] < b + ROOM && m[1] > c - ROOM && m[1] < d + ROOM;
            let on_name = |t: &[f64; 4]| t[0] < b && a < t[1] && t[2] < d && c < t[3];
            a >= self.left && !self.marks.iter().any(on_mark) && !self.taken.iter().any(on_name)
        };
        let place = near.into_iter().chain(far.map(|dy| (false, dy))).find(free).unwrap_or(near[0]);
        self.taken.push(area(place));
        let (left, dy) = place;
        if left { ([x - 9.0, y + dy], Anchor::End) } else { ([x + 9.0, y + dy], Anchor::Start) }
    }
}

/// A Pareto view in the plane of its first two objectives; SVG.
#[must_use]
pub fn pareto(r: &CompareResults, view: &Pareto) -> Option<String> {
    const WIDTH: f64 = 700.0;
    const HEIGHT: f64 = 430.0;
    const LEFT: f64 = 84.0;
    const RIGHT: f64 = 150.0;
    const TOP: f64 = 64.0;
    const BOTTOM: f64 = 60.0;
    let metric = |k: usize| view.objectives.get(k).and_then(|key| r.metrics.iter().find(|m| m.key == *key));
    let (mx, my) = (metric(0)?, metric(1)?);
    let points: Vec<(&foamflux_results::ComparedHost, [f64; 2], [f64; 2])> = r
        .hosts
        .iter()
        .filter_map(|h| {
            let (x, y) = (h.values.get(&mx.key)?, h.values.get(&my.key)?);
            let (fx, fy) = (mx.shown_factor, my.shown_factor);
            Some((h, [x.value * fx, y.value * fy], [error(x) * fx, error(y) * fy]))
        })
        .collect();
    if points.is_empty() {
        return None;
    }
    let ends = |k: usize| -> Vec<f64> {
        points.iter().flat_map(|(_, p, e)| [p[k], (p[k] - e[k]).max(p[k] / 10.0), p[k] + e[k]]).collect()
    };
    let (sx, sy) = (Scale::of(&ends(0)), Scale::of(&ends(1)));
    let at = |x: f64, y: f64| {
        [LEFT + sx.part(x) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - sy.part(y) * (HEIGHT - TOP - BOTTOM)]
    };
    let title = format!("Pareto view {}", view.title);
    let mut svg = Svg::new(WIDTH, HEIGHT, &title);
    svg.text("ink t", [14.0, 24.0], Anchor::Start, &title);
    let way = |m: &MetricInfo| match m.better {
        foamflux_results::Better::Lower => "less is better",
        _ => "more is better",
    };
    let named = |m: &MetricInfo, log: bool| {
        let unit = if m.shown_unit.is_empty() { String::new() } else { format!(" [{}]", m.shown_unit) };
        format!("{}{unit}, {}{}", m.name, way(m), if log { ", logarithmic" } else { "" })
    };
    svg.text("quiet s", [14.0, 44.0], Anchor::Start, &format!("upwards: {}", named(my, sy.log)));
    for (v, text) in sx.ticks(6) {
        let [x, floor] = at(v, sy.low);
        svg.line("rule", [x, TOP], [x, floor], 1.0);
        svg.text("quiet s num", [x, floor + 18.0], Anchor::Middle, &text);
    }
    for (v, text) in sy.ticks(5) {
        let [left, y] = at(sx.low, v);
        svg.line("rule", [left, y], [WIDTH - RIGHT, y], 1.0);
        svg.text("quiet s num", [left - 8.0, y + 4.0], Anchor::End, &text);
    }
    svg.text("quiet s", [LEFT, HEIGHT - 14.0], Anchor::Start, &format!("to the right: {}", named(mx, sx.log)));
    let marks: Vec<[f64; 2]> = points.iter().map(|(_, [x, y], _)| at(*x, *y)).collect();
    let mut names = Names { left: LEFT, marks: &marks, taken: Vec::new() };
    let mut texts = Vec::new();
    for ((host, [x, y], [ex, ey]), mark) in points.iter().zip(&marks) {
        svg.line("err", at(x - ex, *y), at(x + ex, *y), 1.2);
        svg.line("err", at(*x, y - ey), at(*x, y + ey), 1.2);
        let class = if view.front.contains(&host.name) {
            "a"
        } else if view.dominated_by.contains_key(&host.name) {
            "c"
        } else {
            "b"
        };
        svg.circle(class, *mark, 5.5);
        let (place, anchor) = names.place(*mark, &host.name);
        texts.push((format!("{class} s halo"), place, anchor, &host.name));
    }
    // Above the bars of all hosts.
    for (class, place, anchor, name) in texts {
        svg.text(&class, place, anchor, name);
    }
    svg.text("a s", [WIDTH - RIGHT + 10.0, 24.0], Anchor::Start, "\u{25cf} not dominated");
    svg.text("c s", [WIDTH - RIGHT + 10.0, 40.0], Anchor::Start, "\u{25cf} dominated");
    svg.text("b s", [WIDTH - RIGHT + 10.0, 56.0], Anchor::Start, "\u{25cf} not ranked");
    Some(svg.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lie_on_no_mark_and_on_no_other_name() {
        let marks = [[100.0, 100.0], [112.0, 94.0], [118.0, 103.0], [300.0, 100.0], [104.0, 108.0]];
        let mut names = Names { left: 84.0, marks: &marks, taken: Vec::new() };
        for (k, mark) in marks.iter().enumerate() {
            names.place(*mark, &format!("a-host-{k}"));
        }
        for (k, [a, b, c, d]) in names.taken.iter().enumerate() {
            assert!(*a >= 84.0);
            assert!(marks.iter().all(|m| m[0] < *a || m[0] > *b || m[1] < *c || m[1] > *d), "name {k} covers a mark");
            let apart = |t: &[f64; 4]| t[0] >= *b || *a >= t[1] || t[2] >= *d || *c >= t[3];
            assert!(names.taken[k + 1..].iter().all(apart), "name {k} covers a name");
        }
        // A mark that stands alone has its name right above.
        let mut names = Names { left: 84.0, marks: &marks[3..4], taken: Vec::new() };
        assert_eq!(names.place(marks[3], "alone"), ([309.0, 92.0], Anchor::Start));
    }
}
