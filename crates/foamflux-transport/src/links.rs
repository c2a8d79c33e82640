//! Symmetric systems on the faces between voxels, with any conductance per face.
//!
//! ```text
//! sum over faces g_ij (x_i - x_j) + ground_i x_i = b_i        for every voxel i that takes part
//! ```
//!
//! [`crate::Problem`] knows one field and conductivities by label. Here two media may fill the box, each voxel having the
//! potential of its own medium, and a face between the media carries an exchange conductance, such as the slope of
//! reaction kinetics, that changes from one solve to the next while everything else stays.
//!
//! The same conjugate gradients and multigrid cycle serve. Aggregates never join media, nor groups of conductivities that
//! differ much; and while a conductance within a medium is halved from level to level, because pieces are twice as
//! long, one between media is not: an exchange has an area and no length. (On a foam of 128^3, halving it as well took
//! 42 iterations to 148.)
//!
//! Potentials are `f64` and so are residuals, in difference form; corrections iterate in `f32` or `f64`.

mod solver;

use std::sync::atomic::{AtomicU64, Ordering};

use foamflux_grid::{Axis, Shape, Watch};

use crate::cpu::linked::{Linked, correction, single_pass};
use crate::cpu::real::Real;
use crate::device::{self, Level, Next};
use crate::krylov::{End, Limits, Reached};

pub use solver::{LinksEffort, LinksSolver, Processor};

/// Group of voxels that take no part.
pub const NO_GROUP: u8 = u8::MAX;
/// Number of groups that can be told apart.
pub const GROUPS: u8 = 16;

/// Which voxels take part.
#[derive(Debug, Clone, Copy)]
pub struct Lattice<'a> {
    /// Shape of the box.
    pub shape: Shape,
    /// Whether opposite walls across x, y, z are joined.
    pub wraps: [bool; 3],
    /// Group of every voxel, below [`GROUPS`], or [`NO_GROUP`]. Voxels of one group have conductivities of the same
    /// magnitude and belong to the same medium.
    pub group: &'a [u8],
    /// Bit g is set where group g is part of the second medium.
    pub second_medium: u16,
}

/// Why a system could not be set up or solved.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LinksError {
    /// The groups are not one per voxel.
    #[error("{groups} groups were given for the {voxels} voxels of a box of {shape} (z,y,x): give one per voxel")]
    Groups {
        /// How many were given.
        groups: usize,
        /// How many there must be.
        voxels: usize,
        /// The box.
        shape: Shape,
    },
    /// A group that is neither below [`GROUPS`] nor [`NO_GROUP`].
    #[error("voxel {voxel} is in group {group}: groups are 0 to 15, and 255 for voxels that take no part")]
    Group {
        /// Linear index.
        voxel: usize,
        /// The refused group.
        group: u8,
    },
    /// More unknowns than 32-bit indices address.
    #[error("{unknowns} voxels are more than the {} that one system can index: crop or bin the volume", u32::MAX)]
    TooMany {
        /// Voxels that take part.
        unknowns: usize,
    },
    /// A field of another length.
    #[error("a field has {len} values for {unknowns} unknowns")]
    Length {
        /// Its length.
        len: usize,
        /// The number of unknowns.
        unknowns: usize,
    },
    /// The watcher asked to stop.
    #[error("stopped after {iterations} iterations")]
    Cancelled {
        /// Iterations done.
        iterations: u32,
    },
    /// A number became infinite or not a number.
    #[error("the iteration broke down after {iterations} iterations: a value is not finite")]
    NotFinite {
        /// Iterations done.
        iterations: u32,
    },
    /// It does not fit on the device.
    #[error("does not fit on {device}: {message}")]
    Memory {
        /// As the solver describes itself.
        device: String,
        /// How much is needed, how much there is, and what to do.
        message: String,
    },
    /// The device failed.
    #[error("{device}: {message}")]
    Device {
        /// As the solver describes itself.
        device: String,
        /// What happened and what to do.
        message: String,
    },
}

/// How well a correction is to be solved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinksStop {
    /// Error of the correction that may remain, relative, in the norm of energy.
    pub relative: f64,
    /// Most iterations.
    pub max_iterations: u32,
    /// Reach the tolerance where rounding to single precision would keep it from being reached.
    pub double: bool,
}

/// What a correction cost, and what it left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corrected {
    /// Iterations.
    pub iterations: u32,
    /// Whether the tolerance was met; otherwise precision or the iterations were exhausted.
    pub converged: bool,
    /// Estimated relative error of the correction in the norm of energy.
    pub relative: f64,
}

/// Which numbers a system holds: what a device has copied is current as long as they are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Which system: no two have the same.
    pub system: u64,
    /// How often conductances have changed.
    pub values: u64,
    /// How often coarse levels were built.
    pub levels: u64,
}

/// A system of links between voxels.
#[derive(Debug)]
pub struct Links {
    on: Linked,
    stamp: Stamp,
}

/// The next [`Stamp::system`].
static SYSTEMS: AtomicU64 = AtomicU64::new(0);

impl Links {
    /// A system over the voxels of `lattice`.
    ///
    /// `conductance(axis, lower, upper)` is that of the face between two voxels, given by their linear indices; across a
    /// joined wall `lower` is the voxel at the high end. `ground(voxel)` is the conductance to a fixed potential of zero.
    /// The levels are not built: see [`Links::build_levels`].
    ///
    /// # Errors
    /// [`LinksError`] for groups that do not fit the box.
    pub fn new(
        lattice: &Lattice<'_>,
        conductance: impl Fn(Axis, usize, usize) -> f32 + Sync,
        ground: impl Fn(usize) -> f32 + Sync,
    ) -> Result<Self, LinksError> {
        let (groups, voxels) = (lattice.group.len(), lattice.shape.len());
        if groups != voxels {
            return Err(LinksError::Groups { groups, voxels, shape: lattice.shape });
        }
        if let Some(voxel) = lattice.group.iter().position(|&g| g >= GROUPS && g != NO_GROUP) {
            return Err(LinksError::Group { voxel, group: lattice.group[voxel] });
        }
        let unknowns = lattice.group.iter().filter(|&&g| g != NO_GROUP).count();
        if unknowns >= u32::MAX as usize || voxels >= u32::MAX as usize {
            return Err(LinksError::TooMany { unknowns });
        }
        let stamp = Stamp { system: SYSTEMS.fetch_add(1, Ordering::Relaxed), values: 0, levels: 0 };
        Ok(Links { on: Linked::new(lattice, conductance, ground), stamp })
    }

    /// Number of unknowns.
    #[must_use]
    pub fn unknowns(&self) -> usize {
        self.on.len()
    }

    /// The unknown of a voxel, given by its linear index; none where it takes no part.
    #[must_use]
    #[inline]
    pub fn unknown(&self, voxel: usize) -> Option<usize> {
        self.on.unknown(voxel)
    }

    /// The neighbour of an unknown towards lower (`up = false`) or higher coordinates; itself where there is none.
    #[must_use]
    #[inline]
    pub fn neighbour(&self, unknown: usize, axis: Axis, up: bool) -> usize {
        self.on.neighbour(unknown, axis, up)
    }

    /// Conductance of a face of an unknown.
    #[must_use]
    #[inline]
    pub fn conductance(&self, unknown: usize, axis: Axis, up: bool) -> f32 {
        self.on.conductance(unknown, axis, up)
    }

    /// Conductance to ground of an unknown.
    #[must_use]
    #[inline]
    pub fn ground(&self, unknown: usize) -> f32 {
        self.on.ground(unknown)
    }

    /// Gives the face of `unknown` towards higher coordinates another conductance. Until [`Links::refresh`] the system is
    /// not to be solved.
    #[inline]
    pub fn set_conductance(&mut self, unknown: usize, axis: Axis, conductance: f32) {
        self.on.set_conductance(unknown, axis, conductance);
    }

    /// Makes the finest level follow what [`Links::set_conductance`] changed; coarse levels keep what they were built of.
    pub fn refresh(&mut self) {
        self.stamp.values += 1;
        self.on.refresh();
    }

    /// Builds the coarse levels for the present conductances.
    ///
    /// # Errors
    /// [`LinksError::Groups`] when `lattice` is not the one of [`Links::new`].
    pub fn build_levels(&mut self, lattice: &Lattice<'_>) -> Result<(), LinksError> {
        let (groups, voxels) = (lattice.group.len(), lattice.shape.len());
        if groups != voxels {
            return Err(LinksError::Groups { groups, voxels, shape: lattice.shape });
        }
        self.stamp.levels += 1;
        self.on.build_levels(lattice);
        Ok(())
    }

    /// Forgets the coarse levels, for a system that is looked at and no longer solved.
    pub fn drop_levels(&mut self) {
        self.stamp.levels += 1;
        self.on.drop_levels();
    }

    /// What the present numbers are told from others by.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The links as plain arrays, for a device with kernels of its own; [`Level::next`] is [`Next::Nothing`].
    ///
    /// Link k of an unknown leads to -x, +x, -y, +y, -z, +z in this order, whether it conducts or not, so that
    /// [`Links::conductances`] can follow a change.
    #[must_use]
    pub fn finest(&self) -> Level {
        self.on.export()
    }

    /// The present conductances, in the places of [`Level::conductance`] of [`Links::finest`].
    pub fn conductances(&self, out: &mut Vec<f32>) {
        self.on.export_conductances(out);
    }

    /// One over the present diagonal.
    #[must_use]
    pub fn inverse_diagonal(&self) -> Vec<f32> {
        self.on.inverses()
    }

    /// The way from the unknowns to the first coarse level, and the coarse levels; [`Next::Nothing`] before
    /// [`Links::build_levels`].
    #[must_use]
    pub fn coarse(&self) -> (Next, Vec<Level>) {
        self.on.export_levels()
    }

    /// Unknowns of the coarse levels.
    #[must_use]
    pub fn levels(&self) -> Vec<usize> {
        self.on.levels()
    }

    /// Bytes held, and those of the fields of one correction.
    #[must_use]
    pub fn bytes(&self, double: bool) -> u64 {
        // Five fields and the source; in double precision what refines them as well.
        let per_unknown = 6 * 4 + if double { 4 } else { 0 };
        self.on.bytes() + per_unknown * self.on.len() as u64
    }

    /// `b - A x` in difference form and double precision.
    ///
    /// # Errors
    /// [`LinksError::Length`].
    pub fn residual(&self, x: &[f64], b: &[f64]) -> Result<Vec<f64>, LinksError> {
        for len in [x.len(), b.len()] {
            if len != self.on.len() {
                return Err(LinksError::Length { len, unknowns: self.on.len() });
            }
        }
        Ok(self.on.residual(x, b))
    }

    /// Solves `A d = residual` and adds `d` to `x`. Double precision is what residuals and potentials have; iterations turn to it
    /// only where those in single precision, refined, no longer gain.
    ///
    /// # Errors
    /// [`LinksError`]; falling short of the tolerance is not an error but said in the result.
    pub fn correct(
        &self,
        residual: &[f64],
        x: &mut [f64],
        stop: &LinksStop,
        watch: &dyn Watch,
    ) -> Result<Corrected, LinksError> {
        for len in [x.len(), residual.len()] {
            if len != self.on.len() {
                return Err(LinksError::Length { len, unknowns: self.on.len() });
            }
        }
        if stop.double {
            let single = |source: &[f32], found: &mut Vec<f32>, limits: &Limits<'_>| {
                Ok(single_pass(&self.on, source, found, limits, watch))
            };
            return Ok(device::correct(self, residual, x, stop, watch, single)?.corrected);
        }
        self.iterate::<f32>(residual, x, stop, watch)
    }

    /// The same in one precision and one pass.
    fn iterate<T: Real>(
        &self,
        residual: &[f64],
        x: &mut [f64],
        stop: &LinksStop,
        watch: &dyn Watch,
    ) -> Result<Corrected, LinksError> {
        let reached = correction::<T>(&self.on, residual, x, stop, watch);
        let Reached { end, iterations, energy, energy_error } = reached;
        match end {
            End::Cancelled => Err(LinksError::Cancelled { iterations }),
            End::NotFinite => Err(LinksError::NotFinite { iterations }),
            End::Converged | End::Stalled | End::Limit => Ok(Corrected {
                iterations,
                converged: end == End::Converged,
                relative: if energy < 0.0 { (energy_error / -energy).sqrt() } else { 0.0 },
            }),
        }
    }
}

impl Links {
    /// What single precision left of a correction, iterated in double precision.
    pub(crate) fn correct_in_double(
        &self,
        residual: &[f64],
        x: &mut [f64],
        stop: &LinksStop,
        watch: &dyn Watch,
    ) -> Result<Corrected, LinksError> {
        self.iterate::<f64>(residual, x, stop, watch)
    }
}

#[cfg(test)]
mod tests;
