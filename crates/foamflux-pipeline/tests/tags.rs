//! Whether what is known of generated foams lies within the errors that `tag` states.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use foamflux_grid::{LabelSet, Labels, Shape, Silent, VoxelSize, VoxelSizeSource};
use foamflux_hosts::foam::{Arrangement, Boundary, StrutFoam};
use foamflux_hosts::rods::{Section, Swelling};
use foamflux_network::Parameters;
use foamflux_pipeline::tag::{Extras, Given, tag};

const MICRON: f64 = 1e-6;
const VOXELS: usize = 110;
const DIAMETER: f64 = 6.2 * MICRON;
/// Radius of the ball at each node over that of the struts.
const NODE: f64 = 1.5;

/// A foam of straight struts with balls at the nodes, its tags replaced by those of the truth: node is what lies in a ball.
fn foam(arrangement: Arrangement, seed: u64) -> (Labels, usize) {
    let parameters = StrutFoam {
        arrangement,
        cell_size_m: 60.0 * MICRON,
        boundary: Boundary::Open,
        diameter_m: DIAMETER,
        section: Section::Round,
        swelling: Swelling::NONE,
        node_ratio: NODE,
        hollow: 0.0,
        compression: 1.0,
        broken: 0.0,
        gap: 1.0,
        debris: 0.0,
        debris_diameter_m: MICRON,
        grade: 0.0,
    };
    let model = parameters.generate([VOXELS as f64 * MICRON; 3], seed).unwrap();
    let size = VoxelSize::known([MICRON; 3], VoxelSizeSource::Generator).unwrap();
    let shape = Shape::cube(VOXELS).unwrap();
    let mut tags = foamflux_hosts::mask(shape, size, &model.rods.solid()).map(|&solid| u8::from(solid));
    let reach = 0.5 * NODE * DIAMETER;
    let inside = |c: &[f64; 3], p: [f64; 3]| (0..3).map(|k| (c[k] - p[k]).powi(2)).sum::<f64>() <= reach * reach;
    for (i, tag) in tags.as_mut_slice().iter_mut().enumerate().filter(|(_, t)| **t == 1) {
        let (z, y, x) = shape.zyx_of(i);
        let p = [x, y, z].map(|v| (v as f64 + 0.5) * MICRON);
        if model.graph.nodes.iter().any(|n| inside(&n.position_m, p)) {
            *tag = 2;
        }
    }
    let within = |p: &[f64; 3]| p.iter().all(|&v| v > 0.0 && v < VOXELS as f64 * MICRON);
    let nodes = model.graph.nodes.iter().filter(|n| within(&n.position_m)).count();
    (Labels::new(tags).unwrap(), nodes)
}

#[test]
fn the_truth_of_foams_lies_within_the_stated_errors() {
    let arrangements = [
        Arrangement::Kelvin { jitter: 0.2 },
        Arrangement::Voronoi { min_distance: 0.75, relax: 20 },
        Arrangement::Voronoi { min_distance: 0.75, relax: 0 },
    ];
    for (arrangement, seed) in arrangements.into_iter().flat_map(|a| [(a, 3), (a, 4)]) {
        let (labels, nodes) = foam(arrangement, seed);
        let solid = labels.mask(LabelSet::SOLID).as_slice().iter().filter(|&&s| s).count() as f64;
        let share = labels.volume().as_slice().iter().filter(|&&t| t == 2).count() as f64 / solid;
        let found = tag(&labels, &Parameters::default(), Extras::none(Given::Replace), &Silent).unwrap().results;
        let what = format!("{arrangement:?}, seed {seed}");

        let error = found.node_share_error.segmentation.unwrap();
        assert!((found.node_share_of_solid - share).abs() <= error, "{what}: {} {share}", found.node_share_of_solid);
        // An error that is as large as the thing itself says nothing.
        assert!(error < 0.2 * share, "{what}: {error} of {share}");

        // How well voxels tell this diameter, and not what other samples would have.
        let d = found.fibres.diameter_m.unwrap();
        assert!((d.median - DIAMETER).abs() <= d.error.resolution.unwrap(), "{what}: {}", d.median);

        let counted = (found.nodes.count as f64 - nodes as f64).abs() / (VOXELS as f64 * MICRON).powi(3);
        assert!(counted <= found.nodes.error.total.unwrap(), "{what}: {} of {nodes}", found.nodes.count);
    }
}
