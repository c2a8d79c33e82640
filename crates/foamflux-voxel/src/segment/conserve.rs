//! The threshold at which rare solid has its true volume.
//!
//! Every method that balances two classes fails where one of them is rare, and a threshold half way between background and
//! solid loses the volume that blur takes from thin struts. But neither blur nor unbiased noise changes a *sum* of grey values:
//!
//! ```text
//! volume of the solid = sum over the struts and what surrounds them of (grey - background)  /  (solid - background)
//! ```
//!
//! So the level of the background is found place by place (shading), the level of the solid inside of thick places, where blur
//! does not reach, and the threshold of a lightly smoothed image is the one that holds just that volume.
//! Where the sum is not that of the solid (light seen through open pores, fringes of phase contrast), what surrounds the solid
//! differs from the background, or the threshold leaves the middle between the two levels, and the method says that it does not
//! apply instead of being wrong.
//!
//! [`LevelRule::Surroundings`] takes the level of what surrounds the solid for that of the background where they differ: for what is
//! left of a halo once its cause was taken out, as far as it is even around the struts.
//! [`LevelRule::HalfWay`] takes the levels and the middle between them, which needs no sum: for stacks whose halos are not the solid's.
//! An edge that is brighter than what it bounds, as in electron microscopes, widens the solid by that rule by as many pixels as
//! its brightness is a share of the contrast per slope: to first order it is a shift of the edge, which no image tells from one.
//!
//! On generated foams with 5 % solid, blur of 0.7 voxel and strong shading, Dice was 0.966, 0.955 and 0.946 at contrast-to-noise
//! ratios of 12, 5.7 and 3, and the volume 1.4 to 1.7, 1.6 to 2.1 and 2.6 to 3.6 % too small; without shading 0.3 %.

use foamflux_grid::{Event, Sample, Stage, Volume, Watch};
use rayon::prelude::*;

use super::{Foreground, Method, SegmentError};
use crate::bits::Bits;
use crate::cleanup::remove_small_bits;
use crate::components::Connectivity;
use crate::filter;

/// Edge of the bricks in which the level of the background is found, in voxels: wider than struts and narrower than shading.
const BRICK: usize = 32;
/// Values of a brick that are looked at; their mean is known to a sixtieth of the noise.
const LOOKED_AT: usize = 4096;
/// Values farther from the middle of their brick, in standard deviations, are taken for solid or dirt.
const CLIP: f64 = 2.0;
/// Standard deviation of a normal distribution that is cut at [`CLIP`], over that before the cut.
const CLIPPED: f64 = 0.8796;
/// Components of fewer voxels take no part in finding the levels: noise.
const SPECK: u64 = 40;
/// Voxels that are needed inside of struts to know their level.
const CORE: usize = 50;
/// Steps by which a voxel must lie inside for its grey value to be that of the solid, and the fewer that will do.
const DEPTHS: [usize; 2] = [2, 1];
/// Steps around the solid to which blur carries most of its grey values, and those to which it may carry any.
const BLURRED: usize = 2;
const AROUND: usize = 5;
/// Contrast over noise from which on little smoothing is best.
const CLEAR: f64 = 8.0;
/// Sigma of the smoothing in voxels where the image is clear, and where it is noisy.
const SMOOTHING: [f64; 2] = [0.7, 1.0];
/// Least contrast over noise.
const LEAST_CONTRAST: f64 = 2.0;
/// More solid than this share is not rare, and other methods are at home.
const RARE: f64 = 0.15;
/// Where the threshold may lie between the levels, as a share: outside, the sum of grey values is not that of the solid.
const MIDDLE: std::ops::RangeInclusive<f64> = 0.38..=0.62;

/// Most that the shell around the solid may differ from the background, as a share of the contrast. Blur and noise alone gave
/// -0.001 to 0.005, phase fringes of a tenth and a third of the contrast -0.006 and -0.024 (and a volume 2.5 and 7.4 % too small),
/// light through open pores 0.027 to 0.048 (23 to 42 % too large).
const HALO: f64 = 0.01;

/// What was found.
#[derive(Debug, Clone)]
pub struct Conserved {
    /// The image, lightly smoothed, with the background brought to one level, in grey values of the file.
    pub field: Volume<f32>,
    /// Threshold of that field.
    pub threshold: f64,
    /// Sigma of the smoothing in units of the smallest voxel edge.
    pub sigma_voxel: f64,
    /// Mean level of the background.
    pub background: f64,
    /// Largest minus smallest level of the background: shading.
    pub shading: f64,
    /// Level of the solid over that of the background; negative where the solid is dark.
    pub contrast: f64,
    /// Standard deviation of the noise in the background.
    pub noise: f64,
    /// Share of the volume that is solid.
    pub solid_fraction: f64,
    /// Mean grey value around the solid beyond the reach of blur, over the background, as a share of the contrast.
    pub halo: f64,
    /// The rule that was followed: the surroundings only where they differ from the background.
    pub rule: LevelRule,
}

/// Halo that may be left for the level of the surroundings to stand for that of the background.
const HALO_LEFT: f64 = 0.05;

/// Where the threshold lies between the levels of background and solid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelRule {
    /// Where the solid has its volume.
    Conserve,
    /// The same, with the surroundings for the background where a halo of at most a twentieth of the contrast is left of them.
    Surroundings,
    /// In the middle.
    HalfWay,
}

/// Why the method does not apply.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unsuited {
    /// No core.
    #[error("no solid is thick enough to show its grey value inside")]
    NoCore,
    /// Too noisy.
    #[error("solid and background differ by {ratio:.1} times the noise, and {LEAST_CONTRAST} are needed")]
    Noise {
        /// Contrast over noise.
        ratio: f64,
    },
    /// Not rare.
    #[error("{:.0} % of the volume is solid, which is not rare", 100.0 * share)]
    NotRare {
        /// Share of solid.
        share: f64,
    },
    /// A halo.
    #[error(
        "what surrounds the solid is {} than the background by {:.1} % of the contrast: {}",
        if *share > 0.0 { "nearer to the solid" } else { "farther from the solid" },
        100.0 * share.abs(),
        if *share > 0.0 { "light through open pores" } else { "fringes of phase contrast or sharpening" }
    )]
    Halo {
        /// Share of the contrast.
        share: f64,
    },
    /// Not conserved.
    #[error(
        "the threshold that keeps the sum of grey values lies {:.0} % of the way from background to solid: grey values around the solid are not blur (light through open pores, halos)",
        100.0 * place
    )]
    NotConserved {
        /// Share of the way.
        place: f64,
    },
}

impl Unsuited {
    /// Whether it is what surrounds the solid: another threshold between the same levels may do.
    #[must_use]
    pub const fn is_halo(self) -> bool {
        matches!(self, Unsuited::Halo { .. } | Unsuited::NotConserved { .. })
    }
}

/// Finds field and threshold.
///
/// Memory: the field, two more of its kind while it is smoothed, and three bytes per voxel.
///
/// # Errors
/// [`SegmentError`] for values that are not finite, more runs than can be counted, and on cancellation.
pub fn between_levels<T: Sample>(
    volume: &Volume<T>,
    foreground: Foreground,
    rule: LevelRule,
    watch: &dyn Watch,
) -> Result<Result<Conserved, Unsuited>, SegmentError> {
    watch.event(Event::Started { stage: Stage::Segment, what: "levels of background and solid".to_owned() });
    super::checks::image(volume, Method::Otsu, watch)?;
    let sign = if foreground == Foreground::Bright { 1.0 } else { -1.0 };
    let background = Background::of(volume, sign);
    let level = background.mean();
    let raw = background.subtracted(volume, sign);
    let stop = || if watch.cancelled() { Err(SegmentError::Cancelled) } else { Ok(()) };
    stop()?;
    let noise = background.noise;
    let smooth = filter::gaussian(&raw, SMOOTHING[1], watch)?;
    let Some(levels) = Levels::of(&raw, &smooth, rule == LevelRule::Surroundings, watch)? else {
        return Ok(Err(Unsuited::NoCore));
    };
    stop()?;
    let contrast = levels.solid - levels.background;
    // Grey values of a halo would count as solid, so that what is above the middle is what there is by the other rule.
    let filled = match rule {
        LevelRule::Conserve | LevelRule::Surroundings => levels.volume(),
        LevelRule::HalfWay => {
            let middle = 0.5 * (levels.background + levels.solid);
            smooth.as_slice().par_iter().filter(|v| f64::from(**v) >= middle).count() as f64
        }
    };
    let solid_fraction = filled / volume.shape().len() as f64;
    if solid_fraction > RARE {
        return Ok(Err(Unsuited::NotRare { share: solid_fraction }));
    }
    let ratio = contrast / noise.max(f64::MIN_POSITIVE);
    if ratio < LEAST_CONTRAST {
        return Ok(Err(Unsuited::Noise { ratio }));
    }
    let most = match rule {
        LevelRule::Conserve => HALO,
        LevelRule::Surroundings => HALO_LEFT,
        LevelRule::HalfWay => f64::INFINITY,
    };
    if levels.halo.abs() > most {
        return Ok(Err(Unsuited::Halo { share: levels.halo }));
    }
    let (field, sigma_voxel) = if ratio > CLEAR {
        drop(smooth);
        (filter::gaussian(&raw, SMOOTHING[0], watch)?, SMOOTHING[0])
    } else {
        (smooth, SMOOTHING[1])
    };
    drop(raw);
    let threshold = match rule {
        LevelRule::Conserve | LevelRule::Surroundings => holding(&field, levels.volume()),
        LevelRule::HalfWay => 0.5 * (levels.background + levels.solid),
    };
    let place = (threshold - levels.background) / contrast;
    if !MIDDLE.contains(&place) {
        return Ok(Err(Unsuited::NotConserved { place }));
    }
    let mut field = field;
    field.as_mut_slice().par_iter_mut().for_each(|v| *v = (sign * (f64::from(*v) + level)) as f32);
    Ok(Ok(Conserved {
        field,
        threshold: sign * (threshold + level),
        sigma_voxel,
        background: sign * (level + levels.background),
        shading: background.range(),
        contrast: sign * contrast,
        noise,
        solid_fraction,
        halo: levels.halo,
        rule: if levels.by_surroundings || rule == LevelRule::HalfWay { rule } else { LevelRule::Conserve },
    }))
}

/// The level of the background on a coarse grid of bricks.
pub(crate) struct Background {
    /// Bricks along z, y, x.
    bricks: [usize; 3],
    /// Voxels of a brick along z, y, x.
    edges: [f64; 3],
    levels: Vec<f64>,
    noise: f64,
}

impl Background {
    pub(crate) fn of<T: Sample>(volume: &Volume<T>, sign: f64) -> Self {
        let shape = volume.shape();
        let sizes = [shape.z, shape.y, shape.x];
        let bricks = sizes.map(|n| (n / BRICK).max(1));
        let edges: [f64; 3] = std::array::from_fn(|k| sizes[k] as f64 / bricks[k] as f64);
        let found: Vec<(f64, f64)> = (0..bricks.iter().product::<usize>())
            .into_par_iter()
            .map(|brick| {
                let at = [brick / (bricks[1] * bricks[2]), brick / bricks[2] % bricks[1], brick % bricks[2]];
                let range = |k: usize| {
                    let from = (at[k] as f64 * edges[k]) as usize;
                    from..(((at[k] + 1) as f64 * edges[k]) as usize).clamp(from + 1, sizes[k])
                };
                let (zs, ys, xs) = (range(0), range(1), range(2));
                let voxels = zs.len() * ys.len() * xs.len();
                // A stride that shares no factor with rows or planes looks everywhere alike.
                let stride = (voxels / LOOKED_AT).max(1) | 1;
                let mut values: Vec<f64> = (0..voxels)
                    .step_by(stride)
                    .map(|i| {
                        let x = xs.start + i % xs.len();
                        let y = ys.start + i / xs.len() % ys.len();
                        let z = zs.start + i / (xs.len() * ys.len());
                        sign * volume.at(z, y, x).to_f64()
                    })
                    .collect();
                clipped(&mut values)
            })
            .collect();
        // A brick that is full of solid takes the level of those around it.
        let levels = (0..found.len())
            .map(|brick| {
                let at = [brick / (bricks[1] * bricks[2]), brick / bricks[2] % bricks[1], brick % bricks[2]];
                let near = |k: usize| at[k].saturating_sub(1)..(at[k] + 2).min(bricks[k]);
                let mut around = Vec::with_capacity(27);
                for z in near(0) {
                    for y in near(1) {
                        around.extend(near(2).map(|x| found[(z * bricks[1] + y) * bricks[2] + x].0));
                    }
                }
                around.sort_by(f64::total_cmp);
                let (own, middle) = (found[brick].0, around[around.len() / 2]);
                // Shading changes little from brick to brick; what stands out by more is not background.
                if (own - middle).abs() > 2.0 * found[brick].1 { middle } else { own }
            })
            .collect();
        let mut noises: Vec<f64> = found.iter().map(|f| f.1).collect();
        noises.sort_by(f64::total_cmp);
        Background { bricks, edges, levels, noise: noises[noises.len() / 2] }
    }

    fn mean(&self) -> f64 {
        self.levels.iter().sum::<f64>() / self.levels.len() as f64
    }

    fn range(&self) -> f64 {
        let of = |start: f64, f: fn(f64, f64) -> f64| self.levels.iter().copied().fold(start, f);
        of(f64::NEG_INFINITY, f64::max) - of(f64::INFINITY, f64::min)
    }

    /// For each place along an axis the two bricks between whose centres it lies, and the weight of the second.
    fn between(&self, axis: usize, n: usize) -> Vec<(usize, usize, f64)> {
        let last = self.bricks[axis] - 1;
        (0..n)
            .map(|i| {
                let place = ((i as f64 + 0.5) / self.edges[axis] - 0.5).clamp(0.0, last as f64);
                let first = (place as usize).min(last);
                (first, (first + 1).min(last), place - first as f64)
            })
            .collect()
    }

    /// The volume without its background, bright where solid.
    pub(crate) fn subtracted<T: Sample>(&self, volume: &Volume<T>, sign: f64) -> Volume<f32> {
        let shape = volume.shape();
        let (zs, ys, xs) = (self.between(0, shape.z), self.between(1, shape.y), self.between(2, shape.x));
        let [_, by, bx] = self.bricks;
        let mut out = vec![0f32; shape.len()];
        out.par_chunks_mut(shape.y * shape.x).zip(&zs).enumerate().for_each(|(z, (plane, &(z0, z1, wz)))| {
            for ((row, source), &(y0, y1, wy)) in
                plane.chunks_exact_mut(shape.x).zip(volume.plane(z).chunks_exact(shape.x)).zip(&ys)
            {
                let line: Vec<f64> = (0..bx)
                    .map(|x| {
                        let at = |z: usize, y: usize| self.levels[(z * by + y) * bx + x];
                        let low = at(z0, y0) + wy * (at(z0, y1) - at(z0, y0));
                        let high = at(z1, y0) + wy * (at(z1, y1) - at(z1, y0));
                        low + wz * (high - low)
                    })
                    .collect();
                for ((v, s), &(x0, x1, wx)) in row.iter_mut().zip(source).zip(&xs) {
                    let level = line[x0] + wx * (line[x1] - line[x0]);
                    *v = (sign * s.to_f64() - level) as f32;
                }
            }
        });
        match volume.like(out) {
            Ok(field) => field,
            Err(_) => unreachable!("one value was written for every voxel"),
        }
    }
}

/// Mean and standard deviation of what is left when values far from the middle are cut away.
fn clipped(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let (mut middle, mut spread) = (values[n / 2], (values[n * 84 / 100] - values[n * 16 / 100]) / 2.0);
    for _ in 0..8 {
        let from = values.partition_point(|v| *v < middle - CLIP * spread);
        let to = values.partition_point(|v| *v <= middle + CLIP * spread).max(from + 1);
        let kept = &values[from..to];
        let mean = kept.iter().sum::<f64>() / kept.len() as f64;
        let variance = kept.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / kept.len() as f64;
        let next = variance.sqrt() / CLIPPED;
        let done = (mean - middle).abs() < 1e-3 * next && (next / spread - 1.0).abs() < 1e-3;
        (middle, spread) = (mean, next);
        if done || spread <= 0.0 {
            break;
        }
    }
    (middle, spread)
}

/// Levels within the volume whose background was brought to nought.
struct Levels {
    background: f64,
    solid: f64,
    /// Sum of the grey values over the background, in the solid and around it.
    excess: f64,
    /// Mean grey value of the shell beyond the reach of blur, over the background, as a share of the contrast.
    halo: f64,
    /// Whether the background is that around the solid.
    by_surroundings: bool,
}

impl Levels {
    /// With the level around the solid for the background where there is a halo, if `surroundings` may be taken for it.
    fn of(
        raw: &Volume<f32>,
        smooth: &Volume<f32>,
        surroundings: bool,
        watch: &dyn Watch,
    ) -> Result<Option<Self>, SegmentError> {
        let voxels = smooth.shape().len() as f64;
        let top = holding(smooth, 1e-3 * voxels);
        let all = Bits::matching(raw, |_| true).sum_of(raw)[0];
        let mut threshold = 0.5 * top;
        let mut found = None;
        for _ in 0..6 {
            if watch.cancelled() {
                return Err(SegmentError::Cancelled);
            }
            let mut mask = Bits::matching(smooth, |v| f64::from(*v) >= threshold);
            remove_small_bits(&mut mask, SPECK, Connectivity::Full26)?;
            let core = DEPTHS.iter().find_map(|&depth| {
                let core = (0..depth).fold(mask.clone(), |core, _| core.shrunk());
                let [sum, n] = core.sum_of(raw);
                (n >= CORE as f64).then(|| sum / n)
            });
            let Some(solid) = core else { return Ok(None) };
            let near = (0..BLURRED).fold(mask, |near, _| near.grown());
            let [blurred_sum, blurred] = near.sum_of(raw);
            let [near_sum, n] = (BLURRED..AROUND).fold(near, |near, _| near.grown()).sum_of(raw);
            let far = voxels - n;
            let away = if far > 0.0 { (all - near_sum) / far } else { 0.0 };
            let shell = (near_sum - blurred_sum) / (n - blurred).max(1.0);
            let halo = (shell - away) / (solid - away);
            let by_surroundings = surroundings && halo.abs() > HALO;
            let background = if by_surroundings { shell } else { away };
            found = Some(Levels { background, solid, excess: near_sum - n * background, halo, by_surroundings });
            let next = 0.5 * (background + solid);
            if (next - threshold).abs() < 1e-3 * (solid - background).abs() {
                break;
            }
            threshold = next;
        }
        Ok(found.filter(|l| l.solid > l.background))
    }

    /// Voxels that the solid would fill.
    fn volume(&self) -> f64 {
        self.excess / (self.solid - self.background)
    }
}

/// The threshold that as many voxels reach as are wanted, to the width of a bin.
fn holding(field: &Volume<f32>, wanted: f64) -> f64 {
    /// Bins of each of two rounds: together a ten-millionth of the range.
    const BINS: usize = 4096;
    let (low, high) = crate::threshold::range(field.as_slice());
    let (mut low, mut high, mut above) = (low, high, 0.0);
    for _ in 0..2 {
        if high <= low {
            break;
        }
        let width = (high - low) / BINS as f64;
        let counts: Vec<u64> = (0..field.shape().z)
            .into_par_iter()
            .fold(
                || vec![0u64; BINS],
                |mut counts, z| {
                    for v in field.plane(z) {
                        let v = f64::from(*v);
                        if v >= low && v <= high {
                            counts[(((v - low) / width) as usize).min(BINS - 1)] += 1;
                        }
                    }
                    counts
                },
            )
            .reduce(|| vec![0u64; BINS], |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect());
        let mut bin = BINS;
        while bin > 0 && above + counts[bin - 1] as f64 <= wanted {
            bin -= 1;
            above += counts[bin] as f64;
        }
        if bin == 0 {
            return low;
        }
        (low, high) = (low + (bin - 1) as f64 * width, low + bin as f64 * width);
    }
    high
}
