//! Damaged files of every format: a typed error or a volume of the right length, never a panic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests; a failure is the test's failure")]

mod read_support;

use foamflux_grid::{SampleType, Shape};
use foamflux_io::read::{BadSlices, ByteOrder, RawLayout, ReadOptions};
use read_support::{Lcg, Tiff, TiffPage, gzip, npy, png, read, values, zip, zlib};

/// Enough that no damage to a small file makes it a stack worth reading.
const LIMIT: u64 = 64 << 20;
/// Damaged variants per format; 2500 in all keep the test within seconds (68 000 were tried once).
const VARIANTS: usize = 150;

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let mut random = Lcg(1);
    let data = random.bytes(24 * 20);
    let page = |compression: u16, data: Vec<u8>| {
        let mut page = TiffPage::u8(24, 20, &[]);
        page.compression = compression;
        page.chunks = vec![data];
        page.resolution = Some((2., 2., 1));
        page.description = "ImageJ=1.53t\nimages=2\nslices=2\nunit=um\nspacing=2\n".to_owned();
        page
    };
    let lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(&data).unwrap();
    let mut predicted = page(8, zlib(&data));
    predicted.predictor = 2;
    let mut tiled = page(1, Vec::new());
    tiled.tile = Some((16, 16));
    tiled.chunks = vec![vec![5; 256]; 4];
    let mut contiguous = page(1, data.clone());
    contiguous.tail = data.clone();
    let mut fax = TiffPage::grey(24, 20, 1, 1, random.bytes(60));
    fax.compression = 4;
    let mut jpeg = page(7, [&[0xff, 0xd8, 0xff, 0xdb][..], &data[..200], &[0xff, 0xd9]].concat());
    jpeg.description.clear();
    let tiff = |pages: Vec<TiffPage>| Tiff::little(pages).build();
    let header = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 24 10 2\nencoding: ";
    vec![
        ("a.tif", tiff(vec![page(1, data.clone()), page(1, data.clone())])),
        ("b.tif", Tiff { big_endian: true, big: true, pages: vec![page(5, lzw.clone()), page(5, lzw)] }.build()),
        ("c.tif", tiff(vec![predicted.clone(), predicted])),
        ("d.tif", tiff(vec![tiled.clone(), tiled])),
        ("e.tif", tiff(vec![contiguous])),
        ("f.tif", tiff(vec![fax])),
        ("g.tif", tiff(vec![jpeg])),
        ("h.tif", tiff(vec![page(32773, data.chunks(24).flat_map(|r| [&[23u8][..], r].concat()).collect())])),
        ("a.png", png(24, 20, png::ColorType::Grayscale, png::BitDepth::Eight, &data)),
        ("b.png", png(24, 5, png::ColorType::Rgba, png::BitDepth::Eight, &data)),
        ("a.npy", npy("<u2", false, "(2, 10, 12)", 1, &data)),
        ("b.npy", npy("<f4", true, "(2, 10, 6)", 2, &data)),
        (
            "a.nrrd",
            [format!("{header}raw\nspacings: 1 2 3\nunits: \"um\" \"um\" \"um\"\n\n").as_bytes(), &data].concat(),
        ),
        (
            "b.nrrd",
            [format!("{header}gzip\nspace directions: (1,0,0) (0,1,0) none\n\n").as_bytes(), &gzip(&data)].concat(),
        ),
        (
            "a.zip",
            zip(&[
                ("s/1.tif", tiff(vec![TiffPage::u8(24, 20, &data)])),
                ("s/2.tif", tiff(vec![page(1, data.clone())])),
            ]),
        ),
        ("b.zip", zip(&[("v.npy", npy("|u1", false, "(2, 10, 24)", 1, &data))])),
        ("a.raw", data),
    ]
}

#[test]
fn damage_gives_a_typed_error_or_a_whole_volume() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Lcg(77);
    for (name, good) in files() {
        let file = dir.path().join(name);
        let mut refused = 0;
        for variant in 0..VARIANTS {
            let mut bytes = good.clone();
            if variant % 3 == 0 {
                bytes.truncate(random.below(good.len()));
            }
            if variant % 3 != 0 && !bytes.is_empty() {
                // Headers are short: half of the flips go to the first bytes, a quarter to the last.
                for _ in 0..=random.below(4) {
                    let at = match random.below(4) {
                        0 | 1 => random.below(bytes.len().min(160)),
                        2 => bytes.len() - 1 - random.below(bytes.len().min(400)),
                        _ => random.below(bytes.len()),
                    };
                    bytes[at] = match random.below(3) {
                        0 => 0,
                        1 => 0xff,
                        _ => random.next() as u8,
                    };
                }
            }
            std::fs::write(&file, &bytes).unwrap();
            let raw = name.ends_with(".raw").then(|| RawLayout {
                shape: Shape::new(2, 10, 24).unwrap(),
                sample_type: SampleType::U8,
                byte_order: ByteOrder::Little,
                offset_bytes: 0,
            });
            let policy = [BadSlices::Refuse, BadSlices::Skip, BadSlices::Interpolate][variant % 3];
            let options = ReadOptions { raw, bad_slices: policy, max_memory: Some(LIMIT), ..ReadOptions::default() };
            match read(&file, &options) {
                Ok(stack) => {
                    let (shape, values) = values(&stack);
                    assert_eq!(values.len(), shape.len(), "{name}");
                    assert_eq!(stack.report.shape_zyx, shape, "{name}");
                    if policy == BadSlices::Refuse {
                        assert_eq!(stack.report.shape_zyx_file, shape, "{name}");
                    }
                }
                Err(error) => {
                    refused += 1;
                    assert!(!error.to_string().is_empty());
                }
            }
        }
        assert!(refused > VARIANTS / 5, "{name}: only {refused} of {VARIANTS} damaged files were noticed");
    }
}
