//! Files and folders are whole or absent, and nothing foreign is ever replaced.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use foamflux_grid::{Labels, Shape, Volume, VoxelSize};
use foamflux_io::write::{
    Existing, OutputFolder, VolumeFormat, WriteCategory, WriteError, file_atomically, labels, png_grey, png_rgb, slices,
};

/// Names in a folder, hidden ones included.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn cube() -> Labels {
    Labels::new(Volume::from_fn(Shape::cube(3).unwrap(), VoxelSize::Unknown, |z, _, _| (z % 2) as u8)).unwrap()
}

const OURS: &str = r#"{"schema": "foamflux.run/1"}"#;

#[test]
fn a_failure_in_the_middle_leaves_what_was_there() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("results.csv");
    let fail = |out: &mut dyn Write| {
        out.write_all(&[b'x'; 1 << 20])?;
        Err(io::Error::from(ErrorKind::StorageFull))
    };
    let error = file_atomically(&path, fail).unwrap_err();
    assert!(names(place.path()).is_empty());
    assert_eq!(error.category(), WriteCategory::Io);
    let message = error.to_string();
    assert!(message.contains("results.csv") && message.contains("disk is full"), "{message}");
    assert!(!message.contains("partial"), "the temporary name is no use to anybody: {message}");

    file_atomically(&path, |out| out.write_all(b"old")).unwrap();
    file_atomically(&path, fail).unwrap_err();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    file_atomically(&path, |out| out.write_all(b"new")).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(names(place.path()), ["results.csv"]);
}

#[test]
fn a_panic_while_writing_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.csv");
    let caught = std::panic::catch_unwind(|| file_atomically(&path, |_| panic!("on purpose")));
    assert!(caught.is_err());
    assert!(names(place.path()).is_empty());
}

#[test]
fn places_that_cannot_be_written_say_why() {
    let place = tempfile::tempdir().unwrap();
    let write = |path: &Path| labels(path, &cube()).unwrap_err();

    let missing = write(&place.path().join("no/such/a.tif"));
    assert!(missing.to_string().contains("does not exist: create it first"), "{missing}");

    let folder = place.path().join("folder.tif");
    fs::create_dir(&folder).unwrap();
    let error = write(&folder);
    assert!(matches!(error, WriteError::BadPath { .. }) && error.to_string().contains("it is a folder"), "{error}");

    let protected = place.path().join("protected.tif");
    fs::write(&protected, "mine").unwrap();
    let mut permissions = fs::metadata(&protected).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&protected, permissions).unwrap();
    let error = write(&protected);
    assert!(error.to_string().contains("write-protected"), "{error}");
    assert_eq!(fs::read_to_string(&protected).unwrap(), "mine");
    assert_eq!(names(place.path()), ["folder.tif", "protected.tif"]);

    // A raw file and its description come both or not at all.
    fs::create_dir(place.path().join("a.raw")).unwrap();
    write(&place.path().join("a.raw"));
    fs::create_dir(place.path().join("b.raw.json")).unwrap();
    write(&place.path().join("b.raw"));
    assert_eq!(names(place.path()), ["a.raw", "b.raw.json", "folder.tif", "protected.tif"]);

    let below_a_file = write(&protected.join("a.tif"));
    assert_eq!(below_a_file.category(), WriteCategory::Io);
}

#[cfg(unix)]
#[test]
fn devices_are_left_alone_and_links_stay() {
    let error = file_atomically(Path::new("/dev/null"), |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains("not a regular file"), "{error}");

    let place = tempfile::tempdir().unwrap();
    let (real, link) = (place.path().join("real"), place.path().join("link"));
    fs::create_dir(&real).unwrap();
    fs::write(real.join("a.csv"), "old").unwrap();
    std::os::unix::fs::symlink(real.join("a.csv"), &link).unwrap();
    file_atomically(&link, |out| out.write_all(b"new")).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
    assert_eq!(fs::read_to_string(real.join("a.csv")).unwrap(), "new");
}

#[test]
fn formats_go_by_extension() {
    for (name, format) in [
        ("a.tif", VolumeFormat::Tiff),
        ("a.TIFF", VolumeFormat::Tiff),
        ("a.b.npy", VolumeFormat::Npy),
        ("a.nrrd", VolumeFormat::Nrrd),
        ("a.raw", VolumeFormat::Raw),
        ("a.vti", VolumeFormat::Vti),
    ] {
        assert_eq!(VolumeFormat::from_path(Path::new(name)).unwrap(), format);
    }
    for name in ["a", "a.jpg", ".tif", "a.tif.gz"] {
        let error = VolumeFormat::from_path(Path::new(name)).unwrap_err();
        assert_eq!(error.category(), WriteCategory::Usage);
        assert!(error.to_string().contains(".tif, .tiff, .npy, .nrrd, .raw or .vti"), "{error}");
    }
}

#[test]
fn an_output_folder_appears_whole() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("deep/OUT");
    let folder = OutputFolder::create(&out, Existing::Refuse).unwrap();
    fs::write(folder.join("results.json"), OURS).unwrap();
    fs::write(folder.join("figures/tau.svg"), "<svg/>").unwrap();
    labels(&folder.join("labels.tif"), &cube()).unwrap();
    assert!(!out.exists());
    assert!(folder.join("/etc/passwd").starts_with(folder.path()));
    assert!(folder.join("../../x").starts_with(folder.path()));
    folder.commit().unwrap();
    assert_eq!(names(&out), ["etc", "figures", "labels.tif", "results.json"]);
    assert_eq!(names(&out.join("figures")), ["tau.svg"]);
    assert_eq!(names(&place.path().join("deep")), ["OUT"]);
}

#[test]
fn an_output_folder_that_is_dropped_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = OutputFolder::create(&place.path().join("OUT"), Existing::Refuse).unwrap();
    fs::write(folder.join("a/b/c.csv"), "1").unwrap();
    assert_eq!(names(place.path()).len(), 1);
    drop(folder);
    assert!(names(place.path()).is_empty());
}

#[test]
fn an_existing_folder_is_refused_unless_it_may_be_replaced() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("OUT");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("results.json"), OURS).unwrap();
    fs::write(out.join("old.csv"), "").unwrap();
    let error = OutputFolder::create(&out, Existing::Refuse).err().unwrap();
    assert_eq!(error.category(), WriteCategory::Usage);
    assert!(matches!(&error, WriteError::Exists { .. }) && error.to_string().contains("--overwrite"), "{error}");

    // Given up: the old one is untouched.
    drop(OutputFolder::create(&out, Existing::Replace).unwrap());
    assert_eq!(names(&out), ["old.csv", "results.json"]);

    let folder = OutputFolder::create(&out, Existing::Replace).unwrap();
    fs::write(folder.join("results.json"), OURS).unwrap();
    folder.commit().unwrap();
    assert_eq!(names(&out), ["results.json"]);
    assert_eq!(names(place.path()), ["OUT"]);
}

#[test]
fn what_appears_meanwhile_is_refused_at_the_end() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("OUT");
    for existing in [Existing::Refuse, Existing::Replace] {
        let folder = OutputFolder::create(&out, existing).unwrap();
        fs::create_dir(&out).unwrap();
        fs::write(out.join("thesis.tex"), "years of work").unwrap();
        assert_eq!(folder.commit().unwrap_err().category(), WriteCategory::Usage);
        assert_eq!(names(&out), ["thesis.tex"]);
        assert_eq!(names(place.path()), ["OUT"]);
        fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn only_our_own_results_are_replaced() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("home");
    fs::create_dir(&out).unwrap();
    let refusal = || {
        let error = OutputFolder::create(&out, Existing::Replace).err().unwrap();
        assert_eq!(error.category(), WriteCategory::Usage);
        error.to_string()
    };
    drop(OutputFolder::create(&out, Existing::Replace).unwrap());

    fs::write(out.join("thesis.tex"), "").unwrap();
    assert!(refusal().contains("holds no results.json"));
    fs::write(out.join("results.json"), r#"{"accuracy": 0.99}"#).unwrap();
    assert!(refusal().contains("not written by foamflux"));
    assert_eq!(names(&out), ["results.json", "thesis.tex"]);

    // A synthetic host is ours as well, and has no results.json.
    fs::remove_file(out.join("results.json")).unwrap();
    fs::write(out.join("truth.json"), r#"{"schema": "foamflux.host-facts/1"}"#).unwrap();
    drop(OutputFolder::create(&out, Existing::Replace).unwrap());

    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let error = OutputFolder::create(&file, Existing::Replace).err().unwrap();
    assert!(error.to_string().contains("it is not a folder"), "{error}");
    for nameless in ["/", "..", "."] {
        let error = OutputFolder::create(Path::new(nameless), Existing::Replace).err().unwrap();
        assert!(matches!(error, WriteError::BadPath { .. }), "{nameless}: {error}");
    }
    assert_eq!(names(place.path()), ["file", "home"]);
}

#[test]
fn slices_do_not_mix_with_others() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("grey");
    slices(&folder, cube().volume(), "slice_").unwrap();
    assert_eq!(names(&folder), ["slice_0000.tif", "slice_0001.tif", "slice_0002.tif"]);
    let error = slices(&folder, cube().volume(), "slice_").unwrap_err();
    assert_eq!(error.category(), WriteCategory::Usage);
    assert!(slices(&place.path().join("other"), cube().volume(), "../x").is_err());
    let empty = place.path().join("empty");
    fs::create_dir(&empty).unwrap();
    slices(&empty, cube().volume(), "").unwrap();
    assert_eq!(names(&empty)[0], "0000.tif");
    assert_eq!(names(place.path()), ["empty", "grey"]);
}

#[test]
fn images_come_back() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.png");
    let rgb: Vec<u8> = (0..5 * 3 * 3).collect();
    png_rgb(&path, 5, 3, &rgb).unwrap();
    let read = |path: &Path| {
        let mut reader = png::Decoder::new(io::BufReader::new(fs::File::open(path).unwrap())).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, info.color_type, pixels)
    };
    assert_eq!(read(&path), (5, 3, png::ColorType::Rgb, rgb));
    let grey: Vec<u8> = (0..15).collect();
    png_grey(&path, 5, 3, &grey).unwrap();
    assert_eq!(read(&path), (5, 3, png::ColorType::Grayscale, grey));
    let error = png_grey(&path, 4, 3, &[0; 15]).unwrap_err();
    assert_eq!(error.category(), WriteCategory::Internal);
    assert!(png_grey(&path, 0, 3, &[]).is_err());
}
