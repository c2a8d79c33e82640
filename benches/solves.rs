//! Whole solves as JSON lines: `cargo run --release -p foamflux-bench --bin solves`.
//!
//! Rounds go over all cases, so that what is compared ran next to each other.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool: its output is for the terminal")]

use std::process::ExitCode;
use std::time::Instant;

use foamflux_bench::bandwidth::{Bandwidth, ELEMENTS};
use foamflux_bench::case::Case;
use foamflux_bench::line::{Line, SCHEMA, Solve};
use foamflux_grid::{Axis, LabelSet, Labels, Shape, Silent};
use foamflux_transport::{Backend, Coefficients, CpuBackend, Problem, Setup, Sides, Stop};

const USAGE: &str = "usage: solves [--size N] [--rounds N] [--seed N] [--tol T] [--tag TEXT] [CASE ...]

CASE is empty, blobs:POROSITY[:VOXELS] or percolation:PROBABILITY; without any:
blobs:0.5:4 and percolation:0.34 in a box of 128^3, three rounds, seed 1, relative error of tau 1e-3.
The pore conducts, along z.";

struct Options {
    size: usize,
    rounds: u32,
    seed: u64,
    tolerance: f64,
    tag: String,
    cases: Vec<Case>,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { size: 128, rounds: 3, seed: 1, tolerance: 1e-3, tag: String::new(), cases: Vec::new() };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let bad = |text: String| format!("{argument} cannot be '{text}'");
        match argument.as_str() {
            "--size" => options.size = value().and_then(|text| text.parse().map_err(|_| bad(text)))?,
            "--rounds" => options.rounds = value().and_then(|text| text.parse().map_err(|_| bad(text)))?,
            "--seed" => options.seed = value().and_then(|text| text.parse().map_err(|_| bad(text)))?,
            "--tol" => options.tolerance = value().and_then(|text| text.parse().map_err(|_| bad(text)))?,
            "--tag" => options.tag = value()?,
            flag if flag.starts_with('-') => return Err(format!("there is no flag {flag}")),
            case => options.cases.push(case.parse().map_err(|error| format!("{error}"))?),
        }
    }
    if options.cases.is_empty() {
        options.cases = vec![
            Case::Blobs { porosity: 0.5, correlation_voxel: foamflux_bench::case::DEFAULT_CORRELATION_VOXEL },
            Case::Percolation { probability: 0.34 },
        ];
    }
    Ok(options)
}

#[allow(clippy::disallowed_methods, reason = "a binary reads its arguments")]
fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Solves the pore along z.
fn solve(labels: &Labels, tolerance: f64) -> Result<Solve, String> {
    let backend = CpuBackend::new();
    let coefficients = Coefficients::phase(LabelSet::PORE).map_err(|error| error.to_string())?;
    let setup = Problem::new(labels, &coefficients, Axis::Z, Sides::NoFlux).map_err(|error| error.to_string())?;
    let mut found = Solve {
        solver: backend.describe(),
        direction: Axis::Z.name().to_owned(),
        tolerance,
        tau: None,
        tau_bounds: None,
        iterations: 0,
        unknowns: 0,
        setup_seconds: 0.0,
        solve_seconds: 0.0,
        peak_bytes: 0,
    };
    if let Setup::Ready(problem) = setup {
        let stop = Stop { tau_rel: tolerance, ..Stop::default() };
        let solution = backend.solve(&problem, &stop, &Silent).map_err(|error| error.to_string())?;
        found.tau = Some(solution.tau);
        found.tau_bounds = solution.tau_bounds;
        found.iterations = solution.iterations;
        found.unknowns = solution.unknowns as u64;
        found.setup_seconds = problem.seconds() + solution.seconds.setup;
        found.solve_seconds = solution.seconds.solve;
        found.peak_bytes = solution.peak_bytes;
    }
    Ok(found)
}

fn run(options: &Options) -> Result<(), String> {
    let shape = Shape::cube(options.size).map_err(|error| error.to_string())?;
    for round in 0..options.rounds {
        let bandwidth = Bandwidth::measure(ELEMENTS);
        for case in &options.cases {
            let start = Instant::now();
            let labels = case.make(shape, options.seed);
            let line = Line {
                schema: SCHEMA.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                tag: options.tag.clone(),
                round,
                case: case.to_string(),
                shape_zyx: shape.zyx(),
                seed: options.seed,
                volume_fraction: labels.counts()[0] as f64 / shape.len() as f64,
                threads: rayon::current_num_threads(),
                make_seconds: start.elapsed().as_secs_f64(),
                bandwidth,
                solve: Some(solve(&labels, options.tolerance)?),
            };
            println!("{}", line.to_json().map_err(|error| error.to_string())?);
        }
    }
    Ok(())
}
