//! Balls fitted to the surface around nodes.
//!
//! # Theory
//! Around a swollen node the surface is that of a ball of radius R around c, and of rods of radius r_i along the axes of its
//! struts. A face at x belongs to the one that it is less far outside of, so that those of the ball are where
//! `|x - c| - R < rho_i - r_i`, and
//!
//! ```text
//! sum over faces of the ball  a (|x - c| - R)^2 / s^2  +  sum over axes  |(1 - t_i t_i') (c - a_i)|^2 / s_i^2
//! ```
//!
//! is least (a the area of the face in faces of a voxel, s its distance from the true surface). Some thirty faces, each of
//! which is off by a third of a voxel, place c to a tenth of one, where the axes of thin struts leave a quarter.

use rayon::prelude::*;

use super::build::Numbers;
use super::places;
use super::surface::{Around, BEHIND, Surface};
use super::zones::{SHORT, SWOLLEN};
use crate::graph::{Graph, Kind};
use crate::struts::{self, Line, Strut, smallest_edge};
use crate::vector::{Point, add, dot, median, norm, scale, solve, sub};

/// How far faces of voxels are from the surface that they stand for, root mean square in voxel edges: uniform over one.
const OFF: f64 = 0.29;
/// How far an axis is off where it passes its node, in voxel edges, when it was fitted over as long a part as it lies
/// away.
const AXIS_OFF: f64 = 0.15;
/// Steps of Gauss and Newton; each face is given to ball or strut anew before each.
const STEPS: usize = 8;
/// Fewer faces than this, by area, say nothing about a ball of which nothing else is known.
const LEAST: f64 = 12.0;
/// Fewer say nothing about one whose radius others tell.
const FEW: f64 = 4.0;
/// The radius of a ball is not known better from others than to this, in voxel edges.
const SURE: f64 = 0.05;
/// A ball whose faces are off by more than this many voxel edges, root mean square, beside a share of its radius is no ball.
const POOR: (f64, f64) = (0.45, 0.08);
/// Balls that are found farther than this many of their radii away are another node's.
const FAR: f64 = 0.75;
/// The radius that is found over the inscribed one lies between these.
const RATIO: (f64, f64) = (0.8, 1.6);

/// A ball as seen from where the node was thought to be.
struct Ball {
    shift: Point,
    radius: f64,
}

/// Moves nodes to where the balls that fit the surface around them are, and returns the radius of each node's ball.
/// Struts with edges hide the balls of their nodes, and nodes without a swelling have none: there they are the inscribed ones.
pub(super) fn fit(graph: &mut Graph<'_>, numbers: &Numbers, struts: &[Strut], surface: &mut Surface) -> Vec<f64> {
    let mut radii = vec![0.0; numbers.nodes()];
    for v in (0..graph.vertices.len()).filter(|&v| graph.vertices[v].alive) {
        radii[numbers.node[v]] = graph.vertices[v].radius;
    }
    if surface.edged() || swelling(graph, struts).is_none_or(|s| s < SWOLLEN) {
        return radii;
    }
    let edge = smallest_edge(graph);
    let sites = sites(graph, numbers, struts, surface);
    let radius = |fibre: u32| surface.radius(fibre as usize);
    let all = |prior: &(dyn Fn(f64) -> Option<Prior> + Sync)| -> Vec<Option<Ball>> {
        sites.par_iter().map(|s| ball(s, radius, prior(s.inscribed), edge)).collect()
    };
    let known: Vec<(f64, f64)> =
        sites.iter().zip(all(&|_| None)).filter_map(|(s, b)| b.map(|b| (s.inscribed, b.radius))).collect();
    let guess = Guess::new(&known, edge);
    let balls = all(&|inscribed| guess.as_ref().map(|g| g.at(inscribed)));
    let mut shifts = vec![[0.0; 3]; numbers.nodes()];
    for (site, ball) in sites.iter().zip(balls) {
        let node = numbers.node[site.vertex];
        let Some(ball) = ball else {
            radii[node] = guess.as_ref().map_or(site.inscribed, |g| g.at(site.inscribed).radius);
            continue;
        };
        radii[node] = ball.radius;
        shifts[node] = ball.shift;
        let vertex = &mut graph.vertices[site.vertex];
        vertex.centre = add(vertex.centre, ball.shift);
        graph.vertices[site.vertex].radius = places::ball(graph, site.vertex);
    }
    for a in &mut surface.around {
        let shift = shifts[a.node as usize];
        a.from = std::array::from_fn(|k| a.from[k] - shift[k] as f32);
    }
    radii
}

/// Inscribed radius of nodes over that of their struts, median.
fn swelling(graph: &Graph<'_>, struts: &[Strut]) -> Option<f64> {
    let is_node = |v: usize| graph.vertices[v].kind == Kind::Junction;
    let ends = graph.edges.iter().enumerate().filter(|(_, e)| e.alive).flat_map(|(e, edge)| edge.ends.map(|v| (v, e)));
    let ratio = |(v, e): (usize, usize)| {
        (is_node(v) && struts[e].radius > 0.0).then(|| graph.vertices[v].radius / struts[e].radius)
    };
    median(ends.filter_map(ratio).collect())
}

/// What is known around a junction, as seen from where it was thought to be.
struct Site {
    vertex: usize,
    inscribed: f64,
    faces: Vec<Around>,
    lines: Vec<Line>,
}

fn sites(graph: &Graph<'_>, numbers: &Numbers, struts: &[Strut], surface: &Surface) -> Vec<Site> {
    let edge = smallest_edge(graph);
    let mut reach = vec![0.0; numbers.nodes()];
    for vertex in (0..graph.vertices.len()).filter(|&v| graph.vertices[v].alive) {
        reach[numbers.node[vertex]] = RATIO.1 * graph.vertices[vertex].radius + 2.0 * edge;
    }
    let mut faces = vec![Vec::new(); numbers.nodes()];
    for a in surface.around.iter().filter(|a| a.reach() < reach[a.node as usize]) {
        faces[a.node as usize].push(*a);
    }
    let is_node = |v: usize| graph.vertices[v].alive && graph.vertices[v].kind == Kind::Junction;
    let site = |v: usize| {
        let (centre, inscribed) = (graph.vertices[v].centre, graph.vertices[v].radius);
        let lines = struts::lines_at(graph, struts, v, None);
        let lines = lines.into_iter().map(|l| Line { at: sub(l.at, centre), ..l }).collect();
        Site { vertex: v, inscribed, faces: std::mem::take(&mut faces[numbers.node[v]]), lines }
    };
    (0..graph.vertices.len()).filter(|&v| is_node(v)).map(site).collect()
}

/// What is thought of a ball's radius before its surface is seen.
#[derive(Debug, Clone, Copy)]
struct Prior {
    radius: f64,
    /// Standard deviation.
    spread: f64,
}

/// What balls say about others: their radius over the inscribed one, as those of one foam swell alike.
struct Guess {
    ratio: f64,
    spread: f64,
}

impl Guess {
    /// From inscribed radii and those of balls.
    fn new(known: &[(f64, f64)], edge: f64) -> Option<Guess> {
        let ratio = median(known.iter().map(|k| k.1 / k.0).collect())?;
        let off = |k: &(f64, f64)| (k.1 - ratio * k.0).abs();
        // Of a normal distribution, from the median, which single wrong balls do not move.
        let spread = 1.48 * median(known.iter().map(off).collect())?;
        Some(Guess { ratio, spread: spread.max(SURE * edge) })
    }

    fn at(&self, inscribed: f64) -> Prior {
        Prior { radius: self.ratio * inscribed, spread: self.spread }
    }
}

fn ball(site: &Site, strut: impl Fn(u32) -> f64, prior: Option<Prior>, edge: f64) -> Option<Ball> {
    let Site { inscribed, ref faces, ref lines, .. } = *site;
    let mut ball = Ball { shift: [0.0; 3], radius: prior.map_or(inscribed + SHORT * edge, |p| p.radius) };
    let least = if prior.is_some() { FEW } else { LEAST };
    let weight = |area: f32| f64::from(area) / (edge * edge) / (OFF * edge).powi(2);
    let own = |a: &Around, ball: &Ball| -> Option<(Point, f64)> {
        let d = sub(a.from.map(f64::from), ball.shift);
        let reach = norm(d);
        let outside = reach - ball.radius;
        let rod = if a.fibre == BEHIND { f64::INFINITY } else { f64::from(a.across) - strut(a.fibre) };
        (reach > 0.0 && outside < rod && outside.abs() < 2.0 * edge + 0.25 * ball.radius)
            .then(|| (scale(d, 1.0 / reach), outside))
    };
    let mut rms = f64::INFINITY;
    for _ in 0..STEPS {
        let (mut total, mut mean, mut normal, mut squares) = (0.0, 0.0, [0.0; 3], 0.0);
        let mut m = [[0.0; 3]; 3];
        let mut b = [0.0; 3];
        for a in faces {
            let Some((n, off)) = own(a, &ball) else { continue };
            let w = weight(a.area);
            total += w;
            mean += w * off;
            squares += w * off * off;
            normal = add(normal, scale(n, w));
            for k in 0..3 {
                b[k] += w * n[k] * off;
                for l in 0..3 {
                    m[k][l] += w * n[k] * n[l];
                }
            }
        }
        if total * (OFF * edge).powi(2) < least {
            return None;
        }
        rms = (squares / total).sqrt();
        if let Some(prior) = prior {
            let w = prior.spread.powi(-2);
            total += w;
            mean += w * (prior.radius - ball.radius);
        }
        mean /= total;
        normal = scale(normal, 1.0 / total);
        // The radius that is best for each shift is put in.
        for k in 0..3 {
            b[k] -= total * normal[k] * mean;
            for l in 0..3 {
                m[k][l] -= total * normal[k] * normal[l];
            }
        }
        for line in lines {
            let w = line.weight / (AXIS_OFF * edge).powi(2);
            let d = sub(line.at, ball.shift);
            for k in 0..3 {
                for l in 0..3 {
                    let p = w * (f64::from(u8::from(k == l)) - line.along[k] * line.along[l]);
                    m[k][l] += p;
                    b[k] += p * d[l];
                }
            }
        }
        let step = solve(m, b)?;
        ball.shift = add(ball.shift, step);
        ball.radius += mean - dot(normal, step);
        if !(ball.radius.is_finite() && ball.radius > 0.0) {
            return None;
        }
    }
    let ratio = ball.radius / inscribed;
    let good = rms < POOR.0 * edge + POOR.1 * ball.radius
        && norm(ball.shift) < FAR * ball.radius
        && (RATIO.0..RATIO.1).contains(&ratio);
    good.then_some(ball)
}
