//! Volumes that are one run of samples: `.raw`, `.npy`, `.nrrd`.

use std::io::Read;
use std::ops::Range;

use foamflux_grid::Shape;

use super::error::{Fault, ReadError};
use super::metadata::Stated;
use super::options::ByteOrder;
use super::origin::{Item, Origin};
use super::sample::{Plane, Scalar};
use super::source::{Source, zeroed};

/// One run of samples in a file or archive member.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    /// The file or member with the samples.
    pub(super) item: Item,
    /// Bytes before the first sample.
    pub(super) skip: u64,
    /// Whether the samples (not the header) are gzip data.
    pub(super) gzip: bool,
    /// Type of the samples.
    pub(super) scalar: Scalar,
    /// Their byte order.
    pub(super) order: ByteOrder,
    /// Shape in memory order, slowest first.
    pub(super) shape: Shape,
    /// Whether memory order is x, y, z instead of z, y, x (Fortran order).
    pub(super) transposed: bool,
    /// Name of the stored type.
    pub(super) stored: String,
    /// Kind of file for the report.
    pub(super) kind: &'static str,
    /// Voxel sizes that the header states.
    pub(super) stated: Vec<Stated>,
    /// Conversions that the report mentions.
    pub(super) notes: Vec<String>,
}

impl Stream {
    /// Bytes of one plane.
    pub(super) const fn plane_bytes(&self) -> u64 {
        (self.shape.y * self.shape.x * self.scalar.bytes()) as u64
    }

    /// Bytes of all samples.
    pub(super) fn data_bytes(&self) -> u64 {
        self.plane_bytes().saturating_mul(self.shape.z as u64)
    }

    /// Planes that the file is too short for, as far as its length tells without unpacking.
    pub(super) fn missing(&self) -> Option<(Range<usize>, Fault)> {
        if self.gzip {
            // Deflate cannot pack more than about 1032 bytes into one.
            let most = self.item.len.saturating_mul(1040);
            return (most < self.data_bytes()).then(|| {
                let text =
                    format!("truncated: {} bytes of gzip data cannot hold {} bytes", self.item.len, self.data_bytes());
                (0..self.shape.z, Fault::new(text))
            });
        }
        let have = self.item.len.saturating_sub(self.skip);
        // Fits: fewer planes than the shape has, or not used.
        let whole = (have / self.plane_bytes()).min(self.shape.z as u64) as usize;
        (whole < self.shape.z).then(|| {
            let text = format!("truncated: the file holds {have} of {} bytes of samples", self.data_bytes());
            (whole..self.shape.z, Fault::new(text))
        })
    }

    /// Runs `f` on the planes in `range`, in order; stops when it fails.
    /// After the first plane that cannot be read, all later ones fail with the same fault unless they can be reached.
    pub(super) fn planes(
        &self,
        range: Range<usize>,
        f: &mut dyn FnMut(usize, Result<Plane, Fault>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let failed = |source| ReadError::Io { file: self.item.name.clone(), source };
        match &self.item.origin {
            Origin::Path(path) if !self.gzip => {
                let source = Source::open(path).map_err(failed)?;
                for z in range {
                    let offset = self.skip.saturating_add(self.plane_bytes().saturating_mul(z as u64));
                    let bytes = source.bytes_at(offset, self.plane_bytes());
                    f(z, bytes.map_err(|e| Fault::io("its samples", &e)).and_then(|b| self.plane(&b)))?;
                }
                Ok(())
            }
            _ => self.item.stream(|reader| self.sequential(reader, range, f)).map_err(failed)?,
        }
    }

    fn sequential(
        &self,
        reader: &mut dyn Read,
        range: Range<usize>,
        f: &mut dyn FnMut(usize, Result<Plane, Fault>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut fault = skip(reader, self.skip).err().map(|e| Fault::io("its header", &e));
        let mut unpacked;
        let reader: &mut dyn Read = if self.gzip {
            unpacked = flate2::read::GzDecoder::new(reader);
            &mut unpacked
        } else {
            reader
        };
        if fault.is_none() {
            let before = self.plane_bytes().saturating_mul(range.start as u64);
            fault = skip(reader, before).err().map(|e| Fault::io("its samples", &e));
        }
        let mut buffer = zeroed(self.plane_bytes())
            .map_err(|_| ReadError::Allocation { bytes: self.plane_bytes(), what: "one slice" })?;
        for z in range {
            if fault.is_none() {
                fault = reader.read_exact(&mut buffer).err().map(|e| Fault::io("its samples", &e));
            }
            f(
                z,
                match &fault {
                    Some(fault) => Err(fault.clone()),
                    None => self.plane(&buffer),
                },
            )?;
        }
        Ok(())
    }

    fn plane(&self, bytes: &[u8]) -> Result<Plane, Fault> {
        Plane::from_bytes(bytes, self.scalar, self.order)
    }
}

/// Reads and forgets `n` bytes.
fn skip(reader: &mut dyn Read, n: u64) -> std::io::Result<()> {
    let skipped = std::io::copy(&mut reader.take(n), &mut std::io::sink())?;
    if skipped == n { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
