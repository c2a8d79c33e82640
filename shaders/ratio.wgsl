// The scalar of a vector update: a quotient of two slots that stay on the device.

@group(0) @binding(1) var<uniform> ratio: Ratio;
@group(0) @binding(2) var<storage, read> scalars: array<f32>;

// 0 where the denominator is not positive: r = 0 (solved), or p·q <= 0, which rounding alone can bring about. Either way
// the vectors stay as they are and the host sees that nothing moves.
fn quotient() -> f32 {
    let denominator = scalars[ratio.denominator];
    if denominator > 0.0 {
        return scalars[ratio.numerator] / denominator;
    }
    return 0.0;
}
