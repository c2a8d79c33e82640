// Rows of a stored level: six links each, at k rows + i, and more behind a mark in the last.

@group(0) @binding(0) var<uniform> rows: Rows;
@group(0) @binding(1) var<storage, read> to: array<u32>;
@group(0) @binding(2) var<storage, read> conductance: array<f32>;
@group(0) @binding(3) var<storage, read> more: array<vec2<u32>>;

// Number of a workgroup in a dispatch that is folded into two dimensions.
fn group_number(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return group.y * groups.x + group.x;
}
