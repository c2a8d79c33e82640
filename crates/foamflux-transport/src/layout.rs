//! How unknowns lie in memory: a compact list for rare phases, the whole grid for dense ones.
//!
//! Both give every unknown one byte of connectivity, so that a single conducting phase needs no stored conductances.
//! Backends upload or borrow these arrays as they are.

use std::ops::Range;

use foamflux_grid::{Axis, Label, LabelSet, Labels};
use rayon::prelude::*;

use crate::multigrid::SPLIT;
use crate::problem::{Conductance, LATERAL, several_conductivities};
use crate::{Coefficients, Problem, Sides};

/// Bits of the connectivity byte: open faces towards -x, +x, -y, +y, -z, +z, then the inlet and the outlet electrode.
pub(crate) mod bit {
    /// Open towards -x; bit `1 << (2 * axis + up)` in general.
    pub(crate) const X_DOWN: u8 = 1;
    /// Open towards +x.
    pub(crate) const X_UP: u8 = 2;
    /// Half a voxel from the inlet plane.
    pub(crate) const INLET: u8 = 64;
    /// Half a voxel from the outlet plane.
    pub(crate) const OUTLET: u8 = 128;

    /// Open towards lower (`up = false`) or higher coordinates along axis number 0 (x), 1 (y) or 2 (z).
    #[must_use]
    pub(crate) const fn face(axis: usize, up: bool) -> u8 {
        1 << (2 * axis + up as usize)
    }
}

/// Above this share of conducting voxels the whole grid is cheaper than a list: at 22 bytes per voxel and what its levels
/// take against 45 per unknown and the same, memory breaks even near one half, while the vectorised sweeps over the grid
/// break even in time near a quarter.
const DENSE_ABOVE: f64 = 0.25;

/// Bytes per unknown of a list: connectivity and neighbours 25, five fields 20, transfer 4.
const LIST: usize = 49;
/// More bytes per unknown of a list with several conductivities: five fields in double precision and three copies in single,
/// class and diagonal.
const LIST_DOUBLE: usize = 37;
/// Bytes per voxel of the grid: connectivity 1, five fields 20; and per block of eight 1.
const GRID: usize = 22;
/// Bytes per unknown of a coarse level: four fields and half of one 18, six neighbours 36, diagonal 4, transfer 10.
const LEVEL: usize = 68;

/// Which of the two a problem is stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Only the unknowns, with the positions of their neighbours.
    Compact,
    /// Every voxel of the box, as a checkerboard.
    Dense,
}

impl Layout {
    /// The cheaper one for a problem.
    #[must_use]
    pub fn of(problem: &Problem) -> Self {
        let uniform = matches!(problem.conductance(), Conductance::Uniform(_));
        Layout::choose(uniform, problem.sides(), problem.unknowns(), problem.shape().len())
    }

    /// Name as the command line takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Layout::Compact => "list",
            Layout::Dense => "grid",
        }
    }

    /// Why this storage cannot hold a problem, and none where it can.
    #[must_use]
    pub fn refusal(self, labels: &Labels, coefficients: &Coefficients, sides: Sides) -> Option<&'static str> {
        match self {
            Layout::Compact => None,
            Layout::Dense if sides == Sides::Periodic => Some("the grid has no joined sides"),
            Layout::Dense if several_conductivities(&labels.counts(), coefficients) => {
                Some("the grid holds one conductivity, and the labels that conduct have several")
            }
            Layout::Dense => None,
        }
    }

    /// Why a problem is stored in this way.
    pub(crate) fn reason(self, problem: &Problem) -> String {
        let uniform = matches!(problem.conductance(), Conductance::Uniform(_));
        let limit = 100.0 * DENSE_ABOVE;
        match self {
            _ if self != Layout::of(problem) => "instead of the automatic choice".to_owned(),
            Layout::Dense => format!("as that is more than {limit:.0} %"),
            Layout::Compact if !uniform => "as conductivities differ".to_owned(),
            Layout::Compact if problem.sides() == Sides::Periodic => "as walls are joined".to_owned(),
            Layout::Compact => format!("as that is at most {limit:.0} %"),
        }
    }

    fn choose(uniform: bool, sides: Sides, unknowns: usize, voxels: usize) -> Self {
        // The grid sweep knows neither wrapping walls nor conductances per pair.
        if uniform && sides == Sides::NoFlux && unknowns as f64 > DENSE_ABOVE * voxels as f64 {
            Layout::Dense
        } else {
            Layout::Compact
        }
    }
}

/// What a solve on the processor will hold at its peak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Bytes beside the labels themselves; an upper limit, as clusters are not known yet.
    pub bytes: u64,
    /// Unknowns if every conducting voxel percolates.
    pub unknowns_at_most: u64,
    /// Storage that would be used.
    pub layout: Layout,
}

/// Memory of a solve, before anything is allocated.
#[must_use]
pub fn plan(labels: &Labels, coefficients: &Coefficients, sides: Sides) -> MemoryPlan {
    let shape = labels.shape();
    let counts = labels.counts();
    let conducting = coefficients.conducting();
    let unknowns: usize =
        Label::ALL.into_iter().filter(|&l| conducting.contains(l as u8)).map(|l| counts[l as usize] as usize).sum();
    let several = several_conductivities(&counts, coefficients);
    let layout = Layout::choose(!several, sides, unknowns, shape.len());
    let runs: usize = labels
        .volume()
        .as_slice()
        .par_chunks(shape.x)
        .map(|row| {
            let on = |v: u8| conducting.contains(v);
            usize::from(on(row[0])) + row.windows(2).filter(|w| !on(w[0]) && on(w[1])).count()
        })
        .sum();
    let rows = 4 * (shape.z * shape.y + 1);
    // Set-up: all runs, the percolating ones, a parent and a name per run.
    let setup = 2 * (12 * runs + rows) + 9 * runs;
    let pieces = pieces(labels, conducting);
    // Deeper levels shrink like the first one or faster, and a stored level always shrinks.
    let shrinks = (pieces as f64 / unknowns.max(1) as f64).min(0.75);
    let levels = (LEVEL as f64 * pieces as f64 / (1.0 - shrinks)) as usize;
    let solve = match layout {
        Layout::Compact => unknowns * (LIST + if several { LIST_DOUBLE } else { 0 }) + levels,
        Layout::Dense => GRID * (shape.x + 3) * (shape.y + 1) * (shape.z + 2) + levels,
    };
    MemoryPlan { bytes: (setup.max(12 * runs + rows + solve)) as u64, unknowns_at_most: unknowns as u64, layout }
}

/// Number of face-connected pieces in blocks of 2x2x2 voxels.
fn pieces(labels: &Labels, conducting: LabelSet) -> usize {
    let shape = labels.shape();
    let on: [u8; 256] = std::array::from_fn(|v| u8::from(conducting.contains(v as u8)));
    (0..shape.z.div_ceil(2))
        .into_par_iter()
        .map(|slab| {
            let mut masks = vec![0u8; shape.x.div_ceil(2)];
            let mut count = 0;
            for block in 0..shape.y.div_ceil(2) {
                masks.fill(0);
                for (k, (z, y)) in
                    [0, 1].into_iter().flat_map(|dz| [0, 1].map(|dy| (2 * slab + dz, 2 * block + dy))).enumerate()
                {
                    if z < shape.z && y < shape.y {
                        let row = &labels.volume().plane(z)[y * shape.x..][..shape.x];
                        for (mask, pair) in masks.iter_mut().zip(row.chunks(2)) {
                            for (dx, &v) in pair.iter().enumerate() {
                                *mask |= on[usize::from(v)] << (2 * k + dx);
                            }
                        }
                    }
                }
                count += masks.iter().map(|&m| usize::from(SPLIT.count[usize::from(m)])).sum::<usize>();
            }
            count
        })
        .sum()
}

/// Connectivity of a compact list.
#[derive(Debug, Clone)]
pub(crate) struct CompactGraph {
    /// Connectivity byte of every unknown.
    pub(crate) open: Vec<u8>,
    /// Neighbours at -y, +y, -z, +z; an unknown is its own neighbour across a closed face.
    pub(crate) lateral: Vec<[u32; 4]>,
    /// Neighbours at -x, +x where walls wrap; otherwise these are the previous and the next unknown.
    pub(crate) across: Option<Vec<[u32; 2]>>,
}

impl CompactGraph {
    pub(crate) fn of(problem: &Problem) -> Self {
        let n = problem.unknowns();
        let mut open = vec![0u8; n];
        let mut lateral = vec![[0u32; 4]; n];
        let mut across = problem.wraps(Axis::X).then(|| vec![[0u32; 2]; n]);
        let planes = plane_ranges(problem);
        let mut no_links: Vec<Option<&mut [[u32; 2]]>> = planes.iter().map(|_| None).collect();
        if let Some(across) = &mut across {
            no_links = split_mut(across, &planes).into_iter().map(Some).collect();
        }
        split_mut(&mut open, &planes)
            .into_par_iter()
            .zip(split_mut(&mut lateral, &planes))
            .zip(no_links)
            .enumerate()
            .for_each(|(z, ((open, lateral), across))| {
                let base = planes[z].start as u32;
                for (k, links) in lateral.iter_mut().enumerate() {
                    *links = [base + k as u32; 4];
                }
                connect_plane(problem, z, base, open, |i, direction, j| lateral[i][direction] = j);
                let grounded = problem.grounded();
                let [from, to] = [base, base + open.len() as u32].map(|end| grounded.partition_point(|&i| i < end));
                for &i in &grounded[from..to] {
                    open[(i - base) as usize] |= bit::INLET;
                }
                if let Some(across) = across {
                    for (k, (links, &o)) in across.iter_mut().zip(open.iter()).enumerate() {
                        let i = base + k as u32;
                        *links = [i - u32::from(o & bit::X_DOWN), i + u32::from(o >> 1 & 1)];
                    }
                    for y in 0..problem.shape().y {
                        if let Some((first, last)) = problem.x_wrap(problem.runs().row(z, y)) {
                            across[(first - base) as usize][0] = last;
                            across[(last - base) as usize][1] = first;
                            open[(first - base) as usize] |= bit::X_DOWN;
                            open[(last - base) as usize] |= bit::X_UP;
                        }
                    }
                }
            });
        CompactGraph { open, lateral, across }
    }

    pub(crate) fn bytes(&self) -> u64 {
        (self.open.capacity() + 16 * self.lateral.capacity() + 8 * self.across.as_ref().map_or(0, Vec::capacity)) as u64
    }
}

/// Sets the connectivity bytes of one slice and reports every lateral link `(local unknown, direction, neighbour)`.
fn connect_plane(problem: &Problem, z: usize, base: u32, open: &mut [u8], mut link: impl FnMut(usize, usize, u32)) {
    let (shape, axis) = (problem.shape(), problem.axis());
    let [inlet, outlet] = problem.end_bits();
    for y in 0..shape.y {
        for &run in problem.runs().row(z, y) {
            let here = (run.first - base) as usize;
            let row = &mut open[here..here + run.len()];
            let last = row.len() - 1;
            row[..last].iter_mut().for_each(|o| *o |= bit::X_UP);
            row[1..].iter_mut().for_each(|o| *o |= bit::X_DOWN);
            match axis {
                Axis::X => {
                    if run.x0 == 0 {
                        row[0] |= inlet;
                    }
                    if run.x1 as usize == shape.x {
                        row[last] |= outlet;
                    }
                }
                Axis::Y | Axis::Z => {
                    let at = if axis == Axis::Y { y } else { z };
                    if at == 0 {
                        row.iter_mut().for_each(|o| *o |= inlet);
                    }
                    if at + 1 == shape.along(axis) {
                        row.iter_mut().for_each(|o| *o |= outlet);
                    }
                }
            }
        }
        for (direction, &(towards, up)) in LATERAL.iter().enumerate() {
            let face = bit::face(towards.xyz_index(), up);
            problem.for_neighbours((z, y), (towards, up), |i, j, len| {
                let i = (i - base) as usize;
                for k in 0..len {
                    open[i + k] |= face;
                    link(i + k, direction, j + k as u32);
                }
            });
        }
    }
}

/// The unknowns of every slice.
pub(crate) fn plane_ranges(problem: &Problem) -> Vec<Range<usize>> {
    let (shape, runs) = (problem.shape(), problem.runs());
    let first = |z: usize| {
        let run = runs.row_start[z * shape.y] as usize;
        runs.runs.get(run).map_or(runs.voxels, |r| r.first as usize)
    };
    (0..shape.z).map(|z| first(z)..first(z + 1)).collect()
}

/// Splits an array over the unknowns into its slices.
pub(crate) fn split_mut<'a, T>(mut all: &'a mut [T], ranges: &[Range<usize>]) -> Vec<&'a mut [T]> {
    let mut parts = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (part, rest) = all.split_at_mut(range.len());
        parts.push(part);
        all = rest;
    }
    parts
}
