//! Periodic Voronoi and Laguerre tessellations: cells by cutting, then one graph.
//!
//! Each cell begins as the box between its seed and the seed's own images and is cut by the bisector planes of ever
//! farther neighbours, until they are twice as far as its farthest corner, beyond which no bisector can reach it
//! (the criterion of C. Rycroft's voro++, Chaos 19, 041111, 2009).
//! With weights `w` the plane towards seed j at distance `d` lies at `(d^2 + w_i - w_j) / (2 d)` (Laguerre or power
//! diagram; F. Aurenhammer, SIAM J. Comput. 16, 78, 1987), no seed farther than `R + sqrt(R^2 + w_max - w_i)` can reach a
//! cell of reach `R`, and a seed may have no cell at all.
//! Corners of different cells that agree within a tolerance are one vertex; cell edges between the same vertices are one
//! edge.
//! The result is accepted only if it is a cell complex of the 3-torus, `V - E + F - C = 0`, with at least three cells
//! around every edge: rounding cannot pass unnoticed.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::Strut;
use super::cell::Cell;
use crate::error::FoamError;
use crate::vector::{Point, add, distance, dot, sub};

/// Corners nearer than this part of the mean spacing are one vertex.
/// Corners come out to about 1e-13 of it; four nearly coplanar seeds may lose six more digits.
const MERGE: f64 = 1e-7;
/// A corner nearer than this part of the mean spacing to a plane lies on it.
const ON_PLANE: f64 = 1e-12;
/// Seeds nearer than this part of the mean spacing coincide.
const COINCIDE: f64 = 1e-5;

/// Numbers of vertices, edges, faces and cells of a periodic tessellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Topology {
    /// Vertices: nodes of the foam.
    pub vertices: usize,
    /// Edges: struts of the foam.
    pub edges: usize,
    /// Faces: windows between cells.
    pub faces: usize,
    /// Cells.
    pub cells: usize,
}

impl Topology {
    /// `V - E + F - C`, which is 0 on the 3-torus.
    #[must_use]
    pub fn euler_number(&self) -> i64 {
        self.vertices as i64 - self.edges as i64 + self.faces as i64 - self.cells as i64
    }
}

/// An edge between two vertices: the second one is moved by `image` periods.
type Edge = ([usize; 2], [i32; 3]);

pub(super) struct Tessellation {
    box_m: Point,
    pub(super) positions: Vec<Point>,
    pub(super) edges: Vec<Edge>,
    faces: usize,
    cells: usize,
}

/// The cell of every seed; empty where its weight leaves it none. No weights are equal weights.
pub(super) fn cells(seeds: &Neighbours, weights: &[f64], spacing: f64) -> Result<Vec<Cell>, FoamError> {
    let most = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (0..seeds.seeds().len()).into_par_iter().map(|i| cell(i, seeds, weights, most, spacing)).collect()
}

impl Tessellation {
    pub(super) fn new(seeds: &[Point], weights: &[f64], box_m: Point) -> Result<Self, FoamError> {
        let volume: f64 = box_m.iter().product();
        let spacing = libm::cbrt(volume / seeds.len() as f64);
        let neighbours = Neighbours::new(seeds, box_m, spacing);
        let cells = cells(&neighbours, weights, spacing)?;
        let mut vertices = Vertices::new(box_m, MERGE * spacing);
        let (mut edges, mut face_sides) = (Vec::new(), 0usize);
        for (seed, cell) in neighbours.seeds().iter().zip(&cells) {
            let mut place = vec![(usize::MAX, [0; 3]); cell.corners.len()];
            for &c in cell.faces.iter().flat_map(|f| &f.corners) {
                if place[c].0 == usize::MAX {
                    place[c] = vertices.place(add(*seed, cell.corners[c]));
                }
            }
            for face in &cell.faces {
                let mut around: Vec<_> = face.corners.iter().map(|&c| place[c]).collect();
                around.dedup();
                if around.len() > 1 && around.first() == around.last() {
                    around.pop();
                }
                // What merging has shrunk to an edge or a vertex is no face; its edges belong to other faces too.
                if around.len() < 3 {
                    continue;
                }
                face_sides += 1;
                edges.extend((0..around.len()).map(|i| edge(around[i], around[(i + 1) % around.len()])));
            }
        }
        // Every cell lists an edge twice, once for each of its two faces there.
        edges.sort_unstable();
        let mut unique: Vec<Edge> = Vec::new();
        for run in edges.chunk_by(|a, b| a == b) {
            if run.len() < 6 || run.len() % 2 == 1 {
                let what = format!("an edge between vertices {:?} has {} face sides around it", run[0].0, run.len());
                return Err(FoamError::Inconsistent { what });
            }
            unique.push(run[0]);
        }
        let faces = face_sides / 2;
        let count = cells.iter().filter(|c| !c.faces.is_empty()).count();
        let t = Tessellation { box_m, positions: vertices.positions, edges: unique, faces, cells: count };
        let topology = t.topology();
        if topology.euler_number() != 0 || face_sides % 2 == 1 {
            return Err(FoamError::Inconsistent { what: format!("{topology:?} with {face_sides} face sides") });
        }
        Ok(t)
    }

    pub(super) fn topology(&self) -> Topology {
        Topology { vertices: self.positions.len(), edges: self.edges.len(), faces: self.faces, cells: self.cells }
    }

    pub(super) fn coordination(&self) -> Vec<usize> {
        let mut count = vec![0; self.positions.len()];
        for node in self.edges.iter().flat_map(|e| e.0) {
            count[node] += 1;
        }
        count
    }

    pub(super) fn strut(&self, edge: usize) -> Strut {
        let (nodes, image) = self.edges[edge];
        let shift: Point = std::array::from_fn(|k| f64::from(image[k]) * self.box_m[k]);
        let (start_m, end_m) = (self.positions[nodes[0]], add(self.positions[nodes[1]], shift));
        Strut { nodes, image, start_m, end_m }
    }
}

/// The same edge from either end and in any period, in one form.
fn edge(a: (usize, [i32; 3]), b: (usize, [i32; 3])) -> Edge {
    let image: [i32; 3] = std::array::from_fn(|k| b.1[k] - a.1[k]);
    let turned = image.map(|n| -n);
    if a.0 < b.0 || (a.0 == b.0 && image >= turned) { ([a.0, b.0], image) } else { ([b.0, a.0], turned) }
}

fn cell(i: usize, neighbours: &Neighbours, weights: &[f64], most: f64, spacing: f64) -> Result<Cell, FoamError> {
    // Seeds beyond this distance cannot reach the cell.
    let enough = |cell: &Cell| {
        let reach = cell.reach_squared().sqrt();
        if weights.is_empty() { 2.0 * reach } else { reach + (reach * reach + most - weights[i]).max(0.0).sqrt() }
    };

    let seed = neighbours.seeds()[i];
    let mut cell = Cell::of_period(i, neighbours.box_m);
    // Nothing is nearer than zero: the first round sees coinciding seeds as well.
    let (mut seen, mut radius) = (-1.0, 2.0 * spacing);
    loop {
        let mut list = neighbours.around(seed, radius);
        list.retain(|n| n.distance > seen && (n.index, n.image) != (i, [0; 3]));
        list.sort_by(|a, b| {
            a.distance.total_cmp(&b.distance).then_with(|| (a.index, a.image).cmp(&(b.index, b.image)))
        });
        for n in &list {
            if n.index != i && n.distance < COINCIDE * spacing {
                return Err(FoamError::SeedsCoincide { first: i, second: n.index, distance_m: n.distance });
            }
            if n.distance > enough(&cell) {
                return Ok(cell);
            }
            // The box around the seed has its faces towards the nearest own images already.
            let own_face = n.index == i && n.image.iter().map(|c| c.abs()).sum::<i32>() == 1;
            if !own_face {
                let reach = match weights {
                    [] => 0.5 * n.distance,
                    w => (n.distance * n.distance + w[i] - w[n.index]) / (2.0 * n.distance),
                };
                cell.cut_towards(n.offset, reach, (n.index, n.image), ON_PLANE * spacing);
            }
        }
        (seen, radius) = (radius, radius.max(enough(&cell)) * 1.001);
        if seen >= enough(&cell) {
            return Ok(cell);
        }
    }
}

/// Vertices of the whole tessellation, found again by their place.
struct Vertices {
    box_m: Point,
    tolerance: f64,
    bins: [i64; 3],
    /// Looked up only, never walked through, so that its order cannot matter.
    index: BTreeMap<[i64; 3], Vec<usize>>,
    positions: Vec<Point>,
}

impl Vertices {
    fn new(box_m: Point, tolerance: f64) -> Self {
        let bins = box_m.map(|edge| ((edge / (16.0 * tolerance)) as i64).max(1));
        Vertices { box_m, tolerance, bins, index: BTreeMap::new(), positions: Vec::new() }
    }

    /// The vertex at this point, new or old, and by how many periods the point is moved from it.
    fn place(&mut self, p: Point) -> (usize, [i32; 3]) {
        let bin = |k: usize, c: f64| (c / self.box_m[k] * self.bins[k] as f64).floor() as i64;
        let mut found = None;
        for corner in 0..8u32 {
            let key = std::array::from_fn(|k| {
                let c = if corner >> k & 1 == 1 { p[k] + self.tolerance } else { p[k] - self.tolerance };
                bin(k, c).rem_euclid(self.bins[k])
            });
            for &v in self.index.get(&key).into_iter().flatten() {
                let near = add(self.positions[v], self.shift(p, self.positions[v]));
                if distance(near, p) <= self.tolerance && found.is_none_or(|old| v < old) {
                    found = Some(v);
                }
            }
        }
        let v = found.unwrap_or_else(|| {
            let wrapped: Point = std::array::from_fn(|k| wrap(p[k], self.box_m[k]));
            let key = std::array::from_fn(|k| bin(k, wrapped[k]).rem_euclid(self.bins[k]));
            self.index.entry(key).or_default().push(self.positions.len());
            self.positions.push(wrapped);
            self.positions.len() - 1
        });
        let shift = self.shift(p, self.positions[v]);
        (v, std::array::from_fn(|k| (shift[k] / self.box_m[k]).round() as i32))
    }

    /// The whole periods that bring `from` nearest to `p`.
    fn shift(&self, p: Point, from: Point) -> Point {
        std::array::from_fn(|k| ((p[k] - from[k]) / self.box_m[k]).round() * self.box_m[k])
    }
}

/// Into `[0, edge)`; the remainder of a tiny negative number rounds up to the edge itself.
fn wrap(c: f64, edge: f64) -> f64 {
    let r = c.rem_euclid(edge);
    if r < edge { r } else { 0.0 }
}

/// A seed near a point.
pub(super) struct Near {
    pub(super) index: usize,
    image: [i32; 3],
    /// From the point to the seed.
    pub(super) offset: Point,
    pub(super) distance: f64,
}

/// Seeds in a periodic box, found by place.
pub(super) struct Neighbours {
    box_m: Point,
    seeds: Vec<Point>,
    bins: [usize; 3],
    lists: Vec<Vec<usize>>,
}

impl Neighbours {
    pub(super) fn new(seeds: &[Point], box_m: Point, spacing: f64) -> Self {
        // Bounded, since a needle-like box would ask for very many empty bins.
        let bins = box_m.map(|edge| ((edge / spacing) as usize).clamp(1, 1024));
        let lists = vec![Vec::new(); bins.iter().product()];
        let mut neighbours = Neighbours { box_m, seeds: Vec::with_capacity(seeds.len()), bins, lists };
        for &seed in seeds {
            neighbours.push(seed);
        }
        neighbours
    }

    pub(super) fn push(&mut self, seed: Point) {
        let seed: Point = std::array::from_fn(|k| wrap(seed[k], self.box_m[k]));
        let at: [usize; 3] =
            std::array::from_fn(|k| ((seed[k] / self.box_m[k] * self.bins[k] as f64) as usize).min(self.bins[k] - 1));
        self.lists[(at[2] * self.bins[1] + at[1]) * self.bins[0] + at[0]].push(self.seeds.len());
        self.seeds.push(seed);
    }

    pub(super) fn seeds(&self) -> &[Point] {
        &self.seeds
    }

    pub(super) fn into_seeds(self) -> Vec<Point> {
        self.seeds
    }

    /// All seeds and images within `radius` of `p`.
    pub(super) fn around(&self, p: Point, radius: f64) -> Vec<Near> {
        let bin = |k: usize, c: f64| (c / self.box_m[k] * self.bins[k] as f64).floor() as i64;
        let span = |k: usize| bin(k, p[k] - radius)..=bin(k, p[k] + radius);
        let home = |k: usize, b: i64| {
            let n = self.bins[k] as i64;
            (b.rem_euclid(n) as usize, b.div_euclid(n) as i32)
        };
        let mut list = Vec::new();
        for (z, iz) in span(2).map(|b| home(2, b)) {
            for (y, iy) in span(1).map(|b| home(1, b)) {
                for (x, ix) in span(0).map(|b| home(0, b)) {
                    let image = [ix, iy, iz];
                    for &index in &self.lists[(z * self.bins[1] + y) * self.bins[0] + x] {
                        let shift: Point = std::array::from_fn(|k| f64::from(image[k]) * self.box_m[k]);
                        let offset = sub(add(self.seeds[index], shift), p);
                        let distance = dot(offset, offset).sqrt();
                        if distance <= radius {
                            list.push(Near { index, image, offset, distance });
                        }
                    }
                }
            }
        }
        list
    }
}
