//! Primitives over the whole grid, for one conducting phase that fills much of it.
//!
//! Fields are stored as a checkerboard ([`board`]): all voxels with even x + y + z, then all with odd, so that a sweep over
//! one colour reads and writes consecutive memory ([`kernels`]).
//! Voxels that are not solved have a connectivity byte of 0 and stay at 0 in every field.

mod board;
mod export;
mod kernels;
mod pieces;

use std::sync::{Mutex, PoisonError};

use fearless_simd::{Level, dispatch};
use rayon::prelude::*;

use super::compact::inverse_uniform;
use super::reduce::{CHUNK, ROUNDINGS, dot, total};
use crate::krylov::{Energy, Moments, Primitives, Step};
use crate::multigrid::{Cycle, Top};
use crate::pages::Pages;
use crate::{Axis, Problem};
use board::Board;
pub use export::GridOrder;
pub(crate) use export::hierarchy;
use kernels::{Neighbours, Stencil};
use pieces::Pieces;

/// Colours of the checkerboard.
const RED: usize = 0;
const BLACK: usize = 1;

/// The operator over the whole grid, with its cycle.
pub(super) struct Dense {
    board: Board,
    /// Connectivity byte of every voxel, laid out as the fields.
    open: Pages<u8>,
    stencil: Stencil,
    /// Current that enters through walls, laid out as the fields.
    source: Option<Pages<f32>>,
    pieces: Pieces,
    below: Mutex<Cycle>,
    simd: Level,
}

/// Fall of the straight profile from one voxel to the next, by axis.
fn straight(problem: &Problem) -> [f32; 3] {
    Axis::ALL.map(|a| if a == problem.axis() { problem.straight() as f32 } else { 0.0 })
}

impl Dense {
    pub(super) fn new(problem: &Problem, faces: &[f64; 3]) -> Self {
        let board = Board::of(problem.shape());
        let open = board.connectivity(problem);
        let stencil = Stencil {
            faces: faces.map(|g| g as f32),
            inverse: Box::new(std::array::from_fn(|o| inverse_uniform(o as u8, faces))),
            straight: straight(problem),
            half: problem.half_drop() as f32,
        };
        let source = problem.source().map(|source| board.sort(problem, |i| source.values[i]));
        let pieces = Pieces::of(&board, &open);
        let (matrix, layout) = pieces.first_level(&board, faces, problem);
        let below = Mutex::new(Cycle::new(matrix, layout, problem.unknowns()));
        Dense { board, open, stencil, source, pieces, below, simd: Level::new() }
    }

    /// Turns to another problem over the same voxels, of which only the electrodes lie elsewhere.
    pub(super) fn turn(&mut self, problem: &Problem) {
        self.board.set_electrodes(problem, &mut self.open);
        self.stencil.straight = straight(problem);
        let grounds = self.pieces.grounds(&self.board, problem);
        self.below.get_mut().unwrap_or_else(PoisonError::into_inner).set_grounds(grounds);
    }

    pub(super) fn bytes(&self) -> u64 {
        let below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        let source = self.source.as_ref().map_or(0, Pages::bytes);
        self.open.bytes() + source + self.pieces.bytes() + below.bytes()
    }

    /// Unknowns of the levels below.
    pub(super) fn levels(&self) -> Vec<usize> {
        self.below.lock().unwrap_or_else(PoisonError::into_inner).sizes()
    }

    /// Lays a field over the unknowns in memory order out as a checkerboard.
    pub(super) fn sort(&self, problem: &Problem, value: impl Fn(usize) -> f32 + Sync) -> Pages<f32> {
        self.board.sort(problem, value)
    }

    /// Takes a field from the checkerboard into memory order.
    pub(super) fn unsort(&self, problem: &Problem, field: &[f32]) -> Vec<f32> {
        self.board.unsort(problem, field)
    }

    /// `q = A p` over one colour of the planes that `q` covers.
    fn sweep(&self, p: &[f32], colour: usize, z: usize, q: &mut [f32]) -> f64 {
        let b = &self.board;
        let mut sum = 0.0;
        dispatch!(self.simd, simd => {
            use fearless_simd::Simd;
            simd.vectorize(
                #[inline(always)]
                || {
                    for y in 0..b.ny {
                        let at = b.row(z, y);
                        let own = &p[colour * b.half + at..][..b.used];
                        let n = Neighbours::of(b, p, colour, z, y);
                        let open = &self.open[colour * b.half + at..][..b.used];
                        let row = &mut q[y * b.stride..][..b.used];
                        kernels::apply(&self.stencil, open, own, &n, row);
                        sum += dot(own, row);
                    }
                }
            );
        });
        sum
    }
}

impl Dense {
    /// True residual of one plane of one colour, with its sums.
    fn truth(&self, x: &[f32], colour: usize, z: usize, plane: &mut [f32]) -> [f64; 4] {
        let b = &self.board;
        let mut terms = kernels::Terms::new(b.used);
        let mut sums = [0.0; 4];
        dispatch!(self.simd, simd => {
            use fearless_simd::Simd;
            simd.vectorize(
                #[inline(always)]
                || {
                    for y in 0..b.ny {
                        let at = colour * b.half + b.row(z, y);
                        let n = Neighbours::of(b, x, colour, z, y);
                        let row = &mut plane[y * b.stride..][..b.used];
                        let (open, x) = (&self.open[at..][..b.used], &x[at..][..b.used]);
                        let source = self.source.as_ref().map(|s| &s[at..][..b.used]);
                        let t = kernels::truth(&self.stencil, open, x, &n, row, &mut terms, source);
                        for (sum, part) in sums.iter_mut().zip([t.energy, t.weight, t.norm, t.change]) {
                            *sum += part;
                        }
                    }
                }
            );
        });
        sums
    }
}

impl Top for Dense {
    fn down(&self, r: &[f32], z: &mut [f32], coarse: &mut [f32]) {
        let b = &self.board;
        let (red, black) = z.split_at_mut(b.half);
        // Red from zero, then black from red.
        red.par_chunks_mut(CHUNK).enumerate().for_each(|(c, z)| {
            let at = c * CHUNK;
            let (r, open) = (&r[at..][..z.len()], &self.open[at..][..z.len()]);
            dispatch!(self.simd, simd => {
                use fearless_simd::Simd;
                simd.vectorize(#[inline(always)] || kernels::divide(&self.stencil, open, r, z));
            });
        });
        let red = &*red;
        b.planes_mut(black).enumerate().for_each(|(z, plane)| self.relax(r, red, BLACK, z, plane));
        let black = &*black;
        let slabs = self.pieces.split_mut(coarse);
        slabs.into_par_iter().enumerate().for_each(|(slab, out)| self.restrict_slab(black, slab, out));
    }

    fn up(&self, coarse: &[f32], r: &[f32], z: &mut [f32], q: Option<&[f32]>) -> [f64; 2] {
        let b = &self.board;
        let (red, black) = z.split_at_mut(b.half);
        b.slabs_mut(red).enumerate().for_each(|(slab, planes)| self.prolong_slab(coarse, slab, planes));
        let red_now = &*red;
        let mut sums = Vec::with_capacity(2 * b.nz);
        b.planes_mut(black)
            .enumerate()
            .map(|(z, plane)| {
                self.relax(r, red_now, BLACK, z, plane);
                self.moments(r, q, BLACK, z, plane)
            })
            .collect_into_vec(&mut sums);
        let [rz, qz] = total(&sums);
        let black = &*black;
        b.planes_mut(red)
            .enumerate()
            .map(|(z, plane)| {
                self.relax(r, black, RED, z, plane);
                self.moments(r, q, RED, z, plane)
            })
            .collect_into_vec(&mut sums);
        let [rz2, qz2] = total(&sums);
        [rz + rz2, qz + qz2]
    }
}

impl Dense {
    /// Gauss-Seidel on one plane of one colour.
    fn relax(&self, r: &[f32], other: &[f32], colour: usize, z: usize, plane: &mut [f32]) {
        let b = &self.board;
        dispatch!(self.simd, simd => {
            use fearless_simd::Simd;
            simd.vectorize(
                #[inline(always)]
                || {
                    for y in 0..b.ny {
                        let at = colour * b.half + b.row(z, y);
                        let n = Neighbours::within(b, other, colour, z, y);
                        let (r, open) = (&r[at..][..b.used], &self.open[at..][..b.used]);
                        kernels::relax(&self.stencil, open, r, &n, &mut plane[y * b.stride..][..b.used]);
                    }
                }
            );
        });
    }

    /// `z.r` and `z.q` over one plane of one colour.
    fn moments(&self, r: &[f32], q: Option<&[f32]>, colour: usize, z: usize, plane: &[f32]) -> [f64; 2] {
        let b = &self.board;
        let at = colour * b.half + b.row(z, 0);
        let mut sums = [0.0; 2];
        dispatch!(self.simd, simd => {
            use fearless_simd::Simd;
            simd.vectorize(
                #[inline(always)]
                || {
                    let len = b.ny * b.stride;
                    sums[0] = dot(&r[at..][..len], &plane[..len]);
                    if let Some(q) = q {
                        sums[1] = dot(&q[at..][..len], &plane[..len]);
                    }
                }
            );
        });
        sums
    }

    /// Residuals of the red voxels of two planes, summed over their pieces.
    fn restrict_slab(&self, black: &[f32], slab: usize, mut out: [&mut [f32]; 2]) {
        let b = &self.board;
        let mut rows = vec![0f32; 4 * b.used];
        let mut cursor = self.pieces.cursor(slab);
        for by in 0..b.ny.div_ceil(2) {
            dispatch!(self.simd, simd => {
                use fearless_simd::Simd;
                simd.vectorize(
                    #[inline(always)]
                    || {
                        for (k, row) in rows.chunks_exact_mut(b.used).enumerate() {
                            let (y, z) = (2 * by + k % 2, 2 * slab + k / 2);
                            if y >= b.ny || z >= b.nz {
                                row.fill(0.0);
                                continue;
                            }
                            let n = Neighbours::within(b, black, RED, z, y);
                            kernels::pull(&self.stencil, &self.open[b.row(z, y)..][..b.used], &n, row);
                        }
                    }
                );
            });
            cursor.restrict_row(by, &rows, b.used, &mut out);
        }
    }

    /// Adds the coarse correction to the red voxels of two planes.
    fn prolong_slab(&self, coarse: &[f32], slab: usize, planes: &mut [f32]) {
        let b = &self.board;
        let mut cursor = self.pieces.cursor(slab);
        let parts = self.pieces.parts(coarse, slab);
        for by in 0..b.ny.div_ceil(2) {
            cursor.prolong_row(by, parts, |k, i, value| {
                let (dy, dz) = (k % 2, k / 2);
                planes[dz * b.plane + (2 * by + dy) * b.stride + i] += value;
            });
        }
    }
}

impl Primitives for Dense {
    type Vector = Pages<f32>;
    type Scalar = f64;
    const LOOK_EVERY: u32 = 1;

    fn error_before(&self, energy: f64) -> f64 {
        if self.source.is_none() { energy } else { f64::INFINITY }
    }

    fn vector(&self) -> Pages<f32> {
        Pages::zeroed(self.open.len())
    }

    fn correction(&self) -> Pages<f32> {
        self.vector()
    }

    fn residual(&self, x: &Pages<f32>, r: &mut Pages<f32>) -> Energy<f64> {
        let b = &self.board;
        let (red, black) = r.split_at_mut(b.half);
        let mut sums = [0.0; 4];
        for (colour, half) in [(RED, red), (BLACK, black)] {
            let parts: Vec<[f64; 4]> =
                b.planes_mut(half).enumerate().map(|(z, plane)| self.truth(x, colour, z, plane)).collect();
            let part = total(&parts);
            for k in 0..4 {
                sums[k] += part[k];
            }
        }
        let rounding = f64::from(f32::EPSILON) / 2.0;
        let [energy, weight, norm, change] = sums;
        Energy { energy, rounding: ROUNDINGS * rounding * rounding * weight, norm, change }
    }

    fn precondition(&self, r: &Pages<f32>, z: &mut Pages<f32>) -> f64 {
        self.below.lock().unwrap_or_else(PoisonError::into_inner).precondition(self, r, z, None)[0]
    }

    fn apply(&self, p: &Pages<f32>, q: &mut Pages<f32>) -> f64 {
        let b = &self.board;
        let (red, black) = q.split_at_mut(b.half);
        let mut sum = 0.0;
        for (colour, half) in [(RED, red), (BLACK, black)] {
            let parts: Vec<f64> =
                b.planes_mut(half).enumerate().map(|(z, plane)| self.sweep(p, colour, z, plane)).collect();
            sum += parts.iter().sum::<f64>();
        }
        sum
    }

    fn ratio(&self, a: f64, b: f64) -> f64 {
        a / b
    }

    fn advance(&self, alpha: f64, step: Step<'_, Pages<f32>>) -> Moments<f64> {
        let a = alpha as f32;
        step.x
            .par_chunks_mut(CHUNK)
            .zip(step.r.par_chunks_mut(CHUNK))
            .zip(step.p.par_chunks(CHUNK).zip(step.q.par_chunks(CHUNK)))
            .for_each(|((x, r), (p, q))| {
                dispatch!(self.simd, simd => {
                    use fearless_simd::Simd;
                    simd.vectorize(#[inline(always)] || {
                        for (x, &p) in x.iter_mut().zip(p) {
                            *x += a * p;
                        }
                        for (r, &q) in r.iter_mut().zip(q) {
                            *r -= a * q;
                        }
                    });
                });
            });
        let mut below = self.below.lock().unwrap_or_else(PoisonError::into_inner);
        let [rz, qz] = below.precondition(self, step.r, step.z, Some(step.q));
        // r_new - r_old = -alpha q.
        Moments { rz, rz_flexible: -alpha * qz }
    }

    fn direction(&self, beta: Option<f64>, _: &Pages<f32>, z: &Pages<f32>, p: &mut Pages<f32>) {
        let b = beta.unwrap_or(0.0) as f32;
        p.par_chunks_mut(CHUNK).zip(z.par_chunks(CHUNK)).for_each(|(p, z)| {
            dispatch!(self.simd, simd => {
                use fearless_simd::Simd;
                simd.vectorize(#[inline(always)] || {
                    for (p, &z) in p.iter_mut().zip(z) {
                        *p = z + b * *p;
                    }
                });
            });
        });
    }

    fn read(&self, scalars: &[f64]) -> Vec<f64> {
        scalars.to_vec()
    }
}
