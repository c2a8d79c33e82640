//! Whole solves as JSON lines: `cargo run --release -p foamflux-bench --bin solves`.
//!
//! Volumes are made once, then rounds go over all that share a size, so that what is compared ran next to each other.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool: its output is for the terminal")]

use std::process::ExitCode;
use std::time::Instant;

use foamflux_bench::bandwidth::{Bandwidth, ELEMENTS};
use foamflux_bench::export::export;
use foamflux_bench::line::{Line, SCHEMA, Solve};
use foamflux_bench::measure::{REFERENCE_TOLERANCE, compare, look_up, solve};
use foamflux_bench::options::{Options, ReferenceFrom, USAGE};
use foamflux_bench::reference::Table;
use foamflux_bench::subject::{Specimen, Subject};
use foamflux_grid::{Axis, Shape};

#[allow(clippy::disallowed_methods, reason = "a binary reads its arguments")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(arguments.into_iter()) {
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

/// A subject that was made, with how long that took.
struct Made<'a> {
    subject: &'a Subject,
    specimen: Specimen,
    seconds: f64,
}

/// A direction of a specimen, with what tau should be and how that was found.
struct Task<'a> {
    made: &'a Made<'a>,
    axis: Axis,
    reference: Option<(f64, String)>,
}

fn run(options: &Options) -> Result<(), String> {
    let table = match &options.reference {
        ReferenceFrom::Table(path) => Some(Table::read(path).map_err(|error| error.to_string())?),
        ReferenceFrom::Nowhere | ReferenceFrom::Solve => None,
    };
    let (files, cases): (Vec<_>, Vec<_>) = options.subjects.iter().partition(|subject| subject.is_file());
    if !cases.is_empty() {
        for &size in &options.sizes {
            group(options, table.as_ref(), &cases, size)?;
        }
    }
    // One at a time: whole stacks of others may be large.
    files.into_iter().try_for_each(|file| group(options, table.as_ref(), &[file], 1))
}

/// Everything about subjects that share a size.
fn group(options: &Options, table: Option<&Table>, subjects: &[&Subject], size: usize) -> Result<(), String> {
    let shape = Shape::cube(size).map_err(|error| error.to_string())?;
    let settings = options.ingest();
    let mut all = Vec::new();
    for &subject in subjects {
        let start = Instant::now();
        let specimen = subject.make(shape, options.seed, &settings).map_err(|error| error.to_string())?;
        if let Some(folder) = &options.export {
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            let exported = export(folder, subject, options.seed, &specimen).map_err(|error| error.to_string())?;
            println!("{}", serde_json::to_string(&exported).map_err(|error| error.to_string())?);
            continue;
        }
        all.push(Made { subject, specimen, seconds: start.elapsed().as_secs_f64() });
    }
    let tasks = tasks(options, table, &all)?;
    for round in 0..options.rounds {
        if tasks.is_empty() {
            break;
        }
        let bandwidth = Bandwidth::measure(ELEMENTS);
        for task in &tasks {
            for &tolerance in &options.tolerances {
                let mut found = solve(&task.made.specimen, task.axis, tolerance, options.certify)
                    .map_err(|error| format!("{}: {error}", task.made.subject))?;
                if let Some((tau, method)) = &task.reference {
                    compare(&mut found, *tau, method);
                }
                let line = line(options, round, task.made, bandwidth, found);
                println!("{}", line.to_json().map_err(|error| error.to_string())?);
            }
        }
    }
    Ok(())
}

/// All directions of all specimens, with their references.
fn tasks<'a>(options: &Options, table: Option<&Table>, all: &'a [Made<'a>]) -> Result<Vec<Task<'a>>, String> {
    let mut tasks = Vec::new();
    for made in all {
        for axis in options.axes_of(made.subject) {
            let reference = match (&options.reference, table) {
                (ReferenceFrom::Solve, _) => {
                    let best = solve(&made.specimen, axis, REFERENCE_TOLERANCE, false)
                        .map_err(|error| format!("reference of {}: {error}", made.subject))?;
                    let estimate = best.tau_error_estimate.unwrap_or(f64::NAN);
                    best.tau.map(|tau| (tau, format!("own solve, estimated error {estimate:.1e}")))
                }
                (_, Some(table)) => look_up(table, made.subject, &made.specimen, options.seed, axis)
                    .map_err(|error| error.to_string())?
                    .map(|entry| (entry.tau, entry.method.clone())),
                _ => None,
            };
            if reference.is_none() && table.is_some() {
                eprintln!("the table has no reference value for {} along {axis}", made.subject);
            }
            tasks.push(Task { made, axis, reference });
        }
    }
    Ok(tasks)
}

fn line(options: &Options, round: u32, made: &Made<'_>, bandwidth: Bandwidth, found: Solve) -> Line {
    Line {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        tag: options.tag.clone(),
        round,
        case: made.subject.to_string(),
        shape_zyx: made.specimen.labels.shape().zyx(),
        seed: options.seed,
        volume_fraction: made.specimen.volume_fraction(),
        threads: rayon::current_num_threads(),
        make_seconds: made.seconds,
        bandwidth,
        solve: Some(found),
    }
}
