//! Why a stack could not be read.

use std::fmt::Write as _;
use std::path::PathBuf;

use foamflux_grid::units::format_bytes;
use foamflux_grid::{Region, Shape};

use super::report::{BadSlice, OddSlice};

/// Which exit status an error deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCategory {
    /// The request makes no sense for this input (exit status 2).
    Usage,
    /// The input is unreadable or inconsistent (exit status 3).
    Input,
    /// It would not fit in memory (exit status 4).
    Memory,
}

/// Why a stack could not be planned or read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is nothing at the path.
    #[error("{}: there is no such file or folder", .path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{file}: cannot be read: {source}")]
    Io {
        /// The file or folder.
        file: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is of no format that can be read.
    #[error(
        "{file}: {found}; foamflux reads a folder of TIFF or PNG slices, .tif, .png, .npy, .nrrd, .raw and a .zip of these{hint}"
    )]
    UnknownFormat {
        /// The file.
        file: String,
        /// What it looks like instead.
        found: String,
        /// What to do, beginning with "; ", or nothing.
        hint: String,
    },
    /// A headerless file without a layout.
    #[error("{file}: a headerless file of {} says nothing about its shape: give --shape z,y,x and --dtype u8 (or u16, f32, ...)", format_bytes(*.bytes))]
    LayoutMissing {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
    },
    /// A layout for a file that carries its own.
    #[error("{file}: is a {kind} and knows its own shape and type: leave out --shape and --dtype")]
    LayoutUnwanted {
        /// The file.
        file: String,
        /// What it is.
        kind: String,
    },
    /// A headerless file whose length does not match the layout.
    #[error(
        "{file}: {found} bytes, but shape {shape} (z,y,x) of {sample_type} after {offset} header bytes needs {expected}: the shape, the type or the offset is wrong, or the file was cut off"
    )]
    RawLength {
        /// The file.
        file: String,
        /// Bytes in the file.
        found: u64,
        /// Bytes that the layout needs.
        expected: u64,
        /// The shape asked for.
        shape: Shape,
        /// The type asked for.
        sample_type: foamflux_grid::SampleType,
        /// The offset asked for.
        offset: u64,
    },
    /// A folder or archive without slices.
    #[error("{input}: holds no TIFF or PNG slices{found}")]
    NoSlices {
        /// The folder or archive.
        input: String,
        /// What it holds instead and what to do, beginning with ": ", or nothing.
        found: String,
    },
    /// Several stacks in one place.
    #[error("{input}: holds {} series of slices and it is not clear which one is the stack: {}; put each into its own folder", .series.len(), .series.join("; "))]
    SeveralSeries {
        /// The folder or archive.
        input: String,
        /// The series, each described.
        series: Vec<String>,
    },
    /// Slices with the same number.
    #[error("{input}: the same slice number occurs more than once: {}; remove or rename the superfluous files", .duplicates.join("; "))]
    Duplicates {
        /// The folder or archive.
        input: String,
        /// The files of each number.
        duplicates: Vec<String>,
    },
    /// Files with several pages each among slices.
    #[error(
        "{input}: {files} holds several pages each, and several such files make no stack: give one of the files as input, or save the slices one by one"
    )]
    MultiPageSlices {
        /// The folder or archive.
        input: String,
        /// The files.
        files: String,
    },
    /// A file as a whole cannot be used.
    #[error("{file}: {reason}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong and what helps.
        reason: String,
    },
    /// Slices that do not fit together.
    #[error("{} of {total} slices differ from the common {common}: {}; {remedy}", .odd.len(), list_odd(.odd))]
    OddSlices {
        /// The odd ones.
        odd: Vec<OddSlice>,
        /// Number of slices.
        total: usize,
        /// Size and type of most slices.
        common: String,
        /// What to do.
        remedy: String,
    },
    /// Truncated or unreadable slices, all of them.
    #[error("{} of {total} slices cannot be read: {}; replace the files, or go on with --bad-slices skip or --bad-slices interpolate", .bad.len(), list_bad(.bad))]
    BadSlices {
        /// Every bad slice.
        bad: Vec<BadSlice>,
        /// Number of slices looked at.
        total: usize,
    },
    /// No slice at all is readable.
    #[error("none of {total} slices can be read: {}", list_bad(.bad))]
    NothingReadable {
        /// Every bad slice.
        bad: Vec<BadSlice>,
        /// Number of slices looked at.
        total: usize,
    },
    /// A crop outside of the stack.
    #[error("--crop {region} (x0:x1,y0:y1,z0:z1) does not lie inside the stack, whose shape is {shape} (z,y,x)")]
    Crop {
        /// The crop.
        region: Region,
        /// The stack's shape.
        shape: Shape,
    },
    /// A data bar as high as the image.
    #[error("--data-bar {rows}: the images have {height} rows, and some of them must be left: give 1 to {}, or keep", .height.saturating_sub(1))]
    DataBar {
        /// Rows to cut.
        rows: usize,
        /// Rows there are.
        height: usize,
    },
    /// A stage tilt to correct for that no file states, or that cannot be one.
    #[error("--tilt-correction stage: {found}; give the angle, as in --tilt-correction 52")]
    Tilt {
        /// What was found instead.
        found: String,
    },
    /// A bin that leaves nothing.
    #[error("--bin {bin} does not fit: the stack is {shape} (z,y,x); give 1 up to its smallest edge, {}", .shape.x.min(.shape.y).min(.shape.z))]
    Bin {
        /// The bin.
        bin: usize,
        /// Shape after the crop.
        shape: Shape,
    },
    /// More memory than allowed.
    #[error("reading {shape} (z,y,x) of {sample_type} needs {}, more than the {} allowed: read a part with --crop, merge voxels with --bin 2 (an eighth of the memory), or raise --max-memory{hint}", format_bytes(*.needed), format_bytes(*.limit))]
    Memory {
        /// Shape of the volume.
        shape: Shape,
        /// Type of the volume.
        sample_type: foamflux_grid::SampleType,
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
        /// A further remedy, beginning with "; ", or nothing.
        hint: String,
    },
    /// An archive member that must be unpacked as a whole is larger than the memory allowed.
    #[error("{file}: unpacking it takes {}, more than the {} allowed: unpack the archive first, or raise --max-memory", format_bytes(*.needed), format_bytes(*.limit))]
    Unpack {
        /// The member.
        file: String,
        /// Its unpacked size.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The operating system gave no memory.
    #[error("the machine has no {} of memory left for {what}: read a part with --crop, or merge voxels with --bin 2", format_bytes(*.bytes))]
    Allocation {
        /// Bytes asked for.
        bytes: u64,
        /// What they were for.
        what: &'static str,
    },
    /// The watch asked to stop.
    #[error("reading was cancelled")]
    Cancelled,
}

impl ReadError {
    /// Which exit status this error deserves. A cancelled read counts as [`ErrorCategory::Input`];
    /// match on [`ReadError::Cancelled`] to tell it apart.
    #[must_use]
    pub const fn category(&self) -> ErrorCategory {
        match self {
            ReadError::LayoutMissing { .. }
            | ReadError::LayoutUnwanted { .. }
            | ReadError::Crop { .. }
            | ReadError::DataBar { .. }
            | ReadError::Tilt { .. }
            | ReadError::Bin { .. } => ErrorCategory::Usage,
            ReadError::Memory { .. } | ReadError::Unpack { .. } | ReadError::Allocation { .. } => ErrorCategory::Memory,
            ReadError::Missing { .. }
            | ReadError::Io { .. }
            | ReadError::UnknownFormat { .. }
            | ReadError::RawLength { .. }
            | ReadError::NoSlices { .. }
            | ReadError::SeveralSeries { .. }
            | ReadError::Duplicates { .. }
            | ReadError::MultiPageSlices { .. }
            | ReadError::Format { .. }
            | ReadError::OddSlices { .. }
            | ReadError::BadSlices { .. }
            | ReadError::NothingReadable { .. }
            | ReadError::Cancelled => ErrorCategory::Input,
        }
    }
}

/// What is wrong with one slice or file. The caller adds which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault(pub(super) String);

impl Fault {
    /// A fault with this message.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Fault(message.into())
    }

    /// A fault of the operating system; a premature end is what users call a truncated file.
    pub(super) fn io(what: &str, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            Fault(format!("truncated: the file ends inside {what}"))
        } else {
            Fault(format!("{what} cannot be read: {error}"))
        }
    }

    /// The error for a file that is refused as a whole.
    pub(super) fn of_file(self, file: &str) -> ReadError {
        ReadError::Format { file: file.to_owned(), reason: self.0 }
    }
}

/// Every bad slice by name, those with the same reason together.
fn list_bad(bad: &[BadSlice]) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for slice in bad {
        match reasons.iter_mut().find(|(reason, _)| *reason == slice.reason) {
            Some((_, names)) => names.push(&slice.name),
            None => reasons.push((&slice.reason, vec![&slice.name])),
        }
    }
    let mut text = String::new();
    for (reason, names) in reasons {
        let separator = if text.is_empty() { "" } else { "; " };
        let _ = write!(text, "{separator}{} ({reason})", list_names(&names));
    }
    text
}

/// Names one after the other; slices of one file that follow one another as a range.
fn list_names(names: &[&str]) -> String {
    let parse = |name: &str| -> Option<(String, usize)> {
        let (file, number) = name.rsplit_once(", slice ")?;
        Some((file.to_owned(), number.parse().ok()?))
    };
    let mut parts: Vec<String> = Vec::new();
    let mut at = 0;
    while at < names.len() {
        let mut end = at + 1;
        if let Some((file, first)) = parse(names[at]) {
            while end < names.len() && parse(names[end]) == Some((file.clone(), first + end - at)) {
                end += 1;
            }
            if end - at > 2 {
                parts.push(format!("{file}, slices {first} to {}", first + end - at - 1));
                at = end;
                continue;
            }
        }
        parts.extend(names[at..end].iter().map(|n| (*n).to_owned()));
        at = end;
    }
    parts.join(", ")
}

/// Every odd slice by name.
fn list_odd(odd: &[OddSlice]) -> String {
    odd.iter().map(|s| format!("{} is {}", s.name, s.found)).collect::<Vec<_>>().join(", ")
}
