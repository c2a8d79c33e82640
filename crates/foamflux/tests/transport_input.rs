//! Odd problems for `foamflux transport`: a typed result or the documented error, never a wrong number.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::fs;
use std::path::Path;

use common::{Call, close, foamflux, folder, labels, number};
use serde_json::Value;
use tempfile::TempDir;

/// Exact answers are solved to the tolerance that is asked for.
const TOL: &str = "--tol=1e-8";
const EXACT: f64 = 1e-6;

fn transport(path: &str, args: &[&str]) -> Call {
    foamflux(&[&["transport", path, "--json"], args].concat())
}

/// A direction in which nothing flows: every number says so.
fn blocked(results: &Value, axis: &str) -> Value {
    let d = &results["directions"][axis];
    assert_eq!(d["percolates"], false, "{d:#}");
    assert_eq!(d["d_eff_relative"], 0.0);
    for key in [
        "tau",
        "tau_bounds",
        "tau_voxel_geometry_bounds",
        "macmullin",
        "tau_refined",
        "geometric_tortuosity",
        "constrictivity",
        "half_loss_fraction",
        "profile",
    ] {
        assert!(d[key].is_null(), "{key}: {d:#}");
    }
    d["blocked"].clone()
}

/// Foam-like labels in which all that is asked for exists: pore with a lattice of struts.
fn lattice(place: &TempDir) -> String {
    labels(place, [12, 12, 12], |z, y, x| {
        let thin = [z, y, x].map(|c| c % 6 < 2);
        u8::from(thin.iter().filter(|t| **t).count() >= 2)
    })
}

#[test]
fn an_absent_phase_and_one_that_breaks_are_results() {
    let place = folder();
    let path = labels(&place, [6, 5, 7], |z, _, _| u8::from(z == 3));
    let all = ["--geometric", "--certify", "--refine"];
    let results = transport(&path, &[&["--phase=lithium"], &all[..]].concat()).json();
    for axis in ["x", "y", "z"] {
        assert!(blocked(&results, axis)["reason"].as_str().expect("a reason").contains("absent"));
    }
    let results = transport(&path, &[&["--phase=pore"], &all[..]].concat()).json();
    let why = blocked(&results, "z");
    assert_eq!((&why["reach_from_inlet_slices"], &why["reach_from_outlet_slices"]), (&3.into(), &2.into()));
    assert_eq!(why["percolates_by_edges_or_corners"], false);
    // Along x two slabs conduct straight.
    let x = &results["directions"]["x"];
    close(number(x, "/tau"), 1.0, EXACT, "straight slabs");
    close(number(x, "/geometric_tortuosity/value"), 1.0, EXACT, "straight slabs");
    close(number(x, "/tau_refined/value"), 1.0, EXACT, "straight slabs");
}

#[test]
fn edges_alone_do_not_conduct_and_the_result_says_that_they_would() {
    let place = folder();
    let path = labels(&place, [6, 4, 4], |z, y, x| u8::from((y, x) != if z < 3 { (1, 1) } else { (2, 1) }));
    let results = transport(&path, &["--phase=pore", "--direction=z", "--geometric"]).json();
    assert_eq!(blocked(&results, "z")["percolates_by_edges_or_corners"], true);
}

#[test]
fn volumes_one_voxel_thick_work_along_every_axis() {
    let place = folder();
    for thin in 0..3 {
        let mut zyx = [7, 6, 5];
        zyx[thin] = 1;
        let path = labels(&place, zyx, |_, _, _| 0);
        let results = transport(&path, &["--geometric", "--certify", "--refine", TOL]).json();
        for axis in ["x", "y", "z"] {
            let d = &results["directions"][axis];
            close(number(d, "/tau"), 1.0, 1e-12, "an empty sheet");
            close(number(d, "/geometric_tortuosity/value"), 1.0, 0.0, "an empty sheet");
            close(number(d, "/tau_refined/value"), 1.0, 1e-9, "an empty sheet, split");
            let slices = d["profile"]["area_fraction"].as_array().expect("a profile").len();
            assert_eq!(slices, zyx[["z", "y", "x"].iter().position(|a| *a == axis).expect("an axis")]);
        }
    }
}

#[test]
fn conductivities_that_are_none_are_refused_with_the_label() {
    let place = folder();
    let path = lattice(&place);
    for (value, parts) in [
        ("pore=0", &["conducts"][..]),
        ("pore=0,fibre=0", &["conducts"]),
        ("pore=-1", &["-1", "pore"]),
        ("pore=1,fibre=inf", &["inf", "fibre"]),
        ("pore=nan", &["NaN", "pore"]),
        ("pore=1,fibre=1e-30", &["pore", "fibre", "differ"]),
        ("pore", &["pore", "LABEL=VALUE"]),
        ("pore=fast", &["fast"]),
        ("carbon=1", &["carbon"]),
    ] {
        let call = transport(&path, &["--conductivity", value]);
        call.fails(2, parts);
        assert!(call.stdout.is_empty(), "{value}: {}", call.stdout);
    }
}

#[test]
fn an_insulator_among_conductors_counts_as_one() {
    let place = folder();
    let path = lattice(&place);
    let alone = transport(&path, &["--phase=pore", "--direction=z", TOL]).json();
    let zero = transport(&path, &["--conductivity=pore=1,fibre=0", "--direction=z", TOL]).json();
    let tau = |r: &Value| number(r, "/directions/z/tau");
    close(tau(&zero), tau(&alone), EXACT, "an insulator");
    assert!(zero["directions"]["z"]["constrictivity"].is_null(), "one phase alone has a constrictivity");
}

#[test]
fn a_contrast_of_a_trillion_is_solved_and_bounded() {
    let place = folder();
    // Layers across and along: in series and in parallel, exact.
    let path = labels(&place, [8, 4, 4], |z, _, _| u8::from(z % 2 == 1));
    let results = transport(&path, &["--conductivity=pore=1,fibre=1e-12", "--certify", "--tol=1e-5"]).json();
    let d = |axis: &str| number(&results, &format!("/directions/{axis}/d_eff_relative"));
    close(d("z") * 1e12, 2.0 / (1.0 + 1e-12), 1e-5, "in series");
    close(d("x"), 0.5 * (1.0 + 1e-12), EXACT, "in parallel");
    for axis in ["x", "y", "z"] {
        let at = |key: &str| number(&results, &format!("/directions/{axis}/{key}"));
        assert!(at("tau_bounds/0") <= at("tau") && at("tau") <= at("tau_bounds/1"), "{axis}");
    }
}

#[test]
fn tolerances_that_cannot_be_met_are_refused() {
    let place = folder();
    let path = lattice(&place);
    for tol in ["0", "-1e-3", "1", "2", "150%", "nan", "inf", "tight"] {
        let call = transport(&path, &[&format!("--tol={tol}")]);
        call.fails(2, &["--tol", tol]);
        assert!(call.stdout.is_empty());
    }
    transport(&path, &["--max-iterations=0"]).fails(2, &["--max-iterations"]);
}

#[test]
fn without_convergence_the_best_value_its_bounds_and_the_reason_are_told() {
    let place = folder();
    let path = labels(&place, [20, 16, 16], |z, y, x| u8::from((7 * z + 3 * y * y + 5 * x + x * y) % 11 < 5));
    let whole = transport(&path, &["--direction=z", TOL]).json();
    let tau = number(&whole, "/directions/z/tau");
    let call = transport(&path, &["--direction=z", "--max-iterations=2", TOL]);
    call.fails(5, &["pore along z", "after 2 iterations", "--max-iterations", "--tol", "best value is tau ="]);
    assert!(call.stdout.is_empty(), "{}", call.stdout);
    let after = |text: &str, word: &str| -> f64 {
        let rest = text.split(word).nth(1).unwrap_or_else(|| panic!("no '{word}' in {text}"));
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        rest[..end].trim_end_matches('.').parse().expect("a number")
    };
    let bounds = call.stderr.split("certified to lie ").nth(1).expect("bounds");
    // Printed to six decimals.
    let (low, high) = (after(bounds, "between ") - 1e-6, after(bounds, " and ") + 1e-6);
    assert!(low <= tau && tau <= high, "{tau} outside of {low} to {high}");
    let best = after(&call.stderr, "tau = ");
    assert!(low <= best && best < tau, "the best value lies below the converged one");
}

#[test]
fn refinement_that_does_not_fit_is_refused_before_any_work() {
    let place = folder();
    let path = labels(&place, [40, 40, 40], |z, y, x| u8::from((z / 4 + y / 4 + x / 4) % 5 == 0));
    let call = transport(&path, &["--refine", "--max-memory=8MiB", "--direction=z"]);
    call.fails(4, &["--refine", "512000 voxels", "8.0 MiB", "--max-memory"]);
    assert!(call.stdout.is_empty());
    assert_eq!(transport(&path, &["--max-memory=8MiB", "--direction=z"]).status, 0);
    // Where only the first level fits the order is assumed, and the results say so.
    let call = transport(&path, &["--refine", "--max-memory=40MiB", "--direction=z"]);
    let refined = &call.json()["directions"]["z"]["tau_refined"];
    assert_eq!(refined["levels"].as_array().map(Vec::len), Some(2), "{refined:#}");
    assert_eq!(refined["order_measured"], false);
    assert!(call.stderr.contains("order of convergence is assumed"), "{}", call.stderr);
}

#[test]
fn refined_tau_profile_and_losses_hang_together() {
    let place = folder();
    let path = lattice(&place);
    let (fields, profile) = (place.path().join("f.vti"), place.path().join("p.csv"));
    let text = |p: &Path| p.display().to_string();
    let call = transport(
        &path,
        &["--phase=solid", "--refine", "--certify", "--geometric", "-o", &text(&fields), "--profile", &text(&profile)],
    );
    let results = call.json();
    let d = &results["directions"]["z"];
    let [low, high] = [number(d, "/tau_voxel_geometry_bounds/0"), number(d, "/tau_voxel_geometry_bounds/1")];
    let value = number(d, "/tau_refined/value");
    assert!(low <= value && value <= high, "{value} outside of {low} to {high}");
    let levels = d["tau_refined"]["levels"].as_array().expect("levels");
    let factors: Vec<u64> = levels.iter().filter_map(|l| l["factor"].as_u64()).collect();
    assert_eq!(factors, [1, 2, 3]);
    close(number(&levels[0], "/tau"), number(d, "/tau"), 0.0, "the first level is tau itself");
    // The resolution error reaches from tau to the far end of the refined interval, or of the bounds if those are nearer.
    let far = number(d, "/tau") - value + number(d, "/tau_refined/error/total");
    let proved = number(d, "/tau") - low;
    close(number(d, "/error/resolution"), far.min(proved), 1e-12, "resolution");
    let sum =
        |key: &str| -> f64 { d["profile"][key].as_array().expect("a list").iter().filter_map(Value::as_f64).sum() };
    close(sum("dissipation_share"), 1.0, 1e-9, "shares");
    close(sum("resistance_relative") / 12.0, number(d, "/macmullin"), 1e-9 * number(d, "/macmullin"), "N_M");
    close(sum("area_fraction") / 12.0, number(&results, "/phase/volume_fraction"), 1e-12, "area");
    let (t, tau) = (number(d, "/flux_tortuosity"), number(d, "/tau"));
    close(number(d, "/constrictivity"), t * t / tau, 1e-12, "constrictivity");
    let half = number(d, "/half_loss_fraction");
    assert!(half > 0.0 && half < 0.5, "{half}");
    let table = fs::read_to_string(&profile).expect("a table");
    assert_eq!(table.lines().count(), 1 + 3 * 12, "{table}");
    assert!(table.starts_with("phase,axis,slice,"));
    let vti = fs::read(&fields).expect("fields");
    let head = String::from_utf8_lossy(&vti[..4096.min(vti.len())]).into_owned();
    assert!(head.contains("loss_z_relative") && head.contains("loss_x_relative"), "{head}");
    transport(&path, &["--profile", "p.xlsx"]).fails(2, &["p.xlsx", ".csv"]);
    transport(&path, &["--profile", &path]).fails(2, &["--profile"]);
}
