//! Perceptually uniform colour maps.
//!
//! The anchors are every fifteenth of the 256 colours of viridis (S. van der Walt and N. Smith, 2015) and cividis
//! (J. R. Nuñez, C. R. Anderton and R. S. Renslow, PLoS ONE 13 (2018) e0199239), both released under CC0.
//! Between anchors we interpolate in sRGB, which stays within 3/255 of the originals and keeps the lightness rising.

use super::canvas::{Rgb, mix};

/// A colour map for a field; lightness rises with the value in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourMap {
    /// Dark violet over green to yellow.
    #[default]
    Viridis,
    /// Dark blue over grey to yellow; the same picture for readers with colour-vision deficiencies.
    Cividis,
    /// Black to white.
    Grey,
}

impl ColourMap {
    /// The colour at `t`, from 0 to 1; values outside are clamped.
    pub fn colour(self, t: f64) -> [u8; 3] {
        let anchors: &[Rgb] = match self {
            ColourMap::Viridis => &VIRIDIS,
            ColourMap::Cividis => &CIVIDIS,
            ColourMap::Grey => &[[0, 0, 0], [255, 255, 255]],
        };
        let intervals = anchors.len() - 1;
        let at = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) } * intervals as f64;
        let index = (at as usize).min(intervals - 1);
        mix(anchors[index], anchors[index + 1], (at - index as f64) as f32)
    }

    /// Name, for captions.
    pub fn name(self) -> &'static str {
        match self {
            ColourMap::Viridis => "viridis",
            ColourMap::Cividis => "cividis",
            ColourMap::Grey => "grey",
        }
    }
}

const VIRIDIS: [Rgb; 18] = [
    [68, 1, 84],
    [72, 23, 105],
    [71, 42, 122],
    [67, 61, 132],
    [61, 78, 138],
    [53, 94, 141],
    [46, 109, 142],
    [41, 123, 142],
    [35, 137, 142],
    [31, 151, 139],
    [33, 165, 133],
    [46, 179, 124],
    [70, 192, 111],
    [101, 203, 94],
    [137, 213, 72],
    [176, 221, 47],
    [216, 226, 25],
    [253, 231, 37],
];

const CIVIDIS: [Rgb; 18] = [
    [0, 34, 78],
    [0, 45, 104],
    [22, 55, 112],
    [46, 65, 109],
    [63, 76, 108],
    [78, 86, 108],
    [92, 97, 110],
    [105, 107, 113],
    [118, 118, 118],
    [131, 129, 121],
    [146, 140, 120],
    [160, 152, 117],
    [175, 164, 113],
    [191, 176, 107],
    [207, 189, 98],
    [223, 202, 87],
    [240, 216, 70],
    [254, 232, 56],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours are rounded to 1/255, which moves L* by up to 0.4; 64 steps of a map that spans 74 are 1.2 apart.
    const STEPS: u32 = 64;

    fn lightness([r, g, b]: [u8; 3]) -> f64 {
        let linear = |c: u8| {
            let s = f64::from(c) / 255.0;
            if s <= 0.04045 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
        };
        let y = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        if y > 0.008_856 { 116.0 * y.cbrt() - 16.0 } else { 903.3 * y }
    }

    #[test]
    fn lightness_rises_everywhere_and_evenly() {
        for map in [ColourMap::Viridis, ColourMap::Cividis, ColourMap::Grey] {
            let steps: Vec<f64> = (0..=STEPS).map(|k| lightness(map.colour(f64::from(k) / f64::from(STEPS)))).collect();
            let rises: Vec<f64> = steps.windows(2).map(|w| w[1] - w[0]).collect();
            let mean = rises.iter().sum::<f64>() / rises.len() as f64;
            assert!(steps[STEPS as usize] - steps[0] > 70.0, "{}", map.name());
            assert!(rises.iter().all(|rise| *rise > 0.0), "{}: {rises:?}", map.name());
            // Perceptually uniform: no step is several times another. Grey is linear in sRGB, which is nearly so.
            assert!(rises.iter().all(|rise| *rise < 2.5 * mean), "{}: {rises:?}", map.name());
        }
    }

    #[test]
    fn ends_and_outside() {
        assert_eq!(ColourMap::Viridis.colour(-1.0), [68, 1, 84]);
        assert_eq!(ColourMap::Viridis.colour(2.0), [253, 231, 37]);
        assert_eq!(ColourMap::Viridis.colour(f64::NAN), [68, 1, 84]);
        assert_eq!(ColourMap::Grey.colour(0.5), [128, 128, 128]);
    }
}
