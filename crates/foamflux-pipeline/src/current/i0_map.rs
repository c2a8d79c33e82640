//! Exchange current densities from a file.

use std::path::{Path, PathBuf};

use foamflux_electro::{Cell, I0Mapped, Materials};
use foamflux_grid::{Event, Labels, Sample, SampleType, Shape, Watch};
use foamflux_io::read::{self, ByteOrder, RawLayout, ReadError, ReadOptions};

use super::CurrentSettings;
use crate::error::PipelineError;

/// A map and what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct I0Map {
    /// The file.
    pub path: PathBuf,
    /// Values multiply the i0 of labels, instead of standing for themselves in A/m2.
    pub relative: bool,
}

/// Reads the map and gives it to the faces; none where there is no map.
pub(crate) fn apply(
    cell: &mut Cell,
    labels: &Labels,
    settings: &CurrentSettings,
    materials: &Materials,
    watch: &dyn Watch,
) -> Result<Option<I0Mapped>, PipelineError> {
    let Some(map) = &settings.i0_map else { return Ok(None) };
    let values = volume(&map.path, labels.shape(), watch)?;
    let mapped = cell.set_i0(materials, map.relative, |voxel| f64::from(values[voxel]))?;
    watch.event(Event::Note(format!(
        "i0 on the reacting surface from {}: {} to {}, mean {} A/m2",
        map.path.display(),
        foamflux_grid::units::significant(mapped.min, 3),
        foamflux_grid::units::significant(mapped.max, 3),
        foamflux_grid::units::significant(mapped.mean, 3)
    )));
    Ok(Some(mapped))
}

fn volume(path: &Path, shape: Shape, watch: &dyn Watch) -> Result<Vec<f32>, PipelineError> {
    let headerless = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("raw"));
    let raw = headerless.then_some(RawLayout {
        shape,
        sample_type: SampleType::F32,
        byte_order: ByteOrder::Little,
        offset_bytes: 0,
    });
    let stack = read::plan(path, &ReadOptions { raw, ..ReadOptions::default() })
        .and_then(|plan| plan.read(watch))
        .map_err(|error| match error {
            ReadError::Cancelled => PipelineError::Cancelled,
            error => error.into(),
        })?;
    let found = stack.data.shape();
    if found != shape {
        return Err(PipelineError::Content {
            path: path.display().to_string(),
            message: format!(
                "the map of i0 has {found} voxels (z,y,x) and the labels have {shape}: it needs the same shape, after the crop and \
                 binning of the labels"
            ),
        });
    }
    fn floats<T: Sample>(volume: &foamflux_grid::Volume<T>) -> Vec<f32> {
        volume.as_slice().iter().map(|v| v.to_f32()).collect()
    }
    Ok(foamflux_io::for_each_type!(&stack.data, volume => floats(volume)))
}
