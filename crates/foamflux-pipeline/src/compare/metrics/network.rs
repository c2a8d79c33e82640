//! Columns of the network: nodes and fibres.

use foamflux_results::{Better, ErrorParts, Quantity};

use super::Metric;
use super::shape::{MICRONS, ONE};

pub(super) const NETWORK: &[Metric] = &[
    Metric {
        key: "node_density_per_m3",
        name: "node density",
        group: "network",
        unit: ("1/m3", "1/mm\u{b3}", 1e-9),
        better: Better::Neither,
        headline: false,
        meaning: "places where three or more fibres meet, per volume of the host",
        of: |f| Ok(beside(f.network?.node_density, f.known.network.and_then(|t| t.node_density))),
    },
    Metric {
        key: "coordination",
        name: "coordination",
        group: "network",
        unit: ONE,
        better: Better::Neither,
        headline: false,
        meaning: "fibres that meet at a node, mean over nodes away from the faces of the box",
        of: |f| {
            let found = f.network?.coordination.ok_or(NO_NODES)?;
            Ok(beside(Quantity::from(found), f.known.network.and_then(|t| t.coordination)))
        },
    },
    Metric {
        key: "fibre_diameter_m",
        name: "fibre diameter",
        group: "network",
        unit: MICRONS,
        better: Better::Neither,
        headline: false,
        meaning: "diameter of the circle with the area of the fibre's section, mean over fibres",
        of: |f| {
            let found = f.network?.diameter.ok_or(NO_FIBRES)?;
            Ok(beside(found, f.known.network.and_then(|t| t.diameter)))
        },
    },
    Metric {
        key: "fibre_length_m",
        name: "fibre length",
        group: "network",
        unit: MICRONS,
        better: Better::Neither,
        headline: false,
        meaning: "length along the axis from node centre to node centre, mean over fibres that the box does not cut",
        of: |f| {
            let found = f.network?.length.ok_or(NO_FIBRES)?;
            Ok(beside(found, f.known.network.and_then(|t| t.length)))
        },
    },
    Metric {
        key: "node_share",
        name: "node share",
        group: "network",
        unit: ONE,
        better: Better::Neither,
        headline: false,
        meaning: "node voxels over solid voxels: those of the file where it has them, those found otherwise",
        of: |f| Ok(f.network?.node_share),
    },
];

const NO_NODES: &str = "no node was found";
const NO_FIBRES: &str = "no fibre was found";

/// What was found; where the truth is known, its distance is the error of resolution.
fn beside(found: Quantity, truth: Option<f64>) -> Quantity {
    match truth {
        None => found,
        Some(truth) => {
            let resolution = Some((found.value - truth).abs());
            Quantity { error: ErrorParts { resolution, sampling: None, ..found.error }, ..found }
        }
    }
}
