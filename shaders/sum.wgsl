// sum: scalars[slot] = sum over k < count  partials_k
//
// One workgroup; a thread takes every THREADS-th partial sum. The order is that of the box, so the result does not
// depend on the slabs, bit for bit.
//
// Traffic: 4 bytes per partial sum, that is 4 per 4096 voxels.

@group(0) @binding(0) var<uniform> reduction: Reduction;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> scalars: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn sum(@builtin(local_invocation_index) lane: u32) {
    var value = 0.0;
    for (var k = lane; k < reduction.count; k += THREADS) {
        value += partials[k];
    }
    let total = workgroup_sum(value, lane);
    if lane == 0u {
        scalars[reduction.slot] = total;
    }
}
