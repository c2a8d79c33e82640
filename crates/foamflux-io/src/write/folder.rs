//! An output folder that is whole or absent.

use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::WriteError;
use super::atomic::{self, Temporary};

/// What to do when the output folder exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Existing {
    /// Refuse.
    #[default]
    Refuse,
    /// Replace it, provided that it is empty or an earlier result of this program.
    Replace,
}

/// A folder under construction: written under a temporary name beside its place, renamed by
/// [`OutputFolder::commit`], and removed with all its content when dropped without one.
pub struct OutputFolder {
    temporary: Temporary,
    /// As the user wrote it, for messages.
    asked: PathBuf,
    destination: PathBuf,
    existing: Existing,
}

impl OutputFolder {
    /// Starts a folder that will be at `path`. Missing parents are created.
    ///
    /// # Errors
    /// [`WriteError::Exists`] when it is there already and must not be replaced,
    /// [`WriteError::NotReplaceable`] when it may be replaced but is not an earlier result,
    /// [`WriteError::BadPath`] when it names no folder, [`WriteError::Io`] when it cannot be created.
    pub fn create(path: &Path, existing: Existing) -> Result<Self, WriteError> {
        let destination = atomic::resolve(path)?;
        if destination.file_name().is_none() {
            return Err(WriteError::BadPath {
                path: path.to_owned(),
                reason: "it names no new folder: give a folder by its own name",
            });
        }
        check_existing(path, &destination, existing)?;
        if let Some(parent) = destination.parent() {
            fs::create_dir_all(parent).map_err(WriteError::io("create", path))?;
        }
        let temporary = Temporary::folder(path, &destination)?;
        Ok(OutputFolder { temporary, asked: path.to_owned(), destination, existing })
    }

    /// Where to write for now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.temporary.path
    }

    /// Where the folder will be.
    #[must_use]
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// Path of a file in the folder under its temporary name, such as `figures/tau.svg`; creates the sub-folders.
    ///
    /// Only the plain components of `name` count, so that no file can land outside.
    #[must_use]
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        let mut path = self.temporary.path.clone();
        path.extend(name.as_ref().components().filter(|c| matches!(c, Component::Normal(_))));
        if let Some(parent) = path.parent() {
            // A failure comes back with its cause when the file itself is written.
            let _ = fs::create_dir_all(parent);
        }
        path
    }

    /// Puts the folder in its place.
    ///
    /// What is replaced is moved aside first, moved back if the new folder cannot take its place,
    /// and deleted only afterwards.
    ///
    /// # Errors
    /// As [`OutputFolder::create`], and [`WriteError::OldLeft`] when all is in place but the old folder
    /// could not be deleted.
    pub fn commit(self) -> Result<(), WriteError> {
        let OutputFolder { temporary, asked, destination, existing } = self;
        atomic::sync_tree(&temporary.path).map_err(WriteError::io("write", &asked))?;
        // Looked at again: hours may have passed since the folder was created.
        check_existing(&asked, &destination, existing)?;
        let old = put(&temporary.path, &destination, &asked)?;
        temporary.keep();
        match old {
            None => Ok(()),
            Some(left) => fs::remove_dir_all(&left).map_err(|source| WriteError::OldLeft { path: asked, left, source }),
        }
    }
}

/// Renames `new` to `destination` and tells where what was there before has gone.
///
/// When that fails, everything is as it was before.
fn put(new: &Path, destination: &Path, asked: &Path) -> Result<Option<PathBuf>, WriteError> {
    let place = || fs::rename(new, destination).map_err(WriteError::io("write", asked));
    if !destination.exists() {
        return place().map(|()| None);
    }
    let old = atomic::sibling(destination, "replaced");
    fs::rename(destination, &old).map_err(WriteError::io("replace", asked))?;
    match place() {
        Ok(()) => Ok(Some(old)),
        Err(error) => match fs::rename(&old, destination) {
            Ok(()) => Err(error),
            Err(source) => Err(WriteError::OldMoved { path: asked.to_owned(), moved: old, source }),
        },
    }
}

/// Refuses a destination that must not be touched.
fn check_existing(asked: &Path, destination: &Path, existing: Existing) -> Result<(), WriteError> {
    let meta = match fs::symlink_metadata(destination) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(WriteError::io("look at", asked)(error)),
    };
    if existing == Existing::Refuse {
        return Err(WriteError::Exists { path: asked.to_owned() });
    }
    let keep = |reason| Err(WriteError::NotReplaceable { path: asked.to_owned(), reason });
    if !meta.is_dir() {
        return keep("it is not a folder");
    }
    let is_empty = fs::read_dir(destination).map_err(WriteError::io("look at", asked))?.next().is_none();
    if is_empty {
        return Ok(());
    }
    let found: Vec<bool> = RESULTS.iter().filter_map(|name| is_ours(&destination.join(name)).ok()).collect();
    match found.as_slice() {
        [] => keep(
            "it holds no results.json (or truth.json, compare.json, plate.json), so it is not an earlier result of foamflux",
        ),
        found if found.contains(&true) => Ok(()),
        _ => keep("its results.json (or truth.json, compare.json, plate.json) was not written by foamflux"),
    }
}

/// The files by which an earlier result is recognised: of a run, of a synthetic host, of a comparison, and of a plating.
const RESULTS: [&str; 4] = ["results.json", "truth.json", "compare.json", "plate.json"];

/// Whether a results file names this program, as its schema does; other programs use the same file name.
fn is_ours(path: &Path) -> io::Result<bool> {
    /// The schema stands at the top; the rest need not be read.
    const HEAD_BYTES: u64 = 1 << 20;
    const NAME: &[u8] = b"foamflux";
    let mut head = Vec::new();
    fs::File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head.windows(NAME.len()).any(|w| w == NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_results_come_back_when_the_new_ones_cannot_take_their_place() {
        let place = tempfile::tempdir().unwrap();
        let destination = place.path().join("OUT");
        fs::create_dir(&destination).unwrap();
        fs::write(destination.join(RESULTS[0]), "{}").unwrap();
        let gone = place.path().join("gone");
        assert!(matches!(put(&gone, &destination, &destination), Err(WriteError::Io { .. })));
        assert_eq!(fs::read_to_string(destination.join(RESULTS[0])).unwrap(), "{}");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }
}
