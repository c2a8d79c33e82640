//! A convex cell that is cut by planes.
//!
//! Points are relative to the cell's seed.
//! A cut keeps `n . p <= d`; the new face is the convex polygon of all corners on the plane, put in order by their
//! direction from its middle, which needs no bookkeeping of half edges and cannot leave the cell open.
//! Corners within a tolerance of the plane count as on it, so that a plane through a corner or along an edge (always the
//! case on a lattice) adds no sliver.

use crate::vector::{Point, along, dot, frame, scale, sub};

/// The seed on the other side of a face: its index and the period by which it is moved.
pub(super) type Neighbour = (usize, [i32; 3]);

pub(super) struct Face {
    pub(super) neighbour: Neighbour,
    /// Corners in order around the face.
    pub(super) corners: Vec<usize>,
    /// Outward normal.
    pub(super) normal: Point,
}

pub(super) struct Cell {
    pub(super) corners: Vec<Point>,
    pub(super) faces: Vec<Face>,
}

impl Cell {
    /// The box around a seed whose faces are half way to the seed's own images.
    pub(super) fn of_period(seed: usize, box_m: Point) -> Cell {
        let corner = |i: usize| -> Point {
            std::array::from_fn(|k| if i >> k & 1 == 1 { 0.5 * box_m[k] } else { -0.5 * box_m[k] })
        };
        let mut faces = Vec::with_capacity(6);
        for axis in 0..3 {
            let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
            for side in 0..2usize {
                let at = |a: usize, b: usize| side << axis | a << u | b << v;
                let mut image = [0; 3];
                image[axis] = if side == 1 { 1 } else { -1 };
                let normal = image.map(f64::from);
                let corners = vec![at(0, 0), at(1, 0), at(1, 1), at(0, 1)];
                faces.push(Face { neighbour: (seed, image), corners, normal });
            }
        }
        Cell { corners: (0..8).map(corner).collect(), faces }
    }

    /// Square of the distance of the farthest corner from the seed.
    pub(super) fn reach_squared(&self) -> f64 {
        self.faces.iter().flat_map(|f| &f.corners).fold(0.0, |r, &c| f64::max(r, dot(self.corners[c], self.corners[c])))
    }

    /// Removes what lies beyond the plane at `reach` from the seed on the way to the point `other` (relative to the seed).
    pub(super) fn cut_towards(&mut self, other: Point, reach: f64, neighbour: Neighbour, tolerance: f64) {
        let length = dot(other, other).sqrt();
        let normal = scale(other, 1.0 / length);
        let height: Vec<f64> = self.corners.iter().map(|&p| dot(normal, p) - reach).collect();
        let used = || self.faces.iter().flat_map(|f| f.corners.iter().copied());
        if used().all(|c| height[c] <= tolerance) {
            return;
        }
        let mut on_plane: Vec<usize> = used().filter(|&c| height[c].abs() <= tolerance).collect();
        let mut cuts: Vec<((usize, usize), usize)> = Vec::new();
        let mut faces = Vec::with_capacity(self.faces.len() + 1);
        for face in &self.faces {
            let n = face.corners.len();
            let mut corners = Vec::with_capacity(n + 1);
            for i in 0..n {
                let (a, b) = (face.corners[i], face.corners[(i + 1) % n]);
                if height[a] <= tolerance {
                    corners.push(a);
                }
                if (height[a] < -tolerance && height[b] > tolerance)
                    || (height[a] > tolerance && height[b] < -tolerance)
                {
                    // Both faces of an edge must get the same new corner.
                    let key = (a.min(b), a.max(b));
                    let new = match cuts.iter().find(|(k, _)| *k == key) {
                        Some(&(_, new)) => new,
                        None => {
                            let (low, high) = key;
                            let t = height[low] / (height[low] - height[high]);
                            let p = along(self.corners[low], t, sub(self.corners[high], self.corners[low]));
                            self.corners.push(p);
                            cuts.push((key, self.corners.len() - 1));
                            self.corners.len() - 1
                        }
                    };
                    corners.push(new);
                }
            }
            if corners.len() >= 3 {
                faces.push(Face { neighbour: face.neighbour, corners, normal: face.normal });
            }
        }
        on_plane.extend(cuts.iter().map(|&(_, new)| new));
        on_plane.sort_unstable();
        on_plane.dedup();
        if on_plane.len() >= 3 {
            let corners = self.around(on_plane, normal);
            faces.push(Face { neighbour, corners, normal });
        }
        self.faces = faces;
    }

    /// Volume of the cell and its centroid relative to the seed, from tetrahedra over the faces.
    pub(super) fn volume_and_centroid(&self) -> (f64, Point) {
        let (mut volume, mut moment) = (0.0, [0.0; 3]);
        for face in &self.faces {
            let a = self.corners[face.corners[0]];
            for pair in face.corners[1..].windows(2) {
                let (b, c) = (self.corners[pair[0]], self.corners[pair[1]]);
                // The orientation of a face is not kept; outside of its own cell a weighted seed would need it.
                let part = dot(a, crate::vector::cross(b, c)) / 6.0;
                let part = if dot(a, face.normal) < 0.0 { -part.abs() } else { part.abs() };
                volume += part;
                moment = along(moment, 0.25 * part, crate::vector::add(a, crate::vector::add(b, c)));
            }
        }
        (volume, if volume > 0.0 { scale(moment, 1.0 / volume) } else { [0.0; 3] })
    }

    /// Corners of a convex polygon in order around its middle.
    fn around(&self, corners: Vec<usize>, normal: Point) -> Vec<usize> {
        let (u, v) = frame(normal);
        let n = corners.len() as f64;
        let middle = corners.iter().fold([0.0; 3], |m, &c| along(m, 1.0 / n, self.corners[c]));
        let mut keyed: Vec<(f64, usize)> = corners
            .into_iter()
            .map(|c| {
                let d = sub(self.corners[c], middle);
                (turn(dot(d, u), dot(d, v)), c)
            })
            .collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        keyed.into_iter().map(|(_, c)| c).collect()
    }
}

/// Grows with the angle of `(x, y)` from 0 to 4, without a trigonometric function.
fn turn(x: f64, y: f64) -> f64 {
    let t = y / (x.abs() + y.abs()).max(f64::MIN_POSITIVE);
    if x < 0.0 {
        2.0 - t
    } else if y < 0.0 {
        4.0 + t
    } else {
        t
    }
}
