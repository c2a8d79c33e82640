//! Whole files or none: everything is written under a temporary name beside its place and renamed at the end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::WriteError;

/// Large enough that a write is worth a system call on a network disk.
const BUFFER_BYTES: usize = 256 << 10;

/// Where writers of a format put their bytes.
pub(super) type Sink = BufWriter<File>;

/// Writes a file so that `path` is at every moment either what it was before or whole and new.
///
/// The bytes go to a temporary name in the same folder, to disk, and then to `path` by renaming.
/// A symbolic link stays and the file it points to is replaced.
///
/// # Errors
/// [`WriteError::BadPath`] when `path` is a folder, a device or write-protected,
/// [`WriteError::Io`] when the operating system refuses or `write` fails; the temporary file is removed then.
pub fn file_atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
    sink_atomically(path, |sink| write(sink))
}

/// As [`file_atomically`], for formats that go back to patch an offset.
pub(super) fn sink_atomically(path: &Path, write: impl FnOnce(&mut Sink) -> io::Result<()>) -> Result<(), WriteError> {
    stage(path, write)?.commit()
}

/// A file that is complete on disk under a temporary name.
pub(super) struct Staged<'a> {
    temporary: Temporary,
    asked: &'a Path,
    target: PathBuf,
}

/// Writes a file under a temporary name, for formats whose files come in pairs.
pub(super) fn stage(path: &Path, write: impl FnOnce(&mut Sink) -> io::Result<()>) -> Result<Staged<'_>, WriteError> {
    let target = resolve(path)?;
    check_target(path, &target)?;
    let temporary = Temporary::file(path, &target)?;
    write_sink(&temporary.path, write, Durability::OnDisk).map_err(WriteError::io("write", path))?;
    Ok(Staged { temporary, asked: path, target })
}

impl Staged<'_> {
    /// Gives the file its name.
    pub(super) fn commit(self) -> Result<(), WriteError> {
        fs::rename(&self.temporary.path, &self.target).map_err(WriteError::io("write", self.asked))?;
        self.temporary.keep();
        Ok(())
    }
}

/// Whether a file must be on disk when the writer returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// In the page cache is enough: the enclosing folder is synchronised as a whole.
    Cached,
    /// On disk.
    OnDisk,
}

/// Writes a file in place; the caller removes it when this fails.
pub(super) fn write_sink(
    path: &Path,
    write: impl FnOnce(&mut Sink) -> io::Result<()>,
    durability: Durability,
) -> io::Result<()> {
    let mut sink = BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?);
    write(&mut sink)?;
    let file = sink.into_inner().map_err(io::IntoInnerError::into_error)?;
    if durability == Durability::OnDisk { sync(&file) } else { Ok(()) }
}

/// Puts a file on disk, where the file system knows how to.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

/// Puts every file below `folder` on disk, so that a rename cannot outrun its content.
///
/// A write that the cache had accepted may fail only here (full network disk), which is why errors matter.
pub(super) fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_tree(&entry.path())?;
        } else if kind.is_file() {
            // Some systems synchronise only what may be written; a file that may not be is skipped.
            match OpenOptions::new().write(true).open(entry.path()) {
                Ok(file) => sync(&file)?,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// The path itself, or what it points to where it is a symbolic link.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, WriteError> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_symlink() => fs::canonicalize(path).map_err(WriteError::io("follow", path)),
        _ => Ok(path.to_owned()),
    }
}

/// Refuses targets that renaming would damage.
fn check_target(path: &Path, target: &Path) -> Result<(), WriteError> {
    let bad = |reason| Err(WriteError::BadPath { path: path.to_owned(), reason });
    if target.file_name().is_none() {
        return bad("it names no file: give a file name");
    }
    match fs::metadata(target) {
        Ok(meta) if meta.is_dir() => bad("it is a folder: give the name of a file in it"),
        Ok(meta) if !meta.is_file() => bad("it is not a regular file: give the name of a new file"),
        Ok(meta) if meta.permissions().readonly() => {
            bad("it exists and is write-protected: choose another name or remove the protection")
        }
        _ => Ok(()),
    }
}

/// A file or folder that removes itself unless it is kept.
pub(super) struct Temporary {
    pub(super) path: PathBuf,
    kept: bool,
}

impl Temporary {
    /// A new empty file beside `target`; `path` is what errors name.
    fn file(path: &Path, target: &Path) -> Result<Self, WriteError> {
        Self::beside(target, "partial", |at| OpenOptions::new().write(true).create_new(true).open(at).map(drop))
            .map_err(WriteError::io("write", path))
    }

    /// A new empty folder beside `target`; `path` is what errors name.
    pub(super) fn folder(path: &Path, target: &Path) -> Result<Self, WriteError> {
        Self::beside(target, "partial", |at| fs::create_dir(at)).map_err(WriteError::io("create", path))
    }

    fn beside(target: &Path, suffix: &str, create: impl Fn(&Path) -> io::Result<()>) -> io::Result<Self> {
        loop {
            let path = sibling(target, suffix);
            match create(&path) {
                Ok(()) => return Ok(Temporary { path, kept: false }),
                // Left behind by a killed program that had the same process number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// It was renamed or is meant to stay.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // Nobody is left to tell: the error that brought us here is the one that matters.
            let _ = if self.path.is_dir() { fs::remove_dir_all(&self.path) } else { fs::remove_file(&self.path) };
        }
    }
}

/// A hidden name beside `target` that no other writer, in this process or another, uses.
pub(super) fn sibling(target: &Path, suffix: &str) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    /// Leaves room for the rest of the name below the usual limit of 255 bytes.
    const NAME_CHARS: usize = 40;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().take(NAME_CHARS).collect();
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    target.with_file_name(format!(".{name}.foamflux-{}-{n}.{suffix}", std::process::id()))
}
