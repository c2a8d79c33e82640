// list_prolong: adds each coarse correction to its children, the rows start..end
//
// Traffic, bytes per row: parent 4 + correction 8 = 12; the coarse correction is per coarse row.

@group(0) @binding(0) var<uniform> rows: Rows;
@group(0) @binding(1) var<storage, read> parent: array<u32>;
@group(0) @binding(2) var<storage, read> coarse: array<f32>;
@group(0) @binding(3) var<storage, read_write> correction: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn list_prolong(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let i = rows.start + (group.y * groups.x + group.x) * THREADS + lane;
    if i < rows.end {
        correction[i] += coarse[parent[i]];
    }
}
