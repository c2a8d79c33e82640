use foamflux_grid::{Axis, Labels, Shape, Silent, Volume, VoxelSize, VoxelSizeSource};
use foamflux_transport::{CpuBackend, Sides};

use super::*;
use crate::cell::{Cell, Collector, Setting};
use crate::solve::{Drive, Options};

/// What lithium flux may be missing in a voxel or slice, over all of it: what the two solvers leave.
const CONSERVED: f64 = 1e-6;

/// Bars of carbon on two sets of lines, joined to the collector.
fn lattice(axis: Axis, collector: Collector) -> Labels {
    let size = VoxelSize::known([1e-6, 1.5e-6, 2e-6], VoxelSizeSource::Generator).unwrap();
    let shape = Shape::new(16, 14, 12).unwrap();
    let n = shape.along(axis);
    let volume = Volume::from_fn(shape, size, |z, y, x| {
        let at = [x, y, z][axis.xyz_index()];
        let depth = if collector == Collector::Last { at } else { n - 1 - at };
        let sides: Vec<usize> =
            Axis::ALL.iter().filter(|&&a| a != axis).map(|a| [x, y, z][a.xyz_index()] % 6).collect();
        let bar = sides[0] < 2 && (sides[1] < 2 || depth % 6 < 2);
        if depth < 2 {
            5
        } else if depth >= 4 && bar {
            1 + u8::from(sides[1] > 3)
        } else {
            0
        }
    });
    Labels::new(volume).unwrap()
}

#[test]
fn lithium_is_conserved_in_every_voxel_and_slice() {
    let materials = Materials::default();
    for (axis, collector, sides, drive, most) in [
        (Axis::Z, Collector::Last, Sides::NoFlux, Drive::Uniform as fn(f64) -> Drive, 4e3),
        (Axis::Y, Collector::First, Sides::Periodic, Drive::Current, 4e3),
        (Axis::X, Collector::Last, Sides::Periodic, Drive::Voltage, 0.35),
    ] {
        for (model, supply, share) in [
            (Model::Secondary, Supply::Counter, 1.0),
            (Model::Dilute, Supply::Counter, 1.0),
            // From a reservoir half as much can come.
            (Model::Concentrated, Supply::Reservoir, 0.5),
        ] {
            let labels = lattice(axis, collector);
            let mut cell = Cell::new(&labels, &materials, Setting { axis, collector, sides }).unwrap();
            let electrolyte = Electrolyte { model, supply, ..Electrolyte::default() };
            let answer = solve(
                &mut cell,
                &materials,
                &electrolyte,
                drive(share * most),
                (&CpuBackend::new(), &Options::default()),
                &Silent,
            )
            .unwrap();
            let (found, salt) = (&answer.found, &answer.salt);
            let [min, max] = salt.range();
            println!("{axis} {model:?} {supply:?}: c {min:.1} to {max:.1}, {:?}", answer.agreement);
            assert!(min < 970.0 && min > 0.0, "nothing to see at {min}");
            let total = found.applied_a_per_m2 * cell.projected_area() / FARADAY;
            // In and out of every voxel: links, the plane, reacting faces.
            let mut left = vec![0.0f64; cell.shape.len()];
            for (voxel, left) in left.iter_mut().enumerate() {
                for a in Axis::ALL {
                    for up in [false, true] {
                        *left -= salt.over_link(found, voxel, a, up);
                    }
                }
            }
            for (n, &(voxel, _)) in cell.top.iter().enumerate() {
                left[voxel as usize] += salt.through_plane(n);
            }
            for (face, j) in cell.faces.iter().zip(&found.j) {
                left[face.pore()] -= cell.area(face) * j / FARADAY;
            }
            let worst = left.iter().fold(0.0f64, |a, b| a.max(b.abs())) / total;
            assert!(worst < CONSERVED, "{axis} {model:?} {supply:?}: {worst:.1e} is missing in a voxel");
            let error = salt.li_slice_error(&cell, found);
            assert!(error < CONSERVED, "{axis} {model:?} {supply:?}: slices differ by {error:.1e}");
            if supply == Supply::Counter {
                assert!((salt.mean() / 1000.0 - 1.0).abs() < 1e-9, "salt is conserved: {}", salt.mean());
            }
            // The cell is left as it was.
            assert!(
                cell.conducts.is_empty()
                    && cell.faces.iter().all(|f| f.shift.to_bits() == 0 && f.i0_factor.to_bits() == 1f32.to_bits())
            );
            assert!(answer.agreement.current_change <= 1e-5 && answer.agreement.salt_change <= 1e-5);
        }
    }
}

#[test]
fn wrong_salts_are_refused_by_name() {
    let bad = |change: fn(&mut Electrolyte)| {
        let mut e = Electrolyte { model: Model::Dilute, ..Electrolyte::default() };
        change(&mut e);
        e.check().err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert_eq!(bad(|_| ()), "");
    assert!(bad(|e| e.salt.diffusivity = 0.0).contains("diffusivity of the salt is 0 m2/s"));
    assert!(bad(|e| e.salt.concentration = f64::NAN).contains("concentration"));
    assert!(bad(|e| e.salt.transference = 1.0).contains("transference"));
    assert!(bad(|e| e.salt.transference = 0.0).contains("above 0 for the dilute model"));
    assert!(bad(|e| e.thermodynamic_factor = 1.5).contains("1 for the dilute model"));
    assert!(bad(|e| e.i0_exponent = -1.0).contains("exponent"));
}

#[test]
fn the_conductivity_has_its_maximum_at_the_initial_concentration() {
    let e = Electrolyte { model: Model::Concentrated, ..Electrolyte::default() };
    // Valoen and Reimers at 298.15 K in mS/cm, as PyBaMM has it, over its value at 1 M.
    let valoen = |c: f64| c * (5.376 - 2.150 * c + 0.2298 * c * c).powi(2) / 3.4558f64.powi(2);
    for (c, tol) in [(0.5, 0.04), (0.8, 0.04), (1.0, 1e-3), (1.5, 0.04), (0.1, 0.11)] {
        assert!((e.conducts(c) / valoen(c) - 1.0).abs() < tol, "{c}: {} {}", e.conducts(c), valoen(c));
    }
}
