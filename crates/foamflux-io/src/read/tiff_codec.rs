//! Undoing TIFF compression and predictors, chunk by chunk.
//!
//! Sources: TIFF 6.0 sections 9 (PackBits), 13 (LZW), 14 (differencing predictor);
//! Adobe Photoshop TIFF Technical Notes (2002) for Deflate; TIFF Technical Note 3 for the floating-point predictor.
//!
//! A chunk must give exactly the bytes that its size promises: codecs that stop early are a truncation, never zeros.

use std::io::Read;

use super::error::Fault;
use super::options::ByteOrder;
use super::source::zeroed;

/// Compression of a TIFF page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    None,
    PackBits,
    Lzw,
    Deflate,
    Zstd,
    /// Decoded by the `tiff` crate: JPEG (7) and CCITT fax group 4 (4).
    Crate(u16),
}

impl Codec {
    /// The codec with this tag value.
    ///
    /// # Errors
    /// A name and a remedy for those that cannot be decoded.
    pub(super) fn of_tag(value: u64) -> Result<Self, Fault> {
        let name = match value {
            1 => return Ok(Codec::None),
            32773 => return Ok(Codec::PackBits),
            5 => return Ok(Codec::Lzw),
            8 | 32946 => return Ok(Codec::Deflate),
            50000 => return Ok(Codec::Zstd),
            7 => return Ok(Codec::Crate(7)),
            4 => return Ok(Codec::Crate(4)),
            2 | 3 => "CCITT fax group 3",
            6 => "old-style JPEG",
            34887 => "LERC",
            34925 => "LZMA",
            33003 | 33005 | 34712 => "JPEG 2000",
            50001 | 34927 => "WebP",
            50002 | 52546 => "JPEG XL",
            22610 | 34934 | 48124 => "JPEG XR",
            _ => "unknown",
        };
        Err(Fault::new(format!(
            "its compression {value} ({name}) cannot be decoded: open it in Fiji and save it as TIFF, \
             or convert it with `tiffcp -c none` of libtiff"
        )))
    }

    /// Name for the report.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Codec::None => "none",
            Codec::PackBits => "PackBits",
            Codec::Lzw => "LZW",
            Codec::Deflate => "Deflate",
            Codec::Zstd => "Zstandard",
            Codec::Crate(7) => "JPEG",
            Codec::Crate(_) => "CCITT fax group 4",
        }
    }

    /// The most bytes that one compressed byte can stand for.
    /// An image that claims more is damaged or malicious, and nothing is allocated for it.
    ///
    /// PackBits: 128 from 2 bytes. Deflate: 1032 (zlib's technical notes). LZW: 4096 from at least 9 bits.
    /// Zstandard (128 KiB from a 4-byte block), JPEG and fax have no small limit; 2^18 is far above any image.
    pub(super) const fn max_ratio(self) -> u64 {
        match self {
            Codec::None => 1,
            Codec::PackBits => 64,
            Codec::Deflate => 1040,
            Codec::Lzw => 4096,
            Codec::Zstd | Codec::Crate(_) => 1 << 18,
        }
    }

    /// Whether predictors apply. Uncompressed data with a predictor tag are stored as they are in libtiff's reading,
    /// JPEG and fax know none.
    pub(super) const fn has_predictor(self) -> bool {
        matches!(self, Codec::PackBits | Codec::Lzw | Codec::Deflate | Codec::Zstd)
    }

    /// Exactly `len` bytes from compressed `data`; what follows them is ignored.
    pub(super) fn decompress(self, data: Vec<u8>, len: u64) -> Result<Vec<u8>, Fault> {
        if (data.len() as u64).saturating_mul(self.max_ratio()) < len {
            return Err(Fault::new(format!(
                "truncated or damaged: {} bytes of {} data cannot hold the {len} bytes of pixels it claims",
                data.len(),
                self.name()
            )));
        }
        if self == Codec::None {
            let mut data = data;
            // Fits: not more than the vector's length.
            data.truncate(len as usize);
            return Ok(data);
        }
        let mut out = zeroed(len).map_err(|e| Fault::io("pixel data", &e))?;
        let filled = match self {
            Codec::PackBits => packbits(&data, &mut out),
            Codec::Lzw => lzw(&data, &mut out)?,
            Codec::Deflate => fill(flate2::read::ZlibDecoder::new(&data[..]), &mut out, self)?,
            Codec::Zstd => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(&data[..])
                    .map_err(|e| Fault::new(format!("truncated or damaged Zstandard data: {e}")))?;
                fill(decoder, &mut out, self)?
            }
            Codec::None | Codec::Crate(_) => 0,
        };
        if filled < out.len() {
            return Err(Fault::new(format!(
                "truncated: its {} data end after {filled} of {len} bytes of pixels",
                self.name()
            )));
        }
        Ok(out)
    }
}

/// Reads until `out` is full or the data end; the number of bytes read.
fn fill(mut reader: impl Read, out: &mut [u8], codec: Codec) -> Result<usize, Fault> {
    let mut filled = 0;
    while filled < out.len() {
        match reader.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(e) => return Err(Fault::new(format!("truncated or damaged {} data: {e}", codec.name()))),
        }
    }
    Ok(filled)
}

fn packbits(data: &[u8], out: &mut [u8]) -> usize {
    let (mut from, mut filled) = (0, 0);
    while filled < out.len() && from < data.len() {
        let head = data[from] as i8;
        from += 1;
        if head >= 0 {
            let n = (head as usize + 1).min(out.len() - filled).min(data.len() - from);
            out[filled..filled + n].copy_from_slice(&data[from..from + n]);
            from += n;
            filled += n;
        } else if head != -128 {
            let Some(&value) = data.get(from) else { break };
            from += 1;
            let n = (1 + usize::from(head.unsigned_abs())).min(out.len() - filled);
            out[filled..filled + n].fill(value);
            filled += n;
        }
    }
    filled
}

fn lzw(data: &[u8], out: &mut [u8]) -> Result<usize, Fault> {
    if data.len() > 1 && data[0] == 0 && data[1] & 1 == 1 {
        return Err(Fault::new(
            "its LZW data have the bit order of TIFF 5 and older, which is not supported: open it in Fiji and save it as TIFF",
        ));
    }
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    let (mut from, mut filled) = (0, 0);
    while filled < out.len() {
        let step = decoder.decode_bytes(&data[from..], &mut out[filled..]);
        from += step.consumed_in;
        filled += step.consumed_out;
        match step.status {
            Ok(weezl::LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            Ok(_) => break,
            Err(e) => return Err(Fault::new(format!("damaged LZW data: {e}"))),
        }
    }
    Ok(filled)
}

/// Undoes predictor 2: every sample is the difference to the one before it in its row and channel.
/// `row` is one row of `channels` interleaved samples of `width` bytes each, in the file's byte order.
pub(super) fn undo_differences(row: &mut [u8], width: usize, channels: usize, order: ByteOrder) {
    let step = width * channels;
    for at in (step..row.len()).step_by(width) {
        let mut carry = 0u16;
        for k in 0..width.min(row.len() - at) {
            let byte = if order == ByteOrder::Little { k } else { width - 1 - k };
            let sum = u16::from(row[at + byte]) + u16::from(row[at - step + byte]) + carry;
            row[at + byte] = sum as u8;
            carry = sum >> 8;
        }
    }
}

/// Undoes predictor 3: the bytes of the row's floats were sorted by significance, then differenced.
/// The result is big-endian whatever the file's byte order is.
pub(super) fn undo_float_differences(row: &mut [u8], width: usize, channels: usize) {
    for at in channels..row.len() {
        row[at] = row[at].wrapping_add(row[at - channels]);
    }
    let sorted = row.to_vec();
    let samples = row.len() / width;
    for (i, sample) in row.chunks_exact_mut(width).enumerate() {
        for (k, byte) in sample.iter_mut().enumerate() {
            *byte = sorted[k * samples + i];
        }
    }
}
