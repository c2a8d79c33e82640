//! The skeleton: curves in the middle of the solid with the solid's topology.
//!
//! # Theory
//! *Distance-ordered homotopic thinning* (C. Pudney, Computer Vision and Image Understanding 72 (1998) 404): voxels are
//! visited by ascending distance D to the boundary and deleted where they are simple (see [`foamflux_voxel::simple`]), so every
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
//! voxels. Slabs of slices are peeled side by side, see `skeleton/slab.rs`.
//! Memory: 2 bytes per voxel of the box and 10 per solid voxel, beside the distance.

mod bitcube;
mod slab;

use std::sync::OnceLock;

use foamflux_grid::{Axis, Event, Stage, Volume, Watch};
use foamflux_voxel::bits::Bits;
use foamflux_voxel::components::{self, Connectivity};
use foamflux_voxel::distance::{Border, boundary_distance};
use foamflux_voxel::euler::euler_number;
use rayon::prelude::*;

use crate::cells::{MAX_LEVEL, Pad, STEPS};
use crate::{NetworkError, Sides, body};
use slab::Slab;

/// Width of a level of the thinning order in smallest voxel edges: finer than the half voxel that a mask knows its
/// boundary to, coarse enough that a section of equal D is one level in spite of rounding.
const LEVEL: f64 = 0.25;

/// Slices that are thinned in one piece: few enough to share out and to stay in a processor's cache, so many that seams
/// are rare.
const SLICES: usize = 16;

/// Fewer voxels than this are looked at sooner than another thread is woken up.
const SHARED: usize = 2000;

/// Share of wings among the body's voxels beyond which its own distances order the thinning: holes of combs bend those of
/// the whole solid.
const DIFFERS: f64 = 0.01;

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
    /// Pieces of thin solid that decorate thicker one and were left out, with the tunnels through them.
    pub wings: usize,
    pub(crate) pad: Pad,
    /// Skeleton voxels by ascending place.
    pub(crate) voxels: Vec<u32>,
    /// What `fringe.rs` knows of each of them, once it was asked.
    pub(crate) shadow: OnceLock<Vec<f64>>,
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
    let bits = Bits::new(solid);
    let (voxels, wings, topology) = if bits.count() == solid.shape().len() as u64 {
        // Everything is solid: any point has its topology.
        (vec![pad.at([pad.n[0] / 2, pad.n[1] / 2, pad.n[2] / 2])], 0, topology(solid, sides)?)
    } else {
        thinned(solid, &bits, &distance, pad, sides, watch)?
    };
    let mask = mask_of(&voxels, pad, solid);
    Ok(Skeleton { mask, distance, topology, wings, pad, voxels, shadow: OnceLock::new() })
}

/// Voxels of the skeleton, wings that were left out, topology of the solid.
fn thinned(
    solid: &Volume<bool>,
    bits: &Bits,
    distance: &Volume<f32>,
    pad: Pad,
    sides: Sides,
    watch: &dyn Watch,
) -> Result<(Vec<u32>, usize, Option<Topology>), NetworkError> {
    let before = topology(solid, sides)?;
    let same = |after: Option<Topology>, before: Option<Topology>| match (before, after) {
        (Some(before), Some(after)) if before != after => {
            Err(NetworkError::Topology { before: before.to_string(), after: after.to_string() })
        }
        _ => Ok(()),
    };
    let Some(core) = body::core(solid, bits, distance, sides, watch)? else {
        let voxels = thin(SLICES, solid, bits, distance, None, pad, watch)?.voxels();
        same(topology(&mask_of(&voxels, pad, solid), sides)?, before)?;
        return Ok((voxels, 0, before));
    };
    // What is thin first, on a core that stays as it is ...
    let left = thin(SLICES, solid, bits, distance, Some(&core.mask), pad, watch)?;
    let curves = left.voxels_where(|i| !core.mask.as_slice()[i]);
    let mut body = left.mask(solid);
    drop(left);
    let (gone, wings) = body::wings(pad, &core, &curves, Axis::ALL.map(|a| solid.spacing().along(a)));
    drop(core);
    let standing = topology(&body, sides)?;
    same(standing, before)?;
    for &v in &gone {
        body.as_mut_slice()[pad.unpadded(pad.xyz(v))] = false;
    }
    // ... then the core, with the thin curves that are no wings. Its middle is to be that of what is left, where that differs.
    let bits = Bits::new(&body);
    let much = gone.len() as f64 > DIFFERS * bits.count() as f64;
    let own = much.then(|| self::distance(&body, sides));
    let voxels = thin(SLICES, &body, &bits, own.as_ref().unwrap_or(distance), None, pad, watch)?.voxels();
    drop(own);
    let standing = if gone.is_empty() { standing } else { topology(&body, sides)? };
    same(topology(&mask_of(&voxels, pad, solid), sides)?, standing)?;
    Ok((voxels, wings, before))
}

fn mask_of(voxels: &[u32], pad: Pad, like: &Volume<bool>) -> Volume<bool> {
    let mut mask = like.map(|_| false);
    for &v in voxels {
        mask.as_mut_slice()[pad.unpadded(pad.xyz(v))] = true;
    }
    mask
}

fn topology(mask: &Volume<bool>, sides: Sides) -> Result<Option<Topology>, NetworkError> {
    match sides {
        Sides::Periodic => Ok(None),
        Sides::Open => count(mask).map(Some),
    }
}

fn count(mask: &Volume<bool>) -> Result<Topology, NetworkError> {
    Ok(Topology {
        components: components::count(mask, Connectivity::Full26)?,
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
    let wrapped = body::wrapped(solid, margin);
    let wide = boundary_distance(&wrapped, Border::Open);
    Volume::from_fn(shape, solid.voxel_size().clone(), |z, y, x| *wide.at(z + margin[2], y + margin[1], x + margin[0]))
}

/// What thinning left of a solid.
struct Thinned<'a> {
    bits: &'a Bits,
    slabs: Vec<Slab>,
}

impl Thinned<'_> {
    /// Voxels by ascending place.
    fn voxels(&self) -> Vec<u32> {
        self.voxels_where(|_| true)
    }

    /// Those whose linear index is wanted.
    fn voxels_where(&self, wanted: impl Fn(usize) -> bool + Sync) -> Vec<u32> {
        let each: Vec<Vec<u32>> = self.slabs.par_iter().map(|s| s.left(self.bits, &wanted)).collect();
        each.concat()
    }

    fn mask(&self, solid: &Volume<bool>) -> Volume<bool> {
        let mut mask = solid.clone();
        let mut rest = mask.as_mut_slice();
        let mut parts = Vec::new();
        for slab in &self.slabs {
            let (part, others) = rest.split_at_mut(slab.voxels());
            parts.push((slab, part));
            rest = others;
        }
        parts.into_par_iter().for_each(|(slab, part)| slab.clear_gone(self.bits, part));
        mask
    }
}

/// Thins the solid, whose `bits` those are, in slabs of so many slices; voxels of `core` stay.
fn thin<'a>(
    slices: usize,
    solid: &Volume<bool>,
    bits: &'a Bits,
    distance: &Volume<f32>,
    core: Option<&Volume<bool>>,
    pad: Pad,
    watch: &dyn Watch,
) -> Result<Thinned<'a>, NetworkError> {
    let d = distance.as_slice();
    let scale = 1.0 / (LEVEL * solid.spacing().min_edge());
    let level = |i: usize| (f64::from(d[i]) * scale).min(f64::from(MAX_LEVEL)) as u16;
    let mut anchors = cuts(solid, distance, pad);
    anchors.sort_unstable();
    anchors.dedup();
    let ridge = Ridge { pad, distance, edges: Axis::ALL.map(|a| solid.spacing().along(a) as f32) };
    let slices = if pad.periodic { pad.n[2] } else { slices };
    let mut slabs: Vec<Slab> = (0..pad.n[2].div_ceil(slices))
        .into_par_iter()
        .map(|s| Slab::new(pad, s * slices..((s + 1) * slices).min(pad.n[2]), bits, level, &anchors, core))
        .collect();
    let levels = slabs.iter().map(Slab::levels).max().unwrap_or(0);
    for l in 1..=levels {
        while slabs.iter().any(|s| s.work(l) > 0) {
            for parity in 0..2 {
                let work: usize = slabs.iter().skip(parity).step_by(2).map(|s| s.work(l)).sum();
                if work < SHARED {
                    slabs.iter_mut().skip(parity).step_by(2).for_each(|s| s.peel(l, &ridge));
                } else {
                    slabs.par_iter_mut().skip(parity).step_by(2).for_each(|s| s.peel(l, &ridge));
                }
                for seam in 1..slabs.len() {
                    let (below, above) = slabs.split_at_mut(seam);
                    if let (Some(below), Some(above)) = (below.last_mut(), above.first_mut()) {
                        below.exchange(above);
                    }
                }
            }
        }
        if watch.cancelled() {
            return Err(NetworkError::Cancelled);
        }
    }
    Ok(Thinned { bits, slabs })
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
