//! Parameters of a foam and their ranges.

use serde::Serialize;

use crate::error::FoamError;

/// Where the cells' seeds are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum SeedPattern {
    /// A body-centred cubic lattice, each seed moved at random.
    Lattice {
        /// Radius of the ball of displacements over the distance of nearest neighbours, 0 (Kelvin's foam) to 0.5.
        jitter: f64,
    },
    /// Random sequential addition with a hard core.
    HardCore {
        /// Smallest distance over the mean spacing `(V / N)^(1/3)`, 0 (Poisson) to 0.85; the process jams near 0.9.
        min_distance: f64,
    },
}

/// What lies beyond the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// The same foam again. Lattices are stretched so that a whole number of cubes fits along each axis.
    Periodic,
    /// More foam: the box is cut out of a larger one, like a sample, and the lattice keeps its cell size.
    Open,
}

/// Radius of the struts along their length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StrutProfile {
    /// Diameter in the middle of a long strut, in metres.
    pub diameter_m: f64,
    /// Radius at the node over the radius in the middle, 1 to 3.
    pub swelling: f64,
    /// Distance from the node over which the swelling fades, in strut radii, 0.5 to 20.
    pub swelling_length: f64,
}

impl StrutProfile {
    /// Struts of constant radius; the nodes are balls of the same radius.
    #[must_use]
    pub const fn uniform(diameter_m: f64) -> Self {
        StrutProfile { diameter_m, swelling: 1.0, swelling_length: 2.0 }
    }

    /// Struts with modestly swollen nodes (assumed values: 1.5 times the radius, fading over 3 radii).
    #[must_use]
    pub const fn swollen(diameter_m: f64) -> Self {
        StrutProfile { diameter_m, swelling: 1.5, swelling_length: 3.0 }
    }

    /// Radius in metres at a distance (metres) from the nearer node.
    #[must_use]
    #[inline]
    pub fn radius_m(&self, from_node_m: f64) -> f64 {
        let rest = (1.0 - from_node_m / (0.5 * self.diameter_m * self.swelling_length)).max(0.0);
        0.5 * self.diameter_m * (1.0 + (self.swelling - 1.0) * rest * rest)
    }

    /// Change of the radius with the distance from the nearer node, zero or negative.
    pub(super) fn slope(&self, from_node_m: f64) -> f64 {
        let rest = (1.0 - from_node_m / (0.5 * self.diameter_m * self.swelling_length)).max(0.0);
        -2.0 * (self.swelling - 1.0) * rest / self.swelling_length
    }

    /// Radius of the node balls in metres.
    #[must_use]
    pub fn largest_radius_m(&self) -> f64 {
        0.5 * self.diameter_m * self.swelling
    }

    /// Radius around a node centre within which solid is tagged as node: `lambda d`.
    #[must_use]
    pub fn node_zone_m(&self, lambda: f64) -> f64 {
        lambda * self.diameter_m
    }

    /// Farthest that a node outside of the box may reach in with its tag.
    pub(super) fn zone_reach_m(&self) -> f64 {
        self.node_zone_m(MOST_LAMBDA)
    }

    /// Largest gradient of `distance from the edge - radius`.
    pub(super) fn lipschitz(&self) -> f64 {
        let slope = self.slope(0.0);
        (1.0 + slope * slope).sqrt()
    }

    pub(super) fn check(&self, cell_size_m: f64) -> Result<(), FoamError> {
        positive("the strut diameter", self.diameter_m)?;
        in_range("the swelling", self.swelling, 1.0, 3.0)?;
        in_range("the swelling length", self.swelling_length, 0.5, 20.0)?;
        let limit_m = 0.5 * cell_size_m;
        if self.diameter_m >= limit_m {
            return Err(FoamError::StrutTooThick { diameter_m: self.diameter_m, limit_m });
        }
        Ok(())
    }
}

/// Largest `lambda` of the node rule that the generator supports.
pub(super) const MOST_LAMBDA: f64 = 2.0;
/// Most cells: a graph of this size takes about a gigabyte.
const MOST_CELLS: usize = 200_000;

/// Parameters of a foam.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FoamParameters {
    /// Edges of the box in metres, x, y, z.
    pub box_m: [f64; 3],
    /// Edge in metres of the cube that holds two cells: the distance of opposite square faces of Kelvin's cell.
    pub cell_size_m: f64,
    /// Where the seeds are.
    pub seeds: SeedPattern,
    /// What lies beyond the box.
    pub boundary: Boundary,
    /// The struts' section.
    pub profile: StrutProfile,
}

impl FoamParameters {
    pub(super) fn check(&self) -> Result<(), FoamError> {
        check_box(self.box_m)?;
        positive("the cell size", self.cell_size_m)?;
        match self.seeds {
            SeedPattern::Lattice { jitter } => in_range("the jitter", jitter, 0.0, 0.5)?,
            SeedPattern::HardCore { min_distance } => {
                in_range("the smallest distance over the mean spacing", min_distance, 0.0, 0.85)?;
            }
        }
        self.profile.check(self.cell_size_m)?;
        let margin = if self.boundary == Boundary::Open { 5.0 } else { 0.0 };
        let cells = 2.0 * self.box_m.iter().map(|e| e / self.cell_size_m + margin).product::<f64>();
        if cells > MOST_CELLS as f64 {
            return Err(FoamError::TooManyCells { cells, limit: MOST_CELLS });
        }
        Ok(())
    }
}

pub(super) fn check_box(box_m: [f64; 3]) -> Result<(), FoamError> {
    box_m.into_iter().try_for_each(|edge| positive("an edge of the box", edge))
}

pub(super) fn positive(what: &'static str, value: f64) -> Result<(), FoamError> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(FoamError::Length { what, value }) }
}

pub(super) fn in_range(what: &'static str, value: f64, low: f64, high: f64) -> Result<(), FoamError> {
    // A comparison with NaN is false, so NaN is refused as well.
    if value >= low && value <= high { Ok(()) } else { Err(FoamError::Range { what, value, low, high }) }
}
