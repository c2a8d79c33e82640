//! Directions that were solved before a run was interrupted: numbers, warnings and fields, one after the other as they are found.
//!
//! A run spends most of its time here, so this is what is kept of it; what comes before is done again, and must come to the same
//! labels, and what comes after is a single solve.

use foamflux_grid::{Axis, Event, Labels, Watch};
use foamflux_results::DirectionResults;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Fields;
use crate::config::Config;
use crate::doubt::Doubt;
use crate::error::PipelineError;
use crate::keep::{Keep, Nowhere};

/// What is kept of a direction beside its fields.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Of labels, settings and program.
    fingerprint: String,
    results: DirectionResults,
    warnings: Vec<String>,
    /// Whether its fields are kept as well.
    fields: bool,
}

/// A direction that was solved before.
pub(super) struct Direction {
    pub(super) results: DirectionResults,
    pub(super) warnings: Vec<String>,
    pub(super) fields: Option<Fields>,
}

/// Directions that are solved.
pub struct Solved<'a> {
    keep: &'a mut dyn Keep,
    /// Whether what an earlier run kept is taken over.
    resume: bool,
    fingerprint: String,
    /// Directions that are kept by now.
    kept: usize,
    /// The place takes nothing more.
    full: bool,
}

impl<'a> Solved<'a> {
    /// Those that `keep` has, if `resume`, and those to come.
    pub fn new(
        labels: &Labels,
        doubt: Option<&Doubt>,
        config: &Config,
        keep: &'a mut dyn Keep,
        resume: bool,
    ) -> Result<Self, PipelineError> {
        let fingerprint = fingerprint(labels, doubt, config)?;
        Ok(Solved { keep, resume, fingerprint, kept: 0, full: false })
    }

    /// None, and none is kept.
    pub(crate) fn nothing(nowhere: &'a mut Nowhere) -> Self {
        Solved { keep: nowhere, resume: false, fingerprint: String::new(), kept: 0, full: true }
    }

    /// Where directions are kept; none where none is.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        (self.kept > 0).then(|| self.keep.place())
    }

    /// A direction of a volume of so many voxels, if it was solved before.
    ///
    /// # Errors
    /// [`PipelineError::Config`] where what is kept is of another run or damaged.
    pub(super) fn take(&mut self, phase: &str, axis: Axis, voxels: usize) -> Result<Option<Direction>, PipelineError> {
        if !self.resume {
            return Ok(None);
        }
        let name = name(phase, axis);
        let place = self.keep.place();
        let refuse =
            |what: &str| PipelineError::resume(format!("{place} {what}; without --resume the run begins anew"));
        let Some(bytes) = self.keep.load(&name)? else { return Ok(None) };
        let Kept { fingerprint, results, warnings, fields } =
            serde_json::from_slice(&bytes).map_err(|_| refuse(&format!("holds {name} damaged")))?;
        if fingerprint != self.fingerprint {
            return Err(refuse("is of another volume, of other settings or of another version"));
        }
        let fields = match fields {
            false => None,
            true => {
                let read = |what: &str, bytes_per_voxel: usize| -> Result<Vec<u8>, PipelineError> {
                    let bytes = self.keep.load(&format!("{name}_{what}"))?;
                    let whole = bytes.filter(|bytes| bytes.len() == bytes_per_voxel * voxels);
                    whole.ok_or_else(|| refuse(&format!("lacks the {what} of {name}, or holds it damaged")))
                };
                let potential = values(&read("potential", size_of::<f32>())?);
                let flux = values(&read("flux", size_of::<[f32; 3]>())?);
                let loss = values(&read("loss", size_of::<f32>())?);
                Some(Fields { axis, potential, flux, loss })
            }
        };
        self.kept += 1;
        Ok(Some(Direction { results, warnings, fields }))
    }

    /// Keeps a direction. A place that takes nothing, as on a full disk, is told once and ends nothing.
    pub(super) fn put(
        &mut self,
        phase: &str,
        axis: Axis,
        (results, warnings): (&DirectionResults, &[String]),
        fields: Option<&Fields>,
        watch: &dyn Watch,
    ) {
        if self.full {
            return;
        }
        match self.try_put(&name(phase, axis), results, warnings, fields) {
            Ok(()) => self.kept += 1,
            Err(error) => {
                self.full = true;
                watch.event(Event::Warning(format!("an interruption would lose what is done: {error}")));
            }
        }
    }

    fn try_put(
        &mut self,
        name: &str,
        results: &DirectionResults,
        warnings: &[String],
        fields: Option<&Fields>,
    ) -> Result<(), PipelineError> {
        if let Some(f) = fields {
            self.keep.save(&format!("{name}_potential"), bytemuck::cast_slice(&f.potential))?;
            self.keep.save(&format!("{name}_flux"), bytemuck::cast_slice(&f.flux))?;
            self.keep.save(&format!("{name}_loss"), bytemuck::cast_slice(&f.loss))?;
        }
        // Last, so that what it speaks of is there.
        let kept = Kept {
            fingerprint: self.fingerprint.clone(),
            results: results.clone(),
            warnings: warnings.to_vec(),
            fields: fields.is_some(),
        };
        let bytes = serde_json::to_vec(&kept).map_err(|e| PipelineError::Internal(e.to_string()))?;
        self.keep.save(name, &bytes)
    }
}

/// Numbers of a file, in the order of bytes of this machine.
fn values<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Vec<T> {
    bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect()
}

fn name(phase: &str, axis: Axis) -> String {
    format!("{phase}_{axis}")
}

/// One text for everything that the solutions depend on. Where they are found does not count: a device that failed may be why the
/// run ended.
fn fingerprint(labels: &Labels, doubt: Option<&Doubt>, config: &Config) -> Result<String, PipelineError> {
    let config = Config { device: None, threads: None, max_memory: None, sample: None, ..config.clone() };
    let words = serde_json::to_string(&config).map_err(|e| PipelineError::Internal(e.to_string()))?;
    let mut hasher = Sha256::new();
    hasher.update(env!("CARGO_PKG_VERSION"));
    hasher.update(words);
    hasher.update(format!("{:?} {:?}", labels.shape(), labels.voxel_size().m_xyz()));
    hasher.update(labels.volume().as_slice());
    if let Some(doubt) = doubt {
        hasher.update(doubt.map().as_slice());
    }
    Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect())
}
