//! Finite-volume transport on voxels: tortuosity factor, effective conductivity, flux maps.
//!
//! ```
//! use foamflux_grid::{Axis, LabelSet, Labels, Shape, Silent, Volume, VoxelSize};
//! use foamflux_transport::{Backend, Coefficients, CpuBackend, Problem, Setup, Sides, Stop};
//!
//! let shape = Shape::new(4, 5, 6).unwrap();
//! let empty = Labels::new(Volume::from_fn(shape, VoxelSize::Unknown, |_, _, _| 0)).unwrap();
//! let pore = Coefficients::phase(LabelSet::PORE).unwrap();
//! match Problem::new(&empty, &pore, Axis::Z, Sides::NoFlux).unwrap() {
//!     Setup::Ready(problem) => {
//!         let solution = CpuBackend::new().solve(&problem, &Stop::default(), &Silent).unwrap();
//!         assert_eq!(solution.tau, 1.0);
//!     }
//!     Setup::Blocked(blocked) => println!("{blocked}"),
//! }
//! ```
//!
//! From labels to tau: [`Problem::new`] prunes clusters that do not touch both electrodes and tells where a phase
//! breaks ([`Blocked`]); a [`Backend`] solves the problem; [`flux()`] and its neighbours derive what is reported.
//! The Krylov loop ([`krylov`]) is written once over the [`krylov::Primitives`] of a device.

mod audit;
mod backend;
mod blocked;
mod certify;
mod coefficients;
mod cpu;
mod dead_ends;
pub mod device;
mod electrode;
mod flux;
mod geodesic;
pub mod krylov;
mod layout;
pub mod links;
mod losses;
mod multigrid;
mod pages;
mod problem;
mod prune;
mod refine;
mod routes;
mod runs;
mod solution;
mod start;
pub mod tail;
mod tensor;
mod vertices;

#[cfg(feature = "backend-suite")]
pub mod suite;

pub use foamflux_grid::Axis;

pub use backend::Backend;
pub use blocked::{Blocked, BlockedWhy, Reach};
pub use certify::{Certificate, CertifyError, certify};
pub use coefficients::{Coefficients, MAX_CONTRAST, ProblemError};
pub use cpu::CpuBackend;
pub use dead_ends::DeadEnds;
pub use electrode::{
    Collector, Electrode, ElectrodeError, ElectrodeOutcome, ElectrodeSetting, WallArea, electrode_tortuosity,
};
pub use flux::{
    BRUGGEMAN_LIMIT, Bruggeman, bruggeman, flux, flux_tortuosity, flux_tortuosity_is_consistent, macmullin, magnitude,
};
pub use geodesic::{FAN, Geodesic, GeodesicError, METRICATION, geodesic};
pub use layout::{Layout, MemoryPlan, plan};
pub use losses::{Losses, Profile, constrictivity, losses};
pub use problem::{Fractions, Problem, Setup, Sides};
pub use refine::{ASSUMED_ORDER, Level, ORDERS, Refined, extrapolate, split_voxels};
pub use solution::{Deviation, Seconds, Solution, SolveError, SolverError, Stop, TAU_MINUS_ONE_FLOOR, Why};
pub use start::{Start, StartError};
pub use tensor::{EffectiveTensor, TensorError, effective_tensor};
