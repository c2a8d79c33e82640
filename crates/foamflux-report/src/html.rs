//! `report.html`: one file that opens offline, for screens and paper, light and dark.
//!
//! Nothing in it refers to a network or to another file: style, scripts, pictures and data are inside, and the page's own
//! policy (`templates/head.html`) forbids the browser to load anything.
//! Without scripts, and on paper, the pictures say what the viewers say.
//! All text that comes from outside is escaped.

pub(crate) mod embed;
mod keys;
pub(crate) mod view;

use askama::Template;
use foamflux_results::RunResults;

use crate::viewer::Viewer;
use view::Page;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// An image is neither PNG nor SVG.
    #[error(
        "image {path} ({bytes} bytes) is neither PNG nor SVG, so it cannot go into report.html; pass PNG or SVG bytes"
    )]
    UnknownImage {
        /// Path of the image.
        path: String,
        /// Its size in bytes.
        bytes: usize,
    },
    /// A layer of the viewer of slices could not be encoded.
    #[error("the slices of report.html could not be encoded as PNG: {0}")]
    Volume(png::EncodingError),
    /// The template failed.
    #[error("report.html could not be rendered: {0}")]
    Render(#[from] askama::Error),
}

/// The report of a run.
///
/// `images` are PNG or SVG files by their path relative to the output folder, as [`RunResults::figures`] names them.
/// A figure whose image is not given is listed with its path; an image that no figure names is shown without a caption.
/// Figures whose file name starts with `histogram`, `network`, `tau` or `thickness` stand in the section they belong to.
///
/// The viewers get what the pictures leave of [`PAGE_BYTES`](crate::viewer::PAGE_BYTES).
///
/// # Errors
/// [`ReportError`] where an image is of unknown type or a layer cannot be encoded.
pub fn report(results: &RunResults, images: &[(String, Vec<u8>)], viewer: &Viewer<'_>) -> Result<String, ReportError> {
    Ok(Page::new(results, images, viewer)?.render()?)
}
