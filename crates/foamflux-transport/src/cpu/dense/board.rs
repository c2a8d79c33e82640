//! Where a voxel lies in a field.
//!
//! Colour of voxel (x, y, z): parity of x + y + z. Each colour is a grid of half the width: `i = x / 2`, rows of `stride`,
//! planes of `plane`, with one plane of zeros before and after, one row of zeros after every plane and one zero after every
//! row, so that every neighbour of every voxel has an address and holds 0 where there is none.
//! In row (y, z) colour c holds `x = 2 i + s` with `s = (y + z + c) mod 2`; its neighbours are all of the other colour,
//! at `i` in the four rows around and, in the same row, at `i - 1 + s` and `i + s`.

use foamflux_grid::Shape;
use rayon::prelude::*;
use rayon::slice::ChunksExactMut;

use crate::layout::{bit, plane_ranges, split_mut};
use crate::pages::Pages;
use crate::{Axis, Problem};

/// The checkerboard of a volume.
#[derive(Debug, Clone, Copy)]
pub(super) struct Board {
    pub(super) nx: usize,
    pub(super) ny: usize,
    pub(super) nz: usize,
    /// Voxels of one colour in a row, at most.
    pub(super) used: usize,
    pub(super) stride: usize,
    pub(super) plane: usize,
    /// Length of one colour.
    pub(super) half: usize,
}

impl Board {
    pub(super) fn of(shape: Shape) -> Self {
        let used = shape.x.div_ceil(2);
        let stride = used + 1;
        let plane = (shape.y + 1) * stride;
        Board { nx: shape.x, ny: shape.y, nz: shape.z, used, stride, plane, half: (shape.z + 2) * plane }
    }

    /// Position of the first voxel of a row within its colour.
    #[inline(always)]
    pub(super) const fn row(&self, z: usize, y: usize) -> usize {
        (z + 1) * self.plane + y * self.stride
    }

    /// Shift of a colour in a row: `x = 2 i + s`.
    #[inline(always)]
    pub(super) const fn shift(colour: usize, z: usize, y: usize) -> usize {
        (y + z + colour) & 1
    }

    /// The planes of one colour, without the padding.
    pub(super) fn planes_mut<'a, T: Send>(&self, half: &'a mut [T]) -> ChunksExactMut<'a, T> {
        half[self.plane..(self.nz + 1) * self.plane].par_chunks_exact_mut(self.plane)
    }

    /// The planes of one colour, two at a time.
    pub(super) fn slabs_mut<'a, T: Send>(&self, half: &'a mut [T]) -> rayon::slice::ChunksMut<'a, T> {
        half[self.plane..(self.nz + 1) * self.plane].par_chunks_mut(2 * self.plane)
    }

    /// Connectivity bytes of all voxels, laid out as a field.
    pub(super) fn connectivity(&self, problem: &Problem) -> Pages<u8> {
        let (nx, ny, nz) = (self.nx, self.ny, self.nz);
        let mut present = vec![0u8; nx * ny * nz];
        present.par_chunks_mut(nx * ny).enumerate().for_each(|(z, plane)| {
            for (y, row) in plane.chunks_exact_mut(nx).enumerate() {
                for run in problem.runs().row(z, y) {
                    row[run.x0 as usize..run.x1 as usize].fill(1);
                }
            }
        });
        let closed = vec![0u8; nx];
        let row_of = |z: usize, y: usize| &present[(z * ny + y) * nx..][..nx];
        let mut open = Pages::<u8>::zeroed(2 * self.half);
        let (red, black) = open.split_at_mut(self.half);
        self.planes_mut(red).zip(self.planes_mut(black)).enumerate().for_each(|(z, (red, black))| {
            let mut bytes = vec![0u8; nx + 2];
            for y in 0..ny {
                let here = row_of(z, y);
                let row = |inside: bool, z: usize, y: usize| if inside { row_of(z, y) } else { &closed };
                let lateral = [
                    (row(y > 0, z, y.saturating_sub(1)), 2),
                    (row(y + 1 < ny, z, (y + 1).min(ny - 1)), 3),
                    (row(z > 0, z.saturating_sub(1), y), 4),
                    (row(z + 1 < nz, (z + 1).min(nz - 1), y), 5),
                ];
                let bytes = &mut bytes[..nx];
                bytes.fill(0);
                for (b, &p) in bytes[1..].iter_mut().zip(&here[..nx - 1]) {
                    *b |= p * bit::X_DOWN;
                }
                for (b, &p) in bytes[..nx - 1].iter_mut().zip(&here[1..]) {
                    *b |= p * bit::X_UP;
                }
                for (other, shift) in lateral {
                    for (b, &p) in bytes.iter_mut().zip(other) {
                        *b |= p << shift;
                    }
                }
                for (b, &p) in bytes.iter_mut().zip(here) {
                    *b *= p;
                }
                for (colour, half) in [&mut *red, &mut *black].into_iter().enumerate() {
                    let s = Board::shift(colour, z, y);
                    for (to, from) in
                        half[y * self.stride..][..self.used].iter_mut().zip(bytes[s.min(nx)..].iter().step_by(2))
                    {
                        *to = *from;
                    }
                }
            }
        });
        self.set_electrodes(problem, &mut open);
        open
    }

    /// Sets the bits of the electrodes to where this problem has them.
    pub(super) fn set_electrodes(&self, problem: &Problem, open: &mut [u8]) {
        let (axis, slices, [inlet, outlet]) = (problem.axis(), problem.slices(), problem.end_bits());
        let (red, black) = open.split_at_mut(self.half);
        self.planes_mut(red).zip(self.planes_mut(black)).enumerate().for_each(|(z, (red, black))| {
            for byte in red.iter_mut().chain(black.iter_mut()) {
                *byte &= !(bit::INLET | bit::OUTLET);
            }
            for y in 0..self.ny {
                let mut mark = |x: usize, ends: u8| {
                    let plane = if (x + y + z) & 1 == 0 { &mut *red } else { &mut *black };
                    plane[y * self.stride + x / 2] |= ends;
                };
                let of = |at: usize| if at == 0 { inlet } else { 0 } | if at + 1 == slices { outlet } else { 0 };
                for run in problem.runs().row(z, y) {
                    let (first, last) = (run.x0 as usize, run.x1 as usize - 1);
                    match axis {
                        Axis::X => {
                            mark(first, of(first));
                            mark(last, of(last));
                        }
                        Axis::Y | Axis::Z => {
                            let ends = of(if axis == Axis::Y { y } else { z });
                            if ends != 0 {
                                (first..=last).for_each(|x| mark(x, ends));
                            }
                        }
                    }
                }
            }
        });
    }

    /// Lays a field over the unknowns out, `value(unknown)` in memory order.
    pub(super) fn sort(&self, problem: &Problem, value: impl Fn(usize) -> f32 + Sync) -> Pages<f32> {
        let mut out = Pages::zeroed(2 * self.half);
        let (red, black) = out.split_at_mut(self.half);
        self.planes_mut(red).zip(self.planes_mut(black)).enumerate().for_each(|(z, (red, black))| {
            for y in 0..self.ny {
                for run in problem.runs().row(z, y) {
                    for (k, x) in (run.x0 as usize..run.x1 as usize).enumerate() {
                        let half = if (x + y + z) & 1 == 0 { &mut *red } else { &mut *black };
                        half[y * self.stride + x / 2] = value(run.first as usize + k);
                    }
                }
            }
        });
        out
    }

    /// Takes a field over the unknowns into memory order.
    pub(super) fn unsort(&self, problem: &Problem, field: &[f32]) -> Vec<f32> {
        let mut out = vec![0f32; problem.unknowns()];
        let planes = plane_ranges(problem);
        split_mut(&mut out, &planes).into_par_iter().enumerate().for_each(|(z, plane)| {
            for y in 0..self.ny {
                let at = self.row(z, y);
                for run in problem.runs().row(z, y) {
                    let to = &mut plane[run.first as usize - planes[z].start..][..run.len()];
                    for (x, to) in (run.x0 as usize..).zip(to) {
                        let colour = (x + y + z) & 1;
                        *to = field[colour * self.half + at + x / 2];
                    }
                }
            }
        });
        out
    }
}
