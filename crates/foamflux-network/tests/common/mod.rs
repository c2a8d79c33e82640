//! Scores a network against a foam's exact graph.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

use foamflux_grid::{LabelSet, Labels, Shape, Silent, Volume, VoxelSize, VoxelSizeSource};
use foamflux_hosts::foam::{Boundary, SeedPattern, StrutProfile};
use foamflux_hosts::{Foam, FoamParameters};
use foamflux_network::{Network, NodeKind, Parameters, ZoneRule};

pub(crate) const MICRON: f64 = 1e-6;

/// A foam of round struts with balls at the nodes, drawn with voxels of one micron.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Voxels per edge.
    pub(crate) n: usize,
    /// Strut diameter in voxels.
    pub(crate) diameter: f64,
    /// Node radius over strut radius.
    pub(crate) swelling: f64,
    /// Length over which the swelling fades, in strut radii; 0.5 is a plain ball.
    pub(crate) fade: f64,
    /// Cell size in voxels.
    pub(crate) cell: f64,
    pub(crate) seeds: SeedPattern,
    pub(crate) zone: ZoneRule,
}

pub(crate) fn foam(case: &Case) -> (Foam, Labels) {
    let profile =
        StrutProfile { diameter_m: case.diameter * MICRON, swelling: case.swelling, swelling_length: case.fade };
    let parameters = FoamParameters {
        box_m: [case.n as f64 * MICRON; 3],
        cell_size_m: case.cell * MICRON,
        seeds: case.seeds,
        boundary: Boundary::Open,
        profile,
    };
    let foam = Foam::generate(&parameters, 7).unwrap();
    let size = VoxelSize::known([MICRON; 3], VoxelSizeSource::Generator).unwrap();
    // The zone of the truth is the ball of the node; without a ball 1.5 strut radii.
    let lambda = if case.swelling > 1.0 { 0.5 * case.swelling } else { 0.75 };
    let mask = foamflux_hosts::mask(Shape::cube(case.n).unwrap(), size, &foam.solid());
    let labels = truth_tags(&foam, &mask, lambda * case.diameter * MICRON);
    (foam, labels)
}

/// Solid within `zone` of a node of the foam is node.
pub(crate) fn truth_tags(foam: &Foam, mask: &Volume<bool>, zone: f64) -> Labels {
    let mut tags = mask.map(|&m| u8::from(m));
    let shape = mask.shape();
    let s = mask.spacing();
    let edges = [s.x, s.y, s.z];
    let n = [shape.x, shape.y, shape.z];
    for node in foam.nodes() {
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
    pub(crate) length: f64,
    pub(crate) length_spread: f64,
    pub(crate) fibres: usize,
    pub(crate) nodes: usize,
    pub(crate) clear: usize,
    pub(crate) f1: f64,
    pub(crate) f1_whole: f64,
    pub(crate) share: [f64; 2],
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

pub(crate) fn score(foam: &Foam, labels: &Labels, network: &Network, diameter: f64) -> Score {
    let radius = foam.profile().largest_radius_m();
    let size = foam.box_m();
    let inside = |p: [f64; 3], margin: f64| (0..3).all(|k| p[k] > margin && p[k] < size[k] - margin);
    let truth = foam.nodes();
    // Directions of the struts at each true node.
    let mut arms: Vec<Vec<[f64; 3]>> = vec![Vec::new(); truth.len()];
    for s in foam.struts() {
        let l = s.length_m();
        let d: [f64; 3] = std::array::from_fn(|k| (s.end_m[k] - s.start_m[k]) / l);
        arms[s.nodes[0]].push(d);
        arms[s.nodes[1]].push(d.map(|v| -v));
    }
    let clear: Vec<bool> = (0..truth.len())
        .map(|i| {
            let a = &arms[i];
            let angles = (0..a.len())
                .all(|p| (0..p).all(|q| (0..3).map(|k| a[p][k] * a[q][k]).sum::<f64>() < 30f64.to_radians().cos()));
            let apart = truth
                .iter()
                .enumerate()
                .all(|(j, t)| i == j || distance(truth[i].position_m, t.position_m) > 2.0 * radius);
            angles && apart
        })
        .collect();
    let found: Vec<usize> = (0..network.nodes.len()).filter(|&i| network.nodes[i].kind == NodeKind::Junction).collect();
    // One to one, nearest first.
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
    let (mut lengths, mut diameters) = (Vec::new(), Vec::new());
    for fibre in &network.fibres {
        let ends = fibre.nodes.map(|f| of_found[f]);
        let (Some(a), Some(b)) = (ends[0], ends[1]) else { continue };
        let strut = foam.struts().iter().find(|s| s.nodes == [a, b] || s.nodes == [b, a]);
        if let Some(strut) = strut {
            lengths.push(fibre.length / strut.length_m() - 1.0);
            if fibre.own[1] - fibre.own[0] > 0.5 * diameter * MICRON {
                diameters.push(fibre.diameter / (diameter * MICRON) - 1.0);
            }
        }
    }
    s.fibres = lengths.len();
    s.length = median(lengths.clone());
    s.length_spread = median(lengths.iter().map(|l| l.abs()).collect());
    s.diameter = median(diameters);
    (s.f1, s.share) = f1(labels.volume(), &network.tags, (2.0 * radius / MICRON) as usize);
    (s.f1_whole, _) = f1(labels.volume(), &network.tags, 0);
    s
}
