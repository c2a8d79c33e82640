//! `foamflux current` from the command line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use common::{Call, close, foamflux, folder, labels, number};
use tempfile::TempDir;

/// Digits that a plate of one dimension has: conductances are in single precision.
const TOL: f64 = 2e-6;

/// A gap of six slices of electrolyte over a plate of four.
fn plate(place: &TempDir) -> String {
    labels(place, [10, 4, 5], |z, _, x| if z < 6 { 0 } else { 1 + u8::from(x < 2) })
}

fn current(path: &str, flags: &[&str]) -> Call {
    let all: Vec<&str> = ["current", path].into_iter().chain(flags.iter().copied()).collect();
    foamflux(&all)
}

#[test]
fn a_plate_has_the_overpotential_of_kinetics_and_ohm() {
    let place = folder();
    let path = plate(&place);
    let found = current(&path, &["--current=1mA/cm2", "--voxel-size=2um", "--json"]).json();
    let volt = 8.314_463 * 298.15 / 96_485.332;
    let exact = 2.0 * volt * (10.0f64 / 5.6).asinh() + 10.0 * (12e-6 / 1.1 + 8e-6 / 3e3);
    close(number(&found, "/overpotential_v"), exact, TOL * exact, "overpotential");
    close(number(&found, "/applied_current_a_per_m2"), 10.0, 1e-12, "applied");
    for key in ["mean", "p01", "p50", "p99", "max"] {
        close(number(&found, &format!("/current_density_a_per_m2/{key}")), 10.0, 10.0 * TOL, key);
    }
    close(number(&found, "/uniformity/cv"), 0.0, TOL, "cv");
    close(number(&found, "/uniformity/active_area_fraction"), 1.0, 1e-12, "active");
    close(number(&found, "/shares/node/area"), 0.4, 1e-6, "area of nodes");
    close(number(&found, "/shares/fibre/current"), 0.6, 1e-6, "current of fibres");
    assert!(number(&found, "/balance/charge_error") < 1e-9);
    assert!(number(&found, "/groups/wagner") > 10.0);
    assert_eq!(found["schema"], "foamflux.current/1");
    let inputs = found["inputs"].as_array().unwrap();
    let standing = |key: &str| inputs.iter().find(|i| i["key"] == key).unwrap()["standing"].clone();
    assert_eq!(standing("current"), "given");
    assert_eq!(standing("i0"), "assumed");
    assert_eq!(standing("kappa"), "assumed");
    // What the assumed ones rest on.
    let basis = |key: &str| inputs.iter().find(|i| i["key"] == key).unwrap()["basis"].clone();
    assert_eq!(
        (basis("i0"), basis("kappa"), basis("alpha")),
        ("literature".into(), "placeholder".into(), "convention".into())
    );
    assert_eq!(basis("current"), serde_json::Value::Null, "what was given rests on nothing else");
    let i0 = inputs.iter().find(|i| i["key"] == "i0").unwrap()["source"].to_string();
    assert!(i0.contains("Nano Lett. 2026"), "{i0}");
}

#[test]
fn what_was_entered_is_told_from_what_was_found() {
    let place = folder();
    let path = plate(&place);
    let flags = ["--current", "0.1mA/cm2", "--voxel-size=0.5um", "--i0", "fibre=1mA/cm2", "--i0=node=0.2mA/cm2"];
    let found = current(&path, &[&flags[..], &["--json"]].concat()).json();
    // r = 5 and 40 % nodes: r / (f + (1 - f) r); kinetics is not quite linear at this current.
    close(number(&found, "/shares/fibre/relative"), 5.0 / 3.4, 2e-3, "fibre");
    assert!(found["reading"].to_string().contains("not a prediction"), "{}", found["reading"]);
    let text = current(&path, &flags);
    assert_eq!(text.status, 0, "{}", text.stderr);
    for part in ["overpotential", "Wagner", "assumed", "not a prediction", "charge balances"] {
        assert!(text.stdout.contains(part), "'{part}' is missing in {}", text.stdout);
    }
}

#[test]
fn maps_are_written_in_every_format() {
    let place = folder();
    let path = plate(&place);
    for name in ["map.vti", "map.tif", "map.npy"] {
        let file = place.path().join(name);
        let call = current(&path, &["--voxel-size=1um", "-o", &file.display().to_string(), "-q"]);
        assert_eq!(call.status, 0, "{}", call.stderr);
        assert!(std::fs::metadata(&file).unwrap().len() > 500, "{name}");
    }
    let vti = std::fs::read(place.path().join("map.vti")).unwrap();
    let head = String::from_utf8_lossy(&vti[..4000.min(vti.len())]).into_owned();
    for array in ["current_density_a_per_m2", "phi_solid_v", "ionic_current_a_per_m2"] {
        assert!(head.contains(array), "{array} is missing in {head}");
    }
}

#[test]
fn a_voltage_drives_as_well_and_the_collector_may_be_first() {
    let place = folder();
    let path = labels(&place, [10, 4, 5], |z, _, _| u8::from(z < 4));
    let with =
        |flags: &[&str]| current(&path, &[&["--voxel-size=2um", "--collector=first", "--json"], flags].concat()).json();
    let driven = with(&["--current=3mA/cm2"]);
    let volts = format!("{}V", number(&driven, "/overpotential_v"));
    let back = with(&["--voltage", &volts]);
    close(number(&back, "/applied_current_a_per_m2"), 30.0, 1e-3, "current at the same voltage");
}

#[test]
fn where_no_current_flows_is_a_result_that_says_why() {
    let place = folder();
    let hanging = labels(&place, [10, 4, 5], |z, _, _| u8::from((3..7).contains(&z)));
    let call = current(&hanging, &["--voxel-size=1um", "--json"]);
    let found = call.json();
    assert!(found["overpotential_v"].is_null());
    assert!(found["blocked"].as_str().unwrap().contains("no conducting solid touches the collector's plane at z = 9"));
    let full = labels(&place, [10, 4, 5], |_, _, _| 1);
    assert!(
        current(&full, &["--voxel-size=1um", "--labels=fibre=1", "--json"]).json()["blocked"]
            .as_str()
            .unwrap()
            .contains("no voxel conducts ions")
    );
}

#[test]
fn wrong_flags_say_what_to_write() {
    let place = folder();
    let path = plate(&place);
    let refuse =
        |flags: &[&str], parts: &[&str]| current(&path, &[&["--voxel-size=1um"], flags].concat()).fails(2, parts);
    current(&path, &[]).fails(2, &["voxel size", "--voxel-size"]);
    refuse(&["--current=0"], &["--current", "drives nothing"]);
    refuse(&["--current=1mA"], &["--current", "mA/cm2"]);
    refuse(&["--i0=0"], &["exchange current density of fibre is 0 A/m2"]);
    refuse(&["--i0=node=-1"], &["exchange current density of node is -1"]);
    refuse(&["--i0=carbon=1"], &["--i0", "'carbon' is not a label"]);
    refuse(&["--kappa=-1"], &["ionic conductivity of pore is -1"]);
    refuse(&["--temperature=0K"], &["temperature"]);
    refuse(&["--alpha=1.5"], &["transfer coefficient"]);
    refuse(&["--transference=1"], &["--transference"]);
    refuse(&["--separator-plane=round"], &["uniform or equipotential"]);
    refuse(&["--direction=all"], &["depth has one direction"]);
    refuse(&["--current=1", "--voltage=1"], &["cannot be used with"]);
    refuse(&["-o", "map.xyz"], &["map.xyz"]);
    current(&path, &["--voxel-size=1um", "--current=-1mA/cm2"]).fails(3, &["nothing to strip"]);
    current("nowhere.tif", &["--voxel-size=1um"]).fails(3, &["nowhere.tif"]);
}

#[test]
fn warnings_say_where_the_model_does_not_stand() {
    let place = folder();
    let thick = labels(&place, [40, 4, 4], |_, y, x| u8::from(x < 2 && y < 2));
    let call = current(&thick, &["--voxel-size=50um", "--current=10mA/cm2", "--json"]);
    let found = call.json();
    let warnings = found["warnings"].to_string();
    assert!(warnings.contains("limiting current") || warnings.contains("depletion number"), "{warnings}");
    assert!(number(&found, "/groups/depletion") > 0.2);
}

#[test]
fn a_current_beyond_all_reason_is_explained() {
    let place = folder();
    let host = place.path().join("host");
    assert_eq!(foamflux(&["host", "cmf-demo", "--size=32", "-q", "-o", host.to_str().unwrap()]).status, 0);
    let labels = host.join("labels.tif");
    current(labels.to_str().unwrap(), &["--current=1000A/cm2"]).fails(5, &["which no electrolyte withstands"]);
}

#[test]
fn a_device_that_is_not_there_ends_with_status_6() {
    let place = folder();
    let path = plate(&place);
    let flags = ["--voxel-size=2um", "--device=gpu:99"];
    let none = current(&path, &flags);
    assert_eq!(none.status, 6, "{}", none.stderr);
    assert!(none.stderr.contains("--device cpu") || none.stderr.contains("gpu:99"), "{}", none.stderr);
    let found = current(&path, &["--voxel-size=2um", "--device=auto", "--json"]).json();
    assert!(found["solver"]["device"].as_str().unwrap().starts_with("cpu"), "a plate is too small for a GPU");
}
