//! One TIFF page: what its tags promise, checked before a pixel is read.

use super::colour::Colour;
use super::error::Fault;
use super::options::ByteOrder;
use super::sample::Scalar;
use super::source::Source;
use super::tiff_codec::Codec;
use super::tiff_ifd::{Directory, TiffHeader};

pub(super) const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
pub(super) const DESCRIPTION: u16 = 270;
const STRIP_OFFSETS: u16 = 273;
const SAMPLES: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const STRIP_COUNTS: u16 = 279;
const PLANAR: u16 = 284;
const PREDICTOR: u16 = 317;
const COLOUR_MAP: u16 = 320;
const TILE_WIDTH: u16 = 322;
const TILE_HEIGHT: u16 = 323;
const TILE_OFFSETS: u16 = 324;
const TILE_COUNTS: u16 = 325;
const SAMPLE_FORMAT: u16 = 339;
const METAMORPH_STACK: u16 = 33629;

/// Differences between neighbours that a page stores instead of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Horizontal,
    Float,
}

/// One page, ready to be decoded.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// Layout of the file.
    pub(super) header: TiffHeader,
    /// Where the directory lies.
    pub(super) offset: u64,
    /// Columns.
    pub(super) width: usize,
    /// Rows.
    pub(super) height: usize,
    /// Samples per pixel.
    pub(super) channels: usize,
    /// Bits per stored sample.
    pub(super) bits: u16,
    /// Type of a sample after unpacking bits.
    pub(super) scalar: Scalar,
    /// How channels become one.
    pub(super) colour: Colour,
    /// Whether 0 is white.
    pub(super) white_is_zero: bool,
    /// Whether each channel is stored by itself.
    pub(super) planar: bool,
    /// Stored differences.
    pub(super) predictor: Predictor,
    /// Whether the bits of every byte are reversed.
    pub(super) reversed_bits: bool,
    /// Compression.
    pub(super) codec: Codec,
    /// Width and height of a strip or tile.
    pub(super) chunk: (usize, usize),
    /// Whether chunks are tiles, which are always stored whole.
    pub(super) tiled: bool,
    /// Place and length of every chunk.
    pub(super) chunks: Vec<(u64, u64)>,
}

impl Page {
    /// Interprets the directory at `offset`.
    ///
    /// # Errors
    /// A fault for everything that cannot be decoded, in words that say what would help.
    pub(super) fn read(source: &Source, header: TiffHeader, offset: u64) -> Result<(Self, Directory), Fault> {
        let tags = header.directory(source, offset)?;
        let (width, height) = size(&tags)?;
        let codec = Codec::of_tag(tags.first(COMPRESSION).unwrap_or(1))?;
        if tags.has(METAMORPH_STACK) {
            return Err(Fault::new("is a MetaMorph stack (.stk): open it in Fiji and save it as TIFF"));
        }
        let channels = tags.first(SAMPLES).unwrap_or(1);
        let bits = same(&tags, BITS, 1)?;
        let format = same(&tags, SAMPLE_FORMAT, 1)?;
        let scalar = scalar(bits, format)?;
        let (colour, white_is_zero) = colour(&tags, channels, scalar, codec)?;
        let planar = tags.first(PLANAR) == Some(2) && channels > 1;
        let predictor = match tags.first(PREDICTOR).unwrap_or(1) {
            _ if !codec.has_predictor() => Predictor::None,
            1 => Predictor::None,
            2 if bits % 8 == 0 => Predictor::Horizontal,
            3 if format == 3 => Predictor::Float,
            n => {
                return Err(Fault::new(format!(
                    "its predictor {n} with {bits}-bit samples cannot be undone: open it in Fiji and save it as TIFF"
                )));
            }
        };
        let (chunk, tiled) = chunk_size(&tags, width, height)?;
        let mut page = Page {
            header,
            offset,
            width,
            height,
            // Fits: the colour check allows only a few.
            channels: channels as usize,
            bits: bits as u16,
            scalar,
            colour,
            white_is_zero,
            planar,
            predictor,
            reversed_bits: tags.first(FILL_ORDER) == Some(2) && !matches!(codec, Codec::Crate(_)),
            codec,
            chunk,
            tiled,
            chunks: Vec::new(),
        };
        page.chunks = page.chunk_table(&tags)?;
        Ok((page, tags))
    }

    /// Bytes of one stored row of `width` pixels in one chunk.
    pub(super) fn row_bytes(&self, width: usize) -> u64 {
        let channels = if self.planar { 1 } else { self.channels as u64 };
        (width as u64).saturating_mul(channels).saturating_mul(u64::from(self.bits)).div_ceil(8)
    }

    /// Bytes of the page's samples when stored without compression.
    pub(super) fn plane_bytes(&self) -> u64 {
        let planes = if self.planar { self.channels as u64 } else { 1 };
        self.row_bytes(self.width).saturating_mul(self.height as u64).saturating_mul(planes)
    }

    /// Chunks across and down.
    pub(super) const fn grid(&self) -> (usize, usize) {
        (self.width.div_ceil(self.chunk.0), self.height.div_ceil(self.chunk.1))
    }

    /// Rows stored in the chunk of grid row `row`.
    pub(super) const fn chunk_rows(&self, row: usize) -> usize {
        let left = self.height - row * self.chunk.1;
        if self.tiled || left > self.chunk.1 { self.chunk.1 } else { left }
    }

    /// Offsets and lengths of all chunks.
    fn chunk_table(&self, tags: &Directory) -> Result<Vec<(u64, u64)>, Fault> {
        let (what, offsets, counts) =
            if self.tiled { ("tile", TILE_OFFSETS, TILE_COUNTS) } else { ("strip", STRIP_OFFSETS, STRIP_COUNTS) };
        let offsets =
            tags.uints(offsets).ok_or_else(|| Fault::new(format!("truncated or damaged: it has no {what} offsets")))?;
        let (across, down) = self.grid();
        let planes = if self.planar { self.channels } else { 1 };
        let need = across.checked_mul(down).and_then(|n| n.checked_mul(planes)).unwrap_or(usize::MAX);
        if offsets.len() < need {
            return Err(Fault::new(format!(
                "truncated or damaged: it lists {} of the {need} {what}s of {}x{} pixels",
                offsets.len(),
                self.width,
                self.height
            )));
        }
        let counts = match tags.uints(counts) {
            Some(counts) if counts.len() >= need => counts,
            _ if self.codec == Codec::None || need == 1 => Vec::new(),
            _ => return Err(Fault::new(format!("truncated or damaged: it does not say how long its {what}s are"))),
        };
        Ok((0..need).map(|i| (offsets[i], counts.get(i).copied().unwrap_or(u64::MAX))).collect())
    }

    /// Checks that every chunk lies inside of the file and can hold what it claims, without reading any.
    pub(super) fn check_extent(&self, source: &Source) -> Result<(), Fault> {
        let len = source.len();
        let mut stored = 0u64;
        for index in 0..self.chunks.len() {
            let (offset, count) = self.chunk_extent(source, index);
            if offset.checked_add(count).is_none_or(|end| end > len) || offset == 0 {
                // The same for every slice of a file, so that they are told as a range.
                return Err(Fault::new(format!("truncated: pixels lie beyond its end, the file has {len} bytes")));
            }
            stored = stored.saturating_add(count);
        }
        let need = self.plane_bytes();
        if stored.saturating_mul(self.codec.max_ratio()) < need {
            return Err(Fault::new(format!(
                "truncated or damaged: it claims {}x{} pixels, {need} bytes, and stores {stored} bytes of {} data",
                self.width,
                self.height,
                if self.codec == Codec::None { "uncompressed" } else { self.codec.name() }
            )));
        }
        Ok(())
    }

    /// Place and length of a chunk. Without compression the length follows from the size;
    /// the one in the file is unreliable beyond 4 GB and in files of older writers.
    pub(super) fn chunk_extent(&self, source: &Source, index: usize) -> (u64, u64) {
        let (offset, count) = self.chunks[index];
        let (across, down) = self.grid();
        if self.codec == Codec::None {
            let rows = self.chunk_rows(index / across % down) as u64;
            (offset, self.row_bytes(if self.tiled { self.chunk.0 } else { self.width }).saturating_mul(rows))
        } else if count == u64::MAX {
            (offset, source.len().saturating_sub(offset))
        } else {
            (offset, count)
        }
    }
}

fn size(tags: &Directory) -> Result<(usize, usize), Fault> {
    let edge = |tag| tags.first(tag).and_then(|n| usize::try_from(n).ok());
    match (edge(WIDTH), edge(HEIGHT)) {
        (Some(0), _) | (_, Some(0)) => Err(Fault::new("its width or height is 0: there are no pixels")),
        (Some(width), Some(height)) => {
            if width.checked_mul(height).and_then(|n| n.checked_mul(64)).is_none_or(|n| n > isize::MAX as usize) {
                return Err(Fault::new(format!("its size of {width}x{height} pixels is beyond any memory")));
            }
            Ok((width, height))
        }
        _ => Err(Fault::new("truncated or damaged: it does not state its width and height")),
    }
}

/// The value of a per-channel tag that must be the same for all channels.
fn same(tags: &Directory, tag: u16, default: u64) -> Result<u64, Fault> {
    let values = tags.uints(tag).unwrap_or_default();
    let first = values.first().copied().unwrap_or(default);
    if values.iter().any(|&v| v != first) {
        return Err(Fault::new(format!(
            "its channels have different types (tag {tag}: {values:?}): open it in Fiji and save one channel as TIFF"
        )));
    }
    Ok(first)
}

fn scalar(bits: u64, format: u64) -> Result<Scalar, Fault> {
    Ok(match (format, bits) {
        (1 | 4, 1..=8) => Scalar::U8,
        (1 | 4, 9..=16) => Scalar::U16,
        (1 | 4, 32) => Scalar::U32,
        (1 | 4, 64) => Scalar::U64,
        (2, 8) => Scalar::I8,
        (2, 16) => Scalar::I16,
        (2, 32) => Scalar::I32,
        (2, 64) => Scalar::I64,
        (3, 16) => Scalar::F16,
        (3, 32) => Scalar::F32,
        (3, 64) => Scalar::F64,
        _ => {
            let kind = match format {
                1 | 4 => "unsigned",
                2 => "signed",
                3 => "floating-point",
                5 | 6 => "complex",
                _ => "unknown",
            };
            return Err(Fault::new(format!(
                "its samples of {bits} bits ({kind}) cannot be read: save it with 8, 16 or 32 bits"
            )));
        }
    })
}

fn colour(tags: &Directory, channels: u64, scalar: Scalar, codec: Codec) -> Result<(Colour, bool), Fault> {
    let photometric = tags.first(PHOTOMETRIC).unwrap_or(1);
    let refuse = |what: &str| {
        Err(Fault::new(format!("{what} cannot be reduced to grey values: convert it to 8- or 16-bit grey in Fiji")))
    };
    if channels == 0 || channels > 64 {
        return refuse(&format!("its {channels} samples per pixel"));
    }
    match (photometric, channels) {
        (0 | 1 | 4, 1) => Ok((Colour::Grey, photometric == 0)),
        (0 | 1, 2) => Ok((Colour::GreyAlpha, photometric == 0)),
        (2, 3) => Ok((Colour::Rgb, false)),
        (2, 4..=8) => Ok((Colour::Rgba, false)),
        // JPEG data are turned into RGB by their decoder.
        (6, 3) if codec == Codec::Crate(7) => Ok((Colour::Rgb, false)),
        (3, 1) => match (tags.uints(COLOUR_MAP), scalar) {
            (Some(map), Scalar::U8 | Scalar::U16) if map.len() % 3 == 0 && !map.is_empty() => {
                let n = map.len() / 3;
                let wide = map.iter().any(|&v| v > 255);
                // Some writers store 8-bit maps although the format asks for 16 bits.
                let byte = |v: u64| if wide { (v >> 8) as u8 } else { v as u8 };
                Ok((Colour::palette((0..n).map(|i| [byte(map[i]), byte(map[n + i]), byte(map[2 * n + i])])), false))
            }
            _ => Err(Fault::new("truncated or damaged: it is a palette image without a usable palette")),
        },
        (5, _) => refuse("its CMYK colours"),
        (6, _) => refuse("its YCbCr colours"),
        (8..=10, _) => refuse("its CIE L*a*b* colours"),
        (32803 | 34892, _) => refuse("its raw camera mosaic"),
        _ => refuse(&format!("its {channels} samples per pixel with photometric interpretation {photometric}")),
    }
}

fn chunk_size(tags: &Directory, width: usize, height: usize) -> Result<((usize, usize), bool), Fault> {
    let edge = |tag| tags.first(tag).and_then(|n| usize::try_from(n).ok());
    if tags.has(TILE_OFFSETS) || tags.has(TILE_WIDTH) {
        // Tiles are multiples of 16; anything above 64k pixels per edge is damage.
        return match (edge(TILE_WIDTH), edge(TILE_HEIGHT)) {
            (Some(w @ 1..=65536), Some(h @ 1..=65536)) => Ok(((w, h), true)),
            other => Err(Fault::new(format!("damaged: its tile size {other:?} makes no sense"))),
        };
    }
    let rows = edge(ROWS_PER_STRIP).unwrap_or(height).clamp(1, height);
    Ok(((width, rows), false))
}

/// The byte order that samples have after decompression.
pub(super) const fn sample_order(page: &Page) -> ByteOrder {
    match page.predictor {
        Predictor::Float => ByteOrder::Big,
        Predictor::None | Predictor::Horizontal => page.header.order,
    }
}

impl Page {
    /// Slice `index` of an uncompressed stack whose slices follow one another without directories of their own.
    pub(super) fn contiguous(mut self, index: u64) -> Self {
        let first = self.chunks.first().map_or(0, |c| c.0);
        let bytes = self.plane_bytes();
        let offset = index.checked_mul(bytes).and_then(|n| n.checked_add(first)).unwrap_or(u64::MAX);
        self.chunk = (self.width, self.height);
        self.chunks = vec![(offset, bytes)];
        self
    }

    /// Whether further slices could follow the pixels of this page: one run of uncompressed bytes.
    pub(super) fn is_one_run(&self, source: &Source) -> bool {
        self.codec == Codec::None
            && !self.planar
            && !self.tiled
            && (1..self.chunks.len()).all(|i| {
                let (offset, bytes) = self.chunk_extent(source, i - 1);
                offset.checked_add(bytes) == Some(self.chunks[i].0)
            })
    }
}
