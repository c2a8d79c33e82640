//! The operator of [`crate::links`] over a list of unknowns, and its fields.

use std::sync::{Mutex, PoisonError};

use foamflux_grid::{Axis, Watch};
use rayon::prelude::*;

use super::real::Real;
use super::reduce::{CHUNK, ROUNDINGS, dot, total};
use crate::krylov::{Energy, Limits, Moments, Primitives, Reached, Step, conjugate_gradients};
use crate::links::{Lattice, LinksStop, NO_GROUP};
use crate::multigrid::{
    Boxes, Cycle, Fine, Layout, Place, Rows, Streams, Top, Transfer, prolong, restrict, sweep_back, sweep_from_zero,
};
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

impl Top for Linked {
    fn down(&self, r: &[f32], z: &mut [f32], coarse: &mut [f32]) {
        sweep_from_zero(self, r, z);
        restrict(self, &self.transfer, z, coarse, None);
    }

    fn up(&self, coarse: &[f32], r: &[f32], z: &mut [f32], q: Option<&[f32]>) -> [f64; 2] {
        prolong(&self.transfer, |k| coarse[k], z);
        sweep_back(self, r, z, q)
    }
}

/// The system `A d = source` in one precision.
struct On<'a, T> {
    links: &'a Linked,
    source: &'a [T],
    copies: Mutex<[Pages<f32>; 3]>,
}

impl<T: Real> On<'_, T> {
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

impl<T: Real> Primitives for On<'_, T> {
    type Vector = Pages<T>;
    type Scalar = f64;
    const LOOK_EVERY: u32 = 1;

    fn error_before(&self, _: f64) -> f64 {
        f64::INFINITY
    }

    fn vector(&self) -> Pages<T> {
        Pages::zeroed(self.links.len())
    }

    fn correction(&self) -> Pages<T> {
        self.vector()
    }

    fn residual(&self, x: &Pages<T>, r: &mut Pages<T>) -> Energy<f64> {
        let parts: Vec<[f64; 4]> = r
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(|(c, r)| {
                let mut sums = [0.0; 4];
                for (k, r) in r.iter_mut().enumerate() {
                    let i = c * CHUNK + k;
                    let (source, here) = (self.source[i].wide(), x[i].wide());
                    let image = self.links.row(x, i);
                    let residual = source - image;
                    sums[0] += here * (image - 2.0 * source);
                    let diagonal = f64::from(self.links.inverse[i]);
                    sums[1] += if diagonal > 0.0 { here * here / diagonal } else { 0.0 };
                    sums[2] += residual * residual;
                    sums[3] += (residual - r.wide()).powi(2);
                    *r = T::of(residual);
                }
                sums
            })
            .collect();
        let [energy, weight, norm, change] = total(&parts);
        Energy { energy, rounding: ROUNDINGS * T::ROUNDING * T::ROUNDING * weight, norm, change }
    }

    fn precondition(&self, r: &Pages<T>, z: &mut Pages<T>) -> f64 {
        self.cycle(r, z, None)[0]
    }

    fn apply(&self, p: &Pages<T>, q: &mut Pages<T>) -> f64 {
        let parts: Vec<[f64; 1]> = q
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map(|(c, q)| {
                let from = c * CHUNK;
                for (k, q) in q.iter_mut().enumerate() {
                    *q = T::of(self.links.row(p, from + k));
                }
                [dot(&p[from..from + q.len()], q)]
            })
            .collect();
        total(&parts)[0]
    }

    fn ratio(&self, a: f64, b: f64) -> f64 {
        a / b
    }

    fn advance(&self, alpha: f64, step: Step<'_, Pages<T>>) -> Moments<f64> {
        super::reduce::advance(alpha, step.x, step.r, step.p, step.q);
        let [rz, qz] = self.cycle(step.r, step.z, Some(step.q));
        // r_new - r_old = -alpha q.
        Moments { rz, rz_flexible: -alpha * qz }
    }

    fn direction(&self, beta: Option<f64>, _: &Pages<T>, z: &Pages<T>, p: &mut Pages<T>) {
        super::reduce::direction(beta, z, p);
    }

    fn read(&self, scalars: &[f64]) -> Vec<f64> {
        scalars.to_vec()
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
    let mut d = on.vector();
    // `E = -|d|^2` at the solution, and the error of the iterate adds `|d - d*|^2`.
    let allowed = |energy: f64| stop.relative.powi(2) * (-energy).max(0.0);
    let limits = Limits { allowed: &allowed, max_iterations: stop.max_iterations };
    let reached = conjugate_gradients(&on, &mut d, &mut Tail::new(), &limits, watch);
    x.par_iter_mut().with_min_len(CHUNK).zip(d.par_iter()).for_each(|(x, d)| *x += scale * d.wide());
    reached
}
