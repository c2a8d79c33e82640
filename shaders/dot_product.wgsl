// dot_product: partials_g = sum over the voxels i of workgroup g  left_i right_i
//
// A thread marches ROWS_PER_THREAD rows of one plane before the workgroup adds up.
// Inactive voxels hold 0 and need no test.
//
// Traffic, bytes per voxel: left 4 + right 4 = 8; partial sums 4 per 4096 voxels.

@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn dot_product(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let x = group.x * WORKGROUP_X + local.x;
    var value = 0.0;
    for (var row = 0u; row < ROWS_PER_THREAD; row++) {
        let at = vec3<u32>(x, (group.y * ROWS_PER_THREAD + row) * WORKGROUP_Y + local.y, group.z);
        if inside(at) {
            let i = field_index(at);
            value += left[i] * right[i];
        }
    }
    let total = workgroup_sum(value, lane);
    if lane == 0u {
        partials[partial_index(group, groups)] = total;
    }
}
