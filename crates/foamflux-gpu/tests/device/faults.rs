//! What goes wrong becomes an error that says so, or the processor's answer where that was allowed.

use std::sync::Mutex;

use foamflux_gpu::{AutoBackend, GpuBackend, GpuError, Options, Pick, devices};
use foamflux_grid::{Axis, Event, Silent, Watch};
use foamflux_transport::{Backend, Problem, Sides, SolveError, Stop};

use crate::harness::{Test, noise, pore};

pub(crate) const TESTS: &[Test] = &[
    ("faults::an_index_beyond_the_list", absent),
    ("faults::more_than_the_budget", over_budget),
    ("faults::a_device_lost_in_the_middle", lost),
    ("faults::auto_finishes_on_the_processor", auto),
];

fn problem() -> Problem {
    pore(&noise([40, 40, 40], 0.5, 2, 8), Axis::Z, Sides::NoFlux)
}

fn open(options: Options) -> GpuBackend {
    GpuBackend::open(Pick::Best, options).unwrap()
}

fn absent() {
    match GpuBackend::open(Pick::Index(99), Options::default()) {
        Err(GpuError::NoSuchIndex { index: 99, count }) => assert_eq!(count, devices().len()),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("there is a device gpu:99"),
    }
}

fn over_budget() {
    let gpu = open(Options { budget_bytes: Some(1 << 20), ..Options::default() });
    match gpu.solve(&problem(), &Stop::default(), &Silent) {
        Err(SolveError::Memory { message, .. }) => {
            assert!(message.contains("1.0 MiB") && message.contains("--device cpu"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    // The next problem may fit.
    let small = pore(&noise([8, 8, 8], 0.9, 0, 9), Axis::Z, Sides::NoFlux);
    gpu.solve(&small, &Stop::default(), &Silent).unwrap();
}

/// Takes the device away after two iterations.
struct Axe<'a>(&'a GpuBackend);

impl Watch for Axe<'_> {
    fn event(&self, event: Event) {
        if matches!(event, Event::Advanced { done: 2, .. }) {
            self.0.destroy();
        }
    }
}

fn lost() {
    let gpu = open(Options::default());
    let stop = Stop { tau_rel: 1e-7, ..Stop::default() };
    for _ in 0..2 {
        // What is lost stays lost: the second solve says the same.
        match gpu.solve(&problem(), &stop, &Axe(&gpu)) {
            Err(SolveError::Device { device, message }) => {
                assert!(device.starts_with("gpu:") && message.contains("lost"), "{device}: {message}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Keeps warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Watch for Warnings {
    fn event(&self, event: Event) {
        if let Event::Warning(text) = event {
            self.0.lock().unwrap().push(text);
        }
    }
}

fn auto() {
    let gpu = open(Options::default());
    gpu.destroy();
    let auto = AutoBackend::with(gpu);
    let warnings = Warnings::default();
    let solution = auto.solve(&problem(), &Stop::default(), &warnings).unwrap();
    assert!(solution.device.starts_with("cpu"), "{}", solution.device);
    let warnings = warnings.0.into_inner().unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("the processor solves instead"), "{warnings:?}");
}
