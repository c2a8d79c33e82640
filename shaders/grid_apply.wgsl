// grid_apply: partial sums of p·A p over both colours
//
// The image itself is not stored: whoever needs it again (grid_update, grid_relax) recomputes it from p, whose
// neighbours are in the cache. That saves a field and the traffic of writing and reading it.
//
// Traffic, bytes per voxel: open 1 + direction 4 = 5.

@group(0) @binding(2) var<storage, read> direction: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn grid_apply(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let i = group.x * WORKGROUP_X + local.x;
    var total = 0.0;
    for (var k = 0u; k < PER_THREAD; k++) {
        let y = (group.y * PER_THREAD + k) * WORKGROUP_Y + local.y;
        if i < grid.used && y < grid.ny {
            for (var colour = 0u; colour < 2u; colour++) {
                let at = cell(colour, i, y, group.z);
                let here = direction[at.here];
                total += here * product(at, here);
            }
        }
    }
    let sums = workgroup_sum(vec4<f32>(total, 0.0, 0.0, 0.0), lane);
    if lane == 0u {
        partials[grid.partials + (group.z * groups.y + group.y) * groups.x + group.x] = sums.x;
    }
}
