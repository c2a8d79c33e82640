// list_relax: Gauss-Seidel on the rows start..end of one colour, z = (r + sum of w z) / d
//
// Without PULL from zero: z = r / d, the first colour. With ONLY_BEFORE only rows that were swept before count, those with
// lower numbers, as rows of one colour are not neighbours. With SUM partial sums of z·r, with IMAGE also of z·q.
//
// Traffic, bytes per row: to 24 + conductance 24 + inverse 4 + residual 4 + correction 8 + image 4 = 68.

@group(0) @binding(4) var<storage, read> inverse: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> across: array<f32>;
@group(0) @binding(7) var<storage, read> image: array<f32>;
@group(0) @binding(8) var<storage, read_write> partials: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn list_relax(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let number = group_number(group, groups);
    var total = vec4<f32>();
    for (var k = 0u; k < PER_THREAD; k++) {
        let i = rows.start + (number * PER_THREAD + k) * THREADS + lane;
        if i < rows.end {
            let r = residual[i];
            var right = r;
            if (rows.flags & PULL) != 0u {
                right -= differences(i, 0.0, select(ALL, BEFORE, (rows.flags & ONLY_BEFORE) != 0u));
            }
            let z = right * inverse[i];
            across[i] = z;
            total.x += z * r;
            if (rows.flags & IMAGE) != 0u {
                total.y += z * image[i];
            }
        }
    }
    if (rows.flags & SUM) != 0u {
        let sums = workgroup_sum(total, lane);
        if lane == 0u {
            partials[rows.partials + number] = sums.x;
            partials[rows.partials + rows.partials_stride + number] = sums.y;
        }
    }
}
