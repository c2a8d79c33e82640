// Where a voxel stands in the buffers of a slab. Every kernel over voxels binds the slab first.

@group(0) @binding(0) var<uniform> slab: Slab;

fn inside(at: vec3<u32>) -> bool {
    return at.x < slab.nx && at.y < slab.ny && at.z < slab.nz;
}

// Index into buffers without halo planes (connectivity).
fn voxel_index(at: vec3<u32>) -> u32 {
    return (at.z * slab.ny + at.y) * slab.nx + at.x;
}

// Index into fields: one halo plane lies before the first own plane.
fn field_index(at: vec3<u32>) -> u32 {
    return voxel_index(at) + slab.nx * slab.ny;
}

// Place of this workgroup's sum among those of the whole box: planes in the order of the box, whatever the slabs.
fn partial_index(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return ((slab.first_plane + group.z) * groups.y + group.y) * groups.x + group.x;
}

// The electrodes of the box: true for the slab's voxels whose outer face along `direction` lies on one.
fn on_low_electrode(at: vec3<u32>, axis: u32) -> bool {
    let place = vec3<u32>(at.x, at.y, at.z + slab.first_plane);
    return slab.direction == axis && place[axis] == 0u;
}

fn on_high_electrode(at: vec3<u32>, axis: u32) -> bool {
    let place = vec3<u32>(at.x, at.y, at.z + slab.first_plane);
    let end = vec3<u32>(slab.nx, slab.ny, slab.box_planes);
    return slab.direction == axis && place[axis] + 1u == end[axis];
}

// Field indices of the six neighbours of the voxel `at` with field index `i`; rows along x and y close on themselves,
// planes along z go on in the halo. Only meant for open faces that do not lie on an electrode.
fn x_low(at: vec3<u32>, i: u32) -> u32 {
    return select(i - 1u, i + slab.nx - 1u, at.x == 0u);
}

fn x_high(at: vec3<u32>, i: u32) -> u32 {
    return select(i + 1u, i + 1u - slab.nx, at.x + 1u == slab.nx);
}

fn y_low(at: vec3<u32>, i: u32) -> u32 {
    return select(i - slab.nx, i + (slab.ny - 1u) * slab.nx, at.y == 0u);
}

fn y_high(at: vec3<u32>, i: u32) -> u32 {
    return select(i + slab.nx, i - (slab.ny - 1u) * slab.nx, at.y + 1u == slab.ny);
}

fn z_low(i: u32) -> u32 {
    return i - slab.nx * slab.ny;
}

fn z_high(i: u32) -> u32 {
    return i + slab.nx * slab.ny;
}
