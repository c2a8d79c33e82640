//! Rods and balls as a [`Solid`], found through buckets.

use super::{Ball, Rod, Rods, Role, Section, Swelling, across};
use crate::buckets::Buckets;
use crate::shapes::{Bounds, DistanceKind, Solid};
use crate::vector::{Point, add, cross, distance, distance_to_segment, dot, sub, unit};

/// An element or a periodic image of one, ready for distances.
#[derive(Debug, Clone, Copy)]
struct Element {
    start: Point,
    axis: Point,
    /// Corner direction of the section.
    corner: Point,
    /// Negative for a ball.
    length: f64,
    radius: [f64; 2],
    swells: [bool; 2],
    group: u32,
    role: Role,
    shrink: f64,
    /// How far a bore goes on beyond its ends: flush with the end of its body it would leave a skin of no thickness.
    open: f64,
}

impl Element {
    #[inline]
    fn height(&self, p: Point, section: Section, swelling: Swelling) -> f64 {
        let d = sub(p, self.start);
        if self.length < 0.0 {
            return dot(d, d).sqrt() - self.radius[0];
        }
        let t = dot(d, self.axis);
        let at = t.clamp(0.0, self.length);
        let r = radius_at(at, self.length, self.radius, self.swells, swelling);
        let side = match section {
            Section::Round => (dot(d, d) - t * t).max(0.0).sqrt() - r,
            _ => section.height(dot(d, self.corner), dot(d, cross(self.axis, self.corner)), r),
        };
        let beyond = (-t).max(t - self.length) - self.open;
        self.shrink * if beyond > 0.0 { side.max(0.0).hypot(beyond) } else { side.max(beyond) }
    }

    fn reach(&self, section: Section, swelling: Swelling) -> f64 {
        let r = self.radius[0].max(self.radius[1]);
        if self.length < 0.0 { r } else { r * section.reach() * swelling.ratio }
    }
}

/// Radius of a rod at `t` from its start.
#[inline]
pub(super) fn radius_at(t: f64, length: f64, radius: [f64; 2], swells: [bool; 2], swelling: Swelling) -> f64 {
    let bare = radius[0] + (radius[1] - radius[0]) * (t / length);
    if swelling.ratio <= 1.0 {
        return bare;
    }
    let mean = 0.5 * (radius[0] + radius[1]);
    let near = if swells[0] { t } else { f64::INFINITY };
    let near = if swells[1] { near.min(length - t) } else { near };
    bare * swelling.factor(near, mean)
}

/// Derivative of [`radius_at`] along `t`.
pub(super) fn slope_at(t: f64, rod: &Rod, swelling: Swelling) -> f64 {
    let (length, [a, b]) = (rod.length_m(), rod.radius_m);
    let (bare, mean) = (a + (b - a) * (t / length), 0.5 * (a + b));
    let taper = (b - a) / length;
    let from = if rod.swells[0] { t } else { f64::INFINITY };
    let to = if rod.swells[1] { length - t } else { f64::INFINITY };
    let (near, sign) = if from <= to { (from, 1.0) } else { (to, -1.0) };
    if near.is_infinite() {
        return taper;
    }
    taper * swelling.factor(near, mean) + sign * bare * swelling.slope(near, mean)
}

/// Rods and balls as a solid.
///
/// Inside of the box its sign is exact; along periodic axes it fills space.
#[derive(Debug, Clone)]
pub struct RodSolid {
    box_m: Point,
    periodic: [bool; 3],
    section: Section,
    swelling: Swelling,
    margin: f64,
    elements: Vec<Element>,
    buckets: Buckets,
}

impl RodSolid {
    pub(super) fn new(rods: &Rods) -> Self {
        let (section, swelling, box_m) = (rods.section, rods.swelling, rods.box_m);
        let mut originals: Vec<Element> = Vec::with_capacity(rods.rods.len() + rods.balls.len());
        originals.extend(rods.rods.iter().filter_map(|rod| of_rod(rod, section, swelling)));
        originals.extend(rods.balls.iter().map(of_ball));
        // Groups must come together in every list.
        originals.sort_by_key(|e| e.group);
        let mut reaches: Vec<f64> = originals.iter().map(|e| e.reach(section, swelling)).collect();
        let widest = reaches.iter().copied().fold(0.0, f64::max);
        reaches.sort_by(f64::total_cmp);
        let typical = reaches.get(reaches.len() / 2).copied().unwrap_or(box_m[0]).max(0.05 * widest);
        // A brick of the rasteriser is about an element wide: it should be skipped from its centre's value, and longer
        // lists cost more than the bricks that a wider margin would skip.
        // Balls are many voxels wide where struts are a few, and half of their radius is as many bricks.
        let margin = if rods.rods.is_empty() { 0.5 } else { 2.0 } * typical;
        let mut elements = Vec::new();
        for e in &originals {
            let end = if e.length < 0.0 { e.start } else { crate::vector::along(e.start, e.length, e.axis) };
            let reach = e.reach(section, swelling) + margin;
            let low: Point = std::array::from_fn(|k| e.start[k].min(end[k]) - reach);
            let high: Point = std::array::from_fn(|k| e.start[k].max(end[k]) + reach);
            elements.extend(rods.images(low, high).into_iter().map(|d| Element { start: add(e.start, d), ..*e }));
        }
        let span = |i: usize| {
            let e: &Element = &elements[i];
            let end = if e.length < 0.0 { e.start } else { crate::vector::along(e.start, e.length, e.axis) };
            let reach = e.reach(section, swelling) + margin;
            let low = std::array::from_fn(|k| e.start[k].min(end[k]) - reach);
            (low, std::array::from_fn(|k| e.start[k].max(end[k]) + reach))
        };
        let near = |i: usize, c: Point, r: f64| {
            let e: &Element = &elements[i];
            let d = distance_to_segment(c, e.start, e.axis, e.length.max(0.0));
            d <= e.reach(section, swelling) + margin + r
        };
        let edge = if rods.rods.is_empty() { 0.4 } else { 1.0 } * typical;
        let buckets = Buckets::new(box_m, edge, elements.len(), span, near);
        RodSolid { box_m, periodic: rods.periodic, section, swelling, margin, elements, buckets }
    }
}

fn of_rod(rod: &Rod, section: Section, swelling: Swelling) -> Option<Element> {
    let axis = unit(sub(rod.end_m, rod.start_m))?;
    let length = rod.length_m();
    // The steepest place of the side: the end of the swelling rod, or the taper.
    let steepest = [0.0, length].map(|t| slope_at(t, rod, swelling).abs()).into_iter().fold(0.0, f64::max);
    let steepest = steepest.max((rod.radius_m[1] - rod.radius_m[0]).abs() / length) * section.reach();
    Some(Element {
        start: rod.start_m,
        axis,
        corner: across(rod.corner, axis),
        length,
        radius: rod.radius_m,
        swells: rod.swells,
        group: rod.group,
        role: rod.role,
        shrink: 1.0 / (1.0 + steepest * steepest).sqrt(),
        open: if rod.role == Role::Bore { 1e-3 * rod.radius_m[0].max(rod.radius_m[1]) } else { 0.0 },
    })
}

fn of_ball(ball: &Ball) -> Element {
    Element {
        start: ball.centre_m,
        axis: [0.0, 0.0, 1.0],
        corner: [1.0, 0.0, 0.0],
        length: -1.0,
        radius: [ball.radius_m; 2],
        swells: [false; 2],
        group: ball.group,
        role: ball.role,
        shrink: 1.0,
        open: 0.0,
    }
}

impl Solid for RodSolid {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        let p: Point = std::array::from_fn(|k| if self.periodic[k] { p[k].rem_euclid(self.box_m[k]) } else { p[k] });
        let nearest: Point = std::array::from_fn(|k| p[k].clamp(0.0, self.box_m[k]));
        // Outside of the box the bucket's margin has been used up in part.
        let unseen = (self.margin - distance(p, nearest)).max(0.0);
        let (mut best, mut group, mut body, mut bore) = (unseen, u32::MAX, unseen, unseen);
        for &i in self.buckets.at(nearest) {
            let e = &self.elements[i as usize];
            if e.group != group {
                best = best.min(body.max(-bore));
                (group, body, bore) = (e.group, unseen, unseen);
            }
            let h = e.height(p, self.section, self.swelling);
            match e.role {
                Role::Body => body = body.min(h),
                Role::Bore => bore = bore.min(h),
            }
        }
        best.min(body.max(-bore))
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
