//! The surface around nodes and along fibres.

use foamflux_grid::Volume;
use foamflux_voxel::surface::FaceWeight;
use rayon::prelude::*;

use super::CROWDED;
use super::build::Numbers;
use crate::graph::{Graph, Kind};
use crate::owner::{Home, NOBODY, Owners};
use crate::struts::{self, Strut};
use crate::vector::{Point, dot, median, norm, scale, sub, unit};

/// Faces that are looked at together.
pub(super) const FACES: usize = 1 << 14;
/// Faces farther from a node than this many of its radii say nothing about it.
const FAR: f64 = 3.0;

/// Distance of the surface from the axis, mean over inscribed, beyond which sections are not round: 1.0 for a circle, 1.25 for a
/// straight triangle, 1.7 for a concave one.
/// Their edges lie as far from the axis as the surface of nodes does and hide where that ends.
const EDGED: f64 = 1.2;

/// What the surface says about the swelling.
#[derive(Debug, Clone, Default)]
pub(super) struct Surface {
    /// Distance of the surface from the axis in the middle of each fibre, and how much of it was seen.
    pub(super) middle: Vec<(f64, f64)>,
    /// Radius of the circle of the section's area there, of fibres that are clear of both nodes.
    pub(super) equivalent: Vec<Option<f64>>,
    /// Faces around nodes.
    pub(super) around: Vec<Around>,
    /// Inscribed radius of each fibre.
    inscribed: Vec<f64>,
}

/// A face near a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) node: u32,
    /// The fibre to whose axis it is nearest; [`BEHIND`] where it is before none.
    pub(super) fibre: u32,
    /// Place as seen from the node's centre.
    pub(super) from: [f32; 3],
    /// Distance from the axis.
    pub(super) across: f32,
    /// True area.
    pub(super) area: f32,
}

/// No fibre: the face is on the side of the node where none leaves.
pub(super) const BEHIND: u32 = u32::MAX;

impl Around {
    /// Distance from the node's centre.
    pub(super) fn reach(&self) -> f64 {
        norm(self.from.map(f64::from))
    }
}

impl Surface {
    /// Whether most sections have edges that stand out.
    pub(super) fn edged(&self) -> bool {
        let whole = (0..self.equivalent.len()).filter(|&f| self.equivalent[f].is_some() && self.inscribed[f] > 0.0);
        median(whole.map(|f| self.radius(f) / self.inscribed[f]).collect()).is_some_and(|r| r > EDGED)
    }

    /// Mean distance of the surface of a fibre from its axis.
    pub(super) fn radius(&self, fibre: usize) -> f64 {
        let (sum, count) = self.middle[fibre];
        if count > 0.0 { sum / count } else { self.inscribed[fibre] }
    }
}

/// A face of the solid's surface: where it is, what it belongs to, its true area.
pub(super) struct Face {
    /// Index of the solid voxel.
    pub(super) voxel: usize,
    /// Centre of the face in the frame of its owner.
    at: Point,
    pub(super) home: Home,
    pub(super) area: f64,
}

/// Faces with an owner. In the order of their voxels, so that sums do not depend on threads.
pub(super) fn faces<'a>(
    weights: &'a [FaceWeight],
    graph: &'a Graph<'_>,
    owners: &'a Owners,
    solid: &'a Volume<bool>,
) -> impl Iterator<Item = Face> + 'a {
    let (inside, spacing, shape) = (solid.as_slice(), solid.spacing(), solid.shape());
    weights.iter().filter_map(move |face| {
        let low = inside[face.voxel];
        let voxel = if low { face.voxel } else { face.voxel + shape.stride(face.axis) };
        let owner = *owners.of.get(voxel)?;
        if owner == NOBODY {
            return None;
        }
        let element = owners.elements[owner as usize];
        let (z, y, x) = shape.zyx_of(voxel);
        let mut at = graph.point(crate::graph::add(element.framed, owners.delta(graph, [x, y, z], owner)));
        let k = face.axis.xyz_index();
        at[k] += if low { 0.5 } else { -0.5 } * graph.spacing[k];
        Some(Face { voxel, at, home: element.home, area: face.area(spacing) })
    })
}

/// Radius of the circle of each section's area in the middle of fibres that are clear of their ends.
fn equivalents(graph: &Graph<'_>, numbers: &Numbers, struts: &[Strut]) -> Vec<Option<f64>> {
    let mut radii = vec![None; numbers.fibres()];
    for (e, edge) in graph.edges.iter().enumerate().filter(|(_, e)| e.alive) {
        let strut = &struts[e];
        let covered: f64 = edge.ends.iter().map(|&v| struts::margin(graph, v, strut.radius)).sum();
        if strut.course.curve.length() < covered + strut.radius {
            continue;
        }
        let quarter = strut.clear.len() / 4;
        let areas = (strut.clear.start + quarter..strut.clear.end - quarter).map(|i| strut.course.area(i));
        let (sum, count) = areas.fold((0.0, 0.0), |(s, n), a| (s + a, n + 1.0));
        if sum > 0.0 {
            radii[numbers.fibre[e]] = Some((sum / count / std::f64::consts::PI).sqrt());
        }
    }
    radii
}

/// What the surface says about fibres and nodes.
pub(super) fn survey(
    graph: &Graph<'_>,
    numbers: &Numbers,
    struts: &[Strut],
    weights: &[FaceWeight],
    owners: &Owners,
    solid: &Volume<bool>,
) -> Surface {
    let mut surface = Surface {
        middle: vec![(0.0, 0.0); numbers.fibres()],
        equivalent: equivalents(graph, numbers, struts),
        around: Vec::new(),
        inscribed: vec![0.0; numbers.fibres()],
    };
    for e in (0..graph.edges.len()).filter(|&e| graph.edges[e].alive) {
        surface.inscribed[numbers.fibre[e]] = struts[e].radius;
    }
    // Axis of an edge as it leaves one of its ends.
    let ray = |e: usize, end: usize| -> (Point, Point) {
        let from = graph.centre_of_end(&graph.edges[e], end);
        let strut = &struts[e];
        let n = strut.course.curve.knots.len();
        let i = if end == 0 { strut.clear.start } else { strut.clear.end.saturating_sub(1) };
        let to = strut.course.curve.knots.get(i.min(n.saturating_sub(1))).copied().unwrap_or(from);
        (from, unit(sub(to, from)))
    };
    let rays: Vec<[(Point, Point); 2]> = (0..graph.edges.len())
        .map(|e| if graph.edges[e].alive { [ray(e, 0), ray(e, 1)] } else { [([0.0; 3], [1.0, 0.0, 0.0]); 2] })
        .collect();
    let crowded: Vec<bool> = (0..graph.vertices.len()).map(|v| graph.degree(v) > CROWDED).collect();
    // The face near a node, and the area of one around the middle of a fibre with its distance from the axis.
    let look = |face: Face| {
        let mut best: Option<Around> = None;
        let mut behind: Option<Around> = None;
        let mut middle = None;
        let mut near = |e: usize, end: usize, p: Point| {
            let v = graph.edges[e].ends[end];
            let (from, along) = rays[e][end];
            let d = sub(p, from);
            let (reach, s) = (norm(d), dot(d, along));
            if reach >= FAR * graph.vertices[v].radius {
                return;
            }
            let off = if s > 0.0 { norm(sub(d, scale(along, s))) } else { reach };
            let seen = if s > 0.0 { &mut best } else { &mut behind };
            if seen.is_none_or(|b| off < f64::from(b.across)) {
                *seen = Some(Around {
                    node: numbers.node[v] as u32,
                    fibre: if s > 0.0 { numbers.fibre[e] as u32 } else { BEHIND },
                    from: d.map(|d| d as f32),
                    across: off as f32,
                    area: face.area as f32,
                });
            }
        };
        match face.home {
            Home::Edge(e, k) => {
                for end in 0..2 {
                    if graph.vertices[graph.edges[e].ends[end]].kind == Kind::Junction {
                        near(e, end, face.at);
                    }
                }
                let strut = &struts[e];
                let n = strut.course.curve.knots.len();
                let guess = (k + 1) * n / (graph.edges[e].path.len() + 2);
                let clear = &strut.clear;
                let quarter = clear.len() / 4;
                if let Some((s, off)) = strut.course.curve.project(face.at, guess, 4 + n / 8) {
                    let knot = s / strut.course.step().max(f64::MIN_POSITIVE);
                    if knot >= (clear.start + quarter) as f64 && knot <= (clear.end - quarter) as f64 {
                        middle = Some((numbers.fibre[e], off, face.area));
                    }
                }
            }
            // Each of its faces is compared with every fibre at it.
            Home::Vertex(v) if graph.vertices[v].kind == Kind::Junction && !crowded[v] => {
                for e in graph.edges_at(v) {
                    // Seen from an end in another frame only where the box is periodic: left out there.
                    let edge = &graph.edges[e];
                    let end = usize::from(edge.ends[0] != v);
                    if end == 0 || edge.image == [0; 3] {
                        near(e, end, face.at);
                    }
                }
            }
            Home::Vertex(_) => {}
        }
        (best.or(behind), middle)
    };
    let seen: Vec<Vec<_>> =
        weights.par_chunks(FACES).map(|part| faces(part, graph, owners, solid).map(look).collect()).collect();
    for (best, middle) in seen.into_iter().flatten() {
        surface.around.extend(best);
        if let Some((fibre, off, area)) = middle {
            let middle = &mut surface.middle[fibre];
            middle.0 += off * area;
            middle.1 += area;
        }
    }
    surface
}
