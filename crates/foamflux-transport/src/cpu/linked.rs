//! The operator of [`crate::links`] over a list of unknowns, and its fields.

use std::sync::{Mutex, PoisonError};

use foamflux_grid::{Axis, Watch};
use rayon::prelude::*;

use super::listed::{List, Listed, Swept};
use super::real::Real;
use super::reduce::CHUNK;
use crate::device::{Level, Next, WIDTH};
use crate::krylov::{Limits, Primitives, Reached, conjugate_gradients};
use crate::links::{Lattice, LinksStop, NO_GROUP};
use crate::multigrid::{Boxes, Cycle, Fine, Layout, Place, Rows, Streams, Transfer, sweep_back, sweep_from_zero};
use crate::pages::Pages;
use crate::tail::Tail;

/// Marks a voxel without an unknown.
const NONE: u32 = u32::MAX;

/// Links of the unknowns, by colour and within a colour in memory order.
pub(crate) struct Linked {
    boxes: Boxes,
    streams: Streams,
    bounds: Vec<usize>,
    /// Unknown of every voxel.
    number: Pages<u32>,
    /// Neighbours at -x, +x, -y, +y, -z, +z; an unknown is its own neighbour where there is none.
    to: Pages<[u32; 6]>,
    conductance: Pages<[f32; 6]>,
    ground: Pages<f32>,
    inverse: Pages<f32>,
    transfer: Transfer,
    below: Mutex<Option<Cycle>>,
}

impl std::fmt::Debug for Linked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Linked({} unknowns)", self.len())
    }
}

const fn slot(axis: Axis, up: bool) -> usize {
    2 * axis.xyz_index() + up as usize
}

/// Calls `f(voxel, [x, y, z], group)` for the voxels of a slice that take part.
fn for_slice(lattice: &Lattice<'_>, z: usize, mut f: impl FnMut(usize, [usize; 3], u8)) {
    let shape = lattice.shape;
    for y in 0..shape.y {
        let row = shape.index(z, y, 0);
        for (x, &group) in lattice.group[row..row + shape.x].iter().enumerate() {
            if group != NO_GROUP {
                f(row + x, [x, y, z], group);
            }
        }
    }
}

impl Linked {
    pub(crate) fn new(
        lattice: &Lattice<'_>,
        conductance: impl Fn(Axis, usize, usize) -> f32 + Sync,
        ground: impl Fn(usize) -> f32 + Sync,
    ) -> Self {
        let shape = lattice.shape;
        let boxes = Boxes::new(shape, |axis| lattice.wraps[axis.xyz_index()] && shape.along(axis) > 1);
        let colours = boxes.colours();
        let colour = |at: [usize; 3]| boxes.colour(at.map(|x| x as u32));
        let by_slice: Vec<Vec<usize>> = (0..shape.z)
            .into_par_iter()
            .map(|z| {
                let mut counts = vec![0; colours];
                for_slice(lattice, z, |_, at, _| counts[colour(at)] += 1);
                counts
            })
            .collect();
        let counts: Vec<usize> = (0..colours).flat_map(|c| by_slice.iter().map(move |p| p[c])).collect();
        let streams = Streams::of(&counts, shape.z);
        let mut number = Pages::<u32>::zeroed(shape.len());
        let plane = shape.stride(Axis::Z);
        number.par_chunks_mut(plane).enumerate().for_each(|(z, number)| {
            number.fill(NONE);
            let mut next: Vec<usize> = (0..colours).map(|c| streams.range(c, z, z + 1).start).collect();
            for_slice(lattice, z, |voxel, at, _| {
                let c = colour(at);
                number[voxel - z * plane] = next[c] as u32;
                next[c] += 1;
            });
        });
        let n = streams.len();
        let mut on = Linked {
            boxes,
            bounds: streams.bounds(),
            number,
            to: Pages::zeroed(n),
            conductance: Pages::zeroed(n),
            ground: Pages::zeroed(n),
            inverse: Pages::zeroed(n),
            transfer: Transfer::default(),
            below: Mutex::new(None),
            streams,
        };
        let parts =
            on.streams.split_mut(&mut on.to, 1).into_par_iter().zip(on.streams.split_mut(&mut on.conductance, 1));
        parts.zip(on.streams.split_mut(&mut on.ground, 1)).enumerate().for_each(
            |(z, ((mut to, mut links), mut grounds))| {
                let mut next = vec![0; colours];
                for_slice(lattice, z, |voxel, at, _| {
                    let c = colour(at);
                    let k = next[c];
                    next[c] += 1;
                    grounds[c][k] = ground(voxel);
                    for axis in Axis::ALL {
                        let a = axis.xyz_index();
                        let (len, stride) = (shape.along(axis), shape.stride(axis));
                        let wraps = boxes.wraps[a];
                        for up in [false, true] {
                            let other = match up {
                                false if at[a] > 0 => Some(voxel - stride),
                                false if wraps => Some(voxel + (len - 1) * stride),
                                true if at[a] + 1 < len => Some(voxel + stride),
                                true if wraps => Some(voxel - (len - 1) * stride),
                                _ => None,
                            };
                            let other = other.filter(|&j| on.number[j] != NONE);
                            let d = slot(axis, up);
                            to[c][k][d] = on.number[other.unwrap_or(voxel)];
                            links[c][k][d] = match other {
                                Some(j) if up => conductance(axis, voxel, j),
                                Some(j) => conductance(axis, j, voxel),
                                None => 0.0,
                            };
                        }
                    }
                });
            },
        );
        on.refresh();
        on
    }

    pub(crate) fn len(&self) -> usize {
        self.ground.len()
    }

    #[inline]
    pub(crate) fn unknown(&self, voxel: usize) -> Option<usize> {
        self.number.get(voxel).filter(|&&n| n != NONE).map(|&n| n as usize)
    }

    #[inline]
    pub(crate) fn neighbour(&self, i: usize, axis: Axis, up: bool) -> usize {
        self.to[i][slot(axis, up)] as usize
    }

    #[inline]
    pub(crate) fn conductance(&self, i: usize, axis: Axis, up: bool) -> f32 {
        self.conductance[i][slot(axis, up)]
    }

    #[inline]
    pub(crate) fn ground(&self, i: usize) -> f32 {
        self.ground[i]
    }

    #[inline]
    pub(crate) fn set_conductance(&mut self, i: usize, axis: Axis, g: f32) {
        let j = self.neighbour(i, axis, true);
        if j != i {
            self.conductance[i][slot(axis, true)] = g;
            self.conductance[j][slot(axis, false)] = g;
        }
    }

    pub(crate) fn refresh(&mut self) {
        let (links, ground) = (&self.conductance, &self.ground);
        self.inverse.par_iter_mut().with_min_len(CHUNK).enumerate().for_each(|(i, inverse)| {
            let sum = links[i].iter().map(|&g| f64::from(g)).sum::<f64>() + f64::from(ground[i]);
            *inverse = if sum > 0.0 { (1.0 / sum) as f32 } else { 0.0 };
        });
    }

    pub(crate) fn build_levels(&mut self, lattice: &Lattice<'_>) {
        // What was built before is dropped first: both would not always fit.
        *self.below.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        self.transfer = Transfer::default();
        let mut places = vec![Place::default(); self.len()];
        let boxes = self.boxes;
        self.streams.split_mut(&mut places, 1).into_par_iter().enumerate().for_each(|(z, mut parts)| {
            let mut next = vec![0; parts.len()];
            for_slice(lattice, z, |_, at, group| {
                let at = at.map(|x| x as u32);
                let c = boxes.colour(at);
                // A lattice of another shape than the one of `new` is told from it before.
                if let Some(place) = parts[c].get_mut(next[c]) {
                    *place = Place { at, group };
                }
                next[c] += 1;
            });
        });
        let groups = places.par_iter().with_min_len(CHUNK).map(|p| p.group).max().map_or(1, |g| usize::from(g) + 1);
        let layout = Layout { boxes, streams: self.streams.clone(), places, groups, second: lattice.second_medium };
        let (transfer, cycle) = Cycle::below(self, &layout);
        self.transfer = transfer;
        *self.below.get_mut().unwrap_or_else(PoisonError::into_inner) = Some(cycle);
    }

    pub(crate) fn levels(&self) -> Vec<usize> {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        below.as_ref().map_or_else(Vec::new, Cycle::sizes)
    }

    pub(crate) fn bytes(&self) -> u64 {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        self.number.bytes()
            + self.to.bytes()
            + self.conductance.bytes()
            + self.ground.bytes()
            + self.inverse.bytes()
            + self.transfer.bytes()
            + below.as_ref().map_or(0, Cycle::bytes)
    }

    /// The links as plain arrays, for other devices; nothing is below them.
    pub(crate) fn export(&self) -> Level {
        let n = self.len();
        let mut level = Level {
            bounds: self.bounds.iter().map(|&b| b as u32).collect(),
            to: vec![0; WIDTH * n],
            ground: self.ground.to_vec(),
            inverse: self.inverse.to_vec(),
            ..Level::default()
        };
        level.to.par_chunks_mut(n.max(1)).enumerate().for_each(|(k, to)| {
            for (to, links) in to.iter_mut().zip(self.to.iter()) {
                *to = links[k];
            }
        });
        self.export_conductances(&mut level.conductance);
        level
    }

    /// Conductances in the places of [`Linked::export`].
    pub(crate) fn export_conductances(&self, out: &mut Vec<f32>) {
        let n = self.len();
        out.resize(WIDTH * n, 0.0);
        out.par_chunks_mut(n.max(1)).enumerate().for_each(|(k, out)| {
            for (g, links) in out.iter_mut().zip(self.conductance.iter()) {
                *g = links[k];
            }
        });
    }

    /// One over the diagonal.
    pub(crate) fn inverses(&self) -> &[f32] {
        &self.inverse
    }

    /// The way to the first stored level, and the stored levels, for other devices.
    pub(crate) fn export_levels(&self) -> (Next, Vec<Level>) {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        match &*below {
            Some(cycle) => (Next::Level((&self.transfer).into()), cycle.exports()),
            None => (Next::Nothing, Vec::new()),
        }
    }

    /// `(A x)_i`, in difference form.
    #[inline]
    fn row<T: Real>(&self, x: &[T], i: usize) -> f64 {
        let here = x[i].wide();
        let mut sum = f64::from(self.ground[i]) * here;
        for (&j, &g) in self.to[i].iter().zip(&self.conductance[i]) {
            sum += f64::from(g) * (here - x[j as usize].wide());
        }
        sum
    }

    pub(crate) fn residual(&self, x: &[f64], b: &[f64]) -> Vec<f64> {
        let rows = (0..self.len()).into_par_iter().with_min_len(CHUNK);
        rows.map(|i| b[i] - self.row(x, i)).collect()
    }
}

impl Rows for Linked {
    fn bounds(&self) -> &[usize] {
        &self.bounds
    }

    #[inline(always)]
    fn sum(&self, i: usize, f: impl Fn(usize) -> f32) -> f32 {
        let mut sum = 0.0;
        for (&j, &g) in self.to[i].iter().zip(&self.conductance[i]) {
            sum += g * f(j as usize);
        }
        sum
    }

    fn difference(&self, i: usize, x: &[f32]) -> f32 {
        self.row(x, i) as f32
    }

    #[inline]
    fn inverse(&self, i: usize) -> f32 {
        self.inverse[i]
    }
}

impl Fine for Linked {
    fn links(&self, i: usize, mut f: impl FnMut(usize, f32)) {
        for (&j, &g) in self.to[i].iter().zip(&self.conductance[i]) {
            if g > 0.0 {
                f(j as usize, g);
            }
        }
    }

    fn grounds(&self) -> Vec<(u32, f32)> {
        let grounds = self.ground.iter().enumerate();
        grounds.filter(|&(_, &g)| g > 0.0).map(|(i, &g)| (i as u32, g)).collect()
    }
}

impl Swept for Linked {
    fn transfer(&self) -> &Transfer {
        &self.transfer
    }
}

/// The system `A d = source` in one precision.
struct On<'a, T> {
    links: &'a Linked,
    source: &'a [T],
    copies: Mutex<[Pages<f32>; 3]>,
}

impl<T: Real> Listed for On<'_, T> {
    type Value = T;

    fn len(&self) -> usize {
        self.links.len()
    }

    fn error_before(&self, _: f64) -> f64 {
        f64::INFINITY
    }

    #[inline]
    fn row(&self, p: &[T], i: usize) -> T {
        T::of(self.links.row(p, i))
    }

    #[inline]
    fn truth(&self, x: &[T], i: usize) -> [f64; 3] {
        let (source, here) = (self.source[i].wide(), x[i].wide());
        let image = self.links.row(x, i);
        let diagonal = f64::from(self.links.inverse[i]);
        let weight = if diagonal > 0.0 { here * here / diagonal } else { 0.0 };
        [source - image, here * (image - 2.0 * source), weight]
    }

    fn cycle(&self, r: &[T], z: &mut [T], q: Option<&[T]>) -> [f64; 2] {
        let mut below = self.links.below.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        T::through_single(r, z, q, &mut copies, |r, z, q| match &mut *below {
            Some(cycle) => cycle.precondition(self.links, r, z, q),
            None => {
                sweep_from_zero(self.links, r, z);
                sweep_back(self.links, r, z, q)
            }
        })
    }
}

/// Solves `A d = residual` to a relative error in energy, and adds `d` to `x`.
pub(crate) fn correction<T: Real>(
    links: &Linked,
    residual: &[f64],
    x: &mut [f64],
    stop: &LinksStop,
    watch: &dyn Watch,
) -> Reached {
    // Scaled to a largest value of one, late residuals stay within the range of single precision.
    let largest = residual.par_iter().with_min_len(CHUNK).map(|r| r.abs()).reduce(|| 0.0, f64::max);
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let mut source = Pages::<T>::zeroed(residual.len());
    source.par_iter_mut().with_min_len(CHUNK).zip(residual).for_each(|(s, r)| *s = T::of(r / scale));
    let on = On { links, source: &source, copies: Mutex::default() };
    let on = List(&on);
    let mut d = on.vector();
    // `E = -|d|^2` at the solution, and the error of the iterate adds `|d - d*|^2`.
    let allowed = |energy: f64| stop.relative.powi(2) * (-energy).max(0.0);
    let limits = Limits { allowed: &allowed, max_iterations: stop.max_iterations };
    let reached = conjugate_gradients(&on, &mut d, &mut Tail::new(), &limits, watch);
    x.par_iter_mut().with_min_len(CHUNK).zip(d.par_iter()).for_each(|(x, d)| *x += scale * d.wide());
    reached
}

/// Solves `A c = source` in single precision from zero, as a device does.
#[cfg(test)]
pub(crate) fn single_pass(
    links: &Linked,
    source: &[f32],
    c: &mut Vec<f32>,
    limits: &Limits<'_>,
    watch: &dyn Watch,
) -> Reached {
    let on = On { links, source, copies: Mutex::default() };
    let on = List(&on);
    let mut d = on.vector();
    let reached = conjugate_gradients(&on, &mut d, &mut Tail::new(), limits, watch);
    *c = d.to_vec();
    reached
}
