//! What a benchmark writes down: one JSON object per line, so that runs can be appended, cut and joined with any tool.

use serde::{Deserialize, Serialize};

use crate::bandwidth::Bandwidth;

/// Version of the lines; a change that would mislead a reader of old lines makes a new one.
pub const SCHEMA: &str = "foamflux.bench/2";

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of foamflux.
    pub version: String,
    /// What sets this run apart, such as a commit or `before` and `after`; given by the user.
    pub tag: String,
    /// Number of the round; runs of one round were made next to each other and may be compared.
    pub round: u32,
    /// Name of the case.
    pub case: String,
    /// Shape of the box.
    pub shape_zyx: [usize; 3],
    /// Seed of the case.
    pub seed: u64,
    /// Volume fraction of the conducting phase.
    pub volume_fraction: f64,
    /// Threads of the pool.
    pub threads: usize,
    /// Seconds to make the volume.
    pub make_seconds: f64,
    /// The machine's bandwidth in this round.
    pub bandwidth: Bandwidth,
    /// The solve; absent in a line that only tells the bandwidth and the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solve: Option<Solve>,
}

/// One solve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Solve {
    /// Solver and device, as the results name them.
    pub solver: String,
    /// Direction: x, y or z.
    pub direction: String,
    /// Relative error of tau that was asked for.
    pub tolerance: f64,
    /// Whether it was reached, as far as the solver can tell; otherwise tau is the best there is.
    #[serde(default = "yes")]
    pub converged: bool,
    /// Tortuosity factor; `None` where the phase does not percolate.
    pub tau: Option<f64>,
    /// Relative error of tau as the solver estimates it.
    #[serde(default)]
    pub tau_error_estimate: Option<f64>,
    /// Bounds of tau for the discrete problem, where certified.
    pub tau_bounds: Option<[f64; 2]>,
    /// What tau should be, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Iterations.
    pub iterations: u32,
    /// Unknowns after pruning.
    pub unknowns: u64,
    /// Seconds to build the problem and its hierarchy, `problem_seconds` among them.
    /// (Until `problem_seconds` appeared beside it, pruning was counted twice here.)
    pub setup_seconds: f64,
    /// Seconds to find clusters and set up the problem, part of `setup_seconds`.
    #[serde(default)]
    pub problem_seconds: f64,
    /// Seconds to solve.
    pub solve_seconds: f64,
    /// Seconds to bound tau from both sides, where certified.
    #[serde(default)]
    pub certify_seconds: Option<f64>,
    /// Seconds from labels in memory to tau (and its bounds) by the clock on the wall.
    #[serde(default)]
    pub wall_seconds: f64,
    /// The solver's own peak of memory in bytes, without the labels.
    pub peak_bytes: u64,
    /// The same by voxel of the box.
    #[serde(default)]
    pub peak_bytes_per_voxel: f64,
    /// The same by unknown; `None` where there are none.
    #[serde(default)]
    pub peak_bytes_per_unknown: Option<f64>,
    /// Nanoseconds of `solve_seconds` by voxel of the box and iteration; `None` without iterations.
    #[serde(default)]
    pub ns_per_voxel_iteration: Option<f64>,
}

/// Lines of before this was stored came from solves that had converged.
const fn yes() -> bool {
    true
}

/// What tau should be, and how far from it a solve was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Reference value.
    pub tau: f64,
    /// How it was found.
    pub method: String,
    /// Relative error of tau against it, with its sign.
    pub tau_error: f64,
}

impl Line {
    /// Voxels of the box.
    #[must_use]
    pub fn voxels(&self) -> f64 {
        self.shape_zyx.iter().map(|&edge| edge as f64).product()
    }

    /// How many times longer an iteration took than one pass over `bytes_per_voxel` at the bandwidth of this round.
    ///
    /// One application of the operator moves 13 bytes per voxel (two f32 fields read, one written, one byte of
    /// connectivity).
    #[must_use]
    pub fn passes_per_iteration(&self, bytes_per_voxel: f64) -> Option<f64> {
        let solve = self.solve.as_ref().filter(|solve| solve.iterations > 0)?;
        let pass = self.bandwidth.floor_seconds(bytes_per_voxel * self.voxels());
        Some(solve.solve_seconds / f64::from(solve.iterations) / pass)
    }

    /// The line as text, without its end.
    ///
    /// # Errors
    /// Never for lines made of finite numbers; JSON has no others.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            schema: SCHEMA.to_owned(),
            version: "0.1.0".to_owned(),
            tag: "before".to_owned(),
            round: 2,
            case: "blobs:0.5:4".to_owned(),
            shape_zyx: [100, 100, 100],
            seed: 1,
            volume_fraction: 0.5,
            threads: 2,
            make_seconds: 0.25,
            bandwidth: Bandwidth { copy_bytes_per_s: 40e9, triad_bytes_per_s: 40e9, spread: 1.0 },
            solve: None,
        }
    }

    #[test]
    fn a_line_is_one_line_and_reads_back() {
        let mut line = line();
        assert!(!line.to_json().unwrap().contains("solve\""));
        line.solve = Some(Solve {
            solver: "cpu (2 threads)".to_owned(),
            direction: "z".to_owned(),
            tolerance: 1e-3,
            converged: true,
            tau: Some(1.5),
            tau_error_estimate: Some(5e-4),
            tau_bounds: None,
            reference: Some(Reference { tau: 1.5, method: "by hand".to_owned(), tau_error: 0.0 }),
            iterations: 8,
            unknowns: 500_000,
            setup_seconds: 0.1,
            problem_seconds: 0.05,
            solve_seconds: 0.2,
            certify_seconds: None,
            wall_seconds: 0.31,
            peak_bytes: 1 << 25,
            peak_bytes_per_voxel: 33.5,
            peak_bytes_per_unknown: Some(67.1),
            ns_per_voxel_iteration: Some(25.0),
        });
        let text = line.to_json().unwrap();
        assert!(!text.contains('\n'));
        assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line);
        // 0.2 s / 8 = 25 ms against 1e6 voxels x 13 B / 40 GB/s = 0.325 ms.
        let passes = line.passes_per_iteration(13.0).unwrap();
        assert!((passes - 76.923).abs() < 1e-3, "{passes}");
    }

    #[test]
    fn no_iterations_are_no_rate() {
        assert_eq!(line().passes_per_iteration(13.0), None);
    }

    #[test]
    fn lines_of_before_are_still_read() {
        let old = r#"{"solver":"cpu","direction":"z","tolerance":0.001,"tau":2.0,"tau_bounds":null,"iterations":9,
            "unknowns":10,"setup_seconds":1.0,"solve_seconds":2.0,"peak_bytes":100}"#;
        let solve: Solve = serde_json::from_str(old).unwrap();
        assert!(solve.converged && solve.reference.is_none() && solve.ns_per_voxel_iteration.is_none());
    }
}
