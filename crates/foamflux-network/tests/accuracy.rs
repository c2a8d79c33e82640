//! The accuracy table, by hand: `cargo test -p foamflux-network --test accuracy -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod common;

use common::{Case, find, foam, score};
use foamflux_hosts::foam::Arrangement;
use foamflux_hosts::rods::Section;
use foamflux_network::Parameters;

/// The foams of the table. Voronoi foams of random seeds have many short edges and small angles, relaxed ones few.
fn cases() -> Vec<Case> {
    let kelvin = Arrangement::Kelvin { jitter: 0.0 };
    let jittered = Arrangement::Kelvin { jitter: 0.2 };
    let voronoi = Arrangement::Voronoi { min_distance: 0.75, relax: 0 };
    let relaxed = Arrangement::Voronoi { min_distance: 0.75, relax: 20 };
    let round = Case::round("Kelvin r3.1", 200, 6.2, 60.0, kelvin);
    vec![
        round,
        round.plain("Kelvin r3.1 plain"),
        Case::round("Kelvin r5", 200, 10.0, 90.0, kelvin),
        Case::round("jitter r3.1", 200, 6.2, 60.0, jittered),
        Case { name: "jitter r3.1 fading", fade: 3.0, ..Case::round("", 200, 6.2, 60.0, jittered) },
        Case::round("jitter r5", 200, 10.0, 90.0, jittered),
        Case::round("relaxed r3.1", 200, 6.2, 72.0, relaxed),
        Case::round("relaxed r3.1", 200, 6.2, 72.0, relaxed).plain("relaxed r3.1 plain"),
        Case {
            name: "relaxed triangular",
            section: Section::ConcaveTriangle,
            ..Case::round("", 200, 7.2, 80.0, relaxed)
        },
        Case { name: "relaxed r3.1 pressed", compression: 0.5, ..Case::round("", 200, 6.2, 90.0, relaxed) },
        Case::round("Voronoi r3.1", 200, 6.2, 80.0, voronoi),
        Case::round("Voronoi r3.1", 200, 6.2, 80.0, voronoi).plain("Voronoi r3.1 plain"),
        Case { name: "Voronoi fat r5 1.9", swelling: 1.9, ..Case::round("", 256, 10.0, 120.0, voronoi) },
        Case::round("Voronoi thin r1.6", 128, 3.2, 42.0, voronoi),
        Case {
            name: "Voronoi triangular",
            section: Section::ConcaveTriangle,
            ..Case::round("", 200, 7.2, 80.0, voronoi)
        },
        Case {
            name: "Voronoi tri. plain",
            section: Section::ConcaveTriangle,
            ..Case::round("", 200, 7.2, 80.0, voronoi).plain("")
        },
    ]
}

#[test]
#[ignore = "a table"]
fn table() {
    println!(
        "{:<22} nodes clear | recall clear  prec  clear | deg   clear | pos   clear | diam%  len%  |len|% fibres | F1    whole share true/found | factor swelling | missed at found, missed nodes; too much at true, false",
        "case"
    );
    for case in cases().into_iter() {
        let (truth, labels) = foam(&case);
        {
            let network = find(&labels, case.zone, Parameters::default().merge);
            let s = score(&truth, &labels, &network, &case);
            println!(
                "{:<22} {:>5} {:>5} | {:.3}  {:.3}  {:.3} {:.3} | {:.3} {:.3} | {:.3} {:.3} | {:+.2} {:+.2} {:.2} {:>4} | {:.3} {:.3} {:.3} {:.3} | {:.2} {:.2} {} | {:.3} {:.3} {:.3} {:.3} | {:?}",
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
}
