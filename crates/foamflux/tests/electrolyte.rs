//! Salt, lithium flux, kinetics and maps of i0 from the command line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use common::{Call, close, foamflux, folder, labels, number};
use tempfile::TempDir;

/// A gap of 40 slices over a plate of four.
fn gap(place: &TempDir) -> String {
    labels(place, [44, 3, 4], |z, _, _| u8::from(z >= 40))
}

const VOLT: f64 = 8.314_463 * 298.15 / 96_485.332;

fn current(path: &str, flags: &[&str]) -> Call {
    let all: Vec<&str> = ["current", path, "--voxel-size=1um"].into_iter().chain(flags.iter().copied()).collect();
    foamflux(&all)
}

/// 2 F D c0 / ((1 - t+) L) of the gap with the default salt, in A/m2.
fn limit() -> f64 {
    2.0 * 96_485.332 * 4e-10 * 1000.0 / (0.65 * 40e-6)
}

#[test]
fn a_dilute_electrolyte_between_planes_has_its_exact_limits_and_losses() {
    let place = folder();
    let path = gap(&place);
    let applied = 0.4 * limit();
    let flags = ["--electrolyte=dilute", &format!("--current={applied}A/m2"), "--json"];
    let found = current(&path, &flags).json();
    assert_eq!(found["model"], "dilute");
    let e = |key: &str| number(&found, &format!("/electrolyte/{key}"));
    close(e("limiting_current_a_per_m2"), limit(), 1e-5 * limit(), "limiting current");
    close(e("current_over_limit"), 0.4, 1e-5, "share of it");
    close(e("min_relative"), 0.6, 1e-5, "least concentration");
    close(e("concentration_mean_mol_per_m3"), 1000.0, 1e-6, "salt is conserved");
    close(e("concentration_overpotential_v"), 2.0 * VOLT * 0.65 * (1.4f64 / 0.6).ln(), 1e-6, "concentration");
    assert!(e("agreement/li_slice_error") < 1e-6);
    let kinetic = 2.0 * VOLT * (applied / (5.6 * 0.6f64.sqrt())).asinh();
    let all = kinetic + 2.0 * VOLT * (1.4f64 / 0.6).ln() + applied * 4e-6 / 3e3;
    close(number(&found, "/overpotential_v"), all, 1e-4 * all, "overpotential");
    close(number(&found, "/electrolyte/profile/li_flux_relative/20"), 1.0, 1e-6, "lithium flux");
    let inputs = found["inputs"].as_array().unwrap();
    for key in ["kappa", "diffusivity", "i0-exponent"] {
        assert_eq!(inputs.iter().find(|i| i["key"] == key).unwrap()["standing"], "assumed", "{key}");
    }
    assert!(found["reading"].to_string().contains("the salt would run out"), "{}", found["reading"]);
}

#[test]
fn the_secondary_model_says_when_it_is_not_enough() {
    let place = folder();
    let path = gap(&place);
    let warnings = |current_density: f64| {
        let found = current(&path, &[&format!("--current={current_density}A/m2"), "--json"]).json();
        (found["warnings"].to_string(), found)
    };
    // Da is twice the share of the limit, over the one slice that this host reacts in.
    let (quiet, found) = warnings(10.0);
    assert!(!quiet.contains("Da ="), "{quiet}");
    assert_eq!(found["model"], "secondary");
    assert!(number(&found, "/electrolyte/min_relative") > 0.99);
    let another = folder();
    let host = labels(&another, [60, 4, 4], |_, y, x| u8::from(x < 2 && y < 2));
    let said = foamflux(&["current", &host, "--voxel-size=5um", "--current=1mA/cm2", "--json"]).json();
    let text = said["warnings"].to_string();
    assert!(text.contains("Da = J L") && text.contains("above 0.02"), "{text}");
    let said = foamflux(&["current", &host, "--voxel-size=5um", "--current=6mA/cm2", "--json"]).json();
    assert!(said["warnings"].to_string().contains("below 0.2 only"), "{}", said["warnings"]);
    let (text, found) = warnings(1.5 * limit());
    assert!(text.contains("exceed the limiting current") && text.contains("it is gone after"), "{text}");
    // Sand's time of the infinite gap is not far from that of this one.
    let sand = std::f64::consts::PI * 4e-10 * (96_485.332 * 1000.0 / (2.0 * 1.5 * limit() * 0.65)).powi(2);
    let got = number(&found, "/electrolyte/sand_time_s");
    assert!(got > 0.9 * sand && got < 1.5 * sand, "{got} for {sand}");
}

#[test]
fn beyond_the_limiting_current_the_answer_is_an_explanation() {
    let place = folder();
    let path = gap(&place);
    let flags = ["--electrolyte=concentrated", &format!("--current={}A/m2", 1.2 * limit())];
    current(&path, &flags).fails(5, &["no steady state", "the salt would run out at about", "--sand"]);
}

#[test]
fn salt_is_followed_in_time() {
    let place = folder();
    let path = gap(&place);
    let applied = format!("--current={}A/m2", 0.5 * limit());
    let found = current(&path, &[&applied, "--sand", "--json"]).json();
    assert!(found["electrolyte"]["sand_time_s"].is_null());
    assert_eq!(found["electrolyte"]["transient"]["steady"], true);
    let last = found["electrolyte"]["transient"]["min_relative"].as_array().unwrap().last().unwrap().as_f64().unwrap();
    close(last, 0.5, 1e-3, "steady");
    let found = current(&path, &[&applied, "--time=0.1s", "--json"]).json();
    let times = found["electrolyte"]["transient"]["time_s"].as_array().unwrap();
    close(times.last().unwrap().as_f64().unwrap(), 0.1, 1e-9, "end");
    let text = current(&path, &[&applied, "--sand"]);
    assert!(text.stdout.contains("Salt in time") && text.stdout.contains("The salt lasts"), "{}", text.stdout);
}

#[test]
fn marcus_needs_more_than_butler_and_volmer_and_saturates() {
    let place = folder();
    let path = gap(&place);
    let at = |flags: &[&str]| {
        let found = current(&path, &[flags, &["--current=5mA/cm2", "--json"]].concat()).json();
        number(&found, "/overpotential_kinetic_v")
    };
    let bv = at(&[]);
    let mhc = at(&["--kinetics=mhc"]);
    // Chidsey's integral at 50/2.8, by plain quadrature.
    close(mhc, 0.194_796_426, 1e-7, "Marcus");
    assert!(mhc > bv + 0.005, "{mhc} {bv}");
    let large = at(&["--kinetics=mhc", "--reorganisation-energy=90eV"]);
    close(large, bv, 0.003 * bv, "a large energy");
    current(&path, &["--kinetics=mhc", "--current=1A/cm2"]).fails(5, &["Marcus kinetics reaches", "--kinetics bv"]);
}

fn map(place: &TempDir, name: &str, values: impl Fn(usize, usize, usize) -> f32) -> String {
    let bytes: Vec<u8> = (0..44 * 3 * 4).flat_map(|i| values(i / 12, i / 4 % 3, i % 4).to_le_bytes()).collect();
    let path = place.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

#[test]
fn exchange_current_densities_come_from_a_map() {
    let place = folder();
    let path = gap(&place);
    // Only the surface matters; the rest may hold anything.
    let steps = map(&place, "steps.raw", |z, _, x| if z == 40 { 1.0 + 3.0 * (x % 2) as f32 } else { f32::NAN });
    let flags = ["--i0-map", &steps, "--current=0.01mA/cm2", "--json"];
    let found = current(&path, &flags).json();
    // Even potentials: 1 and 4 A/m2 share the current 1 to 4, to mean 2.5.
    close(number(&found, "/current_density_a_per_m2/max"), 0.1 * 1.6, 1e-3 * 0.16, "largest");
    close(number(&found, "/current_density_a_per_m2/p01"), 0.1 * 0.4, 1e-3 * 0.04, "smallest");
    close(number(&found, "/overpotential_kinetic_v"), 2.0 * VOLT * (0.1f64 / 5.0).asinh(), 1e-6, "overpotential");
    assert!(found["reading"].to_string().contains("i0 comes from a map"));
    let ones = map(&place, "ones.raw", |_, _, _| 1.0);
    let relative = current(&path, &["--i0-map", &ones, "--i0-map-kind=relative", "--json"]).json();
    let plain = current(&path, &["--json"]).json();
    assert_eq!(relative["overpotential_v"], plain["overpotential_v"]);
    let holes = map(&place, "holes.raw", |z, y, _| if z == 40 && y == 1 { 0.0 } else { 1.0 });
    current(&path, &["--i0-map", &holes]).fails(3, &["x,y,z = 0,1,40", "fibre", "4 voxels"]);
    let short = place.path().join("short.raw");
    std::fs::write(&short, [0u8; 40]).unwrap();
    current(&path, &["--i0-map", &short.display().to_string()]).fails(3, &["short.raw"]);
    let another = folder();
    let other = labels(&another, [4, 4, 4], |_, _, _| 1);
    current(&path, &["--i0-map", &other]).fails(3, &["same shape"]);
}

#[test]
fn wrong_words_say_what_to_write() {
    let place = folder();
    let path = gap(&place);
    for (flags, parts) in [
        (&["--electrolyte=wet"][..], &["secondary or dilute or concentrated"][..]),
        (&["--salt-supply=sea"], &["counter or reservoir"]),
        (&["--kinetics=tafel"], &["bv or mhc"]),
        (&["--reorganisation-energy=0.3eV"], &["--kinetics mhc"]),
        (&["--kinetics=mhc", "--alpha=0.4"], &["symmetric"]),
        (&["--kinetics=mhc", "--reorganisation-energy=0"], &["reorganisation energy"]),
        (&["--thermodynamic-factor=2"], &["--electrolyte concentrated"]),
        (&["--electrolyte=dilute", "--thermodynamic-factor=2"], &["ideal ions"]),
        (&["--electrolyte=dilute", "--kappa=1"], &["follows from"]),
        (&["--electrolyte=dilute", "--transference=0"], &["above 0 for the dilute model"]),
        (&["--electrolyte=concentrated", "--i0-exponent=-1"], &["exponent of i0"]),
        (&["--time=0"], &["10min"]),
        (&["--time=1s", "--sand"], &["give one of the two"]),
        (&["--i0-map-kind=relative"], &["--i0-map"]),
        (&["--diffusivity=-1"], &["--diffusivity"]),
    ] {
        current(&path, flags).fails(2, parts);
    }
    current(&path, &["--i0-map=nowhere.npy"]).fails(3, &["nowhere.npy"]);
}

#[test]
fn maps_hold_concentration_and_lithium_flux() {
    let place = folder();
    let path = gap(&place);
    let file = place.path().join("map.vti");
    let call = current(&path, &["-o", &file.display().to_string(), "-q"]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    let vti = std::fs::read(&file).unwrap();
    let head = String::from_utf8_lossy(&vti[..4000.min(vti.len())]).into_owned();
    for array in ["li_flux_mol_per_m2_s", "concentration_mol_per_m3"] {
        assert!(head.contains(array), "{array} is missing in {head}");
    }
}
