//! TIFF as the field writes it, and as it arrives broken.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests; a failure is the test's failure")]

mod read_support;

use foamflux_grid::SampleType;
use foamflux_io::read::{BadSlices, ErrorCategory, ReadError, ReadOptions, plan};
use read_support::{Lcg, Tiff, TiffPage, assert_reads, read, samples, values, zlib};

fn ramp(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i % 120) as f64).collect()
}

#[test]
fn every_sample_type_in_both_byte_orders_and_both_offset_widths() {
    let dir = tempfile::tempdir().unwrap();
    let types = [
        ("u8", 8, 1, SampleType::U8),
        ("i8", 8, 2, SampleType::I16),
        ("u16", 16, 1, SampleType::U16),
        ("i16", 16, 2, SampleType::I16),
        ("u32", 32, 1, SampleType::U32),
        ("i32", 32, 2, SampleType::I32),
        ("i64", 64, 2, SampleType::I32),
        ("f32", 32, 3, SampleType::F32),
        ("f64", 64, 3, SampleType::F32),
    ];
    for (kind, bits, format, target) in types {
        for big_endian in [false, true] {
            for big in [false, true] {
                let offset = if kind.starts_with('i') { -50.0 } else { 0.0 };
                let all: Vec<f64> = ramp(2 * 3 * 5).into_iter().map(|v| v + offset).collect();
                let page = |z: usize| {
                    TiffPage::grey(5, 3, bits, format, samples(&all[z * 15..(z + 1) * 15], kind, big_endian))
                };
                let file = dir.path().join("stack.tif");
                Tiff { big_endian, big, pages: vec![page(0), page(1)] }.write(&file);
                let stack = assert_reads(&file, [2, 3, 5], &all);
                assert_eq!(stack.data.sample_type(), target, "{kind}");
                assert_eq!(stack.report.sample_type_stored, kind);
            }
        }
    }
}

#[test]
fn strips_and_tiles_that_do_not_divide_the_image() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.tif");
    let all = ramp(7 * 5);
    let bytes = samples(&all, "u8", false);
    let mut page = TiffPage::u8(5, 7, &[]);
    page.rows_per_strip = 3;
    page.chunks = bytes.chunks(15).map(<[u8]>::to_vec).collect();
    Tiff::little(vec![page.clone()]).write(&file);
    assert_reads(&file, [1, 7, 5], &all);

    // Tiles of 4 x 4 (the format asks for multiples of 16, readers do not), padded with a value that must not appear.
    page.tile = Some((4, 4));
    page.compression = 8;
    page.chunks = Vec::new();
    for (ty, tx) in [(0, 0), (0, 4), (4, 0), (4, 4)] {
        let tile: Vec<u8> = (0..16)
            .map(|i| {
                let (y, x) = (ty + i / 4, tx + i % 4);
                if y < 7 && x < 5 { bytes[y * 5 + x] } else { 255 }
            })
            .collect();
        page.chunks.push(zlib(&tile));
    }
    Tiff::little(vec![page]).write(&file);
    assert_reads(&file, [1, 7, 5], &all);
}

#[test]
fn predictors_in_both_byte_orders() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.tif");
    let all: Vec<f64> = (0..24).map(|i| f64::from(i * 977 % 4001)).collect();
    for big_endian in [false, true] {
        let mut page = TiffPage::grey(6, 4, 16, 1, Vec::new());
        page.compression = 8;
        page.predictor = 2;
        let differences: Vec<f64> = (0..24usize)
            .map(|i| if i % 6 == 0 { all[i] } else { f64::from((all[i] as u16).wrapping_sub(all[i - 1] as u16)) })
            .collect();
        page.chunks = vec![zlib(&samples(&differences, "u16", big_endian))];
        Tiff { big_endian, big: false, pages: vec![page.clone()] }.write(&file);
        assert_reads(&file, [1, 4, 6], &all);

        // Floating point: most significant bytes of the row first, then differences of bytes.
        page.bits = 32;
        page.format = 3;
        page.predictor = 3;
        let mut stored = Vec::new();
        for row in all.chunks(6) {
            let bytes = samples(row, "f32", true);
            let sorted: Vec<u8> = (0..24).map(|i| bytes[i % 6 * 4 + i / 6]).collect();
            stored.extend((0..24).map(|i| if i == 0 { sorted[0] } else { sorted[i].wrapping_sub(sorted[i - 1]) }));
        }
        page.chunks = vec![zlib(&stored)];
        Tiff { big_endian, big: false, pages: vec![page] }.write(&file);
        assert_reads(&file, [1, 4, 6], &all);
    }
}

#[test]
fn bits_white_palette_and_colour() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.tif");
    // One bit, 10 wide: rows are padded to whole bytes.
    let mut page = TiffPage::grey(10, 2, 1, 1, vec![0b1010_0000, 0b0100_0000, 0b0000_0001, 0b1000_0000]);
    let bits = [1., 0., 1., 0., 0., 0., 0., 0., 0., 1., 0., 0., 0., 0., 0., 0., 0., 1., 1., 0.];
    Tiff::little(vec![page.clone()]).write(&file);
    assert_reads(&file, [1, 2, 10], &bits);
    page.photometric = 0;
    Tiff::little(vec![page.clone()]).write(&file);
    let stack = assert_reads(&file, [1, 2, 10], &bits.map(|b| 1.0 - b));
    assert!(stack.report.notes.iter().any(|n| n.contains("MINISWHITE")), "{:?}", stack.report.notes);
    page.photometric = 1;
    page.fill_order = Some(2);
    page.chunks[0].iter_mut().for_each(|b| *b = b.reverse_bits());
    Tiff::little(vec![page]).write(&file);
    assert_reads(&file, [1, 2, 10], &bits);

    let four = TiffPage::grey(3, 1, 4, 1, vec![0x1a, 0xf0]);
    Tiff::little(vec![four]).write(&file);
    assert_reads(&file, [1, 1, 3], &[1., 10., 15.]);
    let twelve = TiffPage::grey(3, 1, 12, 1, vec![0x12, 0x3a, 0xbc, 0xff, 0xf0]);
    Tiff { big_endian: true, big: false, pages: vec![twelve] }.write(&file);
    let stack = assert_reads(&file, [1, 1, 3], &[f64::from(0x123), f64::from(0xabc), f64::from(0xfff)]);
    assert_eq!(stack.report.sample_type_stored, "u12");

    let mut white = TiffPage::grey(2, 1, 16, 1, vec![0, 0, 1, 0]);
    white.photometric = 0;
    Tiff::little(vec![white]).write(&file);
    assert_reads(&file, [1, 1, 2], &[65535., 65534.]);

    let mut palette = TiffPage::u8(3, 1, &[0, 1, 2]);
    palette.photometric = 3;
    // Reds, greens, blues of 256 colours; 16 bits each.
    let mut map = vec![0u16; 768];
    (map[1], map[257], map[513]) = (0xffff, 0xffff, 0xffff);
    map[2 + 256] = 0xc800;
    palette.palette = Some(map);
    Tiff::little(vec![palette]).write(&file);
    // 200 * 0.7152 = 143.04.
    let stack = assert_reads(&file, [1, 1, 3], &[0., 255., 143.]);
    assert!(stack.report.notes.iter().any(|n| n.contains("palette")));

    // RGB 200, 100, 50: 42.52 + 71.52 + 3.61 = 117.65. Interleaved and planar, with and without alpha.
    for (planar, channels) in [(1, 3), (2, 3), (1, 4), (2, 4)] {
        let mut page = TiffPage::u8(2, 1, &[]);
        page.channels = channels;
        page.photometric = 2;
        page.planar = planar;
        let pixels = [[200, 100, 50, 9], [7, 7, 7, 9]];
        let n = usize::from(channels);
        page.chunks = if planar == 1 {
            vec![pixels.iter().flat_map(|p| p[..n].to_vec()).collect()]
        } else {
            (0..n).map(|c| pixels.iter().map(|p| p[c]).collect()).collect()
        };
        Tiff::little(vec![page]).write(&file);
        let stack = assert_reads(&file, [1, 1, 2], &[118., 7.]);
        assert!(stack.report.notes.iter().any(|n| n.contains("Rec. 709")));
        assert_eq!(stack.report.notes.iter().any(|n| n.contains("alpha")), channels == 4);
    }
}

#[test]
fn lzw_and_packbits_and_what_the_tiff_crate_writes() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Lcg(3);
    let pixels = random.bytes(64 * 50);
    let expected: Vec<f64> = pixels.iter().map(|&b| f64::from(b)).collect();
    let compressions = [
        tiff::encoder::Compression::Uncompressed,
        tiff::encoder::Compression::Lzw,
        tiff::encoder::Compression::Deflate(tiff::encoder::DeflateLevel::Balanced),
        tiff::encoder::Compression::Packbits,
    ];
    for compression in compressions {
        let file = dir.path().join("a.tiff");
        let out = std::fs::File::create(&file).unwrap();
        let mut encoder = tiff::encoder::TiffEncoder::new(out).unwrap().with_compression(compression);
        for _ in 0..2 {
            encoder.write_image::<tiff::encoder::colortype::Gray8>(64, 50, &pixels).unwrap();
        }
        drop(encoder);
        assert_reads(&file, [2, 50, 64], &[expected.clone(), expected.clone()].concat());
    }
}

fn imagej(description: &str, slices: usize) -> Tiff {
    let all: Vec<u8> = (0..slices * 12).map(|i| i as u8).collect();
    let mut page = TiffPage::u8(4, 3, &all[..12]);
    page.description = description.to_owned();
    page.tail = all[12..].to_vec();
    Tiff { big_endian: true, big: false, pages: vec![page] }
}

#[test]
fn an_imagej_stack_with_one_directory() {
    let dir = tempfile::tempdir().unwrap();
    let file = imagej("ImageJ=1.53t\nimages=5\nslices=5\nunit=micron\nspacing=2\n", 5).write(&dir.path().join("a.tif"));
    let expected: Vec<f64> = (0..60).map(f64::from).collect();
    let stack = assert_reads(&file, [5, 3, 4], &expected);
    assert!(stack.report.kind.contains("contiguous"), "{}", stack.report.kind);

    // Far too short: each missing slice is named.
    let directory = imagej("ImageJ=1.53t\nimages=40\nslices=40\n", 5).write(&file);
    let Err(error) = read(&directory, &ReadOptions::default()) else { panic!("a truncated stack was read") };
    assert_eq!(error.category(), ErrorCategory::Input);
    let ReadError::BadSlices { bad, .. } = &error else { panic!("{error}") };
    assert_eq!(bad.last().map(|b| (b.z, b.name.as_str())), Some((39, "a.tif, slice 39")));

    let absurd = imagej("ImageJ=1.53t\nimages=999999999999\n", 2).write(&file);
    assert!(matches!(plan(&absurd, &ReadOptions::default()), Err(ReadError::Format { .. })));
}

#[test]
#[cfg(unix)]
fn an_imagej_stack_beyond_4_gib_is_read_with_64_bit_offsets() {
    use std::io::{Seek, SeekFrom, Write};
    // 1100 slices of 2048 x 2048: 4.6 GB, sparse on disk. Slice 1030 begins beyond 2^32.
    const EDGE: u64 = 2048;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("big.tif");
    let mut page = TiffPage::u8(EDGE as u32, EDGE as u32, &[]);
    page.description = "ImageJ=1.53t\nimages=1100\nslices=1100\n".to_owned();
    // Its directory comes first; the pixels follow from a round offset.
    let mut bytes = Tiff::little(vec![page]).build();
    let start = 4096u64;
    let strips = bytes.windows(4).position(|w| w == [0x11, 1, 4, 0]).unwrap();
    bytes[strips + 8..strips + 12].copy_from_slice(&(start as u32).to_le_bytes());
    let mut out = std::fs::File::create(&file).unwrap();
    out.write_all(&bytes).unwrap();
    out.set_len(start + 1100 * EDGE * EDGE).unwrap();
    out.seek(SeekFrom::Start(start + 1030 * EDGE * EDGE + 5 * EDGE + 7)).unwrap();
    out.write_all(&[42]).unwrap();
    drop(out);
    let options = ReadOptions { crop: Some("6:9,5:6,1029:1032".parse().unwrap()), ..ReadOptions::default() };
    let (shape, values) = values(&read(&file, &options).unwrap());
    assert_eq!(shape.zyx(), [3, 1, 3]);
    assert_eq!(values, [0., 0., 0., 0., 42., 0., 0., 0., 0.]);
}

#[test]
fn channels_and_times_are_told_apart_from_slices() {
    let dir = tempfile::tempdir().unwrap();
    let pages = |description: &str| {
        let mut pages: Vec<TiffPage> = (0..12).map(|i| TiffPage::u8(1, 1, &[i])).collect();
        pages[0].description = description.to_owned();
        Tiff::little(pages).write(&dir.path().join("a.tif"))
    };
    // Channel fastest, then slice, then time.
    let file = pages("ImageJ=1.53t\nimages=12\nchannels=2\nslices=3\nframes=2\nhyperstack=true\n");
    let stack = assert_reads(&file, [3, 1, 1], &[0., 2., 4.]);
    assert_eq!(stack.report.warnings.len(), 2, "{:?}", stack.report.warnings);
    let file = pages("<OME><Pixels DimensionOrder=\"XYTZC\" SizeC=\"2\" SizeZ=\"3\" SizeT=\"2\" SizeX=\"1\"/></OME>");
    assert_reads(&file, [3, 1, 1], &[0., 2., 4.]);
    let file = pages("<OME><Pixels DimensionOrder=\"XYZCT\" SizeC=\"2\" SizeZ=\"3\" SizeT=\"2\" SizeX=\"1\"/></OME>");
    assert_reads(&file, [3, 1, 1], &[0., 1., 2.]);
    let file = pages("ImageJ=1.53t\nimages=12\nframes=12\n");
    let all: Vec<f64> = (0..12).map(f64::from).collect();
    assert!(assert_reads(&file, [12, 1, 1], &all).report.notes.iter().any(|n| n.contains("times read as slices")));
    let file = pages("ImageJ=1.53t\nimages=12\nchannels=2\nframes=6\n");
    assert!(plan(&file, &ReadOptions::default()).is_err());
    let file = pages("ImageJ=1.53t\nimages=20\nslices=20\n");
    assert!(!assert_reads(&file, [12, 1, 1], &all).report.warnings.is_empty());
}

#[test]
fn what_is_no_image_is_a_typed_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.tif");
    let refused = |bytes: &[u8], word: &str| {
        std::fs::write(&file, bytes).unwrap();
        let result = read(&file, &ReadOptions::default());
        let Err(error) = result else { panic!("{word}: was read") };
        assert_eq!(error.category(), ErrorCategory::Input, "{error}");
        let text = error.to_string();
        assert!(text.contains("a.tif") && text.contains(word), "{word}: {text}");
    };
    refused(b"", "empty");
    refused(b"this is a log file\n", "text");
    refused(b"II\x2a\0\0\0\0\0", "no image");
    refused(b"II\x2a\0\x40\0\0\0", "truncated");

    let good = Tiff::little(vec![TiffPage::u8(4, 3, &[7; 12]), TiffPage::u8(4, 3, &[7; 12])]);
    let mut cyclic = good.build();
    let first = cyclic[4..8].to_vec();
    let last = cyclic.len() - 4;
    cyclic[last..].copy_from_slice(&first);
    refused(&cyclic, "cycle");

    let page = |change: fn(&mut TiffPage)| {
        let mut page = TiffPage::u8(4, 3, &[7; 12]);
        change(&mut page);
        Tiff::little(vec![page]).build()
    };
    refused(&page(|p| p.width = 0), "0");
    refused(&page(|p| (p.width, p.height, p.rows_per_strip) = (1_000_000_000, 1_000_000_000, 1_000_000_000)), "beyond");
    refused(&page(|p| (p.width, p.height, p.rows_per_strip, p.compression) = (100_000, 100_000, 100_000, 8)), "claims");
    refused(&page(|p| p.compression = 34712), "JPEG 2000");
    refused(&page(|p| p.compression = 9999), "Fiji");
    refused(&page(|p| p.format = 6), "complex");
    refused(&page(|p| p.photometric = 5), "grey");
}

#[test]
fn pixels_cut_short_are_found_in_every_codec() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.tif");
    let plain = Lcg(9).bytes(40 * 30);
    let packbits: Vec<u8> = plain.chunks(40).flat_map(|r| [&[39u8][..], r].concat()).collect();
    let lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(&plain).unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(&plain[..], ruzstd::encoding::CompressionLevel::Fastest);
    let codecs = [(1, plain.clone()), (32773, packbits), (5, lzw), (8, zlib(&plain)), (50000, zstd)];
    for (compression, data) in codecs {
        let mut page = TiffPage::u8(40, 30, &[]);
        page.compression = compression;
        page.chunks = vec![data.clone()];
        Tiff::little(vec![page.clone()]).write(&file);
        let all: Vec<f64> = plain.iter().map(|&b| f64::from(b)).collect();
        assert_reads(&file, [1, 30, 40], &all);
        for cut in [1, data.len() / 2, data.len() - 3] {
            // The directory states the shorter length, so only the decoder can notice.
            page.chunks = vec![data[..data.len() - cut].to_vec()];
            // Without compression the directory lies right behind the pixels and would be read as such.
            let mut bytes = Tiff::little(vec![page.clone()]).build();
            if compression == 1 {
                bytes = Tiff::little(vec![TiffPage::u8(40, 30, &plain)]).build();
                let directory = bytes.split_off(8 + plain.len());
                let table = bytes.len() - plain.len();
                let pixels = bytes.split_off(table);
                bytes.extend(&directory);
                // Nothing lies behind the pixels: they are last in the file, and cut.
                let at = bytes.len() as u32;
                let shift = |b: &mut Vec<u8>, i: usize, v: u32| b[i..i + 4].copy_from_slice(&v.to_le_bytes());
                shift(&mut bytes, 4, 8);
                let entry = bytes.windows(4).position(|w| w == [0x11, 1, 4, 0]).unwrap();
                shift(&mut bytes, entry + 8, at);
                bytes.extend(&pixels[..pixels.len() - cut]);
            }
            std::fs::write(&file, &bytes).unwrap();
            let result = read(&file, &ReadOptions::default());
            // Deflate's last four bytes are a checksum; every pixel is there without them.
            // Zstandard's last four bytes are a checksum, too, where there is one. LZW's last byte holds the end code only.
            if (matches!(compression, 8 | 50000) && cut < 5) || (compression == 5 && cut == 1) {
                continue;
            }
            let Err(error) = result else { panic!("compression {compression} cut by {cut} was read") };
            assert!(error.to_string().contains("truncated"), "{compression} {cut}: {error}");
        }
    }
}

#[test]
fn a_multi_page_file_cut_in_the_middle_keeps_its_good_slices_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.tif");
    let pages: Vec<TiffPage> = (0..4).map(|i| TiffPage::u8(40, 30, &[i; 1200])).collect();
    let bytes = Tiff::little(pages).build();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let error = read(&file, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ReadError::BadSlices { .. }), "{error}");
    let skip = ReadOptions { bad_slices: BadSlices::Skip, ..ReadOptions::default() };
    let stack = read(&file, &skip).unwrap();
    let z = stack.data.shape().z;
    assert!((1..=2).contains(&z), "{z}");
    assert_eq!(values(&stack).1.iter().map(|&v| v as usize).max(), Some(z - 1));
}
