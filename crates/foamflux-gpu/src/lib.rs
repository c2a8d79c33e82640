//! The solver of `foamflux-transport` on any GPU that wgpu reaches: Vulkan, Metal, DX12, GL.
//!
//! The same iteration as on the processor: the Krylov loop is transport's, and so are the levels, which the processor
//! builds and [`GpuBackend`] uploads ([`foamflux_transport::device`]). Kernels and their conventions are in
//! `foamflux-shaders`; here is what runs them.
//!
//! | module | holds |
//! |---|---|
//! | `adapters` | which devices there are and what each can hold |
//! | `context` | an open device: queue, kernels, buffers, faults |
//! | `plan` | bytes on the device, before anything is allocated |
//! | `recorder` | commands and their submission, slots for scalars |
//! | `grid`, `rows` | the finest level as a grid in slabs; lists of rows |
//! | `cycle` | the levels below, recorded once |
//! | `links` | systems of links, such as two coupled potentials, one after the other |
//! | `primitives` | the operations of the Krylov loop |
//! | `backend`, `auto` | all of it as a [`Backend`](foamflux_transport::Backend), and the choice between it and the processor |
//! | `bench` | bandwidth, and the time of each kernel |
//! | `suite` | kernel by kernel, for tests (feature `kernel-suite`) |

mod adapters;
mod auto;
mod backend;
mod bench;
mod context;
mod cycle;
mod error;
mod grid;
mod links;
mod plan;
mod primitives;
mod recorder;
mod rows;
#[cfg(feature = "kernel-suite")]
pub mod suite;

pub use adapters::{DeviceInfo, Kind, Pick, devices};
pub use auto::{AutoBackend, WORTH_IT};
pub use backend::{GpuBackend, Options};
pub use bench::KernelTime;
pub use error::{Fault, GpuError};
pub use plan::{BYTES_PER_VOXEL, DevicePlan};
