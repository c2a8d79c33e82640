//! How far nodes reach.
//!
//! # Theory
//! A node reaches as far as the ball that fits its surface (see [`super::fit`]). Where the swelling is no ball but fades out
//! along the struts, that ball is too large between them, by what the surface there shows: the zone is corrected by the mean
//! over all nodes, so that one whose neighbours are near is treated like the others.
//! The edges of struts that are not round lie as far from the axis as the surface of nodes does, and hide the ball: there
//! it is the inscribed one.

use super::surface::{BEHIND, Surface};
use super::{FALLBACK_LAMBDA, Network, NodeKind, ZoneInfluence, ZoneRule, Zones};
use crate::vector::median;

/// Below this ratio of node to strut radius the shape shows no node: struts that merely cross are thicker by about 1.15.
pub(super) const SWOLLEN: f64 = 1.25;

/// Faces between struts are seen from the node at angles from the nearest axis whose sines lie between these: nearer ones
/// are where a strut begins, and of the few farther ones more than their share are off.
const CROTCH: (f64, f64) = (0.8, 0.9);

/// A node without this share of the swelling of the others has none.
const SLIM: f64 = 0.4;

/// Faces that are farther from the ball than this share of its radius are not its.
const CLOSE: f64 = 0.5;

/// How much smaller than a ball its inscribed radius reads, in voxel edges: the nearest of many faces is nearer than they
/// are on average. Balls of 2.4 to 7.5 voxels: 0.25 to 0.3.
pub(super) const SHORT: f64 = 0.27;

/// Zone radii and how they came about.
pub(super) struct Reach {
    pub(super) radii: Vec<f64>,
    pub(super) zones: Zones,
}

/// Where the swelling ends between struts, over the radius of the ball that fits the whole surface of the node.
fn crotch(surface: &Surface, balls: &[f64]) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for a in surface.around.iter().filter(|a| a.fibre != BEHIND) {
        let ball = balls[a.node as usize];
        let (reach, across) = (a.reach(), f64::from(a.across));
        let outside = reach - ball;
        let of_ball = outside < across - surface.radius(a.fibre as usize) && outside.abs() < CLOSE * ball;
        if of_ball && (CROTCH.0 * reach..CROTCH.1 * reach).contains(&across) {
            sum += f64::from(a.area) * outside / ball;
            total += f64::from(a.area);
        }
    }
    (total > 0.0).then(|| 1.0 + sum / total)
}

/// Ends of the necks by which struts touch that pass each other: beside swollen nodes they are none.
fn touching(network: &Network, swelling: f64) -> Vec<bool> {
    let nodes = &network.nodes;
    let mut struts = vec![Vec::new(); nodes.len()];
    for (f, fibre) in network.fibres.iter().enumerate() {
        for node in fibre.nodes {
            struts[node].push(f);
        }
    }
    let is_slim = |node: usize, neck: usize| {
        let others: Vec<f64> =
            struts[node].iter().filter(|&&f| f != neck).map(|&f| 0.5 * network.fibres[f].diameter_inscribed).collect();
        let thinnest = others.iter().copied().fold(f64::INFINITY, f64::min);
        others.len() >= 2 && nodes[node].radius < thinnest * (1.0 + SLIM * (swelling - 1.0))
    };
    let mut touching = vec![false; nodes.len()];
    for (f, fibre) in network.fibres.iter().enumerate().filter(|(_, f)| f.is_neck(nodes)) {
        if fibre.nodes.iter().all(|&n| is_slim(n, f)) {
            fibre.nodes.iter().for_each(|&n| touching[n] = true);
        }
    }
    touching
}

/// `balls` are the radii of the balls that fit the surface of each node.
pub(super) fn reach(network: &Network, rule: ZoneRule, surface: &Surface, balls: &[f64], edge: f64) -> Reach {
    let nodes = &network.nodes;
    // Mean strut diameter at each node: of struts that show theirs, or else of all.
    let mut sums = vec![[(0.0, 0.0); 2]; nodes.len()];
    let mut swellings = Vec::new();
    for (f, fibre) in network.fibres.iter().enumerate() {
        let r = surface.equivalent[f].unwrap_or_else(|| surface.radius(f));
        for node in fibre.nodes {
            let sum = &mut sums[node][usize::from(surface.equivalent[f].is_none())];
            sum.0 += 2.0 * r;
            sum.1 += 1.0;
            if nodes[node].kind == NodeKind::Junction && fibre.diameter_inscribed > 0.0 {
                swellings.push(2.0 * nodes[node].radius / fibre.diameter_inscribed);
            }
        }
    }
    let swelling = median(swellings);
    let swollen = swelling.is_some_and(|s| s >= SWOLLEN);
    let edged = surface.edged();
    let seen = if edged { Some(1.0) } else { crotch(surface, balls) }.filter(|_| swollen);
    let short = if edged { SHORT * edge } else { 0.0 };
    let diameter = |i: usize| {
        let mean = sums[i].iter().find(|s| s.1 > 0.0).map(|s| s.0 / s.1);
        mean.unwrap_or(2.0 * nodes[i].radius)
    };
    let radius = |i: usize| match (rule, seen) {
        (ZoneRule::NodeRadius(f), _) => f * nodes[i].radius,
        (ZoneRule::StrutDiameter(lambda), _) => lambda * diameter(i),
        (ZoneRule::Swelling, Some(f)) => f * balls[i] + short,
        (ZoneRule::Swelling, None) => FALLBACK_LAMBDA * diameter(i),
    };
    let touching = match (rule, seen, swelling) {
        (ZoneRule::Swelling, Some(_), Some(swelling)) => touching(network, swelling),
        _ => vec![false; nodes.len()],
    };
    let zoned = |i: usize| nodes[i].kind == NodeKind::Junction && !touching[i];
    let radii: Vec<f64> = (0..nodes.len()).map(|i| if zoned(i) { radius(i) } else { 0.0 }).collect();
    let factors = radii.iter().zip(nodes).filter(|&(&r, n)| r > 0.0 && n.radius > 0.0).map(|(r, n)| r / n.radius);
    let factor = median(factors.collect());
    let from_profile = rule == ZoneRule::Swelling && seen.is_some();
    Reach { radii, zones: Zones { rule, factor, swelling, from_profile, influence: Vec::new() } }
}

/// Solid voxels by their distance from the node over its zone radius.
pub(super) struct Histogram {
    counts: Vec<u64>,
}

const BINS_PER_RADIUS: f64 = 100.0;
/// Zones are looked at up to this times their radius.
pub(super) const MOST_SCALE: f64 = 1.5;

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; (MOST_SCALE * BINS_PER_RADIUS) as usize + 2] }
    }
}

impl Histogram {
    pub(super) fn add(&mut self, ratio: f64) {
        let bin = (ratio * BINS_PER_RADIUS).ceil() as usize;
        if let Some(count) = self.counts.get_mut(bin) {
            *count += 1;
        }
    }

    pub(super) fn join(&mut self, other: &Histogram) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    pub(super) fn influence(&self, solid: f64) -> Vec<ZoneInfluence> {
        [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, MOST_SCALE]
            .into_iter()
            .map(|scale| {
                let bins = (scale * BINS_PER_RADIUS).round() as usize;
                let voxels: u64 = self.counts[..=bins].iter().sum();
                ZoneInfluence { scale, node_share: voxels as f64 / solid }
            })
            .collect()
    }
}
