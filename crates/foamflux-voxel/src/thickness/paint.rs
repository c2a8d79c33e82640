//! Painting balls: every voxel gets the diameter of the largest ball that covers it.

use foamflux_grid::{Axis, Shape, Volume};
use rayon::prelude::*;

use super::centres::Ball;

/// Radius, in smallest voxel edges, from which balls go to a coarser grid. A ball of 8 covers 2 100 voxels.
const FINE: f32 = 8.0;

/// Slices per task.
const SLAB: usize = 8;

/// Slack of the cover test in smallest edges: a mask knows its boundary to half a voxel.
const SLACK: f32 = 0.5;

/// Thickness of every voxel, also of false ones that a ball happens to cover.
pub(super) fn paint(mask: &Volume<bool>, balls: Vec<Ball>) -> Volume<f32> {
    let shape = mask.shape();
    let unit = mask.spacing().min_edge() as f32;
    let edges = mask.spacing().zyx().map(|e| e as f32);
    let level = |b: &Ball| {
        let times = b.radius / (unit * FINE);
        if times < 1.0 { 0 } else { times.log2() as usize + 1 }
    };
    let levels = balls.iter().map(level).max().unwrap_or(0);
    let mut out = vec![0f32; shape.len()];
    for l in 0..=levels {
        let of_level: Vec<Ball> = balls.iter().filter(|b| level(b) == l).copied().collect();
        if of_level.is_empty() {
            continue;
        }
        if l == 0 {
            Grid { shape, factor: 1, edges, slack: SLACK * unit }.paint(&of_level, &mut out);
            continue;
        }
        let factor = 1 << l;
        let coarse = |n: usize| n.div_ceil(factor);
        let small = Shape { z: coarse(shape.z), y: coarse(shape.y), x: coarse(shape.x) };
        let grid = Grid { shape: small, factor, edges, slack: SLACK * unit };
        let mut painted = vec![0f32; small.len()];
        grid.paint(&grid.one_per_cell(of_level), &mut painted);
        out.par_chunks_mut(shape.stride(Axis::Z)).enumerate().for_each(|(z, slice)| {
            for (y, row) in slice.chunks_mut(shape.x).enumerate() {
                let from = &painted[small.index(z / factor, y / factor, 0)..][..small.x];
                for (chunk, &t) in row.chunks_mut(factor).zip(from) {
                    chunk.iter_mut().for_each(|v| *v = v.max(t));
                }
            }
        });
    }
    fill_uncovered(mask, &mut out);
    match mask.like(out) {
        Ok(volume) => volume,
        Err(_) => unreachable!("one value was made for every voxel"),
    }
}

/// The grid that balls are painted on: `factor` voxels per cell along every axis.
struct Grid {
    shape: Shape,
    factor: usize,
    /// Voxel edges along z, y, x.
    edges: [f32; 3],
    slack: f32,
}

impl Grid {
    /// The largest ball of every cell, by ascending z.
    fn one_per_cell(&self, balls: Vec<Ball>) -> Vec<Ball> {
        let cell = |b: &Ball| {
            let [z, y, x] = b.at.map(|v| (v + 0.5).max(0.0) as usize / self.factor);
            self.shape.index(z.min(self.shape.z - 1), y.min(self.shape.y - 1), x.min(self.shape.x - 1))
        };
        let mut best: Vec<Option<Ball>> = vec![None; self.shape.len()];
        for ball in balls {
            let slot = &mut best[cell(&ball)];
            if slot.is_none_or(|b| (b.radius, b.at) < (ball.radius, ball.at)) {
                *slot = Some(ball);
            }
        }
        let mut kept: Vec<Ball> = best.into_iter().flatten().collect();
        kept.sort_by(|a, b| a.at[0].total_cmp(&b.at[0]));
        kept
    }

    /// Position of a ball's centre in cells along axis k of z, y, x.
    fn position(&self, b: &Ball, k: usize) -> f32 {
        (b.at[k] + 0.5) / self.factor as f32 - 0.5
    }

    fn paint(&self, balls: &[Ball], out: &mut [f32]) {
        let shape = self.shape;
        let size = self.edges.map(|e| e * self.factor as f32);
        let largest = balls.iter().map(|b| b.radius).fold(0.0, f32::max) + self.slack;
        let reach = largest / size[0] + 1.0;
        out.par_chunks_mut(SLAB * shape.stride(Axis::Z)).enumerate().for_each(|(slab, cells)| {
            let (z0, slices) = (slab * SLAB, cells.len() / shape.stride(Axis::Z));
            let from = balls.partition_point(|b| self.position(b, 0) < z0 as f32 - reach);
            let to = balls.partition_point(|b| self.position(b, 0) <= (z0 + slices) as f32 + reach);
            for ball in &balls[from..to] {
                let r = ball.radius + self.slack;
                let centre: [f32; 3] = std::array::from_fn(|k| self.position(ball, k));
                let square = r * r;
                let Some((a, b)) = span(centre[0] - z0 as f32, r / size[0], slices) else { continue };
                for z in a..=b {
                    let left = square - ((z as f32 + z0 as f32 - centre[0]) * size[0]).powi(2);
                    let Some((a, b)) = span(centre[1], left.max(0.0).sqrt() / size[1], shape.y) else { continue };
                    for y in a..=b {
                        let left = left - ((y as f32 - centre[1]) * size[1]).powi(2);
                        let Some((a, b)) = span(centre[2], left.max(0.0).sqrt() / size[2], shape.x) else { continue };
                        let start = (z * shape.y + y) * shape.x;
                        let diameter = 2.0 * ball.radius;
                        cells[start + a..=start + b].iter_mut().for_each(|v| *v = v.max(diameter));
                    }
                }
            }
        });
    }
}

/// First and last whole number within `reach` of `centre` and in 0..n.
fn span(centre: f32, reach: f32, n: usize) -> Option<(usize, usize)> {
    let (low, high) = ((centre - reach).ceil().max(0.0), (centre + reach).floor().min((n - 1) as f32));
    (low <= high).then_some((low as usize, high as usize))
}

/// Gives true voxels without a ball the largest thickness of their 26 neighbours, from the covered ones outwards.
fn fill_uncovered(mask: &Volume<bool>, out: &mut [f32]) {
    let shape = mask.shape();
    let inside = mask.as_slice();
    let mut empty: Vec<usize> =
        (0..shape.len()).into_par_iter().with_min_len(1 << 14).filter(|&i| inside[i] && out[i] <= 0.0).collect();
    while !empty.is_empty() {
        let around = |i: usize| {
            let (z, y, x) = shape.zyx_of(i);
            let range = |v: usize, n: usize| v.saturating_sub(1)..(v + 2).min(n);
            let mut best = 0f32;
            for z in range(z, shape.z) {
                for y in range(y, shape.y) {
                    for x in range(x, shape.x) {
                        let j = shape.index(z, y, x);
                        if inside[j] {
                            best = best.max(out[j]);
                        }
                    }
                }
            }
            best
        };
        let values: Vec<f32> = empty.par_iter().with_min_len(1 << 10).map(|&i| around(i)).collect();
        let before = empty.len();
        for (&i, &t) in empty.iter().zip(&values) {
            out[i] = t;
        }
        empty = empty.into_iter().zip(values).filter(|&(_, t)| t <= 0.0).map(|(i, _)| i).collect();
        if empty.len() == before {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foamflux_grid::VoxelSize;

    fn some_balls(n: usize, least: f32, span: f32) -> Vec<Ball> {
        let mut state = 5u32;
        let mut next = |scale: f32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 * scale
        };
        let mut balls: Vec<Ball> =
            (0..n).map(|_| Ball { at: [next(40.0), next(40.0), next(40.0)], radius: least + next(span) }).collect();
        balls.sort_by(|a, b| a.at[0].total_cmp(&b.at[0]));
        balls
    }

    fn plain(balls: &[Ball], i: (usize, usize, usize)) -> f32 {
        let p = [i.0 as f32, i.1 as f32, i.2 as f32];
        let square = |b: &Ball| (0..3).map(|k| (p[k] - b.at[k]).powi(2)).sum::<f32>();
        let covers = |b: &&Ball| square(b).sqrt() <= b.radius + SLACK;
        balls.iter().filter(covers).map(|b| 2.0 * b.radius).fold(0.0, f32::max)
    }

    #[test]
    fn small_balls_are_painted_as_a_plain_loop_does() {
        let shape = Shape::new(41, 38, 40).unwrap();
        let balls = some_balls(60, 0.5, 7.0);
        let mut out = vec![0f32; shape.len()];
        Grid { shape, factor: 1, edges: [1.0; 3], slack: SLACK }.paint(&balls, &mut out);
        for (i, &t) in out.iter().enumerate() {
            assert!((t - plain(&balls, shape.zyx_of(i))).abs() < 1e-6, "{:?}", shape.zyx_of(i));
        }
    }

    #[test]
    fn large_balls_cover_as_many_voxels_on_coarse_grids() {
        /// Half a coarse cell either way at the rim averages out; one ball per cell loses some.
        const SHARE: f64 = 0.04;
        let shape = Shape::cube(41).unwrap();
        let balls = some_balls(6, 9.0, 10.0);
        let mask = Volume::from_fn(shape, VoxelSize::Unknown, |z, y, x| plain(&balls, (z, y, x)) > 0.0);
        let painted = paint(&mask, balls.clone());
        let total = |f: &dyn Fn(usize) -> f32| (0..shape.len()).map(|i| f64::from(f(i))).sum::<f64>();
        let found = total(&|i| if mask.as_slice()[i] { painted.as_slice()[i] } else { 0.0 });
        let expected = total(&|i| plain(&balls, shape.zyx_of(i)));
        assert!((found / expected - 1.0).abs() < SHARE, "{found} {expected}");
    }
}
