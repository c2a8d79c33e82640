//! Primitives over a list of the unknowns, ordered by colour.

mod export;

use std::sync::{Mutex, PoisonError};

use bytemuck::Pod;
use rayon::prelude::*;

use super::listed::{Listed, Swept};
use super::real::Real;
use super::reduce::CHUNK;
use crate::Problem;
use crate::layout::{CompactGraph, bit};
use crate::multigrid::{Boxes, Cycle, Fine, Layout, Place, Rows, SAME_GROUP, Streams, Transfer};
use crate::pages::Pages;
use crate::problem::Conductance;
pub use export::ListOrder;
pub(crate) use export::hierarchy;

/// Scaled conductances between unknowns, in the precision of the fields.
pub(super) trait Coupling<T>: Sync {
    /// Across the face between neighbours `i` and `j` along axis number `axis`.
    fn face(&self, axis: usize, i: usize, j: usize) -> T;
    /// From `i` to an electrode.
    fn electrode(&self, i: usize) -> T;
}

/// One conductivity.
pub(super) struct Uniform<T> {
    faces: [T; 3],
    electrode: T,
}

impl<T: Real> Uniform<T> {
    pub(super) fn of(faces: [f64; 3]) -> Self {
        Uniform { faces: faces.map(T::of), electrode: T::of(2.0) }
    }
}

impl<T: Real> Coupling<T> for Uniform<T> {
    #[inline]
    fn face(&self, axis: usize, _: usize, _: usize) -> T {
        self.faces[axis]
    }
    #[inline]
    fn electrode(&self, _: usize) -> T {
        self.electrode
    }
}

/// A conductivity per class; classes are in the order of the list.
pub(super) struct ByClass<T> {
    faces: Box<[[T; 256]; 3]>,
    electrode: [T; 16],
    classes: Vec<u8>,
}

impl<T: Real> ByClass<T> {
    pub(super) fn of(faces: &[[f64; 256]; 3], electrode: [f64; 16], classes: Vec<u8>) -> Self {
        ByClass { faces: Box::new(faces.map(|f| f.map(T::of))), electrode: electrode.map(T::of), classes }
    }
}

impl<T: Real> Coupling<T> for ByClass<T> {
    #[inline]
    fn face(&self, axis: usize, i: usize, j: usize) -> T {
        self.faces[axis][usize::from(self.classes[i]) << 4 & 0xf0 | usize::from(self.classes[j]) & 0xf]
    }
    #[inline]
    fn electrode(&self, i: usize) -> T {
        self.electrode[usize::from(self.classes[i]) & 0xf]
    }
}

/// The order of a list: by colour, within a colour in memory order.
pub(super) struct Order {
    boxes: Boxes,
    streams: Streams,
    bounds: Vec<usize>,
}

impl Order {
    pub(super) fn of(problem: &Problem) -> Self {
        let shape = problem.shape();
        let boxes = Boxes::new(shape, |axis| problem.wraps(axis));
        let colours = boxes.colours();
        let by_plane: Vec<Vec<usize>> = (0..shape.z)
            .into_par_iter()
            .map(|z| {
                let mut counts = vec![0; colours];
                for_voxels(problem, z, |_, at| counts[boxes.colour(at)] += 1);
                counts
            })
            .collect();
        let counts: Vec<usize> = (0..colours).flat_map(|c| by_plane.iter().map(move |p| p[c])).collect();
        let streams = Streams::of(&counts, shape.z);
        let bounds = streams.bounds();
        Order { boxes, streams, bounds }
    }

    /// Puts what belongs to the unknowns in memory order into the order of the list.
    pub(super) fn sort<T: Copy + Default + Send>(
        &self,
        problem: &Problem,
        value: impl Fn(usize, [u32; 3]) -> T + Sync,
    ) -> Vec<T> {
        let mut out = vec![T::default(); self.streams.len()];
        self.sort_into(problem, &mut out, value);
        out
    }

    /// The same for what is large.
    pub(super) fn sort_pages<T: Pod + Send>(
        &self,
        problem: &Problem,
        value: impl Fn(usize, [u32; 3]) -> T + Sync,
    ) -> Pages<T> {
        let mut out = Pages::zeroed(self.streams.len());
        self.sort_into(problem, &mut out, value);
        out
    }

    fn sort_into<T: Copy + Send>(&self, problem: &Problem, out: &mut [T], value: impl Fn(usize, [u32; 3]) -> T + Sync) {
        self.streams.split_mut(out, 1).into_par_iter().enumerate().for_each(|(z, mut parts)| {
            let mut next = vec![0; parts.len()];
            for_voxels(problem, z, |i, at| {
                let c = self.boxes.colour(at);
                parts[c][next[c]] = value(i, at);
                next[c] += 1;
            });
        });
    }

    /// Puts a list back into memory order.
    pub(super) fn unsort<T: Copy + Default + Send + Sync>(&self, problem: &Problem, list: &[T]) -> Vec<T> {
        let mut out = vec![T::default(); list.len()];
        let planes = crate::layout::plane_ranges(problem);
        crate::layout::split_mut(&mut out, &planes).into_par_iter().enumerate().for_each(|(z, plane)| {
            let mut next: Vec<usize> =
                (0..self.streams.colours()).map(|c| self.streams.range(c, z, z + 1).start).collect();
            for_voxels(problem, z, |i, at| {
                let c = self.boxes.colour(at);
                plane[i - planes[z].start] = list[next[c]];
                next[c] += 1;
            });
        });
        out
    }

    /// Position in the list of every unknown in memory order.
    fn positions(&self, problem: &Problem) -> Vec<u32> {
        let all: Vec<u32> = (0..self.streams.len() as u32).collect();
        self.unsort(problem, &all)
    }
}

/// Calls `f(unknown, [x, y, z])` for the unknowns of one slice in memory order.
fn for_voxels(problem: &Problem, z: usize, mut f: impl FnMut(usize, [u32; 3])) {
    for y in 0..problem.shape().y {
        for run in problem.runs().row(z, y) {
            for x in run.x0..run.x1 {
                f((run.first + (x - run.x0)) as usize, [x, y as u32, z as u32]);
            }
        }
    }
}

/// Group of every class: conductivities in one group differ by at most [`SAME_GROUP`].
fn groups(conductance: &Conductance) -> ([u8; 16], usize) {
    let Conductance::Table { electrode, .. } = conductance else { return ([0; 16], 1) };
    let mut sorted: Vec<usize> = (0..16).filter(|&c| electrode[c] > 0.0).collect();
    sorted.sort_by(|&a, &b| electrode[a].total_cmp(&electrode[b]));
    let mut group = [0; 16];
    let (mut number, mut lowest) = (0, f64::INFINITY);
    for c in sorted {
        if electrode[c] > SAME_GROUP * lowest {
            number += 1;
            lowest = electrode[c];
        }
        lowest = lowest.min(electrode[c]);
        group[c] = number;
    }
    (group, usize::from(number) + 1)
}

/// Bits of both electrodes.
const ENDS: u8 = bit::INLET | bit::OUTLET;

/// One over the diagonal: by connectivity byte where the conductivity is uniform, otherwise by unknown.
enum InverseDiagonal {
    ByOpen(Box<[f32; 256]>),
    ByUnknown(Vec<f32>),
}

/// The operator over a list of unknowns, with its cycle.
pub(super) struct Compact<T, C> {
    /// Connectivity byte of every unknown.
    open: Pages<u8>,
    /// Neighbours at -x, +x, -y, +y, -z, +z; an unknown is its own neighbour across a closed face.
    links: Pages<[u32; 6]>,
    coupling: C,
    inverse_diagonal: InverseDiagonal,
    /// Fall of the straight profile towards a neighbour at -x, +x, -y, +y, -z, +z.
    straight: [f64; 6],
    /// Current that enters through walls; empty where none does.
    source: Pages<T>,
    /// Drop of the straight profile from a voxel to an electrode; none to a ground.
    half: f64,
    bounds: Vec<usize>,
    transfer: Transfer,
    below: Mutex<Below<T>>,
}

/// The levels below, and single-precision copies for fields in double precision.
struct Below<T> {
    cycle: Option<Cycle>,
    copies: [Pages<f32>; 3],
    precision: std::marker::PhantomData<T>,
}

impl<T: Real, C: Coupling<T>> Compact<T, C> {
    pub(super) fn new(problem: &Problem, order: &Order, coupling: C) -> Self {
        let graph = CompactGraph::of(problem);
        let positions = order.positions(problem);
        let open = order.sort_pages(problem, |i, _| graph.open[i]);
        let links = order.sort_pages(problem, |i, _| neighbours(&graph, i).map(|j| positions[j]));
        drop((graph, positions));
        let mut op = Compact {
            open,
            links,
            coupling,
            inverse_diagonal: InverseDiagonal::ByUnknown(Vec::new()),
            straight: straight(problem),
            source: problem.source().map_or_else(Pages::default, |source| {
                order.sort_pages(problem, |i, _| T::of(f64::from(source.values[i])))
            }),
            half: problem.half_drop(),
            bounds: order.bounds.clone(),
            transfer: Transfer::default(),
            below: Mutex::new(Below { cycle: None, copies: Default::default(), precision: std::marker::PhantomData }),
        };
        op.set_diagonal(problem);
        let (group, groups) = groups(problem.conductance());
        let places = order.sort(problem, |i, at| Place {
            at,
            group: problem.classes().map_or(0, |classes| group[usize::from(classes[i]) & 0xf]),
        });
        let layout = Layout { boxes: order.boxes, streams: order.streams.clone(), places, groups, second: 0 };
        let (transfer, cycle) = Cycle::below(&op, &layout);
        op.transfer = transfer;
        if let Ok(below) = op.below.get_mut() {
            below.cycle = Some(cycle);
        }
        op
    }

    fn set_diagonal(&mut self, problem: &Problem) {
        self.inverse_diagonal = match problem.conductance() {
            Conductance::Uniform(faces) => {
                InverseDiagonal::ByOpen(Box::new(std::array::from_fn(|o| inverse_uniform(o as u8, faces))))
            }
            Conductance::Table { .. } => InverseDiagonal::ByUnknown(
                (0..problem.unknowns()).into_par_iter().map(|i| inverse(self.diagonal(i))).collect(),
            ),
        };
    }

    /// Turns to another problem over the same voxels, of which only the electrodes lie elsewhere.
    pub(super) fn turn(&mut self, problem: &Problem, order: &Order) {
        self.straight = straight(problem);
        if !problem.grounded().is_empty() {
            // The same few unknowns are grounded whatever drives the cell.
            return;
        }
        let (axis, last) = (problem.axis().xyz_index(), problem.slices() as u32 - 1);
        let ends = order.sort(problem, |_, at| {
            let inlet = if at[axis] == 0 { bit::INLET } else { 0 };
            inlet | if at[axis] == last { bit::OUTLET } else { 0 }
        });
        self.open.par_iter_mut().with_min_len(CHUNK).zip(ends).for_each(|(o, ends)| *o = *o & !ENDS | ends);
        self.set_diagonal(problem);
        let grounds = self.transfer.grounds(&self.grounds());
        if let Some(cycle) = &mut self.below.get_mut().unwrap_or_else(PoisonError::into_inner).cycle {
            cycle.set_grounds(grounds);
        }
    }

    /// Bytes held beside the vectors.
    pub(super) fn bytes(&self) -> u64 {
        let diagonal = match &self.inverse_diagonal {
            InverseDiagonal::ByOpen(_) => 0,
            InverseDiagonal::ByUnknown(d) => 4 * d.capacity(),
        };
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        let copies: u64 = below.copies.iter().map(Pages::bytes).sum();
        self.open.bytes()
            + self.links.bytes()
            + copies
            + self.source.bytes()
            + diagonal as u64
            + self.transfer.bytes()
            + below.cycle.as_ref().map_or(0, Cycle::bytes)
    }

    /// Unknowns of the levels below.
    pub(super) fn levels(&self) -> Vec<usize> {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        below.cycle.as_ref().map_or_else(Vec::new, Cycle::sizes)
    }

    /// Number of electrodes that `i` touches.
    #[inline]
    fn electrodes(open: u8) -> u8 {
        (open >> 6 & 1) + (open >> 7)
    }

    fn diagonal(&self, i: usize) -> f64 {
        let open = self.open[i];
        let faces: f64 = self.links[i]
            .into_iter()
            .enumerate()
            .filter(|&(d, _)| open >> d & 1 == 1)
            .map(|(d, j)| self.coupling.face(d / 2, i, j as usize).wide())
            .sum();
        faces + f64::from(Self::electrodes(open)) * self.coupling.electrode(i).wide()
    }

    /// Conductance to the electrodes.
    fn ground(&self, i: usize) -> f32 {
        (f64::from(Self::electrodes(self.open[i])) * self.coupling.electrode(i).wide()) as f32
    }
}

/// Neighbours of `i` at -x, +x, -y, +y, -z, +z; itself across a closed face.
fn neighbours(graph: &CompactGraph, i: usize) -> [usize; 6] {
    let [yd, yu, zd, zu] = graph.lateral[i];
    let [xd, xu] = match &graph.across {
        None => {
            let open = graph.open[i];
            [i - usize::from(open & bit::X_DOWN), i + usize::from(open >> 1 & 1)]
        }
        Some(across) => across[i].map(|j| j as usize),
    };
    [xd, xu, yd as usize, yu as usize, zd as usize, zu as usize]
}

/// Fall of the straight profile towards a neighbour at -x, +x, -y, +y, -z, +z.
fn straight(problem: &Problem) -> [f64; 6] {
    std::array::from_fn(|d| {
        let towards = if d % 2 == 1 { 1.0 } else { -1.0 };
        if d / 2 == problem.axis().xyz_index() { towards * problem.straight() } else { 0.0 }
    })
}

/// One over the diagonal for a connectivity byte, 0 for a voxel without faces.
pub(super) fn inverse_uniform(open: u8, faces: &[f64; 3]) -> f32 {
    let sum: f64 = (0..6).filter(|d| open >> d & 1 == 1).map(|d| faces[d / 2]).sum();
    inverse(sum + 2.0 * f64::from((open >> 6 & 1) + (open >> 7)))
}

/// One over a diagonal, 0 where nothing is connected.
fn inverse(diagonal: f64) -> f32 {
    if diagonal > 0.0 { (1.0 / diagonal) as f32 } else { 0.0 }
}

impl<T: Real, C: Coupling<T>> Rows for Compact<T, C> {
    fn bounds(&self) -> &[usize] {
        &self.bounds
    }

    #[inline]
    fn sum(&self, i: usize, f: impl Fn(usize) -> f32) -> f32 {
        let open = self.open[i];
        let mut sum = 0.0;
        for (d, j) in self.links[i].into_iter().enumerate() {
            if open >> d & 1 == 1 {
                sum += self.coupling.face(d / 2, i, j as usize).wide() as f32 * f(j as usize);
            }
        }
        sum
    }

    fn difference(&self, i: usize, x: &[f32]) -> f32 {
        let mut sum = self.ground(i) * x[i];
        self.links(i, |j, w| sum += w * (x[i] - x[j]));
        sum
    }

    #[inline]
    fn inverse(&self, i: usize) -> f32 {
        match &self.inverse_diagonal {
            InverseDiagonal::ByOpen(table) => table[usize::from(self.open[i])],
            InverseDiagonal::ByUnknown(values) => values[i],
        }
    }
}

impl<T: Real, C: Coupling<T>> Fine for Compact<T, C> {
    fn links(&self, i: usize, mut f: impl FnMut(usize, f32)) {
        let open = self.open[i];
        for (d, j) in self.links[i].into_iter().enumerate() {
            if open >> d & 1 == 1 {
                f(j as usize, self.coupling.face(d / 2, i, j as usize).wide() as f32);
            }
        }
    }

    fn grounds(&self) -> Vec<(u32, f32)> {
        (0..self.open.len()).filter(|&i| self.open[i] & ENDS != 0).map(|i| (i as u32, self.ground(i))).collect()
    }
}

impl<T: Real, C: Coupling<T>> Swept for Compact<T, C> {
    fn transfer(&self) -> &Transfer {
        &self.transfer
    }
}

impl<T: Real, C: Coupling<T>> Listed for Compact<T, C> {
    type Value = T;

    fn len(&self) -> usize {
        self.open.len()
    }

    fn error_before(&self, energy: f64) -> f64 {
        if self.source.is_empty() { energy } else { f64::INFINITY }
    }

    #[inline]
    fn row(&self, p: &[T], i: usize) -> T {
        let (open, here) = (self.open[i], p[i]);
        let mut sum = T::of(f64::from(Self::electrodes(open))) * self.coupling.electrode(i) * here;
        for (d, j) in self.links[i].into_iter().enumerate() {
            // A closed face links to the unknown itself: no drop.
            let j = j as usize;
            sum += self.coupling.face(d / 2, i, j) * (here - p[j]);
        }
        sum
    }

    #[inline]
    fn truth(&self, x: &[T], i: usize) -> [f64; 3] {
        let (open, here) = (self.open[i], x[i].wide());
        // `x'Ax - 2 s'x` exceeds its minimum by what `x'Ax` of the error is.
        let current = self.source.get(i).map_or(0.0, |s| s.wide());
        let (mut residual, mut energy, mut diagonal) = (current, -2.0 * current * here, 0.0);
        for (d, j) in self.links[i].into_iter().enumerate() {
            if open >> d & 1 == 0 {
                continue;
            }
            let j = j as usize;
            let g = self.coupling.face(d / 2, i, j).wide();
            // Potential drop from i to its neighbour: the straight profile loses 1 per slice towards the outlet.
            let drop = self.straight[d] + (here - x[j].wide());
            residual -= g * drop;
            // Half of the face belongs to each side.
            energy += 0.5 * g * drop * drop;
            diagonal += g;
        }
        let g = self.coupling.electrode(i).wide();
        for (mask, half) in [(bit::INLET, -self.half), (bit::OUTLET, self.half)] {
            if open & mask != 0 {
                let drop = half + here;
                residual -= g * drop;
                energy += g * drop * drop;
                diagonal += g;
            }
        }
        [residual, energy, diagonal * here * here]
    }

    fn cycle(&self, r: &[T], z: &mut [T], q: Option<&[T]>) -> [f64; 2] {
        let mut below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        let Below { cycle: Some(cycle), copies, .. } = &mut *below else { return [0.0; 2] };
        T::through_single(r, z, q, copies, |r, z, q| cycle.precondition(self, r, z, q))
    }
}
