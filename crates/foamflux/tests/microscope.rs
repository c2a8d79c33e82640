//! Stacks of electron microscopes from the command line: metadata, data bars, alignment, artefacts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use common::{close, foamflux, folder, number, real};

/// Grey slices of a synthetic host as a FIB-SEM takes them.
fn fib_sem(place: &tempfile::TempDir) -> String {
    let out = place.path().join("host");
    let call = foamflux(&["host", "cmf-demo", "--grey=fib-sem", "-o", &out.display().to_string(), "-q"]);
    assert_eq!(call.status, 0, "{}", call.stderr);
    out.join("grey").display().to_string()
}

#[test]
fn drift_and_curtains_are_corrected_and_reported() {
    let place = folder();
    let grey = fib_sem(&place);
    let csv = place.path().join("shifts.csv");
    let out = place.path().join("labels.tif");
    let call = foamflux(&[
        "segment",
        &grey,
        "--content=grey",
        "--correct=curtains,flicker",
        "--align=drift",
        "--no-doubt",
        "-o",
        &out.display().to_string(),
        "--shifts",
        &csv.display().to_string(),
        "--json",
        "-q",
    ]);
    let json = call.json();
    // In their own order, whatever the order of the words.
    assert_eq!(json.pointer("/preparation/corrections/0/artefact").unwrap(), "flicker");
    assert_eq!(json.pointer("/preparation/corrections/1/artefact").unwrap(), "curtains");
    let alignment = json.pointer("/preparation/alignment").unwrap();
    let slices = alignment.pointer("/removed_pixel_xy").unwrap().as_array().unwrap().len();
    assert_eq!(slices, 96);
    assert!(number(alignment, "/removed_rms_pixel_xy/0") > 0.1, "{alignment}");
    assert_eq!(std::fs::read_to_string(csv).unwrap().lines().count(), slices + 1);
    assert!(json.pointer("/recipe/2").unwrap().as_str().unwrap().starts_with("slices aligned"), "{json}");
    let toml = json.pointer("/recipe_toml").unwrap().as_str().unwrap();
    assert!(toml.contains("align = \"drift\"") && toml.contains("\"curtains\""), "{toml}");
    let [x0, x1] = [0, 1].map(|k| number(alignment, &format!("/region_xy/{k}/0")));
    close(number(&json, "/volume/shape_zyx/2"), x1 - x0, 0.0, "columns");
}

#[test]
fn words_that_are_not_known_and_stacks_that_do_not_suit_are_refused() {
    let place = folder();
    let thin = common::labels(&place, [2, 40, 40], |z, y, x| ((7 * x + 5 * y + 3 * z) % 251) as u8);
    for (args, status, parts) in [
        (&["--align=sideways"][..], 2, &["align", "jitter"][..]),
        (&["--correct=scratches"], 2, &["correct", "curtains"]),
        (&["--denoise=nlm:0"], 2, &["strength", "0"]),
        (&["--denoise=nlm:strong"], 2, &["denoise", "nlm:strong"]),
        (&["--slice-thickness=10"], 2, &["slice-thickness"]),
        (&["--slice-thickness=10nm", "--voxel-size=1um"], 2, &["slice-thickness", "--voxel-size"]),
        (&["--tilt-correction=3"], 2, &["tilt-correction", "5 to 90"]),
        (&["--tilt-correction=stage"], 2, &["tilt-correction", "no file states"]),
        (&["--data-bar=below"], 2, &["data-bar", "keep"]),
        (&["--align=drift"], 3, &["at least 5 slices", "--align"]),
        (&["--correct=flicker"], 3, &["5 slices", "flicker"]),
    ] {
        let all: Vec<&str> = ["segment", &thin, "--content=grey"].iter().chain(args).copied().collect();
        foamflux(&all).fails(status, parts);
    }
}

#[test]
#[ignore = "needs ../shared/data"]
fn a_real_micrograph_has_its_bar_cut_and_its_pixel_read() {
    let json = foamflux(&["ingest", &real("sem-databar/retic.tif"), "--slice-thickness=5nm", "--json"]).json();
    assert_eq!(json.pointer("/data_bar/rows").unwrap(), 70);
    assert_eq!(json.pointer("/data_bar/found_by").unwrap(), "fei-metadata");
    assert_eq!(json.pointer("/volume/shape_zyx").unwrap(), &serde_json::json!([1, 1024, 1536]));
    close(number(&json, "/volume/voxel_size_m_xyz/0"), 1.07917e-9, 1e-15, "pixel");
    close(number(&json, "/volume/voxel_size_m_xyz/2"), 5e-9, 1e-15, "slice");
}
