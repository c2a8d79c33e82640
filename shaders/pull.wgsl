// What the neighbours pull a cell to: sum of g z over them; there is 0 where there is no neighbour.

fn pull(at: Cell) -> f32 {
    let row = at.other + at.shift;
    let x = correction[row - 1u] + correction[row];
    let y = correction[at.other - grid.stride] + correction[at.other + grid.stride];
    let z = correction[at.other - grid.plane] + correction[at.other + grid.plane];
    return grid.conductance_x * x + (grid.conductance_y * y + grid.conductance_z * z);
}
