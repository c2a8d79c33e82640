//! How far nodes reach.
//!
//! # Theory
//! Along a strut the distance of the surface from the axis falls from the node's radius R to the strut's own r.
//! The swelling *ends half-way*: the node's surface is that which lies farther from every axis than
//!
//! ```text
//! rho > r + (R - r) / 2
//! ```
//!
//! and the node reaches as far as that surface does from its centre. For a ball on struts that is the ball's radius; for a
//! swelling that fades out along the strut it is where half of it is left, which noise moves least.
//! The reach over R, a [`QUANTILE`] over the surface of all nodes, is the factor for every node, so that one whose
//! neighbours are near is treated like the others; and as reach and R meet the same voxels, a bias of R cancels.

use super::{FALLBACK_LAMBDA, Network, NodeKind, ZoneInfluence, ZoneRule, Zones};

/// Below this ratio of node to strut radius the shape shows no node: struts that merely cross are thicker by about 1.15.
pub(super) const SWOLLEN: f64 = 1.25;

/// Share of the surface beyond the half-way distance that lies within the zone: for a ball all of it lies at one distance,
/// of a swelling that fades the near part (the crotches between struts) tells its radius best.
const QUANTILE: f64 = 0.35;

/// Distance of the surface from the axis, mean over inscribed, beyond which sections are not round: 1.0 for a circle, 1.25 for a
/// straight triangle, 1.7 for a concave one.
/// Their edges lie as far from the axis as the surface of nodes does and hide where that ends.
const EDGED: f64 = 1.2;

/// How much smaller than a ball its inscribed radius reads, in voxel edges: the nearest of many faces is nearer than they
/// are on average. Balls of 2.4 to 7.5 voxels: 0.25 to 0.3.
const SHORT: f64 = 0.27;

/// Zone radii and how they came about.
pub(super) struct Reach {
    pub(super) radii: Vec<f64>,
    pub(super) zones: Zones,
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// What the surface says about the swelling.
#[derive(Debug, Clone, Default)]
pub(super) struct Surface {
    /// Distance of the surface from the axis in the middle of each fibre, and how much of it was seen.
    pub(super) middle: Vec<(f64, f64)>,
    /// Radius of the circle of the section's area there, of fibres that are clear of both nodes.
    pub(super) equivalent: Vec<Option<f64>>,
    /// Faces around nodes.
    pub(super) around: Vec<Around>,
}

/// A face near a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) node: u32,
    /// The fibre to whose axis it is nearest.
    pub(super) fibre: u32,
    /// Distance from the node's centre.
    pub(super) reach: f32,
    /// Distance from the axis.
    pub(super) across: f32,
}

impl Surface {
    fn radius(&self, fibre: usize, network: &Network) -> f64 {
        let (sum, count) = self.middle[fibre];
        if count > 0.0 { sum / count } else { 0.5 * network.fibres[fibre].diameter_inscribed }
    }
}

/// Where the swelling ends, in node radii: the median reach of the surface that lies beyond the half-way distance from
/// its axis. Voxels put some faces there everywhere: their share far from the nodes is taken off.
fn swelling_ends(network: &Network, surface: &Surface) -> Option<f64> {
    const BINS: usize = 60;
    const PER_RADIUS: f64 = 20.0;
    /// From here on, in node radii, there is no swelling.
    const FAR: usize = 40;
    let mut beyond = [0f64; BINS];
    let mut all = [0f64; BINS];
    for a in &surface.around {
        let big = network.nodes[a.node as usize].radius;
        let r = surface.radius(a.fibre as usize, network);
        let bin = (f64::from(a.reach) / big * PER_RADIUS) as usize;
        if bin < BINS {
            all[bin] += 1.0;
            beyond[bin] += f64::from(u8::from(f64::from(a.across) > r + 0.5 * (big - r).max(0.1 * r)));
        }
    }
    let noise = beyond[FAR..].iter().sum::<f64>() / all[FAR..].iter().sum::<f64>().max(1.0);
    let excess: Vec<f64> = (0..FAR).map(|b| (beyond[b] - noise * all[b]).max(0.0)).collect();
    let total: f64 = excess.iter().sum();
    let mut sum = 0.0;
    for (b, &e) in excess.iter().enumerate() {
        if e > 0.0 && sum + e >= QUANTILE * total {
            return Some((b as f64 + (QUANTILE * total - sum) / e) / PER_RADIUS);
        }
        sum += e;
    }
    None
}

/// Whether most sections have edges that stand out.
fn edged(network: &Network, surface: &Surface) -> bool {
    let ratio = |f: usize| surface.radius(f, network) / (0.5 * network.fibres[f].diameter_inscribed);
    let whole = (0..network.fibres.len()).filter(|&f| surface.equivalent[f].is_some());
    median(whole.map(ratio).collect()).is_some_and(|r| r > EDGED)
}

pub(super) fn reach(network: &Network, rule: ZoneRule, surface: &Surface, edge: f64) -> Reach {
    let nodes = &network.nodes;
    // Mean strut diameter at each node: of struts that show theirs, or else of all.
    let mut sums = vec![[(0.0, 0.0); 2]; nodes.len()];
    let mut swellings = Vec::new();
    for (f, fibre) in network.fibres.iter().enumerate() {
        let r = surface.equivalent[f].unwrap_or_else(|| surface.radius(f, network));
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
    let edged = edged(network, surface);
    let seen = if edged { Some(1.0) } else { swelling_ends(network, surface) }.filter(|_| swollen);
    let short = if edged { SHORT * edge } else { 0.0 };
    let diameter = |i: usize| {
        let mean = sums[i].iter().find(|s| s.1 > 0.0).map(|s| s.0 / s.1);
        mean.unwrap_or(2.0 * nodes[i].radius)
    };
    let radius = |i: usize| match (rule, seen) {
        (ZoneRule::NodeRadius(f), _) => f * nodes[i].radius,
        (ZoneRule::StrutDiameter(lambda), _) => lambda * diameter(i),
        (ZoneRule::Swelling, Some(f)) => f * nodes[i].radius + short,
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
