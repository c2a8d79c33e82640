//! Volumes in one run of samples; crop, bin and memory; voxel sizes; labels.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests; a failure is the test's failure")]

mod read_support;

use std::path::Path;

use foamflux_grid::{Event, Region, SampleType, Shape, Silent, VoxelSize, VoxelSizeSource};
use foamflux_io::read::{BinMode, ByteOrder, ErrorCategory, RawLayout, ReadError, ReadOptions, plan};
use read_support::{Lcg, Recorder, Tiff, TiffPage, assert_reads, gzip, npy, png, read, samples, values, zip};

const ZYX: [usize; 3] = [3, 4, 5];

fn all() -> Vec<f64> {
    (0..60).map(f64::from).collect()
}

/// The same values in Fortran order.
fn fortran() -> Vec<f64> {
    let mut out = Vec::new();
    for x in 0..5 {
        for y in 0..4 {
            out.extend((0..3).map(|z| f64::from(z * 20 + y * 5 + x)));
        }
    }
    out
}

#[test]
fn numpy_in_every_layout_plain_and_zipped() {
    let dir = tempfile::tempdir().unwrap();
    let types = [("u1", "u8"), ("i2", "i16"), ("u4", "u32"), ("i8", "i64"), ("f4", "f32"), ("f8", "f64")];
    for (code, kind) in types {
        for big in [false, true] {
            for version in 1..=3 {
                let descr = format!("{}{code}", if big { '>' } else { '<' });
                let c = npy(&descr, false, "(3, 4, 5)", version, &samples(&all(), kind, big));
                let f = npy(&descr, true, "(3, 4, 5)", version, &samples(&fortran(), kind, big));
                for bytes in [c, f] {
                    let file = dir.path().join("a.npy");
                    std::fs::write(&file, &bytes).unwrap();
                    assert_reads(&file, ZYX, &all());
                    let file = dir.path().join("a.zip");
                    std::fs::write(&file, zip(&[("d/a.npy", bytes)])).unwrap();
                    assert_reads(&file, ZYX, &all());
                }
            }
        }
    }
    let file = dir.path().join("b.npy");
    std::fs::write(&file, npy("|b1", false, "(2, 2)", 1, &[1, 0, 0, 1])).unwrap();
    assert_reads(&file, [1, 2, 2], &[1., 0., 0., 1.]);
    std::fs::write(&file, npy("<i8", false, "(1, 1)", 1, &i64::MAX.to_le_bytes())).unwrap();
    assert!(read(&file, &ReadOptions::default()).unwrap_err().to_string().contains("9223372036854775807"));
}

#[test]
fn nrrd_raw_and_gzip_attached_and_detached() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.nrrd");
    let header = |encoding: &str, extra: &str| {
        format!("NRRD0004\n# comment\ntype: ushort\ndimension: 3\nsizes: 5 4 3\nencoding: {encoding}\n{extra}\n")
    };
    for (endian, big) in [("big", true), ("little", false)] {
        let data = samples(&all(), "u16", big);
        for (encoding, data) in [("raw", data.clone()), ("gzip", gzip(&data))] {
            let extra = format!("endian: {endian}\nspacings: 0.1 0.2 0.3\nunits: \"um\" \"um\" \"\u{b5}m\"\n");
            let bytes = [header(encoding, &extra).as_bytes(), &data].concat();
            std::fs::write(&file, &bytes).unwrap();
            let stack = assert_reads(&file, ZYX, &all());
            let size = stack.data.voxel_size().m_xyz().unwrap();
            for (found, expected) in size.iter().zip([0.1e-6, 0.2e-6, 0.3e-6]) {
                // One multiplication by the unit rounds once.
                assert!((found / expected - 1.0).abs() < 1e-12, "{size:?}");
            }
            std::fs::write(dir.path().join("n.zip"), zip(&[("a.nrrd", bytes)])).unwrap();
            assert_reads(&dir.path().join("n.zip"), ZYX, &all());
        }
    }
    let directions = "endian: little\nspace directions: (0,0,2) (3,4,0) (1,0,0)\nspace units: \"nm\" \"nm\" \"nm\"\n";
    let data = samples(&all(), "u16", false);
    std::fs::write(&file, [header("raw", directions).as_bytes(), &data].concat()).unwrap();
    let size = assert_reads(&file, ZYX, &all()).data.voxel_size().m_xyz().unwrap();
    assert!((size[1] / 5e-9 - 1.0).abs() < 1e-12 && (size[0] / 2e-9 - 1.0).abs() < 1e-12, "{size:?}");

    // Without a unit the number is shown and not believed.
    std::fs::write(&file, [header("raw", "endian: little\nspacings: 1 1 1\n").as_bytes(), &data].concat()).unwrap();
    let stack = assert_reads(&file, ZYX, &all());
    assert_eq!(stack.data.voxel_size(), &VoxelSize::Unknown);
    assert!(stack.report.voxel_size_candidates[0].reason.contains("no unit"));

    let detached = dir.path().join("d.nhdr");
    std::fs::write(&detached, header("raw", "endian: little\ndata file: d.raw\nbyte skip: 3\n")).unwrap();
    std::fs::write(dir.path().join("d.raw"), [&[9, 9, 9][..], &data].concat()).unwrap();
    assert_reads(&detached, ZYX, &all());
}

fn raw(shape: Shape, sample_type: SampleType, offset_bytes: u64) -> ReadOptions {
    let layout = RawLayout { shape, sample_type, byte_order: ByteOrder::Big, offset_bytes };
    ReadOptions { raw: Some(layout), ..ReadOptions::default() }
}

#[test]
fn raw_needs_a_layout_that_fits_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.raw");
    std::fs::write(&file, [&[0; 7][..], &samples(&all(), "i16", true)].concat()).unwrap();
    let shape = Shape::new(3, 4, 5).unwrap();
    let stack = read(&file, &raw(shape, SampleType::I16, 7)).unwrap();
    assert_eq!(values(&stack), (shape, all()));
    let category = |o: &ReadOptions| plan(&file, o).unwrap_err().category();
    assert_eq!(category(&ReadOptions::default()), ErrorCategory::Usage);
    assert_eq!(category(&raw(shape, SampleType::I16, 6)), ErrorCategory::Input);
    assert_eq!(category(&raw(shape, SampleType::F32, 7)), ErrorCategory::Input);
    std::fs::write(&file, npy("|u1", false, "(1, 1)", 1, &[1])).unwrap();
    assert!(matches!(plan(&file, &raw(shape, SampleType::U8, 0)), Err(ReadError::LayoutUnwanted { .. })));
}

/// What crop and bin should give, written as plainly as possible.
fn brute(v: &[u8], shape: Shape, r: Region, bin: usize, mode: BinMode) -> Vec<f64> {
    let mut out = Vec::new();
    for z in 0..(r.z1 - r.z0) / bin {
        for y in 0..(r.y1 - r.y0) / bin {
            for x in 0..(r.x1 - r.x0) / bin {
                let mut counts = [0usize; 256];
                for i in 0..bin.pow(3) {
                    let at = shape.index(
                        r.z0 + z * bin + i / (bin * bin),
                        r.y0 + y * bin + i / bin % bin,
                        r.x0 + x * bin + i % bin,
                    );
                    counts[usize::from(v[at])] += 1;
                }
                let mean = counts.iter().enumerate().map(|(k, n)| k * n).sum::<usize>() as f64 / bin.pow(3) as f64;
                let most = *counts.iter().max().unwrap();
                let majority = counts.iter().position(|&n| n == most).unwrap() as f64;
                out.push(if mode == BinMode::Mean { mean.round() } else { majority });
            }
        }
    }
    out
}

#[test]
fn crop_and_bin_agree_with_brute_force_for_slices_streams_and_fortran_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Lcg(5);
    let shape = Shape::new(7, 9, 11).unwrap();
    let v: Vec<u8> = random.bytes(shape.len()).iter().map(|b| b % 5 * 50).collect();
    let mut transposed = Vec::new();
    for x in 0..shape.x {
        for y in 0..shape.y {
            transposed.extend((0..shape.z).map(|z| v[shape.index(z, y, x)]));
        }
    }
    let tif = dir.path().join("a.tif");
    Tiff::little(v.chunks(99).map(|p| TiffPage::u8(11, 9, p)).collect()).write(&tif);
    let c = dir.path().join("c.npy");
    std::fs::write(&c, npy("|u1", false, "(7, 9, 11)", 1, &v)).unwrap();
    let f = dir.path().join("f.npy");
    std::fs::write(&f, npy("|u1", true, "(7, 9, 11)", 1, &transposed)).unwrap();
    for _ in 0..20 {
        let mut range = |n: usize, bin: usize| {
            let a = random.below(n - bin + 1);
            (a, a + bin + random.below(n - a - bin + 1))
        };
        for bin in 1..=3 {
            let ((x0, x1), (y0, y1), (z0, z1)) = (range(11, bin), range(9, bin), range(7, bin));
            let region = Region { x0, x1, y0, y1, z0, z1 };
            for bin_mode in [BinMode::Mean, BinMode::Majority] {
                let expected = brute(&v, shape, region, bin, bin_mode);
                for file in [&tif, &c, &f] {
                    let options = ReadOptions { crop: Some(region), bin, bin_mode, ..ReadOptions::default() };
                    let (found, all) = values(&read(file, &options).unwrap());
                    assert_eq!(found.zyx(), [(z1 - z0) / bin, (y1 - y0) / bin, (x1 - x0) / bin]);
                    assert_eq!(all, expected, "{} {region} {bin} {bin_mode:?}", file.display());
                }
            }
        }
    }
    let planned = |crop: Option<&str>, bin| {
        let options = ReadOptions { crop: crop.map(|c| c.parse().unwrap()), bin, ..ReadOptions::default() };
        plan(&tif, &options).map(|p| p.report().clone())
    };
    assert_eq!(planned(Some("0:12,0:9,0:7"), 1).unwrap_err().category(), ErrorCategory::Usage);
    assert_eq!(planned(None, 0).unwrap_err().category(), ErrorCategory::Usage);
    assert_eq!(planned(None, 8).unwrap_err().category(), ErrorCategory::Usage);
    assert!(planned(None, 2).unwrap().notes.iter().any(|n| n.contains("do not fill a bin")));
}

#[test]
fn memory_is_compared_before_reading_and_binning_is_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.npy");
    std::fs::write(&file, npy("|u1", false, "(64, 64, 64)", 1, &vec![1; 64 * 64 * 64])).unwrap();
    let with = |max, bin| ReadOptions { max_memory: Some(max), bin, ..ReadOptions::default() };
    // The volume alone has 256 KiB.
    let error = plan(&file, &with(200 << 10, 1)).unwrap_err();
    assert_eq!(error.category(), ErrorCategory::Memory);
    assert!(
        ["--crop", "--bin 2", "--max-memory", "200.0 KiB"].iter().all(|w| error.to_string().contains(w)),
        "{error}"
    );
    let planned = plan(&file, &with(200 << 10, 2)).unwrap();
    assert!(planned.report().bytes_needed <= 200 << 10);
    assert_eq!(planned.read(&Silent).unwrap().data.shape().zyx(), [32, 32, 32]);
}

#[test]
fn progress_is_reported_and_cancellation_heeded() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.npy");
    std::fs::write(&file, npy("|u1", false, "(8, 2, 2)", 1, &[1; 32])).unwrap();
    let recorder = Recorder::default();
    plan(&file, &ReadOptions::default()).unwrap().read(&recorder).unwrap();
    let events = recorder.events.lock().unwrap();
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Advanced { total: Some(8), .. })).count(), 8);
    assert!(matches!(events.first(), Some(Event::Started { .. })));
    assert!(matches!(events.last(), Some(Event::Finished { .. })));
    let impatient = Recorder { stop_after: Some(3), ..Recorder::default() };
    let result = plan(&file, &ReadOptions::default()).unwrap().read(&impatient);
    assert!(matches!(result, Err(ReadError::Cancelled)));
}

fn tiff(dir: &Path, description: &str, resolution: Option<(f64, f64, u16)>) -> std::path::PathBuf {
    let mut page = TiffPage::u8(2, 1, &[1, 2]);
    page.description = description.to_owned();
    page.resolution = resolution;
    Tiff::little(vec![page, TiffPage::u8(2, 1, &[1, 2])]).write(&dir.join("v.tif"))
}

#[test]
fn voxel_sizes_that_are_believed() {
    let dir = tempfile::tempdir().unwrap();
    let um =
        |unit: &str, spacing: &str| format!("ImageJ=1.53t\nimages=2\nslices=2\nunit={unit}\n{spacing}loop=false\n");
    let ome = "<?xml version=\"1.0\"?><OME><Image><Pixels SizeZ=\"2\" PhysicalSizeX=\"25\" PhysicalSizeXUnit=\"nm\" \
               PhysicalSizeY=\"25\" PhysicalSizeYUnit=\"nm\" PhysicalSizeZ=\"0.05\"/></Image></OME>";
    let cases = [
        (um("micron", "spacing=3\n"), Some((2., 4., 1)), [0.5e-6, 0.25e-6, 3e-6]),
        (um("\\u00B5m", "spacing=3\n"), Some((2., 2., 1)), [0.5e-6, 0.5e-6, 3e-6]),
        (um("\u{b5}m", "spacing=-3\n"), Some((2., 2., 1)), [0.5e-6, 0.5e-6, 3e-6]),
        (um("nm", "spacing=50\n"), Some((0.04, 0.04, 1)), [25e-9, 25e-9, 50e-9]),
        // ImageJ leaves a spacing of one unit out.
        (um("um", ""), Some((1., 1., 1)), [1e-6; 3]),
        (ome.to_owned(), None, [25e-9, 25e-9, 50e-9]),
    ];
    for (description, resolution, expected) in cases {
        let stack = read(&tiff(dir.path(), &description, resolution), &ReadOptions::default()).unwrap();
        let size = stack.data.voxel_size().m_xyz().unwrap_or_else(|| panic!("{description}"));
        for (found, expected) in size.iter().zip(expected) {
            // Rationals and one multiplication by the unit.
            assert!((found / expected - 1.0).abs() < 1e-9, "{description}: {size:?}");
        }
        assert_eq!(stack.report.voxel_size_m_xyz, Some(size));
        // Binned voxels are larger, a flag wins and is not hidden.
        let flag = VoxelSize::known([1e-6; 3], VoxelSizeSource::Flag).unwrap();
        let options = ReadOptions { voxel_size: Some(flag.clone()), ..ReadOptions::default() };
        let stack = read(&tiff(dir.path(), &description, resolution), &options).unwrap();
        assert_eq!(stack.data.voxel_size(), &flag);
        assert!(stack.report.voxel_size_candidates.iter().all(|c| !c.believed));
        assert_eq!(stack.report.warnings.is_empty(), (expected[2] - 1e-6).abs() < 1e-12, "{:?}", stack.report.warnings);
    }
}

#[test]
fn voxel_sizes_that_are_shown_and_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let imagej = |unit: &str| format!("ImageJ=1.53t\nimages=2\nslices=2\nunit={unit}\nspacing=1\n");
    let cases = [
        (String::new(), Some((100., 100., 2)), "screen or printer"),
        (String::new(), Some((300. / 2.54, 300. / 2.54, 3)), "screen or printer"),
        (String::new(), Some((5000., 5000., 3)), "does not state z"),
        (String::new(), Some((1., 1., 3)), "implausible"),
        (imagej("inch"), Some((100., 100., 2)), "inch"),
        (imagej("pixel"), Some((1., 1., 1)), "pixel"),
        ("ImageJ=1.53t\nimages=2\nslices=2\nunit=um\n".to_owned(), Some((2., 2., 1)), "does not state z"),
        (imagej("mm"), Some((0.1, 0.1, 1)), "implausible"),
    ];
    for (description, resolution, reason) in cases {
        let stack = read(&tiff(dir.path(), &description, resolution), &ReadOptions::default()).unwrap();
        assert_eq!(stack.data.voxel_size(), &VoxelSize::Unknown, "{description} {resolution:?}");
        let candidates = &stack.report.voxel_size_candidates;
        assert!(candidates.iter().any(|c| c.reason.contains(reason)), "{reason}: {candidates:?}");
        assert!(stack.report.notes.iter().any(|n| n.contains("--voxel-size")));
    }
    let file = dir.path().join("a.png");
    std::fs::write(&file, png(2, 1, png::ColorType::Grayscale, png::BitDepth::Eight, &[1, 2])).unwrap();
    let stack = read(&file, &ReadOptions::default()).unwrap();
    assert!(stack.report.voxel_size_candidates[0].reason.starts_with("72 pixels per inch"));

    let folder = dir.path().join("f");
    std::fs::create_dir(&folder).unwrap();
    for (i, per_cm) in [(0, 5000.), (1, 5000.), (2, 4000.)] {
        let mut page = TiffPage::u8(2, 1, &[1, 2]);
        page.resolution = Some((per_cm, per_cm, 3));
        Tiff::little(vec![page]).write(&folder.join(format!("s{i}.tif")));
    }
    let stack = read(&folder, &ReadOptions::default()).unwrap();
    assert!(stack.report.warnings.iter().any(|w| w.contains("different voxel sizes")), "{:?}", stack.report);
}

#[test]
fn labels_are_recognised_and_non_finite_pixels_counted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.npy");
    let is_labels = |descr: &str, kind: &str, v: &[f64]| {
        std::fs::write(&file, npy(descr, false, "(3, 4, 5)", 1, &samples(v, kind, false))).unwrap();
        plan(&file, &ReadOptions::default()).unwrap().looks_like_labels().unwrap()
    };
    let nine: Vec<f64> = (0..60).map(|i| f64::from(i % 9 * 7)).collect();
    assert!(is_labels("|u1", "u8", &nine));
    assert!(is_labels("<i8", "i64", &nine));
    assert!(!is_labels("<f4", "f32", &nine));
    assert!(!is_labels("|u1", "u8", &(0..60).map(|i| f64::from(i % 10)).collect::<Vec<_>>()));

    let mut v = all();
    (v[27], v[28], v[40]) = (f64::NAN, f64::INFINITY, f64::NAN);
    std::fs::write(&file, npy("<f8", false, "(3, 4, 5)", 1, &samples(&v, "f64", false))).unwrap();
    let stack = read(&file, &ReadOptions::default()).unwrap();
    let n = stack.report.non_finite.unwrap();
    // 27 = slice 1, row 1, column 2.
    assert_eq!((n.nan, n.infinite, n.first_xyz), (2, 1, [2, 1, 1]));
    assert!(stack.report.warnings.iter().any(|w| w.contains("NaN")));
}

#[test]
fn png_in_every_colour_type_and_depth() {
    use png::{BitDepth as D, ColorType as C};
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.png");
    let cases: [(C, D, Vec<u8>, [f64; 3]); 7] = [
        (C::Grayscale, D::One, vec![0b1010_0000], [1., 0., 1.]),
        (C::Grayscale, D::Four, vec![0x1f, 0x70], [1., 15., 7.]),
        (C::Grayscale, D::Sixteen, vec![1, 2, 0, 3, 255, 255], [258., 3., 65535.]),
        (C::GrayscaleAlpha, D::Eight, vec![9, 0, 8, 0, 7, 0], [9., 8., 7.]),
        (C::Rgb, D::Eight, vec![200, 100, 50, 1, 1, 1, 0, 0, 0], [118., 1., 0.]),
        (C::Rgba, D::Eight, vec![200, 100, 50, 0, 1, 1, 1, 0, 0, 0, 0, 0], [118., 1., 0.]),
        (C::Indexed, D::Two, vec![0b0001_1000], [10., 200., 72.]),
    ];
    for (colour, depth, data, expected) in cases {
        std::fs::write(&file, png(3, 1, colour, depth, &data)).unwrap();
        assert_reads(&file, [1, 1, 3], &expected);
    }
    let good = png(30, 30, C::Grayscale, D::Eight, &Lcg(2).bytes(900));
    std::fs::write(&file, &good[..good.len() / 2]).unwrap();
    assert!(read(&file, &ReadOptions::default()).unwrap_err().to_string().contains("truncated"));
}
