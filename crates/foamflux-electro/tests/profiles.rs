//! T11 to T16: reaction profiles and shares with exact answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use std::f64::consts::PI;

use common::{ALONG_Z, labels, labels_xyz, solved};
use foamflux_electro::constants::thermal_voltage;
use foamflux_electro::theory::Macrohomogeneous;
use foamflux_electro::{Drive, Materials, metrics};
use foamflux_grid::Label;

const VOLT: f64 = 0.025_692_58;

/// Slabs of electrolyte and solid along the depth, four voxels each, much thinner than they are deep.
fn slabs(slices: usize, depth: f64) -> foamflux_grid::Labels {
    labels_xyz([slices, 8, 1], [3e-8, 3e-8, depth / slices as f64], |_, y, _| u8::from(y >= 4))
}

/// Electrode of [`slabs`] without structure.
fn homogeneous(m: &Materials, depth: f64) -> Macrohomogeneous {
    Macrohomogeneous {
        depth,
        kappa: m.kappa[0] / 2.0,
        sigma: m.sigma[1] / 2.0,
        area: 1.0 / 2.4e-7,
        slope: m.surface[1].i0 / thermal_voltage(m.temperature_k),
    }
}

#[test]
fn t13_slabs_follow_newman_and_tobias() {
    let depth = 2e-4;
    // Second order in slices: a decay over L/nu is off by (nu/n)^2/24 per length, so the steep one has more of them.
    for (nu, slices, tol) in [(0.8, 200, 1e-4), (2.5, 200, 1e-4), (8.0, 500, 1.5e-4)] {
        for ratio in [1e-3, 1.0, 10.0] {
            let mut m = Materials::default();
            m.sigma[1] = m.kappa[0] / ratio;
            let mut h = homogeneous(&m, depth);
            m.surface[1].i0 *= (nu / h.nu()).powi(2);
            h = homogeneous(&m, depth);
            assert!((h.nu() / nu - 1.0).abs() < 1e-12 && (h.ratio() / ratio - 1.0).abs() < 1e-12);
            // Small enough to be linear at the ends: j/2i0 squared over 6.
            let applied = 1e-4 * m.surface[1].i0;
            let (cell, found) = solved(&slabs(slices, depth), &m, Drive::Uniform(applied), ALONG_Z);
            let q = metrics(&cell, &found).unwrap();
            let mut worst = 0.0f64;
            for (k, q) in q.reaction.iter().enumerate() {
                let exact = h.reaction((k as f64 + 0.5) / slices as f64);
                worst = worst.max((q * slices as f64 / exact - 1.0).abs());
            }
            println!("T13 nu {nu} K {ratio}: profile {worst:.1e}");
            assert!(worst < tol, "nu {nu} K {ratio}: profile {worst}");
            let resistance = found.overpotential_v / applied;
            println!("T13 nu {nu} K {ratio}: resistance {:.1e}", resistance / h.resistance() - 1.0);
            assert!((resistance / h.resistance() - 1.0).abs() < tol, "{resistance} for {}", h.resistance());
        }
    }
}

#[test]
fn t14_tafel_kinetics_in_a_perfect_conductor() {
    let (slices, depth) = (400, 2e-4);
    for (d, at_separator) in [(0.5, 1.172), (3.0, 2.151), (20.0, 10.20)] {
        let mut m = Materials::default();
        m.sigma[1] = 1e5 * m.kappa[0];
        // So little that no face sees the back reaction.
        m.surface[1].i0 = 1e-9;
        let applied = d * VOLT * (m.kappa[0] / 2.0) / (0.5 * depth);
        let (cell, found) = solved(&slabs(slices, depth), &m, Drive::Uniform(applied), ALONG_Z);
        let q = metrics(&cell, &found).unwrap();
        // 2 theta tan theta = D.
        let (mut low, mut high) = (0.0, PI / 2.0);
        for _ in 0..100 {
            let theta = 0.5 * (low + high);
            if 2.0 * theta * theta.tan() < d { low = theta } else { high = theta }
        }
        let theta = low;
        let exact = |y: f64| 2.0 * theta * theta / d / (theta * (1.0 - y)).cos().powi(2);
        assert!((exact(0.0) / at_separator - 1.0).abs() < 1e-3);
        let mut worst = 0.0f64;
        for (k, q) in q.reaction.iter().enumerate() {
            worst = worst.max((q * slices as f64 / exact((k as f64 + 0.5) / slices as f64) - 1.0).abs());
        }
        println!("T14 D {d}: profile {worst:.1e}, {:?}", found.effort.linear_iterations);
        assert!(worst < 2e-3, "D {d}: {worst}");
    }
}

#[test]
fn t11_a_wavy_electrode_focuses_what_kinetics_leaves() {
    // The answer is first order in kA, here 0.07: at 32 voxels to a wavelength that would be a third of a voxel.
    let (n, amplitude, depth) = (256usize, 3.0, 288usize);
    let k = 2.0 * PI / n as f64;
    let edge = 1e-6;
    let surface = |x: usize| depth as f64 - 16.0 - amplitude * (k * (x as f64 + 0.5)).cos();
    let cell_labels = labels([depth, 1, n], edge, |z, _, x| if (z as f64) + 0.5 > surface(x) { 3 } else { 0 });
    for wagner in [0.1, 1.0, 10.0] {
        let mut m = Materials::default();
        m.surface[3].i0 = m.kappa[0] * (k / edge) * thermal_voltage(m.temperature_k) / wagner;
        let applied = 1e-5 * m.surface[3].i0;
        let (cell, found) = solved(&cell_labels, &m, Drive::Uniform(applied), ALONG_Z);
        // First harmonic over the surface, per true area.
        let (mut wave, mut norm, mut mean, mut area) = (0.0, 0.0, 0.0, 0.0);
        for (face, &j) in cell.faces().iter().zip(found.current_density()) {
            mean += cell.area(face) * j;
            area += cell.area(face);
        }
        mean /= area;
        for (face, &j) in cell.faces().iter().zip(found.current_density()) {
            // Across x a face lies between two columns.
            let x = (face.lower as usize % n) as f64 + if face.axis == foamflux_grid::Axis::X { 1.0 } else { 0.5 };
            let c = (k * x).cos();
            wave += cell.area(face) * c * (j / mean - 1.0);
            norm += cell.area(face) * c * c;
        }
        let (got, exact) = (wave / norm, k * amplitude / (1.0 + wagner));
        println!("T11 Wa {wagner}: amplitude {got:.5} for {exact:.5}");
        assert!((got / exact - 1.0).abs() < 0.05, "Wa {wagner}: {got} for {exact}");
    }
}

#[test]
fn t12_a_fibre_in_a_coaxial_cell() {
    // The outer conductor is an electrolyte so good that it has one potential; an inert lid keeps the separator's plane
    // from reaching the annulus itself.
    let (n, a, b, slices) = (56usize, 8.0, 24.0, 4);
    let edge = 0.5e-6;
    let cell_labels = labels([slices, n, n], edge, |z, y, x| {
        let r = (x as f64 + 0.5 - n as f64 / 2.0).hypot(y as f64 + 0.5 - n as f64 / 2.0);
        if r < a {
            1
        } else if r < b {
            if z == 0 { 8 } else { 0 }
        } else {
            5
        }
    });
    // Radii of the discs that the raster has.
    let slice = cell_labels.volume().plane(1).to_vec();
    let radius = |of: fn(u8) -> bool| (slice.iter().filter(|v| of(**v)).count() as f64 / PI).sqrt();
    for i0 in [2.8, 2.8e4, 2.8e6] {
        let mut m = Materials::default();
        m.kappa[5] = 1e4;
        m.sigma[1] = 1e5;
        m.surface[1].i0 = i0;
        let (cell, found) = solved(&cell_labels, &m, Drive::Uniform(1e-6 * i0), ALONG_Z);
        let current = 1e-6 * i0 * cell.projected_area();
        let length = (slices - 1) as f64 * edge;
        let got = found.overpotential_v / current * length;
        let (a, b) = (radius(|v| v == 1), radius(|v| v < 5));
        let exact =
            thermal_voltage(m.temperature_k) / i0 / (2.0 * PI * a * edge) + (b / a).ln() / (2.0 * PI * m.kappa[0]);
        println!("T12 i0 {i0:e}: {got:.5} for {exact:.5} ohm m, {:+.2} %", 100.0 * (got / exact - 1.0));
        // Faces as they are would be 4/pi too many: 21 % less resistance where kinetics limits.
        assert!((got / exact - 1.0).abs() < 0.02, "{got} for {exact}");
    }
}

#[test]
fn t15_with_large_wagner_numbers_the_map_is_the_contrast_of_i0() {
    for r in [0.2, 1.0, 2.0, 5.0] {
        for nodes in [1usize, 2, 5] {
            // A plane of 10 columns, of which some are nodes.
            let cell_labels = labels([6, 2, 10], 1e-7, |z, _, x| if z < 3 { 0 } else { 1 + u8::from(x < nodes) });
            let mut m = Materials::default();
            m.surface[2].i0 = m.surface[1].i0 / r;
            let (cell, found) = solved(&cell_labels, &m, Drive::Uniform(1e-3), ALONG_Z);
            let q = metrics(&cell, &found).unwrap();
            let f = nodes as f64 / 10.0;
            let share = |l: Label| *q.shares.iter().find(|s| s.label == l).unwrap();
            let fibre = share(Label::Fibre);
            assert!((share(Label::Node).area - f).abs() < 1e-6);
            let exact = r / (f + (1.0 - f) * r);
            let got = fibre.mean_a_per_m2 / q.statistics.mean;
            assert!((got / exact - 1.0).abs() < 1e-3, "r {r}, f {f}: {got} for {exact}");
        }
    }
}

#[test]
fn t16_without_kinetics_the_distribution_is_that_of_laplace() {
    // Parallel plates with insulating sides: even at any Wagner number.
    let plates = labels([12, 3, 5], 1e-6, |z, _, _| if z < 8 { 0 } else { 3 });
    let mut m = Materials::default();
    m.surface[3].i0 = 1e9;
    let (cell, found) = solved(&plates, &m, Drive::Current(100.0), ALONG_Z);
    let q = metrics(&cell, &found).unwrap();
    assert!(q.statistics.cv < 1e-6, "{}", q.statistics.cv);
    let exact = 100.0 * (8e-6 / m.kappa[0] + 4e-6 / m.sigma[3]);
    assert!((found.overpotential_v / exact - 1.0).abs() < 1e-5);
}
