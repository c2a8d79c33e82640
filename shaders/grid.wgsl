// Cells of the checkerboard: which voxel a thread has, where it and its neighbours lie (see layout.rs).

@group(0) @binding(0) var<uniform> grid: Grid;
@group(0) @binding(1) var<storage, read> open: array<u32>;

struct Cell {
    // Its place in a field.
    here: u32,
    // The place with the same i in the same row of the other colour.
    other: u32,
    // x = 2 i + shift.
    shift: u32,
    // Its connectivity byte.
    open: u32,
}

fn cell(colour: u32, i: u32, y: u32, z: u32) -> Cell {
    let at = (z + 1u) * grid.plane + y * grid.stride + i;
    let here = colour * grid.half + at;
    let byte = (open[here >> 2u] >> ((here & 3u) << 3u)) & 0xffu;
    return Cell(here, (1u - colour) * grid.half + at, (y + z + colour) & 1u, byte);
}

// g where the face is open, otherwise 0.
fn conductance(at: Cell, face: u32, g: f32) -> f32 {
    return select(0.0, g, (at.open & face) != 0u);
}

// One over the diagonal, 0 where nothing is solved.
fn inverse_diagonal(at: Cell) -> f32 {
    let x = conductance(at, OPEN_X_LOW, grid.conductance_x) + conductance(at, OPEN_X_HIGH, grid.conductance_x);
    let y = conductance(at, OPEN_Y_LOW, grid.conductance_y) + conductance(at, OPEN_Y_HIGH, grid.conductance_y);
    let z = conductance(at, OPEN_Z_LOW, grid.conductance_z) + conductance(at, OPEN_Z_HIGH, grid.conductance_z);
    let ends = conductance(at, INLET, TO_ELECTRODE) + conductance(at, OUTLET, TO_ELECTRODE);
    let diagonal = (x + y) + (z + ends);
    return select(0.0, 1.0 / max(diagonal, SMALLEST), at.open != 0u);
}
