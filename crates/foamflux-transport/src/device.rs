//! What a device that brings its own kernels needs of this crate: the hierarchy as plain arrays, and the frame around
//! its iteration.
//!
//! A [`Backend`](crate::Backend) of another crate calls [`solve`], and in it
//! 1. takes the [`Hierarchy`] of the problem: a finest level (the whole grid, or a list of the unknowns) and the stored
//!    levels below it, the very ones that the processor iterates on;
//! 2. implements [`Primitives`](crate::krylov::Primitives) over them and calls
//!    [`conjugate_gradients`](crate::krylov::conjugate_gradients);
//! 3. returns the deviation, back in memory order.
//!
//! Double precision stays here: large contrasts, and an iteration that has exhausted single precision, are finished by
//! the processor, and the solution says so.
//!
//! Systems of [`links`](crate::links), such as two coupled potentials, come in the same arrays
//! ([`Links::finest`](crate::links::Links::finest), [`Links::coarse`](crate::links::Links::coarse)); their frame is
//! [`correct`], which refines what a device iterates in single precision. A device that has kernels for rows solves them with
//! these: a [`LinksSolver`](crate::links::LinksSolver) keeps what does not change from one system to the next.
//!
//! All conductances of a [`Hierarchy`] are scaled as [`crate::Problem`] has them: 1 along the axis of transport between two voxels of the
//! best conductor.

mod frame;
mod refine;

use crate::layout::Layout;
use crate::multigrid::{Matrix, Rows};
use crate::problem::Conductance;
use crate::{Problem, Sides};

pub use crate::cpu::{GridOrder, ListOrder};
pub(crate) use frame::finish;
pub use frame::{Iterated, solve};
pub use refine::{Refined, correct};

/// Links that every row of a [`Level`] stores; what does not fit is in [`Level::more`].
pub const WIDTH: usize = 6;
/// In [`Level::to`] of the last link: the row has more links, and the rest of the number says where.
pub const MORE: u32 = 1 << 31;
/// Levels of up to this many unknowns are given as their inverse: 1 MiB in single precision, one dispatch instead of
/// the dozens that two more levels take.
pub const DIRECT_UP_TO: usize = 512;

/// A stored level: a symmetric M-matrix whose unknowns are ordered by colour; unknowns of one colour are not neighbours.
#[derive(Debug, Clone, Default)]
pub struct Level {
    /// First unknown of every colour, and the number of unknowns.
    pub bounds: Vec<u32>,
    /// Neighbour of row i across its link k at `k n + i`; a link that is not there leads anywhere and conducts nothing.
    ///
    /// The last one of a row with more links than [`WIDTH`] is [`MORE`] and the place of its other links in
    /// [`Level::more`], and its conductance is their number (exact in single precision).
    pub to: Vec<u32>,
    /// Conductances of the links, in the same places.
    pub conductance: Vec<f32>,
    /// Neighbours and conductances of the links that do not fit.
    pub more: Vec<(u32, f32)>,
    /// Conductance to the electrodes.
    pub ground: Vec<f32>,
    /// One over the diagonal.
    pub inverse: Vec<f32>,
    /// How the level is solved.
    pub next: Next,
    /// Two preconditioned steps of flexible conjugate gradients instead of one cycle.
    pub two_steps: bool,
}

/// What is below a level.
#[derive(Debug, Clone, Default)]
pub enum Next {
    /// Another level.
    Level(Transfer),
    /// Nothing: this is its inverse, row by row.
    Inverse(Vec<f32>),
    /// Nothing: sweeps alone.
    #[default]
    Nothing,
}

/// Which unknowns of a level make up an unknown of the next; the last colour takes no part.
#[derive(Debug, Clone, Default)]
pub struct Transfer {
    /// The coarse unknown of every unknown that is not of the last colour.
    pub to_coarse: Vec<u32>,
    /// First child of every coarse unknown, and the number of children.
    pub first: Vec<u32>,
    /// The children.
    pub children: Vec<u32>,
}

/// The finest level as a whole grid, for one conducting phase without joined walls.
///
/// Fields are a checkerboard, see [`GridOrder`].
pub struct Grid {
    /// Where a voxel lies in a field.
    pub order: GridOrder,
    /// Connectivity byte of every voxel, laid out as a field: open faces towards -x, +x, -y, +y, -z, +z, then the inlet
    /// and the outlet electrode; 0 for a voxel that is not solved, which has to stay at 0 in every field.
    pub open: Vec<u8>,
    /// Conductance of a face by axis x, y, z; half a voxel to an electrode has 2.
    pub faces: [f32; 3],
    /// Axis of transport: 0 x, 1 y, 2 z.
    pub axis: u32,
    /// Which voxels of each block of 2x2x2 are solved: bit `dx + 2 dy + 4 dz`, blocks in memory order.
    pub masks: Vec<u8>,
    /// First coarse unknown of every block; the pieces of a block follow each other.
    pub first: Vec<u32>,
}

/// The finest level as a list of the unknowns.
pub struct List {
    /// Which voxel an unknown is.
    pub order: ListOrder,
    /// The operator; [`Level::next`] leads to the first of [`Hierarchy::levels`].
    pub level: Level,
    /// Residual of the straight profile, `b` of `A u = b`.
    pub drive: Vec<f32>,
    /// Energy of the straight profile: that of `u` is `energy - u (b + r)` with `r = b - A u`.
    pub energy: f64,
}

/// The finest level.
pub enum Finest {
    /// The whole grid.
    Grid(Grid),
    /// A list of the unknowns.
    List(List),
}

/// All levels of a problem.
pub struct Hierarchy {
    /// The finest one.
    pub finest: Finest,
    /// The stored ones below it.
    pub levels: Vec<Level>,
}

impl Hierarchy {
    /// Builds it, in the layout given or the cheaper one. [`Layout::Dense`] falls back to a list where a grid cannot
    /// hold the problem (several conductivities, joined walls).
    #[must_use]
    pub fn of(problem: &Problem, layout: Option<Layout>) -> Self {
        match problem.conductance() {
            Conductance::Uniform(faces)
                if layout.unwrap_or_else(|| Layout::of(problem)) == Layout::Dense
                    && problem.sides() == Sides::NoFlux =>
            {
                crate::cpu::grid_hierarchy(problem, faces)
            }
            _ => crate::cpu::list_hierarchy(problem),
        }
    }
}

/// The pieces of the blocks of 2x2x2 voxels by their mask: bits 0 to 2 hold their number, bits `4 + 4 k` and the next the
/// piece of the red cell (even `dx + dy + dz`) of row `k = dy + 2 dz`.
#[must_use]
pub fn piece_table() -> [u32; 256] {
    use crate::multigrid::SPLIT;
    std::array::from_fn(|mask| {
        [0, 3, 5, 6].into_iter().enumerate().fold(u32::from(SPLIT.count[mask]), |word, (k, cell)| {
            word | u32::from(SPLIT.piece[mask][cell]) << (4 + 4 * k)
        })
    })
}

impl Level {
    /// Number of unknowns.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a level always has unknowns")]
    pub fn len(&self) -> usize {
        self.inverse.len()
    }

    /// The arrays of a matrix.
    pub(crate) fn of(m: &Matrix) -> Self {
        let links = |i: usize, f: &mut dyn FnMut(u32, f32)| {
            m.for_links(i, |j, w| {
                if w > 0.0 {
                    f(j as u32, w);
                }
            });
        };
        let ground = (0..m.len()).map(|i| m.ground(i)).collect();
        Level { ground, inverse: m.inverse.to_vec(), ..Level::from_links(m.bounds(), links) }
    }

    /// The links alone, from a function that lists those of a row.
    pub(crate) fn from_links(bounds: &[usize], links: impl Fn(usize, &mut dyn FnMut(u32, f32)) + Sync) -> Self {
        use rayon::prelude::*;
        let n = bounds.last().copied().unwrap_or(0);
        let mut level = Level {
            bounds: bounds.iter().map(|&b| b as u32).collect(),
            to: vec![0; WIDTH * n],
            conductance: vec![0.0; WIDTH * n],
            ..Level::default()
        };
        // Rows of a task, then the tasks in order, so that the arrays do not depend on the number of threads.
        let tasks: Vec<Part> = (0..n.div_ceil(TASK))
            .into_par_iter()
            .map(|task| {
                let (from, to) = (task * TASK, ((task + 1) * TASK).min(n));
                let mut rows = Vec::with_capacity(to - from);
                let mut more: Vec<(u32, f32)> = Vec::new();
                let mut row: Vec<(u32, f32)> = Vec::new();
                for i in from..to {
                    row.clear();
                    links(i, &mut |j, w| row.push((j, w)));
                    // Links that are not there read a place that is in the cache already.
                    let mut own = [(i as u32, 0.0); WIDTH];
                    let fits = if row.len() <= WIDTH { row.len() } else { WIDTH - 1 };
                    own[..fits].copy_from_slice(&row[..fits]);
                    if fits < row.len() {
                        own[WIDTH - 1] = (more.len() as u32 | MORE, (row.len() - fits) as f32);
                        more.extend_from_slice(&row[fits..]);
                    }
                    rows.push(own);
                }
                Part { from, rows, more }
            })
            .collect();
        for Part { from, rows, more } in tasks {
            let base = level.more.len() as u32;
            for (k, own) in rows.iter().enumerate() {
                for (link, &(to, w)) in own.iter().enumerate() {
                    let to = if link == WIDTH - 1 && to & MORE != 0 { to + base } else { to };
                    level.to[link * n + from + k] = to;
                    level.conductance[link * n + from + k] = w;
                }
            }
            level.more.extend(more);
        }
        level
    }
}

/// The rows of one task, in order, and their links beyond [`WIDTH`].
struct Part {
    from: usize,
    rows: Vec<[(u32, f32); WIDTH]>,
    more: Vec<(u32, f32)>,
}

/// Rows per parallel task.
const TASK: usize = 4096;
