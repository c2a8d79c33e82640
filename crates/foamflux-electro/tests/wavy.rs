//! T11 and T16 on a coarse raster: a wavy electrode against a series that is exact at any amplitude.
//!
//! With `kA << 1` a wave of 32 voxels would be a third of a voxel high. Here it is two voxels high, and the answer is no
//! longer first order: the potential is the series of decaying harmonics that meets the kinetics on the surface itself
//! (Rayleigh's hypothesis, which holds up to kA = 0.448).

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::f64::consts::PI;

use common::{ALONG_Z, labels, solved};
use foamflux_electro::{Drive, Materials};
use foamflux_grid::Axis;

/// Voxels per wavelength.
const WAVELENGTH: usize = 32;
/// Amplitude in voxels: kA = 0.39.
const AMPLITUDE: f64 = 2.0;
/// Relative error of the amplitude at this resolution, averaged over places of the surface between voxels (3 % are seen).
const OF_AMPLITUDE: f64 = 0.05;
/// The same at one place, beyond the amplitude that the raster itself has there: its heights are whole voxels, and 2 of them
/// come out as 1.85 to 2.15 (7 % are seen).
const AT_ONE_PLACE: f64 = 0.08;
/// Error of j/J where kinetics leaves 4 % of a wave: a tenth of a voxel of height is 0.3 % of J, and as much is seen.
const OF_CURRENT: f64 = 0.005;

fn thermal_voltage(kelvin: f64) -> f64 {
    8.314_462_618 * kelvin / 96_485.332_12
}

/// `j / J` at phases of the wave, by collocation: `phi = y + a0 + sum a_n cos(n t) exp(-n y)` in units of 1/k, with
/// `d phi/dn = phi / Wa` at `y = kA cos t`.
fn exact(ka: f64, wagner: f64) -> impl Fn(f64) -> f64 {
    const TERMS: usize = 20;
    // Value, and derivative along the normal, of the n-th term at t; the last is that of y alone.
    let term = move |n: usize, t: f64| {
        let (y, slope) = (ka * t.cos(), -ka * t.sin());
        let root = (1.0 + slope * slope).sqrt();
        if n == TERMS {
            return (y, 1.0 / root);
        }
        let (m, decay) = (n as f64, (-(n as f64) * y).exp());
        let (along, out) = (-m * (m * t).sin() * decay, -m * (m * t).cos() * decay);
        ((m * t).cos() * decay, (out - slope * along) / root)
    };
    let mut rows: Vec<Vec<f64>> = (0..TERMS)
        .map(|k| {
            let t = PI * k as f64 / (TERMS - 1) as f64;
            let mut row: Vec<f64> = (0..TERMS).map(|n| term(n, t)).map(|(v, d)| wagner * d - v).collect();
            let (v, d) = term(TERMS, t);
            row.push(v - wagner * d);
            row
        })
        .collect();
    // Elimination with pivots.
    for k in 0..TERMS {
        let best = (k..TERMS).max_by(|&a, &b| rows[a][k].abs().total_cmp(&rows[b][k].abs())).unwrap();
        rows.swap(k, best);
        let pivot = rows[k].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            if i != k {
                let factor = row[k] / pivot[k];
                row.iter_mut().zip(&pivot).for_each(|(a, p)| *a -= factor * p);
            }
        }
    }
    let a: Vec<f64> = (0..TERMS).map(|k| rows[k][TERMS] / rows[k][k]).collect();
    move |t| term(TERMS, t).1 + (0..TERMS).map(|n| a[n] * term(n, t).1).sum::<f64>()
}

/// First harmonic of `j / mean` per true area from samples of phase, area and `j`.
fn harmonic(samples: &[(f64, f64, f64)]) -> f64 {
    let area: f64 = samples.iter().map(|s| s.1).sum();
    let mean = samples.iter().map(|s| s.1 * s.2).sum::<f64>() / area;
    let wave: f64 = samples.iter().map(|&(t, a, j)| a * t.cos() * (j / mean - 1.0)).sum();
    wave / samples.iter().map(|&(t, a, _)| a * t.cos() * t.cos()).sum::<f64>()
}

/// Samples of the exact answer over one wave.
fn exact_samples(ka: f64, wagner: f64) -> Vec<(f64, f64, f64)> {
    let j = exact(ka, wagner);
    (0..720)
        .map(|k| {
            let t = 2.0 * PI * (f64::from(k) + 0.5) / 720.0;
            (t, (ka * t.sin()).hypot(1.0), j(t))
        })
        .collect()
}

/// Samples of the voxels, with the surface moved by parts of a voxel along and across.
fn voxel_samples(wagner: f64, [along, across]: [f64; 2]) -> Vec<(f64, f64, f64)> {
    let (depth, edge) = (112usize, 1e-6);
    let k = 2.0 * PI / WAVELENGTH as f64;
    let phase = |x: f64| k * (x - across);
    let surface = |x: usize| depth as f64 - 12.0 + along - AMPLITUDE * phase(x as f64 + 0.5).cos();
    let cell_labels =
        labels([depth, 1, 2 * WAVELENGTH], edge, |z, _, x| if z as f64 + 0.5 > surface(x) { 3 } else { 0 });
    let mut m = Materials::default();
    m.surface[3].i0 = m.kappa[0] * (k / edge) * thermal_voltage(m.temperature_k) / wagner;
    // Linear kinetics.
    let (cell, found) = solved(&cell_labels, &m, Drive::Uniform(1e-5 * m.surface[3].i0), ALONG_Z);
    cell.faces()
        .iter()
        .zip(found.current_density())
        .map(|(face, &j)| {
            // Across x a face lies between two columns.
            let x = (face.lower as usize % (2 * WAVELENGTH)) as f64 + if face.axis == Axis::X { 1.0 } else { 0.5 };
            (phase(x), cell.area(face), j)
        })
        .collect()
}

#[test]
fn the_series_is_first_order_where_waves_are_low() {
    for wagner in [0.1, 1.0, 10.0] {
        let got = harmonic(&exact_samples(0.01, wagner));
        let first = 0.01 / (1.0 + wagner);
        // What is left out is of order kA squared, relative.
        assert!((got / first - 1.0).abs() < 1e-3, "Wa {wagner}: {got} for {first}");
    }
}

/// Amplitude that columns of whole voxels have, over the one that they stand for.
fn raster_amplitude([along, across]: [f64; 2]) -> f64 {
    let k = 2.0 * PI / WAVELENGTH as f64;
    let wave = |x: usize| (k * (x as f64 + 0.5 - across)).cos();
    let height = |x: usize| -(along - AMPLITUDE * wave(x) - 0.5).ceil();
    (0..WAVELENGTH).map(|x| height(x) * wave(x)).sum::<f64>() * 2.0 / WAVELENGTH as f64 / AMPLITUDE
}

#[test]
fn t11_and_t16_a_wave_of_32_voxels() {
    let ka = 2.0 * PI / WAVELENGTH as f64 * AMPLITUDE;
    // The first is a primary distribution: no kinetics is left.
    for wagner in [0.01, 0.1, 1.0, 10.0] {
        let want = harmonic(&exact_samples(ka, wagner));
        let errors: Vec<f64> = [[0.0, 0.0], [0.3, 0.25], [0.6, 0.5], [0.85, 0.1], [0.45, 0.75]]
            .into_iter()
            .map(|shift| harmonic(&voxel_samples(wagner, shift)) / (want * raster_amplitude(shift)) - 1.0)
            .collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        println!("T11 Wa {wagner}: amplitude {want:.5}, errors {errors:+.4?}, mean {mean:+.4}");
        if wagner > 1.0 {
            assert!((mean * want).abs() < OF_CURRENT, "Wa {wagner}: {mean} of {want}");
        } else {
            assert!(mean.abs() < OF_AMPLITUDE, "Wa {wagner}: {mean}");
            assert!(errors.iter().all(|e| e.abs() < AT_ONE_PLACE), "Wa {wagner}: {errors:?}");
        }
    }
}
