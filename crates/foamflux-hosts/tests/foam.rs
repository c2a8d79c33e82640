//! The graph of a foam: counts, lengths, the defining property of Voronoi vertices, determinism and errors.

mod common;

use common::{Lcg, distance, threads};
use foamflux_hosts::FoamError;
use foamflux_hosts::foam::{Boundary, Foam, FoamParameters, SeedPattern, StrutProfile, Topology};

/// Rounding of coordinates, relative to the cell size.
const ROUNDING: f64 = 1e-9;

fn kelvin(cubes: [usize; 3]) -> FoamParameters {
    FoamParameters {
        box_m: cubes.map(|n| n as f64 * 48e-6),
        cell_size_m: 48e-6,
        seeds: SeedPattern::Lattice { jitter: 0.0 },
        boundary: Boundary::Periodic,
        profile: StrutProfile::uniform(4e-6),
    }
}

fn jittered(jitter: f64) -> FoamParameters {
    FoamParameters { seeds: SeedPattern::Lattice { jitter }, ..kelvin([3, 3, 3]) }
}

fn hard_core(min_distance: f64) -> FoamParameters {
    FoamParameters { seeds: SeedPattern::HardCore { min_distance }, ..kelvin([3, 3, 3]) }
}

#[test]
fn kelvin_cells_have_6_nodes_12_struts_7_windows_and_one_length() {
    // A single cube exercises cells whose neighbours are images of themselves.
    for cubes in [[1, 1, 1], [1, 2, 3], [3, 3, 3]] {
        let foam = Foam::generate(&kelvin(cubes), 1).unwrap();
        let c = 2 * cubes.iter().product::<usize>();
        let expected = Topology { vertices: 6 * c, edges: 12 * c, faces: 7 * c, cells: c };
        assert_eq!(foam.topology(), Some(expected), "{cubes:?}");
        let statistics = foam.statistics();
        assert_eq!(statistics.coordination_histogram, [0, 0, 0, 0, 6 * c]);
        // D = 2 sqrt(2) l.
        let l = 48e-6 / 8f64.sqrt();
        let spread = statistics.strut_length_m.unwrap();
        for length in [spread.mean, spread.median, spread.min, spread.max] {
            assert!((length / l - 1.0).abs() < ROUNDING, "{length}");
        }
        assert!((statistics.strut_length_total_m / (12.0 * c as f64 * l) - 1.0).abs() < ROUNDING);
    }
}

#[test]
fn generic_foams_are_simple_and_close_up_on_the_torus() {
    for parameters in [jittered(0.2), jittered(0.5), hard_core(0.8), hard_core(0.5), hard_core(0.0)] {
        for seed in 0..4 {
            let foam = Foam::generate(&parameters, seed).unwrap();
            let t = foam.topology().unwrap();
            assert_eq!(t.euler_number(), 0);
            // Four cells at every vertex: E = 2 V, and with Euler F = V + C.
            assert!(foam.nodes().iter().all(|n| n.coordination == 4));
            assert_eq!((t.edges, t.faces), (2 * t.vertices, t.vertices + t.cells));
            assert_eq!(t.cells, 54);
        }
    }
}

#[test]
fn nodes_are_as_far_from_four_seeds_as_from_none_nearer() {
    let box_m = [60e-6, 45e-6, 70e-6];
    let mut rng = Lcg(17);
    let seeds: Vec<[f64; 3]> = (0..25).map(|_| rng.point([0.0; 3], box_m)).collect();
    let foam = Foam::from_seeds(&seeds, box_m, StrutProfile::uniform(1e-6)).unwrap();
    let mut images = Vec::new();
    for z in -2..=2 {
        for y in -2..=2 {
            for x in -2..=2 {
                let shift = [x, y, z].map(f64::from);
                images
                    .extend(seeds.iter().map(|s| -> [f64; 3] { std::array::from_fn(|k| s[k] + shift[k] * box_m[k]) }));
            }
        }
    }
    let generators = |p: [f64; 3]| {
        let d: Vec<f64> = images.iter().map(|s| distance(p, *s)).collect();
        let nearest = d.iter().copied().fold(f64::INFINITY, f64::min);
        d.iter().filter(|d| **d < nearest + ROUNDING * 20e-6).count()
    };
    for node in foam.nodes() {
        assert_eq!(generators(node.position_m), 4);
    }
    for strut in foam.struts() {
        // Points of an edge have three nearest seeds.
        let p = std::array::from_fn(|k| 0.37 * strut.start_m[k] + 0.63 * strut.end_m[k]);
        assert_eq!(generators(p), 3);
        let end = foam.nodes()[strut.nodes[1]].position_m;
        for k in 0..3 {
            assert!((strut.end_m[k] - end[k] - f64::from(strut.image[k]) * box_m[k]).abs() < ROUNDING * 20e-6);
        }
    }
}

#[test]
fn a_simple_cubic_lattice_merges_its_eightfold_vertices() {
    // Eight cells meet at a vertex: the case in which cutting alone gives slivers.
    let n = 3;
    let seeds: Vec<[f64; 3]> =
        (0..n * n * n).map(|i| [i % n, i / n % n, i / n / n].map(|c| 10e-6 * c as f64)).collect();
    let foam = Foam::from_seeds(&seeds, [30e-6; 3], StrutProfile::uniform(1e-6)).unwrap();
    assert_eq!(foam.topology(), Some(Topology { vertices: 27, edges: 81, faces: 81, cells: 27 }));
    assert!(foam.nodes().iter().all(|n| n.coordination == 6));
    let one = Foam::from_seeds(&seeds[..1], [30e-6; 3], StrutProfile::uniform(1e-6)).unwrap();
    assert_eq!(one.topology(), Some(Topology { vertices: 1, edges: 3, faces: 3, cells: 1 }));
}

#[test]
fn an_open_box_is_a_window_into_a_larger_foam() {
    let periodic = FoamParameters { box_m: [96e-6; 3], ..jittered(0.0) };
    let open = FoamParameters { boundary: Boundary::Open, box_m: [100e-6, 90e-6, 110e-6], ..periodic };
    let foam = Foam::generate(&open, 3).unwrap();
    assert_eq!((foam.topology(), foam.boundary()), (None, Boundary::Open));
    let s = foam.statistics();
    assert_eq!(s.coordination_histogram.len(), 5, "inner nodes keep all four struts: {s:?}");
    // Density of the lattice: 12 nodes a cube, and the surface of the box shifts it by less than a layer of half a cell.
    let density = s.nodes as f64 / (100e-6 * 90e-6 * 110e-6) * 48e-6f64.powi(3);
    assert!((density - 12.0).abs() < 3.0, "{density}");
    let length = s.strut_length_m.unwrap();
    assert!((length.mean / (48e-6 / 8f64.sqrt()) - 1.0).abs() < ROUNDING, "the lattice is not stretched");
    // Every strut that is kept is incident to existing nodes with the right coordination inside of the box.
    let mut ends = vec![0; foam.nodes().len()];
    for strut in foam.struts() {
        assert_eq!(strut.image, [0; 3]);
        strut.nodes.iter().for_each(|&n| ends[n] += 1);
    }
    for (node, ends) in foam.nodes().iter().zip(ends) {
        assert!(!node.inside || node.coordination == ends);
    }
}

#[test]
fn a_foam_is_the_same_each_time_for_every_thread_count_and_differs_by_seed() {
    let small = |p: FoamParameters| FoamParameters { box_m: [60e-6; 3], ..p };
    let open = FoamParameters { boundary: Boundary::Open, ..jittered(0.3) };
    for parameters in [jittered(0.3), hard_core(0.7), open].map(small) {
        let make = |seed: u64| Foam::generate(&parameters, seed).unwrap();
        assert_eq!(threads(1, || make(3)), threads(3, || make(3)));
        assert_ne!(make(3), make(4));
        assert_eq!(make(3).surface_area_m2(1), threads(1, || make(3).surface_area_m2(1)));
    }
}

#[test]
fn lengths_scale_with_the_unit() {
    let large =
        FoamParameters { box_m: [144.0; 3], cell_size_m: 48.0, profile: StrutProfile::uniform(4.0), ..jittered(0.3) };
    let (a, b) = (Foam::generate(&large, 5).unwrap(), Foam::generate(&jittered(0.3), 5).unwrap());
    let (a, b) = (a.statistics(), b.statistics());
    assert_eq!((a.nodes, a.struts), (b.nodes, b.struts));
    assert!((a.strut_length_total_m / (1e6 * b.strut_length_total_m) - 1.0).abs() < ROUNDING);
}

#[test]
fn degenerate_parameters_are_refused() {
    let refuse = |p: FoamParameters| Foam::generate(&p, 1).unwrap_err();
    let base = jittered(0.2);
    let box_m = [1e-6; 3];
    assert!(matches!(refuse(FoamParameters { box_m, ..base }), FoamError::NoCells { .. }));
    assert!(matches!(refuse(FoamParameters { box_m, ..hard_core(0.5) }), FoamError::NoCells { .. }));
    assert!(matches!(refuse(FoamParameters { box_m: [0.0, 1e-6, 1e-6], ..base }), FoamError::Length { .. }));
    assert!(matches!(refuse(FoamParameters { box_m: [f64::NAN; 3], ..base }), FoamError::Length { .. }));
    assert!(matches!(refuse(FoamParameters { cell_size_m: f64::NAN, ..base }), FoamError::Length { .. }));
    assert!(matches!(refuse(FoamParameters { cell_size_m: -1e-6, ..base }), FoamError::Length { .. }));
    assert!(matches!(refuse(FoamParameters { box_m: [1.0; 3], ..base }), FoamError::TooManyCells { .. }));
    assert!(matches!(refuse(jittered(f64::NAN)), FoamError::Range { .. }));
    assert!(matches!(refuse(jittered(0.6)), FoamError::Range { .. }));
    assert!(matches!(refuse(hard_core(-0.1)), FoamError::Range { .. }));
    let with = |profile| refuse(FoamParameters { profile, ..base });
    assert!(matches!(with(StrutProfile::uniform(50e-6)), FoamError::StrutTooThick { .. }));
    assert!(matches!(with(StrutProfile::uniform(f64::NAN)), FoamError::Length { .. }));
    assert!(matches!(with(StrutProfile { swelling: 0.5, ..base.profile }), FoamError::Range { .. }));
    assert!(matches!(with(StrutProfile { swelling_length: f64::NAN, ..base.profile }), FoamError::Range { .. }));
    let thin = StrutProfile::uniform(1e-6);
    let from = |seeds: &[[f64; 3]], box_m| Foam::from_seeds(seeds, box_m, thin).unwrap_err();
    assert!(matches!(from(&[], [30e-6; 3]), FoamError::NoCells { .. }));
    assert!(matches!(from(&[[f64::NAN; 3]], [30e-6; 3]), FoamError::Length { .. }));
    assert!(matches!(from(&[[1e-6; 3], [1e-6; 3]], [30e-6; 3]), FoamError::SeedsCoincide { .. }));
    assert!(matches!(from(&[[1e-6; 3]], [1e-9, 1.0, 1.0]), FoamError::Range { .. }));
}
