//! Fibre mats with voxels of one micron: what is known of them, and how a network compares.

use foamflux_grid::{Shape, Silent, Volume, VoxelSize, VoxelSizeSource};
use foamflux_hosts::Graph;
use foamflux_hosts::generate::fibres::{FibreMat, Inside, Orientation};
use foamflux_network::{Network, NodeKind, Orientations, Parameters, Statistics, orientations};

use super::{MICRON, distance, median};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Mat {
    pub(crate) name: &'static str,
    pub(crate) n: usize,
    pub(crate) diameter: f64,
    pub(crate) share: f64,
    pub(crate) orientation: Orientation,
    pub(crate) persistence: f64,
}

pub(crate) fn mat(m: &Mat, seed: u64) -> (Graph, Volume<bool>) {
    let parameters = FibreMat {
        diameter_m: m.diameter * MICRON,
        spread: 0.0,
        // Through the whole box, so that only faces end fibres.
        length_m: 4.0 * m.n as f64 * MICRON,
        orientation: m.orientation,
        persistence_m: m.persistence * MICRON,
        inside: Inside::Solid,
        overlap: true,
        volume_fraction: m.share,
        periodic: false,
        grade: 0.0,
    };
    let model = parameters.generate([m.n as f64 * MICRON; 3], seed).unwrap();
    let size = VoxelSize::known([MICRON; 3], VoxelSizeSource::Generator).unwrap();
    let mask = foamflux_hosts::mask(Shape::cube(m.n).unwrap(), size, &model.rods.solid());
    (model.graph, mask)
}

#[derive(Debug, Default, Clone)]
pub(crate) struct MatScore {
    pub(crate) contacts: usize,
    pub(crate) recall: f64,
    pub(crate) precision: f64,
    pub(crate) diameter: f64,
    pub(crate) length_total: f64,
    /// Largest difference of a part of the orientation tensor, by the graph and by the structure tensor.
    pub(crate) tensor: [f64; 2],
    /// Order parameter of truth, graph and structure tensor.
    pub(crate) order: [f64; 3],
    /// Median angle between structure tensor and fibre in degrees, over voxels of one fibre that have a direction.
    pub(crate) angle: f64,
    pub(crate) linear: f64,
}

/// Fibres touch in voxels where their surfaces are a diagonal of a voxel apart, and nodes are good to a third of one.
pub(super) const TOUCH: f64 = 2.0;

pub(super) type Piece = ([f64; 3], [f64; 3], usize);

pub(super) fn pieces(graph: &Graph) -> Vec<Piece> {
    let of = |(f, s): (usize, &foamflux_hosts::graph::GraphStrut)| {
        let p: Vec<[f64; 3]> = s.points().collect();
        p.windows(2).map(|w| (w[0], w[1], f)).collect::<Vec<_>>()
    };
    graph.struts.iter().enumerate().flat_map(of).collect()
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|k| a[k] * b[k]).sum()
}

fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|k| a[k] - b[k])
}

fn at(p: &Piece, t: f64) -> [f64; 3] {
    std::array::from_fn(|k| p.0[k] + t * (p.1[k] - p.0[k]))
}

/// Middle and distance of the two nearest points of two pieces: alternating projections, which converge for segments.
pub(super) fn nearest(a: &Piece, b: &Piece) -> ([f64; 3], f64) {
    let on = |p: &Piece, x: [f64; 3]| {
        let d = sub(p.1, p.0);
        (dot(sub(x, p.0), d) / dot(d, d).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
    };
    let (d, e, r) = (sub(a.1, a.0), sub(b.1, b.0), sub(a.0, b.0));
    let (aa, ee, ae, ar, er) = (dot(d, d), dot(e, e), dot(d, e), dot(d, r), dot(e, r));
    let det = aa * ee - ae * ae;
    let mut s = if det > 1e-9 * aa * ee { ((ae * er - ar * ee) / det).clamp(0.0, 1.0) } else { 0.5 };
    let mut t = 0.0;
    for _ in 0..4 {
        t = on(b, at(a, s));
        s = on(a, at(b, t));
    }
    let (p, q) = (at(a, s), at(b, t));
    (std::array::from_fn(|k| 0.5 * (p[k] + q[k])), distance(p, q))
}

/// Network and directions of a mat beside what is known.
pub(crate) fn score_mat(m: &Mat, graph: &Graph, solid: &Volume<bool>) -> (MatScore, Network, Orientations) {
    let network = Network::find(solid, &Parameters::default(), &Silent).unwrap();
    let statistics = Statistics::of(&network);
    let field = orientations(solid, 0.5 * statistics.diameter.unwrap().median, &Silent).unwrap();
    let (pieces, facts) = (pieces(graph), graph.facts());
    let (size, d) = (m.n as f64 * MICRON, m.diameter * MICRON);
    let inside = |p: [f64; 3]| p.iter().all(|&v| v > 1.5 * d && v < size - 1.5 * d);
    // Contacts of two fibres: those whose axes pass at less than a radius are surely one body.
    let mut sure = Vec::new();
    for (i, a) in pieces.iter().enumerate() {
        for b in pieces[..i].iter().filter(|b| b.2 != a.2) {
            let (p, apart) = nearest(a, b);
            if apart < 0.5 * d && inside(p) {
                sure.push(p);
            }
        }
    }
    let found: Vec<[f64; 3]> =
        network.nodes.iter().filter(|n| n.kind == NodeKind::Junction).map(|n| n.position).collect();
    let close = |p: [f64; 3], list: &[[f64; 3]]| list.iter().any(|&q| distance(p, q) < 1.5 * d);
    let share = |list: &[[f64; 3]], of: &[[f64; 3]]| {
        list.iter().filter(|&&p| close(p, of)).count() as f64 / list.len().max(1) as f64
    };
    // A node is right where two fibres touch: at small angles forks lie far from where axes are nearest.
    let is_right = |p: [f64; 3]| {
        let point: Piece = (p, p, usize::MAX);
        let mut near: Vec<usize> =
            pieces.iter().filter(|q| nearest(&point, q).1 < d + TOUCH * MICRON).map(|q| q.2).collect();
        near.dedup();
        near.len() > 1
    };
    let judged: Vec<[f64; 3]> = found.iter().copied().filter(|&p| inside(p)).collect();
    let off = |t: [[f64; 3]; 3]| {
        let parts = t.iter().flatten().zip(facts.orientation_tensor.iter().flatten());
        parts.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    let order = |t: [[f64; 3]; 3]| {
        // The largest eigenvalue by powers: the tensor is positive and small.
        let mut v = [0.5, 0.6, 0.7];
        let mut length = 0.0;
        for _ in 0..500 {
            let w: [f64; 3] = std::array::from_fn(|k| dot(t[k], v));
            length = dot(w, w).sqrt();
            v = w.map(|x| x / length);
        }
        0.5 * (3.0 * length - 1.0)
    };
    let mut angles = Vec::new();
    let voxels = solid.as_slice().iter().enumerate().filter(|&(_, &s)| s).map(|(i, _)| i);
    for (i, direction) in voxels.zip(&field.directions).filter(|(i, _)| i % 7 == 0) {
        let (z, y, x) = solid.shape().zyx_of(i);
        let p = [x, y, z].map(|v| (v as f64 + 0.5) * MICRON);
        let point: Piece = (p, p, usize::MAX);
        let near: Vec<&Piece> = pieces.iter().filter(|q| nearest(&point, q).1 < 0.5 * d).collect();
        let alone = near.iter().all(|q| q.2 == near[0].2);
        if let (true, Some(one)) = (alone, near.first())
            && direction.linearity > foamflux_network::orientation::LINEAR
        {
            let along = sub(one.1, one.0);
            let cos = dot(along, direction.along.map(f64::from)).abs() / dot(along, along).sqrt();
            angles.push(cos.min(1.0).acos().to_degrees());
        }
    }
    // Away from the faces, which show bodies of fibres whose axes run outside.
    let length = |steps: &mut dyn Iterator<Item = ([f64; 3], [f64; 3])>| -> f64 {
        let inner = |p: [f64; 3]| p.iter().all(|&v| v > 0.6 * d && v < size - 0.6 * d);
        steps.filter(|s| inner(s.0) && inner(s.1)).map(|s| distance(s.0, s.1)).sum()
    };
    let mut known = pieces.iter().flat_map(|p| {
        let parts = (distance(p.0, p.1) / MICRON).ceil();
        (0..parts as usize).map(move |i| (at(p, i as f64 / parts), at(p, (i as f64 + 1.0) / parts)))
    });
    let fibres = network.fibres.iter().filter(|f| network.zones.from_profile || !f.is_contact(&network.nodes));
    let mut drawn = fibres.flat_map(|f| f.profile.windows(2)).map(|w| (w[0].position, w[1].position));
    let score = MatScore {
        contacts: sure.len(),
        recall: share(&sure, &found),
        precision: judged.iter().filter(|&&p| is_right(p)).count() as f64 / judged.len().max(1) as f64,
        diameter: statistics.diameter.unwrap().median / d - 1.0,
        length_total: length(&mut drawn) / length(&mut known) - 1.0,
        tensor: [off(statistics.orientation), off(field.tensor)],
        order: [order(facts.orientation_tensor), statistics.order, field.order],
        angle: median(angles),
        linear: field.linear_share,
    };
    (score, network, field)
}
