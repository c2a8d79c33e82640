//! Reading and writing quantities with units.

/// Reads a length such as `25nm`, `1.3um`, `0.2 µm`, `1e-6m`, `2mm` into metres.
///
/// # Errors
/// A message that says what a length looks like, when there is no unit, the unit is unknown,
/// or the number is not positive and finite.
pub fn parse_length_m(text: &str) -> Result<f64, String> {
    let (number, unit) = split_unit(text)?;
    let power = match unit {
        "nm" => -9,
        // Both code points that look like a micro sign: U+00B5 and Greek mu U+03BC.
        "um" | "\u{b5}m" | "\u{3bc}m" | "micron" | "microns" => -6,
        "mm" => -3,
        "cm" => -2,
        "m" => 0,
        "" => return Err(format!("'{text}' has no unit: write a length such as 25nm, 1.3um, 0.02mm or 1e-6m")),
        other => return Err(format!("'{other}' in '{text}' is not a unit of length: use nm, um, mm or m")),
    };
    // The power of ten goes into the decimal text, so that 0.2um is the same f64 as 0.2e-6.
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i32 = exponent.parse().map_err(|_| format!("'{text}' is not a length"))?;
    let metres: f64 = format!("{mantissa}e{}", exponent.saturating_add(power))
        .parse()
        .map_err(|_| format!("'{text}' is not a length"))?;
    if metres.is_finite() && metres > 0.0 { Ok(metres) } else { Err(format!("'{text}' is not a positive length")) }
}

/// Reads one length for all axes or three in x,y,z order, into metres.
///
/// # Errors
/// As [`parse_length_m`], or when there are neither one nor three.
pub fn parse_lengths_m_xyz(text: &str) -> Result<[f64; 3], String> {
    let parts: Vec<&str> = text.split(',').collect();
    match parts.as_slice() {
        [one] => Ok([parse_length_m(one)?; 3]),
        [x, y, z] => Ok([parse_length_m(x)?, parse_length_m(y)?, parse_length_m(z)?]),
        _ => Err(format!("'{text}' holds {} lengths: give one, or three in x,y,z order", parts.len())),
    }
}

/// Reads an amount of memory such as `8GiB`, `500MB`, `2e9` into bytes.
///
/// # Errors
/// A message that says what an amount looks like.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split_unit(text)?;
    let value: f64 = number.parse().map_err(|_| format!("'{text}' is not an amount of memory"))?;
    let scale: f64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024f64.powi(2),
        "gib" => 1024f64.powi(3),
        "tib" => 1024f64.powi(4),
        other => return Err(format!("'{other}' in '{text}' is not a unit of memory: use MiB, GiB, MB or GB")),
    };
    let bytes = value * scale;
    if (1.0..9e18).contains(&bytes) {
        Ok(bytes as u64)
    } else {
        Err(format!("'{text}' is not an amount of memory: write for example 8GiB"))
    }
}

/// Reads a relative tolerance such as `0.1%` or `1e-3` into a fraction.
///
/// # Errors
/// A message, when it is not a number strictly between 0 and 1.
pub fn parse_fraction(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let bad = || format!("'{text}' is not a relative tolerance: write 0.1% or 1e-3, more than 0 and less than 1");
    let value = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map_err(|_| bad())? / 100.0,
        None => text.parse::<f64>().map_err(|_| bad())?,
    };
    if value > 0.0 && value < 1.0 { Ok(value) } else { Err(bad()) }
}

/// A length with the prefix that keeps its number between 1 and 1000, such as `19.5 um`.
#[must_use]
pub fn format_length(metres: f64) -> String {
    let magnitude = metres.abs();
    let (scale, unit) = match magnitude {
        0.0 => (1.0, "m"),
        m if m < 1e-6 => (1e9, "nm"),
        m if m < 1e-3 => (1e6, "\u{b5}m"),
        m if m < 1.0 => (1e3, "mm"),
        _ => (1.0, "m"),
    };
    format!("{} {unit}", significant(metres * scale, 6))
}

/// An amount of memory such as `4.7 GiB`.
#[must_use]
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// `value` with `digits` significant digits and no trailing zeros.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return format!("{value}");
    }
    let rounded: f64 = format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value);
    let magnitude = rounded.abs();
    if magnitude != 0.0 && !(1e-4..1e7).contains(&magnitude) { format!("{rounded:e}") } else { format!("{rounded}") }
}

/// Splits `1.3um` into the number and the unit.
fn split_unit(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim();
    // The number is the longest prefix that parses: "1e-6m" must not stop at the exponent.
    let mut ends: Vec<usize> = text.char_indices().map(|(i, c)| i + c.len_utf8()).collect();
    ends.retain(|&end| text[..end].parse::<f64>().is_ok_and(f64::is_finite));
    match ends.last() {
        Some(&end) => Ok((&text[..end], text[end..].trim())),
        None => Err(format!("'{text}' does not begin with a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "lengths must be the same bits as the literal")]
    fn lengths_are_exact() {
        for (text, metres) in [
            ("19.5um", 19.5e-6),
            ("1.3 um", 1.3e-6),
            ("25nm", 25e-9),
            ("0.2\u{b5}m", 0.2e-6),
            ("0.2\u{3bc}m", 0.2e-6),
            ("2mm", 2e-3),
            ("1e-6m", 1e-6),
            ("1e-6 m", 1e-6),
        ] {
            assert_eq!(parse_length_m(text), Ok(metres), "{text}");
        }
        for bad in ["", "um", "1.3", "1.3ft", "-1um", "0um", "nanum", "1e400m", "infm"] {
            assert!(parse_length_m(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn triples_are_xyz() {
        assert_eq!(parse_lengths_m_xyz("25nm,25nm,50nm"), Ok([25e-9, 25e-9, 50e-9]));
        assert_eq!(parse_lengths_m_xyz("1m"), Ok([1.0; 3]));
        assert!(parse_lengths_m_xyz("1um,2um").is_err());
    }

    #[test]
    fn memory_and_tolerances() {
        assert_eq!(parse_bytes("8GiB"), Ok(8 << 30));
        assert_eq!(parse_bytes("500 MB"), Ok(500_000_000));
        assert!(parse_bytes("8XB").is_err());
        assert_eq!(parse_fraction("0.1%"), Ok(0.001));
        assert_eq!(parse_fraction("1e-3"), Ok(0.001));
        for bad in ["0", "1", "100%", "-1%", "x", "nan"] {
            assert!(parse_fraction(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_print_with_a_readable_prefix() {
        assert_eq!(format_length(19.5e-6), "19.5 \u{b5}m");
        assert_eq!(format_length(25e-9), "25 nm");
        assert_eq!(format_bytes(5 << 30), "5.0 GiB");
        assert_eq!(significant(0.123_456_789, 3), "0.123");
    }
}
