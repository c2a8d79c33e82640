//! Open-cell foams: the edges of a Voronoi tessellation as round struts, known as an exact graph.
//!
//! ```text
//! cell of seed i:   C_i = { p : |p - s_i| <= |p - s_j| for all j }
//! strut e:          { p : rho_e(p) < r(t) },  t the position along the edge, rho_e the distance from it
//! radius:           r(t) = r0 (1 + (k - 1) (1 - s / s0)^2) for s < s0, else r0;  s = distance to the nearer end
//! node:             ball of radius k r0
//! ```
//!
//! `r0` is half of the strut diameter, `k` the swelling, `s0` the swelling length, `|.|` in metres.
//! On seeds of a body-centred cubic lattice the cells are Kelvin's truncated octahedra (Lord Kelvin, Phil. Mag. 24, 503,
//! 1887): 6 nodes and 12 struts a cell, four struts at every node, and a cell size (distance of opposite square faces)
//! `D = 2 sqrt(2) l` for struts of length `l`; slender struts fill `0.833 (2 r0 / l)^2` of space.
//! The polynomial swelling is ours: real nodes swell by a Plateau border (see A. Liebscher and C. Redenbach,
//! Int. J. Mater. Res. 104, 2013, for measured profiles), for which no unit-free standard exists.
//! A radius that ends with zero slope keeps the signed distance free of steps and the surface free of creases along a
//! strut.

mod area;
mod cell;
mod cells;
mod parameters;
mod raster;
mod seeds;
mod solid;
mod statistics;
mod struts;
mod voronoi;

pub use cells::Arrangement;
pub use parameters::{Boundary, FoamParameters, SeedPattern, StrutProfile};
pub use raster::FoamVolumes;
pub(crate) use raster::tag_nodes;
pub use solid::FoamSolid;
pub use statistics::{FoamStatistics, LengthStatistics};
pub use struts::{StrutFoam, StrutFoamModel};
pub use voronoi::Topology;

use crate::error::FoamError;
use crate::graph::{Graph, GraphNode, GraphStrut};
use crate::vector::{Point, add};
use parameters::{check_box, in_range};
use voronoi::{Neighbours, Tessellation};

/// A point where struts meet.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Node {
    /// Position in metres, x, y, z; in the box where the foam is periodic, perhaps outside of it where it is open.
    pub position_m: [f64; 3],
    /// Number of strut ends that meet here, in the whole tessellation.
    pub coordination: usize,
    /// Whether it lies inside of the box.
    pub inside: bool,
}

/// An edge of the tessellation between two nodes.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Strut {
    /// Indices of the nodes at its start and end.
    pub nodes: [usize; 2],
    /// Box edges to add to the second node's position to reach the end; all zero where the foam is open.
    pub image: [i32; 3],
    /// Start in metres: the first node.
    pub start_m: [f64; 3],
    /// End in metres: the second node, moved by the image.
    pub end_m: [f64; 3],
}

impl Strut {
    /// Length between the node centres in metres.
    #[must_use]
    pub fn length_m(&self) -> f64 {
        crate::vector::distance(self.start_m, self.end_m)
    }
}

/// An open-cell foam in a box that begins at the origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Foam {
    box_m: [f64; 3],
    boundary: Boundary,
    profile: StrutProfile,
    cell_size_m: f64,
    cells: usize,
    topology: Option<Topology>,
    nodes: Vec<Node>,
    struts: Vec<Strut>,
    /// A direction across each strut in which one of its three windows lies.
    windows: Vec<Point>,
    cell_spread: f64,
}

impl Foam {
    /// A foam by its parameters; the same parameters and seed give the same foam everywhere.
    ///
    /// # Errors
    /// [`FoamError`] for parameters out of range, a box without cells, or hard-core seeds that do not find room.
    pub fn generate(parameters: &FoamParameters, seed: u64) -> Result<Self, FoamError> {
        parameters.check()?;
        match parameters.boundary {
            Boundary::Periodic => {
                let seeds = seeds::in_periodic_box(parameters, parameters.box_m, parameters.cell_size_m, seed)?;
                Foam::from_seeds(&seeds, parameters.box_m, parameters.profile)
            }
            Boundary::Open => Foam::cut_out(parameters, seed),
        }
    }

    /// The periodic foam of these seeds (metres; taken back into the box).
    ///
    /// # Errors
    /// [`FoamError`] for a box or profile out of range, no seeds, seeds that coincide, or struts thicker than half of the
    /// mean cell size.
    pub fn from_seeds(seeds: &[[f64; 3]], box_m: [f64; 3], profile: StrutProfile) -> Result<Self, FoamError> {
        Foam::from_weighted_seeds(seeds, &[], box_m, profile)
    }

    /// The periodic Laguerre foam of these seeds and weights (square metres; none means equal weights).
    ///
    /// # Errors
    /// As [`Foam::from_seeds`], and [`FoamError::Range`] for weights that are not one finite number for each seed.
    pub fn from_weighted_seeds(
        seeds: &[[f64; 3]],
        weights: &[f64],
        box_m: [f64; 3],
        profile: StrutProfile,
    ) -> Result<Self, FoamError> {
        check_box(box_m)?;
        if !weights.is_empty() {
            in_range("the number of weights", weights.len() as f64, seeds.len() as f64, seeds.len() as f64)?;
            if let Some(value) = weights.iter().find(|w| !w.is_finite()) {
                return Err(FoamError::Length { what: "a seed's weight", value: *value });
            }
        }
        if seeds.is_empty() {
            return Err(FoamError::NoCells { box_m, cell_size_m: f64::NAN });
        }
        if let Some(value) = seeds.iter().flatten().find(|c| !c.is_finite()) {
            return Err(FoamError::Length { what: "a seed's coordinate", value: *value });
        }
        let volume: f64 = box_m.iter().product();
        // Two Kelvin cells share a cube of the cell size.
        let cell_size_m = libm::cbrt(2.0 * volume / seeds.len() as f64);
        profile.check(cell_size_m)?;
        // A box that is thinner still would need thousands of its own images around every cell.
        for edge in box_m {
            in_range("an edge of the box over the cell size", edge / cell_size_m, 0.1, 1e6)?;
        }
        let tessellation = Tessellation::new(seeds, weights, box_m)?;
        let nodes = (tessellation.positions.iter().zip(tessellation.coordination()))
            .map(|(&position_m, coordination)| Node { position_m, coordination, inside: true })
            .collect();
        let struts: Vec<Strut> = (0..tessellation.edges.len()).map(|e| tessellation.strut(e)).collect();
        let topology = Some(tessellation.topology());
        let boundary = Boundary::Periodic;
        let spacing = libm::cbrt(volume / seeds.len() as f64);
        let neighbours = Neighbours::new(seeds, box_m, spacing);
        let windows = struts.iter().map(|s| window(s, &neighbours, weights, spacing)).collect();
        let (cell_spread, cells) = cells::diameter_spread(&neighbours, weights, spacing)?;
        Ok(Foam { box_m, boundary, profile, cell_size_m, cells, topology, nodes, struts, windows, cell_spread })
    }

    /// A box cut out of a larger periodic foam, at a random place of the lattice.
    fn cut_out(parameters: &FoamParameters, seed: u64) -> Result<Self, FoamError> {
        let a = parameters.cell_size_m;
        // Two cells on each side: the tessellation inside of the box then knows nothing of the larger box's period.
        let large = parameters.box_m.map(|edge| ((edge / a).ceil() + 4.0) * a);
        let seeds = seeds::in_periodic_box(parameters, large, a, seed)?;
        let mut origin = crate::random::Stream::new(seed, crate::random::Purpose::Origin, 0);
        let origin: Point = std::array::from_fn(|_| (1.5 + origin.uniform()) * a);
        let whole = Foam::from_seeds(&seeds, large, parameters.profile)?;
        Ok(whole.crop(origin, parameters.box_m, a, &seeds))
    }

    /// The part of this foam that reaches into the box at `origin`, with every node outside of it that a kept strut has.
    fn crop(&self, origin: Point, box_m: Point, cell_size_m: f64, seeds: &[Point]) -> Foam {
        let inside = |p: Point| (0..3).all(|k| p[k] >= 0.0 && p[k] < box_m[k]);
        let reach = self.profile.largest_radius_m() + self.profile.zone_reach_m();
        let mut index = std::collections::BTreeMap::new();
        let (mut nodes, mut struts, mut windows) = (Vec::new(), Vec::new(), Vec::new());
        for (strut, window) in self.struts.iter().zip(&self.windows) {
            let start_m = crate::vector::sub(strut.start_m, origin);
            let end_m = crate::vector::sub(strut.end_m, origin);
            if (0..3).any(|k| start_m[k].max(end_m[k]) < -reach || start_m[k].min(end_m[k]) > box_m[k] + reach) {
                continue;
            }
            let mut node = |id: usize, image: [i32; 3], position_m: Point| {
                *index.entry((id, image)).or_insert_with(|| {
                    let coordination = self.nodes[id].coordination;
                    nodes.push(Node { position_m, coordination, inside: inside(position_m) });
                    nodes.len() - 1
                })
            };
            let ends = [node(strut.nodes[0], [0; 3], start_m), node(strut.nodes[1], strut.image, end_m)];
            struts.push(Strut { nodes: ends, image: [0; 3], start_m, end_m });
            windows.push(*window);
        }
        let wrapped = |s: &Point| -> Point { std::array::from_fn(|k| s[k].rem_euclid(self.box_m[k]) - origin[k]) };
        Foam {
            box_m,
            boundary: Boundary::Open,
            profile: self.profile,
            cell_size_m,
            cells: seeds.iter().filter(|s| inside(wrapped(s))).count(),
            topology: None,
            nodes,
            struts,
            windows,
            cell_spread: self.cell_spread,
        }
    }

    /// Edges of the box in metres, x, y, z.
    #[must_use]
    pub const fn box_m(&self) -> [f64; 3] {
        self.box_m
    }

    /// Whether the foam continues periodically or is cut out of a larger one.
    #[must_use]
    pub const fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// The struts' section.
    #[must_use]
    pub const fn profile(&self) -> StrutProfile {
        self.profile
    }

    /// Cell size in metres: the edge of the cube that holds two cells.
    #[must_use]
    pub const fn cell_size_m(&self) -> f64 {
        self.cell_size_m
    }

    /// Number of cells whose seed lies in the box.
    #[must_use]
    pub const fn cells(&self) -> usize {
        self.cells
    }

    /// Counts of the periodic tessellation; `None` for an open box, where no cell is whole.
    #[must_use]
    pub const fn topology(&self) -> Option<Topology> {
        self.topology
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The struts.
    #[must_use]
    pub fn struts(&self) -> &[Strut] {
        &self.struts
    }

    /// The graph with the radii of this foam's profile.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let ball = self.profile.largest_radius_m();
        let nodes = self.nodes.iter().map(|n| GraphNode {
            position_m: n.position_m,
            radius_m: ball,
            coordination: n.coordination,
            inside: n.inside,
        });
        let struts = self.struts.iter().zip(&self.windows).map(|(s, &corner)| {
            let length_m = s.length_m();
            GraphStrut {
                nodes: s.nodes,
                image: s.image,
                start_m: s.start_m,
                end_m: s.end_m,
                length_m,
                radius_m: [ball, self.profile.radius_m(0.5 * length_m), ball],
                broken: false,
                corner,
                path_m: Vec::new(),
            }
        });
        let periodic = self.boundary == Boundary::Periodic;
        Graph { box_m: self.box_m, periodic, nodes: nodes.collect(), struts: struts.collect() }
    }

    /// For each strut a direction across it that points into one of its windows: where a triangular strut has a corner.
    #[must_use]
    pub fn windows(&self) -> &[[f64; 3]] {
        &self.windows
    }

    /// Coefficient of variation of the cells' equivalent diameter, in the whole tessellation.
    #[must_use]
    pub const fn cell_spread(&self) -> f64 {
        self.cell_spread
    }

    /// The foam as a solid, ready to be rasterised.
    #[must_use]
    pub fn solid(&self) -> FoamSolid {
        FoamSolid::new(self)
    }

    /// Displacements by whole periods that may bring something near the box back into it.
    fn images(&self) -> Vec<Point> {
        let range = match self.boundary {
            Boundary::Periodic => -1..=1i32,
            Boundary::Open => 0..=0,
        };
        let mut images = Vec::new();
        for z in range.clone() {
            for y in range.clone() {
                for x in range.clone() {
                    let n = [x, y, z];
                    images.push(std::array::from_fn(|k| f64::from(n[k]) * self.box_m[k]));
                }
            }
        }
        images
    }

    /// Node centres with their images, as far as a ball of `radius` around them reaches into the box.
    fn node_images(&self, radius: f64) -> Vec<Point> {
        let images = self.images();
        let places = self.nodes.iter().flat_map(|n| images.iter().map(move |&d| add(n.position_m, d)));
        places.filter(|p| (0..3).all(|k| p[k] > -radius && p[k] < self.box_m[k] + radius)).collect()
    }
}

/// The direction in which the windows at a strut lie best: the faces between its three cells, turned to a threefold star.
fn window(strut: &Strut, seeds: &Neighbours, weights: &[f64], spacing: f64) -> Point {
    use crate::vector::{along, dot, frame, scale, sub, unit};
    let axis = unit(sub(strut.end_m, strut.start_m)).unwrap_or([0.0, 0.0, 1.0]);
    let (u, v) = frame(axis);
    let middle: Point = std::array::from_fn(|k| 0.5 * (strut.start_m[k] + strut.end_m[k]));
    let mut near = seeds.around(middle, 2.0 * spacing);
    let power = |n: &voronoi::Near| n.distance * n.distance - weights.get(n.index).copied().unwrap_or(0.0);
    near.sort_by(|a, b| power(a).total_cmp(&power(b)));
    if near.len() < 3 {
        return u;
    }
    let flat = |n: &voronoi::Near| [dot(n.offset, u), dot(n.offset, v)];
    let seeds = [flat(&near[0]), flat(&near[1]), flat(&near[2])];
    // The window between two cells lies across the line of their seeds, on the side away from the third.
    // The cube of a direction knows it up to thirds of a turn.
    let (mut a, mut b) = (0.0, 0.0);
    for third in 0..3 {
        let (p, q) = (seeds[(third + 1) % 3], seeds[(third + 2) % 3]);
        let across = [q[1] - p[1], p[0] - q[0]];
        let side = across[0] * seeds[third][0] + across[1] * seeds[third][1];
        let angle = 3.0 * libm::atan2(-side.signum() * across[1], -side.signum() * across[0]);
        a += libm::cos(angle);
        b += libm::sin(angle);
    }
    let turn = libm::atan2(b, a) / 3.0;
    along(scale(u, libm::cos(turn)), libm::sin(turn), v)
}
