//! A foam as a [`Solid`]: the distance to the nearest of its struts, found through a grid of buckets.
//!
//! The solid is the union of every strut's swollen cylinder and every node's ball.
//! A bucket lists the struts whose surface comes within a margin of it; a point then sees only the list of its bucket,
//! and the margin where the list holds nothing nearer.
//! The distance is `(rho - r(t)) / sqrt(1 + max r'^2)`: the true one for struts of constant radius, and a lower bound of it
//! (by 5 % for the default swelling) beside swollen nodes and inside of overlaps.

use super::{Boundary, Foam, StrutProfile};
use crate::shapes::{Bounds, DistanceKind, Solid};
use crate::vector::{Point, add, along, distance, distance_to_segment, dot, sub, unit};

/// Most buckets along an axis.
const MOST_BUCKETS: f64 = 128.0;

/// One strut, or a periodic image of it, that reaches the box.
#[derive(Debug, Clone, Copy)]
struct Segment {
    start: Point,
    axis: Point,
    length: f64,
}

impl Segment {
    /// Distance from the surface of this strut with its node balls, before division by the Lipschitz constant.
    #[inline]
    fn height(&self, p: Point, profile: &StrutProfile, ball: f64) -> f64 {
        let d = sub(p, self.start);
        let t = dot(d, self.axis);
        let from_start = dot(d, d);
        let mut nearest = f64::INFINITY;
        if t > 0.0 && t < self.length {
            let rho = (from_start - t * t).max(0.0).sqrt();
            nearest = rho - profile.radius_m(t.min(self.length - t));
        }
        // Farther along the strut than a ball reaches, its side is nearer.
        if t < ball {
            nearest = nearest.min(from_start.sqrt() - ball);
        }
        if t > self.length - ball {
            nearest = nearest.min(distance(p, along(self.start, self.length, self.axis)) - ball);
        }
        nearest
    }
}

/// A foam as a solid.
///
/// Inside of the box its sign is exact.
/// A periodic foam fills space; of an open one nothing is known farther from the box than the struts that reach into it.
#[derive(Debug, Clone)]
pub struct FoamSolid {
    box_m: Point,
    periodic: bool,
    profile: StrutProfile,
    ball: f64,
    shrink: f64,
    margin: f64,
    segments: Vec<Segment>,
    buckets: [usize; 3],
    /// `list[first[b]..first[b + 1]]` are the segments of bucket `b`.
    first: Vec<u32>,
    list: Vec<u32>,
}

impl FoamSolid {
    pub(super) fn new(foam: &Foam) -> Self {
        let (profile, box_m) = (foam.profile, foam.box_m);
        let ball = profile.largest_radius_m();
        // A brick of the rasteriser is about a strut diameter wide: it should be skipped from its centre's value, and
        // longer lists cost more than the bricks that a wider margin would skip.
        let margin = 2.0 * ball;
        let mut segments = Vec::new();
        let images = foam.images();
        for strut in &foam.struts {
            let Some(axis) = unit(sub(strut.end_m, strut.start_m)) else { continue };
            for &image in &images {
                let (start, end) = (add(strut.start_m, image), add(strut.end_m, image));
                let reach = ball + margin;
                if (0..3).all(|k| start[k].max(end[k]) > -reach && start[k].min(end[k]) < box_m[k] + reach) {
                    segments.push(Segment { start, axis, length: strut.length_m() });
                }
            }
        }
        let buckets = box_m.map(|edge| (edge / ball).clamp(1.0, MOST_BUCKETS) as usize);
        let (first, list) = sort_into_buckets(&segments, box_m, buckets, ball + margin);
        FoamSolid {
            box_m,
            periodic: foam.boundary == Boundary::Periodic,
            profile,
            ball,
            shrink: 1.0 / profile.lipschitz(),
            margin,
            segments,
            buckets,
            first,
            list,
        }
    }
}

fn sort_into_buckets(segments: &[Segment], box_m: Point, buckets: [usize; 3], reach: f64) -> (Vec<u32>, Vec<u32>) {
    let edge: Point = std::array::from_fn(|k| box_m[k] / buckets[k] as f64);
    let half_diagonal = 0.5 * crate::vector::norm(edge);
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for (s, segment) in segments.iter().enumerate() {
        let end = along(segment.start, segment.length, segment.axis);
        let span: [std::ops::Range<usize>; 3] = std::array::from_fn(|k| {
            let low = (segment.start[k].min(end[k]) - reach) / edge[k];
            let high = (segment.start[k].max(end[k]) + reach) / edge[k];
            (low.max(0.0) as usize)..(high.max(-1.0) + 1.0).min(buckets[k] as f64) as usize
        });
        for z in span[2].clone() {
            for y in span[1].clone() {
                for x in span[0].clone() {
                    let centre = [(x as f64 + 0.5) * edge[0], (y as f64 + 0.5) * edge[1], (z as f64 + 0.5) * edge[2]];
                    let d = distance_to_segment(centre, segment.start, segment.axis, segment.length);
                    if d <= reach + half_diagonal {
                        pairs.push((((z * buckets[1] + y) * buckets[0] + x) as u32, s as u32));
                    }
                }
            }
        }
    }
    pairs.sort_unstable();
    let mut first = vec![0u32; buckets.iter().product::<usize>() + 1];
    for &(bucket, _) in &pairs {
        first[bucket as usize + 1] += 1;
    }
    for b in 1..first.len() {
        first[b] += first[b - 1];
    }
    (first, pairs.into_iter().map(|(_, s)| s).collect())
}

impl Solid for FoamSolid {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        let p: Point = if self.periodic { std::array::from_fn(|k| p[k].rem_euclid(self.box_m[k])) } else { p };
        let nearest: Point = std::array::from_fn(|k| p[k].clamp(0.0, self.box_m[k]));
        let at: [usize; 3] = std::array::from_fn(|k| {
            ((nearest[k] / self.box_m[k] * self.buckets[k] as f64) as usize).min(self.buckets[k] - 1)
        });
        let bucket = (at[2] * self.buckets[1] + at[1]) * self.buckets[0] + at[0];
        let list = &self.list[self.first[bucket] as usize..self.first[bucket + 1] as usize];
        // Outside of the box the bucket's margin has been used up in part.
        let unseen = (self.margin - distance(p, nearest)).max(0.0);
        list.iter()
            .fold(unseen, |d, &s| d.min(self.segments[s as usize].height(p, &self.profile, self.ball) * self.shrink))
    }

    fn distance_kind(&self) -> DistanceKind {
        DistanceKind::Bound
    }

    fn volume(&self) -> Option<f64> {
        None
    }

    fn surface_area(&self) -> Option<f64> {
        None
    }

    fn bounds(&self) -> Bounds {
        Bounds { low: [0.0; 3], high: self.box_m }
    }
}
