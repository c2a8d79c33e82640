//! Multi-page TIFF that ImageJ and Fiji open with the right voxel size.
//!
//! One page per slice, Deflate in strips of some 256 KiB, no predictor: ImageJ ignores the predictor of
//! Deflate strips and would show garbage, and an uncompressed file whose description states its number of
//! images is read by ImageJ as one contiguous block, which pages are not.
//! Files begin as classic TIFF, which ImageJ itself opens, and start again as BigTIFF only when the
//! *compressed* size outgrows four gigabytes; Fiji opens those through Bio-Formats.
//! ImageJ 1.54u itself opens every sample type but `f64`, and shows `i8` as unsigned: Bio-Formats, tifffile
//! and libtiff read those two.

use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use foamflux_grid::SampleType;
use rayon::prelude::*;
use tiff::TiffError;
use tiff::encoder::{DirectoryEncoder, Rational, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard};
use tiff::tags::{CompressionMethod, PhotometricInterpretation, ResolutionUnit, SampleFormat, Tag};

use super::imagej::{self, Calibration};
use super::{Grid, WriteError, atomic, deflate};

/// Uncompressed size of a strip: small enough to compress slices in parallel, large enough to compress well.
const STRIP_BYTES: usize = 256 << 10;

/// Uncompressed size of what is compressed at a time.
const BATCH_BYTES: usize = 32 << 20;

/// Strip data a classic TIFF may hold: its 32-bit offsets, less room for a million pages' directories.
const CLASSIC_BYTES: u64 = (u32::MAX as u64) - (256 << 20);

pub(super) fn write(path: &Path, grid: &Grid<'_>) -> Result<(), WriteError> {
    let calibration = imagej::calibration(path, grid.voxel_size)?;
    let pages = Pages::new(path, grid, calibration)?;
    atomic::sink_atomically(path, |sink| pages.write(sink))
}

/// The pages of one file.
pub(super) struct Pages<'a> {
    grid: &'a Grid<'a>,
    width: u32,
    height: u32,
    rows_per_strip: u32,
    calibration: Option<Calibration>,
}

/// Why encoding ended early.
enum Stop {
    /// A classic TIFF cannot hold the data.
    Outgrown,
    Failed(io::Error),
}

impl From<TiffError> for Stop {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::IntSizeError => Stop::Outgrown,
            TiffError::IoError(error) => Stop::Failed(error),
            other => Stop::Failed(io::Error::other(other)),
        }
    }
}

impl<'a> Pages<'a> {
    /// The pages of `grid`; `path` is what errors name.
    pub(super) fn new(path: &Path, grid: &'a Grid<'a>, calibration: Option<Calibration>) -> Result<Self, WriteError> {
        let shape = grid.shape;
        let (Ok(width), Ok(height)) = (u32::try_from(shape.x), u32::try_from(shape.y)) else {
            return Err(WriteError::TooLarge { path: path.to_owned(), format: "TIFF", shape });
        };
        let row = shape.x * grid.sample.bytes();
        let rows_per_strip = (STRIP_BYTES / row).clamp(1, shape.y) as u32;
        Ok(Pages { grid, width, height, rows_per_strip, calibration })
    }

    pub(super) fn write<W: Write + Seek>(&self, sink: &mut W) -> io::Result<()> {
        self.write_within(sink, CLASSIC_BYTES)
    }

    /// Writes a classic TIFF while its strips take at most `classic` bytes, otherwise a BigTIFF.
    fn write_within<W: Write + Seek>(&self, sink: &mut W, classic: u64) -> io::Result<()> {
        match self.encode::<W, TiffKindStandard>(sink, classic) {
            Err(Stop::Outgrown) => {}
            Err(Stop::Failed(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
        // What was written is shorter than what is coming, so that nothing of it remains.
        sink.seek(SeekFrom::Start(0))?;
        self.encode::<W, TiffKindBig>(sink, u64::MAX).map_err(|stop| match stop {
            Stop::Outgrown => io::Error::from(io::ErrorKind::FileTooLarge),
            Stop::Failed(error) => error,
        })
    }

    fn encode<W: Write + Seek, K: TiffKind>(&self, sink: &mut W, limit: u64) -> Result<(), Stop> {
        let mut encoder = TiffEncoder::<_, K>::new_generic(sink)?;
        let slices = self.grid.shape.z;
        let slices_per_batch = (BATCH_BYTES / self.slice_bytes()).max(1);
        let mut written = 0u64;
        for first in (0..slices).step_by(slices_per_batch) {
            let batch = first..slices.min(first + slices_per_batch);
            let strips = self.compress(batch.clone()).map_err(Stop::Failed)?;
            written += strips.iter().map(|s| s.len() as u64).sum::<u64>();
            if written > limit {
                return Err(Stop::Outgrown);
            }
            for (z, page) in batch.zip(strips.chunks(self.strips_per_slice())) {
                self.page(encoder.image_directory()?, z, page)?;
            }
        }
        Ok(())
    }

    /// Writes the strips and tags of slice `z`.
    fn page<W: Write + Seek, K: TiffKind>(
        &self,
        mut page: DirectoryEncoder<'_, W, K>,
        z: usize,
        strips: &[Vec<u8>],
    ) -> Result<(), Stop> {
        let mut offsets = Vec::with_capacity(strips.len());
        let mut lengths = Vec::with_capacity(strips.len());
        for strip in strips {
            offsets.push(K::convert_offset(page.write_data(strip.as_slice())?)?);
            lengths.push(K::convert_offset(strip.len() as u64)?);
        }
        let sample = self.grid.sample;
        page.write_tag(Tag::ImageWidth, self.width)?;
        page.write_tag(Tag::ImageLength, self.height)?;
        page.write_tag(Tag::BitsPerSample, 8 * sample.bytes() as u16)?;
        page.write_tag(Tag::Compression, CompressionMethod::Deflate.to_u16())?;
        page.write_tag(Tag::PhotometricInterpretation, PhotometricInterpretation::BlackIsZero.to_u16())?;
        page.write_tag(Tag::SamplesPerPixel, 1u16)?;
        page.write_tag(Tag::RowsPerStrip, self.rows_per_strip)?;
        page.write_tag(Tag::StripOffsets, K::convert_slice(&offsets))?;
        page.write_tag(Tag::StripByteCounts, K::convert_slice(&lengths))?;
        page.write_tag(Tag::SampleFormat, sample_format(sample).to_u16())?;
        if z == 0 {
            let range = imagej::display_range(self.grid);
            let text = imagej::description(self.grid.shape.z, self.calibration.as_ref(), range);
            page.write_tag(Tag::ImageDescription, text.as_str())?;
            page.write_tag(Tag::Software, concat!("foamflux ", env!("CARGO_PKG_VERSION")))?;
        }
        if let Some(c) = &self.calibration {
            page.write_tag(Tag::XResolution, Rational { n: c.x.0, d: c.x.1 })?;
            page.write_tag(Tag::YResolution, Rational { n: c.y.0, d: c.y.1 })?;
            page.write_tag(Tag::ResolutionUnit, ResolutionUnit::None.to_u16())?;
        }
        Ok(page.finish()?)
    }

    /// The compressed strips of some slices, in file order.
    fn compress(&self, slices: Range<usize>) -> io::Result<Vec<Vec<u8>>> {
        let slice_bytes = self.slice_bytes();
        let strip_bytes = self.rows_per_strip as usize * self.grid.shape.x * self.grid.sample.bytes();
        let level = deflate::level(self.grid.sample);
        self.grid.native[slices.start * slice_bytes..slices.end * slice_bytes]
            .chunks_exact(slice_bytes)
            .flat_map(|slice| slice.chunks(strip_bytes))
            .collect::<Vec<_>>()
            .par_iter()
            .map(|strip| deflate::zlib(strip, level))
            .collect()
    }

    fn slice_bytes(&self) -> usize {
        self.grid.shape.y * self.grid.shape.x * self.grid.sample.bytes()
    }

    fn strips_per_slice(&self) -> usize {
        self.grid.shape.y.div_ceil(self.rows_per_strip as usize)
    }
}

fn sample_format(sample: SampleType) -> SampleFormat {
    match sample {
        SampleType::U8 | SampleType::U16 | SampleType::U32 => SampleFormat::Uint,
        SampleType::I8 | SampleType::I16 | SampleType::I32 => SampleFormat::Int,
        SampleType::F32 | SampleType::F64 => SampleFormat::IEEEFP,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::{Shape, Volume, VoxelSize};
    use std::io::Cursor;
    use tiff::decoder::{Decoder, DecodingResult};

    fn pages_of(file: &[u8]) -> Vec<Vec<u16>> {
        let mut decoder = Decoder::new(Cursor::new(file)).unwrap();
        let mut pages = Vec::new();
        loop {
            match decoder.read_image().unwrap() {
                DecodingResult::U16(page) => pages.push(page),
                other => panic!("{other:?}"),
            }
            if !decoder.more_images() {
                return pages;
            }
            decoder.next_image().unwrap();
        }
    }

    #[test]
    fn a_file_that_outgrows_classic_tiff_starts_again_as_bigtiff() {
        // Rows of 160 kB: a strip is one row, and a batch a few slices.
        let shape = Shape::new(5, 3, 80_000).unwrap();
        let volume = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| (z * 31 + y * 7 + x * x % 251) as u16);
        let grid = Grid::of(&volume, "grey");
        let pages = Pages::new(Path::new("a.tif"), &grid, None).unwrap();
        for (limit, version) in [(CLASSIC_BYTES, 42), (1000, 43)] {
            let mut file = Cursor::new(Vec::new());
            pages.write_within(&mut file, limit).unwrap();
            let file = file.into_inner();
            assert_eq!(u16::from_ne_bytes([file[2], file[3]]), version);
            let back = pages_of(&file);
            assert_eq!(back.len(), 5);
            assert_eq!(back.concat(), volume.as_slice());
        }
    }

    #[test]
    fn slices_with_more_than_32_bit_edges_are_refused() {
        let wide = Grid {
            name: "",
            sample: SampleType::U8,
            shape: Shape::new(1, 1, u32::MAX as usize + 1).unwrap(),
            voxel_size: &VoxelSize::Unknown,
            native: &[],
            range: None,
            labels: None,
        };
        let error = Pages::new(Path::new("a.tif"), &wide, None).err().unwrap();
        assert!(error.to_string().contains("1x1x4294967296"), "{error}");
    }
}
