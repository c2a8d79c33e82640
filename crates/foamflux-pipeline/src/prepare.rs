//! Grey values put right before they are cut: artefacts of the instrument, and slices that moved.
//!
//! The order is fixed, whatever the order of the words: outliers and flicker first, because what comes next measures
//! brightness, then what is slow of it, shading; curtains and rings before the alignment, because they stand still in the frame and not in the sample; pore-backs last,
//! because what lies behind a pore is seen at its own place only in aligned slices. Fringes are rims of edges and want these sharp, so
//! that they come after the alignment as well.

use foamflux_grid::{Event, Region, Sample, Stage, Volume, Watch, units};
use foamflux_io::read::StackData;
use foamflux_results::{AlignmentResults, CorrectionResults, MissingSlices, PreparationResults};
use foamflux_voxel::align::{self, AlignError, Path, Trend};
use foamflux_voxel::artefact::{self, ArtefactError, Found};

use crate::error::PipelineError;

/// An artefact that may be corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Artefact {
    /// Single voxels beyond all neighbours.
    Outliers,
    /// Brightness that jumps from slice to slice.
    Flicker,
    /// Brightness that changes slowly across the stack.
    Shading,
    /// Stripes along y.
    Curtains,
    /// Rings about the middle.
    Rings,
    /// Rims of phase contrast along edges.
    Fringes,
    /// Surfaces seen through open pores.
    PoreBacks,
}

impl Artefact {
    /// All of them, in the order in which they are corrected.
    pub const ALL: [Artefact; 7] = [
        Artefact::Outliers,
        Artefact::Flicker,
        Artefact::Shading,
        Artefact::Curtains,
        Artefact::Rings,
        Artefact::Fringes,
        Artefact::PoreBacks,
    ];

    /// Name as `--correct` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Artefact::Outliers => "outliers",
            Artefact::Flicker => "flicker",
            Artefact::Shading => "shading",
            Artefact::Curtains => "curtains",
            Artefact::Rings => "rings",
            Artefact::Fringes => "fringes",
            Artefact::PoreBacks => "pore-backs",
        }
    }

    /// Whether it is looked for where the sample is, and not where the frame is.
    const fn after_alignment(self) -> bool {
        matches!(self, Artefact::Fringes | Artefact::PoreBacks)
    }

    const fn unit(self) -> &'static str {
        match self {
            Artefact::Outliers => "voxels",
            Artefact::Flicker | Artefact::Shading | Artefact::Curtains | Artefact::Fringes | Artefact::PoreBacks => {
                "relative"
            }
            Artefact::Rings => "grey values",
        }
    }
}

/// What is done before the segmentation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrepareSettings {
    /// Artefacts to correct, in their order.
    pub correct: Vec<Artefact>,
    /// Whether slices are aligned, and what is kept of their path.
    pub align: Option<Trend>,
}

/// Grey values that were put right.
#[derive(Debug)]
pub struct Prepared {
    /// The grey values.
    pub data: StackData,
    /// What was found and done; `None` where nothing was asked for.
    pub results: Option<PreparationResults>,
    /// The steps in words, for the recipe.
    pub steps: Vec<String>,
    /// The part of the stack that is left.
    pub region: Region,
}

/// Corrects and aligns as far as it was asked for.
///
/// # Errors
/// [`PipelineError::Align`], [`PipelineError::Artefact`], [`PipelineError::Cancelled`].
pub fn prepare(data: StackData, settings: &PrepareSettings, watch: &dyn Watch) -> Result<Prepared, PipelineError> {
    let region = data.shape().region();
    if *settings == PrepareSettings::default() {
        return Ok(Prepared { data, results: None, steps: Vec::new(), region });
    }
    match data {
        StackData::U8(v) => of(v, settings, watch),
        StackData::U16(v) => of(v, settings, watch),
        StackData::F32(v) => of(v, settings, watch),
        rarer => of(rarer.to_f32(), settings, watch),
    }
}

/// The grey values without an artefact that nobody asked for; `None` where none was found or the stack is too small for it.
pub(crate) fn of_its_own(
    data: &StackData,
    artefact: Artefact,
    (corrections, steps): (&mut Vec<CorrectionResults>, &mut Vec<String>),
    watch: &dyn Watch,
) -> Result<Option<StackData>, PipelineError> {
    let (mut found, mut said) = (Vec::new(), Vec::new());
    let corrected: Result<StackData, PipelineError> = foamflux_io::for_each_grey!(data, volume => {
        correct(volume, artefact, (&mut found, &mut said), watch).map(StackData::from)
    });
    match corrected {
        Ok(corrected) if found.iter().any(|f| f.corrected) => {
            corrections.append(&mut found);
            steps.append(&mut said);
            Ok(Some(corrected))
        }
        Ok(_) | Err(PipelineError::Artefact(ArtefactError::Small { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

fn of<T: Sample>(
    mut volume: Volume<T>,
    settings: &PrepareSettings,
    watch: &dyn Watch,
) -> Result<Prepared, PipelineError>
where
    Volume<T>: Into<StackData>,
{
    let mut steps = Vec::new();
    let mut corrections = Vec::new();
    for artefact in settings.correct.iter().copied().filter(|a| !a.after_alignment()) {
        volume = correct(&volume, artefact, (&mut corrections, &mut steps), watch)?;
    }
    let mut region = volume.shape().region();
    let mut alignment = None;
    if let Some(keep) = settings.align {
        watch.event(Event::Started { stage: Stage::Segment, what: "aligning slices".to_owned() });
        let stopped = |e: AlignError| match e {
            AlignError::Cancelled => PipelineError::Cancelled,
            other => PipelineError::Align(other),
        };
        let path = align::measure(&volume, watch).map_err(stopped)?;
        let (removed, slope) = path.removed(keep);
        let applied = align::apply(&volume, &removed, watch).map_err(stopped)?;
        volume = applied.volume;
        region = applied.region;
        let results = results(&path, removed, slope, keep, region);
        warn(&path, watch);
        let said = told(&results);
        watch.event(Event::Note(said.clone()));
        steps.push(said);
        alignment = Some(results);
    }
    for artefact in settings.correct.iter().copied().filter(|a| a.after_alignment()) {
        volume = correct(&volume, artefact, (&mut corrections, &mut steps), watch)?;
    }
    Ok(Prepared { data: volume.into(), results: Some(PreparationResults { corrections, alignment }), steps, region })
}

/// Corrects one artefact, and writes down what was found.
fn correct<T: Sample>(
    volume: &Volume<T>,
    artefact: Artefact,
    (corrections, steps): (&mut Vec<CorrectionResults>, &mut Vec<String>),
    watch: &dyn Watch,
) -> Result<Volume<T>, PipelineError> {
    watch.event(Event::Started { stage: Stage::Segment, what: format!("correcting {}", artefact.name()) });
    let (corrected, found) = match artefact {
        Artefact::Outliers => artefact::outliers(volume, watch),
        Artefact::Flicker => artefact::flicker(volume, watch),
        Artefact::Shading => artefact::shading(volume, watch),
        Artefact::Curtains => artefact::curtains(volume, watch),
        Artefact::Rings => artefact::rings(volume, watch),
        Artefact::Fringes => artefact::fringes(volume, watch),
        Artefact::PoreBacks => artefact::pore_backs(volume, watch),
    }
    .map_err(|e| match e {
        ArtefactError::Cancelled => PipelineError::Cancelled,
        other => PipelineError::Artefact(other),
    })?;
    let said = say(artefact, found);
    watch.event(Event::Finished { stage: Stage::Segment, outcome: said.clone() });
    watch.event(Event::Note(said.clone()));
    steps.push(said);
    corrections.push(CorrectionResults {
        artefact: artefact.name().to_owned(),
        strength: found.strength,
        noise: found.noise,
        unit: artefact.unit().to_owned(),
        corrected: found.corrected,
    });
    Ok(corrected)
}

fn say(artefact: Artefact, found: Found) -> String {
    let percent = |v: f64| format!("{} %", units::significant(100.0 * v, 2));
    let grey = |v: f64| format!("{} grey values", units::significant(v, 2));
    let (what, noise) = match artefact {
        Artefact::Outliers => {
            return format!(
                "outliers: {} voxels beyond all six neighbours by six times the noise of {} replaced",
                found.strength,
                grey(found.noise)
            );
        }
        Artefact::PoreBacks if !found.corrected => {
            return "pore-backs: none found, pores are as dark before solid as elsewhere".to_owned();
        }
        Artefact::PoreBacks => {
            return format!(
                "pore-backs: surfaces right behind an open pore are {} as bright as those in the slice, and were taken out",
                percent(found.strength)
            );
        }
        Artefact::Fringes if !found.corrected && found.strength < 0.0 => {
            return "fringes: none found, what surrounds the solid is no farther from it than the background"
                .to_owned();
        }
        Artefact::Fringes if !found.corrected && found.strength > artefact::STRONGEST_FRINGES => {
            return format!(
                "fringes of {} left as they are: more than {} is not believed to be fringes",
                percent(found.strength),
                percent(artefact::STRONGEST_FRINGES)
            );
        }
        Artefact::Flicker | Artefact::Shading | Artefact::Curtains | Artefact::Fringes => {
            (percent(found.strength), percent(found.noise))
        }
        Artefact::Rings => (grey(found.strength), grey(found.noise)),
    };
    let done = if found.corrected { "corrected" } else { "left as they are: within what noise alone gives" };
    format!("{} of {what} (noise of their measurement {noise}) {done}", artefact.name())
}

const fn kept(keep: Trend) -> &'static str {
    match keep {
        Trend::Smooth => "smooth",
        Trend::Line => "line",
        Trend::Nothing => "nothing",
    }
}

fn results(path: &Path, removed: Vec<[f64; 2]>, slope: [f64; 2], keep: Trend, region: Region) -> AlignmentResults {
    let rms = |axis: usize| {
        (removed.iter().map(|r: &[f64; 2]| r[axis].powi(2)).sum::<f64>() / removed.len().max(1) as f64).sqrt()
    };
    AlignmentResults {
        kept: kept(keep).to_owned(),
        displacement_pixel_xy: path.position.clone(),
        removed_rms_pixel_xy: [rms(0), rms(1)],
        removed_pixel_xy: removed,
        slope_kept_pixel_xy: slope,
        correlation: path.correlation.clone(),
        missing: path
            .missing
            .iter()
            .map(|m| MissingSlices { after: m.after, slices: m.slices, correlation: m.correlation })
            .collect(),
        repeated: path.repeated.clone(),
        odd: path.odd.clone(),
        lost: path.lost.clone(),
        quarters_apart_pixel: path.quarters_apart,
        region_xy: [[region.x0, region.y0], [region.x1, region.y1]],
    }
}

fn told(a: &AlignmentResults) -> String {
    let shown = |v: f64| units::significant(v, 2);
    let [[x0, y0], [x1, y1]] = a.region_xy;
    format!(
        "slices aligned: {} and {} pixels (x, y; root mean square) taken out, a slope of {} and {} pixels per slice kept \
         ({}); the part x {x0}:{x1}, y {y0}:{y1} is common to all slices",
        shown(a.removed_rms_pixel_xy[0]),
        shown(a.removed_rms_pixel_xy[1]),
        shown(a.slope_kept_pixel_xy[0]),
        shown(a.slope_kept_pixel_xy[1]),
        match a.kept.as_str() {
            "smooth" => "what is smooth over twenty slices is the sample's",
            "line" => "a straight line is the sample's",
            _ => "nothing is the sample's",
        }
    )
}

fn warn(path: &Path, watch: &dyn Watch) {
    let list = |slices: &[usize]| {
        let shown: Vec<String> = slices.iter().take(10).map(usize::to_string).collect();
        format!("{}{}", shown.join(", "), if slices.len() > 10 { ", ..." } else { "" })
    };
    let tell = |text: String| watch.event(Event::Warning(text));
    if !path.missing.is_empty() {
        let gaps: Vec<String> =
            path.missing.iter().take(10).map(|m| format!("about {} after slice {}", m.slices, m.after)).collect();
        tell(format!(
            "slices seem to be missing ({}): neighbours there resemble each other only as slices farther apart do; the \
             distance along z is wrong there",
            gaps.join(", ")
        ));
    }
    if !path.repeated.is_empty() {
        tell(format!(
            "slices {} are the same image as the one before: leave them out of the folder",
            list(&path.repeated)
        ));
    }
    if !path.odd.is_empty() {
        tell(format!("slices {} resemble neither neighbour: look at them", list(&path.odd)));
    }
    if !path.lost.is_empty() {
        tell(format!(
            "slices {} do not resemble the next one: how far they moved could not be measured there",
            list(&path.lost)
        ));
    }
}

/// Displacements as a table, one row per slice.
#[must_use]
pub fn alignment_csv(a: &AlignmentResults) -> String {
    let mut out =
        "slice,x [pixel],y [pixel],removed x [pixel],removed y [pixel],correlation with the next\n".to_owned();
    for (z, (p, r)) in a.displacement_pixel_xy.iter().zip(&a.removed_pixel_xy).enumerate() {
        let correlation = a.correlation.get(z).map_or(String::new(), |c| format!("{c:.5}"));
        out += &format!("{z},{:.4},{:.4},{:.4},{:.4},{correlation}\n", p[0], p[1], r[0], r[1]);
    }
    out
}
