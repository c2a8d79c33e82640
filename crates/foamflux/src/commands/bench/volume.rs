//! What is solved: volumes that are made here, and files.

use std::path::PathBuf;

use foamflux_grid::{Axis, LabelSet, Shape};
use foamflux_hosts::cases::{Case, CaseError, Conducting, DEFAULT_CELL_VOXEL, DEFAULT_CORRELATION_VOXEL};
use foamflux_pipeline::{PipelineError, ingest};
use foamflux_transport::{Coefficients, Problem, Setup, Sides};

use super::usage;
use crate::commands::Session;

/// Seed of the volumes.
const SEED: u64 = 1;
/// What announces a file.
const FILE: &str = "file:";

/// Where a volume comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Volume {
    /// Made here: the same on every machine.
    Made(Case),
    /// A file of labels, and what conducts in it.
    File(PathBuf, Conducting),
}

impl std::str::FromStr for Volume {
    type Err = PipelineError;

    fn from_str(text: &str) -> Result<Self, PipelineError> {
        let Some(path) = text.strip_prefix(FILE) else {
            return text
                .parse()
                .map(Volume::Made)
                .map_err(|e: CaseError| usage("case", format!("{e}; or file:PATH[:solid|pore] for a file of labels")));
        };
        // A path may hold colons; what conducts is what the last one may say.
        let (path, conducting) = match path.rsplit_once(':') {
            Some((path, "solid")) => (path, Conducting::Solid),
            Some((path, "pore")) => (path, Conducting::Pore),
            _ => (path, Conducting::Pore),
        };
        if path.is_empty() {
            return Err(usage("case", format!("'{text}' names no file: write file:PATH[:solid|pore]")));
        }
        Ok(Volume::File(PathBuf::from(path), conducting))
    }
}

impl std::fmt::Display for Volume {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Volume::Made(case) => case.fmt(f),
            // The name alone: whoever compares two runs keeps files where they like.
            Volume::File(path, conducting) => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                let conducting = if *conducting == Conducting::Solid { ":solid" } else { "" };
                write!(f, "{FILE}{name}{conducting}")
            }
        }
    }
}

/// Those of the command line, or the standard ones.
pub(super) fn volumes(cases: &[String]) -> Result<Vec<Volume>, PipelineError> {
    if !cases.is_empty() {
        return cases.iter().map(|text| text.parse()).collect();
    }
    let foam = |conducting| Case::Foam { solid_fraction: 0.036, cell_voxel: DEFAULT_CELL_VOXEL, conducting };
    let standard = [
        Case::Blobs { porosity: 0.5, correlation_voxel: DEFAULT_CORRELATION_VOXEL },
        foam(Conducting::Pore),
        foam(Conducting::Solid),
        Case::Percolation { probability: 0.34 },
    ];
    Ok(standard.map(Volume::Made).to_vec())
}

impl Volume {
    /// The boxes to solve it in: the sizes asked for, or a file's own.
    pub(super) fn sizes(&self, sizes: &[usize]) -> Vec<Option<usize>> {
        match self {
            Volume::Made(_) => sizes.iter().copied().map(Some).collect(),
            Volume::File(..) => vec![None],
        }
    }

    /// Makes or reads it; none where nothing percolates.
    pub(super) fn problem(&self, size: Option<usize>, session: &Session) -> Result<Option<Problem>, PipelineError> {
        let (labels, conducting) = match self {
            Volume::Made(case) => {
                let shape = Shape::cube(size.unwrap_or(1)).map_err(PipelineError::from)?;
                let labels = case.make(shape, SEED).map_err(|e: CaseError| usage("case", e.to_string()))?;
                (labels, case.conducting())
            }
            Volume::File(path, conducting) => {
                let labels = ingest::read_labels(path, &session.settings.ingest, session.watch())?;
                let conducting = match conducting {
                    Conducting::Solid => LabelSet::SOLID,
                    Conducting::Pore => LabelSet::PORE,
                };
                (labels, conducting)
            }
        };
        let conducting = Coefficients::phase(conducting).map_err(PipelineError::from)?;
        match Problem::new(&labels, &conducting, Axis::Z, Sides::NoFlux).map_err(PipelineError::from)? {
            Setup::Ready(problem) => Ok(Some(*problem)),
            Setup::Blocked(blocked) => {
                session.note(format!("{self} is left out: {blocked}"));
                Ok(None)
            }
        }
    }
}
