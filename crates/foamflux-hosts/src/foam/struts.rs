//! Foams with everything that real ones have: sections, swelling, hollow and broken struts, compression, debris, grading.
//!
//! ```text
//! pressed foam:   p' = (x, y, c z),  c the compression; diameters stay, so c -> phi grows as 1/c times the shortening of
//!                 the struts, (1 / N) sum sqrt(1 - (1 - c^2) u_z^2)
//! graded:         r(z) = r (1 + g (2 z / L_z - 1)),  -1 < g < 1, positive: thicker at the collector
//! slender struts: phi = 0.833 (d / l)^2 and a_v = 4 phi / d (round), 8.83 phi / d (concave triangle)
//! ```
//!
//! A real strut buckles under compression and keeps its length; the affine map is the usual first model and is what the
//! truth states.
//! A broken strut keeps its two stubs with flat ends, without swelling there; the graph keeps it and says that it is broken.

use serde::Serialize;

use super::parameters::in_range;
use super::{Arrangement, Boundary, Foam, StrutProfile};
use crate::error::FoamError;
use crate::graph::Graph;
use crate::random::{Purpose, Stream};
use crate::rods::{Ball, Rod, Rods, Role, Section, Swelling};
use crate::vector::{Point, along, sub, unit};

/// Parameters of a foam of struts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StrutFoam {
    /// How the cells are arranged.
    pub arrangement: Arrangement,
    /// Edge in metres of the cube that holds two cells, before compression.
    pub cell_size_m: f64,
    /// What lies beyond the box.
    pub boundary: Boundary,
    /// Area-equivalent diameter in the middle of a strut.
    pub diameter_m: f64,
    /// Section of the struts.
    pub section: Section,
    /// Swelling towards the nodes.
    pub swelling: Swelling,
    /// Radius of the node balls over that of the swollen strut ends, 1 to 2.
    pub node_ratio: f64,
    /// Diameter of the bore over that of the strut, 0 (solid) to 0.95.
    pub hollow: f64,
    /// Height after over height before pressing, 0.02 to 1.
    pub compression: f64,
    /// Share of struts with a gap, 0 to 1.
    pub broken: f64,
    /// Length of a gap in strut diameters.
    pub gap: f64,
    /// Mean number of debris particles at a node.
    pub debris: f64,
    /// Diameter of debris in metres.
    pub debris_diameter_m: f64,
    /// Relative change of the diameter from the middle to the collector side (z = L), -0.9 to 0.9.
    pub grade: f64,
}

/// A generated foam: graph, solid, and what lies at its nodes.
#[derive(Debug, Clone)]
pub struct StrutFoamModel {
    /// The exact graph.
    pub graph: Graph,
    /// Struts and nodes.
    pub rods: Rods,
    /// Particles of another phase.
    pub debris: Rods,
    /// Cells whose seed lies in the box.
    pub cells: usize,
    /// Coefficient of variation of the cells' equivalent diameter, before pressing.
    pub cell_spread: f64,
}

impl StrutFoam {
    /// Whether the parameters describe a foam.
    ///
    /// # Errors
    /// [`FoamError`] naming the first that does not.
    pub fn check(&self) -> Result<(), FoamError> {
        in_range("node_ratio", self.node_ratio, 1.0, 2.0)?;
        in_range("hollow", self.hollow, 0.0, 0.95)?;
        in_range("compression", self.compression, 0.02, 1.0)?;
        in_range("broken", self.broken, 0.0, 1.0)?;
        in_range("gap", self.gap, 0.0, 100.0)?;
        in_range("debris", self.debris, 0.0, 50.0)?;
        in_range("grade", self.grade, -0.9, 0.9)
    }

    /// Generates the foam in a box (after pressing).
    ///
    /// # Errors
    /// [`FoamError`] for parameters out of range or cells that cannot be built.
    pub fn generate(&self, box_m: [f64; 3], seed: u64) -> Result<StrutFoamModel, FoamError> {
        self.check()?;
        let foam = self.foam(box_m, seed)?;
        Ok(self.dress(&foam, seed))
    }

    /// The bare foam before pressing; struts of another diameter can be hung on the same one with [`StrutFoam::dress`].
    ///
    /// # Errors
    /// As [`StrutFoam::generate`].
    pub fn foam(&self, box_m: [f64; 3], seed: u64) -> Result<Foam, FoamError> {
        let before = [box_m[0], box_m[1], box_m[2] / self.compression];
        let profile = StrutProfile {
            diameter_m: self.diameter_m * (1.0 + self.grade.abs()),
            swelling: (self.swelling.ratio * self.section.reach()).clamp(1.0, 3.0),
            swelling_length: self.swelling.length,
        };
        Foam::arranged(self.arrangement, before, self.cell_size_m, self.boundary, profile, seed)
    }

    /// Hangs struts and nodes on a bare foam.
    #[must_use]
    pub fn dress(&self, foam: &Foam, seed: u64) -> StrutFoamModel {
        let graph = self.graph(foam, seed);
        let periodic = [self.boundary == Boundary::Periodic; 3];
        let mut rods = Rods { section: self.section, swelling: self.swelling, ..Rods::empty(graph.box_m, periodic) };
        self.hang(&graph, seed, &mut rods);
        let debris = self.debris(&graph, seed, periodic);
        StrutFoamModel { rods, debris, cells: foam.cells(), cell_spread: foam.cell_spread(), graph }
    }

    fn graph(&self, foam: &Foam, seed: u64) -> Graph {
        let mut graph = foam.graph();
        graph.deform([1.0, 1.0, self.compression]);
        let height = graph.box_m[2];
        let bare = |p: Point| 0.5 * self.diameter_m * (1.0 + self.grade * (2.0 * p[2] / height - 1.0).clamp(-1.0, 1.0));
        let mut stream = Stream::new(seed, Purpose::Breaks, 0);
        for strut in &mut graph.struts {
            let (a, b) = (bare(strut.start_m), bare(strut.end_m));
            let (mean, k) = (0.5 * (a + b), self.swelling.factor(0.0, 1.0));
            let middle = mean * self.swelling.factor(0.5 * strut.length_m, mean);
            strut.radius_m = [a * k, middle, b * k];
            strut.broken = stream.uniform() < self.broken;
        }
        let mut radius = vec![0.0f64; graph.nodes.len()];
        for strut in &graph.struts {
            radius[strut.nodes[0]] = radius[strut.nodes[0]].max(strut.radius_m[0]);
            radius[strut.nodes[1]] = radius[strut.nodes[1]].max(strut.radius_m[2]);
        }
        for (node, r) in graph.nodes.iter_mut().zip(radius) {
            node.radius_m = r * self.node_ratio;
        }
        graph
    }

    fn hang(&self, graph: &Graph, seed: u64, rods: &mut Rods) {
        let k = self.swelling.factor(0.0, 1.0);
        let mut stream = Stream::new(seed, Purpose::Breaks, 1);
        for strut in &graph.struts {
            let bare = [strut.radius_m[0] / k, strut.radius_m[2] / k];
            let whole = Rod {
                start_m: strut.start_m,
                end_m: strut.end_m,
                radius_m: bare,
                swells: [true; 2],
                corner: strut.corner,
                group: 0,
                role: Role::Body,
            };
            let place = stream.uniform();
            if !strut.broken {
                rods.rods.push(whole);
                continue;
            }
            let (Some(axis), length) = (unit(sub(strut.end_m, strut.start_m)), strut.length_m) else { continue };
            let gap = (self.gap * self.diameter_m).min(length);
            let from = place * (length - gap);
            let at = |t: f64| bare[0] + (bare[1] - bare[0]) * (t / length);
            if from > 0.0 {
                let end_m = along(strut.start_m, from, axis);
                rods.rods.push(Rod { end_m, radius_m: [bare[0], at(from)], swells: [true, false], ..whole });
            }
            if from + gap < length {
                let start_m = along(strut.start_m, from + gap, axis);
                rods.rods.push(Rod { start_m, radius_m: [at(from + gap), bare[1]], swells: [false, true], ..whole });
            }
        }
        rods.balls.extend(graph.nodes.iter().map(|n| Ball::plain(n.position_m, n.radius_m)));
        if self.hollow > 0.0 {
            let bores =
                rods.rods.iter().map(|r| Rod { radius_m: r.radius_m.map(|r| r * self.hollow), role: Role::Bore, ..*r });
            let bores: Vec<Rod> = bores.collect();
            rods.rods.extend(bores);
            let bores: Vec<Ball> = (rods.balls.iter())
                .map(|b| Ball { radius_m: b.radius_m * self.hollow, role: Role::Bore, ..*b })
                .collect();
            rods.balls.extend(bores);
        }
    }

    /// Particles that sit half sunk on the node balls.
    fn debris(&self, graph: &Graph, seed: u64, periodic: [bool; 3]) -> Rods {
        let mut debris = Rods::empty(graph.box_m, periodic);
        if self.debris <= 0.0 {
            return debris;
        }
        let mut stream = Stream::new(seed, Purpose::Debris, 0);
        for node in &graph.nodes {
            // A whole number whose mean is the wanted one.
            let number = (self.debris + stream.uniform()).floor() as usize;
            for _ in 0..number {
                let Some(u) = unit(stream.in_ball()) else { continue };
                let size = 0.5 + stream.uniform();
                let centre = along(node.position_m, node.radius_m, u);
                debris.balls.push(Ball::plain(centre, 0.5 * self.debris_diameter_m * size));
            }
        }
        debris
    }
}
