//! WGSL compute kernels of foamflux, the structs they share with the host, and the kernel table.
//!
//! This crate knows nothing of `wgpu`: it holds text, layouts and numbers, so that every test of it runs without a GPU.
//! The GPU crate builds its pipelines from [`KERNELS`] and [`source`] and writes its buffers from the structs of
//! [`layout`]; nothing is written down twice.
//!
//! # What the kernels solve
//!
//! Steady conduction in a box of voxels, `div(sigma grad phi) = 0`, by conjugate gradients on the energy, preconditioned
//! by one K-cycle of aggregation multigrid; equation, sources and hierarchy are those of `foamflux-transport`
//! (`problem.rs`, `krylov.rs`, `multigrid/mod.rs`), and so is the hierarchy itself, which the host builds once.
//! The unknown is the deviation of the potential from the straight profile of an empty box.
//!
//! ```text
//! grid_residual | list_residual   r = b - A x, energy, norms          at the start and to confirm
//! grid_apply    | list_apply      p·A p
//! grid_update   | combine         x += alpha p,  r -= alpha A p
//! grid_relax    | list_relax      sweep from zero, colour by colour
//! grid_restrict | list_restrict   residual of the next level
//!    list_relax, list_restrict, list_apply, combine ... direct       the levels below
//!    tail                            the smallest of them, all steps in one dispatch
//! grid_prolong  | list_prolong    correction from it
//! grid_relax    | list_relax      sweep back, with z·r and z·A p
//! combine                         p = z + beta p
//! ```
//!
//! On the left for a phase that fills the box (a checkerboard of all voxels, one connectivity byte each), on the right for
//! a sparse one, for several conductivities and for joined walls (a list of rows with their conductances).
//! Coarse levels are lists in either case.
//! Residuals are sums of differences, never expanded to `diag c_i - sum c_j`: in f32 the expanded form stalls at a true
//! residual of 5e-7.
//! The scalars of these formulas never leave the device: kernels leave partial sums, `sum` adds them into slots of a small
//! buffer and takes the quotients there.
//!
//! # Twins
//!
//! On the processor the same steps are `cpu/dense/kernels.rs` (`apply`, `relax`, `divide`, `pull`, `truth`) and
//! `cpu/dense/pieces.rs` for the grid, `multigrid/matrix.rs` (`apply`, `products`, `sweep_from_zero`, `sweep_back`,
//! `restrict`, `prolong`) for lists. `tests/device` of the GPU crate holds every kernel to a plain loop in double precision,
//! and whole solves to the processor's tau and number of iterations on every kind of problem.

mod kernel;
pub mod layout;
mod source;
mod table;

pub use kernel::{Access, Binding, Holds, Kernel, Limits, Work};
pub use source::source;
pub use table::{
    COMBINE, DIRECT, GRID_APPLY, GRID_PROLONG, GRID_RELAX, GRID_RESIDUAL, GRID_RESTRICT, GRID_UPDATE, KERNELS,
    LIST_APPLY, LIST_PROLONG, LIST_RELAX, LIST_RESIDUAL, LIST_RESTRICT, SUM, TAIL,
};
