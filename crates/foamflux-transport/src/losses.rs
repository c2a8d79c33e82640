//! Where the loss sits: dissipation by voxel and by slice.
//!
//! Equation: the current `f` through half a face of voxel i dissipates `f^2 / (2 s_i G)`, with `s_i` the conductivity and
//! `G` area over distance; the energy of a face, `g (drop)^2`, is what its two halves dissipate, shared as their
//! resistances.
//! The sum over all voxels is therefore the dissipated energy from which tau comes, to rounding.
//!
//! By slices: between two cross-sections on which the potential has the flux-weighted means `a` and `b`, the current I
//! dissipates `I (a - b)`. A slice's share of the loss is so the drop of the mean potential across it, and
//! `R_k = (columns / I^2) e_k`, its resistance over that of the same slice of the free medium, has the MacMullin number
//! as its mean over all slices.
//!
//! Constrictivity: `delta = T_flux^2 / tau`, 1 for tubes of constant width and below it where the current is squeezed
//! (by the Cauchy-Schwarz inequality it never exceeds 1 for one phase).
//!
//! What is different here: the share of the conducting voxels that holds half of the loss is read from a histogram over
//! the leading bits of single-precision numbers (bins of a relative width of 5e-4) instead of from a sort.

use foamflux_grid::{Axis, Labels, Volume};
use rayon::prelude::*;

use crate::audit::RowFluxes;
use crate::problem::Conductance;
use crate::solution::volume;
use crate::{Coefficients, Problem, Solution};

/// Bits of a single-precision number that name its bin: exponent and 11 of 23 bits of the fraction.
const BIN_SHIFT: u32 = 12;
/// Rows whose sums are added first; fixed, so that sums do not depend on the number of threads.
const ROWS: usize = 64;

/// Through-plane profile: one entry per slice along the direction of transport, from the inlet on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// Area fraction of all conducting voxels.
    pub area_fraction: Vec<f64>,
    /// Area fraction of those that connect both electrodes.
    pub percolating_fraction: Vec<f64>,
    /// Mean potential at the centre of the slice, weighted by the flux along the axis: 1 at the inlet, 0 at the outlet.
    pub potential: Vec<f64>,
    /// Share of the whole dissipation; also the drop of the mean potential across the slice.
    pub dissipation_share: Vec<f64>,
    /// Resistance over that of the slice filled with a medium of conductivity 1; the mean is the MacMullin number.
    pub resistance_relative: Vec<f64>,
}

/// Where the loss sits.
#[derive(Debug, Clone, PartialEq)]
pub struct Losses {
    /// Sum over all voxels, in the unit of [`Solution::energy`].
    pub energy: f64,
    /// Smallest share of the conducting voxels that holds half of the loss: 0.5 for straight tubes, less where the loss
    /// sits in throats.
    pub half_loss_fraction: f64,
    /// By slice.
    pub profile: Profile,
}

/// Dissipation by voxel over its mean over all conducting voxels, and what follows from it.
///
/// The field is not a number where nothing percolates. Its sum is the number of conducting voxels.
#[must_use]
pub fn losses(
    labels: &Labels,
    coefficients: &Coefficients,
    problem: &Problem,
    solution: &Solution,
) -> (Losses, Volume<f32>) {
    let shape = problem.shape();
    let voxels = shape.len() as f64;
    let conducting = (problem.fractions().conducting * voxels).round();
    // The solution's energy is that of a voxel of the box; this is that of a conducting voxel.
    let mean = solution.energy * voxels / conducting;
    let mut field = vec![f32::NAN; shape.len()];
    let slices = problem.slices();
    let parts: Vec<Sums> = field
        .par_chunks_mut(shape.x * ROWS)
        .enumerate()
        .map(|(block, out)| {
            let (mut sums, mut fluxes) = (Sums::new(slices), RowFluxes::default());
            for (k, row) in out.chunks_mut(shape.x).enumerate() {
                let at = block * ROWS + k;
                sums.row(problem, solution, (at / shape.y, at % shape.y), mean, row, &mut fluxes);
            }
            sums
        })
        .collect();
    let mut sums = Sums::new(slices);
    for part in &parts {
        sums.add(part);
    }
    let energy: f64 = sums.energy.iter().sum();
    let half_loss_fraction = half(&field) / conducting;
    let profile = profile(labels, coefficients, problem, &sums, energy);
    let losses = Losses { energy: energy / voxels, half_loss_fraction, profile };
    (losses, volume(problem, field))
}

/// Constrictivity `delta = T_flux^2 / tau`.
#[must_use]
pub fn constrictivity(flux_tortuosity: f64, tau: f64) -> f64 {
    flux_tortuosity * flux_tortuosity / tau
}

/// Sums by slice.
struct Sums {
    energy: Vec<f64>,
    voxels: Vec<u64>,
    flux: Vec<f64>,
    flux_potential: Vec<f64>,
}

impl Sums {
    fn new(slices: usize) -> Self {
        let zeros = || vec![0.0; slices];
        Sums { energy: zeros(), voxels: vec![0; slices], flux: zeros(), flux_potential: zeros() }
    }

    fn add(&mut self, part: &Sums) {
        let each = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
        each(&mut self.energy, &part.energy);
        each(&mut self.flux, &part.flux);
        each(&mut self.flux_potential, &part.flux_potential);
        self.voxels.iter_mut().zip(&part.voxels).for_each(|(t, f)| *t += f);
    }

    fn row(
        &mut self,
        problem: &Problem,
        solution: &Solution,
        (z, y): (usize, usize),
        mean: f64,
        out: &mut [f32],
        fluxes: &mut RowFluxes,
    ) {
        let flow = problem.axis().xyz_index();
        // Dead ends conduct and percolate, but nothing flows in them.
        for dead in problem.removed().into_iter().flat_map(|r| r.row(z * problem.shape().y + y)) {
            for x in dead.x0..dead.x0 + dead.len {
                self.voxels[[x, y, z][flow]] += 1;
                out[x] = 0.0;
            }
        }
        let runs = problem.runs().row(z, y);
        if runs.is_empty() {
            return;
        }
        fluxes.fill(problem, &solution.deviation, (z, y));
        let n = problem.slices() as f64;
        let half_faces = half_faces(problem);
        let mut faces = fluxes.faces.iter();
        for run in runs {
            for (k, f) in (0..run.len()).zip(&mut faces) {
                let (x, i) = (run.x0 as usize + k, run.first as usize + k);
                let depth = [x, y, z][flow];
                let conductivity = 0.5 * problem.to_electrode(i);
                let loss: f64 = (0..3)
                    .map(|a| (f[2 * a] * f[2 * a] + f[2 * a + 1] * f[2 * a + 1]) / (half_faces[a] * conductivity))
                    .sum();
                let along = 0.5 * (f[2 * flow] + f[2 * flow + 1]);
                let potential = (n - depth as f64 - 0.5 + solution.deviation.at(i)) / n;
                self.energy[depth] += loss;
                self.voxels[depth] += 1;
                self.flux[depth] += along;
                self.flux_potential[depth] += along * potential;
                out[x] = (loss / mean) as f32;
            }
        }
    }
}

/// Scaled conductance of half a voxel of the best conductor along each axis.
fn half_faces(problem: &Problem) -> [f64; 3] {
    let spacing = problem.spacing();
    match problem.conductance() {
        Conductance::Uniform(g) => g.map(|g| 2.0 * g),
        Conductance::Table { .. } => {
            Axis::ALL.map(|a| 2.0 * (spacing.along(problem.axis()) / spacing.along(a)).powi(2))
        }
    }
}

/// Number of voxels that hold half of the loss, the heaviest first.
fn half(field: &[f32]) -> f64 {
    // Numbers that are not negative sort as their bits do.
    let mut bins = vec![(0u64, 0.0f64); (f32::INFINITY.to_bits() >> BIN_SHIFT) as usize + 1];
    for value in field.iter().filter(|v| v.is_finite()) {
        let bin = &mut bins[(value.to_bits() >> BIN_SHIFT) as usize];
        *bin = (bin.0 + 1, bin.1 + f64::from(*value));
    }
    let half = 0.5 * bins.iter().map(|b| b.1).sum::<f64>();
    let (mut voxels, mut loss) = (0.0, 0.0);
    for &(count, sum) in bins.iter().rev().filter(|b| b.0 > 0) {
        if loss + sum >= half {
            // Voxels of one bin are alike.
            return voxels + count as f64 * ((half - loss) / sum).clamp(0.0, 1.0);
        }
        (voxels, loss) = (voxels + count as f64, loss + sum);
    }
    voxels
}

fn profile(labels: &Labels, coefficients: &Coefficients, problem: &Problem, sums: &Sums, energy: f64) -> Profile {
    let (shape, n) = (problem.shape(), problem.slices());
    let columns = (shape.len() / n) as f64;
    let conducts: [bool; 256] = std::array::from_fn(|v| coefficients.of(v as u8) > 0.0);
    let mut area = vec![0u64; n];
    for z in 0..shape.z {
        for (y, row) in labels.volume().plane(z).chunks_exact(shape.x).enumerate() {
            let on = row.iter().map(|v| u64::from(conducts[usize::from(*v)]));
            match problem.axis() {
                Axis::X => area.iter_mut().zip(on).for_each(|(a, on)| *a += on),
                Axis::Y => area[y] += on.sum::<u64>(),
                Axis::Z => area[z] += on.sum::<u64>(),
            }
        }
    }
    // The whole drop is one per slice, so that the current is the energy over the number of slices.
    let current = energy / n as f64;
    let fraction = |voxels: &Vec<u64>| voxels.iter().map(|v| *v as f64 / columns).collect();
    Profile {
        area_fraction: fraction(&area),
        percolating_fraction: fraction(&sums.voxels),
        potential: sums.flux_potential.iter().zip(&sums.flux).map(|(p, f)| p / f).collect(),
        dissipation_share: sums.energy.iter().map(|e| e / energy).collect(),
        resistance_relative: sums
            .energy
            .iter()
            .map(|e| columns * e / (current * current * problem.sigma_max()))
            .collect(),
    }
}
