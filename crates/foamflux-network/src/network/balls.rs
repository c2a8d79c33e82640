//! Node zones as balls.
//!
//! A voxel is node when it lies in the zone of any node that it *belongs near*: the node itself, a fibre at it, or, where
//! zones of neighbouring nodes meet, theirs. So zones of neighbours join as they overlap, and a strut that only passes a
//! node without touching it stays fibre.

use foamflux_grid::Volume;
use rayon::prelude::*;

use super::build::Numbers;
use super::zones::MOST_SCALE;
use crate::graph::{Graph, Kind};
use crate::owner::{Home, NOBODY, Owners};
use crate::vector::{Point, distance, norm};

/// A voxel in reach of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct InReach {
    pub(super) voxel: u32,
    /// Distance from the node over its zone radius.
    pub(super) ratio: f32,
    /// The vertex.
    pub(super) vertex: u32,
}

/// Solid voxels within [`MOST_SCALE`] zone radii of a node that they belong near: each once, with the node whose zone it
/// is deepest in, by ascending voxel.
pub(super) fn in_reach(
    graph: &Graph<'_>,
    owners: &Owners,
    numbers: &Numbers,
    solid: &Volume<bool>,
    radii: &[f64],
) -> Vec<InReach> {
    let zone = |v: usize| {
        let alive = graph.vertices[v].alive && graph.vertices[v].kind == Kind::Junction;
        if alive { radii[numbers.node[v]] } else { 0.0 }
    };
    let mut all: Vec<InReach> = (0..graph.vertices.len())
        .into_par_iter()
        .filter(|&v| zone(v) > 0.0)
        .flat_map_iter(|v| ball(graph, owners, solid, &zone, v))
        .collect();
    all.par_sort_unstable_by(|a, b| {
        a.voxel.cmp(&b.voxel).then(a.ratio.total_cmp(&b.ratio)).then(a.vertex.cmp(&b.vertex))
    });
    all.dedup_by_key(|r| r.voxel);
    all
}

fn ball(
    graph: &Graph<'_>,
    owners: &Owners,
    solid: &Volume<bool>,
    zone: &impl Fn(usize) -> f64,
    v: usize,
) -> Vec<InReach> {
    let radius = zone(v);
    let (vertices, edges) = near(graph, zone, v);
    let belongs = |home: Home| match home {
        Home::Vertex(w) => vertices.binary_search(&w).is_ok(),
        Home::Edge(e, _) => edges.binary_search(&e).is_ok(),
    };
    let (pad, inside) = (graph.pad(), solid.as_slice());
    let reach = MOST_SCALE * radius;
    let mut found = Vec::new();
    let centre = graph.vertices[v].centre;
    let span: [(i32, i32); 3] = std::array::from_fn(|k| {
        let low = ((centre[k] - reach) / graph.spacing[k] - 0.5).ceil() as i32;
        let high = ((centre[k] + reach) / graph.spacing[k] - 0.5).floor() as i32;
        let n = pad.n[k] as i32;
        // Once around a periodic box is enough.
        if pad.periodic { (low, high.min(low + n - 1)) } else { (low.max(0), high.min(n - 1)) }
    });
    for z in span[2].0..=span[2].1 {
        for y in span[1].0..=span[1].1 {
            for x in span[0].0..=span[0].1 {
                let ratio = distance(graph.point([x, y, z]), centre) / radius;
                if ratio > MOST_SCALE {
                    continue;
                }
                let i = pad.unpadded(pad.wrap([x, y, z]));
                let owner = owners.of[i];
                if inside[i] && owner != NOBODY && belongs(owners.elements[owner as usize].home) {
                    found.push(InReach { voxel: i as u32, ratio: ratio as f32, vertex: v as u32 });
                }
            }
        }
    }
    found
}

/// The vertices whose zones hang together with that of `v` near it, and the edges at them, in ascending order.
fn near(graph: &Graph<'_>, zone: &impl Fn(usize) -> f64, v: usize) -> (Vec<usize>, Vec<usize>) {
    let centre = graph.vertices[v].centre;
    let apart = |w: usize| -> f64 {
        let c = graph.vertices[w].centre;
        let d: Point = std::array::from_fn(|k| {
            let d = c[k] - centre[k];
            let size = graph.pad().n[k] as f64 * graph.spacing[k];
            if graph.pad().periodic { d - size * (d / size).round() } else { d }
        });
        norm(d)
    };
    let mut vertices = vec![v];
    let mut edges = Vec::new();
    let mut next = 0;
    while next < vertices.len() {
        let at = vertices[next];
        next += 1;
        for e in graph.edges_at(at) {
            edges.push(e);
            for w in graph.edges[e].ends {
                let (own, other) = (zone(v), zone(w).max(graph.vertices[w].radius));
                if !vertices.contains(&w) && apart(w) < MOST_SCALE * own + other {
                    vertices.push(w);
                }
            }
        }
    }
    vertices.sort_unstable();
    edges.sort_unstable();
    edges.dedup();
    (vertices, edges)
}
