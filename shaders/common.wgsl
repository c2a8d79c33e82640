// The structs of layout.rs, field for field.

struct Slab {
    nx: u32,
    ny: u32,
    nz: u32,
    first_plane: u32,
    box_planes: u32,
    direction: u32,
    conductance_x: f32,
    conductance_y: f32,
    conductance_z: f32,
    electrode_low: f32,
    electrode_high: f32,
    padding: u32,
}

struct Ratio {
    numerator: u32,
    denominator: u32,
    padding: vec2<u32>,
}

struct Reduction {
    count: u32,
    slot: u32,
    padding: vec2<u32>,
}
