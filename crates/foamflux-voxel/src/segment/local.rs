//! Thresholds that follow the surroundings: Sauvola's, Phansalkar's, and a Markov random field of two normal classes.
//!
//! - *Sauvola* (J. Sauvola and M. Pietikainen, Pattern Recognition 33, 225, 2000): `T = m (1 + k (s / R - 1))`, `m` and `s` the
//!   mean and standard deviation in a cube around the voxel and `R` the largest `s` of the image. It was made for dark print on
//!   bright paper: for bright solid the image is turned over first. Grey values are counted from the least one, so that an
//!   offset of the detector does not matter.
//! - *Phansalkar* (N. Phansalkar and others, ICCSP 2011, 218): `T = m (1 + p e^(-q m) + k (s / R - 1))` on grey values from 0 to
//!   1, with `p = 2, q = 10, k = 0.25, R = 0.5`: the exponential lifts the threshold where the surroundings are as dark as the solid,
//!   which Sauvola's rule takes for paper. The image is turned over like there.
//! - *Markov random field* (J. Besag, J. R. Stat. Soc. B 48, 259, 1986): each voxel takes the class with the least
//!   `-ln(share x density) - beta x (neighbours of that class)`, over and over (iterated conditional modes), from the classes of
//!   the histogram alone. Voxels are visited like the fields of a chessboard, so that the result does not depend on threads.

use foamflux_grid::{Sample, Shape, Volume};
use rayon::prelude::*;

use super::Foreground;
use crate::threshold::criteria::TwoNormals;

/// The numbers p, q, k and R of Phansalkar's paper.
const PHANSALKAR: [f64; 4] = [2.0, 10.0, 0.25, 0.5];
/// Most rounds of the Markov random field.
const ROUNDS: usize = 30;
/// It ends when a round changes no more than this share of the voxels.
const SETTLED: f64 = 1e-6;

/// A threshold from mean and standard deviation around a voxel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LocalRule {
    /// Sauvola's.
    Sauvola {
        /// How much a quiet neighbourhood lowers the threshold.
        k: f64,
    },
    /// Phansalkar's.
    Phansalkar,
}

impl LocalRule {
    /// The threshold for a mean `m` and a standard deviation `s`; `largest` is the largest `s` of the image, `range` that of
    /// its grey values.
    fn threshold(self, m: f64, s: f64, largest: f64, range: f64) -> f64 {
        match self {
            LocalRule::Sauvola { k } => m * (1.0 + k * (s / largest - 1.0)),
            LocalRule::Phansalkar => {
                let [p, q, k, r] = PHANSALKAR;
                m * (1.0 + p * (-q * m / range).exp() + k * (s / range / r - 1.0))
            }
        }
    }
}

/// True where solid by a local rule, thresholds moved by `shift`; with the mean threshold.
pub(super) fn local<T: Sample>(
    volume: &Volume<T>,
    radius: usize,
    rule: LocalRule,
    shift: f64,
    foreground: Foreground,
) -> (Volume<bool>, f64) {
    let (least, most) = crate::threshold::range(volume.as_slice());
    let bright = foreground == Foreground::Bright;
    let range = most - least;
    // Turned over, so that the solid is the dark print.
    let value = |v: &T| (if bright { most - v.to_f64() } else { v.to_f64() - least }) as f32;
    let shape = volume.shape();
    let mut mean: Vec<f32> = volume.as_slice().par_iter().map(value).collect();
    let mut square: Vec<f32> = mean.par_iter().map(|v| v * v).collect();
    box_mean(&mut mean, shape, radius);
    box_mean(&mut square, shape, radius);
    square.par_iter_mut().zip(&mean).for_each(|(q, m)| *q = (*q - m * m).max(0.0).sqrt());
    let largest = square.par_iter().copied().reduce(|| 0.0, f32::max);
    let r = if largest > 0.0 { f64::from(largest) } else { 1.0 };
    let threshold = |i: usize| rule.threshold(f64::from(mean[i]), f64::from(square[i]), r, range);
    // A threshold that is higher in the file's values is lower in those turned over.
    let moved = if bright { -shift } else { shift };
    let mask: Vec<bool> =
        volume.as_slice().par_iter().enumerate().map(|(i, v)| f64::from(value(v)) <= threshold(i) + moved).collect();
    let sums: Vec<f64> = (0..shape.z)
        .into_par_iter()
        .map(|z| {
            let plane = shape.x * shape.y;
            (z * plane..(z + 1) * plane).map(&threshold).sum()
        })
        .collect();
    let middle = sums.iter().sum::<f64>() / shape.len() as f64;
    let level = if bright { most - middle } else { least + middle } + shift;
    (like(volume, mask), level)
}

/// Replaces values by their mean over cubes of `2 radius + 1`, cut at the border of the box.
fn box_mean(values: &mut [f32], shape: Shape, radius: usize) {
    let plane = shape.x * shape.y;
    values.par_chunks_mut(plane).for_each(|slice| {
        let mut line = Vec::new();
        for row in slice.chunks_exact_mut(shape.x) {
            along(row, 1, radius, &mut line);
        }
        for x in 0..shape.x {
            along(&mut slice[x..], shape.x, radius, &mut line);
        }
    });
    // Columns along z: a block of rows at a time is gathered and put back.
    let rows: Vec<Vec<f32>> = (0..shape.y)
        .into_par_iter()
        .map(|y| {
            let mut block = vec![0f32; shape.z * shape.x];
            for z in 0..shape.z {
                block[z * shape.x..][..shape.x].copy_from_slice(&values[z * plane + y * shape.x..][..shape.x]);
            }
            let mut line = Vec::new();
            for x in 0..shape.x {
                along(&mut block[x..], shape.x, radius, &mut line);
            }
            block
        })
        .collect();
    for (y, block) in rows.iter().enumerate() {
        for z in 0..shape.z {
            values[z * plane + y * shape.x..][..shape.x].copy_from_slice(&block[z * shape.x..][..shape.x]);
        }
    }
}

/// Running mean of the values at `0, stride, 2 stride, ...`.
fn along(values: &mut [f32], stride: usize, radius: usize, line: &mut Vec<f64>) {
    line.clear();
    line.push(0.0);
    for v in values.iter().step_by(stride) {
        line.push(line[line.len() - 1] + f64::from(*v));
    }
    let n = line.len() - 1;
    for (i, v) in values.iter_mut().step_by(stride).enumerate() {
        let (from, to) = (i.saturating_sub(radius), (i + radius + 1).min(n));
        *v = ((line[to] - line[from]) / (to - from) as f64) as f32;
    }
}

/// True where the brighter of two classes wins, after the Markov random field has settled; all grey values are taken `shift`
/// lower.
pub(super) fn markov<T: Sample>(volume: &Volume<T>, classes: &TwoNormals, beta: f64, shift: f64) -> Volume<bool> {
    let shape = volume.shape();
    let plane = shape.x * shape.y;
    // What the brighter class costs more, by its grey value alone.
    let dearer = |v: &T| {
        // Beyond the means a wide class would win again in its tails.
        let v = (v.to_f64() - shift).clamp(classes.means[0], classes.means[1]);
        let [dark, bright] = classes.costs(v);
        bright - dark
    };
    let mut mask: Vec<bool> = volume.as_slice().par_iter().map(|v| dearer(v) < 0.0).collect();
    for _ in 0..ROUNDS {
        let mut changed = 0;
        for colour in 0..2 {
            let before = mask.clone();
            changed += mask
                .par_chunks_mut(plane)
                .enumerate()
                .map(|(z, slice)| {
                    let mut changed = 0;
                    for (i, m) in slice.iter_mut().enumerate() {
                        let (y, x) = (i / shape.x, i % shape.x);
                        if (x + y + z) % 2 != colour {
                            continue;
                        }
                        let at = z * plane + i;
                        let sides = [
                            (x > 0).then(|| at - 1),
                            (x + 1 < shape.x).then(|| at + 1),
                            (y > 0).then(|| at - shape.x),
                            (y + 1 < shape.y).then(|| at + shape.x),
                            (z > 0).then(|| at - plane),
                            (z + 1 < shape.z).then(|| at + plane),
                        ];
                        let bright: f64 = sides.into_iter().flatten().map(|j| if before[j] { 1.0 } else { -1.0 }).sum();
                        let next = dearer(&volume.as_slice()[at]) < beta * bright;
                        changed += usize::from(next != *m);
                        *m = next;
                    }
                    changed
                })
                .sum::<usize>();
        }
        if changed as f64 <= SETTLED * shape.len() as f64 {
            break;
        }
    }
    like(volume, mask)
}

fn like<T>(volume: &Volume<T>, mask: Vec<bool>) -> Volume<bool> {
    match volume.like(mask) {
        Ok(mask) => mask,
        Err(_) => unreachable!("one value was written for every voxel"),
    }
}

#[cfg(test)]
mod tests {
    use foamflux_grid::VoxelSize;

    use super::*;

    fn rough(shape: Shape) -> Volume<u8> {
        Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| {
            let step = if (x / 4 + y / 5 + z / 3) % 3 == 0 { 90 } else { 20 };
            (step + (z * 37 + y * 101 + x * 53) % 40) as u8
        })
    }

    #[test]
    fn local_thresholds_are_those_of_loops() {
        let shape = Shape::new(7, 9, 11).unwrap();
        let volume = rough(shape);
        let (radius, k) = (2, 0.3);
        for (foreground, shift) in [(Foreground::Bright, 0.0), (Foreground::Dark, 0.0), (Foreground::Bright, 4.0)] {
            let bright = foreground == Foreground::Bright;
            let (least, most) = crate::threshold::range(volume.as_slice());
            let value = |v: u8| if bright { most - f64::from(v) } else { f64::from(v) - least };
            let around = |z: usize, y: usize, x: usize| {
                let near = |i: usize, n: usize| i.saturating_sub(radius)..(i + radius + 1).min(n);
                let mut all = Vec::new();
                for z in near(z, 7) {
                    for y in near(y, 9) {
                        all.extend(near(x, 11).map(|x| value(*volume.at(z, y, x))));
                    }
                }
                let m = all.iter().sum::<f64>() / all.len() as f64;
                (m, (all.iter().map(|v| v * v).sum::<f64>() / all.len() as f64 - m * m).max(0.0).sqrt())
            };
            let all: Vec<(f64, f64)> = (0..shape.len())
                .map(|i| {
                    let (z, y, x) = shape.zyx_of(i);
                    around(z, y, x)
                })
                .collect();
            let r = all.iter().map(|a| a.1).fold(0.0, f64::max);
            let moved = if bright { -shift } else { shift };
            let range = most - least;
            for rule in [LocalRule::Sauvola { k }, LocalRule::Phansalkar] {
                let (found, _) = local(&volume, radius, rule, shift, foreground);
                for (i, (m, s)) in all.iter().enumerate() {
                    let t = match rule {
                        LocalRule::Sauvola { k } => m * (1.0 + k * (s / r - 1.0)),
                        // On grey values from 0 to 1.
                        LocalRule::Phansalkar => {
                            let (m, s) = (m / range, s / range);
                            range * m * (1.0 + 2.0 * (-10.0 * m).exp() + 0.25 * (s / 0.5 - 1.0))
                        }
                    } + moved;
                    let v = value(volume.as_slice()[i]);
                    // Rounding to f32 decides where the two are equal.
                    if (v - t).abs() > 1e-3 {
                        assert_eq!(found.as_slice()[i], v <= t, "{rule:?} {i}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_field_takes_lone_voxels_away_and_keeps_walls() {
        let classes = TwoNormals { means: [50.0, 150.0], sigmas: [25.0; 2], shares: [0.5; 2] };
        let shape = Shape::cube(12).unwrap();
        // A wall of four, two voxels that noise made bright or dark, and one that noise left in between.
        let volume = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| match (z, y, x) {
            (6, 6, 9) => 130u8,
            (6, 6, 5) => 70,
            _ if (4..8).contains(&x) => 150,
            _ => 50,
        });
        let found = markov(&volume, &classes, 1.5, 0.0);
        for (i, &m) in found.as_slice().iter().enumerate() {
            let x = i % 12;
            assert_eq!(m, (4..8).contains(&x), "{:?}", shape.zyx_of(i));
        }
        // Without neighbours it is the threshold of minimum error.
        let alone = markov(&volume, &classes, 0.0, 0.0);
        assert!(*alone.at(6, 6, 9) && !*alone.at(6, 6, 5));
        // A threshold 40 higher loses the voxel of 130, and one 90 lower takes all of the pore but keeps classes apart.
        assert!(!*markov(&volume, &classes, 0.0, 40.0).at(6, 6, 9));
    }
}
