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

struct TailLevel {
    rows: u32,
    to: u32,
    conductance: u32,
    more: u32,
    ground: u32,
    inverse: u32,
    parent: u32,
    first: u32,
    children: u32,
    matrix: u32,
    padding: vec2<u32>,
}

struct TailStep {
    kind: u32,
    level: u32,
    start: u32,
    end: u32,
    flags: u32,
    slot: u32,
    from_field: u32,
    to_field: u32,
    other_field: u32,
    padding_1: u32,
    padding_2: vec2<u32>,
}

struct Tail {
    rows: u32,
    result: u32,
    count: u32,
    padding: u32,
    levels: array<TailLevel, TAIL_LEVELS>,
    steps: array<TailStep, TAIL_STEPS>,
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
