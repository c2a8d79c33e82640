// A row and its neighbours. `across` is the field whose values lie at the other ends of the links.

// Sum of w (here - x_j) over the neighbours j that count: all of them, or those with lower or higher numbers, as rows of one
// colour are not neighbours and colours follow each other.
fn differences(i: u32, here: f32, which: u32) -> f32 {
    var sum = 0.0;
    for (var k = 0u; k < WIDTH - 1u; k++) {
        let at = k * rows.rows + i;
        sum += difference(i, to[at], conductance[at], here, which);
    }
    let at = (WIDTH - 1u) * rows.rows + i;
    let last = to[at];
    if (last & MORE) == 0u {
        return sum + difference(i, last, conductance[at], here, which);
    }
    let first = last & ~MORE;
    for (var k = 0u; k < u32(conductance[at]); k++) {
        let link = more[first + k];
        sum += difference(i, link.x, bitcast<f32>(link.y), here, which);
    }
    return sum;
}

fn difference(i: u32, j: u32, w: f32, here: f32, which: u32) -> f32 {
    return w * select(0.0, here - across[j], which == ALL || (which == BEFORE) == (j < i));
}
