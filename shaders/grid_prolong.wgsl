// grid_prolong: adds each piece's coarse correction to its red cells
//
// The sweep back begins with the black cells, whose old values do not matter.
//
// Traffic, bytes per voxel: open 1 (bound, not read) + correction 8 = 9, of which the red half moves; a mask and a number
// per block of eight and a value per piece are 1 more.

@group(0) @binding(2) var<storage, read_write> correction: array<f32>;
@group(0) @binding(3) var<storage, read> masks: array<u32>;
@group(0) @binding(4) var<storage, read> first: array<u32>;
@group(0) @binding(5) var<storage, read> table: array<u32>;
@group(0) @binding(6) var<storage, read> coarse: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn grid_prolong(@builtin(global_invocation_id) at: vec3<u32>) {
    if at.x >= grid.blocks_x || at.y >= grid.blocks_y || at.z >= grid.blocks_z {
        return;
    }
    let b = block(at);
    for (var k = 0u; k < 4u; k++) {
        if has_red(b, k) {
            let here = cell(0u, at.x, 2u * at.y + (k & 1u), 2u * at.z + (k >> 1u));
            correction[here.here] += coarse[b.first + piece_of_red(b, k)];
        }
    }
}
