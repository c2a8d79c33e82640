//! `foamflux tag`: keys, files and exit statuses.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod common;

use common::{close, foamflux, number};

/// The demonstration's struts are 6.2 µm thick and its voxels 1 µm; mean over fibres that are partly swollen.
const DIAMETER_TOLERANCE_M: f64 = 0.5e-6;
/// Shares of one box are sums of whole voxels.
const ROUNDING: f64 = 1e-12;

#[test]
fn tags_graph_and_numbers_of_a_host() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    assert_eq!(foamflux(&["host", "cmf-demo", "-o", &at("host"), "-q"]).status, 0);
    let labels = at("host/labels.tif");
    let out = foamflux(&["tag", &labels, "-o", &at("tags.tif"), "--json"]).json();
    assert_eq!(out["schema"], "foamflux.tag/1");
    assert!(number(&out, "/nodes/count") > 20.0 && number(&out, "/nodes/density_per_m3") > 0.0);
    assert!((3.0..5.0).contains(&number(&out, "/nodes/coordination_mean")));
    assert!(number(&out, "/nodes/coordination_histogram/4") > 0.0);
    assert!(number(&out, "/fibres/count") > 40.0 && number(&out, "/fibres/length_total_m") > 0.0);
    for key in ["mean", "median", "std"] {
        assert!(number(&out, &format!("/fibres/length_m/{key}")) > 0.0);
        assert!(number(&out, &format!("/fibres/diameter_m/{key}")) > 0.0);
    }
    close(number(&out, "/fibres/diameter_m/median"), 6.2e-6, DIAMETER_TOLERANCE_M, "fibre diameter");
    let trace: f64 = (0..3).map(|k| number(&out, &format!("/fibres/orientation_tensor/{k}/{k}"))).sum();
    close(trace, 1.0, 1e-9, "trace");
    let sum: f64 = ["pore", "fibre", "node"].iter().map(|p| number(&out, &format!("/volume_fractions/{p}"))).sum();
    close(sum, 1.0, ROUNDING, "volume fractions");
    for name in ["nodes.csv", "fibres.csv", "network.vtp", "network.graphml", "results.json"] {
        assert!(folder.path().join("tags-network").join(name).is_file(), "{name}");
    }
    // The tags are labels like any others, with the voxel size.
    let again = foamflux(&["measure", &at("tags.tif"), "--json"]).json();
    close(
        number(&again, "/phases/node/volume_fraction"),
        number(&out, "/volume_fractions/node"),
        ROUNDING,
        "node share",
    );
    assert_eq!(again["volume"]["voxel_size_m_xyz"], out["volume"]["voxel_size_m_xyz"]);
    // An existing graph is replaced on request alone.
    foamflux(&["tag", &labels, "-o", &at("tags.tif")]).fails(2, &["tags-network"]);
    assert_eq!(foamflux(&["tag", &labels, "-o", &at("tags.tif"), "--overwrite", "-q"]).status, 0);
}

#[test]
fn wrong_factors_are_usage_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.raw").display().to_string();
    std::fs::write(&file, [0u8, 1, 0, 1, 1, 1, 0, 0]).unwrap();
    let call = |more: &[&str]| foamflux(&[&["tag", &file, "--shape", "2,2,2", "--dtype", "u8"], more].concat());
    call(&["--node-factor", "-1"]).fails(2, &["node-factor", "0 to 10"]);
    call(&["--node-factor", "1", "--node-lambda", "1"]).fails(2, &["node-lambda"]);
    call(&["--spur", "99"]).fails(2, &["spur"]);
    assert_eq!(call(&["--json"]).json()["nodes"]["count"], 0);
}

/// Three bars through the middle of a cube of `n` voxels, of which `axes` are there, as bytes.
fn bars(n: usize, axes: [bool; 3]) -> Vec<u8> {
    let middle = |v: usize| (v as f64 + 0.5 - 0.5 * n as f64).powi(2);
    let mut voxels = Vec::with_capacity(n * n * n);
    for z in 0..n {
        for y in 0..n {
            for x in 0..n {
                let (x, y, z) = (middle(x), middle(y), middle(z));
                let inside = [y + z, x + z, x + y].iter().zip(axes).any(|(&square, there)| there && square < 16.0);
                voxels.push(u8::from(inside));
            }
        }
    }
    voxels
}

#[test]
fn directions_and_paths_of_bars() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("bar.raw"), bars(32, [true, false, false])).unwrap();
    let bar = at("bar.raw");
    let call = |more: &[&str]| foamflux(&[&["tag", &bar, "--shape", "32,32,32", "--dtype", "u8"], more].concat());
    let out = call(&["--orientation", &at("directions.vti"), "--json"]).json();
    // One bar along x has one direction, and is one path.
    close(number(&out, "/orientation_field/order_parameter"), 1.0, 1e-3, "order");
    close(number(&out, "/orientation_field/principal_direction_xyz/0").abs(), 1.0, 1e-3, "direction");
    assert!(number(&out, "/orientation_field/linear_share") > 0.9);
    let text = std::fs::read(at("directions.vti")).unwrap();
    assert!(String::from_utf8_lossy(&text).contains("fibre_direction"));
    assert_eq!(out["paths"]["x"]["independent"], 1);
    close(number(&out, "/paths/x/tortuosity"), 1.0, 0.02, "shortest path");
    assert_eq!(out["paths"]["y"]["independent"], 0);
    assert!(out["paths"]["y"]["tortuosity"].is_null());
    call(&["--orientation", &at("directions.tif")]).fails(2, &["orientation", ".vti"]);
    // Directions are there on request alone.
    assert!(call(&["--json"]).json()["orientation_field"].is_null());
}

#[test]
fn run_tags_debris_and_does_without_tags_where_memory_is_short() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut voxels = bars(40, [true, true, true]);
    // A grain by itself.
    for z in 4..8 {
        for y in 4..8 {
            voxels[(z * 40 + y) * 40 + 4..(z * 40 + y) * 40 + 8].fill(1);
        }
    }
    std::fs::write(at("bars.raw"), voxels).unwrap();
    let (bars, out) = (at("bars.raw"), at("out"));
    let call = |more: &[&str]| {
        let first = ["run", &bars, "--shape", "40,40,40", "--dtype", "u8", "--voxel-size", "1um", "-q", "-o", &out];
        let status = foamflux(&[&first, more, &["--overwrite"]].concat()).status;
        assert_eq!(status, 0, "{more:?}");
        let text = std::fs::read_to_string(folder.path().join("out/results.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let results = call(&["--only", "tag", "--tag-debris"]);
    close(number(&results, "/tag/volume_fractions/other"), 64.0 / 64e3, ROUNDING, "debris");
    assert_eq!(results["tag"]["nodes"]["count"], 1);
    let results = call(&["--only", "tag"]);
    assert!(results["tag"]["volume_fractions"]["other"].is_null());
    // Tags take 33 bytes per voxel, measuring 25.
    let results = call(&["--only", "tag,measure", "--max-memory", "1800KiB"]);
    assert_eq!(results["stages"]["tag"]["outcome"], "skipped");
    assert!(results["stages"]["tag"]["reason"].as_str().unwrap().contains("max-memory"));
    assert_eq!(results["stages"]["measure"]["outcome"], "done");
}

/// A stack whose node is brighter than its bars: `run` reads from the grey values where it ends, on request alone.
#[test]
fn run_takes_the_end_of_nodes_from_grey_values() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let n = 48;
    let reach = 9.0f64;
    let middle = |v: usize| (v as f64 + 0.5 - 0.5 * n as f64).powi(2);
    let mut grey = bars(n, [true, true, true]);
    for (i, v) in grey.iter_mut().enumerate() {
        let square = middle(i % n) + middle(i / n % n) + middle(i / n / n);
        *v *= if square < reach * reach { 200 } else { 120 };
    }
    std::fs::write(at("grey.raw"), &grey).unwrap();
    let (grey, out) = (at("grey.raw"), at("out"));
    let call = |input: &str, more: &[&str]| {
        let first = ["run", input, "--shape", "48,48,48", "--dtype", "u8", "--voxel-size", "1um", "--only", "tag"];
        let run = foamflux(&[&first[..], &["-q", "-o", &out, "--overwrite"], more].concat());
        assert_eq!(run.status, 0, "{more:?}");
        let text = std::fs::read_to_string(folder.path().join("out/results.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let segment = ["--content", "grey", "--threshold", "60", "--denoise", "none"];
    let results = call(&grey, &segment);
    assert_ne!(results["tag"]["nodes"]["zone"]["rule"], "node-radius");
    let results = call(&grey, &[&segment[..], &["--tag-grey"]].concat());
    assert_eq!(results["tag"]["nodes"]["zone"]["rule"], "node-radius");
    // Half-way between the levels lies where the bright part ends, to half a bin of a tenth of the node's radius.
    let factor = number(&results, "/tag/nodes/zone/factor");
    let radius = number(&results, "/tag/nodes/radius_m/mean") * 1e6;
    assert!((factor * radius - reach).abs() < 0.05 * radius + 0.5, "{factor} {radius}");
    // Labels have no grey values: that is said.
    std::fs::write(at("labels.raw"), bars(n, [true, true, true])).unwrap();
    let results = call(&at("labels.raw"), &["--tag-grey"]);
    let warnings = results["warnings"].to_string();
    assert!(warnings.contains("--tag-grey has no effect"), "{warnings}");
}

/// What each step took is in the results, and adds up.
#[test]
fn seconds_of_steps_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bars.raw").display().to_string();
    std::fs::write(&file, bars(24, [true, true, false])).unwrap();
    let out = foamflux(&["tag", &file, "--shape", "24,24,24", "--dtype", "u8", "--json"]).json();
    let steps = out["seconds_by_step"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().filter_map(|s| s["step"].as_str()).collect();
    for step in ["skeleton", "thinning", "graph", "cells of the pore", "statistics"] {
        assert!(names.contains(&step), "{names:?}");
    }
    let sum: f64 = steps.iter().filter_map(|s| s["seconds"].as_f64()).sum();
    assert!(sum > 0.0 && sum <= 1.01 * number(&out, "/seconds") + 1e-3, "{sum} of {}", out["seconds"]);
}
