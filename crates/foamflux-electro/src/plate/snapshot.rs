//! A plating as bytes, to be taken up again with the same bits.

use foamflux_grid::{Labels, Volume};
use foamflux_transport::Backend;

use super::bytes::{Reader, Writer};
use super::job::{Phase, Position};
use super::{Ended, Half, PlatePlan, PlateState, PlateStep, Plating};
use crate::cell::Setting;
use crate::error::ElectroError;
use crate::materials::Materials;
use crate::solve::Guess;

const MAGIC: &str = "foamflux plating 1";
const STATE: &str = "foamflux plated state 1";

/// Why bytes are no plating that can be taken up.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Truncated, of another version, or of another volume.
    #[error("what is kept of the interrupted plating is damaged, of another version, or of another volume")]
    Damaged,
    /// The volume itself cannot be plated.
    #[error(transparent)]
    Electro(#[from] ElectroError),
}

impl Plating<'_> {
    /// Everything that the rest of the work depends on.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.text(MAGIC);
        let at = &self.at;
        w.u32(match at.phase {
            Phase::Start => 0,
            Phase::Running => 1,
            Phase::Done => 2,
        });
        w.u32(at.cycle);
        w.flag(at.stripping);
        w.flag(at.on_top);
        for v in [at.passed, at.plated, at.stripped, at.overflow, self.deposit.dead()] {
            w.f64(v);
        }
        w.u8s(self.deposit.numbers());
        w.f64s(self.deposit.fill());
        w.flag(self.guess.is_some());
        if let Some(guess) = &self.guess {
            w.f64(guess.plane);
            w.f64s(&guess.phi);
            w.u8s(&guess.electrolyte.iter().map(|&e| u8::from(e)).collect::<Vec<u8>>());
        }
        w.u64(self.halves.len() as u64);
        for half in &self.halves {
            w.u32(half.cycle);
            w.flag(half.stripping);
            w.f64(half.passed);
            let (kind, why) = match &half.ended {
                Ended::Complete => (0, ""),
                Ended::Full => (1, ""),
                Ended::Exhausted => (2, ""),
                Ended::Closed(why) => (3, why.as_str()),
                Ended::Failed(why) => (4, why.as_str()),
            };
            w.u32(kind);
            w.text(why);
        }
        w.u64(self.steps.len() as u64);
        for step in &self.steps {
            w.u32(step.cycle);
            w.flag(step.stripping);
            for v in numbers(step) {
                w.f64(v);
            }
            w.u32(step.newton_steps);
            w.u32(step.linear_iterations);
        }
        w.0
    }
}

impl<'a> Plating<'a> {
    /// Takes a plating up where it was kept; labels, materials, setting and plan are those that it began with.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn resume(
        labels: &Labels,
        materials: &'a Materials,
        setting: Setting,
        plan: &PlatePlan,
        backend: &'a dyn Backend,
        snapshot: &[u8],
    ) -> Result<Self, SnapshotError> {
        let mut job = Plating::new(labels, materials, setting, plan, backend)?;
        let mut r = Reader(snapshot);
        job.read(&mut r).filter(|()| r.0.is_empty()).ok_or(SnapshotError::Damaged)?;
        Ok(job)
    }

    fn read(&mut self, r: &mut Reader<'_>) -> Option<()> {
        if r.text()? != MAGIC {
            return None;
        }
        let phase = match r.u32()? {
            0 => Phase::Start,
            1 => Phase::Running,
            2 => Phase::Done,
            _ => return None,
        };
        let (cycle, stripping, on_top) = (r.u32()?, r.flag()?, r.flag()?);
        let (passed, plated, stripped, overflow) = (r.f64()?, r.f64()?, r.f64()?, r.f64()?);
        self.at = Position { phase, cycle, stripping, on_top, passed, plated, stripped, overflow };
        let dead = r.f64()?;
        self.deposit = self.deposit.clone().restored(r.u8s()?, r.f64s()?, dead)?;
        let voxels = self.deposit.fill().len();
        self.guess = if r.flag()? {
            let plane = r.f64()?;
            let (phi, electrolyte) = (r.f64s()?, r.u8s()?);
            if phi.len() != voxels || electrolyte.len() != voxels {
                return None;
            }
            Some(Guess { phi, electrolyte: electrolyte.iter().map(|&e| e == 1).collect(), plane })
        } else {
            None
        };
        self.halves = (0..r.u64()?).map(|_| half(r)).collect::<Option<_>>()?;
        self.steps = (0..r.u64()?).map(|_| step(r)).collect::<Option<_>>()?;
        Some(())
    }
}

fn half(r: &mut Reader<'_>) -> Option<Half> {
    let (cycle, stripping, passed) = (r.u32()?, r.flag()?, r.f64()?);
    let (kind, why) = (r.u32()?, r.text()?);
    let ended = match kind {
        0 => Ended::Complete,
        1 => Ended::Full,
        2 => Ended::Exhausted,
        3 => Ended::Closed(why),
        4 => Ended::Failed(why),
        _ => return None,
    };
    Some(Half { cycle, stripping, passed, ended })
}

/// Plain numbers of a step.
const NUMBERS: usize = 16;

fn numbers(s: &PlateStep) -> [f64; NUMBERS] {
    [
        s.charge,
        s.overpotential,
        s.kinetic,
        s.mean,
        s.cv,
        s.hot_spot_p99,
        s.area_ratio,
        s.top_share,
        s.coverage,
        s.blocked,
        s.pore_filling,
        s.top_plating.unwrap_or(f64::NAN),
        s.above,
        s.dead,
        s.charge_error,
        s.slice_error,
    ]
}

fn step(r: &mut Reader<'_>) -> Option<PlateStep> {
    let (cycle, stripping) = (r.u32()?, r.flag()?);
    let mut v = [0.0; NUMBERS];
    for x in &mut v {
        *x = r.f64()?;
    }
    let [
        charge,
        overpotential,
        kinetic,
        mean,
        cv,
        hot_spot_p99,
        area_ratio,
        top_share,
        coverage,
        blocked,
        pore_filling,
        top_plating,
        above,
        dead,
        charge_error,
        slice_error,
    ] = v;
    Some(PlateStep {
        cycle,
        stripping,
        charge,
        overpotential,
        kinetic,
        mean,
        cv,
        hot_spot_p99,
        area_ratio,
        top_share,
        coverage,
        blocked,
        pore_filling,
        top_plating: (!top_plating.is_nan()).then_some(top_plating),
        above,
        dead,
        charge_error,
        slice_error,
        newton_steps: r.u32()?,
        linear_iterations: r.u32()?,
    })
}

impl PlateState {
    /// The state as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.text(STATE);
        w.u32(self.cycle);
        w.flag(self.stripping);
        w.f64(self.charge);
        w.u8s(self.labels.volume().as_slice());
        w.f32s(&self.fill);
        w.f64s(&self.profile);
        w.0
    }

    /// The state of these bytes on the box of `like`.
    ///
    /// # Errors
    /// [`SnapshotError::Damaged`].
    pub fn from_bytes(bytes: &[u8], like: &Labels) -> Result<Self, SnapshotError> {
        let mut r = Reader(bytes);
        let mut read = || -> Option<PlateState> {
            if r.text()? != STATE {
                return None;
            }
            let (cycle, stripping, charge) = (r.u32()?, r.flag()?, r.f64()?);
            let volume = Volume::from_vec(like.shape(), like.voxel_size().clone(), r.u8s()?).ok()?;
            let state = PlateState {
                cycle,
                stripping,
                charge,
                labels: Labels::new(volume).ok()?,
                fill: r.f32s()?,
                profile: r.f64s()?,
            };
            (r.0.is_empty() && state.fill.len() == like.shape().len()).then_some(state)
        };
        read().ok_or(SnapshotError::Damaged)
    }
}
