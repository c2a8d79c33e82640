//! The effective conductivity tensor of a volume taken as a unit cell that repeats itself.
//!
//! `<J> = D E` for a mean field E, with all three pairs of opposite walls joined; three solves, one per axis.
//! In the scaled units of [`crate::problem`], drive k has the conductance `g = (s / s_max) (d_k / d_a)^2` and the drop
//! `drop_k` across a face along axis a, so that with N voxels
//! `D_kl = (1/N) sum over faces of s (d_k d_l / d_a^2) drop_k drop_l = (s_max / N) sum f_k drop_l d_l / d_k`.
//! This bilinear form of the energy is symmetric and, as the energy is, second order in the error of the potentials.
//!
//! The mean fluxes `<J_l> = (s_max / N) sum f_k d_l / d_k` over the faces along l tell the same to first order;
//! what they lack in symmetry is reported as a measure of the error.
//!
//! A volume that does not repeat itself is cut at its walls, where its phases do not meet: its tensor is that of the
//! repeated cell, and differs from what electrodes at its walls see.

use foamflux_grid::{Axis, GridError, Labels, Volume, Watch};
use rayon::prelude::*;

use crate::audit::RowDrops;
use crate::problem::CONDUCTS_NOTHING;
use crate::{Backend, Coefficients, Problem, ProblemError, Solution, SolveError, Stop};

/// Sweeps over the off-diagonal entries; three suffice for rounding.
const JACOBI_SWEEPS: usize = 12;

/// Why there is no tensor.
#[derive(Debug, thiserror::Error)]
pub enum TensorError {
    /// The problem could not be set up.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The repeated volume could not be made.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// One of the three solves failed.
    #[error("driven along {axis}: {source}")]
    Solve {
        /// Direction of the drive.
        axis: Axis,
        /// What happened.
        source: SolveError,
    },
}

/// Effective conductivity of a repeating volume, in the unit of the coefficients; axes in x, y, z order.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveTensor {
    /// The symmetric tensor.
    pub conductivity: [[f64; 3]; 3],
    /// Its eigenvalues, the largest first.
    pub eigenvalues: [f64; 3],
    /// Unit vectors along which they act.
    pub axes: [[f64; 3]; 3],
    /// Tortuosity factors along x, y, z: mean conductivity over the diagonal; infinite where nothing conducts.
    pub tau: [f64; 3],
    /// Estimated solver error of the diagonal entries.
    pub error: [f64; 3],
    /// Largest difference of opposite entries computed from mean fluxes.
    pub asymmetry: f64,
    /// Iterations of the three solves.
    pub iterations: [u32; 3],
    /// Most bytes held at once.
    pub peak_bytes: u64,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Solves the unit cell along x, y and z.
///
/// # Errors
/// [`TensorError`].
pub fn effective_tensor(
    labels: &Labels,
    coefficients: &Coefficients,
    backend: &dyn Backend,
    stop: &Stop,
    watch: &dyn Watch,
) -> Result<EffectiveTensor, TensorError> {
    let start = std::time::Instant::now();
    let doubled;
    let labels = if Axis::ALL.iter().any(|&a| labels.shape().along(a) == 1) {
        doubled = repeat_single(labels)?;
        &doubled
    } else {
        labels
    };
    let mut solved = Vec::with_capacity(3);
    for axis in Axis::ALL {
        let problem = Problem::unit_cell(labels, coefficients, axis)?;
        let solution = backend.solve(&problem, stop, watch).map_err(|source| TensorError::Solve { axis, source })?;
        solved.push((problem, solution));
    }
    let (energies, fluxes) = means(&solved);
    let mean = solved[0].0.fractions().mean_conductivity;
    let nothing = CONDUCTS_NOTHING * mean;
    let mut conductivity = [[0.0; 3]; 3];
    let mut asymmetry = 0.0f64;
    for k in 0..3 {
        for l in 0..3 {
            let value = 0.5 * (energies[k][l] + energies[l][k]);
            conductivity[k][l] = if value.abs() > nothing { value } else { 0.0 };
            asymmetry = asymmetry.max((fluxes[k][l] - fluxes[l][k]).abs());
        }
    }
    let (eigenvalues, axes) = eigen(conductivity);
    let diagonal: [f64; 3] = std::array::from_fn(|k| conductivity[k][k]);
    Ok(EffectiveTensor {
        conductivity,
        eigenvalues,
        axes,
        tau: diagonal.map(|d| mean / d),
        error: std::array::from_fn(|k| (diagonal[k] * solved[k].1.error_solver.relative).max(0.0)),
        asymmetry,
        iterations: std::array::from_fn(|k| solved[k].1.iterations),
        peak_bytes: solved.iter().map(|(p, s)| s.peak_bytes.max(p.bytes())).max().unwrap_or(0),
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// Repeats axes of a single voxel once, which changes nothing in a periodic medium.
fn repeat_single(labels: &Labels) -> Result<Labels, GridError> {
    let shape = labels.shape();
    let [nx, ny, nz] = Axis::ALL.map(|a| shape.along(a).max(2));
    let larger = foamflux_grid::Shape::new(nz, ny, nx)?;
    let from = labels.volume().as_slice();
    let volume = Volume::from_fn(larger, labels.voxel_size().clone(), |z, y, x| {
        from[shape.index(z % shape.z, y % shape.y, x % shape.x)]
    });
    Labels::new(volume)
}

/// `D_kl` from energies and from mean fluxes.
fn means(solved: &[(Problem, Solution)]) -> ([[f64; 3]; 3], [[f64; 3]; 3]) {
    let problem = &solved[0].0;
    let (shape, spacing) = (problem.shape(), problem.spacing());
    let planes: Vec<[[[f64; 3]; 3]; 2]> = (0..shape.z)
        .into_par_iter()
        .map_init(
            || [RowDrops::default(), RowDrops::default(), RowDrops::default()],
            |rows, z| {
                let mut sums = [[[0.0; 3]; 3]; 2];
                for y in 0..shape.y {
                    for (row, (problem, solution)) in rows.iter_mut().zip(solved) {
                        row.fill(problem, &solution.deviation, (z, y));
                    }
                    for i in 0..rows[0].faces.len() {
                        for k in 0..3 {
                            for (a, [flux, _]) in rows[k].faces[i].into_iter().enumerate() {
                                sums[1][k][a] += flux;
                                for l in 0..3 {
                                    sums[0][k][l] += flux * rows[l].faces[i][a][1];
                                }
                            }
                        }
                    }
                }
                sums
            },
        )
        .collect();
    let edge = Axis::ALL.map(|a| spacing.along(a));
    let scale = problem.sigma_max() / shape.len() as f64;
    let mut total = [[[0.0; 3]; 3]; 2];
    for plane in planes {
        for (to, from) in total.iter_mut().flatten().flatten().zip(plane.iter().flatten().flatten()) {
            *to += from;
        }
    }
    let scaled = total.map(|t| std::array::from_fn(|k| std::array::from_fn(|l| scale * t[k][l] * edge[l] / edge[k])));
    (scaled[0], scaled[1])
}

/// Eigenvalues of a symmetric matrix, the largest first, and unit eigenvectors (Jacobi 1846).
fn eigen(mut a: [[f64; 3]; 3]) -> ([f64; 3], [[f64; 3]; 3]) {
    let mut v = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..JACOBI_SWEEPS {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if a[p][q] == 0.0 {
                continue;
            }
            let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
            let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
            let c = 1.0 / t.hypot(1.0);
            let s = t * c;
            for row in &mut a {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
            for k in 0..3 {
                (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]);
            }
            for row in &mut v {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
        }
    }
    let mut order = [0, 1, 2];
    order.sort_by(|&i, &j| a[j][j].total_cmp(&a[i][i]));
    (order.map(|k| a[k][k]), order.map(|k| [v[0][k], v[1][k], v[2][k]]))
}
