//! Lengths as decimal text, so that 19.5 µm stays 19.5 and not 19.499999999999996.

/// `metres` times ten to the power of `digits`, as the decimal number that a person would write.
///
/// The shortest decimal text of `metres` is shifted, which a multiplication in binary would not do exactly:
/// reading the text of the result and shifting it back gives the same `f64`.
pub(super) fn scaled(metres: f64, digits: i32) -> f64 {
    let text = format!("{metres:e}");
    let shifted = text
        .split_once('e')
        .and_then(|(mantissa, exponent)| Some(format!("{mantissa}e{}", exponent.parse::<i32>().ok()? + digits)));
    shifted.and_then(|s| s.parse().ok()).unwrap_or(metres * 10f64.powi(digits))
}

/// Metres as micrometres.
pub(super) fn um_from_m(metres: f64) -> f64 {
    scaled(metres, 6)
}

/// The fraction nearest to a positive `value` whose parts are at most `limit`, by continued fractions.
///
/// Convergents are best approximations (Khinchin, Continued Fractions, 1964, section 6).
/// Absent when `value` lies outside of what such a fraction can approximate.
pub(super) fn fraction(value: f64, limit: u32) -> Option<(u32, u32)> {
    if !(value.is_finite() && value > 0.0) {
        return None;
    }
    let limit = u64::from(limit);
    let (mut p, mut q) = ((1u64, 0u64), (0u64, 1u64));
    let mut rest = value;
    let mut best = None;
    // An f64 has at most some 40 terms; the limit on p and q ends it earlier.
    for _ in 0..64 {
        let term = rest.floor();
        if term > limit as f64 {
            break;
        }
        let a = term as u64;
        let next_p = a.saturating_mul(p.0).saturating_add(p.1);
        let next_q = a.saturating_mul(q.0).saturating_add(q.1);
        if next_p > limit || next_q > limit {
            break;
        }
        (p, q) = ((next_p, p.0), (next_q, q.0));
        best = Some((next_p as u32, next_q as u32)).filter(|&(p, _)| p > 0).or(best);
        let remainder = rest - term;
        if remainder <= 0.0 {
            break;
        }
        rest = remainder.recip();
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "decimal shifts are exact by construction")]
    fn metres_shift_by_decimals() {
        assert_eq!(um_from_m(19.5e-6), 19.5);
        assert_eq!(um_from_m(1.3e-6), 1.3);
        assert_eq!(um_from_m(25e-9), 0.025);
        assert_eq!(um_from_m(0.2e-6), 0.2);
        assert_eq!(scaled(2e-3, 3), 2.0);
        assert_eq!(scaled(12345.0, -3), 12.345);
    }

    #[test]
    fn fractions_are_the_obvious_ones() {
        assert_eq!(fraction(1.0 / 19.5, i32::MAX as u32), Some((2, 39)));
        assert_eq!(fraction(40.0, i32::MAX as u32), Some((40, 1)));
        assert_eq!(fraction(1.0 / 1.3, i32::MAX as u32), Some((10, 13)));
        assert_eq!(fraction(0.75, 2), Some((1, 1)));
        assert_eq!(fraction(1e10, i32::MAX as u32), None);
        assert_eq!(fraction(0.0, 10), None);
        assert_eq!(fraction(f64::NAN, 10), None);
    }

    #[test]
    fn fractions_are_near_over_the_useful_range() {
        /// What a resolution tag must keep of a voxel size.
        const TOLERANCE: f64 = 1e-9;
        let mut value = 1.234_567_891_011e-4;
        while value < 1e4 {
            let (p, q) = fraction(value, i32::MAX as u32).unwrap();
            let error = (f64::from(p) / f64::from(q) / value - 1.0).abs();
            assert!(error < TOLERANCE, "{value}: {p}/{q} is off by {error}");
            value *= 1.37;
        }
    }
}
