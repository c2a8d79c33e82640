//! The secondary current distribution: two potentials, coupled on every face by the kinetics of charge transfer.
//!
//! ```text
//! solid        div(sigma grad phi_s) = 0,   phi_s = 0 at the collector
//! electrolyte  div(kappa grad phi_e) = 0,   current through the separator's plane
//! surface      sigma d_n phi_s = kappa d_n phi_e = j(eta),   eta = phi_e - phi_s - eta_nuc - j R_film
//! ```
//!
//! A voxel has one potential, in its centre. Between the centres of a solid and an electrolyte voxel current passes half of
//! each, the film and the reaction: with the true area `w A` of the face
//! `phi_e - phi_s - eta_nuc = eta + rho j(eta)`, `rho = R_film + w (dx/2 sigma + dx/2 kappa)`, `I = w A j`.
//!
//! **Newton's method.** Every face has an overpotential `eta`, its state. Its law linearised there, the currents follow from
//! one linear system over both potentials, symmetric and positive definite ([`foamflux_transport::links`]), in which current is
//! conserved whatever the states. Then states move: where the magnitude of a face's current grows, `eta` follows the
//! *current* of the linear model (a logarithmic step), where it falls, its *overpotential*; that is how circuit simulators
//! keep diodes from overflowing (Nagel 1975, "junction limiting"), and it needs no line search. Near the solution both
//! are the full step, so that convergence is quadratic. What a step leaves is known from the step itself, by how much laws leave
//! their tangents: no step is made to see that nothing moves any more.
//!
//! Every cluster of electrolyte starts from the potential at which all of its surface together takes its current, which is
//! the solution for large Wagner numbers. At the end faces are solved exactly, and each cluster is shifted by the last
//! nanovolts, so that its charge balances to rounding.
//!
//! What is different here: the reaction sits on voxel faces with true-area weights, so that the current density of a tilted fibre is not
//! diluted by its stairs (Smith, Moehwald and others use faces as they are, 1.5 times too much area).

mod clusters;
mod finish;
mod laws;
mod linearised;
mod newton;
mod warm;

use foamflux_grid::{Event, Stage, Watch};
use foamflux_transport::{Backend, CpuBackend};
use rayon::prelude::*;

use crate::cell::Cell;
use crate::distribution::Distribution;
use crate::error::ElectroError;
use crate::materials::Materials;
use laws::Laws;
pub(crate) use linearised::Linearised;
use newton::{Newton, TASK};
pub use warm::Guess;

/// What drives the cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drive {
    /// Current per cross-section of the box in A/m2, above zero when plating, spread evenly over the open faces of the
    /// separator's plane: an ideal separator.
    Uniform(f64),
    /// The same current through a plane of one potential: a counter electrode.
    Current(f64),
    /// Potential of that plane against the collector in V.
    Voltage(f64),
}

/// How well to solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Largest error of a face's current density that may be left, over the mean, as estimated from the last step.
    pub change: f64,
    /// Largest difference between the current through a plane between slices and the applied one, over the latter.
    pub slices: f64,
    /// Most Newton steps.
    pub max_steps: u32,
    /// Error that a linear solve may leave of its correction.
    pub linear: f64,
    /// Double precision in linear solves; by default where conductivities are far apart.
    pub double: Option<bool>,
}

impl Default for Options {
    fn default() -> Self {
        Options { change: 1e-6, slices: 1e-6, max_steps: 60, linear: 1e-4, double: None }
    }
}

/// Solves for the current distribution on the processor.
///
/// # Errors
/// [`ElectroError`].
pub fn solve(
    cell: &Cell,
    materials: &Materials,
    drive: Drive,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Distribution, ElectroError> {
    solve_on(&CpuBackend::new(), cell, materials, drive, options, watch)
}

/// Solves for the current distribution with the linear solver of a backend; faces and their laws, charge and currents are the
/// processor's, in double precision, whatever the device.
///
/// # Errors
/// [`ElectroError`].
pub fn solve_on(
    backend: &dyn Backend,
    cell: &Cell,
    materials: &Materials,
    drive: Drive,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Distribution, ElectroError> {
    solve_from(backend, cell, materials, (drive, options), Start::Even, watch)
}

/// As [`solve_on()`], starting from the potentials of a similar cell where there are any.
///
/// # Errors
/// [`ElectroError`].
pub fn solve_near(
    backend: &dyn Backend,
    cell: &Cell,
    materials: &Materials,
    how: (Drive, &Options),
    guess: Option<&Guess>,
    watch: &dyn Watch,
) -> Result<Distribution, ElectroError> {
    solve_from(backend, cell, materials, how, guess.map_or(Start::Even, Start::Near), watch)
}

/// Where Newton's method starts.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Every cluster at the potential at which its surface takes its current evenly.
    Even,
    /// What was found for the same cell under other conditions.
    Same(&'a Distribution),
    /// The potentials of a similar cell.
    Near(&'a Guess),
}

/// The same, from a start.
pub(crate) fn solve_from(
    backend: &dyn Backend,
    cell: &Cell,
    materials: &Materials,
    (drive, options): (Drive, &Options),
    start: Start<'_>,
    watch: &dyn Watch,
) -> Result<Distribution, ElectroError> {
    materials.check()?;
    let (what, value) = match drive {
        Drive::Uniform(j) | Drive::Current(j) => ("the applied current density in A/m2", j),
        Drive::Voltage(v) => ("the applied voltage in V", v),
    };
    if !(value.is_finite() && value != 0.0) {
        return Err(ElectroError::Drive { what, value });
    }
    if value < 0.0 && cell.faces.iter().all(|f| materials.surface[usize::from(f.surface) % 9].bare) {
        return Err(ElectroError::NothingToStrip);
    }
    watch.event(Event::Started {
        stage: Stage::Current,
        what: format!("current distribution on {} reacting faces", cell.faces.len()),
    });
    let mut newton = Newton::new(cell, materials, drive, options)?;
    newton.affordable()?;
    match start {
        Start::Even => {}
        Start::Same(found) => newton.resume(found),
        Start::Near(guess) => newton.adopt(guess),
    }
    let mut solver = backend.links(newton.links.unknowns(), watch);
    newton.iterate(solver.as_mut(), watch)?;
    let distribution = newton.finish(solver.as_ref());
    // Exponentials overflow long before the steps between faces show it, and a runaway potential may leave no current.
    let j = distribution.current_density();
    let finite =
        distribution.overpotential_v.is_finite() && j.iter().all(|j| j.is_finite()) && j.iter().any(|j| *j != 0.0);
    if !finite {
        return Err(ElectroError::Runaway { steps: distribution.effort.newton_steps });
    }
    watch.event(Event::Finished {
        stage: Stage::Current,
        outcome: format!("{} Newton steps", distribution.effort.newton_steps),
    });
    Ok(distribution)
}

/// Current density in A/m2 on true area by label, were all potentials even: what exchange current densities and nucleation
/// overpotentials alone make of a current per cross-section.
#[must_use]
pub fn kinetic_limit(cell: &Cell, materials: &Materials, applied: f64) -> [Option<f64>; 9] {
    let laws = Laws::new(cell, materials);
    let (mut areas, mut weighted) = ([0.0; 9], [0.0; 9]);
    for face in &cell.faces {
        let l = usize::from(face.surface) % 9;
        areas[l] += cell.area(face);
        weighted[l] += cell.area(face) * f64::from(face.i0_factor);
    }
    // Current densities are in proportion to i0: a map of it counts by its mean.
    let j = |l: usize, drop: f64| {
        if areas[l] > 0.0 { laws.of(l).at(drop + laws.equilibrium[l]).j * weighted[l] / areas[l] } else { 0.0 }
    };
    let wanted = applied * cell.projected_area();
    let drop = root(|drop| (0..9).map(|l| areas[l] * j(l, drop)).sum::<f64>() - wanted, applied);
    std::array::from_fn(|l| (areas[l] > 0.0).then(|| j(l, drop)))
}

/// Scalar product, summed by tasks of fixed length.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let parts: Vec<f64> =
        a.par_chunks(TASK).zip(b.par_chunks(TASK)).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum()).collect();
    parts.iter().sum()
}

/// The potential at which a rising function is zero, sought in the direction of `sign`.
pub(crate) fn root(f: impl Fn(f64) -> f64, sign: f64) -> f64 {
    let sign = if sign < 0.0 { -1.0 } else { 1.0 };
    let mut far = 1e-3;
    // A thousand volts is beyond any cell; exponents are cut long before.
    while f(sign * far) * sign < 0.0 && far < 1e3 {
        far *= 2.0;
    }
    let (mut low, mut high) = if sign > 0.0 { (0.0, far) } else { (-far, 0.0) };
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if f(middle) > 0.0 {
            high = middle
        } else {
            low = middle
        }
        if high - low <= f64::EPSILON * far {
            break;
        }
    }
    0.5 * (low + high)
}
