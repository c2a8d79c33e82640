//! What a network written by hand conducts, how it is counted and what its files hold: exact answers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::collections::BTreeMap;
use std::f64::consts::PI;

use foamflux_grid::{Axis, Shape, Volume, VoxelSize, VoxelSizeSource};
use foamflux_network::network::{ProfilePoint, Section, Steps, Zones};
use foamflux_network::{
    Fibre, FibreKind, Network, Node, NodeKind, Sides, Statistics, ZoneRule, conduction, export, paths,
};

const MICRON: f64 = 1e-6;

fn node(kind: NodeKind, position: [f64; 3], coordination: usize) -> Node {
    Node {
        kind,
        position: position.map(|v| v * MICRON),
        radius: MICRON,
        zone_radius: 0.0,
        coordination,
        at_border: kind == NodeKind::Cut,
        volume: 2.0 * MICRON.powi(3),
    }
}

/// A fibre of one radius along straight pieces between `points`.
fn fibre(kind: FibreKind, nodes: [usize; 2], points: &[[f64; 3]], radius: f64) -> Fibre {
    let mut profile = Vec::new();
    let mut arc = 0.0;
    for (i, pair) in points.windows(2).enumerate() {
        let length = (0..3).map(|k| (pair[1][k] - pair[0][k]).powi(2)).sum::<f64>().sqrt();
        let parts = (2.0 * length).round();
        for part in usize::from(i > 0)..=parts as usize {
            let t = part as f64 / parts;
            let at: [f64; 3] = std::array::from_fn(|k| (pair[0][k] + t * (pair[1][k] - pair[0][k])) * MICRON);
            let area = PI * (radius * MICRON).powi(2);
            profile.push(ProfilePoint { arc: (arc + t * length) * MICRON, position: at, area, inscribed: None });
        }
        arc += length;
    }
    let chord: [f64; 3] = std::array::from_fn(|k| points[points.len() - 1][k] - points[0][k]);
    let length = chord.iter().map(|v| v * v).sum::<f64>().sqrt();
    let diameter = 2.0 * radius * MICRON;
    Fibre {
        kind,
        nodes,
        image: [0; 3],
        length: arc * MICRON,
        chord: length * MICRON,
        direction: chord.map(|v| v / length),
        diameter,
        diameter_mean: diameter,
        diameter_min: 0.9 * diameter,
        diameter_inscribed: 0.95 * diameter,
        flatness: 1.0,
        section: Section::Round,
        own: [0.0, arc * MICRON],
        has_own_part: true,
        grazes: false,
        volume: 3.0 * MICRON.powi(3),
        surface: 4.0 * MICRON.powi(2),
        profile,
    }
}

/// Along x through a box of ten: a fibre, two beside each other of which the thinner takes a detour, a fibre.
fn ladder() -> Network {
    let size = VoxelSize::known([MICRON; 3], VoxelSizeSource::Generator).unwrap();
    let places = [[0.0, 5.0, 5.0], [4.0, 5.0, 5.0], [6.0, 5.0, 5.0], [10.0, 5.0, 5.0]];
    let detour = [places[1], [4.0, 6.0, 5.0], [6.0, 6.0, 5.0], places[2]];
    Network {
        box_size: [10.0 * MICRON; 3],
        sides: Sides::Open,
        nodes: vec![
            node(NodeKind::Cut, places[0], 1),
            node(NodeKind::Junction, places[1], 3),
            node(NodeKind::Junction, places[2], 3),
            node(NodeKind::Cut, places[3], 1),
        ],
        fibres: vec![
            fibre(FibreKind::Cut, [0, 1], &[places[0], places[1]], 1.0),
            fibre(FibreKind::Whole, [1, 2], &[places[1], places[2]], 1.0),
            fibre(FibreKind::Whole, [1, 2], &detour, 0.5),
            fibre(FibreKind::Cut, [2, 3], &[places[2], places[3]], 1.0),
        ],
        tags: Volume::from_fn(Shape::cube(10).unwrap(), size, |_, _, _| 0),
        topology: None,
        zones: Zones {
            rule: ZoneRule::Swelling,
            factor: None,
            swelling: None,
            from_profile: true,
            influence: Vec::new(),
        },
        steps: Steps { skeleton_voxels: 0, raw: [0; 2], wings: 0, fringe: 0, spurs: 0, merged: 0 },
        solid_voxels: 40,
        strut_like: 1.0,
        debris_share: 0.0,
        debris: Vec::new(),
        warnings: Vec::new(),
    }
}

fn close(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((got - expected).abs() <= tolerance * expected.abs().max(1e-300), "{what}: {got}, not {expected}");
}

/// Resistances in series and beside each other. The contacts with the faces are a thousandth of a fibre each.
#[test]
fn a_ladder_conducts_as_ohm_says() {
    const CONTACTS: f64 = 3e-3;
    let network = ladder();
    let c = conduction(&network, Axis::X);
    // Conductances pi r^2 / l: pi/4, then pi/2 + pi/16, then pi/4.
    let resistance = 4.0 / PI + 1.0 / (PI / 2.0 + PI / 16.0) + 4.0 / PI;
    let relative = 1.0 / resistance * 10.0 / 100.0;
    close(c.relative, relative, CONTACTS, "conduction");
    close(c.tau.unwrap(), 0.04 / c.relative, 1e-12, "tau");
    for (f, share) in [1.0, 8.0 / 9.0, 1.0 / 9.0, 1.0].into_iter().enumerate() {
        close(c.currents[f], share, 1e-6, "share of the current");
    }
    // Across y nothing reaches both faces.
    let c = conduction(&network, Axis::Y);
    assert!(c.tau.is_none() && c.relative <= 0.0 && c.currents.iter().all(|&i| i == 0.0));
}

/// A fibre whose section widens: the resistance is the integral of one over the area; inside of a node's zone the section
/// is between the fibre's and the node's.
#[test]
fn sections_and_zones_are_in_series() {
    let mut network = ladder();
    network.fibres.truncate(1);
    network.nodes.truncate(2);
    network.nodes[1] = node(NodeKind::Cut, [10.0, 5.0, 5.0], 1);
    let mut whole = fibre(FibreKind::Cut, [0, 1], &[[0.0, 5.0, 5.0], [10.0, 5.0, 5.0]], 1.0);
    for p in &mut whole.profile {
        if p.arc > 5.0 * MICRON {
            p.area *= 4.0;
        }
    }
    network.fibres[0] = whole.clone();
    let c = conduction(&network, Axis::X);
    // Half of it has a quarter of the resistance; means over a diameter blur the step.
    close(c.relative, PI / (5.0 + 5.0 / 4.0) / 10.0, 0.05, "a step");
    // Two nodes with zones of two: there the radius is half-way to the node's.
    whole.profile.iter_mut().for_each(|p| p.area = PI * MICRON * MICRON);
    whole.own = [2.0 * MICRON, 8.0 * MICRON];
    let mut inner = ladder();
    inner.fibres = vec![
        fibre(FibreKind::Cut, [0, 1], &[[0.0, 5.0, 5.0], [2.0, 5.0, 5.0]], 1.0),
        whole,
        fibre(FibreKind::Cut, [2, 3], &[[8.0, 5.0, 5.0], [10.0, 5.0, 5.0]], 1.0),
    ];
    inner.fibres[1].nodes = [1, 2];
    for i in [1, 2] {
        inner.nodes[i].radius = 2.0 * MICRON;
    }
    let c = conduction(&inner, Axis::X);
    let resistance = (2.0 + 6.0 + 2.0 * 2.0 / 1.5f64.powi(2) + 2.0) / PI;
    close(c.relative, 1.0 / resistance / 10.0, 5e-3, "zones");
}

#[test]
fn a_ladder_is_counted() {
    let network = ladder();
    let s = Statistics::of(&network);
    assert_eq!((s.nodes, s.fibres, s.loops), (2, [2, 2, 0, 0], 1));
    assert_eq!(s.percolates, [true, false, false]);
    assert_eq!(s.coordination, BTreeMap::from([(3, 2)]));
    close(s.coordination_mean.unwrap(), 3.0, 1e-12, "coordination");
    close(s.node_density, 2.0 / (1e3 * MICRON.powi(3)), 1e-12, "density");
    let length = s.length.unwrap();
    // Whole fibres alone: two and four long.
    close(length.mean, 3.0 * MICRON, 1e-9, "length");
    close(s.length_total, 14.0 * MICRON, 1e-9, "total");
    close(s.tortuosity.unwrap().max, 2.0, 1e-9, "tortuosity");
    close(s.orientation[0][0], 12.0 / 14.0, 1e-9, "along x");
    close(s.orientation[1][1], 2.0 / 14.0, 1e-9, "along y");
    close(s.order, 0.5 * (3.0 * 12.0 / 14.0 - 1.0), 1e-9, "order");
    close(s.principal[0].abs(), 1.0, 1e-9, "principal");
    // Both whole fibres span two of ten along x, so both are seen equally often.
    close(s.length_unbiased.unwrap(), 3.0 * MICRON, 1e-9, "unbiased");
    let d = s.diameter.unwrap();
    close(d.median, 2.0 * MICRON, 1e-9, "median");
    close(s.kelvin_solid_fraction.unwrap(), 0.833 * (2.0f64 / 3.0).powi(2), 1e-9, "Kelvin");
    let p = paths(&network, Axis::X);
    assert_eq!(p.independent, 1);
    close(p.shortest.unwrap(), 10.0 * MICRON, 1e-9, "shortest");
}

/// A ring beside the ladder is a second component with a loop of its own; nodes that the box may cut say nothing about
/// coordination while there are others.
#[test]
fn loops_are_counted_by_component_and_coordination_inside() {
    let mut network = ladder();
    let at = [2.0, 2.0, 2.0];
    network.nodes.push(node(NodeKind::Seam, at, 2));
    let around = [at, [3.0, 2.0, 2.0], [3.0, 3.0, 2.0], [2.0, 3.0, 2.0]];
    let mut ring = fibre(FibreKind::Free, [4, 4], &around, 0.5);
    ring.nodes = [4, 4];
    network.fibres.push(ring);
    network.nodes[2].at_border = true;
    network.nodes[2].coordination = 7;
    let s = Statistics::of(&network);
    assert_eq!(s.loops, 2);
    assert_eq!(s.coordination, BTreeMap::from([(3, 1)]));
}

/// Long fibres are cut more often than short ones: each counts by the room that it has in the box.
#[test]
fn long_fibres_count_more() {
    let mut network = ladder();
    let at = |x: f64, y: f64| [x, y, 5.0];
    network.nodes[0] = node(NodeKind::Junction, at(1.0, 2.0), 1);
    network.fibres = vec![
        fibre(FibreKind::Whole, [1, 2], &[at(4.0, 5.0), at(6.0, 5.0)], 1.0),
        fibre(FibreKind::Whole, [0, 1], &[at(1.0, 2.0), at(9.0, 2.0)], 1.0),
    ];
    let s = Statistics::of(&network);
    close(s.length_unbiased.unwrap(), (2.0 / 0.8 + 8.0 / 0.2) / (1.0 / 0.8 + 1.0 / 0.2) * MICRON, 1e-9, "unbiased");
}

/// A table as columns by name.
fn columns(csv: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    assert!(rows.iter().all(|r| r.len() == names.len()));
    names.iter().enumerate().map(|(c, &name)| (name, rows.iter().map(|r| r[c]).collect())).collect()
}

#[test]
fn tables_hold_every_number_in_its_column() {
    let network = ladder();
    let c: Vec<_> = Axis::ALL.iter().map(|&a| conduction(&network, a)).collect();
    let csv = export::fibres_csv(&network, &c);
    let table = columns(&csv);
    let row = |name: &str| table[name][2].parse::<f64>().unwrap();
    assert_eq!((table["kind"][2], table["section"][2]), ("whole", "round"));
    for (name, expected) in [
        ("id", 2.0),
        ("node_a", 1.0),
        ("node_b", 2.0),
        ("image_x", 0.0),
        ("length_um", 4.0),
        ("chord_um", 2.0),
        ("tortuosity", 2.0),
        ("direction_x", 1.0),
        ("direction_y", 0.0),
        ("diameter_um", 1.0),
        ("diameter_mean_um", 1.0),
        ("diameter_min_um", 0.9),
        ("diameter_inscribed_um", 0.95),
        ("flatness", 1.0),
        ("volume_um3", 3.0),
        ("surface_um2", 4.0),
        ("current_share_x", 1.0 / 9.0),
        ("current_share_z", 0.0),
    ] {
        assert!((row(name) - expected).abs() < 1e-5, "{name}: {}", row(name));
    }
    let csv = export::nodes_csv(&network);
    let table = columns(&csv);
    let row = |name: &str| table[name][3].parse::<f64>().unwrap();
    for (name, expected) in [
        ("x_um", 10.0),
        ("y_um", 5.0),
        ("z_um", 5.0),
        ("radius_um", 1.0),
        ("coordination", 1.0),
        ("at_border", 1.0),
        ("volume_um3", 2.0),
    ] {
        assert!((row(name) - expected).abs() < 1e-9, "{name}: {}", row(name));
    }
    assert_eq!(table["kind"], ["cut", "node", "node", "cut"]);
}

/// The numbers between the tags of a data array.
fn array(text: &str, section: &str, name: &str) -> Vec<f64> {
    let inside = &text[text.find(&format!("<{section}")).unwrap()..];
    let from = &inside[inside.find(&format!("Name=\"{name}\"")).unwrap()..];
    let body = &from[from.find('>').unwrap() + 1..from.find("</DataArray>").unwrap()];
    body.split_whitespace().map(|v| v.parse().unwrap()).collect()
}

#[test]
fn graphs_in_files_join_what_the_network_joins() {
    let network = ladder();
    let graphml = export::graphml(&network);
    assert_eq!((graphml.matches("<node ").count(), graphml.matches("<edge ").count()), (4, 4));
    let edge = graphml.lines().find(|l| l.contains("id=\"e2\"")).unwrap();
    assert!(edge.contains("source=\"n1\" target=\"n2\"") && edge.contains("<data key=\"l\">4</data>"), "{edge}");
    let vtp = export::vtp(&network);
    let knots: usize = network.fibres.iter().map(|f| f.profile.len()).sum();
    let points = array(&vtp, "Points", "Points");
    assert_eq!(points.len(), 3 * (4 + knots));
    let place = |i: usize| -> [f64; 3] { std::array::from_fn(|k| points[3 * i + k]) };
    assert_eq!(format!("{:?} {:?}", place(0), place(3)), "[0.0, 5.0, 5.0] [10.0, 5.0, 5.0]");
    assert_eq!(format!("{:?}", array(&vtp, "Verts", "connectivity")), "[0.0, 1.0, 2.0, 3.0]");
    let (line, ends) = (array(&vtp, "Lines", "connectivity"), array(&vtp, "Lines", "offsets"));
    assert_eq!((line.len(), ends.len()), (knots, 4));
    // Each line begins and ends at the places of its nodes.
    let mut begin = 0;
    for (f, &end) in network.fibres.iter().zip(&ends) {
        let end = end as usize;
        for (i, n) in [(begin, f.nodes[0]), (end - 1, f.nodes[1])] {
            let (knot, node) = (place(line[i] as usize), place(n));
            assert!((0..3).all(|k| (knot[k] - node[k]).abs() < 1e-9), "{knot:?} {node:?}");
        }
        begin = end;
    }
    let diameters = array(&vtp, "CellData", "diameter");
    assert_eq!(format!("{diameters:?}"), "[2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 2.0]");
    let radii = array(&vtp, "PointData", "radius");
    assert!(radii.iter().skip(4).all(|r| (r - 1.0).abs() < 1e-5 || (r - 0.5).abs() < 1e-5));
}
