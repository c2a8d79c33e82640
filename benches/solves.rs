//! Whole solves as JSON lines: `cargo run --release -p foamflux-bench --bin solves`.
//!
//! Rounds go over all cases, so that what is compared ran next to each other.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool: its output is for the terminal")]

use std::process::ExitCode;
use std::time::Instant;

use foamflux_bench::bandwidth::{Bandwidth, ELEMENTS};
use foamflux_bench::case::Case;
use foamflux_bench::line::{Line, SCHEMA};
use foamflux_grid::Shape;

const USAGE: &str = "usage: solves [--size N] [--rounds N] [--seed N] [--tag TEXT] [CASE ...]

CASE is empty, blobs:POROSITY[:VOXELS] or percolation:PROBABILITY; without any:
blobs:0.5:4 and percolation:0.34 in a box of 128^3, three rounds, seed 1.";

struct Options {
    size: usize,
    rounds: u32,
    seed: u64,
    tag: String,
    cases: Vec<Case>,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { size: 128, rounds: 3, seed: 1, tag: String::new(), cases: Vec::new() };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let bad = |text: String| format!("{argument} cannot be '{text}'");
        match argument.as_str() {
            "--size" => options.size = value().and_then(|text| text.parse().map_err(|_| bad(text)))?,
            "--rounds" => options.rounds = value().and_then(|text| text.parse().map_err(|_| bad(text)))?,
            "--seed" => options.seed = value().and_then(|text| text.parse().map_err(|_| bad(text)))?,
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
                solve: None,
            };
            println!("{}", line.to_json().map_err(|error| error.to_string())?);
        }
    }
    Ok(())
}
