// combine: y = a y + sign b x, with a and b from slots that never leave the device
//
// Traffic, bytes per value: added 4 + field 8 = 12.

@group(0) @binding(0) var<uniform> combined: Combine;
@group(0) @binding(1) var<storage, read> scalars: array<f32>;
@group(0) @binding(2) var<storage, read> added: array<f32>;
@group(0) @binding(3) var<storage, read_write> field: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn combine(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let a = scalars[combined.factor];
    let b = combined.sign * scalars[combined.added];
    let number = group.y * groups.x + group.x;
    for (var k = 0u; k < PER_THREAD; k++) {
        let i = (number * PER_THREAD + k) * THREADS + lane;
        if i < combined.count {
            field[i] = a * field[i] + b * added[i];
        }
    }
}
