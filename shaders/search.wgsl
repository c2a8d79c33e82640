// search: direction_i = s direction_i - gradient_i,  s = r·r / (r·r before), or 0 to start afresh
//
// Traffic, bytes per voxel: gradient 4 + direction 8 = 12.

@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> direction: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn search(@builtin(global_invocation_id) at: vec3<u32>) {
    if !inside(at) {
        return;
    }
    let i = field_index(at);
    direction[i] = quotient() * direction[i] - gradient[i];
}
