//! Surface area of rods and balls by sampling the surfaces that they are made of.
//!
//! ```text
//! A = sum over elements of ∫ [p in box] [p on the surface of the whole] dA
//! dA = r(t) |γ'| sqrt(1 + (r'(t) γ·n)^2) dt ds on the side of a rod,   R^2 dmu dtheta on a ball,   da db on a flat end
//! ```
//!
//! `γ(s)` is the boundary of the section for unit radius and `n` its normal.
//! Each surface is divided into equal cells of its two coordinates with one random point in each, so that uncovered parts
//! contribute their exact area; independent repetitions measure the rest.
//! There is no voxel in this number, which is why it serves as the truth for methods that count voxels.

use std::f64::consts::TAU;

use rayon::prelude::*;

use super::{RodSolid, Rods, across};
use crate::area::Estimate;
use crate::random::{Purpose, Stream};
use crate::shapes::Solid;
use crate::vector::{Point, along, cross, sub, unit};

/// Independent repetitions; their scatter is the uncertainty.
const REPETITIONS: usize = 6;
/// Points in all repetitions together, about: a part of a second, and errors of 1e-4.
const BUDGET: f64 = 4e5;
/// A point this near (relative to the radius) to the surface of the whole lies on it; its own element is met at 1e-15.
const ON_SURFACE: f64 = 1e-7;

impl Rods {
    /// Surface area in the box in square metres, without the faces that the box cuts, and its standard error.
    #[must_use]
    pub fn surface_area_m2(&self, solid: &RodSolid, seed: u64) -> Estimate {
        let pieces = self.rods.len() + self.balls.len();
        let rough = self.rods.iter().map(|r| TAU * r.radius_m[0].max(r.radius_m[1]) * r.length_m()).sum::<f64>()
            + self.balls.iter().map(|b| 2.0 * TAU * b.radius_m * b.radius_m).sum::<f64>();
        let cell = rough * REPETITIONS as f64 / BUDGET;
        let sums: Vec<[f64; REPETITIONS]> = (0..pieces)
            .into_par_iter()
            .map(|i| {
                let mut stream = Stream::new(seed, Purpose::Area, i as u64);
                std::array::from_fn(|_| match i.checked_sub(self.rods.len()) {
                    None => self.side(solid, i, cell, &mut stream) + self.ends(solid, i, &mut stream),
                    Some(ball) => self.ball(solid, ball, cell, &mut stream),
                })
            })
            .collect();
        let totals: [f64; REPETITIONS] = std::array::from_fn(|r| sums.iter().map(|s| s[r]).sum());
        let n = REPETITIONS as f64;
        let value = totals.iter().sum::<f64>() / n;
        let variance = totals.iter().map(|t| (t - value).powi(2)).sum::<f64>() / (n - 1.0);
        Estimate { value, uncertainty: (variance / n).sqrt() }
    }

    /// Area of the side of a rod, in cells of about this area.
    fn side(&self, solid: &RodSolid, rod: usize, cell: f64, stream: &mut Stream) -> f64 {
        let rod = &self.rods[rod];
        let Some(axis) = unit(sub(rod.end_m, rod.start_m)) else { return 0.0 };
        let u = across(rod.corner, axis);
        let v = cross(axis, u);
        let length = rod.length_m();
        let r = rod.radius_m[0].max(rod.radius_m[1]);
        let around = (TAU * r / cell.sqrt()).clamp(12.0, 48.0).ceil();
        let rows = (length / cell.sqrt()).ceil().max(4.0);
        let mut area = 0.0;
        for row in 0..rows as usize {
            for column in 0..around as usize {
                let t = (row as f64 + stream.uniform()) * (length / rows);
                let s = (column as f64 + stream.uniform()) / around;
                let r = super::solid::radius_at(t, length, rod.radius_m, rod.swells, self.swelling);
                let slope = super::solid::slope_at(t, rod, self.swelling);
                let (g, n, perimeter) = self.section.boundary(s);
                let p = along(rod.start_m, t, axis);
                let p = along(along(p, r * g[0], u), r * g[1], v);
                if self.on_surface(solid, p, r) {
                    let tilt = slope * (g[0] * n[0] + g[1] * n[1]);
                    area += r * (1.0 + tilt * tilt).sqrt() * perimeter / around * (length / rows);
                }
            }
        }
        area
    }

    /// Area of the two flat ends of a rod; mostly they lie inside of a ball.
    fn ends(&self, solid: &RodSolid, rod: usize, stream: &mut Stream) -> f64 {
        /// Points along and across the square around a section.
        const ACROSS: usize = 6;
        let rod = &self.rods[rod];
        let Some(axis) = unit(sub(rod.end_m, rod.start_m)) else { return 0.0 };
        let u = across(rod.corner, axis);
        let v = cross(axis, u);
        let length = rod.length_m();
        let mut area = 0.0;
        for (end, t) in [(rod.start_m, 0.0), (rod.end_m, length)] {
            let r = super::solid::radius_at(t, length, rod.radius_m, rod.swells, self.swelling);
            let edge = 2.0 * r * self.section.reach() / ACROSS as f64;
            let mut at = |i: usize| (i as f64 + stream.uniform() - 0.5 * ACROSS as f64) * edge;
            for i in 0..ACROSS * ACROSS {
                let (a, b) = (at(i % ACROSS), at(i / ACROSS));
                if self.section.height(a, b, r) < 0.0 && self.on_surface(solid, along(along(end, a, u), b, v), r) {
                    area += edge * edge;
                }
            }
        }
        area
    }

    fn ball(&self, solid: &RodSolid, ball: usize, cell: f64, stream: &mut Stream) -> f64 {
        let ball = &self.balls[ball];
        let r = ball.radius_m;
        let rows = (2.0 * r / cell.sqrt()).clamp(8.0, 48.0).ceil() as usize;
        let columns = 3 * rows;
        let part = r * r * 2.0 * TAU / (rows * columns) as f64;
        let mut area = 0.0;
        for row in 0..rows {
            for column in 0..columns {
                let mu = 2.0 * (row as f64 + stream.uniform()) / rows as f64 - 1.0;
                let theta = TAU * (column as f64 + stream.uniform()) / columns as f64;
                let rho = (1.0 - mu * mu).max(0.0).sqrt();
                let direction = [rho * libm::cos(theta), rho * libm::sin(theta), mu];
                if self.on_surface(solid, along(ball.centre_m, r, direction), r) {
                    area += part;
                }
            }
        }
        area
    }

    fn on_surface(&self, solid: &RodSolid, p: Point, r: f64) -> bool {
        let in_box = (0..3).all(|k| self.periodic[k] || (p[k] >= 0.0 && p[k] < self.box_m[k]));
        in_box && solid.signed_distance(p).abs() <= ON_SURFACE * r
    }
}
