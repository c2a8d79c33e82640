//! Cells with known answers.

#![allow(dead_code, reason = "every test file uses some of these")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use foamflux_electro::{Cell, Collector, Distribution, Drive, Materials, Options, Setting, solve};
use foamflux_grid::{Axis, Labels, Shape, Silent, Volume, VoxelSize, VoxelSizeSource};
use foamflux_transport::Sides;

/// Depth along z, separator at the first slice, walls without flux.
pub(crate) const ALONG_Z: Setting = Setting { axis: Axis::Z, collector: Collector::Last, sides: Sides::NoFlux };

/// Labels on cubes of one edge in m.
pub(crate) fn labels(zyx: [usize; 3], edge: f64, label: impl FnMut(usize, usize, usize) -> u8) -> Labels {
    labels_xyz(zyx, [edge; 3], label)
}

/// Labels on voxels of any edges in m.
pub(crate) fn labels_xyz(zyx: [usize; 3], edges: [f64; 3], label: impl FnMut(usize, usize, usize) -> u8) -> Labels {
    let size = VoxelSize::known(edges, VoxelSizeSource::Generator).unwrap();
    let shape = Shape::new(zyx[0], zyx[1], zyx[2]).unwrap();
    Labels::new(Volume::from_fn(shape, size, label)).unwrap()
}

/// Solves and checks what every solution owes: charge balance, conservation through every plane, few steps.
pub(crate) fn solved(labels: &Labels, materials: &Materials, drive: Drive, setting: Setting) -> (Cell, Distribution) {
    let cell = Cell::new(labels, materials, setting).unwrap();
    let found = solve(&cell, materials, drive, &Options::default(), &Silent).unwrap();
    checked(&cell, &found);
    (cell, found)
}

/// T22, and the number of steps that the issue allows.
pub(crate) fn checked(cell: &Cell, found: &Distribution) {
    assert!(found.charge_error < 1e-9, "charge error {}", found.charge_error);
    assert!(found.slice_error(cell) < 1e-5, "slice error {}", found.slice_error(cell));
    assert!(found.effort.newton_steps <= 10, "{:?}", found.effort);
}

/// Largest current density over faces, smallest, and mean over true area.
pub(crate) fn range(cell: &Cell, found: &Distribution) -> [f64; 3] {
    let j = found.current_density();
    let (mut sum, mut area) = (0.0, 0.0);
    for (face, &j) in cell.faces().iter().zip(j) {
        sum += cell.area(face) * j;
        area += cell.area(face);
    }
    [j.iter().copied().fold(f64::MIN, f64::max), j.iter().copied().fold(f64::MAX, f64::min), sum / area]
}
