//! What the benchmarks of foamflux share: the machine's own bandwidth, cases to solve, and lines to write down.
//!
//! Times mean little on a shared machine; times over the bandwidth of the same minute do.
//! So every line that a benchmark writes carries the bandwidth measured beside it, see [`bandwidth`].
//! `benches/README.md` says how to measure and how to compare.

pub mod bandwidth;
pub mod export;
pub mod line;
pub mod measure;
pub mod options;
pub mod reference;
pub mod subject;

pub use foamflux_hosts::cases as case;
