// apply: product_i = sum over open faces f of voxel i  g_f (potential_i - potential_f),  0 where i is not active.
//
// That is the gradient A c - b with the electrodes at their potentials, and A p with them at 0.
// An electrode lies half a voxel away on the outer face of the box, so its conductance is 2 g.
// The difference form is the point: `diagonal * c_i - sum c_f` cancels in f32 and stalls at a true residual of 5e-7.
//
// Traffic, bytes per voxel: connectivity 1 + potential 4 + product 4 = 9.

@group(0) @binding(1) var<storage, read> connectivity: array<u32>;
@group(0) @binding(2) var<storage, read> potential: array<f32>;
@group(0) @binding(3) var<storage, read_write> product: array<f32>;

fn towards_neighbour(here: f32, neighbour: u32, conductance: f32) -> f32 {
    return conductance * (here - potential[neighbour]);
}

fn towards_electrode(here: f32, electrode: f32, conductance: f32) -> f32 {
    return 2.0 * conductance * (here - electrode);
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn apply(@builtin(global_invocation_id) at: vec3<u32>) {
    if !inside(at) {
        return;
    }
    let i = field_index(at);
    let v = voxel_index(at);
    let bits = connectivity[v / 4u] >> (8u * (v % 4u));
    if (bits & ACTIVE) == 0u {
        product[i] = 0.0;
        return;
    }
    let here = potential[i];
    var sum = 0.0;
    if (bits & OPEN_X_LOW) != 0u {
        if on_low_electrode(at, 0u) {
            sum += towards_electrode(here, slab.electrode_low, slab.conductance_x);
        } else {
            sum += towards_neighbour(here, x_low(at, i), slab.conductance_x);
        }
    }
    if (bits & OPEN_X_HIGH) != 0u {
        if on_high_electrode(at, 0u) {
            sum += towards_electrode(here, slab.electrode_high, slab.conductance_x);
        } else {
            sum += towards_neighbour(here, x_high(at, i), slab.conductance_x);
        }
    }
    if (bits & OPEN_Y_LOW) != 0u {
        if on_low_electrode(at, 1u) {
            sum += towards_electrode(here, slab.electrode_low, slab.conductance_y);
        } else {
            sum += towards_neighbour(here, y_low(at, i), slab.conductance_y);
        }
    }
    if (bits & OPEN_Y_HIGH) != 0u {
        if on_high_electrode(at, 1u) {
            sum += towards_electrode(here, slab.electrode_high, slab.conductance_y);
        } else {
            sum += towards_neighbour(here, y_high(at, i), slab.conductance_y);
        }
    }
    if (bits & OPEN_Z_LOW) != 0u {
        if on_low_electrode(at, 2u) {
            sum += towards_electrode(here, slab.electrode_low, slab.conductance_z);
        } else {
            sum += towards_neighbour(here, z_low(i), slab.conductance_z);
        }
    }
    if (bits & OPEN_Z_HIGH) != 0u {
        if on_high_electrode(at, 2u) {
            sum += towards_electrode(here, slab.electrode_high, slab.conductance_z);
        } else {
            sum += towards_neighbour(here, z_high(i), slab.conductance_z);
        }
    }
    product[i] = sum;
}
