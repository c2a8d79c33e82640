//! Rods and balls: what struts, fibres, nodes, particles and pores are made of.
//!
//! ```text
//! rod:     { p : p projects onto the segment at t, and lies in the section scaled to r(t) }
//! radius:  r(t) = (r_a + (r_b - r_a) t / L) (1 + (k - 1) (1 - s / s0)^2)  for s < s0,  s = distance to a swelling end
//! group:   union of its bodies minus union of its bores;   solid: union of the groups
//! ```
//!
//! Bores make hollow struts and fibres, and groups let one fibre pass through the wall of another without opening it.
//! The signed distance is divided by the largest slope of a rod's side, so that it never exceeds the true distance.

mod area;
mod section;
mod solid;

pub use section::Section;
pub(crate) use section::across;
pub use solid::RodSolid;

use crate::vector::{Point, distance};

/// Whether an element adds solid or takes it away within its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Solid.
    Body,
    /// A hole through the bodies of its group.
    Bore,
}

/// A straight piece of a strut or fibre with flat ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rod {
    /// Start in metres.
    pub start_m: [f64; 3],
    /// End in metres.
    pub end_m: [f64; 3],
    /// Area-equivalent radii at both ends without swelling, in metres.
    pub radius_m: [f64; 2],
    /// Whether it swells towards its start and its end.
    pub swells: [bool; 2],
    /// Direction of a corner of a triangular section.
    pub corner: [f64; 3],
    /// Elements of a group lie together in the list.
    pub group: u32,
    /// Body or bore.
    pub role: Role,
}

impl Rod {
    /// A plain round rod.
    #[must_use]
    pub const fn plain(start_m: [f64; 3], end_m: [f64; 3], radius_m: f64) -> Self {
        let (radius_m, swells) = ([radius_m; 2], [false; 2]);
        Rod { start_m, end_m, radius_m, swells, corner: [0.0; 3], group: 0, role: Role::Body }
    }

    /// Length in metres.
    #[must_use]
    pub fn length_m(&self) -> f64 {
        distance(self.start_m, self.end_m)
    }
}

/// A ball.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ball {
    /// Centre in metres.
    pub centre_m: [f64; 3],
    /// Radius in metres.
    pub radius_m: f64,
    /// Elements of a group lie together in the list.
    pub group: u32,
    /// Body or bore.
    pub role: Role,
}

impl Ball {
    /// A solid ball.
    #[must_use]
    pub const fn plain(centre_m: [f64; 3], radius_m: f64) -> Self {
        Ball { centre_m, radius_m, group: 0, role: Role::Body }
    }
}

/// How rods thicken towards their ends.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Swelling {
    /// Radius at the end over that of the bare rod, 1 and more.
    pub ratio: f64,
    /// Distance from the end over which it fades, in radii.
    pub length: f64,
}

impl Swelling {
    /// None.
    pub const NONE: Swelling = Swelling { ratio: 1.0, length: 2.0 };

    /// Factor on the radius at a distance from the end, both in the same unit.
    #[inline]
    pub(crate) fn factor(self, from_end: f64, radius: f64) -> f64 {
        let rest = (1.0 - from_end / (self.length * radius)).max(0.0);
        1.0 + (self.ratio - 1.0) * rest * rest
    }

    /// Derivative of the factor along the distance.
    fn slope(self, from_end: f64, radius: f64) -> f64 {
        let rest = (1.0 - from_end / (self.length * radius)).max(0.0);
        -2.0 * (self.ratio - 1.0) * rest / (self.length * radius)
    }
}

/// A set of rods and balls in a box at the origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Rods {
    /// Edges of the box in metres, x, y, z.
    pub box_m: [f64; 3],
    /// Along which axes the box repeats, x, y, z.
    pub periodic: [bool; 3],
    /// Section of all rods.
    pub section: Section,
    /// Swelling of all rods.
    pub swelling: Swelling,
    /// The rods.
    pub rods: Vec<Rod>,
    /// The balls.
    pub balls: Vec<Ball>,
}

impl Rods {
    /// Nothing in a box.
    #[must_use]
    pub const fn empty(box_m: [f64; 3], periodic: [bool; 3]) -> Self {
        let (section, swelling) = (Section::Round, Swelling::NONE);
        Rods { box_m, periodic, section, swelling, rods: Vec::new(), balls: Vec::new() }
    }

    /// The solid, ready to be rasterised.
    #[must_use]
    pub fn solid(&self) -> RodSolid {
        RodSolid::new(self)
    }

    /// Displacements by whole periods that may bring an element of this reach in from outside of the box.
    pub(crate) fn images(&self, low: Point, high: Point) -> Vec<Point> {
        let range = |k: usize| {
            if self.periodic[k] {
                let (from, to) =
                    ((-high[k] / self.box_m[k]).ceil(), ((self.box_m[k] - low[k]) / self.box_m[k]).floor());
                from as i32..=to as i32
            } else {
                0..=0
            }
        };
        let mut images = Vec::new();
        for z in range(2) {
            for y in range(1) {
                for x in range(0) {
                    let n = [x, y, z];
                    images.push(std::array::from_fn(|k| f64::from(n[k]) * self.box_m[k]));
                }
            }
        }
        images.retain(|d: &Point| (0..3).all(|k| high[k] + d[k] > 0.0 && low[k] + d[k] < self.box_m[k]));
        images
    }
}
