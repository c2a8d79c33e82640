//! Synthetic lithium hosts with exact ground truth, and shapes with exact answers.
//!
//! The way from parameters to voxels, one module a step:
//!
//! ```text
//! seeds ─Voronoi─► Foam (graph) ─► FoamSolid ─┐
//!                                   Ball, Torus… ─┴─ dyn Solid ─► raster: mask, coverage ─► grey: CT-like stack
//!                                                       └──────► area: surface area with its uncertainty
//! ```
//!
//! Everything that has a surface is a [`Solid`]: one signed distance, one rasteriser, one area integral.
//! A new kind of host (fibre mat, channels, random field) is a new `Solid` and needs nothing else here.
//!
//! Lengths are in the unit of the volume's [`Spacing`](foamflux_grid::Spacing): metres for every host, voxels for
//! shapes that are drawn into a volume without a voxel size.
//! The box begins at the origin, and the voxel `(z, y, x)` has its centre at
//! `((x + 1/2) dx, (y + 1/2) dy, (z + 1/2) dz)`; points are `[x, y, z]`.
//!
//! Every random number comes from PCG streams that are keyed by the seed, the purpose and the slice or item,
//! and transcendental functions come from `libm`, so a host is the same for every thread count and platform.

pub mod area;
mod buckets;
pub mod cases;
pub mod catalogue;
mod dress;
mod error;
pub mod foam;
pub mod generate;
pub mod graph;
pub mod grey;
mod host;
pub mod imaging;
pub mod presets;
mod random;
pub mod raster;
pub mod rods;
pub mod shapes;
pub mod truth;
mod vector;
pub mod words;

pub use area::{Estimate, sampled_area};
pub use catalogue::Recipe;
pub use error::{FoamError, GreyError, HostError, ShapeError};
pub use foam::{Foam, FoamParameters, FoamSolid};
pub use graph::{Graph, GraphFacts};
pub use grey::GreyParameters;
pub use host::{Drawn, HostModel};
pub use presets::{CmfParameters, Host, HostFacts, cmf_demo};
pub use raster::{coverage, mask};
pub use shapes::{Bounds, DistanceKind, Solid};
pub use truth::Truth;
