//! Solids with exact volume and surface area, placed and turned anywhere.
//!
//! | shape | volume | surface area |
//! |---|---|---|
//! | [`Ball`] | 4/3 pi r^3 | 4 pi r^2 |
//! | [`Cylinder`], finite | pi r^2 L | 2 pi r L + 2 pi r^2 |
//! | [`Cylinder`], infinite | per length pi r^2 | per length 2 pi r |
//! | [`Capsule`] | pi r^2 L + 4/3 pi r^3 | 2 pi r L + 4 pi r^2 |
//! | [`Torus`] | 2 pi^2 R r^2 | 4 pi^2 R r |
//! | [`Cuboid`] | a b c | 2 (ab + bc + ca) |
//! | [`Slab`] | thickness per area | 2 per area |
//! | [`Shell`] | 4/3 pi (R^3 - r^3) | 4 pi (R^2 + r^2) |
//!
//! Sources: elementary; the torus by Pappus's centroid theorems.
//! Signed distances follow from the same geometry; the forms for boxes and finite cylinders (largest component inside,
//! Euclidean length of the positive components outside) are those that I. Quilez lists as exact
//! ("Distance functions", iquilezles.org).

mod flat;
mod round;
mod union;

pub use flat::{Cuboid, Rotation, Slab};
pub use round::{Ball, Capsule, Cylinder, Shell, Torus};
pub use union::Union;

use crate::error::ShapeError;
use crate::vector::{Point, unit};

/// What [`Solid::signed_distance`] returns besides the sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DistanceKind {
    /// The Euclidean distance to the surface.
    Exact,
    /// Never more than the Euclidean distance to the surface; equal to it to first order near smooth parts of the
    /// surface up to a constant factor that is close to 1.
    Bound,
}

/// An axis-aligned box of points, `[x, y, z]`; infinite where the solid is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Lowest coordinates.
    pub low: [f64; 3],
    /// Highest coordinates.
    pub high: [f64; 3],
}

impl Bounds {
    /// All of space.
    pub const EVERYWHERE: Bounds = Bounds { low: [f64::NEG_INFINITY; 3], high: [f64::INFINITY; 3] };

    /// The box around a point with these half edges.
    #[must_use]
    pub fn around(centre: [f64; 3], half: [f64; 3]) -> Self {
        Bounds { low: std::array::from_fn(|k| centre[k] - half[k]), high: std::array::from_fn(|k| centre[k] + half[k]) }
    }

    /// The smallest box that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Bounds {
            low: std::array::from_fn(|k| self.low[k].min(other.low[k])),
            high: std::array::from_fn(|k| self.high[k].max(other.high[k])),
        }
    }

    /// Whether the point lies in the closed box.
    #[must_use]
    pub fn contains(&self, p: [f64; 3]) -> bool {
        (0..3).all(|k| self.low[k] <= p[k] && p[k] <= self.high[k])
    }

    /// Edge lengths.
    #[must_use]
    pub fn edges(&self) -> [f64; 3] {
        std::array::from_fn(|k| self.high[k] - self.low[k])
    }
}

/// A set of points with a surface.
pub trait Solid: Sync {
    /// Distance of `p` to the surface, negative inside.
    ///
    /// The sign is always exact and the magnitude never exceeds the Euclidean distance, which is what the rasteriser
    /// and the area integral rely on; [`distance_kind`](Solid::distance_kind) says whether it equals it.
    fn signed_distance(&self, p: [f64; 3]) -> f64;

    /// Whether the magnitude is the distance or a bound of it.
    fn distance_kind(&self) -> DistanceKind {
        DistanceKind::Exact
    }

    /// Exact volume, where there is a formula and it is finite.
    fn volume(&self) -> Option<f64>;

    /// Exact surface area, where there is a formula and it is finite.
    fn surface_area(&self) -> Option<f64>;

    /// A box that holds the solid.
    fn bounds(&self) -> Bounds;
}

pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, ShapeError> {
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(ShapeError::Length { what, value }) }
}

pub(crate) fn finite_point(what: &'static str, p: Point) -> Result<Point, ShapeError> {
    match p.into_iter().find(|c| !c.is_finite()) {
        None => Ok(p),
        Some(value) => Err(ShapeError::NotFinite { what, value }),
    }
}

pub(crate) fn direction(value: Point) -> Result<Point, ShapeError> {
    unit(value).ok_or(ShapeError::Direction { value })
}
