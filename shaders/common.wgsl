// The structs that the host writes; the host's twins are in layout.rs.

struct Grid {
    used: u32,
    stride: u32,
    plane: u32,
    half: u32,
    ny: u32,
    nz: u32,
    colour: u32,
    flags: u32,
    conductance_x: f32,
    conductance_y: f32,
    conductance_z: f32,
    axis: u32,
    partials: u32,
    partials_stride: u32,
    slot: u32,
    blocks_x: u32,
    blocks_y: u32,
    blocks_z: u32,
    padding: vec2<u32>,
}

struct Rows {
    start: u32,
    end: u32,
    rows: u32,
    flags: u32,
    partials: u32,
    partials_stride: u32,
    padding: vec2<u32>,
}

struct Combine {
    count: u32,
    factor: u32,
    added: u32,
    sign: f32,
}

struct Sums {
    first: vec4<u32>,
    count: vec4<u32>,
    slot: vec4<u32>,
    operands: vec4<u32>,
    operand: u32,
    then: u32,
    result: u32,
    padding: u32,
}
