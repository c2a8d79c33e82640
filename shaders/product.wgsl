// (A p)_i in difference form: sum over open faces of g (p_i - p_f).

fn product(at: Cell, here: f32) -> f32 {
    let row = at.other + at.shift;
    let x = conductance(at, OPEN_X_LOW, here - direction[row - 1u])
        + conductance(at, OPEN_X_HIGH, here - direction[row]);
    let y = conductance(at, OPEN_Y_LOW, here - direction[at.other - grid.stride])
        + conductance(at, OPEN_Y_HIGH, here - direction[at.other + grid.stride]);
    let z = conductance(at, OPEN_Z_LOW, here - direction[at.other - grid.plane])
        + conductance(at, OPEN_Z_HIGH, here - direction[at.other + grid.plane]);
    let ends = conductance(at, INLET, here) + conductance(at, OUTLET, here);
    return (grid.conductance_x * x + grid.conductance_y * y) + (grid.conductance_z * z + TO_ELECTRODE * ends);
}
