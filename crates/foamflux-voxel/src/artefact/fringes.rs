//! Bright and dark rims that phase contrast leaves along edges of a tomogram.
//!
//! ```text
//! seen = b + e (b - G_w b)                     b: absorption, G_w: Gaussian of width w
//! (1 + e - e G_w) b = seen                     solved for b
//! ```
//!
//! For rims narrower than what they surround this is the low-pass of D. Paganin and others (J. Microsc. 206, 33, 2002),
//! `1 / (1 + e w^2 k^2 / 2)`, which inverts propagation over one distance; the Gaussian keeps what is wider than the rims where
//! it is.
//! Strength and width are those of the dark rim outside of the solid, beyond the reach of blur: there `seen` lies below the
//! background by `e` times the contrast times `G_w` of the solid, which is fitted by least squares for each of a few widths.
//! Light that makes the surroundings brighter is no fringe and is left alone.

use foamflux_grid::{Region, Sample, Shape, Volume, VoxelSize, Watch};
use rayon::prelude::*;

use super::{ArtefactError, Found, VISIBLE};
use crate::distance::{Border, distance};
use crate::filter;
use crate::segment::{Conserved, Foreground, LevelRule, between_levels};
use crate::threshold::{DEFAULT_BINS, Histogram, otsu};

/// Widths that are tried, in voxels.
const WIDTHS: [f64; 6] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0];
/// Distances from the solid that are looked at: blur ends before, and fringes within.
const LOOKED_AT: std::ops::RangeInclusive<f32> = 2.5..=REACH;
const REACH: f32 = 10.0;
/// Weakest fringes that are worth a correction.
const WEAKEST: f64 = 0.02;
/// Strongest fringes that are believed.
pub const STRONGEST_FRINGES: f64 = 1.5;
/// What the correction may leave, in parts of the contrast: an eight-bit image of two phases is rounded more coarsely.
const REST: f64 = 1e-3;
/// Smoothing in voxels before the solid is found.
const SMOOTHING: f64 = 1.0;
/// Voxels that are needed.
const FEW: f64 = 1000.0;
/// Edge in voxels of the box in the middle of the stack in which strength and width are found: of rare struts it holds some tens
/// of thousands of voxels, which give the strength to a hundredth.
const BOX: usize = 128;

/// Takes fringes out.
///
/// The strength is `e`, and the noise its standard error.
///
/// # Errors
/// [`ArtefactError::Cancelled`].
pub fn fringes<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Result<(Volume<T>, Found), ArtefactError> {
    let middle = middle(volume.shape());
    let part = if middle == volume.shape().region() { None } else { volume.crop(middle).ok() };
    let mut rims = match &part {
        Some(part) => Rims::of(part, middle, volume.shape(), watch)?,
        None => None,
    };
    if rims.is_none() {
        // What is rare may be elsewhere.
        rims = Rims::of(volume, volume.shape().region(), volume.shape(), watch)?;
    }
    let Some(Rims { strength, width, noise }) = rims else {
        return Ok((volume.clone(), Found { strength: 0.0, noise: 0.0, corrected: false }));
    };
    let found = Found { strength, noise, corrected: false };
    if strength < WEAKEST.max(2.0 * VISIBLE * noise) || strength > STRONGEST_FRINGES {
        return Ok((volume.clone(), found));
    }
    Ok((absorption(volume, strength, width, watch)?, Found { corrected: true, ..found }))
}

/// The box in the middle of a stack.
fn middle(shape: Shape) -> Region {
    let range = |n: usize| (n.saturating_sub(BOX) / 2, n.saturating_sub(BOX) / 2 + n.min(BOX));
    let ((x0, x1), (y0, y1), (z0, z1)) = (range(shape.x), range(shape.y), range(shape.z));
    Region { z0, z1, y0, y1, x0, x1 }
}

/// Fringes as they were found.
struct Rims {
    strength: f64,
    /// In voxels.
    width: f64,
    /// Standard error of the strength.
    noise: f64,
}

impl Rims {
    /// Of a part of a stack, which lies at `place` in the whole; `None` where there are no two phases.
    fn of<T: Sample>(
        part: &Volume<T>,
        place: Region,
        whole: Shape,
        watch: &dyn Watch,
    ) -> Result<Option<Rims>, ArtefactError> {
        // A solid of any grey values looks the same when it is the bright one of the two phases; the rare phase is the solid.
        let Some(solid) = Solid::of(part, watch) else { return Ok(None) };
        let Some(first) = Rims::around(&solid, &WIDTHS, part, (place, whole), watch)? else { return Ok(None) };
        if !(WEAKEST..=STRONGEST_FRINGES).contains(&first.strength) {
            return Ok(Some(first));
        }
        // The solid half way between levels that fringes lifted is too small, and the strength for its size too large by a third:
        // once more with the volume that is found without them.
        let mended = absorption(part, first.strength, first.width, watch)?;
        let Ok(Ok(found)) = between_levels(&mended, solid.foreground, LevelRule::Surroundings, watch) else {
            return Ok(Some(first));
        };
        let solid = Solid::cut(&found, solid.foreground);
        let near: Vec<f64> = WIDTHS.into_iter().filter(|w| (0.7..1.5).contains(&(w / first.width))).collect();
        Ok(Rims::around(&solid, &near, part, (place, whole), watch)?.or(Some(first)))
    }

    /// By the rim around a solid, which lies at a place in the whole.
    fn around<T: Sample>(
        solid: &Solid,
        widths: &[f64],
        part: &Volume<T>,
        (place, whole): (Region, Shape),
        watch: &dyn Watch,
    ) -> Result<Option<Rims>, ArtefactError> {
        let Solid { mask, contrast, .. } = solid;
        let away = distance(&mask.map(|v| !v), Border::Open);
        // Numbers of voxels, as the widths are.
        let edge = mask.spacing().min_edge() as f32;
        let body = mask.map(|v| f32::from(u8::from(*v))).with_voxel_size(VoxelSize::Unknown);
        // Where the part was cut off the solid beyond is not seen.
        let cut = |first: usize, last: usize, n: usize| {
            let reach = REACH as usize;
            let from = if first > 0 { reach } else { 0 };
            from..(last - first).saturating_sub(if last < n { reach } else { 0 }).max(from)
        };
        let xs = cut(place.x0, place.x1, whole.x);
        let (ys, zs) = (cut(place.y0, place.y1, whole.y), cut(place.z0, place.z1, whole.z));
        let mut best: Option<(f64, Rims)> = None;
        for &width in widths {
            if watch.cancelled() {
                return Err(ArtefactError::Cancelled);
            }
            let spread = filter::gaussian(&body, width, watch).map_err(|_| ArtefactError::Cancelled)?;
            let planes: Vec<[f64; 6]> = zs
                .clone()
                .into_par_iter()
                .map(|z| {
                    let mut sums = [0.0; 6];
                    for y in ys.clone() {
                        let row = y * part.shape().x + xs.start..y * part.shape().x + xs.end;
                        let values = part.plane(z)[row.clone()].iter().zip(&spread.plane(z)[row.clone()]);
                        for ((v, g), d) in values.zip(&away.plane(z)[row]) {
                            if LOOKED_AT.contains(&(*d / edge)) {
                                let (y, x) = (v.to_f64(), f64::from(*g));
                                let terms = [1.0, x, y, x * x, x * y, y * y];
                                sums.iter_mut().zip(terms).for_each(|(s, t)| *s += t);
                            }
                        }
                    }
                    sums
                })
                .collect();
            let [n, x, y, xx, xy, yy] = planes.iter().fold([0.0; 6], |a, b| std::array::from_fn(|k| a[k] + b[k]));
            let (sxx, sxy, syy) = (xx - x * x / n, xy - x * y / n, yy - y * y / n);
            if n < FEW || sxx <= 0.0 {
                continue;
            }
            let slope = sxy / sxx;
            let rest = (syy - slope * sxy).max(0.0);
            let error = (rest / (n - 2.0) / sxx).sqrt();
            if best.as_ref().is_none_or(|b| rest < b.0) {
                best = Some((rest, Rims { strength: -slope / contrast, width, noise: error / contrast.abs() }));
            }
        }
        Ok(best.map(|(_, rims)| rims))
    }
}

/// What absorbs, by Chebyshev's iteration (Y. Saad, *Iterative Methods for Sparse Linear Systems*, 2003, section 12.3.2).
///
/// `1 + e - e G_w` has its eigenvalues between 1 and 1 + e, so that three rounds do for common fringes and five for the strongest.
fn absorption<T: Sample>(
    seen: &Volume<T>,
    strength: f64,
    width: f64,
    watch: &dyn Watch,
) -> Result<Volume<T>, ArtefactError> {
    let root = (1.0 + strength).sqrt();
    // To begin with the image itself is off by e / (1 + e) of the contrast at most.
    let start = 2.0 * strength / (1.0 + strength);
    let rounds = ((REST / start).ln() / ((root - 1.0) / (root + 1.0)).ln()).ceil().max(1.0) as usize;
    let (centre, half) = (1.0 + 0.5 * strength, 0.5 * strength);
    let e = strength as f32;
    let mut now = seen.map(|v| v.to_f32()).with_voxel_size(VoxelSize::Unknown);
    let mut before = now.clone();
    let mut step = 1.0;
    for round in 0..rounds {
        if round > 0 {
            let square = (half / centre).powi(2);
            step = 1.0 / (1.0 - 0.25 * square * if round == 1 { 2.0 } else { step });
        }
        let spread = filter::gaussian(&now, width, watch).map_err(|_| ArtefactError::Cancelled)?;
        let (step, per) = (step as f32, (1.0 / centre) as f32);
        let given = seen.as_slice().par_iter().zip(spread.as_slice()).zip(now.as_slice());
        before.as_mut_slice().par_iter_mut().zip(given).for_each(|(before, ((seen, spread), now))| {
            let rest = seen.to_f32() - now - e * (now - spread);
            *before += step * (now + per * rest - *before);
        });
        std::mem::swap(&mut now, &mut before);
    }
    let mut out = seen.clone();
    out.as_mut_slice().par_iter_mut().zip(now.as_slice()).for_each(|(v, b)| *v = T::from_f64(f64::from(*b)));
    Ok(out)
}

/// Where the rarer phase is.
struct Solid {
    mask: Volume<bool>,
    foreground: Foreground,
    /// Its grey level over that of the other.
    contrast: f64,
}

impl Solid {
    /// `None` where there are no two phases.
    fn of<T: Sample>(volume: &Volume<T>, watch: &dyn Watch) -> Option<Self> {
        for foreground in [Foreground::Bright, Foreground::Dark] {
            if let Ok(Ok(found)) = between_levels(volume, foreground, LevelRule::HalfWay, watch) {
                let solid = Self::cut(&found, foreground);
                return solid.mask.as_slice().contains(&true).then_some(solid);
            }
        }
        let smooth = filter::gaussian(volume, SMOOTHING, watch).ok()?;
        let found = otsu(&Histogram::of(&smooth, DEFAULT_BINS).ok()?).ok()?;
        let bright = found.bright_fraction <= 0.5;
        let contrast = if bright { 1.0 } else { -1.0 } * (found.mean_bright - found.mean_dark);
        let mask = smooth.map(|v| (f64::from(*v) >= found.threshold) == bright);
        Some(Solid { mask, foreground: if bright { Foreground::Bright } else { Foreground::Dark }, contrast })
    }

    fn cut(found: &Conserved, foreground: Foreground) -> Self {
        let bright = foreground == Foreground::Bright;
        let mask = found.field.map(|v| (f64::from(*v) >= found.threshold) == bright);
        Solid { mask, foreground, contrast: found.contrast }
    }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::Silent;

    use super::*;

    #[test]
    fn the_inverse_is_as_good_as_it_says() {
        let shape = Shape::new(9, 20, 31).unwrap();
        let mut state = 3u32;
        let plain = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, x| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if x < 15 || state >> 30 == 0 { 1f32 } else { 0.0 }
        });
        for (strength, width) in [(0.03, 1.0), (0.35, 2.0), (1.5, 4.0)] {
            let spread = filter::gaussian(&plain, width, &Silent).unwrap();
            let mut seen = plain.clone();
            seen.as_mut_slice().iter_mut().zip(spread.as_slice()).for_each(|(v, g)| *v += strength as f32 * (*v - g));
            let found = absorption(&seen, strength, width, &Silent).unwrap();
            let off = found.as_slice().iter().zip(plain.as_slice()).map(|(a, b)| f64::from((a - b).abs()));
            // The bound is one of root mean squares, which single voxels may pass.
            let square = off.map(|d| d * d).sum::<f64>() / shape.len() as f64;
            assert!(square.sqrt() < REST, "{strength} {width}: {}", square.sqrt());
        }
    }

    #[test]
    fn the_box_in_the_middle_is_inside() {
        let box_of = |z, y, x| middle(Shape::new(z, y, x).unwrap());
        assert_eq!(box_of(128, 20, 1), Region { z0: 0, z1: 128, y0: 0, y1: 20, x0: 0, x1: 1 });
        assert_eq!(box_of(129, 256, 1000), Region { z0: 0, z1: 128, y0: 64, y1: 192, x0: 436, x1: 564 });
    }
}
