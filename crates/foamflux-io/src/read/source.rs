//! Bytes at a position, from a file or from an unpacked archive member.
//!
//! Offsets are 64 bits everywhere: stacks beyond 4 GB are ordinary.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that can be read at any position, by several threads.
#[derive(Debug, Clone)]
pub(super) struct Source {
    bytes: Bytes,
    len: u64,
}

#[derive(Debug, Clone)]
enum Bytes {
    /// The lock makes seek and read one step; slices of one file are decoded by several threads.
    File(Arc<Mutex<File>>),
    Memory(Arc<Vec<u8>>),
}

impl Source {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Source { bytes: Bytes::File(Arc::new(Mutex::new(file))), len })
    }

    /// Bytes that are in memory already.
    pub(super) fn memory(bytes: Vec<u8>) -> Self {
        let len = bytes.len() as u64;
        Source { bytes: Bytes::Memory(Arc::new(bytes)), len }
    }

    /// Number of bytes.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Fills `buffer` with the bytes from `offset` on; an early end is [`io::ErrorKind::UnexpectedEof`].
    pub(super) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64).filter(|&end| end <= self.len);
        if end.is_none() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match &self.bytes {
            Bytes::File(file) => {
                // A thread that panicked while holding the lock left no state behind: every use seeks first.
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(buffer)
            }
            Bytes::Memory(bytes) => {
                // Fits: the end was checked against the length of a vector.
                let from = offset as usize;
                buffer.copy_from_slice(&bytes[from..from + buffer.len()]);
                Ok(())
            }
        }
    }

    /// `len` bytes from `offset` on. The range is checked against the source before anything is allocated.
    pub(super) fn bytes_at(&self, offset: u64, len: u64) -> io::Result<Vec<u8>> {
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut buffer = zeroed(len)?;
        self.read_at(offset, &mut buffer)?;
        Ok(buffer)
    }

    /// The first bytes, at most `len`.
    pub(super) fn head(&self, len: u64) -> io::Result<Vec<u8>> {
        self.bytes_at(0, len.min(self.len))
    }

    /// A reader from the first byte.
    pub(super) fn reader(&self) -> SourceReader {
        SourceReader { source: self.clone(), position: 0 }
    }
}

/// A zeroed buffer, or an error instead of an abort when there is no memory for it.
pub(super) fn zeroed(len: u64) -> io::Result<Vec<u8>> {
    let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    buffer.resize(len, 0);
    Ok(buffer)
}

/// [`Source`] as a stream.
#[derive(Debug, Clone)]
pub(super) struct SourceReader {
    source: Source,
    position: u64,
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len.saturating_sub(self.position);
        // Fits: not more than the length of the buffer.
        let n = left.min(buffer.len() as u64) as usize;
        self.source.read_at(self.position, &mut buffer[..n])?;
        self.position += n as u64;
        Ok(n)
    }
}

impl Seek for SourceReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(p) => Some(p),
            SeekFrom::End(d) => self.source.len.checked_add_signed(d),
            SeekFrom::Current(d) => self.position.checked_add_signed(d),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
