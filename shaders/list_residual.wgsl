// list_residual: r = b - A x in difference form, with partial sums of x·(b + r), of d x^2, of r^2 and of the change of r
//
// The energy of the deviation x is that of the straight profile less x·(b + r).
//
// Traffic, bytes per row: to 24 + conductance 24 + ground 4 + drive 4 + potential 4 + residual 8 = 68.

@group(0) @binding(4) var<storage, read> ground: array<f32>;
@group(0) @binding(5) var<storage, read> drive: array<f32>;
@group(0) @binding(6) var<storage, read> across: array<f32>;
@group(0) @binding(7) var<storage, read_write> residual: array<f32>;
@group(0) @binding(8) var<storage, read_write> partials: array<f32>;

// What the row takes of itself: the walk once more, as a residual is needed twice per solve.
fn diagonal(i: u32) -> f32 {
    var sum = ground[i];
    for (var k = 0u; k < WIDTH - 1u; k++) {
        sum += conductance[k * rows.rows + i];
    }
    let at = (WIDTH - 1u) * rows.rows + i;
    let last = to[at];
    if (last & MORE) == 0u {
        return sum + conductance[at];
    }
    let first = last & ~MORE;
    for (var k = 0u; k < u32(conductance[at]); k++) {
        sum += bitcast<f32>(more[first + k].y);
    }
    return sum;
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn list_residual(
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
            let left = drive[i] - sum;
            let change = left - residual[i];
            residual[i] = left;
            total += vec4<f32>(here * (drive[i] + left), diagonal(i) * here * here, left * left, change * change);
        }
    }
    let sums = workgroup_sum(total, lane);
    if lane == 0u {
        for (var s = 0u; s < 4u; s++) {
            partials[rows.partials + s * rows.partials_stride + number] = sums[s];
        }
    }
}
