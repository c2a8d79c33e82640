//! `foamflux plate` from the command line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Call, close, foamflux, folder, labels, number};
use serde_json::Value;
use tempfile::TempDir;

/// A plate of four slices under sixteen of electrolyte, with a post on it.
fn post(place: &TempDir) -> String {
    labels(place, [20, 6, 6], |z, y, x| u8::from(z >= 16 || (z >= 6 && (2..4).contains(&y) && (2..4).contains(&x))))
}

fn plate(path: &str, flags: &[&str]) -> Call {
    let all: Vec<&str> = ["plate", path, "--voxel-size=1um"].into_iter().chain(flags.iter().copied()).collect();
    foamflux(&all)
}

fn out(place: &TempDir) -> (PathBuf, String) {
    let path = place.path().join("OUT");
    let text = path.display().to_string();
    (path, text)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path.join("plate.json")).unwrap()).unwrap()
}

#[test]
fn a_plate_grows_by_4_85_um_per_mah_per_cm2() {
    let place = folder();
    let path = labels(&place, [20, 2, 2], |z, _, _| u8::from(z >= 18));
    let found = plate(&path, &["--capacity=2mAh/cm2", "--current=1mA/cm2", "--json"]).json();
    assert_eq!(found["schema"], "foamflux.plate/1");
    assert_eq!(found["complete"], true);
    close(number(&found, "/thickness/foil_m"), 2.0 * 4.850e-6, 2e-9, "foil");
    close(number(&found, "/thickness/host_m"), 2e-6, 1e-12, "host");
    close(number(&found, "/thickness/electrode_m"), 2e-6 + 2.0 * 4.850e-6, 2e-9, "electrode");
    close(number(&found, "/thickness/taken_up"), 0.0, 1e-9, "a plate has no pores");
    assert!(number(&found, "/balance/charge_error") < 1e-9);
    assert!(number(&found, "/balance/volume_error") < 1e-9);
    assert!(number(&found, "/balance/slice_error") < 1e-5);
    let curve = found["curve"].as_array().unwrap();
    let last = curve.last().unwrap();
    close(number(last, "/capacity_c_per_m2"), 7.2e4, 1e-4, "the curve ends at the capacity");
    close(number(last, "/coverage"), 1.0, 1e-9, "coverage");
    for key in ["overpotential_v", "lithium_fraction", "top_plating_share", "thickness_m", "blocked_share", "cv", "j99"]
    {
        assert!(last[key].is_number(), "{key}");
    }
    let stages: Vec<f64> =
        found["stages"].as_array().unwrap().iter().map(|s| number(s, "/capacity_c_per_m2") / 3.6e4).collect();
    assert_eq!(stages.len(), 3, "{stages:?}");
    for (got, wanted) in stages.iter().zip([0.0, 1.0, 2.0]) {
        close(*got, wanted, 1e-6, "stage");
    }
}

#[test]
fn a_folder_holds_stages_figures_and_a_page() {
    let place = folder();
    let (path, text) = out(&place);
    let call = plate(&post(&place), &["--capacity=0.6mAh/cm2", "--stages=0.3,0.4", "--strip", "-o", &text]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    for part in ["on a foil", "top tenth", "82 \u{b5}m", "kinetics", "lost its contact", "assumed", "Hysteresis"] {
        assert!(call.stdout.contains(part), "'{part}' is missing in {}", call.stdout);
    }
    let found = read(&path);
    let stages = found["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 7, "start, two stages, end, two stages, end");
    for stage in stages {
        let file = path.join(stage["labels"].as_str().unwrap());
        assert!(file.exists(), "{}", file.display());
    }
    for name in ["plate_0mAh", "plate_0.3mAh", "plate_0.6mAh", "strip_0.4mAh", "strip_0mAh"] {
        assert!(path.join(format!("stages/{name}.tif")).exists(), "{name}");
    }
    assert!(number(&found, "/hysteresis/0/voltage_v") >= number(&found, "/hysteresis/0/kinetic_floor_v"));
    let geometric = [4, 5].map(|k| number(&found, &format!("/stages/{k}/geometric_hysteresis")));
    // Both coats are about half a voxel or more; of thinner ones the place is known and the shape is not.
    assert!(geometric[0] < 0.1 && geometric[1] < 0.2, "{geometric:?}");
    close(number(&found, "/hysteresis/0/geometric"), geometric[0].max(geometric[1]), 0.0, "the largest");
    let png = std::fs::read(path.join("figures/filling.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    let svg = std::fs::read_to_string(path.join("figures/voltage.svg")).unwrap();
    assert!(svg.contains("stripping") && svg.contains("mAh/cm"));
    let page = std::fs::read_to_string(path.join("plate.html")).unwrap();
    for part in ["How it fills", "data:image/png", "data:image/svg", "Dendrites", "--capacity"] {
        assert!(page.contains(part), "'{part}' is missing in the page");
    }
    let table = std::fs::read_to_string(path.join("plate.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + found["curve"].as_array().unwrap().len());
    // Labels written are those that another command reads.
    let again = foamflux(&["measure", &path.join("stages/plate_0.6mAh.tif").display().to_string(), "--json"]).json();
    assert!(again["phases"].to_string().contains("lithium"), "{}", again["phases"]);
    let leftovers: Vec<_> = std::fs::read_dir(place.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(!leftovers.iter().any(|n| n.to_string_lossy().starts_with('.')), "{leftovers:?}");
    // An existing folder is refused, and replaced on request.
    plate(&post(&place), &["--capacity=0.1mAh/cm2", "-o", &text]).fails(2, &["OUT", "--overwrite"]);
    assert_eq!(plate(&post(&place), &["--capacity=0.1mAh/cm2", "-q", "-o", &text, "--overwrite"]).status, 0);
}

#[test]
fn more_than_the_pores_hold_ends_with_an_explanation_and_what_was_plated() {
    let place = folder();
    let (path, text) = out(&place);
    let host = labels(&place, [12, 3, 3], |z, _, _| u8::from(z >= 10));
    plate(&host, &["--capacity=5mAh/cm2", "-o", &text])
        .fails(3, &["of 5.000 mAh/cm", "the pores of the box hold", "--overflow"]);
    let found = read(&path);
    assert_eq!(found["complete"], false);
    let passed = number(&found, "/halves/0/passed_c_per_m2") / 3.6e4;
    close(passed, 10.0 / 4.85, 0.1, "ten slices of pore");
    assert!(found["warnings"].to_string().contains("when full of dense lithium"));
    let on_top = plate(&host, &["--capacity=5mAh/cm2", "--overflow", "--json"]).json();
    assert_eq!(on_top["complete"], true);
    close(number(&on_top, "/thickness/electrode_m"), 2e-6 + 5.0 * 4.85e-6, 1e-8, "a foil grows");
}

#[test]
fn an_interrupted_plating_goes_on_to_the_same_results() {
    let place = folder();
    let host = labels(&place, [24, 20, 20], |z, y, x| {
        u8::from(z >= 22 || (y % 10 < 3 && x % 10 < 3) || (z % 10 < 2 && x % 10 < 2))
    });
    let flags = ["--voxel-size=1um", "--capacity=2mAh/cm2", "--stages=0.1,1", "--strip", "-q"];
    let begin = |name: &str, more: &[&str]| {
        let out = place.path().join(name).display().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_foamflux"));
        command.args(["plate", &host, "-o", &out]).args(flags).args(more).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut running = begin("A", &[]);
    let kept = place.path().join(".A.foamflux-plate/state.bin");
    let began = Instant::now();
    while !kept.exists() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(kept.exists(), "nothing was kept");
    Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    let status = running.wait().unwrap().code();
    let stopped = status == Some(130);
    assert!(stopped || status == Some(0), "{status:?}");
    assert_eq!(place.path().join("A").exists(), !stopped, "OUT is whole or absent");
    if stopped {
        assert!(begin("A", &["--resume"]).wait().unwrap().success());
    }
    assert!(!kept.exists(), "what was kept is cleared away");
    assert!(begin("B", &[]).wait().unwrap().success());
    let (a, b) = (read(&place.path().join("A")), read(&place.path().join("B")));
    for key in ["curve", "halves", "hysteresis", "balance", "thickness", "reading"] {
        assert_eq!(a[key], b[key], "{key}");
    }
    assert_eq!(number(&a, "/solver/resumed") > 0.0, stopped);
    for stage in b["stages"].as_array().unwrap() {
        let file = stage["labels"].as_str().unwrap();
        let bytes = |name: &str| std::fs::read(place.path().join(name).join(file)).unwrap();
        assert!(bytes("A") == bytes("B"), "{file}");
    }
}

#[test]
fn what_cannot_be_taken_up_is_refused() {
    let place = folder();
    let host = post(&place);
    let (_, text) = out(&place);
    let flags = ["--capacity=0.2mAh/cm2", "-o", text.as_str(), "--resume"];
    plate(&host, &flags).fails(2, &["--resume", "holds no interrupted plating"]);
    let kept = place.path().join(".OUT.foamflux-plate");
    std::fs::create_dir(&kept).unwrap();
    std::fs::write(kept.join("state.bin"), b"foamflux plate state 1\nother\n0\n0\n0\n0\nrest").unwrap();
    plate(&host, &flags).fails(2, &["--resume", "of another volume"]);
    std::fs::write(kept.join("state.bin"), b"rubbish").unwrap();
    plate(&host, &flags).fails(2, &["--resume", "damaged"]);
}

#[test]
fn where_nothing_can_be_plated_it_says_why() {
    let place = folder();
    let flags = ["--capacity=1mAh/cm2", "--json"];
    let hanging = labels(&place, [10, 4, 5], |z, _, _| u8::from((3..7).contains(&z)));
    plate(&hanging, &flags).fails(3, &["no conducting solid touches the collector's plane at z = 9"]);
    let full = labels(&place, [10, 4, 5], |_, _, _| 1);
    let with_map = [&flags[..], &["--labels=fibre=1"]].concat();
    plate(&full, &with_map).fails(3, &["no voxel conducts ions"]);
    let closed = labels(&place, [10, 4, 5], |z, _, _| u8::from(!(3..6).contains(&z)));
    plate(&closed, &flags).fails(3, &["no electrolyte touches the separator's plane"]);
}

#[test]
fn wrong_flags_say_what_to_write() {
    let place = folder();
    let path = post(&place);
    let refuse = |flags: &[&str], parts: &[&str]| plate(&path, &[flags, &["--json"]].concat()).fails(2, parts);
    refuse(&["--capacity=10"], &["--capacity", "mAh/cm2"]);
    refuse(&["--capacity=0mAh/cm2"], &["--capacity", "positive"]);
    refuse(&["--current=-1mA/cm2"], &["--current", "--strip"]);
    refuse(&["--current=0"], &["--current", "drives nothing"]);
    refuse(&["--voltage=0.1V"], &["--voltage", "--current"]);
    refuse(&["--cycles=0"], &["--cycles"]);
    refuse(&["--stages=a"], &["--stages", "'a'"]);
    refuse(&["--direction=all"], &["depth has one direction"]);
    refuse(&["--i0=0"], &["exchange current density of fibre is 0 A/m2"]);
    plate(&path, &["--capacity=1mAh/cm2", "--resume"]).fails(2, &["--output"]);
    plate(&path, &["--capacity=1mAh/cm2", "--overwrite"]).fails(2, &["--output"]);
    // Without a folder the numbers are shown.
    let shown = plate(&path, &["--capacity=0.05mAh/cm2"]);
    assert!(shown.status == 0 && shown.stdout.contains("on a foil"), "{}", shown.stderr);
    foamflux(&["plate", &path, "--json"]).fails(2, &["voxel size", "--voxel-size"]);
    plate("nowhere.tif", &["--json"]).fails(3, &["nowhere.tif"]);
    let dry = plate(&path, &["--dry-run"]);
    assert!(dry.status == 0 && dry.stderr.contains("memory at the peak"), "{}", dry.stderr);
    plate(&path, &["--json", "--max-memory=1KiB"]).fails(4, &["plating a volume"]);
}
