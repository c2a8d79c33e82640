//! T17 and T18: salt between planar electrodes, steady and in time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{ALONG_Z, labels};
use foamflux_electro::constants::{FARADAY, thermal_voltage};
use foamflux_electro::electrolyte::{Answer, Electrolyte, Model, Supply, solve, transient};
use foamflux_electro::{Cell, Drive, ElectroError, Materials, Options};
use foamflux_grid::{Labels, Silent};
use foamflux_transport::CpuBackend;

/// What single precision of conductances leaves in one dimension.
const TOL: f64 = 1e-6;
/// The potential is the integral of 1/c by slices: second order, with 80 of them.
const POTENTIAL: f64 = 2e-4;

const EDGE: f64 = 1e-6;

/// A gap of `n` slices over four of lithium.
fn gap(n: usize) -> Labels {
    labels([n + 4, 2, 3], EDGE, |z, _, _| if z < n { 0 } else { 3 })
}

fn solved(
    labels: &Labels,
    materials: &Materials,
    electrolyte: &Electrolyte,
    drive: Drive,
) -> Result<(Cell, Answer), ElectroError> {
    let mut cell = Cell::new(labels, materials, ALONG_Z).unwrap();
    let answer = solve(&mut cell, materials, electrolyte, drive, (&CpuBackend::new(), &Options::default()), &Silent)?;
    Ok((cell, answer))
}

#[test]
fn t17_between_planes_salt_is_straight_and_the_potential_its_logarithm() {
    let n = 80;
    let labels = gap(n);
    let m = Materials::default();
    let e = Electrolyte { model: Model::Dilute, ..Electrolyte::default() };
    let volt = thermal_voltage(m.temperature_k);
    let limit = 2.0 * FARADAY * e.salt.diffusivity * 1000.0 / ((1.0 - e.salt.transference) * n as f64 * EDGE);
    assert!((e.salt.limiting_current(n as f64 * EDGE, 1.0) / limit - 1.0).abs() < 1e-12);
    for x in [0.01, 0.3, 0.8, -0.5] {
        let applied = x * limit;
        let (cell, a) = solved(&labels, &m, &e, Drive::Uniform(applied)).unwrap();
        let got = a.salt.limiting_current(a.found.applied_a_per_m2);
        println!("T17 J/J_lim {x}: J_lim {:.6} for {:.6} mA/cm2, {:?}", got / 10.0, limit / 10.0, a.agreement);
        assert!((got / limit - 1.0).abs() < TOL, "{got} for {limit}");
        let plane = cell.shape().stride(foamflux_grid::Axis::Z);
        let exact = |z: f64| 1000.0 * (1.0 + x * (1.0 - 2.0 * z / n as f64));
        for k in 0..n {
            let c = a.salt.at(k * plane).unwrap();
            assert!((c - exact(k as f64 + 0.5)).abs() < TOL * 1000.0, "slice {k}: {c}");
        }
        for c in a.salt.at_faces() {
            assert!((c - exact(n as f64)).abs() < TOL * 1000.0, "{c}");
        }
        // Against lithium 2 (RT/F) ln c; the electrostatic potential is half of it, less what a lithium electrode has, (RT/F) ln c.
        let last = a.found.potential((n - 1) * plane).unwrap();
        let c_last = exact(n as f64 - 0.5);
        let span = 2.0 * volt * (exact(0.5) / c_last).ln();
        for k in 0..n {
            let phi = a.found.potential(k * plane).unwrap() - last;
            let c = exact(k as f64 + 0.5);
            let against_lithium = 2.0 * volt * (c / c_last).ln();
            assert!((phi - against_lithium).abs() < POTENTIAL * span.abs(), "slice {k}: {phi} for {against_lithium}");
            let electrostatic = phi - volt * (a.salt.at(k * plane).unwrap() / a.salt.at((n - 1) * plane).unwrap()).ln();
            assert!((electrostatic - volt * (c / c_last).ln()).abs() < POTENTIAL * span.abs());
        }
        let kinetic = 2.0 * volt * (applied / (2.0 * 2.8 * (1.0 - x).sqrt())).asinh();
        let all = kinetic + 2.0 * volt * ((1.0 + x) / (1.0 - x)).ln() + applied * 4.0 * EDGE / m.sigma[3];
        let v = a.found.overpotential_v;
        println!("T17 J/J_lim {x}: overpotential {:.4} for {:.4} mV", 1e3 * v, 1e3 * all);
        assert!((v / all - 1.0).abs() < POTENTIAL, "{v} for {all}");
        assert!((a.losses.kinetic / kinetic - 1.0).abs() < POTENTIAL);
        let concentration = 2.0 * volt * (1.0 - e.salt.transference) * ((1.0 + x) / (1.0 - x)).ln();
        assert!((a.losses.concentration.unwrap() / concentration - 1.0).abs() < 1e-5);
        // The voltage that came out gives the current back.
        let (_, back) = solved(&labels, &m, &e, Drive::Voltage(v)).unwrap();
        assert!((back.found.applied_a_per_m2 / applied - 1.0).abs() < 1e-5, "{}", back.found.applied_a_per_m2);
        assert!((back.found.overpotential_v - v).abs() < 1e-12);
    }
}

#[test]
fn a_concentrated_electrolyte_has_its_own_conductivity_and_thermodynamic_factor() {
    let n = 80;
    let m = Materials::default();
    let e = Electrolyte {
        model: Model::Concentrated,
        supply: Supply::Reservoir,
        thermodynamic_factor: 1.7,
        i0_exponent: 0.3,
        ..Electrolyte::default()
    };
    let volt = thermal_voltage(m.temperature_k);
    // From a reservoir the drop over the gap is all below c0: half of the limiting current.
    let length = n as f64 * EDGE;
    let limit = FARADAY * e.salt.diffusivity * 1000.0 / ((1.0 - e.salt.transference) * length);
    let x = 0.7;
    let (_, a) = solved(&gap(n), &m, &e, Drive::Uniform(x * limit)).unwrap();
    assert!((a.salt.limiting_current(x * limit) / limit - 1.0).abs() < TOL);
    let bottom = 1.0 - x;
    // Ohm's law for kappa x exp(1 - x), by Simpson.
    let steps = 20_000;
    let sum: f64 = (0..=steps)
        .map(|k| {
            let c = 1.0 - x * k as f64 / steps as f64;
            let weight = if k == 0 || k == steps { 1.0 } else { 2.0 + 2.0 * (k % 2) as f64 };
            weight / (c * (1.0 - c).exp())
        })
        .sum();
    let ohmic = x * limit * length / m.kappa[0] * sum / (3.0 * steps as f64);
    let kinetic = 2.0 * volt * (x * limit / (2.0 * 2.8 * bottom.powf(0.3))).asinh();
    let all = kinetic + ohmic + 2.0 * volt * 0.65 * 1.7 * (1.0 / bottom).ln();
    assert!((a.found.overpotential_v / all - 1.0).abs() < POTENTIAL, "{} for {all}", a.found.overpotential_v);
}

#[test]
fn beyond_the_limiting_current_there_is_no_steady_state() {
    let m = Materials::default();
    for model in [Model::Dilute, Model::Concentrated] {
        let e = Electrolyte { model, ..Electrolyte::default() };
        let limit = e.salt.limiting_current(40.0 * EDGE, 1.0);
        match solved(&gap(40), &m, &e, Drive::Uniform(1.02 * limit)) {
            Err(ElectroError::Exhausted { limit: got, .. }) => {
                assert!((got / limit - 1.0).abs() < 1e-4, "{got} {limit}")
            }
            other => panic!("{model:?}: {other:?}"),
        }
        assert!(solved(&gap(40), &m, &e, Drive::Uniform(0.98 * limit)).is_ok());
    }
    // The secondary model does not feel it, but says where it is.
    let (_, a) = solved(&gap(40), &m, &Electrolyte::default(), Drive::Uniform(1e5)).unwrap();
    assert!(a.salt.range()[0] < 0.0 && a.losses.concentration.is_none());
}

#[test]
fn t18_salt_falls_with_the_square_root_of_time_until_sand() {
    let n = 160;
    let m = Materials::default();
    let e = Electrolyte::default();
    let (d, t) = (e.salt.diffusivity, e.salt.transference);
    // Salt has come a sixteenth of the gap when it is gone: ten voxels, and nothing is felt of the other side.
    let sand = (n as f64 * EDGE / 16.0).powi(2) / d;
    let applied = FARADAY * 1000.0 / (2.0 * (1.0 - t)) * (std::f64::consts::PI * d / sand).sqrt();
    assert!((e.salt.sand_time(applied) / sand - 1.0).abs() < 1e-12);
    let (cell, a) = solved(&gap(n), &m, &e, Drive::Uniform(applied)).unwrap();
    let (run, salt) = transient(&cell, &m, &e, &a.found, None, &Silent).unwrap();
    let got = run.exhausted_s.unwrap();
    println!(
        "T18: Sand's time {got:.5} for {sand:.5} s, {} instants, {} iterations",
        run.instants.len(),
        run.iterations
    );
    assert!((got / sand - 1.0).abs() < 0.01, "{got} for {sand}");
    let mut checked = 0;
    for i in &run.instants {
        let exact = 1000.0 - 2.0 * applied * (1.0 - t) / FARADAY * (i.time_s / (std::f64::consts::PI * d)).sqrt();
        // Before that salt has come over fewer than four voxels.
        if i.time_s > 16.0 * EDGE * EDGE / d {
            checked += 1;
            assert!((i.min - exact).abs() < 0.01 * (1000.0 - exact), "{} s: {} for {exact}", i.time_s, i.min);
        }
    }
    assert!(checked > 10);
    assert!((salt.mean() / 1000.0 - 1.0).abs() < 1e-7, "{}", salt.mean());
    // Half of the current lasts four times as long, as one run knows.
    let quarter = run.sand_time(2.0 * applied).unwrap();
    assert!((quarter / sand - 0.25).abs() < 0.01 * 0.25, "{quarter}");
}

#[test]
fn in_time_the_salt_becomes_steady() {
    let m = Materials::default();
    for supply in [Supply::Counter, Supply::Reservoir] {
        let e = Electrolyte { supply, ..Electrolyte::default() };
        let (cell, a) = solved(&gap(20), &m, &e, Drive::Uniform(1000.0)).unwrap();
        let (run, salt) = transient(&cell, &m, &e, &a.found, None, &Silent).unwrap();
        assert!(run.steady && run.exhausted_s.is_none());
        let (last, steady) = (1000.0 - salt.range()[0], 1000.0 - a.salt.range()[0]);
        assert!((last / steady - 1.0).abs() < 1e-3, "{supply:?}: {last} for {steady}");
        // To a time that was asked for, however short.
        let (run, _) = transient(&cell, &m, &e, &a.found, Some(1e-4), &Silent).unwrap();
        assert!((run.instants.last().unwrap().time_s - 1e-4).abs() < 1e-12 && !run.steady);
    }
}

#[test]
fn lithium_comes_by_migration_alone_where_no_gradient_has_come_yet() {
    let n = 60;
    let m = Materials::default();
    for supply in [Supply::Counter, Supply::Reservoir] {
        let e = Electrolyte { supply, ..Electrolyte::default() };
        let (cell, a) = solved(&gap(n), &m, &e, Drive::Uniform(100.0)).unwrap();
        let applied = a.found.applied_a_per_m2 * cell.projected_area();
        let share = |planes: &[f64], k: usize| FARADAY * planes[k] / applied;
        // Salt has come over five voxels of sixty.
        let until = (5.0 * EDGE).powi(2) / e.salt.diffusivity;
        let (_, salt) = transient(&cell, &m, &e, &a.found, Some(until), &Silent).unwrap();
        let planes = salt.li_planes(&cell, &a.found);
        // A reservoir gives what migration takes; a counter electrode dissolves all of the current.
        let first = if supply == Supply::Reservoir { e.salt.transference } else { 1.0 };
        assert!((share(&planes, 0) - first).abs() < 1e-3, "{supply:?}: {} at the plane", share(&planes, 0));
        assert!((share(&planes, n / 2) - e.salt.transference).abs() < 1e-3, "{} within", share(&planes, n / 2));
        // When steady the same passes everywhere; what reacts on the electrode's plane counts half.
        let planes = a.salt.li_planes(&cell, &a.found);
        for k in 0..n {
            assert!((share(&planes, k) - 1.0).abs() < 1e-5, "{supply:?}: {} through plane {k}", share(&planes, k));
        }
    }
}

#[test]
fn what_comes_from_a_reservoir_less_what_is_plated_is_stored() {
    let n = 24;
    let m = Materials::default();
    let e = Electrolyte { supply: Supply::Reservoir, ..Electrolyte::default() };
    let (cell, a) = solved(&gap(n), &m, &e, Drive::Uniform(1000.0)).unwrap();
    let plated = a.found.applied_a_per_m2 * cell.projected_area() / FARADAY;
    let volume = cell.projected_area() * n as f64 * EDGE;
    // Half of the time that salt takes over the gap: its gradient has reached the plane and still grows.
    let time = 0.5 * (n as f64 * EDGE).powi(2) / e.salt.diffusivity;
    let at = |time: f64| {
        let (run, salt) = transient(&cell, &m, &e, &a.found, Some(time), &Silent).unwrap();
        assert!(!run.steady);
        (salt.li_planes(&cell, &a.found)[0], salt.mean() * volume)
    };
    let step = 0.02 * time;
    let ((before, held), (after, then)) = (at(time), at(time + step));
    let comes = 0.5 * (before + after);
    let stored = (then - held) / step;
    // A difference of salt over a short time, against what is missing of the current.
    let error = (comes - plated - stored) / (plated - comes);
    println!("{:.4} of the current comes through the plane, balance to {error:.1e}", comes / plated);
    assert!(comes / plated > e.salt.transference + 0.1 && comes / plated < 0.95);
    assert!(error.abs() < 0.01, "{comes} comes, {plated} is plated, {stored} is stored");
}
