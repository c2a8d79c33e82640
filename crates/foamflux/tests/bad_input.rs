//! Bad input gets the documented exit status, a message with file, cause and remedy, and leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Call, foamflux};
use foamflux_grid::{Sample, Shape, Volume, VoxelSize};
use foamflux_io::write::{self, WritableSample};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A grey volume with two clear classes and some spread.
fn grey(z: usize, y: usize, x: usize) -> Volume<u8> {
    let shape = Shape::new(z, y, x).expect("a shape");
    Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
        let solid = (x / 3 + y / 3 + z / 3) % 2 == 0;
        let ripple = ((7 * x + 5 * y + 3 * z) % 16) as u8;
        if solid { 180 + ripple } else { 40 + ripple }
    })
}

fn written<T: WritableSample + Sample>(folder: &TempDir, name: &str, volume: &Volume<T>) -> PathBuf {
    let path = folder.path().join(name);
    write::volume(&path, volume, "grey").expect("the file is written");
    path
}

/// Slices of a folder, one TIFF each.
fn slices(folder: &TempDir, volume: &Volume<u8>) -> PathBuf {
    let path = folder.path().join("slices");
    write::slices(&path, volume, "slice").expect("the slices are written");
    path
}

/// Runs the main job into a fresh place and asserts that nothing is left when it fails.
fn run_fails(input: &str, status: i32, parts: &[&str]) -> Call {
    let place = folder();
    let out = place.path().join("out");
    let call = foamflux(&["run", input, "--voxel-size=1um", "-o", &text(&out)]);
    call.fails(status, parts);
    let left: Vec<_> = fs::read_dir(place.path()).expect("the folder is there").collect();
    assert!(left.is_empty(), "half-written: {left:?}");
    call
}

#[test]
fn empty_folder() {
    let place = folder();
    run_fails(&text(place.path()), 3, &[&text(place.path()), "slices"]);
}

#[test]
fn missing_input() {
    run_fails("no/such/folder", 3, &["no/such/folder"]);
}

#[test]
fn folder_of_text_files() {
    let place = folder();
    fs::write(place.path().join("notes.txt"), "voltage 5 kV").expect("written");
    fs::write(place.path().join("readme.md"), "# stack").expect("written");
    run_fails(&text(place.path()), 3, &["notes.txt"]);
}

#[test]
fn text_file_that_calls_itself_tiff() {
    let place = folder();
    let path = place.path().join("stack.tif");
    fs::write(&path, "this is no picture").expect("written");
    run_fails(&text(&path), 3, &["stack.tif"]);
}

#[test]
fn empty_file() {
    let place = folder();
    for name in ["a.tif", "b.npy", "c.nrrd", "d.zip", "e.png"] {
        let path = place.path().join(name);
        fs::write(&path, "").expect("written");
        run_fails(&text(&path), 3, &[name]);
    }
}

#[test]
fn mixed_sizes_are_refused_by_name_and_accepted_by_flag() {
    let place = folder();
    let stack = slices(&place, &grey(12, 20, 20));
    let odd = grey(1, 18, 20);
    let names: Vec<PathBuf> = fs::read_dir(&stack).expect("slices").map(|e| e.expect("entry").path()).collect();
    let victim = names.iter().max().expect("a slice");
    fs::remove_file(victim).expect("removed");
    write::volume(victim, &odd, "grey").expect("written");
    let name = victim.file_name().expect("a name").to_string_lossy().into_owned();
    run_fails(&text(&stack), 3, &[&name, "--odd-sizes"]);
    for (policy, shape) in [("skip", [11, 20, 20]), ("crop", [12, 18, 20]), ("pad", [12, 20, 20])] {
        let results = foamflux(&["ingest", &text(&stack), "--odd-sizes", policy, "--json"]).json();
        assert_eq!(results["volume"]["shape_zyx"], serde_json::json!(shape), "{policy}");
    }
}

#[test]
fn every_truncated_slice_is_named_before_the_end() {
    let place = folder();
    let stack = slices(&place, &grey(12, 40, 40));
    let mut names: Vec<PathBuf> = fs::read_dir(&stack).expect("slices").map(|e| e.expect("entry").path()).collect();
    names.sort();
    for i in [3, 7] {
        let bytes = fs::read(&names[i]).expect("read");
        fs::write(&names[i], &bytes[..bytes.len() / 2]).expect("cut");
    }
    let name = |i: usize| names[i].file_name().expect("a name").to_string_lossy().into_owned();
    run_fails(&text(&stack), 3, &[&name(3), &name(7), "--bad-slices"]);
    for (policy, slices) in [("skip", 10), ("interpolate", 12)] {
        let results = foamflux(&["ingest", &text(&stack), "--bad-slices", policy, "--json"]).json();
        assert_eq!(results["volume"]["shape_zyx"][0], slices, "{policy}");
        assert_eq!(results["bad_slices"].as_array().map(Vec::len), Some(2), "{policy}");
    }
}

#[test]
fn truncated_volume_files() {
    let place = folder();
    for name in ["a.tif", "b.npy", "c.nrrd"] {
        let path = written(&place, name, &grey(8, 30, 30));
        let bytes = fs::read(&path).expect("read");
        fs::write(&path, &bytes[..bytes.len() * 2 / 3]).expect("cut");
        run_fails(&text(&path), 3, &[name]);
    }
    // What is lost of one file is told as a range.
    let told = foamflux(&["ingest", &text(&place.path().join("a.tif"))]).stderr;
    assert!(told.matches("truncated").count() <= 2, "{told}");
}

#[test]
fn raw_of_another_length() {
    let place = folder();
    let path = place.path().join("stack.raw");
    fs::write(&path, vec![0u8; 999]).expect("written");
    let call = foamflux(&["ingest", &text(&path), "--shape=10,10,10", "--dtype=u8"]);
    call.fails(3, &["stack.raw", "999", "1000"]);
    foamflux(&["ingest", &text(&path)]).fails(2, &["--shape", "--dtype"]);
}

#[test]
fn nan_pixels() {
    let place = folder();
    let shape = Shape::cube(8).expect("a shape");
    let mut volume = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| (z * y * x) as f32);
    volume.as_mut_slice()[shape.index(2, 3, 4)] = f32::NAN;
    let path = written(&place, "stack.npy", &volume);
    run_fails(&text(&path), 3, &["NaN", "4,3,2"]);
}

#[test]
fn constant_image() {
    let place = folder();
    let shape = Shape::cube(8).expect("a shape");
    let path = written(&place, "stack.tif", &Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| 77u8));
    run_fails(&text(&path), 3, &["stack.tif", "77"]);
    foamflux(&["segment", &text(&path), "--content=grey"]).fails(3, &["77"]);
}

#[test]
fn one_slice() {
    let place = folder();
    let path = written(&place, "slice.tif", &grey(1, 30, 30));
    run_fails(&text(&path), 3, &["slice.tif", "one slice", "segment"]);
    let call = foamflux(&["segment", &text(&path), "--json"]);
    call.json();
    assert!(call.stderr.contains("one slice"), "{}", call.stderr);
}

#[test]
fn an_absent_phase_is_a_result() {
    let place = folder();
    let shape = Shape::cube(6).expect("a shape");
    let path = written(&place, "labels.npy", &Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| 0u8));
    let results = foamflux(&["transport", &text(&path), "--phase=lithium", "--json"]).json();
    for axis in ["x", "y", "z"] {
        let direction = &results["directions"][axis];
        assert_eq!(direction["percolates"], false);
        assert!(direction["tau"].is_null());
        assert_eq!(direction["d_eff_relative"], 0.0);
        assert!(direction["blocked"]["reason"].as_str().is_some_and(|r| r.contains("absent")), "{direction:#}");
    }
    let results = foamflux(&["measure", &text(&path), "--json"]).json();
    assert_eq!(results["phases"]["solid"]["volume_fraction"], 0.0);
    assert_eq!(results["phases"]["pore"]["volume_fraction"], 1.0);
}

#[test]
fn labels_where_grey_is_expected_and_the_reverse() {
    let place = folder();
    let shape = Shape::cube(8).expect("a shape");
    let two = written(&place, "labels.tif", &Volume::from_fn(shape, VoxelSize::Unknown, |_, _, x| 255 * (x as u8 % 2)));
    foamflux(&["segment", &text(&two)]).fails(3, &["labels.tif", "measure", "--content grey"]);
    let path = written(&place, "grey.tif", &grey(8, 20, 20));
    foamflux(&["measure", &text(&path)]).fails(3, &["grey.tif", "foamflux segment"]);
    foamflux(&["transport", &text(&path), "--phase=pore"]).fails(3, &["grey.tif", "foamflux segment"]);
    let foreign =
        written(&place, "foreign.tif", &Volume::from_fn(shape, VoxelSize::Unknown, |_, _, x| 85 * (x as u8 % 3)));
    foamflux(&["measure", &text(&foreign)]).fails(3, &["foreign.tif", "0, 85, 170", "--labels pore=0,fibre=85"]);
    foamflux(&["measure", &text(&foreign), "--labels=pore=0,fibre=85"]).fails(3, &["170"]);
}

#[test]
fn wrong_flags() {
    let place = folder();
    let path = text(&written(&place, "grey.tif", &grey(8, 20, 20)));
    let out = text(&place.path().join("out"));
    let usage = |args: &[&str], part: &str| foamflux(args).fails(2, &[part]);
    usage(&["run", &path, "-o", &out, "--voxelsize=1um"], "--voxel-size");
    usage(&["run", &path, "-o", &out, "--voxel-size=1.3"], "no unit");
    usage(&["run", &path, "-o", &out, "--tol=0"], "--tol");
    usage(&["run", &path, "-o", &out, "--skip=nothing"], "--skip");
    usage(&["run", &path, "-o", &out, "--crop=0:99,0:20,0:8"], "0:99");
    usage(&["run", &path], "--output");
    usage(&["segment", &path, "--method=kmeans"], "otsu");
    usage(&["segment", &path, "-o", "labels.xyz"], ".tif");
    usage(&["transport", &path, "--phase=carbon"], "carbon");
    usage(&["transport", &path, "--threads=0"], "threads");
    usage(&["frobnicate"], "frobnicate");
    usage(&["run", &path, "-o", &out, "--config=missing.toml"], "missing.toml");
    foamflux(&["transport", &path, "--device=gpu:99", "--content=labels"]).fails(6, &["gpu"]);
}

#[test]
fn unknown_configuration_keys() {
    let place = folder();
    let path = text(&written(&place, "grey.tif", &grey(8, 20, 20)));
    let config = place.path().join("foamflux.toml");
    fs::write(&config, "voxelsize = \"1um\"\n").expect("written");
    foamflux(&["segment", &path, "--config", &text(&config)]).fails(2, &["foamflux.toml", "voxelsize"]);
}

#[test]
fn too_little_memory() {
    let place = folder();
    let path = text(&written(&place, "grey.tif", &grey(40, 60, 60)));
    foamflux(&["ingest", &path, "--max-memory=10kB"]).fails(4, &["--crop", "--bin", "--max-memory"]);
    foamflux(&["segment", &path, "--max-memory=600kB"]).fails(4, &["--crop", "--bin", "--max-memory"]);
}

#[test]
fn an_existing_folder_is_not_touched() {
    let place = folder();
    let input = text(&written(&place, "grey.tif", &grey(12, 20, 20)));
    let out = place.path().join("mine");
    fs::create_dir(&out).expect("made");
    fs::write(out.join("thesis.txt"), "years of work").expect("written");
    foamflux(&["run", &input, "-o", &text(&out)]).fails(2, &["mine", "--overwrite"]);
    foamflux(&["run", &input, "-o", &text(&out), "--overwrite"]).fails(2, &["mine"]);
    assert_eq!(fs::read_to_string(out.join("thesis.txt")).expect("still there"), "years of work");
}
