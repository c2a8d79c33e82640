//! Scores a network against a foam's exact graph.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

pub(crate) mod diagnose;
pub(crate) mod mats;

use foamflux_grid::{LabelSet, Labels, Shape, Silent, Volume, VoxelSize, VoxelSizeSource};
use foamflux_hosts::Graph;
use foamflux_hosts::foam::{Arrangement, Boundary, StrutFoam};
use foamflux_hosts::rods::{Section, Swelling};
use foamflux_network::{Network, NodeKind, Parameters, ZoneRule};

pub(crate) const MICRON: f64 = 1e-6;

/// A foam drawn with voxels of one micron.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Voxels per edge.
    pub(crate) n: usize,
    /// Strut diameter in voxels.
    pub(crate) diameter: f64,
    /// Node radius over strut radius: balls at the ends of straight struts, or the end of a swelling.
    pub(crate) swelling: f64,
    /// Length over which the swelling fades, in strut radii; zero is a plain ball.
    pub(crate) fade: f64,
    pub(crate) section: Section,
    /// Height after over height before pressing.
    pub(crate) compression: f64,
    /// Cell size in voxels.
    pub(crate) cell: f64,
    pub(crate) arrangement: Arrangement,
    pub(crate) zone: ZoneRule,
}

impl Case {
    /// Round struts with balls of one and a half radii at the nodes.
    pub(crate) const fn round(
        name: &'static str,
        n: usize,
        diameter: f64,
        cell: f64,
        arrangement: Arrangement,
    ) -> Self {
        Case {
            name,
            n,
            diameter,
            swelling: 1.5,
            fade: 0.0,
            section: Section::Round,
            compression: 1.0,
            cell,
            arrangement,
            zone: ZoneRule::Swelling,
        }
    }

    /// Without swelling the shape does not show where nodes end: the factor is given.
    pub(crate) const fn plain(self, name: &'static str) -> Self {
        Case { name, swelling: 1.0, zone: ZoneRule::StrutDiameter(0.75), ..self }
    }

    /// Radius of the node zone of the truth: the ball of the node, without one 1.5 strut radii.
    pub(crate) fn zone_radius(&self) -> f64 {
        0.5 * self.diameter * if self.swelling > 1.0 { self.swelling } else { 1.5 } * MICRON
    }
}

pub(crate) fn foam(case: &Case, seed: u64) -> (Graph, Labels) {
    let fading = case.fade > 0.0;
    let parameters = StrutFoam {
        arrangement: case.arrangement,
        cell_size_m: case.cell * MICRON,
        boundary: Boundary::Open,
        diameter_m: case.diameter * MICRON,
        section: case.section,
        swelling: if fading { Swelling { ratio: case.swelling, length: case.fade } } else { Swelling::NONE },
        node_ratio: if fading { 1.0 } else { case.swelling },
        hollow: 0.0,
        compression: case.compression,
        broken: 0.0,
        gap: 1.0,
        debris: 0.0,
        debris_diameter_m: 1e-6,
        grade: 0.0,
    };
    let model = parameters.generate([case.n as f64 * MICRON; 3], seed).unwrap();
    let size = VoxelSize::known([MICRON; 3], VoxelSizeSource::Generator).unwrap();
    let mask = foamflux_hosts::mask(Shape::cube(case.n).unwrap(), size, &model.rods.solid());
    let labels = truth_tags(&model.graph, &mask, case.zone_radius());
    (model.graph, labels)
}

/// Solid within `zone` of a node of the foam is node.
pub(crate) fn truth_tags(foam: &Graph, mask: &Volume<bool>, zone: f64) -> Labels {
    let mut tags = mask.map(|&m| u8::from(m));
    let shape = mask.shape();
    let s = mask.spacing();
    let edges = [s.x, s.y, s.z];
    let n = [shape.x, shape.y, shape.z];
    for node in &foam.nodes {
        let c = node.position_m;
        let range = |k: usize| {
            let low = ((c[k] - zone) / edges[k] - 0.5).ceil().max(0.0) as usize;
            let high = (((c[k] + zone) / edges[k] - 0.5).floor() + 1.0).clamp(0.0, n[k] as f64) as usize;
            low..high
        };
        for z in range(2) {
            for y in range(1) {
                for x in range(0) {
                    let p = [(x as f64 + 0.5) * edges[0], (y as f64 + 0.5) * edges[1], (z as f64 + 0.5) * edges[2]];
                    let tag = &mut tags.as_mut_slice()[shape.index(z, y, x)];
                    if *tag == 1 && distance(p, c) <= zone {
                        *tag = 2;
                    }
                }
            }
        }
    }
    Labels::new(tags).unwrap()
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Score {
    pub(crate) recall: f64,
    pub(crate) recall_clear: f64,
    pub(crate) precision: f64,
    pub(crate) precision_clear: f64,
    pub(crate) degree: f64,
    pub(crate) degree_clear: f64,
    /// Mean distance in voxels.
    pub(crate) position: f64,
    pub(crate) position_clear: f64,
    /// Median relative errors.
    pub(crate) diameter: f64,
    /// Inscribed diameter against that of the section.
    pub(crate) inscribed: f64,
    pub(crate) length: f64,
    pub(crate) length_spread: f64,
    pub(crate) fibres: usize,
    pub(crate) nodes: usize,
    pub(crate) clear: usize,
    pub(crate) f1: f64,
    pub(crate) f1_whole: f64,
    pub(crate) share: [f64; 2],
    /// Node voxels that were missed beside found nodes and beside missed ones; fibre voxels tagged node beside true
    /// nodes and beside false ones; each over the true node voxels.
    pub(crate) wrong: [f64; 4],
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
}

fn median(mut v: Vec<f64>) -> f64 {
    v.sort_by(f64::total_cmp);
    v.get(v.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn find(labels: &Labels, zone: ZoneRule, merge: f64) -> Network {
    let solid = labels.mask(LabelSet::SOLID);
    Network::find(&solid, &Parameters { zone, merge, ..Parameters::default() }, &Silent).unwrap()
}

/// F1 of node voxels.
/// Voxels nearer than `margin` to a face of the box do not count.
pub(crate) fn f1(truth: &Volume<u8>, tags: &Volume<u8>, margin: usize) -> (f64, [f64; 2]) {
    let n = truth.shape().zyx();
    let (mut both, mut one, mut other, mut solid) = (0.0, 0.0, 0.0, 0.0);
    for (i, (&t, &g)) in truth.as_slice().iter().zip(tags.as_slice()).enumerate() {
        let (z, y, x) = truth.shape().zyx_of(i);
        if [z, y, x].iter().zip(n).any(|(&v, n)| v < margin || v + margin >= n) {
            continue;
        }
        solid += f64::from(u8::from(t > 0));
        one += f64::from(u8::from(t == 2));
        other += f64::from(u8::from(g == 2));
        both += f64::from(u8::from(t == 2 && g == 2));
    }
    (2.0 * both / (one + other), [one / solid, other / solid])
}

/// Which node of the network is which node of the foam.
pub(crate) struct Matching {
    /// Nodes of the foam whose struts stand apart and that do not overlap others.
    pub(crate) clear: Vec<bool>,
    /// Unit vectors along the struts at each node of the foam, with the node at their other end.
    pub(crate) arms: Vec<Vec<([f64; 3], usize)>>,
    /// Distance and number of the node of the network.
    pub(crate) of_truth: Vec<Option<(f64, usize)>>,
    /// Number of the node of the foam.
    pub(crate) of_found: Vec<Option<usize>>,
    /// Junctions of the network.
    pub(crate) found: Vec<usize>,
}

/// One to one, nearest first.
pub(crate) fn matching(foam: &Graph, network: &Network, case: &Case) -> Matching {
    let radius = 0.5 * case.diameter * case.swelling * MICRON;
    let truth = &foam.nodes;
    let mut arms: Vec<Vec<([f64; 3], usize)>> = vec![Vec::new(); truth.len()];
    for s in &foam.struts {
        let l = s.length_m;
        let d: [f64; 3] = std::array::from_fn(|k| (s.end_m[k] - s.start_m[k]) / l);
        arms[s.nodes[0]].push((d, s.nodes[1]));
        arms[s.nodes[1]].push((d.map(|v| -v), s.nodes[0]));
    }
    let clear: Vec<bool> = (0..truth.len())
        .map(|i| {
            let a = &arms[i];
            let angles = (0..a.len())
                .all(|p| (0..p).all(|q| (0..3).map(|k| a[p].0[k] * a[q].0[k]).sum::<f64>() < 30f64.to_radians().cos()));
            let apart = truth
                .iter()
                .enumerate()
                .all(|(j, t)| i == j || distance(truth[i].position_m, t.position_m) > 2.0 * radius);
            angles && apart
        })
        .collect();
    let found: Vec<usize> = (0..network.nodes.len()).filter(|&i| network.nodes[i].kind == NodeKind::Junction).collect();
    let mut pairs = Vec::new();
    let reach = (2.0 * radius).max(3.0 * MICRON);
    for (i, t) in truth.iter().enumerate() {
        for &f in &found {
            let d = distance(t.position_m, network.nodes[f].position);
            if d < reach {
                pairs.push((d, i, f));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut of_truth = vec![None; truth.len()];
    let mut of_found = vec![None; network.nodes.len()];
    for (d, i, f) in pairs {
        if of_truth[i].is_none() && of_found[f].is_none() {
            of_truth[i] = Some((d, f));
            of_found[f] = Some(i);
        }
    }
    Matching { clear, arms, of_truth, of_found, found }
}

pub(crate) fn score(foam: &Graph, labels: &Labels, network: &Network, case: &Case) -> Score {
    let diameter = case.diameter;
    let radius = 0.5 * diameter * case.swelling * MICRON;
    let size = foam.box_m;
    let inside = |p: [f64; 3], margin: f64| (0..3).all(|k| p[k] > margin && p[k] < size[k] - margin);
    let truth = &foam.nodes;
    let Matching { clear, of_truth, of_found, found, .. } = matching(foam, network, case);
    let mut s = Score::default();
    let margin = 1.5 * radius;
    let (mut hit, mut hit_clear, mut degree, mut degree_clear, mut away, mut away_clear) = (0., 0., 0., 0., 0., 0.);
    for (i, t) in truth.iter().enumerate() {
        if !inside(t.position_m, margin) {
            continue;
        }
        s.nodes += 1;
        s.clear += usize::from(clear[i]);
        if let Some((d, f)) = of_truth[i] {
            let right = network.nodes[f].coordination == t.coordination;
            hit += 1.0;
            away += d / MICRON;
            degree += f64::from(u8::from(right));
            if clear[i] {
                hit_clear += 1.0;
                away_clear += d / MICRON;
                degree_clear += f64::from(u8::from(right));
            }
        }
    }
    s.recall = hit / s.nodes as f64;
    s.recall_clear = hit_clear / s.clear as f64;
    s.degree = degree / hit;
    s.degree_clear = degree_clear / hit_clear;
    s.position = away / hit;
    s.position_clear = away_clear / hit_clear;
    let judged: Vec<usize> = found.iter().copied().filter(|&f| inside(network.nodes[f].position, margin)).collect();
    s.precision = judged.iter().filter(|&&f| of_found[f].is_some()).count() as f64 / judged.len() as f64;
    // A found node beside nodes that are not clear is neither right nor wrong.
    let doubtful = |f: usize| {
        truth
            .iter()
            .zip(&clear)
            .any(|(t, &c)| !c && distance(t.position_m, network.nodes[f].position) < 4.0 * diameter * MICRON)
    };
    let counted: Vec<usize> =
        judged.iter().copied().filter(|&f| of_found[f].map_or(!doubtful(f), |i| clear[i])).collect();
    s.precision_clear = counted.iter().filter(|&&f| of_found[f].is_some()).count() as f64 / counted.len() as f64;
    // Of the circle of equal area.
    let slim = match case.section {
        Section::Round => 1.0,
        Section::Triangle => 0.7776,
        Section::ConcaveTriangle => 0.6828,
    };
    let (mut lengths, mut diameters, mut inscribed) = (Vec::new(), Vec::new(), Vec::new());
    for fibre in &network.fibres {
        let ends = fibre.nodes.map(|f| of_found[f]);
        let (Some(a), Some(b)) = (ends[0], ends[1]) else { continue };
        let strut = foam.struts.iter().find(|s| s.nodes == [a, b] || s.nodes == [b, a]);
        if let Some(strut) = strut {
            lengths.push(fibre.length / strut.length_m - 1.0);
            if fibre.own[1] - fibre.own[0] > 0.5 * diameter * MICRON {
                diameters.push(fibre.diameter / (diameter * MICRON) - 1.0);
                inscribed.push(fibre.diameter_inscribed / (slim * diameter * MICRON) - 1.0);
            }
        }
    }
    s.fibres = lengths.len();
    s.length = median(lengths.clone());
    s.length_spread = median(lengths.iter().map(|l| l.abs()).collect());
    s.diameter = median(diameters);
    s.inscribed = median(inscribed);
    (s.f1, s.share) = f1(labels.volume(), &network.tags, (2.0 * radius / MICRON) as usize);
    (s.f1_whole, _) = f1(labels.volume(), &network.tags, 0);
    s.wrong = wrong(foam, labels, network, &of_truth, &of_found);
    s
}

/// Where wrong tags lie.
fn wrong(
    foam: &Graph,
    labels: &Labels,
    network: &Network,
    of_truth: &[Option<(f64, usize)>],
    of_found: &[Option<usize>],
) -> [f64; 4] {
    let (truth, tags) = (labels.volume(), &network.tags);
    let mut sum = [0.0; 4];
    let mut total = 0.0;
    for (i, (&t, &g)) in truth.as_slice().iter().zip(tags.as_slice()).enumerate() {
        total += f64::from(u8::from(t == 2));
        if (t == 2) == (g == 2) {
            continue;
        }
        let (z, y, x) = truth.shape().zyx_of(i);
        let p = [x, y, z].map(|v| (v as f64 + 0.5) * MICRON);
        let nearest = |places: &mut dyn Iterator<Item = (usize, [f64; 3])>| {
            places.min_by(|a, b| distance(a.1, p).total_cmp(&distance(b.1, p))).map(|(i, _)| i)
        };
        if t == 2 {
            let n = nearest(&mut foam.nodes.iter().enumerate().map(|(i, n)| (i, n.position_m)));
            sum[usize::from(n.is_none_or(|n| of_truth[n].is_none()))] += 1.0;
        } else {
            let junctions = network.nodes.iter().enumerate().filter(|(_, n)| n.kind == NodeKind::Junction);
            let n = nearest(&mut junctions.map(|(i, n)| (i, n.position)));
            sum[2 + usize::from(n.is_none_or(|n| of_found[n].is_none()))] += 1.0;
        }
    }
    sum.map(|v| v / total)
}
