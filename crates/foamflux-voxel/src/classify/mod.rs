//! Solid and pore from examples: a classifier that is trained on painted voxels.
//!
//! # Theory
//! A random forest (`forest.rs`) learns from features at several scales, computed in three dimensions (`features.rs`), which
//! of the painted voxels are solid. It is grown on equal numbers of either class, whatever was painted more of. Its share of
//! votes v is less certain than it is right, so that a probability is made of it, `logit p = a logit v + b`, from the votes of
//! trees on samples that they were not grown on (J. Platt, Advances in Large Margin Classifiers (1999) 61): of samples that
//! are half solid. Painted strokes do not say how much of the sample is
//! solid, but the votes over all of it do: with a solid fraction f, by Bayes,
//!
//! ```text
//! p'(x) = f p / (f p + (1 - f) (1 - p)),      f = mean of p'
//! ```
//!
//! which is solved for f by iteration (M. Saerens, P. Latinne and C. Decaestecker, Neural Computation 14 (2002) 21) on every
//! so many voxels. Without it 4 % of solid in noise come out as 5 %: every wrong vote counts the same, and there is more
//! pore to be wrong about.
//!
//! Memory: 20 bytes per voxel. The result does not depend on the number of threads.

mod features;
mod forest;
#[cfg(test)]
mod tests;

use foamflux_grid::{Event, GridError, Region, Sample, Shape, Stage, Volume, Watch};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::filter::FilterError;
use features::{COUNT, Features, Row, SCALES};
use forest::{Forest, Samples, Written};

/// Painted voxels of either class that are learnt from at most; of more, every so many.
const LEARNT: usize = 100_000;
/// Voxels across a place, within which painted voxels are alike: twice the widest filter.
const PLACE: usize = 8;
/// Fewer than this say little.
const FEW: usize = 50;
/// Voxels that the solid fraction is found from.
const ASKED: usize = 200_000;
/// Steps towards the solid fraction, and the change that ends them.
const STEPS: (usize, f64) = (200, 1e-6);
/// A share of votes is no nearer to certainty than this: half a vote of all trees.
const SURE: f64 = 1.0 / 64.0;
/// Steps of Newton's method for a and b, and the weight that holds them near 1 and 0.
const FITTED: (usize, f64) = (30, 1e-3);

/// A trained classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "File", into = "File")]
pub struct Classifier {
    forest: Forest,
    scaling: Scaling,
}

/// From shares of votes to probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scaling {
    slope: f64,
    offset: f64,
}

impl Scaling {
    /// Of votes for what is known, either class as heavy as the other.
    fn fit(votes: &[(f64, bool)]) -> Self {
        let of_solid = votes.iter().filter(|v| v.1).count() as f64;
        let of_pore = votes.len() as f64 - of_solid;
        let mut fit = Scaling { slope: 1.0, offset: 0.0 };
        for _ in 0..FITTED.0 {
            let (mut g, mut h) = ([FITTED.1 * (fit.slope - 1.0), FITTED.1 * fit.offset], [FITTED.1, 0.0, FITTED.1]);
            for &(vote, solid) in votes {
                let weight = 0.5 / if solid { of_solid } else { of_pore };
                let (x, p) = (logit(vote), fit.probability(vote));
                let off = weight * (p - f64::from(u8::from(solid)));
                let curve = weight * p * (1.0 - p);
                g = [g[0] + off * x, g[1] + off];
                h = [h[0] + curve * x * x, h[1] + curve * x, h[2] + curve];
            }
            let det = h[0] * h[2] - h[1] * h[1];
            let step = [(h[2] * g[0] - h[1] * g[1]) / det, (h[0] * g[1] - h[1] * g[0]) / det];
            if !step.iter().all(|s| s.is_finite()) {
                break;
            }
            // Shorter steps than Newton's cannot run away where classes hardly overlap.
            let most = step.iter().fold(1.0f64, |m, s| m.max(s.abs()));
            fit.slope = (fit.slope - step[0] / most).max(0.1);
            fit.offset -= step[1] / most;
        }
        fit
    }

    fn probability(self, vote: f64) -> f64 {
        1.0 / (1.0 + (-self.slope * logit(vote) - self.offset).exp())
    }
}

fn logit(vote: f64) -> f64 {
    let v = vote.clamp(SURE, 1.0 - SURE);
    (v / (1.0 - v)).ln()
}

/// What training says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The classifier.
    pub classifier: Classifier,
    /// Painted voxels of pore and solid that were learnt from.
    pub learnt: [usize; 2],
    /// Shares of those of pore and solid that trees which had not seen them took for the other. Voxels of one stroke are
    /// alike, so that others are taken wrong more often.
    pub wrong: [f64; 2],
}

/// Why nothing was trained or classified.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClassifyError {
    /// Painted voxels of another box.
    #[error("the painted image is {painted} and the stack {stack} (z,y,x): paint on the stack itself")]
    Shape {
        /// Its shape.
        painted: Shape,
        /// That of the grey values.
        stack: Shape,
    },
    /// A class without examples.
    #[error(
        "{painted} voxels are painted as {class} (value {value}), at least {FEW} are needed: paint some strokes of either \
         class, 1 for pore and 2 for solid, and leave all other voxels 0"
    )]
    Few {
        /// Pore or solid.
        class: &'static str,
        /// Value in the painted image.
        value: u8,
        /// How many there are.
        painted: usize,
    },
    /// A value that is no class.
    #[error("voxel (z,y,x) {at:?} is painted with {value}: 1 is pore, 2 is solid, and 0 is not painted")]
    Value {
        /// Where the first one is.
        at: (usize, usize, usize),
        /// What it is.
        value: f64,
    },
    /// A file that is no classifier of this program.
    #[error("the classifier cannot be used: {message}")]
    Model {
        /// What is wrong.
        message: String,
    },
    /// Voxels that are not finite, or a request to stop.
    #[error(transparent)]
    Filter(#[from] FilterError),
}

/// Value of pore in a painted image.
pub const PAINTED_PORE: u8 = 1;
/// Value of solid in a painted image.
pub const PAINTED_SOLID: u8 = 2;

/// Painted voxels: 1 is pore, 2 is solid, and 0 is not painted.
#[derive(Debug, Clone, PartialEq)]
pub struct Painted(Volume<u8>);

impl Painted {
    /// Takes over an image of any type.
    ///
    /// # Errors
    /// [`ClassifyError::Value`] for the first voxel with another value.
    pub fn new<T: Sample>(image: &Volume<T>) -> Result<Self, ClassifyError> {
        let values = [0, PAINTED_PORE, PAINTED_SOLID].map(f64::from);
        let known = |value: f64| values.iter().any(|v| (value - v).abs() < 1e-9);
        match image.as_slice().iter().map(|v| v.to_f64()).enumerate().find(|&(_, v)| !known(v)) {
            Some((at, value)) => Err(ClassifyError::Value { at: image.shape().zyx_of(at), value }),
            None => Ok(Painted(image.map(|v| v.to_f64() as u8))),
        }
    }

    /// The part of a box.
    ///
    /// # Errors
    /// [`GridError`] for a region that is not in the box.
    pub fn crop(&self, region: Region) -> Result<Self, GridError> {
        self.0.crop(region).map(Painted)
    }

    /// Shape in voxels.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.0.shape()
    }
}

/// Trains on the voxels painted as pore and solid.
///
/// # Errors
/// [`ClassifyError`].
pub fn train<T: Sample>(volume: &Volume<T>, painted: &Painted, watch: &dyn Watch) -> Result<Trained, ClassifyError> {
    if painted.shape() != volume.shape() {
        return Err(ClassifyError::Shape { painted: painted.shape(), stack: volume.shape() });
    }
    let shape = volume.shape();
    let mut places = [Vec::new(), Vec::new()];
    for (i, &value) in painted.0.as_slice().iter().enumerate() {
        match value {
            PAINTED_PORE => places[0].push(i),
            PAINTED_SOLID => places[1].push(i),
            _ => {}
        }
    }
    for (places, (class, value)) in places.iter_mut().zip([("pore", PAINTED_PORE), ("solid", PAINTED_SOLID)]) {
        if places.len() < FEW {
            return Err(ClassifyError::Few { class, value, painted: places.len() });
        }
        let every = places.len().div_ceil(LEARNT);
        *places = places.iter().copied().step_by(every).collect();
    }
    watch.event(Event::Started { stage: Stage::Segment, what: "training".to_owned() });
    let features = Features::new(volume, watch)?;
    let learnt = [places[0].len(), places[1].len()];
    let mut known: Vec<(usize, bool)> =
        places.iter().zip([false, true]).flat_map(|(p, solid)| p.iter().map(move |&i| (i, solid))).collect();
    known.sort_unstable();
    let samples = Samples {
        values: values(&features, &known.iter().map(|k| k.0).collect::<Vec<_>>()),
        solid: known.iter().map(|k| k.1).collect(),
        place: known.iter().map(|k| place(shape, k.0)).collect(),
    };
    drop(features);
    if watch.cancelled() {
        return Err(FilterError::Cancelled.into());
    }
    let (forest, unseen) = Forest::grow(&samples);
    let votes: Vec<(f64, bool)> =
        unseen.iter().zip(&samples.solid).filter_map(|(v, &solid)| v.map(|v| (f64::from(v), solid))).collect();
    let scaling = Scaling::fit(&votes);
    let share = |solid: bool| {
        let own = votes.iter().filter(|v| v.1 == solid);
        let wrong = own.clone().filter(|v| (scaling.probability(v.0) > 0.5) != solid).count();
        wrong as f64 / own.count().max(1) as f64
    };
    Ok(Trained { classifier: Classifier { forest, scaling }, learnt, wrong: [share(false), share(true)] })
}

/// Which cube of [`PLACE`] voxels a voxel is in, as a number whose bits look random.
fn place(shape: Shape, voxel: usize) -> u64 {
    let (z, y, x) = shape.zyx_of(voxel);
    [z, y, x]
        .iter()
        .fold(0, |key, &v| (key ^ ((v / PLACE) as u64 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
}

/// The features of voxels by ascending place.
fn values<T: Sample>(features: &Features<'_, T>, places: &[usize]) -> Vec<[f32; COUNT]> {
    let n = features.shape().x;
    let rows: Vec<&[usize]> = places.chunk_by(|a, b| a / n == b / n).collect();
    let of_row = |row: &mut Row, places: &&[usize]| {
        let (z, y, _) = features.shape().zyx_of(places[0]);
        features.row(z, y, row);
        places.iter().map(|i| row.of(i % n)).collect::<Vec<_>>()
    };
    let all: Vec<Vec<[f32; COUNT]>> = rows.par_iter().map_init(|| Row::new(n), of_row).collect();
    all.concat()
}

/// What a classifier says of a stack.
#[derive(Debug, Clone)]
pub struct Classified {
    /// Probability that a voxel is solid.
    pub probability: Volume<f32>,
    /// Solid fraction that the probabilities were taken for: their mean.
    pub solid_fraction: f64,
    /// Probability from which on voxels are that fraction of the stack.
    pub level: f64,
}

impl Classifier {
    /// The probability of every voxel to be solid.
    ///
    /// # Errors
    /// [`ClassifyError::Filter`] for voxels that are not finite and on cancellation.
    pub fn classify<T: Sample>(&self, volume: &Volume<T>, watch: &dyn Watch) -> Result<Classified, ClassifyError> {
        watch.event(Event::Started { stage: Stage::Segment, what: "classifier".to_owned() });
        let features = Features::new(volume, watch)?;
        let shape = volume.shape();
        let mut probability = Volume::from_fn(shape, volume.voxel_size().clone(), |_, _, _| 0f32);
        let n = shape.x;
        probability.as_mut_slice().par_chunks_mut(n).enumerate().try_for_each_init(
            || Row::new(n),
            |row, (r, out)| {
                let (z, y) = (r / shape.y, r % shape.y);
                if y == 0 && watch.cancelled() {
                    return Err(FilterError::Cancelled);
                }
                features.row(z, y, row);
                self.forest.vote(&row.values, out);
                Ok(())
            },
        )?;
        drop(features);
        let every = shape.len().div_ceil(ASKED);
        probability.as_mut_slice().par_iter_mut().for_each(|p| *p = self.scaling.probability(f64::from(*p)) as f32);
        let asked: Vec<f64> = probability.as_slice().iter().step_by(every).map(|&p| f64::from(p)).collect();
        let solid_fraction = fraction(&asked);
        probability.as_mut_slice().par_iter_mut().for_each(|p| {
            *p = posterior(f64::from(*p), solid_fraction) as f32;
        });
        watch.event(Event::Finished { stage: Stage::Segment, outcome: String::new() });
        let level = level(probability.as_slice(), solid_fraction);
        Ok(Classified { probability, solid_fraction, level })
    }
}

/// The level that so large a share of the values reaches, to a bin, and not nearer to certainty than [`LEVELS`].
fn level(values: &[f32], share: f64) -> f64 {
    const BINS: usize = 1000;
    let count = |mut bins: Vec<u64>, &p: &f32| {
        bins[((f64::from(p) * BINS as f64) as usize).min(BINS - 1)] += 1;
        bins
    };
    let add = |a: Vec<u64>, b: Vec<u64>| a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let bins = values.par_iter().fold(|| vec![0; BINS], count).reduce(|| vec![0; BINS], add);
    let wanted = share * values.len() as f64;
    let mut above = 0.0;
    for bin in (0..BINS).rev() {
        above += bins[bin] as f64;
        if above >= wanted {
            return (bin as f64 / BINS as f64).clamp(LEVELS.0, LEVELS.1);
        }
    }
    LEVELS.0
}

fn posterior(p: f64, fraction: f64) -> f64 {
    let solid = fraction * p;
    solid / (solid + (1.0 - fraction) * (1.0 - p))
}

/// The solid fraction that is the mean of its own probabilities.
fn fraction(votes: &[f64]) -> f64 {
    let mut fraction = 0.5;
    for _ in 0..STEPS.0 {
        let mean = votes.iter().map(|&p| posterior(p, fraction)).sum::<f64>() / votes.len().max(1) as f64;
        let change = (mean - fraction).abs();
        fraction = mean;
        if change < STEPS.1 {
            break;
        }
    }
    fraction
}

/// A voxel that is solid is so with at least the first probability, and all with the second are.
const LEVELS: (f64, f64) = (0.1, 0.9);

/// Version of the features.
const VERSION: u32 = 1;

/// A classifier as it is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    features: u32,
    scales: Vec<f64>,
    scaling: Scaling,
    tree: Written,
}

impl From<Classifier> for File {
    fn from(classifier: Classifier) -> Self {
        File { features: VERSION, scales: SCALES.to_vec(), scaling: classifier.scaling, tree: classifier.forest.into() }
    }
}

impl TryFrom<File> for Classifier {
    type Error = ClassifyError;

    fn try_from(file: File) -> Result<Self, ClassifyError> {
        let same =
            file.scales.len() == SCALES.len() && file.scales.iter().zip(SCALES).all(|(a, b)| (a - b).abs() < 1e-9);
        if file.features != VERSION || !same {
            let message = format!(
                "it was trained on features of version {} at scales {:?}, and this program has version {VERSION} at {SCALES:?}",
                file.features, file.scales
            );
            return Err(ClassifyError::Model { message });
        }
        if !(file.scaling.slope.is_finite() && file.scaling.offset.is_finite()) {
            return Err(ClassifyError::Model { message: "its scaling is not finite".to_owned() });
        }
        Ok(Classifier { forest: file.tree.try_into()?, scaling: file.scaling })
    }
}
