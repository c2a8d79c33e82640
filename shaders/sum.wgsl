// sum: up to four sums of partial sums into slots, and then one formula of slots
//
// One workgroup; a thread takes every THREADS-th partial sum. The order is that of the box, so the result does not
// depend on the slabs, bit for bit.
//
// Traffic: 4 bytes per partial sum, that is 4 per 8192 voxels.

@group(0) @binding(0) var<uniform> sums: Sums;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> scalars: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn sum(@builtin(local_invocation_index) lane: u32) {
    var value = vec4<f32>();
    for (var s = 0u; s < 4u; s++) {
        var total = 0.0;
        for (var k = lane; k < sums.count[s]; k += THREADS) {
            total += partials[sums.first[s] + k];
        }
        value[s] = total;
    }
    let totals = workgroup_sum(value, lane);
    if lane == 0u {
        for (var s = 0u; s < 4u; s++) {
            if sums.count[s] > 0u {
                scalars[sums.slot[s]] = totals[s];
            }
        }
        let a = scalars[sums.operands.x];
        let b = scalars[sums.operands.y];
        if sums.then == QUOTIENT {
            scalars[sums.result] = quotient(a, b);
        } else if sums.then == PRODUCT {
            scalars[sums.result] = -a * b;
        } else if sums.then == TWO_STEPS {
            let factors = two_steps(a, b, scalars[sums.operands.z], scalars[sums.operands.w], scalars[sums.operand]);
            scalars[sums.result] = factors.x;
            scalars[sums.result + 1u] = factors.y;
        }
    }
}
