//! Folders and archives of slices: order, gaps, litter, odd and broken slices.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests; a failure is the test's failure")]

mod read_support;

use std::path::Path;

use foamflux_io::read::{BadSlices, ErrorCategory, OddSizes, ReadError, ReadOptions, plan};
use read_support::{Tiff, TiffPage, assert_reads, png, read, values, zip};

fn slice(value: u8) -> Vec<u8> {
    Tiff::little(vec![TiffPage::u8(4, 3, &[value; 12])]).build()
}

fn put(dir: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(dir.join(name), bytes).unwrap();
}

fn firsts(dir: &Path, options: &ReadOptions) -> Vec<f64> {
    let stack = read(dir, options).unwrap_or_else(|e| panic!("{e}"));
    values(&stack).1.iter().step_by(12).copied().collect()
}

#[test]
fn slices_come_in_natural_order_and_litter_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("Stapel \u{b5}CT 1");
    std::fs::create_dir(&folder).unwrap();
    for (name, value) in [("s 10.TIF", 10), ("s 9.tiff", 9), ("s 1.tif", 1), ("s 2.tif", 2)] {
        put(&folder, name, &slice(value));
    }
    for litter in ["._s 1.tif", ".DS_Store", "Thumbs.db", "scan.log", "settings.ini", "view.jpg"] {
        put(&folder, litter, b"x");
    }
    std::fs::create_dir(folder.join("old")).unwrap();
    let stack = read(&folder, &ReadOptions::default()).unwrap();
    assert_eq!(values(&stack).1.iter().step_by(12).copied().collect::<Vec<_>>(), [1., 2., 9., 10.]);
    assert_eq!(stack.report.files, ["s 1.tif", "s 2.tif", "s 9.tiff", "s 10.TIF"]);
    assert_eq!(stack.report.ignored.len(), 7, "{:?}", stack.report.ignored);
    assert_eq!(stack.report.gaps.iter().map(|g| (g.first, g.last)).collect::<Vec<_>>(), [(3, 8)]);
    assert!(stack.report.warnings.iter().any(|w| w.contains("3 to 8")));
}

#[test]
fn duplicates_and_several_series_are_refused_with_names() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a_1.tif", "a_01.tif", "a_2.tif"] {
        put(dir.path(), name, &slice(1));
    }
    let error = plan(dir.path(), &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("a_01.tif and a_1.tif") || error.to_string().contains("a_1.tif and a_01.tif"));
    std::fs::remove_file(dir.path().join("a_01.tif")).unwrap();
    for name in ["b_1.tif", "b_2.tif"] {
        put(dir.path(), name, &slice(1));
    }
    let error = plan(dir.path(), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ReadError::SeveralSeries { .. }), "{error}");
    assert!(error.to_string().contains("2 files from b_1.tif to b_2.tif"), "{error}");
}

#[test]
fn a_preview_beside_a_stack_is_left_out_and_named() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..4 {
        put(dir.path(), &format!("a_{i}.tif"), &slice(i));
    }
    put(dir.path(), "preview.png", &png(9, 9, png::ColorType::Grayscale, png::BitDepth::Eight, &[0; 81]));
    let stack = read(dir.path(), &ReadOptions::default()).unwrap();
    assert_eq!(stack.data.shape().z, 4);
    assert!(stack.report.ignored.iter().any(|i| i.name == "preview.png"));
    assert!(stack.report.warnings.iter().any(|w| w.contains("preview.png")));
    put(dir.path(), "other.tif", &slice(0));
    assert!(matches!(plan(dir.path(), &ReadOptions::default()), Err(ReadError::SeveralSeries { .. })));
}

#[test]
fn odd_sizes_are_refused_skipped_cropped_or_padded() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..3 {
        put(dir.path(), &format!("a_{i}.tif"), &slice(i));
    }
    // 6 x 5 around a 4 x 3 centre of 7s, background 5.
    let large: Vec<u8> =
        (0..30).map(|i| if (1..4).contains(&(i / 6)) && (1..5).contains(&(i % 6)) { 7 } else { 5 }).collect();
    put(dir.path(), "a_3.tif", &Tiff::little(vec![TiffPage::u8(6, 5, &large)]).build());
    let options = |odd_sizes| ReadOptions { odd_sizes, ..ReadOptions::default() };
    let error = plan(dir.path(), &options(OddSizes::Refuse)).unwrap_err();
    assert!(error.to_string().contains("a_3.tif is 6x5"), "{error}");
    assert_eq!(firsts(dir.path(), &options(OddSizes::Skip)), [0., 1., 2.]);
    assert_eq!(firsts(dir.path(), &options(OddSizes::Crop)), [0., 1., 2., 7.]);
    let padded = read(dir.path(), &options(OddSizes::Pad)).unwrap();
    let (shape, all) = values(&padded);
    assert_eq!(shape.zyx(), [4, 5, 6]);
    // Slice 1 is uniform, so its own minimum is 1 everywhere; the large slice is untouched.
    assert!(all[30..60].iter().all(|&v| (v - 1.0).abs() < f64::EPSILON));
    assert_eq!(all[90..], large.iter().map(|&b| f64::from(b)).collect::<Vec<_>>());

    let wide = TiffPage::grey(4, 3, 16, 1, vec![1; 24]);
    put(dir.path(), "a_3.tif", &Tiff::little(vec![wide]).build());
    assert!(plan(dir.path(), &options(OddSizes::Crop)).unwrap_err().to_string().contains("u16"));
    assert_eq!(firsts(dir.path(), &options(OddSizes::Skip)), [0., 1., 2.]);
}

#[test]
fn all_bad_slices_are_named_or_skipped_or_interpolated() {
    let dir = tempfile::tempdir().unwrap();
    // More than nine values, so that interpolation is linear.
    let gradient = |base: u8| {
        let page: Vec<u8> = (0..12).map(|i| base + i).collect();
        Tiff::little(vec![TiffPage::u8(4, 3, &page)]).build()
    };
    for i in 0..8u8 {
        put(dir.path(), &format!("a_{i}.tif"), &gradient(i * 20));
    }
    put(dir.path(), "a_0.tif", b"");
    put(dir.path(), "a_3.tif", &gradient(0)[..15]);
    put(dir.path(), "a_4.tif", b"a text file that someone renamed");
    let mut deflated = TiffPage::u8(4, 3, &[]);
    deflated.compression = 8;
    let data = read_support::zlib(&(0..12).collect::<Vec<u8>>());
    deflated.chunks = vec![data[..data.len() - 8].to_vec()];
    put(dir.path(), "a_7.tif", &Tiff::little(vec![deflated]).build());

    let planned = plan(dir.path(), &ReadOptions::default()).unwrap();
    assert_eq!(planned.report().bad_slices.len(), 3, "headers tell of three");
    let error = read(dir.path(), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.category(), ErrorCategory::Input);
    for name in ["a_0.tif", "a_3.tif", "a_4.tif", "a_7.tif", "--bad-slices"] {
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
    let with = |bad_slices| ReadOptions { bad_slices, ..ReadOptions::default() };
    assert_eq!(firsts(dir.path(), &with(BadSlices::Skip)), [20., 40., 100., 120.]);
    // Ends repeat; 60 and 80 lie between 40 and 100.
    assert_eq!(firsts(dir.path(), &with(BadSlices::Interpolate)), [20., 20., 40., 60., 80., 100., 120., 120.]);
    let stack = read(dir.path(), &with(BadSlices::Interpolate)).unwrap();
    assert!(stack.report.bad_slices.iter().all(|b| b.action == "interpolated"));

    // Labels are copied from the nearer side, never mixed.
    for i in 0..8u8 {
        put(dir.path(), &format!("a_{i}.tif"), &slice(if i < 4 { 0 } else { 255 }));
    }
    put(dir.path(), "a_3.tif", b"");
    put(dir.path(), "a_4.tif", b"");
    assert_eq!(firsts(dir.path(), &with(BadSlices::Interpolate)), [0., 0., 0., 0., 255., 255., 255., 255.]);
}

#[test]
fn files_with_several_pages_are_no_slices() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a_1.tif", &slice(1));
    put(dir.path(), "a_2.tif", &Tiff::little(vec![TiffPage::u8(4, 3, &[0; 12]); 2]).build());
    let error = plan(dir.path(), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, ReadError::MultiPageSlices { .. }) && error.to_string().contains("a_2.tif"), "{error}");
    std::fs::remove_file(dir.path().join("a_1.tif")).unwrap();
    assert_reads(dir.path(), [2, 3, 4], &[0.; 24]);
}

#[test]
fn empty_and_foreign_folders_say_what_they_hold() {
    let dir = tempfile::tempdir().unwrap();
    let text = |dir: &Path| plan(dir, &ReadOptions::default()).unwrap_err().to_string();
    assert!(text(dir.path()).contains("empty"));
    put(dir.path(), "a_1.bmp", b"BM");
    assert!(text(dir.path()).contains(".bmp"));
    std::fs::remove_file(dir.path().join("a_1.bmp")).unwrap();
    std::fs::create_dir(dir.path().join("slices")).unwrap();
    put(&dir.path().join("slices"), "a_1.tif", &slice(1));
    assert!(text(dir.path()).contains("slices/"));
    assert!(matches!(plan(&dir.path().join("none"), &ReadOptions::default()), Err(ReadError::Missing { .. })));
}

#[test]
fn archives_of_slices_and_of_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.zip");
    let members = [
        ("my stack/s10.tif", slice(10)),
        ("my stack/s9.tif", slice(9)),
        ("__MACOSX/my stack/._s9.tif", b"resource".to_vec()),
        ("my stack/.DS_Store", Vec::new()),
        ("../../evil.txt", b"never written".to_vec()),
    ];
    std::fs::write(&file, zip(&members)).unwrap();
    let mut expected = vec![9.; 12];
    expected.extend([10.; 12]);
    let stack = assert_reads(&file, [2, 3, 4], &expected);
    assert_eq!(stack.report.kind, "zip of TIFF slices");
    assert_eq!(stack.report.ignored.len(), 3);
    assert!(!dir.path().parent().unwrap().join("evil.txt").exists());

    let one = [("x/vol.tif", slice(3)), ("__MACOSX/x/._vol.tif", b"resource".to_vec())];
    std::fs::write(&file, zip(&one)).unwrap();
    assert_reads(&file, [1, 3, 4], &[3.; 12]);
    let tight = ReadOptions { max_memory: Some(20), ..ReadOptions::default() };
    assert_eq!(plan(&file, &tight).unwrap_err().category(), ErrorCategory::Memory);

    let two = [("a/s1.tif", slice(3)), ("b/s1.tif", slice(3))];
    std::fs::write(&file, zip(&two)).unwrap();
    assert!(matches!(plan(&file, &ReadOptions::default()), Err(ReadError::SeveralSeries { .. })));
}
