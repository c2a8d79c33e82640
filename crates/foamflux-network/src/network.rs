//! The network: nodes, fibres, and which voxel belongs to which.
//!
//! A fibre runs along the axis of a strut from node centre to node centre; its own part lies outside of the node zones.
//! A node zone is the ball around a node within which solid is tagged as node, see [`ZoneRule`].

mod balls;
mod build;
mod fit;
mod measure;
mod places;
mod surface;
mod tagging;
mod zones;

use foamflux_grid::Volume;

use crate::skeleton::Topology;
use crate::{NetworkError, Sides};

/// How far a node reaches.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum ZoneRule {
    /// To where the swelling of its struts ends: a factor on the node's inscribed radius that is read off the radius
    /// profiles of the struts; without swelling [`FALLBACK_LAMBDA`] diameters of the struts.
    #[default]
    Swelling,
    /// This factor times the node's inscribed radius.
    NodeRadius(f64),
    /// This factor (lambda) times the mean diameter of the struts that meet there.
    StrutDiameter(f64),
}

/// Reach of a node in strut diameters where its shape does not show it: 1.5 strut radii, assumed.
pub const FALLBACK_LAMBDA: f64 = 0.75;

/// A node where more fibres meet than this is no node of struts but a block with holes, or speckle.
pub const CROWDED: usize = 64;

/// What the search for the network goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameters {
    /// What lies beyond the box.
    pub sides: Sides,
    /// A dead end is a spur when it stands out of its node's ball by less than this share of the ball's radius.
    pub spur: f64,
    /// Junctions closer than this share of the sum of their inscribed radii are one node.
    pub merge: f64,
    /// How far a node reaches.
    pub zone: ZoneRule,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters { sides: Sides::Open, spur: 1.5, merge: 0.35, zone: ZoneRule::Swelling }
    }
}

impl Parameters {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`NetworkError::Parameter`] naming the parameter, its value and its range.
    pub fn check(&self) -> Result<(), NetworkError> {
        let factor = match self.zone {
            ZoneRule::Swelling => 1.0,
            ZoneRule::NodeRadius(f) | ZoneRule::StrutDiameter(f) => f,
        };
        for (what, value, most) in [
            ("the spur limit", self.spur, 10.0),
            ("the merge limit", self.merge, 10.0),
            ("the factor of the node zone", factor, 10.0),
        ] {
            if !(0.0..=most).contains(&value) {
                return Err(NetworkError::Parameter { what, value, range: "from 0 to 10" });
            }
        }
        Ok(())
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Struts meet: a node in the sense of the statistics.
    Junction,
    /// A fibre ends inside of the box.
    DeadEnd,
    /// A fibre leaves the box.
    Cut,
    /// A ring without a junction was opened here.
    Seam,
    /// A body without a fibre: dust or debris.
    Isolated,
}

impl NodeKind {
    /// Name as the tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            NodeKind::Junction => "node",
            NodeKind::DeadEnd => "dead-end",
            NodeKind::Cut => "cut",
            NodeKind::Seam => "seam",
            NodeKind::Isolated => "isolated",
        }
    }
}

/// A vertex of the network. Lengths in the unit of the spacing.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where the axes of its struts meet, x, y, z.
    pub position: [f64; 3],
    /// Radius of the largest ball inside of the solid near the position.
    pub radius: f64,
    /// Radius of the zone that is tagged as node; zero for all but junctions, and where struts
    /// merely touch beside nodes that are swollen.
    pub zone_radius: f64,
    /// Number of fibre ends that meet here.
    pub coordination: usize,
    /// Whether its inscribed ball reaches a face of the box that cuts the sample: fibres may be unseen.
    pub at_border: bool,
    /// Volume of the voxels tagged as this node.
    pub volume: f64,
}

/// What a fibre is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FibreKind {
    /// From node to node.
    Whole,
    /// Leaves the box: longer than seen, left out of length statistics.
    Cut,
    /// Ends inside of the box.
    DeadEnd,
    /// Without a node: both ends free, or a closed ring.
    Free,
}

impl FibreKind {
    /// Name as the tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            FibreKind::Whole => "whole",
            FibreKind::Cut => "cut",
            FibreKind::DeadEnd => "dead-end",
            FibreKind::Free => "free",
        }
    }
}

/// Shape of a fibre's section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// As good as a circle.
    Round,
    /// Three-sided, as Plateau borders are: much slimmer inside than its area says.
    Triangular,
    /// Wider than thick.
    Flat,
    /// Too few voxels to tell.
    Unknown,
}

impl Section {
    /// Name as the tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Section::Round => "round",
            Section::Triangular => "triangular",
            Section::Flat => "flat",
            Section::Unknown => "unknown",
        }
    }
}

/// One knot of a fibre's profile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfilePoint {
    /// Arc length from the first end.
    pub arc: f64,
    /// Place of the axis, x, y, z.
    pub position: [f64; 3],
    /// Area of the section.
    pub area: f64,
    /// Inscribed radius; `None` where no voxel lies near enough to the axis.
    pub inscribed: Option<f64>,
}

/// An edge of the network. Lengths in the unit of the spacing.
#[derive(Debug, Clone, PartialEq)]
pub struct Fibre {
    /// What it is.
    pub kind: FibreKind,
    /// Numbers of the nodes at its ends.
    pub nodes: [usize; 2],
    /// Boxes to add to the second node's position to reach the end; zero unless the box is periodic.
    pub image: [i32; 3],
    /// Length along the axis, node centre to node centre, to the face of the box, or to the tip.
    pub length: f64,
    /// Straight distance between the ends.
    pub chord: f64,
    /// Unit vector from end to end; z, y, x first non-zero part positive, as a fibre has no sense.
    pub direction: [f64; 3],
    /// Diameter of the circle of the section's area, over the middle half of the fibre's own part.
    pub diameter: f64,
    /// The same over the whole of its own part.
    pub diameter_mean: f64,
    /// Smallest along its own part.
    pub diameter_min: f64,
    /// Diameter of the inscribed ball in the middle half.
    pub diameter_inscribed: f64,
    /// Thickness over width of the section, 0 to 1, by its second moments.
    pub flatness: f64,
    /// Shape of the section.
    pub section: Section,
    /// Arc lengths between which the fibre is its own, outside of the node zones.
    pub own: [f64; 2],
    /// Whether that is more than two voxels; else `own` is the middle third.
    pub has_own_part: bool,
    /// Whether a face of the box cuts it lengthwise, so that its sections are not whole.
    pub grazes: bool,
    /// Volume of its voxels outside of the node zones.
    pub volume: f64,
    /// Surface of these voxels, by faces weighted with the surface normal.
    pub surface: f64,
    /// Axis and sections from end to end.
    pub profile: Vec<ProfilePoint>,
}

impl Fibre {
    /// Whether enough of it lies outside of the node zones and inside of the box to have a section of its own: half a
    /// diameter and two voxels.
    #[must_use]
    pub fn has_section(&self) -> bool {
        self.has_own_part && !self.grazes && self.own[1] - self.own[0] >= 0.5 * self.diameter
    }

    /// Whether it is a body without a node and shorter than twice its diameter: dust rather than a fibre.
    #[must_use]
    pub fn is_debris(&self) -> bool {
        self.kind == FibreKind::Free && self.length < 2.0 * self.diameter
    }

    /// Whether it begins and ends in one node and stays near it: a hole in the node.
    #[must_use]
    pub fn is_hole(&self) -> bool {
        self.nodes[0] == self.nodes[1] && self.image == [0; 3] && !self.has_own_part
    }

    /// Whether it only joins two bodies that touch: nothing of it is outside of the zones of its nodes, and their inscribed
    /// balls meet, or nearly so with a neck between them that is narrower than both. Between swollen nodes that is a short
    /// strut, between fibres of a mat their contact.
    #[must_use]
    pub fn is_contact(&self, nodes: &[Node]) -> bool {
        let [a, b] = self.nodes.map(|n| &nodes[n]);
        let meet = self.length <= 1.1 * (a.radius + b.radius);
        self.kind == FibreKind::Whole && !self.has_own_part && (meet || self.is_neck(nodes))
    }

    /// Whether it is narrower than the nodes that it joins, whose inscribed balls meet or nearly so.
    fn is_neck(&self, nodes: &[Node]) -> bool {
        /// Voxels touch over their corners, with surfaces a diagonal of a voxel apart: 0.35 of a diameter of five voxels.
        const NEARLY: f64 = 1.4;
        /// Thickness of a neck over that of what it joins.
        const NECK: f64 = 0.8;
        let [a, b] = self.nodes.map(|n| &nodes[n]);
        self.kind == FibreKind::Whole
            && self.diameter_inscribed < NECK * 2.0 * a.radius.min(b.radius)
            && self.length <= NEARLY * (a.radius + b.radius)
    }

    /// Length over chord; infinite for a ring.
    #[must_use]
    pub fn tortuosity(&self) -> f64 {
        if self.chord > 0.0 { self.length / self.chord } else { f64::INFINITY }
    }
}

/// Share of the solid that is node, for other zone radii than the one used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZoneInfluence {
    /// Zone radius over the one used.
    pub scale: f64,
    /// Node voxels over solid voxels.
    pub node_share: f64,
}

/// How the node zones came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Zones {
    /// The rule asked for.
    pub rule: ZoneRule,
    /// Zone radius over inscribed node radius, median over the nodes; `None` without nodes.
    pub factor: Option<f64>,
    /// Inscribed node radius over the radius of the struts there, median: 1 is no swelling.
    pub swelling: Option<f64>,
    /// Whether the shape showed where nodes end (else the fallback was used, under [`ZoneRule::Swelling`]).
    pub from_profile: bool,
    /// Node share for smaller and larger zones.
    pub influence: Vec<ZoneInfluence>,
}

/// Counts on the way from skeleton to network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// Voxels of the skeleton.
    pub skeleton_voxels: usize,
    /// Junctions and curves of the skeleton before anything was simplified.
    pub raw: [usize; 2],
    /// Pieces of thin solid along thicker one that were left out of the skeleton.
    pub wings: usize,
    /// Curves that only decorate thicker solid, cut.
    pub fringe: usize,
    /// Spurs cut.
    pub spurs: usize,
    /// Pairs of junctions merged.
    pub merged: usize,
}

/// The network of a solid.
#[derive(Debug, Clone)]
pub struct Network {
    /// Edges of the box, x, y, z, in the unit of the spacing.
    pub box_size: [f64; 3],
    /// What lies beyond the box.
    pub sides: Sides,
    /// All vertices; those of kind [`NodeKind::Junction`] are nodes.
    pub nodes: Vec<Node>,
    /// The edges.
    pub fibres: Vec<Fibre>,
    /// 1 (fibre) or 2 (node) in the solid, 0 elsewhere.
    pub tags: Volume<u8>,
    /// Components and Euler number of the solid, proved equal to those of its skeleton; `None` in a periodic box.
    pub topology: Option<Topology>,
    /// The node zones.
    pub zones: Zones,
    /// Counts on the way.
    pub steps: Steps,
    /// Solid voxels.
    pub solid_voxels: usize,
    /// Share of the solid within two inscribed radii of its skeleton: near 1 for struts, small for plates and blocks.
    pub strut_like: f64,
    /// Share of the solid in bodies without a node and shorter than twice their diameter: dust and debris.
    pub debris_share: f64,
    /// Voxels of these bodies, ascending.
    pub debris: Vec<u32>,
    /// What makes the numbers doubtful.
    pub warnings: Vec<String>,
}
