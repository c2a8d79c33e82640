//! What ImageJ and Fiji read a stack's voxel size, number of slices and display range from.
//!
//! ImageJ's own convention (its `TiffEncoder` and `FileOpener`): the first page's description is text of
//! `key=value` lines beginning with `ImageJ=`, `unit` and `spacing` (the z edge) stand there,
//! and the x and y edges are one over the resolution tags, with no resolution unit.

use std::fmt::Write as _;
use std::path::Path;

use foamflux_grid::{SampleType, VoxelSize};

use super::length::{fraction, scaled};
use super::{Grid, WriteError};

/// Units in order of preference, with the power of ten that takes metres to them.
///
/// `um` is what ImageJ itself turns into µm; its description is ASCII.
const UNITS: [(&str, i32); 3] = [("um", 6), ("nm", 9), ("mm", 3)];

/// Relative error up to which a resolution tag states a voxel edge.
const RESOLUTION_ERROR: f64 = 1e-9;

/// A voxel size as ImageJ states it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Calibration {
    unit: &'static str,
    /// Slice distance in the unit.
    spacing: f64,
    /// Voxels per unit along x, as a fraction.
    pub(super) x: (u32, u32),
    /// Voxels per unit along y, as a fraction.
    pub(super) y: (u32, u32),
}

/// The calibration for a voxel size; none where that is unknown.
pub(super) fn calibration(path: &Path, voxel_size: &VoxelSize) -> Result<Option<Calibration>, WriteError> {
    let Some(m_xyz) = voxel_size.m_xyz() else { return Ok(None) };
    for (unit, digits) in UNITS {
        let edges = m_xyz.map(|edge| scaled(edge, digits));
        if let (Some(x), Some(y)) = (per_unit(edges[0]), per_unit(edges[1])) {
            return Ok(Some(Calibration { unit, spacing: edges[2], x, y }));
        }
    }
    Err(WriteError::VoxelSize { path: path.to_owned(), m_xyz })
}

/// One over an edge as a fraction, where that is exact enough.
fn per_unit(edge: f64) -> Option<(u32, u32)> {
    // Older ImageJ versions read the parts as signed.
    let (n, d) = fraction(edge.recip(), i32::MAX as u32)?;
    let stated = f64::from(d) / f64::from(n);
    ((stated / edge - 1.0).abs() <= RESOLUTION_ERROR).then_some((n, d))
}

/// The description of the first page of `slices` pages.
pub(super) fn description(slices: usize, calibration: Option<&Calibration>, range: Option<(f64, f64)>) -> String {
    let mut text = format!("ImageJ=1.54f\nimages={slices}\nslices={slices}\n");
    if let Some(c) = calibration {
        // Writing to a string cannot fail.
        let _ = write!(text, "unit={}\nspacing={}\n", c.unit, c.spacing);
    }
    text.push_str("loop=false\n");
    if let Some((low, high)) = range {
        let _ = write!(text, "min={low:?}\nmax={high:?}\n");
    }
    text
}

/// The grey values that Fiji shows as black and white.
///
/// Absent where its own choice is right: bytes that are not labels use the whole range by convention,
/// and of signed types it holds the values with an offset and would take these for values without.
pub(super) fn display_range(grid: &Grid<'_>) -> Option<(f64, f64)> {
    /// Labels and masks, which would look black on a scale up to 255.
    const FEW_VALUES: f64 = 15.0;
    let (low, high) = grid.range.filter(|&(low, high)| low < high)?;
    let wanted = match grid.sample {
        SampleType::U8 => high <= FEW_VALUES,
        SampleType::I8 | SampleType::I16 => false,
        SampleType::U16 | SampleType::U32 | SampleType::I32 | SampleType::F32 | SampleType::F64 => true,
    };
    wanted.then_some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::VoxelSizeSource;

    fn known(m_xyz: [f64; 3]) -> Option<Calibration> {
        let size = VoxelSize::known(m_xyz, VoxelSizeSource::Flag).unwrap();
        calibration(Path::new("a.tif"), &size).unwrap()
    }

    #[test]
    fn the_description_is_what_imagej_writes() {
        let c = known([19.5e-6, 13e-6, 40e-6]);
        assert_eq!(
            description(7, c.as_ref(), Some((0.0, 2.0))),
            "ImageJ=1.54f\nimages=7\nslices=7\nunit=um\nspacing=40\nloop=false\nmin=0.0\nmax=2.0\n"
        );
        assert_eq!(description(1, None, None), "ImageJ=1.54f\nimages=1\nslices=1\nloop=false\n");
        let c = c.unwrap();
        assert_eq!((c.x, c.y), ((2, 39), (1, 13)));
    }

    #[test]
    fn a_unit_is_found_for_every_voxel_size_of_a_microscope() {
        assert_eq!(known([25e-9, 25e-9, 50e-9]).unwrap().unit, "um");
        assert_eq!(known([1e-15, 1e-15, 1e-15]).unwrap().unit, "um");
        assert_eq!(known([1e-17, 1e-17, 1e-17]).unwrap().unit, "nm");
        assert_eq!(known([5e3, 5e3, 1.0]).unwrap().unit, "mm");
        let absurd = VoxelSize::known([1e-30, 1e-30, 1e-30], VoxelSizeSource::Flag).unwrap();
        assert!(matches!(calibration(Path::new("a.tif"), &absurd), Err(WriteError::VoxelSize { .. })));
    }
}
