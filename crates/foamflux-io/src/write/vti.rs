//! VTK image data (`.vti`) for ParaView and PyVista: cell data, appended raw, zlib.
//!
//! Source: VTK's "XML file formats" page and `vtkXMLDataParser`.
//! Voxels are cells, so an axis of n voxels has the extent 0 to n, and the origin is the outer corner of
//! voxel 0. Lengths are in µm, which the field-data string `LengthUnit` says; without a voxel size the
//! spacing is 1 and the unit `voxel`.
//!
//! Appended data are an underscore, then for each array: number of blocks, bytes of a full block, bytes of
//! a last partial block or 0, compressed bytes of every block (all u64), and the blocks.

use std::fmt::Write as _;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use foamflux_grid::{SampleType, Shape, VoxelSize};

use super::length::um_from_m;
use super::{Grid, WriteError, atomic, deflate, little_endian};

/// Bytes of a compressed block; larger than VTK's own, which costs ratio and a table entry each.
const BLOCK_BYTES: usize = 256 << 10;

/// A named array with one value or vector per voxel, in `[z][y][x]` order.
#[derive(Debug, Clone, Copy)]
pub struct VtiArray<'a> {
    /// Name as ParaView shows it, with the unit, such as `current_density_a_per_m2`.
    pub name: &'a str,
    /// The values.
    pub data: VtiData<'a>,
}

/// Values of a [`VtiArray`].
#[derive(Debug, Clone, Copy)]
pub enum VtiData<'a> {
    /// One byte per voxel.
    U8(&'a [u8]),
    /// One number per voxel.
    F32(&'a [f32]),
    /// Three numbers per voxel, interleaved x, y, z.
    Vector3F32(&'a [f32]),
}

/// An array whose type is a value.
struct Cells<'a> {
    name: &'a str,
    sample: SampleType,
    components: usize,
    native: &'a [u8],
}

impl<'a> From<&VtiArray<'a>> for Cells<'a> {
    fn from(array: &VtiArray<'a>) -> Self {
        let name = array.name;
        match array.data {
            VtiData::U8(v) => Cells { name, sample: SampleType::U8, components: 1, native: v },
            VtiData::F32(v) => Cells { name, sample: SampleType::F32, components: 1, native: bytemuck::cast_slice(v) },
            VtiData::Vector3F32(v) => {
                Cells { name, sample: SampleType::F32, components: 3, native: bytemuck::cast_slice(v) }
            }
        }
    }
}

/// Writes arrays that share one shape into one file, as cell data.
///
/// # Errors
/// [`WriteError::Length`] when an array does not fill the shape, and those of [`super::file_atomically`].
pub fn vti(path: &Path, shape: Shape, voxel_size: &VoxelSize, arrays: &[VtiArray<'_>]) -> Result<(), WriteError> {
    write(path, shape, voxel_size, &arrays.iter().map(Cells::from).collect::<Vec<_>>())
}

pub(super) fn write_grid(path: &Path, grid: &Grid<'_>) -> Result<(), WriteError> {
    let cells = Cells { name: grid.name, sample: grid.sample, components: 1, native: grid.native };
    write(path, grid.shape, grid.voxel_size, &[cells])
}

fn write(path: &Path, shape: Shape, voxel_size: &VoxelSize, arrays: &[Cells<'_>]) -> Result<(), WriteError> {
    for array in arrays {
        let (len, expected) = (array.native.len() / array.sample.bytes(), shape.len().saturating_mul(array.components));
        if len != expected {
            return Err(WriteError::Length { path: path.to_owned(), name: array.name.to_owned(), len, expected });
        }
    }
    let (head, placeholders) = head(shape, voxel_size, arrays);
    atomic::sink_atomically(path, |sink| {
        sink.write_all(head.as_bytes())?;
        let base = sink.stream_position()?;
        let mut offsets = Vec::with_capacity(arrays.len());
        for array in arrays {
            offsets.push(sink.stream_position()? - base);
            append(sink, &little_endian(array.native, array.sample.bytes()), deflate::level(array.sample))?;
        }
        sink.write_all(b"\n  </AppendedData>\n</VTKFile>\n")?;
        for (at, offset) in placeholders.into_iter().zip(offsets) {
            sink.seek(SeekFrom::Start(at as u64))?;
            // Blanks after the quote are what remains of the placeholder.
            sink.write_all(format!("{:<OFFSET_CHARS$}", format!("{offset}\"")).as_bytes())?;
        }
        Ok(())
    })
}

/// Room for an offset of 64 bits and its closing quote.
const OFFSET_CHARS: usize = 21;

/// The text up to and including the underscore, and where in it each array's offset goes.
fn head(shape: Shape, voxel_size: &VoxelSize, arrays: &[Cells<'_>]) -> (String, Vec<usize>) {
    let ([x, y, z], unit) = match voxel_size.m_xyz() {
        Some(m_xyz) => (m_xyz.map(um_from_m), "um"),
        None => ([1.0; 3], "voxel"),
    };
    let extent = format!("0 {} 0 {} 0 {}", shape.x, shape.y, shape.z);
    // VTK's text form of a string: the codes of its characters and a final zero.
    let unit: String = unit.bytes().map(|b| format!("{b} ")).collect();
    let mut text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64" compressor="vtkZLibDataCompressor">
  <ImageData WholeExtent="{extent}" Origin="0 0 0" Spacing="{x} {y} {z}">
    <FieldData>
      <Array type="String" Name="LengthUnit" NumberOfTuples="1" format="ascii">{unit}0</Array>
    </FieldData>
    <Piece Extent="{extent}">
      <PointData/>
      <CellData{}>
"#,
        active(arrays)
    );
    let mut placeholders = Vec::with_capacity(arrays.len());
    for array in arrays {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            r#"        <DataArray type="{}" Name="{}" NumberOfComponents="{}" format="appended" offset=""#,
            vtk_type(array.sample),
            escaped(array.name),
            array.components
        );
        placeholders.push(text.len());
        text.push_str(&" ".repeat(OFFSET_CHARS));
        text.push_str("/>\n");
    }
    text.push_str("      </CellData>\n    </Piece>\n  </ImageData>\n  <AppendedData encoding=\"raw\">\n   _");
    (text, placeholders)
}

/// The arrays that ParaView shows first.
fn active(arrays: &[Cells<'_>]) -> String {
    [("Scalars", 1), ("Vectors", 3)]
        .into_iter()
        .filter_map(|(attribute, components)| {
            let array = arrays.iter().find(|a| a.components == components)?;
            Some(format!(" {attribute}=\"{}\"", escaped(array.name)))
        })
        .collect()
}

/// Appends one array: the table of its blocks, patched at the end, and the blocks.
fn append(sink: &mut (impl Write + Seek), bytes: &[u8], level: u32) -> io::Result<()> {
    let blocks = bytes.len().div_ceil(BLOCK_BYTES);
    let table = sink.stream_position()?;
    let mut entries = vec![blocks as u64, BLOCK_BYTES as u64, (bytes.len() % BLOCK_BYTES) as u64];
    sink.write_all(&vec![0; 8 * (entries.len() + blocks)])?;
    deflate::in_blocks(
        bytes,
        BLOCK_BYTES,
        |block, _| deflate::zlib(block, level),
        |block| {
            entries.push(block.len() as u64);
            sink.write_all(block)
        },
    )?;
    let end = sink.stream_position()?;
    sink.seek(SeekFrom::Start(table))?;
    for entry in entries {
        sink.write_all(&entry.to_le_bytes())?;
    }
    sink.seek(SeekFrom::Start(end)).map(drop)
}

fn vtk_type(sample: SampleType) -> &'static str {
    match sample {
        SampleType::U8 => "UInt8",
        SampleType::I8 => "Int8",
        SampleType::U16 => "UInt16",
        SampleType::I16 => "Int16",
        SampleType::U32 => "UInt32",
        SampleType::I32 => "Int32",
        SampleType::F32 => "Float32",
        SampleType::F64 => "Float64",
    }
}

/// A name as the value of an XML attribute.
fn escaped(name: &str) -> String {
    name.chars().fold(String::with_capacity(name.len()), |mut text, c| {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            // Most control characters cannot stand in XML at all.
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
        text
    })
}
