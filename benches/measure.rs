//! One solve with everything that its line says.

use std::time::Instant;

use foamflux_grid::{Axis, Silent};
use foamflux_transport::{
    Backend, CertifyError, Coefficients, CpuBackend, Problem, ProblemError, Setup, Sides, Solution, SolveError, Stop,
    certify,
};

use crate::line::{Reference, Solve};
use crate::reference::{Entry, ReferenceError, Table, Wanted};
use crate::subject::{Specimen, Subject};

/// Relative error of tau that a reference solve asks for; single precision levels off near it.
pub const REFERENCE_TOLERANCE: f64 = 1e-9;

/// Why a solve says nothing.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The problem cannot be set up.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// It broke down.
    #[error(transparent)]
    Solve(Box<SolveError>),
    /// It could not be bounded.
    #[error(transparent)]
    Certify(#[from] CertifyError),
    /// The table of reference values does not fit.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

/// Solves with no-flux sides. A tolerance that is not reached is told in the line and not an error.
///
/// # Errors
/// [`MeasureError`].
pub fn solve(specimen: &Specimen, axis: Axis, tolerance: f64, bound: bool) -> Result<Solve, MeasureError> {
    let backend = CpuBackend::new();
    let mut found = Solve {
        solver: backend.describe(),
        direction: axis.name().to_owned(),
        tolerance,
        converged: true,
        tau: None,
        tau_error_estimate: None,
        tau_bounds: None,
        reference: None,
        iterations: 0,
        unknowns: 0,
        setup_seconds: 0.0,
        problem_seconds: 0.0,
        solve_seconds: 0.0,
        certify_seconds: None,
        wall_seconds: 0.0,
        peak_bytes: 0,
        peak_bytes_per_voxel: 0.0,
        peak_bytes_per_unknown: None,
        ns_per_voxel_iteration: None,
    };
    let start = Instant::now();
    let coefficients = Coefficients::phase(specimen.conducting)?;
    let Setup::Ready(problem) = Problem::new(&specimen.labels, &coefficients, axis, Sides::NoFlux)? else {
        found.wall_seconds = start.elapsed().as_secs_f64();
        return Ok(found);
    };
    let stop = Stop { tau_rel: tolerance, ..Stop::default() };
    let solution = match backend.solve(&problem, &stop, &Silent) {
        Ok(solution) => solution,
        Err(SolveError::NotConverged { best, .. }) => {
            found.converged = false;
            *best
        }
        Err(error) => return Err(MeasureError::Solve(Box::new(error))),
    };
    if bound {
        let certificate = certify(&problem, &solution, &Silent)?;
        found.tau_bounds = Some(certificate.tau_bounds);
        found.certify_seconds = Some(certificate.seconds);
        found.peak_bytes = certificate.bytes;
    }
    found.wall_seconds = start.elapsed().as_secs_f64();
    describe(&mut found, &problem, &solution);
    Ok(found)
}

/// Fills in what the problem and its solution say of themselves.
fn describe(found: &mut Solve, problem: &Problem, solution: &Solution) {
    let voxels = problem.shape().len() as f64;
    found.tau = Some(solution.tau);
    found.tau_error_estimate = Some(solution.error_solver.relative);
    found.tau_bounds = found.tau_bounds.or(solution.tau_bounds);
    found.iterations = solution.iterations;
    found.unknowns = solution.unknowns as u64;
    found.problem_seconds = problem.seconds();
    // The solver counts the problem's own seconds as part of its set-up.
    found.setup_seconds = solution.seconds.setup;
    found.solve_seconds = solution.seconds.solve;
    found.peak_bytes = found.peak_bytes.max(solution.peak_bytes).max(problem.peak_bytes());
    found.peak_bytes_per_voxel = found.peak_bytes as f64 / voxels;
    found.peak_bytes_per_unknown = Some(found.peak_bytes as f64 / solution.unknowns as f64);
    found.ns_per_voxel_iteration =
        (solution.iterations > 0).then(|| 1e9 * solution.seconds.solve / voxels / f64::from(solution.iterations));
}

/// What tau of a specimen should be, from a table.
///
/// # Errors
/// [`ReferenceError::OtherVolume`].
pub fn look_up<'a>(
    table: &'a Table,
    subject: &Subject,
    specimen: &Specimen,
    seed: u64,
    axis: Axis,
) -> Result<Option<&'a Entry>, ReferenceError> {
    let file = match subject {
        Subject::Case(_) => None,
        Subject::File(file) => file.path.file_name().map(|name| name.to_string_lossy()),
    };
    let counts = specimen.labels.counts();
    table.find(&Wanted {
        file: file.as_deref(),
        case: &subject.to_string(),
        seed,
        shape_zyx: specimen.labels.shape().zyx(),
        conducting_voxels: specimen.conducting.iter().map(|label| counts[label as usize]).sum(),
        direction: axis,
    })
}

/// States a solve against the value that tau should have.
pub fn compare(found: &mut Solve, tau: f64, method: &str) {
    found.reference = found.tau.map(|got| Reference { tau, method: method.to_owned(), tau_error: got / tau - 1.0 });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reference::SCHEMA;
    use foamflux_grid::Shape;

    fn specimen(text: &str, shape: Shape) -> (Subject, Specimen) {
        let subject: Subject = text.parse().unwrap();
        let made = subject.make(shape, 1, &Options::default().ingest()).unwrap();
        (subject, made)
    }

    #[test]
    fn a_line_says_what_the_solve_was() {
        let shape = Shape::new(12, 17, 20).unwrap();
        let (_, made) = specimen("blobs:0.6:2", shape);
        let fine = solve(&made, Axis::Y, 1e-8, true).unwrap();
        let mut coarse = solve(&made, Axis::Y, 1e-2, false).unwrap();
        let tau = fine.tau.unwrap();
        let [low, high] = fine.tau_bounds.unwrap();
        assert!(low <= tau && tau <= high && fine.certify_seconds.is_some(), "{low} {tau} {high}");
        assert_eq!(fine.direction, "y");
        assert!(coarse.tau_bounds.is_none() && coarse.certify_seconds.is_none());
        compare(&mut coarse, tau, "fine");
        let against = coarse.reference.clone().unwrap();
        assert!(against.tau_error.abs() < 1e-2 && against.tau_error.abs() > 0.0, "{against:?}");
        for line in [&fine, &coarse] {
            let parts = line.setup_seconds + line.solve_seconds + line.certify_seconds.unwrap_or(0.0);
            assert!(line.wall_seconds >= parts && line.setup_seconds >= line.problem_seconds, "{line:?}");
            let bytes = line.peak_bytes as f64;
            assert!((line.peak_bytes_per_voxel * shape.len() as f64 / bytes - 1.0).abs() < 1e-12);
            assert!((line.peak_bytes_per_unknown.unwrap() * line.unknowns as f64 / bytes - 1.0).abs() < 1e-12);
            let seconds = 1e-9 * line.ns_per_voxel_iteration.unwrap() * shape.len() as f64 * f64::from(line.iterations);
            assert!((seconds / line.solve_seconds - 1.0).abs() < 1e-12);
        }
        assert!(coarse.iterations < fine.iterations);
    }

    #[test]
    fn what_does_not_percolate_has_no_tau_and_no_error() {
        let (_, made) = specimen("percolation:0.05", Shape::cube(12).unwrap());
        let mut line = solve(&made, Axis::Z, 1e-3, true).unwrap();
        compare(&mut line, 1.0, "nothing");
        assert_eq!((line.tau, line.iterations, line.reference), (None, 0, None));
    }

    #[test]
    fn a_tolerance_out_of_reach_is_told() {
        let (_, made) = specimen("blobs:0.5:2", Shape::cube(16).unwrap());
        let line = solve(&made, Axis::Z, 1e-30, false).unwrap();
        assert!(!line.converged && line.tau.is_some());
    }

    #[test]
    fn a_case_finds_itself_in_a_table() {
        let shape = Shape::cube(10).unwrap();
        let (subject, made) = specimen("foam:0.1:16:pore", shape);
        let conducting = made.labels.counts()[0];
        let entry = Entry {
            file: None,
            case: Some("foam:0.1:16:pore".to_owned()),
            seed: Some(1),
            shape_zyx: [10, 10, 10],
            conducting_voxels: conducting,
            direction: Axis::Z,
            tau: 1.1,
            method: "by hand".to_owned(),
        };
        let table = Table { schema: SCHEMA.to_owned(), entries: vec![entry] };
        assert!(look_up(&table, &subject, &made, 1, Axis::Z).unwrap().is_some());
        assert!(look_up(&table, &subject, &made, 1, Axis::X).unwrap().is_none());
    }

    #[test]
    fn the_table_of_this_folder_knows_the_volumes_that_are_made_here() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reference.json");
        let table = Table::read(&path).unwrap();
        for case in ["blobs:0.5", "foam:0.036", "percolation:0.34"] {
            let (subject, made) = specimen(case, Shape::cube(128).unwrap());
            // A generator that changed shows here as another number of voxels.
            assert!(look_up(&table, &subject, &made, 1, Axis::Z).unwrap().is_some(), "{case}");
        }
    }
}
