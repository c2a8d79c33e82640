//! The steps of a segmentation after denoising.

use foamflux_grid::{Event, Labels, Sample, Stage, Volume, Watch};
use rayon::prelude::*;

use super::{
    Foreground, HoleFilling, Method, SegmentError, SegmentOptions, Segmentation, StepBasis, ThresholdSensitivity,
};
use super::{local, watershed};
use crate::bits::Bits;
use crate::bridges::{Bridges, bridges};
use crate::cleanup::{fill_holes, remove_small, remove_small_bits};
use crate::components::runs::Connected;
use crate::components::{ComponentsError, Connectivity};
use crate::threshold::criteria::{self, TwoNormals};
use crate::threshold::{self, DEFAULT_BINS, Histogram, Otsu, ThresholdError, otsu};

/// Step of the sensitivity as a share of the contrast.
const SENSITIVITY_STEP: f64 = 0.05;
/// Separability below which a warning is given: a single Gaussian peak reaches 2/pi = 0.64. Synthetic foams of 3.8 %
/// solid on which Otsu failed (up to ten times the solid) had 0.54 to 0.63.
const LOW_SEPARABILITY: f64 = 0.66;
/// Valley above which the histogram is said to have no dip at the threshold. Good scans may have none either (bone,
/// polymer fibres: a long bright tail), so that this alone is a note and not a warning.
const SHALLOW_VALLEY: f64 = 0.9;
/// Share of the rarer phase below which plain Otsu is not to be trusted.
const RARE: f64 = 0.08;
/// Lone solid voxels as a share of the solid, and their least number, from which on they are called specks.
const SPECKS: (f64, u64) = (1e-3, 10);
/// Thresholds of slices that differ from their median by more than this share of the contrast are called unsteady.
const UNSTEADY: f64 = 0.25;

/// Announces a step, does it, and announces its end.
pub(super) fn step<R>(watch: &dyn Watch, what: String, work: impl FnOnce() -> R) -> R {
    watch.event(Event::Started { stage: Stage::Segment, what });
    let result = work();
    watch.event(Event::Finished { stage: Stage::Segment, outcome: String::new() });
    result
}

fn warn(watch: &dyn Watch, text: String) {
    watch.event(Event::Warning(text));
}

/// Thresholds as they are applied.
#[derive(Debug, Clone, PartialEq)]
pub enum Cut {
    /// One for the whole stack.
    Whole(f64),
    /// One for each slice.
    PerSlice(Vec<f64>),
    /// Solid beyond the nearer threshold that hangs on solid beyond the farther one.
    Hysteresis {
        /// Lower threshold.
        low: f64,
        /// Upper threshold.
        high: f64,
    },
    /// A rule for the surroundings of each voxel.
    Local {
        /// Half of the edge of the cube in voxels.
        radius: usize,
        /// The rule.
        rule: local::LocalRule,
        /// Mean of the thresholds.
        mean: f64,
    },
    /// Watershed from what lies surely on either side.
    Watershed {
        /// Values below are surely of the darker class.
        low: f64,
        /// Values from here on are surely of the brighter class.
        high: f64,
    },
    /// Two normal classes and a Markov random field.
    Field {
        /// The classes.
        classes: TwoNormals,
        /// What an unlike neighbour costs.
        beta: f64,
    },
}

impl Cut {
    /// The thresholds: one, one per slice, or the lower and the upper; the mean of local ones, and where two classes cross.
    #[must_use]
    pub fn thresholds(&self) -> Vec<f64> {
        match self {
            Cut::Whole(t) => vec![*t],
            Cut::PerSlice(t) => t.clone(),
            Cut::Hysteresis { low, high } | Cut::Watershed { low, high } => vec![*low, *high],
            Cut::Local { mean, .. } => vec![*mean],
            Cut::Field { classes, .. } => vec![classes.crossing()],
        }
    }
}

/// Threshold, sensitivity, clean-up and labels.
pub(super) fn run<T: Sample>(
    volume: &Volume<T>,
    options: &SegmentOptions,
    watch: &dyn Watch,
) -> Result<Segmentation, SegmentError> {
    let stop = || if watch.cancelled() { Err(SegmentError::Cancelled) } else { Ok(()) };
    let (cut, separability) = step(watch, "threshold".to_owned(), || find(volume, options, watch))?;
    stop()?;
    let range = threshold::range(volume.as_slice());
    warn_outside(&cut, range, watch);
    let mut mask = apply(volume, &cut, 0.0, options.foreground)?;
    let sensitivity = sensitivity(volume, &mask, &cut, options.foreground, range)?;
    warn_about_means(&cut, &sensitivity, options, watch);
    stop()?;

    let (mut removed_solid_voxels, mut filled_pore_voxels) = (0, 0);
    if options.min_solid_voxels > 1 || options.fill_holes != HoleFilling::None {
        step(watch, "clean-up".to_owned(), || -> Result<(), ComponentsError> {
            removed_solid_voxels = remove_small(&mut mask, options.min_solid_voxels, Connectivity::Full26)?.voxels;
            filled_pore_voxels = fill_holes(&mut mask, options.fill_holes)?.voxels;
            Ok(())
        })?;
    }
    stop()?;
    let solid = count(&mask);
    warn_specks(&mask, solid, watch);
    let bridges = bridges(&Bits::new(&mask)).ok();
    if let Some(found) = &bridges {
        warn_bridges(found, solid, watch);
    }
    Ok(Segmentation {
        solid_fraction: solid as f64 / mask.shape().len() as f64,
        labels: Labels::from_solid_owned(mask),
        thresholds: cut.thresholds(),
        separability,
        removed_solid_voxels,
        filled_pore_voxels,
        bridges,
        sensitivity,
        cut,
    })
}

/// Where solid is when every threshold is `shift` grey values higher, cleaned up like the labels.
///
/// # Errors
/// [`ComponentsError`] for masks with too many runs.
pub fn solid_at<T: Sample>(
    field: &Volume<T>,
    cut: &Cut,
    shift: f64,
    options: &SegmentOptions,
) -> Result<Bits, ComponentsError> {
    let bright = options.foreground == Foreground::Bright;
    let mut bits = match cut {
        Cut::Whole(t) => Bits::matching(field, |v| (v.to_f64() >= *t + shift) == bright),
        _ => Bits::new(&apply(field, cut, shift, options.foreground)?),
    };
    if options.min_solid_voxels > 1 {
        remove_small_bits(&mut bits, options.min_solid_voxels, Connectivity::Full26)?;
    }
    if options.fill_holes == HoleFilling::None {
        return Ok(bits);
    }
    let mut mask = bits.unpacked(field.voxel_size().clone());
    fill_holes(&mut mask, options.fill_holes)?;
    Ok(Bits::new(&mask))
}

/// The thresholds and, for Otsu, the separability.
fn find<T: Sample>(
    volume: &Volume<T>,
    options: &SegmentOptions,
    watch: &dyn Watch,
) -> Result<(Cut, Option<f64>), SegmentError> {
    let histogram = || Histogram::of(volume, DEFAULT_BINS);
    match options.method {
        Method::Fixed { threshold } => Ok((Cut::Whole(threshold), None)),
        Method::Hysteresis { low, high } => Ok((Cut::Hysteresis { low, high }, None)),
        Method::Otsu => {
            let found = otsu(&Histogram::of(volume, DEFAULT_BINS)?)?;
            warn_about_histogram(&found, watch);
            Ok((Cut::Whole(found.threshold), Some(found.separability)))
        }
        Method::OtsuPerSlice => per_slice(volume, watch),
        Method::Li => Ok((Cut::Whole(criteria::li(&histogram()?)?), None)),
        Method::Triangle => Ok((Cut::Whole(criteria::triangle(&histogram()?)?), None)),
        Method::MinimumError => Ok((Cut::Whole(criteria::minimum_error(&histogram()?)?), None)),
        Method::MultiOtsu { classes } => {
            let found = criteria::multi_otsu(&histogram()?, classes)?;
            let outermost = match options.foreground {
                Foreground::Bright => found.last(),
                Foreground::Dark => found.first(),
            };
            watch
                .event(Event::Note(format!("thresholds between {classes} classes: {found:?}; the outermost is taken")));
            // There are as many thresholds as classes less one.
            Ok((Cut::Whole(outermost.copied().unwrap_or(f64::NAN)), None))
        }
        Method::Sauvola { radius, k } => {
            Ok((local_cut(volume, radius, local::LocalRule::Sauvola { k }, options.foreground), None))
        }
        Method::Phansalkar { radius } => {
            Ok((local_cut(volume, radius, local::LocalRule::Phansalkar, options.foreground), None))
        }
        Method::Watershed { seeds: Some([low, high]) } => Ok((Cut::Watershed { low, high }, None)),
        Method::Watershed { seeds: None } => {
            let found = otsu(&histogram()?)?;
            warn_about_histogram(&found, watch);
            let towards = |mean: f64| 0.5 * (found.threshold + mean);
            let (low, high) = (towards(found.mean_dark), towards(found.mean_bright));
            watch.event(Event::Note(format!("seeds of the watershed: below {low} and from {high} on")));
            Ok((Cut::Watershed { low, high }, Some(found.separability)))
        }
        Method::MarkovField { beta } => Ok((Cut::Field { classes: criteria::two_normals(&histogram()?)?, beta }, None)),
    }
}

fn local_cut<T: Sample>(volume: &Volume<T>, radius: usize, rule: local::LocalRule, foreground: Foreground) -> Cut {
    let (_, mean) = local::local(volume, radius, rule, 0.0, foreground);
    Cut::Local { radius, rule, mean }
}

fn per_slice<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Cut, Option<f64>), SegmentError> {
    let found: Vec<Option<Otsu>> = (0..volume.shape().z)
        .into_par_iter()
        .map(|z| match Histogram::of_plane(volume, z, DEFAULT_BINS).and_then(|h| otsu(&h)) {
            Ok(found) => Ok(Some(found)),
            Err(ThresholdError::Constant { .. }) => Ok(None),
            Err(other) => Err(other),
        })
        .collect::<Result<_, _>>()?;
    let constant: Vec<usize> = (0..found.len()).filter(|&z| found[z].is_none()).collect();
    let mut stack = None;
    if let Some(first) = constant.first() {
        let of_stack = otsu(&Histogram::of(volume, DEFAULT_BINS)?)?.threshold;
        warn(
            watch,
            format!(
                "{} of {} slices hold one grey value only and have no threshold of their own, the first is z = {first}: they take that of the whole stack, {of_stack}. Check that they belong to the sample, or crop them away",
                constant.len(),
                found.len()
            ),
        );
        stack = Some(of_stack);
    }
    let thresholds: Vec<f64> = found.iter().filter_map(|o| o.map(|o| o.threshold).or(stack)).collect();
    let own: Vec<Otsu> = found.into_iter().flatten().collect();
    let mean = |f: fn(&Otsu) -> f64| own.iter().map(f).sum::<f64>() / own.len() as f64;
    // Slices of one value each, but not the same one: no slice has a separability.
    let separability = (!own.is_empty()).then(|| mean(|o| o.separability));
    if let Some(separability) = separability {
        let contrast = mean(|o| o.mean_bright - o.mean_dark);
        warn_about_slices(&thresholds, contrast, watch);
        warn_about_histogram(&Otsu { separability, valley: mean(|o| o.valley), ..own[0] }, watch);
    }
    Ok((Cut::PerSlice(thresholds), separability))
}

/// True where solid; all thresholds are moved by `shift`.
fn apply<T: Sample>(
    volume: &Volume<T>,
    cut: &Cut,
    shift: f64,
    foreground: Foreground,
) -> Result<Volume<bool>, ComponentsError> {
    let bright = foreground == Foreground::Bright;
    let compare = |threshold: &(dyn Fn(usize) -> f64 + Sync)| {
        let shape = volume.shape();
        let mut mask = vec![false; shape.len()];
        mask.par_chunks_mut(shape.y * shape.x).enumerate().for_each(|(z, plane)| {
            let t = threshold(z) + shift;
            for (m, v) in plane.iter_mut().zip(volume.plane(z)) {
                *m = (v.to_f64() >= t) == bright;
            }
        });
        match volume.like(mask) {
            Ok(mask) => mask,
            Err(_) => unreachable!("one value was written for every voxel"),
        }
    };
    match cut {
        Cut::Whole(t) => Ok(compare(&|_| *t)),
        Cut::PerSlice(t) => Ok(compare(&|z| t[z])),
        Cut::Hysteresis { low, high } => {
            let (weak, strong) = if bright { (*low, *high) } else { (*high, *low) };
            let mut mask = compare(&|_| weak);
            let seeds = compare(&|_| strong);
            keep_seeded(&mut mask, &seeds)?;
            Ok(mask)
        }
        Cut::Local { radius, rule, .. } => Ok(local::local(volume, *radius, *rule, shift, foreground).0),
        Cut::Watershed { low, high } => {
            let mask = watershed::watershed(volume, *low, *high, shift);
            Ok(if bright { mask } else { mask.map(|v| !v) })
        }
        Cut::Field { classes, beta } => {
            let mask = local::markov(volume, classes, *beta, shift);
            Ok(if bright { mask } else { mask.map(|v| !v) })
        }
    }
}

/// Keeps the components of the mask that hold a seed.
fn keep_seeded(mask: &mut Volume<bool>, seeds: &Volume<bool>) -> Result<(), ComponentsError> {
    let shape = mask.shape();
    let connected = {
        let values = mask.as_slice();
        Connected::of(shape, Connectivity::Face6, true, |row| &values[row])?
    };
    let mut seeded = vec![false; connected.sizes.len()];
    for (row, seeds) in seeds.as_slice().chunks_exact(shape.x).enumerate() {
        for (run, number) in connected.row(row) {
            let seeded = &mut seeded[number as usize];
            *seeded = *seeded || seeds[run.start as usize..run.end as usize].iter().any(|&s| s);
        }
    }
    mask.as_mut_slice().par_chunks_mut(shape.x).enumerate().for_each(|(row, voxels)| {
        for (run, number) in connected.row(row) {
            if !seeded[number as usize] {
                voxels[run.start as usize..run.end as usize].fill(false);
            }
        }
    });
    Ok(())
}

fn count(mask: &Volume<bool>) -> u64 {
    mask.as_slice().par_chunks(1 << 16).map(|chunk| chunk.iter().filter(|&&m| m).count() as u64).sum()
}

fn sensitivity<T: Sample>(
    volume: &Volume<T>,
    mask: &Volume<bool>,
    cut: &Cut,
    foreground: Foreground,
    range: (f64, f64),
) -> Result<ThresholdSensitivity, ComponentsError> {
    // Sums plane by plane and then in the order of the planes: the same bits for every number of threads.
    let sums: Vec<[f64; 3]> = (0..volume.shape().z)
        .into_par_iter()
        .map(|z| {
            volume.plane(z).iter().zip(mask.plane(z)).fold([0.0; 3], |[solid, all, n], (v, &m)| {
                let v = v.to_f64();
                [solid + if m { v } else { 0.0 }, all + v, n + f64::from(u8::from(m))]
            })
        })
        .collect();
    let [solid, all, n] = sums.iter().fold([0.0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
    let voxels = mask.shape().len() as f64;
    let mean_solid = (n > 0.0).then(|| solid / n);
    let mean_pore = (n < voxels).then(|| (all - solid) / (voxels - n));

    let (mut step, mut basis) = match (mean_solid, mean_pore) {
        (Some(solid), Some(pore)) => (SENSITIVITY_STEP * (solid - pore).abs(), StepBasis::ClassMeans),
        _ => (SENSITIVITY_STEP * (range.1 - range.0), StepBasis::GreyRange),
    };
    if T::IS_INTEGER && step < 1.0 {
        (step, basis) = (1.0, StepBasis::OneGreyValue);
    }
    let at = |shift: f64| Ok(count(&apply(volume, cut, shift, foreground)?) as f64 / voxels);
    let (lower, higher) = (at(-step)?, at(step)?);
    Ok(ThresholdSensitivity {
        step,
        basis,
        mean_solid,
        mean_pore,
        solid_fraction_at_lower: lower,
        solid_fraction: n / voxels,
        solid_fraction_at_higher: higher,
        slope_per_grey: if step > 0.0 { (higher - lower) / (2.0 * step) } else { 0.0 },
    })
}

fn warn_outside(cut: &Cut, (min, max): (f64, f64), watch: &dyn Watch) {
    let given = match cut {
        Cut::Whole(t) => vec![*t],
        Cut::Hysteresis { low, high } | Cut::Watershed { low, high } => vec![*low, *high],
        _ => Vec::new(),
    };
    for t in given.into_iter().filter(|t| !(min..=max).contains(t)) {
        warn(
            watch,
            format!(
                "threshold {t} lies outside of the grey values, which go from {min} to {max} after denoising: one phase is empty. Check the threshold against the type of the file (8 bit: 0 to 255, 16 bit: 0 to 65535)"
            ),
        );
    }
}

fn warn_about_histogram(found: &Otsu, watch: &dyn Watch) {
    let flank = found.valley > SHALLOW_VALLEY;
    if found.separability < LOW_SEPARABILITY {
        let dip = if flank {
            " and the histogram has no dip at the threshold, which lies on the flank of one peak: the solid fraction may be wrong by a multiple"
        } else {
            ""
        };
        warn(
            watch,
            format!(
                "Otsu's separability is {:.2} (one noisy peak without a second phase reaches 0.64){dip}. Denoise first (median), or give a threshold between the two phases",
                found.separability
            ),
        );
    } else if flank {
        watch.event(Event::Note(format!(
            "the histogram has no dip at Otsu's threshold {}: no gap between the phases fixes it, see the threshold sensitivity",
            found.threshold
        )));
    }
}

fn warn_about_slices(thresholds: &[f64], contrast: f64, watch: &dyn Watch) {
    let mut sorted = thresholds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    let far: Vec<usize> =
        (0..thresholds.len()).filter(|&z| (thresholds[z] - median).abs() > UNSTEADY * contrast).collect();
    if let Some(first) = far.first() {
        warn(
            watch,
            format!(
                "the thresholds of {} of {} slices differ from their median {median} by more than a quarter of the contrast, the first is z = {first} with {}: either the brightness drifts or these slices hold little of one phase. Compare with one threshold for the whole stack",
                far.len(),
                thresholds.len(),
                thresholds[*first]
            ),
        );
    }
}

fn warn_about_means(cut: &Cut, found: &ThresholdSensitivity, options: &SegmentOptions, watch: &dyn Watch) {
    let solid = found.solid_fraction;
    let automatic = matches!(options.method, Method::Otsu | Method::OtsuPerSlice);
    if automatic && solid.min(1.0 - solid) < RARE {
        warn(
            watch,
            format!(
                "{:.1} % of the voxels are solid with Otsu's threshold {}: Otsu expects classes of comparable size and misplaces the threshold when one of them is rare. Compare with a threshold half way between the two phases",
                100.0 * solid,
                cut.thresholds()[0]
            ),
        );
    }
}

fn warn_specks(mask: &Volume<bool>, solid: u64, watch: &dyn Watch) {
    let lone = lone_voxels(mask);
    if lone >= SPECKS.1 && lone as f64 > SPECKS.0 * solid as f64 {
        warn(
            watch,
            format!(
                "{lone} of {solid} solid voxels have no solid voxel at any of their faces: this looks like noise. Denoise first (median), or remove small solid components"
            ),
        );
    }
}

/// Share of the solid that may hang on single voxels before a warning is given.
const HANGING: f64 = 0.01;

fn warn_bridges(found: &Bridges, solid: u64, watch: &dyn Watch) {
    if found.hanging_voxels as f64 > HANGING * solid as f64 {
        warn(
            watch,
            format!(
                "{:.1} % of the solid hang on the rest by {} bridges of single voxels: what is conducted there, and which struts are joined, rests on the threshold",
                100.0 * found.hanging_voxels as f64 / solid as f64,
                found.count
            ),
        );
    }
}

/// Solid voxels without a solid voxel at any of their six faces.
fn lone_voxels(mask: &Volume<bool>) -> u64 {
    let shape = mask.shape();
    let empty = vec![false; shape.x];
    (0..shape.z * shape.y)
        .into_par_iter()
        .map(|row| {
            let (z, y) = (row / shape.y, row % shape.y);
            let row_at = |inside: bool, row: usize| -> &[bool] {
                if inside { &mask.as_slice()[row * shape.x..(row + 1) * shape.x] } else { &empty }
            };
            let here = row_at(true, row);
            let around = [
                row_at(y > 0, row.wrapping_sub(1)),
                row_at(y + 1 < shape.y, row + 1),
                row_at(z > 0, row.wrapping_sub(shape.y)),
                row_at(z + 1 < shape.z, row + shape.y),
            ];
            let touched =
                |x: usize| around.iter().any(|r| r[x]) || (x > 0 && here[x - 1]) || (x + 1 < shape.x && here[x + 1]);
            (0..shape.x).filter(|&x| here[x] && !touched(x)).count() as u64
        })
        .sum()
}
