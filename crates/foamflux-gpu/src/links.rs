//! Systems of links on the device: a finest level of six links per unknown, run by the kernels of stored levels.
//!
//! | lives as long as | what |
//! |---|---|
//! | the solver | which neighbours there are, fields |
//! | aggregates | the way to the first level, the levels, their recorded cycle |
//! | a system | conductances and diagonal: uploaded anew where they have changed |
//! | a pass | its source, and the correction that comes back |
//!
//! The device iterates in single precision; [`foamflux_transport::device::correct`] refines that in double precision.

use std::sync::PoisonError;

use foamflux_grid::{Event, Watch};
use foamflux_transport::device::{self, Level};
use foamflux_transport::krylov::{Limits, Reached, conjugate_gradients};
use foamflux_transport::links::{Corrected, Links, LinksEffort, LinksError, LinksSolver, LinksStop, Processor, Stamp};
use foamflux_transport::tail::Tail;

use crate::backend::{CONSTANTS, GpuBackend};
use crate::cycle::{Levels, needs, tail_rows, way_to};
use crate::error::Fault;
use crate::plan::DevicePlan;
use crate::primitives::{Finest, On};
use crate::recorder::Recorder;
use crate::rows::List;

/// Solves systems of links on a device.
pub(crate) struct DeviceLinks<'c> {
    gpu: &'c GpuBackend,
    held: Option<Held<'c>>,
    effort: LinksEffort,
    /// Corrections, and how many of them the processor had to finish.
    corrections: u32,
    finished: u32,
}

/// What is on the device.
struct Held<'c> {
    on: On<'c>,
    /// Of which numbers.
    stamp: Stamp,
}

impl<'c> DeviceLinks<'c> {
    pub(crate) fn new(gpu: &'c GpuBackend) -> Self {
        DeviceLinks { gpu, held: None, effort: LinksEffort::default(), corrections: 0, finished: 0 }
    }

    /// Brings what has changed to the device.
    fn bring(&mut self, links: &Links, watch: &dyn Watch) -> Result<&mut Held<'c>, Fault> {
        let stamp = links.stamp();
        let held = match self.held.take().filter(|held| held.stamp.system == stamp.system) {
            None => self.set_up(links, watch)?,
            Some(mut held) => {
                if held.stamp.values != stamp.values {
                    held.update(links);
                }
                if held.stamp.levels != stamp.levels {
                    self.effort.dispatches += held.on.recorder.dispatches();
                    self.set_levels(&mut held.on, links)?;
                }
                held
            }
        };
        Ok(self.held.insert(Held { stamp, ..held }))
    }

    /// A first time.
    fn set_up(&mut self, links: &Links, watch: &dyn Watch) -> Result<Held<'c>, Fault> {
        let context = self.gpu.context();
        let (next, levels) = links.coarse();
        // Before the links are copied: a plan that does not fit costs nothing.
        let plan = self.gpu.plan_links(links.unknowns(), &next, &levels)?;
        let finest = links.finest();
        watch.event(stored(links, &levels, &plan));
        self.effort.device_bytes = self.effort.device_bytes.max(plan.bytes());
        let (recorder, levels) = self.levels(u64::from(List::partials(&finest.bounds)), &levels);
        let finest = Finest::List {
            way: way_to(context, &next),
            drive: context.zeros(4 * finest.len() as u64),
            straight: None,
            list: List::upload(context, &finest),
            order: None,
        };
        Ok(Held { on: On::new(recorder, finest, levels), stamp: links.stamp() })
    }

    /// Other aggregates over the same unknowns.
    fn set_levels(&mut self, on: &mut On<'c>, links: &Links) -> Result<(), Fault> {
        let (next, levels) = links.coarse();
        let plan = self.gpu.plan_links(links.unknowns(), &next, &levels)?;
        self.effort.device_bytes = self.effort.device_bytes.max(plan.bytes());
        let Finest::List { list, .. } = &on.finest else { return Ok(()) };
        let partials = u64::from(List::partials(&list.bounds));
        let (recorder, levels) = self.levels(partials, &levels);
        on.turn(recorder, way_to(self.gpu.context(), &next), levels);
        Ok(())
    }

    fn levels(&self, partials_of_finest: u64, levels: &[Level]) -> (Recorder<'c>, Levels) {
        let context = self.gpu.context();
        let (partials, ring) = needs(levels, CONSTANTS);
        let recorder = Recorder::new(context, partials.max(4 * partials_of_finest), ring);
        let rows = self.gpu.options().tail_rows.unwrap_or_else(|| tail_rows(context));
        let levels = Levels::new(context, levels, [&recorder.scalars, &recorder.partials], CONSTANTS, rows);
        (recorder, levels)
    }
}

impl Held<'_> {
    /// Conductances and diagonal alone.
    fn update(&mut self, links: &Links) {
        self.on.recorder.hand_over();
        let mut values = Vec::new();
        links.conductances(&mut values);
        if let Finest::List { list, .. } = &self.on.finest {
            list.update(self.on.recorder.context, &values, &links.inverse_diagonal());
        }
    }

    /// One pass.
    fn pass(
        &mut self,
        source: &[f32],
        correction: &mut Vec<f32>,
        limits: &Limits<'_>,
        watch: &dyn Watch,
    ) -> Result<Reached, Fault> {
        let on = &self.on;
        let context = on.recorder.context;
        let mut x = on.restart(source);
        let reached = conjugate_gradients(on, &mut x, &mut Tail::new(), limits, watch);
        *correction = on.values(&x);
        context.fault().map_or(Ok(reached), Err)
    }
}

/// Says how a system is stored.
fn stored(links: &Links, levels: &[Level], plan: &DevicePlan) -> Event {
    let levels: Vec<usize> = levels.iter().map(Level::len).collect();
    let unknowns = links.unknowns() as f64;
    Event::Note(format!(
        "stored as a list of {} unknowns with six links each; coarse levels of {levels:?} unknowns; {:.1} bytes per unknown \
         on the device, of which the finest level takes {:.1}",
        links.unknowns(),
        plan.bytes() as f64 / unknowns,
        plan.finest as f64 / unknowns
    ))
}

impl LinksSolver for DeviceLinks<'_> {
    fn describe(&self) -> String {
        let name = self.gpu.info().describe();
        match self.finished {
            0 => name,
            n => format!("{name}, {n} of {} corrections finished by {}", self.corrections, Processor.describe()),
        }
    }

    fn correct(
        &mut self,
        links: &Links,
        residual: &[f64],
        x: &mut [f64],
        stop: &LinksStop,
        watch: &dyn Watch,
    ) -> Result<Corrected, LinksError> {
        let gpu = self.gpu;
        let _alone = gpu.busy().lock().unwrap_or_else(PoisonError::into_inner);
        let context = gpu.context();
        context.recover();
        let name = gpu.info().describe();
        let before = context.moved();
        let held = self.bring(links, watch).map_err(|fault| fault.on_links(&name))?;
        let refined = device::correct(links, residual, x, stop, watch, |source, correction, limits| {
            held.pass(source, correction, limits, watch).map_err(|fault| fault.on_links(&name))
        });
        let after = context.moved();
        self.effort.uploaded_bytes += after[0] - before[0];
        self.effort.downloaded_bytes += after[1] - before[1];
        if refined.is_err() {
            // What is there may be of a fault.
            self.effort.dispatches += self.held.take().map_or(0, |held| held.on.recorder.dispatches());
        }
        let refined = refined?;
        self.corrections += 1;
        self.finished += u32::from(refined.finished);
        self.effort.passes += refined.passes;
        Ok(refined.corrected)
    }

    fn effort(&self) -> LinksEffort {
        let now = self.held.as_ref().map_or(0, |held| held.on.recorder.dispatches());
        LinksEffort { dispatches: self.effort.dispatches + now, ..self.effort }
    }
}

/// A device as long as it answers, then the processor.
pub(crate) struct AutoLinks<'c> {
    device: Option<DeviceLinks<'c>>,
    /// What the device did before it failed.
    lost: Option<(String, LinksEffort)>,
}

impl<'c> AutoLinks<'c> {
    pub(crate) fn new(device: DeviceLinks<'c>) -> Self {
        AutoLinks { device: Some(device), lost: None }
    }
}

impl LinksSolver for AutoLinks<'_> {
    fn describe(&self) -> String {
        match (&self.device, &self.lost) {
            (Some(device), _) => device.describe(),
            (None, Some((device, _))) => format!("{}, after {device} failed", Processor.describe()),
            (None, None) => Processor.describe(),
        }
    }

    fn correct(
        &mut self,
        links: &Links,
        residual: &[f64],
        x: &mut [f64],
        stop: &LinksStop,
        watch: &dyn Watch,
    ) -> Result<Corrected, LinksError> {
        let Some(device) = &mut self.device else { return links.correct(residual, x, stop, watch) };
        match device.correct(links, residual, x, stop, watch) {
            // The potentials are the processor's: what was lost is one correction.
            Err(error @ (LinksError::Device { .. } | LinksError::Memory { .. })) => {
                watch.event(Event::Warning(format!("{error}; the processor solves instead")));
                self.lost = self.device.take().map(|device| (device.describe(), device.effort()));
                links.correct(residual, x, stop, watch)
            }
            other => other,
        }
    }

    fn effort(&self) -> LinksEffort {
        match (&self.device, &self.lost) {
            (Some(device), _) => device.effort(),
            (None, Some((_, effort))) => *effort,
            (None, None) => LinksEffort::default(),
        }
    }
}
