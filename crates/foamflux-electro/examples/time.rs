//! Times the solve on a foam: `cargo run --release -p foamflux-electro --example time -- EDGE [double|single] [CONTRAST]`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement on the command line"
)]

use std::time::Instant;

use foamflux_electro::{Cell, Collector, Drive, Materials, Options, Setting, solve};
use foamflux_grid::{Axis, Event, Labels, Shape, Watch};
use foamflux_hosts::presets::cmf_demo;
use foamflux_transport::Sides;

struct Talk;
impl Watch for Talk {
    fn event(&self, event: Event) {
        if let Event::Note(note) = event {
            println!("{note}");
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let edge: usize = args.first().map_or(64, |a| a.parse().unwrap());
    let double = args.get(1).and_then(|a| match a.as_str() {
        "double" => Some(true),
        "single" => Some(false),
        _ => None,
    });
    let contrast: f64 = args.get(2).map_or(0.0, |a| a.parse().unwrap());
    let current: f64 = args.get(3).map_or(10.0, |a| a.parse().unwrap());
    let decades: f64 = args.get(4).map_or(0.0, |a| a.parse().unwrap());
    let plane = args.get(5).is_some();
    let host = cmf_demo().with_shape(Shape::cube(edge).unwrap()).generate(7).unwrap();
    let mut labels = host.labels;
    if decades > 0.0 {
        let shape = labels.shape();
        let mut v = labels.into_volume();
        for (i, l) in v.as_mut_slice().iter_mut().enumerate() {
            let (z, y, x) = shape.zyx_of(i);
            if *l != 0 {
                *l = [1, 2, 4][(z / 8 + y / 8 + x / 8) % 3];
            }
        }
        labels = Labels::new(v).unwrap();
    }
    let mut m = Materials::default();
    if contrast > 0.0 {
        m.sigma.iter_mut().filter(|s| **s > 0.0).for_each(|s| *s = contrast * 1.1);
    }
    m.surface[2].i0 *= 10f64.powf(-decades / 2.0);
    m.surface[4].i0 *= 10f64.powf(decades / 2.0);
    let clock = Instant::now();
    let setting = Setting { axis: Axis::Z, collector: Collector::Last, sides: Sides::NoFlux };
    let cell = Cell::new(&labels, &m, setting).unwrap();
    let prepared = clock.elapsed().as_secs_f64();
    let drive = if plane { Drive::Current(current) } else { Drive::Uniform(current) };
    let found = solve(&cell, &m, drive, &Options { double, ..Options::default() }, &Talk).unwrap();
    let seconds = clock.elapsed().as_secs_f64();
    let j = found.current_density();
    let max = j.iter().copied().fold(0.0, f64::max);
    println!(
        "{edge}^3: cell {prepared:.2} s, solve {:.2} s, eta {:.9} V, charge {:.1e}, slices {:.1e}, max j {max:.4}, {:?}, ns per unknown and step {:.0}",
        seconds - prepared,
        found.overpotential_v,
        found.charge_error,
        found.slice_error(&cell),
        found.effort,
        (seconds - prepared) * 1e9 / found.effort.unknowns as f64 / f64::from(found.effort.newton_steps),
    );
}
