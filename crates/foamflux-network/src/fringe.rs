//! Fringes: thin skeleton that only decorates thicker solid.
//!
//! # Theory
//! The edges of a Plateau border taper to nothing, so voxels draw them as combs with holes; thinning, which keeps every
//! hole, makes a net of curves along them. Spur rules know dead ends only and miss the net.
//! What tells it from struts is that all of it lies in the shadow of something much thicker close by. With the
//! distance D to the boundary, the shadow falls off along the skeleton,
//!
//! ```text
//! G(p) = max over q of  D(q) - FALL |p - q|        |p - q| along the skeleton
//! ```
//!
//! and a curve is *fringe* when `D < `[`SHADE`]` G` (dead ends: [`SHADE_OF_ENDS`]) on all of it that is clear of the balls of its ends.
//! For the concave triangle of an area-equivalent radius r (inscribed radius 0.68 r, edges at 2.55 r, `D(x) = (2.55 r - x)^2 / 8.83 r` on the way) that
//! is so from 1.0 r on, for struts between nodes of up to 2.4 times their inscribed radius it never is.
//!
//! Edges of struts that meet at an angle run into each other far from the node, and make *webs* with holes: curves from strut
//! to strut that are no struts, as thick as a half of one where they are thinnest. Where a solid has edges at all (see
//! [`crate::body`]), curves are fringe too that are thinner than [`THIN`] struts at their ends and shorter than [`LONG`] of their radii.
//!
//! Fringe goes, but for what joins two thicker parts: of that a tree of its thickest curves stays.

use std::collections::BinaryHeap;

use crate::graph::{Graph, Kind};
use crate::prune::norm;
use crate::ranked::Ranked;

/// How fast a shadow falls off.
const FALL: f64 = 0.12;
/// Thinner than this share of the shadow is fringe, if it is part of a loop.
const SHADE: f64 = 0.42;
/// The same for what leads nowhere: a short thin stub is told from noise by nothing.
const SHADE_OF_ENDS: f64 = 0.65;
/// So much of a curve has to be that thin: distances of single voxels scatter.
const MOST: f64 = 0.75;
/// Curves are judged outside of this times the ball of their ends.
const CLEAR: f64 = 1.75;

/// Pieces of wings per skeleton voxel beyond which a solid has edges: 0.28 and more on foams of concave triangles, 0.004 and
/// less on those of round struts.
const EDGED: f64 = 0.05;
/// A curve is a web when its thin part is thinner than this share of the struts it comes from ...
const THIN: f64 = 0.65;
/// ... and it is shorter than this many of their radii: edges at 3.7 inscribed radii meet 7.3 from a node whose struts are
/// 60 degrees apart.
const LONG: f64 = 8.0;
/// The thin part of a curve is this share of it.
const THIN_PART: f64 = 0.25;

/// Inscribed radius of each curve where it is thin, outside of the balls of its junctions; `None` for those they cover.
fn thin_parts(graph: &Graph<'_>) -> Vec<Option<f64>> {
    let of = |e: usize| {
        let edge = &graph.edges[e];
        let outside = |p: [f64; 3]| {
            (0..2).all(|end| {
                let v = &graph.vertices[edge.ends[end]];
                v.kind != Kind::Junction || norm(graph.centre_of_end(edge, end), p) > v.radius
            })
        };
        let clear = edge.path.iter().filter(|&&p| outside(graph.point(p)));
        let mut radii: Vec<f64> = clear.map(|&p| graph.distance(p)).collect();
        radii.sort_by(f64::total_cmp);
        radii.get((THIN_PART * radii.len() as f64) as usize).copied()
    };
    (0..graph.edges.len()).map(|e| graph.edges[e].alive.then(|| of(e)).flatten()).collect()
}

/// Thickness of a web over that of the struts it comes from; `None` for what is none.
fn web(graph: &Graph<'_>, thin: &[Option<f64>], e: usize) -> Option<f64> {
    let own = thin[e]?;
    let edge = &graph.edges[e];
    // A strut goes on on the other side of where the web stands on it.
    let strut = |v: usize| {
        let mut others: Vec<f64> = graph.edges_at(v).filter(|&o| o != e).filter_map(|o| thin[o]).collect();
        others.sort_by(|a, b| b.total_cmp(a));
        others.get(1).copied()
    };
    let radius = edge.ends.iter().filter_map(|&v| strut(v)).fold(0.0, f64::max);
    let mut way = vec![graph.centre_of_end(edge, 0)];
    way.extend(edge.path.iter().map(|&p| graph.point(p)));
    way.push(graph.centre_of_end(edge, 1));
    let length: f64 = way.windows(2).map(|w| norm(w[0], w[1])).sum();
    (own < THIN * radius && length < LONG * radius).then(|| own / radius)
}

/// The shadow on every skeleton voxel, by its number among [`crate::skeleton::Skeleton::voxels`].
fn shadow(graph: &Graph<'_>) -> Vec<f64> {
    let skeleton = graph.skeleton;
    let pad = skeleton.pad;
    let d = skeleton.distance.as_slice();
    let mut value: Vec<f64> = skeleton.voxels.iter().map(|&v| f64::from(d[pad.unpadded(pad.xyz(v))])).collect();
    let mut heap: BinaryHeap<Ranked> =
        value.iter().enumerate().map(|(place, &value)| Ranked { value, place }).collect();
    while let Some(Ranked { value: here, place: voxel }) = heap.pop() {
        if here < value[voxel] {
            continue;
        }
        let xyz = pad.xyz(skeleton.voxels[voxel]);
        for step in crate::cells::STEPS {
            let Some(to) = pad.step(xyz, step) else { continue };
            if !skeleton.mask.as_slice()[pad.unpadded(to)] {
                continue;
            }
            let Ok(next) = skeleton.voxels.binary_search(&pad.at(to)) else { continue };
            let length = (0..3).map(|k| (f64::from(step[k]) * graph.spacing[k]).powi(2)).sum::<f64>().sqrt();
            let there = here - FALL * length;
            if there > value[next] {
                value[next] = there;
                heap.push(Ranked { value: there, place: next });
            }
        }
    }
    value
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

/// Removes the fringe; returns how many curves that were.
pub(crate) fn cut(graph: &mut Graph<'_>) -> usize {
    // The graph changes from round to round, the skeleton does not.
    let skeleton = graph.skeleton;
    let shadow = skeleton.shadow.get_or_init(|| shadow(graph));
    let pad = graph.pad();
    // Thickness over shadow of curves that are fringe.
    let at = |p: [i32; 3]| graph.skeleton.voxels.binary_search(&pad.at(pad.wrap(p))).ok();
    let of_vertex: Vec<f64> = graph
        .vertices
        .iter()
        .map(|v| v.radius / v.voxels.iter().filter_map(|&p| at(p)).map(|i| shadow[i]).fold(f64::MIN_POSITIVE, f64::max))
        .collect();
    let share = |graph: &Graph<'_>, e: usize| -> Option<f64> {
        let edge = &graph.edges[e];
        let ends = [0, 1].map(|end| (graph.centre_of_end(edge, end), edge.ends[end]));
        // Neither an end nor a junction that is in the shade itself has a ball of its own.
        let has_ball = |v: usize| graph.vertices[v].kind == Kind::Junction && of_vertex[v] >= SHADE_OF_ENDS;
        let mut shares: Vec<f64> = ends.iter().filter(|(_, v)| !has_ball(*v)).map(|&(_, v)| of_vertex[v]).collect();
        for &p in &edge.path {
            let here = graph.point(p);
            let clear = ends.iter().all(|&(c, v)| !has_ball(v) || norm(here, c) > CLEAR * graph.vertices[v].radius);
            if clear && let Some(i) = at(p) {
                shares.push(graph.distance(p) / shadow[i]);
            }
        }
        shares.sort_by(f64::total_cmp);
        let most = shares.get((MOST * shares.len() as f64) as usize).copied();
        let leads_nowhere = edge.ends.iter().any(|&v| matches!(graph.vertices[v].kind, Kind::End | Kind::Cut));
        most.filter(|&s| s < if leads_nowhere { SHADE_OF_ENDS } else { SHADE })
    };
    let edged = graph.skeleton.wings as f64 > EDGED * graph.skeleton.voxels.len() as f64;
    let thin = if edged { thin_parts(graph) } else { Vec::new() };
    let share = |graph: &Graph<'_>, e: usize| {
        let web = if edged { web(graph, &thin, e) } else { None };
        share(graph, e).into_iter().chain(web).reduce(f64::min)
    };
    let mut weak: Vec<(f64, usize)> = (0..graph.edges.len())
        .filter(|&e| graph.edges[e].alive)
        .filter_map(|e| share(graph, e).map(|s| (s, e)))
        .collect();
    if weak.is_empty() {
        return 0;
    }
    let mut is_weak = vec![false; graph.edges.len()];
    for &(_, e) in &weak {
        is_weak[e] = true;
    }
    let stood: Vec<bool> = graph.vertices.iter().map(|v| v.alive).collect();
    // A tree of the thickest keeps together what is together.
    let mut parent: Vec<usize> = (0..graph.vertices.len()).collect();
    for (e, edge) in graph.edges.iter().enumerate() {
        if edge.alive && !is_weak[e] {
            let (a, b) = (root(&mut parent, edge.ends[0]), root(&mut parent, edge.ends[1]));
            parent[a.max(b)] = a.min(b);
        }
    }
    weak.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut count = 0;
    for &(_, e) in &weak {
        let [a, b] = graph.edges[e].ends;
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        if a == b {
            graph.edges[e].alive = false;
            is_weak[e] = false;
            count += 1;
        } else {
            parent[a.max(b)] = a.min(b);
        }
    }
    // Of the tree's own branches those that lead nowhere go as well.
    let mut ends: Vec<usize> = (0..graph.vertices.len()).filter(|&v| graph.vertices[v].alive).collect();
    while let Some(v) = ends.pop() {
        let mut at = graph.edges_at(v);
        let (Some(e), None) = (at.next(), at.next()) else { continue };
        if !is_weak[e] {
            continue;
        }
        drop(at);
        let [a, b] = graph.edges[e].ends;
        graph.edges[e].alive = false;
        is_weak[e] = false;
        count += 1;
        graph.vertices[v].alive = false;
        ends.push(if a == v { b } else { a });
    }
    // A vertex that lost all its curves goes as well, but for the thickest one of a body that has nothing else.
    let mut has_curve = vec![false; graph.vertices.len()];
    for e in 0..graph.edges.len() {
        if graph.edges[e].alive {
            has_curve[root(&mut parent, graph.edges[e].ends[0])] = true;
        }
    }
    let mut thickest: Vec<Option<usize>> = vec![None; graph.vertices.len()];
    for v in 0..graph.vertices.len() {
        let r = root(&mut parent, v);
        // What went in an earlier round is of no body any more.
        let bare = stood[v] && graph.degree(v) == 0 && graph.vertices[v].kind != Kind::Lone;
        if !bare || graph.vertices[v].voxels.is_empty() {
            continue;
        }
        graph.vertices[v].alive = false;
        if !has_curve[r] && thickest[r].is_none_or(|t| graph.vertices[t].radius < graph.vertices[v].radius) {
            thickest[r] = Some(v);
        }
    }
    for v in thickest.into_iter().flatten() {
        graph.vertices[v].alive = true;
        graph.vertices[v].kind = Kind::Lone;
    }
    count
}
