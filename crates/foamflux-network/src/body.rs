//! What of the solid carries its curves: the solid without its wings.
//!
//! # Theory
//! The edges of a Plateau border taper to nothing. Where they are thinner than a voxel, voxels draw them as combs with
//! holes, and thinning, which keeps every hole, turns those into nets of curves.
//! A smoothed mask shows them for what they are: with a Gaussian of width sigma a sheet of thickness t keeps its middle
//! above one half only for `t > 1.35 sigma`, a rod of radius r for `r > 1.18 sigma`. So
//!
//! ```text
//! core = solid and (G_sigma * solid >= 1/2),    sigma = SHARE rho
//! ```
//!
//! with the typical inscribed radius rho holds every strut without its edges. What is outside of the core is thinned
//! first, with the core kept as it is, so that curves of thin solid ([`wings`]) stand on it, as topology wants. One that
//! comes back to the core, or ends, within the reach of edges is a wing and goes: the edges of a concave triangle stand out
//! of its core by up to 2.2 inscribed radii. All others are thin fibres and stay.
//!
//! Wings are the only tunnels of the solid that the network does not have; how many went is counted.

use std::collections::BinaryHeap;

use foamflux_grid::{Axis, Shape, Volume, Watch};
use foamflux_voxel::bits::Bits;
use foamflux_voxel::filter;
use rayon::prelude::*;

use crate::cells::{Pad, STEPS};
use crate::ranked::Ranked;
use crate::{NetworkError, Sides};

/// Width of the filter in typical inscribed radii of the solid. Narrower ones leave combs, wider ones thin struts to be
/// found as curves outside of the core.
const SHARE: f64 = 0.53;
/// Combs are made of what is thinner than a voxel: a filter wider than this, in voxel edges, takes more than those.
const WIDEST: f64 = 2.0;
/// A narrower filter than this, in voxel edges, takes corners of voxels only.
const NARROWEST: f64 = 0.5;
/// Level of the smoothed mask.
const LEVEL: f32 = 0.5;
/// Reach of wings from the core in typical inscribed radii (those that the filter is made for, where it is the widest), and
/// in voxel edges beside that.
const REACH: (f64, f64) = (2.8, 1.0);
/// A curve that bridges two parts of the core runs straight ...
const STRAIGHT: f64 = 0.7;
/// ... and away from it: in its middle it is this share of its length from the core, or more.
const AWAY: f64 = 0.3;

/// The core of a solid.
pub(crate) struct Core {
    pub(crate) mask: Volume<bool>,
    /// How far wings stand out of it, in the unit of the spacing.
    pub(crate) reach: f64,
}

/// Typical inscribed radius: the median over the solid of where D leads uphill. From the edge of a Plateau border that is
/// its axis, over the noise of thin edges, as the next higher voxel is looked for at two voxels as well.
fn typical_radius(bits: &Bits, distance: &Volume<f32>) -> Option<f64> {
    /// Climbs: a median of so many is good to a hundredth of the spread.
    const CLIMBS: usize = 20_000;
    const LOOK: usize = 2;
    let shape = distance.shape();
    let d = distance.as_slice();
    let starts = bits.every((bits.count() as usize).div_ceil(CLIMBS).max(1));
    let window = |v: usize, n: usize| v.saturating_sub(LOOK)..(v + LOOK + 1).min(n);
    let climb = |mut at: usize| {
        loop {
            let (z, y, x) = shape.zyx_of(at);
            let mut best = at;
            for z in window(z, shape.z) {
                for y in window(y, shape.y) {
                    for i in window(x, shape.x).map(|x| shape.index(z, y, x)) {
                        if d[i] > d[best] {
                            best = i;
                        }
                    }
                }
            }
            if best == at {
                return d[at];
            }
            at = best;
        }
    };
    let mut tops: Vec<f32> = starts.into_par_iter().map(climb).collect();
    tops.sort_unstable_by(f32::total_cmp);
    tops.get(tops.len() / 2).map(|&r| f64::from(r))
}

/// The core; `None` where the solid is too thin to have edges.
pub(crate) fn core(
    solid: &Volume<bool>,
    bits: &Bits,
    distance: &Volume<f32>,
    sides: Sides,
    watch: &dyn Watch,
) -> Result<Option<Core>, NetworkError> {
    let edge = solid.spacing().min_edge();
    let Some(radius) = typical_radius(bits, distance).filter(|r| r.is_finite()) else { return Ok(None) };
    let sigma = (SHARE * radius / edge).min(WIDEST);
    if sigma < NARROWEST {
        return Ok(None);
    }
    let thick =
        |mask: &Volume<bool>| filter::gaussian_core(mask, sigma, LEVEL, watch).map_err(|_| NetworkError::Cancelled);
    let mask = match sides {
        Sides::Open => thick(solid)?,
        Sides::Periodic => {
            let shape = solid.shape();
            let margin = Axis::ALL.map(|a| {
                let voxels = (4.0 * sigma * edge / solid.spacing().along(a)).ceil() as usize + 1;
                voxels.min(shape.along(a))
            });
            let wide = thick(&wrapped(solid, margin))?;
            Volume::from_fn(shape, solid.voxel_size().clone(), |z, y, x| {
                *wide.at(z + margin[2], y + margin[1], x + margin[0])
            })
        }
    };
    Ok(Some(Core { mask, reach: (REACH.0 * sigma / SHARE + REACH.1) * edge }))
}

/// The volume with a margin of its own other side, in voxels along x, y, z.
pub(crate) fn wrapped(solid: &Volume<bool>, margin: [usize; 3]) -> Volume<bool> {
    let shape = solid.shape();
    let larger = Shape { z: shape.z + 2 * margin[2], y: shape.y + 2 * margin[1], x: shape.x + 2 * margin[0] };
    let from = |v: usize, m: usize, n: usize| (v + n - m) % n;
    Volume::from_fn(larger, solid.voxel_size().clone(), |z, y, x| {
        *solid.at(from(z, margin[2], shape.z), from(y, margin[1], shape.y), from(x, margin[0], shape.x))
    })
}

/// The voxels among `curves` (what thinning left outside of the core, ascending) that are wings, and how many pieces
/// those are.
pub(crate) fn wings(pad: Pad, core: &Core, curves: &[u32], spacing: [f64; 3]) -> (Vec<u32>, usize) {
    let in_core = |xyz: [usize; 3]| core.mask.as_slice()[pad.unpadded(xyz)];
    let lengths = STEPS.map(|s| (0..3).map(|k| (f64::from(s[k]) * spacing[k]).powi(2)).sum::<f64>().sqrt());
    // Neighbours among the curves, and the way to the core along them.
    let mut around: Vec<Vec<(usize, f64)>> = vec![Vec::new(); curves.len()];
    let mut way = vec![f64::INFINITY; curves.len()];
    let mut heap = BinaryHeap::new();
    for (c, &v) in curves.iter().enumerate() {
        let xyz = pad.xyz(v);
        for (s, &step) in STEPS.iter().enumerate() {
            let Some(to) = pad.step(xyz, step) else { continue };
            if in_core(to) {
                way[c] = way[c].min(lengths[s]);
            } else if let Ok(n) = curves.binary_search(&pad.at(to)) {
                around[c].push((n, lengths[s]));
            }
        }
        if way[c].is_finite() {
            heap.push(Ranked::nearest(way[c], c));
        }
    }
    let on_core: Vec<bool> = way.iter().map(|w| w.is_finite()).collect();
    while let Some((here, curve)) = heap.pop().map(Ranked::distance) {
        if here > way[curve] {
            continue;
        }
        for &(n, length) in &around[curve] {
            if here + length < way[n] {
                way[n] = here + length;
                heap.push(Ranked::nearest(way[n], n));
            }
        }
    }
    let mut seen = vec![false; curves.len()];
    let (mut gone, mut pieces) = (Vec::new(), 0);
    for start in 0..curves.len() {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let mut piece = vec![start];
        let mut next = 0;
        while next < piece.len() {
            for &(n, _) in &around[piece[next]] {
                if !std::mem::replace(&mut seen[n], true) {
                    piece.push(n);
                }
            }
            next += 1;
        }
        // A piece that touches no core has no way to it, and is a body of its own.
        let farthest = piece.iter().map(|&c| way[c]).fold(0.0, f64::max);
        if farthest <= core.reach
            && !bridges(&piece, &around, &on_core, farthest, |c| {
                let xyz = pad.xyz(curves[c]);
                std::array::from_fn(|k| xyz[k] as f64 * spacing[k])
            })
        {
            gone.extend(piece.iter().map(|&c| curves[c]));
            pieces += 1;
        }
    }
    gone.sort_unstable();
    (gone, pieces)
}

/// Whether a piece is one straight curve from one part of the core to another.
fn bridges(
    piece: &[usize],
    around: &[Vec<(usize, f64)>],
    on_core: &[bool],
    farthest: f64,
    point: impl Fn(usize) -> [f64; 3],
) -> bool {
    let ends: Vec<usize> = piece.iter().copied().filter(|&c| around[c].len() == 1).collect();
    let &[a, b] = &ends[..] else { return false };
    if !(on_core[a] && on_core[b]) || piece.iter().any(|&c| around[c].len() > 2) {
        return false;
    }
    let length: f64 = piece.iter().flat_map(|&c| &around[c]).map(|&(_, l)| 0.5 * l).sum();
    let (p, q) = (point(a), point(b));
    let chord = (0..3).map(|k| (p[k] - q[k]).powi(2)).sum::<f64>().sqrt();
    length > 0.0 && chord >= STRAIGHT * length && farthest >= AWAY * length
}
