//! The current distribution on a foam: Newton's method with the linear solver of the device and with the processor's.

use std::sync::Mutex;

use foamflux_electro::impedance::impedance_on;
use foamflux_electro::{
    Cell, Collector, Distribution, Drive, ElectroError, Kinetics, Materials, Options as Newton, Setting, metrics,
    solve_on,
};
use foamflux_gpu::{AutoBackend, GpuBackend, Options, Pick};
use foamflux_grid::{Axis, Event, Label, Labels, Shape, Silent, Stage, Watch};
use foamflux_hosts::presets::cmf_demo;
use foamflux_transport::links::LinksError;
use foamflux_transport::{Backend, CpuBackend, Sides};

use crate::conformance::backend;
use crate::harness::Test;

pub(crate) const TESTS: &[Test] = &[
    ("current::foam_with_the_usual_materials", usual),
    ("current::conductivities_a_hundred_thousand_apart", contrast),
    ("current::i0_over_four_decades", decades),
    ("current::drives_and_walls", drives),
    ("current::impedance_at_every_height_of_frequency", spectrum),
    ("current::several_exchange_current_densities", several),
    ("current::more_than_the_budget", over_budget),
    ("current::a_device_lost_in_the_middle", lost),
    ("current::auto_finishes_on_the_processor", auto),
];

/// Relative difference of the overpotential: the issue allows 1e-4; both stop at changes of 1e-6 of the mean current.
const SAME_OVERPOTENTIAL: f64 = 1e-6;
/// Relative difference of the current density that a hundredth of the surface exceeds: the issue allows 1e-3.
const SAME_J99: f64 = 1e-5;
/// Charge that may be missing on the device.
const CHARGE: f64 = 1e-6;
/// Current that may be missing in a slice.
const SLICE: f64 = 1e-5;
/// Newton steps that the issue allows.
const STEPS: u32 = 10;

/// Relative difference of impedances: both stop where a step moves them by less than 1e-7.
const SAME_IMPEDANCE: f64 = 1e-6;

const ALONG_Z: Setting = Setting { axis: Axis::Z, collector: Collector::Last, sides: Sides::NoFlux };
const CURRENT: f64 = 10.0;

/// Struts of three voxels, in which blocks of eight voxels take turns in their label.
fn foam() -> Labels {
    let host = cmf_demo().with_shape(Shape::cube(28).unwrap()).with_voxel_size_m([2.2e-6; 3]).generate(7).unwrap();
    let (shape, mut volume) = (host.labels.shape(), host.labels.into_volume());
    for (i, label) in volume.as_mut_slice().iter_mut().enumerate().filter(|(_, l)| **l != Label::Pore as u8) {
        let (z, y, x) = shape.zyx_of(i);
        *label = [Label::Fibre, Label::Node, Label::Lithiophilic][(z / 8 + y / 8 + x / 8) % 3] as u8;
    }
    Labels::new(volume).unwrap()
}

fn compare(what: &str, materials: &Materials, drive: Drive, setting: Setting) {
    let cell = Cell::new(&foam(), materials, setting).unwrap();
    let gpu = backend(None);
    let run = |on: &dyn Backend| solve_on(on, &cell, materials, drive, &Newton::default(), &Silent).unwrap();
    let (want, got) = (run(&CpuBackend::new()), run(gpu));
    let j99 = |found: &Distribution| metrics(&cell, found).unwrap().statistics.p99;
    let eta = got.overpotential_v / want.overpotential_v - 1.0;
    let hot = j99(&got) / j99(&want) - 1.0;
    let moved = got.effort.on_device;
    println!(
        "{what}: eta {:.7} V ({eta:+.0e}), j99 {:.5} ({hot:+.0e}), charge {:.0e}, slices {:.0e} and {:.0e}; steps {} and {}; iterations {:?} and {:?} \
         in {} passes, levels built {} times; by step {} dispatches, {} bytes up and {} down per unknown; {:.0} bytes per unknown on {}",
        got.overpotential_v,
        j99(&got),
        got.charge_error,
        want.slice_error(&cell),
        got.slice_error(&cell),
        want.effort.newton_steps,
        got.effort.newton_steps,
        want.effort.linear_iterations,
        got.effort.linear_iterations,
        moved.passes,
        got.effort.hierarchies,
        moved.dispatches / u64::from(got.effort.newton_steps),
        moved.uploaded_bytes / got.effort.unknowns / u64::from(got.effort.newton_steps),
        moved.downloaded_bytes / got.effort.unknowns / u64::from(got.effort.newton_steps),
        moved.device_bytes as f64 / got.effort.unknowns as f64,
        got.effort.device,
    );
    assert!(eta.abs() <= SAME_OVERPOTENTIAL, "{what}: overpotential {eta}");
    assert!(hot.abs() <= SAME_J99, "{what}: j99 {hot}");
    assert!(got.charge_error <= CHARGE, "{what}: charge {}", got.charge_error);
    assert!(got.slice_error(&cell) <= SLICE, "{what}: slices {}", got.slice_error(&cell));
    assert!(got.effort.newton_steps <= STEPS, "{what}: {:?}", got.effort);
    // The device alone.
    assert_eq!(got.effort.device, gpu.describe());
    assert!(want.effort.device.starts_with("cpu") && want.effort.on_device.passes == 0);
}

fn usual() {
    compare("usual", &Materials::default(), Drive::Uniform(CURRENT), ALONG_Z);
}

fn contrast() {
    let mut materials = Materials::default();
    for label in [Label::Fibre, Label::Node, Label::Lithiophilic] {
        materials.sigma[label as usize] = 1e5 * materials.kappa[0];
    }
    compare("contrast 1e5", &materials, Drive::Uniform(CURRENT), ALONG_Z);
    compare("contrast 1e5, plane of one potential", &materials, Drive::Current(CURRENT), ALONG_Z);
}

fn decades() {
    let mut materials = Materials::default();
    materials.surface[Label::Node as usize].i0 *= 1e-2;
    materials.surface[Label::Lithiophilic as usize].i0 *= 1e2;
    compare("i0 over four decades", &materials, Drive::Uniform(CURRENT), ALONG_Z);
    // A solid that conducts no better than the electrolyte, and a strong current.
    for label in [Label::Fibre, Label::Node, Label::Lithiophilic] {
        materials.sigma[label as usize] = 2.0;
    }
    compare("the same in a poor conductor", &materials, Drive::Uniform(20.0 * CURRENT), ALONG_Z);
}

fn spectrum() {
    let materials = Materials::default();
    let cell = Cell::new(&foam(), &materials, ALONG_Z).unwrap();
    let gpu = backend(None);
    let run = |on: &dyn Backend| impedance_on(on, &cell, &materials, 0.2, &[1e5, 100.0, 1.0, 0.01], &Silent).unwrap();
    let ((want, _), (got, device)) = (run(&CpuBackend::new()), run(gpu));
    assert_eq!(device, gpu.describe());
    for (want, got) in want.iter().zip(&got) {
        let off = (want.z - got.z).size() / want.z.size();
        println!("{} Hz: {:?}, {off:.0e}; {} and {} steps", got.frequency_hz, got.z, want.steps, got.steps);
        assert!(off <= SAME_IMPEDANCE, "{} Hz: {:?} for {:?}", got.frequency_hz, got.z, want.z);
    }
}

fn drives() {
    let materials = Materials::default();
    compare("given voltage", &materials, Drive::Voltage(0.05), ALONG_Z);
    let periodic = Setting { axis: Axis::X, collector: Collector::First, sides: Sides::Periodic };
    compare("along x, repeating", &materials, Drive::Uniform(3.0 * CURRENT), periodic);
}

fn several() {
    for i0 in [0.01, 1.0, 100.0] {
        let mut materials = Materials { kinetics: Kinetics::ButlerVolmer { alpha: 0.4 }, ..Materials::default() };
        materials.surface.iter_mut().for_each(|s| s.i0 = i0);
        compare(&format!("i0 {i0} A/m2"), &materials, Drive::Uniform(CURRENT), ALONG_Z);
    }
}

fn on(backend: &dyn Backend, watch: &dyn Watch) -> Result<Distribution, ElectroError> {
    let materials = Materials::default();
    let cell = Cell::new(&foam(), &materials, ALONG_Z).unwrap();
    solve_on(backend, &cell, &materials, Drive::Uniform(CURRENT), &Newton::default(), watch)
}

fn over_budget() {
    let gpu = GpuBackend::open(Pick::Best, Options { budget_bytes: Some(1 << 20), ..Options::default() }).unwrap();
    match on(&gpu, &Silent) {
        Err(ElectroError::Links(LinksError::Memory { device, message })) => {
            assert!(device.starts_with("gpu:"), "{device}");
            assert!(message.contains("1.0 MiB") && message.contains("--device cpu"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

/// Takes the device away after the first Newton step.
struct Axe<'a> {
    gpu: &'a GpuBackend,
    warnings: Mutex<Vec<String>>,
}

impl Watch for Axe<'_> {
    fn event(&self, event: Event) {
        match event {
            Event::Advanced { stage: Stage::Current, done: 1, .. } => self.gpu.destroy(),
            Event::Warning(text) => self.warnings.lock().unwrap().push(text),
            _ => {}
        }
    }
}

fn lost() {
    let gpu = GpuBackend::open(Pick::Best, Options::default()).unwrap();
    let axe = Axe { gpu: &gpu, warnings: Mutex::default() };
    for _ in 0..2 {
        // What is lost stays lost: the second solve says the same.
        match on(&gpu, &axe) {
            Err(ElectroError::Links(LinksError::Device { device, message })) => {
                assert!(device.starts_with("gpu:") && message.contains("lost"), "{device}: {message}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Lends the device that `auto` uses, so that it can be taken away.
fn auto() {
    let gpu = GpuBackend::open(Pick::Best, Options::default()).unwrap();
    let auto = AutoBackend::with(gpu);
    let axe = Axe { gpu: auto.device().unwrap(), warnings: Mutex::default() };
    let found = on(&auto, &axe).unwrap();
    let warnings = axe.warnings.into_inner().unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("the processor solves instead"), "{warnings:?}");
    assert!(
        found.effort.device.starts_with("cpu") && found.effort.device.contains("after gpu:"),
        "{}",
        found.effort.device
    );
    // Steps on the device count, and the answer is that of the processor alone.
    assert!(found.effort.on_device.dispatches > 0);
    let want = on(&CpuBackend::new(), &Silent).unwrap();
    let apart = found.overpotential_v / want.overpotential_v - 1.0;
    assert!(apart.abs() <= SAME_OVERPOTENTIAL && found.charge_error <= CHARGE, "{apart}");
}
