//! The main job: one input through every stage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use foamflux_grid::{Event, Labels, Stage, Watch};
use foamflux_io::read::StackData;
use foamflux_network::{Conduction, Network, NetworkError};
use foamflux_results::{InputInfo, Program, RunResults, SegmentResults, StageOutcome, StageReport};
use foamflux_transport::Backend;
use foamflux_voxel::surface::Mesh;

use crate::content::Input;
use crate::current::{Current, CurrentFields};
use crate::doubt::{Doubt, Doubts};
use crate::error::PipelineError;
use crate::grey::{self, Labelled};
use crate::ingest;
use crate::keep::{Keep, Nowhere};
use crate::measure::GreyField;
use crate::record::Recorder;
use crate::segment::{GreyHistogram, Segmented};
use crate::settings::{Export, OptionalStage, Settings, main_electrode};
use crate::tag::{self, Extras, Given};
use crate::transport::{Fields, Solved};
use crate::{current, measure, memory, surface, transport};

/// Relative error to which the main job converges tau - 1, beside the tolerance of tau.
const TAU_MINUS_ONE: f64 = 0.01;

/// Where the voxels come from.
#[derive(Debug)]
pub enum Source {
    /// A path.
    Path(PathBuf),
    /// A grey stack that was made on the spot, with a word on how.
    Made {
        /// The voxels.
        data: StackData,
        /// What it is.
        kind: String,
    },
}

/// Everything that a run leaves behind.
#[derive(Debug)]
pub struct RunOutput {
    /// The numbers. Figures and files are for the caller to add.
    pub results: RunResults,
    /// The segmented volume.
    pub labels: Labels,
    /// The grey stack, where there was one.
    pub grey: Option<StackData>,
    /// Histogram of the grey values that were cut.
    pub histogram: Option<GreyHistogram>,
    /// The graph of nodes and fibres with its conduction along x, y, z.
    pub network: Option<(Network, Vec<Conduction>)>,
    /// Potential and flux by direction, for the directions asked for.
    pub fields: Vec<Fields>,
    /// Maps of the current distribution.
    pub current: Option<CurrentFields>,
    /// Labels at the ends of the threshold band.
    pub doubt: Option<Doubt>,
    /// The surface of the solid, where a file of it was asked for.
    pub surface: Option<Mesh>,
}

/// Does the main job.
///
/// # Errors
/// [`PipelineError`]; nothing has been written by then.
pub fn run(
    source: Source,
    settings: &Settings,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<RunOutput, PipelineError> {
    resumable(source, settings, None, backend, watch)
}

/// Does the main job, keeping every direction of the transport that is solved where `keep` says; if it is to resume, those that an
/// interrupted run of the same input and settings kept are taken over. On the same backend an interruption changes no number but the seconds.
///
/// # Errors
/// As [`run`], [`PipelineError::Interrupted`] when the user stopped it and something was kept, and [`PipelineError::Config`]
/// where what was kept is of another run.
pub fn resumable(
    source: Source,
    settings: &Settings,
    keep: Option<(&mut dyn Keep, bool)>,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<RunOutput, PipelineError> {
    let began = Instant::now();
    let recorder = Recorder::new(watch);
    let watch: &dyn Watch = &recorder;
    let mut stages = BTreeMap::new();

    let clock = Instant::now();
    let (input, info, sample) = read(source, settings, watch)?;
    done(&mut stages, Stage::Ingest, clock);
    cancelled(watch)?;

    let clock = Instant::now();
    let mut doubt = None;
    let (labels, grey, cut) = match input {
        Input::Labels(labels, _) => {
            skipped(&mut stages, Stage::Segment, "the input is labels already");
            (labels, None, None)
        }
        Input::Grey(data) => {
            let Labelled { data, segmented, .. } = grey::labelled(data, settings, watch)?;
            let Segmented { labels, results, histogram, filtered, level, doubt: band } = segmented;
            doubt = band;
            done(&mut stages, Stage::Segment, clock);
            (labels, Some(data), Some((results, histogram, filtered, level)))
        }
    };
    cancelled(watch)?;

    let asked = |stage: OptionalStage| settings.stages.contains(&stage);
    const LEFT_OUT: &str = "left out by --skip or --only";
    let grey_bytes = grey.as_ref().map_or(0, |g| g.sample_type().bytes());
    let mut doubts = Doubts::default();
    let (mut labels, mut tag_results, mut network) = (labels, None, None);
    if asked(OptionalStage::Tag) {
        let clock = Instant::now();
        match tag_stage(&labels, grey.as_ref(), settings, watch)? {
            Ok(tagged) => {
                labels = tagged.labels;
                network = Some((tagged.network, tagged.conduction));
                let mut results = tagged.results;
                // Measured at the ends of the band where that is done.
                if (doubt.is_none() || !asked(OptionalStage::Measure))
                    && let Some(share) = cut.as_ref().and_then(|(s, ..)| threshold_share(s))
                {
                    tag::add_threshold(&mut results, share);
                }
                tag_results = Some(results);
                done(&mut stages, Stage::Tag, clock);
            }
            Err(reason) => skipped(&mut stages, Stage::Tag, &reason),
        }
        cancelled(watch)?;
    } else {
        skipped(&mut stages, Stage::Tag, LEFT_OUT);
    }

    let field = match (&grey, &cut) {
        (Some(grey), Some((_, _, filtered, Some(level)))) => {
            Some(GreyField { data: filtered.as_ref().unwrap_or(grey), level: *level })
        }
        _ => None,
    };
    let mut measure_results = None;
    if asked(OptionalStage::Measure) {
        let clock = Instant::now();
        memory::check(memory::Work::Measure, labels.shape(), grey_bytes, settings.max_memory)?;
        let mut results = measure::measure(&labels, field, &settings.measure, watch)?;
        if let Some(doubt) = &doubt {
            doubts.measured(doubt, &mut results, field, watch)?;
        }
        measure_results = Some(results);
        done(&mut stages, Stage::Measure, clock);
        cancelled(watch)?;
    } else {
        skipped(&mut stages, Stage::Measure, LEFT_OUT);
    }

    if let (Some(tag), Some(measured)) = (tag_results.as_mut(), measure_results.as_ref()) {
        doubts.tagged(tag, measured);
    }

    let meshes = [Export::Ply, Export::Stl];
    let surface = meshes
        .iter()
        .any(|e| settings.exports.contains(e))
        .then(|| surface::solid(&labels, field, settings.surface_ends, watch))
        .flatten();
    cancelled(watch)?;

    // The filtered field has served: the solver needs its memory.
    let (segment_results, histogram) = match cut {
        Some((results, histogram, _, _)) => (Some(results), Some(histogram)),
        None => (None, None),
    };

    let mut transport_results = BTreeMap::new();
    let mut fields = Vec::new();
    let mut kept = None;
    if asked(OptionalStage::Transport) {
        let clock = Instant::now();
        memory::check(memory::Work::Transport, labels.shape(), grey_bytes, settings.max_memory)?;
        // Open structures differ in tau - 1, so the main job converges that as well.
        let mut transport_settings = settings.transport.clone();
        transport_settings.stop.tau_minus_one = Some(TAU_MINUS_ONE);
        // Bounds cost a small part of a solve, so the main job has them unless the user said no.
        transport_settings.certify = settings.config.certify.unwrap_or(true);
        transport_settings.geometric = settings.config.geometric.unwrap_or(true);
        transport_settings.electrode = main_electrode(&settings.config)?;
        transport_settings.max_memory = settings.max_memory;
        let mut nowhere = Nowhere;
        let mut solved = match keep {
            Some((keep, resume)) => Solved::new(&labels, doubt.as_ref(), &settings.config, keep, resume)?,
            None => Solved::nothing(&mut nowhere),
        };
        let found = transport::doubted(&labels, doubt.as_ref(), &transport_settings, 0.0, &mut solved, backend, watch);
        kept = solved.place();
        let found = found.map_err(|error| interrupted(error, kept.as_deref()))?;
        transport_results = found.results;
        doubts.transported(&transport_results);
        doubts.sampled(doubt.as_ref(), &mut transport_results, measure_results.as_ref());
        fields = found.fields;
        if let (Some(tag), Some(solid)) = (tag_results.as_mut(), transport_results.get("solid")) {
            tag::beside_voxels(tag, solid, watch);
        }
        done(&mut stages, Stage::Transport, clock);
    } else {
        skipped(&mut stages, Stage::Transport, LEFT_OUT);
    }

    let mut current = None;
    let clock = Instant::now();
    let found = asked(OptionalStage::Current).then(|| current_stage(&labels, settings, backend, watch)).transpose();
    match found.map_err(|error| interrupted(error, kept.as_deref()))? {
        None => skipped(&mut stages, Stage::Current, LEFT_OUT),
        Some(Err(reason)) => skipped(&mut stages, Stage::Current, &reason),
        Some(Ok(found)) => {
            current = Some(found);
            done(&mut stages, Stage::Current, clock);
        }
    }
    let (current_results, current_fields) = current.map_or((None, None), |c| (Some(c.results), c.fields));

    let results = RunResults {
        schema: RunResults::SCHEMA.to_owned(),
        sample: settings.config.sample.clone().unwrap_or(sample),
        program: Program { name: "foamflux".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        finished_utc: utc_now(),
        configuration: serde_json::to_value(&settings.config)
            .map_err(|e| PipelineError::Internal(format!("the configuration cannot be written: {e}")))?,
        device: backend.describe(),
        input: info,
        volume: ingest::volume_info(labels.shape(), labels.voxel_size()),
        stages,
        segment: segment_results,
        tag: tag_results,
        measure: measure_results,
        transport: transport_results,
        current: current_results,
        doubt: Some(doubts.finish(doubt.as_ref(), grey.is_some(), settings.segment.doubt, watch)),
        error_total_rule: Some(crate::errors::RULE.to_owned()),
        figures: Vec::new(),
        files: BTreeMap::new(),
        warnings: recorder.warnings(),
        notes: recorder.notes(),
        peak_memory_bytes: None,
        seconds_total: began.elapsed().as_secs_f64(),
    };
    Ok(RunOutput { results, labels, grey, histogram, network, fields, current: current_fields, doubt, surface })
}

/// Nodes and fibres, or why the main job goes on without them: the other stages can do what this one cannot.
fn tag_stage(
    labels: &Labels,
    grey: Option<&StackData>,
    settings: &Settings,
    watch: &dyn Watch,
) -> Result<Result<tag::Tagged, String>, PipelineError> {
    let leave_out = |why: String| {
        watch.event(Event::Warning(format!("nodes and fibres were left out: {why}")));
        Ok(Err(why))
    };
    let grey_bytes = grey.map_or(0, |g| g.sample_type().bytes());
    if let Err(error) = memory::check(memory::Work::Tag, labels.shape(), grey_bytes, settings.max_memory) {
        return leave_out(error.to_string());
    }
    let by_grey = settings.config.tag_grey.unwrap_or(false);
    if by_grey && grey.is_none() {
        watch.event(Event::Warning("--tag-grey has no effect: the input is labels, and has no grey values".to_owned()));
    }
    let extras = Extras {
        debris: settings.config.tag_debris.unwrap_or(false),
        grey: grey.filter(|_| by_grey),
        ..Extras::none(Given::Keep)
    };
    match tag::tag(labels, &settings.tag, extras, watch) {
        Ok(tagged) => Ok(Ok(tagged)),
        Err(PipelineError::Network(error @ NetworkError::TooLarge { .. })) => leave_out(error.to_string()),
        Err(error) => Err(error),
    }
}

/// The current distribution, or why the main job goes on without it.
fn current_stage(
    labels: &Labels,
    settings: &Settings,
    backend: &dyn Backend,
    watch: &dyn Watch,
) -> Result<Result<Current, String>, PipelineError> {
    if labels.voxel_size().m_xyz().is_none() {
        return Ok(Err("currents need areas, and the voxel size is unknown: give --voxel-size".to_owned()));
    }
    // What is done already is worth more than this stage: it is left out where it would end the run.
    if let Err(error) = memory::check(settings.current.work(), labels.shape(), 0, settings.max_memory) {
        watch.event(Event::Warning(format!("the current distribution was left out: {error}")));
        return Ok(Err(error.to_string()));
    }
    let with_fields = !settings.transport.fields.is_empty();
    match current::current(labels, &settings.current, with_fields, 0.0, backend, watch) {
        Ok(found) => Ok(Ok(found)),
        Err(PipelineError::Electro(error)) => {
            watch.event(Event::Warning(format!("no current distribution: {error}")));
            Ok(Err(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

fn read(source: Source, settings: &Settings, watch: &dyn Watch) -> Result<(Input, InputInfo, String), PipelineError> {
    match source {
        Source::Path(path) => {
            let (input, report) = ingest::read_input(&path, &settings.ingest, watch)?;
            let (shape, content) = match &input {
                Input::Grey(data) => (data.shape(), "grey"),
                Input::Labels(labels, _) => (labels.shape(), "labels"),
            };
            if shape.z == 1 {
                return Err(PipelineError::Content {
                    path: path.display().to_string(),
                    message:
                        "holds one slice, and surface area, thickness and tortuosity need a volume: give the folder \
                              that holds all slices, or a multi-page file; 'foamflux segment' works on a single slice, \
                              and 'measure' and 'transport' take it as a sheet one voxel thick"
                            .to_owned(),
                });
            }
            let info = ingest::input_info(&path, content, &report)?;
            Ok((input, info, sample_name(&path)))
        }
        Source::Made { data, kind } => {
            let info = InputInfo {
                path: kind.clone(),
                kind: kind.clone(),
                content: "grey".to_owned(),
                sample_type: data.sample_type().to_string(),
                files: Vec::new(),
                voxel_size_candidates: Vec::new(),
                microscope: None,
                data_bar: None,
                notes: Vec::new(),
            };
            Ok((Input::Grey(data), info, kind))
        }
    }
}

/// How far one step of the threshold moves the solid fraction, as a share of it.
fn threshold_share(segment: &SegmentResults) -> Option<f64> {
    let s = segment.threshold_sensitivity.as_ref()?;
    let most = (s.solid_fraction_low - s.solid_fraction).abs().max((s.solid_fraction_high - s.solid_fraction).abs());
    (s.solid_fraction > 0.0).then(|| most / s.solid_fraction)
}

/// The name of a folder or the stem of a file.
fn sample_name(path: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = if absolute.is_dir() { absolute.file_name() } else { absolute.file_stem() };
    name.map_or_else(|| "sample".to_owned(), |n| n.to_string_lossy().into_owned())
}

fn done(stages: &mut BTreeMap<String, StageReport>, stage: Stage, clock: Instant) {
    let report = StageReport { outcome: StageOutcome::Done, reason: None, seconds: clock.elapsed().as_secs_f64() };
    stages.insert(stage.name().to_owned(), report);
}

fn skipped(stages: &mut BTreeMap<String, StageReport>, stage: Stage, reason: &str) {
    let report = StageReport { outcome: StageOutcome::Skipped, reason: Some(reason.to_owned()), seconds: 0.0 };
    stages.insert(stage.name().to_owned(), report);
}

/// An interruption says what it did not lose.
fn interrupted(error: PipelineError, kept: Option<&str>) -> PipelineError {
    match (error, kept) {
        (PipelineError::Cancelled, Some(place)) => PipelineError::Interrupted { place: place.to_owned() },
        (error, _) => error,
    }
}

fn cancelled(watch: &dyn Watch) -> Result<(), PipelineError> {
    if watch.cancelled() { Err(PipelineError::Cancelled) } else { Ok(()) }
}

/// Now, as RFC 3339 in UTC to the second.
#[allow(clippy::disallowed_methods, reason = "when a run ended is part of its provenance and of nothing else")]
pub(crate) fn utc_now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    rfc3339(seconds)
}

/// Seconds since 1970 as RFC 3339. The calendar is Howard Hinnant's `civil_from_days`.
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest % 3600 / 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn the_calendar_knows_leap_years() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
