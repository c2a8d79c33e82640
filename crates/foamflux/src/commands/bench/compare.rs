//! This run beside an earlier one.

use std::fmt::Write as _;
use std::path::Path;

use foamflux_pipeline::PipelineError;
use foamflux_pipeline::config::ConfigError;

use super::line::{Line, Row, SCHEMA, What};
use super::table::rows;

/// Times that differ by less than this factor are the noise of a quiet machine.
const NOISE: f64 = 1.1;
/// Digits of tau that differ although both errors allow none of it: the programs do not solve the same problem.
const SAME_TAU: f64 = 2.0;

/// Reads what an earlier run printed with `--json`.
pub(super) fn read(path: &Path) -> Result<Vec<Line>, PipelineError> {
    let refuse = |message: String| PipelineError::from(ConfigError::Value { key: "compare", message });
    let text = std::fs::read_to_string(path).map_err(|e| {
        refuse(format!("{} cannot be read ({e}): give what `foamflux bench --json` printed", path.display()))
    })?;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let parsed: Line = serde_json::from_str(line).map_err(|e| {
            refuse(format!("line {} of {} is no line of `foamflux bench --json` ({e})", number + 1, path.display()))
        })?;
        if parsed.schema != SCHEMA {
            return Err(refuse(format!(
                "line {} of {} has the format {} and this version reads {SCHEMA}: repeat the earlier run",
                number + 1,
                path.display(),
                parsed.schema
            )));
        }
        lines.push(parsed);
    }
    if lines.is_empty() {
        return Err(refuse(format!("{} is empty: give what `foamflux bench --json` printed", path.display())));
    }
    Ok(lines)
}

/// Ratios, now over then.
pub(super) fn table(now: &[Line], then: &[Line]) -> String {
    let mut out = format!(
        "\ncompared with {}: seconds of set-up and solve, and their ratio (below 1 is faster now)\n{:22} {:>11} {:>6} {:>9} {:>9} {:>6} {:>9}  device\n",
        versions(then),
        "case",
        "size",
        "tol",
        "then s",
        "now s",
        "ratio",
        "it"
    );
    let mut missing = 0;
    for (line, row) in rows(now) {
        let Some((_, before)) = rows(then).find(|(l, r)| l.device == line.device && same(r, row)) else {
            missing += 1;
            continue;
        };
        let ratio = row.seconds() / before.seconds();
        let verdict = if ratio > NOISE {
            "  slower"
        } else if ratio < 1.0 / NOISE {
            "  faster"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "{:22} {:>11} {:>6.0e} {:>9.4} {:>9.4} {ratio:>6.2} {:>9}  {}{verdict}",
            row.place.case,
            row.place.size(),
            row.tolerance,
            before.seconds(),
            row.seconds(),
            format!("{} -> {}", before.iterations, row.iterations),
            line.device
        );
        let differs = (row.tau / before.tau - 1.0).abs();
        if differs > SAME_TAU * (row.tau_error + before.tau_error).max(1e-7) {
            let _ = writeln!(
                out,
                "  tau is {:.8} now and was {:.8}, which is more than both errors allow: not the same volume, or a fault",
                row.tau, before.tau
            );
        }
    }
    if missing > 0 {
        let _ =
            writeln!(out, "{missing} solves of this run have no partner there (same case, size, tolerance, device)");
    }
    for line in now {
        let (What::Bandwidth { copy_bytes_per_s: here }, device) = (&line.what, &line.device) else { continue };
        let before = then.iter().find_map(|l| match l.what {
            What::Bandwidth { copy_bytes_per_s } if l.device == *device => Some(copy_bytes_per_s),
            _ => None,
        });
        if let Some(before) = before {
            let _ = writeln!(
                out,
                "copy bandwidth {:.1} -> {:.1} GB/s on {device}: a machine that copies more slowly is busy",
                before / 1e9,
                here / 1e9
            );
        }
    }
    out
}

fn same(a: &Row, b: &Row) -> bool {
    a.place == b.place && (a.tolerance / b.tolerance - 1.0).abs() < 1e-9
}

fn versions(lines: &[Line]) -> String {
    let mut versions: Vec<&str> = lines.iter().map(|l| l.version.as_str()).collect();
    versions.dedup();
    format!("foamflux {}", versions.join(", "))
}
