//! The skeleton: curves in the middle of the solid with the solid's topology.
//!
//! # Theory
//! *Distance-ordered homotopic thinning* (C. Pudney, Computer Vision and Image Understanding 72 (1998) 404): voxels are
//! visited by ascending distance D to the boundary and deleted where they are simple (see `simple.rs`), so every
//! deletion keeps components, tunnels and cavities, and what stays lies where D is largest.
//! What must stay although it is simple is *anchored*. Our anchors, in the words of M. Couprie and G. Bertrand (Image and
//! Vision Computing 31 (2013) 306; Pattern Recognition Letters 76 (2016) 22):
//!
//! - a *bridge* (1-isthmus): a voxel that is found to be the only connection of its solid neighbours stays for good, so a
//!   thin curve is not eaten from its end,
//! - an *end*: a voxel with one neighbour stays if D does not grow fast from it (`RIDGE`), so it ends a bar and is no bump,
//! - a *cut*: where a face of the box cuts the solid, the voxel of largest D in each piece of the cut, so a strut that leaves
//!   the box reaches its face.
//!
//! # What we do differently
//! Within one level of D (`LEVEL` voxels wide) the border is peeled from the 26 directions in turn. In the turn of
//! direction d a voxel may go if, when the turn began, its neighbour at d was pore *and the one at -d solid*.
//! Visiting voxels in memory order instead eats bars of even width from one end, voxel by voxel, until nothing is left,
//! because no voxel of a section of 2x2 is an end (the bar of 4x4x100 that common thinning loses); and without the second
//! half of the rule so does the turn that looks down on a ribbon of two voxels.
//! No simple voxel is left over: it would need a neighbourhood that is its own mirror image, and then it is a bridge or a
//! wall.
//! D takes the box as no wall, so skeletons do not turn away from its faces.
//!
//! Every voxel is examined once per level and again only when a neighbour was deleted: time is linear in the solid's
//! voxels. Memory: 7 bytes per voxel of the box and 4 per solid voxel, after the distance (11 while that is made).

use foamflux_grid::{Axis, Event, Shape, Stage, Volume, Watch};
use foamflux_voxel::components::{Connectivity, label};
use foamflux_voxel::distance::{Border, boundary_distance};
use foamflux_voxel::euler::euler_number;

use crate::cells::{Cells, MAX_LEVEL, Pad, STEPS};
use crate::{NetworkError, Sides, simple};

/// Width of a level of the thinning order in smallest voxel edges: finer than the half voxel that a mask knows its
/// boundary to, coarse enough that a section of equal D is one level in spite of rounding.
const LEVEL: f64 = 0.25;

/// A voxel from which D grows faster than this towards a neighbour ends no curve: it lies on a slope (1 on a flat side,
/// 0.71 and 0.58 on the edges and corners of a block).
const RIDGE: f32 = 0.5;

/// Components and Euler number of the solid (26-connected) before and after thinning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topology {
    /// Components of the solid.
    pub components: usize,
    /// Euler number: components minus tunnels plus cavities.
    pub euler: i64,
}

impl std::fmt::Display for Topology {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} components, Euler number {}", self.components, self.euler)
    }
}

/// A skeleton.
#[derive(Debug, Clone)]
pub struct Skeleton {
    /// Voxels that stayed.
    pub mask: Volume<bool>,
    /// Distance of each solid voxel to the boundary of the solid, in the unit of the spacing; infinite where there is none.
    pub distance: Volume<f32>,
    /// Topology of the solid, equal to that of the skeleton; `None` in a periodic box, where it is not counted.
    pub topology: Option<Topology>,
    pub(crate) pad: Pad,
    /// Skeleton voxels by ascending place.
    pub(crate) voxels: Vec<u32>,
}

/// The skeleton of the true voxels.
///
/// # Errors
/// [`NetworkError::TooLarge`], [`NetworkError::Cancelled`], [`NetworkError::Components`]; and [`NetworkError::Topology`],
/// which would be a mistake of ours: components and Euler number are counted before and after.
pub fn skeleton(solid: &Volume<bool>, sides: Sides, watch: &dyn Watch) -> Result<Skeleton, NetworkError> {
    let pad = Pad::new(solid.shape(), sides)?;
    let distance = distance(solid, sides);
    let stop = || if watch.cancelled() { Err(NetworkError::Cancelled) } else { Ok(()) };
    stop()?;
    watch.event(Event::Started { stage: Stage::Tag, what: "thinning".to_owned() });
    let unbounded = distance.as_slice().iter().any(|d| d.is_infinite());
    let voxels = if unbounded {
        // Everything is solid: any point has its topology.
        vec![pad.at([pad.n[0] / 2, pad.n[1] / 2, pad.n[2] / 2])]
    } else {
        thin(solid, &distance, pad, watch)?
    };
    watch.event(Event::Started { stage: Stage::Tag, what: "check of the topology".to_owned() });
    let mut mask = solid.map(|_| false);
    for &v in &voxels {
        mask.as_mut_slice()[pad.unpadded(pad.xyz(v))] = true;
    }
    stop()?;
    let topology = match sides {
        Sides::Periodic => None,
        Sides::Open => {
            let (before, after) = (count(solid)?, count(&mask)?);
            if before != after {
                return Err(NetworkError::Topology { before: before.to_string(), after: after.to_string() });
            }
            Some(before)
        }
    };
    Ok(Skeleton { mask, distance, topology, pad, voxels })
}

fn count(mask: &Volume<bool>) -> Result<Topology, NetworkError> {
    Ok(Topology {
        components: label(mask, Connectivity::Full26)?.count(),
        euler: euler_number(mask, Connectivity::Full26),
    })
}

/// Distance to the boundary; in a periodic box across its faces.
fn distance(solid: &Volume<bool>, sides: Sides) -> Volume<f32> {
    let open = boundary_distance(solid, Border::Open);
    if sides == Sides::Open {
        return open;
    }
    // The distance that takes the faces for no wall is an upper bound: a margin of that width holds every nearest point.
    let most = open.as_slice().iter().copied().fold(0f32, f32::max);
    if most <= 0.0 || most.is_infinite() {
        return open;
    }
    let shape = solid.shape();
    let margin = Axis::ALL.map(|a| {
        let voxels = (f64::from(most) / solid.spacing().along(a)).ceil() as usize + 3;
        voxels.min(shape.along(a))
    });
    let larger = Shape { z: shape.z + 2 * margin[2], y: shape.y + 2 * margin[1], x: shape.x + 2 * margin[0] };
    let from = |v: usize, m: usize, n: usize| (v + n - m) % n;
    let wrapped = Volume::from_fn(larger, solid.voxel_size().clone(), |z, y, x| {
        *solid.at(from(z, margin[2], shape.z), from(y, margin[1], shape.y), from(x, margin[0], shape.x))
    });
    let wide = boundary_distance(&wrapped, Border::Open);
    Volume::from_fn(shape, solid.voxel_size().clone(), |z, y, x| *wide.at(z + margin[2], y + margin[1], x + margin[0]))
}

/// Skeleton voxels by ascending place.
fn thin(solid: &Volume<bool>, distance: &Volume<f32>, pad: Pad, watch: &dyn Watch) -> Result<Vec<u32>, NetworkError> {
    let d = distance.as_slice();
    let scale = 1.0 / (LEVEL * solid.spacing().min_edge());
    let level = |i: usize| (f64::from(d[i]) * scale).min(f64::from(MAX_LEVEL)) as u16;
    let mut cells = Cells::new(pad, solid, level);
    for v in cuts(solid, distance, pad) {
        cells.anchor(v);
    }

    // Counting sort by level; within a level by place.
    let inside = solid.as_slice();
    let mut first = vec![0usize; usize::from(MAX_LEVEL) + 2];
    for (i, &s) in inside.iter().enumerate() {
        if s {
            first[usize::from(level(i)) + 1] += 1;
        }
    }
    for l in 1..first.len() {
        first[l] += first[l - 1];
    }
    let mut place = first.clone();
    let mut order = vec![0u32; first[first.len() - 1]];
    for z in 0..pad.n[2] {
        for y in 0..pad.n[1] {
            let row = pad.unpadded([0, y, z]);
            let to = pad.at([0, y, z]);
            for x in 0..pad.n[0] {
                if inside[row + x] {
                    let slot = &mut place[usize::from(level(row + x))];
                    order[*slot] = to + x as u32;
                    *slot += 1;
                }
            }
        }
    }
    drop(place);

    let ridge = Ridge { pad, distance, edges: Axis::ALL.map(|a| solid.spacing().along(a) as f32) };
    for l in 0..=MAX_LEVEL {
        let these = first[usize::from(l)]..first[usize::from(l) + 1];
        if !these.is_empty() {
            peel(&mut cells, order[these].to_vec(), l, &ridge);
            if watch.cancelled() {
                return Err(NetworkError::Cancelled);
            }
        }
    }
    let mut voxels: Vec<u32> = order.into_iter().filter(|&v| cells.is_object(v)).collect();
    voxels.sort_unstable();
    Ok(voxels)
}

/// Deletes what can be deleted of the levels up to `level`, beginning with `active`.
fn peel(cells: &mut Cells, mut active: Vec<u32>, level: u16, ridge: &Ridge<'_>) {
    let mut next = Vec::new();
    let mut turn = Vec::new();
    let mut sides: Vec<u32> = Vec::new();
    while !active.is_empty() {
        // Most voxels are exposed to few directions: those are noted once, and looked at again when their turn comes. What
        // becomes exposed in between had a neighbour deleted, and comes back in the next round.
        sides.clear();
        sides.extend(active.iter().map(|&v| if cells.is_open(v) { simple::exposed(cells.hood(v)) } else { 0 }));
        for direction in 0..26 {
            let bit = simple::bit(STEPS[direction]);
            turn.clear();
            let noted = active.iter().zip(&sides).filter(|&(_, &s)| s & bit != 0).map(|(&v, _)| v);
            turn.extend(noted.filter(|&v| cells.is_open(v) && cells.is_exposed(v, direction)));
            for &v in &turn {
                let hood = cells.hood(v);
                if simple::is_simple(hood) {
                    if simple::neighbours(hood) == 1 && ridge.holds(v) {
                        cells.anchor(v);
                        continue;
                    }
                    cells.delete(v);
                    for position in 0..26 {
                        let q = cells.original(v, position);
                        if cells.is_open(q) && cells.level(q) <= level && cells.wait(q) {
                            next.push(q);
                        }
                    }
                } else if simple::is_bridge(hood) {
                    cells.anchor(v);
                }
            }
        }
        std::mem::swap(&mut active, &mut next);
        next.clear();
        for &v in &active {
            cells.end_wait(v);
        }
    }
}

/// Whether a voxel can end a curve.
struct Ridge<'a> {
    pad: Pad,
    distance: &'a Volume<f32>,
    /// Edges along x, y, z.
    edges: [f32; 3],
}

impl Ridge<'_> {
    fn holds(&self, voxel: u32) -> bool {
        let xyz = self.pad.xyz(voxel);
        let d = self.distance.as_slice();
        let here = d[self.pad.unpadded(xyz)];
        STEPS.iter().all(|&step| {
            let Some(to) = self.pad.step(xyz, step) else { return true };
            let length: f32 = (0..3).map(|k| (step[k] as f32 * self.edges[k]).powi(2)).sum::<f32>().sqrt();
            d[self.pad.unpadded(to)] - here <= RIDGE * length
        })
    }
}

/// The voxel of largest distance in each piece (8-connected) of the solid on each face of the box.
fn cuts(solid: &Volume<bool>, distance: &Volume<f32>, pad: Pad) -> Vec<u32> {
    let mut anchors = Vec::new();
    if pad.periodic {
        return anchors;
    }
    let (inside, d) = (solid.as_slice(), distance.as_slice());
    for axis in 0..3 {
        if pad.n[axis] == 1 {
            continue;
        }
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        let (nu, nv) = (pad.n[u] as i64, pad.n[v] as i64);
        for side in [0, pad.n[axis] - 1] {
            let at = |a: i64, b: i64| {
                let mut xyz = [0; 3];
                xyz[axis] = side;
                xyz[u] = a as usize;
                xyz[v] = b as usize;
                xyz
            };
            let mut seen = vec![false; (nu * nv) as usize];
            let mut stack = Vec::new();
            for b in 0..nv {
                for a in 0..nu {
                    if seen[(b * nu + a) as usize] || !inside[pad.unpadded(at(a, b))] {
                        continue;
                    }
                    seen[(b * nu + a) as usize] = true;
                    stack.push((a, b));
                    let mut best = (f32::NEG_INFINITY, [0; 3]);
                    while let Some((a, b)) = stack.pop() {
                        let xyz = at(a, b);
                        let here = d[pad.unpadded(xyz)];
                        // Ties by place, so that the order of the walk does not matter.
                        if here > best.0 || here >= best.0 && xyz < best.1 {
                            best = (here, xyz);
                        }
                        for (p, q) in (-1..=1).flat_map(|q| (-1..=1).map(move |p| (a + p, b + q))) {
                            if (0..nu).contains(&p) && (0..nv).contains(&q) {
                                let place = (q * nu + p) as usize;
                                if !seen[place] && inside[pad.unpadded(at(p, q))] {
                                    seen[place] = true;
                                    stack.push((p, q));
                                }
                            }
                        }
                    }
                    anchors.push(pad.at(best.1));
                }
            }
        }
    }
    anchors
}

#[cfg(test)]
mod tests;
