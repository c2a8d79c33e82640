//! NRRD with its data attached and gzipped.
//!
//! Source: "Definition of NRRD File Format", teem.sourceforge.net/nrrd/format.html.
//! Axes are listed fastest first (x, y, z). Voxels are cells, so the space origin, which is the centre of
//! the first sample, lies half a voxel inside the box whose corner is the origin of the `.vti` files.

use std::io::Write;
use std::path::Path;

use foamflux_grid::{Label, SampleType};

use super::deflate;
use super::length::um_from_m;
use super::{Grid, WriteError, atomic};

/// Compressed in parallel, without visible loss against one stream.
const BLOCK_BYTES: usize = 256 << 10;

pub(super) fn write(path: &Path, grid: &Grid<'_>) -> Result<(), WriteError> {
    let header = header(grid);
    atomic::sink_atomically(path, |sink| {
        sink.write_all(header.as_bytes())?;
        deflate::gzip(&grid.little_endian(), BLOCK_BYTES, deflate::level(grid.sample), sink)
    })
}

fn header(grid: &Grid<'_>) -> String {
    let [z, y, x] = grid.shape.zyx();
    let mut lines = vec![
        "NRRD0004".to_owned(),
        "# written by foamflux; axes x, y, z".to_owned(),
        format!("content: {}", one_line(grid.name)),
        format!("type: {}", type_name(grid.sample)),
        "dimension: 3".to_owned(),
    ];
    let edges = grid.voxel_size.m_xyz().map(|m| m.map(um_from_m));
    if edges.is_some() {
        lines.push("space dimension: 3".to_owned());
    }
    lines.push(format!("sizes: {x} {y} {z}"));
    if let Some([a, b, c]) = edges {
        lines.push(format!("space directions: ({a},0,0) (0,{b},0) (0,0,{c})"));
    }
    lines.push("centers: cell cell cell".to_owned());
    lines.push("kinds: domain domain domain".to_owned());
    if let Some([a, b, c]) = edges {
        lines.push("space units: \"um\" \"um\" \"um\"".to_owned());
        lines.push(format!("space origin: ({},{},{})", a / 2.0, b / 2.0, c / 2.0));
    }
    lines.push("endian: little".to_owned());
    lines.push("encoding: gzip".to_owned());
    if let Some(labels) = grid.labels {
        let names: Vec<String> = labels.present().iter().map(|l: Label| format!("{}={l}", l as u8)).collect();
        // Not "labels", which is a field with another meaning.
        lines.push(format!("voxel labels:={}", names.join(" ")));
    }
    // The blank line ends the header.
    lines.join("\n") + "\n\n"
}

fn type_name(sample: SampleType) -> &'static str {
    match sample {
        SampleType::U8 => "uint8",
        SampleType::I8 => "int8",
        SampleType::U16 => "uint16",
        SampleType::I16 => "int16",
        SampleType::U32 => "uint32",
        SampleType::I32 => "int32",
        SampleType::F32 => "float",
        SampleType::F64 => "double",
    }
}

/// A header line cannot hold a line break.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
