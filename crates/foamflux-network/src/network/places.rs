//! Where nodes are.
//!
//! # Theory
//! The axes of struts meet in a node's place (see [`crate::struts`]). A node that is thicker than its struts shows it a second
//! time, by its ball: around the centre c of a ball of radius R the distance to the boundary is a cone, `D(x) = R - |x - c|`,
//! and the mean of places near its top weighted with a power of D, taken again and again around itself, ends in c. Struts
//! leave on all sides, so what they add to the cone cancels but for a part of a voxel.
//! Short struts have no axis worth the name, and their nodes are where their balls are; without a swelling D is nearly the
//! same along a strut, and only the axes count.

use rayon::prelude::*;

use crate::graph::{Graph, Kind};
use crate::struts::{self, Strut, smallest_edge};
use crate::vector::{Point, add, distance, scale};

/// A refined place farther than this many radii from the junction voxels is no place of that node.
pub(super) const ASTRAY: f64 = 6.0;
/// A node has a ball when its radius is more than this times that of its struts; crossings reach 1.15.
const SWOLLEN: f64 = 1.25;
/// Weight of a ball's centre beside lines of weight one, which are known half as badly.
const HOLD: f64 = 0.25;
/// Window around the top of a cone, in its radii and at least in voxel edges.
const WINDOW: (f64, f64) = (0.6, 1.5);
/// Voxels across half of a window beyond which only every second, third, ... is taken.
const ACROSS: f64 = 3.0;
/// Steps towards the top; the last ones are a thousandth of a voxel.
const STEPS: usize = 12;

/// Where all vertices are: the refined places of junctions, if they are believable.
pub(super) fn all(graph: &Graph<'_>, struts: &[Strut]) -> Vec<Point> {
    (0..graph.vertices.len()).into_par_iter().map(|v| place(graph, struts, v)).collect()
}

/// Moves all vertices to their places.
pub(super) fn settle(graph: &mut Graph<'_>, struts: &[Strut]) {
    for (v, place) in all(graph, struts).into_iter().enumerate() {
        graph.vertices[v].centre = place;
        if graph.vertices[v].alive {
            graph.vertices[v].radius = ball(graph, v);
        }
    }
}

fn place(graph: &Graph<'_>, struts: &[Strut], v: usize) -> Point {
    let vertex = &graph.vertices[v];
    if !vertex.alive || vertex.kind != Kind::Junction {
        return vertex.centre;
    }
    let lines = struts::lines_at(graph, struts, v, None);
    let p = if lines.len() < 2 { vertex.centre } else { struts::meet(&lines, vertex.centre, struts::HOLD) };
    let p = if distance(p, vertex.centre) <= ASTRAY * vertex.radius { p } else { vertex.centre };
    let mut radii: Vec<f64> = graph.edges_at(v).map(|e| struts[e].radius).collect();
    radii.sort_by(f64::total_cmp);
    let strut = radii.get(radii.len() / 2).copied().unwrap_or(f64::INFINITY);
    let tops = [p, vertex.centre].into_iter().filter_map(|from| top(graph, from));
    let Some((radius, centre)) = tops.reduce(|a, b| if b.0 > a.0 { b } else { a }) else { return p };
    if radius < SWOLLEN * strut {
        return p;
    }
    if lines.len() < 2 { centre } else { struts::meet_at(&lines, centre, HOLD) }
}

/// The top of the cone of D around a point, and D there; `None` where it is another node's.
fn top(graph: &Graph<'_>, from: Point) -> Option<(f64, Point)> {
    let pad = graph.pad();
    let edge = smallest_edge(graph);
    let voxel = |p: Point| -> [i32; 3] { std::array::from_fn(|k| (p[k] / graph.spacing[k]).floor() as i32) };
    let d = |q: [i32; 3]| {
        let outside = !pad.periodic && (0..3).any(|k| q[k] < 0 || q[k] >= pad.n[k] as i32);
        if outside { 0.0 } else { graph.distance(q) }
    };
    let mut at = from;
    let mut radius = d(voxel(from));
    for _ in 0..STEPS {
        let window = (WINDOW.0 * radius).max(WINDOW.1 * edge);
        let every = ((window / (ACROSS * edge)) as i32).max(1);
        let low: [i32; 3] = std::array::from_fn(|k| ((at[k] - window) / graph.spacing[k] - 0.5).ceil() as i32);
        let high: [i32; 3] = std::array::from_fn(|k| ((at[k] + window) / graph.spacing[k] - 0.5).floor() as i32);
        let span = |k: usize| (low[k]..=high[k]).step_by(every as usize);
        let (mut sum, mut total, mut most) = ([0.0; 3], 0.0, 0.0f64);
        for z in span(2) {
            for y in span(1) {
                for x in span(0) {
                    let q = graph.point([x, y, z]);
                    if distance(q, at) > window {
                        continue;
                    }
                    let here = d([x, y, z]);
                    most = most.max(here);
                    let weight = here.powi(4);
                    sum = add(sum, scale(q, weight));
                    total += weight;
                }
            }
        }
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        at = scale(sum, 1.0 / total);
        radius = most;
    }
    (distance(at, from) <= radius).then_some((radius, at))
}

/// Radius of the inscribed ball at a vertex's centre, which lies between voxels: of the bounds
/// `D(c) <= D(q) + |q - c|` by the voxels q around it the lowest; and no less than that of its own voxels.
pub(super) fn ball(graph: &Graph<'_>, v: usize) -> f64 {
    let vertex = &graph.vertices[v];
    let pad = graph.pad();
    let low: [i32; 3] = std::array::from_fn(|k| (vertex.centre[k] / graph.spacing[k] - 0.5).floor() as i32);
    let mut radius = f64::INFINITY;
    for corner in 0..8 {
        let q: [i32; 3] = std::array::from_fn(|k| low[k] + (corner >> k & 1));
        let outside = !pad.periodic && (0..3).any(|k| q[k] < 0 || q[k] >= pad.n[k] as i32);
        if !outside {
            radius = radius.min(graph.distance(q) + distance(graph.point(q), vertex.centre));
        }
    }
    if radius.is_finite() { radius.max(vertex.radius) } else { vertex.radius }
}
