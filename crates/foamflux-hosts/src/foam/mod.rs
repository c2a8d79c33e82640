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
mod parameters;
mod raster;
mod seeds;
mod solid;
mod statistics;
mod voronoi;

pub use parameters::{Boundary, FoamParameters, SeedPattern, StrutProfile};
pub use raster::FoamVolumes;
pub use solid::FoamSolid;
pub use statistics::{FoamStatistics, LengthStatistics};
pub use voronoi::Topology;

use crate::error::FoamError;
use crate::vector::{Point, add};
use parameters::{check_box, in_range};
use voronoi::Tessellation;

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
        check_box(box_m)?;
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
        let tessellation = Tessellation::new(seeds, box_m)?;
        let nodes = (tessellation.positions.iter().zip(tessellation.coordination()))
            .map(|(&position_m, coordination)| Node { position_m, coordination, inside: true })
            .collect();
        let struts = (0..tessellation.edges.len()).map(|e| tessellation.strut(e)).collect();
        let topology = Some(tessellation.topology());
        let boundary = Boundary::Periodic;
        Ok(Foam { box_m, boundary, profile, cell_size_m, cells: seeds.len(), topology, nodes, struts })
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
        let (mut nodes, mut struts) = (Vec::new(), Vec::new());
        for strut in &self.struts {
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
