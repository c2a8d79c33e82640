//! Pixels of one TIFF page.

use std::io::{Read, Seek, SeekFrom};

use tiff::decoder::{Decoder, DecodingResult, Limits};

use super::error::Fault;
use super::options::ByteOrder;
use super::sample::{Plane, Scalar};
use super::source::{Source, SourceReader, zeroed};
use super::tiff_codec::{Codec, undo_differences, undo_float_differences};
use super::tiff_page::{Page, Predictor, sample_order};

impl Page {
    /// Decodes the page to one value per pixel.
    ///
    /// # Errors
    /// A fault for data that are cut short or damaged; nothing is filled in.
    pub(super) fn decode(&self, source: &Source) -> Result<Plane, Fault> {
        self.check_extent(source)?;
        let bytes = match self.codec {
            Codec::Crate(_) => self.by_crate(source)?,
            _ => self.raster(source)?,
        };
        let order = if self.is_packed() { NATIVE_ORDER } else { sample_order(self) };
        let plane = Plane::from_bytes(&bytes, self.scalar, order)?;
        drop(bytes);
        let plane = if self.white_is_zero && self.codec != Codec::Crate(4) { self.invert(plane) } else { plane };
        self.colour.reduce(plane, self.channels)
    }

    /// Whether samples do not fill whole bytes.
    const fn is_packed(&self) -> bool {
        !self.bits.is_multiple_of(8)
    }

    /// All samples of the page, channels interleaved, rows without gaps.
    fn raster(&self, source: &Source) -> Result<Vec<u8>, Fault> {
        let width = self.scalar.bytes();
        let total = (self.width * self.height).saturating_mul(self.channels * width);
        let mut raster = zeroed(total as u64).map_err(|e| Fault::io("its pixels", &e))?;
        let (across, down) = self.grid();
        for index in 0..self.chunks.len() {
            let (column, row, plane) = (index % across, index / across % down, index / (across * down));
            let rows = self.chunk_rows(row);
            let stored_width = if self.tiled { self.chunk.0 } else { self.width };
            let row_bytes = self.row_bytes(stored_width);
            let chunk = self.chunk(source, index, row_bytes.saturating_mul(rows as u64))?;
            let (x0, y0) = (column * self.chunk.0, row * self.chunk.1);
            let columns = stored_width.min(self.width - x0);
            // Fits: a chunk of that many bytes is in memory.
            let stored_rows = chunk.chunks_exact(row_bytes as usize);
            for (y, stored) in (y0..self.height.min(y0 + rows)).zip(stored_rows) {
                let at = (y * self.width + x0) * self.channels * width;
                let target = &mut raster[at..at + columns * self.channels * width];
                self.place(stored, target, plane);
            }
        }
        Ok(raster)
    }

    /// One chunk, decompressed, its predictor undone.
    fn chunk(&self, source: &Source, index: usize, len: u64) -> Result<Vec<u8>, Fault> {
        let (offset, count) = self.chunk_extent(source, index);
        let mut data = source.bytes_at(offset, count).map_err(|e| Fault::io("its pixels", &e))?;
        if self.reversed_bits {
            data.iter_mut().for_each(|b| *b = b.reverse_bits());
        }
        let mut chunk = self.codec.decompress(data, len)?;
        let channels = if self.planar { 1 } else { self.channels };
        let width = self.scalar.bytes();
        let row = self.row_bytes(if self.tiled { self.chunk.0 } else { self.width }) as usize;
        match self.predictor {
            Predictor::None => {}
            Predictor::Horizontal => {
                chunk.chunks_exact_mut(row).for_each(|r| undo_differences(r, width, channels, self.header.order));
            }
            Predictor::Float => chunk.chunks_exact_mut(row).for_each(|r| undo_float_differences(r, width, channels)),
        }
        Ok(chunk)
    }

    /// Puts a stored row into the interleaved row `target`.
    fn place(&self, stored: &[u8], target: &mut [u8], plane: usize) {
        let width = self.scalar.bytes();
        let (step, from) = if self.planar { (self.channels * width, plane * width) } else { (width, 0) };
        if self.is_packed() {
            for (i, sample) in target.chunks_exact_mut(step).enumerate() {
                let value = unpack(stored, i, self.bits).to_ne_bytes();
                let value = if width == 1 { &value[LOW_BYTE..=LOW_BYTE] } else { &value[..] };
                sample[from..from + width].copy_from_slice(value);
            }
        } else if self.planar {
            for (sample, value) in target.chunks_exact_mut(step).zip(stored.chunks_exact(width)) {
                sample[from..from + width].copy_from_slice(value);
            }
        } else {
            let n = target.len();
            target.copy_from_slice(&stored[..n]);
        }
    }

    /// Values of a page on which 0 is white. Signed and floating-point samples have no white and stay.
    fn invert(&self, plane: Plane) -> Plane {
        match plane {
            Plane::U8(v) => {
                let white = ((1u16 << self.bits.min(8)) - 1) as u8;
                Plane::U8(v.into_iter().map(|s| white - s).collect())
            }
            Plane::U16(v) => {
                let white = ((1u32 << self.bits.min(16)) - 1) as u16;
                Plane::U16(v.into_iter().map(|s| white - s).collect())
            }
            Plane::U32(v) => Plane::U32(v.into_iter().map(|s| u32::MAX - s).collect()),
            other => other,
        }
    }

    /// JPEG and CCITT fax by the `tiff` crate.
    fn by_crate(&self, source: &Source) -> Result<Vec<u8>, Fault> {
        if self.codec == Codec::Crate(7) {
            self.check_jpeg_ends(source)?;
        }
        let damaged = |e: tiff::TiffError| Fault::new(format!("damaged {} data: {e}", self.codec.name()));
        let mut limits = Limits::default();
        // The extent check bounded what the page can claim; the crate's own limits are below common slices.
        let total = self.plane_bytes().saturating_mul(8).min(isize::MAX as u64) as usize;
        limits.decoding_buffer_size = total;
        limits.intermediate_buffer_size = total;
        let mut decoder = Decoder::new(FirstPage::new(source, self)).map_err(damaged)?.with_limits(limits);
        let DecodingResult::U8(bytes) = decoder.read_image().map_err(damaged)? else {
            return Err(Fault::new(format!("its {} data do not hold 8-bit samples", self.codec.name())));
        };
        let pixels = self.width * self.height * self.channels;
        let row = self.row_bytes(self.width) as usize;
        if self.is_packed() && bytes.len() == row * self.height {
            let rows = bytes.chunks_exact(row);
            let unpacked = rows.flat_map(|r| (0..self.width).map(move |i| unpack(r, i, self.bits) as u8));
            return Ok(unpacked.collect());
        }
        if bytes.len() != pixels {
            return Err(Fault::new(format!(
                "its {} data hold {} samples instead of {pixels}",
                self.codec.name(),
                bytes.len()
            )));
        }
        Ok(bytes)
    }

    /// A JPEG decoder paints missing data grey, so its end marker is looked for first.
    fn check_jpeg_ends(&self, source: &Source) -> Result<(), Fault> {
        for index in 0..self.chunks.len() {
            let (offset, count) = self.chunk_extent(source, index);
            let data = source.bytes_at(offset, count).map_err(|e| Fault::io("its pixels", &e))?;
            let end = data.iter().rposition(|&b| b != 0).unwrap_or(0);
            if end == 0 || data[end - 1..=end] != [0xff, 0xd9] {
                return Err(Fault::new("truncated: its JPEG data have no end marker"));
            }
        }
        Ok(())
    }
}

const NATIVE_ORDER: ByteOrder = if cfg!(target_endian = "big") { ByteOrder::Big } else { ByteOrder::Little };
const LOW_BYTE: usize = if cfg!(target_endian = "big") { 1 } else { 0 };

/// Sample `index` of a row packed from the most significant bit on; at most 16 bits.
pub(super) fn unpack(row: &[u8], index: usize, bits: u16) -> u16 {
    let bits = usize::from(bits);
    let first = index * bits;
    let byte = |i: usize| u32::from(row.get(i).copied().unwrap_or(0));
    let at = first / 8;
    let window = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    (window >> (24 - first % 8 - bits) & ((1 << bits) - 1)) as u16
}

/// The stored type as the report names it, such as `u12` or `u8 rgb`.
pub(super) fn stored_name(page: &Page) -> String {
    let base = match page.scalar {
        Scalar::U8 | Scalar::U16 if page.is_packed() => format!("u{}", page.bits),
        scalar => scalar.name().to_owned(),
    };
    format!("{base}{}", page.colour.suffix())
}

/// The file as if `page` were its first: the offset in the header is replaced while reading.
/// It spares the `tiff` crate the walk along the directories before the page.
struct FirstPage {
    inner: SourceReader,
    patch: Vec<u8>,
    patch_at: u64,
}

impl FirstPage {
    fn new(source: &Source, page: &Page) -> Self {
        let (patch_at, width) = if page.header.big { (8, 8) } else { (4, 4) };
        let mut patch = page.offset.to_le_bytes()[..width].to_vec();
        if page.header.order == ByteOrder::Big {
            patch.reverse();
        }
        FirstPage { inner: source.reader(), patch, patch_at }
    }
}

impl Read for FirstPage {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let from = self.inner.stream_position()?;
        let n = self.inner.read(buffer)?;
        for (i, byte) in buffer[..n].iter_mut().enumerate() {
            let at = from + i as u64;
            if at >= self.patch_at
                && let Some(&patched) = self.patch.get((at - self.patch_at) as usize)
            {
                *byte = patched;
            }
            if at >= self.patch_at + 8 {
                break;
            }
        }
        Ok(n)
    }
}

impl Seek for FirstPage {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}
