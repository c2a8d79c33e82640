//! What is kept of a plating while it goes on: a header, the state of the work, and the stages so far.

use foamflux_electro::plate::PlateState;
use foamflux_grid::Labels;
use sha2::{Digest, Sha256};

use super::PlateSettings;

const MAGIC: &str = "foamflux plate state 1";

/// What stands before the state of the work.
pub(super) struct Header {
    /// Of volume, settings and program.
    pub(super) fingerprint: String,
    /// Stages so far.
    pub(super) stages: usize,
    /// Seconds of work so far.
    pub(super) seconds: f64,
    /// Seconds since the last stage.
    pub(super) stage_seconds: f64,
    /// How often it was taken up again.
    pub(super) resumed: u32,
}

impl Header {
    /// Header and state as one.
    pub(super) fn with(&self, snapshot: &[u8]) -> Vec<u8> {
        let Header { fingerprint, stages, seconds, stage_seconds, resumed } = self;
        let mut bytes =
            format!("{MAGIC}\n{fingerprint}\n{stages}\n{seconds:e}\n{stage_seconds:e}\n{resumed}\n").into_bytes();
        bytes.extend(snapshot);
        bytes
    }

    /// Header and state apart; none where they are not that.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut rest = bytes;
        let mut line = || -> Option<&str> {
            let end = rest.iter().position(|&b| b == b'\n')?;
            let text = std::str::from_utf8(&rest[..end]).ok()?;
            rest = &rest[end + 1..];
            Some(text)
        };
        if line()? != MAGIC {
            return None;
        }
        let header = Header {
            fingerprint: line()?.to_owned(),
            stages: line()?.parse().ok()?,
            seconds: line()?.parse().ok()?,
            stage_seconds: line()?.parse().ok()?,
            resumed: line()?.parse().ok()?,
        };
        Some((header, rest))
    }
}

/// The name of a stage.
pub(super) fn stage_name(number: usize) -> String {
    format!("stage_{number}")
}

/// A stage and the seconds that it took.
pub(super) fn stage_bytes(state: &PlateState, seconds: f64) -> Vec<u8> {
    let mut bytes = seconds.to_le_bytes().to_vec();
    bytes.extend(state.to_bytes());
    bytes
}

/// The same from bytes.
pub(super) fn read_stage(bytes: &[u8], like: &Labels) -> Option<(PlateState, f64)> {
    let (seconds, state) = bytes.split_first_chunk::<8>()?;
    Some((PlateState::from_bytes(state, like).ok()?, f64::from_le_bytes(*seconds)))
}

/// One text for everything that the work depends on.
pub(super) fn fingerprint(labels: &Labels, settings: &PlateSettings) -> String {
    let mut hasher = Sha256::new();
    let (cell, plan) = (&settings.cell, &settings.plan);
    let words = format!(
        "{} {:?} {:?} {:?} {:?} {plan:?} ",
        env!("CARGO_PKG_VERSION"),
        labels.shape(),
        labels.voxel_size().m_xyz(),
        cell.setting,
        cell.materials,
    );
    hasher.update(words.as_bytes());
    hasher.update(labels.volume().as_slice());
    hasher.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
