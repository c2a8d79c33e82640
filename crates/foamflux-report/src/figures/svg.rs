//! A small writer for charts, and axis ticks at round numbers.
//!
//! Charts carry their own background and follow the reader's light or dark setting, alone as well as in a page.

use std::fmt::Write as _;

use crate::number::Medium;

const STYLE: &str = "\
.bg{fill:#fff}.ink{fill:#1b222b}.quiet{fill:#5c6673}.rule{stroke:#d5dae0}.axis{stroke:#8a94a1}\
.a{fill:#2f6f9f}.b{fill:#b8621b}.c{fill:#5c6673}.la{stroke:#2f6f9f}.lb{stroke:#b8621b}.lc{stroke:#5c6673}\
.err{stroke:#1b222b}.soft{fill:#2f6f9f;opacity:.25}.mark{stroke:#b8621b}\
line,path{fill:none;stroke-width:1}text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif}\
path.lb{stroke-dasharray:9 7}.halo{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\
.t{font-weight:600;font-size:14px}.s{font-size:12px}.num{font-variant-numeric:tabular-nums}\
@media(prefers-color-scheme:dark){.bg{fill:#161b22}.ink{fill:#e6eaef}.quiet{fill:#9aa5b1}.rule{stroke:#2d353f}\
.axis{stroke:#6b7683}.a{fill:#6aaedd}.b{fill:#e39a57}.c{fill:#9aa5b1}.la{stroke:#6aaedd}.lb{stroke:#e39a57}\
.lc{stroke:#9aa5b1}.halo{stroke:#161b22}.err{stroke:#e6eaef}.soft{fill:#6aaedd}.mark{stroke:#e39a57}}";

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// An SVG picture in the making.
pub(crate) struct Svg {
    body: String,
    width: f64,
    height: f64,
    title: String,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64, title: &str) -> Self {
        Svg { body: String::new(), width, height, title: title.to_owned() }
    }

    /// A filled rectangle; `class` from the style sheet.
    pub(crate) fn rect(&mut self, class: &str, [x, y]: [f64; 2], [w, h]: [f64; 2]) {
        self.push(format_args!(
            "<rect class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{:.2}\" height=\"{:.2}\"/>",
            w.max(0.0),
            h.max(0.0)
        ));
    }

    pub(crate) fn line(&mut self, class: &str, [x0, y0]: [f64; 2], [x1, y1]: [f64; 2], width: f64) {
        self.push(format_args!(
            "<line class=\"{class}\" x1=\"{x0:.2}\" y1=\"{y0:.2}\" x2=\"{x1:.2}\" y2=\"{y1:.2}\" style=\"stroke-width:{width}\"/>"
        ));
    }

    pub(crate) fn circle(&mut self, class: &str, [x, y]: [f64; 2], radius: f64) {
        self.push(format_args!("<circle class=\"{class}\" cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius}\"/>"));
    }

    /// A line through points; `filled` paints the area that the path encloses instead.
    pub(crate) fn path(&mut self, class: &str, points: &[[f64; 2]], filled: bool) {
        let mut d = String::new();
        for (k, [x, y]) in points.iter().enumerate() {
            let _ = write!(d, "{}{x:.2} {y:.2}", if k == 0 { 'M' } else { 'L' });
        }
        if filled {
            self.push(format_args!("<polygon class=\"{class}\" points=\"{}\"/>", d.replace(['M', 'L'], " ").trim()));
        } else {
            self.push(format_args!("<path class=\"{class}\" d=\"{d}\" style=\"stroke-width:1.8\"/>"));
        }
    }

    pub(crate) fn text(&mut self, class: &str, [x, y]: [f64; 2], anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    fn push(&mut self, what: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.body, "{what}");
    }

    pub(crate) fn finish(self) -> String {
        let (w, h) = (self.width, self.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n<rect class=\"bg\" width=\"{w}\" height=\"{h}\"/>\n{}</svg>\n",
            escape(&self.title),
            self.body
        )
    }
}

/// Text that is safe between tags and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML allows no other control characters.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Ticks of an axis: values, labels, and a power of ten that was taken out of the labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) values: Vec<f64>,
    pub(crate) labels: Vec<String>,
    pub(crate) factor: Option<String>,
}

/// About `wanted` ticks at multiples of 1, 2 or 5 times a power of ten between `low` and `high`.
pub(crate) fn ticks(low: f64, high: f64, wanted: u32) -> Ticks {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        let label = crate::number::Number::new(low).show(Medium::Terminal);
        return Ticks { values: vec![low], labels: vec![label], factor: None };
    }
    let raw = span / f64::from(wanted.max(1));
    let decade = raw.log10().floor() as i32;
    let mantissa = raw / 10f64.powi(decade);
    let step_mantissa = if mantissa <= 1.0 {
        1.0
    } else if mantissa <= 2.0 {
        2.0
    } else if mantissa <= 5.0 {
        5.0
    } else {
        10.0
    };
    let step = step_mantissa * 10f64.powi(decade);
    let step_decade = if step_mantissa >= 10.0 { decade + 1 } else { decade };
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    let values: Vec<f64> =
        (0..=((last - first).max(0.0) as u32).min(50)).map(|k| (first + f64::from(k)) * step).collect();
    let size = low.abs().max(high.abs()).log10().floor() as i32;
    let taken_out = if (-3..=5).contains(&size) { 0 } else { size };
    let decimals = (taken_out - step_decade).clamp(0, 12).unsigned_abs() as usize;
    let labels = values
        .iter()
        .map(|v| {
            let text = format!("{:.*}", decimals, v / 10f64.powi(taken_out));
            if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
                text.replace('-', "")
            } else {
                text
            }
        })
        .collect();
    Ticks { values, labels, factor: (taken_out != 0).then(|| format!("1e{taken_out}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let t = ticks(0.0, 1.0, 5);
        assert_eq!(t.labels, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        let t = ticks(-0.3, 0.31, 4);
        assert_eq!(t.labels, ["-0.2", "0.0", "0.2"]);
        let t = ticks(0.0, 4e-9, 4);
        assert_eq!(
            (t.labels.as_slice(), t.factor.as_deref()),
            (&["0", "1", "2", "3", "4"].map(String::from)[..], Some("1e-9"))
        );
        assert_eq!(ticks(2.0, 2.0, 5).values, [2.0]);
        assert_eq!(ticks(f64::NAN, 2.0, 5).values.len(), 1);
    }

    #[test]
    fn markup_is_escaped() {
        let mut svg = Svg::new(10.0, 10.0, "a<b & \"c\"");
        svg.text("ink", [0.0, 0.0], Anchor::Start, "<script>\u{1}");
        let text = svg.finish();
        assert!(text.contains("a&lt;b &amp; &quot;c&quot;") && text.contains("&lt;script&gt;\u{fffd}"));
        assert!(!text.contains("<script"));
    }
}
