//! The current distribution on a foam, one JSON line per edge: `cargo run --release -p foamflux-bench --bin current 64 128`.
//!
//! Two potentials meet on every face of the struts, i0 by tag over the decades given by `--decades`, at 1 mA/cm2.
//! A time comes with the errors of the same solve: of the charge, and of the current through slices.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool: its output is for the terminal")]

use std::process::ExitCode;
use std::time::Instant;

use foamflux_electro::{Cell, Collector, Drive, Materials, Options, Setting, solve};
use foamflux_grid::{Axis, Label, Labels, Shape, Silent};
use foamflux_hosts::presets::cmf_demo;
use foamflux_transport::Sides;
use serde_json::json;

const USAGE: &str = "usage: current [--decades D] EDGE ...   (edges of the box in voxels, such as 64 128 256)";
/// Seed of the foam.
const SEED: u64 = 7;
/// Applied current per projected area.
const CURRENT_A_PER_M2: f64 = 10.0;
/// Edge of the blocks of struts that take turns in i0.
const BLOCK: usize = 8;

#[allow(clippy::disallowed_methods, reason = "a binary reads its arguments")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((decades, edges)) = parse(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    for edge in edges {
        if let Err(error) = measure(edge, decades) {
            eprintln!("{edge}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[String]) -> Option<(f64, Vec<usize>)> {
    let (decades, edges) = match arguments {
        [flag, decades, edges @ ..] if flag == "--decades" => (decades.parse().ok()?, edges),
        edges => (0.0, edges),
    };
    let edges: Vec<usize> = edges.iter().map(|e| e.parse().ok()).collect::<Option<_>>()?;
    (!edges.is_empty()).then_some((decades, edges))
}

#[allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn measure(edge: usize, decades: f64) -> Result<(), Box<dyn std::error::Error>> {
    let mut labels = cmf_demo().with_shape(Shape::cube(edge)?).generate(SEED)?.labels;
    let mut materials = Materials::default();
    if decades > 0.0 {
        let (shape, mut volume) = (labels.shape(), labels.into_volume());
        for (i, label) in volume.as_mut_slice().iter_mut().enumerate().filter(|(_, l)| **l != Label::Pore as u8) {
            let (z, y, x) = shape.zyx_of(i);
            *label = [Label::Fibre, Label::Node, Label::Lithiophilic][(z / BLOCK + y / BLOCK + x / BLOCK) % 3] as u8;
        }
        labels = Labels::new(volume)?;
        materials.surface[Label::Node as usize].i0 *= 10f64.powf(-decades / 2.0);
        materials.surface[Label::Lithiophilic as usize].i0 *= 10f64.powf(decades / 2.0);
    }
    let setting = Setting { axis: Axis::Z, collector: Collector::Last, sides: Sides::NoFlux };
    let clock = Instant::now();
    let cell = Cell::new(&labels, &materials, setting)?;
    let setup = clock.elapsed().as_secs_f64();
    let found = solve(&cell, &materials, Drive::Uniform(CURRENT_A_PER_M2), &Options::default(), &Silent)?;
    let seconds = clock.elapsed().as_secs_f64() - setup;
    let effort = &found.effort;
    let line = json!({
        "schema": "foamflux.bench.current/1",
        "edge": edge,
        "i0_decades": decades,
        "unknowns": effort.unknowns,
        "reacting_faces": effort.reacting_faces,
        "newton_steps": effort.newton_steps,
        "linear_iterations": effort.linear_iterations,
        "overpotential_v": found.overpotential_v,
        "charge_error": found.charge_error,
        "slice_error": found.slice_error(&cell),
        "setup_seconds": setup,
        "solve_seconds": seconds,
        "ns_per_unknown_and_step": 1e9 * seconds / effort.unknowns as f64 / f64::from(effort.newton_steps),
        "bytes_per_voxel": effort.bytes as f64 / labels.shape().len() as f64,
    });
    println!("{line}");
    Ok(())
}
