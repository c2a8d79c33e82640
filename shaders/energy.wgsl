// energy: partials_g = sum over the open faces f of workgroup g  g_f (potential_i - potential_f)^2
//
// A face between two voxels belongs to the voxel on its lower side; a face on an electrode belongs to its only voxel
// and conducts 2 g. The sum over the box is the dissipated energy E; the effective conductance is E / V^2 with V the
// difference between the electrodes, and its error is of second order in that of the potential.
//
// Traffic, bytes per voxel: connectivity 1 + potential 4 = 5; partial sums 4 per 4096 voxels.

@group(0) @binding(1) var<storage, read> connectivity: array<u32>;
@group(0) @binding(2) var<storage, read> potential: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

fn neighbour_face(here: f32, neighbour: u32, conductance: f32) -> f32 {
    let drop = here - potential[neighbour];
    return conductance * drop * drop;
}

fn electrode_face(here: f32, electrode: f32, conductance: f32) -> f32 {
    let drop = here - electrode;
    return 2.0 * conductance * drop * drop;
}

fn energy_of(at: vec3<u32>) -> f32 {
    let i = field_index(at);
    let v = voxel_index(at);
    let bits = connectivity[v / 4u] >> (8u * (v % 4u));
    if (bits & ACTIVE) == 0u {
        return 0.0;
    }
    let here = potential[i];
    var sum = 0.0;
    if (bits & OPEN_X_LOW) != 0u && on_low_electrode(at, 0u) {
        sum += electrode_face(here, slab.electrode_low, slab.conductance_x);
    }
    if (bits & OPEN_Y_LOW) != 0u && on_low_electrode(at, 1u) {
        sum += electrode_face(here, slab.electrode_low, slab.conductance_y);
    }
    if (bits & OPEN_Z_LOW) != 0u && on_low_electrode(at, 2u) {
        sum += electrode_face(here, slab.electrode_low, slab.conductance_z);
    }
    if (bits & OPEN_X_HIGH) != 0u {
        if on_high_electrode(at, 0u) {
            sum += electrode_face(here, slab.electrode_high, slab.conductance_x);
        } else {
            sum += neighbour_face(here, x_high(at, i), slab.conductance_x);
        }
    }
    if (bits & OPEN_Y_HIGH) != 0u {
        if on_high_electrode(at, 1u) {
            sum += electrode_face(here, slab.electrode_high, slab.conductance_y);
        } else {
            sum += neighbour_face(here, y_high(at, i), slab.conductance_y);
        }
    }
    if (bits & OPEN_Z_HIGH) != 0u {
        if on_high_electrode(at, 2u) {
            sum += electrode_face(here, slab.electrode_high, slab.conductance_z);
        } else {
            sum += neighbour_face(here, z_high(i), slab.conductance_z);
        }
    }
    return sum;
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, WORKGROUP_Z)
fn energy(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let x = group.x * WORKGROUP_X + local.x;
    var value = 0.0;
    for (var row = 0u; row < ROWS_PER_THREAD; row++) {
        let at = vec3<u32>(x, (group.y * ROWS_PER_THREAD + row) * WORKGROUP_Y + local.y, group.z);
        if inside(at) {
            value += energy_of(at);
        }
    }
    let total = workgroup_sum(value, lane);
    if lane == 0u {
        partials[partial_index(group, groups)] = total;
    }
}
