//! Shapes with flat faces: cuboid and slab, and the rotation that turns them.

use super::{Bounds, Solid, direction, finite_point, positive};
use crate::error::ShapeError;
use crate::vector::{Point, dot, sub};

/// A proper rotation of space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rotation {
    /// Images of the x, y and z directions.
    axes: [Point; 3],
}

impl Rotation {
    /// No rotation.
    pub const IDENTITY: Rotation = Rotation { axes: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] };

    /// The right-handed rotation about an axis by an angle in radians (Rodrigues' formula).
    ///
    /// # Errors
    /// [`ShapeError`] for an axis without length or an angle that is not finite.
    pub fn about(axis: [f64; 3], angle_rad: f64) -> Result<Self, ShapeError> {
        let u = direction(axis)?;
        if !angle_rad.is_finite() {
            return Err(ShapeError::NotFinite { what: "the angle", value: angle_rad });
        }
        let (s, c) = (libm::sin(angle_rad), libm::cos(angle_rad));
        let turned = |e: Point| -> Point {
            let k = dot(u, e) * (1.0 - c);
            let w = crate::vector::cross(u, e);
            std::array::from_fn(|i| e[i] * c + w[i] * s + u[i] * k)
        };
        Ok(Rotation { axes: Rotation::IDENTITY.axes.map(turned) })
    }
}

/// A rectangular box, turned anyhow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cuboid {
    centre: Point,
    half: Point,
    rotation: Rotation,
}

impl Cuboid {
    /// A box with the given edges before it is turned about its centre.
    ///
    /// # Errors
    /// [`ShapeError`] for a centre that is not finite or an edge that is not positive.
    pub fn new(centre: [f64; 3], edges: [f64; 3], rotation: Rotation) -> Result<Self, ShapeError> {
        for edge in edges {
            positive("an edge of the box", edge)?;
        }
        Ok(Cuboid { centre: finite_point("the centre", centre)?, half: edges.map(|e| 0.5 * e), rotation })
    }

    /// A cube.
    ///
    /// # Errors
    /// As [`Cuboid::new`].
    pub fn cube(centre: [f64; 3], edge: f64, rotation: Rotation) -> Result<Self, ShapeError> {
        Cuboid::new(centre, [edge; 3], rotation)
    }
}

impl Solid for Cuboid {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        let d = sub(p, self.centre);
        let q: Point = std::array::from_fn(|k| dot(d, self.rotation.axes[k]).abs() - self.half[k]);
        let inside = q[0].max(q[1]).max(q[2]).min(0.0);
        inside + q.map(|c| c.max(0.0).powi(2)).iter().sum::<f64>().sqrt()
    }
    fn volume(&self) -> Option<f64> {
        Some(8.0 * self.half[0] * self.half[1] * self.half[2])
    }
    fn surface_area(&self) -> Option<f64> {
        let [a, b, c] = self.half;
        Some(8.0 * (a * b + b * c + c * a))
    }
    fn bounds(&self) -> Bounds {
        let half = std::array::from_fn(|i| (0..3).map(|k| self.half[k] * self.rotation.axes[k][i].abs()).sum());
        Bounds::around(self.centre, half)
    }
}

/// The points between two parallel planes.
///
/// Normal to an axis of a box, a slab that does not touch the box's faces fills its thickness times the box's section
/// and shows two such sections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slab {
    centre: Point,
    normal: Point,
    half_thickness: f64,
}

impl Slab {
    /// The slab of this thickness around a point of its mid-plane.
    ///
    /// # Errors
    /// [`ShapeError`] for numbers that are not finite, a normal without length or a thickness that is not positive.
    pub fn new(through: [f64; 3], normal: [f64; 3], thickness: f64) -> Result<Self, ShapeError> {
        Ok(Slab {
            centre: finite_point("the centre", through)?,
            normal: direction(normal)?,
            half_thickness: 0.5 * positive("the thickness", thickness)?,
        })
    }
}

impl Solid for Slab {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        dot(sub(p, self.centre), self.normal).abs() - self.half_thickness
    }
    fn volume(&self) -> Option<f64> {
        None
    }
    fn surface_area(&self) -> Option<f64> {
        None
    }
    fn bounds(&self) -> Bounds {
        // Bounded only along an axis that the normal points along exactly.
        let half = self.normal.map(|n| if 1.0 - n.abs() > 0.0 { f64::INFINITY } else { self.half_thickness });
        Bounds::around(self.centre, half)
    }
}
