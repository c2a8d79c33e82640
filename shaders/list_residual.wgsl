// list_residual: r = b - A x in difference form, with partial sums of x·(b + r), of d x^2, of r^2 and of the change of r
//
// The energy of the deviation x is that of the straight profile less x·(b + r).
//
// Traffic, bytes per row: to 24 + conductance 24 + ground 4 + drive 4 + potential 4 + residual 8 = 68.

@group(0) @binding(4) var<storage, read> ground: array<f32>;
@group(0) @binding(5) var<storage, read> drive: array<f32>;
@group(0) @binding(6) var<storage, read> potential: array<f32>;
@group(0) @binding(7) var<storage, read_write> residual: array<f32>;
@group(0) @binding(8) var<storage, read_write> partials: array<f32>;

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
            let here = potential[i];
            var diagonal = ground[i];
            var sum = ground[i] * here;
            for (var link = 0u; link < WIDTH - 1u; link++) {
                let at = link * rows.rows + i;
                sum += conductance[at] * (here - potential[to[at]]);
                diagonal += conductance[at];
            }
            let at = (WIDTH - 1u) * rows.rows + i;
            let last = to[at];
            if (last & MORE) == 0u {
                sum += conductance[at] * (here - potential[last]);
                diagonal += conductance[at];
            } else {
                let first = last & ~MORE;
                for (var m = 0u; m < u32(conductance[at]); m++) {
                    let link = more[first + m];
                    sum += bitcast<f32>(link.y) * (here - potential[link.x]);
                    diagonal += bitcast<f32>(link.y);
                }
            }
            let left = drive[i] - sum;
            let change = left - residual[i];
            residual[i] = left;
            total += vec4<f32>(here * (drive[i] + left), diagonal * here * here, left * left, change * change);
        }
    }
    let sums = workgroup_sum(total, lane);
    if lane == 0u {
        for (var s = 0u; s < 4u; s++) {
            partials[rows.partials + s * rows.partials_stride + number] = sums[s];
        }
    }
}
