//! What the threshold and the size of the box leave open: from the command line, on the bundled stack.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::fs;

use common::{close, foamflux, folder, number, root};
use serde_json::Value;

fn bundled() -> String {
    root().join("data/cmf-grey").display().to_string()
}

/// The main job without the stages that have nothing to do with it.
fn run(place: &tempfile::TempDir, name: &str, input: &str, more: &[&str]) -> (Value, std::path::PathBuf) {
    let out = place.path().join(name);
    let out_text = out.display().to_string();
    let mut args = vec!["run", input, "-o", &out_text, "--skip", "current,tag", "--direction", "z", "--json"];
    args.extend(more);
    (foamflux(&args).json(), out)
}

#[test]
fn every_number_has_its_errors_and_their_total() {
    let place = folder();
    let (r, out) = run(&place, "out", &bundled(), &[]);
    let at = |path: &str| number(&r, path);
    for path in [
        "/measure/phases/pore/error",
        "/measure/phases/solid/error",
        "/measure/surface/error",
        "/transport/pore/directions/z/error",
        "/transport/solid/directions/z/error",
    ] {
        let part = |name: &str| r.pointer(&format!("{path}/{name}")).and_then(Value::as_f64);
        let (segmentation, sampling) = (part("segmentation").unwrap(), part("sampling").unwrap());
        assert!(segmentation > 0.0 && sampling > 0.0, "{path}");
        let bounds = part("solver").unwrap_or(0.0) + part("resolution").unwrap_or(0.0);
        let total = (bounds.powi(2) + segmentation.powi(2) + sampling.powi(2)).sqrt();
        close(part("total").unwrap(), total, 1e-12 * total, path);
    }
    assert!(at("/measure/thickness_m/error/segmentation") > 0.0);
    assert!(r["error_total_rule"].as_str().unwrap().contains("square root"));

    // The ends of the band are what cutting there by hand gives: bright solid is more at the lower threshold.
    let band = |key: &str| at(&format!("/doubt/band/{key}"));
    assert!(
        band("solid_fraction_low") > band("solid_fraction") && band("solid_fraction") > band("solid_fraction_high")
    );
    close(band("solid_fraction"), at("/measure/phases/solid/volume_fraction"), 1e-12, "the middle of the band");
    let squares = band("rule").hypot(band("levels")).hypot(band("noise"));
    close(band("half_width"), squares, 1e-9, "half-width");
    let q = |name: &str, end: &str| at(&format!("/doubt/quantities/{name}/{end}"));
    close(q("porosity", "low"), 1.0 - band("solid_fraction_low"), 1e-12, "porosity at the lower threshold");
    assert!(q("thickness_mean", "low") > q("thickness_mean", "middle"));
    // More solid: a longer way through the pore, a shorter one through the solid.
    assert!(q("tau_pore_z", "low") > q("tau_pore_z", "middle") && q("tau_pore_z", "middle") > q("tau_pore_z", "high"));
    assert!(q("tau_solid_z", "low") < q("tau_solid_z", "high"));
    let iterations = at("/transport/pore/directions/z/tau_thresholds/iterations/0");
    assert!(iterations <= at("/transport/pore/directions/z/iterations"), "a start costs iterations: {iterations}");

    // The map says how many of the three thresholds call a voxel solid.
    let map = foamflux(&[
        "measure",
        &out.join("doubt.tif").display().to_string(),
        "--labels",
        "pore=0,other=1,collector=2,fibre=3",
        "--json",
    ])
    .json();
    close(number(&map, "/phases/fibre/volume_fraction"), band("solid_fraction_high"), 1e-9, "solid in any case");
    let uncertain = number(&map, "/phases/other/volume_fraction") + number(&map, "/phases/collector/volume_fraction");
    close(uncertain, band("uncertain_fraction"), 1e-9, "uncertain voxels");
    assert!(fs::read_to_string(out.join("fields.vti")).is_ok() || fs::metadata(out.join("fields.vti")).is_ok());
    for name in ["figures/doubt_xz.png", "recipe.toml"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let sampling = |key: &str| at(&format!("/measure/sampling/quantities/solid/{key}"));
    assert!(sampling("box_edge_for_goal_m") > 96e-6, "the box holds a few cells and is no sample to 2 %");
    close(
        sampling("box_edge_for_goal_vox") * 1e-6,
        sampling("box_edge_for_goal_m"),
        1e-12,
        "edges in voxels and metres",
    );
}

#[test]
fn labels_and_no_doubt_say_why_there_is_none() {
    let place = folder();
    let (r, out) = run(&place, "quick", &bundled(), &["--no-doubt", "--only", "measure"]);
    assert!(r["doubt"]["reason"].as_str().unwrap().contains("--no-doubt"));
    assert!(r["measure"]["phases"]["pore"]["error"]["segmentation"].is_null() && !out.join("doubt.tif").exists());
    let labels = out.join("labels.tif").display().to_string();
    let (r, _) = run(&place, "labels", &labels, &["--only", "measure"]);
    assert!(r["doubt"]["reason"].as_str().unwrap().contains("labels"), "{:#}", r["doubt"]);
    assert!(r["measure"]["phases"]["pore"]["error"]["sampling"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_segmentation_is_scored_and_repeated() {
    let place = folder();
    let path = |name: &str| place.path().join(name).display().to_string();
    let first = foamflux(&[
        "segment",
        &bundled(),
        "-o",
        &path("a.tif"),
        "--save-recipe",
        &path("r.toml"),
        "--method",
        "markov",
        "--beta",
        "0.7",
        "--min-solid",
        "30um3",
        "--json",
    ])
    .json();
    assert_eq!(first["method"], "markov");
    // The recipe makes the same labels, and a flag beats it.
    let again =
        foamflux(&["segment", &bundled(), "--recipe", &path("r.toml"), "--truth", &path("a.tif"), "--json"]).json();
    assert_eq!((&again["method"], &again["thresholds"]), (&first["method"], &first["thresholds"]));
    close(number(&again, "/score/dice"), 1.0, 0.0, "Dice of the same labels");
    close(number(&again, "/score/boundary_distance_m/p95"), 0.0, 0.0, "distance of the same boundaries");
    close(number(&again, "/score/porosity/relative"), 0.0, 0.0, "porosity of the same labels");
    let other = foamflux(&[
        "segment",
        &bundled(),
        "--recipe",
        &path("r.toml"),
        "--beta",
        "0",
        "--truth",
        &path("a.tif"),
        "--json",
    ])
    .json();
    let dice = number(&other, "/score/dice");
    assert!(dice > 0.8 && dice < 1.0, "{dice}");

    foamflux(&["segment", &bundled(), "--recipe", &path("none.toml")])
        .fails(2, &["the recipe", "none.toml", "--save-recipe"]);
    fs::write(path("bad.toml"), "foamflux-recipe = 1\n[segment]\nmethod = \"otsu\"\ntol = \"1%\"\n").unwrap();
    foamflux(&["segment", &bundled(), "--recipe", &path("bad.toml")])
        .fails(2, &["bad.toml", "not part of a segmentation"]);
    foamflux(&["segment", &bundled(), "--beta", "1"]).fails(2, &["--beta", "markov"]);
    foamflux(&["segment", &bundled(), "--min-solid", "5um"]).fails(2, &["--min-solid", "5um3"]);
    foamflux(&["segment", &bundled(), "--truth", &path("a.tif"), "--truth-tau", "q"]).fails(2, &["--truth-tau"]);
    let small = common::labels(&place, [8, 8, 8], |z, _, _| u8::from(z > 3));
    foamflux(&["segment", &bundled(), "--truth", &small]).fails(3, &["same box"]);
}

#[test]
fn every_method_errs_to_its_own_side() {
    /// True share of solid.
    const TRUTH: f64 = 0.0784;
    // Struts of 6 voxels are mostly boundary. What follows the valley or the volume is right; the top class of three leaves
    // part-filled voxels out; two normals, and rules that look for the edge of the background, take them all in.
    for (method, least, most) in [
        ("conserve", -0.02, 0.02),
        ("otsu", -0.03, 0.03),
        ("otsu-slices", -0.03, 0.03),
        ("multi-otsu", -0.3, -0.1),
        ("li", 0.05, 0.3),
        ("sauvola", 0.05, 0.5),
        ("triangle", 0.3, 0.8),
        ("minimum-error", 0.3, 0.8),
        ("markov", 0.3, 0.8),
    ] {
        let r = foamflux(&["segment", &bundled(), "--method", method, "--json"]).json();
        let off = number(&r, "/volume_fractions/fibre") / TRUTH - 1.0;
        println!("{method}: {:+.1} %", 100.0 * off);
        assert!((least..most).contains(&off), "{method}: {off}");
    }
}
