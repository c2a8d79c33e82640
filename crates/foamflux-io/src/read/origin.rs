//! Where bytes come from: a file on disk or a member of a zip archive.
//!
//! Members are only ever read into memory; their names are names, never paths to write to.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::ReadError;
use super::source::Source;

/// A file or an archive member.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// A file.
    Path(PathBuf),
    /// A member of an archive.
    Member(Arc<Archive>, usize),
}

/// A named file or archive member.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Name relative to the input.
    pub(super) name: String,
    /// Size in bytes (for a member, when unpacked, as the archive claims).
    pub(super) len: u64,
    /// Where its bytes are.
    pub(super) origin: Origin,
}

impl Item {
    /// Opens the item for reading at any position; a member is unpacked into memory.
    pub(super) fn source(&self) -> io::Result<Source> {
        match &self.origin {
            Origin::Path(path) => Source::open(path),
            Origin::Member(archive, index) => Ok(Source::memory(archive.unpack(*index, self.len)?)),
        }
    }

    /// Runs `f` on the bytes from the first one on, without holding them in memory.
    pub(super) fn stream<R>(&self, f: impl FnOnce(&mut dyn Read) -> R) -> io::Result<R> {
        match &self.origin {
            Origin::Path(path) => Ok(f(&mut io::BufReader::with_capacity(1 << 18, File::open(path)?))),
            Origin::Member(archive, index) => archive.stream(*index, f),
        }
    }

    /// The first bytes, at most `len`.
    pub(super) fn head(&self, len: usize) -> io::Result<Vec<u8>> {
        self.stream(|reader| {
            let mut head = Vec::with_capacity(len);
            reader.take(len as u64).read_to_end(&mut head).map(|_| head)
        })?
    }

    /// Bytes of memory that [`Item::source`] takes.
    pub(super) const fn memory(&self) -> u64 {
        match self.origin {
            Origin::Path(_) => 0,
            Origin::Member(..) => self.len,
        }
    }

    /// Whether the item lies in an archive.
    pub(super) const fn in_archive(&self) -> bool {
        matches!(self.origin, Origin::Member(..))
    }
}

/// An open zip archive.
#[derive(Debug)]
pub(super) struct Archive {
    zip: Mutex<zip::ZipArchive<File>>,
}

impl Archive {
    /// Opens an archive and lists its files.
    pub(super) fn open(path: &Path, name: &str) -> Result<Vec<Item>, ReadError> {
        let damaged = |e: zip::result::ZipError| ReadError::Format {
            file: name.to_owned(),
            reason: format!("the zip archive is damaged or cut short ({e}): copy it again"),
        };
        let file = File::open(path).map_err(|source| ReadError::Io { file: name.to_owned(), source })?;
        let mut zip = zip::ZipArchive::new(file).map_err(damaged)?;
        let mut members = Vec::new();
        for index in 0..zip.len() {
            let member = zip.by_index_raw(index).map_err(damaged)?;
            if member.is_dir() {
                continue;
            }
            let member_name = member.name().map_err(damaged)?.replace('\\', "/");
            if member.encrypted() {
                let reason = format!("its member {member_name} is encrypted: unpack the archive first");
                return Err(ReadError::Format { file: name.to_owned(), reason });
            }
            members.push((member_name, member.size(), index));
        }
        let archive = Arc::new(Archive { zip: Mutex::new(zip) });
        Ok(members
            .into_iter()
            .map(|(name, len, index)| Item { name, len, origin: Origin::Member(Arc::clone(&archive), index) })
            .collect())
    }

    /// The unpacked member, which must have `len` bytes: an archive that lies about that is damaged or a bomb.
    fn unpack(&self, index: usize, len: u64) -> io::Result<Vec<u8>> {
        self.stream(index, |reader| {
            let mut bytes = Vec::new();
            let wanted = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
            // An archive may claim any size, so memory is reserved as data arrive.
            let mut limited = reader.take(len.saturating_add(1));
            let mut block = vec![0u8; 1 << 16];
            loop {
                let n = limited.read(&mut block)?;
                if n == 0 {
                    break;
                }
                if bytes.capacity() - bytes.len() < n {
                    let more = (bytes.len() / 2).max(n).min(wanted.saturating_sub(bytes.len()).max(n));
                    bytes.try_reserve_exact(more).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
                }
                bytes.extend_from_slice(&block[..n]);
            }
            if bytes.len() != wanted {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("the archive promises {len} bytes and holds {} or more", bytes.len()),
                ));
            }
            Ok(bytes)
        })?
    }

    fn stream<R>(&self, index: usize, f: impl FnOnce(&mut dyn Read) -> R) -> io::Result<R> {
        // A thread that panicked while holding the lock left no state behind: every use seeks first.
        let mut zip = self.zip.lock().unwrap_or_else(PoisonError::into_inner);
        let mut member = zip.by_index(index).map_err(io::Error::other)?;
        Ok(f(&mut member))
    }
}
