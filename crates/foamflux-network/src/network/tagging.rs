//! What each voxel belongs to, and the area of its faces.

use foamflux_grid::Volume;
use foamflux_voxel::surface::FaceWeight;
use rayon::prelude::*;

use super::balls::{balls, in_reach};
use super::build::Numbers;
use super::surface::{FACES, Face, faces};
use super::zones::{self, Reach};
use super::{Network, Zones};
use crate::graph::{Graph, Kind};
use crate::owner::{Home, NOBODY, Owners};
use crate::struts::{self, smallest_edge, voxel_volume};

/// Solid within this many inscribed radii of the skeleton is strut-like.
const STRUT_REACH: f64 = 2.0;

/// Parts of the box that are tagged side by side.
const PARTS: usize = 16;
/// Tags every voxel and sums the volumes.
pub(super) fn tag(
    network: &mut Network,
    graph: &Graph<'_>,
    owners: &Owners,
    numbers: &Numbers,
    solid: &Volume<bool>,
    reach: Reach,
) {
    for (node, &zone) in network.nodes.iter_mut().zip(&reach.radii) {
        node.zone_radius = zone;
    }
    let voxel = voxel_volume(graph);
    let shape = solid.shape();
    let swelling = reach.zones.swelling.filter(|_| reach.zones.from_profile);
    let balls = balls(graph, network, numbers, &reach.radii, swelling);
    let reached = in_reach(graph, owners, solid, &balls);
    let homes: Vec<Option<usize>> =
        owners.elements.iter().map(|&e| struts::home_edge(graph, e).map(|(e, ..)| numbers.fibre[e])).collect();
    let d = graph.skeleton.distance.as_slice();
    let size = owners.of.len().div_ceil(PARTS).max(1);
    let parts = network.tags.as_mut_slice().par_chunks_mut(size).zip(solid.as_slice().par_chunks(size)).enumerate();
    let (of_nodes, of_fibres) = (network.nodes.len(), network.fibres.len());
    let one = |(part, (tags, inside)): (usize, (&mut [u8], &[bool]))| {
        let mut sums = Sums { nodes: vec![0; of_nodes], fibres: vec![0; of_fibres], ..Sums::default() };
        let begin = part * size;
        let mut next = reached[reached.partition_point(|r| (r.voxel as usize) < begin)..].iter().peekable();
        for (i, tag) in tags.iter_mut().enumerate().filter(|&(i, _)| inside[i]) {
            let i = begin + i;
            sums.solid += 1;
            *tag = 1;
            let near = next.next_if(|r| r.voxel as usize == i);
            if owners.of[i] == NOBODY {
                continue;
            }
            let element = owners.elements[owners.of[i] as usize];
            let (z, y, x) = shape.zyx_of(i);
            let delta = owners.delta(graph, [x, y, z], owners.of[i]);
            let own = d[graph.pad().unpadded(element.at)];
            let away: f64 = (0..3).map(|k| (f64::from(delta[k]) * graph.spacing[k]).powi(2)).sum::<f64>().sqrt();
            if away <= STRUT_REACH * f64::from(own) + smallest_edge(graph) {
                sums.strutlike += 1;
            }
            if let Some(r) = near {
                sums.histogram.add(f64::from(r.ratio));
                if r.ratio <= 1.0 {
                    *tag = 2;
                    sums.nodes[numbers.node[r.vertex as usize]] += 1;
                    continue;
                }
            }
            match (homes[owners.of[i] as usize], element.home) {
                (Some(f), _) => sums.fibres[f] += 1,
                // Solid of a junction beyond its zone, and of lone bodies.
                (None, Home::Vertex(v)) => sums.nodes[numbers.node[v]] += 1,
                (None, Home::Edge(..)) => {}
            }
        }
        sums
    };
    let parts: Vec<Sums> = parts.map(one).collect();
    let mut histogram = zones::Histogram::default();
    let (mut nodes, mut fibres, mut strutlike) = (vec![0; of_nodes], vec![0; of_fibres], 0);
    let total = |all: &mut [u64], part: &[u32]| all.iter_mut().zip(part).for_each(|(a, &p)| *a += u64::from(p));
    for part in &parts {
        network.solid_voxels += part.solid;
        strutlike += part.strutlike;
        histogram.join(&part.histogram);
        total(&mut nodes, &part.nodes);
        total(&mut fibres, &part.fibres);
    }
    for (node, n) in network.nodes.iter_mut().zip(nodes) {
        node.volume = n as f64 * voxel;
    }
    for (fibre, n) in network.fibres.iter_mut().zip(fibres) {
        fibre.volume = n as f64 * voxel;
    }
    let solid_voxels = network.solid_voxels.max(1) as f64;
    network.strut_like = if network.solid_voxels == 0 { 1.0 } else { strutlike as f64 / solid_voxels };
    network.zones = Zones { influence: histogram.influence(solid_voxels), ..reach.zones };
}

/// What is summed up over a part of the box, in voxels.
#[derive(Default)]
struct Sums {
    solid: usize,
    strutlike: u64,
    histogram: zones::Histogram,
    nodes: Vec<u32>,
    fibres: Vec<u32>,
}

/// Adds the true area of each fibre voxel's faces.
pub(super) fn add_faces(
    network: &mut Network,
    numbers: &Numbers,
    weights: &[FaceWeight],
    graph: &Graph<'_>,
    owners: &Owners,
    solid: &Volume<bool>,
) {
    let tags = network.tags.as_slice();
    // As with volumes, the tip of a fibre is part of it.
    let edge = |home: Home| match home {
        Home::Edge(e, _) => Some(e),
        Home::Vertex(v) if matches!(graph.vertices[v].kind, Kind::Junction | Kind::Lone) => None,
        Home::Vertex(v) => graph.edges_at(v).next(),
    };
    let of_fibre =
        |face: Face| edge(face.home).filter(|_| tags[face.voxel] == 1).map(|e| (numbers.fibre[e], face.area));
    let parts: Vec<Vec<(usize, f64)>> = weights
        .par_chunks(FACES)
        .map(|part| faces(part, graph, owners, solid).filter_map(of_fibre).collect())
        .collect();
    for (fibre, area) in parts.into_iter().flatten() {
        network.fibres[fibre].surface += area;
    }
}
