//! Impedance of cells with exact answers, and its relaxation times.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use std::f64::consts::PI;

use common::{ALONG_Z, labels, labels_xyz};
use foamflux_electro::constants::thermal_voltage;
use foamflux_electro::impedance::{Complex, impedance, relaxations};
use foamflux_electro::{Cell, Drive, Materials, Options, solve};
use foamflux_grid::{Labels, Silent};

/// Double layer in F/m2.
const C: f64 = 0.2;
/// One dimension: what single precision of conductances leaves.
const TOL: f64 = 1e-6;

fn real(re: f64) -> Complex {
    Complex { re, im: 0.0 }
}

fn off(got: Complex, exact: Complex) -> f64 {
    (got - exact).size() / exact.size()
}

fn sqrt(z: Complex) -> Complex {
    let (size, half) = (z.size().sqrt(), 0.5 * z.phase());
    Complex { re: size * half.cos(), im: size * half.sin() }
}

fn exp(z: Complex) -> Complex {
    Complex { re: z.re.exp() * z.im.cos(), im: z.re.exp() * z.im.sin() }
}

fn spectrum(labels: &Labels, m: &Materials, frequencies: &[f64]) -> Vec<(f64, Complex)> {
    let cell = Cell::new(labels, m, ALONG_Z).unwrap();
    let found = impedance(&cell, m, C, frequencies, &Silent).unwrap();
    for i in &found {
        assert!(i.steps <= 40, "{} steps at {} Hz", i.steps, i.frequency_hz);
    }
    found.iter().map(|i| (i.frequency_hz, i.z)).collect()
}

#[test]
fn a_plate_is_a_resistance_beside_a_capacitance() {
    let plate = labels([16, 3, 2], 1e-6, |z, _, _| if z < 12 { 0 } else { 3 });
    let mut m = Materials::default();
    m.surface[3].film = 5e-4;
    let frequencies: Vec<f64> = (-3..=6).map(|k| 10f64.powi(k)).collect();
    let slope = m.surface[3].i0 / thermal_voltage(m.temperature_k);
    for (f, z) in spectrum(&plate, &m, &frequencies) {
        let face = Complex { re: slope, im: 2.0 * PI * f * C }.inverse();
        let exact = real(12e-6 / m.kappa[0] + 4e-6 / m.sigma[3] + 5e-4) + face;
        assert!(off(z, exact) < TOL, "{f} Hz: {z:?} for {exact:?}");
    }
}

/// Slabs of electrolyte and solid along the depth, as thin as the transmission line has them.
fn slabs() -> Labels {
    labels_xyz([200, 8, 1], [3e-8, 3e-8, 1e-6], |_, y, _| u8::from(y >= 4))
}

/// Newman and Tobias with the admittance of a face in the place of its slope.
fn two_rails(m: &Materials, face: Complex) -> Complex {
    let (kappa, sigma, depth, area) = (m.kappa[0] / 2.0, m.sigma[1] / 2.0, 2e-4, 1.0 / 2.4e-7);
    let nu = sqrt(face.times(area * depth * depth * (1.0 / kappa + 1.0 / sigma)));
    let (up, down) = (exp(nu), exp(nu.times(-1.0)));
    let (cosh, sinh) = ((up + down).times(0.5), (up - down).times(0.5));
    let top = real(2.0) + cosh.times(sigma / kappa + kappa / sigma);
    (real(1.0) + top * (nu * sinh).inverse()).times(depth / (kappa + sigma))
}

#[test]
fn slabs_follow_the_transmission_line() {
    let frequencies = [0.01, 0.3, 1.0, 10.0, 60.0];
    for (i0, sigma) in [(0.5, 1.1e4), (0.5, 1.1), (1e-6, 1.1e4)] {
        let mut m = Materials::default();
        m.sigma[1] = sigma;
        m.surface[1].i0 = i0;
        let slope = i0 / thermal_voltage(m.temperature_k);
        for (f, z) in spectrum(&slabs(), &m, &frequencies) {
            let exact = two_rails(&m, Complex { re: slope, im: 2.0 * PI * f * C });
            let error = off(z, exact);
            println!("de Levie i0 {i0} sigma {sigma} {f} Hz: off by {error:.1e}");
            assert!(error < 1e-3, "{z:?} for {exact:?}");
        }
        if i0 < 1e-3 {
            // With blocking walls the real part tends to a third of the pore's resistance, on top of what leaks.
            let f = 0.3;
            let (_, low) = spectrum(&slabs(), &m, &[f])[0];
            let leak = Complex { re: slope, im: 2.0 * PI * f * C }.inverse().re * 2.4e-7 / 2e-4;
            let third = 2e-4 / (m.kappa[0] / 2.0) / 3.0;
            assert!(((low.re - leak) / third - 1.0).abs() < 1e-3, "{} and {leak} for {third}", low.re);
        }
    }
}

#[test]
fn at_both_ends_of_frequency_a_host_is_a_resistance() {
    // Bars of carbon in two directions.
    let host = labels([20, 12, 12], 2e-6, |z, y, x| u8::from(z >= 4 && x % 6 < 2 && (y % 6 < 2 || z % 6 < 2)));
    let mut m = Materials::default();
    m.surface[1].film = 1e-4;
    let dc = |m: &Materials| {
        let cell = Cell::new(&host, m, ALONG_Z).unwrap();
        solve(&cell, m, Drive::Uniform(1e-4), &Options::default(), &Silent).unwrap().overpotential_v / 1e-4
    };
    let (low, high) = {
        let z = spectrum(&host, &m, &[1e-6, 1.0, 30.0, 1e3, 1e9]);
        (z[0].1, z[4].1)
    };
    let slow = dc(&m);
    assert!(off(low, real(slow)) < 1e-5, "{low:?} for {slow}");
    m.surface[1].i0 = 1e9;
    let fast = dc(&m);
    assert!(off(high, real(fast)) < 1e-5, "{high:?} for {fast}");
    let cell = Cell::new(&host, &m, ALONG_Z).unwrap();
    assert!(impedance(&cell, &m, -1.0, &[1.0], &Silent).is_err());
    assert!(impedance(&cell, &m, C, &[0.0], &Silent).is_err());
}

/// Steps that four frequencies may take with `Z` read by symmetry: 9 are taken, and 11 where `r.x` is left out.
const STEPS_BY_SYMMETRY: u32 = 10;

#[test]
fn what_a_solution_lacks_is_mended_by_symmetry() {
    // A host between a poor and a good conductor, at frequencies where its phase turns.
    let host = labels([20, 12, 12], 2e-6, |z, y, x| u8::from(z >= 4 && x % 6 < 2 && (y % 6 < 2 || z % 6 < 2)));
    let m = Materials::default();
    let cell = Cell::new(&host, &m, ALONG_Z).unwrap();
    let steps: Vec<u32> =
        impedance(&cell, &m, C, &[0.1, 1.0, 10.0, 100.0], &Silent).unwrap().iter().map(|i| i.steps).collect();
    println!("{steps:?}");
    assert!(steps.iter().sum::<u32>() <= STEPS_BY_SYMMETRY, "{steps:?}");
}

#[test]
fn relaxation_times_of_a_zarc_are_the_known_ones() {
    // R / (1 + (i w tau0)^n) in series with 2 ohm m2.
    let (r, tau0, n) = (5.0, 1e-2, 0.75);
    let z = |f: f64| {
        let log = (2.0 * PI * f * tau0).ln() * n;
        let power = Complex { re: log.exp() * (0.5 * PI * n).cos(), im: log.exp() * (0.5 * PI * n).sin() };
        real(2.0) + (real(1.0) + power).inverse().times(r)
    };
    let data: Vec<(f64, Complex)> = (-24..=36).map(|k| 10f64.powf(f64::from(k) / 8.0)).map(|f| (f, z(f))).collect();
    let found = relaxations(&data).unwrap();
    println!("ZARC: {found:.3?}", found = (found.series, found.polarisation, found.strength, found.misfit));
    assert!((found.series / 2.0 - 1.0).abs() < 0.01 && (found.polarisation / r - 1.0).abs() < 0.01);
    for at in &found.distribution {
        let x = n * (at.tau_s / tau0).ln();
        // Within the range of the data.
        if x.abs() < 5.0 {
            let exact = r / (2.0 * PI) * ((1.0 - n) * PI).sin() / (x.cosh() - ((1.0 - n) * PI).cos());
            let peak = r / (2.0 * PI) * ((1.0 - n) * PI).sin() / (1.0 - ((1.0 - n) * PI).cos());
            assert!((at.gamma - exact).abs() < 0.05 * peak, "{}: {} for {exact}", at.tau_s, at.gamma);
        }
        assert!(at.gamma >= 0.0);
    }
    assert!(relaxations(&data[..5]).is_none());
}
