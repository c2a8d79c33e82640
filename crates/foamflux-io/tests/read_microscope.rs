//! Images of electron microscopes: pixel sizes, slice thickness, tilt and data bars.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod read_support;

use std::path::Path;

use foamflux_grid::{Region, VoxelSize, VoxelSizeSource};
use foamflux_io::read::{DataBar, IngestReport, ReadError, ReadOptions, Tilt, plan};
use read_support::{Lcg, Tiff, TiffPage, read};

const WIDTH: u32 = 64;
const ROWS: u32 = 48;
const BAR: u32 = 12;

/// A noisy scan with a drawn bar of so many rows below it.
fn pixels(seed: u64, bar: u32) -> Vec<u8> {
    let mut data = Lcg(seed).bytes((WIDTH * ROWS) as usize);
    data.extend((0..bar * WIDTH).map(|i| if i % 13 == 4 { 255 } else { 20 }));
    data
}

fn fei(tilt_deg: f64) -> (u16, String) {
    let text = format!(
        "[User]\r\nUser=someone\r\n[EBeam]\r\nHV=2000\r\nTiltCorrectionIsOn=no\r\n[Scan]\r\nPixelWidth=1.25e-08\r\n\
         PixelHeight=1.25e-08\r\n[Stage]\r\nStageT={}\r\n[Image]\r\nResolutionX={WIDTH}\r\nResolutionY={ROWS}\r\n\
         [PrivateFei]\r\nDatabarHeight=0\r\n",
        tilt_deg.to_radians()
    );
    (34682, text)
}

fn zeiss() -> (u16, String) {
    (
        34118,
        "1\r\nAP_PIXEL_SIZE\r\nPixel Size = 80.0 nm\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 20.0 nm\r\n".into(),
    )
}

/// A folder of three slices.
fn folder(bar: u32, tag: Option<(u16, String)>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for z in 0..3 {
        let mut page = TiffPage::u8(WIDTH, ROWS + bar, &pixels(z, bar));
        page.texts.extend(tag.clone());
        // What a screen leaves behind in every file.
        page.resolution = Some((96.0, 96.0, 2));
        Tiff::little(vec![page]).write(&folder.path().join(format!("slice_{z:03}.tif")));
    }
    folder
}

fn report(path: &Path, options: &ReadOptions) -> IngestReport {
    plan(path, options).unwrap().report().clone()
}

fn thick(nm: f64) -> ReadOptions {
    ReadOptions { slice_thickness_m: Some(nm * 1e-9), ..ReadOptions::default() }
}

#[track_caller]
fn assert_nm(report: &IngestReport, nm: [f64; 3]) {
    let found = report.voxel_size_m_xyz.unwrap_or_else(|| panic!("unknown: {report:?}"));
    for (f, n) in found.iter().zip(nm) {
        assert!((f * 1e9 / n - 1.0).abs() < 1e-9, "{found:?} {nm:?}");
    }
}

#[test]
fn pixels_are_the_microscopes_and_the_thickness_is_asked_for() {
    for (tag, name, nm) in [(fei(0.0), "fei-metadata", 12.5), (zeiss(), "zeiss-metadata", 20.0)] {
        let folder = folder(0, Some(tag));
        let without = report(folder.path(), &ReadOptions::default());
        assert_eq!(without.voxel_size_m_xyz, None, "a thickness was guessed");
        let asks: Vec<_> = without.warnings.iter().filter(|w| w.contains("--slice-thickness")).collect();
        assert!(asks.len() == 1 && asks[0].contains(name), "{:?}", without.warnings);
        let with = report(folder.path(), &thick(30.0));
        assert_nm(&with, [nm, nm, 30.0]);
        let source = with.voxel_size_source.unwrap().to_string();
        assert!(source.contains(name) && source.contains("--slice-thickness"), "{source}");
        assert!(with.warnings.is_empty(), "{:?}", with.warnings);
        // What is read has it as well, and a merged voxel is larger.
        let stack = read(folder.path(), &ReadOptions { bin: 2, data_bar: DataBar::Keep, ..thick(30.0) });
        let VoxelSize::Known { m_xyz, .. } = stack.map_err(|e| e.to_string()).unwrap().data.voxel_size().clone() else {
            panic!("unknown")
        };
        assert!((m_xyz[2] - 60e-9).abs() < 1e-15);
    }
}

#[test]
fn a_thickness_makes_no_printer_a_microscope() {
    let folder = folder(0, None);
    let found = report(folder.path(), &thick(30.0));
    assert_eq!(found.voxel_size_m_xyz, None);
    assert!(found.warnings.iter().any(|w| w.contains("no effect")), "{:?}", found.warnings);
}

#[test]
fn sidecars_are_read_beside_their_images() {
    let tescan = "[MAIN]\nPixelSizeX=4e-08\nPixelSizeY=4e-08\nImageStripSize=12\n[SEM]\nHV=5000\nStageTilt=55\n";
    let jeol = "$CM_FORMAT JEOL-SEM\n$$SM_MICRON_BAR 125\n$$SM_MICRON_MARKER 5um\n";
    for (ending, text, source) in [("-tif.hdr", tescan, "tescan"), (".hdr", tescan, "tescan"), (".txt", jeol, "jeol")] {
        let folder = folder(BAR, None);
        for z in 0..3 {
            std::fs::write(folder.path().join(format!("slice_{z:03}{ending}")), text).unwrap();
        }
        let found = report(folder.path(), &thick(50.0));
        assert_nm(&found, [40.0, 40.0, 50.0]);
        assert!(found.voxel_size_source.as_ref().unwrap().to_string().starts_with(source), "{found:?}");
        let by = found.data_bar.clone().unwrap();
        assert_eq!((by.rows, by.found_by.as_str()), (12, if source == "tescan" { "tescan-sidecar" } else { "pixels" }));
        // The same beside a single image.
        let one = report(&folder.path().join("slice_001.tif"), &thick(50.0));
        assert_nm(&one, [40.0, 40.0, 50.0]);
    }
}

#[test]
fn bars_are_cut_where_stated_or_seen_and_left_where_told() {
    for (tag, by) in [(Some(fei(0.0)), "fei-metadata"), (None, "pixels")] {
        let folder = folder(BAR, tag);
        let found = report(folder.path(), &ReadOptions::default());
        assert_eq!(found.data_bar.as_ref().map(|b| (b.rows, b.found_by.as_str())), Some((BAR as usize, by)));
        assert_eq!((found.shape_zyx.y, found.shape_zyx_file.y), (ROWS as usize, (ROWS + BAR) as usize));
        let stack = read(folder.path(), &ReadOptions::default()).unwrap();
        let (_, values) = read_support::values(&stack);
        let scans: Vec<f64> = (0..3).flat_map(|z| pixels(z, 0)).map(f64::from).collect();
        assert_eq!(values, scans);
        let keep = ReadOptions { data_bar: DataBar::Keep, ..ReadOptions::default() };
        assert_eq!(report(folder.path(), &keep).shape_zyx.y, (ROWS + BAR) as usize);
        let told = ReadOptions { data_bar: DataBar::Rows(20), ..ReadOptions::default() };
        assert_eq!(report(folder.path(), &told).shape_zyx.y, (ROWS + BAR - 20) as usize);
        // A crop is taken as it is, and told where it reaches into the bar.
        let region = Region { x0: 0, x1: 64, y0: 0, y1: 60, z0: 0, z1: 3 };
        let crop = report(folder.path(), &ReadOptions { crop: Some(region), ..ReadOptions::default() });
        assert_eq!(crop.shape_zyx.y, 60);
        assert!(crop.warnings.iter().any(|w| w.contains("data bar")), "{:?}", crop.warnings);
    }
    assert_eq!(report(folder(0, Some(fei(0.0))).path(), &ReadOptions::default()).data_bar, None);
}

#[test]
fn a_bar_of_half_the_frame_is_cut_with_a_warning_and_more_rows_than_there_are_are_refused() {
    let folder = folder(ROWS, Some(fei(0.0)));
    let found = report(folder.path(), &ReadOptions::default());
    assert_eq!(found.shape_zyx.y, ROWS as usize);
    assert!(found.warnings.iter().any(|w| w.contains("50 %") && w.contains("--data-bar keep")), "{:?}", found.warnings);
    for rows in [0, 96, 1000] {
        let told = ReadOptions { data_bar: DataBar::Rows(rows), ..ReadOptions::default() };
        let error = plan(folder.path(), &told).unwrap_err();
        assert!(matches!(error, ReadError::DataBar { rows: r, height: 96 } if r == rows), "{error}");
    }
}

#[test]
fn a_cross_section_is_stretched_by_the_sine_of_its_tilt() {
    let folder = folder(0, Some(fei(52.0)));
    let tall = 12.5 / 52f64.to_radians().sin();
    for tilt in [Tilt::Stage, Tilt::Degrees(52.0)] {
        let found = report(folder.path(), &ReadOptions { tilt, ..thick(20.0) });
        assert_nm(&found, [12.5, tall, 20.0]);
        assert!(found.voxel_size_source.unwrap().to_string().contains("52 degrees"));
    }
    // A voxel size that is given is corrected as well.
    let flag = VoxelSize::known([1e-8; 3], VoxelSizeSource::Flag).unwrap();
    let found = report(
        folder.path(),
        &ReadOptions { voxel_size: Some(flag), tilt: Tilt::Degrees(30.0), ..ReadOptions::default() },
    );
    assert_nm(&found, [10.0, 20.0, 10.0]);
}

#[test]
fn a_tilt_that_is_none_is_refused() {
    for (tag, says) in [(None, "no file states"), (Some(fei(0.0)), "0.0 degrees"), (Some(zeiss()), "no file states")] {
        let folder = folder(0, tag);
        let error = plan(folder.path(), &ReadOptions { tilt: Tilt::Stage, ..thick(20.0) }).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("--tilt-correction"), "{error}");
    }
}

#[test]
fn an_image_that_was_resized_after_the_scan_has_no_pixel_size() {
    let folder = tempfile::tempdir().unwrap();
    let mut page = TiffPage::u8(32, 24, &Lcg(1).bytes(32 * 24));
    page.texts.push(fei(0.0));
    let path = Tiff::little(vec![page.clone(), page]).write(&folder.path().join("small.tif"));
    let found = report(&path, &thick(20.0));
    assert_eq!(found.voxel_size_m_xyz, None);
    assert!(found.voxel_size_candidates.iter().any(|c| c.reason.contains("resized")), "{found:?}");
}
