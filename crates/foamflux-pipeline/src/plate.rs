//! Plating and stripping of a host, kept so that it can be interrupted.

mod kept;
mod reading;
mod results;
mod settings;

use std::time::{Duration, Instant};

use foamflux_electro::plate::{Advance, PlateState, Plating, geometric_hysteresis};
use foamflux_grid::{Event, Labels, Stage, Watch, units};
use foamflux_results::PlateResults;
use foamflux_transport::Backend;

use crate::error::PipelineError;
use crate::keep::Keep;
use crate::record::Recorder;
use kept::{Header, fingerprint};
pub use settings::PlateSettings;

/// Longest time of work that a killed process loses.
const KEEP_EVERY: Duration = Duration::from_secs(120);
/// Charges that differ by less than this share are the same stage, plated and stripped.
const SAME_CHARGE: f64 = 1e-6;

/// A state as it is shown and written.
#[derive(Debug, Clone)]
pub struct KeptState {
    /// Cycle, from 1.
    pub cycle: u32,
    /// Whether lithium was being stripped.
    pub stripping: bool,
    /// Charge in C/m2.
    pub charge: f64,
    /// Labels.
    pub labels: Labels,
    /// Share of every voxel that is lithium, 255 for all of it.
    pub shade: Vec<u8>,
}

/// What the stage leaves behind.
#[derive(Debug)]
pub struct Plated {
    /// Numbers.
    pub results: PlateResults,
    /// States, in the order of the stages.
    pub states: Vec<KeptState>,
}

/// A state with what was found on the way to it.
struct Record {
    state: KeptState,
    profile: Vec<f64>,
    /// Lithium of a state that stripping will be compared with.
    fill: Vec<f32>,
    geometric_hysteresis: Option<f64>,
    seconds: f64,
}

/// Plates, from the start or from where it was interrupted; on the same backend an interruption changes no bit.
///
/// # Errors
/// [`PipelineError::Electro`] where nothing can be plated, [`PipelineError::Interrupted`] when the user stopped it and it
/// was kept, [`PipelineError::Config`] where what was kept is of another plating.
pub fn plate(
    labels: &Labels,
    settings: &PlateSettings,
    seconds_read: f64,
    resume: bool,
    keep: &mut dyn Keep,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Plated, PipelineError> {
    let recorder = Recorder::new(watch);
    let watch: &dyn Watch = &recorder;
    let mut work = Work::begin(labels, settings, resume, keep, backend)?;
    let pores = work.job.pore_capacity();
    if settings.plan.capacity > pores {
        watch.event(Event::Warning(format!(
            "the pores of this box hold {} mAh/cm\u{b2} when full of dense lithium, and {} are to be plated: {}",
            units::significant(pores / 3.6e4, 3),
            units::significant(settings.plan.capacity / 3.6e4, 3),
            if settings.plan.overflow {
                "the rest plates on top of the host"
            } else {
                "plating will end when they are full; --overflow lets the rest plate on top of the host"
            }
        )));
    }
    work.run(watch)?;
    let results = results::results(labels, settings, &work, seconds_read, &backend.describe(), &recorder)?;
    Ok(Plated { results, states: work.records.into_iter().map(|r| r.state).collect() })
}

/// The work in progress.
struct Work<'a> {
    job: Plating<'a>,
    settings: &'a PlateSettings,
    keep: &'a mut dyn Keep,
    fingerprint: String,
    records: Vec<Record>,
    /// Seconds of earlier parts, up to now, and of the stage that is being worked on.
    seconds: f64,
    stage_seconds: f64,
    resumed: u32,
}

impl<'a> Work<'a> {
    fn begin(
        labels: &Labels,
        settings: &'a PlateSettings,
        resume: bool,
        keep: &'a mut dyn Keep,
        backend: &'a dyn Backend,
    ) -> Result<Self, PipelineError> {
        let fingerprint = fingerprint(labels, settings);
        let (materials, setting, plan) = (&settings.cell.materials, settings.cell.setting, &settings.plan);
        if !resume {
            let job = Plating::new(labels, materials, setting, plan, backend)?;
            let records = Vec::new();
            return Ok(Work {
                job,
                settings,
                keep,
                fingerprint,
                records,
                seconds: 0.0,
                stage_seconds: 0.0,
                resumed: 0,
            });
        }
        let place = keep.place();
        let refuse = |what: &str| PipelineError::resume(format!("{place} {what}; without --resume it begins anew"));
        let kept = keep.load("state")?.ok_or_else(|| refuse("holds no interrupted plating"))?;
        let (header, snapshot) = Header::read(&kept).ok_or_else(|| refuse("is damaged or of another version"))?;
        if header.fingerprint != fingerprint {
            return Err(refuse("is the plating of another volume, of other settings or of another version"));
        }
        let job = Plating::resume(labels, materials, setting, plan, backend, snapshot)
            .map_err(|e| refuse(&format!("cannot be used: {e}")))?;
        let mut stages = Vec::new();
        for number in 0..header.stages {
            let bytes = keep.load(&kept::stage_name(number))?;
            let stage = bytes.and_then(|bytes| kept::read_stage(&bytes, labels));
            stages.push(stage.ok_or_else(|| refuse(&format!("lacks stage {number} or holds it damaged")))?);
        }
        let mut work = Work {
            job,
            settings,
            keep,
            fingerprint,
            records: Vec::new(),
            seconds: header.seconds,
            stage_seconds: header.stage_seconds,
            resumed: header.resumed + 1,
        };
        for (state, seconds) in stages {
            work.record(state, seconds);
        }
        Ok(work)
    }

    fn run(&mut self, watch: &dyn Watch) -> Result<(), PipelineError> {
        let mut half = None;
        let mut saved = Instant::now();
        loop {
            if half != Some(self.job.half()) {
                half = Some(self.job.half());
                watch.event(Event::Started { stage: Stage::Plate, what: self.what() });
            }
            let clock = Instant::now();
            let advanced = self.job.advance(watch);
            let spent = clock.elapsed().as_secs_f64();
            self.seconds += spent;
            self.stage_seconds += spent;
            match advanced {
                Ok(Advance::Kept(state)) => {
                    let seconds = std::mem::take(&mut self.stage_seconds);
                    self.keep.save(&kept::stage_name(self.records.len()), &kept::stage_bytes(&state, seconds))?;
                    self.record(*state, seconds);
                    self.save()?;
                    saved = Instant::now();
                }
                Ok(Advance::Step) => {
                    let done = (1000.0 * self.job.done_share()) as u64;
                    watch.event(Event::Advanced { stage: Stage::Plate, done, total: Some(1000) });
                    if saved.elapsed() >= KEEP_EVERY {
                        self.save()?;
                        saved = Instant::now();
                    }
                }
                Ok(Advance::Done) => {
                    let outcome = format!("{} solves", self.job.steps().len());
                    watch.event(Event::Finished { stage: Stage::Plate, outcome });
                    return Ok(());
                }
                Err(error) => return Err(self.stopped(error.into())),
            }
            if watch.cancelled() && !self.job.steps().is_empty() {
                return Err(self.stopped(PipelineError::Cancelled));
            }
        }
    }

    /// Keeps what is there when the user stopped the work.
    fn stopped(&mut self, error: PipelineError) -> PipelineError {
        if !matches!(error, PipelineError::Cancelled) || self.job.steps().is_empty() {
            return error;
        }
        if let Err(error) = self.save() {
            return error;
        }
        PipelineError::Interrupted { place: self.keep.place() }
    }

    fn what(&self) -> String {
        let (cycle, stripping) = self.job.half();
        let charge = units::significant(self.settings.plan.capacity / 3.6e4, 3);
        let current = units::significant(self.settings.plan.current / 10.0, 3);
        let doing = if stripping { "stripping" } else { "plating" };
        let of = self.settings.plan.cycles;
        let cycles = if of > 1 { format!(", cycle {cycle} of {of}") } else { String::new() };
        format!("{doing} {charge} mAh/cm\u{b2} at {current} mA/cm\u{b2}{cycles}")
    }

    fn save(&mut self) -> Result<(), PipelineError> {
        let header = Header {
            fingerprint: self.fingerprint.clone(),
            stages: self.records.len(),
            seconds: self.seconds,
            stage_seconds: self.stage_seconds,
            resumed: self.resumed,
        };
        self.keep.save("state", &header.with(&self.job.snapshot()))
    }

    fn record(&mut self, state: PlateState, seconds: f64) {
        if !state.stripping && self.records.last().is_some_and(|r| r.state.cycle != state.cycle) {
            // Stripping is compared with the plating of its own cycle.
            self.records.iter_mut().for_each(|r| r.fill = Vec::new());
        }
        let alike = |r: &&Record| {
            !r.state.stripping
                && r.state.cycle == state.cycle
                && !r.fill.is_empty()
                && (r.state.charge - state.charge).abs() <= SAME_CHARGE * self.settings.plan.capacity
        };
        let met = (state.stripping && state.charge > SAME_CHARGE * self.settings.plan.capacity)
            .then(|| self.records.iter().find(alike))
            .flatten()
            .map(|r| geometric_hysteresis(&r.fill, &state.fill));
        let shade = state.fill.iter().map(|f| (f * 255.0).round() as u8).collect();
        self.records.push(Record {
            profile: state.profile,
            fill: if state.stripping || !self.settings.plan.strip { Vec::new() } else { state.fill },
            geometric_hysteresis: met,
            seconds,
            state: KeptState {
                cycle: state.cycle,
                stripping: state.stripping,
                charge: state.charge,
                labels: state.labels,
                shade,
            },
        });
    }
}
