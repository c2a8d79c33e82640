//! The operator of [`crate::links`] over a list of unknowns, and its fields.

mod places;
mod rows;

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
use places::{Numbers, Places};
use rows::{Row, RowTable, RowsOf};

/// Links of the unknowns, by colour and within a colour in memory order.
pub(crate) struct Linked {
    boxes: Boxes,
    streams: Streams,
    bounds: Vec<usize>,
    places: Places,
    rows: RowTable,
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
        let places = Places::new(lattice, boxes, &streams);
        let second = |group: u8| lattice.second_medium >> (group & 15) & 1;
        let rows = RowTable::new(lattice, boxes, &streams, |voxel, at| {
            let mut links = [0f32; 6];
            let mut exchanges = false;
            for axis in Axis::ALL {
                let a = axis.xyz_index();
                let (len, stride) = (shape.along(axis), shape.stride(axis));
                for up in [false, true] {
                    let other = match up {
                        false if at[a] > 0 => voxel - stride,
                        false if boxes.wraps[a] => voxel + (len - 1) * stride,
                        true if at[a] + 1 < len => voxel + stride,
                        true if boxes.wraps[a] => voxel - (len - 1) * stride,
                        _ => continue,
                    };
                    if lattice.group[other] == NO_GROUP {
                        continue;
                    }
                    exchanges |= second(lattice.group[other]) != second(lattice.group[voxel]);
                    let (lower, upper) = if up { (voxel, other) } else { (other, voxel) };
                    links[slot(axis, up)] = conductance(axis, lower, upper);
                }
            }
            (Row::new(links, ground(voxel)), exchanges)
        });
        Linked {
            boxes,
            bounds: streams.bounds(),
            places,
            rows,
            transfer: Transfer::default(),
            below: Mutex::new(None),
            streams,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    #[inline]
    pub(crate) fn unknown(&self, voxel: usize) -> Option<usize> {
        self.places.unknown(voxel)
    }

    #[inline]
    pub(crate) fn neighbour(&self, i: usize, axis: Axis, up: bool) -> usize {
        self.places.neighbour(i, axis, up)
    }

    #[inline]
    pub(crate) fn conductance(&self, i: usize, axis: Axis, up: bool) -> f32 {
        self.rows.of(i).links[slot(axis, up)]
    }

    #[inline]
    pub(crate) fn ground(&self, i: usize) -> f32 {
        self.rows.of(i).ground
    }

    #[inline]
    pub(crate) fn set_conductance(&mut self, i: usize, axis: Axis, g: f32) {
        let j = self.neighbour(i, axis, true);
        if j != i {
            self.rows.own(i).links[slot(axis, true)] = g;
            self.rows.own(j).links[slot(axis, false)] = g;
        }
    }

    pub(crate) fn refresh(&mut self) {
        self.rows.refresh();
    }

    pub(crate) fn build_levels(&mut self, lattice: &Lattice<'_>) {
        // What was built before is dropped first: both would not always fit.
        self.drop_levels();
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
        let (transfer, cycle) = Cycle::below(&self.plain(), &layout);
        self.transfer = transfer;
        *self.below.get_mut().unwrap_or_else(PoisonError::into_inner) = Some(cycle);
    }

    pub(crate) fn drop_levels(&mut self) {
        *self.below.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        self.transfer = Transfer::default();
    }

    pub(crate) fn levels(&self) -> Vec<usize> {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        below.as_ref().map_or_else(Vec::new, Cycle::sizes)
    }

    pub(crate) fn bytes(&self) -> u64 {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        self.places.bytes() + self.rows.bytes() + self.transfer.bytes() + below.as_ref().map_or(0, Cycle::bytes)
    }

    /// The links as plain arrays, for other devices; nothing is below them.
    pub(crate) fn export(&self) -> Level {
        let n = self.len();
        let mut level = Level {
            bounds: self.bounds.iter().map(|&b| b as u32).collect(),
            to: vec![0; WIDTH * n],
            ground: (0..n).into_par_iter().with_min_len(CHUNK).map(|i| self.ground(i)).collect(),
            inverse: self.inverses(),
            ..Level::default()
        };
        let numbers = self.places.numbers();
        level.to.par_chunks_mut(n.max(1)).enumerate().for_each(|(k, to)| {
            for (i, to) in to.iter_mut().enumerate() {
                *to = numbers.neighbours(i)[k];
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
            for (i, g) in out.iter_mut().enumerate() {
                *g = self.rows.of(i).links[k];
            }
        });
    }

    /// One over the diagonal.
    pub(crate) fn inverses(&self) -> Vec<f32> {
        (0..self.len()).into_par_iter().with_min_len(CHUNK).map(|i| self.rows.of(i).inverse).collect()
    }

    /// The way to the first stored level, and the stored levels, for other devices.
    pub(crate) fn export_levels(&self) -> (Next, Vec<Level>) {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        match &*below {
            Some(cycle) => (Next::Level((&self.transfer).into()), cycle.exports()),
            None => (Next::Nothing, Vec::new()),
        }
    }

    pub(crate) fn residual(&self, x: &[f64], b: &[f64]) -> Vec<f64> {
        let plain = self.plain();
        let rows = (0..self.len()).into_par_iter().with_min_len(CHUNK);
        rows.map(|i| b[i] - plain.row(x, i)).collect()
    }

    fn plain(&self) -> Plain<'_> {
        Plain {
            bounds: &self.bounds,
            numbers: self.places.numbers(),
            rows: self.rows.plain(),
            transfer: &self.transfer,
            len: self.len(),
        }
    }
}

/// The operator as loops read it.
#[derive(Clone, Copy)]
struct Plain<'a> {
    bounds: &'a [usize],
    numbers: Numbers<'a>,
    rows: RowsOf<'a>,
    transfer: &'a Transfer,
    len: usize,
}

impl Plain<'_> {
    /// `(A x)_i`, in difference form.
    #[inline(always)]
    fn row<T: Real>(&self, x: &[T], i: usize) -> f64 {
        let here = x[i].wide();
        let row = self.rows.of(i);
        let mut sum = f64::from(row.ground) * here;
        for (j, g) in self.numbers.neighbours(i).into_iter().zip(row.links) {
            sum += f64::from(g) * (here - x[j as usize].wide());
        }
        sum
    }
}

impl Rows for Plain<'_> {
    fn bounds(&self) -> &[usize] {
        self.bounds
    }

    #[inline(always)]
    fn sum(&self, i: usize, f: impl Fn(usize) -> f32) -> f32 {
        let mut sum = 0.0;
        for (j, g) in self.numbers.neighbours(i).into_iter().zip(self.rows.of(i).links) {
            sum += g * f(j as usize);
        }
        sum
    }

    fn difference(&self, i: usize, x: &[f32]) -> f32 {
        self.row(x, i) as f32
    }

    #[inline(always)]
    fn inverse(&self, i: usize) -> f32 {
        self.rows.of(i).inverse
    }
}

impl Fine for Plain<'_> {
    fn links(&self, i: usize, mut f: impl FnMut(usize, f32)) {
        for (j, g) in self.numbers.neighbours(i).into_iter().zip(self.rows.of(i).links) {
            if g > 0.0 {
                f(j as usize, g);
            }
        }
    }

    fn grounds(&self) -> Vec<(u32, f32)> {
        let grounds = (0..self.len).into_par_iter().with_min_len(CHUNK).map(|i| (i as u32, self.rows.of(i).ground));
        grounds.filter(|&(_, g)| g > 0.0).collect()
    }
}

impl Swept for Plain<'_> {
    fn transfer(&self) -> &Transfer {
        self.transfer
    }
}

/// The system `A d = source` in one precision.
struct On<'a, T> {
    links: &'a Linked,
    plain: Plain<'a>,
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
        T::of(self.plain.row(p, i))
    }

    #[inline]
    fn truth(&self, x: &[T], i: usize) -> [f64; 3] {
        let (source, here) = (self.source[i].wide(), x[i].wide());
        let image = self.plain.row(x, i);
        let diagonal = f64::from(self.plain.rows.of(i).inverse);
        let weight = if diagonal > 0.0 { here * here / diagonal } else { 0.0 };
        [source - image, here * (image - 2.0 * source), weight]
    }

    fn cycle(&self, r: &[T], z: &mut [T], q: Option<&[T]>) -> [f64; 2] {
        let mut below = self.links.below.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        T::through_single(r, z, q, &mut copies, |r, z, q| match &mut *below {
            Some(cycle) => cycle.precondition(&self.plain, r, z, q),
            None => {
                sweep_from_zero(&self.plain, r, z);
                sweep_back(&self.plain, r, z, q)
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
    let on = On { links, plain: links.plain(), source: &source, copies: Mutex::default() };
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
pub(crate) fn single_pass(
    links: &Linked,
    source: &[f32],
    c: &mut Vec<f32>,
    limits: &Limits<'_>,
    watch: &dyn Watch,
) -> Reached {
    let on = On { links, plain: links.plain(), source, copies: Mutex::default() };
    let on = List(&on);
    let mut d = on.vector();
    let reached = conjugate_gradients(&on, &mut d, &mut Tail::new(), limits, watch);
    *c = d.to_vec();
    reached
}
