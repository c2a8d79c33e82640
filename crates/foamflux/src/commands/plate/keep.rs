//! Where an interrupted plating is kept: a hidden folder beside the one that it will become.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use foamflux_io::write::file_atomically;
use foamflux_pipeline::PipelineError;
use foamflux_pipeline::plate::Keep;

/// Keeps nothing: without an output there is nothing to go on with.
pub(super) struct Nowhere;

impl Keep for Nowhere {
    fn save(&mut self, _: &str, _: &[u8]) -> Result<(), PipelineError> {
        Ok(())
    }

    fn load(&self, _: &str) -> Result<Option<Vec<u8>>, PipelineError> {
        Ok(None)
    }

    fn place(&self) -> String {
        "no folder, as there is no --output".to_owned()
    }
}

/// A folder with one file per name.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder that belongs to an output: `.OUT.foamflux-plate` beside `OUT`.
    pub(super) fn beside(output: &Path) -> Self {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        Folder(output.with_file_name(format!(".{name}.foamflux-plate")))
    }

    /// Whether an interrupted plating is there.
    pub(super) fn exists(&self) -> bool {
        self.file("state").exists()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.bin"))
    }

    /// Removes what this program put there, and the folder if nothing else is in it.
    pub(super) fn remove(&self) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "state.bin" || (name.starts_with("stage_") && name.ends_with(".bin")) {
                // What stays is in nobody's way: the results are whole without it.
                let _ = fs::remove_file(entry.path());
            }
        }
        let _ = fs::remove_dir(&self.0);
    }
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
                message: format!("cannot be read: {error}; without --resume the plating begins anew"),
            }),
        }
    }

    fn place(&self) -> String {
        self.0.display().to_string()
    }
}
