//! What a benchmark solves: a [`Case`] in a box of any size, or a phase of a file along an axis.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use foamflux_grid::{Axis, LabelSet, Labels, Phase, Shape, Silent};
use foamflux_pipeline::settings::IngestSettings;
use foamflux_pipeline::{PipelineError, ingest};

use crate::case::{Case, CaseError};

/// A phase of a stack on disk, written `file:PATH[:PHASE[:AXIS]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct StackFile {
    /// Where the stack is: whatever `foamflux transport` reads.
    pub path: PathBuf,
    /// What conducts; the solid where it is not said, as in exported volumes.
    pub phase: Phase,
    /// Direction; those of the command where it is not said.
    pub axis: Option<Axis>,
}

/// What a benchmark solves.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// Made here.
    Case(Case),
    /// Read.
    File(StackFile),
}

/// Labels and what conducts in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Specimen {
    /// The volume.
    pub labels: Labels,
    /// What conducts.
    pub conducting: LabelSet,
}

/// Why there is no specimen.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// The case cannot be made.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] PipelineError),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Case(case) => case.fmt(f),
            Subject::File(file) => write!(f, "file:{}:{}", file.path.display(), file.phase.name),
        }
    }
}

impl FromStr for Subject {
    type Err = CaseError;

    fn from_str(text: &str) -> Result<Self, CaseError> {
        let Some(mut path) = text.strip_prefix("file:") else { return text.parse().map(Subject::Case) };
        // From the right, as a path may hold colons.
        let (mut axis, mut phase) = (None, None);
        if let Some((rest, found)) = path.rsplit_once(':').and_then(|(rest, last)| Some((rest, last.parse().ok()?))) {
            (path, axis) = (rest, Some(found));
        }
        if let Some((rest, found)) = path.rsplit_once(':').and_then(|(rest, last)| Some((rest, last.parse().ok()?))) {
            (path, phase) = (rest, Some(found));
        }
        if path.is_empty() {
            return Err(CaseError::Unknown { text: text.to_owned() });
        }
        Ok(Subject::File(StackFile { path: PathBuf::from(path), phase: phase.unwrap_or_else(Phase::solid), axis }))
    }
}

impl Subject {
    /// Makes or reads it; `shape` and `seed` are for what is made, `settings` for what is read.
    ///
    /// # Errors
    /// [`SubjectError`].
    pub fn make(&self, shape: Shape, seed: u64, settings: &IngestSettings) -> Result<Specimen, SubjectError> {
        Ok(match self {
            Subject::Case(case) => Specimen { labels: case.make(shape, seed)?, conducting: case.conducting() },
            Subject::File(file) => {
                let labels = ingest::read_labels(&file.path, settings, &Silent)?;
                Specimen { labels, conducting: file.phase.labels }
            }
        })
    }

    /// The direction that it asks for itself.
    #[must_use]
    pub const fn axis(&self) -> Option<Axis> {
        match self {
            Subject::Case(_) => None,
            Subject::File(file) => file.axis,
        }
    }

    /// Whether it comes with a size of its own.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        matches!(self, Subject::File(_))
    }

    /// Name for a file: the file's own without its extension, or the case with dashes.
    #[must_use]
    pub fn file_stem(&self) -> String {
        match self {
            Subject::Case(case) => case.to_string().replace(':', "-"),
            Subject::File(file) => {
                let stem = file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                format!("{stem}-{}", file.phase.name)
            }
        }
    }
}

impl Specimen {
    /// Share of voxels that conduct.
    #[must_use]
    pub fn volume_fraction(&self) -> f64 {
        let counts = self.labels.counts();
        let conducting: u64 = self.conducting.iter().map(|label| counts[label as usize]).sum();
        conducting as f64 / self.labels.shape().len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_io::write;
    use foamflux_pipeline::config::parse_label_map;
    use foamflux_pipeline::settings::Content;

    fn settings(labels: Option<&str>) -> IngestSettings {
        IngestSettings {
            options: foamflux_io::read::ReadOptions::default(),
            content: Content::Labels,
            labels: labels.map(|text| parse_label_map(text).unwrap()),
        }
    }

    fn file(text: &str) -> StackFile {
        match text.parse().unwrap() {
            Subject::File(file) => file,
            Subject::Case(case) => panic!("{text} is {case}"),
        }
    }

    #[test]
    fn a_file_is_read_from_the_right() {
        for (text, path, phase, axis) in [
            ("file:a.npy", "a.npy", "solid", None),
            ("file:a.npy:pore", "a.npy", "pore", None),
            ("file:a.npy:y", "a.npy", "solid", Some(Axis::Y)),
            ("file:dir/a.tif:pore+node:x", "dir/a.tif", "pore+node", Some(Axis::X)),
            ("file:c:/odd.npy:255", "c:/odd.npy:255", "solid", None),
            ("file:x", "x", "solid", None),
        ] {
            let found = file(text);
            assert_eq!((found.path.to_str().unwrap(), found.phase.name.as_str(), found.axis), (path, phase, axis));
        }
        assert!("file:".parse::<Subject>().is_err());
        assert!("file::pore:z".parse::<Subject>().is_err());
        assert_eq!("blobs:0.5".parse::<Subject>().unwrap().to_string(), "blobs:0.5:4");
    }

    #[test]
    fn labels_of_others_are_mapped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("three.npy");
        let shape = Shape::new(2, 1, 3).unwrap();
        let values = [0u8, 85, 170, 0, 85, 85];
        let volume =
            foamflux_grid::Volume::from_vec(shape, foamflux_grid::VoxelSize::Unknown, values.to_vec()).unwrap();
        write::volume(&path, &volume, "labels").unwrap();
        let subject: Subject = format!("file:{}:node:z", path.display()).parse().unwrap();
        let specimen = subject.make(shape, 1, &settings(Some("pore=0,fibre=85,node=170"))).unwrap();
        assert_eq!(specimen.labels.volume().as_slice(), [0, 1, 2, 0, 1, 1]);
        assert!((specimen.volume_fraction() - 1.0 / 6.0).abs() < f64::EPSILON);
        assert_eq!(subject.file_stem(), "three-node");
        // Without a map nobody can know what 85 is.
        assert!(matches!(subject.make(shape, 1, &settings(None)), Err(SubjectError::File(_))));
    }
}
