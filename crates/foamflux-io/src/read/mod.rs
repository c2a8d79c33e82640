//! Reading stacks: folders of slices, multi-page files, headerless volumes, archives.
//!
//! [`plan`] looks at names and headers only and says what it would read, in which order, and why.
//! [`Plan::read`] then reads, with crop and bin on the way, in memory that was planned before.
//!
//! Nothing is guessed: a voxel size is found, with its source, or explicitly unknown;
//! slices that are missing, odd or broken are named; what a file holds besides the stack is listed.
//! Sample values are the stored ones: nothing is stretched, an image with 1 bit per pixel is read as 0 and 1.
//!
//! ```text
//! path ── input ──► slices (folder, pages of a TIFF)  ┐
//!         folder     or one run of samples (raw, npy, nrrd) ├─ plan ─► report
//!         naming                                            ┘    │
//!                                                             run ─► decode ─► cut ─► assemble ─► Stack
//! ```

mod assemble;
mod colour;
mod data_bar;
mod error;
mod folder;
mod input;
mod metadata;
mod microscope;
mod naming;
mod npy;
mod nrrd;
mod options;
mod origin;
mod plan;
mod png;
mod raw;
mod report;
mod run;
mod sample;
mod slice;
mod source;
mod stack;
mod stream;
mod tiff_codec;
mod tiff_decode;
mod tiff_ifd;
mod tiff_page;
mod tiff_stack;
mod voxel_size;

pub use error::{ErrorCategory, ReadError};
pub use options::{BadSlices, BinMode, ByteOrder, DataBar, OddSizes, RawLayout, ReadOptions, Tilt};
pub use plan::{Plan, plan};
pub use report::{BadSlice, CutBar, Gap, IgnoredFile, IngestReport, NonFinite, OddSlice, VoxelSizeCandidate};
pub use stack::{Stack, StackData};
