//! The RGB8 buffer and what draws on it: rectangles, blending, bitmap text.

use std::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::mono_font::iso_8859_1::{FONT_9X18, FONT_9X18_BOLD};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{DrawTarget, Drawable, OriginDimensions, Point, Size};
use embedded_graphics::text::{Baseline, Text};

use super::FigureError;

/// A colour, red, green and blue from 0 to 255 (sRGB).
pub(crate) type Rgb = [u8; 3];

/// Width of a character in pixels.
pub(crate) const CHAR_WIDTH: u32 = 9;
/// Height of a line of text in pixels.
pub(crate) const LINE_HEIGHT: u32 = 20;

/// Text weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// An RGB8 picture, row by row from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Image {
    /// A picture of one colour; a side of zero becomes one pixel.
    pub(crate) fn filled(width: u32, height: u32, colour: Rgb) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let pixels = width as usize * height as usize;
        Image { width, height, rgb: colour.iter().copied().cycle().take(pixels * 3).collect() }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels: red, green, blue from the top left, row by row.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The pixel at column `x` and row `y`; `None` outside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        let at = self.offset(x, y)?;
        Some([self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]])
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// [`FigureError::Encode`] where the encoder refuses, which a valid picture does not cause.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let mut bytes = Vec::new();
        let mut encode = || -> Result<(), png::EncodingError> {
            let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
            encoder.set_color(png::ColorType::Rgb);
            encoder.set_depth(png::BitDepth::Eight);
            encoder.set_compression(png::Compression::Balanced);
            let mut writer = encoder.write_header()?;
            writer.write_image_data(&self.rgb)?;
            writer.finish()
        };
        encode().map_err(|source| FigureError::Encode { width: self.width, height: self.height, source })?;
        Ok(bytes)
    }

    fn offset(&self, x: u32, y: u32) -> Option<usize> {
        (x < self.width && y < self.height).then(|| (y as usize * self.width as usize + x as usize) * 3)
    }

    /// Sets a pixel; outside the picture nothing happens.
    pub(crate) fn set(&mut self, x: u32, y: u32, colour: Rgb) {
        if let Some(at) = self.offset(x, y) {
            self.rgb[at..at + 3].copy_from_slice(&colour);
        }
    }

    /// Lays a rectangle of a colour over the picture; `opacity` from 0 to 1.
    pub(crate) fn blend_rect(&mut self, [x0, y0]: [u32; 2], [w, h]: [u32; 2], colour: Rgb, opacity: f32) {
        for y in y0..(y0.saturating_add(h)).min(self.height) {
            for x in x0..(x0.saturating_add(w)).min(self.width) {
                if let Some(below) = self.pixel(x, y) {
                    self.set(x, y, mix(below, colour, opacity));
                }
            }
        }
    }

    /// Fills a rectangle.
    pub(crate) fn fill_rect(&mut self, at: [u32; 2], size: [u32; 2], colour: Rgb) {
        self.blend_rect(at, size, colour, 1.0);
    }

    /// Draws the outline of a rectangle, one pixel thick.
    pub(crate) fn outline(&mut self, [x, y]: [u32; 2], [w, h]: [u32; 2], colour: Rgb) {
        self.fill_rect([x, y], [w, 1], colour);
        self.fill_rect([x, y + h.saturating_sub(1)], [w, 1], colour);
        self.fill_rect([x, y], [1, h], colour);
        self.fill_rect([x + w.saturating_sub(1), y], [1, h], colour);
    }

    /// Copies another picture in with its top left corner at `at`.
    pub(crate) fn paste(&mut self, other: &Image, [x0, y0]: [u32; 2]) {
        for y in 0..other.height {
            for x in 0..other.width {
                if let Some(colour) = other.pixel(x, y) {
                    self.set(x0 + x, y0 + y, colour);
                }
            }
        }
    }

    /// Writes a line of text with the top left corner of its first character at `at`.
    pub(crate) fn text(&mut self, text: &str, [x, y]: [u32; 2], colour: Rgb, weight: Weight) {
        let font: &MonoFont<'_> = match weight {
            Weight::Regular => &FONT_9X18,
            Weight::Bold => &FONT_9X18_BOLD,
        };
        let style = MonoTextStyle::new(font, Rgb888::new(colour[0], colour[1], colour[2]));
        let latin = latin1(text);
        let at = Point::new(i32::try_from(x).unwrap_or(i32::MAX), i32::try_from(y).unwrap_or(i32::MAX));
        // Drawing on a buffer in memory cannot fail, as the error type says.
        let Ok(_) = Text::with_baseline(&latin, at, style, Baseline::Top).draw(self);
    }
}

impl OriginDimensions for Image {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Image {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        for Pixel(point, colour) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(point.x), u32::try_from(point.y)) {
                self.set(x, y, [colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}

/// `below` with `above` laid over it.
pub(crate) fn mix(below: Rgb, above: Rgb, opacity: f32) -> Rgb {
    let channel = |k: usize| {
        let mixed = f32::from(below[k]) * (1.0 - opacity) + f32::from(above[k]) * opacity;
        mixed.round().clamp(0.0, 255.0) as u8
    };
    [channel(0), channel(1), channel(2)]
}

/// The pixels that a line of text is wide.
pub(crate) fn text_width(text: &str) -> u32 {
    u32::try_from(latin1(text).chars().count()).unwrap_or(u32::MAX).saturating_mul(CHAR_WIDTH)
}

/// Text in the characters that the bitmap font has (ISO 8859-1); what it lacks is spelled out.
pub(crate) fn latin1(text: &str) -> String {
    crate::number::plain(text).chars().map(|c| if (c as u32) < 256 { c } else { '?' }).collect()
}

/// Breaks text into lines of at most `columns` characters, at spaces where there are any.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(4);
    let mut lines = vec![String::new()];
    // A no-break space holds a number and its unit together.
    for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let Some(line) = lines.last_mut() else { break };
            let used = line.chars().count();
            let gap = usize::from(used > 0);
            if used + gap + rest.len() <= columns {
                if gap == 1 {
                    line.push(' ');
                }
                line.extend(rest.drain(..));
            } else if used == 0 {
                line.extend(rest.drain(..columns.min(rest.len())));
                lines.push(String::new());
            } else {
                lines.push(String::new());
            }
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn png_decodes_to_the_same_pixels() {
        let mut image = Image::filled(7, 5, [10, 20, 30]);
        image.set(3, 2, [200, 100, 50]);
        let bytes = image.png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut buffer).unwrap();
        assert_eq!((info.width, info.height), (7, 5));
        assert_eq!(&buffer[..info.buffer_size()], image.rgb());
    }

    #[test]
    fn text_leaves_ink_and_stays_inside() {
        let mut image = Image::filled(40, 20, [255, 255, 255]);
        image.text("µm", [1, 1], [0, 0, 0], Weight::Bold);
        assert!(image.rgb().contains(&0));
        image.text("far outside", [500, 500], [0, 0, 0], Weight::Regular);
        assert_eq!(image.rgb().len(), 40 * 20 * 3);
    }

    #[test]
    fn wrapping_keeps_every_word_and_cuts_long_ones() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert!(wrap("", 10).is_empty());
    }

    #[test]
    fn characters_that_the_font_lacks_are_spelled_out() {
        assert_eq!(latin1("τ − 1 in µm²"), "tau - 1 in µm²");
        assert_eq!(latin1("漢"), "?");
    }
}
