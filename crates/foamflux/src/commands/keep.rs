//! Where an interrupted job is kept: a hidden folder beside the one that it will become.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use foamflux_io::write::file_atomically;
use foamflux_pipeline::PipelineError;
use foamflux_pipeline::keep::Keep;

/// A folder with one file per name.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder that belongs to a command's output: `.OUT.foamflux-COMMAND` beside `OUT`.
    pub(super) fn beside(output: &Path, command: &str) -> Self {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        Folder(output.with_file_name(format!(".{name}.foamflux-{command}")))
    }

    /// Whether an interrupted job is there.
    pub(super) fn exists(&self) -> bool {
        fs::read_dir(&self.0).is_ok_and(|mut entries| entries.any(|e| e.is_ok_and(|e| is_ours(&e.file_name()))))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.bin"))
    }

    /// Removes what this program put there, and the folder if nothing else is in it.
    pub(super) fn remove(&self) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        for entry in entries.flatten() {
            if is_ours(&entry.file_name()) {
                // What stays is in nobody's way: the results are whole without it.
                let _ = fs::remove_file(entry.path());
            }
        }
        let _ = fs::remove_dir(&self.0);
    }
}

/// Whether a name is one that [`Folder`] gives.
fn is_ours(name: &OsStr) -> bool {
    Path::new(name).extension().is_some_and(|e| e == "bin")
}

impl Keep for Folder {
    fn save(&mut self, name: &str, bytes: &[u8]) -> Result<(), PipelineError> {
        // A failure comes back with its cause when the file itself is written.
        let _ = fs::create_dir_all(&self.0);
        Ok(file_atomically(&self.file(name), |file| file.write_all(bytes))?)
    }

    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, PipelineError> {
        match fs::read(self.file(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(PipelineError::Content {
                path: self.file(name).display().to_string(),
                message: format!("cannot be read: {error}; without --resume it begins anew"),
            }),
        }
    }

    fn place(&self) -> String {
        self.0.display().to_string()
    }
}
