//! Flux vectors, and the numbers that follow from tau.

use foamflux_grid::{Axis, Volume};
use rayon::prelude::*;

use crate::audit::RowFluxes;
use crate::solution::volume;
use crate::{Problem, Solution};

/// Flux of every voxel, x, y, z: the mean of its two face fluxes along each axis.
///
/// In the unit of the coefficients times potential drop over box length, so that an empty box of conductivity 1 has
/// the vector 1 along the axis of transport, towards the outlet.
/// Zero where nothing percolates and in dead ends.
#[must_use]
pub fn flux(problem: &Problem, solution: &Solution) -> Volume<[f32; 3]> {
    let (shape, spacing) = (problem.shape(), problem.spacing());
    // A scaled lateral flux is a conductance times a drop; as a density it carries the ratio of the edges.
    let density = Axis::ALL.map(|a| 0.5 * problem.sigma_max() * spacing.along(a) / spacing.along(problem.axis()));
    let mut out = vec![[0f32; 3]; shape.len()];
    out.par_chunks_mut(shape.x).enumerate().for_each_init(RowFluxes::default, |fluxes, (row, out)| {
        let at = (row / shape.y, row % shape.y);
        fluxes.fill(problem, &solution.deviation, at);
        let mut faces = fluxes.faces.iter();
        for run in problem.runs().row(at.0, at.1) {
            for (voxel, f) in out[run.x0 as usize..run.x1 as usize].iter_mut().zip(&mut faces) {
                *voxel = std::array::from_fn(|a| (density[a] * (f[2 * a] + f[2 * a + 1])) as f32);
            }
        }
    });
    volume(problem, out)
}

/// Length of every flux vector.
#[must_use]
pub fn magnitude(flux: &Volume<[f32; 3]>) -> Volume<f32> {
    flux.map(|&[x, y, z]| f64::from(x).hypot(f64::from(y)).hypot(f64::from(z)) as f32)
}

/// MacMullin number: conductivity of the free medium over the effective one, `1 / d_eff_relative`.
#[must_use]
pub fn macmullin(d_eff_relative: f64) -> f64 {
    1.0 / d_eff_relative
}

/// A Bruggeman exponent with what tau's error makes of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bruggeman {
    /// `p` in `D_eff / D0 = eps^p`.
    pub exponent: f64,
    /// Error of `p` that follows from the relative error of tau.
    pub error: f64,
    /// `d p / (d tau / tau) = 1 / |ln eps|`: how much a relative error of tau is magnified.
    pub magnification: f64,
}

/// Volume fraction above which an exponent without an error bar is not reported.
pub const BRUGGEMAN_LIMIT: f64 = 0.97;

/// Bruggeman exponent `p = 1 - ln tau / ln eps`.
///
/// None for a full or empty box, and above [`BRUGGEMAN_LIMIT`] unless the relative error of tau is given:
/// there `ln eps` is so small that the exponent is mostly error.
#[must_use]
pub fn bruggeman(tau: f64, eps: f64, tau_error_relative: Option<f64>) -> Option<Bruggeman> {
    if !(tau.is_finite() && tau > 0.0 && eps > 0.0 && eps < 1.0)
        || (eps > BRUGGEMAN_LIMIT && tau_error_relative.is_none())
    {
        return None;
    }
    let magnification = 1.0 / eps.ln().abs();
    Some(Bruggeman {
        exponent: 1.0 - tau.ln() / eps.ln(),
        error: tau_error_relative.unwrap_or(0.0) * magnification,
        magnification,
    })
}

/// Flux-based tortuosity `T_flux = <|J|> / <J_axis>`: the mean length of streamlines over the box length.
///
/// For one phase `T_flux^2 <= tau` by the Cauchy-Schwarz inequality; see [`flux_tortuosity_is_consistent`].
#[must_use]
pub fn flux_tortuosity(flux: &Volume<[f32; 3]>, axis: Axis) -> f64 {
    let (mut lengths, mut along) = (0.0, 0.0);
    for &[x, y, z] in flux.as_slice() {
        let j = [f64::from(x), f64::from(y), f64::from(z)];
        lengths += (j[0] * j[0] + j[1] * j[1] + j[2] * j[2]).sqrt();
        along += j[axis.xyz_index()];
    }
    lengths / along
}

/// Whether `T_flux^2 <= tau` within `relative_error`, as it must be for one phase.
#[must_use]
pub fn flux_tortuosity_is_consistent(t_flux: f64, tau: f64, relative_error: f64) -> bool {
    t_flux * t_flux <= tau * (1.0 + relative_error)
}
