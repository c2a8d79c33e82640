//! Sections of rods: round, triangular, and the concave triangle of a Plateau border.
//!
//! All are scaled to the area `pi r^2` of a circle, so that `r` is the area-equivalent radius.
//!
//! ```text
//! concave triangle: what three mutually tangent circles of radius R leave between them,
//!     area (sqrt 3 - pi/2) R^2 = 0.16125 R^2,  perimeter pi R = 2.207 circles' of equal area,  inscribed radius 0.683 r
//! straight triangle: perimeter 1.286 circles' of equal area
//! ```
//!
//! Source: elementary; for Plateau borders in foams see D. Weaire and S. Hutzler, *The Physics of Foams* (1999).

use std::f64::consts::{PI, TAU};

use crate::vector::Point;

/// Shape of a rod's section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// A circle.
    Round,
    /// An equilateral triangle with straight sides.
    Triangle,
    /// The concave triangle between three touching circles.
    ConcaveTriangle,
}

const HALF_SQRT_3: f64 = 0.866_025_403_784_438_6;
/// Directions of the three sides (their middles); the corners lie opposite, the first along +u.
const SIDES: [[f64; 2]; 3] = [[0.5, HALF_SQRT_3], [-1.0, 0.0], [0.5, -HALF_SQRT_3]];
/// Circle radius of the concave triangle over its area-equivalent radius: sqrt(pi / (sqrt 3 - pi / 2)).
const CONCAVE: f64 = 4.413_864_947_188_449;
/// Distance of its corners from the middle: CONCAVE / sqrt 3.
const CONCAVE_CORNER: f64 = 2.548_346_115_425_904_4;
/// Distance of the straight triangle's corners: sqrt(4 pi / (3 sqrt 3)).
const STRAIGHT_CORNER: f64 = 1.555_120_301_556_214;

impl Section {
    /// Distance of the farthest point from the middle, in area-equivalent radii.
    pub(crate) const fn reach(self) -> f64 {
        match self {
            Section::Round => 1.0,
            Section::Triangle => STRAIGHT_CORNER,
            Section::ConcaveTriangle => CONCAVE_CORNER,
        }
    }

    /// Perimeter over that of the circle of equal area.
    #[must_use]
    pub fn perimeter_ratio(self) -> f64 {
        match self {
            Section::Round => 1.0,
            Section::Triangle => 3.0 * 2.0 * HALF_SQRT_3 * STRAIGHT_CORNER / TAU,
            Section::ConcaveTriangle => CONCAVE / 2.0,
        }
    }

    /// A bound of the distance of `(a, b)` from the boundary of the section, negative inside.
    #[inline]
    pub(crate) fn height(self, a: f64, b: f64, r: f64) -> f64 {
        let rho = (a * a + b * b).sqrt();
        let corner = match self {
            Section::Round => return rho - r,
            Section::Triangle => STRAIGHT_CORNER * r,
            Section::ConcaveTriangle => CONCAVE_CORNER * r,
        };
        let mut most = rho - corner;
        for n in SIDES {
            most = most.max(n[0] * a + n[1] * b - 0.5 * corner);
            // Farther out the circles would bound the distance too, but not its change with a swelling radius.
            if self == Section::ConcaveTriangle && rho < corner {
                let (da, db) = (a - 2.0 * corner * n[0], b - 2.0 * corner * n[1]);
                most = most.max(CONCAVE * r - (da * da + db * db).sqrt());
            }
        }
        most
    }

    /// A point of the boundary at `s` in [0, 1) of the perimeter for `r = 1`: its place, outward normal, and the length
    /// of the whole perimeter.
    pub(crate) fn boundary(self, s: f64) -> ([f64; 2], [f64; 2], f64) {
        let (side, part) = ((3.0 * s) as usize % 3, (3.0 * s).fract());
        let n = SIDES[side];
        // Along the side, from one corner to the next.
        let along = [-n[1], n[0]];
        match self {
            Section::Round => {
                let (sin, cos) = (libm::sin(TAU * s), libm::cos(TAU * s));
                ([cos, sin], [cos, sin], TAU)
            }
            Section::Triangle => {
                let (h, w) = (0.5 * STRAIGHT_CORNER, HALF_SQRT_3 * STRAIGHT_CORNER * (2.0 * part - 1.0));
                ([h * n[0] + w * along[0], h * n[1] + w * along[1]], n, 6.0 * HALF_SQRT_3 * STRAIGHT_CORNER)
            }
            Section::ConcaveTriangle => {
                let angle = PI / 3.0 * (0.5 - part);
                let (sin, cos) = (libm::sin(angle), libm::cos(angle));
                // From the circle's centre back towards the middle of the section.
                let out: [f64; 2] = std::array::from_fn(|k| cos * n[k] + sin * along[k]);
                let p = std::array::from_fn(|k| 2.0 * CONCAVE_CORNER * n[k] - CONCAVE * out[k]);
                (p, out, PI * CONCAVE)
            }
        }
    }
}

/// The part of `direction` across the unit `axis`, of length one; any such direction where there is none.
pub(crate) fn across(direction: Point, axis: Point) -> Point {
    use crate::vector::{along, dot, frame, unit};
    unit(along(direction, -dot(direction, axis), axis)).unwrap_or_else(|| frame(axis).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Section; 3] = [Section::Round, Section::Triangle, Section::ConcaveTriangle];

    #[test]
    fn sections_have_the_area_of_the_circle_and_the_stated_perimeter() {
        /// Point counting with 800^2 points over 26 area units.
        const COUNTED: f64 = 2e-3;
        for section in ALL {
            let n = 800;
            let edge = 2.0 * section.reach() / f64::from(n);
            let at = |i: i32| (f64::from(i) + 0.5) * edge - section.reach();
            let inside = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
            let inside = inside.filter(|&(i, j)| section.height(at(i), at(j), 1.0) < 0.0).count();
            assert!((inside as f64 * edge * edge / PI - 1.0).abs() < COUNTED, "{section:?}");
            // The polygon through boundary points: 3000 chords are short of the arc by 1e-6.
            let points: Vec<[f64; 2]> = (0..=3000).map(|i| section.boundary(f64::from(i % 3000) / 3000.0).0).collect();
            let length: f64 = points.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1])).sum();
            let (_, _, stated) = section.boundary(0.0);
            assert!((length / stated - 1.0).abs() < 1e-5, "{section:?}: {length} {stated}");
            assert!((stated / TAU / section.perimeter_ratio() - 1.0).abs() < 1e-6);
        }
        // physics.md 1.2: 2.21 and 1.29.
        assert!((Section::ConcaveTriangle.perimeter_ratio() - 2.207).abs() < 1e-3);
        assert!((Section::Triangle.perimeter_ratio() - 1.286).abs() < 1e-3);
    }

    #[test]
    fn boundary_points_lie_on_the_surface_and_heights_never_exceed_the_distance() {
        for section in ALL {
            let boundary: Vec<[f64; 2]> = (0..3000).map(|i| section.boundary(f64::from(i) / 3000.0).0).collect();
            for p in &boundary {
                assert!(section.height(p[0], p[1], 1.0).abs() < 1e-6, "{section:?} {p:?}");
            }
            for i in 0..60 {
                for j in 0..60 {
                    let p = [f64::from(i) * 0.1 - 2.9, f64::from(j) * 0.1 - 2.9];
                    let d = boundary.iter().map(|b| (b[0] - p[0]).hypot(b[1] - p[1])).fold(f64::INFINITY, f64::min);
                    // Boundary points are 5e-3 apart.
                    assert!(section.height(p[0], p[1], 1.0).abs() < d + 5e-3, "{section:?} {p:?}");
                }
            }
        }
    }
}
