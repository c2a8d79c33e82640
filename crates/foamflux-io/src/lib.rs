//! Image stacks in, volumes and images out.
//!
//! Reading guesses no unit: a voxel size is found, with its source, or it is explicitly unknown.

pub mod read;
pub mod write;
