//! Pictures of nodes and fibres: the tags in three dimensions, and distributions.

use foamflux_grid::{Labels, LengthUnit};
use foamflux_network::{FibreKind, Network, NodeKind, Spread, Statistics};
use foamflux_report::figures::{Distribution, FigureError, Scene, distribution, render};

use super::{Picture, chart, slice};

/// Bins of a distribution: about as many as the cube root of the number of values, twice.
fn bins(count: usize) -> usize {
    ((2.0 * (count as f64).cbrt()).ceil() as usize).clamp(5, 40)
}

/// Bars for which an axis of whole numbers has whole ticks.
const FEWEST_BARS: usize = 5;

/// Pictures of a network; distributions where there is more than one value.
///
/// # Errors
/// [`FigureError`] when a picture cannot be made.
pub(super) fn draw(network: &Network, labels: &Labels) -> Result<Vec<Picture>, FigureError> {
    let shape = labels.shape();
    let scene = Scene {
        labels: labels.volume().as_slice(),
        shape_zyx: [shape.z, shape.y, shape.x],
        edges_m: labels.voxel_size().m_xyz(),
        title: "nodes and fibres",
    };
    let mut pictures = vec![slice("figures/network_3d.png".to_owned(), scene.title, render(&scene)?)?];
    let (unit, factor) = match labels.spacing().unit {
        LengthUnit::Metre => ("\u{b5}m", 1e6),
        LengthUnit::Voxel => ("voxels", 1.0),
    };
    let fibres = || network.fibres.iter().filter(|f| !f.is_debris());
    let diameters: Vec<f64> = fibres().filter(|f| f.has_section()).map(|f| f.diameter * factor).collect();
    let lengths: Vec<f64> =
        fibres().filter(|f| f.kind == FibreKind::Whole && !f.is_hole()).map(|f| f.length * factor).collect();
    let radii: Vec<f64> =
        network.nodes.iter().filter(|n| n.kind == NodeKind::Junction).map(|n| n.radius * factor).collect();
    for (name, title, label, values) in [
        ("diameter", "fibre diameter", "diameter of the circle of equal area", diameters),
        ("length", "fibre length, node to node", "length along the axis", lengths),
        ("node_radius", "node radius", "inscribed radius", radii),
    ] {
        let Some(spread) = Spread::of(values.iter().copied()).filter(|s| s.count > 1 && s.max > s.min) else {
            continue;
        };
        let n = bins(spread.count);
        let width = (spread.max - spread.min) / n as f64;
        let edges: Vec<f64> = (0..=n).map(|k| spread.min + width * k as f64).collect();
        let mut counts = vec![0u64; n];
        for v in &values {
            counts[(((v - spread.min) / width) as usize).min(n - 1)] += 1;
        }
        let svg = distribution(&Distribution {
            counts: &counts,
            edges: &edges,
            log_normal: Some([spread.log_mean, spread.log_std]),
            title,
            x_label: &format!("{label} [{unit}]"),
        });
        let caption =
            format!("{} values, each counted once; the line is the log-normal of the same moments.", spread.count);
        pictures.push(chart(&format!("figures/network_{name}.svg"), title, &caption, svg));
    }
    let coordination = Statistics::of(network).coordination;
    if let (Some((&low, _)), Some((&high, _))) = (coordination.first_key_value(), coordination.last_key_value()) {
        // Some room beside them: a single bar would fill the picture, and its axis would count in tenths.
        let room = FEWEST_BARS.saturating_sub(high + 1 - low).div_ceil(2);
        let (low, high) = (low.saturating_sub(room), high + room);
        let counts: Vec<u64> = (low..=high).map(|k| coordination.get(&k).copied().unwrap_or(0) as u64).collect();
        let edges: Vec<f64> = (low..=high + 1).map(|k| k as f64 - 0.5).collect();
        let svg = distribution(&Distribution {
            counts: &counts,
            edges: &edges,
            log_normal: None,
            title: "coordination of nodes",
            x_label: "fibres that meet at a node",
        });
        let caption = "Nodes whose inscribed ball the box does not cut, by the number of fibres that meet there.";
        pictures.push(chart("figures/network_coordination.svg", "coordination of nodes", caption, svg));
    }
    Ok(pictures)
}
