//! Electrochemistry on voxels: where does lithium go?
//!
//! [`Cell::new`] finds which voxels carry electrons and ions and the faces on which they meet; [`solve()`] (or [`solve_on()`] with the linear solver of a device) finds both
//! potentials and the current density of every face; [`metrics()`] says how even it is.
//!
//! Plating counts positive. Everything is SI; applied current is per cross-section of the box, current densities of the surface are per true area.

mod cell;
pub mod constants;
mod deposit;
mod distribution;
pub mod electrolyte;
mod error;
mod i0_map;
pub mod impedance;
mod kinetics;
pub mod materials;
mod metrics;
pub mod plate;
mod solve;
pub mod theory;

pub use cell::{Cell, Collector, Face, LeftOut, Setting};
pub use deposit::Deposit;
pub use distribution::{Distribution, Effort};
pub use error::{Blocked, ElectroError};
pub use i0_map::I0Mapped;
pub use kinetics::Kinetics;
pub use materials::{Materials, MaterialsError, Surface};
pub use metrics::{Metrics, Share, Statistics, metrics};
pub use solve::{Drive, Guess, Options, kinetic_limit, solve, solve_near, solve_on};
