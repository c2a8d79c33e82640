//! Several channels to one.
//!
//! Y = 0.2126 R + 0.7152 G + 0.0722 B with the coefficients of ITU-R BT.709 on the *stored* values
//! (strictly luma: no gamma is undone, because detectors of microscopes and scanners write grey values as they are;
//! equal channels give exactly that value). Alpha and further channels are ignored, and the report says so.

use std::sync::Arc;

use foamflux_grid::Sample;

use super::error::Fault;
use super::sample::{Plane, map_plane};

const RED: f64 = 0.2126;
const GREEN: f64 = 0.7152;
const BLUE: f64 = 0.0722;

/// How the channels of a pixel become one grey value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Colour {
    /// One channel, as it is.
    Grey,
    /// The first of two.
    GreyAlpha,
    /// Luminance of three.
    Rgb,
    /// Luminance of the first three.
    Rgba,
    /// Grey value of each index.
    Palette(Arc<Vec<u8>>),
}

impl Colour {
    /// The palette with these colours, as grey values.
    pub(super) fn palette(colours: impl Iterator<Item = [u8; 3]>) -> Self {
        Colour::Palette(Arc::new(colours.map(|[r, g, b]| luminance(r, g, b)).collect()))
    }

    /// Suffix of the stored type in the report.
    pub(super) const fn suffix(&self) -> &'static str {
        match self {
            Colour::Grey => "",
            Colour::GreyAlpha => " grey+alpha",
            Colour::Rgb => " rgb",
            Colour::Rgba => " rgba",
            Colour::Palette(_) => " palette",
        }
    }

    /// What the report says about the conversion.
    pub(super) const fn notes(&self) -> &'static [&'static str] {
        match self {
            Colour::Grey => &[],
            Colour::GreyAlpha => &["alpha ignored"],
            Colour::Rgb => &["RGB converted to luminance (Rec. 709)"],
            Colour::Rgba => &["RGB converted to luminance (Rec. 709)", "alpha ignored"],
            Colour::Palette(_) => &["palette colours converted to luminance (Rec. 709)"],
        }
    }

    /// One value per pixel from `channels` interleaved ones.
    ///
    /// # Errors
    /// An index beyond the palette.
    pub(super) fn reduce(&self, plane: Plane, channels: usize) -> Result<Plane, Fault> {
        match self {
            Colour::Grey => Ok(plane),
            Colour::GreyAlpha => Ok(map_plane!(plane, v => v.chunks_exact(channels).map(|p| p[0]).collect())),
            Colour::Rgb | Colour::Rgba => {
                Ok(map_plane!(plane, v => v.chunks_exact(channels).map(|p| luminance(p[0], p[1], p[2])).collect()))
            }
            Colour::Palette(greys) => match plane {
                Plane::U8(v) => look_up(greys, v.iter().map(|&i| usize::from(i))),
                Plane::U16(v) => look_up(greys, v.iter().map(|&i| usize::from(i))),
                _ => Err(Fault::new("damaged: its palette indices are no small whole numbers")),
            },
        }
    }
}

fn look_up(greys: &[u8], indices: impl Iterator<Item = usize>) -> Result<Plane, Fault> {
    let values: Option<Vec<u8>> = indices.map(|i| greys.get(i).copied()).collect();
    values.map(Plane::U8).ok_or_else(|| Fault::new(format!("damaged: an index leaves its palette of {}", greys.len())))
}

fn luminance<T: Sample>(r: T, g: T, b: T) -> T {
    if r == g && g == b { r } else { T::from_f64(RED * r.to_f64() + GREEN * g.to_f64() + BLUE * b.to_f64()) }
}
