//! Cells of the pore space: a watershed of its distance map.
//!
//! # Theory
//! The pore is flooded by descending distance D to the solid: each peak of D has the voxels from which D leads uphill to it.
//! From the highest saddle between two of them to the lowest, they are one cell when the passage is nearly as wide as the
//! smaller of them,
//!
//! ```text
//! D_saddle >= JOIN min(D_peak a, D_peak b)
//! ```
//!
//! and else a window lies between them (Kelvin's foam: 0.58 through a hexagon, 0.33 through a square).
//! It is the marker-free form of the SNOW algorithm (J. Gostick, Phys. Rev. E 96 (2017) 023307), whose markers are the
//! peaks that survive a filter; the ratio takes the filter's place and has no length in it.
//! A cell's size is the diameter of the ball of its volume, its faces are the cells that it shares a window with.
//!
//! Cells are many voxels wide, so large boxes are halved until they have at most eight million voxels; solid stays solid.

use std::collections::BTreeMap;

use foamflux_grid::{Axis, Shape, Volume, VoxelSize};
use foamflux_voxel::distance::{Border, boundary_distance};
use rayon::prelude::*;

use crate::cells::STEPS;
use crate::statistics::Spread;

/// Passages wider than this share of the smaller cell do not divide.
const JOIN: f64 = 0.85;
/// Windows of less than this share of a cell's surface are no faces: corners that touch.
const FACE: f64 = 0.01;
/// Voxels that are flooded at most.
const MOST: usize = 1 << 23;

/// Cells of the pore space. Lengths in the unit of the spacing.
#[derive(Debug, Clone, PartialEq)]
pub struct PoreCells {
    /// Cells, those that the box cuts included.
    pub count: usize,
    /// Of these, cells that the box does not cut; sizes and faces are theirs.
    pub whole: usize,
    /// Diameter of the ball of equal volume.
    pub diameter: Option<Spread>,
    /// Cells by their number of faces.
    pub faces: BTreeMap<usize, usize>,
    /// Mean number of faces.
    pub faces_mean: Option<f64>,
}

impl PoreCells {
    /// The cells of what is not solid; `None` without pore or without solid.
    #[must_use]
    pub fn of(solid: &Volume<bool>) -> Option<Self> {
        let coarse = halved(solid, MOST);
        let solid = coarse.as_ref().unwrap_or(solid);
        let pore = solid.map(|s| !s);
        let inside = pore.as_slice();
        if !inside.contains(&true) || !inside.contains(&false) {
            return None;
        }
        let distance = boundary_distance(&pore, Border::Open);
        let flood = Flood::new(&pore, distance.as_slice());
        Some(flood.cells(&pore))
    }
}

/// The mask with voxels of two edges, as often as it takes to have no more than `most`; solid where any of the eight is.
fn halved(solid: &Volume<bool>, most: usize) -> Option<Volume<bool>> {
    let mut found: Option<Volume<bool>> = None;
    loop {
        let from = found.as_ref().unwrap_or(solid);
        let shape = from.shape();
        if shape.len() <= most || shape.zyx().contains(&1) {
            return found;
        }
        let half = Shape::new(shape.z.div_ceil(2), shape.y.div_ceil(2), shape.x.div_ceil(2)).ok()?;
        let size: VoxelSize = from.voxel_size().binned(2);
        let voxels = from.as_slice();
        let last = [shape.z - 1, shape.y - 1];
        let mut data = vec![false; half.len()];
        data.par_chunks_mut(half.x).enumerate().for_each(|(row, out)| {
            let (z, y) = (2 * (row / half.y), 2 * (row % half.y));
            for (z, y) in [(z, y), (z, y + 1), (z + 1, y), (z + 1, y + 1)] {
                let from = shape.index(z.min(last[0]), y.min(last[1]), 0);
                for (o, pair) in out.iter_mut().zip(voxels[from..from + shape.x].chunks(2)) {
                    *o |= pair.contains(&true);
                }
            }
        });
        let next = Volume::from_vec(half, size, data).ok()?;
        found = Some(next);
    }
}

const NOBODY: u32 = u32::MAX;

/// Basins of a flood and which of them became one.
struct Flood {
    /// Basin of every voxel.
    of: Vec<u32>,
    parent: Vec<u32>,
}

impl Flood {
    fn root(&mut self, mut b: u32) -> u32 {
        while self.parent[b as usize] != b {
            let up = self.parent[self.parent[b as usize] as usize];
            self.parent[b as usize] = up;
            b = up;
        }
        b
    }

    fn new(pore: &Volume<bool>, d: &[f32]) -> Self {
        let shape = pore.shape();
        // Each voxel points to its highest neighbour until it points to a peak.
        let mut to: Vec<u32> = vec![NOBODY; shape.len()];
        to.par_chunks_mut(shape.x).enumerate().for_each(|(row, to)| {
            for (x, to) in to.iter_mut().enumerate().filter(|&(x, _)| pore.as_slice()[row * shape.x + x]) {
                *to = highest(shape, d, (row / shape.y, row % shape.y, x));
            }
        });
        let peaks: Vec<u32> = (0..to.len() as u32).filter(|&i| to[i as usize] == i).collect();
        let basin_of = |peak: u32| peaks.binary_search(&peak).map_or(NOBODY, |b| b as u32);
        let mut flood = Flood { of: settled(to), parent: (0..peaks.len() as u32).collect() };
        flood.of.par_iter_mut().filter(|of| **of != NOBODY).for_each(|of| *of = basin_of(*of));
        let mut height: Vec<f32> = peaks.iter().map(|&p| d[p as usize]).collect();
        for ([a, b], saddle) in flood.saddles(shape, d) {
            let (a, b) = (flood.root(a), flood.root(b));
            let lower = height[a as usize].min(height[b as usize]);
            if a != b && f64::from(saddle) >= JOIN * f64::from(lower) {
                let (a, b) = if height[a as usize] >= height[b as usize] { (a, b) } else { (b, a) };
                flood.parent[b as usize] = a;
                height[a as usize] = height[a as usize].max(height[b as usize]);
            }
        }
        flood
    }

    /// Pairs of basins that touch with the height of the highest way between them, by descending height.
    fn saddles(&self, shape: Shape, d: &[f32]) -> Vec<([u32; 2], f32)> {
        let steps: Vec<[i32; 3]> = STEPS.into_iter().filter(|s| [s[2], s[1], s[0]] > [0, 0, 0]).collect();
        let sorted = |all: &mut Vec<([u32; 2], f32)>| {
            all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
            all.dedup_by_key(|s| s.0);
        };
        let of_plane = |z: usize| {
            let mut found: Vec<([u32; 2], f32)> = Vec::new();
            // Where the last pair of each step is: along a window it is the same for many voxels.
            let mut last = vec![0usize; steps.len()];
            for (y, x) in (0..shape.y).flat_map(|y| (0..shape.x).map(move |x| (y, x))) {
                let i = shape.index(z, y, x);
                let own = self.of[i];
                if own == NOBODY {
                    continue;
                }
                for (last, &step) in last.iter_mut().zip(&steps) {
                    let Some(j) = beside(shape, (z, y, x), step) else { continue };
                    let other = self.of[j];
                    if other == own || other == NOBODY {
                        continue;
                    }
                    let (pair, height) = ([own.min(other), own.max(other)], d[i].min(d[j]));
                    match found.get_mut(*last) {
                        Some(held) if held.0 == pair => held.1 = held.1.max(height),
                        _ => {
                            *last = found.len();
                            found.push((pair, height));
                        }
                    }
                }
            }
            sorted(&mut found);
            found
        };
        let mut all: Vec<([u32; 2], f32)> = (0..shape.z).into_par_iter().flat_map_iter(of_plane).collect();
        sorted(&mut all);
        all.par_sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        all
    }

    fn cells(mut self, pore: &Volume<bool>) -> PoreCells {
        let shape = pore.shape();
        let spacing = pore.spacing();
        let mut number = vec![NOBODY; self.parent.len()];
        let mut volumes: Vec<u64> = Vec::new();
        for i in 0..self.of.len() {
            if self.of[i] == NOBODY {
                continue;
            }
            let r = self.root(self.of[i]) as usize;
            if number[r] == NOBODY {
                number[r] = volumes.len() as u32;
                volumes.push(0);
            }
            self.of[i] = number[r];
            volumes[number[r] as usize] += 1;
        }
        let mut cut = vec![false; volumes.len()];
        let mut windows: Vec<BTreeMap<u32, f64>> = vec![BTreeMap::new(); volumes.len()];
        let places = (0..shape.z).flat_map(|z| (0..shape.y).flat_map(move |y| (0..shape.x).map(move |x| (z, y, x))));
        for (i, ((z, y, x), &cell)) in places.zip(&self.of).enumerate() {
            if cell == NOBODY {
                continue;
            }
            if [(z, shape.z), (y, shape.y), (x, shape.x)].iter().any(|&(v, n)| n > 1 && (v == 0 || v + 1 == n)) {
                cut[cell as usize] = true;
            }
            for axis in Axis::ALL {
                let at = [x, y, z][axis.xyz_index()];
                if at + 1 < shape.along(axis) {
                    let other = self.of[i + shape.stride(axis)];
                    if other != NOBODY && other != cell {
                        let area = spacing.face_area(axis);
                        *windows[cell as usize].entry(other).or_insert(0.0) += area;
                        *windows[other as usize].entry(cell).or_insert(0.0) += area;
                    }
                }
            }
        }
        let whole: Vec<usize> = (0..volumes.len()).filter(|&c| !cut[c]).collect();
        let volume = |c: usize| volumes[c] as f64 * spacing.voxel_volume();
        let mut faces = BTreeMap::new();
        for &c in &whole {
            let surface = std::f64::consts::PI * diameter(volume(c)).powi(2);
            let count = windows[c].values().filter(|&&area| area >= FACE * surface).count();
            *faces.entry(count).or_insert(0) += 1;
        }
        let sum: usize = faces.iter().map(|(k, n)| k * n).sum();
        PoreCells {
            count: volumes.len(),
            whole: whole.len(),
            diameter: Spread::of(whole.iter().map(|&c| diameter(volume(c)))),
            faces,
            faces_mean: (!whole.is_empty()).then(|| sum as f64 / whole.len() as f64),
        }
    }
}

/// The neighbour one step away, inside of the box.
#[inline]
fn beside(shape: Shape, (z, y, x): (usize, usize, usize), s: [i32; 3]) -> Option<usize> {
    let to = |v: usize, d: i32, n: usize| v.checked_add_signed(d as isize).filter(|&v| v < n);
    Some(shape.index(to(z, s[2], shape.z)?, to(y, s[1], shape.y)?, to(x, s[0], shape.x)?))
}

/// Where D leads uphill from a voxel: of the higher neighbours the highest, of equal ones the first; itself on a peak. On a
/// plateau the first voxel is the highest.
fn highest(shape: Shape, d: &[f32], at: (usize, usize, usize)) -> u32 {
    let own = shape.index(at.0, at.1, at.2);
    let inner = [(at.0, shape.z), (at.1, shape.y), (at.2, shape.x)].iter().all(|&(v, n)| v > 0 && v + 1 < n);
    let mut best = (d[own], own);
    let mut look = |j: usize| {
        if d[j] > best.0 || d[j] >= best.0 && j < best.1 {
            best = (d[j], j);
        }
    };
    if inner {
        for row in [-1, 0, 1].iter().flat_map(|z| [-1, 0, 1].map(|y| (z * shape.y as isize + y) * shape.x as isize)) {
            let middle = own.wrapping_add_signed(row);
            (middle - 1..=middle + 1).for_each(&mut look);
        }
    } else {
        STEPS.iter().filter_map(|&s| beside(shape, at, s)).for_each(look);
    }
    best.1 as u32
}

/// Every voxel with the end of its way.
fn settled(mut to: Vec<u32>) -> Vec<u32> {
    loop {
        // Twice as far in every round.
        let next: Vec<u32> = to.par_iter().map(|&t| if t == NOBODY { NOBODY } else { to[t as usize] }).collect();
        if next == to {
            return to;
        }
        to = next;
    }
}

fn diameter(volume: f64) -> f64 {
    (6.0 * volume / std::f64::consts::PI).cbrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walls of one voxel with a round hole in the middle of each, around cubes of `edge` voxels.
    fn rooms(count: usize, edge: usize, hole: f64) -> Volume<bool> {
        let n = count * edge + 1;
        Volume::from_fn(Shape::cube(n).expect("a cube"), VoxelSize::Unknown, |z, y, x| {
            let off = |v: usize| (v % edge) as f64 - 0.5 * edge as f64;
            let wall = |v: usize| v.is_multiple_of(edge);
            let open = |a: usize, b: usize| off(a).hypot(off(b)) < hole;
            (wall(x) && !open(y, z)) || (wall(y) && !open(x, z)) || (wall(z) && !open(x, y))
        })
    }

    #[test]
    fn rooms_are_cells_and_doors_are_faces() {
        let cells = PoreCells::of(&rooms(5, 20, 5.0)).expect("cells");
        // The outermost rooms have a door in the face of the box and are cut.
        assert_eq!((cells.count, cells.whole), (125, 27));
        assert_eq!(cells.faces, BTreeMap::from([(6, 27)]));
        let d = cells.diameter.expect("sizes");
        // A room is 19^3 voxels and half of six doors one voxel deep.
        let expected = diameter(19f64.powi(3) + 3.0 * std::f64::consts::PI * 25.0);
        assert!((d.mean / expected - 1.0).abs() < 0.01, "{} {expected}", d.mean);
    }

    /// Two balls of radius 10 with centres `2 a` apart, hollow; the waist is `sqrt(100 - a^2)` wide.
    fn dumbbell(a: f64) -> Volume<bool> {
        Volume::from_fn(Shape::new(24, 24, 44).expect("a shape"), VoxelSize::Unknown, |z, y, x| {
            let [x, y, z] = [x, y, z].map(|v| v as f64 + 0.5);
            [22.0 - a, 22.0 + a].iter().all(|c| (x - c).hypot((y - 12.0).hypot(z - 12.0)) > 10.0)
        })
    }

    #[test]
    fn wide_passages_do_not_divide() {
        // Waists of 0.92 and 0.71 of the radius.
        assert_eq!(PoreCells::of(&dumbbell(4.0)).expect("cells").count, 1);
        let two = PoreCells::of(&dumbbell(7.0)).expect("cells");
        assert_eq!((two.count, two.whole, two.faces), (2, 2, BTreeMap::from([(1, 2)])));
    }

    #[test]
    fn halves_are_solid_where_any_voxel_is() {
        let mut state = 9u64;
        let dust = Volume::from_fn(Shape::new(9, 14, 11).expect("a shape"), VoxelSize::Unknown, |_, _, _| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33).is_multiple_of(12)
        });
        assert!(halved(&dust, dust.shape().len()).is_none());
        for (most, edge) in [(dust.shape().len() - 1, 2), (100, 4)] {
            let coarse = halved(&dust, most).expect("a coarser mask");
            let n = dust.shape();
            assert_eq!(coarse.shape().zyx(), [n.z, n.y, n.x].map(|v| v.div_ceil(edge)));
            let mut solid = 0;
            for z in 0..coarse.shape().z {
                for y in 0..coarse.shape().y {
                    for x in 0..coarse.shape().x {
                        let block = |v: usize, n: usize| edge * v..(edge * v + edge).min(n);
                        let any =
                            block(z, n.z).any(|z| block(y, n.y).any(|y| block(x, n.x).any(|x| *dust.at(z, y, x))));
                        assert_eq!(*coarse.at(z, y, x), any, "{edge}: {z} {y} {x}");
                        solid += usize::from(any);
                    }
                }
            }
            assert!(solid > 10 && solid < coarse.shape().len());
        }
    }

    #[test]
    fn nothing_to_flood() {
        let all = |s: bool| Volume::from_fn(Shape::cube(4).expect("a cube"), VoxelSize::Unknown, |_, _, _| s);
        assert!(PoreCells::of(&all(true)).is_none() && PoreCells::of(&all(false)).is_none());
    }
}
