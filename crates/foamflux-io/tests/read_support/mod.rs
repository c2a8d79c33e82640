//! Builders of input files, so that the tests need none of other people's.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests; a failure is the test's failure")]

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use foamflux_grid::{Event, Sample, Shape, Silent, Watch};
use foamflux_io::for_each_type;
use foamflux_io::read::{ReadError, ReadOptions, Stack, plan};

/// A small deterministic generator (Knuth's MMIX constants).
pub(crate) struct Lcg(pub(crate) u64);

impl Lcg {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(crate) fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }
}

/// Reads with these options.
pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Stack, ReadError> {
    plan(path, options)?.read(&Silent)
}

/// Shape and values of a stack.
pub(crate) fn values(stack: &Stack) -> (Shape, Vec<f64>) {
    let values = for_each_type!(&stack.data, v => v.as_slice().iter().map(|s| s.to_f64()).collect());
    (stack.data.shape(), values)
}

/// Reads with default options and compares.
pub(crate) fn assert_reads(path: &Path, zyx: [usize; 3], expected: &[f64]) -> Stack {
    let stack = read(path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (shape, values) = values(&stack);
    assert_eq!(shape.zyx(), zyx, "{}", path.display());
    assert_eq!(values, expected, "{}", path.display());
    stack
}

/// Collects events, and asks to stop after some.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) stop_after: Option<usize>,
}

impl Watch for Recorder {
    fn event(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn cancelled(&self) -> bool {
        self.stop_after.is_some_and(|n| self.events.lock().unwrap().len() > n)
    }
}

/// A TIFF file made by hand: what the encoder of the `tiff` crate cannot write.
#[derive(Clone)]
pub(crate) struct Tiff {
    pub(crate) big_endian: bool,
    pub(crate) big: bool,
    pub(crate) pages: Vec<TiffPage>,
}

/// One page: tags other than those of the chunks, and the chunks.
#[derive(Clone)]
pub(crate) struct TiffPage {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bits: u16,
    pub(crate) channels: u16,
    pub(crate) format: u16,
    pub(crate) photometric: u16,
    pub(crate) compression: u16,
    pub(crate) planar: u16,
    pub(crate) predictor: u16,
    pub(crate) rows_per_strip: u32,
    pub(crate) tile: Option<(u32, u32)>,
    pub(crate) description: String,
    /// X and y resolution and its unit.
    pub(crate) resolution: Option<(f64, f64, u16)>,
    pub(crate) palette: Option<Vec<u16>>,
    pub(crate) fill_order: Option<u16>,
    /// Private tags that hold text.
    pub(crate) texts: Vec<(u16, String)>,
    pub(crate) chunks: Vec<Vec<u8>>,
    /// Bytes after the chunks that belong to no chunk (further slices of a contiguous stack).
    pub(crate) tail: Vec<u8>,
}

impl TiffPage {
    /// An uncompressed grey page of one strip.
    pub(crate) fn grey(width: u32, height: u32, bits: u16, format: u16, data: Vec<u8>) -> Self {
        TiffPage {
            width,
            height,
            bits,
            channels: 1,
            format,
            photometric: 1,
            compression: 1,
            planar: 1,
            predictor: 1,
            rows_per_strip: height,
            tile: None,
            description: String::new(),
            resolution: None,
            palette: None,
            fill_order: None,
            texts: Vec::new(),
            chunks: vec![data],
            tail: Vec::new(),
        }
    }

    /// An 8-bit grey page.
    pub(crate) fn u8(width: u32, height: u32, data: &[u8]) -> Self {
        Self::grey(width, height, 8, 1, data.to_vec())
    }
}

enum Value {
    Short(Vec<u16>),
    Long(Vec<u64>),
    Rational(f64),
    Text(String),
}

impl Tiff {
    pub(crate) fn little(pages: Vec<TiffPage>) -> Self {
        Tiff { big_endian: false, big: false, pages }
    }

    fn n(&self, value: u64, width: usize) -> Vec<u8> {
        let mut bytes = value.to_le_bytes()[..width].to_vec();
        if self.big_endian {
            bytes.reverse();
        }
        bytes
    }

    /// The file.
    pub(crate) fn build(&self) -> Vec<u8> {
        let offset_width = if self.big { 8 } else { 4 };
        let mut out = if self.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        out.extend(self.n(if self.big { 43 } else { 42 }, 2));
        if self.big {
            out.extend(self.n(8, 2));
            out.extend(self.n(0, 2));
        }
        let mut link = out.len();
        out.extend(self.n(0, offset_width));
        for page in &self.pages {
            let mut places = Vec::new();
            for chunk in &page.chunks {
                places.push((out.len() as u64, chunk.len() as u64));
                out.extend_from_slice(chunk);
            }
            out.extend_from_slice(&page.tail);
            let tags = page.tags(&places);
            let mut entries = Vec::new();
            for (tag, value) in &tags {
                let (kind, count, bytes): (u64, usize, Vec<u8>) = match value {
                    Value::Short(v) => (3, v.len(), v.iter().flat_map(|&s| self.n(u64::from(s), 2)).collect()),
                    Value::Long(v) if self.big => (16, v.len(), v.iter().flat_map(|&l| self.n(l, 8)).collect()),
                    Value::Long(v) => (4, v.len(), v.iter().flat_map(|&l| self.n(l, 4)).collect()),
                    Value::Rational(r) => {
                        let bytes = [self.n((r * 1e6).round() as u64, 4), self.n(1_000_000, 4)].concat();
                        (5, 1, bytes)
                    }
                    Value::Text(t) => (2, t.len() + 1, [t.as_bytes(), b"\0"].concat()),
                };
                let mut entry = [self.n(u64::from(*tag), 2), self.n(kind, 2)].concat();
                entry.extend(self.n(count as u64, offset_width));
                if bytes.len() <= offset_width {
                    entry.extend(&bytes);
                    entry.resize(4 + 2 * offset_width, 0);
                } else {
                    entry.extend(self.n(out.len() as u64, offset_width));
                    out.extend(bytes);
                }
                entries.push(entry);
            }
            let at = self.n(out.len() as u64, offset_width);
            out[link..link + offset_width].copy_from_slice(&at);
            out.extend(self.n(entries.len() as u64, if self.big { 8 } else { 2 }));
            out.extend(entries.concat());
            link = out.len();
            out.extend(self.n(0, offset_width));
        }
        out
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) -> PathBuf {
        std::fs::write(path, self.build()).unwrap();
        path.to_path_buf()
    }
}

impl TiffPage {
    fn tags(&self, places: &[(u64, u64)]) -> Vec<(u16, Value)> {
        let short = |v| Value::Short(vec![v]);
        let long = |v: u32| Value::Long(vec![u64::from(v)]);
        let offsets = Value::Long(places.iter().map(|p| p.0).collect());
        let counts = Value::Long(places.iter().map(|p| p.1).collect());
        let per_channel = |v: u16| Value::Short(vec![v; usize::from(self.channels)]);
        let mut tags = vec![
            (256, long(self.width)),
            (257, long(self.height)),
            (258, per_channel(self.bits)),
            (259, short(self.compression)),
            (262, short(self.photometric)),
            (277, short(self.channels)),
            (284, short(self.planar)),
            (339, per_channel(self.format)),
        ];
        if let Some((w, h)) = self.tile {
            tags.extend([(322, long(w)), (323, long(h)), (324, offsets), (325, counts)]);
        } else {
            tags.extend([(273, offsets), (278, long(self.rows_per_strip)), (279, counts)]);
        }
        if self.predictor != 1 {
            tags.push((317, short(self.predictor)));
        }
        if !self.description.is_empty() {
            tags.push((270, Value::Text(self.description.clone())));
        }
        if let Some((x, y, unit)) = self.resolution {
            tags.extend([(282, Value::Rational(x)), (283, Value::Rational(y)), (296, short(unit))]);
        }
        if let Some(palette) = &self.palette {
            tags.push((320, Value::Short(palette.clone())));
        }
        if let Some(order) = self.fill_order {
            tags.push((266, short(order)));
        }
        tags.extend(self.texts.iter().map(|(tag, text)| (*tag, Value::Text(text.clone()))));
        tags.sort_by_key(|(tag, _)| *tag);
        tags
    }
}

/// Numbers as bytes of a type, in a byte order.
pub(crate) fn samples(values: &[f64], kind: &str, big_endian: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for &v in values {
        let mut bytes = match kind {
            "u8" => (v as u8).to_le_bytes().to_vec(),
            "i8" => (v as i8).to_le_bytes().to_vec(),
            "u16" => (v as u16).to_le_bytes().to_vec(),
            "i16" => (v as i16).to_le_bytes().to_vec(),
            "u32" => (v as u32).to_le_bytes().to_vec(),
            "i32" => (v as i32).to_le_bytes().to_vec(),
            "i64" => (v as i64).to_le_bytes().to_vec(),
            "f32" => (v as f32).to_le_bytes().to_vec(),
            "f64" => v.to_le_bytes().to_vec(),
            other => panic!("{other}"),
        };
        if big_endian {
            bytes.reverse();
        }
        out.extend(bytes);
    }
    out
}

/// zlib data.
pub(crate) fn zlib(data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// gzip data.
pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A PNG file.
pub(crate) fn png(width: u32, height: u32, colour: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == png::ColorType::Indexed {
        encoder.set_palette(vec![10, 10, 10, 200, 200, 200, 0, 100, 0, 255, 0, 0]);
    }
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: 2835, yppu: 2835, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    out
}

/// A `.npy` file.
pub(crate) fn npy(descr: &str, fortran: bool, shape: &str, version: u8, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut out = b"\x93NUMPY".to_vec();
    out.extend([version, 0]);
    if version == 1 {
        out.extend((header.len() as u16).to_le_bytes());
    } else {
        out.extend((header.len() as u32).to_le_bytes());
    }
    out.extend(header.as_bytes());
    out.extend(data);
    out
}

/// A zip archive.
pub(crate) fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, data) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(data).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
