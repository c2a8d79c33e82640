// update: potential_i += s search_i,  gradient_i += s product_i,  s = r·r / p·q
//
// Traffic, bytes per voxel: search 4 + product 4 + potential 8 + gradient 8 = 24.

@group(0) @binding(3) var<storage, read> search: array<f32>;
@group(0) @binding(4) var<storage, read> product: array<f32>;
@group(0) @binding(5) var<storage, read_write> potential: array<f32>;
@group(0) @binding(6) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn update(@builtin(global_invocation_id) at: vec3<u32>) {
    if !inside(at) {
        return;
    }
    let i = field_index(at);
    let s = quotient();
    potential[i] += s * search[i];
    gradient[i] += s * product[i];
}
