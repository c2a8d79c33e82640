//! The exact graph of a host: nodes and struts with their radii, as the truth for taggers and tracers.
//!
//! ```text
//! orientation tensor  T = sum_i l_i u_i u_i^T / sum_i l_i      (trace 1; 1/3 on the diagonal when isotropic)
//! ```
//!
//! with the length `l_i` inside of the box and the unit direction `u_i` of strut i; source: S. Advani and C. Tucker,
//! J. Rheol. 31, 751 (1987), weighted by length here.

use serde::Serialize;

use crate::foam::LengthStatistics;
use crate::vector::{Point, add, distance, sub, unit};

/// A point where struts meet or end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphNode {
    /// Position in metres, x, y, z.
    pub position_m: [f64; 3],
    /// Radius of its ball in metres; zero where there is none.
    pub radius_m: f64,
    /// Number of strut ends that meet here, broken struts included.
    pub coordination: usize,
    /// Whether it lies inside of the box.
    pub inside: bool,
}

/// A strut or a fibre.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphStrut {
    /// Indices of the nodes at its start and end.
    pub nodes: [usize; 2],
    /// Box edges to add to the second node's position to reach the end.
    pub image: [i32; 3],
    /// Start in metres.
    pub start_m: [f64; 3],
    /// End in metres.
    pub end_m: [f64; 3],
    /// Length along the strut in metres; more than the distance of its ends where it is curved.
    pub length_m: f64,
    /// Area-equivalent radii at the start, in the middle and at the end, in metres.
    pub radius_m: [f64; 3],
    /// Whether a gap interrupts it.
    pub broken: bool,
    /// A direction across it in which a corner of its section points.
    #[serde(skip)]
    pub corner: [f64; 3],
    /// Points between its ends where it is curved.
    #[serde(skip)]
    pub path_m: Vec<[f64; 3]>,
}

/// Nodes and struts in a box at the origin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Graph {
    /// Edges of the box in metres, x, y, z.
    pub box_m: [f64; 3],
    /// Whether it repeats.
    pub periodic: bool,
    /// Nodes.
    pub nodes: Vec<GraphNode>,
    /// Struts.
    pub struts: Vec<GraphStrut>,
}

/// A graph in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphFacts {
    /// Nodes in the box.
    pub nodes: usize,
    /// Nodes per volume.
    pub node_density_per_m3: f64,
    /// Struts: all of a periodic graph, of an open one those with their middle in the box.
    pub struts: usize,
    /// Of these the broken ones.
    pub broken_struts: usize,
    /// Mean number of strut ends at a node in the box.
    pub coordination_mean: f64,
    /// `histogram[k]` nodes in the box have `k` strut ends.
    pub coordination_histogram: Vec<usize>,
    /// Lengths of the counted struts.
    pub strut_length_m: Option<LengthStatistics>,
    /// Diameters in the middle of the counted struts.
    pub strut_diameter_m: Option<LengthStatistics>,
    /// Length of all struts inside of the box, cut at its faces.
    pub strut_length_total_m: f64,
    /// Orientation tensor, x, y, z.
    pub orientation_tensor: [[f64; 3]; 3],
}

impl GraphStrut {
    /// The points of the strut from start to end.
    pub fn points(&self) -> impl Iterator<Item = [f64; 3]> {
        std::iter::once(self.start_m).chain(self.path_m.iter().copied()).chain(std::iter::once(self.end_m))
    }

    /// Sum of the lengths between its points.
    #[must_use]
    pub fn path_length_m(&self) -> f64 {
        let points: Vec<Point> = self.points().collect();
        points.windows(2).map(|w| distance(w[0], w[1])).sum()
    }

    fn middle(&self) -> Point {
        let n = self.path_m.len();
        match n {
            0 => std::array::from_fn(|k| 0.5 * (self.start_m[k] + self.end_m[k])),
            _ => self.path_m[n / 2],
        }
    }
}

impl Graph {
    /// Presses or stretches everything by these factors along x, y, z; radii stay.
    pub fn deform(&mut self, factors: [f64; 3]) {
        let scaled = |p: Point| -> Point { std::array::from_fn(|k| p[k] * factors[k]) };
        self.box_m = scaled(self.box_m);
        for node in &mut self.nodes {
            node.position_m = scaled(node.position_m);
        }
        for strut in &mut self.struts {
            strut.start_m = scaled(strut.start_m);
            strut.end_m = scaled(strut.end_m);
            strut.path_m.iter_mut().for_each(|p| *p = scaled(*p));
            strut.length_m = strut.path_length_m();
        }
    }

    /// The graph in numbers.
    #[must_use]
    pub fn facts(&self) -> GraphFacts {
        let inside = |p: Point| (0..3).all(|k| p[k] >= 0.0 && p[k] < self.box_m[k]);
        let counted: Vec<&GraphStrut> = self.struts.iter().filter(|s| self.periodic || inside(s.middle())).collect();
        let mut histogram = Vec::new();
        for node in self.nodes.iter().filter(|n| n.inside) {
            if histogram.len() <= node.coordination {
                histogram.resize(node.coordination + 1, 0);
            }
            histogram[node.coordination] += 1;
        }
        let nodes: usize = histogram.iter().sum();
        let ends: usize = histogram.iter().enumerate().map(|(k, n)| k * n).sum();
        let (mut total, mut tensor) = (0.0, [[0.0; 3]; 3]);
        for strut in &self.struts {
            let points: Vec<Point> = strut.points().collect();
            for w in points.windows(2) {
                let Some(u) = unit(sub(w[1], w[0])) else { continue };
                let l = if self.periodic { distance(w[0], w[1]) } else { length_in_box(w[0], w[1], self.box_m) };
                total += l;
                for i in 0..3 {
                    for j in 0..3 {
                        tensor[i][j] += l * u[i] * u[j];
                    }
                }
            }
        }
        if total > 0.0 {
            tensor.iter_mut().flatten().for_each(|t| *t /= total);
        }
        GraphFacts {
            nodes,
            node_density_per_m3: nodes as f64 / self.box_m.iter().product::<f64>(),
            struts: counted.len(),
            broken_struts: counted.iter().filter(|s| s.broken).count(),
            coordination_mean: if nodes == 0 { 0.0 } else { ends as f64 / nodes as f64 },
            coordination_histogram: histogram,
            strut_length_m: LengthStatistics::of(counted.iter().map(|s| s.length_m).collect()),
            strut_diameter_m: LengthStatistics::of(counted.iter().map(|s| 2.0 * s.radius_m[1]).collect()),
            strut_length_total_m: total,
            orientation_tensor: tensor,
        }
    }

    /// Node centres with their periodic images, as far as a ball of `radius` around them reaches into the box.
    pub(crate) fn node_images(&self, radius: f64) -> Vec<Point> {
        let range = if self.periodic { -1..=1i32 } else { 0..=0 };
        let mut list = Vec::new();
        for node in self.nodes.iter().filter(|n| n.coordination > 2) {
            for z in range.clone() {
                for y in range.clone() {
                    for x in range.clone() {
                        let n = [x, y, z];
                        let shift: Point = std::array::from_fn(|k| f64::from(n[k]) * self.box_m[k]);
                        let p = add(node.position_m, shift);
                        if (0..3).all(|k| p[k] > -radius && p[k] < self.box_m[k] + radius) {
                            list.push(p);
                        }
                    }
                }
            }
        }
        list
    }

    /// The nodes as CSV, lengths in micrometres.
    #[must_use]
    pub fn nodes_csv(&self) -> String {
        use std::fmt::Write as _;
        let mut text = "id,x_um,y_um,z_um,radius_um,coordination,inside\n".to_owned();
        for (i, n) in self.nodes.iter().enumerate() {
            let [x, y, z] = n.position_m.map(|c| 1e6 * c);
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{i},{x:.6},{y:.6},{z:.6},{:.6},{},{}",
                1e6 * n.radius_m,
                n.coordination,
                u8::from(n.inside)
            );
        }
        text
    }

    /// The struts as CSV, lengths in micrometres.
    #[must_use]
    pub fn struts_csv(&self) -> String {
        use std::fmt::Write as _;
        let mut text = "id,node_a,node_b,image_x,image_y,image_z,ax_um,ay_um,az_um,bx_um,by_um,bz_um,length_um,\
                        diameter_a_um,diameter_middle_um,diameter_b_um,broken\n"
            .to_owned();
        for (i, s) in self.struts.iter().enumerate() {
            let [a, b] = s.nodes;
            let [ix, iy, iz] = s.image;
            let [ax, ay, az] = s.start_m.map(|c| 1e6 * c);
            let [bx, by, bz] = s.end_m.map(|c| 1e6 * c);
            let [d0, d1, d2] = s.radius_m.map(|r| 2e6 * r);
            let length = 1e6 * s.length_m;
            let broken = u8::from(s.broken);
            let _ = writeln!(
                text,
                "{i},{a},{b},{ix},{iy},{iz},{ax:.6},{ay:.6},{az:.6},{bx:.6},{by:.6},{bz:.6},{length:.6},{d0:.6},{d1:.6},\
                 {d2:.6},{broken}"
            );
        }
        text
    }
}

/// Length of the part of a segment that lies in the box at the origin (Liang and Barsky, 1984).
pub(crate) fn length_in_box(start: Point, end: Point, box_m: Point) -> f64 {
    let d = sub(end, start);
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for k in 0..3 {
        if d[k].abs() > 0.0 {
            let (a, b) = (-start[k] / d[k], (box_m[k] - start[k]) / d[k]);
            from = from.max(a.min(b));
            to = to.min(a.max(b));
        } else if start[k] < 0.0 || start[k] > box_m[k] {
            return 0.0;
        }
    }
    (to - from).max(0.0) * crate::vector::norm(d)
}
