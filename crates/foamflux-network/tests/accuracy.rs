//! What the network is worth, on foams and mats whose graphs are known.
//!
//! The fast rows run always, and hold what is reached; the whole table is printed by hand:
//! `cargo test --release -p foamflux-network --test accuracy -- --ignored --nocapture`, with `CASES=thin,fat` for some of
//! its rows and `SEEDS=7,8` for more foams of each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]
#![allow(clippy::disallowed_methods, reason = "rows of a table by hand are chosen by the environment")]

mod common;

use std::time::Instant;

use common::diagnose::{diagnose, diagnose_mat};
use common::mats::{Mat, mat, score_mat};
use common::{Case, Score, find, foam, score};
use foamflux_hosts::foam::Arrangement;
use foamflux_hosts::generate::fibres::Orientation;
use foamflux_hosts::rods::Section;
use foamflux_network::{Network, Parameters};

const KELVIN: Arrangement = Arrangement::Kelvin { jitter: 0.0 };
const JITTERED: Arrangement = Arrangement::Kelvin { jitter: 0.2 };
/// Random seeds make many short edges and small angles, relaxed ones few.
const VORONOI: Arrangement = Arrangement::Voronoi { min_distance: 0.75, relax: 0 };
const RELAXED: Arrangement = Arrangement::Voronoi { min_distance: 0.75, relax: 20 };

/// The foams of the table.
fn cases() -> Vec<Case> {
    let round = Case::round("Kelvin r3.1", 200, 6.2, 60.0, KELVIN);
    let triangular = |case: Case| Case { section: Section::ConcaveTriangle, ..case };
    vec![
        round,
        round.plain("Kelvin r3.1 plain"),
        Case::round("Kelvin r5", 200, 10.0, 90.0, KELVIN),
        Case::round("jitter r3.1", 200, 6.2, 60.0, JITTERED),
        Case { name: "jitter r3.1 fading", fade: 3.0, ..Case::round("", 200, 6.2, 60.0, JITTERED) },
        Case::round("jitter r5", 200, 10.0, 90.0, JITTERED),
        Case::round("relaxed r3.1", 200, 6.2, 72.0, RELAXED),
        Case::round("", 200, 6.2, 72.0, RELAXED).plain("relaxed r3.1 plain"),
        Case { name: "relaxed r3.1 pressed", compression: 0.5, ..Case::round("", 200, 6.2, 90.0, RELAXED) },
        triangular(Case::round("relaxed triangular r3.6", 200, 7.2, 80.0, RELAXED)),
        triangular(Case::round("", 200, 7.2, 80.0, RELAXED).plain("relaxed triangular r3.6 plain")),
        triangular(Case::round("relaxed triangular r5", 200, 10.0, 110.0, RELAXED)),
        Case::round("Voronoi r3.1", 200, 6.2, 80.0, VORONOI),
        Case::round("", 200, 6.2, 80.0, VORONOI).plain("Voronoi r3.1 plain"),
        Case { name: "Voronoi fat r5 1.9", swelling: 1.9, ..Case::round("", 256, 10.0, 120.0, VORONOI) },
        Case { name: "relaxed fat r5 1.9", swelling: 1.9, ..Case::round("", 256, 10.0, 120.0, RELAXED) },
        Case::round("Voronoi thin r1.6", 128, 3.2, 42.0, VORONOI),
        Case::round("relaxed thin r1.6", 128, 3.2, 42.0, RELAXED),
        triangular(Case::round("Voronoi triangular r3.6", 200, 7.2, 80.0, VORONOI)),
        triangular(Case::round("", 200, 7.2, 80.0, VORONOI).plain("Voronoi triangular r3.6 plain")),
    ]
}

fn mats() -> Vec<Mat> {
    let planar = Orientation::Planar { tilt_rad: 0.1 };
    let aligned = Orientation::Aligned { axis: [0.6, 0.0, 0.8], angle_rad: 0.15 };
    let one = Mat {
        name: "mat isotropic d8",
        n: 160,
        diameter: 8.0,
        share: 0.08,
        orientation: Orientation::Isotropic,
        persistence: f64::INFINITY,
    };
    vec![
        one,
        Mat { name: "mat isotropic d5", diameter: 5.0, ..one },
        Mat { name: "mat planar d8", orientation: planar, ..one },
        Mat { name: "mat aligned d8", orientation: aligned, ..one },
        Mat { name: "mat curved d8", persistence: 120.0, ..one },
    ]
}

fn found(case: &Case, seed: u64) -> (Score, Network, f64) {
    let (truth, labels) = foam(case, seed);
    let clock = Instant::now();
    let network = find(&labels, case.zone, Parameters::default().merge);
    let seconds = clock.elapsed().as_secs_f64();
    (score(&truth, &labels, &network, case), network, seconds)
}

fn chosen(variable: &str) -> Option<Vec<String>> {
    let list = std::env::var(variable).ok()?;
    Some(list.split(',').map(str::to_owned).collect())
}

#[test]
#[ignore = "a table of minutes, to be read"]
fn table() {
    let only = chosen("CASES");
    let wanted = |name: &str| only.as_ref().is_none_or(|o| o.iter().any(|o| name.contains(o.as_str())));
    let seeds: Vec<u64> =
        chosen("SEEDS").unwrap_or_else(|| vec!["7".to_owned()]).iter().map(|s| s.parse().unwrap()).collect();
    println!(
        "{:<30} nodes clear | recall clear | prec  clear | deg   clear | pos   clear | diam% insc%  len%  |len|% fibres | F1    whole share true/found | factor swelling shown | missed at found, missed nodes; too much at true, false | s",
        "case"
    );
    for case in cases().into_iter().filter(|c| wanted(c.name)) {
        for &seed in &seeds {
            let (s, network, seconds) = found(&case, seed);
            println!(
                "{:<30} {:>5} {:>5} | {:.3}  {:.3} | {:.3} {:.3} | {:.3} {:.3} | {:.3} {:.3} | {:+.2} {:+.2} {:+.2} {:.2} {:>4} | {:.3} {:.3} {:.3} {:.3} | {:.2} {:.2} {} | {:.3} {:.3} {:.3} {:.3} | {seconds:.1} | {:?}",
                case.name,
                s.nodes,
                s.clear,
                s.recall,
                s.recall_clear,
                s.precision,
                s.precision_clear,
                s.degree,
                s.degree_clear,
                s.position,
                s.position_clear,
                100.0 * s.diameter,
                100.0 * s.inscribed,
                100.0 * s.length,
                100.0 * s.length_spread,
                s.fibres,
                s.f1,
                s.f1_whole,
                s.share[0],
                s.share[1],
                network.zones.factor.unwrap_or(f64::NAN),
                network.zones.swelling.unwrap_or(f64::NAN),
                network.zones.from_profile,
                s.wrong[0],
                s.wrong[1],
                s.wrong[2],
                s.wrong[3],
                network.steps,
            );
        }
    }
    println!(
        "{:<30} contacts | recall prec | diam% total length% | tensor: graph field | order: true graph field | angle linear",
        "mat"
    );
    for m in mats().into_iter().filter(|m| wanted(m.name)) {
        for &seed in &seeds {
            let (graph, solid) = mat(&m, seed);
            let (s, network, _) = score_mat(&m, &graph, &solid);
            println!(
                "{:<30} {:>5} | {:.3} {:.3} | {:+.2} {:+.2} | {:.3} {:.3} | {:.3} {:.3} {:.3} | {:.2} {:.3} | {:?}",
                m.name,
                s.contacts,
                s.recall,
                s.precision,
                100.0 * s.diameter,
                100.0 * s.length_total,
                s.tensor[0],
                s.tensor[1],
                s.order[0],
                s.order[1],
                s.order[2],
                s.angle,
                s.linear,
                network.steps,
            );
        }
    }
}

/// What the errors of the table's foams are made of.
#[test]
#[ignore = "a list of minutes, to be read"]
fn causes() {
    let only = chosen("CASES");
    let wanted = |name: &str| only.as_ref().is_none_or(|o| o.iter().any(|o| name.contains(o.as_str())));
    let seeds = chosen("SEEDS").unwrap_or_else(|| vec!["7".to_owned()]);
    for case in cases().into_iter().filter(|c| wanted(c.name)) {
        for seed in seeds.iter().map(|s| s.parse().unwrap()) {
            let (truth, labels) = foam(&case, seed);
            let network = find(&labels, case.zone, Parameters::default().merge);
            diagnose(&truth, &labels, &network, &case);
        }
    }
    for m in mats().into_iter().filter(|m| wanted(m.name)) {
        for seed in seeds.iter().map(|s| s.parse().unwrap()) {
            let (graph, solid) = mat(&m, seed);
            let (_, network, _) = score_mat(&m, &graph, &solid);
            diagnose_mat(&m, &graph, &network);
        }
    }
}

/// What a row is held to beside the goals of recall, diameter and length.
struct Held {
    /// Mean error of the position of clear nodes in voxels.
    position: f64,
    /// Precision of clear nodes.
    precision: f64,
    /// Clear nodes of the right degree.
    degree: f64,
    /// F1 of node voxels.
    f1: f64,
}

/// The goals for round struts.
const GOALS: Held = Held { position: 0.8, precision: 0.95, degree: 0.9, f1: 0.95 };

fn hold(case: &Case, seed: u64, held: &Held) {
    let (s, ..) = found(case, seed);
    assert!(s.recall_clear >= 0.95 && s.precision_clear >= held.precision, "{}: {s:?}", case.name);
    assert!(s.degree_clear >= held.degree, "{}: {s:?}", case.name);
    assert!(s.position_clear < held.position && s.length.abs() < 0.01, "{}: {s:?}", case.name);
    // 2 % at ten voxels across, 3 % at six.
    assert!(s.diameter.abs() < if case.diameter >= 10.0 { 0.02 } else { 0.03 }, "{}: {s:?}", case.name);
    assert!(s.f1 >= held.f1, "{}: {s:?}", case.name);
}

#[test]
fn jittered_foams_of_round_struts() {
    hold(&Case::round("jitter r3.1", 110, 6.2, 60.0, JITTERED), 3, &GOALS);
}

#[test]
fn relaxed_foams_of_round_struts() {
    hold(&Case::round("relaxed r3.1", 130, 6.2, 72.0, RELAXED), 3, &GOALS);
}

/// Seeds 7, 11, 23: F1 0.924, 0.938, 0.921, position 0.18 on average.
#[test]
fn relaxed_foams_of_thin_struts() {
    hold(&Case::round("relaxed thin r1.6", 128, 3.2, 42.0, RELAXED), 7, &Held { position: 0.25, f1: 0.9, ..GOALS });
}

/// Seeds 7, 11, 23 of a larger one: F1 0.985, 0.990, 0.983, position 0.02 on average.
#[test]
fn relaxed_foams_with_fat_nodes() {
    let case = Case { swelling: 1.9, ..Case::round("relaxed fat r5", 160, 10.0, 100.0, RELAXED) };
    hold(&case, 7, &Held { position: 0.15, ..GOALS });
}

/// Seeds 7, 11, 23: F1 0.960, 0.961, 0.961. The zone that a swelling is given is a matter of definition: the ball that fits
/// its surface between the struts. Its faces say less about the node's place than those of a ball, so that the axes of struts
/// must: with them 0.13 voxels on average, without 0.17.
#[test]
fn foams_whose_swellings_fade() {
    let case = Case { fade: 3.0, ..Case::round("jitter r3.1 fading", 110, 6.2, 60.0, JITTERED) };
    hold(&case, 3, &Held { position: 0.15, ..GOALS });
}

/// Seeds 7, 11, 23: F1 0.952, 0.934, 0.940, with the factor given 0.937, 0.919, 0.911; precision of clear nodes 0.95 and 0.88
/// on average; degree 0.905 to 0.935.
#[test]
fn relaxed_foams_of_concave_triangular_struts() {
    let case = Case { section: Section::ConcaveTriangle, ..Case::round("triangular", 200, 7.2, 80.0, RELAXED) };
    hold(&case, 7, &Held { position: 0.4, precision: 0.93, degree: 0.9, f1: 0.93 });
    hold(&case.plain("triangular plain"), 7, &Held { position: 0.4, precision: 0.87, degree: 0.9, f1: 0.92 });
}

#[test]
fn a_mat_has_its_diameter_length_and_directions() {
    let m = mats()[0];
    let (graph, solid) = mat(&m, 7);
    let (s, network, field) = score_mat(&m, &graph, &solid);
    assert!(s.contacts > 10 && s.recall > 0.95 && s.precision > 0.95, "{s:?}");
    assert!(s.diameter.abs() < 0.02 && s.length_total.abs() < 0.02, "{s:?}");
    // Peers' structure tensors: 0.96 degrees.
    assert!(s.angle < 2.0 && s.tensor.iter().all(|&t| t < 0.05), "{s:?}");
    assert_eq!(field.directions.len(), network.solid_voxels);
}
