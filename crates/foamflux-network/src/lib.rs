//! From the solid of a host to its network of nodes and fibres.
//!
//! ```text
//! solid ─► skeleton ─► graph ─► tags
//! ```
//!
//! Lengths are in the unit of the volume's spacing; points are `[x, y, z]`, the box begins at the origin, and the voxel
//! `(z, y, x)` has its centre at `((x + 1/2) dx, (y + 1/2) dy, (z + 1/2) dz)`.

mod axis;
mod body;
mod cells;
mod error;
pub mod export;
mod fringe;
mod graph;
pub mod network;
pub mod orientation;
mod owner;
pub mod paths;
pub mod pores;
mod prune;
mod ranked;
pub mod resistor;
pub mod skeleton;
pub mod statistics;
mod struts;
mod vector;

pub use error::NetworkError;
pub use network::{Fibre, FibreKind, Network, Node, NodeKind, Parameters, ZoneRule};
pub use orientation::{Direction, Orientations, orientations};
pub use paths::{Paths, paths};
pub use pores::PoreCells;
pub use resistor::{Conduction, conduction};
pub use statistics::{Spread, Statistics};

/// What lies beyond the faces of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// More of the sample, unseen: what crosses a face is cut there.
    #[default]
    Open,
    /// The same box again.
    Periodic,
}
