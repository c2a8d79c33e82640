//! The coupled solve: both potentials of a host like carbonised melamine foam, joined by the kinetics of its surface.
//!
//! The reference of every line is the processor in double precision, solved more tightly in the same run.

use std::time::Instant;

use foamflux_electro::{
    Cell, Collector, Distribution, Drive, ElectroError, Materials, Options, Setting, metrics, solve_on,
};
use foamflux_grid::{Axis, Event, Label, Labels, Shape, Stage, Watch};
use foamflux_hosts::presets::cmf_demo;
use foamflux_pipeline::PipelineError;
use foamflux_transport::{CpuBackend, Sides};

use super::line::{CurrentRow, Line, Place};
use super::subject::Subject;
use super::usage;
use crate::commands::Session;

/// What announces the case.
const NAME: &str = "current";
/// Seed of the foam.
const SEED: u64 = 7;
/// Applied current per cross-section, 1 mA/cm2.
const CURRENT_A_PER_M2: f64 = 10.0;
/// Edge of the blocks of struts that take turns in i0.
const BLOCK: usize = 8;
/// Decades of i0 between the best and the worst surface that make sense.
const DECADES: std::ops::RangeInclusive<f64> = 0.0..=8.0;
/// The reference: a hundred times tighter than what is measured, and in double precision.
const REFERENCE: Options = Options { change: 1e-8, slices: 1e-8, max_steps: 60, linear: 1e-6, double: Some(true) };

/// The case: how many decades i0 is spread over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CurrentCase {
    decades: f64,
}

impl CurrentCase {
    /// The case in its plain form, which is among the standard ones.
    pub(super) const PLAIN: CurrentCase = CurrentCase { decades: 0.0 };

    /// Reads `current` or `current:DECADES`; none where a text is another case.
    pub(super) fn read(text: &str) -> Option<Result<Self, PipelineError>> {
        let rest = text.strip_prefix(NAME)?;
        let decades = match rest.strip_prefix(':') {
            None if rest.is_empty() => Ok(0.0),
            None => return None,
            Some(decades) => decades.parse().ok().filter(|d| DECADES.contains(d)).ok_or_else(|| {
                usage(
                    "case",
                    format!("'{text}': write current or current:DECADES, over how many decades i0 is spread, 0 to 8"),
                )
            }),
        };
        Some(decades.map(|decades| CurrentCase { decades }))
    }

    /// Solves it at one size on every subject.
    pub(super) fn run(
        self,
        size: usize,
        subjects: &[Subject],
        rounds: usize,
        session: &Session,
        tell: &mut dyn FnMut(Line) -> anyhow::Result<()>,
    ) -> anyhow::Result<Result<(), PipelineError>> {
        let what = format!("{self} at {size}^3");
        session.watch().event(Event::Started { stage: Stage::Current, what: what.clone() });
        let (labels, materials) = self.host(size)?;
        let setting = Setting { axis: Axis::Z, collector: Collector::Last, sides: Sides::NoFlux };
        let cell = match Cell::new(&labels, &materials, setting) {
            Ok(cell) => cell,
            Err(ElectroError::Blocked(blocked)) => {
                session.note(format!("{what} is left out: {blocked}"));
                return Ok(Ok(()));
            }
            Err(error) => return Ok(Err(error.into())),
        };
        let place = Place::of(&self.to_string(), labels.shape());
        let drive = Drive::Uniform(CURRENT_A_PER_M2);
        let mut reference = None;
        let mut outcome = Ok(());
        for subject in subjects {
            let tight = match &reference {
                Some(tight) => tight,
                None => {
                    let cpu = CpuBackend::new();
                    match solve_on(&cpu, &cell, &materials, drive, &REFERENCE, session.watch()) {
                        Ok(found) => reference.insert(Truth::of(&cell, &found)),
                        Err(error) => return Ok(Err(error.into())),
                    }
                }
            };
            match measure(subject, &cell, &materials, drive, rounds, session.watch()) {
                Ok((found, seconds)) => {
                    let row = row(place.clone(), self.decades, &cell, &found, tight, seconds);
                    tell(Line::current(subject, &found.effort.device, row))?;
                }
                Err(error) => {
                    tell(Line::failed(subject, &what, &error))?;
                    outcome = outcome.and(Err(error.into()));
                }
            }
        }
        Ok(outcome)
    }

    fn host(self, size: usize) -> Result<(Labels, Materials), PipelineError> {
        let shape = Shape::cube(size).map_err(PipelineError::from)?;
        let made = cmf_demo().with_shape(shape).generate(SEED).map_err(|e| usage("sizes", e.to_string()))?;
        let (mut labels, mut materials) = (made.labels, Materials::default());
        if self.decades > 0.0 {
            let (shape, mut volume) = (labels.shape(), labels.into_volume());
            for (i, label) in volume.as_mut_slice().iter_mut().enumerate().filter(|(_, l)| **l != Label::Pore as u8) {
                let (z, y, x) = shape.zyx_of(i);
                *label =
                    [Label::Fibre, Label::Node, Label::Lithiophilic][(z / BLOCK + y / BLOCK + x / BLOCK) % 3] as u8;
            }
            labels = Labels::new(volume).map_err(|e| PipelineError::Internal(e.to_string()))?;
            materials.surface[Label::Node as usize].i0 *= 10f64.powf(-self.decades / 2.0);
            materials.surface[Label::Lithiophilic as usize].i0 *= 10f64.powf(self.decades / 2.0);
        }
        Ok((labels, materials))
    }
}

impl std::fmt::Display for CurrentCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.decades > 0.0 { write!(f, "{NAME}:{}", self.decades) } else { f.write_str(NAME) }
    }
}

/// What a solve is held against.
struct Truth {
    overpotential_v: f64,
    j99: f64,
}

impl Truth {
    fn of(cell: &Cell, found: &Distribution) -> Self {
        Truth {
            overpotential_v: found.overpotential_v,
            j99: metrics(cell, found).map_or(f64::NAN, |m| m.statistics.p99),
        }
    }
}

/// The solve whose time is the median of several.
fn measure(
    subject: &Subject,
    cell: &Cell,
    materials: &Materials,
    drive: Drive,
    rounds: usize,
    watch: &dyn Watch,
) -> Result<(Distribution, f64), ElectroError> {
    let mut solves = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let clock = Instant::now();
        let found = solve_on(subject.backend(), cell, materials, drive, &Options::default(), watch)?;
        solves.push((found, clock.elapsed().as_secs_f64()));
    }
    solves.sort_by(|a, b| a.1.total_cmp(&b.1));
    Ok(solves.swap_remove(rounds / 2))
}

fn row(place: Place, decades: f64, cell: &Cell, found: &Distribution, tight: &Truth, seconds: f64) -> CurrentRow {
    let own = Truth::of(cell, found);
    let (effort, device) = (&found.effort, found.effort.on_device);
    let steps = f64::from(effort.newton_steps);
    let voxels = cell.shape().len() as f64;
    CurrentRow {
        place,
        i0_decades: decades,
        unknowns: effort.unknowns,
        reacting_faces: effort.reacting_faces,
        newton_steps: effort.newton_steps,
        linear_iterations: effort.linear_iterations.clone(),
        hierarchies: effort.hierarchies,
        overpotential_v: own.overpotential_v,
        overpotential_error: (own.overpotential_v / tight.overpotential_v - 1.0).abs(),
        j99_a_per_m2: own.j99,
        j99_error: (own.j99 / tight.j99 - 1.0).abs(),
        charge_error: found.charge_error,
        slice_error: found.slice_error(cell),
        solve_seconds: seconds,
        seconds_per_unknown_and_step: seconds / effort.unknowns as f64 / steps,
        host_bytes_per_voxel: effort.bytes as f64 / voxels,
        device_bytes_per_voxel: device.device_bytes as f64 / voxels,
        passes: device.passes,
        dispatches_per_step: device.dispatches as f64 / steps,
        uploaded_bytes_per_step: device.uploaded_bytes as f64 / steps,
        downloaded_bytes_per_step: device.downloaded_bytes as f64 / steps,
    }
}

#[cfg(test)]
mod tests {
    use super::CurrentCase;

    #[test]
    fn the_case_is_told_from_others_and_from_nonsense() {
        let read =
            |text: &str| CurrentCase::read(text).map(|case| case.map(|c| c.to_string()).map_err(|e| e.to_string()));
        assert_eq!(read("current"), Some(Ok("current".to_owned())));
        assert_eq!(read("current:4"), Some(Ok("current:4".to_owned())));
        assert_eq!(read("blobs:0.5"), None);
        assert_eq!(read("currents"), None);
        for text in ["current:", "current:x", "current:-1", "current:99", "current:nan"] {
            assert!(read(text).is_some_and(|case| case.is_err_and(|e| e.contains("current:DECADES"))), "{text}");
        }
    }
}
