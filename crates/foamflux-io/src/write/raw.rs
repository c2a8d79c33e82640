//! Bare samples, and a JSON file beside them with what is needed to read them.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::{Grid, WriteError, atomic, npy};

/// What a `.raw` file does not say about itself.
#[derive(Serialize)]
struct Description<'a> {
    file: String,
    name: &'a str,
    shape_zyx: [usize; 3],
    dtype: &'static str,
    /// The same as numpy says it, which takes `u8` for eight bytes.
    numpy_dtype: &'static str,
    byte_order: &'static str,
    order: &'static str,
    voxel_size_m_xyz: Option<[f64; 3]>,
    labels: Option<std::collections::BTreeMap<u8, &'static str>>,
    /// Ready to paste.
    read_with: String,
}

pub(super) fn write(path: &Path, grid: &Grid<'_>) -> Result<(), WriteError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".json");
    let description = describe(path, grid);
    let samples = atomic::stage(path, |sink| sink.write_all(&grid.little_endian()))?;
    let description = atomic::stage(Path::new(&beside), |sink| {
        serde_json::to_writer_pretty(&mut *sink, &description)?;
        sink.write_all(b"\n")
    })?;
    // The description first: where the samples are, it is too.
    description.commit()?;
    samples.commit()
}

fn describe<'a>(path: &Path, grid: &Grid<'a>) -> Description<'a> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let [z, y, x] = grid.shape.zyx();
    let m_xyz = grid.voxel_size.m_xyz();
    let size = m_xyz.map(|[a, b, c]| format!(" --voxel-size {a:e}m,{b:e}m,{c:e}m")).unwrap_or_default();
    Description {
        name: grid.name,
        shape_zyx: [z, y, x],
        dtype: grid.sample.name(),
        numpy_dtype: npy::descr(grid.sample),
        byte_order: "little",
        order: "[z][y][x], x fastest",
        voxel_size_m_xyz: m_xyz,
        labels: grid.labels.map(|labels| labels.present().iter().map(|l| (l as u8, l.name())).collect()),
        read_with: format!("foamflux ingest {file} --shape {z},{y},{x} --dtype {}{size}", grid.sample),
        file,
    }
}
