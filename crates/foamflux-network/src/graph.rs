//! The graph of a skeleton: vertices where curves meet or end, edges along the curves.
//!
//! Every vertex has a *frame*: unwrapped voxel coordinates in which its own voxels hang together. An edge's path is
//! written in the frame of its first end, and its `image` counts the boxes from there to the frame of its second end;
//! in a box that is not periodic all frames are the same and images are zero.

use foamflux_grid::Axis;

use crate::cells::{Pad, STEPS};
use crate::skeleton::Skeleton;

/// What a vertex of the skeleton is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Curves meet.
    Junction,
    /// A curve ends inside of the box.
    End,
    /// A curve ends on a face of the box.
    Cut,
    /// A closed curve without a junction was opened here.
    Seam,
    /// A voxel by itself.
    Lone,
}

#[derive(Debug, Clone)]
pub(crate) struct Vertex {
    pub(crate) kind: Kind,
    /// Voxels in the vertex's frame.
    pub(crate) voxels: Vec<[i32; 3]>,
    /// Centre in the unit of the spacing, in the vertex's frame.
    pub(crate) centre: [f64; 3],
    /// Radius of the largest inscribed ball that is centred on one of the voxels.
    pub(crate) radius: f64,
    pub(crate) alive: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) ends: [usize; 2],
    pub(crate) image: [i32; 3],
    /// Voxels between the ends, in the frame of the first.
    pub(crate) path: Vec<[i32; 3]>,
    pub(crate) alive: bool,
}

pub(crate) struct Graph<'a> {
    pub(crate) skeleton: &'a Skeleton,
    /// Edges along x, y, z.
    pub(crate) spacing: [f64; 3],
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) edges: Vec<Edge>,
    /// Edges at each vertex; a loop is listed twice. May hold dead edges.
    incident: Vec<Vec<usize>>,
}

pub(crate) fn add(a: [i32; 3], b: [i32; 3]) -> [i32; 3] {
    std::array::from_fn(|k| a[k] + b[k])
}

impl<'a> Graph<'a> {
    pub(crate) fn pad(&self) -> Pad {
        self.skeleton.pad
    }

    /// Distance to the boundary at unwrapped coordinates.
    pub(crate) fn distance(&self, at: [i32; 3]) -> f64 {
        let pad = self.pad();
        f64::from(self.skeleton.distance.as_slice()[pad.unpadded(pad.wrap(at))])
    }

    /// Place of a voxel's centre.
    pub(crate) fn point(&self, at: [i32; 3]) -> [f64; 3] {
        std::array::from_fn(|k| (f64::from(at[k]) + 0.5) * self.spacing[k])
    }

    /// Voxels by which a frame `image` boxes away is moved.
    pub(crate) fn shift(&self, image: [i32; 3]) -> [i32; 3] {
        std::array::from_fn(|k| image[k] * self.pad().n[k] as i32)
    }

    /// Centre of the edge's `end` in the frame of its first end.
    pub(crate) fn centre_of_end(&self, edge: &Edge, end: usize) -> [f64; 3] {
        let c = self.vertices[edge.ends[end]].centre;
        if end == 0 {
            return c;
        }
        std::array::from_fn(|k| c[k] + f64::from(edge.image[k]) * self.pad().n[k] as f64 * self.spacing[k])
    }

    /// Living edges at a vertex, a loop twice.
    pub(crate) fn edges_at(&self, vertex: usize) -> impl Iterator<Item = usize> {
        self.incident[vertex].iter().copied().filter(|&e| self.edges[e].alive)
    }

    pub(crate) fn degree(&self, vertex: usize) -> usize {
        self.edges_at(vertex).count()
    }

    pub(crate) fn add_edge(&mut self, edge: Edge) {
        let id = self.edges.len();
        for end in edge.ends {
            self.incident[end].push(id);
        }
        self.edges.push(edge);
    }

    fn add_vertex(&mut self, kind: Kind, voxels: Vec<[i32; 3]>) -> usize {
        self.vertices.push(Vertex { kind, voxels, centre: [0.0; 3], radius: 0.0, alive: true });
        self.incident.push(Vec::new());
        let id = self.vertices.len() - 1;
        self.settle(id);
        id
    }

    /// Centre and radius of a vertex from its voxels.
    ///
    /// The centre is that of the voxels whose balls are nearly the largest: where a ribbon of junction voxels runs into
    /// a strut, its far end says nothing about the node.
    pub(crate) fn settle(&mut self, vertex: usize) {
        /// Balls within this of the largest count as equal: half a voxel in a radius of ten.
        const NEARLY: f64 = 0.95;
        let voxels = &self.vertices[vertex].voxels;
        let radii: Vec<f64> = voxels.iter().map(|&v| self.distance(v)).collect();
        let radius = radii.iter().copied().fold(0.0, f64::max);
        let (mut sum, mut count) = ([0.0; 3], 0.0);
        for (&v, &r) in voxels.iter().zip(&radii) {
            if r >= NEARLY * radius {
                let p = self.point(v);
                sum = std::array::from_fn(|k| sum[k] + p[k]);
                count += 1.0;
            }
        }
        self.vertices[vertex].radius = radius;
        self.vertices[vertex].centre = sum.map(|s| s / f64::max(count, 1.0));
    }

    /// Moves what hangs at vertex `from` over to `to`, whose frame sees that of `from` `image` boxes away.
    pub(crate) fn absorb(&mut self, to: usize, from: usize, image: [i32; 3]) {
        let by = self.shift(image);
        let voxels = std::mem::take(&mut self.vertices[from].voxels);
        self.vertices[to].voxels.extend(voxels.into_iter().map(|v| add(v, by)));
        self.vertices[from].alive = false;
        let mut moved: Vec<usize> = std::mem::take(&mut self.incident[from]);
        moved.retain(|&e| self.edges[e].alive);
        let mut last = None;
        for &e in &moved {
            self.incident[to].push(e);
            // A loop is listed twice and must be moved once.
            if last.replace(e) == Some(e) || self.edges[e].ends == [to, to] {
                continue;
            }
            let edge = &mut self.edges[e];
            let (first, second) = (edge.ends[0] == from, edge.ends[1] == from);
            if first {
                edge.ends[0] = to;
                for p in &mut edge.path {
                    *p = add(*p, by);
                }
                edge.image = add(edge.image, image);
            }
            if second {
                edge.ends[1] = to;
                edge.image = std::array::from_fn(|k| edge.image[k] - image[k]);
            }
        }
    }

    /// The edge seen from its other end.
    pub(crate) fn reversed(&self, edge: &Edge) -> Edge {
        let image = edge.image.map(|i| -i);
        let by = self.shift(image);
        let path = edge.path.iter().rev().map(|&p| add(p, by)).collect();
        Edge { ends: [edge.ends[1], edge.ends[0]], image, path, alive: edge.alive }
    }

    /// The graph of a skeleton, as it is.
    pub(crate) fn trace(skeleton: &'a Skeleton) -> Self {
        let spacing = Axis::ALL.map(|a| skeleton.mask.spacing().along(a));
        let mut graph = Graph { skeleton, spacing, vertices: Vec::new(), edges: Vec::new(), incident: Vec::new() };
        let voxels = Voxels::new(skeleton);
        let n = voxels.place.len();
        // Vertex and place in its frame of each voxel that belongs to one.
        let mut owner: Vec<Option<(usize, [i32; 3])>> = vec![None; n];
        let mut seen = vec![false; n];
        for v in 0..n {
            if owner[v].is_some() {
                continue;
            }
            let at = voxels.coordinates(v);
            match voxels.around(v).len() {
                0 => {
                    owner[v] = Some((graph.add_vertex(Kind::Lone, vec![at]), at));
                }
                1 => {
                    let kind = if skeleton.pad.on_border(voxels.place[v]) { Kind::Cut } else { Kind::End };
                    owner[v] = Some((graph.add_vertex(kind, vec![at]), at));
                }
                2 => {}
                _ => {
                    let id = graph.vertices.len();
                    owner[v] = Some((id, at));
                    let mut cluster = vec![(v, at)];
                    let mut next = 0;
                    while next < cluster.len() {
                        let (u, at) = cluster[next];
                        next += 1;
                        for &(w, s) in voxels.around(u) {
                            if owner[w].is_none() && voxels.around(w).len() > 2 {
                                let there = add(at, STEPS[s]);
                                owner[w] = Some((id, there));
                                cluster.push((w, there));
                            }
                        }
                    }
                    graph.add_vertex(Kind::Junction, cluster.into_iter().map(|(_, at)| at).collect());
                }
            }
        }
        for v in 0..n {
            let Some((vertex, at)) = owner[v] else { continue };
            for &(w, s) in voxels.around(v) {
                match owner[w] {
                    // Neighbouring vertices: written once, by the voxel of lower number.
                    Some((other, there)) if other != vertex && v < w => {
                        let image = graph.image(add(at, STEPS[s]), there);
                        graph.add_edge(Edge { ends: [vertex, other], image, path: Vec::new(), alive: true });
                    }
                    Some(_) => {}
                    None if !seen[w] => graph.walk(&voxels, &owner, &mut seen, (vertex, at, v), (w, s)),
                    None => {}
                }
            }
        }
        // What is left are closed curves.
        for v in 0..n {
            if owner[v].is_none() && !seen[v] {
                let at = voxels.coordinates(v);
                let vertex = graph.add_vertex(Kind::Seam, vec![at]);
                owner[v] = Some((vertex, at));
                seen[v] = true;
                if let Some(&(w, s)) = voxels.around(v).first() {
                    graph.walk(&voxels, &owner, &mut seen, (vertex, at, v), (w, s));
                }
            }
        }
        graph
    }

    /// Boxes between unwrapped coordinates and those of the same voxel in another frame.
    fn image(&self, here: [i32; 3], there: [i32; 3]) -> [i32; 3] {
        std::array::from_fn(|k| (here[k] - there[k]) / self.pad().n[k] as i32)
    }

    /// Follows a curve from voxel `v` of `vertex` over its neighbour `w` to the next vertex.
    fn walk(
        &mut self,
        voxels: &Voxels<'_>,
        owner: &[Option<(usize, [i32; 3])>],
        seen: &mut [bool],
        (vertex, at, v): (usize, [i32; 3], usize),
        (w, s): (usize, usize),
    ) {
        let mut path = Vec::new();
        let (mut before, mut here, mut place) = (v, w, add(at, STEPS[s]));
        loop {
            seen[here] = true;
            path.push(place);
            let around = voxels.around(here);
            // Both neighbours are the same voxel in a periodic box of two voxels only.
            let Some(&(next, step)) = around.iter().find(|&&(q, _)| q != before).or(around.first()) else { return };
            place = add(place, STEPS[step]);
            if let Some((other, there)) = owner[next] {
                let image = self.image(place, there);
                self.add_edge(Edge { ends: [vertex, other], image, path, alive: true });
                return;
            }
            if seen[next] {
                return;
            }
            before = here;
            here = next;
        }
    }
}

/// The skeleton's voxels with their neighbours.
struct Voxels<'a> {
    skeleton: &'a Skeleton,
    place: Vec<[usize; 3]>,
    first: Vec<u32>,
    /// Number of the neighbour and of the step to it.
    neighbours: Vec<(usize, usize)>,
}

impl<'a> Voxels<'a> {
    fn new(skeleton: &'a Skeleton) -> Self {
        let pad = skeleton.pad;
        let inside = skeleton.mask.as_slice();
        let mut first = vec![0u32];
        let mut neighbours = Vec::new();
        let place: Vec<[usize; 3]> = skeleton.voxels.iter().map(|&v| pad.xyz(v)).collect();
        for (v, &xyz) in place.iter().enumerate() {
            for (s, &step) in STEPS.iter().enumerate() {
                if let Some(to) = pad.step(xyz, step)
                    && inside[pad.unpadded(to)]
                    && let Ok(w) = skeleton.voxels.binary_search(&pad.at(to))
                    && w != v
                {
                    neighbours.push((w, s));
                }
            }
            first.push(neighbours.len() as u32);
        }
        Voxels { skeleton, place, first, neighbours }
    }

    fn around(&self, v: usize) -> &[(usize, usize)] {
        &self.neighbours[self.first[v] as usize..self.first[v + 1] as usize]
    }

    fn coordinates(&self, v: usize) -> [i32; 3] {
        self.skeleton.pad.xyz(self.skeleton.voxels[v]).map(|c| c as i32)
    }
}
