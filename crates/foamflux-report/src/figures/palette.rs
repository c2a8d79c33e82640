//! The colour of each label, in one place.
//!
//! Source: the qualitative palette of M. Okabe and K. Ito, "Color Universal Design" (2008), which readers with any of
//! the common colour-vision deficiencies can tell apart; the pore is dark and the fallback grey.
//! The pore stays transparent where there is a grey picture underneath.

use super::canvas::Rgb;

/// Label number, name and colour.
pub const LABEL_COLOURS: [(u8, &str, [u8; 3]); 9] = [
    (0, "pore", [24, 29, 36]),
    (1, "fibre", [86, 180, 233]),
    (2, "node", [213, 94, 0]),
    (3, "lithium", [240, 228, 66]),
    (4, "lithiophilic", [204, 121, 167]),
    (5, "separator", [0, 158, 115]),
    (6, "collector", [230, 159, 0]),
    (7, "dead lithium", [0, 114, 178]),
    (8, "other", [216, 216, 216]),
];

/// The colour of a label; labels without a meaning share the grey of "other".
pub fn label_colour(label: u8) -> [u8; 3] {
    entry(label).map_or(OTHER, |(_, _, colour)| colour)
}

/// The name of a label, or `label 12`.
pub fn label_name(label: u8) -> String {
    entry(label).map_or_else(|| format!("label {label}"), |(_, name, _)| name.to_owned())
}

const OTHER: Rgb = [216, 216, 216];

fn entry(label: u8) -> Option<(u8, &'static str, Rgb)> {
    LABEL_COLOURS.iter().copied().find(|(number, ..)| *number == label)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Smallest difference in linear RGB, out of 1, that counts as a different colour.
    /// The closest pair, collector and other as seen without red cones, is 0.17 apart.
    const TELL_APART: f64 = 0.1;

    fn linear(c: u8) -> f64 {
        let s = f64::from(c) / 255.0;
        if s <= 0.04045 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
    }

    /// Simulated dichromacy in linear RGB after Viénot, Brettel and Mollon, Color Res. Appl. 24 (1999) 243.
    fn seen([r, g, b]: [u8; 3], protan: bool) -> [f64; 3] {
        let (r, g, b) = (linear(r), linear(g), linear(b));
        if protan {
            let rg = 0.112_38 * r + 0.887_62 * g;
            [rg, rg, 0.004_01 * r - 0.004_01 * g + b]
        } else {
            let rg = 0.292_75 * r + 0.707_25 * g;
            [rg, rg, -0.022_34 * r + 0.022_34 * g + b]
        }
    }

    #[test]
    fn labels_stay_apart_for_dichromats() {
        for protan in [true, false] {
            for (i, a) in LABEL_COLOURS.iter().enumerate() {
                for b in &LABEL_COLOURS[i + 1..] {
                    let (p, q) = (seen(a.2, protan), seen(b.2, protan));
                    let distance = (0..3).map(|k| (p[k] - q[k]).powi(2)).sum::<f64>().sqrt();
                    assert!(distance > TELL_APART, "{} and {}: {distance:.3}", a.1, b.1);
                }
            }
        }
    }

    #[test]
    fn unknown_labels_are_grey_and_named_by_number() {
        assert_eq!(label_colour(99), label_colour(8));
        assert_eq!(label_name(99), "label 99");
        assert_eq!(label_name(7), "dead lithium");
    }
}
