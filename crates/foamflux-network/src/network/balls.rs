//! Node zones as balls.
//!
//! A node is a ball around its place, and where its shape shows swelling, also the inscribed balls of the swollen part of
//! the curves around it: two nodes that are nearer than their balls are wide have one place and two such parts, and struts
//! that meet at a small angle fork several radii from where they are swollen.
//! With R > r the inscribed radii of nodes and strut, curves are swollen where `D > r + 0.8 (R - r)`. A ball of R = 1.9 r on a
//! strut holds inscribed balls that reach into the strut: those of that size by a fiftieth of R, of half the swelling by a
//! fifteenth.
//!
//! A voxel is node when it lies in the zone of any node that it *belongs near*: the node itself, a fibre at it, or, where
//! zones of neighbouring nodes meet, theirs. So zones of neighbours join as they overlap, and a strut that only passes a
//! node without touching it stays fibre.

use foamflux_grid::Volume;
use rayon::prelude::*;

use super::Network;
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

/// A ball of a node's zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ball {
    vertex: usize,
    /// In the frame of the vertex.
    centre: Point,
    radius: f64,
}

/// Swollen part of curves, as a share of the way from strut to node radius.
const SWOLLEN: f64 = 0.8;
/// Beyond this share of it a curve is compared with its own strut: one that is thick all along has none.
const THICK: f64 = 0.5;
/// Beyond this many radii of a junction nothing is part of it.
const APART: f64 = 6.0;

/// The balls of all nodes. `swelling` is node over strut radius where the shape shows it.
pub(super) fn balls(
    graph: &Graph<'_>,
    network: &Network,
    numbers: &Numbers,
    radii: &[f64],
    swelling: Option<f64>,
) -> Vec<Ball> {
    let is_node = |v: usize| graph.vertices[v].alive && graph.vertices[v].kind == Kind::Junction;
    let mut all: Vec<Ball> = (0..graph.vertices.len())
        .filter(|&v| is_node(v))
        .map(|v| Ball { vertex: v, centre: graph.vertices[v].centre, radius: radii[numbers.node[v]] })
        .filter(|b| b.radius > 0.0)
        .collect();
    let Some(swelling) = swelling else { return all };
    for v in (0..graph.vertices.len()).filter(|&v| is_node(v)) {
        // A junction's own voxels belong to it however thick they are, so only those of full size say where it is.
        let least = graph.vertices[v].radius * (1.0 + SWOLLEN * (swelling - 1.0)) / swelling;
        for &p in &graph.vertices[v].voxels {
            let d = graph.distance(p);
            if d >= least {
                all.push(Ball { vertex: v, centre: graph.point(p), radius: d });
            }
        }
    }
    for (e, edge) in graph.edges.iter().enumerate().filter(|(_, e)| e.alive) {
        let by = graph.shift(edge.image);
        for end in 0..2 {
            let v = edge.ends[end];
            if !is_node(v) {
                continue;
            }
            let other = is_node(edge.ends[1 - end]).then(|| graph.centre_of_end(edge, 1 - end));
            let here = graph.centre_of_end(edge, end);
            let node = graph.vertices[v].radius;
            let own = 0.5 * network.fibres[numbers.fibre[e]].diameter_inscribed;
            let strut = if node < own * (1.0 + THICK * (swelling - 1.0)) { node / swelling } else { own };
            let least = strut * (1.0 + SWOLLEN * (swelling - 1.0));
            let path: &mut dyn Iterator<Item = &[i32; 3]> =
                if end == 0 { &mut edge.path.iter() } else { &mut edge.path.iter().rev() };
            for &p in path {
                let (at, d) = (graph.point(p), graph.distance(p));
                let away = distance(at, here);
                if away > APART * node || other.is_some_and(|o| distance(at, o) < away) {
                    break;
                }
                if d >= least {
                    let framed: [i32; 3] = if end == 0 { p } else { std::array::from_fn(|k| p[k] - by[k]) };
                    all.push(Ball { vertex: v, centre: graph.point(framed), radius: d });
                }
            }
        }
    }
    // Of one node together, so that its neighbourhood is looked up once.
    all.sort_by_key(|b| b.vertex);
    all
}

/// Solid voxels within [`MOST_SCALE`] zone radii of a node that they belong near: each once, with the node whose zone it
/// is deepest in, by ascending voxel.
pub(super) fn in_reach(
    graph: &Graph<'_>,
    owners: &Owners,
    numbers: &Numbers,
    solid: &Volume<bool>,
    radii: &[f64],
    balls: &[Ball],
) -> Vec<InReach> {
    let zone = |v: usize| {
        let alive = graph.vertices[v].alive && graph.vertices[v].kind == Kind::Junction;
        if alive { radii[numbers.node[v]] } else { 0.0 }
    };
    let mut all: Vec<InReach> = balls
        .par_chunk_by(|a, b| a.vertex == b.vertex)
        .flat_map_iter(|of_one| {
            let near = near(graph, &zone, of_one[0].vertex);
            let mut reached: Vec<InReach> =
                of_one.iter().flat_map(|b| filled(graph, owners, solid, &near, b)).collect();
            deepest(&mut reached);
            reached
        })
        .collect();
    deepest(&mut all);
    all
}

/// Each voxel once, by ascending place, where it is deepest inside.
fn deepest(all: &mut Vec<InReach>) {
    all.par_sort_unstable_by(|a, b| {
        a.voxel.cmp(&b.voxel).then(a.ratio.total_cmp(&b.ratio)).then(a.vertex.cmp(&b.vertex))
    });
    all.dedup_by_key(|r| r.voxel);
}

fn filled(
    graph: &Graph<'_>,
    owners: &Owners,
    solid: &Volume<bool>,
    (vertices, edges): &(Vec<usize>, Vec<usize>),
    &Ball { vertex, centre, radius }: &Ball,
) -> Vec<InReach> {
    let belongs = |home: Home| match home {
        Home::Vertex(w) => vertices.binary_search(&w).is_ok(),
        Home::Edge(e, _) => edges.binary_search(&e).is_ok(),
    };
    let (pad, inside) = (graph.pad(), solid.as_slice());
    let reach = MOST_SCALE * radius;
    let mut found = Vec::new();
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
                    found.push(InReach { voxel: i as u32, ratio: ratio as f32, vertex: vertex as u32 });
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
