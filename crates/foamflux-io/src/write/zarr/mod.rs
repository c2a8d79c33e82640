//! OME-Zarr 0.4 (Zarr version 2): images in chunks at several resolutions, which napari, Fiji, neuroglancer and Python open.
//!
//! Source: "Next-generation file formats" 0.4, ngff.openmicroscopy.org/0.4, and the Zarr storage specification, version 2.
//! 0.4 and not 0.5, because every reader of today knows it.
//!
//! The store is one image with its labels, and further images in groups of their own:
//!
//! ```text
//! volumes.ome.zarr/            the image: what a viewer shows that is given the folder
//!   0/ 1/ 2/ ...               its levels
//!   labels/labels/0/ 1/ ...    labels, with names and colours
//!   potential_z/0/ 1/ ...      another image, opened by its own path
//! ```
//!
//! Chunks are zlib streams, which every implementation of Zarr has; chunks without a value that differs from the fill value
//! (0, or NaN for floating point) have no file.
//! A coordinate is that of the centre of a voxel, and the first voxel of level 0 is at zero, as it is in a TIFF.
//! A voxel of another level has its centre in the middle of those it was made of, hence the translation of that level.

mod pyramid;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use foamflux_grid::{Labels, Shape, Volume, VoxelSize};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::atomic::{self, Durability, Temporary};
use super::length::um_from_m;
use super::{WritableSample, WriteError, deflate, finite_range, little_endian, npy};
use pyramid::Level;

/// Voxels of a chunk along z, y, x: 1 MiB of labels, 4 MiB of a field, and a thousand files for 1024^3 voxels.
const CHUNK: [usize; 3] = [64, 128, 128];

/// The version of OME's format.
const VERSION: &str = "0.4";

/// A store under construction; it has its name only after [`OmeZarr::commit`].
pub struct OmeZarr {
    temporary: Temporary,
    asked: PathBuf,
    target: PathBuf,
}

impl OmeZarr {
    /// Starts a store that will be at `path`.
    ///
    /// # Errors
    /// [`WriteError::Exists`] when there is something already, [`WriteError::BadPath`] when it names no folder,
    /// [`WriteError::Io`] when it cannot be created.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let target = atomic::resolve(path)?;
        if target.file_name().is_none() {
            return Err(WriteError::BadPath {
                path: path.to_owned(),
                reason: "it names no new folder: give a folder by its own name",
            });
        }
        if fs::symlink_metadata(&target).is_ok() {
            return Err(WriteError::Exists { path: path.to_owned() });
        }
        let temporary = Temporary::folder(path, &target)?;
        Ok(OmeZarr { temporary, asked: path.to_owned(), target })
    }

    /// Writes an image into a group, `""` for the store itself; each level holds the means of the one above, without what is not a
    /// number.
    ///
    /// `name` is what viewers call it, with the unit of its values.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn image<T: WritableSample>(&self, group: &str, name: &str, volume: &Volume<T>) -> Result<(), WriteError> {
        self.values(group, name, volume.as_slice(), volume.shape(), volume.voxel_size())
    }

    /// As [`OmeZarr::image`], for values that are no [`Volume`].
    ///
    /// # Errors
    /// [`WriteError::Length`] when they do not fill the shape, [`WriteError::Io`].
    pub fn values<T: WritableSample>(
        &self,
        group: &str,
        name: &str,
        values: &[T],
        shape: Shape,
        size: &VoxelSize,
    ) -> Result<(), WriteError> {
        if values.len() != shape.len() {
            let (name, len, expected) = (name.to_owned(), values.len(), shape.len());
            return Err(WriteError::Length { path: self.asked.clone(), name, len, expected });
        }
        let group = self.temporary.path.join(group);
        let levels = self.levels(&group, values, shape, size, pyramid::mean)?;
        let (low, high) = finite_range(values).unwrap_or((0.0, 1.0));
        // A viewer cannot stretch a range of nothing.
        let high = if high > low { high } else { low + 1.0 };
        let window = json!({"min": low, "max": high, "start": low, "end": high});
        let attributes = json!({
            "multiscales": [multiscale(name, size, &levels, "mean", "mean of the voxels of the level above that are numbers")],
            "omero": {
                "name": name,
                "channels": [{"label": name, "color": "FFFFFF", "active": true, "window": window}],
                "rdefs": {"model": "greyscale"},
            },
        });
        self.group(&group, Some(&attributes))
    }

    /// Writes labels into the group `labels/labels`, with their names and the colours of each number.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn labels(&self, labels: &Labels, colours: &[(u8, [u8; 3])]) -> Result<(), WriteError> {
        const NAME: &str = "labels";
        let (volume, size) = (labels.volume(), labels.voxel_size());
        let root = self.temporary.path.join("labels");
        let group = root.join(NAME);
        let levels = self.levels(&group, volume.as_slice(), volume.shape(), size, pyramid::label)?;
        let present = labels.present();
        let colours: Vec<Value> = colours
            .iter()
            .filter(|(number, _)| present.contains(*number))
            // What is not there to be looked at is clear.
            .map(|&(number, [r, g, b])| json!({"label-value": number, "rgba": [r, g, b, if number == 0 { 0 } else { 255 }]}))
            .collect();
        let names: Vec<Value> =
            present.iter().map(|label| json!({"label-value": label as u8, "name": label.name()})).collect();
        let attributes = json!({
            "multiscales": [multiscale(NAME, size, &levels, "mode", pyramid::LABEL_RULE)],
            "image-label": {
                "version": VERSION, "colors": colours, "properties": names, "source": {"image": "../../"},
            },
        });
        self.group(&group, Some(&attributes))?;
        self.group(&root, Some(&json!({"labels": [NAME]})))
    }

    /// Gives the store its name.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn commit(self) -> Result<(), WriteError> {
        let OmeZarr { temporary, asked, target } = self;
        atomic::sync_tree(&temporary.path).map_err(WriteError::io("write", &asked))?;
        fs::rename(&temporary.path, &target).map_err(WriteError::io("write", &asked))?;
        temporary.keep();
        Ok(())
    }

    /// The files of a group itself.
    fn group(&self, group: &Path, attributes: Option<&Value>) -> Result<(), WriteError> {
        self.json(&group.join(".zgroup"), &json!({"zarr_format": 2}))?;
        attributes.map_or(Ok(()), |attributes| self.json(&group.join(".zattrs"), attributes))
    }

    fn json(&self, path: &Path, value: &Value) -> Result<(), WriteError> {
        let write = |sink: &mut atomic::Sink| Ok(serde_json::to_writer_pretty(sink, value)?);
        atomic::write_sink(path, write, Durability::Cached).map_err(WriteError::io("write", &self.asked))
    }

    /// Writes all levels, each made of the one before, and says what they are.
    fn levels<T: WritableSample>(
        &self,
        group: &Path,
        values: &[T],
        shape: Shape,
        size: &VoxelSize,
        merge: impl Fn(&[T]) -> T + Sync,
    ) -> Result<Vec<Level>, WriteError> {
        let mut levels = vec![Level { shape, factors_zyx: [1; 3] }];
        let mut made: Option<Vec<T>> = None;
        loop {
            let number = levels.len() - 1;
            let level = levels[number];
            let current = made.as_deref().unwrap_or(values);
            self.array(&group.join(number.to_string()), current, level.shape)?;
            let Some((next, halved)) = level.next(size) else { return Ok(levels) };
            made = Some(pyramid::halve(current, level.shape, next.shape, halved, &merge));
            levels.push(next);
        }
    }

    /// Writes one array.
    fn array<T: WritableSample>(&self, folder: &Path, values: &[T], shape: Shape) -> Result<(), WriteError> {
        let fail = |e| WriteError::io("write", &self.asked)(e);
        fs::create_dir_all(folder).map_err(fail)?;
        let zyx = shape.zyx();
        let chunk: [usize; 3] = std::array::from_fn(|a| CHUNK[a].min(zyx[a]));
        let level = deflate::level(T::TYPE);
        let fill = if T::IS_INTEGER { json!(0) } else { json!("NaN") };
        let about = json!({
            "zarr_format": 2, "shape": zyx, "chunks": chunk, "dtype": npy::descr(T::TYPE), "order": "C", "fill_value": fill,
            "compressor": {"id": "zlib", "level": level}, "filters": null, "dimension_separator": "/",
        });
        self.json(&folder.join(".zarray"), &about)?;
        let counts: [usize; 3] = std::array::from_fn(|a| zyx[a].div_ceil(chunk[a]));
        (0..counts.iter().product::<usize>()).into_par_iter().try_for_each(|i| {
            let at = [i / (counts[2] * counts[1]), i / counts[2] % counts[1], i % counts[2]];
            let Some(block) = block(values, shape, chunk, at) else { return Ok(()) };
            let bytes = little_endian(bytemuck::cast_slice(&block), T::TYPE.bytes());
            let stream = deflate::zlib(&bytes, level).map_err(fail)?;
            let place = folder.join(at[0].to_string()).join(at[1].to_string());
            fs::create_dir_all(&place).map_err(fail)?;
            let file = place.join(at[2].to_string());
            atomic::write_sink(&file, |sink| sink.write_all(&stream), Durability::Cached).map_err(fail)
        })
    }
}

/// Values of a chunk, which has its full size at the border too; none where all are the fill value.
fn block<T: WritableSample>(values: &[T], shape: Shape, chunk: [usize; 3], at: [usize; 3]) -> Option<Vec<T>> {
    let fill = if T::IS_INTEGER { T::default() } else { T::from_f64(f64::NAN) };
    let empty = |v: &T| if T::IS_INTEGER { *v == fill } else { v.to_f64().is_nan() };
    let zyx = shape.zyx();
    let start: [usize; 3] = std::array::from_fn(|a| at[a] * chunk[a]);
    let end: [usize; 3] = std::array::from_fn(|a| (start[a] + chunk[a]).min(zyx[a]));
    let mut block = vec![fill; chunk.iter().product()];
    let mut any = false;
    for z in start[0]..end[0] {
        for y in start[1]..end[1] {
            let from = shape.index(z, y, start[2]);
            let row = &values[from..from + end[2] - start[2]];
            any = any || !row.iter().all(empty);
            let to = ((z - start[0]) * chunk[1] + y - start[1]) * chunk[2];
            block[to..to + row.len()].copy_from_slice(row);
        }
    }
    any.then_some(block)
}

/// The description of an image at several resolutions. Scale and place stand with each level, because many readers look there alone.
fn multiscale(name: &str, size: &VoxelSize, levels: &[Level], kind: &str, rule: &str) -> Value {
    let edges = size.m_xyz().map(|[x, y, z]| [z, y, x].map(um_from_m));
    let axes: Vec<Value> = ["z", "y", "x"]
        .iter()
        .map(|axis| match edges {
            Some(_) => json!({"name": axis, "type": "space", "unit": "micrometer"}),
            None => json!({"name": axis, "type": "space"}),
        })
        .collect();
    let edges = edges.unwrap_or([1.0; 3]);
    let datasets: Vec<Value> = levels
        .iter()
        .enumerate()
        .map(|(number, level)| {
            let scale: [f64; 3] = std::array::from_fn(|a| edges[a] * level.factors_zyx[a] as f64);
            let translation: [f64; 3] = std::array::from_fn(|a| edges[a] * (level.factors_zyx[a] as f64 - 1.0) / 2.0);
            json!({"path": number.to_string(), "coordinateTransformations": [
                {"type": "scale", "scale": scale}, {"type": "translation", "translation": translation},
            ]})
        })
        .collect();
    json!({
        "version": VERSION, "name": name, "axes": axes, "datasets": datasets, "type": kind,
        "metadata": {"description": rule, "voxel_size": if size.m_xyz().is_some() { "known" } else { "unknown: lengths are in voxels" }},
    })
}
