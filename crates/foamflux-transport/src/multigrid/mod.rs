//! One cycle of connectivity-aware aggregation multigrid, the preconditioner of [`crate::krylov`].
//!
//! **Aggregates.** Every block of 2x2x2 voxels falls into its face-connected pieces, and each piece is one unknown of the
//! next level; that level's blocks of 2x2x2 blocks fall into pieces in the same way, down to a few unknowns.
//! Blocks taken whole would join pores on two sides of a thin wall and let correction leak through it: near the
//! percolation threshold that costs an order of magnitude in iterations, while open structures hardly show it.
//! Pieces never join groups of labels whose conductivities differ by more than [`SAME_GROUP`].
//!
//! **Coarse operator.** With piecewise constant transfer P the Galerkin product P'AP has the conductance of every face
//! between two pieces, but a piece is twice as long: it is scaled by 1/2 per level (Braess 1995 scales the correction;
//! doing it to the operator is the same).
//!
//! **Smoothing.** One coloured Gauss-Seidel sweep before (colours in order, from zero) and one after (in reverse), which
//! makes the cycle symmetric. Pieces of the same colour are never neighbours, so a sweep does not depend on the number
//! of threads, and after the sweep the last colour's residual is zero: it is neither restricted nor corrected.
//!
//! **Cycle.** On each level two steps of flexible conjugate gradients, preconditioned by the cycle of the level below
//! (K-cycle: Notay & Vassilevski 2008; AGMG: Notay 2010), as long as the levels shrink fast enough to afford it.
//! The smallest level is factorised.
//!
//! What is different here: the aggregates come from the connectivity of the voxels, not from the matrix, the finest level
//! need not be stored as a matrix at all, and colours come from the parity of the blocks.

mod coarsen;
mod coarsest;
mod cycle;
mod matrix;
mod parts;
mod split;

pub(crate) use coarsen::{Fine, Layout, Place, SCALE, add_link, build, merged};
pub(crate) use cycle::{Cycle, Top};
pub(crate) use matrix::{Matrix, Rows, Transfer, prolong, restrict, sweep_back, sweep_from_zero};
pub(crate) use parts::{Boxes, Streams};
pub(crate) use split::SPLIT;

/// Labels whose conductivities differ by no more than this factor may share an aggregate.
pub(crate) const SAME_GROUP: f64 = 4.0;
