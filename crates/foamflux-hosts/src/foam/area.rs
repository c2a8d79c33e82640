//! Surface area of a foam by sampling the surfaces that it is made of.
//!
//! The foam is a union of swollen cylinders and balls whose areas are known, so its area inside of the box is
//!
//! ```text
//! A = sum over pieces of ∫ [p in box] [p in no other piece] dA,
//! dA = r(t) sqrt(1 + r'(t)^2) dt dtheta on a strut,   R^2 dmu dtheta on a node ball (mu = cosine of the polar angle)
//! ```
//!
//! Each piece is divided into equal cells of its two coordinates with one random point in each.
//! Uncovered parts contribute their exact area, and the only error is where cells are cut by another piece or the box;
//! independent repetitions measure it.
//! There is no voxel in this number, which is why it serves as the truth for methods that count voxels.

use std::f64::consts::TAU;

use rayon::prelude::*;

use super::{Boundary, Foam, FoamSolid};
use crate::area::Estimate;
use crate::random::{Purpose, Stream};
use crate::shapes::Solid;
use crate::vector::{Point, along, frame, sub, unit};

/// Independent repetitions; their scatter is the uncertainty.
const REPETITIONS: usize = 8;
/// Sample points around a strut.
const AROUND: usize = 24;
/// A point this much (of the ball radius) inside of a piece is covered by it; its own piece is met at 1e-15.
const COVERED: f64 = 1e-9;

impl Foam {
    /// Surface area in the box in square metres, without the faces that the box cuts, and its standard error.
    #[must_use]
    pub fn surface_area_m2(&self, seed: u64) -> Estimate {
        let solid = self.solid();
        let pieces = self.struts.len() + self.nodes.len();
        let sums: Vec<[f64; REPETITIONS]> = (0..pieces)
            .into_par_iter()
            .map(|i| {
                let mut stream = Stream::new(seed, Purpose::Area, i as u64);
                std::array::from_fn(|_| {
                    if i < self.struts.len() {
                        self.strut_area(&solid, i, &mut stream)
                    } else {
                        self.ball_area(&solid, i - self.struts.len(), &mut stream)
                    }
                })
            })
            .collect();
        let totals: [f64; REPETITIONS] = std::array::from_fn(|r| sums.iter().map(|s| s[r]).sum());
        let n = REPETITIONS as f64;
        let value = totals.iter().sum::<f64>() / n;
        let variance = totals.iter().map(|t| (t - value).powi(2)).sum::<f64>() / (n - 1.0);
        Estimate { value, uncertainty: (variance / n).sqrt() }
    }

    fn strut_area(&self, solid: &FoamSolid, strut: usize, stream: &mut Stream) -> f64 {
        let strut = &self.struts[strut];
        let Some(axis) = unit(sub(strut.end_m, strut.start_m)) else { return 0.0 };
        let (u, v) = frame(axis);
        let length = strut.length_m();
        // Cells about as long as they are wide.
        let wide = TAU * 0.5 * self.profile.diameter_m / AROUND as f64;
        let rows = (length / wide).ceil().max(1.0);
        let (dt, dtheta) = (length / rows, TAU / AROUND as f64);
        let mut area = 0.0;
        for row in 0..rows as usize {
            for column in 0..AROUND {
                let t = (row as f64 + stream.uniform()) * dt;
                let theta = (column as f64 + stream.uniform()) * dtheta;
                let s = t.min(length - t);
                let (r, slope) = (self.profile.radius_m(s), self.profile.slope(s));
                let p = along(strut.start_m, t, axis);
                let p = along(along(p, r * libm::cos(theta), u), r * libm::sin(theta), v);
                if self.uncovered(solid, p) {
                    area += r * (1.0 + slope * slope).sqrt() * dt * dtheta;
                }
            }
        }
        area
    }

    fn ball_area(&self, solid: &FoamSolid, node: usize, stream: &mut Stream) -> f64 {
        let centre = self.nodes[node].position_m;
        let radius = self.profile.largest_radius_m();
        let rows = AROUND / 2;
        let cell = radius * radius * 2.0 * TAU / (rows * AROUND) as f64;
        let mut area = 0.0;
        for row in 0..rows {
            for column in 0..AROUND {
                let mu = 2.0 * (row as f64 + stream.uniform()) / rows as f64 - 1.0;
                let theta = TAU * (column as f64 + stream.uniform()) / AROUND as f64;
                let rho = (1.0 - mu * mu).max(0.0).sqrt();
                let direction = [rho * libm::cos(theta), rho * libm::sin(theta), mu];
                if self.uncovered(solid, along(centre, radius, direction)) {
                    area += cell;
                }
            }
        }
        area
    }

    fn uncovered(&self, solid: &FoamSolid, p: Point) -> bool {
        let in_box = self.boundary == Boundary::Periodic || (0..3).all(|k| p[k] >= 0.0 && p[k] < self.box_m[k]);
        in_box && solid.signed_distance(p) >= -COVERED * self.profile.largest_radius_m()
    }
}
