//! Outputs that cannot be written: exit status 2, a message with the place and the remedy, nothing half-written, and no
//! numbers lost. Results that are broken off, of another version, or incomplete: exit status 3 or a warning.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{foamflux, folder, labels};

fn bars(place: &tempfile::TempDir) -> String {
    labels(place, [16, 16, 16], |z, y, x| u8::from([z, y, x].iter().filter(|i| *i % 8 < 3).count() >= 2))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Names in a folder, hidden ones as well.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Every command that writes a single file refuses a place that is none before it reads its input.
#[test]
fn a_file_that_cannot_be_written_is_refused_before_the_work() {
    let place = folder();
    let nowhere = |name: &str| text(&place.path().join("no such folder").join(name));
    // There is no input either: the output is looked at first.
    for (command, flag, name) in [
        ("ingest", "-o", "a.npy"),
        ("segment", "-o", "a.tif"),
        ("segment", "--save-recipe", "r.toml"),
        ("segment", "--uncertain", "d.tif"),
        ("segment", "--shifts", "s.csv"),
        ("tag", "--orientation", "d.vti"),
        ("measure", "-o", "m.json"),
        ("transport", "-o", "a.vti"),
        ("transport", "--profile", "p.csv"),
        ("current", "-o", "a.vti"),
        ("impedance", "-o", "a.csv"),
    ] {
        foamflux(&[command, "no-input", flag, &nowhere(name)]).fails(2, &[name, "no such folder", "create it first"]);
    }
    foamflux(&["init", &nowhere("a.toml")]).fails(2, &["a.toml", "create it first"]);
    assert!(names(place.path()).is_empty());
    // A folder is no file, and none of it is touched.
    let taken = place.path().join("taken.toml");
    fs::create_dir(&taken).unwrap();
    foamflux(&["init", &text(&taken)]).fails(2, &["taken.toml", "it is a folder"]);
    foamflux(&["init", &text(&taken), "--overwrite"]).fails(2, &["taken.toml", "it is a folder"]);
    assert_eq!(names(place.path()), ["taken.toml"]);
}

/// A file where a folder should be, for everything that writes a folder.
#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    let place = folder();
    let input = bars(&place);
    let file = place.path().join("file");
    fs::write(&file, "mine").unwrap();
    let below = text(&file.join("out"));
    for args in [
        vec!["run", &input, "-o", &below],
        vec!["demo", "-o", &below],
        vec!["plate", &input, "--voxel-size", "1um", "-o", &below],
        vec!["compare", "host:foil", "host:fibre-mat", "-o", &below],
        vec!["host", "fibre-mat", "--size", "16", "-o", &below],
        vec!["host", "--gallery", "-o", &below],
        vec!["tag", &input, "--network", &below],
        vec!["man", &below],
        vec!["schema", "-o", &below],
    ] {
        let call = foamflux(&args);
        call.fails(2, &["file", "choose another place"]);
        assert!(call.stdout.is_empty(), "{args:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(names(place.path()), ["file", "labels.npy"]);
}

/// A place whose disk is full.
#[cfg(target_os = "linux")]
struct Full(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl Full {
    /// A file system of a few pages in memory; `None` where mounting is not permitted.
    fn new(kib: usize) -> Option<Self> {
        let place = folder();
        let size = format!("size={kib}k");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "none"]).arg(place.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|s| s.success()).then_some(Full(place))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

#[cfg(target_os = "linux")]
impl Drop for Full {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

/// The disk fills up while results are written: earlier ones stay, nothing half-written does, and the numbers are printed.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "mounts a small file system, which takes the rights of root: cargo test -- --ignored disk"]
fn a_disk_that_fills_up_loses_nothing() {
    let full = Full::new(256).expect("mounting is permitted");
    let place = folder();
    let input = bars(&place);
    let out = text(&full.path().join("out"));
    // Something that fits, to be replaced.
    foamflux(&["host", "fibre-mat", "--size", "16", "-o", &out, "-q"]).succeeds();
    let before = fs::read(full.path().join("out/truth.json")).unwrap();
    let there = names(&full.path().join("out"));

    let args = ["run", &input, "--voxel-size=1um", "-o", &out, "--overwrite", "--json", "-q"];
    let call = foamflux(&args);
    call.fails(2, &["the disk is full", "not lost", &out]);
    assert!(!call.stderr.contains(".partial"), "temporary names are nobody's business: {}", call.stderr);
    let kept: serde_json::Value = serde_json::from_str(&call.stdout).expect("all numbers are on standard output");
    assert!(kept["transport"]["pore"]["directions"]["z"]["tau"].is_number());
    assert_eq!(names(full.path()), ["out"]);
    assert_eq!(names(&full.path().join("out")), there);
    assert_eq!(fs::read(full.path().join("out/truth.json")).unwrap(), before);

    let map = text(&full.path().join("map.vti"));
    fs::write(full.path().join("filler"), vec![0u8; 160 << 10]).unwrap();
    let call = foamflux(&["current", &input, "--voxel-size=1um", "-o", &map, "-q"]);
    call.fails(2, &["the disk is full", "map.vti", "not lost"]);
    assert!(call.stdout.contains("Current density"));
    let big = foamflux(&["host", "fibre-mat", "--size", "96", "--grey", "-o", &text(&full.path().join("b")), "-q"]);
    big.fails(2, &["the disk is full"]);
    assert!(big.stdout.is_empty());
    assert_eq!(names(full.path()), ["filler", "out"]);
    let filler = full.path().join("filler");
    fs::write(&filler, []).unwrap();
    // Down to the last page.
    let _ = fs::write(&filler, vec![0u8; 1 << 20]);
    // Whatever is measured is printed where it cannot be written.
    let grey = text(&place.path().join("grey"));
    foamflux(&["host", "fibre-mat", "--size", "16", "--grey-only", "-o", &grey, "-q"]).succeeds();
    for (command, from, flag, name, shown) in [
        ("segment", &grey, "-o", "l.tif", "thresholds"),
        ("segment", &grey, "--save-recipe", "r.toml", "thresholds"),
        ("tag", &input, "-o", "t.tif", "nodes"),
        ("tag", &input, "--network", "graph", "nodes"),
        ("measure", &input, "-o", "m.json", "surface"),
        ("transport", &input, "--profile", "p.csv", "tau"),
        ("impedance", &input, "-o", "z.csv", "mpedance"),
    ] {
        let to = text(&full.path().join(name));
        let call = foamflux(&[command, from, flag, &to, "--voxel-size=1um", "-q"]);
        call.fails(2, &["the disk is full", name, "not lost"]);
        assert!(call.stdout.contains(shown), "{command}: {}", call.stdout);
    }
    for args in [
        vec!["init".to_owned(), text(&full.path().join("a.toml"))],
        vec!["man".to_owned(), text(full.path())],
        vec!["schema".to_owned(), "-o".to_owned(), text(full.path())],
    ] {
        foamflux(&args).fails(2, &["the disk is full"]);
    }
    assert_eq!(names(full.path()), ["filler", "out"]);
}

/// Standard output is an output as well.
#[cfg(target_os = "linux")]
#[test]
fn a_standard_output_that_takes_nothing_is_told() {
    let place = folder();
    let input = bars(&place);
    for args in [vec!["schema"], vec!["completions", "bash"], vec!["measure", &input, "--json", "-q"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let done = Command::new(env!("CARGO_BIN_EXE_foamflux")).args(&args).stdout(full).output().unwrap();
        let message = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{args:?}: {message}");
        assert!(message.contains("standard output") && message.contains("the disk is full"), "{message}");
    }
}

/// A folder of results that lost something, and results that are broken off.
#[test]
fn incomplete_results_are_told() {
    let place = folder();
    let input = bars(&place);
    let out = place.path().join("out");
    let run = ["run", &input, "--voxel-size=1um", "--only", "measure,transport", "-o", &text(&out), "-q"];
    foamflux(&run).succeeds();
    let seen = |expected: &[&str]| {
        let mut view = Command::new(env!("CARGO_BIN_EXE_foamflux"));
        view.args(["view", "--no-browser"]).arg(&out).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = view.spawn().unwrap();
        let mut line = String::new();
        // The address comes after the warnings.
        std::io::BufRead::read_line(&mut std::io::BufReader::new(process.stdout.take().unwrap()), &mut line).unwrap();
        process.kill().unwrap();
        let told = String::from_utf8(process.wait_with_output().unwrap().stderr).unwrap();
        assert!(line.starts_with("http://127.0.0.1:"), "the page is shown all the same: {told}");
        assert_eq!(told.contains("warning"), !expected.is_empty(), "{told}");
        expected.iter().for_each(|part| assert!(told.contains(part), "'{part}' is missing in: {told}"));
    };
    seen(&[]);
    fs::remove_file(out.join("fields.vti")).unwrap();
    seen(&["warning: results.json lists what is not here any more: fields.vti"]);
    let numbers = out.join("results.json");
    let whole = fs::read_to_string(&numbers).unwrap();

    // Of a version to come, whose keys may mean anything.
    fs::write(&numbers, whole.replacen("foamflux.run/1", "foamflux.run/2", 1)).unwrap();
    let same = place.path().join("same.json");
    fs::write(&same, &whole).unwrap();
    foamflux(&["diff", &text(&same), &text(&out)]).fails(3, &["foamflux.run/2", "foamflux.run/1", "another version"]);
    foamflux(&["reproduce", &text(&out)]).fails(3, &["foamflux.run/1", "foamflux.run/2", "another version"]);
    // Of this version, with a key taken out.
    fs::write(&numbers, whole.replacen("\"convention\"", "\"konvention\"", 1)).unwrap();
    foamflux(&["reproduce", &text(&out)]).fails(3, &["not whole", "convention"]);

    fs::write(&numbers, &whole[..whole.len() / 2]).unwrap();
    seen(&["warning: results.json in this folder cannot be read whole"]);
    foamflux(&["diff", &text(&out), &text(&same)]).fails(3, &["results.json", "ends in the middle"]);
    foamflux(&["reproduce", &text(&out)]).fails(3, &["results.json", "ends in the middle"]);
    let side = text(&place.path().join("side"));
    let compare = ["compare", &text(&out), "host:fibre-mat", "--size", "16", "-o", &side];
    foamflux(&compare).fails(3, &["results.json", "not written whole", "labels.tif"]);
    assert!(!Path::new(&side).exists());
    fs::remove_file(out.join("report.html")).unwrap();
    foamflux(&["view", &text(&out)]).fails(3, &["report.html", "foamflux run"]);
}
