//! Reading stacks: folders of slices, multi-page files, headerless volumes, archives.
//!
//! [`plan`] looks at names and headers only and says what it would read, in which order, and why.
//! [`Plan::read`] then reads, with crop and bin on the way, in memory that was planned before.
//!
//! Nothing is guessed: a voxel size is found, with its source, or explicitly unknown;
//! slices that are missing, odd or broken are named; what a file holds besides the stack is listed.

mod error;
mod options;
mod plan;
mod report;
mod stack;

pub use error::{ErrorCategory, ReadError};
pub use options::{BadSlices, BinMode, ByteOrder, OddSizes, RawLayout, ReadOptions};
pub use plan::{Plan, plan};
pub use report::{BadSlice, Gap, IgnoredFile, IngestReport, NonFinite, OddSlice, VoxelSizeCandidate};
pub use stack::{Stack, StackData};
