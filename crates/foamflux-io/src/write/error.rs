//! Why something could not be written.

use std::io;
use std::path::{Path, PathBuf};

use foamflux_grid::Shape;

/// Who has to act on a [`WriteError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriteCategory {
    /// The request cannot be met as it stands: another name, folder or flag is needed.
    Usage,
    /// The machine refused: disk full, no permission, device error.
    Io,
    /// The caller handed over inconsistent data.
    Internal,
}

/// Why a file or folder could not be written. Nothing half-written is left behind.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The extension names no format that volumes are written in.
    #[error(
        "cannot tell which format to write '{}' in: end its name with one of {}", .path.display(), super::KNOWN_EXTENSIONS
    )]
    UnknownExtension {
        /// The file asked for.
        path: PathBuf,
    },
    /// The path cannot be the name of a new file or folder.
    #[error("cannot write '{}': {reason}", .path.display())]
    BadPath {
        /// The path asked for.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: &'static str,
    },
    /// The output folder is there already.
    #[error("'{}' exists already: choose another output folder, or replace it with --overwrite", .path.display())]
    Exists {
        /// The folder asked for.
        path: PathBuf,
    },
    /// The output folder is there already and is not one that may be deleted.
    #[error(
        "'{}' will not be replaced, because {reason}: choose another output folder, or remove it yourself", .path.display()
    )]
    NotReplaceable {
        /// The folder asked for.
        path: PathBuf,
        /// Why it is not recognised as an earlier result.
        reason: &'static str,
    },
    /// The volume does not fit the format's fields.
    #[error("cannot write '{}': {format} cannot hold shape {shape} (z,y,x); write .npy, .nrrd or .raw", .path.display())]
    TooLarge {
        /// The file asked for.
        path: PathBuf,
        /// Name of the format.
        format: &'static str,
        /// The volume's shape.
        shape: Shape,
    },
    /// The voxel size is outside of what the format can state.
    #[error(
        "cannot write '{}': TIFF resolution tags cannot state a voxel of {} m x {} m (x,y) to nine digits; check --voxel-size, or write .nrrd or .vti",
        .path.display(), .m_xyz[0], .m_xyz[1]
    )]
    VoxelSize {
        /// The file asked for.
        path: PathBuf,
        /// Voxel edges in metres, x, y, z.
        m_xyz: [f64; 3],
    },
    /// An array that does not fill the shape.
    #[error("cannot write '{}': array '{name}' has {len} values and needs {expected}", .path.display())]
    Length {
        /// The file asked for.
        path: PathBuf,
        /// Name of the array.
        name: String,
        /// Number of values given.
        len: usize,
        /// Number of values that the shape needs.
        expected: usize,
    },
    /// The operating system refused.
    #[error("cannot {action} '{}': {source}; {}", .path.display(), remedy(.source))]
    Io {
        /// What was being done, such as "write".
        action: &'static str,
        /// The file or folder asked for (not its temporary name).
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The new results could not take their place, and neither could the old ones go back.
    #[error(
        "cannot replace '{}': {source}; the earlier results are safe in '{}': move them back yourself",
        .path.display(), .moved.display()
    )]
    OldMoved {
        /// The output folder, absent now.
        path: PathBuf,
        /// Where the old one lies.
        moved: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The new results are in place, only the old ones could not be deleted.
    #[error(
        "the results are complete in '{}', but the replaced ones could not be deleted: {source}; delete '{}' yourself",
        .path.display(), .left.display()
    )]
    OldLeft {
        /// The output folder, whole and new.
        path: PathBuf,
        /// Where what is left of the old one lies.
        left: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl WriteError {
    /// Who has to act.
    #[must_use]
    pub const fn category(&self) -> WriteCategory {
        match self {
            WriteError::UnknownExtension { .. }
            | WriteError::BadPath { .. }
            | WriteError::Exists { .. }
            | WriteError::NotReplaceable { .. }
            | WriteError::TooLarge { .. }
            | WriteError::VoxelSize { .. } => WriteCategory::Usage,
            WriteError::Io { .. } | WriteError::OldMoved { .. } | WriteError::OldLeft { .. } => WriteCategory::Io,
            WriteError::Length { .. } => WriteCategory::Internal,
        }
    }

    /// For `map_err`: an [`WriteError::Io`] of `action` on `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
        move |source| WriteError::Io { action, path: path.to_owned(), source }
    }
}

/// What to do about an error of the operating system.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull => "the disk is full: free some space or write to another disk",
        io::ErrorKind::QuotaExceeded => "your disk quota is used up: free some space or write to another disk",
        io::ErrorKind::FileTooLarge => "the file system cannot hold a file of this size: write to another disk",
        io::ErrorKind::PermissionDenied => {
            "no permission to write there: choose another place or change its permissions"
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only: choose another place",
        io::ErrorKind::NotFound => "the folder it should lie in does not exist: create it first",
        io::ErrorKind::NotADirectory => "part of its path is a file: choose another place",
        io::ErrorKind::InvalidFilename => "the name is not allowed there: choose a shorter or simpler one",
        _ => "nothing was left half-written: try again, or write to another disk",
    }
}
