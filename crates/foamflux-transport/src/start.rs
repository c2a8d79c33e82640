//! A solution of a similar problem as the start of an iteration.
//!
//! Studies solve the same box many times: with another threshold, other conductivities, a tighter tolerance, or split
//! voxels. Conjugate gradients may start anywhere: the minimum that they approach, and with it tau, is the problem's own.
//!
//! Unknowns that the other problem had take its deviation.
//! New ones take that of the nearest such unknown in their run of voxels along x, or else of a voxel beside them in the rows
//! around, or else 0.
//! The deviation is carried over and not the potential: where a phase grows, most of the current goes on straight.
//! On voxels split into f parts per axis a slice's share of the potential is f times smaller, and the deviation f times larger.
//!
//! What is known of the error starts afresh: a backend measures it by its own steps, and drops a start that is farther from
//! the solution than none, so that a start can cost a look at the energy and no more.

use foamflux_grid::Axis;
use rayon::prelude::*;

use crate::layout::{plane_ranges, split_mut};
use crate::runs::Run;
use crate::{Deviation, Problem, Solution};

/// Why a solution is no start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The solution belongs to another problem.
    #[error("the start has {solution} unknowns and its problem {problem}: give a solution with its own problem")]
    Unknowns {
        /// Unknowns of the solution.
        solution: usize,
        /// Unknowns of the problem it is said to be of.
        problem: usize,
    },
    /// The boxes differ.
    #[error(
        "the start is a box of {start:?} voxels and the problem one of {problem:?} (z,y,x): start from the same box"
    )]
    Shape {
        /// Shape of the start, split voxels counted.
        start: [usize; 3],
        /// Shape of the problem.
        problem: [usize; 3],
    },
    /// The directions differ.
    #[error("the start is along {start} and the problem along {problem}: start from the same direction")]
    Axis {
        /// Direction of the start.
        start: Axis,
        /// Direction of the problem.
        problem: Axis,
    },
    /// One has electrodes and the other a separator, or joined walls.
    #[error("the start is driven in another way than the problem: start from a solution of the same kind")]
    Ends,
}

/// A solution to start from.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    problem: &'a Problem,
    deviation: &'a Deviation,
    factor: usize,
}

impl<'a> Start<'a> {
    /// The solution of a problem.
    ///
    /// # Errors
    /// [`StartError::Unknowns`].
    pub fn of(problem: &'a Problem, solution: &'a Solution) -> Result<Self, StartError> {
        let (unknowns, given) = (problem.unknowns(), solution.deviation.len());
        if unknowns != given {
            return Err(StartError::Unknowns { solution: given, problem: unknowns });
        }
        Ok(Start { problem, deviation: &solution.deviation, factor: 1 })
    }

    /// The same on voxels split into `factor` parts along each axis, see [`crate::split_voxels`].
    #[must_use]
    pub fn split(self, factor: usize) -> Self {
        Start { factor: self.factor * factor.max(1), ..self }
    }

    /// The deviation to start a problem from.
    pub(crate) fn guess(&self, problem: &Problem) -> Result<Deviation, StartError> {
        let start = self.problem.shape().zyx().map(|n| n * self.factor);
        if start != problem.shape().zyx() {
            return Err(StartError::Shape { start, problem: problem.shape().zyx() });
        }
        if self.problem.axis() != problem.axis() {
            return Err(StartError::Axis { start: self.problem.axis(), problem: problem.axis() });
        }
        if !self.problem.driven_like(problem) {
            return Err(StartError::Ends);
        }
        let factor = self.factor as f64;
        Ok(match self.deviation {
            Deviation::Single(u) => Deviation::Single(self.carried(problem, |i| u[i] * factor as f32)),
            Deviation::Double(u) => Deviation::Double(self.carried(problem, |i| u[i] * factor)),
        })
    }

    fn carried<T: Copy + Default + Send>(&self, problem: &Problem, value: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let mut out = vec![T::default(); problem.unknowns()];
        let planes = plane_ranges(problem);
        split_mut(&mut out, &planes).into_par_iter().enumerate().for_each(|(z, plane)| {
            for y in 0..problem.shape().y {
                for &run in problem.runs().row(z, y) {
                    let here = &mut plane[run.first as usize - planes[z].start..][..run.len()];
                    if !self.along_run(run, self.row(z, y), here, &value) {
                        self.beside(problem, (z, y), run, here, &value);
                    }
                }
            }
        });
        out
    }

    /// Runs of the other problem in what is row `(z, y)` here.
    fn row(&self, z: usize, y: usize) -> &[Run] {
        self.problem.runs().row(z / self.factor, y / self.factor)
    }

    /// Fills a run from what lies in it, and the gaps from their nearer ends; false if nothing lies in it.
    fn along_run<T: Copy>(&self, run: Run, others: &[Run], out: &mut [T], value: &impl Fn(usize) -> T) -> bool {
        let f = self.factor;
        let (x0, x1) = (run.x0 as usize, run.x1 as usize);
        // End of what is filled, and the value there.
        let mut last: Option<(usize, T)> = None;
        let from = others.partition_point(|o| o.x1 as usize * f <= x0);
        for other in &others[from..] {
            let (a, b) = ((other.x0 as usize * f).max(x0), (other.x1 as usize * f).min(x1));
            if a >= b {
                break;
            }
            let at = |x: usize| value(other.first as usize + x / f - other.x0 as usize);
            let (filled, left) = last.unwrap_or((x0, at(a)));
            for x in filled..a {
                out[x - x0] = if last.is_some() && x - filled < a - 1 - x { left } else { at(a) };
            }
            for x in a..b {
                out[x - x0] = at(x);
            }
            last = Some((b, at(b - 1)));
        }
        let Some((filled, left)) = last else { return false };
        out[filled - x0..].fill(left);
        true
    }

    /// Fills a run that is new as a whole from the rows around.
    fn beside<T: Copy>(
        &self,
        problem: &Problem,
        row: (usize, usize),
        run: Run,
        out: &mut [T],
        value: &impl Fn(usize) -> T,
    ) {
        let f = self.factor;
        for (axis, up) in crate::problem::LATERAL {
            let Some((z, y)) = problem.neighbour_row(row, axis, up) else { continue };
            for other in self.row(z, y) {
                let (a, b) =
                    ((other.x0 as usize * f).max(run.x0 as usize), (other.x1 as usize * f).min(run.x1 as usize));
                for x in a..b.max(a) {
                    out[x - run.x0 as usize] = value(other.first as usize + x / f - other.x0 as usize);
                }
            }
        }
    }
}
