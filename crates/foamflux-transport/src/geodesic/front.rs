//! The front that marches from vertex to vertex.
//!
//! Octants: the voxels around a vertex are numbered by bits, bit a set for the voxel on the far side along axis a.
//! A *node* is a vertex together with one of the groups that the conducting voxels around it form by sharing faces;
//! nodes of first groups have the vertex's number, those of further groups follow after all vertices.

use foamflux_grid::{Axis, LabelSet, Labels, Shape, Watch};
use rayon::prelude::*;

use super::GeodesicError;
use crate::Sides;

/// Buckets per smallest edge: the order of arrival is kept to a sixteenth of an edge.
const BUCKETS_PER_EDGE: f64 = 16.0;
/// Most buckets, for voxels of extreme shape.
const MAX_BUCKETS: usize = 1 << 16;
/// Buckets between two looks at the watcher.
const WATCH_EVERY: u64 = 64;
const FAR: f32 = f32::INFINITY;

/// The front on its way. Lengths are in voxel edges along the axis of transport.
pub(super) struct Front {
    axis: Axis,
    shape: Shape,
    /// Vertices along x, y, z: one more than voxels, or as many where the walls are joined.
    vertices: [usize; 3],
    stride: [usize; 3],
    wraps: [bool; 3],
    edge: [f64; 3],
    /// `1 / edge^2`.
    weight: [f64; 3],
    /// Diagonal of the face between each axis and the next one.
    diagonal: [f64; 3],
    /// Diagonal of the voxel.
    opposite: f64,
    /// Which octants conduct, by vertex.
    mask: Vec<u8>,
    /// Group of an octant, by mask.
    group: Box<[[u8; 8]; 256]>,
    /// Whether a mask has several groups; few have.
    several: Box<[bool; 256]>,
    /// Whether paths can bend at a vertex with a mask: what conducts around it is not convex.
    bends: Box<[bool; 256]>,
    /// Vertices with several groups, with the node of the second one.
    split: Vec<(usize, usize)>,
    /// Vertex and group of the nodes after all vertices.
    further: Vec<(usize, u8)>,
    /// Path length by node: negative once it is final, positive while it may still fall.
    length: Vec<f32>,
    per_edge: f64,
    buckets: Vec<Vec<usize>>,
    band: usize,
}

/// Groups of the octants in a mask that share faces, numbered by their lowest octant.
fn groups(mask: usize) -> [u8; 8] {
    let mut group: [u8; 8] = std::array::from_fn(|o| o as u8);
    // A group of eight has paths of at most seven steps.
    for _ in 0..7 {
        for o in (0..8).filter(|o| mask >> o & 1 == 1) {
            for other in [o ^ 1, o ^ 2, o ^ 4] {
                if mask >> other & 1 == 1 {
                    group[o] = group[o].min(group[other]);
                }
            }
        }
    }
    let roots: Vec<u8> = (0..8u8).filter(|&o| mask >> o & 1 == 1 && group[usize::from(o)] == o).collect();
    group.map(|root| roots.iter().position(|&r| r == root).unwrap_or(0) as u8)
}

/// Whether the octants in a mask are not all of some half spaces: everything, a half, a quarter or an octant is convex.
fn bends(mask: usize) -> bool {
    let hull = (0..3).flat_map(|a| [side(a, false), side(a, true)]).filter(|s| mask as u8 & !s == 0);
    hull.fold(255, |hull, s| hull & s) != mask as u8
}

/// Octants on one side along axis `a`.
const fn side(a: usize, up: bool) -> u8 {
    let high = [0b1010_1010, 0b1100_1100, 0b1111_0000][a];
    if up { high } else { !high }
}

/// The larger `t` with `sum of w (t - v)^2 = 1`; none where there is none that is later than all of `v`.
#[inline]
fn plane_wave(terms: &[(f64, f64)]) -> Option<f64> {
    // Relative to the first, so that small differences of long paths are not lost.
    let first = terms[0].0;
    let (mut w, mut wv, mut wvv, mut last) = (0.0, 0.0, 0.0, 0.0f64);
    for &(v, weight) in terms {
        let v = v - first;
        (w, wv, wvv, last) = (w + weight, wv + weight * v, wvv + weight * v * v, last.max(v));
    }
    let root = wv * wv - w * (wvv - 1.0);
    let t = (wv + root.sqrt()) / w;
    (root >= 0.0 && t >= last).then_some(first + t)
}

impl Front {
    pub(super) fn new(labels: &Labels, phase: LabelSet, axis: Axis, sides: Sides) -> Self {
        let (shape, spacing) = (labels.shape(), labels.spacing());
        let wraps = Axis::ALL.map(|a| crate::prune::wraps(sides, axis, a, shape));
        let n = Axis::ALL.map(|a| shape.along(a));
        let vertices = [0, 1, 2].map(|a| n[a] + usize::from(!wraps[a]));
        let stride = [1, vertices[0], vertices[0] * vertices[1]];
        let edge = Axis::ALL.map(|a| spacing.along(a) / spacing.along(axis));
        let conducts: [bool; 256] = std::array::from_fn(|v| phase.contains(v as u8));
        let group: Box<[[u8; 8]; 256]> = Box::new(std::array::from_fn(groups));

        // The voxel on either side of a vertex along an axis.
        let beside = |v: usize, a: usize, far: bool| match (far, v) {
            (true, v) => (v < n[a]).then_some(v),
            (false, 0) => wraps[a].then(|| n[a] - 1),
            (false, v) => Some(v - 1),
        };
        let mut mask = vec![0u8; stride[2] * vertices[2]];
        mask.par_chunks_mut(stride[2]).enumerate().for_each(|(vz, plane)| {
            for (far_z, far_y) in [(false, false), (false, true), (true, false), (true, true)] {
                let Some(z) = beside(vz, 2, far_z) else { continue };
                for (vy, row) in plane.chunks_exact_mut(vertices[0]).enumerate() {
                    let Some(y) = beside(vy, 1, far_y) else { continue };
                    let voxels = &labels.volume().plane(z)[y * n[0]..(y + 1) * n[0]];
                    let bit = 4 * u8::from(far_z) + 2 * u8::from(far_y);
                    for (x, _) in voxels.iter().enumerate().filter(|(_, v)| conducts[usize::from(**v)]) {
                        row[x] |= 1 << (bit + 1);
                        row[if x + 1 < vertices[0] { x + 1 } else { 0 }] |= 1 << bit;
                    }
                }
            }
        });
        let several: Box<[bool; 256]> = Box::new(std::array::from_fn(|m| group[m].iter().any(|g| *g > 0)));
        let (mut split, mut further) = (Vec::new(), Vec::new());
        for (v, &m) in mask.iter().enumerate().filter(|(_, m)| several[usize::from(**m)]) {
            split.push((v, mask.len() + further.len()));
            let last = group[usize::from(m)].iter().copied().max().unwrap_or(0);
            further.extend((1..=last).map(|g| (v, g)));
        }
        let length = vec![FAR; mask.len() + further.len()];
        let shortest = edge.iter().copied().fold(f64::INFINITY, f64::min);
        let longest = edge.iter().copied().fold(0.0, f64::max);
        let per_edge = (BUCKETS_PER_EDGE / shortest).min((MAX_BUCKETS - 4) as f64 / longest);
        // A vertex is at most one edge behind the one that it is reached from.
        let buckets = vec![Vec::new(); (longest * per_edge) as usize + 4];
        let weight = edge.map(|e| 1.0 / (e * e));
        Front {
            axis,
            shape,
            vertices,
            stride,
            wraps,
            edge,
            weight,
            diagonal: [0, 1, 2].map(|a| edge[a].hypot(edge[(a + 1) % 3])),
            opposite: edge[0].hypot(edge[1]).hypot(edge[2]),
            mask,
            group,
            several,
            bends: Box::new(std::array::from_fn(bends)),
            split,
            further,
            length,
            per_edge,
            buckets,
            band: 0,
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        let lists = 16 * (self.split.capacity() + self.further.capacity()) + 8 * self.band;
        (self.mask.len() + 4 * self.length.len() + lists) as u64
    }

    /// Vertices of the plane where transport ends (or begins), with the octants of the voxels that touch it.
    fn plane(&self, outlet: bool) -> (Vec<usize>, [u8; 4]) {
        let a = self.axis.xyz_index();
        let at = if outlet { self.shape.along(self.axis) } else { 0 };
        let range = |b: usize| if b == a { at..at + 1 } else { 0..self.vertices[b] };
        let mut vertices = Vec::new();
        for z in range(2) {
            for y in range(1) {
                vertices.extend(range(0).map(|x| z * self.stride[2] + y * self.stride[1] + x));
            }
        }
        let inside = [0u8, 1, 2, 3, 4, 5, 6, 7].into_iter().filter(|o| (o >> a & 1 == 0) == outlet);
        let mut octants = [0; 4];
        octants.iter_mut().zip(inside).for_each(|(to, o)| *to = o);
        (vertices, octants)
    }

    /// The node of a vertex that an octant belongs to.
    #[inline]
    fn node(&self, vertex: usize, octant: u8) -> usize {
        let mask = usize::from(self.mask[vertex]);
        if !self.several[mask] {
            return vertex;
        }
        match self.group[mask][usize::from(octant)] {
            0 => vertex,
            g => match self.split.binary_search_by_key(&vertex, |s| s.0) {
                Ok(at) => self.split[at].1 + usize::from(g) - 1,
                Err(_) => vertex,
            },
        }
    }

    /// The next vertex along axis `a`; the caller knows that there is one.
    #[inline]
    fn step(&self, vertex: usize, a: usize, up: bool) -> usize {
        if self.wraps[a] {
            let at = vertex / self.stride[a] % self.vertices[a];
            let round = self.stride[a] * (self.vertices[a] - 1);
            match up {
                true if at + 1 == self.vertices[a] => return vertex - round,
                false if at == 0 => return vertex + round,
                _ => {}
            }
        }
        if up { vertex + self.stride[a] } else { vertex - self.stride[a] }
    }

    /// Length of a node that has arrived; infinite otherwise.
    #[inline]
    fn arrived(&self, node: usize) -> f64 {
        let length = self.length[node];
        if length.is_sign_negative() { f64::from(-length) } else { f64::INFINITY }
    }

    fn put(&mut self, node: usize, length: f32) {
        self.length[node] = length;
        let slot = (f64::from(length) * self.per_edge) as u64 % self.buckets.len() as u64;
        self.buckets[slot as usize].push(node);
    }

    pub(super) fn run(&mut self, watch: &dyn Watch) -> Result<(), GeodesicError> {
        let (vertices, octants) = self.plane(false);
        for v in vertices {
            for o in octants {
                let node = self.node(v, o);
                if self.mask[v] >> o & 1 == 1 && self.length[node] > 0.0 {
                    self.put(node, 0.0);
                }
            }
        }
        let slots = self.buckets.len() as u64;
        let (mut key, mut idle) = (0u64, 0);
        while idle <= slots {
            if key.is_multiple_of(WATCH_EVERY) {
                if watch.cancelled() {
                    return Err(GeodesicError::Cancelled);
                }
                self.band = self.band.max(self.buckets.iter().map(Vec::capacity).sum());
            }
            let slot = (key % slots) as usize;
            idle = if self.buckets[slot].is_empty() { idle + 1 } else { 0 };
            // What this bucket's nodes put into the same bucket comes right after them.
            while !self.buckets[slot].is_empty() {
                let now = std::mem::take(&mut self.buckets[slot]);
                for &node in &now {
                    if !self.length[node].is_sign_negative() {
                        self.length[node] = -self.length[node];
                        self.pass_on(node, key);
                    }
                }
            }
            key += 1;
        }
        Ok(())
    }

    /// Vertex and conducting octants of a node.
    #[inline]
    fn parts(&self, node: usize) -> (usize, u8) {
        let (vertex, group) = if node < self.mask.len() { (node, 0) } else { self.further[node - self.mask.len()] };
        let mask = self.mask[vertex];
        if !self.several[usize::from(mask)] {
            return (vertex, mask);
        }
        let groups = &self.group[usize::from(mask)];
        (vertex, (0..8u8).filter(|&o| mask >> o & 1 == 1 && groups[usize::from(o)] == group).fold(0, |m, o| m | 1 << o))
    }

    /// Offers the neighbours of a node that has arrived their new lengths.
    fn pass_on(&mut self, node: usize, key: u64) {
        let (vertex, octants) = self.parts(node);
        // A length below the bucket at hand is possible by less than its width.
        let least = (key as f64 / self.per_edge) as f32;
        for a in 0..3 {
            for up in [false, true] {
                let towards = octants & side(a, up);
                if towards == 0 {
                    continue;
                }
                let next = self.step(vertex, a, up);
                if !self.several[usize::from(self.mask[next])] {
                    self.offer(next, a, !up, least);
                    continue;
                }
                let mut last = usize::MAX;
                for o in (0..8u8).filter(|o| towards >> o & 1 == 1) {
                    let other = self.node(next, o ^ 1 << a);
                    if other != last {
                        self.offer(other, a, !up, least);
                    }
                    last = other;
                }
            }
        }
    }

    /// Offers a node a length by way of the neighbour along axis `a` that has just arrived.
    #[inline]
    fn offer(&mut self, node: usize, a: usize, up: bool, least: f32) {
        let old = self.length[node];
        if old.is_sign_negative() || old <= least {
            return;
        }
        let new = (self.by_way_of(node, a, up) as f32).max(least);
        if new < old {
            self.put(node, new);
        }
    }

    /// Length of a node from what has arrived around it, the neighbour along axis `a` included.
    fn by_way_of(&self, node: usize, a: usize, up: bool) -> f64 {
        let (vertex, octants) = self.parts(node);
        let ahead = u8::from(up) << a;
        let at = |b: usize, up: bool, o: u8| self.arrived(self.node(self.step(vertex, b, up), o ^ 1 << b));
        let (b, c) = ((a + 1) % 3, (a + 2) % 3);
        let mut near = [0.0; 3];
        if octants == 255 {
            // Nothing but the phase around: the nearer neighbour along the other axes decides.
            let mut octant = ahead;
            for e in [b, c] {
                let [low, high] = [at(e, false, 0), at(e, true, 7)];
                octant |= u8::from(high < low) << e;
                near[e] = low.min(high);
            }
            near[a] = at(a, up, octant);
            return self.through(vertex, octant, near);
        }
        let mut best = f64::INFINITY;
        for o in [ahead, ahead | 1 << b, ahead | 1 << c, ahead | 1 << b | 1 << c] {
            if octants >> o & 1 == 1 {
                near[a] = at(a, up, o);
                if near[a].is_finite() {
                    (near[b], near[c]) = (at(b, o >> b & 1 == 1, o), at(c, o >> c & 1 == 1, o));
                    best = best.min(self.through(vertex, o, near));
                }
            }
        }
        best
    }

    /// Length of a vertex from the other vertices of the voxel in one octant: the least of what they allow.
    #[inline]
    fn through(&self, vertex: usize, o: u8, near: [f64; 3]) -> f64 {
        let step = |vertex: usize, a: usize| self.step(vertex, a, o >> a & 1 == 1);
        // Vertices across the face that is normal to each axis, and across the voxel.
        let corners: [usize; 3] = std::array::from_fn(|c| step(step(vertex, (c + 1) % 3), (c + 2) % 3));
        let across: [f64; 3] = std::array::from_fn(|c| self.arrived(self.node(corners[c], o ^ 7 ^ 1 << c)));
        let corner = step(corners[0], 0);
        let opposite = self.arrived(self.node(corner, o ^ 7));
        // Straight lines.
        let mut best = opposite + self.opposite;
        for c in 0..3 {
            best = best.min(near[c] + self.edge[c]).min(across[c] + self.diagonal[(c + 1) % 3]);
        }
        // The wave that fits all seven vertices.
        let gained: [f64; 3] = std::array::from_fn(|c| across[c] - opposite);
        if gained.iter().chain(&near).all(|t| t.is_finite()) && !self.fans_out(corner, &[0, 1, 2], &gained) {
            let terms: [(f64, f64); 3] = std::array::from_fn(|a| {
                let (b, c) = ((a + 1) % 3, (a + 2) % 3);
                let others = (near[b] - across[c]) + (near[c] - across[b]) + gained[a];
                (near[a] - others, self.weight[a] / 16.0)
            });
            let latest = near[0].max(near[1]).max(near[2]);
            if let Some(t) = plane_wave(&terms).filter(|t| *t >= latest) {
                return best.min(t);
            }
        }
        // Waves that fit the three vertices of a face, or the front of first order.
        for c in 0..3 {
            let (a, b) = ((c + 1) % 3, (c + 2) % 3);
            if !(near[a].is_finite() && near[b].is_finite()) {
                continue;
            }
            let along = [near[b] - across[c], near[a] - across[c]];
            let wave = match across[c].is_finite() && !self.fans_out(corners[c], &[a, b], &along) {
                true => {
                    let turn = near[a] - near[b];
                    plane_wave(&[(across[c] + turn, 0.25 * self.weight[a]), (across[c] - turn, 0.25 * self.weight[b])])
                        .filter(|t| *t >= near[a].max(near[b]))
                }
                false => None,
            };
            let t = wave.or_else(|| plane_wave(&[(near[a], self.weight[a]), (near[b], self.weight[b])]));
            best = t.unwrap_or(best).min(best);
        }
        if near.iter().all(|t| t.is_finite()) {
            best = plane_wave(&std::array::from_fn::<_, 3, _>(|a| (near[a], self.weight[a]))).unwrap_or(best).min(best);
        }
        best
    }

    /// Whether a fan begins at a vertex: paths from it run straight along two axes, or, where there is an edge to bend
    /// around, along one. There is no plane wave then, and assuming one reads too short, once at every step of a wall.
    #[inline]
    fn fans_out(&self, corner: usize, axes: &[usize], gained: &[f64]) -> bool {
        let straight = axes.iter().zip(gained).filter(|(a, g)| **g > 0.999 * self.edge[**a]).count();
        straight > 1 || straight == 1 && self.bends[usize::from(self.mask[corner])]
    }

    /// Lengths of the paths to the faces of the outlet plane, over that of the box: a face has the mean of its vertices.
    pub(super) fn paths(&self) -> Vec<f64> {
        let (vertices, octants) = self.plane(true);
        let n = self.shape.along(self.axis) as f64;
        // Every face once: seen from its vertex before it along both lateral axes.
        let lateral = [(self.axis.xyz_index() + 1) % 3, (self.axis.xyz_index() + 2) % 3];
        let Some(o) = octants.into_iter().find(|o| lateral.iter().all(|a| o >> a & 1 == 1)) else { return Vec::new() };
        vertices
            .into_iter()
            .filter(|&v| self.mask[v] >> o & 1 == 1)
            .filter_map(|v| {
                let [a, b] = lateral;
                let (va, vb) = (self.step(v, a, true), self.step(v, b, true));
                let vab = self.step(va, b, true);
                let corners = [(v, o), (va, o ^ 1 << a), (vb, o ^ 1 << b), (vab, o ^ 1 << a ^ 1 << b)];
                let sum: f64 = corners.into_iter().map(|(v, o)| self.arrived(self.node(v, o))).sum();
                sum.is_finite().then_some(0.25 * sum / n)
            })
            .collect()
    }
}
