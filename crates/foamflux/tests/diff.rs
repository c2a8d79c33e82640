//! `foamflux diff` and `foamflux reproduce`: what differs, whether errors explain it, and whether a run repeats.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::fs;

use common::{foamflux, labels};
use serde_json::{Value, json};

/// A small run: a block of fibres that percolates along every axis.
fn run(place: &tempfile::TempDir) -> (String, String) {
    let input = labels(place, [16, 16, 16], |z, y, x| {
        // Bars along each axis: two of the three places are within one.
        u8::from([z, y, x].iter().filter(|i| *i % 8 < 3).count() >= 2)
    });
    let out = place.path().join("out").display().to_string();
    let call = foamflux(&["run", &input, "--voxel-size", "1um", "-o", &out, "-q"]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    (input, out)
}

#[test]
fn a_run_repeats_and_a_changed_input_is_said() {
    let place = common::folder();
    let (input, out) = run(&place);
    let again = foamflux(&["reproduce", &out, "-q"]);
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert!(again.stdout.contains("no differences"), "{}", again.stdout);

    // Another number of threads changes nothing either.
    let threads = foamflux(&["reproduce", &format!("{out}/results.json"), "--threads", "1", "--json", "-q"]).json();
    let paths: Vec<&str> =
        threads["differences"].as_array().unwrap().iter().filter_map(|d| d["path"].as_str()).collect();
    assert_eq!(paths, ["configuration.threads"], "{threads:#}");
    assert_eq!(threads["input_changed"], json!([]));

    // Voxels that were pore are fibre now.
    let mut bytes = fs::read(&input).unwrap();
    let n = bytes.len();
    bytes[n - 300..].fill(1);
    fs::write(&input, bytes).unwrap();
    let changed = foamflux(&["reproduce", &out, "-q"]);
    assert_eq!(changed.status, 0, "{}", changed.stderr);
    for part in ["The input has changed: labels.npy has changed (SHA-256)", "What came out", "measure.phases"] {
        assert!(changed.stdout.contains(part), "{part} in {}", changed.stdout);
    }

    fs::rename(&input, place.path().join("moved.npy")).unwrap();
    foamflux(&["reproduce", &out, "-q"]).fails(3, &["--input", "labels.npy", "not there"]);
}

#[test]
fn differences_are_told_with_what_errors_say_of_them() {
    let place = common::folder();
    let (_, out) = run(&place);
    let same = foamflux(&["diff", &out, &out]);
    assert!(same.status == 0 && same.stdout.contains("no differences"), "{}", same.stdout);

    let mut other: Value = serde_json::from_slice(&fs::read(format!("{out}/results.json")).unwrap()).unwrap();
    let pore = other.pointer_mut("/transport/pore/directions/x").unwrap();
    let (tau, total) = (pore["tau"].as_f64().unwrap(), pore["error"]["total"].as_f64().unwrap());
    pore["tau"] = json!(tau + 1.5 * total);
    other["transport"]["pore"]["directions"]["y"]["tau"] = json!(2.0 * tau);
    other["configuration"]["tol"] = json!("7%");
    let file = place.path().join("other.json").display().to_string();
    fs::write(&file, serde_json::to_vec(&other).unwrap()).unwrap();
    let found = foamflux(&["diff", &out, &file, "--json"]).json();
    let verdict = |path: &str| {
        let all = found["differences"].as_array().unwrap();
        all.iter().find(|d| d["path"] == path).unwrap_or_else(|| panic!("{path} in {found:#}"))["within_stated_errors"]
            .clone()
    };
    assert_eq!(found["differences"].as_array().unwrap().len(), 3, "{found:#}");
    assert_eq!(verdict("transport.pore.directions.x.tau"), json!(true));
    assert_eq!(verdict("transport.pore.directions.y.tau"), json!(false));
    assert_eq!(verdict("configuration.tol"), Value::Null);
    let words = foamflux(&["diff", &out, &file]).stdout;
    for part in ["What was done", "configuration.tol", "within", "BEYOND", "3 entries differ"] {
        assert!(words.contains(part), "{part} in {words}");
    }
}

#[test]
fn results_that_cannot_be_compared_are_refused_with_a_reason() {
    let place = common::folder();
    let write = |name: &str, text: &str| {
        let path = place.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let run = write("run.json", r#"{"schema": "foamflux.run/1", "sample": "a"}"#);
    let newer = write("newer.json", r#"{"schema": "foamflux.run/7", "sample": "a"}"#);
    let other = write("other.json", r#"{"schema": "foamflux.transport/1"}"#);
    let broken = write("broken.json", r#"{"schema": "foamflux.run/1", "samp"#);
    let garbage = write("garbage.json", "hello");
    let foreign = write("foreign.json", r#"{"a": 1}"#);
    let missing = place.path().join("missing.json").display().to_string();
    let folder = place.path().display().to_string();
    foamflux(&["diff", &run, &newer]).fails(3, &["newer.json", "foamflux.run/7", "another version"]);
    foamflux(&["diff", &run, &other]).fails(3, &["other.json", "foamflux.transport/1", "one command"]);
    foamflux(&["diff", &run, &broken]).fails(3, &["broken.json", "ends in the middle"]);
    foamflux(&["diff", &garbage, &run]).fails(3, &["garbage.json", "no JSON"]);
    foamflux(&["diff", &foreign, &run]).fails(3, &["foreign.json", "schema"]);
    foamflux(&["diff", &run, &missing]).fails(3, &["missing.json", "no such file"]);
    foamflux(&["diff", &run, &folder]).fails(3, &["results.json", "no such file"]);
    foamflux(&["diff", &run]).fails(2, &["<B>"]);
    foamflux(&["reproduce", &other]).fails(3, &["foamflux.transport/1", "foamflux.run/1"]);
    foamflux(&["reproduce", &run]).fails(3, &["run.json", "not whole"]);
    foamflux(&["reproduce", &broken]).fails(3, &["ends in the middle"]);
}
