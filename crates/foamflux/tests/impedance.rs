//! `foamflux impedance` from the command line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::f64::consts::PI;

use common::{Call, close, foamflux, folder, labels, number};
use tempfile::TempDir;

const VOLT: f64 = 8.314_463 * 298.15 / 96_485.332;

/// A gap of six slices over a plate of four.
fn plate(place: &TempDir) -> String {
    labels(place, [10, 4, 5], |z, _, _| u8::from(z >= 6))
}

fn impedance(path: &str, flags: &[&str]) -> Call {
    let all: Vec<&str> = ["impedance", path, "--voxel-size=2um"].into_iter().chain(flags.iter().copied()).collect();
    foamflux(&all)
}

#[test]
fn a_plate_has_one_semicircle_and_one_relaxation_time() {
    let place = folder();
    let path = plate(&place);
    let flags = ["--frequencies=0.1:100kHz", "--points-per-decade=6", "--json"];
    let found = impedance(&path, &flags).json();
    assert_eq!(found["schema"], "foamflux.impedance/1");
    let column =
        |key: &str| -> Vec<f64> { found[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect() };
    let (f, re, im) = (column("frequency_hz"), column("z_real_ohm_m2"), column("z_imag_ohm_m2"));
    assert_eq!(f.len(), 37);
    let slope = 2.8 / VOLT;
    let ohm = 12e-6 / 1.1 + 8e-6 / 3e3;
    for ((f, re), im) in f.iter().zip(&re).zip(&im) {
        let w = 2.0 * PI * f * 0.2;
        let square = slope * slope + w * w;
        close(*re, ohm + slope / square, 2e-6 * re, "real part");
        close(*im, -w / square, 2e-6 * re, "imaginary part");
    }
    // One time constant, C/k, blurred by what the regularisation cannot tell from it.
    let tau = 0.2 / slope;
    let peak = number(&found, "/relaxation_times/peaks_tau_s/0");
    assert!((peak / tau).ln().abs() < 0.1, "{peak} for {tau}");
    close(number(&found, "/relaxation_times/polarisation_ohm_m2"), 1.0 / slope, 0.02 / slope, "polarisation");
    let inputs = found["inputs"].as_array().unwrap();
    assert_eq!(inputs.iter().find(|i| i["key"] == "capacitance").unwrap()["standing"], "assumed");
    assert!(!inputs.iter().any(|i| i["key"] == "current"));
    let text = impedance(&path, &flags[..2]);
    for part in ["Impedance per cross-section", "Relaxation times", "assumed", "Warburg"] {
        assert!(text.stdout.contains(part), "'{part}' is missing in {}", text.stdout);
    }
}

#[test]
fn spectra_are_written_as_table_and_picture() {
    let place = folder();
    let path = plate(&place);
    for name in ["spectrum.csv", "spectrum.svg"] {
        let file = place.path().join(name);
        let call = impedance(&path, &["--points-per-decade=2", "-o", &file.display().to_string(), "-q"]);
        assert_eq!(call.status, 0, "{}", call.stderr);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(if name.ends_with("csv") { "frequency_hz,z_real_ohm_m2" } else { "<svg" }), "{text}");
    }
}

#[test]
fn what_has_no_impedance_says_why() {
    let place = folder();
    let path = plate(&place);
    for (flags, parts) in [
        (&["--current=1mA/cm2"][..], &["at rest"][..]),
        (&["--electrolyte=dilute"], &["at rest"]),
        (&["--frequencies=1Hz"], &["FROM:TO"]),
        (&["--frequencies=0:1kHz"], &["above zero"]),
        (&["--frequencies=1V:1kHz"], &["--frequencies"]),
        (&["--points-per-decade=0"], &["1 or more"]),
        (&["--capacitance=-1"], &["below zero"]),
        (&["--direction=all"], &["one direction"]),
        (&["-o", "spectrum.vti"], &[".csv or .svg"]),
    ] {
        impedance(&path, flags).fails(2, parts);
    }
    foamflux(&["impedance", &path]).fails(2, &["voxel size"]);
    impedance("nowhere.tif", &[]).fails(3, &["nowhere.tif"]);
    let another = folder();
    let hanging = labels(&another, [10, 4, 5], |z, _, _| u8::from((3..7).contains(&z)));
    let found = impedance(&hanging, &["--json"]).json();
    assert!(found["blocked"].as_str().unwrap().contains("collector"));
}
