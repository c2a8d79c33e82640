//! Differences as a table for people.

use serde_json::Value;

use super::walk::Difference;

/// Parts of the tree that say what was done; the rest is what came out.
const DONE: [&str; 5] = ["configuration.", "input.", "program.", "volume.", "sample"];

/// Results without a stated error that are listed, those that differ most first; a screen holds no more.
const LISTED: usize = 20;

pub(super) fn text(found: &[Difference], changed: &[String], verbose: bool) -> String {
    let mut out = String::new();
    if !changed.is_empty() {
        out += &format!("The input has changed: {}\n\n", changed.join(", "));
    }
    if found.is_empty() {
        return out + "no differences (times, memory and iterations left aside)\n";
    }
    let (done, came): (Vec<&Difference>, Vec<&Difference>) =
        found.iter().partition(|d| DONE.iter().any(|part| d.path.starts_with(part)));
    let (mut came, mut bare): (Vec<&Difference>, Vec<&Difference>) =
        came.into_iter().partition(|d| verbose || d.within.is_some());
    let without = bare.len();
    // What cannot be told by a number, such as a word or a number on one side alone, comes first.
    let size = |d: &Difference| d.relative.unwrap_or(f64::INFINITY);
    bare.sort_by(|a, b| size(b).total_cmp(&size(a)));
    bare.truncate(LISTED);
    let left = without - bare.len();
    if left == 0 {
        // Few enough: in the order of the files.
        came = found.iter().filter(|d| came.contains(d) || bare.contains(d)).collect();
        bare.clear();
    }
    let largest = format!("Without stated errors, {LISTED} of {without}");
    for (title, part) in [("What was done", done), ("What came out", came), (&largest, bare)] {
        if !part.is_empty() {
            out += &table(title, &part);
        }
    }
    if left > 0 {
        out += &format!("{left} more are not listed: -v lists them, --json holds all\n");
    }
    let count = |verdict| found.iter().filter(|d| d.within == Some(verdict)).count();
    let (within, beyond) = (count(true), count(false));
    out += &format!(
        "{} differ; of those with stated errors {within} within them, {beyond} beyond\n",
        if found.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", found.len()) }
    );
    out
}

fn table(title: &str, rows: &[&Difference]) -> String {
    let mut lines = vec![["", "a", "b", "relative", "errors"].map(str::to_owned)];
    lines[0][0] = title.to_owned();
    for d in rows {
        let path = match d.items {
            Some([differ, of]) => format!("{} ({differ} of {of}, largest)", d.path),
            None => d.path.clone(),
        };
        let relative = d.relative.map_or_else(String::new, |r| format!("{r:.1e}"));
        let verdict = match d.within {
            Some(true) => "within",
            Some(false) => "BEYOND",
            None => "",
        };
        lines.push([path, shown(&d.a), shown(&d.b), relative, verdict.to_owned()]);
    }
    let width = |column: usize| lines.iter().map(|l| l[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    let mut out = String::new();
    for l in &lines {
        let line = format!(
            "{:<w0$}  {:>w1$}  {:>w2$}  {:>w3$}  {}",
            l[0],
            l[1],
            l[2],
            l[3],
            l[4],
            w0 = widths[0],
            w1 = widths[1],
            w2 = widths[2],
            w3 = widths[3]
        );
        out += line.trim_end();
        out.push('\n');
    }
    out + "\n"
}

/// A value in few characters.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 28;
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(n) => match n.as_f64() {
            Some(v) if n.is_f64() && v != 0.0 && !(1e-3..1e6).contains(&v.abs()) => format!("{v:.7e}"),
            Some(v) if n.is_f64() => format!("{v:.7}"),
            _ => n.to_string(),
        },
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST - 1).collect();
    format!("{start}\u{2026}")
}
