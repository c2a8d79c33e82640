//! A folder of numbered single-page TIFF slices, as microscopes leave them.

use std::fs;
use std::io;
use std::path::Path;

use foamflux_grid::Volume;

use super::atomic::{self, Durability, Temporary};
use super::{Grid, WritableSample, WriteError, imagej, tiff};

/// Writes one TIFF per slice, `PREFIX0000.tif` onwards, with enough digits that names sort in slice order.
///
/// Every file states the voxel size as ImageJ does, the slice distance included.
/// The folder must be absent or empty: slices of two stacks must not mix.
///
/// # Errors
/// [`WriteError::NotReplaceable`] when the folder holds something, [`WriteError::BadPath`] when `prefix` is
/// not a plain file name, and those of [`super::volume()`]. Nothing is left behind then.
pub fn slices<T: WritableSample>(folder: &Path, volume: &Volume<T>, prefix: &str) -> Result<(), WriteError> {
    /// As ImageJ's "Image Sequence" saves.
    const LEAST_DIGITS: usize = 4;
    if prefix.contains(['/', '\\', '\0']) {
        let reason = "the prefix of its slices holds a path separator: use letters, digits, '-' and '_'";
        return Err(WriteError::BadPath { path: folder.join(prefix), reason });
    }
    let target = atomic::resolve(folder)?;
    check_empty(folder, &target)?;
    let grid = Grid::of(volume, prefix);
    let calibration = imagej::calibration(folder, grid.voxel_size)?;
    let digits = LEAST_DIGITS.max(volume.shape().z.to_string().len());
    let temporary = Temporary::folder(folder, &target)?;
    for z in 0..volume.shape().z {
        let name = format!("{prefix}{z:0digits$}.tif");
        let slice = grid.slice(z);
        let pages = tiff::Pages::new(folder, &slice, calibration.clone())?;
        atomic::write_sink(&temporary.path.join(&name), |sink| pages.write(sink), Durability::Cached)
            .map_err(WriteError::io("write", &folder.join(&name)))?;
    }
    let place = || -> io::Result<()> {
        atomic::sync_tree(&temporary.path)?;
        match fs::remove_dir(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(&temporary.path, &target)
    };
    place().map_err(WriteError::io("write", folder))?;
    temporary.keep();
    Ok(())
}

/// Refuses a folder with content.
fn check_empty(asked: &Path, target: &Path) -> Result<(), WriteError> {
    let refuse = |reason| Err(WriteError::NotReplaceable { path: asked.to_owned(), reason });
    match fs::read_dir(target) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => refuse("it is a folder with content, and slices of two stacks must not mix"),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => refuse("it is a file"),
        Err(error) => Err(WriteError::io("look at", asked)(error)),
    }
}
