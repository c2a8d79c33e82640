//! numpy's `.npy`, version 1.0: a header that is a Python literal, then the samples.
//!
//! Source: numpy, `numpy.lib.format`. The format has no place for a voxel size.

use std::io::Write;
use std::path::Path;

use foamflux_grid::SampleType;

use super::{Grid, WriteError, atomic};

pub(super) fn write(path: &Path, grid: &Grid<'_>) -> Result<(), WriteError> {
    let header = header(grid);
    atomic::sink_atomically(path, |sink| {
        sink.write_all(&header)?;
        sink.write_all(&grid.little_endian())
    })
}

fn header(grid: &Grid<'_>) -> Vec<u8> {
    /// The samples begin at a multiple of this, so that they can be mapped into memory.
    const ALIGNMENT: usize = 64;
    /// Magic, version and the length of what follows.
    const PREFIX: usize = 10;
    let [z, y, x] = grid.shape.zyx();
    let mut text = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({z}, {y}, {x}), }}", descr(grid.sample));
    let whole = (PREFIX + text.len() + 1).next_multiple_of(ALIGNMENT);
    text.push_str(&" ".repeat(whole - PREFIX - text.len() - 1));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    // Three numbers of at most twenty digits: far below the 65535 that fit.
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// numpy's name of a type.
pub(super) fn descr(sample: SampleType) -> &'static str {
    match sample {
        SampleType::U8 => "|u1",
        SampleType::I8 => "|i1",
        SampleType::U16 => "<u2",
        SampleType::I16 => "<i2",
        SampleType::U32 => "<u4",
        SampleType::I32 => "<i4",
        SampleType::F32 => "<f4",
        SampleType::F64 => "<f8",
    }
}
