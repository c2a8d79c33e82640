// Blocks of 2x2x2 voxels and their face-connected pieces. The red cells of a block (even dx + dy + dz) are one in each of
// its four rows k = dy + 2 dz, all with the i of the block.

struct Block {
    // Cells that are solved, bit dx + 2 dy + 4 dz.
    mask: u32,
    // Number of pieces (bits 0 to 2) and piece of the red cell of row k (bits 4 + 4 k and the next).
    pieces: u32,
    // First piece.
    first: u32,
}

fn block(at: vec3<u32>) -> Block {
    let b = (at.z * grid.blocks_y + at.y) * grid.blocks_x + at.x;
    let mask = (masks[b >> 2u] >> ((b & 3u) << 3u)) & 0xffu;
    return Block(mask, table[mask], first[b]);
}

// Whether the red cell of row k is solved: cell dx + 2 k with dx = (dy + dz) mod 2.
fn has_red(b: Block, k: u32) -> bool {
    return ((b.mask >> (((k ^ (k >> 1u)) & 1u) + 2u * k)) & 1u) != 0u;
}

fn piece_of_red(b: Block, k: u32) -> u32 {
    return (b.pieces >> (4u + 4u * k)) & 3u;
}
