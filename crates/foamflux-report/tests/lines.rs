//! CSV and text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;

use common::{full, ingest, measure, minimal, open_foam, segment, stopped, transport, voxels};
use foamflux_report::{csv, csv_rows, ingest_text, measure_text, profile_csv, run_text, segment_text, transport_text};

/// Widest line that we allow in a terminal.
const WIDEST: usize = 100;

/// A plain reader of RFC 4180.
fn parse(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                row.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => rows.push(vec![String::new()]),
            c => row.last_mut().unwrap().push(c),
        }
    }
    rows.pop();
    rows
}

fn cell(table: &[Vec<String>], head: &str) -> String {
    let k = table[0].iter().position(|h| h == head).unwrap_or_else(|| panic!("no column {head}"));
    table[1][k].clone()
}

#[test]
fn every_run_has_the_same_columns() {
    let mut named = full();
    named.sample = "a, \"b\"\nc".into();
    let tables: Vec<_> = [named, voxels(), minimal(), open_foam()].iter().map(|r| parse(&csv(r))).collect();
    for table in &tables {
        assert_eq!(table.len(), 2);
        assert_eq!(table[0], tables[0][0]);
        assert_eq!(table[0].len(), table[1].len());
    }
    let mut heads = tables[0][0].clone();
    heads.sort();
    heads.dedup();
    assert_eq!(heads.len(), tables[0][0].len(), "a head occurs twice");
    assert_eq!(cell(&tables[0], "sample"), "a, \"b\"\nc");
}

#[test]
fn numbers_stand_under_their_heads() {
    let table = parse(&csv(&full()));
    for (head, value) in [
        ("shape_x [voxels]", "140"),
        ("shape_z [voxels]", "100"),
        ("voxel_size_z [m]", "2.6e-6"),
        ("volume_fraction_pore [1]", "0.83286"),
        ("area_per_volume_faces [1/m]", "162000"),
        ("area_per_volume [1/voxel]", ""),
        ("area_per_volume_error [1/m]", "5400"),
        ("thickness_mean [m]", "6.2e-6"),
        ("tau_pore_x [1]", "1.1782"),
        ("tau_error_solid_y [1]", "0.19"),
        ("percolates_solid_z", "false"),
        ("tau_solid_z [1]", ""),
        ("d_eff_relative_solid_z [1]", "0"),
        ("euler_number_solid [1]", "-214"),
    ] {
        assert_eq!(cell(&table, head), value, "{head}");
    }
    let table = parse(&csv(&voxels()));
    assert_eq!(cell(&table, "thickness_mean [voxels]"), "4.8");
    assert_eq!(cell(&table, "area_per_volume [1/m]"), "");
}

#[test]
fn other_phases_come_last_and_rows_join() {
    let mut r = full();
    r.transport.insert("lithium".into(), transport("lithium", vec![3], 0.1, [stopped(), stopped(), stopped()]));
    let table = parse(&csv_rows(&[r, full()]));
    assert_eq!(table.len(), 3);
    assert!(table.iter().all(|row| row.len() == table[0].len()));
    assert_eq!(cell(&table, "percolates_lithium_x"), "false");
    assert_eq!(csv_rows(&[]), "");
}

#[test]
fn text_fits_a_terminal_and_is_plain() {
    let t = full().transport["solid"].clone();
    for text in [
        run_text(&full()),
        run_text(&voxels()),
        run_text(&minimal()),
        run_text(&open_foam()),
        measure_text(&measure()),
        transport_text(&t),
        segment_text(&segment()),
        ingest_text(&ingest()),
    ] {
        for line in text.lines() {
            assert!(line.chars().count() <= WIDEST, "{} characters: {line}", line.chars().count());
            assert_eq!(line, line.trim_end(), "trailing space");
            assert!(line.chars().all(|c| (c as u32) < 256), "{line}");
        }
        assert!(text.ends_with('\n') && !text.contains("\n\n\n"));
    }
}

#[test]
fn text_holds_what_matters() {
    let text = run_text(&full());
    for part in
        ["1.178 ± 0.011", "blocked", "skipped: current (left out with --skip)", "warning: The last slice", "tau - 1"]
    {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let text = ingest_text(&ingest());
    for part in [
        "missing: 17",
        "slice_0091.tif: ends after",
        "and 3 more",
        "* flag --voxel-size",
        "100 files, slice_0001.tif to slice_0100.tif",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let text = transport_text(&full().transport["solid"]);
    for part in ["D_eff = D0 eps / tau", "z: the solid reaches 31 of 100", "1.3e-8", "infinite"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let text = segment_text(&segment());
    assert!(text.contains("* as used") && text.contains("10213 solid voxels removed"), "{text}");
    assert!(measure_text(&measure()).contains("Euler number: solid -214 (26), solid -180 (6)."));
}

#[test]
fn profiles_are_one_row_per_slice() {
    let mut r = full();
    assert_eq!(profile_csv(&r.transport), "", "no profile, no table");
    let three = |v: f64| vec![v, 2.0 * v, 3.0 * v];
    let pore = r.transport.get_mut("pore").unwrap().directions.get_mut("y").unwrap();
    pore.profile = Some(foamflux_results::ProfileResults {
        depth_m: None,
        depth_vox: vec![0.5, 1.5, 2.5],
        area_fraction: three(0.1),
        percolating_fraction: three(0.09),
        potential: three(0.3),
        dissipation_share: three(1.0 / 6.0),
        resistance_relative: three(7.0),
    });
    let table = parse(&profile_csv(&r.transport));
    assert_eq!(table.len(), 4);
    assert_eq!(table[2][..3], ["pore", "y", "1"]);
    for (head, value) in
        [("area_fraction [1]", "0.1"), ("resistance_relative [1]", "7"), ("depth [voxels]", "0.5"), ("depth [m]", "")]
    {
        assert_eq!(cell(&table, head), value, "{head}");
    }
}
