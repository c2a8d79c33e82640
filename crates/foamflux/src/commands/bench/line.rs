//! What a measurement found, as a JSON line.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use foamflux_grid::{Event, Shape, Watch};
use foamflux_transport::{Problem, Solution, SolveError, Stop};
use serde::{Deserialize, Serialize};

use super::subject::Subject;

/// Format of the lines.
pub(super) const SCHEMA: &str = "foamflux.bench/1";

/// One measurement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) schema: String,
    pub(super) version: String,
    pub(super) device: String,
    pub(super) driver: Option<String>,
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum What {
    /// The faster of a copy of arrays and of a kernel that adds them.
    Bandwidth {
        copy_bytes_per_s: f64,
    },
    Kernel(Kernel),
    Solve(Row),
    Current(CurrentRow),
    Failed {
        what: String,
        error: String,
    },
}

/// The volume that was solved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) case: String,
    /// Edge of a cube.
    pub(super) size: Option<usize>,
    pub(super) shape_zyx: [usize; 3],
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kernel {
    pub(super) kernel: String,
    #[serde(flatten)]
    pub(super) place: Place,
    pub(super) bytes: u64,
    pub(super) seconds: f64,
    pub(super) bytes_per_s: f64,
    pub(super) timed_on_device: bool,
    /// Dispatches that it takes, and seconds for which the host is busy with them.
    pub(super) dispatches: u64,
    pub(super) host_seconds: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Row {
    #[serde(flatten)]
    pub(super) place: Place,
    pub(super) tolerance: f64,
    pub(super) tau: f64,
    /// Against a solve to 1e-7 in the same run.
    pub(super) tau_error: f64,
    pub(super) tau_error_estimated: f64,
    pub(super) unknowns: usize,
    pub(super) iterations: u32,
    pub(super) setup_seconds: f64,
    pub(super) solve_seconds: f64,
    /// From the end of the first iteration to the end of the last.
    pub(super) seconds_per_iteration: Option<f64>,
    /// Of the box, over the time of the solve without set-up.
    pub(super) voxels_per_s: f64,
    pub(super) bytes_per_voxel: f64,
}

/// A coupled solve, with its errors against the processor in double precision in the same run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CurrentRow {
    #[serde(flatten)]
    pub(super) place: Place,
    pub(super) i0_decades: f64,
    /// Potentials.
    pub(super) unknowns: u64,
    pub(super) reacting_faces: u64,
    pub(super) newton_steps: u32,
    pub(super) linear_iterations: Vec<u32>,
    /// How often coarse levels were built.
    pub(super) hierarchies: u32,
    pub(super) overpotential_v: f64,
    /// Relative, as the next.
    pub(super) overpotential_error: f64,
    /// What a hundredth of the surface exceeds.
    pub(super) j99_a_per_m2: f64,
    pub(super) j99_error: f64,
    pub(super) charge_error: f64,
    pub(super) slice_error: f64,
    /// From potentials that are even to the solution, levels included.
    pub(super) solve_seconds: f64,
    pub(super) seconds_per_unknown_and_step: f64,
    pub(super) host_bytes_per_voxel: f64,
    pub(super) device_bytes_per_voxel: f64,
    /// Linear solves of the device in single precision, refinements included.
    pub(super) passes: u32,
    pub(super) dispatches_per_step: f64,
    pub(super) uploaded_bytes_per_step: f64,
    pub(super) downloaded_bytes_per_step: f64,
}

impl Row {
    /// Set-up and solve.
    pub(super) fn seconds(&self) -> f64 {
        self.setup_seconds + self.solve_seconds
    }
}

impl Place {
    pub(super) fn of(case: &str, shape: Shape) -> Self {
        let size = (shape.x == shape.y && shape.y == shape.z).then_some(shape.x);
        Place { case: case.to_owned(), size, shape_zyx: shape.zyx() }
    }

    /// The size as it is read.
    pub(super) fn size(&self) -> String {
        let [z, y, x] = self.shape_zyx;
        self.size.map_or_else(|| format!("{z}x{y}x{x}"), |size| size.to_string())
    }
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
        Line {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: subject.backend().describe(),
            driver: subject.driver(),
            what,
        }
    }

    pub(super) fn bandwidth(subject: &Subject, copy_bytes_per_s: f64) -> Self {
        Line::of(subject, What::Bandwidth { copy_bytes_per_s })
    }

    pub(super) fn failed(subject: &Subject, what: &str, error: &dyn std::fmt::Display) -> Self {
        Line::of(subject, What::Failed { what: what.to_owned(), error: error.to_string() })
    }

    /// `device` knows who really solved it.
    pub(super) fn current(subject: &Subject, device: &str, row: CurrentRow) -> Self {
        Line { device: device.to_owned(), ..Line::of(subject, What::Current(row)) }
    }

    #[cfg(feature = "gpu")]
    pub(super) fn kernel(subject: &Subject, place: Place, time: &foamflux_gpu::KernelTime) -> Self {
        let kernel = Kernel {
            kernel: time.name.to_owned(),
            place,
            bytes: time.bytes,
            seconds: time.seconds,
            bytes_per_s: time.bytes_per_s(),
            timed_on_device: time.on_device,
            dispatches: time.dispatches,
            host_seconds: time.host_seconds,
        };
        Line::of(subject, What::Kernel(kernel))
    }

    pub(super) fn solve(
        subject: &Subject,
        place: Place,
        (tolerance, tight): (f64, f64),
        problem: &Problem,
        solve: &Solve,
    ) -> Self {
        let s = &solve.solution;
        let voxels = problem.shape().len() as f64;
        let mut line = Line::of(
            subject,
            What::Solve(Row {
                place,
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
