//! Grey values to labels, with the recipe that made them.

mod auto;

use std::collections::BTreeMap;

use foamflux_grid::{Event, Label, Labels, Sample, Stage, Volume, VoxelSize, Watch, units};
use foamflux_io::read::StackData;
use foamflux_results::{BridgeResults, PreparationResults, SegmentResults, ThresholdSensitivity};
use foamflux_voxel::classify::Classified;
use foamflux_voxel::filter;
use foamflux_voxel::segment::{
    self, Cut, Denoise, Foreground, HoleFilling, LevelRule, Method, SegmentError, SegmentOptions, Segmentation,
    StepBasis,
};
use foamflux_voxel::threshold::Histogram;

use self::auto::{Between, Outcome};
use crate::config::ConfigError;
use crate::doubt::Doubt;
use crate::error::PipelineError;
use crate::ingest::volume_info;
use crate::record::Recorder;

/// Who chooses the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The user: the method of the options.
    Given,
    /// The program: for rare solid the threshold that keeps its volume, and the method of the options otherwise.
    Auto,
    /// The user: the threshold that keeps the volume, or an error that says why there is none.
    Conserve,
    /// The user: the threshold half way between the levels of background and solid, or an error that says why there is none.
    HalfWay,
    /// The user: a classifier, trained on painted voxels.
    Classifier,
}

/// How grey values become labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SegmentSettings {
    /// Who chooses the method.
    pub choice: Choice,
    /// Filter, method and clean-up.
    pub options: SegmentOptions,
    /// Whether the filter was asked for: a method that smooths by itself takes the grey values as they are otherwise.
    pub denoise_given: bool,
    /// Whether corrections were spoken of: otherwise `auto` looks for fringes or light through open pores
    /// where it sees a halo.
    pub correct_given: bool,
    /// Whether fringes or light through open pores were to be corrected before, so that what is left of a halo is background.
    pub halo_corrected: bool,
    /// Whether the labels at the ends of the threshold band are made as well.
    pub doubt: bool,
    /// Solid pieces of a smaller volume in m3 become pore, in the place of a number of voxels.
    pub min_solid_m3: Option<f64>,
    /// Enclosed pores of at most this volume in m3 become solid, in the place of a number of voxels.
    pub fill_holes_m3: Option<f64>,
}

impl SegmentSettings {
    /// The same with sizes in voxels of the volume.
    fn on(&self, voxel_size: &VoxelSize) -> Result<Self, PipelineError> {
        let mut settings = *self;
        let voxels = |key: &'static str, m3: f64| match voxel_size.m_xyz() {
            Some([x, y, z]) => Ok(m3 / (x * y * z)),
            None => {
                Err(ConfigError::value(key, "a volume needs a voxel size: give --voxel-size, or a number of voxels"))
            }
        };
        if let Some(m3) = self.min_solid_m3 {
            // Pieces that are smaller go; one of just this size stays.
            settings.options.min_solid_voxels = voxels("min-solid", m3)?.ceil() as u64;
        }
        if let Some(m3) = self.fill_holes_m3 {
            settings.options.fill_holes = HoleFilling::UpTo(voxels("fill-holes", m3)?.floor() as u64);
        }
        Ok(settings)
    }
}

/// What segmenting leaves behind.
#[derive(Debug)]
pub struct Segmented {
    /// The labels.
    pub labels: Labels,
    /// The numbers.
    pub results: SegmentResults,
    /// Histogram of the grey field that was cut.
    pub histogram: GreyHistogram,
    /// The grey field that was cut, after the filter; `None` where it is the input itself.
    pub filtered: Option<StackData>,
    /// The one level at which it was cut, where there is one.
    pub level: Option<f64>,
    /// Labels at the ends of the threshold band, where they were asked for and both phases are there.
    pub doubt: Option<Doubt>,
}

/// Voxels by grey value.
#[derive(Debug, Clone, PartialEq)]
pub struct GreyHistogram {
    /// Voxels per bin.
    pub counts: Vec<u64>,
    /// Bin edges in grey values, one more than there are bins.
    pub edges: Vec<f64>,
}

/// Bins of the histogram that a report shows; more would be narrower than its pixels.
const SHOWN_BINS: usize = 256;

impl GreyHistogram {
    fn of<T: Sample>(volume: &Volume<T>) -> Result<Self, PipelineError> {
        let exact = Histogram::of(volume, SHOWN_BINS).map_err(SegmentError::from)?;
        let merged = exact.counts().len().div_ceil(SHOWN_BINS).max(1);
        let counts: Vec<u64> = exact.counts().chunks(merged).map(|bins| bins.iter().sum()).collect();
        let (width, first) = (exact.bin_width(), exact.center(0) - 0.5 * exact.bin_width());
        let edges = (0..=counts.len()).map(|i| first + (i * merged) as f64 * width).collect();
        Ok(GreyHistogram { counts, edges })
    }
}

/// Filters, cuts and cleans.
///
/// # Errors
/// [`PipelineError::Segment`]; [`PipelineError::Unsuited`] where a method was asked for that does not apply.
pub fn segment(data: &StackData, settings: &SegmentSettings, watch: &dyn Watch) -> Result<Segmented, PipelineError> {
    let recorder = Recorder::new(watch);
    let watch: &dyn Watch = &recorder;
    let settings = &settings.on(data.voxel_size())?;
    let options = &settings.options;
    watch.event(Event::Started { stage: Stage::Segment, what: recipe(settings).join("; ") });
    warn_saturated(data, options.foreground, watch);
    let mut reason = None;
    if matches!(settings.choice, Choice::Auto | Choice::Conserve | Choice::HalfWay) {
        let denoise = if settings.denoise_given { options.denoise } else { Denoise::None };
        match auto::between(data, settings, denoise, watch)? {
            Outcome::Between(found) => return between_levels(found, settings, denoise, &recorder),
            Outcome::Otherwise(why) => reason = Some(why),
        }
    }
    let filtered = foamflux_io::for_each_grey!(data, volume => filter(volume, options.denoise, watch))?;
    let cut = SegmentOptions { denoise: Denoise::None, ..*options };
    let found = foamflux_io::for_each_grey!(filtered.as_ref().unwrap_or(data), volume => {
        segment::segment(volume, &cut, watch)
    })
    .map_err(stopped)?;
    let histogram =
        foamflux_io::for_each_grey!(filtered.as_ref().unwrap_or(data), volume => GreyHistogram::of(volume))?;
    finished(&found, watch);
    let level = match found.cut {
        Cut::Whole(level) => Some(level),
        _ => None,
    };
    let doubt = match settings.doubt {
        true => foamflux_io::for_each_grey!(filtered.as_ref().unwrap_or(data), volume => {
            Doubt::of(volume, &found.labels, &found.cut, &cut)
        })?,
        false => None,
    };
    let mut results =
        results(method_name(options.method), steps(options), options.foreground, &found, recorder.warnings());
    results.reason = reason;
    results.band = doubt.as_ref().map(|d| d.band.clone());
    Ok(Segmented { labels: found.labels, results, histogram, filtered, level, doubt })
}

/// Cuts a field at the threshold between its levels.
fn between_levels(
    between: Between,
    settings: &SegmentSettings,
    denoise: Denoise,
    recorder: &Recorder<'_>,
) -> Result<Segmented, PipelineError> {
    let watch: &dyn Watch = recorder;
    let options = &settings.options;
    let shown = |v: f64| units::significant(v, 4);
    let Between { found, corrections, steps } = between;
    let mut recipe = steps;
    recipe.extend(denoised(denoise));
    if found.shading > 0.0 {
        recipe.push(format!(
            "level of the background taken from bricks of 32 voxels (it varies by {}) and subtracted",
            shown(found.shading)
        ));
    }
    recipe.push(format!("Gaussian of sigma {} voxels", found.sigma_voxel));
    let (low, high) = (shown(found.background), shown(found.background + found.contrast));
    recipe.push(match found.rule {
        LevelRule::Conserve => format!(
            "threshold {} that keeps the volume of the solid ({} % by the sum of grey values between the levels {low} and {high}), {}",
            shown(found.threshold),
            shown(100.0 * found.solid_fraction),
            side(options.foreground)
        ),
        LevelRule::Surroundings => format!(
            "threshold {} that keeps the volume of the solid ({} % by the sum of grey values between the level {low} of what surrounds \
             it, where {} % of the contrast were left of a halo, and {high}), {}",
            shown(found.threshold),
            shown(100.0 * found.solid_fraction),
            units::significant(100.0 * found.halo, 2),
            side(options.foreground)
        ),
        LevelRule::HalfWay => format!(
            "threshold {} half way between the levels {low} of the background and {high} inside of the solid, {}",
            shown(found.threshold),
            side(options.foreground)
        ),
    });
    recipe.extend(cleaned(options));
    let reason = format!(
        "solid is rare ({} %), contrast over noise {}",
        units::significant(100.0 * found.solid_fraction, 3),
        units::significant(found.contrast.abs() / found.noise, 3)
    );
    watch.event(Event::Note(format!("{reason}: {}", recipe.join("; "))));
    let cut =
        SegmentOptions { denoise: Denoise::None, method: Method::Fixed { threshold: found.threshold }, ..*options };
    let segmented = segment::segment(&found.field, &cut, watch).map_err(stopped)?;
    finished(&segmented, watch);
    let histogram = GreyHistogram::of(&found.field)?;
    let doubt = match settings.doubt {
        true => Doubt::of(&found.field, &segmented.labels, &segmented.cut, &cut)?,
        false => None,
    };
    let mut results = results(auto::name(found.rule), recipe, options.foreground, &segmented, recorder.warnings());
    results.reason = (settings.choice == Choice::Auto).then_some(reason);
    results.band = doubt.as_ref().map(|d| d.band.clone());
    if !corrections.is_empty() {
        results.preparation = Some(PreparationResults { corrections, alignment: None });
    }
    Ok(Segmented {
        labels: segmented.labels,
        results,
        histogram,
        filtered: Some(StackData::F32(found.field)),
        level: Some(found.threshold),
        doubt,
    })
}

/// Cuts probabilities where they keep the solid fraction.
pub(crate) fn by_probability(
    found: Classified,
    learnt: String,
    settings: &SegmentSettings,
    watch: &dyn Watch,
) -> Result<Segmented, PipelineError> {
    let recorder = Recorder::new(watch);
    let watch: &dyn Watch = &recorder;
    let settings = &settings.on(found.probability.voxel_size())?;
    let options = &settings.options;
    let mut recipe = if settings.denoise_given { denoised(options.denoise) } else { Vec::new() };
    recipe.push(learnt);
    recipe.push(format!(
        "probability of solid of at least {}, which keeps the solid fraction of {} % that the votes add up to",
        units::significant(found.level, 3),
        units::significant(100.0 * found.solid_fraction, 4)
    ));
    recipe.extend(cleaned(options));
    let cut = SegmentOptions { denoise: Denoise::None, method: Method::Fixed { threshold: found.level }, ..*options };
    let segmented = segment::segment(&found.probability, &cut, watch).map_err(stopped)?;
    finished(&segmented, watch);
    let histogram = GreyHistogram::of(&found.probability)?;
    let doubt = match settings.doubt {
        true => Doubt::of_probability(&found.probability, &segmented.labels, found.level, &cut)?,
        false => None,
    };
    let mut results = results("classifier", recipe, options.foreground, &segmented, recorder.warnings());
    results.band = doubt.as_ref().map(|d| d.band.clone());
    Ok(Segmented {
        labels: segmented.labels,
        results,
        histogram,
        level: Some(found.level),
        filtered: Some(StackData::F32(found.probability)),
        doubt,
    })
}

/// The grey values after the filter; `None` where there is none.
pub(crate) fn filtered(
    data: &StackData,
    settings: &SegmentSettings,
    watch: &dyn Watch,
) -> Result<Option<StackData>, PipelineError> {
    foamflux_io::for_each_grey!(data, volume => filter(volume, settings.options.denoise, watch))
}

/// Share of voxels at the end of the scale on the side of the solid, and on the other, from which on a warning is given: the
/// level of the phase is not in the image. Masks around a sample are black, so that more of the pore may be so.
const SATURATED: [f64; 2] = [0.002, 0.2];

/// Warns where grey values were cut off at the end of their scale.
fn warn_saturated(data: &StackData, foreground: Foreground, watch: &dyn Watch) {
    let ends = foamflux_io::for_each_grey!(data, volume => segment::saturated(volume));
    let bright = foreground == Foreground::Bright;
    for (share, end, of_solid) in [(ends[0], "least", !bright), (ends[1], "largest", bright)] {
        if share > SATURATED[usize::from(!of_solid)] {
            watch.event(Event::Warning(format!(
                "{} % of the voxels have the {end} value that their type holds: the image is saturated, the grey level of the {} is \
                 not in it, and thresholds between levels are off. Take it again with less contrast, or give a --threshold",
                units::significant(100.0 * share, 2),
                if of_solid { "solid" } else { "pore" }
            )));
        }
    }
}

fn finished(found: &Segmentation, watch: &dyn Watch) {
    watch.event(Event::Finished {
        stage: Stage::Segment,
        outcome: format!("solid {:.3} % at threshold {:?}", 100.0 * found.solid_fraction, first(&found.thresholds)),
    });
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::Fixed { .. } => "fixed",
        Method::Otsu => "otsu",
        Method::OtsuPerSlice => "otsu-slices",
        Method::Hysteresis { .. } => "hysteresis",
        Method::MultiOtsu { .. } => "multi-otsu",
        Method::Li => "li",
        Method::Triangle => "triangle",
        Method::MinimumError => "minimum-error",
        Method::Sauvola { .. } => "sauvola",
        Method::Phansalkar { .. } => "phansalkar",
        Method::Watershed { .. } => "watershed",
        Method::MarkovField { .. } => "markov",
    }
}

/// Every step in order, in words that say how to repeat it; what depends on the image is said afterwards.
#[must_use]
pub fn recipe(settings: &SegmentSettings) -> Vec<String> {
    let options = &settings.options;
    let keeping = "the threshold that keeps the volume of rare solid";
    match settings.choice {
        Choice::Given => steps(options),
        Choice::Conserve => [vec![keeping.to_owned()], cleaned(options)].concat(),
        Choice::HalfWay => {
            [vec!["the threshold half way between the levels of background and solid".to_owned()], cleaned(options)]
                .concat()
        }
        Choice::Classifier => [vec!["a classifier trained on painted voxels".to_owned()], cleaned(options)].concat(),
        Choice::Auto => {
            let otherwise = format!("{keeping}; where that does not apply {}", steps(options).join(", "));
            vec![otherwise]
        }
    }
}

fn denoised(denoise: Denoise) -> Vec<String> {
    match denoise {
        Denoise::None => Vec::new(),
        Denoise::Median { radius } => vec![format!("median of {0}x{0}x{0} voxels", 2 * radius + 1)],
        Denoise::Gaussian { sigma_voxel } => vec![format!("Gaussian of sigma {sigma_voxel} voxels")],
        Denoise::NonLocalMeans { strength } => vec![by_noise("non-local means", strength)],
        Denoise::TotalVariation { strength } => vec![by_noise("total variation", strength)],
        Denoise::Diffusion { strength } => vec![by_noise("anisotropic diffusion", strength)],
    }
}

fn by_noise(filter: &str, strength: f64) -> String {
    format!("{filter} of strength {strength} for the noise measured")
}

const fn side(foreground: Foreground) -> &'static str {
    match foreground {
        Foreground::Bright => "solid is grey >= threshold",
        Foreground::Dark => "solid is grey < threshold",
    }
}

fn steps(options: &SegmentOptions) -> Vec<String> {
    let mut steps = denoised(options.denoise);
    let side = side(options.foreground);
    steps.push(match options.method {
        Method::Fixed { threshold } => format!("fixed threshold {threshold}, {side}"),
        Method::Otsu => format!("Otsu's threshold of the whole stack, {side}"),
        Method::OtsuPerSlice => format!("Otsu's threshold of each slice, {side}"),
        Method::Hysteresis { low, high } => format!("hysteresis between {low} and {high}, {side}"),
        Method::MultiOtsu { classes } => format!("outermost of Otsu's thresholds between {classes} classes, {side}"),
        Method::Li => format!("Li's threshold of least cross entropy, {side}"),
        Method::Triangle => format!("triangle threshold, {side}"),
        Method::MinimumError => format!("threshold of minimum error (Kittler and Illingworth), {side}"),
        Method::Sauvola { radius, k } => {
            format!("Sauvola's local threshold in cubes of {} voxels, k = {k}, {side}", 2 * radius + 1)
        }
        Method::Phansalkar { radius } => {
            format!("Phansalkar's local threshold in cubes of {} voxels, {side}", 2 * radius + 1)
        }
        Method::Watershed { seeds } => format!(
            "watershed of the gradient from {}, {}",
            match seeds {
                Some([low, high]) => format!("values below {low} and from {high} on"),
                None => "values beyond the middle between Otsu's threshold and the mean of either class".to_owned(),
            },
            match options.foreground {
                Foreground::Bright => "solid is the brighter class",
                Foreground::Dark => "solid is the darker class",
            }
        ),
        Method::MarkovField { beta } => {
            format!("two normal classes and a Markov random field, beta = {beta}, {side}")
        }
    });
    steps.extend(cleaned(options));
    steps
}

fn cleaned(options: &SegmentOptions) -> Vec<String> {
    let mut steps = Vec::new();
    if options.min_solid_voxels > 1 {
        steps.push(format!("solid pieces of fewer than {} voxels removed", options.min_solid_voxels));
    }
    match options.fill_holes {
        HoleFilling::None => {}
        HoleFilling::Enclosed => steps.push("enclosed pores filled".to_owned()),
        HoleFilling::Hollow => steps.push(
            "enclosed pores filled, and those that the box cuts but that are apart from the largest: the insides of hollow struts"
                .to_owned(),
        ),
        HoleFilling::UpTo(n) => steps.push(format!("enclosed pores of up to {n} voxels filled")),
    }
    steps
}

fn filter<T>(volume: &Volume<T>, denoise: Denoise, watch: &dyn Watch) -> Result<Option<StackData>, PipelineError>
where
    T: Sample,
    Volume<T>: Into<StackData>,
{
    Ok(match denoise {
        Denoise::None => None,
        Denoise::Median { radius } => {
            Some(filter::median(volume, radius, watch).map_err(|e| stopped(SegmentError::from(e)))?.into())
        }
        Denoise::Gaussian { sigma_voxel } => {
            Some(filter::gaussian(volume, sigma_voxel, watch).map_err(|e| stopped(SegmentError::from(e)))?.into())
        }
        Denoise::NonLocalMeans { .. } | Denoise::TotalVariation { .. } | Denoise::Diffusion { .. } => {
            let quiet = denoise.by_noise(volume, watch).map_err(|e| stopped(SegmentError::from(e)))?;
            quiet.map(StackData::F32)
        }
    })
}

/// A request to stop is nobody's mistake.
fn stopped(error: SegmentError) -> PipelineError {
    match error {
        SegmentError::Cancelled | SegmentError::Filter(filter::FilterError::Cancelled) => PipelineError::Cancelled,
        error => PipelineError::Segment(error),
    }
}

fn results(
    method: &str,
    recipe: Vec<String>,
    foreground: Foreground,
    found: &Segmentation,
    warnings: Vec<String>,
) -> SegmentResults {
    let counts = found.labels.counts();
    let voxels = found.labels.shape().len() as f64;
    let volume_fractions: BTreeMap<String, f64> = [Label::Pore, Label::Fibre]
        .into_iter()
        .map(|label| (label.name().to_owned(), counts[label as usize] as f64 / voxels))
        .collect();
    let sensitivity = found.sensitivity;
    SegmentResults {
        schema: SegmentResults::SCHEMA.to_owned(),
        volume: volume_info(found.labels.shape(), found.labels.voxel_size()),
        preparation: None,
        method: method.to_owned(),
        reason: None,
        recipe,
        recipe_toml: None,
        thresholds: found.thresholds.clone(),
        foreground: match foreground {
            Foreground::Bright => "bright",
            Foreground::Dark => "dark",
        }
        .to_owned(),
        separability: found.separability,
        volume_fractions,
        threshold_sensitivity: Some(ThresholdSensitivity {
            step: sensitivity.step,
            step_rule: match sensitivity.basis {
                StepBasis::ClassMeans => "5 % of the distance between the mean grey values of solid and pore",
                StepBasis::GreyRange => "5 % of the range of grey values",
                StepBasis::OneGreyValue => "one grey value, the least that whole numbers know",
            }
            .to_owned(),
            solid_fraction_low: sensitivity.solid_fraction_at_lower,
            solid_fraction: sensitivity.solid_fraction,
            solid_fraction_high: sensitivity.solid_fraction_at_higher,
            slope_per_grey: sensitivity.slope_per_grey,
        }),
        band: None,
        score: None,
        removed_solid_voxels: found.removed_solid_voxels,
        filled_pore_voxels: found.filled_pore_voxels,
        bridges: found.bridges.map(|b| BridgeResults {
            count: b.count,
            voxels: b.voxels,
            hanging_solid_voxels: b.hanging_voxels,
        }),
        warnings,
    }
}

fn first(thresholds: &[f64]) -> f64 {
    thresholds.first().copied().unwrap_or(f64::NAN)
}
