//! From edges of voxels to struts with axes, and from the axes to where nodes are.
//!
//! # Theory
//! Struts that meet at a small angle share a body for several radii, and the skeleton forks where that body ends, not
//! where the axes meet. So each node is put where the axes of its struts, fitted as straight lines outside of its ball,
//! come closest (least squares):
//!
//! ```text
//! x = argmin  sum_i w_i |(1 - t_i t_i') (x - a_i)|^2 + w_0 |x - x_0|^2
//! ```
//!
//! with the lines `a_i + s t_i`, and `x_0` the middle of the junction voxels, which holds x where lines say little.

use foamflux_grid::Volume;
use rayon::prelude::*;

use crate::axis::{Bit, Course, Curve};
use crate::graph::{Graph, Kind};
use crate::owner::{Element, Home, NOBODY, Owners};
use crate::vector::{Point, add, distance, dot, eigen, scale, solve, sub, unit};

/// Rounds of moving an axis to the centroids of its sections.
const ROUNDS: usize = 2;
/// Weight of the junction voxels beside lines of weight one.
pub(crate) const HOLD: f64 = 0.005;
/// Weight of the line of a strut that is cut lengthwise beside that of a whole one.
const GRAZING: f64 = 0.02;
/// Length of the axis that a line is fitted to, in radii of the strut.
const FIT: f64 = 5.0;

/// The voxels of every edge of the graph by ascending place, in the frame of its first end.
pub(crate) fn gather(graph: &Graph<'_>, owners: &Owners, solid: &Volume<bool>) -> Vec<Vec<Bit>> {
    /// Parts of the box that are gathered side by side.
    const PARTS: usize = 16;
    let edges = graph.edges.len();
    let homes: Vec<_> = owners.elements.iter().map(|&e| home_edge(graph, e)).collect();
    let home = |e: u32| if e == NOBODY { None } else { homes[e as usize] };
    let size = owners.of.len().div_ceil(PARTS).max(1);
    let count = |part: &[u32]| {
        let mut counts = vec![0usize; edges];
        for (edge, ..) in part.iter().filter_map(|&e| home(e)) {
            counts[edge] += 1;
        }
        counts
    };
    let counts: Vec<Vec<usize>> = owners.of.par_chunks(size).map(count).collect();
    let total = |e: usize| counts.iter().map(|c| c[e]).sum();
    let mut bits: Vec<Vec<Bit>> = (0..edges).map(|e| vec![Bit::default(); total(e)]).collect();
    let mut places: Vec<Vec<std::slice::IterMut<'_, Bit>>> = counts.iter().map(|_| Vec::new()).collect();
    for (e, bits) in bits.iter_mut().enumerate() {
        let mut rest = bits.as_mut_slice();
        for (places, counts) in places.iter_mut().zip(&counts) {
            let (own, others) = rest.split_at_mut(counts[e]);
            places.push(own.iter_mut());
            rest = others;
        }
    }
    let d = graph.skeleton.distance.as_slice();
    places.into_par_iter().zip(owners.of.par_chunks(size)).enumerate().for_each(|(part, (mut places, of))| {
        for (i, &e) in of.iter().enumerate() {
            let Some((edge, framed, along)) = home(e) else { continue };
            let i = part * size + i;
            let (z, y, x) = solid.shape().zyx_of(i);
            let delta = owners.delta(graph, [x, y, z], e);
            let p = graph.point(crate::graph::add(framed, delta));
            if let Some(place) = places[edge].next() {
                *place = Bit { p, d: f64::from(d[i]), along };
            }
        }
    });
    bits
}

/// The edge that an element is part of, its place in the edge's frame and along its path (0 to 1): where a fibre ends, or
/// a ring was opened, the end is part of it.
pub(crate) fn home_edge(graph: &Graph<'_>, element: Element) -> Option<(usize, [i32; 3], f64)> {
    match element.home {
        Home::Edge(edge, k) => {
            Some((edge, element.framed, (k as f64 + 1.0) / (graph.edges[edge].path.len() as f64 + 1.0)))
        }
        Home::Vertex(v) if !matches!(graph.vertices[v].kind, Kind::Junction | Kind::Lone) => {
            let e = graph.edges_at(v).next()?;
            let edge = &graph.edges[e];
            if edge.ends[0] == v {
                Some((e, element.framed, 0.0))
            } else {
                Some((e, crate::graph::add(element.framed, graph.shift(edge.image)), 1.0))
            }
        }
        Home::Vertex(_) => None,
    }
}

/// A strut on its way to being a fibre.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strut {
    pub(crate) course: Course,
    /// Knots that are clear of both ends, as a range.
    pub(crate) clear: std::ops::Range<usize>,
    /// Inscribed radius in the middle.
    pub(crate) radius: f64,
}

/// Where the curve of an edge begins and ends.
pub(crate) fn raw_curve(graph: &Graph<'_>, e: usize) -> Curve {
    let edge = &graph.edges[e];
    let mut knots = vec![graph.centre_of_end(edge, 0)];
    knots.extend(edge.path.iter().map(|&p| graph.point(p)));
    knots.push(graph.centre_of_end(edge, 1));
    Curve::new(knots)
}

pub(crate) fn voxel_volume(graph: &Graph<'_>) -> f64 {
    graph.spacing.iter().product()
}

pub(crate) fn smallest_edge(graph: &Graph<'_>) -> f64 {
    graph.spacing.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The strut of every living edge.
pub(crate) fn struts(graph: &Graph<'_>, bits: &[Vec<Bit>]) -> Vec<Strut> {
    (0..graph.edges.len())
        .into_par_iter()
        .map(|e| if graph.edges[e].alive { strut(graph, e, &bits[e]) } else { Strut::default() })
        .collect()
}

/// The strut of one edge, anew.
pub(crate) fn again(graph: &Graph<'_>, e: usize, bits: &[Bit]) -> Strut {
    strut(graph, e, bits)
}

fn strut(graph: &Graph<'_>, e: usize, bits: &[Bit]) -> Strut {
    let edge_length = smallest_edge(graph);
    let path = &graph.edges[e].path;
    let mut radii: Vec<f64> = path.iter().map(|&p| graph.distance(p)).collect();
    if radii.is_empty() {
        radii = graph.edges[e].ends.iter().map(|&v| graph.vertices[v].radius).collect();
    }
    let radius = middle_radius(radii, edge_length);
    // The steps of the path are smoothed over before anything is projected on it.
    let mut curve = raw_curve(graph, e).resampled(edge_length).smoothed(radius);
    let mut course = Course::default();
    let mut clear = 0..0;
    for _ in 0..ROUNDS {
        curve = curve.resampled(edge_length);
        course = Course::new(curve, bits, voxel_volume(graph), edge_length);
        clear = clear_of_ends(graph, e, &course.curve, radius);
        let valid: Vec<bool> = (0..course.slices.len()).map(|i| clear.contains(&i)).collect();
        curve = course.centred(&valid, radius, edge_length);
    }
    let inscribed: Vec<f64> = clear.clone().filter_map(|i| course.inscribed(i)).collect();
    let radius = if inscribed.is_empty() { radius } else { middle_radius(inscribed, edge_length) };
    course.curve = curve;
    Strut { course, clear, radius }
}

/// Median of radii; half an edge where there are none.
fn middle_radius(mut radii: Vec<f64>, edge: f64) -> f64 {
    radii.sort_by(f64::total_cmp);
    radii.get(radii.len() / 2).copied().unwrap_or(0.0).max(0.5 * edge)
}

/// Distance from an end of an edge within which the section is not the strut's own.
pub(crate) fn margin(graph: &Graph<'_>, vertex: usize, radius: f64) -> f64 {
    let v = &graph.vertices[vertex];
    match v.kind {
        // Where a swollen node's ball ends on the strut, and a little more.
        Kind::Junction => v.radius.max(radius) + 0.25 * radius,
        Kind::End => v.radius.max(radius),
        // An oblique strut is cut obliquely.
        Kind::Cut => 0.75 * radius,
        // Both ends of a ring see each other's sections.
        Kind::Seam => 1.5 * radius,
        Kind::Lone => 0.0,
    }
}

/// Knots clear of both ends; the middle third where the ends leave less than that.
fn clear_of_ends(graph: &Graph<'_>, e: usize, curve: &Curve, radius: f64) -> std::ops::Range<usize> {
    let edge = &graph.edges[e];
    let n = curve.knots.len();
    let ends = [graph.centre_of_end(edge, 0), graph.centre_of_end(edge, 1)];
    let margins = edge.ends.map(|v| margin(graph, v, radius));
    let first = (0..n).find(|&i| distance(curve.knots[i], ends[0]) >= margins[0]).unwrap_or(n);
    let last = (0..n).rev().find(|&i| distance(curve.knots[i], ends[1]) >= margins[1]).map_or(0, |i| i + 1);
    let third = n / 3..(n - n / 3).max(n / 3 + 1).min(n);
    if first + 3 <= last { first..last } else { third }
}

/// Whether a section of this radius around a point reaches a face of the box that cuts the sample.
pub(crate) fn grazes(graph: &Graph<'_>, p: Point, radius: f64) -> bool {
    let pad = graph.pad();
    let beyond = |k: usize| p[k] < radius || p[k] > pad.n[k] as f64 * graph.spacing[k] - radius;
    !pad.periodic && (0..3).any(|k| pad.n[k] > 1 && beyond(k))
}

/// A straight line through the part of an axis next to an end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) at: Point,
    /// Unit vector that points away from the end.
    pub(crate) along: Point,
    pub(crate) weight: f64,
}

/// The line of a strut at its first (0) or second (1) end, in the frame of the edge.
pub(crate) fn line(graph: &Graph<'_>, e: usize, strut: &Strut, end: usize) -> Option<Line> {
    let knots = &strut.course.curve.knots;
    let step = strut.course.step();
    if strut.clear.is_empty() || step <= 0.0 || graph.edges[e].path.is_empty() {
        return None;
    }
    let count = ((FIT * strut.radius / step) as usize).max(4);
    let range = if end == 0 {
        strut.clear.start..(strut.clear.start + count).min(strut.clear.end)
    } else {
        strut.clear.end.saturating_sub(count).max(strut.clear.start)..strut.clear.end
    };
    let all: Vec<Point> = range.filter_map(|i| knots.get(i).copied()).collect();
    // Where a face of the box cuts the strut lengthwise, the middle of what is left is not on its axis.
    let whole: Vec<Point> = all.iter().copied().filter(|&p| !grazes(graph, p, strut.radius)).collect();
    let (points, trust) = if whole.len() >= 3 { (whole, 1.0) } else { (all, GRAZING) };
    if points.len() < 3 {
        return None;
    }
    let n = points.len() as f64;
    let at = scale(points.iter().fold([0.0; 3], |s, &p| add(s, p)), 1.0 / n);
    let mut m = [[0.0; 3]; 3];
    for p in &points {
        let r = sub(*p, at);
        for k in 0..3 {
            for l in 0..3 {
                m[k][l] += r[k] * r[l];
            }
        }
    }
    let (_, vectors) = eigen(m);
    let outward =
        if end == 0 { sub(points[points.len() - 1], points[0]) } else { sub(points[0], points[points.len() - 1]) };
    let along = if dot(vectors[2], outward) < 0.0 { scale(vectors[2], -1.0) } else { vectors[2] };
    // A line says where a node is as well as its length allows: short ones little.
    let length = distance(points[0], points[points.len() - 1]);
    let reach = distance(at, graph.centre_of_end(&graph.edges[e], end));
    let weight = trust * (length / reach.max(length)).powi(2);
    Some(Line { at, along: unit(along), weight })
}

/// The point nearest to all lines, whose weights are of worth among each other only, and a little to one that is known
/// badly.
pub(crate) fn meet(lines: &[Line], held: Point, hold: f64) -> Point {
    let total: f64 = lines.iter().map(|l| l.weight).sum::<f64>().max(f64::MIN_POSITIVE);
    meet_at(lines, held, hold * total / lines.len().max(1) as f64)
}

/// The point nearest to all lines and to one that is known as well as a line of weight `hold`.
pub(crate) fn meet_at(lines: &[Line], held: Point, hold: f64) -> Point {
    let mut m = [[0.0; 3]; 3];
    let mut b = [0.0; 3];
    for k in 0..3 {
        m[k][k] += hold;
        b[k] += hold * held[k];
    }
    for line in lines {
        let w = line.weight;
        for k in 0..3 {
            for l in 0..3 {
                let p = w * (f64::from(u8::from(k == l)) - line.along[k] * line.along[l]);
                m[k][l] += p;
                b[k] += p * line.at[l];
            }
        }
    }
    solve(m, b).unwrap_or(held)
}

/// Distance of a point from a line.
pub(crate) fn off(line: &Line, p: Point) -> f64 {
    let d = sub(p, line.at);
    crate::vector::norm(sub(d, scale(line.along, dot(d, line.along))))
}

/// The lines of the struts at a junction, in its frame, but for those to the vertex `but`.
pub(crate) fn lines_at(graph: &Graph<'_>, struts: &[Strut], vertex: usize, but: Option<usize>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut seen = None;
    for e in graph.edges_at(vertex) {
        let edge = &graph.edges[e];
        // A loop is listed twice in a row.
        let end = if edge.ends[0] == vertex && !(edge.ends[1] == vertex && seen == Some(e)) { 0 } else { 1 };
        seen = Some(e);
        if but.is_some_and(|b| edge.ends.contains(&b)) {
            continue;
        }
        if let Some(mut line) = line(graph, e, &struts[e], end) {
            if end == 1 {
                // From the frame of the first end to that of this vertex.
                let by = graph.shift(edge.image);
                line.at = std::array::from_fn(|k| line.at[k] - f64::from(by[k]) * graph.spacing[k]);
            }
            lines.push(line);
        }
    }
    lines
}
