//! Pictures of slices as RGB8 buffers and PNG bytes, and charts as SVG.
//!
//! A slice picture has true proportions whatever the voxel's shape, a scale bar with a round length,
//! the names of its two axes, and a caption that states contrast, colours and pixel size.
//! Enlargement is by whole factors, so that voxels stay squares with sharp edges and nothing is invented between them.

mod canvas;
mod chart;
mod colour_map;
mod distribution;
mod filling;
mod frame;
mod palette;
mod render;
mod resample;
mod scale_bar;
mod slices;
mod solid_view;
mod strips;
pub(crate) mod svg;

pub use canvas::Image;
pub(crate) use canvas::wrap;
pub use chart::{Histogram, Profile, Series, histogram, profile};
pub use colour_map::ColourMap;
pub use distribution::{Distribution, distribution};
pub use filling::{FillingPlane, FillingRow, filling};
pub use palette::{LABEL_COLOURS, label_colour, label_name};
pub use render::{Scene, render};
pub use scale_bar::ScaleBar;
pub use slices::{FieldStyle, SliceView, field_slice, grey_slice, label_overlay};
pub use solid_view::{SolidView, solid_view};
pub use strips::{Strip, summary_strips, tau_bars};
pub(crate) use svg::escape;

/// A finished slice picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The picture.
    pub image: Image,
    /// What the picture shows: contrast or colour range, labels, pixel size, axes.
    pub caption: String,
    /// The scale bar as it was drawn.
    pub scale_bar: ScaleBar,
}

/// Size of one pixel of a slice; where either is unknown the picture counts in voxels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PixelScale {
    /// Metres along the axis that points right.
    pub x_m: Option<f64>,
    /// Metres along the axis that points down.
    pub y_m: Option<f64>,
}

impl PixelScale {
    /// Pixel edges in metres, if both are known and positive.
    pub(crate) fn metres(&self) -> Option<[f64; 2]> {
        match (self.x_m, self.y_m) {
            (Some(x), Some(y)) if x.is_finite() && y.is_finite() && x > 0.0 && y > 0.0 => Some([x, y]),
            _ => None,
        }
    }
}

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The slice has no pixels.
    #[error("slice \"{title}\" is {width} x {height} pixels: there is nothing to draw")]
    Empty {
        /// Title of the picture.
        title: String,
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// The array does not fit the stated size.
    #[error("slice \"{title}\": {what} holds {found} values, but {width} x {height} pixels need {expected}")]
    Length {
        /// Title of the picture.
        title: String,
        /// Which array.
        what: &'static str,
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// Values found.
        found: usize,
        /// Values needed.
        expected: usize,
    },
    /// The PNG encoder refused.
    #[error("picture of {width} x {height} pixels could not be encoded as PNG: {source}")]
    Encode {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// What the encoder said.
        source: png::EncodingError,
    },
}
