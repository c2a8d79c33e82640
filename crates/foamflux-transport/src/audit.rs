//! An independent look at a potential: energy, residual and fluxes through every cross-section, in double precision.
//!
//! It walks over runs of voxels, not over a backend's storage, so every backend's answer passes through the same check.
//! tau comes from the dissipated energy `sum g (drop)^2`, which is second order in the error of the potential
//! (Dirichlet's principle), never from the flux through one face, which is first order.

use foamflux_grid::Axis;
use rayon::prelude::*;

use crate::problem::{Conductance, LATERAL, Source};
use crate::{Deviation, Problem};

/// Rows per parallel block; fixed, so that sums do not depend on the number of threads.
const BLOCKS: usize = 256;

/// What a potential implies, in scaled units.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    /// Dissipated energy; one per voxel in a box full of the best conductor.
    pub(crate) energy: f64,
    /// Euclidean norm of the residual over that of the Dirichlet problem's right-hand side.
    pub(crate) residual: f64,
    /// Flux through every cross-section, the inlet first, the outlet last.
    pub(crate) sections: Vec<f64>,
    /// What the current through the walls, if there is one, delivers: its sum over the unknowns times their potential.
    pub(crate) work: f64,
}

/// Faces between `len` voxels of a row and their neighbours.
struct Stretch {
    axis: Axis,
    /// Whether the neighbours lie towards higher coordinates.
    up: bool,
    /// First voxel, and its neighbour.
    i: usize,
    j: usize,
    len: usize,
}

/// What takes the fluxes of a row.
trait Take {
    /// Fluxes through faces of consecutive voxels of the row from number `k` on, counted positive towards +x, +y, +z,
    /// and their drops.
    fn faces(&mut self, k: usize, axis: usize, up: bool, faces: impl ExactSizeIterator<Item = [f64; 2]>);
    /// An electrode's half face of conductance `g` along the axis of transport.
    fn end(&mut self, k: usize, axis: usize, outlet: bool, g: f64, drop: f64);
}

/// Walks over the faces of a row.
fn walk(problem: &Problem, deviation: &Deviation, row: (usize, usize), take: &mut impl Take) {
    match deviation {
        Deviation::Single(u) => walk_values(problem, u, row, take),
        Deviation::Double(u) => walk_values(problem, u, row, take),
    }
}

fn walk_values<V: Copy + Into<f64>>(problem: &Problem, u: &[V], (z, y): (usize, usize), take: &mut impl Take) {
    let runs = problem.runs().row(z, y);
    let Some(first) = runs.first() else { return };
    let base = first.first as usize;
    let flow = problem.axis();
    let mut stretch = |s: Stretch| {
        let straight = if s.axis == flow { problem.straight() } else { 0.0 };
        let sign = if s.up { 1.0 } else { -1.0 };
        let number = s.axis.xyz_index();
        let drops = u[s.i..s.i + s.len].iter().zip(&u[s.j..s.j + s.len]);
        let drops = drops.map(|(&a, &b)| straight + sign * (a.into() - b.into()));
        match problem.conductance() {
            Conductance::Uniform(g) => {
                let g = g[number];
                take.faces(s.i - base, number, s.up, drops.map(|drop| [g * drop, drop]));
            }
            Conductance::Table { .. } => {
                let faces = drops.enumerate();
                let faces = faces.map(|(k, drop)| [problem.between(s.axis, s.i + k, s.j + k) * drop, drop]);
                take.faces(s.i - base, number, s.up, faces);
            }
        }
    };
    for run in runs {
        let (i, len) = (run.first as usize, run.len() - 1);
        if len > 0 {
            stretch(Stretch { axis: Axis::X, up: true, i, j: i + 1, len });
            stretch(Stretch { axis: Axis::X, up: false, i: i + 1, j: i, len });
        }
    }
    if let Some((first, last)) = problem.x_wrap(runs) {
        let (first, last) = (first as usize, last as usize);
        stretch(Stretch { axis: Axis::X, up: true, i: last, j: first, len: 1 });
        stretch(Stretch { axis: Axis::X, up: false, i: first, j: last, len: 1 });
    }
    for (axis, up) in LATERAL {
        problem.for_neighbours((z, y), (axis, up), |i, j, len| {
            stretch(Stretch { axis, up, i: i as usize, j: j as usize, len });
        });
    }
    let [inlet, outlet] = problem.end_bits().map(|bit| bit != 0);
    if !(inlet || outlet) {
        return;
    }
    let (slices, half) = (problem.slices(), problem.half_drop());
    let mut end = |i: usize, outlet: bool| {
        let drop = half + if outlet { u[i].into() } else { -u[i].into() };
        take.end(i - base, flow.xyz_index(), outlet, problem.to_electrode(i), drop);
    };
    let at = if flow == Axis::Y { y } else { z };
    if flow != Axis::X && at != 0 && at + 1 != slices {
        return;
    }
    for run in runs {
        let (first, last) = (run.first as usize, run.first as usize + run.len() - 1);
        if flow == Axis::X {
            if inlet && run.x0 == 0 {
                end(first, false);
            }
            if outlet && run.x1 as usize == slices {
                end(last, true);
            }
        } else {
            for i in first..=last {
                if inlet && at == 0 {
                    end(i, false);
                }
                if outlet && at + 1 == slices {
                    end(i, true);
                }
            }
        }
    }
}

/// Scaled fluxes through the faces of the unknowns of one row, counted positive towards +x, +y, +z:
/// -x, +x, -y, +y, -z, +z face. Along the axis of transport the electrodes' half faces are included,
/// and positive means from inlet to outlet.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowFluxes {
    pub(crate) faces: Vec<[f64; 6]>,
    /// Energy of the faces towards higher coordinates and of the electrodes.
    pub(crate) energy: f64,
}

impl Take for RowFluxes {
    #[inline]
    fn faces(&mut self, k: usize, axis: usize, up: bool, faces: impl ExactSizeIterator<Item = [f64; 2]>) {
        let to = &mut self.faces[k..k + faces.len()];
        if up {
            let mut energy = 0.0;
            for (to, [flux, drop]) in to.iter_mut().zip(faces) {
                to[2 * axis + 1] = flux;
                energy += flux * drop;
            }
            self.energy += energy;
        } else {
            to.iter_mut().zip(faces).for_each(|(to, [flux, _])| to[2 * axis] = flux);
        }
    }

    #[inline]
    fn end(&mut self, k: usize, axis: usize, outlet: bool, g: f64, drop: f64) {
        let flux = g * drop;
        self.faces[k][2 * axis + usize::from(outlet)] = flux;
        self.energy += flux * drop;
    }
}

impl RowFluxes {
    /// Fluxes of row `(z, y)`.
    pub(crate) fn fill(&mut self, problem: &Problem, deviation: &Deviation, (z, y): (usize, usize)) {
        self.faces.clear();
        self.faces.resize(row_len(problem, (z, y)), [0.0; 6]);
        self.energy = 0.0;
        walk(problem, deviation, (z, y), self);
    }
}

/// Fluxes and drops of the faces of one row's unknowns towards +x, +y, +z, in the units of [`RowFluxes`].
#[derive(Debug, Clone, Default)]
pub(crate) struct RowDrops {
    pub(crate) faces: Vec<[[f64; 2]; 3]>,
}

impl Take for RowDrops {
    #[inline]
    fn faces(&mut self, k: usize, axis: usize, up: bool, faces: impl ExactSizeIterator<Item = [f64; 2]>) {
        if up {
            self.faces[k..k + faces.len()].iter_mut().zip(faces).for_each(|(to, face)| to[axis] = face);
        }
    }

    fn end(&mut self, _: usize, _: usize, _: bool, _: f64, _: f64) {}
}

impl RowDrops {
    /// Faces of row `(z, y)`.
    pub(crate) fn fill(&mut self, problem: &Problem, deviation: &Deviation, (z, y): (usize, usize)) {
        self.faces.clear();
        self.faces.resize(row_len(problem, (z, y)), [[0.0; 2]; 3]);
        walk(problem, deviation, (z, y), self);
    }
}

fn row_len(problem: &Problem, (z, y): (usize, usize)) -> usize {
    let row = z * problem.shape().y + y;
    problem.runs().row_first(row + 1) - problem.runs().row_first(row)
}

/// Sums over the faces of the unknowns of one row.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowSums {
    /// What flows into every voxel and does not leave it.
    pub(crate) inflow: Vec<f64>,
    /// Energy of every voxel's faces towards higher coordinates and of the electrodes.
    energy: Vec<f64>,
    /// Flux along the axis of transport through every voxel's face towards the outlet.
    through: Vec<f64>,
    /// The same through faces at the inlet.
    entering: f64,
    /// Squared right-hand side of the Dirichlet problem.
    drive: f64,
    flow: usize,
    slices: f64,
}

impl Take for RowSums {
    #[inline]
    fn faces(&mut self, k: usize, axis: usize, up: bool, faces: impl ExactSizeIterator<Item = [f64; 2]>) {
        // Sums per voxel instead of one sum, so that the loops run over vectors.
        let range = k..k + faces.len();
        let inflow = self.inflow[range.clone()].iter_mut();
        if !up {
            inflow.zip(faces).for_each(|(inflow, [flux, _])| *inflow += flux);
            return;
        }
        let energy = self.energy[range.clone()].iter_mut();
        if axis == self.flow {
            let through = self.through[range].iter_mut();
            for (((inflow, energy), through), [flux, drop]) in inflow.zip(energy).zip(through).zip(faces) {
                *inflow -= flux;
                *energy += flux * drop;
                *through = flux;
            }
        } else {
            for ((inflow, energy), [flux, drop]) in inflow.zip(energy).zip(faces) {
                *inflow -= flux;
                *energy += flux * drop;
            }
        }
    }

    #[inline]
    fn end(&mut self, k: usize, _: usize, outlet: bool, g: f64, drop: f64) {
        let flux = g * drop;
        self.energy[k] += flux * drop;
        if outlet {
            self.inflow[k] -= flux;
            self.through[k] = flux;
        } else {
            self.inflow[k] += flux;
            self.entering += flux;
            self.drive += (g * self.slices).powi(2);
        }
    }
}

impl RowSums {
    /// Sums of row `(z, y)`.
    pub(crate) fn fill(&mut self, problem: &Problem, deviation: &Deviation, (z, y): (usize, usize)) {
        let len = row_len(problem, (z, y));
        for field in [&mut self.inflow, &mut self.energy, &mut self.through] {
            field.clear();
            field.resize(len, 0.0);
        }
        (self.entering, self.drive) = (0.0, 0.0);
        (self.flow, self.slices) = (problem.axis().xyz_index(), problem.slices() as f64);
        walk(problem, deviation, (z, y), self);
    }
}

impl RowSums {
    /// Lets the current through the walls into the unknowns from number `first` on; returns what it delivers and the
    /// sum of its squares.
    fn take_source(&mut self, source: &Source, deviation: &Deviation, first: usize) -> [f64; 2] {
        let mut sums = [0.0; 2];
        for (k, (inflow, &current)) in self.inflow.iter_mut().zip(&source.values[first..]).enumerate() {
            let current = f64::from(current);
            *inflow += current;
            sums[0] += current * deviation.at(first + k);
            sums[1] += current * current;
        }
        sums
    }
}

/// Sum of `f` of all values in four strands, which the processor adds at once; the order is fixed.
fn sum(values: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let (fours, rest) = values.as_chunks::<4>();
    let mut strands = [0.0; 4];
    for four in fours {
        strands.iter_mut().zip(four).for_each(|(strand, &value)| *strand += f(value));
    }
    (strands[0] + strands[1]) + (strands[2] + strands[3]) + rest.iter().map(|&value| f(value)).sum::<f64>()
}

/// Looks at a potential.
pub(crate) fn audit(problem: &Problem, deviation: &Deviation) -> Audit {
    let (shape, flow, slices) = (problem.shape(), problem.axis(), problem.slices());
    let rows = shape.z * shape.y;
    let per_block = rows.div_ceil(BLOCKS);
    let parts: Vec<([f64; 4], usize, Vec<f64>)> = (0..rows.div_ceil(per_block))
        .into_par_iter()
        .map(|block| {
            let range = block * per_block..((block + 1) * per_block).min(rows);
            let (mut energy, mut squares, mut drive, mut work) = (0.0, 0.0, 0.0, 0.0);
            // Along z a block's rows lie in few sections.
            let from = if flow == Axis::Z { range.start / shape.y } else { 0 };
            let to = if flow == Axis::Z { (range.end - 1) / shape.y + 1 } else { slices };
            let mut sections = vec![0.0; to - from + 1];
            let mut sums = RowSums::default();
            for row in range {
                let (z, y) = (row / shape.y, row % shape.y);
                sums.fill(problem, deviation, (z, y));
                if let Some(source) = problem.source() {
                    let [delivered, square] = sums.take_source(source, deviation, problem.runs().row_first(row));
                    work += delivered;
                    drive += square;
                } else {
                    drive += sums.drive;
                }
                energy += sum(&sums.energy, |e| e);
                squares += sum(&sums.inflow, |f| f * f);
                // Every cross-section once: the inlet by the faces before the first slice, others by those after.
                if from == 0 {
                    sections[0] += sums.entering;
                }
                if flow == Axis::X {
                    let mut through = sums.through.iter();
                    for run in problem.runs().row(z, y) {
                        let after = &mut sections[run.x0 as usize + 1..=run.x1 as usize];
                        after.iter_mut().zip(&mut through).for_each(|(section, f)| *section += f);
                    }
                } else {
                    let depth = if flow == Axis::Y { y } else { z };
                    sections[depth - from + 1] += sum(&sums.through, |f| f);
                }
            }
            ([energy, squares, drive, work], from, sections)
        })
        .collect();
    let mut total = Audit { energy: 0.0, residual: 0.0, sections: vec![0.0; slices + 1], work: 0.0 };
    let (mut squares, mut drive) = (0.0, 0.0);
    for ([energy, square, drive_part, work], from, sections) in parts {
        total.energy += energy;
        total.work += work;
        squares += square;
        drive += drive_part;
        for (sum, part) in total.sections[from..].iter_mut().zip(sections) {
            *sum += part;
        }
    }
    total.residual = if drive > 0.0 { (squares / drive).sqrt() } else { 0.0 };
    total
}

impl Audit {
    /// Largest deviation of a section's flux from the effective flux, relative; with a separator, of the current through
    /// it from the current that enters through the walls.
    pub(crate) fn imbalance(&self, problem: &Problem) -> f64 {
        let slices = problem.slices();
        if let Some(source) = problem.source() {
            let leaving = if source.at_outlet { self.sections[slices] } else { -self.sections[0] };
            return (leaving - source.total).abs() / source.total;
        }
        // The energy is the effective flux times the whole potential drop of one per slice.
        let flux = self.energy / slices as f64;
        if flux > 0.0 { self.sections.iter().map(|s| (s - flux).abs()).fold(0.0, f64::max) / flux } else { 0.0 }
    }
}
