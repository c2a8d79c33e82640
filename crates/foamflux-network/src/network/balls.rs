//! Node zones as balls.
//!
//! A node is a ball around its place, and where its shape shows swelling, also the inscribed balls of the swollen part of
//! the curves around it: two nodes that are nearer than their balls are wide have one place and two such parts, and struts
//! that meet at a small angle fork several radii from where they are swollen.
//! With R > r the inscribed radii of nodes and strut, curves are swollen where `D > r + 0.8 (R - r)`. A ball of R = 1.9 r on a
//! strut holds inscribed balls that reach into the strut: those of that size by a fiftieth of R, of half the swelling by a
//! fifteenth.
//!
//! A voxel is node when it lies in such a ball and hangs together with the node's own solid *within the ball*. So zones of
//! neighbours join as they overlap, and a strut that only passes a node without touching it stays fibre.

use foamflux_grid::Volume;
use rayon::prelude::*;

use super::Network;
use super::build::Numbers;
use super::zones::MOST_SCALE;
use crate::cells::STEPS;
use crate::graph::{Graph, Kind, add};
use crate::owner::{Home, NOBODY, Owners};
use crate::vector::{Point, distance};

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

/// Solid within a ball that joins its node only outside of it is beyond it by so much.
const BEYOND: f32 = 1.001;

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

/// Solid voxels within [`MOST_SCALE`] radii of a ball whose node they hang together with: each once, with the node whose zone it
/// is deepest in, by ascending voxel.
pub(super) fn in_reach(graph: &Graph<'_>, owners: &Owners, solid: &Volume<bool>, balls: &[Ball]) -> Vec<InReach> {
    let mut all: Vec<InReach> = balls
        .par_chunk_by(|a, b| a.vertex == b.vertex)
        .flat_map_iter(|of_one| {
            let mut reached = filled(graph, owners, solid, of_one);
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

/// Pore, out of reach, or seen already.
const DONE: f32 = f32::INFINITY;

/// Solid around the balls of one node that hangs together with it: within the balls, or, beyond them, within reach.
fn filled(graph: &Graph<'_>, owners: &Owners, solid: &Volume<bool>, balls: &[Ball]) -> Vec<InReach> {
    let Some(&Ball { vertex, .. }) = balls.first() else { return Vec::new() };
    let edges: Vec<usize> = graph.edges_at(vertex).collect();
    let is_own = |home: Home| match home {
        Home::Vertex(w) => w == vertex,
        Home::Edge(e, _) => edges.contains(&e),
    };
    let (pad, inside) = (graph.pad(), solid.as_slice());
    let span = |b: &Ball, k: usize| {
        let end = |sign: f64| (b.centre[k] + sign * MOST_SCALE * b.radius) / graph.spacing[k] - 0.5;
        let (low, high) = (end(-1.0).ceil() as i32, end(1.0).floor() as i32);
        let n = pad.n[k] as i32;
        if pad.periodic { low..high + 1 } else { low.max(0)..(high + 1).min(n) }
    };
    let low: [i32; 3] = std::array::from_fn(|k| balls.iter().map(|b| span(b, k).start).min().unwrap_or(0));
    let n: [i32; 3] =
        std::array::from_fn(|k| (balls.iter().map(|b| span(b, k).end).max().unwrap_or(0) - low[k]).max(0));
    let at = |p: [i32; 3]| ((p[2] * n[1] + p[1]) * n[0] + p[0]) as usize;
    let place = |p: [i32; 3]| pad.unpadded(pad.wrap(add(p, low)));
    // Distance over radius, in the ball that a voxel is deepest in.
    let mut ratios = vec![DONE; n.iter().map(|&n| n as usize).product()];
    for ball in balls {
        let [xs, ys, zs] = std::array::from_fn(|k| span(ball, k));
        for z in zs {
            for y in ys.clone() {
                for x in xs.clone() {
                    let ratio = (distance(graph.point([x, y, z]), ball.centre) / ball.radius) as f32;
                    let here = sub([x, y, z], low);
                    if ratio <= MOST_SCALE as f32 && ratio < ratios[at(here)] && inside[place(here)] {
                        ratios[at(here)] = ratio;
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    let mut front = Vec::new();
    let mut take = |p: [i32; 3], ratio: &mut f32, least: f32, front: &mut Vec<[i32; 3]>| {
        let ratio = std::mem::replace(ratio, DONE);
        found.push(InReach { voxel: place(p) as u32, ratio: ratio.max(least), vertex: vertex as u32 });
        front.push(p);
    };
    for z in 0..n[2] {
        for y in 0..n[1] {
            for x in 0..n[0] {
                let owner = if ratios[at([x, y, z])] <= 1.0 { owners.of[place([x, y, z])] } else { NOBODY };
                if owner != NOBODY && is_own(owners.elements[owner as usize].home) {
                    take([x, y, z], &mut ratios[at([x, y, z])], 0.0, &mut front);
                }
            }
        }
    }
    // First within the balls, then on from there.
    for (least, most) in [(0.0, 1.0), (BEYOND, MOST_SCALE as f32)] {
        let mut next = 0;
        while next < front.len() {
            let p = front[next];
            next += 1;
            for step in STEPS {
                let q = add(p, step);
                if (0..3).all(|k| (0..n[k]).contains(&q[k])) && ratios[at(q)] <= most {
                    take(q, &mut ratios[at(q)], least, &mut front);
                }
            }
        }
    }
    found
}

fn sub(a: [i32; 3], b: [i32; 3]) -> [i32; 3] {
    std::array::from_fn(|k| a[k] - b[k])
}
