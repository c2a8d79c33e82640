//! From the graph of a skeleton to the graph of the struts: spurs cut, junctions of one node merged.
//!
//! - A *spur* is a curve from a junction to an end whose tip stands out of the junction's inscribed ball by less than a
//!   share of that ball's radius:
//!   `|tip - centre| + D(tip) - R < `[`Limits::spur`]` R`. The rule scales with the local radius, so a bump on a thick
//!   strut goes and a short strut stays; dead ends less than half as thick as the ball need [`SLIM`] times that length.
//! - A curve to a face of the box is a spur when its end lies inside of the junction's ball: the box then cuts the node
//!   itself.
//! - Two junctions are *one node* when their inscribed balls overlap: `|c1 - c2| < `[`Limits::merge`]` (R1 + R2)`.
//! - A junction that is left with two curves is none; a junction left with one is an end.
//!
//! Nearest first, so that the result does not depend on the numbering; ties go by number.

use crate::graph::{Edge, Graph, Kind, add};

/// What the simplification goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    pub(crate) spur: f64,
    pub(crate) merge: f64,
}

/// What the simplification did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pruned {
    pub(crate) fringe: usize,
    pub(crate) spurs: usize,
    pub(crate) merged: usize,
}

impl Pruned {
    /// What two rounds did together.
    pub(crate) fn and(self, other: Self) -> Self {
        Pruned {
            fringe: self.fringe + other.fringe,
            spurs: self.spurs + other.spurs,
            merged: self.merged + other.merged,
        }
    }
}

pub(crate) fn norm(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
}

pub(crate) fn prune(graph: &mut Graph<'_>, limits: Limits) -> Pruned {
    let mut done = Pruned::default();
    // What held a net together is a dead end once the net is gone.
    loop {
        let fringe = crate::fringe::cut(graph);
        if fringe == 0 {
            break;
        }
        done.fringe += fringe;
        dissolve(graph);
    }
    loop {
        let spurs = cut_spurs(graph, limits.spur);
        dissolve(graph);
        let merged = merge(graph, limits.merge);
        dissolve(graph);
        done.spurs += spurs;
        done.merged += merged;
        if spurs + merged == 0 {
            return done;
        }
    }
}

/// A curve from a junction to an end: how far its tip stands out, in radii of the junction's ball.
fn protrusion(graph: &Graph<'_>, edge: &Edge) -> Option<(usize, f64)> {
    let kinds = edge.ends.map(|v| graph.vertices[v].kind);
    let (junction, tip) = match kinds {
        [Kind::Junction, Kind::End | Kind::Cut] => (0, 1),
        [Kind::End | Kind::Cut, Kind::Junction] => (1, 0),
        _ => return None,
    };
    let j = &graph.vertices[edge.ends[junction]];
    let t = &graph.vertices[edge.ends[tip]];
    let reach = norm(graph.centre_of_end(edge, 0), graph.centre_of_end(edge, 1));
    let beyond = if t.kind == Kind::Cut {
        // Cut curves go on outside: only what the ball covers is nothing of their own. A share of the limit for ends.
        reach - j.radius
    } else {
        reach + t.radius - j.radius
    };
    Some((tip, beyond / j.radius.max(f64::MIN_POSITIVE)))
}

/// Dead ends that are slim beside their junction are spurs up to this times the limit: the edges of a Plateau border reach
/// 3.7 of its inscribed radii.
const SLIM: f64 = 2.5;

/// Whether most of a curve outside of the ball of its `junction` end is less than half as thick as the ball.
fn is_slim(graph: &Graph<'_>, edge: &Edge, junction: usize) -> bool {
    let radius = graph.vertices[edge.ends[junction]].radius;
    let centre = graph.centre_of_end(edge, junction);
    let mut outside: Vec<f64> =
        edge.path.iter().filter(|&&p| norm(graph.point(p), centre) > radius).map(|&p| graph.distance(p)).collect();
    outside.sort_by(f64::total_cmp);
    outside.get(outside.len() / 2).is_some_and(|&d| d < 0.5 * radius)
}

fn cut_spurs(graph: &mut Graph<'_>, limit: f64) -> usize {
    let mut spurs: Vec<(f64, usize, usize)> = Vec::new();
    for (e, edge) in graph.edges.iter().enumerate().filter(|(_, e)| e.alive) {
        if let Some((tip, beyond)) = protrusion(graph, edge) {
            let cut = graph.vertices[edge.ends[tip]].kind == Kind::Cut;
            let factor = if is_slim(graph, edge, 1 - tip) { SLIM } else { 1.0 };
            if beyond < if cut { 0.0 } else { factor * limit } {
                spurs.push((beyond, e, tip));
            }
        }
    }
    spurs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut count = 0;
    for (_, e, tip) in spurs {
        let junction = graph.edges[e].ends[1 - tip];
        // What is left of a junction must go on being one: its last two curves are a strut, not spurs. And where the box
        // cuts a node so near that no strut of it is seen there, its ball still tells it from a strut that grazes the face.
        let keep = graph.vertices[graph.edges[e].ends[tip]].kind == Kind::Cut
            && graph.degree(junction) == 3
            && stands_out(graph, junction, e);
        if graph.degree(junction) > 2 && !keep {
            let tip = graph.edges[e].ends[tip];
            graph.edges[e].alive = false;
            graph.vertices[tip].alive = false;
            count += 1;
        }
    }
    count
}

/// Whether the ball of a junction is larger than its curves but `except` are in the middle.
fn stands_out(graph: &Graph<'_>, junction: usize, except: usize) -> bool {
    /// A strut that grazes the face is no thicker there; radii of voxels scatter by a tenth.
    const SWOLLEN: f64 = 1.15;
    let middle = |e: usize| {
        let path = &graph.edges[e].path;
        path.get(path.len() / 2).map_or(f64::INFINITY, |&p| graph.distance(p))
    };
    let strut = graph.edges_at(junction).filter(|&e| e != except).map(middle).fold(0.0, f64::max);
    graph.vertices[junction].radius >= SWOLLEN * strut
}

fn merge(graph: &mut Graph<'_>, limit: f64) -> usize {
    let mut pairs: Vec<(f64, usize)> = Vec::new();
    for (e, edge) in graph.edges.iter().enumerate().filter(|(_, e)| e.alive) {
        let [a, b] = edge.ends.map(|v| &graph.vertices[v]);
        if edge.ends[0] != edge.ends[1] && a.kind == Kind::Junction && b.kind == Kind::Junction {
            let apart = norm(graph.centre_of_end(edge, 0), graph.centre_of_end(edge, 1)) / (a.radius + b.radius);
            if apart < limit {
                pairs.push((apart, e));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut touched = vec![false; graph.vertices.len()];
    let mut count = 0;
    for (_, e) in pairs {
        let ends = graph.edges[e].ends;
        // A junction moves when it merges: its other pairs are looked at again in the next round.
        if graph.edges[e].alive && ends[0] != ends[1] && !ends.iter().any(|&v| touched[v]) {
            touched[ends[0]] = true;
            touched[ends[1]] = true;
            contract(graph, e);
            count += 1;
        }
    }
    count
}

/// Makes one vertex of an edge and its two ends.
pub(crate) fn contract(graph: &mut Graph<'_>, e: usize) {
    graph.edges[e].alive = false;
    let path = std::mem::take(&mut graph.edges[e].path);
    let Edge { ends: [to, from], image, .. } = graph.edges[e];
    graph.absorb(to, from, image);
    graph.vertices[to].voxels.extend(path);
    graph.settle(to);
    // Curves that now begin and end in the node and never leave its ball are part of it.
    let (centre, radius) = (graph.vertices[to].centre, graph.vertices[to].radius);
    let loops: Vec<usize> = graph.edges_at(to).filter(|&e| graph.edges[e].ends == [to, to]).collect();
    for e in loops {
        let edge = &graph.edges[e];
        if edge.alive && edge.image == [0; 3] && edge.path.iter().all(|&p| norm(graph.point(p), centre) < radius) {
            graph.edges[e].alive = false;
            let path = std::mem::take(&mut graph.edges[e].path);
            graph.vertices[to].voxels.extend(path);
        }
    }
}

/// Joins the two curves of junctions that have but two, and makes ends of those that have one.
fn dissolve(graph: &mut Graph<'_>) {
    for v in 0..graph.vertices.len() {
        if !graph.vertices[v].alive || graph.vertices[v].kind != Kind::Junction {
            continue;
        }
        let at: Vec<usize> = graph.edges_at(v).collect();
        match at[..] {
            [] => graph.vertices[v].kind = Kind::Lone,
            [_] => {
                let on_border = graph.vertices[v].voxels.iter().any(|&p| graph.pad().on_border(graph.pad().wrap(p)));
                graph.vertices[v].kind = if on_border { Kind::Cut } else { Kind::End };
            }
            [a, b] if a == b => graph.vertices[v].kind = Kind::Seam,
            [a, b] => join(graph, v, a, b),
            _ => {}
        }
    }
}

fn join(graph: &mut Graph<'_>, v: usize, a: usize, b: usize) {
    // First curve into v, second out of it.
    let first = if graph.edges[a].ends[1] == v { graph.edges[a].clone() } else { graph.reversed(&graph.edges[a]) };
    let second = if graph.edges[b].ends[0] == v { graph.edges[b].clone() } else { graph.reversed(&graph.edges[b]) };
    let by = graph.shift(first.image);
    let mut path = first.path;
    // Of a cluster the voxel nearest to its centre stands for the passage.
    let centre = graph.vertices[v].centre;
    let through = graph.vertices[v]
        .voxels
        .iter()
        .copied()
        .min_by(|&p, &q| norm(graph.point(p), centre).total_cmp(&norm(graph.point(q), centre)).then(p.cmp(&q)));
    path.extend(through.map(|p| add(p, by)));
    path.extend(second.path.iter().map(|&p| add(p, by)));
    let image = add(first.image, second.image);
    graph.edges[a].alive = false;
    graph.edges[b].alive = false;
    graph.vertices[v].alive = false;
    graph.add_edge(Edge { ends: [first.ends[0], second.ends[1]], image, path, alive: true });
}
