//! A foam as a [`Solid`]: the distance to the nearest of its struts, found through a grid of buckets.
//!
//! The solid is the union of every strut's swollen cylinder and every node's ball.
//! A bucket lists the struts whose surface comes within a margin of it; a point then sees only the list of its bucket,
//! and the margin where the list holds nothing nearer.
//! The distance is `(rho - r(t)) / sqrt(1 + max r'^2)`: the true one for struts of constant radius, and a lower bound of it
//! (by 5 % for the default swelling) beside swollen nodes and inside of overlaps.

use super::{Boundary, Foam, StrutProfile};
use crate::buckets::Buckets;
use crate::shapes::{Bounds, DistanceKind, Solid};
use crate::vector::{Point, add, along, distance, distance_to_segment, dot, sub, unit};

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
    buckets: Buckets,
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
        let reach = ball + margin;
        let span = |i: usize| {
            let s: &Segment = &segments[i];
            let end = along(s.start, s.length, s.axis);
            let low = std::array::from_fn(|k| s.start[k].min(end[k]) - reach);
            (low, std::array::from_fn(|k| s.start[k].max(end[k]) + reach))
        };
        let near = |i: usize, c: Point, r: f64| {
            let s: &Segment = &segments[i];
            distance_to_segment(c, s.start, s.axis, s.length) <= reach + r
        };
        let buckets = Buckets::new(box_m, ball, segments.len(), span, near);
        FoamSolid {
            box_m,
            periodic: foam.boundary == Boundary::Periodic,
            profile,
            ball,
            shrink: 1.0 / profile.lipschitz(),
            margin,
            segments,
            buckets,
        }
    }
}

impl Solid for FoamSolid {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        let p: Point = if self.periodic { std::array::from_fn(|k| p[k].rem_euclid(self.box_m[k])) } else { p };
        let nearest: Point = std::array::from_fn(|k| p[k].clamp(0.0, self.box_m[k]));
        // Outside of the box the bucket's margin has been used up in part.
        let unseen = (self.margin - distance(p, nearest)).max(0.0);
        self.buckets
            .at(nearest)
            .iter()
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
