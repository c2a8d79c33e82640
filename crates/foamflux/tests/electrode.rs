//! tau_e and the storage of the solver on the command line: keys, refusals, and what they say where there is no number.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod common;

use std::fs;

use common::{Call, close, foamflux, folder, labels, number};
use tempfile::TempDir;

/// Exact answers are solved to the tolerance that is asked for.
const TOL: &str = "--tol=1e-7";
const EXACT: f64 = 1e-6;

fn transport(path: &str, args: &[&str]) -> Call {
    foamflux(&[&["transport", path, "--json", TOL], args].concat())
}

/// A channel of `reach` slices in a box of forty.
fn channel(place: &TempDir, reach: usize) -> String {
    labels(place, [40, 4, 5], |z, y, x| u8::from(!(z < reach && y == 1 && x == 2)))
}

/// Something of pores, with some that nothing reaches.
fn pores(place: &TempDir) -> String {
    labels(place, [14, 12, 13], |z, y, x| u8::from((z * 7 + y * 5 + x * 3 + z * y % 5 + x * y % 3) % 11 < 4))
}

#[test]
fn a_straight_channel_and_its_units() {
    let place = folder();
    let path = channel(&place, 40);
    let found = transport(&path, &["--electrode", "--direction=z", "--voxel-size=2um"]).json();
    let z = &found["directions"]["z"];
    close(number(z, "/tau"), 1.0, EXACT, "tau");
    close(number(z, "/tau_e"), 1.0 + 0.5 / 1600.0, EXACT, "tau_e at cell centres");
    assert!(number(z, "/tau_e_error/resolution") >= 0.5 / 1600.0 * 0.99);
    assert!(number(z, "/tau_e_error/solver") <= 1e-7 * 1.01);
    close(number(z, "/separator_connected_fraction"), 0.05, EXACT, "share of the box");
    // Four walls of forty voxels of 2 um, up to the bias of the weights on a channel one voxel wide.
    let faces = 4.0 * 40.0 * 4e-12;
    let area = number(z, "/electrode/interfacial_area_m2");
    assert!(area > 0.5 * faces && area <= faces * 1.001, "{area}");
    assert!(z["electrode"]["interfacial_area_vox"].is_null());
    let faces_found =
        transport(&path, &["--electrode", "--direction=z", "--voxel-size=2um", "--wall-area=faces"]).json();
    close(number(&faces_found, "/directions/z/electrode/interfacial_area_m2") / faces, 1.0, EXACT, "area of faces");
    // Unasked it is not there.
    let plain = transport(&path, &["--direction=z"]).json();
    assert!(plain["directions"]["z"].get("tau_e").is_none());
}

#[test]
fn layers_in_the_file_bound_the_electrode() {
    let place = folder();
    let path = labels(&place, [43, 5, 5], |z, y, x| match z {
        0 | 1 => 5,
        42 => 6,
        _ => u8::from((y, x) != (2, 2)),
    });
    let found = transport(&path, &["--electrode", "--direction=z"]).json();
    let z = &found["directions"]["z"];
    close(number(z, "/tau_e"), 1.0 + 0.5 / 1600.0, EXACT, "the channel between the layers");
    assert_eq!(
        (&z["electrode"]["separator_layer_slices"], &z["electrode"]["collector_layer_slices"]),
        (&2.into(), &1.into())
    );
    assert!(z["percolates"] == false, "the layers close the box");
    // Turned round they are in the wrong places, which is said.
    let turned = transport(&path, &["--electrode", "--direction=z", "--collector=first"]);
    assert!(turned.stderr.contains("whole slices"), "{}", turned.stderr);
}

#[test]
fn a_dead_end_has_tau_e_and_no_tau() {
    let place = folder();
    let path = channel(&place, 30);
    let found = transport(&path, &["--electrode", "--direction=z"]).json();
    let z = &found["directions"]["z"];
    assert!(z["tau"].is_null() && z["percolates"] == false);
    assert!(number(z, "/tau_e") > 0.0);
    assert!(number(z, "/electrode/interfacial_area_vox") > 0.0);
    let turned = transport(&path, &["--electrode", "--direction=z", "--collector=first"]).json();
    let z = &turned["directions"]["z"];
    assert!(z["tau_e"].is_null() && z["tau_e_error"]["total"].is_null());
    assert_eq!(z["separator_connected_fraction"], 0.0);
    assert!(z["electrode"]["reason"].as_str().expect("a reason").contains("no voxel"));
    let text = foamflux(&["transport", &path, "--electrode", "--direction=z", "--collector=first"]);
    assert!(text.stdout.contains("infinite"), "{}", text.stdout);
}

#[test]
fn tables_say_what_it_is_not() {
    let place = folder();
    let path = pores(&place);
    let text = foamflux(&["transport", &path, "--electrode", "--direction=y"]);
    assert_eq!(text.status, 0, "{}", text.stderr);
    for part in ["blocking walls", "not a pure transport number", "R_el"] {
        assert!(text.stdout.contains(part), "'{part}' is missing in {}", text.stdout);
    }
    assert_eq!(foamflux(&["transport", &path, "--electrode", "--collector=middle"]).status, 2);
    transport(&path, &["--electrode", "--wall-area=half"]).fails(2, &["--wall-area", "normals, faces"]);
}

#[test]
fn the_main_job_has_tau_e_of_the_pore_along_z() {
    let place = folder();
    let path = pores(&place);
    let out = place.path().join("out");
    let run = |extra: &[&str]| {
        let out = out.display().to_string();
        let args = [&["run", path.as_str(), "-o", out.as_str(), "--overwrite", "--json"], extra].concat();
        foamflux(&args).json()
    };
    let found = run(&["--voxel-size=1um"]);
    let pore = &found["transport"]["pore"]["directions"];
    assert!(number(pore, "/z/tau_e") > 0.0);
    assert!(pore["x"].get("tau_e").is_none());
    assert!(found["transport"]["solid"]["directions"]["z"].get("tau_e").is_none());
    let table = fs::read_to_string(out.join("results.csv")).expect("a table");
    assert!(table.contains("tau_e_pore_z [1]"));
    let page = fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(page.contains("Electrode with blocking walls"));
    let turned = run(&["--voxel-size=1um", "--direction=x", "--collector=first"]);
    let x = &turned["transport"]["pore"]["directions"]["x"];
    assert_eq!(x["electrode"]["collector"], "first");
    let config = place.path().join("no.toml");
    fs::write(&config, "electrode = false\n").expect("written");
    let without = run(&["--voxel-size=1um", "--config", &config.display().to_string()]);
    assert!(without["transport"]["pore"]["directions"]["z"].get("tau_e").is_none());
}

#[test]
fn a_storage_is_used_or_refused_and_never_replaced() {
    let place = folder();
    let path = pores(&place);
    let tau = |layout: &str| {
        let call = foamflux(&["transport", &path, "--direction=z", "--json", TOL, "-v", layout]);
        (number(&call.json(), "/directions/z/tau"), call.stderr)
    };
    let [(auto, said), (grid, as_grid), (list, as_list)] = ["--layout=auto", "--layout=grid", "--layout=list"].map(tau);
    close(grid / auto, 1.0, EXACT, "grid");
    close(list / auto, 1.0, EXACT, "list");
    assert!(said.contains("stored as the whole grid") && said.contains("more than 25 %"), "{said}");
    assert!(as_grid.contains("stored as the whole grid"), "{as_grid}");
    assert!(as_list.contains("a list of the unknowns") && as_list.contains("instead of the automatic"), "{as_list}");
    for (args, why) in [
        (&["--sides=periodic"][..], "joined sides"),
        (&["--conductivity=pore=1,fibre=0.5"], "several"),
        (&["--tensor"], "joins all walls"),
    ] {
        transport(&path, &[&["--layout=grid"], args].concat()).fails(2, &["--layout", why]);
    }
    // One conductivity that two labels share is one.
    assert_eq!(transport(&path, &["--layout=grid", "--conductivity=pore=2,fibre=2"]).status, 0);
    transport(&path, &["--layout=tree"]).fails(2, &["--layout", "auto, grid, list"]);
}
