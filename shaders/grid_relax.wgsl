// grid_relax: Gauss-Seidel on the cells of one colour, z = (r + sum of g z) / d
//
// Without PULL from zero: z = r / d. With SUM partial sums of z·r, with IMAGE also of z·A p.
// Traffic, bytes per voxel of the colour: open 1 + direction 4 + residual 4 + correction 8 = 17; half of that per voxel.
// The table counts whole fields, as for all kernels; a dispatch moves half of it: the other colour's correction is read
// and its own is written.

@group(0) @binding(2) var<storage, read> direction: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> correction: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn grid_relax(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let i = group.x * WORKGROUP_X + local.x;
    var total = vec4<f32>();
    for (var k = 0u; k < PER_THREAD; k++) {
        let y = (group.y * PER_THREAD + k) * WORKGROUP_Y + local.y;
        if i < grid.used && y < grid.ny {
            let at = cell(grid.colour, i, y, group.z);
            let r = residual[at.here];
            var right = r;
            if (grid.flags & PULL) != 0u {
                right += pull(at);
            }
            let z = right * inverse_diagonal(at);
            correction[at.here] = z;
            total.x += z * r;
            if (grid.flags & IMAGE) != 0u {
                total.y += z * product(at, direction[at.here]);
            }
        }
    }
    if (grid.flags & SUM) != 0u {
        let sums = workgroup_sum(total, lane);
        if lane == 0u {
            let place = grid.partials + (group.z * groups.y + group.y) * groups.x + group.x;
            partials[place] = sums.x;
            partials[place + grid.partials_stride] = sums.y;
        }
    }
}
