//! How far nodes reach.
//!
//! # Theory
//! Along a strut the radius falls from the node's R to the strut's own r. With the inscribed or area-equivalent radius
//! r(s) at arc length s from the node's centre, the swelling *ends half-way*, at the s_h where
//!
//! ```text
//! r(s_h) = r + (R - r) / 2,    reach = sqrt(s_h^2 + r(s_h)^2)
//! ```
//!
//! For a ball on a strut any point of the ball gives the reach R, exactly; for a swelling that fades out it is the half
//! width, which noise moves least. The reach over R, its median over all strut ends, is the factor of all nodes, so a
//! node whose neighbours are near is treated like the others.

use super::{FALLBACK_LAMBDA, Network, NodeKind, ZoneInfluence, ZoneRule, Zones};

/// Below this ratio of node to strut radius the shape shows no node: struts that merely cross are thicker by about 1.15.
pub(super) const SWOLLEN: f64 = 1.25;

/// Zone radii and how they came about.
pub(super) struct Reach {
    pub(super) radii: Vec<f64>,
    pub(super) zones: Zones,
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

pub(super) fn reach(network: &Network, rule: ZoneRule) -> Reach {
    let nodes = &network.nodes;
    // Mean strut diameter at each node.
    let mut sums = vec![(0.0, 0.0); nodes.len()];
    let mut ratios = Vec::new();
    let mut swellings = Vec::new();
    for fibre in &network.fibres {
        let r = 0.5 * fibre.diameter_inscribed;
        for end in 0..2 {
            let node = fibre.nodes[end];
            sums[node].0 += 2.0 * r;
            sums[node].1 += 1.0;
            if nodes[node].kind != NodeKind::Junction || r <= 0.0 {
                continue;
            }
            let big = nodes[node].radius;
            swellings.push(big / r);
            let half = r + 0.5 * (big - r);
            let profile = &fibre.profile;
            let from_end = |i: usize| if end == 0 { profile[i].arc } else { fibre.length - profile[i].arc };
            let mut order: Vec<usize> = (0..profile.len()).collect();
            if end == 1 {
                order.reverse();
            }
            let found = order.into_iter().find_map(|i| {
                let s = from_end(i);
                let radius = (profile[i].area / std::f64::consts::PI).sqrt();
                (s >= 0.5 * big && radius > 0.0 && radius <= half).then_some((s * s + radius * radius).sqrt())
            });
            if let Some(found) = found {
                ratios.push(found / big);
            }
        }
    }
    let swelling = median(swellings);
    let swollen = swelling.is_some_and(|s| s >= SWOLLEN);
    let seen = median(ratios).filter(|_| swollen);
    let diameter = |i: usize| if sums[i].1 > 0.0 { sums[i].0 / sums[i].1 } else { 2.0 * nodes[i].radius };
    let radius = |i: usize| match (rule, seen) {
        (ZoneRule::NodeRadius(f), _) => f * nodes[i].radius,
        (ZoneRule::StrutDiameter(lambda), _) => lambda * diameter(i),
        (ZoneRule::Swelling, Some(f)) => f * nodes[i].radius,
        (ZoneRule::Swelling, None) => FALLBACK_LAMBDA * diameter(i),
    };
    let radii: Vec<f64> =
        (0..nodes.len()).map(|i| if nodes[i].kind == NodeKind::Junction { radius(i) } else { 0.0 }).collect();
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

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; 400] }
    }
}

impl Histogram {
    pub(super) fn add(&mut self, ratio: f64) {
        let bin = (ratio * BINS_PER_RADIUS).ceil() as usize;
        if let Some(count) = self.counts.get_mut(bin) {
            *count += 1;
        }
    }

    pub(super) fn influence(&self, solid: f64) -> Vec<ZoneInfluence> {
        [0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5]
            .into_iter()
            .map(|scale| {
                let bins = (scale * BINS_PER_RADIUS).round() as usize;
                let voxels: u64 = self.counts[..=bins].iter().sum();
                ZoneInfluence { scale, node_share: voxels as f64 / solid }
            })
            .collect()
    }
}
