//! Centres of the balls that matter.

use foamflux_grid::{Shape, Volume};
use rayon::prelude::*;

/// A voxel is no centre when D grows towards a neighbour at more than this share of the distance.
///
/// Away from the medial axis D grows by the distance itself along its gradient, and some neighbour lies within 27
/// degrees of that, so the growth is at least cos 27 = 0.89 of the distance; at the axis it is far less.
pub const CONTAINED: f32 = 0.85;

/// A voxel from which D grows faster than this share of the distance stands on a slope, not on the medial axis:
/// its ball counts as it is, and the work of finding a better centre is left to the voxels on the axis.
const SLOPE: f32 = 0.6;

/// Steps of the climb to the centre, and their first length in voxels and ratio: the last is 1/100 voxel.
const STEPS: usize = 9;
const FIRST: f32 = 0.35;
const RATIO: f32 = 0.65;

/// Slopes that differ by less than this count as equal: the voxel lies on the medial axis itself.
const EQUAL: f32 = 1e-3;

/// Planes that lie within this many smallest edges of the lowest one at the top count as touching the ball.
///
/// A mask knows its boundary to half a voxel.
/// The nearest of many boundary points that are each uncertain is nearer than the boundary (a strut of six voxels reads
/// 6 % thin by the lowest plane alone); the mean over the planes that touch is not.
const TOUCHING: f32 = 0.5;

/// A ball.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ball {
    /// Centre along z, y, x, in voxels.
    pub(super) at: [f32; 3],
    /// Radius in the unit of the spacing.
    pub(super) radius: f32,
}

/// Balls by ascending z.
pub(super) fn find(mask: &Volume<bool>, distance: &Volume<f32>) -> Vec<Ball> {
    let field = Field::new(mask, distance);
    let shape = mask.shape();
    let slices: Vec<Vec<Ball>> = (0..shape.z)
        .into_par_iter()
        .map(|z| {
            let mut balls = Vec::new();
            let mut planes = Vec::with_capacity(27);
            for y in 0..shape.y {
                for x in 0..shape.x {
                    let at = [z, y, x];
                    match field.growth(at) {
                        Some(g) if g < SLOPE => balls.push(field.climb(at, &mut planes)),
                        Some(g) if g < CONTAINED => balls.push(field.own(at)),
                        _ => {}
                    }
                }
            }
            balls
        })
        .collect();
    let mut balls = slices.concat();
    balls.par_sort_unstable_by(|a, b| a.at[0].total_cmp(&b.at[0]));
    balls
}

struct Field<'a> {
    shape: Shape,
    inside: &'a [bool],
    distance: &'a [f32],
    /// Edges along z, y, x.
    edges: [f32; 3],
    /// Steps to the 26 neighbours, the same in memory, and how far they are.
    neighbours: Vec<([isize; 3], isize, f32)>,
}

/// The boundary as voxel `q` sees it: D(c) <= height + sum over axes of slope (c - q), or -|slope (c - q)| where D falls
/// to both sides. Coordinates relative to the voxel in the middle.
struct Plane {
    q: [f32; 3],
    height: f32,
    /// Growth of D per voxel along z, y, x.
    slope: [f32; 3],
    both: [bool; 3],
}

impl Plane {
    #[inline]
    fn at(&self, c: [f32; 3]) -> f32 {
        let mut value = self.height;
        for k in 0..3 {
            let part = self.slope[k] * (c[k] - self.q[k]);
            value += if self.both[k] { -part.abs() } else { part };
        }
        value
    }
}

impl<'a> Field<'a> {
    fn new(mask: &'a Volume<bool>, distance: &'a Volume<f32>) -> Self {
        let shape = mask.shape();
        let edges = mask.spacing().zyx().map(|e| e as f32);
        let mut neighbours = Vec::with_capacity(26);
        for z in -1..=1isize {
            for y in -1..=1isize {
                for x in -1..=1isize {
                    if (z, y, x) != (0, 0, 0) {
                        let part = |k: usize, s: isize| (s as f32 * edges[k]).powi(2);
                        let memory = (z * shape.y as isize + y) * shape.x as isize + x;
                        let length = (part(0, z) + part(1, y) + part(2, x)).sqrt();
                        neighbours.push(([z, y, x], memory, length));
                    }
                }
            }
        }
        // The face neighbours, where a slope shows most often, come first.
        neighbours.sort_by(|a, b| a.2.total_cmp(&b.2));
        Field { shape, inside: mask.as_slice(), distance: distance.as_slice(), edges, neighbours }
    }

    fn neighbour(&self, at: [usize; 3], step: [isize; 3]) -> Option<[usize; 3]> {
        let n = self.shape.zyx();
        let mut to = [0; 3];
        for k in 0..3 {
            to[k] = at[k].checked_add_signed(step[k]).filter(|&v| v < n[k])?;
        }
        Some(to)
    }

    fn index(&self, at: [usize; 3]) -> usize {
        self.shape.index(at[0], at[1], at[2])
    }

    /// Fastest growth of D towards a neighbour, per distance; anything from [`CONTAINED`] on once that is reached.
    /// `None` in false voxels.
    fn growth(&self, at: [usize; 3]) -> Option<f32> {
        let i = self.index(at);
        if !self.inside[i] {
            return None;
        }
        let here = self.distance[i];
        let n = self.shape.zyx();
        let within = (0..3).all(|k| at[k] > 0 && at[k] + 1 < n[k]);
        let mut fastest = 0f32;
        for &(step, memory, length) in &self.neighbours {
            let there = if within {
                self.distance[i.wrapping_add_signed(memory)]
            } else {
                self.neighbour(at, step).map_or(here, |q| self.distance[self.index(q)])
            };
            fastest = fastest.max((there - here) / length);
            if fastest >= CONTAINED {
                break;
            }
        }
        Some(fastest)
    }

    /// The voxel's own ball.
    fn own(&self, at: [usize; 3]) -> Ball {
        Ball { at: at.map(|v| v as f32), radius: self.distance[self.index(at)] }
    }

    /// The best centre within half a voxel: the highest point below all planes that the voxels around see.
    ///
    /// The lower envelope of planes is concave, so steps of shrinking length along the gradient of the lowest plane
    /// end at its top.
    fn climb(&self, at: [usize; 3], planes: &mut Vec<Plane>) -> Ball {
        planes.clear();
        planes.push(self.plane(at, [0; 3]));
        for &(step, ..) in &self.neighbours {
            if let Some(q) = self.neighbour(at, step)
                && self.inside[self.index(q)]
            {
                planes.push(self.plane(q, step));
            }
        }
        let mut c = [0f32; 3];
        let mut top = (self.distance[self.index(at)], c);
        let mut length = FIRST;
        let (_, mut limit) = lowest(planes, c);
        for _ in 0..STEPS {
            let Some(direction) = self.ascent(&planes[limit], c) else { break };
            for k in 0..3 {
                c[k] = (c[k] + length * direction[k]).clamp(-0.5, 0.5);
            }
            length *= RATIO;
            let (value, next) = lowest(planes, c);
            limit = next;
            if value > top.0 {
                top = (value, c);
            }
        }
        let (height, c) = top;
        let margin = height + TOUCHING * self.edges.iter().copied().fold(f32::INFINITY, f32::min);
        let touching = planes.iter().map(|plane| plane.at(c)).filter(|&v| v <= margin);
        let (sum, count) = touching.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
        let radius = if count > 0.0 { sum / count } else { height };
        Ball { at: std::array::from_fn(|k| at[k] as f32 + c[k]), radius }
    }

    /// Direction in voxels, of unit length, in which a plane rises fastest per length.
    fn ascent(&self, plane: &Plane, c: [f32; 3]) -> Option<[f32; 3]> {
        let direction: [f32; 3] = std::array::from_fn(|k| {
            let side = if plane.both[k] { -(plane.slope[k] * (c[k] - plane.q[k])).signum() } else { 1.0 };
            side * plane.slope[k] / (self.edges[k] * self.edges[k])
        });
        let norm = (0..3).map(|k| direction[k] * direction[k]).sum::<f32>().sqrt();
        (norm > f32::MIN_POSITIVE).then(|| direction.map(|d| d / norm))
    }

    /// The boundary as voxel `q` sees it.
    fn plane(&self, q: [usize; 3], step: [isize; 3]) -> Plane {
        let i = self.index(q);
        let here = self.distance[i];
        let n = self.shape.zyx();
        let strides = [self.shape.y * self.shape.x, self.shape.x, 1];
        let mut slope = [0f32; 3];
        let mut both = [false; 3];
        for k in 0..3 {
            // Beyond the box nothing is known: no fall of D there.
            let fall_low = if q[k] > 0 { here - self.distance[i - strides[k]] } else { 0.0 };
            let fall_high = if q[k] + 1 < n[k] { here - self.distance[i + strides[k]] } else { 0.0 };
            if fall_low <= 0.0 && fall_high <= 0.0 {
                continue;
            }
            both[k] = (fall_low - fall_high).abs() <= EQUAL * self.edges[k];
            slope[k] = if fall_low >= fall_high { fall_low } else { -fall_high };
        }
        let length = (0..3).map(|k| (slope[k] / self.edges[k]).powi(2)).sum::<f32>().sqrt();
        if length > f32::MIN_POSITIVE {
            slope = slope.map(|s| s / length);
        }
        Plane { q: step.map(|s| s as f32), height: here, slope, both }
    }
}

/// The bound on D at `c` and the plane that sets it.
fn lowest(planes: &[Plane], c: [f32; 3]) -> (f32, usize) {
    let mut best = (f32::INFINITY, 0);
    for (i, plane) in planes.iter().enumerate() {
        let value = plane.at(c);
        if value < best.0 {
            best = (value, i);
        }
    }
    best
}
