//! What a measurement found, as a JSON line and as a row of a table.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use foamflux_grid::{Event, Watch};
use foamflux_transport::{Problem, Solution, SolveError, Stop};
use serde::Serialize;

use super::subject::Subject;

/// Format of the lines.
const SCHEMA: &str = "foamflux.bench/1";

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Line {
    schema: &'static str,
    version: &'static str,
    device: String,
    driver: Option<String>,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum What {
    Bandwidth { copy_bytes_per_s: f64 },
    Kernel(Kernel),
    Solve(Row),
    Failed { what: String, error: String },
}

#[derive(Debug, Clone, Serialize)]
struct Kernel {
    kernel: &'static str,
    case: String,
    size: usize,
    bytes: u64,
    seconds: f64,
    bytes_per_s: f64,
    timed_on_device: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Row {
    case: String,
    size: usize,
    tolerance: f64,
    tau: f64,
    /// Against a solve to 1e-7 in the same run.
    tau_error: f64,
    tau_error_estimated: f64,
    unknowns: usize,
    iterations: u32,
    setup_seconds: f64,
    solve_seconds: f64,
    /// From the end of the first iteration to the end of the last.
    seconds_per_iteration: Option<f64>,
    /// Of the box, over the time of the solve without set-up.
    voxels_per_s: f64,
    bytes_per_voxel: f64,
}

/// A solve with its times, the median of several.
pub(super) struct Solve {
    solution: Solution,
    seconds_per_iteration: Option<f64>,
}

/// Notes when iterations end.
struct Clock<'a> {
    inner: &'a dyn Watch,
    ends: Mutex<Vec<Instant>>,
}

impl Watch for Clock<'_> {
    fn event(&self, event: Event) {
        if matches!(event, Event::Advanced { .. }) {
            self.ends.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        }
        self.inner.event(event);
    }

    fn cancelled(&self) -> bool {
        self.inner.cancelled()
    }
}

impl Solve {
    pub(super) fn measure(
        subject: &Subject,
        problem: &Problem,
        stop: &Stop,
        rounds: usize,
        watch: &dyn Watch,
    ) -> Result<Self, SolveError> {
        let mut solves = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let clock = Clock { inner: watch, ends: Mutex::new(Vec::new()) };
            let solution = subject.backend().solve(problem, stop, &clock)?;
            let ends = clock.ends.into_inner().unwrap_or_else(PoisonError::into_inner);
            let seconds_per_iteration = match (ends.first(), ends.last()) {
                (Some(first), Some(last)) if ends.len() > 1 => {
                    Some(last.duration_since(*first).as_secs_f64() / (ends.len() - 1) as f64)
                }
                _ => None,
            };
            solves.push(Solve { solution, seconds_per_iteration });
        }
        solves.sort_by(|a, b| a.solution.seconds.solve.total_cmp(&b.solution.seconds.solve));
        Ok(solves.swap_remove(rounds / 2))
    }
}

impl Line {
    fn of(subject: &Subject, what: What) -> Self {
        let (device, driver) = (subject.backend().describe(), subject.driver());
        Line { schema: SCHEMA, version: env!("CARGO_PKG_VERSION"), device, driver, what }
    }

    pub(super) fn bandwidth(subject: &Subject, copy_bytes_per_s: f64) -> Self {
        Line::of(subject, What::Bandwidth { copy_bytes_per_s })
    }

    pub(super) fn failed(subject: &Subject, what: &str, error: &SolveError) -> Self {
        Line::of(subject, What::Failed { what: what.to_owned(), error: error.to_string() })
    }

    #[cfg(feature = "gpu")]
    pub(super) fn kernel(subject: &Subject, (case, size): (&str, usize), time: &foamflux_gpu::KernelTime) -> Self {
        let kernel = Kernel {
            kernel: time.name,
            case: case.to_owned(),
            size,
            bytes: time.bytes,
            seconds: time.seconds,
            bytes_per_s: time.bytes_per_s(),
            timed_on_device: time.on_device,
        };
        Line::of(subject, What::Kernel(kernel))
    }

    pub(super) fn solve(
        subject: &Subject,
        (case, size, tolerance, tight): (String, usize, f64, f64),
        problem: &Problem,
        solve: &Solve,
    ) -> Self {
        let s = &solve.solution;
        let voxels = problem.shape().len() as f64;
        let mut line = Line::of(
            subject,
            What::Solve(Row {
                case,
                size,
                tolerance,
                tau: s.tau,
                tau_error: (s.tau / tight - 1.0).abs(),
                tau_error_estimated: s.error_solver.relative,
                unknowns: s.unknowns,
                iterations: s.iterations,
                setup_seconds: s.seconds.setup,
                solve_seconds: s.seconds.solve,
                seconds_per_iteration: solve.seconds_per_iteration,
                voxels_per_s: voxels / s.seconds.solve,
                bytes_per_voxel: (s.peak_bytes - problem.bytes().min(s.peak_bytes)) as f64 / voxels,
            }),
        );
        // The solution knows who really solved it.
        line.device.clone_from(&s.device);
        line
    }
}

/// The lines as tables.
pub(super) fn table(lines: &[Line]) -> String {
    let mut out = String::from("copy bandwidth, read and written counted\n");
    let giga = |v: f64| v / 1e9;
    let mut copied = Vec::new();
    for line in lines {
        if let What::Bandwidth { copy_bytes_per_s } = line.what {
            let driver = line.driver.as_deref().unwrap_or("-");
            let _ = writeln!(out, "{:8.1} GB/s  {}  driver {driver}", giga(copy_bytes_per_s), line.device);
            copied.push((line.device.clone(), copy_bytes_per_s));
        }
    }
    let _ = writeln!(
        out,
        "\n{:22} {:>5} {:>6} {:>10} {:>9} {:>4} {:>9} {:>9} {:>9} {:>8} {:>6}  device",
        "case", "size", "tol", "tau", "error", "it", "set-up s", "solve s", "s/it", "Mvox/s", "B/vox"
    );
    for line in lines {
        if let What::Solve(r) = &line.what {
            let each = r.seconds_per_iteration.map_or("-".to_owned(), |s| format!("{s:.5}"));
            let _ = writeln!(
                out,
                "{:22} {:>5} {:>6.0e} {:>10.6} {:>9.1e} {:>4} {:>9.3} {:>9.4} {each:>9} {:>8.1} {:>6.1}  {}",
                r.case,
                r.size,
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
    }
    let kernels = lines.iter().filter_map(|l| if let What::Kernel(k) = &l.what { Some((l, k)) } else { None });
    for (number, (line, k)) in kernels.enumerate() {
        if number == 0 {
            let _ = writeln!(
                out,
                "\n{:22} {:>5} {:22} {:>9} {:>8} {:>8}  device",
                "case", "size", "kernel", "ms", "GB/s", "of copy"
            );
        }
        let share = copied.iter().find(|(device, _)| *device == line.device).map(|(_, copy)| k.bytes_per_s / copy);
        let (rate, share) = if k.bytes > 0 {
            (format!("{:.1}", giga(k.bytes_per_s)), share.map_or("-".to_owned(), |s| format!("{:.0} %", 100.0 * s)))
        } else {
            ("-".to_owned(), "-".to_owned())
        };
        let clock = if k.timed_on_device { "" } else { " (host clock)" };
        let _ = writeln!(
            out,
            "{:22} {:>5} {:22} {:>9.4} {rate:>8} {share:>8}  {}{clock}",
            k.case,
            k.size,
            k.kernel,
            1e3 * k.seconds,
            line.device
        );
    }
    for line in lines {
        if let What::Failed { what, error } = &line.what {
            let _ = writeln!(out, "\n{what} on {}: {error}", line.device);
        }
    }
    out
}
