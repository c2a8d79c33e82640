//! The network as a circuit: solid conduction without a voxel solve.
//!
//! # Theory
//! A fibre between node centres has the conductance (per conductivity of the solid)
//!
//! ```text
//! g = 1 / ( int_own ds / A(s) + sum over ends of zone / A_zone )
//! ```
//!
//! with the section A along its own part, and across each node zone the mean of strut and node section,
//! `A_zone = pi ((r + R) / 2)^2`. Kirchhoff's law at every node, potential 1 and 0 on two opposite faces, gives the
//! conductance G of the box, `D = G L / A_box` and the tortuosity factor `tau = eps / D`, eps the whole solid fraction.
//!
//! It is a model: it knows nothing of the spreading of current inside of nodes, and is meant to stand beside the voxel
//! solve, which takes seconds where this takes milliseconds.
//! Solved by conjugate gradients with the diagonal as preconditioner, to a relative residual of 1e-10.

use foamflux_grid::Axis;

use crate::network::{Network, NodeKind};
use crate::statistics::{groups, on_faces};

/// Conduction of the graph across one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Conduction {
    /// The axis.
    pub axis: Axis,
    /// Effective over intrinsic conductivity; zero where the graph does not join the faces.
    pub relative: f64,
    /// Tortuosity factor; `None` where the graph does not join the faces.
    pub tau: Option<f64>,
    /// Current through each fibre from its first to its second node, as a share of the whole current.
    pub currents: Vec<f64>,
    /// Iterations of the solver.
    pub iterations: usize,
}

/// Conduction across `axis`.
#[must_use]
pub fn conduction(network: &Network, axis: Axis) -> Conduction {
    let n = network.nodes.len();
    let k = axis.xyz_index();
    let mut done =
        Conduction { axis, relative: 0.0, tau: None, currents: vec![0.0; network.fibres.len()], iterations: 0 };
    let faces = on_faces(network, axis);
    let groups = groups(network);
    // Only what joins both faces carries current; the rest would make the system singular.
    let mut reached = vec![[false; 2]; n];
    for side in 0..2 {
        for i in 0..n {
            if faces[side][i] {
                reached[groups[i]][side] = true;
            }
        }
    }
    let live: Vec<bool> = (0..n).map(|i| reached[groups[i]] == [true; 2]).collect();
    if !live.contains(&true) {
        return done;
    }
    let conductances: Vec<f64> = (0..network.fibres.len()).map(|f| conductance(network, f)).collect();
    // To the faces: a cut fibre ends on it; a node that the box cuts is joined by its own ball.
    let contact = |i: usize, side: usize| -> f64 {
        let node = &network.nodes[i];
        if !faces[side][i] {
            return 0.0;
        }
        let strongest = 1e3 * strongest_at(network, &conductances, i);
        if node.kind == NodeKind::Cut {
            return strongest;
        }
        let way = if side == 0 { node.position[k] } else { network.box_size[k] - node.position[k] };
        let area = std::f64::consts::PI * (node.radius * node.radius - way * way).max(0.0);
        (area / way.max(f64::MIN_POSITIVE)).min(strongest)
    };
    let mut diagonal = vec![0.0; n];
    let mut b = vec![0.0; n];
    let contacts: Vec<[f64; 2]> = (0..n).map(|i| [contact(i, 0), contact(i, 1)]).collect();
    for i in 0..n {
        diagonal[i] += contacts[i][0] + contacts[i][1];
        b[i] = contacts[i][0];
    }
    for (fibre, &g) in network.fibres.iter().zip(&conductances) {
        let [p, q] = fibre.nodes;
        if p != q {
            diagonal[p] += g;
            diagonal[q] += g;
        }
    }
    let active = |i: usize| live[i] && diagonal[i] > 0.0;
    let apply = |u: &[f64], out: &mut [f64]| {
        for i in 0..n {
            out[i] = diagonal[i] * u[i];
        }
        for (fibre, &g) in network.fibres.iter().zip(&conductances) {
            let [p, q] = fibre.nodes;
            if p != q {
                out[p] -= g * u[q];
                out[q] -= g * u[p];
            }
        }
    };
    let (u, iterations) = solve(n, &diagonal, &b, &active, &apply);
    done.iterations = iterations;
    let total: f64 = (0..n).filter(|&i| active(i)).map(|i| contacts[i][1] * u[i]).sum();
    let area: f64 = (0..3).filter(|&j| j != k).map(|j| network.box_size[j]).product();
    done.relative = total * network.box_size[k] / area;
    let solid = network.solid_voxels as f64 / network.tags.shape().len() as f64;
    if done.relative > 0.0 {
        done.tau = Some(solid / done.relative);
        for (f, fibre) in network.fibres.iter().enumerate() {
            let [p, q] = fibre.nodes;
            if active(p) && active(q) {
                done.currents[f] = conductances[f] * (u[p] - u[q]) / total;
            }
        }
    }
    done
}

fn strongest_at(network: &Network, conductances: &[f64], node: usize) -> f64 {
    let at = network.fibres.iter().zip(conductances).filter(|(f, _)| f.nodes.contains(&node));
    at.map(|(_, &g)| g).fold(f64::MIN_POSITIVE, f64::max)
}

/// Conductance of a fibre per conductivity.
fn conductance(network: &Network, f: usize) -> f64 {
    use std::f64::consts::PI;
    let fibre = &network.fibres[f];
    let r = 0.5 * fibre.diameter_mean.max(fibre.diameter);
    if r <= 0.0 || fibre.length <= 0.0 {
        return 0.0;
    }
    let own = fibre.own;
    let step = if fibre.profile.len() > 1 { fibre.length / (fibre.profile.len() - 1) as f64 } else { fibre.length };
    // Sections of single voxels scatter: means over a diameter.
    let window = ((r / step) as usize).max(1);
    let mut resistance = 0.0;
    let mut covered = 0.0;
    for (i, point) in fibre.profile.iter().enumerate() {
        if point.arc < own[0] || point.arc > own[1] {
            continue;
        }
        let near = &fibre.profile[i.saturating_sub(window)..(i + window + 1).min(fibre.profile.len())];
        let inner: Vec<f64> = near.iter().filter(|p| p.arc >= own[0] && p.arc <= own[1]).map(|p| p.area).collect();
        let area = inner.iter().sum::<f64>() / inner.len().max(1) as f64;
        resistance += step / area.max(0.1 * PI * r * r);
        covered += step;
    }
    let own_length = own[1] - own[0];
    if covered > 0.0 {
        resistance *= own_length / covered;
    } else {
        resistance = own_length / (PI * r * r);
    }
    for (end, length) in [(0, own[0]), (1, fibre.length - own[1])] {
        let node = &network.nodes[fibre.nodes[end]];
        let wide = if node.kind == NodeKind::Junction { 0.5 * (r + node.radius.max(r)) } else { r };
        resistance += length / (PI * wide * wide);
    }
    1.0 / resistance.max(f64::MIN_POSITIVE)
}

fn solve(
    n: usize,
    diagonal: &[f64],
    b: &[f64],
    active: &impl Fn(usize) -> bool,
    apply: &impl Fn(&[f64], &mut [f64]),
) -> (Vec<f64>, usize) {
    const TOLERANCE: f64 = 1e-10;
    let mut u = vec![0.0; n];
    let mut r: Vec<f64> = (0..n).map(|i| if active(i) { b[i] } else { 0.0 }).collect();
    let mut z: Vec<f64> = (0..n).map(|i| if active(i) { r[i] / diagonal[i] } else { 0.0 }).collect();
    let mut p = z.clone();
    let mut q = vec![0.0; n];
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
    let mut rho = dot(&r, &z);
    let first = rho;
    // A circuit of n nodes needs at most n steps in exact arithmetic.
    for iteration in 0..(4 * n + 100) {
        if rho <= TOLERANCE * TOLERANCE * first || rho <= 0.0 {
            return (u, iteration);
        }
        apply(&p, &mut q);
        let denominator = dot(&p, &q);
        if denominator <= 0.0 {
            return (u, iteration);
        }
        let alpha = rho / denominator;
        for i in 0..n {
            if active(i) {
                u[i] += alpha * p[i];
                r[i] -= alpha * q[i];
                z[i] = r[i] / diagonal[i];
            }
        }
        let next = dot(&r, &z);
        let beta = next / rho;
        rho = next;
        for i in 0..n {
            p[i] = z[i] + beta * p[i];
        }
    }
    (u, 4 * n + 100)
}
