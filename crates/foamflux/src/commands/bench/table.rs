//! The lines as tables and a chart.

use std::fmt::Write as _;

use super::line::{Kernel, Line, Row, What};

/// Characters of the longest bar.
const BAR: usize = 40;

/// Bandwidths, solves, kernels, failures.
pub(super) fn table(lines: &[Line]) -> String {
    let mut out = bandwidths(lines);
    out.push_str(&solves(lines));
    out.push_str(&chart(lines));
    out.push_str(&kernels(lines));
    out.push_str(&currents(lines));
    for line in lines {
        if let What::Failed { what, error } = &line.what {
            let _ = writeln!(out, "\n{what} on {}: {error}", line.device);
        }
    }
    out
}

pub(super) fn rows(lines: &[Line]) -> impl Iterator<Item = (&Line, &Row)> {
    lines.iter().filter_map(|l| if let What::Solve(row) = &l.what { Some((l, row)) } else { None })
}

fn bandwidths(lines: &[Line]) -> String {
    let mut out = String::from("copy bandwidth, read and written counted\n");
    for line in lines {
        if let What::Bandwidth { copy_bytes_per_s } = line.what {
            let driver = line.driver.as_deref().unwrap_or("-");
            let _ = writeln!(out, "{:8.1} GB/s  {}  driver {driver}", copy_bytes_per_s / 1e9, line.device);
        }
    }
    out
}

fn solves(lines: &[Line]) -> String {
    if rows(lines).next().is_none() {
        return String::new();
    }
    let mut out = format!(
        "\n{:22} {:>11} {:>6} {:>10} {:>9} {:>4} {:>9} {:>9} {:>9} {:>8} {:>6}  device\n",
        "case", "size", "tol", "tau", "error", "it", "set-up s", "solve s", "s/it", "Mvox/s", "B/vox"
    );
    for (line, r) in rows(lines) {
        let each = r.seconds_per_iteration.map_or("-".to_owned(), |s| format!("{s:.5}"));
        let _ = writeln!(
            out,
            "{:22} {:>11} {:>6.0e} {:>10.6} {:>9.1e} {:>4} {:>9.3} {:>9.4} {each:>9} {:>8.1} {:>6.1}  {}",
            r.place.case,
            r.place.size(),
            r.tolerance,
            r.tau,
            r.tau_error,
            r.iterations,
            r.setup_seconds,
            r.solve_seconds,
            r.voxels_per_s / 1e6,
            r.bytes_per_voxel,
            line.device
        );
    }
    out
}

/// Bars of voxels per second, set-up counted, at the tightest tolerance: one scale for all, so that cases and devices can
/// be compared by eye. Each bar ends with the error it comes with.
fn chart(lines: &[Line]) -> String {
    let tightest = rows(lines).map(|(_, r)| r.tolerance).fold(f64::INFINITY, f64::min);
    let shown: Vec<(&Line, &Row, f64)> = rows(lines)
        .filter(|(_, r)| r.tolerance <= tightest)
        .map(|(l, r)| (l, r, r.place.shape_zyx.iter().product::<usize>() as f64 / r.seconds()))
        .collect();
    let most = shown.iter().fold(0.0f64, |m, s| m.max(s.2));
    if shown.is_empty() || most <= 0.0 {
        return String::new();
    }
    let mut out =
        format!("\nvoxels per second to {tightest:.0e}, set-up counted; the longest bar is {:.1} M\n", most / 1e6);
    let mut last = String::new();
    for (line, row, speed) in shown {
        let name = format!("{} {}", row.place.case, row.place.size());
        if name != last {
            let _ = writeln!(out, "{name}");
            last = name;
        }
        let bar = "#".repeat(((speed / most * BAR as f64).round() as usize).max(1));
        let _ = writeln!(out, "  {bar:BAR$} {:>8.2} M/s  error {:.0e}  {}", speed / 1e6, row.tau_error, line.device);
    }
    out
}

fn kernels(lines: &[Line]) -> String {
    let mut out = String::new();
    let kernels = lines.iter().filter_map(|l| if let What::Kernel(k) = &l.what { Some((l, k)) } else { None });
    for (number, (line, k)) in kernels.enumerate() {
        if number == 0 {
            let _ = writeln!(
                out,
                "\n{:22} {:>11} {:22} {:>9} {:>9} {:>8} {:>8} {:>10}  device",
                "case", "size", "kernel", "ms", "host ms", "GB/s", "of copy", "dispatches"
            );
        }
        let copied = lines.iter().find_map(|l| match l.what {
            What::Bandwidth { copy_bytes_per_s } if l.device == line.device => Some(copy_bytes_per_s),
            _ => None,
        });
        let _ = writeln!(out, "{}  {}", kernel(k, copied), line.device);
    }
    out
}

/// Coupled solves.
fn currents(lines: &[Line]) -> String {
    let mut out = String::new();
    let rows = lines.iter().filter_map(|l| if let What::Current(r) = &l.what { Some((l, r)) } else { None });
    for (number, (line, r)) in rows.enumerate() {
        if number == 0 {
            let _ = writeln!(
                out,
                "\n{:22} {:>6} {:>10} {:>9} {:>8} {:>8} {:>8} {:>5} {:>7} {:>9} {:>11} {:>8} {:>8} {:>9} {:>8}  device",
                "current distribution",
                "size",
                "unknowns",
                "eta mV",
                "error",
                "j99 err",
                "charge",
                "steps",
                "it/step",
                "solve s",
                "ns/unk/step",
                "B/vox",
                "on dev.",
                "disp/step",
                "MB/step"
            );
        }
        let steps = f64::from(r.newton_steps);
        let iterations = r.linear_iterations.iter().sum::<u32>();
        let _ = writeln!(
            out,
            "{:22} {:>6} {:>10} {:>9.4} {:>8.0e} {:>8.0e} {:>8.0e} {:>5} {:>7.1} {:>9.3} {:>11.1} {:>8.1} {:>8.1} {:>9.0} {:>8.1}  {}",
            r.place.case,
            r.place.size(),
            r.unknowns,
            1e3 * r.overpotential_v,
            r.overpotential_error,
            r.j99_error,
            r.charge_error,
            r.newton_steps,
            f64::from(iterations) / steps,
            r.solve_seconds,
            1e9 * r.seconds_per_unknown_and_step,
            r.host_bytes_per_voxel,
            r.device_bytes_per_voxel,
            r.dispatches_per_step,
            1e-6 * r.uploaded_bytes_per_step,
            line.device
        );
    }
    out
}

fn kernel(k: &Kernel, copied: Option<f64>) -> String {
    let share = copied.map_or("-".to_owned(), |copy| format!("{:.0} %", 100.0 * k.bytes_per_s / copy));
    let (rate, share) =
        if k.bytes > 0 { (format!("{:.1}", k.bytes_per_s / 1e9), share) } else { ("-".to_owned(), "-".to_owned()) };
    let clock = if k.timed_on_device { "" } else { " (host clock)" };
    format!(
        "{:22} {:>11} {:22} {:>9.4} {:>9.4} {rate:>8} {share:>8} {:>10}{clock}",
        k.place.case,
        k.place.size(),
        k.kernel,
        1e3 * k.seconds,
        1e3 * k.host_seconds,
        k.dispatches,
    )
}
