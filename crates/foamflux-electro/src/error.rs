//! Why there is no current distribution.

use foamflux_grid::{Axis, Label, Shape};
use foamflux_transport::links::LinksError;
use foamflux_voxel::components::ComponentsError;

use crate::materials::MaterialsError;

/// Why no current can flow: a fact about the volume, not a failure of the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// No voxel conducts electrons.
    #[error("no voxel conducts electrons: there is no host for lithium to be plated on")]
    NoSolid,
    /// No voxel conducts ions.
    #[error("no voxel conducts ions: there is no electrolyte for lithium ions to come through")]
    NoElectrolyte,
    /// No solid in the slice at the collector.
    #[error(
        "no conducting solid touches the collector's plane at {axis} = {slice}: electrons cannot enter the host; crop to slices that the host reaches, choose another --direction or --collector, or label the collector 6"
    )]
    CollectorNotTouched {
        /// The slice.
        slice: usize,
        /// The depth axis.
        axis: Axis,
    },
    /// No electrolyte in the slice at the separator.
    #[error(
        "no electrolyte touches the separator's plane at {axis} = {slice}: ions cannot enter the host; choose another --direction or --collector, or check which label is the pore"
    )]
    SeparatorNotTouched {
        /// The slice.
        slice: usize,
        /// The depth axis.
        axis: Axis,
    },
    /// Connected solid and connected electrolyte do not meet.
    #[error(
        "the electrolyte that the separator reaches ({open} voxel faces of its plane) meets no solid that is connected to the collector: no surface can react"
    )]
    NoCommonSurface {
        /// Electrolyte voxels at the separator's plane.
        open: u64,
    },
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ElectroError {
    /// No current can flow.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// A value that no material has.
    #[error(transparent)]
    Materials(#[from] MaterialsError),
    /// Lengths are needed.
    #[error("the voxel size is unknown, and currents need areas: give --voxel-size, for example --voxel-size 0.8um")]
    VoxelSize,
    /// More voxels than can be indexed.
    #[error("a box of {shape} voxels (z,y,x) is more than one solve can index: crop or bin the volume")]
    TooLarge {
        /// The box.
        shape: Shape,
    },
    /// A drive that is not usable.
    #[error("{what} is {value}: give a number above 0 for plating or below 0 for stripping")]
    Drive {
        /// What it is.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// Stripping without lithium.
    #[error(
        "the current strips lithium, but no lithium (label 3) is connected to the collector and the electrolyte: there is nothing to strip"
    )]
    NothingToStrip,
    /// Too many runs.
    #[error(transparent)]
    Components(#[from] ComponentsError),
    /// The linear solver broke down.
    #[error(transparent)]
    Links(#[from] LinksError),
    /// An overpotential grew beyond what numbers hold.
    #[error(
        "the overpotential of some face grew without bound in {steps} steps: at this current the reaction needs volts, which no electrolyte withstands; check the unit of the applied current and i0"
    )]
    Runaway {
        /// Newton steps.
        steps: u32,
    },
    /// A map of exchange current densities that says nothing of a reacting voxel.
    #[error(
        "the map of i0 has {value} at x,y,z = {},{},{} ({label}), on the reacting surface: every voxel of it needs a number above 0 ({voxels} voxels have none)", xyz[0], xyz[1], xyz[2]
    )]
    I0Map {
        /// The number.
        value: f64,
        /// Where.
        xyz: [usize; 3],
        /// What is there.
        label: Label,
        /// How many voxels.
        voxels: usize,
    },
    /// The kinetics saturate below the current.
    #[error(
        "the applied {applied:.4} A/m2 are more than the {limit:.4} A/m2 that Marcus kinetics reaches at any overpotential: check the unit of the current and i0, or use --kinetics bv"
    )]
    Saturated {
        /// Current per cross-section in A/m2.
        applied: f64,
        /// Largest one.
        limit: f64,
    },
    /// The salt runs out.
    #[error("at {applied:.4} A/m2 there is no steady state: the salt would run out at about {limit:.4} A/m2; {remedy}")]
    Exhausted {
        /// Current per cross-section in A/m2.
        applied: f64,
        /// Current at which the salt runs out, from the largest current that was reached.
        limit: f64,
        /// What to do.
        remedy: &'static str,
    },
    /// Salt and potentials did not settle.
    #[error(
        "salt and potentials did not agree in {steps} rounds: current still changes by {change:.1e} of its mean, {wanted:.0e} was wanted; a smaller current is easier"
    )]
    Unsettled {
        /// Rounds.
        steps: u32,
        /// Largest change of a face's current over the mean.
        change: f64,
        /// What was wanted.
        wanted: f64,
    },
    /// The impedance was not found.
    #[error(
        "the impedance at {frequency_hz:.4} Hz did not converge in {steps} steps: {residual:.1e} of the current is not accounted for; leave this frequency out with a narrower --frequencies"
    )]
    Impedance {
        /// Frequency in Hz.
        frequency_hz: f64,
        /// Steps.
        steps: u32,
        /// Residual currents over those that drive.
        residual: f64,
    },
    /// Newton's method did not converge.
    #[error(
        "the current distribution did not converge in {steps} steps: faces still change by {change:.1e} of the mean current density, {wanted:.0e} was wanted; a smaller current, a larger i0 or a coarser contrast of conductivities is easier"
    )]
    NotConverged {
        /// Newton steps.
        steps: u32,
        /// Largest change of a face over the mean.
        change: f64,
        /// What was wanted.
        wanted: f64,
    },
}
