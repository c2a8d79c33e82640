//! WGSL compute kernels of foamflux, the structs they share with the host, and the kernel table.
//!
//! This crate knows nothing of `wgpu`: it holds text, layouts and numbers, so that every test of it runs without a GPU.
//! The GPU crate builds its pipelines from [`KERNELS`] and [`source`] and writes its buffers from the structs of
//! [`layout`]; nothing is written down twice.
//!
//! # What the kernels solve
//!
//! Steady conduction in one phase of a box of voxels, of constant conductivity:
//!
//! ```text
//! A c = b        (A c - b)_i = sum over open faces f of voxel i  g_f (c_i - c_f)
//! ```
//!
//! with `c` the potential in a voxel's centre (any unit), `g = A_face / h` the conductance between two voxel centres
//! divided by the conductivity (m; voxel edges where the voxel size is unknown), and `c_f` the potential beyond the
//! face: that of the neighbour, or that of the electrode, which lies on the outer face of the box half a voxel away, so
//! that its conductance is `2 g`.
//! Faces that lead nowhere (to another phase, to a no-flux side) are closed and cost nothing.
//! The sum of differences is kept as it stands, never expanded to `diag c_i - sum c_j`: in f32 the expanded form stalls
//! at a true residual of 5e-7.
//!
//! The iteration is the conjugate gradient method on the energy `1/2 c A c - b c`, written for its gradient
//! `r = A c - b` (the negative of the usual residual), so that one kernel yields both the gradient and the product:
//!
//! ```text
//! apply   r = A c - b     (electrodes at their potentials)       once
//! search  p = s p - r     s = 0, then r·r / (r·r before)
//! apply   q = A p         (electrodes at zero)
//! update  c += s p, r += s q                       s = r·r / p·q
//! energy  E = sum over open faces  g_f (c_i - c_f)^2             at the end
//! ```
//!
//! The scalars of these formulas never leave the device: `dot_product` and `energy` leave partial sums, `sum` adds them into a
//! slot of a small buffer, `update` and `search` divide two slots.
//! The effective conductance of the box over the potential difference `V` is `E / V^2`: its error is of second order in
//! the error of the potential, where the flux through one face is of first order.
//!
//! # Twins
//!
//! Each kernel has a plain-loop twin in f64 in the conformance tests of the GPU crate. Their signatures, over the box as
//! a whole (no slabs, no halos, `[z][y][x]`, one connectivity byte per voxel):
//!
//! ```text
//! fn apply(slab: &Slab, connectivity: &[u8], potential: &[f64]) -> Vec<f64>;
//! fn energy(slab: &Slab, connectivity: &[u8], potential: &[f64]) -> f64;
//! fn dot_product(a: &[f64], b: &[f64]) -> f64;
//! fn update(s: f64, p: &[f64], q: &[f64], potential: &mut [f64], gradient: &mut [f64]);
//! fn search(s: f64, gradient: &[f64], p: &mut [f64]);
//! ```

mod kernel;
pub mod layout;
mod source;
mod table;

pub use kernel::{Access, Binding, Holds, Kernel, Limits, Work};
pub use source::source;
pub use table::{APPLY, DOT_PRODUCT, ENERGY, KERNELS, SEARCH, SUM, UPDATE};
