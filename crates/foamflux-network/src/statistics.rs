//! What a network amounts to.
//!
//! Lengths are those of whole fibres: a fibre that the box cuts is longer than seen. Leaving those out favours short
//! fibres, as a long one is cut more often; `length_unbiased` weights every whole fibre with the inverse of its chance to
//! lie inside of the box, `V / prod(B_k - |d_k|)`, d its end-to-end vector (R. Miles 1974; Lantuejoul's associated-point
//! rule).
//!
//! Orientation: `T = sum_i l_i t_i t_i' / sum_i l_i` over the pieces of all axes (S. Advani and C. Tucker, J. Rheology 31
//! (1987) 751), trace 1; order parameter `S = (3 lambda_max - 1) / 2`, 0 isotropic, 1 aligned.
//!
//! Kelvin's foam of round struts has `phi = 0.833 (d / l)^2`; the number for this d and l beside the measured solid
//! fraction says how far the sample is from it.

use std::collections::BTreeMap;

use foamflux_grid::Axis;

use crate::network::{FibreKind, Network, NodeKind};
use crate::vector::{eigen, sub};

/// Spread of a set of values and the log-normal distribution with its moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub median: f64,
    /// Standard deviation of the population.
    pub std: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Mean of the natural logarithms of the positive values.
    pub log_mean: f64,
    /// Standard deviation of these.
    pub log_std: f64,
    /// Number of values.
    pub count: usize,
}

impl Spread {
    /// The spread of the finite values; `None` without any.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut v: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        v.sort_by(f64::total_cmp);
        let (&min, &max) = (v.first()?, v.last()?);
        let moments = |v: &[f64]| {
            let n = v.len().max(1) as f64;
            let mean = v.iter().sum::<f64>() / n;
            (mean, (v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
        };
        let (mean, std) = moments(&v);
        let logs: Vec<f64> = v.iter().filter(|&&x| x > 0.0).map(|x| x.ln()).collect();
        let (log_mean, log_std) = moments(&logs);
        let n = v.len();
        let median = 0.5 * (v[(n - 1) / 2] + v[n / 2]);
        Some(Spread { mean, median, std, min, max, log_mean, log_std, count: n })
    }
}

/// Numbers about a network. Lengths in the unit of the spacing.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Junctions.
    pub nodes: usize,
    /// Junctions per volume of the box.
    pub node_density: f64,
    /// Mean coordination of the junctions whose inscribed ball does not reach a face; of all where there are no such.
    pub coordination_mean: Option<f64>,
    /// Number of these junctions by coordination.
    pub coordination: BTreeMap<usize, usize>,
    /// Fibres by kind: whole, cut, dead end, free.
    pub fibres: [usize; 4],
    /// Length of whole fibres.
    pub length: Option<Spread>,
    /// Mean length of whole fibres, corrected for the long ones that are cut more often.
    pub length_unbiased: Option<f64>,
    /// Length of all fibres inside of the box.
    pub length_total: f64,
    /// Area-equivalent diameter of fibres, each once; debris is left out, and so are fibres that are too short to have a
    /// section of their own, unless all are.
    pub diameter: Option<Spread>,
    /// Length over chord of whole fibres.
    pub tortuosity: Option<Spread>,
    /// Inscribed radius of junctions.
    pub node_radius: Option<Spread>,
    /// Length-weighted orientation tensor of the axes.
    pub orientation: [[f64; 3]; 3],
    /// Order parameter, 0 isotropic to 1 aligned; -0.5 is planar seen from its normal.
    pub order: f64,
    /// Direction of the largest eigenvalue.
    pub principal: [f64; 3],
    /// Independent loops of the graph.
    pub loops: i64,
    /// Whether the graph joins the two faces of the box, x, y, z.
    pub percolates: [bool; 3],
    /// Solid fraction of Kelvin's foam with the median diameter and mean length of this network.
    pub kelvin_solid_fraction: Option<f64>,
}

/// Nodes joined to the low (0) and high (1) face across an axis.
pub(crate) fn on_faces(network: &Network, axis: Axis) -> [Vec<bool>; 2] {
    let k = axis.xyz_index();
    let size = network.box_size[k];
    let voxel = size / network.tags.shape().along(axis) as f64;
    let touches = |distance: f64, kind: NodeKind, radius: f64| match kind {
        NodeKind::Cut => distance < voxel,
        // The box cuts the node itself.
        NodeKind::Junction => radius.is_finite() && distance < radius,
        NodeKind::DeadEnd | NodeKind::Seam | NodeKind::Isolated => false,
    };
    [0, 1].map(|side| {
        network
            .nodes
            .iter()
            .map(|n| touches(if side == 0 { n.position[k] } else { size - n.position[k] }, n.kind, n.radius))
            .collect()
    })
}

impl Statistics {
    /// The numbers of a network.
    #[must_use]
    pub fn of(network: &Network) -> Self {
        let volume: f64 = network.box_size.iter().product();
        let junctions = || network.nodes.iter().filter(|n| n.kind == NodeKind::Junction);
        let inner = junctions().any(|n| !n.at_border);
        let mut coordination = BTreeMap::new();
        for node in junctions().filter(|n| !inner || !n.at_border) {
            *coordination.entry(node.coordination).or_insert(0) += 1;
        }
        let counted: usize = coordination.values().sum();
        let ends: usize = coordination.iter().map(|(k, n)| k * n).sum();
        let kinds = [FibreKind::Whole, FibreKind::Cut, FibreKind::DeadEnd, FibreKind::Free];
        let of_kind = |kind| network.fibres.iter().filter(move |f| f.kind == kind);
        // Loops around a hole in their node have no length to speak of.
        let whole = || of_kind(FibreKind::Whole).filter(|f| !f.is_hole());

        // Fibres that touch have a curve from axis to axis that is no fibre.
        let swollen = network.zones.from_profile;
        let zoned = |f: &crate::Fibre| f.nodes.iter().any(|&n| network.nodes[n].zone_radius > 0.0);
        let is_contact = |f: &crate::Fibre| f.is_contact(&network.nodes) && !(swollen && zoned(f));
        let fibres = || network.fibres.iter().filter(move |f| !is_contact(f));
        let (mut weights, mut weighted) = (0.0, 0.0);
        for fibre in whole() {
            let (Some(first), Some(last)) = (fibre.profile.first(), fibre.profile.last()) else { continue };
            let d = sub(last.position, first.position);
            let room: f64 = (0..3).map(|k| (network.box_size[k] - d[k].abs()) / network.box_size[k]).product();
            if room > 0.0 {
                weights += 1.0 / room;
                weighted += fibre.length / room;
            }
        }

        let mut tensor = [[0.0; 3]; 3];
        let mut total = 0.0;
        for pair in fibres().flat_map(|f| f.profile.windows(2)) {
            let d = sub(pair[1].position, pair[0].position);
            let l = crate::vector::norm(d);
            if l > 0.0 {
                for i in 0..3 {
                    for j in 0..3 {
                        tensor[i][j] += d[i] * d[j] / l;
                    }
                }
                total += l;
            }
        }
        if total > 0.0 {
            tensor = tensor.map(|row| row.map(|v| v / total));
        } else {
            tensor = [[1.0 / 3.0, 0.0, 0.0], [0.0, 1.0 / 3.0, 0.0], [0.0, 0.0, 1.0 / 3.0]];
        }
        let (values, vectors) = eigen(tensor);
        let length = Spread::of(whole().map(|f| f.length));
        let bodies = || network.fibres.iter().filter(|f| !f.is_debris());
        let diameter = Spread::of(bodies().filter(|f| f.has_section()).map(|f| f.diameter))
            .or_else(|| Spread::of(bodies().map(|f| f.diameter)));
        let kelvin =
            length.zip(diameter).filter(|(l, _)| l.mean > 0.0).map(|(l, d)| 0.833 * (d.median / l.mean).powi(2));
        let groups = groups(network);
        let components = groups.iter().enumerate().filter(|&(i, &g)| i == g).count() as i64;
        let percolates = Axis::ALL.map(|axis| {
            let [low, high] = on_faces(network, axis);
            let of = |on: &[bool]| -> Vec<usize> {
                let mut g: Vec<usize> = (0..on.len()).filter(|&i| on[i]).map(|i| groups[i]).collect();
                g.sort_unstable();
                g
            };
            let (low, high) = (of(&low), of(&high));
            low.iter().any(|g| high.binary_search(g).is_ok())
        });
        Statistics {
            nodes: junctions().count(),
            node_density: junctions().count() as f64 / volume,
            coordination_mean: (counted > 0).then(|| ends as f64 / counted as f64),
            coordination,
            fibres: kinds.map(|k| of_kind(k).count()),
            length,
            length_unbiased: (weights > 0.0).then(|| weighted / weights),
            length_total: fibres().fold(0.0, |sum, f| sum + f.length),
            diameter,
            tortuosity: Spread::of(whole().map(crate::Fibre::tortuosity)),
            node_radius: Spread::of(junctions().map(|n| n.radius)),
            orientation: tensor,
            order: 0.5 * (3.0 * values[2] - 1.0),
            principal: vectors[2],
            loops: network.fibres.len() as i64 - network.nodes.len() as i64 + components,
            percolates,
            kelvin_solid_fraction: kelvin,
        }
    }
}

/// Component of each node, named by its first node.
pub(crate) fn groups(network: &Network) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..network.nodes.len()).collect();
    fn root(parent: &mut [usize], mut i: usize) -> usize {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        i
    }
    for fibre in &network.fibres {
        let (a, b) = (root(&mut parent, fibre.nodes[0]), root(&mut parent, fibre.nodes[1]));
        // The smaller number leads, so that names do not depend on the order of the fibres.
        let (low, high) = (a.min(b), a.max(b));
        parent[high] = low;
    }
    (0..parent.len()).map(|i| root(&mut parent, i)).collect()
}
