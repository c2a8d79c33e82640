//! What each voxel and each face of the surface belongs to.

use foamflux_grid::Volume;
use foamflux_voxel::surface::FaceWeight;
use rayon::prelude::*;

use super::balls::{balls, in_reach};
use super::build::Numbers;
use super::zones::{self, Around, Reach, Surface};
use super::{CROWDED, Network, Zones};
use crate::graph::{Graph, Kind};
use crate::owner::{Home, NOBODY, Owners};
use crate::struts::{self, Strut, smallest_edge, voxel_volume};
use crate::vector::{Point, dot, norm, scale, sub, unit};

/// Solid within this many inscribed radii of the skeleton is strut-like.
const STRUT_REACH: f64 = 2.0;

/// Parts of the box that are tagged side by side.
const PARTS: usize = 16;
/// Faces that are looked at together.
const FACES: usize = 1 << 14;

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

/// A face of the solid's surface: where it is, what it belongs to, its true area.
struct Face {
    /// Index of the solid voxel.
    voxel: usize,
    /// Centre of the face in the frame of its owner.
    at: Point,
    home: Home,
    area: f64,
}

/// Faces with an owner. In the order of their voxels, so that sums do not depend on threads.
fn faces<'a>(
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
fn equivalents(network: &Network, graph: &Graph<'_>, numbers: &Numbers, struts: &[Strut]) -> Vec<Option<f64>> {
    let mut radii = vec![None; network.fibres.len()];
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
    network: &Network,
    graph: &Graph<'_>,
    numbers: &Numbers,
    struts: &[Strut],
    weights: &[FaceWeight],
    owners: &Owners,
    solid: &Volume<bool>,
) -> Surface {
    /// Faces farther from a node than this many of its radii say nothing about it.
    const FAR: f64 = 3.0;
    let mut surface = Surface {
        middle: vec![(0.0, 0.0); network.fibres.len()],
        equivalent: equivalents(network, graph, numbers, struts),
        around: Vec::new(),
    };
    // Axis of an edge as it leaves one of its ends.
    let ray = |e: usize, end: usize| -> (Point, Point) {
        let from = graph.centre_of_end(&graph.edges[e], end);
        let strut = &struts[e];
        let n = strut.course.curve.knots.len();
        let i = if end == 0 { strut.clear.start } else { strut.clear.end.saturating_sub(1) };
        let to = strut.course.curve.knots.get(i.min(n.saturating_sub(1))).copied().unwrap_or(from);
        (from, unit(sub(to, from)))
    };
    let across = |p: Point, (from, along): (Point, Point)| -> (f64, f64, f64) {
        let d = sub(p, from);
        let s = dot(d, along);
        (norm(d), s, norm(sub(d, scale(along, s))))
    };
    let rays: Vec<[(Point, Point); 2]> = (0..graph.edges.len())
        .map(|e| if graph.edges[e].alive { [ray(e, 0), ray(e, 1)] } else { [([0.0; 3], [1.0, 0.0, 0.0]); 2] })
        .collect();
    let crowded: Vec<bool> = (0..graph.vertices.len()).map(|v| graph.degree(v) > CROWDED).collect();
    // The face near a node, and the area of one around the middle of a fibre with its distance from the axis.
    let look = |face: Face| {
        let mut best: Option<Around> = None;
        let mut middle = None;
        let mut near = |e: usize, end: usize, p: Point| {
            let node = numbers.node[graph.edges[e].ends[end]];
            let (reach, s, off) = across(p, rays[e][end]);
            let nearer = best.is_none_or(|b| off < f64::from(b.across));
            if s > 0.0 && nearer && reach < FAR * network.nodes[node].radius {
                best = Some(Around {
                    node: node as u32,
                    fibre: numbers.fibre[e] as u32,
                    reach: reach as f32,
                    across: off as f32,
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
        (best, middle)
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
