//! Energy of a continuous potential: the upper bound of the conductivity of the voxel geometry itself.
//!
//! Each vertex of the voxels gets the mean of the potentials of the conducting voxels around it, weighted by their
//! conductivities, and the electrode's value on its plane.
//! Between the vertices of a voxel the potential is trilinear (Q1 elements), so it is continuous, and by Dirichlet's
//! principle it dissipates at least what the exact solution on the voxel geometry does.
//! Along each axis the integral of the squared slope over a voxel with the differences d of its four edges is
//! `(2 sum of d^2 + 2 sum of products of edges that share a face + sum of products of opposite edges) / 18`,
//! by the mass matrix of the bilinear element.
//!
//! Voxels that only share an edge or a corner share its vertices, which no current needs: the bound holds but is loose
//! where there are many such contacts.

use foamflux_grid::Axis;
use rayon::prelude::*;

use crate::problem::Conductance;
use crate::runs::Runs;
use crate::{Deviation, Problem};

/// Slices per parallel block, whose inner planes of vertices are computed once.
const BLOCK: usize = 8;

/// Scaled energy of the continuous potential.
///
/// Its only roundings that matter are in sums, as the vertex values are what their numbers say.
pub(crate) fn continuous_energy(problem: &Problem, deviation: &Deviation) -> f64 {
    continuous(problem, deviation)[0]
}

/// The same, and what the current through the walls, spread over its voxels, delivers to that potential.
pub(crate) fn continuous(problem: &Problem, deviation: &Deviation) -> [f64; 2] {
    let nz = problem.shape().z;
    let depths = problem.depths();
    let blocks: Vec<Vec<[f64; 2]>> = (0..nz.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let (mut below, mut z_below) = (Vec::new(), None);
            (block * BLOCK..((block + 1) * BLOCK).min(nz))
                .map(|z| {
                    if is_empty(problem, z) {
                        return [0.0; 2];
                    }
                    if z_below != Some(z) {
                        below = plane(problem, deviation, &depths, z);
                    }
                    let above = plane(problem, deviation, &depths, z + 1);
                    let energy = slice_energy(problem, &below, &above, z);
                    (below, z_below) = (above, Some(z + 1));
                    energy
                })
                .collect()
        })
        .collect();
    blocks.iter().flatten().fold([0.0; 2], |sum, part| [sum[0] + part[0], sum[1] + part[1]])
}

fn is_empty(problem: &Problem, z: usize) -> bool {
    let (ny, runs) = (problem.shape().y, problem.runs());
    let none = |runs: &Runs| runs.row_start[z * ny] == runs.row_start[(z + 1) * ny];
    none(runs) && problem.removed().is_none_or(|r| none(&r.runs))
}

/// Calls `f(x, conductivity, unknown, depth)` for every voxel of a row that percolates; `unknown` has its potential.
/// `depth` is its own slice along the axis of transport, or none if it hangs on that unknown.
fn for_voxels(problem: &Problem, (z, y): (usize, usize), mut f: impl FnMut(usize, f64, usize, Option<usize>)) {
    let flow = problem.axis().xyz_index();
    for run in problem.runs().row(z, y) {
        for k in 0..run.len() {
            let (x, i) = (run.x0 as usize + k, run.first as usize + k);
            f(x, conductivity(problem, i), i, Some([x, y, z][flow]));
        }
    }
    // Dead ends carry no current between voxel centres, but the exact current bulges into them.
    for dead in problem.removed().into_iter().flat_map(|r| r.row(z * problem.shape().y + y)) {
        for k in 0..dead.len {
            let weight = dead.classes.map_or(1.0, |c| problem.conductivity_of(c[k]));
            f(dead.x0 + k, weight, dead.hangs_on as usize, None);
        }
    }
}

/// Conductivity of an unknown over that of the best conductor.
pub(crate) fn conductivity(problem: &Problem, i: usize) -> f64 {
    0.5 * problem.to_electrode(i)
}

/// Potentials of the vertices below slice `z`, or above the last one.
fn plane(problem: &Problem, deviation: &Deviation, depths: &[u32], z: usize) -> Vec<f64> {
    let shape = problem.shape();
    let (nx, flow, n) = (shape.x + 1, problem.axis().xyz_index(), problem.slices() as f64);
    let (straight, ends) = (problem.straight(), problem.end_bits().map(|bit| bit != 0));
    let mut sums = vec![(0.0f64, 0.0f64); nx * (shape.y + 1)];
    let below = if z > 0 { Some(z - 1) } else { problem.wraps(Axis::Z).then_some(shape.z - 1) };
    let above = if z < shape.z { Some(z) } else { problem.wraps(Axis::Z).then_some(0) };
    for slice in [below, above].into_iter().flatten() {
        for y in 0..shape.y {
            for_voxels(problem, (slice, y), |x, weight, i, depth| {
                let depth = depth.unwrap_or_else(|| depths[i] as usize);
                let phi = straight * (n - depth as f64 - 0.5) + deviation.at(i);
                for (y, x) in [(y, x), (y, x + 1), (y + 1, x), (y + 1, x + 1)] {
                    let sum = &mut sums[y * nx + x];
                    sum.0 += weight * phi;
                    sum.1 += weight;
                }
            });
        }
    }
    // Vertices on walls that wrap are one and the same.
    if problem.wraps(Axis::X) {
        for row in sums.chunks_exact_mut(nx) {
            let joined = (row[0].0 + row[nx - 1].0, row[0].1 + row[nx - 1].1);
            (row[0], row[nx - 1]) = (joined, joined);
        }
    }
    if problem.wraps(Axis::Y) {
        let (first, last) = (0..nx, nx * shape.y..nx * (shape.y + 1));
        for (a, b) in first.zip(last) {
            let joined = (sums[a].0 + sums[b].0, sums[a].1 + sums[b].1);
            (sums[a], sums[b]) = (joined, joined);
        }
    }
    sums.iter()
        .enumerate()
        .map(|(v, &(sum, weight))| match [v % nx, v / nx, z][flow] {
            0 if ends[0] => straight * n,
            depth if depth == problem.slices() && ends[1] => 0.0,
            _ if weight > 0.0 => sum / weight,
            _ => 0.0,
        })
        .collect()
}

fn slice_energy(problem: &Problem, low: &[f64], high: &[f64], z: usize) -> [f64; 2] {
    let shape = problem.shape();
    let nx = shape.x + 1;
    let geometry = geometry(problem);
    let (mut energy, mut work) = (0.0, 0.0);
    for y in 0..shape.y {
        let (mut row, mut delivered) = (0.0, 0.0);
        for_voxels(problem, (z, y), |x, weight, i, _| {
            let at = y * nx + x;
            // Corners, x fastest.
            let c = [low, high].map(|p| [p[at], p[at + 1], p[at + nx], p[at + nx + 1]]);
            let x = square([c[0][1] - c[0][0], c[0][3] - c[0][2], c[1][1] - c[1][0], c[1][3] - c[1][2]]);
            let y = square([c[0][2] - c[0][0], c[0][3] - c[0][1], c[1][2] - c[1][0], c[1][3] - c[1][1]]);
            let z = square([c[1][0] - c[0][0], c[1][1] - c[0][1], c[1][2] - c[0][2], c[1][3] - c[0][3]]);
            row += weight * (geometry[0] * x + geometry[1] * y + geometry[2] * z);
            if let Some(source) = problem.source() {
                delivered += f64::from(source.values[i]) * c.as_flattened().iter().sum::<f64>() / 8.0;
            }
        });
        // Short sums of sums, so that little rounds.
        energy += row;
        work += delivered;
    }
    [energy, work]
}

/// Integral of the square of the bilinear function with these values at (0,0), (0,1), (1,0), (1,1).
fn square([a, b, c, d]: [f64; 4]) -> f64 {
    let squares = a * a + b * b + c * c + d * d;
    let sides = a * b + a * c + b * d + c * d;
    let diagonals = a * d + b * c;
    (2.0 * squares + 2.0 * sides + diagonals) / 18.0
}

/// Scaled conductance of a voxel of the best conductor along each axis.
pub(crate) fn geometry(problem: &Problem) -> [f64; 3] {
    match problem.conductance() {
        Conductance::Uniform(g) => *g,
        Conductance::Table { .. } => {
            let spacing = problem.spacing();
            Axis::ALL.map(|a| (spacing.along(problem.axis()) / spacing.along(a)).powi(2))
        }
    }
}
