// Formulas of sums, the same wherever they are taken.

// 0 where the denominator is not positive: r = 0 (solved), or p·q <= 0, which rounding alone can bring about. Either way
// the vectors stay as they are and the host sees that nothing moves.
fn quotient(a: f32, b: f32) -> f32 {
    return select(0.0, a / max(b, SMALLEST), b > 0.0);
}

// Two steps of flexible conjugate gradients: factors of the first and of the second direction c and d, from c·r, c·A c,
// d·r, d·A d and d·A c. The second direction is made A-orthogonal to the first; d·r belongs to the residual after the first
// step.
fn two_steps(cr: f32, cac: f32, dr: f32, dad: f32, dac: f32) -> vec2<f32> {
    let alpha = quotient(cr, cac);
    let along = quotient(dac, cac);
    let rest = dad - dac * along;
    // Nothing but rounding may be left for the second step.
    let beta = select(0.0, quotient(dr, rest), cac > 0.0 && rest > ROUNDING * dad);
    return vec2<f32>(select(1.0, alpha - beta * along, cac > 0.0), beta);
}
