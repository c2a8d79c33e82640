// list_apply: q = A p in difference form, with partial sums of p·q and p·v
//
// Traffic, bytes per row: to 24 + conductance 24 + ground 4 + direction 4 + image 4 + other 4 = 64.

@group(0) @binding(4) var<storage, read> ground: array<f32>;
@group(0) @binding(5) var<storage, read> across: array<f32>;
@group(0) @binding(6) var<storage, read_write> image: array<f32>;
@group(0) @binding(7) var<storage, read> other: array<f32>;
@group(0) @binding(8) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn list_apply(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let number = group_number(group, groups);
    var total = vec4<f32>();
    for (var k = 0u; k < PER_THREAD; k++) {
        let i = rows.start + (number * PER_THREAD + k) * THREADS + lane;
        if i < rows.end {
            let here = across[i];
            let sum = ground[i] * here + differences(i, here, ALL);
            image[i] = sum;
            total.x += here * sum;
            total.y += here * other[i];
        }
    }
    let sums = workgroup_sum(total, lane);
    if lane == 0u {
        partials[rows.partials + number] = sums.x;
        partials[rows.partials + rows.partials_stride + number] = sums.y;
    }
}
