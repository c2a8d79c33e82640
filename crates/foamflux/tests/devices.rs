//! `foamflux devices` and `foamflux bench` on a machine that may have no GPU.

mod common;

use common::foamflux;
use serde_json::Value;

#[test]
fn devices_are_listed_with_the_contract_s_keys() {
    let listed = foamflux(&["devices", "--json"]).json();
    assert!(listed["auto"].is_string());
    for device in listed["devices"].as_array().expect("a list") {
        for key in [
            "index",
            "name",
            "backend",
            "type",
            "driver",
            "memory_bytes",
            "max_buffer_bytes",
            "max_binding_bytes",
            "usable",
            "reason",
        ] {
            assert!(device.get(key).is_some(), "{key} of {device}");
        }
    }
    let table = foamflux(&["devices"]);
    assert!(table.status == 0 && table.stdout.contains("--device auto"));
}

#[test]
fn bench_states_the_error_of_every_speed() {
    let run = foamflux(&["bench", "--device=cpu", "--sizes=24", "--rounds=1", "--json", "-q", "blobs:0.5:2"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    assert!(lines.iter().any(|l| l["kind"] == "bandwidth" && l["copy_bytes_per_s"].as_f64() > Some(0.0)));
    let solves: Vec<&Value> = lines.iter().filter(|l| l["kind"] == "solve").collect();
    assert_eq!(solves.len(), 2, "one for each tolerance");
    for solve in solves {
        let (error, tolerance) = (solve["tau_error"].as_f64(), solve["tolerance"].as_f64());
        assert!(error <= tolerance && solve["voxels_per_s"].as_f64() > Some(0.0), "{solve}");
    }
}

#[test]
fn bench_times_the_coupled_solve_with_its_errors() {
    let run = foamflux(&["bench", "--device=cpu", "--sizes=48", "--rounds=1", "--json", "-q", "current:2"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let solves: Vec<&Value> = lines.iter().filter(|l| l["kind"] == "current").collect();
    assert_eq!(solves.len(), 1, "one device: {}", run.stdout);
    let solve = solves[0];
    assert_eq!((&solve["case"], &solve["size"]), (&"current:2".into(), &48.into()));
    let number = |key: &str| solve[key].as_f64().unwrap_or(f64::NAN);
    assert!(number("overpotential_error") < 1e-6 && number("j99_error") < 1e-5, "{solve}");
    assert!(number("charge_error") < 1e-9 && number("slice_error") < 1e-5, "{solve}");
    assert!(number("seconds_per_unknown_and_step") > 0.0 && number("newton_steps") <= 10.0, "{solve}");
    foamflux(&["bench", "--quick", "--device=cpu", "current:many"]).fails(2, &["current:DECADES"]);
}

#[test]
fn bench_takes_files_and_stands_beside_an_earlier_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (labels, before) = (folder.path().join("labels.tif"), folder.path().join("before.json"));
    let host = foamflux(&["host", "fibre-mat", "--size=24", "-o", folder.path().join("host").to_str().expect("text")]);
    assert_eq!(host.status, 0, "{}", host.stderr);
    std::fs::copy(folder.path().join("host/labels.tif"), &labels).expect("labels");
    let case = format!("file:{}", labels.display());
    let first = foamflux(&["bench", "--device=cpu", "--rounds=1", "--tol=1e-3", "--json", "-q", &case]);
    assert_eq!(first.status, 0, "{}", first.stderr);
    let solve = first.stdout.lines().find(|l| l.contains("\"solve\"")).expect("a solve");
    let solve: Value = serde_json::from_str(solve).expect("JSON");
    assert_eq!((&solve["case"], &solve["shape_zyx"]), (&"file:labels.tif".into(), &serde_json::json!([24, 24, 24])));
    std::fs::write(&before, &first.stdout).expect("a file");
    let compare = format!("--compare={}", before.display());
    let second = foamflux(&["bench", "--device=cpu", "--rounds=1", "--tol=1e-3", &compare, &case]);
    assert!(second.status == 0 && second.stdout.contains("compared with foamflux"), "{}", second.stdout);
    assert!(second.stdout.contains("ratio") && !second.stdout.contains("no partner"), "{}", second.stdout);
    // A tau of another volume is no matter of speed.
    let other = first.stdout.replace("\"tau\":", "\"tau\":1");
    std::fs::write(&before, other).expect("a file");
    let second = foamflux(&["bench", "--device=cpu", "--rounds=1", "--tol=1e-3", &compare, &case]);
    assert!(second.stdout.contains("more than both errors allow"), "{}", second.stdout);
    std::fs::write(&before, "{\"schema\": 3}\n").expect("a file");
    foamflux(&["bench", "--quick", &compare, &case]).fails(2, &["compare", "line 1"]);
    foamflux(&["bench", "--quick", "file:"]).fails(2, &["file:PATH"]);
    foamflux(&["bench", "--quick", "--device=cpu", "file:nowhere.tif"]).fails(3, &["nowhere.tif"]);
}

#[test]
fn a_device_that_is_not_there_is_exit_status_6_and_nonsense_2() {
    foamflux(&["bench", "--device=gpu:99", "--quick"]).fails(6, &["gpu"]);
    foamflux(&["bench", "--tol=2", "--quick"]).fails(2, &["tol"]);
    foamflux(&["bench", "--quick", "sponge:0.5"]).fails(2, &["sponge"]);
}
