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
