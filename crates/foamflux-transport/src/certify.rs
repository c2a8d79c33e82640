//! Two-sided bounds of tau that hold whatever the iteration did.
//!
//! In the scaled units of [`crate::problem`] a potential drops by one per slice, n in all, over faces of conductance g.
//!
//! - **Dirichlet's principle**: every potential dissipates at least the minimum, `E* <= E(u) = sum g drop^2`.
//!   tau is inverse to E, so `E(u)` gives its lower bound; that is the tau which a solve reports.
//! - **Thomson's principle**: for every flux f without sources, of total current J, Cauchy and Schwarz give
//!   `(n J)^2 = (sum f drop*)^2 <= D(f) E*` with the dissipation `D(f) = sum f^2 / g`,
//!   so `E* >= (n J)^2 / D(f)`, which gives tau's upper bound
//!   (Prager & Synge 1947; for finite volumes see Vohralik 2008).
//!
//! The flux starts as that of the potential.
//! What it leaves in each voxel is carried to the nearest electrode, both being ideal conductors:
//! a breadth-first search from both at once gives every voxel its distance, and voxels pass on what they hold,
//! farthest first, to all neighbours that are one step closer, in proportion to the conductances.
//! With several conductivities distance is resistance (Dijkstra 1959), so that nothing takes a short cut through a
//! bad conductor, and one neighbour receives all.
//!
//! **Rounding.** The flux is what the double-precision numbers say, sources of rounding size `d_i` included.
//! By the maximum principle the exact potential lies within n/2 of its middle, so that
//! `E* >= n^2 (J - sum |d_i| / 2)^2 / D(f)` with J the mean of the currents at inlet and outlet: nothing is assumed
//! about the search, and a mistake there loosens the bound but cannot break it.
//! `d_i` is taken as its computed value plus a bound of the rounding in computing it; sums of positive terms are
//! inflated by the number of roundings any term passes through.
//!
//! **The voxel geometry itself.** Linear between opposite faces of a voxel (lowest-order Raviart-Thomas elements, 1977),
//! the same flux is free of sources everywhere, and its dissipation, `(a^2 + a b + b^2) / 3` per voxel and axis with face
//! fluxes a and b instead of `(a^2 + b^2) / 2`, bounds the exact tau from above.
//! From below it is bounded by a continuous potential ([`crate::vertices`]).
//! The steps of the voxels' surface belong to that geometry; how well they describe the sample is another question.
//!
//! What is different here: equilibration over shortest paths to both electrodes instead of local problems per patch,
//! and the maximum principle instead of exact arithmetic.
//!
//! Memory: 31 bytes per unknown while it runs (17 connectivity, 25 with periodic x walls; 4 order, 1 route, 1 level, 8 flux;
//! 4 more for depths where dead ends were removed),
//! when the fields of a solve, 33 bytes or more, are free again.

use std::time::Instant;

use foamflux_grid::{Axis, Watch};
use rayon::prelude::*;

use crate::audit::{RowFluxes, RowSums};
use crate::backend::tau_of;
use crate::layout::{CompactGraph, bit};
use crate::routes::{Held, Routes, neighbour};
use crate::vertices::{conductivity, continuous_energy, geometry};
use crate::{Deviation, Problem, Solution};

/// Rows are summed in this many blocks, whatever the number of threads.
const BLOCKS: usize = 256;
/// Unit roundoff of double precision.
const UNIT: f64 = f64::EPSILON / 2.0;
/// Roundings outside of long sums, in conductances, drops, squares, mean conductivity and tau; counted with room to spare.
const FEW: f64 = 256.0;
/// Roundings in the sum of six fluxes, each the sum of two terms; counted with room to spare.
const SIX_FACES: f64 = 16.0;

/// Bounds of the discrete problem's tau.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// Lower and upper bound of tau; the upper one is infinite where the flux says nothing.
    pub tau_bounds: [f64; 2],
    /// Bounds of tau of the voxel geometry itself, the exact solution between whose voxels steps are resolved:
    /// what refining each voxel into many would tend to. Usually below `tau_bounds`, as the discrete problem
    /// underestimates the conductivity.
    pub tau_voxel_geometry_bounds: [f64; 2],
    /// Upper over lower bound of `tau_bounds` less one.
    pub relative_gap: f64,
    /// Largest source left in a voxel over the total current; rounding.
    pub largest_source: f64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Bytes held while it was computed, problem and potential included.
    pub bytes: u64,
}

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CertifyError {
    /// The solution belongs to another problem.
    #[error("the solution has {solution} unknowns and the problem {problem}: certify a solution with its own problem")]
    Mismatch {
        /// Unknowns of the solution.
        solution: usize,
        /// Unknowns of the problem.
        problem: usize,
    },
    /// The potential holds infinities or is not a number.
    #[error("the potential is not finite everywhere: solve again, in double precision or with a smaller contrast")]
    NotFinite,
    /// The watcher asked to stop.
    #[error("cancelled while the solution was certified")]
    Cancelled,
}

/// Bounds tau from both sides, from the potential of any backend.
///
/// # Errors
/// [`CertifyError`].
pub fn certify(problem: &Problem, solution: &Solution, watch: &dyn Watch) -> Result<Certificate, CertifyError> {
    let start = Instant::now();
    let deviation = &solution.deviation;
    if deviation.len() != problem.unknowns() {
        return Err(CertifyError::Mismatch { solution: deviation.len(), problem: problem.unknowns() });
    }
    let graph = CompactGraph::of(problem);
    let routes = Routes::of(problem, &graph);
    if watch.cancelled() {
        return Err(CertifyError::Cancelled);
    }
    let carried = sources(problem, deviation);
    routes.carry(&graph, &carried);
    let potential = match deviation {
        Deviation::Single(u) => 4 * u.len(),
        Deviation::Double(u) => 8 * u.len(),
    };
    let bytes = problem.bytes() + (potential + 8 * carried.len()) as u64 + graph.bytes() + routes.bytes();
    if watch.cancelled() {
        return Err(CertifyError::Cancelled);
    }
    let sums = Sums::of(problem, deviation, &Flux { problem, graph: &graph, routes: &routes, carried: &carried });
    let [lower_energy, upper_energy] = sums.energy_bounds(problem).ok_or(CertifyError::NotFinite)?;
    let tau = |energy: f64| match energy > 0.0 {
        true => tau_of(problem, problem.fractions().mean_conductivity, energy),
        false => f64::INFINITY,
    };
    let tau_bounds = [tau(upper_energy), tau(lower_energy)];
    let shape = problem.shape();
    let slack = ((shape.x + shape.y + shape.z) as f64 + FEW) * UNIT;
    let continuous = continuous_energy(problem, deviation) * (1.0 + slack);
    Ok(Certificate {
        tau_voxel_geometry_bounds: [tau(continuous), tau(sums.geometry_energy(problem))],
        tau_bounds,
        relative_gap: tau_bounds[1] / tau_bounds[0] - 1.0,
        largest_source: sums.largest_source / sums.current().abs(),
        seconds: start.elapsed().as_secs_f64(),
        bytes,
    })
}

/// What flows into every voxel and does not leave it.
fn sources(problem: &Problem, deviation: &Deviation) -> Held {
    let shape = problem.shape();
    let planes = crate::layout::plane_ranges(problem);
    let mut out = Held::zeros(problem.unknowns());
    crate::layout::split_mut(out.cells(), &planes).into_par_iter().enumerate().for_each(|(z, plane)| {
        let mut sums = RowSums::default();
        let mut rest = plane;
        for y in 0..shape.y {
            sums.fill(problem, deviation, (z, y));
            let (here, next) = rest.split_at_mut(sums.inflow.len());
            for (cell, inflow) in here.iter_mut().zip(&sums.inflow) {
                *cell.get_mut() = inflow.to_bits();
            }
            rest = next;
        }
    });
    out
}

fn net_inflow(f: &[f64; 6]) -> f64 {
    (f[0] - f[1]) + (f[2] - f[3]) + (f[4] - f[5])
}

/// The flux of the potential plus what is carried to the electrodes.
struct Flux<'a> {
    problem: &'a Problem,
    graph: &'a CompactGraph,
    routes: &'a Routes,
    carried: &'a Held,
}

impl Flux<'_> {
    /// Adds what is carried to the face fluxes of unknown `i`.
    fn add(&self, i: usize, faces: &mut [f64; 6]) {
        let Flux { problem, graph, routes, carried } = *self;
        let flow = problem.axis().xyz_index();
        let out = |i: usize, direction: usize| routes.share(i, direction) * carried.at(i);
        for direction in 0..6 {
            let face = 1u8 << direction;
            let away = if direction % 2 == 1 { 1.0 } else { -1.0 };
            if routes.mask(i) & face != 0 {
                faces[direction] += away * out(i, direction);
            } else if graph.open[i] & face != 0 {
                let j = neighbour(graph, i, direction);
                if routes.mask(j) & (1 << (direction ^ 1)) != 0 {
                    faces[direction] -= away * out(j, direction ^ 1);
                }
            }
        }
        if routes.mask(i) & bit::INLET != 0 {
            faces[2 * flow] -= out(i, 6);
        }
        if routes.mask(i) & bit::OUTLET != 0 {
            faces[2 * flow + 1] += out(i, 7);
        }
    }
}

/// What the bounds are made of.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// `E(u)`.
    energy: f64,
    /// `D(f)`.
    dissipation: f64,
    /// Dissipation of the flux that is linear along each axis within each voxel.
    linear_dissipation: f64,
    /// Currents through the inlet and the outlet.
    currents: [f64; 2],
    /// Sum of their terms' sizes.
    current_sizes: f64,
    /// Sum of `|d_i|`, with its rounding.
    sources: f64,
    /// Largest computed `|d_i|`.
    largest_source: f64,
    /// Roundings that a term passes through on its way into a sum.
    depth: f64,
}

impl Sums {
    fn of(problem: &Problem, deviation: &Deviation, flux: &Flux<'_>) -> Self {
        let shape = problem.shape();
        let rows = shape.z * shape.y;
        let per_block = rows.div_ceil(BLOCKS);
        let parts: Vec<Sums> = (0..rows.div_ceil(per_block))
            .into_par_iter()
            .map(|block| {
                let (mut sums, mut fluxes) = (Sums::default(), RowFluxes::default());
                for row in block * per_block..((block + 1) * per_block).min(rows) {
                    let at = (row / shape.y, row % shape.y);
                    fluxes.fill(problem, deviation, at);
                    sums.add(&Sums::of_row(problem, &mut fluxes, flux, at));
                }
                sums
            })
            .collect();
        let mut total = Sums::default();
        for part in &parts {
            total.add(part);
        }
        total.depth = (8 * shape.x + per_block + parts.len()) as f64;
        total
    }

    fn add(&mut self, part: &Sums) {
        self.energy += part.energy;
        self.dissipation += part.dissipation;
        self.linear_dissipation += part.linear_dissipation;
        self.currents[0] += part.currents[0];
        self.currents[1] += part.currents[1];
        self.current_sizes += part.current_sizes;
        self.sources += part.sources;
        self.largest_source = self.largest_source.max(part.largest_source);
    }

    /// Sums of a row, whose fluxes are those of the potential alone.
    fn of_row(problem: &Problem, fluxes: &mut RowFluxes, flux: &Flux<'_>, row: (usize, usize)) -> Self {
        let flow = problem.axis().xyz_index();
        let (graph, geometry) = (flux.graph, geometry(problem));
        let mut sums = Sums { energy: fluxes.energy, ..Sums::default() };
        let first = problem.runs().row(row.0, row.1).first().map_or(0, |r| r.first as usize);
        for (k, faces) in fluxes.faces.iter_mut().enumerate() {
            let i = first + k;
            flux.add(i, faces);
            let s = conductivity(problem, i);
            for axis in Axis::ALL {
                let (a, b) = (faces[2 * axis.xyz_index()], faces[2 * axis.xyz_index() + 1]);
                sums.linear_dissipation += (a * a + a * b + b * b) / (3.0 * s * geometry[axis.xyz_index()]);
                let direction = 2 * axis.xyz_index() + 1;
                if graph.open[i] & (1 << direction) != 0 {
                    let g = problem.between(axis, i, neighbour(graph, i, direction));
                    sums.dissipation += faces[direction] * faces[direction] / g;
                }
            }
            for (end, side) in [bit::INLET, bit::OUTLET].into_iter().enumerate() {
                if graph.open[i] & side != 0 {
                    let f = faces[2 * flow + end];
                    sums.dissipation += f * f / problem.to_electrode(i);
                    sums.currents[end] += f;
                    sums.current_sizes += f.abs();
                }
            }
            let source = net_inflow(faces).abs();
            sums.sources += source + SIX_FACES * UNIT * faces.iter().map(|f| f.abs()).sum::<f64>();
            sums.largest_source = sums.largest_source.max(source);
        }
        sums
    }

    /// Mean of the currents at inlet and outlet.
    fn current(&self) -> f64 {
        0.5 * (self.currents[0] + self.currents[1])
    }

    /// Relative rounding of a sum of positive terms.
    fn slack(&self) -> f64 {
        (self.depth + FEW) * UNIT
    }

    /// What the flux says of the least energy, if it dissipates so much.
    fn least_energy(&self, problem: &Problem, dissipation: f64) -> f64 {
        let (n, slack) = (problem.slices() as f64, self.slack());
        let current = self.current() - slack * self.current_sizes - 0.5 * self.sources * (1.0 + slack);
        (n * current.max(0.0)).powi(2) / dissipation * (1.0 - slack)
    }

    /// Lower bound of the least energy on the voxel geometry.
    fn geometry_energy(&self, problem: &Problem) -> f64 {
        self.least_energy(problem, self.linear_dissipation)
    }

    /// Lower and upper bound of the least energy; none where sums are not finite.
    fn energy_bounds(&self, problem: &Problem) -> Option<[f64; 2]> {
        let slack = self.slack();
        // A drop of one less a rise rounds to the size of the rise, which the drop may not have:
        // sum of g |drop| over axial faces, by Cauchy and Schwarz, with conductances of at most one (two at electrodes).
        let rises = FEW * UNIT * (self.energy * 2.0 * problem.unknowns() as f64).sqrt();
        let upper = self.energy * (1.0 + slack) + rises;
        let bounds = [self.least_energy(problem, self.dissipation), upper];
        (bounds.iter().all(|b| b.is_finite()) && self.energy > 0.0).then_some(bounds)
    }
}
