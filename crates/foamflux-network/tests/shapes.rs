//! Rods, rings and lattices whose answers are known, and inputs that are no network.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod common;

use common::{Case, find, foam, score};
use foamflux_grid::{Axis, Shape, Silent, Volume, VoxelSize, VoxelSizeSource};
use foamflux_hosts::foam::{Arrangement, SeedPattern};
use foamflux_network::{FibreKind, Network, NodeKind, Parameters, Sides, Statistics, ZoneRule, conduction, export};
use foamflux_voxel::components::{Connectivity, label};

/// Lengths and diameters of single shapes: the goals of the tool for fibres.
const LENGTH: f64 = 0.01;
/// Diameter of struts of ten voxels.
const DIAMETER: f64 = 0.02;

fn within(n: [usize; 3], f: impl Fn([f64; 3]) -> bool) -> Volume<bool> {
    let shape = Shape::new(n[2], n[1], n[0]).unwrap();
    Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| f([x as f64 + 0.5, y as f64 + 0.5, z as f64 + 0.5]))
}

/// Distance from the segment a-b.
fn segment(p: [f64; 3], a: [f64; 3], b: [f64; 3]) -> f64 {
    let d: [f64; 3] = std::array::from_fn(|k| b[k] - a[k]);
    let e: [f64; 3] = std::array::from_fn(|k| p[k] - a[k]);
    let dot = |a: [f64; 3], b: [f64; 3]| (0..3).map(|k| a[k] * b[k]).sum::<f64>();
    let t = (dot(d, e) / dot(d, d)).clamp(0.0, 1.0);
    let r: [f64; 3] = std::array::from_fn(|k| e[k] - t * d[k]);
    dot(r, r).sqrt()
}

fn network(solid: &Volume<bool>) -> Network {
    Network::find(solid, &Parameters::default(), &Silent).unwrap()
}

fn close(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((got / expected - 1.0).abs() <= tolerance, "{what}: {got} instead of {expected}");
}

#[test]
fn a_rod_has_its_length_and_diameter() {
    let (a, b) = ([14.0, 12.0, 10.0], [34.0, 40.0, 50.0]);
    let rod = within([48, 52, 60], |p| segment(p, a, b) < 5.0);
    let n = network(&rod);
    assert_eq!(n.fibres.len(), 1);
    assert_eq!(n.fibres[0].kind, FibreKind::Free);
    // With its round caps.
    close(n.fibres[0].length, segment(a, b, [b[0], b[1], b[2] + 1e-9]) + 10.0, LENGTH, "length");
    close(n.fibres[0].diameter, 10.0, DIAMETER, "diameter");
    // A cylinder and its caps are one ball's and one cylinder's surface.
    let side = segment(a, b, [b[0], b[1], b[2] + 1e-9]);
    close(n.fibres[0].surface, std::f64::consts::PI * 10.0 * (side + 10.0), 0.05, "surface");
    close(n.fibres[0].volume, rod.as_slice().iter().filter(|&&v| v).count() as f64, 1e-9, "every voxel is the fibre's");
    assert!(!n.fibres[0].is_debris() && n.warnings.iter().any(|w| w.contains("no node")), "{:?}", n.warnings);
}

#[test]
fn a_ring_is_one_fibre_around_one_loop() {
    let ring = within([64, 64, 24], |[x, y, z]| {
        let rho = (x - 32.2).hypot(y - 31.7) - 22.0;
        rho * rho + (z - 12.1).powi(2) < 25.0
    });
    let n = network(&ring);
    assert_eq!(n.fibres.len(), 1);
    assert_eq!(Statistics::of(&n).loops, 1);
    close(n.fibres[0].length, std::f64::consts::TAU * 22.0, LENGTH, "length");
    close(n.fibres[0].diameter, 10.0, DIAMETER, "diameter");
}

#[test]
fn a_star_has_its_node_where_the_axes_meet() {
    let c = [40.3, 39.6, 41.2];
    let tips = [[10.0, 12.0, 14.0], [70.0, 66.0, 16.0], [68.0, 10.0, 66.0], [12.0, 70.0, 68.0]];
    let star = within([80; 3], |p| {
        segment(p, c, [c[0], c[1], c[2] + 1e-6]) < 7.5 || tips.iter().any(|&t| segment(p, c, t) < 5.0)
    });
    let n = network(&star);
    let nodes: Vec<_> = n.nodes.iter().filter(|x| x.kind == NodeKind::Junction).collect();
    assert_eq!(nodes.len(), 1);
    assert_eq!(nodes[0].coordination, 4);
    let off = (0..3).map(|k| (nodes[0].position[k] - c[k]).powi(2)).sum::<f64>().sqrt();
    // Half of what is asked for: nothing disturbs this node.
    assert!(off < 0.4, "{off}");
    assert_eq!(n.fibres.len(), 4);
    for fibre in &n.fibres {
        assert_eq!(fibre.kind, FibreKind::DeadEnd);
        // Its own part begins where the node's zone ends.
        let at_node = usize::from(n.nodes[fibre.nodes[0]].kind != NodeKind::Junction);
        let own = if at_node == 0 { fibre.own[0] } else { fibre.length - fibre.own[1] };
        assert!((own - nodes[0].zone_radius).abs() < 1e-9, "{own}");
        close(fibre.diameter, 10.0, DIAMETER, "diameter");
    }
    // The zone is the ball.
    close(nodes[0].zone_radius, 7.5, 0.08, "zone");
    assert!(n.zones.from_profile);
}

/// Struts that go nearly straight on do not tell where along them a node is, nor does one that its nodes cover.
#[test]
fn nodes_without_good_axes_are_where_their_balls_are() {
    let (a, b) = ([30.3, 40.2, 35.6], [31.2, 54.7, 36.1]);
    let tips = [(a, [2.0, 37.0, 34.0]), (a, [58.0, 38.0, 37.0]), (b, [2.0, 58.0, 38.0]), (b, [58.0, 57.0, 34.0])];
    let solid = within([60, 96, 72], |p| {
        let ball = |c: [f64; 3]| segment(p, c, [c[0], c[1], c[2] + 1e-6]) < 6.0;
        ball(a) || ball(b) || segment(p, a, b) < 3.0 || tips.iter().any(|&(c, t)| segment(p, c, t) < 3.0)
    });
    let n = network(&solid);
    let nodes: Vec<_> = n.nodes.iter().filter(|x| x.kind == NodeKind::Junction).collect();
    assert_eq!(nodes.len(), 2);
    for c in [a, b] {
        let off = |p: [f64; 3]| (0..3).map(|k| (p[k] - c[k]).powi(2)).sum::<f64>().sqrt();
        let nearest = nodes.iter().map(|x| off(x.position)).fold(f64::INFINITY, f64::min);
        assert!(nearest < 0.3, "{nearest}");
    }
}

#[test]
fn two_fibres_that_touch_are_joined_by_a_contact() {
    let rods = [([2.0, 30.0, 20.0], [58.0, 30.0, 20.0]), ([30.0, 2.0, 30.0], [30.0, 58.0, 30.0])];
    // Their surfaces are two voxels apart but for a neck.
    let neck = |p: [f64; 3]| segment(p, [30.0, 30.0, 20.0], [30.0, 30.0, 30.0]) < 2.0;
    let n = network(&within([60, 60, 50], |p| neck(p) || rods.iter().any(|&(a, b)| segment(p, a, b) < 4.0)));
    assert_eq!(n.fibres.len(), 5);
    assert_eq!(n.fibres.iter().filter(|f| f.is_contact(&n.nodes)).count(), 1);
}

/// Struts that pass each other and touch are no node beside one that is swollen.
#[test]
fn necks_beside_a_swollen_node_get_no_zone() {
    let centre = [30.0, 30.0, 30.0];
    let tips = [[4.0, 8.0, 10.0], [56.0, 10.0, 52.0], [8.0, 54.0, 50.0], [54.0, 52.0, 8.0]];
    let rods = [([2.0, 30.0, 90.0], [58.0, 30.0, 90.0]), ([30.0, 2.0, 98.0], [30.0, 58.0, 98.0])];
    let solid = within([60, 60, 120], |p| {
        segment(p, centre, [centre[0], centre[1], centre[2] + 1e-6]) < 6.0
            || tips.iter().any(|&tip| segment(p, centre, tip) < 3.0)
            || rods.iter().any(|&(a, b)| segment(p, a, b) < 3.0)
            || segment(p, [30.0, 30.0, 90.0], [30.0, 30.0, 98.0]) < 2.1
    });
    let n = network(&solid);
    assert!(n.zones.from_profile);
    let zones = |zoned: bool| {
        n.nodes.iter().filter(|x| x.kind == NodeKind::Junction && (x.zone_radius > 0.0) == zoned).collect::<Vec<_>>()
    };
    assert_eq!((zones(true).len(), zones(false).len()), (1, 2));
    assert!((zones(true)[0].zone_radius - 6.0).abs() < 0.15, "{}", zones(true)[0].zone_radius);
    assert!(zones(false).iter().all(|x| x.position[2] > 80.0));
    assert!(n.tags.plane(90).iter().all(|&t| t < 2));
    // And the neck is no fibre with a diameter of its own.
    let neck = n.fibres.iter().find(|f| f.is_contact(&n.nodes)).unwrap();
    assert!(!neck.has_section());
}

/// A rod with the section of a Plateau border, area pi r^2: edges that taper to nothing, drawn as combs with holes.
#[test]
fn the_fringe_of_a_plateau_border_is_no_network() {
    let r = 4.0;
    let circle = 4.413_864_947_188_449 * r;
    let rod = within([48, 48, 70], |[x, y, z]| {
        // Tilted, so that voxels meet the section at every offset.
        let (u, v) = (x - 14.3 - 0.27 * z, y - 23.1 - 0.04 * z);
        let far = 2.0 * circle / 3f64.sqrt();
        let (s, c) = (0.5 * 3f64.sqrt(), 0.5);
        let outside = [[c, s], [-1.0, 0.0], [c, -s]].iter().all(|d| (u - far * d[0]).hypot(v - far * d[1]) > circle);
        outside && u.hypot(v) < 2.56 * r
    });
    let n = network(&rod);
    // What used to be nets of curves are pieces that stand on the core, and the rod is one fibre with the area of its circle.
    assert!(n.steps.wings > 20, "the edges are combs: {:?}", n.steps);
    let junctions = n.nodes.iter().filter(|x| x.kind == NodeKind::Junction).count();
    assert_eq!((junctions, n.fibres.len()), (0, 1), "{:?}", n.steps);
    close(n.fibres[0].diameter, 2.0 * r, DIAMETER, "diameter");
    close(n.fibres[0].diameter_inscribed, 2.0 * 0.6828 * r, 2.0 * DIAMETER, "inscribed diameter");
}

#[test]
fn a_fibre_that_passes_a_node_stays_fibre() {
    let c = [30.0, 30.0, 30.0];
    let tips = [[4.0, 30.0, 30.0], [56.0, 30.0, 30.0], [30.0, 4.0, 30.0]];
    let passes = |p: [f64; 3]| segment(p, [38.0, 44.0, 0.0], [38.0, 44.0, 60.0]) < 3.0;
    let solid = within([60; 3], |p| passes(p) || tips.iter().any(|&t| segment(p, c, t) < 4.0));
    // Three radii reach well into the other fibre, half of one into the first half of the struts.
    let parameters = Parameters { zone: ZoneRule::StrutDiameter(2.0), ..Parameters::default() };
    let n = Network::find(&solid, &parameters, &Silent).unwrap();
    let shape = solid.shape();
    let mut nodes = 0;
    for (i, &tag) in n.tags.as_slice().iter().enumerate() {
        let (z, y, x) = shape.zyx_of(i);
        let p = [x as f64 + 0.5, y as f64 + 0.5, z as f64 + 0.5];
        assert!(!(passes(p) && tag == 2), "{p:?}");
        nodes += usize::from(tag == 2);
    }
    assert!(nodes > 1000, "{nodes}");
}

#[test]
fn voxels_of_three_edges_measure_the_same_rod() {
    let (a, b) = ([15.0, 14.0, 16.0], [45.0, 44.0, 44.0]);
    let shape = Shape::new(40, 60, 120).unwrap();
    let size = VoxelSize::known([0.5, 1.0, 1.5], VoxelSizeSource::Generator).unwrap();
    let rod = Volume::from_fn(shape, size, |z, y, x| {
        segment([(x as f64 + 0.5) * 0.5, y as f64 + 0.5, (z as f64 + 0.5) * 1.5], a, b) < 5.0
    });
    let n = network(&rod);
    assert_eq!(n.fibres.len(), 1);
    close(n.fibres[0].length, segment(a, b, [b[0], b[1], b[2] + 1e-9]) + 10.0, 2.0 * LENGTH, "length");
    close(n.fibres[0].diameter, 10.0, DIAMETER, "diameter");
}

#[test]
fn a_kelvin_foam_is_found_node_by_node() {
    let case = Case::round("Kelvin", 96, 6.2, 60.0, Arrangement::Kelvin { jitter: 0.0 });
    let (truth, labels) = foam(&case, 7);
    let n = find(&labels, case.zone, Parameters::default().merge);
    let s = score(&truth, &labels, &n, &case);
    assert!(s.recall >= 1.0 && s.precision >= 1.0 && s.degree >= 1.0, "{s:?}");
    // The goals: 0.8 voxel, 2 %, 1 %, 0.95.
    assert!(s.position < 0.8 && s.diameter.abs() < 0.02 && s.length.abs() < 0.01 && s.f1 > 0.95, "{s:?}");
    let statistics = Statistics::of(&n);
    assert!(statistics.percolates.iter().all(|&p| p) && statistics.order < 0.2, "{statistics:?}");
    for axis in Axis::ALL {
        let c = conduction(&n, axis);
        let tau = c.tau.unwrap();
        // A slender isotropic network has tau 3; swollen nodes hold solid that carries little.
        assert!((2.5..6.0).contains(&tau), "{axis}: {tau}");
    }
}

#[test]
fn a_periodic_lattice_has_no_cut_fibre() {
    // Rods along the three axes through the corner of the box: one node of six in every period.
    let n = 32;
    let wrap = |v: f64| (v + 0.5 * n as f64).rem_euclid(n as f64) - 0.5 * n as f64;
    let grid = within([n; 3], |p| {
        let q = p.map(|v| wrap(v - 1.0));
        (0..3).any(|k| q[(k + 1) % 3].hypot(q[(k + 2) % 3]) < 4.0)
    });
    let found = Network::find(&grid, &Parameters { sides: Sides::Periodic, ..Parameters::default() }, &Silent).unwrap();
    let s = Statistics::of(&found);
    assert_eq!((s.nodes, s.fibres), (1, [3, 0, 0, 0]));
    assert_eq!(found.nodes.iter().find(|n| n.kind == NodeKind::Junction).unwrap().coordination, 6);
    for fibre in &found.fibres {
        close(fibre.length, n as f64, LENGTH, "length");
        assert_eq!(fibre.image.iter().map(|i| i.abs()).sum::<i32>(), 1);
    }
    close(s.length_total, 3.0 * n as f64, LENGTH, "total");
}

/// A periodic foam is the same wherever its box begins: nodes on faces merge across them.
#[test]
fn a_periodic_foam_does_not_know_where_its_box_begins() {
    let n = 64usize;
    let parameters = foamflux_hosts::FoamParameters {
        box_m: [n as f64; 3],
        cell_size_m: 32.0,
        seeds: SeedPattern::Lattice { jitter: 0.25 },
        boundary: foamflux_hosts::foam::Boundary::Periodic,
        profile: foamflux_hosts::foam::StrutProfile::swollen(5.0),
    };
    let truth = foamflux_hosts::Foam::generate(&parameters, 5).unwrap();
    let size = VoxelSize::known([1.0; 3], VoxelSizeSource::Generator).unwrap();
    let whole = foamflux_hosts::mask(Shape::cube(n).unwrap(), size, &truth.solid());
    // Merges more than the default does, so that nodes on the faces do.
    let periodic = Parameters { sides: Sides::Periodic, merge: 0.5, ..Parameters::default() };
    let found: Vec<(Network, Statistics)> = [[0, 0, 0], [13, 29, 47], [32, 5, 60]]
        .into_iter()
        .map(|[a, b, c]| {
            let rolled = Volume::from_fn(whole.shape(), whole.voxel_size().clone(), |z, y, x| {
                *whole.at((z + c) % n, (y + b) % n, (x + a) % n)
            });
            let network = Network::find(&rolled, &periodic, &Silent).unwrap();
            let statistics = Statistics::of(&network);
            (network, statistics)
        })
        .collect();
    for (network, s) in &found {
        assert!(network.steps.merged > 3, "{:?}", network.steps);
        assert!(s.nodes > 40 && s.fibres[1] == 0, "{s:?}");
        // Ties go by place, so a fork may fall the other way; the length as a whole may not.
        assert!(s.nodes.abs_diff(found[0].1.nodes) <= 2, "{} {}", s.nodes, found[0].1.nodes);
        close(s.length_total, found[0].1.length_total, LENGTH, "total");
        for fibre in &network.fibres {
            let [a, b] = fibre.nodes.map(|i| network.nodes[i].position);
            let reach: f64 =
                (0..3).map(|k| (b[k] + f64::from(fibre.image[k]) * n as f64 - a[k]).powi(2)).sum::<f64>().sqrt();
            // Nodes, images and axis agree about where the fibre goes.
            assert!((reach - fibre.chord).abs() < 1e-6, "{reach} {}", fibre.chord);
        }
    }
}

#[test]
fn what_is_no_network_gets_a_word_and_no_panic() {
    let n = 40;
    let plate = network(&within([n; 3], |[_, _, z]| (z - 20.0).abs() < 4.0));
    assert!(plate.strut_like < 0.8 && plate.warnings.iter().any(|w| w.contains("plates")), "{:?}", plate.warnings);
    let ball = |p: [f64; 3]| {
        [[9.0, 9.0, 9.0], [28.0, 9.3, 11.0], [20.0, 30.0, 25.5]]
            .iter()
            .any(|&c| segment(p, c, [c[0], c[1], c[2] + 1e-6]) < 6.0)
    };
    let balls = network(&within([n; 3], ball));
    assert!(balls.debris_share > 0.99, "{}", balls.debris_share);
    assert!(balls.warnings.iter().any(|w| w.contains("loose bodies")), "{:?}", balls.warnings);
    for (what, solid) in [("nothing", false), ("everything", true)] {
        let empty = network(&within([6, 5, 4], |_| solid));
        assert!(empty.fibres.is_empty() && empty.warnings.len() == 1, "{what}: {:?}", empty.warnings);
        assert!(Axis::ALL.iter().all(|&a| conduction(&empty, a).tau.is_none()));
    }
    let mut state = 3u64;
    for density in [0.03, 0.3, 0.6] {
        for shape in [[20, 20, 20], [40, 40, 1], [40, 1, 1], [1, 1, 1], [3, 30, 17]] {
            let values: Vec<bool> = (0..shape[0] * shape[1] * shape[2])
                .map(|_| {
                    state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    ((state >> 33) as f64 / (1u64 << 31) as f64) < density
                })
                .collect();
            let shape = Shape::new(shape[2], shape[1], shape[0]).unwrap();
            let dust = Volume::from_vec(shape, VoxelSize::Unknown, values).unwrap();
            for sides in [Sides::Open, Sides::Periodic] {
                let found = Network::find(&dust, &Parameters { sides, ..Parameters::default() }, &Silent).unwrap();
                let tagged = found.tags.as_slice().iter().zip(dust.as_slice()).all(|(&t, &d)| (t > 0) == d);
                assert!(tagged, "every solid voxel is tagged and no other");
                let _ = Statistics::of(&found);
                let c: Vec<_> = Axis::ALL.iter().map(|&a| conduction(&found, a)).collect();
                let rows = export::fibres_csv(&found, &c).lines().count();
                assert_eq!(rows, found.fibres.len() + 1);
            }
        }
    }
}

/// Struts shorter than they are thick, crowded, thin, cut and in flat voxels: whatever is left of a curve once the balls
/// of its ends are taken off, every number is one and volumes add up.
#[test]
fn short_struts_between_crowded_nodes_are_measured() {
    let mut state = 5u64;
    let mut random = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let mut bare = 0;
    for round in 0..120 {
        let n = [10.0 + 14.0 * random(), 10.0 + 14.0 * random(), 4.0 + 16.0 * random()].map(f64::floor);
        let point = |random: &mut dyn FnMut() -> f64| n.map(|n| n * random());
        let sticks: Vec<([f64; 3], [f64; 3], f64)> =
            (0..2 + round % 6).map(|_| (point(&mut random), point(&mut random), 0.5 + 2.5 * random())).collect();
        let edges = if round % 3 == 0 { [1.0, 1.5, 2.5] } else { [1.0; 3] };
        let shape = Shape::new(n[2] as usize, n[1] as usize, n[0] as usize).unwrap();
        let size = VoxelSize::known(edges, VoxelSizeSource::Generator).unwrap();
        let solid = Volume::from_fn(shape, size, |z, y, x| {
            let p = [x as f64 + 0.5, y as f64 + 0.5, z as f64 + 0.5];
            sticks.iter().any(|&(a, b, r)| segment(p, a, b) < r)
        });
        let zone = match round % 4 {
            0 => ZoneRule::NodeRadius(3.0),
            1 => ZoneRule::StrutDiameter(0.2),
            _ => ZoneRule::Swelling,
        };
        let sides = if round % 5 == 0 { Sides::Periodic } else { Sides::Open };
        let parameters = Parameters { zone, sides, merge: 0.7 * random(), spur: 2.0 * random() };
        let found = Network::find(&solid, &parameters, &Silent).unwrap();
        let voxels = solid.as_slice().iter().filter(|&&s| s).count() as f64;
        let volume = found.nodes.iter().map(|n| n.volume).chain(found.fibres.iter().map(|f| f.volume)).sum::<f64>();
        close(volume + 1.0, voxels * edges.iter().product::<f64>() + 1.0, 1e-9, "every voxel is of one node or fibre");
        let tagged = found.tags.as_slice().iter().filter(|&&t| t == 2).count() as f64;
        let at_one = found.zones.influence.iter().find(|i| (i.scale - 1.0).abs() < 1e-9).unwrap();
        assert!((at_one.node_share * voxels.max(1.0) - tagged).abs() < 0.02 * voxels + 1.0, "{round}");
        for f in &found.fibres {
            assert!(f.nodes.iter().all(|&i| i < found.nodes.len()));
            let numbers = [f.length, f.chord, f.diameter, f.diameter_mean, f.diameter_min, f.flatness, f.surface];
            assert!(numbers.iter().all(|v| v.is_finite() && *v >= 0.0), "{round}: {numbers:?}");
            assert!(f.own[0] >= 0.0 && f.own[0] <= f.own[1] && f.own[1] <= f.length + 1e-9, "{round}: {:?}", f.own);
            assert!(f.chord <= f.length * (1.0 + 1e-9) && f.profile.len() >= 2, "{round}: {} {}", f.chord, f.length);
            bare += usize::from(!f.has_own_part);
        }
        for (i, node) in found.nodes.iter().enumerate() {
            let ends = found.fibres.iter().flat_map(|f| f.nodes).filter(|&n| n == i).count();
            assert_eq!(node.coordination, ends, "{round}");
            // Vertices without a ball of their own are none to be a part of the solid.
            assert!(node.radius > 0.0 && (node.zone_radius > 0.0) == (node.kind == NodeKind::Junction), "{node:?}");
        }
        let _ = (Statistics::of(&found), export::graphml(&found), export::vtp(&found), export::nodes_csv(&found));
    }
    assert!(bare > 50, "curves that the balls of their ends cover: {bare}");
}

/// Speckle merges to nodes of thousands of fibres: that gets a word. (With time that grew with their square this test took
/// twenty seconds.)
#[test]
fn speckle_is_no_network() {
    let mut state = 4u64;
    let speckle = Volume::from_fn(Shape::cube(48).unwrap(), VoxelSize::Unknown, |_, _, _| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % 100 < 30
    });
    let n = network(&speckle);
    assert!(n.nodes.iter().any(|x| x.coordination > 1000));
    assert!(n.warnings.iter().any(|w| w.contains("speckle")), "{:?}", n.warnings);
}

/// A thick bar with a thin sheet full of holes on it, all in one piece: the net of curves along the sheet is cut as fringe in
/// several rounds, and nothing that went comes back as a body by itself.
#[test]
fn what_hangs_together_is_no_debris() {
    let mut state = 21u64;
    let mut holes = vec![false; 48 * 48];
    for hole in &mut holes {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        *hole = (state >> 33) % 100 < 35;
    }
    let solid = within([60, 24, 48], |p| {
        let sheet = (p[1] - 11.5).abs() < 0.6 && p[0] < 42.0 && !holes[p[2] as usize * 48 + p[0] as usize];
        (p[0] - 12.0).hypot(p[1] - 12.0) < 7.0 || sheet
    });
    // The largest piece alone.
    let pieces = label(&solid, Connectivity::Full26).unwrap();
    let (largest, _) = pieces.largest().unwrap();
    let n = network(&pieces.labels.map(|&l| l == largest));
    assert!(n.steps.fringe > 20, "{:?}", n.steps);
    let isolated = n.nodes.iter().filter(|x| x.kind == NodeKind::Isolated).count();
    assert_eq!(isolated, 0, "{:?}", n.steps);
    assert!(n.debris_share <= 0.0, "{}", n.debris_share);
}

#[test]
fn parameters_out_of_range_are_refused() {
    let solid = within([4; 3], |_| true);
    for zone in [ZoneRule::NodeRadius(-1.0), ZoneRule::StrutDiameter(f64::NAN), ZoneRule::NodeRadius(11.0)] {
        assert!(Network::find(&solid, &Parameters { zone, ..Parameters::default() }, &Silent).is_err());
    }
}
