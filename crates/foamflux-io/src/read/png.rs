//! PNG slices.
//!
//! Source: Portable Network Graphics, third edition (W3C, 2025). Samples keep their stored values:
//! a 1-bit image is read as 0 and 1, and transparency is ignored.

use ::png::{BitDepth, ColorType, DecodeOptions, Decoder, Limits, Reader, Transformations, Unit};

use super::colour::Colour;
use super::error::Fault;
use super::metadata::Stated;
use super::options::ByteOrder;
use super::sample::{Plane, Scalar};
use super::slice::Header;
use super::source::{Source, SourceReader, zeroed};
use super::tiff_decode::unpack;

/// Deflate cannot pack more than this into a byte (zlib's technical notes say 1032).
const MAX_RATIO: u64 = 1040;

/// Whether these are the first bytes of a PNG file.
pub(super) fn is_png(head: &[u8]) -> bool {
    head.starts_with(b"\x89PNG\r\n\x1a\n")
}

fn open(source: &Source) -> Result<Reader<std::io::BufReader<SourceReader>>, Fault> {
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(std::io::BufReader::new(source.reader()), options);
    decoder.set_transformations(Transformations::IDENTITY);
    // Pixels are bounded by the length of the file (below), so the limit is for all other chunks.
    decoder.set_limits(Limits { bytes: usize::try_from(source.len()).unwrap_or(usize::MAX).saturating_add(1 << 26) });
    let reader = decoder.read_info().map_err(|e| damaged(&e))?;
    let info = reader.info();
    let need = u64::from(info.height).saturating_mul(info.raw_row_length() as u64);
    if source.len().saturating_mul(MAX_RATIO) < need {
        return Err(Fault::new(format!(
            "truncated or damaged: it claims {}x{} pixels, {need} bytes, in a file of {} bytes",
            info.width,
            info.height,
            source.len()
        )));
    }
    Ok(reader)
}

fn damaged(error: &::png::DecodingError) -> Fault {
    match error {
        ::png::DecodingError::IoError(e) => Fault::io("its PNG data", e),
        ::png::DecodingError::LimitsExceeded => Fault::new("its PNG chunks are larger than its file: it is damaged"),
        other => Fault::new(format!("truncated or damaged PNG data: {other}")),
    }
}

/// How channels become one, the type of a sample in whole bytes, channels, bits.
fn layout(info: &::png::Info<'_>) -> Result<(Colour, Scalar, usize, u16), Fault> {
    let scalar = if info.bit_depth == BitDepth::Sixteen { Scalar::U16 } else { Scalar::U8 };
    let (colour, channels) = match info.color_type {
        ColorType::Grayscale => (Colour::Grey, 1),
        ColorType::GrayscaleAlpha => (Colour::GreyAlpha, 2),
        ColorType::Rgb => (Colour::Rgb, 3),
        ColorType::Rgba => (Colour::Rgba, 4),
        ColorType::Indexed => match &info.palette {
            Some(map) => (Colour::palette(map.as_chunks::<3>().0.iter().copied()), 1),
            None => return Err(Fault::new("damaged: it is a palette image without a palette")),
        },
    };
    Ok((colour, scalar, channels, info.bit_depth as u16))
}

/// What the header tells.
pub(super) fn header(source: &Source) -> Result<Header, Fault> {
    let reader = open(source)?;
    let info = reader.info();
    let (colour, scalar, channels, bits) = layout(info)?;
    let (width, height) = (info.width as usize, info.height as usize);
    let mut notes = colour.notes().to_vec();
    if info.animation_control.is_some() {
        notes.push("animated PNG: only its first frame is read");
    }
    let mut stated = Vec::new();
    if let Some(d) = info.pixel_dims
        && d.unit == Unit::Meter
    {
        stated.push(Stated::png(d.xppu, d.yppu));
    }
    let base = if bits < 8 { format!("u{bits}") } else { scalar.name().to_owned() };
    let bytes = (width as u64).saturating_mul(height as u64).saturating_mul((channels * scalar.bytes()) as u64);
    Ok(Header {
        width,
        height,
        scalar,
        stored: format!("{base}{}", colour.suffix()),
        order: (scalar.bytes() > 1).then_some(ByteOrder::Big),
        compression: "Deflate (PNG)",
        notes,
        working_bytes: bytes.saturating_mul(2),
        stated,
        microscope: None,
    })
}

/// Decodes an image to one value per pixel.
pub(super) fn decode(source: &Source) -> Result<Plane, Fault> {
    let mut reader = open(source)?;
    let (colour, scalar, channels, bits) = layout(reader.info())?;
    let len = reader.output_buffer_size().ok_or_else(|| Fault::new("its size is beyond any memory"))?;
    let mut bytes = zeroed(len as u64).map_err(|e| Fault::io("its pixels", &e))?;
    reader.next_frame(&mut bytes).map_err(|e| damaged(&e))?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    if bits < 8 {
        let row = (width * channels * usize::from(bits)).div_ceil(8);
        let rows = bytes.chunks_exact(row).take(height);
        bytes = rows.flat_map(|r| (0..width * channels).map(move |i| unpack(r, i, bits) as u8)).collect();
    }
    colour.reduce(Plane::from_bytes(&bytes, scalar, ByteOrder::Big)?, channels)
}
