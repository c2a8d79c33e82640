//! The accuracy table, by hand: `cargo test -p foamflux-network --test accuracy -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod common;

use common::{Case, find, foam, score};
use foamflux_hosts::foam::SeedPattern;
use foamflux_network::ZoneRule;

#[test]
#[ignore = "a table"]
fn table() {
    let lattice = |jitter| SeedPattern::Lattice { jitter };
    let voronoi = SeedPattern::HardCore { min_distance: 0.75 };
    let default = ZoneRule::Swelling;
    let n = 200;
    let cases = [
        Case {
            name: "Kelvin r3.1 ball",
            n,
            diameter: 6.2,
            swelling: 1.5,
            fade: 0.5,
            cell: 60.0,
            seeds: lattice(0.0),
            zone: default,
        },
        Case {
            name: "Kelvin r3.1 plain",
            n,
            diameter: 6.2,
            swelling: 1.0,
            fade: 0.5,
            cell: 60.0,
            seeds: lattice(0.0),
            zone: ZoneRule::StrutDiameter(0.75),
        },
        Case {
            name: "jitter .2 r3.1 fade",
            n,
            diameter: 6.2,
            swelling: 1.5,
            fade: 3.0,
            cell: 60.0,
            seeds: lattice(0.2),
            zone: default,
        },
        Case {
            name: "jitter .2 r3.1 ball",
            n,
            diameter: 6.2,
            swelling: 1.5,
            fade: 0.5,
            cell: 60.0,
            seeds: lattice(0.2),
            zone: default,
        },
        Case {
            name: "Voronoi r3.1 ball",
            n,
            diameter: 6.2,
            swelling: 1.5,
            fade: 0.5,
            cell: 80.0,
            seeds: voronoi,
            zone: default,
        },
        Case {
            name: "Voronoi r3.1 plain",
            n,
            diameter: 6.2,
            swelling: 1.0,
            fade: 0.5,
            cell: 80.0,
            seeds: voronoi,
            zone: ZoneRule::StrutDiameter(0.75),
        },
        Case {
            name: "Voronoi r5 1.9 fat",
            n: 256,
            diameter: 10.0,
            swelling: 1.9,
            fade: 0.5,
            cell: 120.0,
            seeds: voronoi,
            zone: default,
        },
        Case {
            name: "Voronoi r1.6 thin",
            n: 128,
            diameter: 3.2,
            swelling: 1.5,
            fade: 0.5,
            cell: 42.0,
            seeds: voronoi,
            zone: default,
        },
        Case {
            name: "jitter .2 r5 ball",
            n: 200,
            diameter: 10.0,
            swelling: 1.5,
            fade: 0.5,
            cell: 90.0,
            seeds: lattice(0.2),
            zone: default,
        },
    ];
    println!(
        "{:<20} nodes clear | recall clear  prec  clear | deg   clear | pos   clear | diam%  len%  |len|% fibres | F1   whole share true/found | factor swelling",
        "case"
    );
    for case in cases {
        let (truth, labels) = foam(&case);
        {
            let merge = 0.5;
            let network = find(&labels, case.zone, merge);
            let s = score(&truth, &labels, &network, case.diameter);
            println!(
                "{:<20} {:>5} {:>5} | {:.3}  {:.3}  {:.3} {:.3} | {:.3} {:.3} | {:.2}  {:.2} | {:+.2} {:+.2} {:.2} {:>4} | {:.3} {:.3} {:.3} {:.3} | {:.2} {:.2} {} {:?}",
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
                network.steps,
            );
        }
    }
}
