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
fn a_device_that_is_not_there_is_exit_status_6_and_nonsense_2() {
    foamflux(&["bench", "--device=gpu:99", "--quick"]).fails(6, &["gpu"]);
    foamflux(&["bench", "--tol=2", "--quick"]).fails(2, &["tol"]);
    foamflux(&["bench", "--quick", "sponge:0.5"]).fails(2, &["sponge"]);
}
