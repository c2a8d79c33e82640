//! What a hurried or hostile user does: nothing of theirs is lost, nothing hangs, and every message is said once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::foamflux;
use foamflux_grid::{Sample, Shape, Volume, VoxelSize};
use foamflux_io::write::{self, WritableSample};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn written<T: WritableSample + Sample>(folder: &TempDir, name: &str, volume: &Volume<T>) -> PathBuf {
    let path = folder.path().join(name);
    write::volume(&path, volume, "grey").expect("the file is written");
    path
}

fn grey(z: usize) -> Volume<u8> {
    let shape = Shape::new(z, 12, 12).expect("a shape");
    Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
        let solid = (x / 3 + y / 3 + z / 3) % 2 == 0;
        (if solid { 180 } else { 40 }) + ((7 * x + 5 * y + 3 * z) % 16) as u8
    })
}

fn labels(z: usize) -> Volume<u8> {
    let shape = Shape::new(z, 8, 8).expect("a shape");
    Volume::from_fn(shape, VoxelSize::Unknown, |_, y, x| u8::from(x < 3 && y < 3))
}

#[test]
fn the_input_is_never_overwritten() {
    let place = folder();
    let path = written(&place, "grey.tif", &grey(8));
    let before = fs::read(&path).expect("read");
    for command in ["segment", "ingest"] {
        foamflux(&[command, &text(&path), "-o", &text(&path)]).fails(2, &["grey.tif", "is the input"]);
        // The same file under another name.
        let other = text(&place.path().join(".").join("grey.tif"));
        foamflux(&[command, &text(&path), "-o", &other]).fails(2, &["is the input"]);
    }
    assert_eq!(fs::read(&path).expect("still there"), before);
    let path = written(&place, "labels.npy", &labels(8));
    let before = fs::read(&path).expect("read");
    foamflux(&["measure", &text(&path), "-o", &text(&path)]).fails(2, &[".json"]);
    assert_eq!(fs::read(&path).expect("still there"), before);
}

#[test]
fn no_slice_is_added_to_the_stack_that_is_read() {
    let place = folder();
    let stack = place.path().join("slices");
    write::slices(&stack, &grey(8), "slice").expect("the slices are written");
    foamflux(&["segment", &text(&stack), "-o", &text(&stack.join("labels.tif"))]).fails(2, &["among the slices"]);
    assert_eq!(fs::read_dir(&stack).expect("listed").count(), 8);
    let beside = place.path().join("labels.tif");
    assert_eq!(foamflux(&["segment", &text(&stack), "-q", "-o", &text(&beside)]).status, 0);
}

#[test]
fn values_that_no_machine_or_microscope_has_are_refused() {
    let place = folder();
    let path = text(&written(&place, "labels.npy", &labels(8)));
    for edge in ["1e300m", "1e-300m", "1e-13m", "1um,1um,2m"] {
        foamflux(&["measure", &path, "--voxel-size", edge]).fails(2, &["--voxel-size", edge, "1m"]);
    }
    foamflux(&["measure", &path, "--threads=1000000"]).fails(2, &["--threads", "1024"]);
    // Every command knows what a device is called, the ones that need none included.
    foamflux(&["measure", &path, "--device=gpu:x"]).fails(2, &["--device", "gpu:N"]);
    foamflux(&["transport", &path, "--device=quantum", "--dry-run"]).fails(2, &["--device"]);
}

#[test]
fn flags_that_would_have_no_effect_are_refused() {
    let place = folder();
    let path = text(&written(&place, "labels.npy", &labels(8)));
    foamflux(&["measure", &path, "--offset=5"]).fails(2, &["--offset", "--shape"]);
    foamflux(&["measure", &path, "--byte-order=big"]).fails(2, &["--byte-order", "--shape"]);
    foamflux(&["measure", &path, "--content=grey"]).fails(2, &["--content", "foamflux segment"]);
    foamflux(&["segment", &path, "--method=otsu", "--low=5"]).fails(2, &["--low", "hysteresis"]);
}

#[test]
fn a_negative_number_is_a_value_and_not_a_flag() {
    let place = folder();
    let path = text(&written(&place, "labels.npy", &labels(8)));
    foamflux(&["measure", &path, "--density", "-1"]).fails(2, &["--density", "positive"]);
    foamflux(&["transport", &path, "--tol", "-1"]).fails(2, &["--tol"]);
}

#[test]
fn a_cause_is_said_once() {
    let place = folder();
    let path = text(&written(&place, "labels.npy", &labels(8)));
    let call = foamflux(&["measure", &path, "--config", "missing.toml"]);
    call.fails(2, &["missing.toml"]);
    assert_eq!(call.stderr.matches("os error").count(), 1, "{}", call.stderr);
    let call = foamflux(&["transport", &path, "--phase=pore", "--tol=1e-300", "--max-iterations=2"]);
    assert!(call.stderr.matches("not converged").count() <= 1, "{}", call.stderr);
}

#[test]
fn warnings_of_reading_are_in_the_json_of_every_command() {
    let place = folder();
    let sheet = text(&written(&place, "sheet.npy", &labels(1)));
    let one = text(&written(&place, "one.npy", &grey(1)));
    for args in [["ingest", &sheet], ["measure", &sheet], ["transport", &sheet], ["segment", &one]] {
        let call = foamflux(&[&args[..], &["--json"]].concat());
        let warnings = call.json()["warnings"].to_string();
        assert_eq!(warnings.matches("one slice").count(), 1, "{}: {warnings}", args[0]);
    }
}

#[test]
fn the_source_of_the_voxel_size_is_told() {
    let place = folder();
    let path = text(&written(&place, "labels.npy", &labels(8)));
    let config = place.path().join("foamflux.toml");
    fs::write(&config, "voxel-size = \"2um\"\nphase = \"pore\"\ntol = 0.01\n").expect("written");
    let source = |args: &[&str]| {
        let base = ["measure", &path, "--json", "--config", &text(&config)].map(str::to_owned);
        let all: Vec<String> = base.into_iter().chain(args.iter().map(|s| (*s).to_owned())).collect();
        foamflux(&all).json()["volume"]["voxel_size_source"].clone()
    };
    assert_eq!(source(&[]), "config");
    assert_eq!(source(&["--voxel-size=3um"]), "flag");
}

#[test]
fn an_earlier_host_can_be_replaced() {
    let place = folder();
    let out = text(&place.path().join("host"));
    assert_eq!(foamflux(&["host", "cmf-demo", "--size=16", "-q", "-o", &out]).status, 0);
    foamflux(&["host", "cmf-demo", "--size=16", "-o", &out]).fails(2, &["--overwrite"]);
    let call = foamflux(&["host", "cmf-demo", "--size=20", "-q", "-o", &out, "--overwrite"]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    foamflux(&["host", "melamine", "-o", &out]).fails(2, &["error: 'melamine' is not a host"]);
}

#[cfg(unix)]
#[test]
fn a_stopped_run_leaves_nothing_and_says_so_in_its_status() {
    use std::process::{Command, Stdio};
    let place = folder();
    let shape = Shape::cube(200).expect("a shape");
    let big = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| ((x * y + z * 7) % 251) as u8);
    let path = written(&place, "grey.npy", &big);
    for signal in ["INT", "TERM"] {
        let results = folder_of(&place, signal);
        let mut child = Command::new(env!("CARGO_BIN_EXE_foamflux"))
            .args(["run", &text(&path), "-o", &text(&results.path().join("out"))])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        // The folder under construction is there from the start; the work takes many times longer than this.
        while fs::read_dir(results.path()).expect("listed").count() == 0 {
            assert!(child.try_wait().expect("asked").is_none(), "ended before it could be stopped");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let kill = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.expect("kill is there").success());
        assert_eq!(child.wait().expect("it ends").code(), Some(130), "SIG{signal}");
        assert_eq!(fs::read_dir(results.path()).expect("listed").count(), 0, "half-written");
    }
}

fn folder_of(place: &TempDir, prefix: &str) -> TempDir {
    tempfile::Builder::new().prefix(prefix).tempdir_in(place.path()).expect("a temporary folder")
}
