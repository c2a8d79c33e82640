// grid_restrict: residual of the first coarse level, summed over the red cells of each piece
//
// After a sweep from zero a red cell's residual is what its black neighbours pull it to; a black one's is zero.
//
// Traffic, bytes per voxel: open 1 + correction 4 = 5, of which the red cells' bytes and the black cells' values are read;
// a mask and a number per block of eight and a value per piece are 1 more.

@group(0) @binding(2) var<storage, read> correction: array<f32>;
@group(0) @binding(3) var<storage, read> masks: array<u32>;
@group(0) @binding(4) var<storage, read> first: array<u32>;
@group(0) @binding(5) var<storage, read> table: array<u32>;
@group(0) @binding(6) var<storage, read_write> coarse: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn grid_restrict(@builtin(global_invocation_id) at: vec3<u32>) {
    if at.x >= grid.blocks_x || at.y >= grid.blocks_y || at.z >= grid.blocks_z {
        return;
    }
    let b = block(at);
    var sums = array<f32, 4>();
    for (var k = 0u; k < 4u; k++) {
        if has_red(b, k) {
            let here = cell(0u, at.x, 2u * at.y + (k & 1u), 2u * at.z + (k >> 1u));
            sums[piece_of_red(b, k)] += pull(here);
        }
    }
    for (var piece = 0u; piece < (b.pieces & 7u); piece++) {
        coarse[b.first + piece] = sums[piece];
    }
}
