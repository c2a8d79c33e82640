// grid_update: x += alpha p,  r -= alpha A p,  and the first half of a sweep from zero: z = r / d on the red cells
//
// Traffic, bytes per voxel: open 1 + direction 4 + potential 8 + residual 8 + correction 4 = 25; of the last the red half.

@group(0) @binding(2) var<storage, read> direction: array<f32>;
@group(0) @binding(3) var<storage, read_write> potential: array<f32>;
@group(0) @binding(4) var<storage, read_write> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> correction: array<f32>;
@group(0) @binding(6) var<storage, read> scalars: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn grid_update(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= grid.used || place.y >= grid.ny || place.z >= grid.nz {
        return;
    }
    let alpha = scalars[grid.slot];
    for (var colour = 0u; colour < 2u; colour++) {
        let at = cell(colour, place.x, place.y, place.z);
        let here = direction[at.here];
        let left = residual[at.here] - alpha * product(at, here);
        potential[at.here] += alpha * here;
        residual[at.here] = left;
        if colour == 0u {
            correction[at.here] = left * inverse_diagonal(at);
        }
    }
}
