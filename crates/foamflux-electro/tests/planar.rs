//! T10: a planar electrode below a gap of electrolyte, whatever the kinetics, axis and end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common;

use common::{ALONG_Z, labels, labels_xyz, range, solved};
use foamflux_electro::constants::thermal_voltage;
use foamflux_electro::{Collector, Drive, Materials, Setting};
use foamflux_grid::{Axis, Labels};
use foamflux_transport::Sides;

/// One-dimensional: what is left is single precision of conductances.
const TOL: f64 = 1e-6;

/// Electrolyte of 12 slices over solid of 4, in any orientation.
fn stack(axis: Axis, collector: Collector, edges: [f64; 3]) -> Labels {
    let mut zyx = [3, 4, 5];
    zyx[2 - axis.xyz_index()] = 16;
    labels_xyz(zyx, edges, |z, y, x| {
        let at = [x, y, z][axis.xyz_index()];
        let depth = if collector == Collector::Last { at } else { 15 - at };
        if depth < 12 { 0 } else { 3 }
    })
}

#[test]
fn overpotential_is_that_of_butler_and_volmer_and_of_ohm() {
    let volt = thermal_voltage(298.15);
    let edges = [1e-6, 2e-6, 0.5e-6];
    for axis in Axis::ALL {
        for collector in [Collector::Last, Collector::First] {
            for sides in [Sides::NoFlux, Sides::Periodic] {
                for (i0, j) in [(2.8, 10.0), (2.8, 500.0), (1e-3, 50.0), (40.0, -30.0)] {
                    let mut m = Materials::default();
                    m.surface[3].i0 = i0;
                    m.surface[3].film = 1e-4;
                    let edge = edges[axis.xyz_index()];
                    let eta = 2.0 * volt * (j / (2.0 * i0)).asinh();
                    let ohm = 12.0 * edge / m.kappa[0] + 4.0 * edge / m.sigma[3] + 1e-4;
                    let exact = eta + j * ohm;
                    let labels = stack(axis, collector, edges);
                    for drive in [Drive::Uniform(j), Drive::Current(j), Drive::Voltage(exact)] {
                        let (cell, found) = solved(&labels, &m, drive, Setting { axis, collector, sides });
                        let v = found.overpotential_v;
                        assert!((v / exact - 1.0).abs() < TOL, "{axis} {collector:?} {drive:?}: {v} for {exact}");
                        let [max, min, mean] = range(&cell, &found);
                        assert!((mean / j - 1.0).abs() < TOL && (max - min).abs() < TOL * j.abs());
                        assert!((found.face_overpotential()[0] / eta - 1.0).abs() < TOL);
                        assert!((found.applied_a_per_m2 / j - 1.0).abs() < TOL);
                        // All current is ionic down to the surface and electronic below it.
                        let total = j * cell.projected_area();
                        assert!(
                            (found.planes[5][0] / total - 1.0).abs() < TOL
                                && found.planes[5][1].abs() < TOL * total.abs()
                        );
                        assert!((found.planes[14][1] / total - 1.0).abs() < TOL);
                    }
                }
            }
        }
    }
}

#[test]
fn a_nucleation_barrier_adds_to_plating_on_bare_carbon_alone() {
    let labels = labels_xyz([8, 2, 2], [1e-6; 3], |z, _, _| u8::from(z >= 6));
    let volt = thermal_voltage(298.15);
    let mut m = Materials::default();
    m.surface[1].eta_nuc = 0.035;
    let (_, found) = solved(&labels, &m, Drive::Uniform(10.0), ALONG_Z);
    let exact = 2.0 * volt * (10.0f64 / 5.6).asinh() + 0.035 + 10.0 * (6e-6 / 1.1 + 2e-6 / 3e3);
    assert!((found.overpotential_v / exact - 1.0).abs() < TOL, "{} for {exact}", found.overpotential_v);
}

#[test]
fn a_separator_in_the_file_stands_as_it_is() {
    let labels = labels_xyz([10, 2, 2], [1e-6; 3], |z, _, _| match z {
        0..4 => 5,
        4..7 => 0,
        7..9 => 1,
        _ => 6,
    });
    let m = Materials::default();
    let (cell, found) = solved(&labels, &m, Drive::Uniform(10.0), ALONG_Z);
    let exact = 2.0 * thermal_voltage(298.15) * (10.0f64 / 5.6).asinh()
        + 10.0 * (4e-6 / m.kappa[5] + 3e-6 / m.kappa[0] + 2e-6 / m.sigma[1] + 1e-6 / m.sigma[6]);
    assert!((found.overpotential_v / exact - 1.0).abs() < TOL, "{} for {exact}", found.overpotential_v);
    assert_eq!(cell.faces().len(), 4);
}

#[test]
fn a_plane_of_one_potential_on_a_very_good_conductor_passes_its_current() {
    // Struts under an electrolyte of 1e5 S/m: its potential falls by 50 picovolts, which have to carry the current. (From
    // 1e7 S/m on the drop is a few ten thousand times the last digit of the potential itself.)
    let strut = |z: usize, y: usize, x: usize| {
        let post = |y0: usize, x0: usize| (y0..y0 + 2).contains(&y) && (x0..x0 + 2).contains(&x);
        post(3, 4) || post(10, 8) || ((8..10).contains(&z) && (10..12).contains(&y))
    };
    let cell_labels = labels([16, 14, 12], 1e-6, |z, y, x| match z {
        0..3 => 5,
        _ => u8::from(strut(z, y, x)),
    });
    for kappa in [1.0, 1e3, 1e5] {
        let mut m = Materials::default();
        m.kappa[5] = kappa;
        let (cell, found) = solved(&cell_labels, &m, Drive::Current(10.0), ALONG_Z);
        println!("kappa {kappa:.0e}: {:?}, slices {:.1e}", found.effort.newton_steps, found.slice_error(&cell));
        // Solved to a part of the whole volt, the response left 3e-5 and six steps at 1e5 S/m.
        assert!(found.slice_error(&cell) < TOL && found.effort.newton_steps <= 4, "kappa {kappa}");
    }
}
