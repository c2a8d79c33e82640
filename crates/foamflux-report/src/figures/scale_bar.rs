//! The scale bar: a round length, and how many pixels it is.
//!
//! The length is 1, 2 or 5 times a power of ten, the largest that takes at most a quarter of the picture's width.

/// Largest share of the picture's width that the bar takes.
const LARGEST_SHARE: f64 = 0.25;

/// A scale bar.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaleBar {
    /// Length in metres, or in voxels where the pixel size is unknown.
    pub length: f64,
    /// Length in pixels of the picture.
    pub pixels: u32,
    /// Label, such as `50 µm` or `20 voxels`.
    pub label: String,
}

impl ScaleBar {
    /// The bar for a picture of `width` pixels, of which `per_unit` make a metre (`metres`) or a voxel.
    pub(crate) fn fit(width: u32, per_unit: f64, metres: bool) -> Self {
        let longest = LARGEST_SHARE * f64::from(width) / per_unit;
        let (mantissa, exponent) = round_down(longest);
        let length = f64::from(mantissa) * 10f64.powi(exponent);
        ScaleBar {
            length,
            pixels: ((length * per_unit).round() as u32).max(1),
            label: if metres { metre_label(mantissa, exponent) } else { voxel_label(mantissa, exponent) },
        }
    }
}

/// The largest 1, 2 or 5 times a power of ten that is not above `x`, as factor and exponent.
fn round_down(x: f64) -> (u32, i32) {
    if !(x.is_finite() && x > 0.0) {
        return (1, 0);
    }
    let exponent = x.log10().floor() as i32;
    // The logarithm of a power of ten may fall a rounding error short, hence the margin.
    let mantissa = x / 10f64.powi(exponent) * (1.0 + 1e-9);
    let factor = if mantissa >= 10.0 {
        return (1, exponent + 1);
    } else if mantissa >= 5.0 {
        5
    } else if mantissa >= 2.0 {
        2
    } else {
        1
    };
    (factor, exponent)
}

fn decimal(mantissa: u32, exponent: i32) -> String {
    if exponent >= 0 {
        format!("{mantissa}{}", "0".repeat(exponent.unsigned_abs() as usize))
    } else {
        format!("0.{}{mantissa}", "0".repeat(exponent.unsigned_abs() as usize - 1))
    }
}

fn metre_label(mantissa: u32, exponent: i32) -> String {
    let (unit, power) = match exponent {
        ..-6 => ("nm", -9),
        -6..-3 => ("µm", -6),
        -3..0 => ("mm", -3),
        _ => ("m", 0),
    };
    format!("{} {unit}", decimal(mantissa, exponent - power))
}

fn voxel_label(mantissa: u32, exponent: i32) -> String {
    let plural = if mantissa == 1 && exponent == 0 { "" } else { "s" };
    format!("{} voxel{plural}", decimal(mantissa, exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_of_the_1_2_5_series_and_labelled() {
        // Width in pixels, pixels per metre, expected label and pixels: 0.25 * 600 px / 4e6 px/m = 37.5 µm -> 20 µm.
        for (width, per_metre, label, pixels) in [
            (600, 4e6, "20 µm", 80),
            (600, 3e6, "50 µm", 150),
            (800, 2e8, "1 µm", 200),
            (800, 4e8, "500 nm", 200),
            (1000, 2.5e5, "1 mm", 250),
            (1000, 1e12, "0.2 nm", 200),
            (400, 20.0, "5 m", 100),
        ] {
            let bar = ScaleBar::fit(width, per_metre, true);
            assert_eq!((bar.label.as_str(), bar.pixels), (label, pixels), "{width} {per_metre}");
        }
    }

    #[test]
    fn voxels_are_counted_and_may_be_split() {
        assert_eq!(ScaleBar::fit(600, 3.0, false).label, "50 voxels");
        assert_eq!(ScaleBar::fit(512, 100.0, false).label, "1 voxel");
        assert_eq!(ScaleBar::fit(512, 256.0, false).label, "0.5 voxels");
        assert_eq!(ScaleBar::fit(512, 256.0, false).pixels, 128);
    }

    #[test]
    fn every_bar_fits_and_is_not_tiny() {
        for k in 0..400 {
            let per_unit = 10f64.powf(f64::from(k) / 40.0);
            let bar = ScaleBar::fit(700, per_unit, true);
            // The next member of the series is at most 2.5 times longer.
            assert!((70..=175).contains(&bar.pixels), "{per_unit}: {bar:?}");
        }
    }
}
