//! How far the threshold could have lain elsewhere: the band that an image leaves open.
//!
//! ```text
//! w^2 = (T - (p + s) / 2)^2  +  (u_p^2 + u_s^2) / 4  +  (sigma^2 / (s - p)  ln(P / S))^2
//! ```
//!
//! `T` is the threshold that was taken, `p` and `s` the grey levels of pore and solid away from their boundary, `u` how well
//! these levels are known, `sigma` the noise of the field that was cut and `P`, `S` the shares of pore and solid.
//!
//! - *Rule.* A sharp boundary under a symmetric point spread lies half-way between the levels (`(p + s) / 2`), whatever the
//!   method made of the histogram; where the method had a reason to go elsewhere, the two rules are both defensible.
//! - *Levels.* Shading, rings and hardening make a level differ from place to place. Means of bricks of 32 voxels are taken
//!   as independent, so that what varies slowly counts as what it is: the standard error of the level is that of a mean over
//!   clusters (W. Cochran, *Sampling Techniques*, 1977, section 9), not that of millions of independent voxels.
//! - *Noise.* For two normal classes the fewest voxels are misjudged at the threshold of minimum error (J. Kittler and
//!   J. Illingworth, Pattern Recognition 19, 41, 1986), which noise and unequal shares move away from half-way by the last
//!   term. It is nothing for a field that was well smoothed.
//!
//! The three have different causes and add as squares. All thresholds of a method move together by `w`.
//!
//! What is not in the band: artefacts that make the solid look thicker or thinner everywhere alike (fringes of phase
//! contrast, light through open pores), which no threshold repairs.

use foamflux_grid::{Sample, Volume};
use rayon::prelude::*;

use super::steps::Cut;
use crate::bits::{Bits, runs};

/// Edge of the bricks whose means count as independent.
const BRICK: usize = 32;
/// Steps by which a voxel lies away from the boundary, the most that leave [`CORE`] voxels.
const DEPTHS: [usize; 3] = [3, 2, 1];
/// Voxels that are needed to know a level.
const CORE: u64 = 50;

/// The band and what it is made of, in grey values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// How far every threshold may lie higher or lower.
    pub half_width: f64,
    /// Part of it: the threshold is not half-way between the levels.
    pub rule: f64,
    /// Part of it: the levels differ from place to place.
    pub levels: f64,
    /// Part of it: noise and unequal shares move the threshold of fewest errors.
    pub noise: f64,
    /// Level of the pore.
    pub pore_level: f64,
    /// Level of the solid.
    pub solid_level: f64,
    /// Standard deviation of the noise within the phases.
    pub sigma: f64,
}

/// Level, its standard error, and the noise around it.
struct Level {
    mean: f64,
    error: f64,
    variance: f64,
}

/// The band of a field that was cut into a mask; `None` where a phase is absent or the levels are equal.
#[must_use]
pub fn band<T: Sample>(field: &Volume<T>, solid: &Bits, cut: &Cut) -> Option<Band> {
    let share = solid.count() as f64 / solid.shape().len() as f64;
    let (of_pore, of_solid) = (level(field, solid.inverted())?, level(field, solid.clone())?);
    let contrast = of_solid.mean - of_pore.mean;
    if contrast.abs() <= 0.0 || !contrast.is_finite() {
        return None;
    }
    let thresholds = cut.thresholds();
    let taken = thresholds.iter().sum::<f64>() / thresholds.len() as f64;
    let variance = 0.5 * (of_pore.variance + of_solid.variance);
    let rule = (taken - 0.5 * (of_pore.mean + of_solid.mean)).abs();
    let levels = 0.5 * of_pore.error.hypot(of_solid.error);
    let noise = (variance / contrast * ((1.0 - share) / share).ln()).abs();
    // Whole numbers know nothing between two grey values.
    let least = if T::IS_INTEGER { 1.0 } else { 0.0 };
    Some(Band {
        half_width: rule.hypot(levels).hypot(noise).max(least),
        rule,
        levels,
        noise,
        pore_level: of_pore.mean,
        solid_level: of_solid.mean,
        sigma: variance.sqrt(),
    })
}

/// The level of a phase away from its boundary.
fn level<T: Sample>(field: &Volume<T>, phase: Bits) -> Option<Level> {
    let mut shrunk = vec![phase];
    for depth in 1..=DEPTHS[0] {
        let next = shrunk[depth - 1].shrunk();
        shrunk.push(next);
    }
    DEPTHS.iter().chain(&[0]).find_map(|&depth| {
        let bricks = bricks(field, &shrunk[depth]);
        let needed = if depth > 0 { CORE } else { 1 };
        (bricks.iter().map(|b| b.count).sum::<u64>() >= needed).then(|| of_bricks(&bricks))
    })
}

#[derive(Debug, Clone, Copy, Default)]
struct Brick {
    count: u64,
    sum: f64,
    square: f64,
}

/// Sums by brick, each in memory order, so that threads do not matter.
fn bricks<T: Sample>(field: &Volume<T>, mask: &Bits) -> Vec<Brick> {
    let shape = field.shape();
    let [nz, ny, nx] = [shape.z, shape.y, shape.x].map(|n| (n / BRICK).max(1));
    let of = |i: usize, n: usize, bricks: usize| i * bricks / n;
    (0..nz)
        .into_par_iter()
        .map(|bz| {
            let mut row = vec![Brick::default(); ny * nx];
            // The middle of the phase's grey values would do as well: sums of squares need a nearby zero.
            let zero = field.as_slice()[0].to_f64();
            for z in (0..shape.z).filter(|z| of(*z, shape.z, nz) == bz) {
                for (y, values) in field.plane(z).chunks_exact(shape.x).enumerate() {
                    let row = &mut row[of(y, shape.y, ny) * nx..];
                    for x in runs(mask.row(z * shape.y + y)).flatten() {
                        let brick = &mut row[of(x, shape.x, nx)];
                        let v = values[x].to_f64() - zero;
                        brick.count += 1;
                        brick.sum += v;
                        brick.square += v * v;
                    }
                }
            }
            for brick in &mut row {
                let n = brick.count as f64;
                brick.square -= if n > 0.0 { brick.sum * brick.sum / n } else { 0.0 };
                brick.sum += n * zero;
            }
            row
        })
        .flatten_iter()
        .filter(|b| b.count > 0)
        .collect()
}

/// Mean over clusters with its standard error; `square` is the sum of squares about the brick's own mean.
fn of_bricks(bricks: &[Brick]) -> Level {
    let n: f64 = bricks.iter().map(|b| b.count as f64).sum();
    let mean = bricks.iter().map(|b| b.sum).sum::<f64>() / n;
    let variance = bricks.iter().map(|b| b.square).sum::<f64>().max(0.0) / n;
    let clusters = bricks.len() as f64;
    let error = if bricks.len() > 1 {
        let far: f64 = bricks.iter().map(|b| (b.sum - b.count as f64 * mean).powi(2)).sum();
        (far * clusters / (clusters - 1.0)).sqrt() / n
    } else {
        (variance / n).sqrt()
    };
    Level { mean, error, variance }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::{Shape, VoxelSize};

    use super::*;

    /// Walls of 8 in 32 along x with levels 50 and 150, and `more` on top.
    fn walls(more: impl Fn(usize, usize, usize) -> f32) -> (Volume<f32>, Bits) {
        let shape = Shape::cube(64).unwrap();
        let solid = Volume::from_fn(shape, VoxelSize::Unknown, |_, _, x| x % 32 < 8);
        let field = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
            (if x % 32 < 8 { 150.0 } else { 50.0 }) + more(z, y, x)
        });
        (field, Bits::new(&solid))
    }

    /// A step of noise of plus or minus `a`, without memory.
    fn noise(a: f32) -> impl Fn(usize, usize, usize) -> f32 {
        move |z, y, x| {
            let mut h = (z * 64 + y) as u64 * 64 + x as u64;
            for _ in 0..3 {
                h = (h ^ (h >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            }
            if h >> 63 == 0 { a } else { -a }
        }
    }

    #[test]
    fn nothing_is_open_where_nothing_varies_and_the_threshold_is_half_way() {
        let (field, solid) = walls(|_, _, _| 0.0);
        let b = band(&field, &solid, &Cut::Whole(100.0)).unwrap();
        assert!(b.half_width < 1e-9, "{b:?}");
        assert_eq!((b.pore_level, b.solid_level), (50.0, 150.0));
    }

    #[test]
    fn each_part_is_what_it_says() {
        // A threshold of 90 is 10 from half-way.
        let (field, solid) = walls(|_, _, _| 0.0);
        let b = band(&field, &solid, &Cut::Whole(90.0)).unwrap();
        assert!((b.rule - 10.0).abs() < 1e-9 && (b.half_width - 10.0).abs() < 1e-9, "{b:?}");
        // sigma^2 / contrast ln(3) for sigma = 20, a contrast of 100 and a quarter of solid.
        let (field, solid) = walls(noise(20.0));
        let b = band(&field, &solid, &Cut::Whole(100.0)).unwrap();
        assert!((b.noise / (4.0 * 3f64.ln()) - 1.0).abs() < 0.02 && (b.sigma - 20.0).abs() < 0.2, "{b:?}");
        // Independent noise is known well: 64^3 / 4 voxels, fewer away from the boundary.
        assert!(b.levels < 0.5, "{b:?}");
        // Half of the 8 bricks are 8 brighter: each level is known to 4 / sqrt(7) where bricks are alike. Voxels three steps
        // inside lie 5 and 2 deep in the bricks of the solid, 18 and 21 in those of the pore.
        let unlike = |a: f64, b: f64| 2.0 * (a * a + b * b) / (a + b).powi(2);
        let expected = 0.5 * (16.0 / 7.0 * (unlike(5.0, 2.0) + unlike(18.0, 21.0))).sqrt();
        let (field, solid) = walls(|z, _, _| if z < 32 { 8.0 } else { 0.0 });
        let b = band(&field, &solid, &Cut::Whole(104.0)).unwrap();
        assert!((b.levels - expected).abs() < 1e-9, "{b:?} for {expected}");
    }

    #[test]
    fn one_phase_has_no_band() {
        let (field, solid) = walls(|_, _, _| 0.0);
        let none = Bits::matching(&field, |v| v.is_nan());
        assert_eq!(
            band(&field, &solid.inverted().inverted(), &Cut::Whole(100.0)),
            band(&field, &solid, &Cut::Whole(100.0))
        );
        assert_eq!(band(&field, &none, &Cut::Whole(200.0)), None);
    }
}
