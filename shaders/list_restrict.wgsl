// list_restrict: residual of the next level, summed over the children of each of its rows start..end
//
// After a sweep from zero a row lacks what the rows swept later pull it to: those with higher numbers.
// `rows.rows` counts the rows of the level above, whose links these are.
//
// Traffic, bytes per row above: to 24 + conductance 24 + correction 4 + children 4, = 56; first and the residual are per
// coarse row.

@group(0) @binding(4) var<storage, read> across: array<f32>;
@group(0) @binding(5) var<storage, read> first: array<u32>;
@group(0) @binding(6) var<storage, read> children: array<u32>;
@group(0) @binding(7) var<storage, read_write> coarse: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn list_restrict(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let c = rows.start + group_number(group, groups) * THREADS + lane;
    if c >= rows.end {
        return;
    }
    var sum = 0.0;
    for (var child = first[c]; child < first[c + 1u]; child++) {
        sum -= differences(children[child], 0.0, AFTER);
    }
    coarse[c] = sum;
}
