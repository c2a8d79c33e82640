//! Algorithms on voxels: filters, thresholds, components, distance, thickness and surface measures.
//!
//! Every algorithm works with anisotropic voxels and gives the same result for every number of threads.

pub mod align;
pub mod artefact;
pub mod bits;
pub mod bridges;
pub mod chords;
pub mod classify;
pub mod cleanup;
pub mod components;
pub mod distance;
pub mod euler;
pub mod filter;
pub mod noise;
pub mod percolation;
pub mod representativity;
pub mod segment;
pub mod simple;
pub mod stats;
pub mod surface;
pub mod thickness;
pub mod threshold;
