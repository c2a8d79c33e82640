// direct: z = A^-1 r on the smallest level, a workgroup per row of the stored inverse
//
// Traffic: 4 bytes per element of the inverse, at most 1 MiB.

@group(0) @binding(0) var<uniform> rows: Rows;
@group(0) @binding(1) var<storage, read> matrix: array<f32>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read_write> correction: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn direct(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    var total = vec4<f32>();
    for (var j = lane; j < rows.rows; j += THREADS) {
        total.x += matrix[group.x * rows.rows + j] * residual[j];
    }
    let sums = workgroup_sum(total, lane);
    if lane == 0u {
        correction[group.x] = sums.x;
    }
}
