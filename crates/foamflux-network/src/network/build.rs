//! The way from a mask to its network.

use foamflux_grid::{Event, Stage, Volume, Watch};
use foamflux_voxel::surface;
use rayon::prelude::*;

use super::measure::measure;
use super::surface::survey;
use super::tagging::{add_faces, tag};
use super::{
    Fibre, FibreKind, Network, Node, NodeKind, Parameters, ProfilePoint, Section, Steps, Zones, fit, places, zones,
};
use crate::axis::{Bit, Course, Curve};
use crate::graph::{Graph, Kind};
use crate::owner::{Home, NOBODY, Owners};
use crate::prune::{Limits, Pruned, contract, prune};
use crate::skeleton::skeleton;
use crate::struts::{self, Strut, gather, smallest_edge, voxel_volume};
use crate::vector::{Point, add, distance, dot, scale, sub, unit};
use crate::{NetworkError, Sides};

/// Two junctions whose refined places are closer than this share of the larger inscribed radius are one node: the axes
/// of all their struts meet in one point.
const SAME_PLACE: f64 = 0.5;
/// So are two whose axes all pass one point at less than this share of the thinnest strut's radius, which is known well
/// even where struts at small angles put the places of the two far apart.
const ONE_POINT: f64 = 0.5;
/// Rounds of finding axes, merging by them and pruning anew.
const ROUNDS: usize = 3;
/// Above this share of debris it is worth a word.
const DEBRIS: f64 = 0.05;
/// Fibres thinner than this many voxels are rough.
const THIN: f64 = 4.0;
/// Below this share of strut-like solid the result is doubtful.
const STRUT_LIKE: f64 = 0.8;

impl Network {
    /// Whether enough of the solid runs along struts for nodes and fibres to mean something.
    #[must_use]
    pub fn is_strut_like(&self) -> bool {
        self.strut_like >= STRUT_LIKE
    }

    /// The network of the true voxels.
    ///
    /// Memory at the peak: about 20 bytes per voxel of the box and 60 per solid voxel.
    ///
    /// # Errors
    /// [`NetworkError`]: parameters out of range, too many voxels, cancelled.
    pub fn find(solid: &Volume<bool>, parameters: &Parameters, watch: &dyn Watch) -> Result<Network, NetworkError> {
        parameters.check()?;
        let begin = |what: &str| watch.event(Event::Started { stage: Stage::Tag, what: what.to_owned() });
        let stop = || if watch.cancelled() { Err(NetworkError::Cancelled) } else { Ok(()) };

        begin("skeleton");
        let skeleton = skeleton(solid, parameters.sides, watch)?;
        stop()?;
        begin("graph");
        let mut graph = Graph::trace(&skeleton);
        let raw = [graph.vertices.iter().filter(|v| v.kind == Kind::Junction).count(), graph.edges.len()];
        let limits = Limits { spur: parameters.spur, merge: parameters.merge };
        let mut pruned = prune(&mut graph, limits);
        stop()?;
        let mut round = 0;
        let (owners, bits, struts) = loop {
            begin("which voxel belongs to which curve");
            let mut owners = Owners::new(&graph, solid);
            stop()?;
            begin("axes of fibres");
            let bits = gather(&graph, &owners, solid);
            let mut struts = struts::struts(&graph, &bits);
            pruned.merged += unite(&mut graph, &mut owners, &bits, &mut struts);
            round += 1;
            if round == ROUNDS {
                break (owners, bits, struts);
            }
            // Seen from a larger node, what stood out may be a spur.
            let edges = graph.edges.len();
            let again = prune(&mut graph, limits);
            // Curves that were joined count as well: their struts are not known yet.
            if again == Pruned::default() && graph.edges.len() == edges {
                break (owners, bits, struts);
            }
            pruned = pruned.and(again);
        };
        places::settle(&mut graph, &struts);
        stop()?;

        begin("surface and balls of nodes");
        let numbers = Numbers::new(&graph);
        let weights = if numbers.fibres() == 0 { Vec::new() } else { surface::weights(solid) };
        let mut surface = survey(&graph, &numbers, &struts, &weights, &owners, solid);
        let balls = fit::fit(&mut graph, &numbers, &struts, &mut surface);
        stop()?;

        begin("nodes and fibres");
        let mut network =
            Assembly { graph: &graph, bits: &bits, struts: &struts, numbers: &numbers }.network(parameters.sides);
        network.steps = Steps {
            skeleton_voxels: skeleton.voxels.len(),
            raw,
            wings: skeleton.wings,
            fringe: pruned.fringe,
            spurs: pruned.spurs,
            merged: pruned.merged,
        };
        network.topology = skeleton.topology;
        drop(bits);
        begin("node zones");
        let reach = zones::reach(&network, parameters.zone, &surface, &balls, smallest_edge(&graph));
        drop(surface);
        tag(&mut network, &graph, &owners, &numbers, solid, reach);
        add_faces(&mut network, &numbers, &weights, &graph, &owners, solid);
        drop(weights);
        for fibre in &mut network.fibres {
            measure(fibre, &network.nodes, smallest_edge(&graph));
        }
        network.debris_share = debris(&network, voxel_volume(&graph));
        if network.debris_share > 0.0 {
            network.debris = debris_voxels(&network, &graph, &owners, &numbers);
        }
        warn(&mut network, solid, watch);
        Ok(network)
    }
}

/// Merges junctions whose struts meet in one point.
fn unite(graph: &mut Graph<'_>, owners: &mut Owners, bits: &[Vec<Bit>], struts: &mut [Strut]) -> usize {
    /// Each round merges every node at most once, so nodes of a thousand forks are done; noise need not end at all.
    const ROUNDS: usize = 12;
    let mut merged = 0;
    for _ in 0..ROUNDS {
        let places = places::all(graph, struts);
        let mut pairs: Vec<(f64, usize)> = Vec::new();
        for (e, edge) in graph.edges.iter().enumerate().filter(|(_, e)| e.alive) {
            let [a, b] = edge.ends;
            if a == b || [a, b].iter().any(|&v| graph.vertices[v].kind != Kind::Junction) {
                continue;
            }
            let by = graph.shift(edge.image);
            let second: Point = std::array::from_fn(|k| places[b][k] + f64::from(by[k]) * graph.spacing[k]);
            let radius = graph.vertices[a].radius.max(graph.vertices[b].radius);
            let apart = distance(places[a], second) / radius;
            let together = joint(graph, struts, e).unwrap_or(f64::INFINITY);
            if apart < SAME_PLACE || together < ONE_POINT {
                pairs.push((apart.min(together), e));
            }
        }
        if pairs.is_empty() {
            return merged;
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut touched = vec![false; graph.vertices.len()];
        let mut gone = vec![None; graph.edges.len()];
        for (_, e) in pairs {
            let ends = graph.edges[e].ends;
            if graph.edges[e].alive && ends[0] != ends[1] && !ends.iter().any(|&v| touched[v]) {
                touched[ends[0]] = true;
                touched[ends[1]] = true;
                let alive: Vec<usize> = graph.edges_at(ends[0]).chain(graph.edges_at(ends[1])).collect();
                contract(graph, e);
                merged += 1;
                for e in alive.into_iter().filter(|&e| !graph.edges[e].alive) {
                    gone[e] = Some(ends[0]);
                }
                gone[e] = Some(ends[0]);
            }
        }
        rehome(graph, owners, &gone);
        let again: Vec<usize> = (0..graph.edges.len())
            .filter(|&e| graph.edges[e].alive && graph.edges[e].ends.iter().any(|&v| touched[v]))
            .collect();
        let fresh: Vec<(usize, Strut)> =
            again.into_par_iter().map(|e| (e, struts::again(graph, e, &bits[e]))).collect();
        for (e, strut) in fresh {
            struts[e] = strut;
        }
    }
    merged
}

/// How far the axes of the struts at the two ends of an edge, other than that edge, miss the one point that fits them
/// best, in radii of the thinnest of them; `None` where that says nothing: fewer than four axes, or a point that is far from either end.
fn joint(graph: &Graph<'_>, struts: &[Strut], e: usize) -> Option<f64> {
    let edge = &graph.edges[e];
    let [a, b] = edge.ends;
    let by = graph.shift(edge.image);
    let shift: Point = std::array::from_fn(|k| f64::from(by[k]) * graph.spacing[k]);
    let mut lines = struts::lines_at(graph, struts, a, Some(b));
    let first = lines.len();
    lines.extend(struts::lines_at(graph, struts, b, Some(a)).into_iter().map(|mut l| {
        l.at = add(l.at, shift);
        l
    }));
    if first < 2 || lines.len() < first + 2 {
        return None;
    }
    let ends = [graph.centre_of_end(edge, 0), graph.centre_of_end(edge, 1)];
    let p = struts::meet(&lines, crate::vector::mix(ends[0], ends[1], 0.5), struts::HOLD);
    let near = [a, b].iter().zip(ends).all(|(&v, c)| distance(p, c) <= places::ASTRAY * graph.vertices[v].radius);
    let thinnest = [a, b]
        .iter()
        .flat_map(|&v| graph.edges_at(v))
        .filter(|&o| graph.edges[o].ends != edge.ends)
        .map(|o| struts[o].radius)
        .fold(f64::INFINITY, f64::min);
    near.then(|| lines.iter().map(|l| struts::off(l, p)).fold(0.0, f64::max) / thinnest.max(f64::MIN_POSITIVE))
}

/// Gives the elements of edges that became part of a node to that node. Frames of what moved are mended by place: the
/// element's box coordinates do not change, and of nodes nothing but those is used.
fn rehome(graph: &Graph<'_>, owners: &mut Owners, gone: &[Option<usize>]) {
    let mut target: Vec<Option<usize>> = vec![None; graph.vertices.len()];
    for (v, vertex) in graph.vertices.iter().enumerate().filter(|(_, v)| v.alive) {
        for &p in &vertex.voxels {
            let i = graph.pad().unpadded(graph.pad().wrap(p));
            let e = owners.of[i];
            if e != NOBODY {
                let element = &mut owners.elements[e as usize];
                if let Home::Vertex(old) = element.home {
                    target[old] = Some(v);
                }
                element.home = Home::Vertex(v);
                element.framed = p;
            }
        }
    }
    for element in &mut owners.elements {
        match element.home {
            Home::Vertex(v) => {
                if let Some(to) = target[v] {
                    element.home = Home::Vertex(to);
                }
            }
            Home::Edge(e, _) => {
                if let Some(to) = gone[e] {
                    element.home = Home::Vertex(to);
                }
            }
        }
    }
}

/// Numbers of living vertices and edges among nodes and fibres.
pub(super) struct Numbers {
    pub(super) node: Vec<usize>,
    pub(super) fibre: Vec<usize>,
}

impl Numbers {
    fn new(graph: &Graph<'_>) -> Self {
        let number = |alive: &mut dyn Iterator<Item = bool>| {
            let mut next = 0;
            alive
                .map(|a| {
                    next += usize::from(a);
                    if a { next - 1 } else { usize::MAX }
                })
                .collect()
        };
        Numbers {
            node: number(&mut graph.vertices.iter().map(|v| v.alive)),
            fibre: number(&mut graph.edges.iter().map(|e| e.alive)),
        }
    }

    pub(super) fn fibres(&self) -> usize {
        self.fibre.iter().filter(|&&f| f != usize::MAX).count()
    }

    pub(super) fn nodes(&self) -> usize {
        self.node.iter().filter(|&&n| n != usize::MAX).count()
    }
}

struct Assembly<'a, 'g> {
    graph: &'a Graph<'g>,
    bits: &'a [Vec<Bit>],
    struts: &'a [Strut],
    numbers: &'a Numbers,
}

impl Assembly<'_, '_> {
    fn network(&self, sides: Sides) -> Network {
        let graph = self.graph;
        let mask = &graph.skeleton.mask;
        let n = graph.pad().n;
        let box_size = std::array::from_fn(|k| n[k] as f64 * graph.spacing[k]);
        let nodes = (0..graph.vertices.len()).filter(|&v| graph.vertices[v].alive).map(|v| self.node(v, box_size));
        let edges: Vec<usize> = (0..graph.edges.len()).filter(|&e| graph.edges[e].alive).collect();
        Network {
            box_size,
            sides,
            nodes: nodes.collect(),
            fibres: edges.into_par_iter().map(|e| self.fibre(e, box_size)).collect(),
            tags: mask.map(|_| 0),
            topology: None,
            zones: Zones {
                rule: super::ZoneRule::Swelling,
                factor: None,
                swelling: None,
                from_profile: false,
                influence: Vec::new(),
            },
            steps: Steps { skeleton_voxels: 0, raw: [0; 2], wings: 0, fringe: 0, spurs: 0, merged: 0 },
            solid_voxels: 0,
            strut_like: 1.0,
            debris_share: 0.0,
            debris: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn node(&self, v: usize, box_size: Point) -> Node {
        let vertex = &self.graph.vertices[v];
        let periodic = self.graph.pad().periodic;
        let near = |k: usize| vertex.centre[k] < vertex.radius || vertex.centre[k] > box_size[k] - vertex.radius;
        let position =
            if periodic { std::array::from_fn(|k| vertex.centre[k].rem_euclid(box_size[k])) } else { vertex.centre };
        Node {
            kind: match vertex.kind {
                Kind::Junction => NodeKind::Junction,
                Kind::End => NodeKind::DeadEnd,
                Kind::Cut => NodeKind::Cut,
                Kind::Seam => NodeKind::Seam,
                Kind::Lone => NodeKind::Isolated,
            },
            position,
            radius: vertex.radius,
            zone_radius: 0.0,
            coordination: self.graph.degree(v),
            at_border: !periodic && (0..3).any(|k| self.graph.pad().n[k] > 1 && near(k)),
            volume: 0.0,
        }
    }

    fn fibre(&self, e: usize, box_size: Point) -> Fibre {
        let graph = self.graph;
        let edge = &graph.edges[e];
        let curve = self.axis(e, box_size);
        let course = Course::new(curve, &self.bits[e], voxel_volume(graph), smallest_edge(graph));
        let knots = &course.curve.knots;
        let (first, last) = (knots[0], knots[knots.len() - 1]);
        let profile = (0..knots.len())
            .map(|i| ProfilePoint {
                arc: course.curve.arc[i],
                position: knots[i],
                area: course.area(i),
                inscribed: course.inscribed(i),
            })
            .collect();
        let kinds = edge.ends.map(|v| graph.vertices[v].kind);
        let kind = if kinds.contains(&Kind::Cut) {
            FibreKind::Cut
        } else if kinds == [Kind::Junction; 2] {
            FibreKind::Whole
        } else if kinds.contains(&Kind::Junction) {
            FibreKind::DeadEnd
        } else {
            FibreKind::Free
        };
        // A node's image by its position in the box, which the frame of the vertex may be outside of.
        let turns = |v: usize| -> [i32; 3] {
            let c = graph.vertices[v].centre;
            std::array::from_fn(|k| if graph.pad().periodic { (c[k] / box_size[k]).floor() as i32 } else { 0 })
        };
        let (t0, t1) = (turns(edge.ends[0]), turns(edge.ends[1]));
        let mut direction = unit(sub(last, first));
        if direction[2] < 0.0
            || direction[2] == 0.0 && (direction[1] < 0.0 || direction[1] == 0.0 && direction[0] < 0.0)
        {
            direction = scale(direction, -1.0);
        }
        let middle = self.struts[e].clear.clone();
        Fibre {
            kind,
            nodes: edge.ends.map(|v| self.numbers.node[v]),
            image: std::array::from_fn(|k| edge.image[k] + t1[k] - t0[k]),
            length: course.curve.length(),
            chord: distance(first, last),
            direction,
            diameter: 0.0,
            diameter_mean: 0.0,
            diameter_min: 0.0,
            diameter_inscribed: 2.0 * self.struts[e].radius,
            flatness: flatness(&course, middle),
            section: Section::Unknown,
            own: [0.0; 2],
            has_own_part: false,
            grazes: middle_grazes(graph, &course, self.struts[e].radius),
            volume: 0.0,
            surface: 0.0,
            profile,
        }
    }

    /// The final axis: the strut's own between its clear knots, straight from there to the nodes, on to the face of the
    /// box where it is cut, and to the tip where it ends.
    fn axis(&self, e: usize, box_size: Point) -> Curve {
        let graph = self.graph;
        let edge = &graph.edges[e];
        let strut = &self.struts[e];
        let knots = &strut.course.curve.knots;
        let clear = strut.clear.start.min(knots.len())..strut.clear.end.min(knots.len());
        // A curve that the balls of its ends cover is all that is known of its fibre.
        let bare = if clear.is_empty() { struts::raw_curve(graph, e).smoothed(strut.radius).knots } else { Vec::new() };
        let own =
            if clear.is_empty() { bare.get(1..bare.len().saturating_sub(1)).unwrap_or(&[]) } else { &knots[clear] };
        let ends = [graph.centre_of_end(edge, 0), graph.centre_of_end(edge, 1)];
        let mut points = Vec::with_capacity(own.len() + 2);
        let tangent = |end: usize| -> Point {
            let n = own.len();
            if n < 2 {
                return unit(sub(ends[end], ends[1 - end]));
            }
            let back = (strut.radius / strut.course.step().max(f64::MIN_POSITIVE)) as usize;
            let back = back.clamp(1, n - 1);
            if end == 0 { unit(sub(own[0], own[back])) } else { unit(sub(own[n - 1], own[n - 1 - back])) }
        };
        let outer = |end: usize| -> Point {
            let v = &graph.vertices[edge.ends[end]];
            let from = if own.is_empty() {
                ends[end]
            } else if end == 0 {
                own[0]
            } else {
                own[own.len() - 1]
            };
            let t = tangent(end);
            match v.kind {
                Kind::Cut => to_face(from, t, box_size, ends[end]),
                Kind::End => {
                    // To its farthest voxel along the axis; of voxels over a round tip that is a third short of it.
                    let tip = self.bits[e].iter().map(|b| dot(sub(b.p, from), t)).fold(v.radius, f64::max);
                    add(from, scale(t, tip + smallest_edge(graph) / 3.0))
                }
                _ => ends[end],
            }
        };
        points.push(outer(0));
        points.extend_from_slice(own);
        points.push(outer(1));
        Curve::new(points).resampled(smallest_edge(graph))
    }
}

/// Whether a face of the box cuts the fibre lengthwise: half of its knots or more have a section that it cuts.
fn middle_grazes(graph: &Graph<'_>, course: &Course, radius: f64) -> bool {
    let knots = &course.curve.knots;
    2 * knots.iter().filter(|&&p| struts::grazes(graph, p, radius)).count() >= knots.len()
}

/// Where a line from inside of the box leaves it, if that is near the voxel on the face; else the voxel.
fn to_face(from: Point, t: Point, box_size: Point, voxel: Point) -> Point {
    let mut reach = f64::INFINITY;
    for k in 0..3 {
        if t[k] > 0.0 {
            reach = reach.min((box_size[k] - from[k]) / t[k]);
        } else if t[k] < 0.0 {
            reach = reach.min(-from[k] / t[k]);
        }
    }
    let way = distance(from, voxel);
    if reach.is_finite() && reach >= 0.0 && reach <= 2.0 * way + box_size.iter().fold(0.0, |m: f64, &b| m.max(b)) * 0.01
    {
        add(from, scale(t, reach))
    } else {
        voxel
    }
}

/// Thickness over width of the sections between two knots.
fn flatness(course: &Course, range: std::ops::Range<usize>) -> f64 {
    let mut m = [[0.0; 3]; 3];
    for slice in course.slices.get(range).unwrap_or(&[]) {
        for k in 0..3 {
            for l in 0..3 {
                m[k][l] += slice.moments[k][l];
            }
        }
    }
    // The smallest moment is that along the axis.
    let (values, _) = crate::vector::eigen(m);
    if values[2] > 0.0 { (values[1] / values[2]).max(0.0).sqrt() } else { 1.0 }
}

/// Share of the solid in bodies that are no network.
fn debris(network: &Network, voxel: f64) -> f64 {
    // A box full of solid is one body without a surface.
    if network.solid_voxels == 0 || network.solid_voxels == network.tags.shape().len() {
        return 0.0;
    }
    let fibres = network.fibres.iter().filter(|f| f.is_debris()).fold(0.0, |sum, f| sum + f.volume);
    let lone = network.nodes.iter().filter(|n| n.kind == NodeKind::Isolated).fold(0.0, |sum, n| sum + n.volume);
    ((fibres + lone) / (network.solid_voxels as f64 * voxel)).min(1.0)
}

/// Voxels of bodies that are no network, ascending.
fn debris_voxels(network: &Network, graph: &Graph<'_>, owners: &Owners, numbers: &Numbers) -> Vec<u32> {
    let is_debris = |owner: u32| {
        owner != NOBODY && {
            let element = owners.elements[owner as usize];
            match (struts::home_edge(graph, element), element.home) {
                (Some((e, ..)), _) => network.fibres[numbers.fibre[e]].is_debris(),
                (None, Home::Vertex(v)) => network.nodes[numbers.node[v]].kind == NodeKind::Isolated,
                (None, Home::Edge(..)) => false,
            }
        }
    };
    (0..owners.of.len()).filter(|&i| is_debris(owners.of[i])).map(|i| i as u32).collect()
}

fn warn(network: &mut Network, solid: &Volume<bool>, watch: &dyn Watch) {
    let mut say = |text: String| {
        watch.event(Event::Warning(text.clone()));
        network.warnings.push(text);
    };
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    if network.solid_voxels == 0 {
        say("there is no solid (labels 1, 2, 4): the network is empty".to_owned());
        return;
    }
    if network.solid_voxels == solid.shape().len() {
        say("the whole box is solid: there is no pore that would give struts a surface, and so no network".to_owned());
        return;
    }
    if network.strut_like < STRUT_LIKE {
        say(format!(
            "only {} of the solid lies within two inscribed radii of its skeleton: the structure is made of plates or \
             blocks rather than struts, and node and fibre numbers mean little",
            percent(network.strut_like)
        ));
    }
    let most = network.nodes.iter().map(|n| n.coordination).max().unwrap_or(0);
    if most > super::CROWDED {
        say(format!(
            "{most} fibres meet in one node: the solid is speckle or a block with holes rather than struts, and node and \
             fibre numbers mean little; denoise the image or clean the segmentation (--min-solid, --fill-holes)"
        ));
    }
    if network.debris_share > DEBRIS {
        say(format!(
            "{} of the solid is in loose bodies shorter than twice their diameter: clean the segmentation (--min-solid) \
             if that is noise",
            percent(network.debris_share)
        ));
    }
    if !network.nodes.iter().any(|n| n.kind == NodeKind::Junction) {
        say("no node was found: nowhere do three or more fibres meet".to_owned());
        return;
    }
    let mut diameters: Vec<f64> = network.fibres.iter().filter(|f| f.has_section()).map(|f| f.diameter).collect();
    diameters.sort_by(f64::total_cmp);
    let voxels = diameters.get(diameters.len() / 2).copied().unwrap_or(0.0) / solid.spacing().min_edge();
    if voxels < THIN {
        say(format!(
            "fibres are {voxels:.1} voxels thick (median): below {THIN:.0} voxels diameters and node zones are rough"
        ));
    }
    if network.zones.rule == super::ZoneRule::Swelling && !network.zones.from_profile {
        say(format!(
            "the shape does not show where nodes end (node to strut radius {:.2}): their zones are assumed to reach {} \
             strut diameters; give --node-factor or --node-lambda to set it",
            network.zones.swelling.unwrap_or(1.0),
            super::FALLBACK_LAMBDA
        ));
    }
}
