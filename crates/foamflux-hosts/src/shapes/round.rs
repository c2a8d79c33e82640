//! Shapes with circular sections: ball, shell, cylinder, capsule, torus.

use std::f64::consts::PI;

use super::{Bounds, Solid, direction, finite_point, positive};
use crate::error::ShapeError;
use crate::vector::{Point, along, distance, distance_to_segment, dot, norm, sub};

/// All points within a radius of a centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ball {
    centre: Point,
    radius: f64,
}

impl Ball {
    /// A ball.
    ///
    /// # Errors
    /// [`ShapeError`] for a centre that is not finite or a radius that is not positive.
    pub fn new(centre: [f64; 3], radius: f64) -> Result<Self, ShapeError> {
        Ok(Ball { centre: finite_point("the centre", centre)?, radius: positive("the radius", radius)? })
    }
}

impl Solid for Ball {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        distance(p, self.centre) - self.radius
    }
    fn volume(&self) -> Option<f64> {
        Some(4.0 / 3.0 * PI * self.radius.powi(3))
    }
    fn surface_area(&self) -> Option<f64> {
        Some(4.0 * PI * self.radius.powi(2))
    }
    fn bounds(&self) -> Bounds {
        Bounds::around(self.centre, [self.radius; 3])
    }
}

/// The points between two concentric spheres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shell {
    centre: Point,
    inner: f64,
    outer: f64,
}

impl Shell {
    /// A hollow ball.
    ///
    /// # Errors
    /// [`ShapeError`] for numbers that are not finite, radii that are not positive, or an outer radius that does not
    /// exceed the inner one.
    pub fn new(centre: [f64; 3], inner: f64, outer: f64) -> Result<Self, ShapeError> {
        let centre = finite_point("the centre", centre)?;
        let (inner, outer) = (positive("the inner radius", inner)?, positive("the outer radius", outer)?);
        ordered("the outer radius", outer, "the inner radius", inner)?;
        Ok(Shell { centre, inner, outer })
    }
}

impl Solid for Shell {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        let r = distance(p, self.centre);
        (r - self.outer).max(self.inner - r)
    }
    fn volume(&self) -> Option<f64> {
        Some(4.0 / 3.0 * PI * (self.outer.powi(3) - self.inner.powi(3)))
    }
    fn surface_area(&self) -> Option<f64> {
        Some(4.0 * PI * (self.outer.powi(2) + self.inner.powi(2)))
    }
    fn bounds(&self) -> Bounds {
        Bounds::around(self.centre, [self.outer; 3])
    }
}

/// A circular cylinder, with flat ends or infinitely long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cylinder {
    centre: Point,
    axis: Point,
    radius: f64,
    /// `None`: infinite.
    half_length: Option<f64>,
}

impl Cylinder {
    /// A cylinder of the given length around its centre; the axis need not be normalised.
    ///
    /// # Errors
    /// [`ShapeError`] for numbers that are not finite, an axis without length, or lengths that are not positive.
    pub fn new(centre: [f64; 3], axis: [f64; 3], radius: f64, length: f64) -> Result<Self, ShapeError> {
        let half_length = Some(0.5 * positive("the length", length)?);
        Ok(Cylinder { half_length, ..Cylinder::infinite(centre, axis, radius)? })
    }

    /// A cylinder without ends, which therefore passes through the whole box.
    ///
    /// Along an axis of a box with edge `L` it holds `pi r^2 L` and shows `2 pi r L` inside of the box.
    ///
    /// # Errors
    /// As [`Cylinder::new`].
    pub fn infinite(through: [f64; 3], axis: [f64; 3], radius: f64) -> Result<Self, ShapeError> {
        Ok(Cylinder {
            centre: finite_point("the centre", through)?,
            axis: direction(axis)?,
            radius: positive("the radius", radius)?,
            half_length: None,
        })
    }
}

impl Solid for Cylinder {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        let d = sub(p, self.centre);
        let t = dot(d, self.axis);
        let radial = norm(along(d, -t, self.axis)) - self.radius;
        match self.half_length {
            None => radial,
            Some(h) => {
                let axial = t.abs() - h;
                radial.max(axial).min(0.0) + (radial.max(0.0).powi(2) + axial.max(0.0).powi(2)).sqrt()
            }
        }
    }
    fn volume(&self) -> Option<f64> {
        self.half_length.map(|h| 2.0 * PI * self.radius.powi(2) * h)
    }
    fn surface_area(&self) -> Option<f64> {
        self.half_length.map(|h| 4.0 * PI * self.radius * h + 2.0 * PI * self.radius.powi(2))
    }
    fn bounds(&self) -> Bounds {
        // A disc of normal a reaches r sqrt(1 - a_k^2) along axis k.
        let half = self.axis.map(|a| {
            let disc = self.radius * (1.0 - a * a).max(0.0).sqrt();
            match self.half_length {
                Some(h) => disc + h * a.abs(),
                None if a.abs() > 0.0 => f64::INFINITY,
                None => disc,
            }
        });
        Bounds::around(self.centre, half)
    }
}

/// All points within a radius of a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capsule {
    start: Point,
    axis: Point,
    length: f64,
    radius: f64,
}

impl Capsule {
    /// The capsule around the segment between two distinct points.
    ///
    /// # Errors
    /// [`ShapeError`] for numbers that are not finite, ends that coincide, or a radius that is not positive.
    pub fn new(start: [f64; 3], end: [f64; 3], radius: f64) -> Result<Self, ShapeError> {
        let start = finite_point("the start", start)?;
        let span = sub(finite_point("the end", end)?, start);
        Ok(Capsule { start, axis: direction(span)?, length: norm(span), radius: positive("the radius", radius)? })
    }
}

impl Solid for Capsule {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        distance_to_segment(p, self.start, self.axis, self.length) - self.radius
    }
    fn volume(&self) -> Option<f64> {
        Some(PI * self.radius.powi(2) * (self.length + 4.0 / 3.0 * self.radius))
    }
    fn surface_area(&self) -> Option<f64> {
        Some(2.0 * PI * self.radius * (self.length + 2.0 * self.radius))
    }
    fn bounds(&self) -> Bounds {
        let ball = |c| Bounds::around(c, [self.radius; 3]);
        ball(self.start).hull(ball(along(self.start, self.length, self.axis)))
    }
}

/// All points within the tube radius of a circle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Torus {
    centre: Point,
    axis: Point,
    ring: f64,
    tube: f64,
}

impl Torus {
    /// A ring torus: `ring` is the radius of the circle, `tube` that of the tube around it.
    ///
    /// # Errors
    /// [`ShapeError`] for numbers that are not finite, radii that are not positive, or a tube as wide as the ring.
    pub fn new(centre: [f64; 3], axis: [f64; 3], ring: f64, tube: f64) -> Result<Self, ShapeError> {
        let (ring, tube) = (positive("the ring radius", ring)?, positive("the tube radius", tube)?);
        ordered("the ring radius", ring, "the tube radius", tube)?;
        Ok(Torus { centre: finite_point("the centre", centre)?, axis: direction(axis)?, ring, tube })
    }
}

impl Solid for Torus {
    fn signed_distance(&self, p: [f64; 3]) -> f64 {
        let d = sub(p, self.centre);
        let t = dot(d, self.axis);
        let radial = norm(along(d, -t, self.axis)) - self.ring;
        (radial * radial + t * t).sqrt() - self.tube
    }
    fn volume(&self) -> Option<f64> {
        Some(2.0 * PI * PI * self.ring * self.tube.powi(2))
    }
    fn surface_area(&self) -> Option<f64> {
        Some(4.0 * PI * PI * self.ring * self.tube)
    }
    fn bounds(&self) -> Bounds {
        let half = self.axis.map(|a| self.ring * (1.0 - a * a).max(0.0).sqrt() + self.tube);
        Bounds::around(self.centre, half)
    }
}

fn ordered(
    larger: &'static str,
    larger_value: f64,
    smaller: &'static str,
    smaller_value: f64,
) -> Result<(), ShapeError> {
    if larger_value > smaller_value {
        Ok(())
    } else {
        Err(ShapeError::Order { larger, larger_value, smaller, smaller_value })
    }
}
