// grid_residual: r = b - A x in difference form, with partial sums of the energy, of d x^2 (what rounding of x costs), of
// r^2 and of the change of r
//
// The unknown is the deviation from the straight profile, which loses 1 per slice towards the outlet: the drop across a
// face along the axis is x_i - x_f -+ 1, and -+ 1/2 + x_i to an electrode. Half of a face's energy belongs to each side.
// Differences of neighbouring potentials are exact or nearly so in f32, so the residual is as good as the stored field.
//
// Traffic, bytes per voxel: open 1 + potential 4 + residual 8 = 13.

@group(0) @binding(2) var<storage, read> potential: array<f32>;
@group(0) @binding(3) var<storage, read_write> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;

// Takes one drop: (-g drop, g drop^2 times the cell's share, g).
fn face(g: f32, drop: f32, share: f32) -> vec3<f32> {
    return vec3<f32>(-g * drop, share * g * drop * drop, g);
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn grid_residual(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let i = group.x * WORKGROUP_X + local.x;
    let sx = select(0.0, 1.0, grid.axis == 0u);
    let sy = select(0.0, 1.0, grid.axis == 1u);
    let sz = select(0.0, 1.0, grid.axis == 2u);
    var total = vec4<f32>();
    for (var k = 0u; k < PER_THREAD; k++) {
        let y = (group.y * PER_THREAD + k) * WORKGROUP_Y + local.y;
        if i < grid.used && y < grid.ny {
            for (var colour = 0u; colour < 2u; colour++) {
                let at = cell(colour, i, y, group.z);
                let row = at.other + at.shift;
                let h = potential[at.here];
                let x_low = conductance(at, OPEN_X_LOW, grid.conductance_x);
                let x_high = conductance(at, OPEN_X_HIGH, grid.conductance_x);
                let y_low = conductance(at, OPEN_Y_LOW, grid.conductance_y);
                let y_high = conductance(at, OPEN_Y_HIGH, grid.conductance_y);
                let z_low = conductance(at, OPEN_Z_LOW, grid.conductance_z);
                let z_high = conductance(at, OPEN_Z_HIGH, grid.conductance_z);
                var sums = face(x_low, (h - potential[row - 1u]) - sx, 0.5);
                sums += face(x_high, (h - potential[row]) + sx, 0.5);
                sums += face(y_low, (h - potential[at.other - grid.stride]) - sy, 0.5);
                sums += face(y_high, (h - potential[at.other + grid.stride]) + sy, 0.5);
                sums += face(z_low, (h - potential[at.other - grid.plane]) - sz, 0.5);
                sums += face(z_high, (h - potential[at.other + grid.plane]) + sz, 0.5);
                sums += face(conductance(at, INLET, TO_ELECTRODE), h - 0.5, 1.0);
                sums += face(conductance(at, OUTLET, TO_ELECTRODE), h + 0.5, 1.0);
                let change = sums.x - residual[at.here];
                residual[at.here] = sums.x;
                total += vec4<f32>(sums.y, sums.z * h * h, sums.x * sums.x, change * change);
            }
        }
    }
    let sums = workgroup_sum(total, lane);
    if lane == 0u {
        let place = grid.partials + (group.z * groups.y + group.y) * groups.x + group.x;
        for (var s = 0u; s < 4u; s++) {
            partials[place + s * grid.partials_stride] = sums[s];
        }
    }
}
