//! PNG images.

use std::io;
use std::path::Path;

use super::{WriteError, atomic};

/// Writes an 8-bit RGB image from `width * height` interleaved triples, top row first.
///
/// # Errors
/// [`WriteError::Length`] when the number of bytes is not that, and those of [`super::file_atomically`].
pub fn png_rgb(path: &Path, width: u32, height: u32, rgb: &[u8]) -> Result<(), WriteError> {
    write(path, width, height, rgb, png::ColorType::Rgb, 3)
}

/// Writes an 8-bit grey image from `width * height` bytes, top row first.
///
/// # Errors
/// As [`png_rgb`].
pub fn png_grey(path: &Path, width: u32, height: u32, grey: &[u8]) -> Result<(), WriteError> {
    write(path, width, height, grey, png::ColorType::Grayscale, 1)
}

fn write(
    path: &Path,
    width: u32,
    height: u32,
    bytes: &[u8],
    colour: png::ColorType,
    channels: usize,
) -> Result<(), WriteError> {
    let expected = (width as usize).saturating_mul(height as usize).saturating_mul(channels);
    if bytes.len() != expected || expected == 0 {
        let name = format!("image of {width} x {height}");
        return Err(WriteError::Length { path: path.to_owned(), name, len: bytes.len(), expected });
    }
    atomic::sink_atomically(path, |sink| {
        let mut encoder = png::Encoder::new(sink, width, height);
        encoder.set_color(colour);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(io_error)?;
        writer.write_image_data(bytes).map_err(io_error)?;
        writer.finish().map_err(io_error)
    })
}

fn io_error(error: png::EncodingError) -> io::Error {
    match error {
        png::EncodingError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
